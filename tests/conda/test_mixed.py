from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.channels import for_python, python, record, write_channel
from tests.support.matrix_index import MatrixIndex
from tfmac_lock.conda.errors import NotFromConda, Replaced
from tfmac_lock.errors import TfmacLockError
from tfmac_lock.lock.make import Resolver
from tfmac_lock.lock.mixed import lock_with_conda
from tfmac_lock.lock.request import LockRequest
from tfmac_lock.lock.verify import pins_of
from tfmac_lock.matrix.ranking import NoCombo, PairRequest, TensorFlowRequest
from tfmac_lock.resolve.requirements_in import read_with
from tfmac_lock.target import PythonVersion

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tfmac_lock.conda.client import CondaClient
    from tfmac_lock.lock.model import Lock
    from tfmac_lock.matrix.facts import Matrix
    from tfmac_lock.resolve.requirement import Requirement
    from tfmac_lock.target import Target

INTEL_ONLY = ["numpy-1.22.4-cp39-cp39-macosx_10_9_x86_64.whl"]


@pytest.fixture
def lock(matrix: Matrix, small: CondaClient) -> Callable[..., Lock]:
    """Lock TensorFlow 2.9.0 for Python 3.9 on an M1."""

    def make(
        *,
        client: CondaClient = small,
        only: Mapping[str, list[str]] | None = None,
        requires: Mapping[str, list[str]] | None = None,
        needs: tuple[Requirement, ...] = (),
        tensorflow: str = "tensorflow-macos==2.9.0",
        **conda: Any,
    ) -> Lock:
        wish = PairRequest(
            python=PythonVersion.parse("3.9"),
            chip=matrix.platforms.chip("m1"),
            tensorflow=TensorFlowRequest.parse(tensorflow),
        )
        index = MatrixIndex(matrix, only, requires)
        resolver = Resolver(matrix=matrix, source=index, as_of="2026-11-20", ahead=False)
        return lock_with_conda(
            resolver, LockRequest(pair=wish, requirements=needs), client, **conda
        ).lock

    return make


def managers(lock: Lock) -> dict[str, str]:
    return {package.name: package.manager for package in lock.packages}


def wheels_alone(matrix: Matrix) -> Lock:
    wish = PairRequest(
        python=PythonVersion.parse("3.9"),
        chip=matrix.platforms.chip("m1"),
        tensorflow=TensorFlowRequest.parse("tensorflow-macos==2.9.0"),
    )
    resolver = Resolver(matrix=matrix, source=MatrixIndex(matrix), as_of="2026-11-20", ahead=False)
    return resolver.lock(LockRequest(pair=wish)).lock


def test_the_wheels_are_those_of_the_lock_without_conda(
    lock: Callable[..., Lock], matrix: Matrix
) -> None:
    alone = {package.name: package for package in wheels_alone(matrix).packages}
    made = lock()

    given = set(pins_of(made.conda_packages))
    assert {package.name for package in made.wheels} == set(alone) - given
    assert all(alone[package.name] == package for package in made.wheels)


def test_python_pip_and_what_they_need_come_from_conda(lock: Callable[..., Lock]) -> None:
    made = lock()

    assert [package.name for package in made.conda_packages] == [
        "ca-certificates",
        "openssl",
        "pip",
        "python",
        "setuptools",
        "wheel",
    ]
    assert made.channels[0].url == "https://conda.anaconda.org/conda-forge"


def test_a_package_of_both_halves_has_the_version_of_the_wheels_where_it_can(
    lock: Callable[..., Lock],
) -> None:
    """The empty index has wheel 0.37 as its newest, and the channel has that one too."""
    made = lock(only={"wheel": ["wheel-0.37.0-py3-none-any.whl"]})

    assert pins_of(made.conda_packages)["wheel"] == "0.37.0"


def test_a_package_that_both_could_bring_is_taken_once(lock: Callable[..., Lock]) -> None:
    made = lock(specs=["numpy=1.22"])

    assert managers(made)["numpy"] == "conda"
    assert len(managers(made)) == len(made.packages)
    assert made.combo.numpy == "1.22.4"


def test_natives_come_from_conda_when_asked(lock: Callable[..., Lock]) -> None:
    made = lock(native=True)

    assert {name for name in ("numpy", "h5py") if managers(made)[name] == "conda"} == {
        "numpy",
        "h5py",
    }
    assert managers(made)["grpcio"] == "pip"
    assert "--native conda" in made.command


def test_natives_come_from_conda_by_themselves_where_the_index_has_no_wheel(
    lock: Callable[..., Lock],
) -> None:
    made = lock(only={"numpy": INTEL_ONLY})

    assert managers(made)["numpy"] == "conda"
    notes = [one.text for one in made.verdict.reasons if one.kind == "conda"]
    assert len(notes) == 1
    assert notes[0].endswith("because the index has no wheel of numpy for the target")
    assert "--native" not in made.command


def test_bounds_reach_conda(lock: Callable[..., Lock]) -> None:
    made = lock(native=True)

    assert pins_of(made.packages)["numpy"] == "1.22.4"
    assert pins_of(made.packages)["setuptools"] == "80.9.0"


def test_a_spec_against_a_bound_is_explained_with_both_sides(lock: Callable[..., Lock]) -> None:
    with pytest.raises(NoCombo) as caught:
        lock(specs=["numpy=1.26"])

    first = str(caught.value).splitlines()[0]
    assert "numpy=1.26 for your request (--conda numpy=1.26)" in first
    assert "numpy <1.24 (numpy 1.24 has no np.object)" in first


def test_the_next_candidate_of_conda_is_tried_when_the_wheels_do_not_fit(
    lock: Callable[..., Lock], target: Callable[..., Target]
) -> None:
    """A wheel that only the second half knows of refuses the newest wheel of conda."""
    keras = read_with("keras", target().markers())
    assert keras is not None
    only = {"keras": ["keras-2.9.0-py3-none-any.whl"], "wheel": ["wheel-0.40-py3-none-any.whl"]}

    made = lock(
        only=only, requires={"keras-2.9.0-py3-none-any.whl": ["wheel<0.45"]}, needs=(keras,)
    )

    assert pins_of(made.packages)["wheel"] == "0.37.0"


def test_a_conflict_of_the_wheels_with_every_candidate_names_what_conda_brings(
    lock: Callable[..., Lock],
) -> None:
    with pytest.raises(NoCombo) as caught:
        lock(
            only={"keras": ["keras-2.9.0-py3-none-any.whl"]},
            requires={"keras-2.9.0-py3-none-any.whl": ["wheel>=7"]},
            specs=["wheel"],
        )

    text = str(caught.value)
    assert "keras 2.9.0 requires wheel>=7" in text
    assert "conda brings wheel 0.45.1" in text


def test_extras_of_a_given_package_bring_what_its_wheel_says(
    lock: Callable[..., Lock], target: Callable[..., Target]
) -> None:
    wheel = read_with("wheel[test]", target().markers())
    assert wheel is not None
    only = {"wheel": ["wheel-0.45.1-py3-none-any.whl"], "six": ["six-1.15.0-py3-none-any.whl"]}
    requires = {"wheel-0.45.1-py3-none-any.whl": ['six>=1.15; extra == "test"']}

    made = lock(only=only, requires=requires, needs=(wheel,))

    assert managers(made)["wheel"] == "conda"
    assert pins_of(made.packages)["six"] == "1.15.0"


def test_the_python_of_conda_decides_for_the_wheels(
    lock: Callable[..., Lock], matrix: Matrix
) -> None:
    made = lock()

    python = next(package for package in made.conda_packages if package.name == "python")
    assert python.version == "3.9.23"
    assert made.combo.python == "3.9"


def test_the_floor_of_a_conda_package_raises_the_locks(
    channel: Path, connect: Callable[..., CondaClient], lock: Callable[..., Lock]
) -> None:
    made = lock(native=True)
    rows = [for_python("numpy", "1.22.4", "3.9", ["__osx >=12.1"])]
    extra = write_channel(channel.parent / "extra", {"osx-arm64": rows})
    client = connect(f"extra={extra.as_uri()}", f"conda-forge={channel.as_uri()}")

    raised = lock(client=client, specs=["numpy"])

    assert str(made.combo.macos_min) == "12.0"
    assert str(raised.combo.macos_min) == "12.1"
    assert raised.command.endswith("--conda numpy --channel extra --channel conda-forge")


def test_the_same_request_gives_the_same_lock(lock: Callable[..., Lock]) -> None:
    assert lock(native=True) == lock(native=True)


@pytest.mark.parametrize(
    ("conda", "options"),
    [
        ({}, "--format conda-lock"),
        ({"native": True}, "--native conda"),
        ({"specs": ["conda-forge::h5py"]}, "--conda conda-forge::h5py"),
    ],
)
def test_the_command_in_a_lock_asks_for_its_conda_half(
    lock: Callable[..., Lock], conda: dict[str, Any], options: str
) -> None:
    made = lock(**conda)

    assert made.command == (
        "--python 3.9 --chip m1 --tensorflow tensorflow-macos==2.9.0 --metal 0.5.0 " + options
    )


@pytest.mark.parametrize("name", ["tensorflow=2.9", "conda-forge::tensorflow-metal"])
def test_tensorflow_as_a_conda_package_is_refused_with_the_options_for_it(
    lock: Callable[..., Lock], name: str
) -> None:
    with pytest.raises(NotFromConda, match="--tensorflow and --metal"):
        lock(specs=[name])


def test_tensorflow_deps_is_answered_with_what_replaces_it(lock: Callable[..., Lock]) -> None:
    with pytest.raises(Replaced) as caught:
        lock(specs=["apple::tensorflow-deps=2.10"])

    text = str(caught.value)
    assert "osx-arm64 alone" in text
    assert "--native conda" in text


@pytest.mark.parametrize("build", ["x" * 65, "py39 0"])
def test_a_build_string_that_conda_forbids_is_refused_and_no_crash(
    lock: Callable[..., Lock], channel: Path, connect: Callable[..., CondaClient], build: str
) -> None:
    write_channel(
        channel.parent / "odd",
        {
            "osx-arm64": [
                python("3.9.23"),
                record("openssl", "3"),
                record("odd", "1", build=build),
            ],
            "noarch": [record("pip", "24")],
        },
    )
    client = connect(f"conda-forge={(channel.parent / 'odd').as_uri()}")
    with pytest.raises(TfmacLockError, match="odd"):
        lock(client=client, specs=("odd",))
