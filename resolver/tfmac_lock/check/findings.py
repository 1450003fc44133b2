"""What `check` works with: a case, its findings, and what each kind of finding says."""

from __future__ import annotations

import contextlib
import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from ..errors import UsageError
from ..matrix.base import TENSORFLOW_PACKAGES
from ..matrix.facts import METAL, specifier
from ..matrix.ranking import (
    NoCombo,
    PairRequest,
    TensorFlowRequest,
    choices,
    command,
)
from ..matrix.verdict import Pair, judge
from ..target import minor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..matrix.facts import Matrix, Release
    from ..matrix.reasons import Verdict
    from ..target import MacOSVersion, Target
    from .pins import Pin, PinFile


class Level(StrEnum):
    """How bad a finding is: an error breaks, a warning may, a note is good to know."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


CODES = {
    "pair-broken": "TensorFlow and the plugin do not work together",
    "pair-unproven": "nothing proves that TensorFlow and the plugin work together",
    "plugin-newer": "the plugin is newer than the TensorFlow that it is with",
    "defect": "the pair runs and has a known fault",
    "floor": "the plugin needs a newer macOS",
    "no-tensorflow": "the plugin is there without a TensorFlow",
    "unknown-release": "the index has no such release for Macs",
    "stub": "the package holds no TensorFlow",
    "package-gone": "the package is not what to install today",
    "no-wheel": "no wheel fits the target",
    "sdist": "the package would be built on the Mac",
    "bound": "a version that does not work, or not in all, with this TensorFlow",
    "numpy-generation": "numpy is of the wrong generation",
    "conflict": "a version that TensorFlow's own metadata forbids",
    "missing-bound": "nothing keeps a version out that does not work",
    "unpinned": "the newest release would be taken",
    "pinned-twice": "a package is pinned to several versions",
    "against-lock": "the file is not that of the lock it was compared with",
    "mixed-files": "files in one folder are of different locks",
    "no-hash": "the files cannot be verified",
    "hash-missing": "some packages have hashes and this one has none",
    "other-target": "the file is for another Python or another Mac",
    "not-read": "lines that bring packages were not read",
    "companion": "a package beside TensorFlow does not work with it",
    "companion-fails": "a package did not run beside these very versions",
    "companion-untried": "nothing shows that a package works beside this TensorFlow",
    "setting": "a package needs an environment variable",
    "not-for-macs": "the package exists for Linux and Windows alone",
    "hash-of-another": "the hashes are those of other files",
    "plugin-twice": "two packages bring the same plugin file",
}
"""All codes of findings, with what they say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to know about a file; ``line`` counts from 1, 0 where it is not known."""

    code: str
    package: str
    text: str
    cure: str
    source: str
    level: Level = Level.ERROR
    path: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was found in one file.

    ``status`` is that of the pair, broken for any error, and no better than caution for a
    version that does not work in all.
    """

    path: str
    format: str
    status: str
    target: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All that a check may look at."""

    file: PinFile
    target: Target
    macos: MacOSVersion | None
    matrix: Matrix
    tensorflow: Pin | None
    tensorflow_version: str
    metal: Pin | None
    metal_version: str

    @property
    def python(self) -> str:
        """The Python series, ``3.11``."""
        return self.target.python.series

    def pins(self, name: str) -> list[Pin]:
        """The pins of that package."""
        return [pin for pin in self.file.pins if pin.name == name]

    def finding(self, code: str, pin: Pin | None, text: str, cure: str, source: str) -> Finding:
        """A finding at the pin's place, as an error."""
        return Finding(
            code=code,
            package=pin.name if pin is not None else "",
            text=text,
            cure=cure,
            source=source,
            path=(pin.path if pin is not None else "") or self.file.path,
            line=pin.line if pin is not None else 0,
        )

    def lock_command(self, tensorflow: str = "") -> str:
        """The command that makes a lock for the target."""
        wanted = f" --tensorflow {tensorflow}" if tensorflow else ""
        return f"tfmac-lock --python {self.python} --chip {self.target.chip.id}{wanted}"


def case_of(file: PinFile, target: Target, macos: MacOSVersion | None, matrix: Matrix) -> Case:
    """The case of a file: which of its pins are the TensorFlow and the plugin."""
    candidates = [pin for pin in file.pins if pin.name in TENSORFLOW_PACKAGES and not pin.source]
    releases = [(pin, chosen(pin, target, matrix, file.pins)) for pin in candidates]

    def holds_payload(found: tuple[Pin, str]) -> tuple[bool, bool, bool]:
        pin, release = found
        known = known_release(matrix, pin.name, release)
        payload = matrix.payload_of(pin.name, known.version, target.arch) if known else None
        return payload == (pin.name, release), payload is not None, bool(release)

    tensorflow, release = max(releases, key=holds_payload, default=(None, ""))
    metal = next((pin for pin in file.pins if pin.name == METAL and not pin.source), None)
    return Case(
        file=file,
        target=target,
        macos=macos,
        matrix=matrix,
        tensorflow=tensorflow,
        tensorflow_version=release,
        metal=metal,
        metal_version=chosen(metal, target, matrix) if metal is not None else "",
    )


def chosen(pin: Pin, target: Target, matrix: Matrix, others: Sequence[Pin] = ()) -> str:
    """The pinned version, or the newest one that an installer would take on the target.

    Of several, the newest whose requirements and those of ``others`` can hold together; the
    newest of all where there is none.
    """
    if pin.version:
        return pin.version
    wanted = specifier(pin.specifier)
    fitting = [
        release
        for release in matrix.releases_of(pin.name)
        if release.final
        and wanted.contains(release.version)
        and target.python.series in release.pythons(target.arch, target.os)
    ]
    bounds = [_bounds_of(other, target, matrix) for other in others if other is not pin]
    for release in reversed(fitting):
        own = {pin.name: SpecifierSet(f"=={release.version}")}
        own |= metadata_limits(matrix, pin.name, release.version, target)
        if not any(
            _are_apart(own[name], limit)
            for limits in bounds
            for name, limit in limits.items()
            if name in own
        ):
            return release.version
    return fitting[-1].version if fitting else ""


def _bounds_of(pin: Pin, target: Target, matrix: Matrix) -> dict[str, SpecifierSet]:
    """What a pin says of its own version, and a pinned TensorFlow of what it needs."""
    stated = f"=={pin.version}" if pin.version else pin.specifier
    found: dict[str, SpecifierSet] = {}
    with contextlib.suppress(InvalidSpecifier):
        found[pin.name] = SpecifierSet(stated)
    if pin.version and pin.name in TENSORFLOW_PACKAGES and not pin.source:
        release = known_release(matrix, pin.name, pin.version)
        if release is not None:
            found |= metadata_limits(matrix, pin.name, release.version, target)
    return found


def _are_apart(one: SpecifierSet, other: SpecifierSet) -> bool:
    """Whether no version is in both, as far as their own numbers and those after them tell."""
    named = {part.version.removesuffix(".*") for part in (*one, *other)}
    probes = {"0", "9999", *named, *(f"{number}.1" for number in named)}
    both = one & other
    return not any(both.contains(probe, prereleases=True) for probe in _versions(probes))


def _versions(texts: Iterable[str]) -> Iterator[Version]:
    for text in texts:
        with contextlib.suppress(InvalidVersion):
            yield Version(text)


def known_release(matrix: Matrix, package: str, release: str) -> Release | None:
    """The release, or None where the matrix has none or the text is no version."""
    try:
        return matrix.release(package, release)
    except ValueError:
        return None


def release_of(case: Case, package: str, release: str) -> Release | None:
    """The same in the case's matrix."""
    return known_release(case.matrix, package, release)


def pair_of(case: Case) -> Pair | None:
    """The pair that the file brings, or None where it names no known TensorFlow."""
    tensorflow = case.tensorflow
    if tensorflow is None or not case.tensorflow_version:
        return None
    release = release_of(case, tensorflow.name, case.tensorflow_version)
    if release is None:
        return None
    metal = case.metal_version or None
    if metal is not None and release_of(case, METAL, metal) is None:
        metal = None
    return Pair(
        package=tensorflow.name,
        tensorflow=release.version,
        metal=metal,
        arch=case.target.arch,
        python=case.python,
    )


def verdict_of(case: Case) -> Verdict | None:
    """The verdict on the pair, with the other packages of the file beside it."""
    pair = pair_of(case)
    if pair is None:
        return None
    names = {pin.name for pin in case.file.pins}
    return judge(case.matrix, pair, macos=case.macos, extra=names, resolved=True, os=case.target.os)


def at_level(level: Level, finding: Finding) -> Finding:
    """The finding at another level than an error."""
    return dataclasses.replace(finding, level=level)


def best_pair(case: Case) -> Pair | None:
    """The best pair near what the file asks for: of that release, of its minor, of any.

    It has a plugin where the file names one and there is any for the target.
    """
    exact = case.tensorflow_version
    series = minor(exact)
    without_plugin: Pair | None = None
    for wanted in dict.fromkeys((exact, series, "")):
        try:
            request = PairRequest(
                python=case.target.python,
                chip=case.target.chip,
                macos=case.macos,
                os=case.target.os,
                tensorflow=TensorFlowRequest.parse(wanted) if wanted else TensorFlowRequest(),
                metal="auto" if case.metal is not None else "none",
            )
            found = [
                choice.pair
                for choice in choices(case.matrix, request)
                if _has_its_payload(case, choice.pair)
            ]
        except (NoCombo, UsageError):
            continue
        if not found:
            continue
        for pair in found:
            if pair.metal or case.metal is None:
                return pair
        without_plugin = without_plugin or found[0]
    return without_plugin


def _has_its_payload(case: Case, pair: Pair) -> bool:
    """Whether the package that holds its TensorFlow has a wheel for the target's Python."""
    holder = case.matrix.payload_of(pair.package, pair.tensorflow, pair.arch)
    release = case.matrix.release(*holder) if holder is not None else None
    return release is not None and pair.python in release.pythons(pair.arch, case.target.os)


def metadata_limits(
    matrix: Matrix, package: str, release: str, target: Target
) -> dict[str, SpecifierSet]:
    """What the release, and the payload behind it, require of other packages on the target.

    Requirements that the matrix waives count as what was found to be enough.
    """
    from packaging.requirements import Requirement

    limits: dict[str, SpecifierSet] = {}
    holders = {(package, release), matrix.payload_of(package, release, target.arch)}
    environment = {key: str(value) for key, value in target.markers().items()}
    for holder in sorted(found for found in holders if found is not None):
        known = matrix.release(*holder)
        waived = {
            (waiver.package, SpecifierSet(waiver.stated)): SpecifierSet(waiver.specifier)
            for waiver in matrix.waivers_for(*holder, target.arch, target.os)
        }
        wheels = known.wheels_for(target.arch, target.os) if known is not None else ()
        fitting = [wheel for wheel in wheels if wheel.series == target.python.series] or wheels[-1:]
        for text in fitting[0].requires if fitting else ():
            requirement = Requirement(text)
            marker = requirement.marker
            if marker is None or marker.evaluate({**environment, "extra": ""}):
                name = canonicalize_name(requirement.name)
                wanted = waived.get((name, requirement.specifier), requirement.specifier)
                limits[name] = limits.get(name, SpecifierSet()) & wanted
    return limits


def nearest_cure(case: Case) -> str:
    """The command for the best pair near what the file asks for."""
    pair = best_pair(case)
    if pair is None:
        return case.lock_command()
    return command(pair, f"--chip {case.target.chip.id}")
