"""What the main command says of the lock that it wrote."""

from __future__ import annotations

import shlex
import textwrap
from typing import TYPE_CHECKING

from ..lock.formats.header import assignments, install_command
from ..matrix import loading
from ..matrix.reasons import Grade
from ..target import Arch, Os
from .terminal import printable, wrapped

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
    locks: Sequence[Lock], files: Mapping[str, Path], *, color: bool, why: bool = False
) -> str:
    """The text for a terminal of 80 columns; several locks are of one file.

    ``files`` are the written files by the name that their format usually has. ``why`` adds every
    fact that the verdict rests on; without it one lock takes no more than 15 lines.
    """
    others = [lock for lock in locks if lock.beside]
    locks = [lock for lock in locks if not lock.beside]
    blocks = [[*_lock(lock, color=color), *(_reasons(lock) if why else ())] for lock in locks]
    blocks += [_beside(lock, why=why) for lock in others]
    blocks.append(_next(locks, files))
    written = ", ".join(map(str, files.values()))
    last = wrapped(f"Written: {written}", 79, rest="  ")
    more = []
    if any(lock.combo.metal for lock in locks):
        more.append("CPU only, often faster for small models: --metal none.")
    if not why:
        more.append("All reasons: --why.")
    blocks.append([*last, *([" ".join(more)] if more else ())])
    return "\n\n".join("\n".join(lines) for lines in blocks if lines) + "\n"


def _lock(lock: Lock, *, color: bool) -> list[str]:
    """What it is, and what a person must know of it."""
    combo = lock.combo
    plugin = f"with tensorflow-metal {combo.metal}" if combo.metal else "without a GPU plugin"
    system = "Linux" if combo.os is Os.LINUX else f"macOS {combo.macos_min} or newer"
    status = lock.verdict.status
    shown = f"\x1b[1;{COLORS[status]}m{status}\x1b[0m" if color else status
    advice = None if combo.os is Os.LINUX else loading.advice(combo.arch, combo.python)
    untried = _untried(lock)
    fault = _fault(lock, advice) if status == "caution" or untried else None
    said = f"{shown}: {untried or MEANING[status]}" + (f". {fault.title}." if fault else ".")
    return [
        f"{combo.package} {combo.tensorflow} {plugin}, {len(lock.packages)} packages in all",
        f"Python {combo.python} on {combo.chip} ({combo.arch.value}), {system}",
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
    cuda = " with CUDA's libraries" if lock.has_cuda else ""
    what = f"{combo.package} {combo.tensorflow}{cuda}, {len(lock.packages)} packages"
    lines = [f"{lock.beside.name}: {what}, {lock.verdict.status}"]
    lines += [
        text
        for reason in lock.verdict.reasons
        if reason.kind == "cuda"
        for text in _fitted(reason.text)
    ]
    shown = changed if why else changed[:4]
    if shown:
        more = f" and {len(changed) - len(shown)} more (--why)" if len(changed) > len(shown) else ""
        lines += _fitted(f"not the Mac's: {', '.join(map(str, shown))}{more}")
    else:
        lines.append("  every version is the Mac's")
    if why:
        only = [str(one) for one in lock.beside.differences if one not in changed]
        lines += _fitted(", ".join(only)) if only else []
        lines += _reasons(lock)
    return lines


def _parts(lock: Lock, *, color: bool) -> list[str]:
    """One line for each part of the lock that has a verdict of its own beside the pair's."""
    parts: list[tuple[str, CompanionVerdict | RecipeVerdict]] = []
    if lock.recipe is not None:
        parts.append((f"recipe {lock.recipe.name}", lock.recipe))
    parts += [(f"{one.name} {one.version}", one) for one in lock.companions]
    if not parts:
        return []
    # What fails or was not tried first: that is what the reader must know.
    parts.sort(key=lambda part: part[1].status.rank, reverse=True)
    wide = max(len(name) for name, _ in parts[:MOST_PARTS])
    lines = ["", "Packages that touch TensorFlow:"]
    for name, one in parts[:MOST_PARTS]:
        status = one.status.value
        shown = f"\x1b[{COLORS[status]}m{status}\x1b[0m" if color else status
        text = textwrap.shorten(printable(_known(one)), max(20, 66 - wide), placeholder=" …")
        lines.append(f"  {name:<{wide}}  {shown}{' ' * (8 - len(status))}  {text}")
    if parts[MOST_PARTS:]:
        lines.append(f"  and {len(parts) - MOST_PARTS} more, none of them worse: --why")
    return lines


def _known(one: CompanionVerdict | RecipeVerdict) -> str:
    """How its status is known, in few words."""
    against = next((reason.text for reason in one.reasons if reason.against), "")
    if against:
        return against
    if one.status == "works":
        on = " and ".join(getattr(one, "tried_on", ()))
        return "ran beside these versions, on Linux" + (f" with Python {on}" if on else "")
    loads = "its binaries load; " if one.grade == Grade.LOADS else ""
    return f"{loads}not tried beside these versions"


def _untried(lock: Lock) -> str:
    """Which companions were not tried beside the lock's versions; empty where all were."""
    names = [f"{one.name} {one.version}" for one in lock.companions if one.status == "unproven"]
    if not names and lock.recipe and lock.recipe.status == "unproven":
        names = [f"recipe {lock.recipe.name}"]
    if not names:
        # The verdict on the pair says it in words of its own.
        return next(
            (reason.text for reason in lock.verdict.reasons if reason.kind == "untried"), ""
        )
    verb = "was" if len(names) == 1 else "were"
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if names[3:] else "")
    return f"{shown} {verb} not tried beside these versions; it may fail"


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
        return _Fault(title=title, lines=(f"  To avoid it and keep the GPU, {when}:", f"  {do}"))
    for reason in lock.verdict.reasons:
        if reason.kind == "defect":
            title, _, rest = printable(reason.text).partition(": ")
            way_out = rest.partition("Way out: ")[2]
            shown = textwrap.shorten(f"Way out: {way_out}", 150, placeholder=" … (--why)")
            return _Fault(title=title, lines=tuple(_fitted(shown)))
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
        return ["  Newer, with a known fault:", f"  {newer.command(combo.chip)}"]
    if sound is None or (sound.python, sound.tensorflow) == (combo.python, combo.tensorflow):
        return []
    command = sound.command(combo.chip)
    return _fitted(f"Without the fault: {command} (TensorFlow {sound.tensorflow})")


def _with_gpu(lock: Lock, advice: Advice) -> list[str]:
    """Which Python or TensorFlow would have a plugin, and that there are other roads."""
    combo = lock.combo
    offer = advice.newer or advice.sound
    if offer is None:
        return []
    lines = ["  With the GPU" + (", and a known fault:" if offer is advice.newer else ":")]
    lines += _fitted(f"{offer.command(combo.chip)} (TensorFlow {offer.tensorflow})")
    if combo.arch is Arch.ARM64 and _series(combo.tensorflow) >= FIRST_WITHOUT_PLUGIN:
        lines.append("  Other roads to the GPU, with their state: tfmac-lock matrix roads")
    return lines


def _reasons(lock: Lock) -> list[str]:
    """Every fact that the verdict rests on, a blank line first."""
    lines = [""]
    for reason in lock.verdict.reasons:
        where = f" [{reason.source}]" if _is_short(reason.source) else ""
        text = printable(f"{reason.text}{where}")
        lines += wrapped(text, 79, first=f"  {reason.kind + ':':<13}", rest=" " * 15)
    return lines


def _fitted(text: str, indent: str = "  ") -> list[str]:
    return wrapped(text, first=indent, rest="  ")


def _next(locks: Sequence[Lock], files: Mapping[str, Path]) -> list[str]:
    """How to install it, and what to set before it runs."""
    steps = _install(locks, files)
    needed = dict.fromkeys(one for lock in locks for one in assignments(lock))
    return [*steps, *(f"  export {one}" for one in needed)] if steps else []


def _install(locks: Sequence[Lock], files: Mapping[str, Path]) -> list[str]:
    """How to install it, with the file that most people can use."""
    combo = locks[0].combo
    mac = "on that Mac" if len(locks) == 1 else "on either Mac"
    heading = f"Next, {'there' if combo.os is Os.LINUX else mac}:"
    install = install_command(locks[0], "").removesuffix(" -r ").split()
    pip = _broken([*install, f"-r {_word(files.get('requirements.txt'))}"])
    if "requirements.txt" in files and not locks[0].conda_packages:
        return [heading, f"  python{combo.python} -m venv env && . env/bin/activate", *pip]
    if "conda-lock.yml" in files:
        path = _word(files["conda-lock.yml"])
        return [heading, f"  micromamba create --name env --file {path}"]
    if "explicit.txt" in files:
        path = _word(files["explicit.txt"])
        lines = [heading, f"  conda create --name env --file {path}"]
        if "requirements.txt" in files:
            lines += ["  conda activate env", *pip]
        else:
            lines += ["  (and then the wheels, which --format requirements writes)"]
        return lines
    if "environment.yml" in files:
        path = _word(files["environment.yml"])
        return [heading, f"  PIP_NO_DEPS=1 conda env create --name env --file {path}"]
    return _in_a_project(locks[0], files, heading)


def _in_a_project(lock: Lock, files: Mapping[str, Path], heading: str) -> list[str]:
    """What to do with the files for other tools."""
    if "pixi.toml" in files:
        return [heading, f"  pixi install --manifest-path {_word(files['pixi.toml'])}"]
    if any(name.startswith("pyproject-") for name in files):
        return [
            "Next, in the project's folder, which writes it into pyproject.toml:",
            f"  tfmac-lock {lock.command} --format json",
            "  tfmac-lock apply --to pyproject.toml",
        ]
    if "constraints.txt" in files:
        plugin = " tensorflow-metal" if lock.combo.metal else ""
        path = _word(files["constraints.txt"])
        return [heading, f"  python -m pip install -c {path} {lock.combo.package}{plugin}"]
    return []


def _broken(words: Sequence[str]) -> list[str]:
    """The words of a command line as lines of at most 80 columns that a shell joins again."""
    lines = ["  " + words[0]]
    for word in words[1:]:
        if len(lines[-1]) + len(word) > 77:
            lines[-1] += " \\"
            lines.append("    " + word)
        else:
            lines[-1] += f" {word}"
    return lines


def _word(path: Path | None) -> str:
    """The path as one word of a shell's command line."""
    return shlex.quote(str(path))


def _is_short(source: str) -> bool:
    return source.startswith("http") and len(source) < 70
