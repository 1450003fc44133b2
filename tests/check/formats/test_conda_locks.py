"""The three formats of conda's side: conda-lock.yml, pixi.lock and the @EXPLICIT list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.facts import target
from tests.support.pins import by_name, read
from tfmac_lock.check.pins import Pin
from tfmac_lock.errors import InputFileError
from tfmac_lock.target import Os

if TYPE_CHECKING:
    from pathlib import Path

WHEEL = "numpy-1.26.4-cp311-cp311-macosx_11_0_arm64.whl"
DIGEST = "0" * 64

CONDA_LOCK = f"""\
version: 1
package:
- name: Python
  version: 3.11.9
  platform: osx-arm64
  url: https://example.org/python-3.11.9-h.conda
  hash: {{md5: '1'}}
- name: numpy
  version: 1.26.4
  manager: pip
  platform: osx-arm64
  url: https://example.org/{WHEEL}#sha256={DIGEST}
  hash: {{sha256: '{DIGEST}'}}
- name: six
  version: 1.17.0
  manager: pip
  platform: osx-arm64
- name: _libgcc_mutex
  version: '0.1'
  manager: conda
  platform: linux-64
"""


def test_conda_lock_gives_the_packages_of_the_platform(tmp_path: Path) -> None:
    file = read(tmp_path, "conda-lock.yml", CONDA_LOCK)
    path = str(tmp_path / "conda-lock.yml")
    assert file.pins == (
        Pin(name="python", version="3.11.9", hashed=True, manager="conda", path=path, line=3),
        Pin(
            name="numpy",
            version="1.26.4",
            files=(WHEEL,),
            hashed=True,
            hashes=(DIGEST,),
            path=path,
            line=8,
        ),
        Pin(name="six", version="1.17.0", hashed=False, path=path, line=14),
    )
    assert (file.python, file.arch, file.complete) == ("3.11", "", True)


def test_conda_lock_for_the_other_macs_alone_names_them(tmp_path: Path) -> None:
    file = read(tmp_path, "tf.conda-lock.yml", CONDA_LOCK, target("3.11", "intel"))
    assert (file.pins, file.arch, file.format) == ((), "arm64", "conda-lock.yml")
    other = CONDA_LOCK.replace("osx-arm64", "osx-64")
    assert read(tmp_path, "conda-lock.yml", other).arch == "x86_64"
    both = CONDA_LOCK.replace("linux-64", "osx-64")
    file = read(tmp_path, "conda-lock.yml", both, target("3.11", "intel"))
    assert [pin.name for pin in file.pins] == ["libgcc-mutex"]
    assert file.arch == ""


def test_conda_lock_for_linux_alone_is_refused_with_what_it_is_for(tmp_path: Path) -> None:
    text = CONDA_LOCK.replace("osx-arm64", "linux-aarch64")
    with pytest.raises(
        InputFileError, match="has no packages for osx-arm64, only for linux-64, linux-aarch64"
    ):
        read(tmp_path, "conda-lock.yml", text)


def test_conda_lock_for_macs_alone_has_nothing_for_a_linux_guest(tmp_path: Path) -> None:
    text = CONDA_LOCK.partition("- name: _libgcc_mutex")[0]
    with pytest.raises(
        InputFileError, match="has no packages for linux-aarch64, only for osx-arm64"
    ):
        read(tmp_path, "conda-lock.yml", text, target(os=Os.LINUX))


PIXI = f"""\
version: 6
environments:
  test:
    packages:
      osx-arm64:
      - pypi: https://example.org/six-1.17.0-py2.py3-none-any.whl
  default:
    packages:
      linux-64:
      - conda: https://example.org/linux-64/python-3.12.1-h_0.conda
      osx-arm64:
      - conda: https://example.org/osx-arm64/python-3.11.9-h_0_cpython.conda
      - conda: https://example.org/osx-arm64/zlib-1.3-h_1.tar.bz2
      - pypi: https://example.org/{WHEEL}#fragment
      - pypi: https://example.org/wrapt-1.14.1.tar.gz
      - pypi: https://example.org/archive
packages:
- conda: https://example.org/osx-arm64/python-3.11.9-h_0_cpython.conda
  md5: 0123
- pypi: https://example.org/{WHEEL}#fragment
  name: NumPy
  version: 1.26.4
  sha256: {DIGEST}
- pypi: https://example.org/archive
  name: mine
  version: '1.0'
"""


def test_pixi_gives_the_packages_of_the_default_environment(tmp_path: Path) -> None:
    file = read(tmp_path, "pixi.lock", PIXI)
    path = str(tmp_path / "pixi.lock")
    assert file.pins == (
        Pin(name="python", version="3.11.9", hashed=True, manager="conda", path=path, line=12),
        Pin(name="zlib", version="1.3", hashed=False, manager="conda", path=path, line=13),
        Pin(
            name="numpy",
            version="1.26.4",
            files=(WHEEL,),
            hashed=True,
            hashes=(DIGEST,),
            path=path,
            line=14,
        ),
        Pin(
            name="wrapt",
            version="1.14.1",
            files=("wrapt-1.14.1.tar.gz",),
            hashed=False,
            path=path,
            line=15,
        ),
        Pin(name="mine", version="1.0", files=("archive",), hashed=False, path=path, line=16),
    )
    assert (file.python, file.complete, file.format) == ("3.11", True, "pixi.lock")


def test_pixi_without_a_default_environment_gives_the_first(tmp_path: Path) -> None:
    file = read(tmp_path, "pixi.lock", PIXI.replace("default:", "other:"))
    assert [pin.name for pin in file.pins] == ["six"]
    assert file.python == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("environments: {}\n", "is not a pixi.lock: it has no environments"),
        ("environments: []\n", "is not a pixi.lock: it has no environments"),
        ("- a\n", "is not a pixi.lock: it has no environments"),
        (
            "environments: {default: {packages: {win-64: [], linux-64: []}}}\n",
            "has no packages for osx-arm64; its platforms are: linux-64, win-64",
        ),
        ("environments: {default: []}\n", "its platforms are: none"),
        (
            "environments: {default: {packages: {osx-arm64: [{npm: x}]}}}\n",
            "has an entry that is neither conda's nor pypi's",
        ),
        (
            "environments: {default: {packages: {osx-arm64: [{pypi: https://x/y}]}}}\n",
            "'' is not a package name",
        ),
        (
            "environments: {default: {packages: {osx-arm64: [{conda: https://x/a-1.conda}]}}}\n",
            "'' is not a package name",
        ),
    ],
)
def test_what_pixi_did_not_write_is_refused(text: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=why):
        read(tmp_path, "pixi.lock", text)


EXPLICIT = f"""\
# platform: osx-arm64
# pip is below
@EXPLICIT
https://example.org/osx-arm64/python-3.11.9-h_0_cpython.conda#0123
https://example.org/noarch/_tz-data-2024a-h_0.tar.bz2

# pip numpy @ https://example.org/{WHEEL}#sha256={DIGEST}
# pip wrapt @ https://example.org/wrapt-1.14.1.tar.gz
# pip odd @ https://example.org/odd.whl
# pip half @ https://example.org/half-1.whl
"""


def test_an_explicit_list_gives_condas_packages_and_pips(tmp_path: Path) -> None:
    file = read(tmp_path, "explicit.txt", EXPLICIT)
    path = str(tmp_path / "explicit.txt")
    found = by_name(file)
    assert list(found) == ["python", "tz-data", "numpy", "wrapt", "odd", "half"]
    assert found["python"] == Pin(
        name="python", version="3.11.9", hashed=True, manager="conda", path=path, line=4
    )
    assert found["tz-data"] == Pin(
        name="tz-data", version="2024a", hashed=False, manager="conda", path=path, line=5
    )
    assert found["numpy"] == Pin(
        name="numpy",
        version="1.26.4",
        files=(WHEEL,),
        hashed=True,
        hashes=(DIGEST,),
        path=path,
        line=7,
    )
    assert (found["wrapt"].version, found["wrapt"].hashed) == ("1.14.1", False)
    assert found["odd"].version == found["half"].version == ""
    assert (file.python, file.arch, file.complete) == ("3.11", "arm64", True)


def test_an_explicit_list_names_the_macs_that_it_is_for(tmp_path: Path) -> None:
    intel = EXPLICIT.replace("/osx-arm64/", "/osx-64/")
    assert read(tmp_path, "explicit.txt", intel).arch == "x86_64"
    anywhere = "@EXPLICIT\nhttps://example.org/noarch/tz-data-2024a-h_0.conda\n"
    file = read(tmp_path, "explicit.txt", anywhere)
    assert (file.arch, file.python) == ("", "")


def test_a_line_of_an_explicit_list_that_is_no_address_is_a_fault_there(tmp_path: Path) -> None:
    with pytest.raises(
        InputFileError, match="'numpy==1' is not the address of a package"
    ) as caught:
        read(tmp_path, "explicit.txt", EXPLICIT + "numpy==1\n")
    assert caught.value.line == 11
