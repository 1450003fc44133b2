"""The environment that a lock is for, as an environment marker.

Source: https://packaging.python.org/en/latest/specifications/dependency-specifiers/#environment-markers.
The macOS floor and the chip's name have no marker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...target import Os, machine_name

if TYPE_CHECKING:
    from ..model import Combo


def parts(combo: Combo) -> dict[str, str]:
    """The markers with the values that they have there; every tool can tell them for a Mac."""
    return {
        "sys_platform": "linux" if combo.os is Os.LINUX else "darwin",
        "platform_machine": machine_name(combo.arch, combo.os),
        "python_version": combo.python,
    }


def marker(combo: Combo) -> str:
    """The marker that holds there and on no other kind of machine or Python."""
    return " and ".join(f"{name} == '{value}'" for name, value in parts(combo).items())


def marker_elsewhere(combo: Combo) -> str:
    """The marker that holds everywhere but there."""
    return " or ".join(f"{name} != '{value}'" for name, value in parts(combo).items())
