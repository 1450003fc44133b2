from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.facts import target
from tests.support.pins import by_name, read
from tfmac_lock.check.pins import Pin
from tfmac_lock.errors import InputFileError

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "dependencies:\n"


@pytest.mark.parametrize(
    ("written", "version", "specifier"),
    [
        ("numpy", "", ""),
        ("numpy=1.26", "", "==1.26.*"),
        ("numpy=1.26.*", "", "==1.26.*"),
        ("numpy 1.26", "", "==1.26.*"),
        ("numpy=1.26.4", "1.26.4", "==1.26.4.*"),
        ("numpy=1.26.4=py311_0", "1.26.4", "==1.26.4.*"),
        ("numpy==1.26", "1.26", "==1.26"),
        ("numpy==1.26.4=py311_0", "1.26.4", "==1.26.4"),
        ("conda-forge::numpy==1.26.4", "1.26.4", "==1.26.4"),
        ("numpy>=1.22,<2", "", "<2,>=1.22"),
        ("numpy>=1.22|1.20", "", ">=1.22"),
        ("numpy=1.1.1w", "1.1.1w", ""),
    ],
)
def test_a_conda_specification_is_read_as_conda_does(
    written: str, version: str, specifier: str, tmp_path: Path
) -> None:
    (pin,) = read(tmp_path, "environment.yml", f'{HEAD}- "{written}"\n').pins
    assert pin == Pin(
        name="numpy",
        version=version,
        specifier=specifier,
        manager="conda",
        path=str(tmp_path / "environment.yml"),
        line=2,
    )


@pytest.mark.parametrize("text", ["nümpy", "a/b", "=1.0", "x" * 101])
def test_what_conda_could_not_read_is_a_fault_at_its_line(text: str, tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="is not a conda specification") as caught:
        read(tmp_path, "environment.yml", f'{HEAD}- numpy\n- "{text}"\n')
    assert caught.value.line == 3
    assert len(str(caught.value)) < len(str(tmp_path)) + 130


def test_the_names_that_conda_alone_has_lose_their_underscore(tmp_path: Path) -> None:
    file = read(tmp_path, "environment.yml", f"{HEAD}- _OpenMP.Mutex=4.5\n")
    assert [pin.name for pin in file.pins] == ["openmp-mutex"]


@pytest.mark.parametrize(
    ("python", "series"),
    [
        ("python=3.9", "3.9"),
        ("python==3.12.4", "3.12"),
        ("python=3.10.14", "3.10"),
        ("python>=3.12", "3.12"),
        ("python>=3.9", ""),
        ("python<3.12", ""),
        ("python<3.10", ""),
        ("python", ""),
    ],
)
def test_the_python_is_told_where_it_is_another_than_the_targets(
    python: str, series: str, tmp_path: Path
) -> None:
    text = f'{HEAD}- numpy\n- "{python}"\n'
    assert read(tmp_path, "environment.yml", text, target("3.11")).python == series


PIP = """\
dependencies:
- python=3.11
- pip:
  - Tensor_Flow[And-CUDA, b]==2.18.1 --hash=sha256:AB --hash=md5:cd
  - numpy>=1.26  --hash=sha256:ef
  - six
  - wheel @ https://example.org/wheel.whl
  - pywin32==306; sys_platform == 'win32'
  - -r more.txt
  - --requirement=more.txt
  - git+https://example.org/mine.git
  - --index-url https://pypi.org/simple
  - -i https://pypi.org/simple
  - --no-deps
  - [nested]
"""


def test_pips_part_is_read_as_pip_does(tmp_path: Path) -> None:
    file = read(tmp_path, "environment.yml", PIP)
    path = str(tmp_path / "environment.yml")
    found = by_name(file)
    assert list(found) == ["python", "tensor-flow", "numpy", "six", "wheel"]
    assert found["tensor-flow"] == Pin(
        name="tensor-flow",
        version="2.18.1",
        specifier="==2.18.1",
        hashed=True,
        hashes=("ab",),
        extras=("and-cuda", "b"),
        path=path,
        line=4,
    )
    assert found["numpy"] == Pin(
        name="numpy", specifier=">=1.26", hashed=True, hashes=("ef",), path=path, line=5
    )
    assert found["six"] == Pin(name="six", path=path, line=6)
    assert found["wheel"].source == "https://example.org/wheel.whl"
    assert not file.complete


def test_the_lines_that_bring_packages_from_elsewhere_are_named(tmp_path: Path) -> None:
    assert read(tmp_path, "environment.yml", PIP).unread == (
        (9, "-r more.txt"),
        (10, "--requirement=more.txt"),
        (11, "git+https://example.org/mine.git"),
    )


def test_a_line_of_pips_part_that_is_no_requirement_is_a_fault_at_its_line(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="'numpy => 1' is not a requirement") as caught:
        read(tmp_path, "environment.yml", f'{HEAD}- pip:\n  - "numpy => 1"\n')
    assert caught.value.line == 3
