"""What the main command says of the lock that it wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..languages import translated
from ..matrix import loading
from ..matrix.reasons import Grade
from ..target import Arch, Os
from .next_steps import next_steps
from .terminal import columns, printable, shortened, wrapped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ..lock.model import Lock
    from ..matrix.advice import Advice
    from ..matrix.companions import CompanionVerdict
    from ..matrix.recipes import RecipeVerdict

COLORS = {"works": "32", "caution": "33", "unproven": "36", "broken": "31"}
"""The terminal colour of each status, as an SGR number."""

MEANING = {
    "works": "it installs and trains, and no fault of it is known",
    "caution": "it runs, with a fault",
    "unproven": "nobody is known to have run it; it may fail",
}
"""What each status says, in the words of the summary."""


MOST_PARTS = 8
"""So many companions get a line; of further ones only the number."""

FIRST_WITHOUT_PLUGIN = (2, 20)
"""From this TensorFlow on the vendor's plugin does not load."""


def summary(
    locks: Sequence[Lock],
    files: Mapping[str, Path],
    *,
    color: bool,
    why: bool = False,
    dry: bool = False,
) -> str:
    """The text for a terminal of 80 columns; several locks are of one file.

    ``files`` are the written files by the name that their format usually has. ``why`` adds every
    fact that the verdict rests on; without it one lock takes no more than 15 lines. ``dry`` says
    that nothing was written. It is in the language that is spoken; commands are as they are typed.
    """
    others = [lock for lock in locks if lock.beside]
    locks = [lock for lock in locks if not lock.beside]
    blocks = [[*_lock(lock, color=color), *(_reasons(lock) if why else ())] for lock in locks]
    blocks += [_beside(lock, why=why) for lock in others]
    blocks.append(next_steps(locks, files))
    written = ", ".join(map(str, files.values()))
    done = translated(f"Would be written: {written}") if dry else translated(f"Written: {written}")
    last = wrapped(done, 79, rest="  ")
    more = []
    if any(lock.combo.metal for lock in locks):
        more.append(translated("CPU only, often faster for small models: --metal none."))
    if not why:
        more.append(translated("All reasons: --why."))
    blocks.append([*last, *(wrapped(" ".join(more)) if more else ())])
    return "\n\n".join("\n".join(lines) for lines in blocks if lines) + "\n"


def _lock(lock: Lock, *, color: bool) -> list[str]:
    """What it is, and what a person must know of it."""
    combo = lock.combo
    system = "Linux" if combo.os is Os.LINUX else translated(f"macOS {combo.macos_min} or newer")
    status = lock.verdict.status
    shown = translated(status)
    if color:
        shown = f"\x1b[1;{COLORS[status]}m{shown}\x1b[0m"
    advice = None if combo.os is Os.LINUX else loading.advice(combo.arch, combo.python)
    untried = _untried(lock)
    fault = _fault(lock, advice) if status == "caution" or untried else None
    said = f"{shown}{translated(': ')}{untried or translated(MEANING[status])}"
    said += (translated(". ") + fault.title if fault else "") + translated(".")
    count = len(lock.packages)
    what = (
        translated(
            f"{combo.package} {combo.tensorflow} with tensorflow-metal {combo.metal}, {count} "
            "packages in all"
        )
        if combo.metal
        else translated(
            f"{combo.package} {combo.tensorflow} without a GPU plugin, {count} packages in all"
        )
    )
    return [
        what,
        translated(f"Python {combo.python} on {combo.chip} ({combo.arch.value}), {system}"),
        "",
        *_fitted(said, indent=""),
        *(fault.lines if fault else ()),
        *_alternative(lock, advice),
        *_parts(lock, color=color),
    ]


def _beside(lock: Lock, *, why: bool) -> list[str]:
    """What a lock for another machine is, and where its versions are not the Mac's."""
    assert lock.beside is not None, "only those beside the Mac's come here"
    combo, changed = lock.combo, lock.beside.changed
    count = len(lock.packages)
    what = (
        translated(f"{combo.package} {combo.tensorflow} with CUDA's libraries, {count} packages")
        if lock.has_cuda
        else translated(f"{combo.package} {combo.tensorflow}, {count} packages")
    )
    lines = [f"{lock.beside.name}: {what}, {translated(lock.verdict.status)}"]
    lines += [
        text
        for reason in lock.verdict.reasons
        if reason.kind == "cuda"
        for text in _fitted(translated(reason.text))
    ]
    shown = changed if why else changed[:4]
    if shown:
        names = ", ".join(translated(str(one)) for one in shown)
        rest = len(changed) - len(shown)
        lines += _fitted(
            translated(f"not the Mac's: {names} and {rest} more (--why)")
            if rest
            else translated(f"not the Mac's: {names}")
        )
    else:
        lines += _fitted(translated("every version is the Mac's"))
    if why:
        only = [translated(str(one)) for one in lock.beside.differences if one not in changed]
        lines += _fitted(", ".join(only)) if only else []
        lines += _reasons(lock)
    return lines


def _parts(lock: Lock, *, color: bool) -> list[str]:
    """One line for each part of the lock that has a verdict of its own beside the pair's."""
    parts: list[tuple[str, CompanionVerdict | RecipeVerdict]] = []
    if lock.recipe is not None:
        parts.append((translated(f"recipe {lock.recipe.name}"), lock.recipe))
    parts += [(f"{one.name} {one.version}", one) for one in lock.companions]
    if not parts:
        return []
    # What fails or was not tried first: that is what the reader must know.
    parts.sort(key=lambda part: part[1].status.rank, reverse=True)
    wide = max(columns(name) for name, _ in parts[:MOST_PARTS])
    least = max(columns(translated(status)) for status in COLORS)
    lines = ["", translated("Packages that touch TensorFlow:")]
    for name, one in parts[:MOST_PARTS]:
        status = translated(one.status.value)
        shown = f"\x1b[{COLORS[one.status]}m{status}\x1b[0m" if color else status
        shown += " " * (least - columns(status))
        text = shortened(printable(_known(one)), max(20, 74 - least - wide))
        lines.append(f"  {name}{' ' * (wide - columns(name))}  {shown}  {text}")
    if parts[MOST_PARTS:]:
        lines.append(
            f"  {translated(f'and {len(parts) - MOST_PARTS} more, none of them worse: --why')}"
        )
    return lines


def _known(one: CompanionVerdict | RecipeVerdict) -> str:
    """How its status is known, in few words."""
    against = next((reason.text for reason in one.reasons if reason.against), "")
    if against:
        return translated(against)
    on = " and ".join(getattr(one, "tried_on", ()))
    if one.status == "works":
        if on:
            return translated(f"ran beside these versions, on Linux with Python {on}")
        return translated("ran beside these versions, on Linux")
    if one.grade == Grade.LOADS and on:
        return translated(
            f"its binaries load; not tried beside these versions, but with Python {on}"
        )
    if one.grade == Grade.LOADS:
        return translated("its binaries load; not tried beside these versions")
    if on:
        return translated(f"not tried beside these versions, but with Python {on}")
    return translated("not tried beside these versions")


def _untried(lock: Lock) -> str:
    """Which companions were not tried beside the lock's versions; empty where all were."""
    names = [f"{one.name} {one.version}" for one in lock.companions if one.status == "unproven"]
    if not names and lock.recipe and lock.recipe.status == "unproven":
        names = [translated(f"recipe {lock.recipe.name}")]
    if not names:
        # The verdict on the pair says it in words of its own.
        untried = (reason.text for reason in lock.verdict.reasons if reason.kind == "untried")
        return translated(next(untried, ""))
    shown = ", ".join(names[:3])
    if len(names) == 1:
        return translated(f"{shown} was not tried beside these versions; it may fail")
    if not names[3:]:
        return translated(f"{shown} were not tried beside these versions; it may fail")
    more = len(names) - 3
    return translated(f"{shown} and {more} more were not tried beside these versions; it may fail")


def _series(tensorflow: str) -> tuple[int, ...]:
    return tuple(int(part) for part in tensorflow.split(".")[:2])


class _Fault:
    """The first fault of a lock, and the lines that say how to avoid it."""

    # No dataclass: making one takes a millisecond of every main job.
    __slots__ = ("lines", "title")

    def __init__(self, title: str, lines: tuple[str, ...]) -> None:
        self.title = title
        self.lines = lines


def _fault(lock: Lock, advice: Advice | None) -> _Fault | None:
    """The switch of the plugin's own fault where there is one, else its way out in words."""
    switch = advice and lock.combo.metal and advice.switch.get(lock.combo.metal)
    if switch:
        title, do, when = switch
        avoid = _fitted(translated(f"To avoid it and keep the GPU, {when}:"))
        return _Fault(title=translated(title), lines=(*avoid, f"  {do}"))
    for reason in lock.verdict.reasons:
        if reason.kind == "defect":
            title, _, rest = printable(reason.text).partition(": ")
            way_out = rest.partition("Way out: ")[2]
            shown = shortened(translated(f"Way out: {way_out}"), 150, " … (--why)")
            return _Fault(title=translated(title), lines=tuple(_fitted(shown)))
    return None


def _alternative(lock: Lock, advice: Advice | None) -> list[str]:
    """What else there is, by the command that asks for it."""
    combo = lock.combo
    if advice is None or combo.chip == "intel":
        return []
    sound, newer = advice.sound, advice.newer
    if combo.metal is None:
        return _with_gpu(lock, advice)
    if lock.verdict.status == "works":
        if newer is None or newer.tensorflow == combo.tensorflow:
            return []
        return [f"  {translated('Newer, with a known fault:')}", f"  {newer.command(combo.chip)}"]
    if sound is None or (sound.python, sound.tensorflow) == (combo.python, combo.tensorflow):
        return []
    if _fault(lock, advice) is None:
        return []  # what is open or against it lies in the companions
    command = sound.command(combo.chip)
    return _fitted(translated(f"Without the fault: {command} (TensorFlow {sound.tensorflow})"))


def _with_gpu(lock: Lock, advice: Advice) -> list[str]:
    """Which Python or TensorFlow would have a plugin, and that there are other roads."""
    combo = lock.combo
    offer = advice.newer or advice.sound
    if offer is None:
        return []
    heading = translated("With the GPU:")
    if offer is advice.newer:
        heading = translated("With the GPU, and a known fault:")
    lines = [f"  {heading}"]
    lines += _fitted(f"{offer.command(combo.chip)} (TensorFlow {offer.tensorflow})")
    if combo.arch is Arch.ARM64 and _series(combo.tensorflow) >= FIRST_WITHOUT_PLUGIN:
        lines += _fitted(
            translated("Other roads to the GPU, with their state: tfmac-lock matrix roads")
        )
    return lines


def _reasons(lock: Lock) -> list[str]:
    """Every fact that the verdict rests on, a blank line first."""
    lines = [""]
    for reason in lock.verdict.reasons:
        where = f" [{reason.source}]" if _is_short(reason.source) else ""
        text = printable(f"{translated(reason.text)}{where}")
        kind = f"  {translated(reason.kind)}{translated(': ').rstrip()}"
        lines += wrapped(text, 79, first=kind + " " * max(1, 15 - columns(kind)), rest=" " * 15)
    return lines


def _fitted(text: str, indent: str = "  ") -> list[str]:
    return wrapped(text, first=indent, rest="  ")


def _is_short(source: str) -> bool:
    return source.startswith("http") and len(source) < 70
