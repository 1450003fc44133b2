from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.channels import for_python, python, record, write_channel
from tfmac_lock.conda.errors import NoCondaSolution, NoSha256
from tfmac_lock.conda.solve import CondaRequest, CondaSolution, Excluded, solve_conda
from tfmac_lock.resolve.requirement import ByPackage, Requirement, parse, stated
from tfmac_lock.target import PythonVersion

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from tfmac_lock.conda.client import CondaClient
    from tfmac_lock.target import Target


def needs(*texts: str) -> tuple[Requirement, ...]:
    requirements = [parse(text) for text in texts]
    return tuple(stated(one, ByPackage("tensorflow", "2.5.0")) for one in requirements if one)


def request(*, python: str = "3.9", **fields: Any) -> CondaRequest:
    return CondaRequest(python=PythonVersion.parse(python), **fields)


def versions(solution: CondaSolution) -> dict[str, str]:
    return {record.name: record.version for record in solution.records}


def test_python_and_pip_come_with_what_they_need(
    small: CondaClient, target: Callable[..., Target]
) -> None:
    solution = solve_conda(small, target(), request())

    assert versions(solution) == {
        "ca-certificates": "2026.7.22",
        "openssl": "3.6.3",
        "pip": "25.2",
        "python": "3.9.23",
        "setuptools": "82.0.0",
        "wheel": "0.45.1",
    }
    assert set(solution.given) == {"pip", "setuptools", "wheel"}


def test_a_micro_version_is_obeyed(small: CondaClient, target: Callable[..., Target]) -> None:
    assert solve_conda(small, target(), request(python="3.9.20")).python == "3.9.20"


def test_bounds_reach_what_conda_brings(small: CondaClient, target: Callable[..., Target]) -> None:
    solution = solve_conda(small, target(), request(needs=needs("setuptools<81")))

    assert versions(solution)["setuptools"] == "80.9.0"


def test_natives_come_only_where_they_are_needed(
    small: CondaClient, target: Callable[..., Target]
) -> None:
    asked = request(native=("numpy", "h5py"), needs=needs("numpy~=1.19.2"))

    solution = solve_conda(small, target(), asked)

    assert versions(solution)["numpy"] == "1.19.5"
    assert "h5py" not in versions(solution)


def test_a_native_that_does_not_fit_is_left_to_the_wheels(
    small: CondaClient, target: Callable[..., Target]
) -> None:
    asked = request(native=("numpy", "h5py"), needs=needs("numpy~=1.19.2", "h5py~=3.10.0"))

    solution = solve_conda(small, target(), asked)

    assert "numpy" in solution.given
    assert "h5py" not in solution.given


def test_the_pair_never_comes_from_conda(
    tmp_path: Path, connect: Callable[..., CondaClient], target: Callable[..., Target]
) -> None:
    place = write_channel(
        tmp_path / "c",
        {
            "osx-arm64": [python("3.9.23"), record("openssl", "3.6.3")],
            "noarch": [
                record("pip", "25.2", ["python"]),
                record("tensorflow", "2.18.1", ["python"]),
                record("keras-hub", "1", ["python", "tensorflow"]),
            ],
        },
    )

    with pytest.raises(NoCondaSolution):
        solve_conda(
            connect(place.as_uri()),
            target(),
            request(specs=("keras-hub",), banned=("tensorflow",)),
        )


def test_an_excluded_version_gives_way_to_the_next(
    small: CondaClient, target: Callable[..., Target]
) -> None:
    excluded = Excluded()
    first = solve_conda(small, target(), request(specs=("numpy",)), excluded)
    excluded.add(first.holders[next(name for name in first.holders if name == "numpy")])

    second = solve_conda(small, target(), request(specs=("numpy",)), excluded)

    assert (versions(first)["numpy"], versions(second)["numpy"]) == ("1.26.4", "1.22.4")


def channel_with(tmp_path: Path, *records: dict[str, object]) -> str:
    base = [record("openssl", "3.6.3"), record("pip", "25.2", ["python"])]
    return write_channel(
        tmp_path / "c", {"osx-arm64": [python("3.9.23"), *records], "noarch": base}
    ).as_uri()


def test_a_file_without_a_sha256_is_passed_over(
    tmp_path: Path, connect: Callable[..., CondaClient], target: Callable[..., Target]
) -> None:
    url = channel_with(tmp_path, record("hdf5", "1.12", sha256=False), record("hdf5", "1.10"))

    solution = solve_conda(connect(url), target(), request(specs=("hdf5",)))

    assert versions(solution)["hdf5"] == "1.10"


def test_the_only_file_without_a_sha256_cannot_be_locked(
    tmp_path: Path, connect: Callable[..., CondaClient], target: Callable[..., Target]
) -> None:
    url = channel_with(tmp_path, record("hdf5", "1.12", sha256=False))

    with pytest.raises(NoSha256, match=r"hdf5-1\.12-0\.conda"):
        solve_conda(connect(url), target(), request(specs=("hdf5",)))


@pytest.mark.parametrize("build", ["h1_0_73_pypy", "h1_0_cp313t"])
def test_neither_pypy_nor_a_build_without_the_gil_is_taken(
    tmp_path: Path,
    connect: Callable[..., CondaClient],
    target: Callable[..., Target],
    build: str,
) -> None:
    url = channel_with(tmp_path, python("3.13.1"), record("python", "3.13.9", build=build))

    assert solve_conda(connect(url), target("3.13"), request(python="3.13")).python == "3.13.1"


def test_an_unreadable_version_gives_no_distribution(
    tmp_path: Path, connect: Callable[..., CondaClient], target: Callable[..., Target]
) -> None:
    url = channel_with(tmp_path, for_python("odd", "9e_1", "3.9"))

    solution = solve_conda(connect(url), target(), request(specs=("odd",)))

    assert "odd" in versions(solution)
    assert "odd" not in solution.given
