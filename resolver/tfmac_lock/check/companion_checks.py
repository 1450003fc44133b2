"""Checks of companions: packages that must fit TensorFlow or Keras beyond their metadata."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from ..matrix.base import TENSORFLOW_PACKAGES
from ..matrix.companions import Needed
from ..matrix.facts import specifier
from ..matrix.reasons import Status
from ..target import minor
from .findings import Level, at_level, metadata_limits, release_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..matrix.companions import CompanionVerdict
    from .findings import Case, Finding
    from .pins import Pin

NOT_FOR_MACS = ("nvidia-", "cudatoolkit", "cudnn", "tensorrt", "triton", "tensorflow-gpu")
"""How the names of packages begin that exist for Linux and Windows alone."""

_OLDER = re.compile(r">=([\d.]+)")
"""The versions of a need that older ones do not have."""


def needs(case: Case) -> Iterator[Finding]:
    """What a companion needs and its metadata do not say: of TensorFlow, of Keras, of others."""
    tensorflow = _number(case)
    if not tensorflow:
        return
    for pin in case.file.pins:
        held = [
            need
            for need in _needs_of(case, pin)
            if need.holds(tensorflow, case.python) and _concerns(need, pin)
        ]
        # With another TensorFlow the rest would be another question.
        of_tensorflow = [need for need in held if _about(need) in TENSORFLOW_PACKAGES]
        found = [f for need in of_tensorflow for f in _unmet(case, pin, need, tensorflow)]
        yield from found
        if not found:
            for need in held:
                if need not in of_tensorflow:
                    yield from _unmet(case, pin, need, tensorflow)


def _number(case: Case) -> str:
    """The release of TensorFlow, or nothing where the matrix has no such release."""
    pin = case.tensorflow
    known = release_of(case, pin.name, case.tensorflow_version) if pin else None
    return known.version if known is not None else ""


def _needs_of(case: Case, pin: Pin) -> Iterator[Needed]:
    companion = case.matrix.companions.named(pin.name)
    if companion is None:
        return
    yield from companion.needs
    theirs = minor(pin.version)
    if companion.same_minor and theirs.count(".") == 1:
        yield Needed(
            id=f"{pin.name}-minor",
            requires=f"tensorflow =={theirs}.*",
            reason="each of its minor releases is built for the same one of TensorFlow",
            source=companion.same_minor,
        )


def follows_tensorflow(case: Case, name: str) -> bool:
    """Whether each minor release of that package is for the same one of TensorFlow."""
    companion = case.matrix.companions.named(name)
    return companion is not None and companion.same_minor is not None


def _about(need: Needed) -> str:
    return canonicalize_name(Requirement(need.requires).name)


def _concerns(need: Needed, pin: Pin) -> bool:
    """Whether the need is one of the pinned version, or of all where none is pinned."""
    return _within(need.versions, pin.version) if pin.version else not need.versions


def _within(bound: str, version: str) -> bool:
    try:
        return specifier(bound).contains(version, prereleases=True)
    except ValueError:
        return True


def _unmet(case: Case, pin: Pin, need: Needed, tensorflow: str) -> Iterator[Finding]:
    wanted = Requirement(need.requires)
    name, shown = canonicalize_name(wanted.name), f"{pin.name} {pin.version}".rstrip()
    if name in TENSORFLOW_PACKAGES:
        if wanted.specifier.contains(tensorflow, prereleases=True):
            return
        pinned = case.tensorflow is not None and case.tensorflow.version
        if follows_tensorflow(case, pin.name) and not pinned:
            return  # The installer reads this need in its metadata, and takes a TensorFlow for it.
        yield case.finding(
            "companion",
            pin,
            f"{shown} needs {need.requires}, and here it is {tensorflow}: {need.reason}",
            _other_version(case, pin, tensorflow) or _other_tensorflow(case, pin, need),
            need.source,
        )
        return
    pins = case.pins(name)
    for other in pins:
        if other.version and not _within(str(wanted.specifier), other.version):
            yield case.finding(
                "companion",
                pin,
                f"{shown} needs {need.requires}, and here {name} is {other.version}: {need.reason}",
                f"{name}{wanted.specifier}",
                need.source,
            )
    if pins or (wanted.specifier and not case.file.complete and not _brings(case, name, wanted)):
        return
    found = case.finding(
        "companion",
        pin,
        f"{shown} needs {need.requires} beside TensorFlow {tensorflow}, and nothing here asks for "
        f"it: {need.reason}",
        f"add {_tied(case, name, tensorflow) or need.requires.replace(' ', '')}",
        need.source,
    )
    yield found if case.file.complete else at_level(Level.WARNING, found)


def _brings(case: Case, name: str, wanted: Requirement) -> bool:
    """Whether TensorFlow itself brings what is not wanted: Keras 3, from 2.16 on."""
    return name == "keras" and not wanted.specifier.contains("3.5.0") and _has_keras_3(case)


def _has_keras_3(case: Case) -> bool:
    return Version(case.tensorflow_version).release >= (2, 16)


def _tied(case: Case, name: str, tensorflow: str) -> str:
    """The requirement on a companion whose minor releases are those of TensorFlow."""
    return f"{name}~={minor(tensorflow)}.0" if follows_tensorflow(case, name) else ""


def _other_version(case: Case, pin: Pin, tensorflow: str) -> str:
    """The companion's releases for that TensorFlow, where a need tells them."""
    tied = _tied(case, pin.name, tensorflow)
    if tied and _has_files(case, pin.name, tensorflow):
        return tied
    companion = case.matrix.companions.named(pin.name)
    for need in companion.needs if companion else ():
        wanted = Requirement(need.requires)
        exact = any(one.operator == "==" for one in wanted.specifier)
        if wanted.name == "tensorflow" and exact and wanted.specifier.contains(tensorflow):
            return f"{pin.name}{need.versions}"
    return ""


def _has_files(case: Case, name: str, tensorflow: str) -> bool:
    """Whether the Mac has files of that minor release, or of any, as far as they were read."""
    read = [one for one in case.matrix.natives.get().of(name) if one.arch == case.target.arch.value]
    return not read or any(
        (not tensorflow or minor(one.version) == minor(tensorflow)) and one.runs_on(case.python)
        for one in read
    )


def _other_tensorflow(case: Case, pin: Pin, need: Needed) -> str:
    """The command for a TensorFlow that meets the need on that Mac, or why there is none."""
    wanted = Requirement(need.requires).specifier
    known = [
        release
        for package in TENSORFLOW_PACKAGES
        for release in case.matrix.releases_of(package)
        if release.final and wanted.contains(release.version)
    ]
    if not known:
        older = _OLDER.fullmatch(need.versions)
        if older:
            return f"{pin.name}<{older[1]}"
        return f"leave {pin.name} out: there is no TensorFlow 2 for it"
    here = [
        release.version
        for release in known
        if case.python in release.pythons(case.target.arch, case.target.os)
    ]
    if not here:
        return (
            f"leave {pin.name} out: {need.requires} has no wheels for Python {case.python} on "
            f"{case.target.arch} Macs"
        )
    if not _has_files(case, pin.name, ""):
        return (
            f"leave {pin.name} out: it has no files for Python {case.python} on "
            f"{case.target.arch} Macs"
        )
    series = minor(max(here, key=Version))
    return f"{case.lock_command(series)} --with {pin.name}"


def settings(case: Case) -> Iterator[Finding]:
    """Environment variables that a companion needs."""
    tensorflow = _number(case)
    for pin in case.file.pins if tensorflow else ():
        companion = case.matrix.companions.named(pin.name)
        for setting in companion.settings if companion is not None else ():
            fits = specifier(setting.tensorflow).contains(tensorflow)
            if fits and (not pin.version or _within(setting.versions, pin.version)):
                yield at_level(
                    Level.NOTE,
                    case.finding(
                        "setting",
                        pin,
                        f"{pin.name} needs {setting.name}={setting.value} set: {setting.reason}",
                        f"export {setting.name}={setting.value}",
                        setting.source,
                    ),
                )


def tried(case: Case) -> Iterator[Finding]:
    """What came of trying the companions beside the very versions of a file that has them all."""
    for one in verdicts(case):
        pin = next(pin for pin in case.pins(one.name) if pin.version)
        against = next((reason for reason in one.reasons if reason.against), None)
        if against is not None:
            yield case.finding(
                "companion-fails",
                pin,
                f"{one.name} {one.version} does not run: {against.text}",
                case.lock_command(case.tensorflow_version) + f" --with {one.name}",
                against.source,
            )
        elif one.status is Status.UNPROVEN:
            reason = one.reasons[0]
            found = case.finding(
                "companion-untried",
                pin,
                f"{one.name} {one.version}: {reason.text}; it may fail",
                "",
                reason.source,
            )
            yield at_level(Level.NOTE, found)


def verdicts(case: Case) -> tuple[CompanionVerdict, ...]:
    """The verdict on each companion of a file that pins all its packages, of others none."""
    number = _number(case)
    if not (case.file.complete and number and case.tensorflow):
        return ()
    # What TensorFlow requires is vouched for by the pair.
    own = {
        case.tensorflow.name: tuple(
            metadata_limits(case.matrix, case.tensorflow.name, number, case.target)
        )
    }
    pinned = {
        pin.name: LockedPin(name=pin.name, version=pin.version, requires=own.get(pin.name, ()))
        for pin in case.file.pins
        if pin.version
    }
    return case.matrix.companions.judge(tuple(pinned.values()), python=case.python)


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedPin:
    """A pin as a package of a lock; a file of pins does not say what each requires."""

    name: str
    version: str
    requires: tuple[str, ...]


def not_for_macs(case: Case) -> Iterator[Finding]:
    """Packages, and the extra of TensorFlow, that bring NVIDIA's libraries for Linux."""
    for pin in case.file.pins:
        asks = "and-cuda" in pin.extras and pin.name in TENSORFLOW_PACKAGES
        if not asks and (not pin.name.startswith(NOT_FOR_MACS) or pin.files or pin.source):
            continue
        what = f"{pin.name}[and-cuda] asks for" if asks else f"{pin.name} is one of"
        yield case.finding(
            "not-for-macs",
            pin,
            f"{what} NVIDIA's libraries, which exist for Linux and Windows alone; on a Mac "
            "tensorflow-metal uses the GPU",
            "tensorflow"
            if asks or pin.name == "tensorflow-gpu"
            else f"delete the line, or put ; sys_platform == 'linux' behind {pin.name}",
            "https://www.tensorflow.org/install/pip",
        )


def other_hashes(case: Case) -> Iterator[Finding]:
    """Pins of TensorFlow and the plugin whose hashes are those of other files."""
    pinned = ((case.tensorflow, case.tensorflow_version), (case.metal, case.metal_version))
    for pin, version in pinned:
        release = release_of(case, pin.name, version) if pin is not None and version else None
        if pin is None or release is None or not pin.hashes or not pin.version:
            continue
        wheels = release.wheels_for(case.target.arch, case.target.os)
        fitting = {wheel.sha256 for wheel in wheels if wheel.series == case.python}
        if not fitting or not fitting.isdisjoint(pin.hashes):
            continue
        theirs = sorted(
            {
                f"{wheel.filename}"
                for other in case.matrix.releases_of(pin.name)
                for wheel in other.wheels
                if wheel.sha256 in pin.hashes
            }
        )
        of_whom = f"they are those of {', '.join(itertools.islice(theirs, 3))}" if theirs else ""
        yield case.finding(
            "hash-of-another",
            pin,
            f"none of the hashes of {pin.name} {pin.version} is that of its wheel for Python "
            f"{case.python} on {case.target.arch.value} Macs" + (f"; {of_whom}" if of_whom else ""),
            case.lock_command(release.version),
            f"https://pypi.org/project/{pin.name}/{release.version}/#files",
        )
