"""What the main command says of the lock that it wrote."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from ..target import Os

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from ..lock.model import Lock

COLORS = {"works": "32", "caution": "33", "unproven": "36", "broken": "31"}
"""The terminal colour of each status, as an SGR number."""

MEANING = {
    "works": "nothing is known against it",
    "caution": "it runs, and has a known fault; see below",
    "unproven": "not enough is known to promise anything",
}


def summary(lock: Lock, folder: Path, files: Iterable[str], *, color: bool) -> str:
    """The text for a terminal of 80 columns."""
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
    for kind, text, source in lock.verdict.reasons:
        lines += _wrapped(f"{kind}:", f"{text} [{source}]" if _is_short(source) else text)
    files = list(files)
    written = ", ".join(str(folder / name) for name in files)
    lines += ["", *textwrap.wrap(f"Written: {written}", 79, subsequent_indent="  ")]
    if steps := _next(lock, folder, files):
        lines += ["", f"Next, {'there' if combo.os is Os.LINUX else 'on that Mac'}:", *steps]
    if combo.metal:
        lines += [
            "",
            *textwrap.wrap(
                "Small models often train faster on the CPU than on the GPU: --metal none makes "
                "a lock without the plugin.",
                79,
            ),
        ]
    return "\n".join(lines) + "\n"


def _next(lock: Lock, folder: Path, files: Sequence[str]) -> list[str]:
    """The commands that install the lock, as far as its files allow one."""
    pip = ["python -m pip install --require-hashes --no-deps \\"]
    pip.append(f"  -r {folder / 'requirements.txt'}")
    wheels = pip if "requirements.txt" in files else []
    if not lock.conda_packages:
        steps = [f"python{lock.combo.python} -m venv env && . env/bin/activate", *pip]
        return [f"  {step}" for step in steps] if wheels else []
    create = "create --name tensorflow --file"
    if "conda-lock.yml" in files:
        steps = [f"micromamba {create} {folder / 'conda-lock.yml'}"]
    elif "explicit.txt" in files:
        steps = [f"conda {create} {folder / 'explicit.txt'}"]
        steps += ["conda activate tensorflow", *wheels] if wheels else []
        steps += [] if wheels else ["(and then the wheels, which --format requirements writes)"]
    elif "environment.yml" in files:
        steps = [f"PIP_NO_DEPS=1 conda env {create} {folder / 'environment.yml'}"]
    else:
        steps = []
    return [f"  {step}" for step in steps]


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
