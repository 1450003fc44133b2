from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.matrix_index import MatrixIndex
from tfmac_lock.lock.make import ResolvedLock, Resolver
from tfmac_lock.lock.mixed import lock_with_conda, verify_conda
from tfmac_lock.lock.request import LockRequest
from tfmac_lock.lock.verify import UnsoundLock, verify
from tfmac_lock.matrix.ranking import PairRequest, TensorFlowRequest
from tfmac_lock.target import PythonVersion

if TYPE_CHECKING:
    from typing import Any

    from tfmac_lock.conda.client import CondaClient
    from tfmac_lock.lock.model import Lock
    from tfmac_lock.matrix.facts import Matrix


@pytest.fixture
def made(matrix: Matrix, small: CondaClient) -> ResolvedLock:
    wish = PairRequest(
        python=PythonVersion.parse("3.9"),
        chip=matrix.platforms.chip("m1"),
        tensorflow=TensorFlowRequest.parse("tensorflow-macos==2.9.0"),
    )
    resolver = Resolver(matrix=matrix, source=MatrixIndex(matrix), as_of="2026-11-20", ahead=False)
    return lock_with_conda(resolver, LockRequest(pair=wish), small, native=True)


def changed(lock: Lock, name: str, **fields: Any) -> Lock:
    packages = tuple(
        replace(package, **fields) if package.name == name else package for package in lock.packages
    )
    return replace(lock, packages=packages)


def without(lock: Lock, name: str) -> Lock:
    return replace(
        lock, packages=tuple(package for package in lock.packages if package.name != name)
    )


def test_a_solved_lock_holds_together(made: ResolvedLock) -> None:
    verify(made.lock, made.target, ())
    verify_conda(made.lock, made.target)


def test_a_missing_dependency_is_seen(made: ResolvedLock) -> None:
    with pytest.raises(UnsoundLock, match=r"requires libblas .*, which is not there"):
        verify_conda(without(made.lock, "libblas"), made.target)


def test_a_wrong_version_is_seen(made: ResolvedLock) -> None:
    with pytest.raises(UnsoundLock, match="h5py: requires numpy"):
        verify_conda(changed(made.lock, "numpy", version="1.18.0"), made.target)


def test_a_constraint_that_does_not_hold_is_seen(made: ResolvedLock) -> None:
    lock = changed(made.lock, "libblas", constrains=("openssl <3", "absent <1"))

    with pytest.raises(UnsoundLock, match="libblas: allows only openssl <3") as caught:
        verify_conda(lock, made.target)

    assert "absent" not in str(caught.value)


def test_a_newer_macos_than_the_targets_is_seen(made: ResolvedLock) -> None:
    lock = changed(made.lock, "libblas", requires=("__osx >=13.0",))

    with pytest.raises(UnsoundLock, match=r"requires __osx >=13\.0"):
        verify_conda(lock, made.target)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"md5": ""}, "has no md5"),
        ({"sha256": ""}, "has no sha256"),
        ({"url": "https://host.test/forge/osx-64/numpy-1.22.4-py39h1_0.conda"}, "from osx-64"),
        ({"filename": "scipy-1.0-0.conda"}, "another package's file"),
        ({"url": "https://me:pw@host.test/forge/noarch/numpy.conda"}, "credentials"),
    ],
)
def test_a_file_that_is_not_as_it_must_be_is_seen(
    made: ResolvedLock, fields: dict[str, str], told: str
) -> None:
    with pytest.raises(UnsoundLock, match=told):
        verify(changed(made.lock, "numpy", **fields), made.target, ())


def test_a_package_in_both_halves_is_seen(made: ResolvedLock) -> None:
    wheel = replace(made.lock.wheels[0], name="numpy", version="1.22.4")
    lock = replace(made.lock, packages=(*made.lock.packages, wheel))

    with pytest.raises(UnsoundLock, match="there twice"):
        verify(lock, made.target, ())


def test_what_a_wheel_needs_of_conda_is_checked(made: ResolvedLock) -> None:
    with pytest.raises(UnsoundLock, match="tensorflow-macos: requires numpy"):
        verify(changed(made.lock, "numpy", version="1.18.0"), made.target, ())


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"build": "py39 0"}, "its channel describes it wrongly"),
        ({"build": "x" * 65}, "its channel describes it wrongly"),
        ({"version": "1..é"}, "its channel describes it wrongly"),
        ({"requires": ("numpy =[",)}, "not a conda spec"),
        ({"constrains": ("numpy =[",)}, "not a conda spec"),
    ],
)
def test_what_rattler_cannot_read_is_a_flaw_and_no_crash(
    made: ResolvedLock, fields: dict[str, Any], told: str
) -> None:
    with pytest.raises(UnsoundLock, match=f"libblas: .*{told}"):
        verify_conda(changed(made.lock, "libblas", **fields), made.target)
