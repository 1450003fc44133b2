from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from packaging.specifiers import SpecifierSet

from tests.support.facts import target
from tfmac_lock.check.formats.poetry_toml import _specifier, has_table, read
from tfmac_lock.check.pins import Pin
from tfmac_lock.errors import InputFileError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("^1.2.3", ">=1.2.3,<2"),
        ("^1.2", ">=1.2,<2"),
        ("^1", ">=1,<2"),
        ("^0.2.3", ">=0.2.3,<0.3"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("^0.0", ">=0.0,<0.1"),
        ("^0", ">=0,<1"),
        ("~1.2.3", ">=1.2.3,<1.3"),
        ("~1.2", ">=1.2,<1.3"),
        ("~1", ">=1,<2"),
        ("*", ""),
        ("1.*", "==1.*"),
        (">=1.2, <1.5", ">=1.2,<1.5"),
        ("~=1.2", "~=1.2"),
        ("^1.0 || ^2.0", ""),
        ("no version", ""),
    ],
)
def test_a_constraint_is_the_specifier_that_poetrys_documents_give(text: str, same: str) -> None:
    assert SpecifierSet(_specifier(text)) == SpecifierSet(same)


PROJECT = """\
[tool.poetry]
name = "mine"
[tool.poetry.dependencies]
python = ">=3.10,<3.12"
tensorflow = "2.18.1"
pandas = "^2.0"
rich = {version = "*", extras = ["jupyter"]}
extra-tool = {version = "^1", optional = true}
linux-only = {version = "^1", markers = "sys_platform == 'linux'"}
old-python = {version = "^1", python = "<3.9"}
mine-too = {git = "https://example.org/mine"}
split = [{version = "^1", python = "<3.11"}, {version = "^2", python = ">=3.11"}]
"""


def test_what_holds_on_the_mac_is_read(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(PROJECT)
    assert has_table(path)
    pins = {pin.name: pin for pin in read(path, target()).pins}
    assert set(pins) == {"tensorflow", "pandas", "rich", "mine-too", "split"}
    assert pins["tensorflow"].version == "2.18.1"
    assert SpecifierSet(pins["pandas"].specifier) == SpecifierSet(">=2.0,<3")
    assert pins["rich"].extras == ("jupyter",)
    assert pins["mine-too"].source == "git"
    assert SpecifierSet(pins["split"].specifier) == SpecifierSet(">=2,<3")
    path.write_text('[project]\nname = "mine"\ndependencies = []\n' + PROJECT)
    assert not has_table(path)


HEAD = "[tool.poetry.dependencies]\n"


def pins_of(folder: Path, *lines: str) -> tuple[Pin, ...]:
    """What a table of these lines brings on the Mac."""
    path = folder / "pyproject.toml"
    path.write_text(HEAD + "".join(f"{line}\n" for line in lines))
    return read(path, target()).pins


@pytest.mark.parametrize(
    ("value", "version", "specifier", "extras", "source"),
    [
        ('"2.18.1"', "2.18.1", "", (), ""),
        ('" == 2.18.1 "', "2.18.1", "", (), ""),
        ('{version = "1.2", extras = ["a", "b"]}', "1.2", "", ("a", "b"), ""),
        ('{version = "1.2", extras = "a"}', "1.2", "", (), ""),
        ('"2.18.*"', "", "==2.18.*", (), ""),
        ('"1.2.3.4.5"', "1.2.3.4.5", "", (), ""),
        ('"1.2.3.4.5.6"', "", "", (), ""),
        ('"123456789"', "123456789", "", (), ""),
        ('"!=1.2,<3"', "", "!=1.2,<3", (), ""),
        ('"*"', "", "", (), ""),
        ("3", "", "", (), ""),
        ('{version = "^1", optional = false}', "", "<2,>=1", (), ""),
        ('{git = "https://x/y", version = "1"}', "1", "", (), "git"),
        ('{path = "../y"}', "", "", (), "path"),
        ('{url = "https://x/y.zip"}', "", "", (), "url"),
        ('{file = "y.zip"}', "", "", (), "file"),
    ],
)
def test_a_dependency_is_a_pin_or_a_limit_or_something_to_be_built(
    value: str, version: str, specifier: str, extras: tuple[str, ...], source: str, tmp_path: Path
) -> None:
    (pin,) = pins_of(tmp_path, f"Some_Thing = {value}")
    assert pin == Pin(
        name="some-thing",
        version=version,
        specifier=specifier,
        extras=extras,
        source=source,
        path=str(tmp_path / "pyproject.toml"),
    )


@pytest.mark.parametrize(
    "value",
    [
        '{version = "1", optional = true}',
        '{version = "1", python = "<3.11"}',
        '{version = "1", python = "^3.12"}',
        '{version = "1", markers = "sys_platform == \'win32\'"}',
        "[]",
    ],
)
def test_what_the_mac_does_not_get_is_left_out_and_the_rest_is_read(
    value: str, tmp_path: Path
) -> None:
    lines = (f"first = {value}", 'Python = "^3.11"', 'second = {version = "1", python = "~3.11"}')
    assert [pin.name for pin in pins_of(tmp_path, *lines)] == ["second"]


@pytest.mark.parametrize(
    ("text", "there"),
    [
        (HEAD, True),
        ('[project]\nname = "mine"\n' + HEAD, True),
        ("[project]\ndependencies = []\n" + HEAD, False),
        ("project = 3\n" + HEAD, True),
        ("", False),
        ("tool = 3\n", False),
        ("[tool]\npoetry = 3\n", False),
        ("[tool.poetry]\nname = 'mine'\n", False),
        ("[tool.poetry]\ndependencies = []\n", False),
    ],
)
def test_a_file_without_the_table_is_no_file_of_pins(
    text: str, there: bool, tmp_path: Path
) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(text)
    assert has_table(path) is there
    if there:
        assert read(path, target()).pins == ()
    else:
        with pytest.raises(InputFileError, match=r"has no \[tool.poetry.dependencies\]"):
            read(path, target())
