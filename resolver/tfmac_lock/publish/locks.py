"""Making every published lock, and the index that the fast path reads.

What is published is a pure function of the matrix and of the index as it was on the recorded
day: files uploaded later are left out, so that making the locks again gives the same bytes, also
where the index got a file late.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from ..conda.mixed import CondaPart
from ..errors import Refusal
from ..files import alone, differing, dump_json, write_whole
from ..lock import published
from ..lock.formats import FORMATS, STORED
from ..lock.formats.conda import CONDA_FORMATS
from ..lock.judged import judged
from ..lock.make import Resolver
from ..lock.model import combo_id
from ..lock.published import Unpublished
from ..lock.request import LockRequest, end_of
from ..lock.verify import out_of_bounds
from ..matrix.base import TENSORFLOW_PACKAGES
from ..matrix.ranking import Choice, PairRequest, TensorFlowRequest, choices, is_listed
from ..matrix.reasons import Reason, Status, strength
from ..target import Arch, PythonVersion
from . import index

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from ..conda.client import CondaClient
    from ..lock.model import Lock
    from ..matrix.facts import Matrix
    from ..resolve.source import Source

CHIP_OF = {Arch.ARM64: "m1", Arch.X86_64: "intel-amd"}
"""The chip that stands for an architecture in published locks: the oldest with a GPU to use."""

WHEELS_ONLY = frozenset({":all:"})
"""What is published needs no compiler and no build on the Mac."""

HAS_DEFECTS = "it has known defects; the command above tells them, and the ways out"
"""What stands in published files in the place of the defects, whose texts change by themselves."""


class Slot(NamedTuple):
    """One Python series and architecture: one index of published locks."""

    python: str
    arch: Arch


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotResult:
    """The locks of a slot, best first, and what could not be published.

    ``same_channels`` is False where the conda channels offer something else than when the
    published locks were made (see the function of that name).
    """

    slot: Slot
    locks: tuple[Lock, ...]
    unpublished: tuple[Unpublished, ...]
    same_channels: bool = True


def slots(matrix: Matrix) -> list[Slot]:
    """All Pythons and architectures that the matrix speaks of."""
    return [Slot(row.series, arch) for row in matrix.platforms.pythons for arch in Arch]


def shard(items: list[Slot], number: int, of: int) -> list[Slot]:
    """Every ``of``-th item, starting with the ``number``-th (counted from 1)."""
    return items[number - 1 :: of]


def make_slot(
    matrix: Matrix,
    client: Source,
    slot: Slot,
    day: date,
    progress: Callable[[], None] = lambda: None,
    conda: CondaClient | None = None,
    recorded: Iterable[Lock] = (),
    keep: bool = False,
) -> SlotResult:
    """Every lock of the slot: each release with its best plugin, and without one.

    With ``conda`` they are mixed locks. A lock that comes out as it is ``recorded`` keeps its day;
    with ``keep`` one that was made for an earlier day stays as long as it meets the bounds and is
    not broken: what is proved is not locked again without cause.
    """
    part = None if conda is None else CondaPart(client=conda, undated=True)
    resolver = Resolver(matrix=matrix, source=client, as_of=day.isoformat(), conda=part)
    before = {lock.combo.id: lock for lock in recorded}
    locks: list[Lock] = []
    unpublished = []
    for asked in pair_requests(matrix, slot):
        progress()
        try:
            choice = best(matrix, asked)
            if choice is None:
                continue
            known = before.get(_combo_id(choice))
            if keep and known is not None and known.as_of != day.isoformat():
                still = judged(matrix, known)
                if meets_bounds(matrix, known) and still.verdict.status != Status.BROKEN:
                    locks.append(still)
                    continue
            request = LockRequest(
                pair=asked,
                before=end_of(day),
                wheels_only=WHEELS_ONLY,
                preferred=versions_to_keep(known, day),
            )
            resolver = replace(resolver, ahead=not locks)  # the first lock fetches for the others
            lock = resolver.lock_pair(request, choice.pair).lock
            locks.append(_standing_still(lock, known))
        except Refusal as error:
            unpublished.append(Unpublished(combo=request_name(asked), reason=str(error)))
    return SlotResult(
        slot=slot, locks=tuple(sorted(locks, key=rank)), unpublished=tuple(unpublished)
    )


def _combo_id(choice: Choice) -> str:
    pair = choice.pair
    return combo_id(pair.package, pair.tensorflow, pair.metal, pair.python, pair.arch.value)


def meets_bounds(matrix: Matrix, lock: Lock) -> bool:
    """Whether every bound of now holds for the lock's versions."""
    bounds = matrix.bounds_for(lock.combo.tensorflow, lock.combo.python)
    return not any(out_of_bounds(lock, bounds))


def versions_to_keep(known: Lock | None, day: date) -> dict[NormalizedName, Version]:
    """The versions of a lock that was made for that very day; none for a newer day.

    An index may get a file late, with an older time of upload. A lock that is made again for its
    own day keeps what it holds where that can still be had, so it moves on only with its day.
    """
    if known is None or known.as_of != day.isoformat():
        return {}
    return known.versions


def _standing_still(made: Lock, before: Lock | None) -> Lock:
    """The lock as it was before, with the verdict of now, if its files are the same."""
    if before is None:
        return made
    same = (made.combo, made.command, made.packages)
    if same != (before.combo, before.command, before.packages):
        return made
    return replace(before, verdict=made.verdict)


def request_name(request: PairRequest) -> str:
    """What an unpublished combo is called."""
    target = f"Python {request.python}, {request.arch.value}"
    return f"{request.tensorflow}, plugin {request.metal}, {target}"


def pair_requests(matrix: Matrix, slot: Slot) -> Iterator[PairRequest]:
    """One request for each final release with wheels for the slot, with a plugin and without."""
    chip = matrix.platforms.chip(CHIP_OF[slot.arch])
    for package in TENSORFLOW_PACKAGES:
        for release in matrix.releases_of(package):
            if not release.final or slot.python not in release.pythons(slot.arch):
                continue
            for metal in ("auto", "none"):
                yield PairRequest(
                    python=PythonVersion.parse(slot.python),
                    chip=chip,
                    tensorflow=TensorFlowRequest(package=package, specifier=f"=={release.version}"),
                    metal=metal,
                )


def best(matrix: Matrix, request: PairRequest) -> Choice | None:
    """The pair to publish; None where ``auto`` finds no plugin that fits."""
    first = choices(matrix, request)[0]
    return None if request.metal == "auto" and first.pair.metal is None else first


def rank(lock: Lock) -> tuple[object, ...]:
    """Sorts locks the way combos are ranked.

    By status, grade, the vendor's table, newest TensorFlow, newest plugin.
    """
    from ..matrix.facts import version

    combo = lock.combo
    plugin = version(combo.metal).release if combo.metal else ()
    return (
        lock.verdict.status.rank,
        -strength(lock.verdict.grade),
        not is_listed(reason.kind for reason in lock.verdict.reasons),
        tuple(-part for part in version(combo.tensorflow).release),
        TENSORFLOW_PACKAGES.index(combo.package),
        tuple(-part for part in plugin),
    )


def render(results: Iterable[SlotResult]) -> dict[str, str]:
    """Every file under locks/ with its text, by path relative to the folder."""
    files: dict[str, str] = {}
    for result in results:
        slot = published.slot_name(*result.slot)
        files |= index.render(slot, result.locks, result.unpublished)
        for lock in result.locks:
            for name, text in STORED.items():
                filename = FORMATS[name][0]
                files[f"{published.folder_name(lock.combo)}/{filename}"] = text(as_file(lock))
    return files


OWN_FILES = frozenset(FORMATS[name][0] for name in STORED)
CONDA_FILES = frozenset({CONDA_FORMATS["conda-lock"][0]})
"""The names of the files in a lock's folder, by what makes them: locks of wheels, or mixed ones."""


def render_mixed(
    results: Iterable[SlotResult], wheels_of: Callable[[Slot], Sequence[Lock]]
) -> dict[str, str]:
    """What the mixed locks add to each slot's locks of wheels, in the same way.

    conda-lock.yml lies there only for combos that wheels alone cannot serve; for the others it
    is rendered from the index when it is asked for, since the files would triple the folder.
    """
    files: dict[str, str] = {}
    filename, text = CONDA_FORMATS["conda-lock"]
    for result in results:
        slot = result.slot
        wheels = wheels_of(slot)
        files |= index.render_mixed(
            published.slot_name(*slot),
            result.locks,
            wheels,
            result.unpublished,
        )
        served = {lock.combo.id for lock in wheels}
        for lock in result.locks:
            if lock.combo.id not in served:
                files[f"{published.folder_name(lock.combo)}/{filename}"] = text(as_file(lock))
    return files


def as_file(lock: Lock) -> Lock:
    """The lock as its published files have it: with its status, and without the reasons.

    So a new fact changes the verdicts, and of the files those whose status it changes.
    """
    kinds = {reason.kind for reason in lock.verdict.reasons}
    note = Reason(kind="defect", text=HAS_DEFECTS, source="")
    reasons = (note,) if "defect" in kinds else ()
    return replace(lock, verdict=replace(lock.verdict, reasons=reasons))


def same_channels(matrix: Matrix, conda: CondaClient, slot: Slot, folder: Path) -> bool:
    """Whether the channels offer what they did when the slot's locks in the folder were made.

    A channel cannot be asked for certain for what it offered on some day, since its records are
    amended; only where their state is the recorded one must the locks come out the same.
    """
    chip = matrix.platforms.chip(CHIP_OF[slot.arch])
    target = matrix.platforms.target(PythonVersion.parse(slot.python), chip)
    recorded = {
        (lock.as_of, *(item.name for item in lock.conda_packages)): lock.channels
        for lock in recorded_locks(folder, slot, conda=True)
    }
    return all(
        conda.state(target, names, before=end_of(date.fromisoformat(day)), undated=True) == channels
        for (day, *names), channels in recorded.items()
    )


def recorded_locks(folder: Path, slot: Slot, *, conda: bool = False) -> list[Lock]:
    """The slot's locks that lie in the folder; none where there is no index of them."""
    found = published.Index.within(folder, *slot, conda=conda)
    return found.locks() if found.exists() else []


def stale(
    folder: Path,
    files: dict[str, str],
    chosen: Iterable[Slot],
    own: Collection[str] = OWN_FILES,
) -> list[str]:
    """The paths under the folder that are missing, different or left over.

    Of what lies there, only files with one of the ``own`` names can be left over.
    """
    found = {
        path.relative_to(folder).as_posix()
        for slot in chosen
        for path in folder.glob(f"py{slot.python}-{slot.arch.value}/*/*")
        if path.name in own
    }
    return sorted(found - set(files)) + sorted(differing(folder, files))


def write(
    folder: Path,
    files: dict[str, str],
    chosen: Iterable[Slot],
    own: Collection[str] = OWN_FILES,
) -> list[str]:
    """Bring the folder up to date and return what was changed; left-over locks are removed.

    Indexes and verdicts belong together, so all of it is noted first: where the process is killed,
    ``finish`` does the rest.
    """
    finish(folder)
    with alone(folder):
        changed = stale(folder, files, chosen, own)
        if not changed:
            return changed
        write_whole(folder / JOURNAL, dump_json({name: files.get(name) for name in changed}))
        try:
            _carry_out(folder)
        except KeyboardInterrupt:
            _carry_out(folder)
            raise
    return changed


JOURNAL = ".publish.journal"
"""There while files are replaced: each name with its new text, null for one that is removed."""


def finish(folder: Path) -> None:
    """Do what is left of a run that was killed while it wrote; raises OSError."""
    if (folder / JOURNAL).exists():
        with alone(folder):
            _carry_out(folder)


def _carry_out(folder: Path) -> None:
    """Do all that the journal says, as often as it takes; only names within the folder count."""
    try:
        rows = json.loads((folder / JOURNAL).read_bytes())
    except (FileNotFoundError, ValueError):
        rows = {}  # another run was quicker; a damaged one is none of ours, which are whole
    for name, text in rows.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            continue
        if text is not None:
            write_whole(path, text)
            continue
        path.unlink(missing_ok=True)
        for above in path.parents[:2]:
            if above.is_dir() and not any(above.iterdir()):
                above.rmdir()
    (folder / JOURNAL).unlink(missing_ok=True)
