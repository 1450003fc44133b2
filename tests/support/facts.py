"""Facts for the tests: the shipped ones, and small made-up ones that a test can see through."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from tfmac_lock.matrix import loading as data
from tfmac_lock.matrix.companions import Companion, Needed
from tfmac_lock.matrix.facts import (
    BinaryFact,
    Bound,
    Defect,
    Evidence,
    Floor,
    Matrix,
    Outcome,
    PairLoad,
    Release,
    Report,
    Wheel,
)
from tfmac_lock.matrix.kernels import Fusion, Kernels, Runs
from tfmac_lock.target import Arch, MacOSVersion, Os, PythonVersion, Target

if TYPE_CHECKING:
    from tfmac_lock.matrix.linux import LinuxBinary
    from tfmac_lock.matrix.reasons import Grade
    from tfmac_lock.target import Platforms


@functools.cache
def platforms() -> Platforms:
    return data.platforms()


@functools.cache
def shipped() -> Matrix:
    return data.matrix()


def target(python: str = "3.11", chip: str = "m1", macos: str = "14", os: Os = Os.MACOS) -> Target:
    known = platforms()
    version = MacOSVersion.parse(macos)
    return Target(
        python=known.python_for(PythonVersion.parse(python), known.chip(chip).arch),
        chip=known.chip(chip),
        macos=version,
        os=os,
        darwin=known.darwin(version),
    )


def wheel(
    package: str,
    version: str,
    python: str = "3.11",
    *,
    platform: str = "macosx_12_0_arm64",
    payload: bool = True,
    requires: tuple[str, ...] = (),
    sha256: str = "",
) -> Wheel:
    cp = f"cp{python.replace('.', '')}"
    filename = f"{package.replace('-', '_')}-{version}-{cp}-{cp}-{platform}.whl"
    return Wheel(
        filename=filename,
        url=f"https://files.example/{filename}",
        sha256=sha256 or "0" * 64,
        size=1,
        uploaded=None,
        payload=payload,
        requires_python=None,
        requires=requires,
    )


def release(package: str, version: str, *pythons: str, payload: bool = True) -> Release:
    return Release(
        package=package,
        version=version,
        wheels=tuple(
            wheel(package, version, python, payload=payload) for python in pythons or ("3.11",)
        ),
    )


def evidence(
    grade: Grade,
    outcome: str = "works",
    *,
    tensorflow: str = "==2.18.1",
    metal: str | None = "1.2.0",
    date: str | None = None,
    text: str = "",
    pins: tuple[tuple[str, str], ...] = (),
    results: bool = False,
    chip: str = "",
    macos: str = "",
    submitter: str = "",
    faults: tuple[str, ...] = (),
    checked: tuple[str, ...] = (),
) -> Evidence:
    return Evidence(
        grade=grade,
        outcome=Outcome(outcome),
        package=None,
        tensorflow=tensorflow,
        metal=metal,
        arch=None,
        python=None,
        text=text or f"{grade.value} {outcome} {date}",
        source="https://example.org/seen",
        date=date,
        pins=pins,
        results=results,
        chip=chip,
        macos=macos,
        submitter=submitter,
        faults=faults,
        checked=checked,
    )


def loads(found: bool | None, *, tensorflow: str = "2.18.1", metal: str = "1.2.0") -> PairLoad:
    return PairLoad(
        package="tensorflow",
        tensorflow=tensorflow,
        metal=metal,
        arch=Arch.ARM64,
        loads=found,
        missing_symbols=() if found is not False else ("__ZN1a", "__ZN1b"),
        missing_libraries=(),
    )


def floor(run: str, *, load: str = "12.1", metal: str = "1.2.0") -> Floor:
    return Floor(
        versions=(metal,),
        arch=Arch.ARM64,
        load=MacOSVersion.parse(load),
        run=MacOSVersion.parse(run),
        load_evidence="a symbol",
        run_evidence="a selector",
        source="the SDKs",
    )


def defect(
    *,
    tensorflow: str = "==2.18.1",
    metal: str | None = "==1.2.0",
    with_packages: tuple[str, ...] = (),
    reports: tuple[str, ...] = (),
) -> Defect:
    return Defect(
        id="wrong",
        title="Wrong results",
        tensorflow=tensorflow,
        metal=metal,
        arch=None,
        python="",
        text="the results are wrong",
        way_out="use the CPU",
        symptom=None,
        with_packages=with_packages,
        sources=("https://example.org/defect", "https://example.org/other"),
        reports=reports,
    )


def bound(
    package: str,
    specifier: str,
    *,
    tensorflow: str = "",
    python: str = "",
    severity: str = "broken",
) -> Bound:
    return Bound(
        id=f"{package}-bound",
        package=package,
        specifier=specifier,
        tensorflow=tensorflow,
        python=python,
        severity=severity,
        reason=f"{package} outside {specifier} fails",
        source="https://example.org/bound",
    )


def fusion(contraction: str, *, left_out: bool) -> Fusion:
    """A fusion with ReLU, whose kernel applies it or leaves it out."""
    return Fusion(
        contraction=contraction,
        operation=f"_Fused{contraction}",
        kernel=f"metal_plugin::MPSFused{contraction}Op",
        types=("float",),
        found_by="metal_plugin::graph::Find()",
        fuses=("Relu",),
        applied=() if left_out else ("Relu",),
        left_out=("Relu",) if left_out else (),
        undecided=(),
        computes=("additionWithPrimaryTensor:secondaryTensor:name:",),
        calls=(),
        by_register=0,
    )


def kernels(
    *fusions: Fusion, metal: str = "1.2.0", runs: Runs = Runs.DEFAULT, python: str | None = None
) -> Kernels:
    """A plugin whose code was read, for every Python or for one."""
    return Kernels(
        package="tensorflow-metal",
        version=metal,
        arch=Arch.ARM64,
        pythons=(python,) if python else ("3.9", "3.10", "3.11", "3.12"),
        sha256=("0" * 64,),
        optimizer="metal_plugin::P_Optimize()",
        turns_off=("remapping",),
        remapper="metal_plugin::graph::RunRemapper()",
        runs=runs,
        variable="TURN_OFF_REMAPPER",
        value="1",
        rewrites=(),
        fusions=fusions,
    )


def matrix(
    *,
    releases: tuple[Release, ...] = (
        release("tensorflow", "2.18.1"),
        release("tensorflow-metal", "1.2.0"),
    ),
    evidence: tuple[Evidence, ...] = (),
    pair_loads: tuple[PairLoad, ...] = (),
    binaries: tuple[BinaryFact, ...] = (),
    defects: tuple[Defect, ...] = (),
    floors: tuple[Floor, ...] = (),
    bounds: tuple[Bound, ...] = (),
    kernels: tuple[Kernels, ...] = (kernels(),),
    reports: tuple[Report, ...] = (),
    linux: tuple[LinuxBinary, ...] = (),
) -> Matrix:
    return Matrix(
        as_of="2026-01-31",
        platforms=platforms(),
        releases=releases,
        bounds=bounds,
        evidence=evidence,
        defects=defects,
        floors=floors,
        pair_loads=pair_loads,
        binaries=binaries,
        packages=(),
        kernels=kernels,
        reports=reports,
        linux=linux,
    )


def companion_needing(requires: str, *, versions: str = "", tensorflow: str = "") -> Companion:
    """An invented companion with one need that its metadata forget."""
    need = Needed(
        id="a",
        versions=versions,
        tensorflow=tensorflow,
        requires=requires,
        reason="its metadata forget it",
        source="https://example.org/need",
    )
    return Companion(
        name="extra",
        couples="keras",
        text="An invented companion.",
        modules=("extra",),
        needs=(need,),
        sources=("https://example.org",),
    )
