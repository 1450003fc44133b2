"""Checks of the other packages: bounds, files, hashes, packages with an answer of their own."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from packaging.specifiers import SpecifierSet
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from ..matrix.base import TENSORFLOW_PACKAGES
from ..matrix.facts import METAL, specifier, version
from ..matrix.ranking import package_row
from .findings import Level, at_level, metadata_limits, release_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..matrix.facts import Bound, Release
    from .findings import Case, Finding
    from .pins import Pin


def known_packages(case: Case) -> Iterator[Finding]:
    """Packages of which the matrix says that they are not what to install."""
    plugins = [pin for pin in case.file.pins if pin.name in (METAL, "tensorflow-metal-plugin")]
    if len({pin.name for pin in plugins}) == 2:
        yield case.finding(
            "plugin-twice",
            plugins[-1],
            "tensorflow-metal and tensorflow-metal-plugin both install "
            "tensorflow-plugins/libmetal_plugin.dylib",
            "keep one of them",
            "https://pypi.org/project/tensorflow-metal-plugin/",
        )
    for pin in case.file.pins:
        row = package_row(case.matrix, pin.name)
        if row is None or row.kind == "offered" or pin.name in TENSORFLOW_PACKAGES:
            continue
        level = Level.WARNING if row.kind == "gone" else Level.NOTE
        yield at_level(
            level,
            case.finding(
                "package-gone" if row.kind == "gone" else "sdist",
                pin,
                f"{row.title}: {row.text}",
                row.instead,
                row.sources[0],
            ),
        )


def bounds(case: Case) -> Iterator[Finding]:
    """Pins outside the bounds of this TensorFlow, and bounds that nothing keeps."""
    if case.tensorflow is None or not case.tensorflow_version:
        return
    release = release_of(case, case.tensorflow.name, case.tensorflow_version)
    if release is None:
        return
    limits = metadata_limits(case.matrix, release.package, release.version, case.target)
    reported: set[str] = set()
    # Of several bounds on one package the worst is reported.
    held = case.matrix.bounds_for(release.version, case.python)
    for bound in sorted(held, key=lambda bound: bound.severity == "caution"):
        code = "numpy-generation" if bound.id.startswith("numpy-generation") else "bound"
        for pin in case.pins(bound.package):
            if bound.package in reported:
                continue
            if pin.version and not within(bound.specifier, pin.version):
                reported.add(bound.package)
                trains = bound.severity == "caution"
                fault = "works only in part with" if trains else "does not work with"
                found = case.finding(
                    code,
                    pin,
                    f"{pin.name} {pin.version} {fault} TensorFlow {release.version}: "
                    f"{bound.reason}",
                    f"{bound.package}{bound.specifier}",
                    bound.source,
                )
                yield at_level(Level.WARNING, found) if trains else found
            elif not pin.version and not _keeps_out(pin.specifier, bound):
                reported.add(bound.package)
                yield _missing(case, pin, bound, release)
        absent = not case.pins(bound.package) and not case.file.complete
        if (
            absent
            and bound.package not in reported
            and not _keeps_out(str(limits.get(bound.package, "")), bound)
        ):
            reported.add(bound.package)
            yield _missing(case, case.tensorflow, bound, release)


def _missing(case: Case, pin: Pin, bound: Bound, release: Release) -> Finding:
    return at_level(
        Level.WARNING,
        case.finding(
            "missing-bound",
            pin,
            f"TensorFlow {release.version} needs {bound.package}{bound.specifier}, and nothing "
            f"here says so: {bound.reason}",
            f"add {bound.package}{bound.specifier}",
            bound.source,
        ),
    )


def within(bound: str, pinned: str) -> bool:
    """Whether a version keeps a bound; what is no version cannot be compared and passes."""
    try:
        return specifier(bound).contains(Version(pinned))
    except ValueError:
        return True


def _keeps_out(text: str, bound: Bound) -> bool:
    """Whether a requirement admits nothing that the bound forbids, as far as limits can tell."""
    try:
        wanted = SpecifierSet(text)
    except ValueError:
        return False
    probes = ["9999", *(part.version.removesuffix(".*") for part in specifier(bound.specifier))]
    return not any(
        wanted.contains(probe, prereleases=True) and not within(bound.specifier, probe)
        for probe in probes
    )


def conflicts(case: Case) -> Iterator[Finding]:
    """Pins that the metadata of TensorFlow or of the plugin forbid."""
    for holder, release in (
        (case.tensorflow, case.tensorflow_version),
        (case.metal, case.metal_version),
    ):
        known = release_of(case, holder.name, release) if holder is not None and release else None
        if holder is None or known is None:
            continue
        limits = metadata_limits(case.matrix, holder.name, known.version, case.target)
        for pin in case.file.pins:
            limit = limits.get(pin.name)
            if limit is None or not pin.version or pin.name in TENSORFLOW_PACKAGES:
                continue
            if not within(str(limit), pin.version):
                yield case.finding(
                    "conflict",
                    pin,
                    f"{holder.name} {known.version} requires {pin.name} {limit}, and here it is "
                    f"{pin.version}",
                    f"{pin.name}{limit}",
                    f"https://pypi.org/project/{holder.name}/{known.version}/",
                )


def files_fit(case: Case) -> Iterator[Finding]:
    """For locks that list files: one of them must fit the target."""
    tags = set(case.target.tags())
    for pin in case.file.pins:
        if pin.source:
            if not pin.source.endswith(".whl"):
                yield at_level(
                    Level.WARNING,
                    case.finding(
                        "sdist",
                        pin,
                        f"{pin.name} comes from {pin.source} and is built on the Mac, which needs "
                        "a compiler",
                        "publish a wheel, or pin a release",
                        "",
                    ),
                )
            continue
        wheels = [name for name in pin.files if name.endswith(".whl")]
        if not pin.files or any(_fits(name, tags) for name in wheels):
            continue
        archives = [name for name in pin.files if name.endswith((".tar.gz", ".zip"))]
        if archives:
            yield case.finding(
                "sdist",
                pin,
                f"none of the {len(wheels)} wheels of {pin.name} {pin.version} fits {case.target}, "
                "so it would be built from its source archive",
                case.lock_command(),
                f"https://pypi.org/project/{pin.name}/{pin.version}/#files",
            )
        elif wheels:
            yield case.finding(
                "no-wheel",
                pin,
                f"none of the {len(wheels)} wheels of {pin.name} {pin.version} fits {case.target}",
                case.lock_command(),
                f"https://pypi.org/project/{pin.name}/{pin.version}/#files",
            )


def _fits(filename: str, tags: set[Any]) -> bool:
    try:
        return not tags.isdisjoint(parse_wheel_filename(filename)[3])
    except InvalidWheelFilename:
        return False


def pinned_once(case: Case) -> Iterator[Finding]:
    """A package pinned to two versions by one manager."""
    seen: dict[tuple[str, str], Pin] = {}
    for pin in case.file.pins:
        first = seen.setdefault((pin.name, pin.manager), pin)
        if pin.version and first.version and not _same(first.version, pin.version):
            yield case.finding(
                "pinned-twice",
                pin,
                f"{pin.name} is pinned to {first.version} and to {pin.version}",
                "keep one of them",
                "",
            )


def _same(one: str, other: str) -> bool:
    try:
        return version(one) == version(other)
    except ValueError:
        return one == other


def hashes(case: Case) -> Iterator[Finding]:
    """Hashes are for all packages or for none (pip refuses a mixture)."""
    pins = [pin for pin in case.file.pins if pin.hashed is not None]
    without = [pin for pin in pins if not pin.hashed]
    if not without:
        return
    if any(pin.hashed for pin in pins):
        for pin in without:
            yield case.finding(
                "hash-missing",
                pin,
                f"{pin.name} has no hash although others have; pip refuses such a file",
                case.lock_command(),
                "https://pip.pypa.io/en/stable/topics/secure-installs/",
            )
    elif case.file.complete:
        yield at_level(
            Level.NOTE,
            case.finding(
                "no-hash",
                None,
                "no package has a hash, so what is installed cannot be verified",
                case.lock_command(),
                "https://pip.pypa.io/en/stable/topics/secure-installs/",
            ),
        )


def not_read(case: Case) -> Iterator[Finding]:
    """Lines that bring packages, which the reader leaves to others."""
    for line, text in case.file.unread:
        shown = text if len(text) <= 60 else text[:57] + "..."
        found = case.finding(
            "not-read",
            None,
            f"{shown!r} brings packages and was not read",
            "check the file that it names, too",
            "",
        )
        yield at_level(Level.NOTE, dataclasses.replace(found, line=line))
