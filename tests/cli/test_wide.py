from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_lock import Said, run
from tfmac_lock import languages
from tfmac_lock.cli.summary import summary
from tfmac_lock.cli.terminal import columns, shortened, wrapped
from tfmac_lock.cli.wide import _may_part, _pieces
from tfmac_lock.lock import published
from tfmac_lock.matrix import loading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


__all__ = ["run"]


@pytest.fixture(autouse=True)
def _english_again(folder: Path) -> Iterator[None]:
    yield
    languages.use("en")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("plain", 5),
        ("Tiếng Việt", 10),
        ("Tie\u0302\u0301ng", 5),
        ("简体中文", 8),
        ("日本語 and English", 18),
        ("ﾊﾝｶｸ", 4),
        ("\x1b[1;33m注意\x1b[0m", 4),
    ],
)
def test_columns_are_counted_as_a_terminal_shows_them(text: str, count: int) -> None:
    assert columns(text) == count


def test_no_line_of_chinese_or_japanese_is_wider_than_the_terminal() -> None:
    words = "这 是 一个、没有 空格 句子。（GPU）tensorflow-metal テンソル「フロー」 tf.max(x, 0)"
    for seed in range(300):
        some = random.Random(seed)
        text = "".join(some.choice(words) for _ in range(some.randrange(20, 200)))
        width = some.randrange(12, 80)
        lines = wrapped(text, width, first="  ", rest="    ")

        assert "".join("".join(lines).split()) == "".join(text.split())
        for line in lines:
            # What is wider has but one piece, which no break may part.
            assert columns(line) <= width or len([*_pieces(line)]) == 1, (seed, line)
        for before, after in itertools.pairwise(line.strip() for line in lines):
            spaced = f"{before[-1]} {after[0]}" in " ".join(text.split())
            assert spaced or _may_part(before[-1], after[0]), (seed, before, after)


def test_a_command_stays_whole_between_wide_characters() -> None:
    lines = wrapped("请运行 tfmac-lock--python-3.11--chip-m1 然后再看一遍结果如何", 30)

    assert any("tfmac-lock--python-3.11--chip-m1" in line for line in lines)


def test_what_is_cut_off_is_told_within_the_columns() -> None:
    assert shortened("动作 可以 了", 40) == "动作 可以 了"
    cut = shortened("这是一个很长的句子，需要在八十列的终端中缩短", 20)
    assert cut.endswith(" …")
    assert columns(cut) <= 20


@pytest.mark.parametrize("code", languages.TRANSLATED)
def test_the_summary_of_every_published_lock_fits_eighty_columns(code: str) -> None:
    languages.use(code)
    for index in published.Index.all_within(loading.locks_folder()):
        for lock in index.locks():
            text = summary([lock], {}, color=False, why=False)
            for line in text.splitlines():
                # A command is one line whatever its length, as in English.
                assert columns(line) <= 80 or "tf." in line or "tfmac-lock" in line, line


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--lang", "vi"], "lưu ý: chạy được, nhưng có lỗi."),
        (["--lang=zh-hans"], "注意：能运行，但有缺陷。"),
        (["--lang", "ja"], "注意：動作しますが、不具合があります。"),
        (["--lang", "zh_CN.UTF-8"], "注意：能运行，但有缺陷。"),
        (["--lang", "en"], "caution: it runs, with a fault."),
    ],
)
def test_the_language_is_chosen_by_an_option(
    run: Callable[..., Said], folder: Path, words: list[str], says: str
) -> None:
    said = run("--python", "3.11", "--chip", "m1", "-o", str(folder), "--dry-run", *words)

    assert said.status == 0
    assert says in said.out
    assert "python3.11 -m venv env && . env/bin/activate" in said.out


def test_a_variable_and_the_locale_choose_it_too_and_json_stays_english(
    run: Callable[..., Said], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("--python", "3.11", "--chip", "m1", "-o", str(folder), "--dry-run")
    english = run(*words, "--json").out
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    assert "動作しますが" in run(*words).out
    assert run(*words, "--json").out == english
    monkeypatch.setenv("TFMAC_LOCK_LANG", "vi")
    assert "chạy được, nhưng có lỗi" in run(*words).out
    assert "it runs, with a fault" in run(*words, "--lang", "en").out


def test_errors_are_told_in_the_language_and_their_json_is_not(run: Callable[..., Said]) -> None:
    said = run("--chip", "m9", "--python", "3.11", "--lang", "ja")
    assert said.status == 2
    assert "不明な chip 'm9'" in said.err
    assert "'m5' のことですか" in said.err

    said = run("--chip", "m1", "--python", "3.7", "--lang", "ja")
    assert "不明な Python '3.7'。使えるもの" in said.err, (
        "no sign of a version is taken for a gap's end"
    )

    said = run("--chip", "m9", "--python", "3.11", "--lang", "ja", "--json")
    assert '"text": "unknown chip' in said.out


def test_a_language_that_there_is_not_is_refused_with_those_that_there_are(
    run: Callable[..., Said],
) -> None:
    said = run("--chip", "m1", "--python", "3.11", "--lang", "tlh")

    assert said.status == 2
    assert "en, vi, zh-hans, ja" in said.err
