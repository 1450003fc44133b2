"""Against the partial snapshot of conda-forge: real records, over HTTP and from files."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tomllib
import warnings
from typing import TYPE_CHECKING, Any

import pytest
import rattler
import yaml
from rattler.package.build_string import BuildString
from rattler.platform import Subdir

from tests.support.channels import ChannelServer
from tests.support.matrix_index import WITHOUT_ARM64, MatrixIndex
from tests.support.shards import FORMS, write_form
from tfmac_lock.conda.channels import Channel
from tfmac_lock.conda.client import CondaClient
from tfmac_lock.conda.errors import NoCondaSolution
from tfmac_lock.conda.solve import NATIVE, CondaRequest, solve_conda
from tfmac_lock.conda.specs import CondaRequirement
from tfmac_lock.lock.formats import exports
from tfmac_lock.lock.formats.conda import CONDA_FORMATS
from tfmac_lock.lock.formats.conda_lock_yml import platform, render
from tfmac_lock.lock.make import ResolvedLock, Resolver
from tfmac_lock.lock.mixed import lock_with_conda, verify_conda
from tfmac_lock.lock.request import LockRequest
from tfmac_lock.matrix import loading
from tfmac_lock.matrix.ranking import NoCombo, PairRequest, TensorFlowRequest, choices
from tfmac_lock.resolve.requirement import ByUser
from tfmac_lock.target import MacOSVersion, PythonVersion, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tfmac_lock.matrix.facts import Matrix

pytestmark = pytest.mark.shared

SERIES = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
CHIPS = ("m1", "intel")


@pytest.fixture(scope="module")
def forge(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CondaClient]:
    channel = Channel.parse(f"conda-forge={(shared / 'conda-forge').as_uri()}")
    with CondaClient([channel], cache=tmp_path_factory.mktemp("rattler")) as client:
        yield client


@pytest.fixture(scope="module")
def forms(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The snapshot once in each form of repodata."""
    folder = tmp_path_factory.mktemp("forms")
    for form in FORMS:
        write_form(shared / "conda-forge", folder / form, form)
    return folder


@pytest.fixture(scope="module")
def facts() -> Matrix:
    return loading.matrix()


@pytest.fixture(scope="module")
def make(facts: Matrix, forge: CondaClient) -> Callable[..., ResolvedLock]:
    """The best lock for a Python and chip; each is made once unless ``again``."""
    full, old = MatrixIndex(facts), MatrixIndex(facts, WITHOUT_ARM64)
    made: dict[tuple[Any, ...], ResolvedLock] = {}

    def make(
        series: str,
        chip: str,
        tensorflow: str = ">=2.5",
        metal: str = "auto",
        *,
        again: bool = False,
        old_index: bool = False,
        **conda: Any,
    ) -> ResolvedLock:
        key = (series, chip, tensorflow, metal, *conda.items())
        if again or key not in made:
            wish = PairRequest(
                python=PythonVersion.parse(series),
                chip=facts.platforms.chip(chip),
                tensorflow=TensorFlowRequest.parse(tensorflow),
                metal=metal,
            )
            index = old if old_index else full
            try:
                choices(facts, wish)
            except NoCombo as error:
                pytest.skip(f"no TensorFlow for Python {series} on {chip}: {error}")
            resolver = Resolver(matrix=facts, source=index, as_of="2026-11-20", ahead=False)
            made[key] = lock_with_conda(resolver, LockRequest(pair=wish), forge, **conda)
        return made[key]

    return make


@pytest.mark.parametrize("chip", CHIPS)
@pytest.mark.parametrize("series", SERIES)
def test_every_python_can_be_had_for_both_kinds_of_mac(
    forge: CondaClient, series: str, chip: str
) -> None:
    platforms = loading.platforms()
    found = platforms.chip(chip)
    python = PythonVersion.parse(series)
    target = Target(
        python=platforms.python_for(python, found.arch), chip=found, macos=MacOSVersion(11)
    )

    solution = solve_conda(forge, target, CondaRequest(python=python))

    assert PythonVersion.parse(solution.python).series == series
    assert "pip" in solution.given


@pytest.mark.parametrize("chip", CHIPS)
@pytest.mark.parametrize("series", SERIES)
def test_a_lock_holds_together_and_is_read_by_conda_lock(
    make: Callable[..., ResolvedLock], series: str, chip: str
) -> None:
    made = make(series, chip)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what conda-lock's vendored parts say at import
        from conda_lock.lockfile.v1.models import Lockfile

    verify_conda(made.lock, made.target)
    found = Lockfile.model_validate(yaml.safe_load(render([made.lock])))

    assert {package.platform for package in found.package} == {made.target.conda_subdir}
    assert len(found.package) == len(made.lock.packages)
    assert all(
        package.url.startswith("https://conda.anaconda.org/conda-forge/")
        for package in found.package
        if package.manager == "conda"
    )


@pytest.mark.parametrize("chip", CHIPS)
@pytest.mark.parametrize("series", SERIES)
def test_the_same_request_gives_the_same_bytes(
    make: Callable[..., ResolvedLock], series: str, chip: str
) -> None:
    first, second = make(series, chip), make(series, chip, again=True)

    for _, text in CONDA_FORMATS.values():
        assert text(first.lock) == text(second.lock)


@pytest.mark.parametrize("kind", ["env", "explicit"])
@pytest.mark.parametrize("series", SERIES)
def test_conda_lock_renders_both_platforms(
    make: Callable[..., ResolvedLock], tmp_path: Path, series: str, kind: str
) -> None:
    locks = [make(series, "m1").lock]
    if series != "3.13":  # TensorFlow for Intel ends with Python 3.12
        locks.append(make(series, "intel").lock)
    (tmp_path / "conda-lock.yml").write_text(render(locks))
    command = [sys.executable, "-m", "conda_lock", "render", "--kind", kind, "conda-lock.yml"]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    for lock in locks:
        suffix = ".lock.yml" if kind == "env" else ".lock"
        text = (tmp_path / f"conda-{platform(lock.combo)}{suffix}").read_text()
        for package in lock.packages:
            named = package.name if kind == "env" else package.url
            assert named in text


@pytest.mark.parametrize(
    ("series", "tensorflow"),
    [("3.9", "2.9.0"), ("3.10", "2.10.0"), ("3.11", "2.15.0"), ("3.12", "2.18.1")],
)
def test_natives_come_from_conda_within_the_bounds(
    make: Callable[..., ResolvedLock], series: str, tensorflow: str
) -> None:
    made = make(series, "m1", tensorflow, native=True)

    verify_conda(made.lock, made.target)
    native = set(NATIVE)
    if tensorflow == "2.9.0":
        # Its plugin asks for six 1.15, which the snapshot lacks and conda's protobuf 3 needs.
        native.remove("protobuf")
    assert {package.name for package in made.lock.conda_packages} & set(NATIVE) == native
    assert {package.name for package in made.lock.wheels} & set(NATIVE) == set(NATIVE) - native


@pytest.mark.parametrize("series", ["3.8", "3.9"])
@pytest.mark.parametrize(("tensorflow", "metal"), [("2.5.0", "0.1.2"), ("2.6.0", "0.2.0")])
def test_the_releases_that_wheels_cannot_serve_get_numpy_from_conda(
    make: Callable[..., ResolvedLock], series: str, tensorflow: str, metal: str
) -> None:
    made = make(series, "m1", f"tensorflow-macos=={tensorflow}", metal, old_index=True)

    verify_conda(made.lock, made.target)
    conda = {package.name: package.version for package in made.lock.conda_packages}
    assert (conda["numpy"], conda["h5py"]) == ("1.19.5", "3.1.0")
    assert made.lock.combo.numpy == "1.19.5"


def test_jupyterlab_is_solved_together_with_tensorflow(make: Callable[..., ResolvedLock]) -> None:
    made = make("3.11", "m1", specs=("jupyterlab",))

    verify_conda(made.lock, made.target)
    assert "jupyterlab" in {package.name for package in made.lock.conda_packages}
    wheels = {package.name for package in made.lock.wheels}
    assert "requests" not in wheels


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("specs", [(), ("jupyterlab", "numpy")])
def test_http_in_every_form_gives_the_same_bytes_as_files(
    make: Callable[..., ResolvedLock],
    facts: Matrix,
    forms: Path,
    tmp_path: Path,
    form: str,
    specs: tuple[str, ...],
) -> None:
    wish = PairRequest(python=PythonVersion.parse("3.11"), chip=facts.platforms.chip("m1"))
    resolver = Resolver(matrix=facts, source=MatrixIndex(facts), as_of="2026-11-20", ahead=False)
    with ChannelServer(forms / form) as server:
        channel = Channel.parse(f"conda-forge={server.url}")
        with CondaClient([channel], cache=tmp_path) as client:
            served = lock_with_conda(resolver, LockRequest(pair=wish), client, specs=specs)

    for _, text in CONDA_FORMATS.values():
        assert text(served.lock) == text(make("3.11", "m1", specs=specs).lock)
    assert any("/shards/" in path for path in server.seen) == (form == "shards")


def test_the_record_of_tensorflow_deps_solves_where_the_lineage_says_so(
    shared: Path, facts: Matrix, tmp_path: Path
) -> None:
    """2.10.0 fits Python 3.9 and no Python from 3.11 on."""
    assert facts.lineage is not None
    last = facts.lineage.releases[-1]
    chip = facts.platforms.chip("m1")
    channels = [
        Channel.parse(f"{facts.lineage.channel}={(shared / 'apple').as_uri()}"),
        Channel.parse(f"conda-forge={(shared / 'conda-forge').as_uri()}"),
    ]

    def solve(series: str) -> set[str]:
        python = PythonVersion.parse(series)
        target = Target(
            python=facts.platforms.python_for(python, chip.arch), chip=chip, macos=MacOSVersion(12)
        )
        wants = [
            CondaRequirement(f"python {series}.*", ByUser("--python")),
            CondaRequirement(f"tensorflow-deps={last.version}", ByUser("--conda")),
        ]
        with CondaClient(channels, cache=tmp_path) as client:
            return {record.name for record in client.solve(target, wants)}

    assert {"tensorflow-deps", "numpy", "h5py", "grpcio", "protobuf"} <= solve("3.9")
    for series in ("3.11", "3.12"):
        with pytest.raises(NoCondaSolution, match="h5py"):
            solve(series)


@pytest.mark.parametrize(
    ("series", "tensorflow", "old"), [("3.8", "tensorflow-macos==2.5.0", True), ("3.11", "", False)]
)
def test_pixis_solver_comes_to_the_records_of_a_mixed_lock_by_its_pixi_toml(
    make: Callable[..., ResolvedLock], shared: Path, series: str, tensorflow: str, old: bool
) -> None:
    """rattler is what pixi solves conda packages with; pixi itself cannot be had here."""
    made = make(series, "m1", tensorflow or ">=2.5", old_index=old).lock
    manifest = tomllib.loads(exports.render("pixi", [made]))

    def virtual(name: str, version: str) -> rattler.GenericVirtualPackage:
        return rattler.GenericVirtualPackage(
            rattler.PackageName(name), rattler.Version(version), BuildString("0")
        )

    found = asyncio.run(
        rattler.solve(
            sources=[rattler.Channel((shared / "conda-forge").as_uri())],
            specs=[
                rattler.MatchSpec(f"{name} {row['version']} {row['build']}")
                for name, row in manifest["dependencies"].items()
            ],
            platforms=[Subdir("osx-arm64"), Subdir("noarch")],
            virtual_packages=[
                virtual("__osx", manifest["system-requirements"]["macos"]),
                virtual("__unix", "0"),
            ],
        )
    )
    assert {record.file_name for record in found} == {one.filename for one in made.conda_packages}
