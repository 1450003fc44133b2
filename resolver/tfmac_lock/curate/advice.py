"""advice.json: for each Python and architecture, the pairs worth a word besides the lock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..lock.model import combo_id
from ..matrix import advice
from ..matrix.facts import METAL, version
from ..matrix.ranking import Choice, NoCombo, PairRequest, choices
from ..matrix.reasons import Status
from ..target import Arch, PythonVersion

if TYPE_CHECKING:
    from collections.abc import Collection

    from ..matrix.facts import Matrix

CHIPS = {Arch.ARM64: "m1", Arch.X86_64: "intel-amd"}


def compile_advice(matrix: Matrix, published: Collection[str]) -> dict[str, Any]:
    """The content of advice.json; only pairs are offered whose lock is among the published.

    ``published`` are the ids of their combos. Whether a pair can be locked at all is known of
    these alone.
    """
    slots = {}
    for arch in Arch:
        offered = {
            row.series: _offered(matrix, row.series, arch, published)
            for row in matrix.platforms.pythons
        }
        for python, found in offered.items():
            slots[f"{python}-{arch.value}"] = {
                "sound": _sound(offered, python),
                "newer": _newer(found),
                "switch": _switches(matrix, arch, python),
            }
    return {"schema_version": advice.SCHEMA_VERSION, "slots": slots}


def _offered(matrix: Matrix, python: str, arch: Arch, published: Collection[str]) -> list[Choice]:
    """The pairs with a plugin that run on that Python, best first."""
    request = PairRequest(
        python=PythonVersion.parse(python), chip=matrix.platforms.chip(CHIPS[arch])
    )
    try:
        found = choices(matrix, request)
    except NoCombo:
        return []
    good = (Status.WORKS, Status.CAUTION)
    return [
        one
        for one in found
        if one.pair.metal
        and one.verdict.status in good
        and combo_id(one.pair.package, one.pair.tensorflow, one.pair.metal, python, arch.value)
        in published
    ]


def _sound(offered: dict[str, list[Choice]], python: str) -> dict[str, Any] | None:
    """The best pair without a known fault, on that Python or the nearest, newer ones first."""
    wanted = PythonVersion.parse(python).minor

    def apart(series: str) -> tuple[int, int]:
        minor = PythonVersion.parse(series).minor
        return abs(minor - wanted), -minor

    for series in sorted(offered, key=apart):
        found = offered[series]
        if found and found[0].verdict.status is Status.WORKS:
            return _row(found[0], found)
    return None


def _row(choice: Choice, found: list[Choice]) -> dict[str, Any]:
    return {
        "python": choice.pair.python,
        "package": choice.pair.package,
        "tensorflow": choice.pair.tensorflow,
        "metal": choice.pair.metal,
        "first": choice is found[0],
    }


def _newer(found: list[Choice]) -> dict[str, Any] | None:
    """The best pair with a known fault, which is newer than any without."""
    faulty = [one for one in found if one.verdict.status is Status.CAUTION]
    sound = [one for one in found if one.verdict.status is Status.WORKS]
    oldest = max((version(one.pair.tensorflow) for one in sound), default=None)
    for one in faulty:
        if oldest is None or version(one.pair.tensorflow) > oldest:
            return _row(one, found)
    return None


def _switches(matrix: Matrix, arch: Arch, python: str) -> dict[str, list[str]]:
    """For each plugin release with a fault of its own: what goes wrong, what to do, and when."""
    found: dict[str, list[str]] = {}
    for release in matrix.releases_of(METAL):
        code = matrix.kernels_of(release.version, arch, python)
        if code is None or not code.left_out:
            continue
        for defect in matrix.defects:
            if (
                defect.symptom == "relu-wrong"
                and defect.switches
                and any(
                    defect.concerns(known.version, release.version, arch, python)
                    for known in matrix.releases_of("tensorflow")
                )
            ):
                first = defect.switches[0]
                found[release.version] = [defect.title, first.do, first.when]
                break
    return found
