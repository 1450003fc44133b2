"""What the main command says of the lock that it wrote."""

from __future__ import annotations

import shlex
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..lock.formats.header import assignments, install_command
from ..matrix import loading
from ..target import Arch, Os

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ..lock.model import Lock
    from ..matrix.advice import Advice

COLORS = {"works": "32", "caution": "33", "unproven": "36", "broken": "31"}
"""The terminal colour of each status, as an SGR number."""

MEANING = {
    "works": "it installs and trains, and no fault of it is known",
    "caution": "it runs, with a fault",
    "unproven": "nobody is known to have run it; it may fail",
}
"""What each status says, in the words of the summary."""


FIRST_WITHOUT_PLUGIN = (2, 20)
"""From this TensorFlow on the vendor's plugin does not load."""


def summary(
    locks: Sequence[Lock], files: Mapping[str, Path], *, color: bool, why: bool = False
) -> str:
    """The text for a terminal of 80 columns; several locks are of one file.

    ``files`` are the written files by the name that their format usually has. ``why`` adds every
    fact that the verdict rests on; without it one lock takes no more than 15 lines.
    """
    blocks = [[*_lock(lock, color=color), *(_reasons(lock) if why else ())] for lock in locks]
    blocks.append(_next(locks, files))
    written = ", ".join(map(str, files.values()))
    last = textwrap.wrap(f"Written: {written}", 79, subsequent_indent="  ")
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
    ]


def _untried(lock: Lock) -> str:
    """Which companions were not tried beside the lock's versions; empty where all were."""
    names = [f"{one.name} {one.version}" for one in lock.companions if one.status == "unproven"]
    if not names:
        return ""
    verb = "was" if len(names) == 1 else "were"
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if names[3:] else "")
    return f"{shown} {verb} not tried beside these versions; it may fail"


def _series(tensorflow: str) -> tuple[int, ...]:
    return tuple(int(part) for part in tensorflow.split(".")[:2])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fault:
    """The first fault of a lock, and the lines that say how to avoid it."""

    title: str
    lines: tuple[str, ...]


def _fault(lock: Lock, advice: Advice | None) -> _Fault | None:
    """The switch of the plugin's own fault where there is one, else its way out in words."""
    switch = advice and lock.combo.metal and advice.switch.get(lock.combo.metal)
    if switch:
        title, do, when = switch
        return _Fault(title=title, lines=(f"  To avoid it and keep the GPU, {when}:", f"  {do}"))
    for reason in lock.verdict.reasons:
        if reason.kind == "defect":
            title, _, rest = reason.text.partition(": ")
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
        lines += _wrapped(f"{reason.kind}:", f"{reason.text}{where}")
    return lines


def _fitted(text: str, indent: str = "  ") -> list[str]:
    """Lines of at most 80 columns; a command that is longer stays whole."""
    return textwrap.wrap(
        text,
        80,
        initial_indent=indent,
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


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
    install = f"  {install_command(locks[0], '').removesuffix(' -r ')}"
    requirements = f"-r {_word(files.get('requirements.txt'))}"
    pip = [f"{install} {requirements}"]
    if len(pip[0]) > 80:
        pip = [f"{install} \\", f"    {requirements}"]
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
    return []


def _word(path: Path | None) -> str:
    """The path as one word of a shell's command line."""
    return shlex.quote(str(path))


def _wrapped(label: str, text: str) -> list[str]:
    return textwrap.wrap(
        text,
        79,
        initial_indent=f"  {label:<13}",
        subsequent_indent=" " * 15,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _is_short(source: str) -> bool:
    return source.startswith("http") and len(source) < 70
