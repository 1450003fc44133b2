"""Looking at the Mac that the program runs on: chip, macOS, and whether Rosetta is between.

``platform`` lies in two ways: an x86_64 interpreter under Rosetta reports an Intel
machine, and one that was built against an old SDK reports macOS 10.16. So the system is asked
itself, through sysctl and sw_vers.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What this Mac is. ``rosetta`` tells that the running interpreter is translated."""

    chip: str
    macos: str
    rosetta: bool


def run_command(command: list[str]) -> str | None:
    """The command's output without the line end, or None where it fails."""
    import subprocess

    environment = {**os.environ, "SYSTEM_VERSION_COMPAT": "0"}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=20, check=True, env=environment
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def detect(
    system: str = sys.platform, run: Callable[[list[str]], str | None] = run_command
) -> Host | None:
    """The Mac that this is, or None on any other system."""
    if system != "darwin":
        return None
    arm = run(["sysctl", "-n", "hw.optional.arm64"]) == "1"
    brand = run(["sysctl", "-n", "machdep.cpu.brand_string"]) or ""
    macos = run(["sw_vers", "-productVersion"]) or ""
    if arm:
        chip = brand.partition(" (")[0]  # "Apple M1 (Virtual)" in a virtual machine
    else:
        displays = run(["system_profiler", "SPDisplaysDataType"]) or ""
        chip = "intel-amd" if "AMD" in displays or "Radeon" in displays else "intel"
    return Host(
        chip=chip,
        macos=macos,
        rosetta=run(["sysctl", "-n", "sysctl.proc_translated"]) == "1",
    )
