"""What holds for the pins of every format: names, versions, markers, and the bounds of reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.facts import target
from tests.support.pins import read
from tfmac_lock.check import formats
from tfmac_lock.check.formats import made_for, yaml_file
from tfmac_lock.check.pins import (
    MAX_BYTES,
    MAX_LINE,
    Pin,
    checked,
    holds,
    normalized,
    read_text,
    sha256,
)
from tfmac_lock.errors import InputFileError

if TYPE_CHECKING:
    from pathlib import Path


def test_names_are_compared_as_indexes_do() -> None:
    assert normalized("A_.-b--C") == "a-b-c"


def test_of_the_hashes_the_sha256_ones_are_kept_in_small_letters() -> None:
    assert sha256(["sha256:AB", " sha256:cd ", "md5:ef", "12", "SHA256:34"]) == ("ab", "cd", "34")


@pytest.mark.parametrize("name", ["a", "a" * 122, "A.b-c_9", "9"])
@pytest.mark.parametrize("version", ["", "1", "1!2.0+local-1", "v" * 80])
def test_what_can_be_a_name_and_a_version_passes(name: str, version: str) -> None:
    pin = Pin(name=name, version=version, path="r.txt", line=3)
    assert checked(pin) is pin


@pytest.mark.parametrize("name", ["", "-a", "a-", "a b", "a\n", "a" * 123, "é"])
def test_what_cannot_be_a_name_is_refused_at_its_line(name: str) -> None:
    with pytest.raises(InputFileError, match="is not a package name") as caught:
        checked(Pin(name=name, path="r.txt", line=3))
    assert (caught.value.path, caught.value.line) == ("r.txt", 3)


@pytest.mark.parametrize("version", ["1 2", "1\n", "1" * 81, "1/2"])
def test_what_cannot_be_a_version_is_refused_with_its_package(version: str) -> None:
    with pytest.raises(InputFileError, match=r"numpy: .* is not a version") as caught:
        checked(Pin(name="numpy", version=version, path="r.txt"))
    assert caught.value.line is None


def test_a_long_text_is_shown_by_its_beginning() -> None:
    for length, shown in ((60, "-" * 60), (61, "-" * 57 + "...")):
        with pytest.raises(InputFileError) as caught:
            checked(Pin(name="-" * length, path="r.txt"))
        assert caught.value.reason == f"{shown!r} is not a package name"


def test_one_marker_that_holds_is_enough_and_none_holds_too(tmp_path: Path) -> None:
    mac, windows = "sys_platform == 'darwin'", "sys_platform == 'win32'"
    for markers, expected in (
        ([], True),
        ([""], True),
        ([mac], True),
        ([windows], False),
        ([windows, mac], True),
        (["", windows], False),
        (["extra == 'x'"], False),
    ):
        assert holds(markers, target(), tmp_path) is expected
    with pytest.raises(InputFileError, match="'nonsense' is not a marker"):
        holds([windows, "nonsense"], target(), tmp_path)


# -- texts


def text_of(folder: Path, content: bytes) -> str:
    path = folder / "requirements.txt"
    path.write_bytes(content)
    return read_text(path)


def test_texts_are_read_in_the_encodings_that_editors_and_shells_write(tmp_path: Path) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        assert text_of(tmp_path, "é\r\n".encode(encoding)) == "é\r\n"
    assert text_of(tmp_path, b"\xfe\xff" + "é".encode("utf-16-be")) == "é"


def test_what_is_no_text_is_told_with_the_place(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=r"is not text \(invalid start byte at byte 2\)"):
        text_of(tmp_path, b"ab\x80")
    with pytest.raises(InputFileError, match="it has a zero byte"):
        text_of(tmp_path, b"ab\0c")


def test_a_file_of_the_largest_size_and_the_longest_line_is_read(tmp_path: Path) -> None:
    rows = (b"#" * MAX_LINE + b"\n") * (MAX_BYTES // (MAX_LINE + 1))
    whole = rows.ljust(MAX_BYTES, b"\n")
    assert len(text_of(tmp_path, whole)) == MAX_BYTES
    with pytest.raises(InputFileError, match="is larger than 8 MB"):
        text_of(tmp_path, whole + b"\n")
    with pytest.raises(InputFileError, match=f"a line of {MAX_LINE + 1} characters, over"):
        text_of(tmp_path, b"six\n" + b"#" * (MAX_LINE + 1))


def test_what_is_no_file_is_told_apart_from_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="does not exist"):
        read_text(tmp_path / "requirements.txt")
    with pytest.raises(InputFileError, match="is not a file"):
        read_text(tmp_path)


@pytest.mark.parametrize(
    ("name", "module", "head", "row"),
    [
        ("requirements.txt", "requirements_txt", "", "a==1\n"),
        ("uv.lock", "toml_file", "", '[[package]]\nname = "a"\n'),
        ("conda-lock.yml", "conda_lock_yml", "package:\n", "- {name: a, platform: osx-arm64}\n"),
        ("environment.yml", "environment_yml", "dependencies:\n", "- a\n"),
        ("env.yml", "environment_yml", "dependencies:\n- a\n- pip:\n", "  - a\n"),
        (
            "pixi.lock",
            "pixi_lock",
            "environments: {default: {packages: {osx-arm64: [\n",
            "{conda: https://x/a-1-0.conda},\n",
        ),
        ("mac.txt", "explicit_txt", "@EXPLICIT\n", "https://x/osx-arm64/a-1-0.conda\n"),
    ],
)
def test_as_many_pins_as_the_limit_are_read_and_one_more_is_refused(
    name: str, module: str, head: str, row: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"tfmac_lock.check.formats.{module}.MAX_PINS", 4)
    end = "]}}}\n" if name == "pixi.lock" else ""
    most = 2 if name == "env.yml" else 4  # the part of pip counts, and what stands before it
    read(tmp_path, name, head + row * most + end)
    with pytest.raises(InputFileError, match="names more than 4 packages"):
        read(tmp_path, name, head + row * (most + 1) + end)


# -- YAML


def yaml(folder: Path, text: str) -> yaml_file.Node:
    path = folder / "environment.yml"
    path.write_text(text)
    return yaml_file.load(path)


def test_every_scalar_of_yaml_is_a_text_with_its_line(tmp_path: Path) -> None:
    node = yaml(tmp_path, "a: 3.10\nb:\n- yes\n- {c: 0x1}\n[d]: e\n")
    assert node == {
        "a": yaml_file.Scalar(text="3.10", line=1),
        "b": [
            yaml_file.Scalar(text="yes", line=3),
            {"c": yaml_file.Scalar(text="0x1", line=4)},
        ],
    }
    assert isinstance(node, dict)
    assert yaml_file.text_of(node, "a") == "3.10"
    assert yaml_file.text_of(node, "b") == yaml_file.text_of(node, "z") == ""
    assert yaml_file.text_of(None, "a") == ""
    assert [yaml_file.line_of(one) for one in (node, node["b"], [], None)] == [1, 3, 0, 0]
    assert yaml_file.items(node["b"]) == node["b"]
    assert yaml_file.items(node) == []


@pytest.mark.parametrize(
    ("text", "why", "line"),
    [
        ("a: &x 1\nb: *x\n", "uses an alias", 2),
        ("a: b\nc: d: e\n", "is not YAML: mapping values are not allowed", 2),
        ("[" * 30 + "]" * 30 + "\n", None, None),
        ("[" * 31 + "]" * 31 + "\n", "is nested more than 30 levels deep", None),
        ("[" * 20 + "]" * 20 + "\n--- " + "[" * 20 + "]" * 20, "but found another document", 2),
        ("# nothing\n", "is empty", None),
    ],
)
def test_yaml_is_read_within_its_bounds(
    text: str, why: str | None, line: int | None, tmp_path: Path
) -> None:
    if why is None:
        yaml(tmp_path, text)
        return
    with pytest.raises(InputFileError, match=why) as caught:
        yaml(tmp_path, text)
    assert caught.value.line == line


def test_yaml_has_as_many_parts_as_the_limit_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A stream, a document and a list begin and end, and each has its number from 0.
    monkeypatch.setattr(yaml_file, "MAX_EVENTS", 6 + 2 - 1)
    assert len(yaml_file.items(yaml(tmp_path, "[a, b]"))) == 2
    with pytest.raises(InputFileError, match="has more than 7 parts"):
        yaml(tmp_path, "[a, b, c]")


# -- which format it is


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("pylock.toml", 'lock-version = "1.0"\ncreated-by = "x"\npackages = []\n', "pylock.toml"),
        (
            "PYLOCK.mac.toml",
            'lock-version = "1.0"\ncreated-by = "x"\npackages = []\n',
            "pylock.toml",
        ),
        ("uv.lock", "version = 1\n", "uv.lock"),
        ("poetry.lock", "", "poetry.lock"),
        ("pyproject.toml", "[tool.poetry.dependencies]\n", "pyproject.toml of Poetry"),
        ("conda-lock.yaml", "package: [{name: a, platform: osx-arm64}]\n", "conda-lock.yml"),
        ("tf-lock.yml", "package: [{name: a, platform: osx-arm64}]\n", "conda-lock.yml"),
        ("tf.conda-lock.yml", "package: [{name: a, platform: osx-arm64}]\n", "conda-lock.yml"),
        ("env.yaml", "dependencies: []\n", "environment.yml"),
        ("Requirements.TXT", "", "requirements.txt"),
        ("base.in", "", "requirements.txt"),
        ("mine.pip", "", "requirements.txt"),
        ("env.freeze", "", "requirements.txt"),
        ("requirements", "", "requirements.txt"),
        ("constraints", "", "requirements.txt"),
        ("mac.txt", "  @EXPLICIT \n", "explicit.txt"),
    ],
)
def test_the_format_is_known_by_the_name_and_an_explicit_list_by_its_mark(
    name: str, text: str, found: str, tmp_path: Path
) -> None:
    assert read(tmp_path, name, text).format == found


@pytest.mark.parametrize("name", ["pylock.a.b.toml", "my-uv.lock", "setup.py", "Pipfile.lock"])
def test_a_file_of_another_name_is_in_none_of_the_formats(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="is in none of the formats: "):
        read(tmp_path, name, "")


def test_the_files_of_a_folder_come_in_a_fixed_order(tmp_path: Path) -> None:
    names = (
        "conda-lock.yaml",
        "conda-lock.yml",
        "environment.yaml",
        "environment.yml",
        "environment_mac.yml",
        "pixi.lock",
        "poetry.lock",
        "pylock.mac.toml",
        "requirements-dev.txt",
        "tf.conda-lock.yml",
        "uv.lock",
    )
    for name in (*names, "constraints.txt", "pyproject.toml", "my-lock.yml"):
        (tmp_path / name).touch()
    assert [path.name for path in formats.in_folder(tmp_path)] == list(names)


def test_the_head_of_a_file_of_ours_says_for_which_machine_it_is(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text(
        "# This file was made by tfmac-lock, by:\n#\n"
        "#    tfmac-lock --python=3.11 --chip m1-max --macos 14.2 --with x --os linux\n"
        "#    tfmac-lock --python 3.9\n"
    )
    made = {"python": "3.11", "chip": "m1-max", "macos": "14.2", "os": "linux"}
    assert made_for(path) == made
    assert formats.is_for_linux(path)
    for text in ("numpy==1\n", "tfmac-lock --python 3.11\n", "#\n" * 3000 + path.read_text()):
        path.write_text(text)
        assert made_for(path) == {}
        assert not formats.is_for_linux(path)
    assert made_for(tmp_path) == made_for(tmp_path / "missing") == {}
    path.write_text("#    tfmac-lock --python 3.11 --os macos\n")
    assert not formats.is_for_linux(path)
    path.write_text("#    tfmac-lock --python 3.11 --also linux-cuda\n")
    assert formats.is_for_linux(path)


# -- long texts in a message


LONG = "x/" * 200
"""Longer than what any message shows."""


@pytest.mark.parametrize(
    ("name", "head", "text", "shown", "why"),
    [
        ("requirements.txt", "-r ../", LONG, 97, "lies outside this folder and is not read"),
        ("environment.yml", "dependencies:\n- ", LONG, 60, "is not a conda specification"),
        ("environment.yml", "dependencies:\n- pip:\n  - ", LONG, 60, "is not a requirement"),
        ("mac.txt", "@EXPLICIT\n", LONG, 60, "is not the address of a package"),
    ],
)
def test_a_long_line_is_shown_by_its_beginning(
    name: str, head: str, text: str, shown: int, why: str, tmp_path: Path
) -> None:
    before = "../" if head.endswith("../") else ""
    with pytest.raises(InputFileError) as caught:
        read(tmp_path, name, f"{head}{text}\n")
    assert caught.value.reason == f"{before + text[:shown]!r} {why}"
    assert caught.value.line == head.count("\n") + 1


def test_what_a_parser_says_of_a_file_is_told_in_one_line_that_ends(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="is not TOML: ") as caught:
        read(tmp_path, "uv.lock", "a = \n")
    assert "\n" not in caught.value.reason
    text = 'lock-version = "1.0"\ncreated-by = "x"\npackages = []\nenvironments = ["{}"]\n'
    with pytest.raises(InputFileError, match="is not a pylock file: ") as caught:
        read(tmp_path, "pylock.toml", text.format("x" * 500))
    assert "\n" not in caught.value.reason
    assert len(caught.value.reason) == len("is not a pylock file: ") + 200


def test_the_address_that_a_package_is_built_from_is_kept_by_its_beginning(tmp_path: Path) -> None:
    address = "https://example.org/" + "a" * 300 + ".zip"
    (pin,) = read(tmp_path, "requirements.txt", f"mine @ {address}\n").pins
    assert pin.source == address[:200]
    (pin,) = read(
        tmp_path, "environment.yml", f"dependencies:\n- pip:\n  - mine @ {address}\n"
    ).pins
    assert pin.source == address[:200]


def test_a_file_that_includes_itself_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="includes itself"):
        read(tmp_path, "requirements.txt", "six==1\n-r requirements.txt\n")
    (tmp_path / "other.txt").write_text("-r requirements.txt\n")
    with pytest.raises(InputFileError, match="includes itself"):
        read(tmp_path, "requirements.txt", "six==1\n-r other.txt\n")
