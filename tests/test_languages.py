from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import pytest

from tfmac_lock import languages
from tfmac_lock.errors import DataError
from tfmac_lock.languages import Language, Shape, load, named, of_system

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _english_again() -> None:
    yield
    languages.use("en")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("vi", "vi"),
        ("vi_VN.UTF-8", "vi"),
        ("ja-JP", "ja"),
        ("ja_JP.eucJP", "ja"),
        ("zh", "zh-hans"),
        ("zh_CN.UTF-8", "zh-hans"),
        ("zh-Hans-SG", "zh-hans"),
        ("zh_Hans_HK", "zh-hans"),
        ("ZH-hans", "zh-hans"),
        ("zh_TW.UTF-8", None),
        ("zh-Hant-CN", None),
        ("en_US.UTF-8", "en"),
        ("de_DE@euro", None),
        ("C", None),
    ],
)
def test_a_locale_or_a_tag_names_a_language(text: str, code: str | None) -> None:
    assert named(text) == code


@pytest.mark.parametrize(
    ("environ", "code"),
    [
        ({}, "en"),
        ({"LANG": "vi_VN.UTF-8"}, "vi"),
        ({"LANG": "vi_VN.UTF-8", "LC_MESSAGES": "ja_JP.UTF-8"}, "ja"),
        ({"LC_MESSAGES": "ja_JP.UTF-8", "LC_ALL": "zh_CN.UTF-8"}, "zh-hans"),
        ({"LANG": "vi_VN.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "vi_VN.UTF-8", "LC_ALL": ""}, "vi"),
        ({"LANG": "de_DE.UTF-8", "LANGUAGE": "de:ja:vi"}, "ja"),
        ({"LANG": "C", "LANGUAGE": "ja"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LC_ALL": "ja_JP.UTF-8", "TFMAC_LOCK_LANG": "vi"}, "vi"),
        ({"LC_ALL": "ja_JP.UTF-8", "TFMAC_LOCK_LANG": "en"}, "en"),
    ],
)
def test_the_environment_names_it_in_the_order_of_posix(environ: dict[str, str], code: str) -> None:
    def nobody(_: list[str]) -> str:
        raise AssertionError("only a Mac whose environment says nothing is asked")

    assert of_system(environ, "linux", nobody) == code


@pytest.mark.parametrize(
    ("listed", "code"),
    [
        ('(\n    "vi-VN",\n    "en-US"\n)', "vi"),
        ('(\n    "de-DE",\n    "zh-Hans-CN",\n    "en-US"\n)', "zh-hans"),
        ('(\n    "en-GB",\n    "ja-JP"\n)', "en"),
        ('(\n    "fr-FR"\n)', "en"),
        (None, "en"),
    ],
)
def test_a_mac_whose_terminal_says_nothing_is_asked_for_its_languages(
    listed: str | None, code: str
) -> None:
    asked: list[list[str]] = []

    def run(command: list[str]) -> str | None:
        asked.append(command)
        return listed

    assert of_system({}, "darwin", run) == code
    assert asked == [["defaults", "read", "-g", "AppleLanguages"]]


@pytest.mark.parametrize(
    ("shape", "text", "values"),
    [
        ("{a} of {b}", "3 of 4", {"a": "3", "b": "4"}),
        ("lacks {what}", "lacks numpy 2, and more", {"what": "numpy 2, and more"}),
        ("lacks {what}", "lacks ", None),
        ("{a}: {b}", "one: two: three", {"a": "one", "b": "two: three"}),
        ("no gap ends {a} here", "no gap ends so", None),
        ("x{a}x", "x", None),
        ("takes {a}{b}!", "takes 1.2 (so it says)!", {"a": "1.2", "b": " (so it says)"}),
        ("takes {a}{b}!", "takes one~=1!", {"a": "o", "b": "ne~=1"}),
    ],
)
def test_a_sentence_is_known_by_its_shape(
    shape: str, text: str, values: dict[str, str] | None
) -> None:
    assert Shape(shape, "").values(text) == values


def test_what_fills_a_gap_is_translated_too_and_the_longer_shape_decides() -> None:
    spoken = Language(
        "ja",
        plain={"the disk is full": "ディスクがいっぱいです"},
        shapes={
            "{name} failed: {why}": "{name} は失敗：{why}",
            "{name} failed": "{name} が駄目",
            "note: {text}": "注：{text}",
        },
    )

    assert spoken.translated("note: pip failed: the disk is full") == (
        "注：pip は失敗：ディスクがいっぱいです"
    )
    assert spoken.translated("lock.json: the disk is full") == "lock.json: ディスクがいっぱいです"
    assert spoken.translated("the disk is full (/dev/sda)") == "ディスクがいっぱいです (/dev/sda)"


def test_what_has_no_translation_stays_english() -> None:
    spoken = load("vi")

    assert spoken.find("nobody wrote this sentence") is None
    assert spoken.translated("nobody wrote this sentence") == "nobody wrote this sentence"
    assert spoken.gettext("nor this one") == "nor this one"
    assert spoken.ngettext("one lock", "many locks", 2) == "many locks"


def test_a_plural_takes_the_form_that_the_catalogue_states() -> None:
    slavic = "(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2)"
    spoken = Language("ja", pages={"{n} lock": ["zamek", "zamki", "zamków"]}, plural=slavic)

    told = [spoken.ngettext("{n} lock", "{n} locks", count) for count in (1, 3, 5, 22)]
    assert told == ["zamek", "zamki", "zamków", "zamki"]


def test_english_reads_no_catalogue(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(languages, "data_folder", lambda: tmp_path)
    languages.use("en")

    assert languages.translated("it runs, with a fault") == "it runs, with a fault"


def test_a_damaged_catalogue_is_told_once_and_in_english(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "vi.json").write_text("{", encoding="utf-8")
    monkeypatch.setattr(languages, "data_folder", lambda: tmp_path)

    with pytest.raises(DataError, match=r"vi\.json"):
        languages.use("vi")
    assert languages.translated("it runs, with a fault") == "it runs, with a fault"


def test_a_terminal_that_cannot_write_the_language_gets_english(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="latin-1"))
    languages.use("ja")
    assert languages.spoken().code == "en"

    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="euc-jp"))
    languages.use("ja")
    assert languages.spoken().code == "ja"
