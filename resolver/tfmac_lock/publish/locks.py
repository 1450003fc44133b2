"""Making every published lock, and the index that the fast path reads.

What is published is a pure function of the matrix and of the index as it was on the recorded
day: files uploaded later are left out, so that making the locks again gives the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..conda.mixed import CondaPart
from ..errors import Refusal
from ..files import dump_json
from ..lock import published
from ..lock.formats import FORMATS
from ..lock.formats.conda import CONDA_FORMATS
from ..lock.make import LockRequest, Resolver
from ..lock.request import end_of
from ..matrix.ranking import TENSORFLOW_PACKAGES, Choice, PairRequest, TensorFlowRequest, choices
from ..matrix.reasons import Status
from ..target import Arch, PythonVersion

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from datetime import date
    from pathlib import Path

    from ..conda.client import CondaClient
    from ..lock.model import Lock
    from ..matrix.facts import Matrix
    from ..resolve.source import Source

CHIP_OF = {Arch.ARM64: "m1", Arch.X86_64: "intel-amd"}
"""The chip that stands for an architecture in published locks: the oldest with a GPU to use."""

PUBLISHED_FORMATS = ("requirements", "pylock")
"""The formats that lie in locks/ as files; lock.json is told by the index."""


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """One Python series and architecture: one index of published locks."""

    python: str
    arch: Arch


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpublished:
    """A combo that has wheels and no lock, with the reason."""

    combo: str
    reason: str


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
) -> SlotResult:
    """Every lock of the slot: each release with its best plugin, and without one.

    With ``conda`` each has a conda half.
    """
    half = None if conda is None else CondaPart(client=conda, undated=True)
    resolver = Resolver(matrix=matrix, source=client, as_of=day.isoformat(), conda=half)
    locks: list[Lock] = []
    unpublished = []
    for wish in wishes(matrix, slot):
        progress()
        try:
            choice = _best(matrix, wish)
            if choice is None:
                continue
            request = LockRequest(pair=wish, before=end_of(day))
            resolver = replace(resolver, ahead=not locks)  # the first lock fetches for the others
            locks.append(resolver.lock_pair(request, choice.pair).lock)
        except Refusal as error:
            name = (
                f"{wish.tensorflow}, plugin {wish.metal}, Python {slot.python}, {slot.arch.value}"
            )
            unpublished.append(Unpublished(combo=name, reason=str(error)))
    return SlotResult(
        slot=slot, locks=tuple(sorted(locks, key=rank)), unpublished=tuple(unpublished)
    )


def wishes(matrix: Matrix, slot: Slot) -> Iterator[PairRequest]:
    """One wish a final release with wheels for the slot, with a plugin and without."""
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


def _best(matrix: Matrix, wish: PairRequest) -> Choice | None:
    """The pair to publish; None where ``auto`` finds no plugin that fits."""
    best = choices(matrix, wish)[0]
    if wish.metal == "auto" and best.pair.metal is None:
        return None
    return best


def rank(lock: Lock) -> tuple[object, ...]:
    """Sorts locks the way combos are ranked: status, grade, newest TensorFlow, newest plugin."""
    from ..matrix.facts import version
    from ..matrix.reasons import Grade, strength

    combo = lock.combo
    plugin = version(combo.metal).release if combo.metal else ()
    return (
        Status(lock.verdict.status).rank,
        -strength(Grade(lock.verdict.grade) if lock.verdict.grade else None),
        tuple(-part for part in version(combo.tensorflow).release),
        TENSORFLOW_PACKAGES.index(combo.package),
        tuple(-part for part in plugin),
    )


def render(results: Iterable[SlotResult]) -> dict[str, str]:
    """Every file under locks/ with its text, by path relative to the folder."""
    files = {}
    for result in results:
        slot = result.slot
        index = published.to_index(
            result.locks, [(item.combo, item.reason) for item in result.unpublished]
        )
        files[published.index_name(slot.python, slot.arch)] = dump_json(index)
        for lock in result.locks:
            for name in PUBLISHED_FORMATS:
                filename, text = FORMATS[name]
                files[f"{lock.combo.id}/{filename}"] = text(lock)
    return files


OWN_FILES = frozenset(FORMATS[name][0] for name in PUBLISHED_FORMATS)
CONDA_FILES = frozenset({CONDA_FORMATS["conda-lock"][0]})
"""The names of the files in a lock's folder, by what makes them: wheels alone, or a conda half."""


def render_conda(results: Iterable[SlotResult], folder: Path) -> dict[str, str]:
    """What the conda halves add to the locks of wheels in the folder, in the same way.

    conda-lock.yml lies there only for combos that wheels alone cannot serve; for the others it
    is rendered from the index when it is asked for, since the files would triple the folder.
    """
    files = {}
    filename, text = CONDA_FORMATS["conda-lock"]
    for result in results:
        slot = result.slot
        wheels = published.Index.within(folder, slot.python, slot.arch).locks()
        index = published.to_conda_index(
            result.locks, wheels, [(item.combo, item.reason) for item in result.unpublished]
        )
        files[published.conda_index_name(slot.python, slot.arch)] = dump_json(index)
        served = {lock.combo.id for lock in wheels}
        for lock in result.locks:
            if lock.combo.id not in served:
                files[f"{lock.combo.id}/{filename}"] = text(lock)
    return files


def same_channels(matrix: Matrix, conda: CondaClient, slot: Slot, day: date, folder: Path) -> bool:
    """Whether the channels offer what they did when the slot's locks in the folder were made.

    A channel cannot be asked for certain for what it offered on some day, since its records are
    amended; only where their state is the recorded one must the locks come out the same.
    """
    index = published.Index.within(folder, slot.python, slot.arch, conda=True)
    locks = index.locks() if index.exists() else []
    chip = matrix.platforms.chip(CHIP_OF[slot.arch])
    target = matrix.platforms.target(PythonVersion.parse(slot.python), chip)
    recorded = {tuple(item.name for item in lock.conda_packages): lock.channels for lock in locks}
    return all(
        conda.state(target, names, before=end_of(day), undated=True) == channels
        for names, channels in recorded.items()
    )


def stale(
    folder: Path,
    files: dict[str, str],
    chosen: Iterable[Slot],
    own: Collection[str] = OWN_FILES,
) -> list[str]:
    """The paths under the folder that are missing, different or left over.

    Of what lies there, only files with one of the ``own`` names can be left over.
    """
    endings = tuple(f"-py{slot.python}-{slot.arch.value}" for slot in chosen)
    found = {
        path.relative_to(folder).as_posix()
        for path in folder.glob("*/*")
        if path.parent.name.endswith(endings) and path.name in own
    }
    wrong = sorted(found - set(files))
    for name, text in sorted(files.items()):
        try:
            same = (folder / name).read_text("utf-8") == text
        except FileNotFoundError:
            same = False
        if not same:
            wrong.append(name)
    return wrong


def write(
    folder: Path,
    files: dict[str, str],
    chosen: Iterable[Slot],
    own: Collection[str] = OWN_FILES,
) -> list[str]:
    """Bring the folder up to date and return what was changed; left-over locks are removed."""
    changed = stale(folder, files, chosen, own)
    for name in changed:
        path = folder / name
        if name not in files:
            path.unlink()
            if not any(path.parent.iterdir()):
                path.parent.rmdir()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.new")
        beside.write_text(files[name], "utf-8")
        beside.replace(path)
    return changed
