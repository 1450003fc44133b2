"""What the main command says of the lock that it wrote."""

from __future__ import annotations

import shlex
import textwrap
from typing import TYPE_CHECKING

from ..lock.formats.header import install_command
from ..target import Os

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ..lock.model import Lock

COLORS = {"works": "32", "caution": "33", "unproven": "36", "broken": "31"}
"""The terminal colour of each status, as an SGR number."""

MEANING = {
    "works": "nothing is known against it",
    "caution": "it runs, and has a known fault; see below",
    "unproven": "not enough is known to promise anything",
}


def summary(locks: Sequence[Lock], files: Mapping[str, Path], *, color: bool) -> str:
    """The text for a terminal of 80 columns; several locks are of one file.

    ``files`` are the written files by the name that their format usually has.
    """
    blocks = [_lock(lock, color=color) for lock in locks]
    written = ", ".join(map(str, files.values()))
    blocks.append(textwrap.wrap(f"Written: {written}", 79, subsequent_indent="  "))
    blocks.append(_next(locks, files))
    if any(lock.combo.metal for lock in locks):
        text = (
            "Small models often train faster on the CPU than on the GPU: --metal none makes a lock "
            "without the plugin."
        )
        blocks.append(textwrap.wrap(text, 79))
    return "\n\n".join("\n".join(lines) for lines in blocks if lines) + "\n"


def _lock(lock: Lock, *, color: bool) -> list[str]:
    """What it is, and what is believed of it."""
    combo = lock.combo
    plugin = f"tensorflow-metal {combo.metal}" if combo.metal else "no GPU plugin"
    system = "Linux" if combo.os is Os.LINUX else f"macOS {combo.macos_min} or newer"
    status = lock.verdict.status
    shown = f"\x1b[1;{COLORS[status]}m{status}\x1b[0m" if color else status
    lines = [
        f"{combo.package} {combo.tensorflow}, {plugin}",
        f"Python {combo.python} on {combo.chip} ({combo.arch.value}), {system}",
        f"numpy {combo.numpy}, h5py {combo.h5py}, {len(lock.packages)} packages in all",
        "",
        f"{shown}: {MEANING[status]}",
    ]
    for reason in lock.verdict.reasons:
        kind, text, source = reason.kind, reason.text, reason.source
        lines += _wrapped(f"{kind}:", f"{text} [{source}]" if _is_short(source) else text)
    return lines


def _next(locks: Sequence[Lock], files: Mapping[str, Path]) -> list[str]:
    """How to install it, with the file that most people can use."""
    combo = locks[0].combo
    mac = "on that Mac" if len(locks) == 1 else "on either Mac"
    heading = f"Next, {'there' if combo.os is Os.LINUX else mac}:"
    pip = [
        f"  {install_command(locks[0], '').removesuffix(' -r ')} \\",
        f"    -r {_word(files.get('requirements.txt'))}",
    ]
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
