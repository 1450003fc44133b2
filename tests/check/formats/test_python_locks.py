"""The locks of Python's own tools: pylock.toml, uv.lock and poetry.lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.facts import target
from tests.support.pins import by_name, pins, read
from tfmac_lock.check.pins import Pin
from tfmac_lock.errors import InputFileError

if TYPE_CHECKING:
    from pathlib import Path

WHEEL = "numpy-1.26.4-cp311-cp311-macosx_11_0_arm64.whl"
ARCHIVE = "numpy-1.26.4.tar.gz"

PYLOCK = f"""\
lock-version = "1.0"
created-by = "x"
# more
[[packages]]
name = "numpy"
version = "1.26.4"
sdist = {{url = "https://example.org/{ARCHIVE}", hashes = {{sha512 = "ef"}}}}
[[packages.wheels]]
url = "https://example.org/{WHEEL}"
hashes = {{sha256 = "ab"}}

[[packages]]
name = "mine"
vcs = {{type = "git", url = "https://example.org/mine", commit-id = "1"}}

[[packages]]
name = "here"
directory = {{path = "."}}

[[packages]]
name = "kept"
archive = {{path = "sub/kept-1.zip", hashes = {{sha256 = "cd"}}}}

[[packages]]
name = "named"
version = "1"
wheels = [{{name = "named-1-py3-none-any.whl", url = "https://x/1", hashes = {{sha256 = "1"}}}}]
"""


def test_pylock_gives_each_package_with_its_files_and_hashes(tmp_path: Path) -> None:
    file = read(tmp_path, "pylock.toml", PYLOCK)
    path = str(tmp_path / "pylock.toml")
    assert file.pins == (
        Pin(
            name="numpy",
            version="1.26.4",
            files=(WHEEL, ARCHIVE),
            hashed=True,
            hashes=("ab",),
            path=path,
            line=4,
        ),
        Pin(name="mine", source="vcs", path=path, line=12),
        Pin(name="here", source="directory", path=path, line=16),
        Pin(name="kept", files=("kept-1.zip",), hashed=True, hashes=("cd",), path=path, line=20),
        Pin(
            name="named",
            version="1",
            files=("named-1-py3-none-any.whl",),
            hashed=True,
            hashes=("1",),
            path=path,
            line=24,
        ),
    )
    assert (file.python, file.arch, file.complete) == ("", "", True)


@pytest.mark.parametrize(
    ("more", "python", "arch"),
    [
        ('requires-python = "==3.11.*"', "", ""),
        ('requires-python = ">=3.9"', "", ""),
        ('requires-python = "==3.9.*"', "3.9", ""),
        ('requires-python = "<3.11"', "3.10", ""),
        ('requires-python = ">=3.12"', "3.14", ""),
        ('requires-python = "==3.7.*"', "", ""),
        ('requires-python = "==3.15.*"', "", ""),
        ('requires-python = ">=3.13.50,<3.14"', "3.13", ""),
        ("environments = [\"platform_machine == 'arm64'\"]", "", ""),
        ("environments = [\"platform_machine == 'x86_64'\"]", "", "x86_64"),
        (
            'requires-python = "==3.8.*"\nenvironments = ["platform_machine == \'x86_64\'"]',
            "3.8",
            "x86_64",
        ),
        ("environments = [\"sys_platform == 'win32'\"]", "", ""),
    ],
)
def test_pylock_for_another_machine_names_it(
    more: str, python: str, arch: str, tmp_path: Path
) -> None:
    file = read(tmp_path, "pylock.toml", PYLOCK.replace("# more", more), target("3.11"))
    assert (file.python, file.arch) == (python, arch)


def test_pylock_for_arm64_named_on_an_intel_mac(tmp_path: Path) -> None:
    more = "environments = [\"platform_machine == 'arm64'\"]"
    file = read(tmp_path, "pylock.toml", PYLOCK.replace("# more", more), target("3.11", "intel"))
    assert (file.python, file.arch) == ("", "arm64")


UV = f"""\
version = 1

[[package]]
name = "Mine"
version = "0.1"
source = {{ editable = "." }}
dependencies = [{{ name = "numpy" }}, {{ name = "tool", version = "2" }}]

[package.optional-dependencies]
plots = [{{ name = "matplotlib" }}]

[package.dev-dependencies]
test = [{{ name = "pytest" }}]

[[package]]
name = "numpy"
version = "1.26.4"
sdist = {{ url = "https://example.org/{ARCHIVE}", hash = "sha256:CD" }}
wheels = [
  {{ url = "https://example.org/{WHEEL}", hash = "sha256:ab" }},
  {{ path = "local/other.whl" }},
]
[package.optional-dependencies]
extra = [{{ name = "nobody-asks" }}]

[[package]]
name = "tool"
version = "1"
[[package]]
name = "tool"
version = "2"
dependencies = [{{ name = "tool", version = "2" }}, {{ name = "split" }}]
[[package]]
name = "split"
version = "1"
resolution-markers = ["sys_platform == 'win32'"]
[[package]]
name = "split"
version = "2"
resolution-markers = ["sys_platform == 'linux'", "sys_platform == 'darwin'"]
source = {{ git = "https://example.org/split" }}
[[package]]
name = "matplotlib"
version = "3.9.0"
[[package]]
name = "pytest"
version = "8.0.0"
[[package]]
name = "nobody-asks"
version = "1"
"""


def test_uv_gives_what_the_project_its_extras_and_its_groups_lead_to(tmp_path: Path) -> None:
    file = read(tmp_path, "uv.lock", UV)
    assert pins(file) == {
        "matplotlib": "3.9.0",
        "numpy": "1.26.4",
        "pytest": "8.0.0",
        "split": "2",
        "tool": "2",
    }
    found = by_name(file)
    assert found["numpy"] == Pin(
        name="numpy",
        version="1.26.4",
        files=(WHEEL, "other.whl", ARCHIVE),
        hashes=("ab", "cd"),
        path=str(tmp_path / "uv.lock"),
        line=15,
    )
    assert (found["split"].source, found["tool"].source) == ("git", "")
    assert file.complete


def test_uv_without_a_project_gives_all_packages(tmp_path: Path) -> None:
    text = UV.replace('source = { editable = "." }', "")
    assert pins(read(tmp_path, "uv.lock", text)).keys() >= {"mine", "numpy", "nobody-asks"}


POETRY = f"""\
[[package]]
name = "numpy"
version = "1.26.4"
files = [
  {{file = "{WHEEL}", hash = "sha256:ab"}},
  {{file = "{ARCHIVE}", hash = "md5:cd"}},
]

[[package]]
name = "pywin32"
version = "306"
markers = {{main = "sys_platform == 'win32'"}}

[[package]]
name = "either"
version = "1"
markers = {{main = "sys_platform == 'win32'", dev = "sys_platform == 'darwin'"}}
files = [{{file = "either-1.tar.gz"}}, 3]

[[package]]
name = "mine"
version = "0"
[package.source]
type = "git"

[[package]]
name = "here"
version = "0"
[package.source]
type = "directory"

[[package]]
name = "mirrored"
version = "1"
[package.source]
type = "legacy"

[metadata.files]
mirrored = [{{file = "mirrored-1.tar.gz", hash = "sha256:ef"}}]
"""


def test_poetry_gives_each_package_with_its_files_of_every_version_of_the_format(
    tmp_path: Path,
) -> None:
    file = read(tmp_path, "poetry.lock", POETRY)
    path = str(tmp_path / "poetry.lock")
    assert file.pins == (
        Pin(
            name="numpy",
            version="1.26.4",
            files=(WHEEL, ARCHIVE),
            hashed=True,
            hashes=("ab",),
            path=path,
            line=1,
        ),
        Pin(
            name="either",
            version="1",
            files=("either-1.tar.gz",),
            hashed=False,
            path=path,
            line=14,
        ),
        Pin(name="mine", version="0", source="git", path=path, line=20),
        Pin(name="here", version="0", source="directory", path=path, line=26),
        Pin(
            name="mirrored",
            version="1",
            files=("mirrored-1.tar.gz",),
            hashed=True,
            hashes=("ef",),
            path=path,
            line=32,
        ),
    )
    assert file.complete


def test_a_package_in_another_style_of_table_has_no_line(tmp_path: Path) -> None:
    text = 'package = [{name = "numpy", version = "1.26.4"}]\n'
    (pin,) = read(tmp_path, "poetry.lock", text).pins
    assert (pin.name, pin.line) == ("numpy", 0)


@pytest.mark.parametrize("name", ["poetry.lock", "uv.lock"])
def test_what_is_no_list_of_packages_is_refused(name: str, tmp_path: Path) -> None:
    for text in ("package = 3\n", "package = [3]\n", "package = {a = 1}\n"):
        with pytest.raises(InputFileError, match="package is not a list of tables"):
            read(tmp_path, name, text)
    assert read(tmp_path, name, "version = 1\n").pins == ()
