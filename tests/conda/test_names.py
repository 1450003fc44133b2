from __future__ import annotations

import pytest

from tfmac_lock.conda.names import CALLED_OTHERWISE, conda_names, distribution, release


@pytest.mark.parametrize(
    ("conda", "pip"),
    [
        ("numpy", "numpy"),
        ("typing_extensions", "typing-extensions"),
        ("ruamel.yaml", "ruamel-yaml"),
        ("python-flatbuffers", "flatbuffers"),
        ("msgpack-python", "msgpack"),
        ("matplotlib-base", "matplotlib"),
    ],
)
def test_a_record_that_needs_python_holds_the_distribution_of_its_name(
    conda: str, pip: str
) -> None:
    assert distribution(conda, ["python >=3.9", "libzlib"]) == pip


def test_a_library_without_python_holds_none() -> None:
    assert distribution("flatbuffers", ["libcxx >=16"]) is None
    assert distribution("tzdata", []) is None


def test_what_steers_the_choice_of_python_holds_none() -> None:
    assert distribution("python_abi", ["python 3.9.*"]) is None


def test_a_distribution_is_looked_for_with_hyphens_and_underscores() -> None:
    assert conda_names("typing-extensions") == ("typing-extensions", "typing_extensions")
    assert conda_names("numpy") == ("numpy",)
    assert conda_names("tzdata") == ("python-tzdata",)


def test_no_conda_name_stands_for_two_distributions() -> None:
    names = [name for names in CALLED_OTHERWISE.values() for name in names]

    assert len(names) == len(set(names))


def test_a_version_that_pip_cannot_read_is_none() -> None:
    assert release("9e") is None
    assert str(release("2026.7.22")) == "2026.7.22"
