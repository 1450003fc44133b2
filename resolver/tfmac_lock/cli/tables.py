"""Tables for the terminal, by rich."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, NoReturn

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..matrix.reasons import Status
from .summary import COLORS
from .terminal import wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..lock.model import Lock
    from ..matrix.facts import Matrix, Road
    from ..matrix.grid import Grid
    from ..matrix.reasons import Verdict
    from ..matrix.verdict import Pair

SIGNS = {
    Status.WORKS: ("+", "green"),
    Status.CAUTION: ("!", "yellow"),
    Status.UNPROVEN: ("?", "cyan"),
    Status.BROKEN: ("x", "red"),
}
"""One sign and one colour a status, so that the grid is read without colours too."""


class _Out(Console):
    """Standard output; a reader that went away ends the program as anywhere else, not with 1."""

    def on_broken_pipe(self) -> NoReturn:
        """Raise what the writing did."""
        raise BrokenPipeError


def show(table: Table) -> None:
    """Print a table; in a pipe it is as wide as it needs to be."""
    console = _Out(highlight=False)
    if not console.is_terminal:
        console = _Out(highlight=False, width=max(console.width, 120))
    console.print(table)


def roads_text(roads: Iterable[Road]) -> str:
    """Each road with what it runs, what it needs and where that was read."""
    blocks = []
    for road in roads:
        lines = [f"{road.name}: {road.state} ({road.read})"]
        for label, text in (("runs", road.runs), ("needs", road.needs), ("", road.text)):
            lines += textwrap.wrap(
                text, 79, initial_indent=f"  {label:<7}", subsequent_indent=" " * 9
            )
        lines += [f"         {source}" for source in road.sources]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def grid_table(grid: Grid) -> Table:
    """The pair grid. It fits 80 columns: a sign a cell, the plugin's version above it."""
    signs = "  ".join(f"{sign} {status.value}" for status, (sign, _) in SIGNS.items())
    table = Table(
        title=f"TensorFlow (down) and tensorflow-metal (across), {grid.arch.value}",
        caption=f"{signs}; plugin versions read downwards\n"
        f"why: tfmac-lock matrix pair 2.18.0 1.1.0 --arch {grid.arch.value}",
        padding=0,
        pad_edge=False,
        box=None,
    )
    table.add_column("TensorFlow", no_wrap=True, min_width=23)
    for plugin in grid.plugins:
        major, minor, patch = (plugin or "").split(".")
        table.add_column(f"{major}\n{minor}\n{patch}", justify="center", width=3)
    for row in grid.rows:
        line = [Text(f"{row.package} {row.tensorflow}")]
        for cell in row.cells:
            sign, color = SIGNS[cell.newest.verdict.status]
            line.append(Text(sign, style=f"bold {color}"))
        table.add_row(*line)
    return table


def combos_table(locks: Iterable[Lock]) -> Table:
    """Every combo on one line, best first within its Python and architecture."""
    table = Table(title="Combos with a published lock", box=None, pad_edge=False)
    for name in ("Python", "arch", "TensorFlow", "plugin", "macOS", "numpy", "h5py", "status"):
        table.add_column(name, no_wrap=True)
    for lock in locks:
        combo = lock.combo
        _, color = SIGNS[Status(lock.verdict.status)]
        package = "macos " if combo.package == "tensorflow-macos" else ""
        table.add_row(
            combo.python,
            combo.arch.value,
            f"{package}{combo.tensorflow}",
            combo.metal or "-",
            f"{combo.macos_min}+",
            combo.numpy or "-",
            combo.h5py or "-",
            Text(f"{lock.verdict.status} {lock.verdict.grade or ''}", style=color),
        )
    return table


def pair_text(matrix: Matrix, pair: Pair, verdict: Verdict, *, color: bool) -> str:
    """One pair with everything that is known of it, for a terminal of 80 columns."""
    status = verdict.status.value
    shown = f"\x1b[1;{COLORS[status]}m{status}\x1b[0m" if color else status
    where = f"Python {pair.python}" if pair.python else "no Python has wheels of both"
    lines = [f"{pair}, {pair.arch.value}, {where}", f"{shown}"]
    for reason in verdict.reasons:
        text = f"{reason.text} [{reason.source}]"
        lines += wrapped(text, 79, first=f"  {reason.kind + ':':<13}", rest=" " * 15)
    load = pair.metal and matrix.pair_load(pair.package, pair.tensorflow, pair.metal, pair.arch)
    if load and (load.missing_symbols or load.missing_libraries):
        lines += ["", "missing:"]
        lines += [f"  {name}" for name in load.missing_libraries]
        for name in load.missing_symbols:
            lines += [f"  {name}", f"    {matrix.readable(name)}"]
    return "\n".join(lines) + "\n"
