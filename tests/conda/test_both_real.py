"""Both halves for real: the package index, and the partial snapshot of conda-forge."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.real_index import real_index
from tfmac_lock.conda.channels import Channel
from tfmac_lock.conda.client import CondaClient
from tfmac_lock.conda.names import distribution
from tfmac_lock.lock.make import ResolvedLock, Resolver
from tfmac_lock.lock.mixed import lock_with_conda, verify_conda
from tfmac_lock.lock.request import LockRequest
from tfmac_lock.lock.verify import verify
from tfmac_lock.matrix import loading
from tfmac_lock.matrix.ranking import PairRequest, TensorFlowRequest
from tfmac_lock.resolve.requirements_in import read_with
from tfmac_lock.target import PythonVersion, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tfmac_lock.lock.model import Lock
    from tfmac_lock.pypi.client import IndexClient

pytestmark = [pytest.mark.index, pytest.mark.shared]

MACHINE = "m1"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IndexClient]:
    with real_index(tmp_path_factory.mktemp("index")) as client:
        yield client


@pytest.fixture
def make(index: IndexClient, shared: Path, tmp_path: Path) -> Callable[..., ResolvedLock]:
    def make(series: str, tensorflow: str, *extra: str, **conda: Any) -> ResolvedLock:
        matrix = loading.matrix()
        python, chip = PythonVersion.parse(series), matrix.platforms.chip(MACHINE)
        target = Target(
            python=matrix.platforms.python_for(python, chip.arch),
            chip=chip,
            macos=chip.first_macos,
            darwin=matrix.platforms.darwin(chip.first_macos),
        )
        needs = tuple(read_with(text, target.markers()) for text in extra)
        wish = PairRequest(python=python, chip=chip, tensorflow=TensorFlowRequest.parse(tensorflow))
        request = LockRequest(
            pair=wish, requirements=tuple(need for need in needs if need is not None)
        )
        resolver = Resolver(matrix=matrix, source=index, as_of="2026-11-20")
        channel = Channel.parse(f"conda-forge={(shared / 'conda-forge').as_uri()}")
        with CondaClient([channel], cache=tmp_path) as client:
            return lock_with_conda(resolver, request, client, **conda)

    return make


def holds_together(made: ResolvedLock) -> bool:
    """Checked once more, as before writing: both closures, each file, each bound."""
    combo = made.lock.combo
    verify_conda(made.lock, made.target)
    verify(made.lock, made.target, loading.matrix().bounds_for(combo.tensorflow, combo.python))
    return True


def taken(lock: Lock) -> Counter[str]:
    """How many of the halves bring each distribution."""
    conda = {
        name
        for package in lock.conda_packages
        if (name := distribution(package.name, package.requires)) is not None
    }
    return Counter([*conda, *(package.name for package in lock.wheels)])


@pytest.mark.parametrize("series", ["3.8", "3.9"])
@pytest.mark.parametrize("tensorflow", ["2.5.0", "2.6.0"])
@pytest.mark.slow
def test_what_the_index_lacks_comes_from_conda_by_itself(
    make: Callable[..., ResolvedLock], series: str, tensorflow: str
) -> None:
    made = make(series, f"tensorflow-macos=={tensorflow}")

    assert holds_together(made)
    conda = {package.name: package.version for package in made.lock.conda_packages}
    assert (conda["numpy"], conda["h5py"]) == ("1.19.5", "3.1.0")
    assert max(taken(made.lock).values()) == 1


@pytest.mark.parametrize(
    ("series", "tensorflow"),
    [("3.9", "2.9"), ("3.10", "2.10"), ("3.11", "2.15"), ("3.12", "2.18")],
)
@pytest.mark.slow
def test_natives_come_from_conda_where_asked(
    make: Callable[..., ResolvedLock], series: str, tensorflow: str
) -> None:
    made = make(series, tensorflow, native=True)

    assert holds_together(made)
    managers = {package.name: package.manager for package in made.lock.packages}
    assert (managers["numpy"], managers["h5py"]) == ("conda", "conda")
    assert max(taken(made.lock).values()) == 1


@pytest.mark.slow
def test_a_package_that_both_halves_are_asked_for_is_taken_once(
    make: Callable[..., ResolvedLock],
) -> None:
    made = make("3.11", ">=2.5", "jupyterlab", "requests", "pandas", specs=["jupyterlab"])

    assert holds_together(made)
    managers = {package.name: package.manager for package in made.lock.packages}
    assert managers["jupyterlab"] == managers["requests"] == "conda"
    assert managers["pandas"] == "pip"
    assert max(taken(made.lock).values()) == 1
