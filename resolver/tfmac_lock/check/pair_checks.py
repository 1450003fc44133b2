"""Checks of the pair: releases, payload, binaries, floor, known faults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..explain import lookups
from ..matrix.base import TENSORFLOW_PACKAGES
from ..matrix.facts import METAL, version
from ..matrix.ranking import package_row
from ..matrix.reasons import Grade, Status
from .findings import Level, at_level, nearest_cure, pair_of, release_of, verdict_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..matrix.facts import Evidence
    from ..matrix.verdict import Pair
    from .findings import Case, Finding


def for_this_target(case: Case) -> Iterator[Finding]:
    """The file is for the target's Python and architecture, where it says which."""
    file = case.file
    python = file.python if file.python != case.python else ""
    arch = file.arch if file.arch != case.target.arch.value else ""
    if python or arch:
        meant = " and ".join(filter(None, (python and f"Python {python}", arch and f"{arch} Macs")))
        yield case.finding(
            "other-target",
            None,
            f"the file is for {meant}, and not for {case.target}",
            case.lock_command(),
            "the file itself",
        )


def releases_exist(case: Case) -> Iterator[Finding]:
    """The releases exist and have wheels for the target."""
    besides = [
        (pin, pin.version)
        for pin in case.file.pins
        if pin.name in TENSORFLOW_PACKAGES and pin.version and pin is not case.tensorflow
    ]
    for pin, release in (
        (case.tensorflow, case.tensorflow_version),
        (case.metal, case.metal_version),
        *besides,
    ):
        if pin is None or pin.source:
            continue
        index = f"https://pypi.org/project/{pin.name}/#files"
        if not release:
            yield case.finding(
                "no-wheel",
                pin,
                f"no release of {pin.name} {pin.specifier} has a wheel for Python {case.python} on "
                f"{case.target.arch.value} Macs",
                nearest_cure(case),
                index,
            )
            continue
        known = release_of(case, pin.name, release)
        if known is None:
            newest = [r.version for r in case.matrix.releases_of(pin.name) if r.final][-1:]
            yield case.finding(
                "unknown-release",
                pin,
                f"{pin.name} {release} is not a release with files for Macs; the newest is "
                f"{''.join(newest)} (as of {case.matrix.as_of})",
                nearest_cure(case),
                index,
            )
            continue
        pythons = known.pythons(case.target.arch, case.target.os)
        if case.python not in pythons:
            has = f"wheels for Python {', '.join(pythons)} only" if pythons else "no wheels"
            yield case.finding(
                "no-wheel",
                pin,
                f"{pin.name} {release} has {has} on {case.target.arch.value} Macs, none for Python "
                f"{case.python}",
                nearest_cure(case),
                index,
            )


def payload(case: Case) -> Iterator[Finding]:
    """There is a TensorFlow in what is pinned."""
    pin = case.tensorflow
    if pin is None or not case.tensorflow_version:
        if case.metal is not None and pin is None:
            built = any(p.source for p in case.file.pins if p.name in TENSORFLOW_PACKAGES)
            if not built:
                yield case.finding(
                    "no-tensorflow",
                    case.metal,
                    "tensorflow-metal is a plugin and brings no TensorFlow; nothing here pins one",
                    case.lock_command(),
                    f"https://pypi.org/project/{METAL}/",
                )
        return
    release = release_of(case, pin.name, case.tensorflow_version)
    if release is None or case.matrix.payload_of(pin.name, release.version, case.target.arch):
        return
    if not release.wheels_for(case.target.arch):
        return
    row = package_row(case.matrix, pin.name, release.version)
    yield case.finding(
        "stub",
        pin,
        f"{pin.name} {release.version} brings no TensorFlow: "
        + (
            row.text if row is not None and row.versions else "it is empty, and so is what it needs"
        ),
        row.instead if row is not None and row.versions else case.lock_command(),
        f"https://pypi.org/project/{pin.name}/{release.version}/",
    )


def pair_works(case: Case) -> Iterator[Finding]:
    """The floor, and the verdict where it is broken or unproven."""
    pair, verdict = pair_of(case), verdict_of(case)
    if (
        pair is None
        or verdict is None
        or case.matrix.payload_of(pair.package, pair.tensorflow, pair.arch) is None
    ):
        return
    reasons = {reason.kind: reason for reason in reversed(verdict.reasons)}
    pin = case.metal if pair.metal else case.tensorflow
    if pair.metal and case.macos is not None:
        floor = case.matrix.floor(pair.metal, pair.arch, pair.python)
        if floor is not None and case.macos < floor.run:
            yield case.finding(
                "floor",
                pin,
                reasons["floor"].text + f"; this is macOS {case.macos}",
                nearest_cure(case),
                floor.source,
            )
    if verdict.status is Status.BROKEN:
        names = lookups.Named(
            package=pair.package,
            tensorflow=pair.tensorflow,
            metal=pair.metal or "",
            python=pair.python,
            arch=pair.arch,
            arch_is_certain=True,
        )
        facts = list(lookups.pair(case.matrix, names)) if pair.metal else []
        load = case.matrix.pair_load(pair.package, pair.tensorflow, pair.metal or "", pair.arch)
        if load is not None and load.loads is False:
            text, source = "; ".join(fact.text for fact in facts), facts[0].source
        else:
            against = [
                reason
                for reason in verdict.reasons
                if reason.kind in ("reported", "twin", "trained-cpu", "trained-gpu")
            ]
            if not against:
                return
            text, source = f"{pair}: {against[0].text}", against[0].source
        yield case.finding("pair-broken", pin, text, nearest_cure(case), source)
    elif verdict.status is Status.UNPROVEN and (listed := _older_listed(case, pair)):
        yield at_level(
            Level.WARNING,
            case.finding(
                "plugin-newer",
                pin,
                f"tensorflow-metal {pair.metal} is newer than {listed.metal}, which the vendor "
                f"lists for TensorFlow {pair.tensorflow}, and nobody is known to have trained with "
                "the two: such pairs load, and some end the process in training",
                nearest_cure(case),
                listed.source,
            ),
        )
    elif verdict.status is Status.UNPROVEN and pair.metal and _has_wheels(case, pair):
        text = f"nothing proves yet that {pair} works on Python {pair.python}"
        yield at_level(
            Level.NOTE,
            case.finding("pair-unproven", pin, text, "tfmac-lock prove", "matrix/proofs"),
        )


def _older_listed(case: Case, pair: Pair) -> Evidence | None:
    """The vendor's word for the newest plugin of this TensorFlow, where the pair's is newer."""
    if pair.metal is None:
        return None
    rows = [
        item
        for item in case.matrix.evidence
        if item.grade is Grade.VENDOR
        and item.metal is not None
        and item.concerns(pair.package, pair.tensorflow, item.metal, pair.arch, pair.python)
    ]
    newest = max(rows, key=lambda item: version(item.metal or "0"), default=None)
    if newest is None or version(pair.metal) <= version(newest.metal or "0"):
        return None
    return newest


def _has_wheels(case: Case, pair: Pair) -> bool:
    names = ((pair.package, pair.tensorflow), (METAL, pair.metal or ""))
    releases = [release_of(case, *name) for name in names]
    return all(
        release is not None and pair.python in release.pythons(pair.arch) for release in releases
    )


def defects(case: Case) -> Iterator[Finding]:
    """Known faults, silent ones above all, of a pair that runs."""
    pair = pair_of(case)
    if pair is None:
        return
    names = {pin.name for pin in case.file.pins}
    for defect in case.matrix.defects:
        if defect.concerns(pair.tensorflow, pair.metal, pair.arch, pair.python, names):
            pin = case.metal if defect.metal else case.tensorflow
            yield at_level(
                Level.WARNING,
                case.finding(
                    "defect",
                    pin,
                    f"{defect.title}: {defect.text}",
                    defect.way_out,
                    defect.sources[0],
                ),
            )


def unpinned(case: Case) -> Iterator[Finding]:
    """TensorFlow or the plugin without a version."""
    for pin, release in (
        (case.tensorflow, case.tensorflow_version),
        (case.metal, case.metal_version),
    ):
        if pin is not None and not pin.version and release:
            yield at_level(
                Level.WARNING,
                case.finding(
                    "unpinned",
                    pin,
                    f"{pin.name}{pin.specifier} is not a pin: an installer takes {release} today, "
                    "and another one tomorrow; the plugin's metadata names no TensorFlow",
                    nearest_cure(case),
                    f"https://pypi.org/project/{pin.name}/",
                ),
            )
