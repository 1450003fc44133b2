"""The commands of cures: filled with what a text names, and such that they work when typed.

A `tfmac-lock` command is printed only if the pairs that it asks for exist. A Python that the text
names and that has no such pair is replaced by the newest that has one.
"""

from __future__ import annotations

import itertools
import re
import shlex
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..matrix.ranking import NoCombo, PairRequest, TensorFlowRequest, choices
from ..target import Arch, Os, minor
from . import conflicts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..matrix.facts import Matrix
    from .lookups import Named

FALLBACK_PYTHON = "3.11"
"""Where nothing names one: the series with the most pairs."""

MOST_OTHERS = 5
"""Packages that a printed command names; with more of them a file is the place."""

_OPTION = re.compile(r" --[a-z]+ \{(\w+)\}")
_DETECTED = frozenset({"chip", "m_chip", "macos", "tensorflow"})
"""Options that may be left out: the Mac's own is taken, or the best TensorFlow."""

_PLACEHOLDER = re.compile(r"\{[a-z_]+\}")


def fill(command: str, names: Named, matrix: Matrix, *, on_mac: bool = True) -> str | None:
    """The command with what was named put in, or None where it cannot be typed.

    An option is left out where its value is not known and need not be: on a Mac tfmac-lock finds
    Python, chip and macOS by itself. Elsewhere it cannot, so there they are always given.
    """
    values = _values(names, matrix, on_mac=on_mac)
    command = _OPTION.sub(
        lambda found: "" if found[1] in _DETECTED and not values.get(found[1]) else found[0],
        command,
    )
    for name, value in values.items():
        if value:
            command = command.replace("{" + name + "}", value)
    command = command.replace("{options}", "").replace("  ", " ").strip()
    if _PLACEHOLDER.search(command):
        return None
    if command.startswith("python ") and names.python_command == "python3":
        command = "python3" + command.removeprefix("python")
    if command.startswith(("tfmac-lock --", "tfmac-lock -r")):
        return _that_works(command, matrix)
    return command


def _values(names: Named, matrix: Matrix, *, on_mac: bool) -> Mapping[str, str]:
    python, chip = _python(names, matrix), _chip(names, matrix)
    if not on_mac:
        chip = chip or ("intel" if names.arch is Arch.X86_64 else "m1")
        python = python or _newest_python(names, matrix)
    m_chip = chip if chip and not chip.startswith("intel") else "" if on_mac else "m1"
    options = (f"--python {python}" if python else "", f"--chip {chip}" if chip else "")
    series = minor(names.tensorflow) if names.tensorflow else ""
    return {
        "options": " ".join(option for option in options if option),
        "chip": chip,
        "m_chip": m_chip,
        "lock_python": python or FALLBACK_PYTHON,
        "tensorflow": askable(names, python, matrix),
        "tensorflow_minor": series,
        "python_minor": names.python or FALLBACK_PYTHON,
        "macos": names.macos,
        "companion": names.companion,
        "missing": names.missing,
        "wanted": _wanted(names),
        "unquoted": names.unquoted,
        "others": _others(names),
    }


def _wanted(names: Named) -> str:
    """Requirements that mend what pip says is not met, or nothing where none can."""
    rows = conflicts.by_package(names.unmet)
    found = {package: conflicts.wanted(each) for package, each in rows.items()}
    if not all(found.values()):
        return ""
    return " ".join(f'"{package}{specifier}"' for package, specifier in found.items())


def _others(names: Named) -> str:
    """Options for the packages beside TensorFlow that pip says do not go together."""
    found = conflicts.others(names.unmet)
    return " ".join(f"--with {name}" for name in found) if len(found) <= MOST_OTHERS else ""


def _python(names: Named, matrix: Matrix) -> str:
    known = any(row.series == names.python for row in matrix.platforms.pythons)
    return names.python if known else ""


def _newest_python(names: Named, matrix: Matrix) -> str:
    release = matrix.release(names.package, names.tensorflow) if names.tensorflow else None
    pythons = release.pythons(names.arch) if release is not None else ()
    return pythons[-1] if pythons and FALLBACK_PYTHON not in pythons else FALLBACK_PYTHON


def _chip(names: Named, matrix: Matrix) -> str:
    try:
        return matrix.platforms.chip(names.chip).id if names.chip else ""
    except UsageError:
        return ""


def askable(names: Named, python: str, matrix: Matrix) -> str:
    """The TensorFlow as an option's value, if it is one that can be had at all."""
    if not names.tensorflow:
        return ""
    release = matrix.release(names.package, names.tensorflow)
    if release is None or matrix.payload_of(names.package, names.tensorflow, names.arch) is None:
        return ""
    if python and python not in release.pythons(names.arch):
        return ""
    return names.tensorflow


def _that_works(command: str, matrix: Matrix) -> str | None:
    """The command, for another Python if there is no pair for this one, or None."""
    words = shlex.split(command)
    given = dict(itertools.pairwise(words))
    if "--python" not in given or "--chip" not in given:
        return command  # the Mac's own, which is not known here
    if _has_pairs(given, given["--python"], matrix):
        return command
    for row in reversed(matrix.platforms.pythons):
        if _has_pairs(given, row.series, matrix):
            return command.replace(f"--python {given['--python']}", f"--python {row.series}")
    return None


def _has_pairs(given: Mapping[str, str], python: str, matrix: Matrix) -> bool:
    platforms = matrix.platforms
    try:
        chip = platforms.chip(given["--chip"])
        wanted = given.get("--tensorflow")
        request = PairRequest(
            python=platforms.python_for(platforms.python(python), chip.arch),
            chip=chip,
            macos=platforms.macos_version(given["--macos"]) if "--macos" in given else None,
            os=Os(given.get("--os", Os.MACOS.value)),
            tensorflow=TensorFlowRequest.parse(wanted) if wanted else TensorFlowRequest(),
            metal=given.get("--metal", "auto"),
        )
        return bool(choices(matrix, request))
    except (NoCombo, UsageError):
        return False
