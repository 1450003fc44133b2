"""Reading pins: seven formats, and what hostile files get for an answer."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfmac_lock.check import formats
from tfmac_lock.errors import InputFileError
from tfmac_lock.target import MacOSVersion, PythonVersion, Target

if TYPE_CHECKING:
    from pathlib import Path

    from tfmac_lock.check.pins import Pin, PinFile
    from tfmac_lock.matrix.facts import Matrix


@pytest.fixture
def target(matrix: Matrix) -> Target:
    return Target(
        python=PythonVersion(3, 11, 9),
        chip=matrix.platforms.chip("m1"),
        macos=MacOSVersion(14, 0),
    )


def pins(file: PinFile) -> dict[str, str]:
    return {pin.name: pin.version or pin.specifier for pin in file.pins}


def read(folder: Path, name: str, text: str | bytes, target: Target) -> PinFile:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return formats.read(path, target)


def by_name(file: PinFile, name: str) -> Pin:
    return next(pin for pin in file.pins if pin.name == name)


def test_requirements_with_everything_that_pip_understands(tmp_path: Path, target: Target) -> None:
    (tmp_path / "more.txt").write_text("h5py==3.11.0\n")
    file = read(
        tmp_path,
        "requirements.txt",
        "# head\n--index-url https://pypi.org/simple\n"
        "TensorFlow_macOS [extra] == 2.15.0 ; sys_platform == 'darwin'  # why\n"
        "numpy>=1.26,<2 \\\n    --hash=sha256:ab --hash=sha256:cd\n"
        "pywin32==306; sys_platform == 'win32'\n"
        "-r more.txt\n-e git+https://github.com/a/b.git#egg=thing\n"
        "six @ https://example.org/six-1.16.0-py2.py3-none-any.whl\n"
        "local @ file:///x/local-1.0.tar.gz\n",
        target,
    )
    assert pins(file) == {
        "tensorflow-macos": "2.15.0",
        "numpy": "<2,>=1.26",
        "h5py": "3.11.0",
        "thing": "",
        "six": "1.16.0",
        "local": "",
    }
    assert by_name(file, "numpy").hashed
    assert by_name(file, "numpy").line == 4
    assert by_name(file, "thing").source
    assert not file.complete


def test_a_list_of_a_whole_environment_is_known_as_one(tmp_path: Path, target: Target) -> None:
    file = read(tmp_path, "freeze.txt", "absl-py==2.1.0\ntensorflow==2.18.0\n", target)
    assert file.complete


def test_utf16_as_powershell_writes_it(tmp_path: Path, target: Target) -> None:
    file = read(tmp_path, "requirements.txt", "numpy==1.26.4\r\n".encode("utf-16"), target)
    assert pins(file) == {"numpy": "1.26.4"}


PYLOCK = """
lock-version = "1.0"
created-by = "x"
[[packages]]
name = "numpy"
version = "1.26.4"
[[packages.wheels]]
url = "https://example.org/numpy-1.26.4-cp311-cp311-macosx_11_0_arm64.whl"
hashes = {sha256 = "ab"}
[[packages]]
name = "pywin32"
version = "306"
marker = "sys_platform == 'win32'"
[[packages.wheels]]
url = "https://example.org/pywin32-306-cp311-cp311-win_amd64.whl"
hashes = {sha256 = "cd"}
"""
UV = """
version = 1
[[package]]
name = "mine"
version = "0.1"
source = { virtual = "." }
dependencies = [
  { name = "numpy", version = "1.26.4", marker = "sys_platform == 'darwin'" },
  { name = "pywin32", marker = "sys_platform == 'win32'" },
]
[[package]]
name = "numpy"
version = "1.26.4"
sdist = { url = "https://example.org/numpy-1.26.4.tar.gz" }
wheels = [{ url = "https://example.org/numpy-1.26.4-cp311-cp311-macosx_11_0_arm64.whl" }]
[[package]]
name = "numpy"
version = "2.3.0"
[[package]]
name = "pywin32"
version = "306"
[[package]]
name = "nobody-asks"
version = "1.0"
"""
POETRY = """
[[package]]
name = "numpy"
version = "1.26.4"
files = [{file = "numpy-1.26.4-cp311-cp311-macosx_11_0_arm64.whl", hash = "sha256:ab"}]
[[package]]
name = "pywin32"
version = "306"
markers = "sys_platform == 'win32'"
files = []
"""
CONDA_LOCK = """
version: 1
package:
- name: python
  version: 3.10.14
  manager: conda
  platform: osx-arm64
  url: https://example.org/python-3.10.14-h.conda
  hash: {md5: '1', sha256: '2'}
- name: numpy
  version: '1.26'
  manager: pip
  platform: osx-arm64
  url: https://example.org/numpy-1.26.4-cp311-cp311-macosx_11_0_arm64.whl
  hash:
    sha256: 00112233
- name: numpy
  version: 1.0.0
  manager: conda
  platform: linux-64
"""
ENVIRONMENT = """
name: tf
channels: [apple, conda-forge]
dependencies:
  - python=3.10
  - apple::tensorflow-deps==2.10.0
  - numpy>=1.22,<2
  - h5py=3.10.0=py310_0
  - pip
  - pip:
      - tensorflow-macos==2.10.0
      - pywin32==306; sys_platform == 'win32'
      - -r other.txt
"""


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("pylock.toml", PYLOCK, {"numpy": "1.26.4"}),
        ("pylock.mac.toml", PYLOCK, {"numpy": "1.26.4"}),
        ("uv.lock", UV, {"numpy": "1.26.4"}),
        ("poetry.lock", POETRY, {"numpy": "1.26.4"}),
        ("conda-lock.yml", CONDA_LOCK, {"python": "3.10.14", "numpy": "1.26"}),
        (
            "environment.yml",
            ENVIRONMENT,
            {
                "python": "==3.10.*",
                "tensorflow-deps": "2.10.0",
                "numpy": "<2,>=1.22",
                "h5py": "3.10.0",
                "pip": "",
                "tensorflow-macos": "2.10.0",
            },
        ),
    ],
)
def test_each_format_gives_the_pins_of_the_target(
    name: str, text: str, wanted: dict[str, str], tmp_path: Path, target: Target
) -> None:
    assert pins(read(tmp_path, name, text, target)) == wanted


def test_conda_files_say_which_python(tmp_path: Path, target: Target) -> None:
    assert read(tmp_path, "conda-lock.yml", CONDA_LOCK, target).python == "3.10"
    assert read(tmp_path, "environment.yml", ENVIRONMENT, target).python == "3.10"


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)
)


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("requirements.txt", "-r requirements.txt\n", "includes itself"),
        ("requirements.txt", "-r /etc/passwd\n", "outside this folder"),
        ("requirements.txt", "-r ../../etc/passwd\n", "outside this folder"),
        ("requirements.txt", "-c /etc/passwd\n", "outside this folder"),
        ("requirements.txt", "-r missing.txt\n", "does not exist"),
        ("requirements.txt", "numpy => 1\n", "not a requirement"),
        ("requirements.txt", "numpy==1.26; nonsense == 'x'\n", "not a requirement"),
        ("requirements.txt", "x" * 3_000, "not a package name"),
        ("requirements.txt", b"\x00\x01\x02", "not text"),
        ("requirements.txt", b"\xff\xfe\xfd", "not text"),
        ("requirements.txt", b"\x80numpy", "not text"),
        ("pylock.toml", "a = [" + "[" * 50_000, "deep|TOML"),
        ("pylock.toml", "lock-version = " + "9" * 9000, "TOML|list|no lock"),
        ("pylock.toml", "x = 1", "lock-version"),
        ("pylock.toml", "lock-version = '1.0'\npackages = 3", "list of tables"),
        ("pylock.toml", "lock-version = '1.0'\n[[packages]]\nversion = 3", "created-by"),
        (
            "pylock.toml",
            "lock-version='1.0'\ncreated-by='x'\n[[packages]]\nname='a'\nmarker='('",
            "marker",
        ),
        ("uv.lock", "package = [1]", "list of tables"),
        ("uv.lock", "[[package]]\nname = '../../x'", "package name"),
        ("poetry.lock", "[[package]]\nname = 'a'\nversion = '1 && rm'", "version"),
        ("environment.yml", BOMB, "alias"),
        ("environment.yml", "[" * 5000, "deep|YAML"),
        ("environment.yml", "- " * 5000, "deep|YAML"),
        ("environment.yml", "dependencies: 5", "dependencies"),
        ("environment.yml", "a: b: c", "YAML"),
        ("environment.yml", "", "empty"),
        ("conda-lock.yml", "package: []", "conda-lock"),
        ("conda-lock.yml", CONDA_LOCK.replace("osx-arm64", "linux-64"), "osx-arm64"),
        ("thing.xlsx", "x", "none of the formats"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_hostile_or_broken_file_gets_one_line(
    name: str, text: str | bytes, why: str, tmp_path: Path, target: Target
) -> None:
    with pytest.raises(InputFileError, match=why) as caught:
        read(tmp_path, name, text, target)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 700


def test_a_tag_constructs_nothing(tmp_path: Path, target: Target) -> None:
    text = "dependencies: !!python/object/apply:os.system [id]"
    assert pins(read(tmp_path, "environment.yml", text, target)) == {"id": ""}


BITS = (
    "numpy == 1.26 < > ; [ ] { } ( ) = , - : & * ! | # @ / -r -e --hash=sha256:a [[package]] "
    "[[packages]] name version wheels files marker dependencies pip package: lock-version='1.0' "
    "python_version sys_platform 'darwin' and or not 9999999999 url source registry null 1e999 "
    "2020-01-01 ... --- %YAML !!binary << ? >- git+ \t \n \x00 \\"
)


@given(
    name=st.sampled_from(
        ["requirements.txt", "pylock.toml", "uv.lock", "poetry.lock", "conda-lock.yml", "e.yml"]
    ),
    raw=st.one_of(
        st.binary(max_size=300),
        st.lists(st.sampled_from(BITS.split(" ")), max_size=40).map(" ".join),
    ),
)
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_a_file_holds_it_is_read_or_refused(
    name: str, raw: bytes | str, tmp_path: Path, target: Target
) -> None:
    with contextlib.suppress(InputFileError):
        read(tmp_path, name, raw, target)


def test_a_chain_of_files_without_end_is_given_up(tmp_path: Path, target: Target) -> None:
    for number in range(40):
        (tmp_path / f"r{number}.txt").write_text(f"-r r{number + 1}.txt\n")
    with pytest.raises(InputFileError, match="deep"):
        formats.read(tmp_path / "r0.txt", target)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, target: Target) -> None:
    path = tmp_path / "requirements.txt"
    with path.open("wb") as stream:
        stream.truncate(40 * 1024 * 1024)
    with pytest.raises(InputFileError, match="larger than"):
        formats.read(path, target)


def test_a_folder_is_searched_for_files_of_pins(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="no file of pins"):
        formats.in_folder(tmp_path)
    for name in ("requirements.txt", "uv.lock", "notes.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in formats.in_folder(tmp_path)] == ["requirements.txt", "uv.lock"]


def test_files_for_the_teams_other_machines_are_none_of_the_macs(
    tmp_path: Path, target: Target
) -> None:
    head = "# This file was made by tfmac-lock, by:\n#\n#    tfmac-lock --python 3.11 --chip m1 "
    for name, options in (("linux-cuda", "--also linux-cuda"), ("guest", "--os linux")):
        path = tmp_path / f"requirements.{name}.txt"
        path.write_text(f"{head}{options}\nnumpy==2.0.2\n")
        with pytest.raises(InputFileError, match="for Linux, and check judges what a Mac installs"):
            formats.read(path, target)
    (tmp_path / "requirements.txt").write_text(f"{head}\nnumpy==2.0.2\n")
    assert [path.name for path in formats.in_folder(tmp_path)] == ["requirements.txt"]


def test_what_constraints_keep_out_is_no_pin(tmp_path: Path, target: Target) -> None:
    text = "tensorflow==2.18.1\ntensorflow-ranking<0\n"
    assert pins(read(tmp_path, "constraints.txt", text, target)) == {"tensorflow": "2.18.1"}
