from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from babel.messages.catalog import Catalog

from tfmac_lock.curate import catalogues
from tfmac_lock.curate.message import KINDS, Message
from tfmac_lock.curate.messages import messages
from tfmac_lock.files import differing
from tfmac_lock.languages import TRANSLATED, Language, load
from tfmac_lock.site.inputs import load as load_inputs

if TYPE_CHECKING:
    from tfmac_lock.curate.catalogues import Catalogues

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def found() -> list[Message]:
    return messages(ROOT)


@pytest.fixture(scope="module")
def made() -> Catalogues:
    return catalogues.catalogues(ROOT)


def test_the_catalogues_are_those_of_the_messages_of_now(made: Catalogues) -> None:
    assert differing(ROOT, made.files) == [], "tfmac-lock publish languages"


def test_no_translation_loses_a_value_a_tag_or_code(made: Catalogues) -> None:
    assert made.wrong == ()


def test_the_coverage_is_told_and_what_most_people_read_is_translated(made: Catalogues) -> None:
    lines = catalogues.coverage_lines(made.coverage)
    assert [line.partition(":")[0] for line in lines] == [*TRANSLATED]
    for one in made.coverage:
        assert sum(one.every.values()) > 1000
        # The site's own words and its errors whole; of what the code says and the facts, all but
        # what came since somebody last translated.
        assert one.share("pages") > 0.97, one.code
        assert one.share("words") > 0.95, one.code
        assert one.share("symptoms") > 0.9, one.code
        assert one.share("sentences") > 0.9, one.code


@pytest.mark.parametrize("code", TRANSLATED)
@pytest.mark.slow
def test_the_reasons_of_all_locks_are_told_in_the_language(code: str) -> None:
    language = load(code)
    shown = [reason.text for item in load_inputs().locks for reason in item.lock.verdict.reasons]

    told = sum(language.find(text) is not None for text in shown)

    assert told / len(shown) > 0.9


@pytest.mark.parametrize(
    ("english", "translation", "lost"),
    [
        ("takes %(count)s files", "cần %(count)s tệp", ""),
        ("takes %(count)s files", "cần các tệp", "%(count)s"),
        ("takes {count} files", "cần {cout} tệp", "{count}, {cout}"),
        ('see <a href="%(root)s">all</a>', 'xem <a href="%(root)s">hết</a>', ""),
        ('see <a href="%(root)s">all</a>', "xem %(root)s", '%(root)s, </a>, <a href="%(root)s">'),
        ("set `KERAS`", "đặt `KERAS`", ""),
        ("set `KERAS`", "đặt KERAS", "`KERAS`"),
    ],
)
def test_a_translation_must_hold_what_the_english_holds(
    english: str, translation: str, lost: str
) -> None:
    fault = catalogues._fault(Message(text=english, kind="pages"), translation)

    assert fault.partition(": ")[2] == lost


def test_gaps_that_nothing_parts_stay_together() -> None:
    one = Message(text="asks for {name}{versions}; that is enough", kind="sentences")

    assert catalogues._fault(one, "đòi {name}{versions}; thế là đủ") == ""
    assert "stay together" in catalogues._fault(one, "{name} đòi {versions}; thế là đủ")


def test_an_fstring_is_a_message_with_gaps_and_docstrings_are_none(tmp_path: Path) -> None:
    package = tmp_path / "resolver" / "tfmac_lock"
    (package / "site" / "templates").mkdir(parents=True)
    (package / "site" / "templates" / "one.html").write_text(
        "{% trans count=n %}{{ count }} lock{% pluralize %}{{ count }} locks{% endtrans %}"
        '{{ _("All locks") }}',
        encoding="utf-8",
    )
    (package / "errors.py").write_text(
        '"""Not this docstring of it."""\n'
        "def made(one, many, lock):\n"
        '    """Nor this one here."""\n'
        '    translated(f"{lock.combo.name} has {len(many)} files, {lock.name} none")\n'
        "    if one:\n"
        '        raise UsageError(f"there are {one} files" if many else "there is no file")\n',
        encoding="utf-8",
    )
    here = {"errors.py", "site/one.html"}
    own = {one.text: one.many for one in messages(tmp_path) if here.intersection(one.places)}

    assert own == {
        "%(count)s lock": "%(count)s locks",
        "All locks": "",
        "{name} has {count} files, {name2} none": "",
        "there are {one} files": "",
        "there is no file": "",
    }


@pytest.mark.slow
def test_facts_that_differ_in_versions_alone_are_one_message(found: list[Message]) -> None:
    assert sum("it was built for TensorFlow" in one.text for one in found) == 1
    every = [one.text for one in found if one.kind == "facts"]
    assert all(len(re.findall(r"\{\w+\}", text)) < 6 for text in every)


def test_a_new_wording_keeps_the_old_translation_as_a_hint_that_nobody_is_shown() -> None:
    old = Catalog(locale="vi")
    old.add("the disk was full in the middle of an install", "đĩa đầy giữa lúc cài đặt")
    old.add("nobody says this any more", "không ai nói vậy nữa")
    now = [
        Message(text="the disk was full in the middle of the install", kind="symptoms"),
        Message(text="something else altogether", kind="symptoms"),
    ]

    new = catalogues._updated(old, now, "vi")

    entry = new.get(now[0].text)
    assert entry is not None
    assert (entry.string, entry.fuzzy) == ("đĩa đầy giữa lúc cài đặt", True)
    assert catalogues._forms(entry) == []
    assert catalogues._forms(new.get(now[1].text)) == []
    assert new.get("nobody says this any more") is None


def test_kinds_are_told_apart(found: list[Message]) -> None:
    assert {one.kind for one in found} == set(KINDS)
    shapes = {one.text: "" for one in found if one.is_shape}
    assert Language("vi", shapes=shapes).find("so plain a text") is None
