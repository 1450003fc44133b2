"""The head of every file, and the small parts that the formats share."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import pytest
from packaging.markers import Marker

from tests.support.facts import target
from tests.support.locks import PACKAGES, lock, package
from tfmac_lock.lock.beside import Beside, Difference
from tfmac_lock.lock.formats import environment, toml_text
from tfmac_lock.lock.formats.header import (
    commented,
    header,
    install_command,
    lock_ids,
    named,
    sentences,
    wrapped,
)
from tfmac_lock.lock.model import lock_id
from tfmac_lock.matrix.reasons import Reason
from tfmac_lock.target import Arch, Os

SOURCE = replace(package("wrapt", "1.14.1"), filename="wrapt-1.14.1.tar.gz")
LINUX = replace(
    lock(metal=None, macos_min=None, os=Os.LINUX, grade=None),
    beside=Beside(
        name="linux-cuda",
        differences=(
            Difference(name="numpy", mac="2.0.2", here="2.0.1"),
            Difference(name="six", mac="1.16", here="1.17"),
            Difference(name="nvidia-cudnn-cu12", mac=None, here="9"),
            Difference(name="tensorflow-metal", mac="1.2.0", here=None),
        ),
    ),
)


def test_the_head_says_what_is_locked_for_what_and_how_it_was_made() -> None:
    made = lock()
    assert header(made) == [
        "This file was made by tfmac-lock, by:",
        "",
        "   tfmac-lock --python 3.11 --chip m1 --tensorflow 2.18.1 --metal 1.2.0",
        "",
        "tensorflow 2.18.1, tensorflow-metal 1.2.0",
        "Python 3.11 on arm64, macOS 12.3 or newer",
        "verdict: works (twin), package index as of 2026-01-31",
        f"lock id: {lock_id(made)}",
        "",
    ]


def test_the_head_of_a_lock_beside_the_macs_says_in_what_it_differs() -> None:
    assert header(LINUX)[4:-1] == [
        "tensorflow 2.18.1, no GPU plugin",
        "Python 3.11 on Linux on arm64",
        "verdict: works, package index as of 2026-01-31",
        f"lock id: {lock_id(LINUX)}",
        "versions that are not the Mac's: numpy 2.0.1 instead of 2.0.2, six 1.17 instead of 1.16",
        "only here: nvidia-cudnn-cu12 9",
        "only on the Mac: tensorflow-metal",
    ]
    same = replace(LINUX, beside=Beside(name="linux-aarch64", differences=()))
    assert header(same)[-2] == "versions that are not the Mac's: none"


def test_the_head_names_cuda_in_the_plugins_place() -> None:
    made = lock((*PACKAGES, package("nvidia-cudnn-cu12", "9")), metal=None)
    assert header(made)[4] == "tensorflow 2.18.1, CUDA's libraries as wheels"


def test_of_the_reasons_the_head_tells_the_defects() -> None:
    reasons = tuple(Reason(kind=kind, text=f"a {kind}", source="x") for kind in ("twin", "defect"))
    made = lock()
    made = replace(made, verdict=replace(made.verdict, reasons=reasons))
    assert header(made)[8:] == ["  a defect", ""]


@pytest.mark.parametrize(("length", "lines"), [(88, 1), (89, 2)])
def test_a_defect_is_told_in_lines_of_ninety_characters(length: int, lines: int) -> None:
    reason = Reason(kind="defect", text="a ".ljust(length, "x"), source="x")
    made = lock()
    made = replace(made, verdict=replace(made.verdict, reasons=(reason,)))
    assert len(header(made)[8:-1]) == lines


def test_an_empty_line_of_a_comment_ends_in_no_blank() -> None:
    assert commented(["a", "", " b"]) == ["# a", "#", "#  b"]


def test_long_texts_are_wrapped_between_words_and_only_there() -> None:
    address = "https://example.org/" + "long-" * 30
    assert wrapped(f"see {address} there") == ["see", f"  {address}", "  there"]
    first, second = wrapped("word " * 25)
    assert first == "word " * 18 + "word"
    assert second == "  " + "word " * 5 + "word"
    assert sentences(["one", "two\nlines"]) == ["- one", "- two\\nlines"]


def test_a_file_of_a_lock_beside_the_macs_bears_its_name() -> None:
    assert named("pylock.toml", LINUX) == "pylock.linux-cuda.toml"
    assert named("pylock.toml", lock()) == "pylock.toml"


def test_only_the_locks_source_archives_may_be_built() -> None:
    plain = "python -m pip install --require-hashes --no-deps"
    assert install_command(lock()) == f"{plain} -r requirements.txt"
    assert install_command(lock(), "x.txt") == f"{plain} -r x.txt"
    assert install_command(LINUX) == f"{plain} -r requirements.linux-cuda.txt"
    other = replace(SOURCE, name="six")
    sources = lock((*PACKAGES, SOURCE, other))
    assert install_command(sources) == (
        f"{plain} --only-binary :all: --no-binary wrapt,six -r requirements.txt"
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("# made by tfmac-lock\n# lock id: 0123456789abcdef\n", {"0123456789abcdef"}),
        ('# made by tfmac-lock\nlock-id = "0123456789abcdef"\n', {"0123456789abcdef"}),
        ('{\n "lock_id": "0123456789abcdef",\n}', {"0123456789abcdef"}),
        ('{\n "lock_id": "0123456789abcdef"\n}', {"0123456789abcdef"}),
        ("# lock id: 0123456789abcdef\n", set()),
        ("# made by tfmac-lock\n# lock id: 0123456789abcdef0\n", set()),
        ("# made by tfmac-lock\n# lock id: 0123456789ABCDEF\n", set()),
    ],
)
def test_the_ids_of_a_written_file_are_those_of_its_locks(text: str, found: set[str]) -> None:
    assert lock_ids(text) == found


# -- markers


@pytest.mark.parametrize("os", Os)
@pytest.mark.parametrize("arch", Arch)
def test_a_marker_holds_on_the_locks_machine_and_its_reverse_everywhere_else(
    os: Os, arch: Arch
) -> None:
    combo = replace(lock().combo, os=os, arch=arch)
    machines = {
        (system, other, python): target(python, "m1" if other is Arch.ARM64 else "intel", os=system)
        for system in Os
        for other in Arch
        for python in ("3.10", "3.11")
    }
    for key, machine in machines.items():
        markers = {name: str(value) for name, value in machine.markers().items()}
        here = key == (os, arch, "3.11")
        assert Marker(environment.marker(combo)).evaluate(markers) is here
        assert Marker(environment.marker_elsewhere(combo)).evaluate(markers) is not here


# -- TOML


@pytest.mark.parametrize("sign", ["\x7f", "\x80", "\x9f", "\u200e", "\u2028", "\u202e", "\u2069"])
def test_what_an_editor_would_not_show_is_written_as_an_escape(sign: str) -> None:
    written = toml_text.text(f"a{sign}b")
    assert written == f'"a\\u{ord(sign):04x}b"'
    assert tomllib.loads(f"a = {written}") == {"a": f"a{sign}b"}


def test_letters_of_all_scripts_stay_as_they_are() -> None:
    for text in ("é", "漢", "\xa0", "\u2027", "\u202f", "\u206a"):
        assert toml_text.text(text) == f'"{text}"'


def test_arrays_stand_on_one_line_or_an_item_a_line() -> None:
    assert toml_text.array(["a", 'b"']) == '["a", "b\\""]'
    assert toml_text.items(["a", "b"]) == ['    "a",', '    "b",']
    assert toml_text.notes(["a", "b"]) == ["    # a", "    # b"]
