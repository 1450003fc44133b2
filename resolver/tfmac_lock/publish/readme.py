"""The table of all published locks, locks/README.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lock.published import folder_name
from .locks import recorded_locks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ..lock.model import Lock
    from .locks import Slot

HEAD = """\
# Published locks

Made by `tfmac-lock publish`; do not edit. The package index was looked at up to {day}. A lock
keeps the day from which on its files are the newest that fit.

Each folder is one lock. `requirements.txt` is for pip and uv, `pylock.toml` is the standard
format, and `conda-lock.yml` lies where only conda has the packages. Take the folder of your
Python and chip (`arm64` is Apple silicon, `x86_64` an Intel Mac), and then:

    python -m pip install --require-hashes --no-deps -r requirements.txt

`index/` holds all locks as the program reads them, and `verdicts/` what is known of each, with
the sources; `tfmac-lock publish render` makes the verdicts anew from the facts in `matrix/`.
"""


def readme(folder: Path, slots: Iterable[Slot], day: str) -> str:
    """The text for the locks in the folder, best first within their Python and architecture."""
    lines = [HEAD.format(day=day)]
    for slot in slots:
        wheels = recorded_locks(folder, slot)
        served = {lock.combo.id for lock in wheels}
        mixed = recorded_locks(folder, slot, conda=True)
        rows = [*wheels, *(lock for lock in mixed if lock.combo.id not in served)]
        if rows:
            lines += [f"## Python {slot.python}, {slot.arch.value}", "", *_table(rows), ""]
    return "\n".join(lines)


def _table(locks: Iterable[Lock]) -> Iterator[str]:
    yield "| lock | plugin | numpy | macOS | verdict | as of |"
    yield "|---|---|---|---|---|---|"
    for lock in locks:
        combo, verdict = lock.combo, lock.verdict
        grade = f" ({verdict.grade})" if verdict.grade else ""
        yield (
            f"| [{combo.package} {combo.tensorflow}]({folder_name(combo)}/) "
            f"| {combo.metal or 'none'} | {combo.numpy} | {combo.macos_min} "
            f"| {verdict.status}{grade} | {lock.as_of} |"
        )
