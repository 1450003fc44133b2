from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from packaging.specifiers import SpecifierSet

from tests.support.facts import target
from tfmac_lock.check.formats.poetry_toml import _specifier, has_table, read

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
