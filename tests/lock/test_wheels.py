from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

from tfmac_lock.errors import InputFileError
from tfmac_lock.lock.wheels import read_lock

if TYPE_CHECKING:
    from pathlib import Path

PYLOCK = """
lock-version = "1.0"
environments = ["sys_platform == 'darwin' and platform_machine == 'x86_64'"]
created-by = "test"

[[packages]]
name = "numpy"
version = "1.26.4"
[[packages.wheels]]
url = "https://e.invalid/numpy-1.26.4-cp312-cp312-macosx_11_0_arm64.whl"
hashes = { sha256 = "a" }
[[packages.wheels]]
url = "https://e.invalid/numpy-1.26.4-cp312-cp312-macosx_10_9_x86%5F64.whl"
hashes = { sha256 = "b" }

[[packages]]
name = "six"
version = "1.16.0"
[[packages.wheels]]
name = "six-1.16.0-py2.py3-none-any.whl"
url = "https://e.invalid/1"
hashes = { sha256 = "c" }

[[packages]]
name = "only-source"
version = "1"

[tool.tfmac-lock]
macos-min = "12.3"
"""


def test_a_pylock_gives_the_wheels_for_its_architecture(tmp_path: Path) -> None:
    path = tmp_path / "pylock.toml"
    path.write_text(PYLOCK)
    lock = read_lock(path)

    assert (lock.arch, lock.macos, lock.numpy) == ("x86_64", "12.3", Version("1.26.4"))
    assert {name: file.filename for name, file in lock.wheels.items()} == {
        "numpy": "numpy-1.26.4-cp312-cp312-macosx_10_9_x86_64.whl",
        "six": "six-1.16.0-py2.py3-none-any.whl",
    }
    assert lock.wheels["numpy"].sha256 == "b"


def test_the_architecture_of_a_pylock_can_be_given(tmp_path: Path) -> None:
    path = tmp_path / "pylock.toml"
    path.write_text(PYLOCK)

    assert read_lock(path, "arm64").wheels["numpy"].sha256 == "a"


def test_a_pylock_without_environments_is_for_apple_s_chips(tmp_path: Path) -> None:
    path = tmp_path / "pylock.toml"
    path.write_text("packages = []")

    assert read_lock(path).arch == "arm64"


def test_a_lock_json_tells_its_combo(tmp_path: Path) -> None:
    row = {
        "name": "six",
        "version": "1.16.0",
        "manager": "pip",
        "filename": "six-1.16.0-py2.py3-none-any.whl",
        "url": "https://e.invalid/six",
        "sha256": "c",
    }
    conda = {
        **row,
        "name": "numpy",
        "version": "1.19.5",
        "filename": "numpy-1.19.5-py39h0.tar.bz2",
        "manager": "conda",
    }
    path = tmp_path / "lock.json"
    combo = {"arch": "arm64", "macos_min": "12.0"}
    path.write_text(json.dumps({"combo": combo, "packages": [row, conda]}))
    lock = read_lock(path)

    assert (lock.arch, lock.macos, lock.numpy) == ("arm64", "12.0", Version("1.19.5"))
    assert list(lock.wheels) == ["six"]


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.json", "[]"), ("a.json", "{"), ("a.toml", "="), ("a.toml", "packages = 1")],
)
def test_what_is_no_lock_is_refused(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(InputFileError):
        read_lock(path)
