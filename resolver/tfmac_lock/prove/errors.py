"""What can go wrong around a proof, apart from the proof not holding."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import InputFileError, OutsideError


class BadReport(InputFileError):
    """A report that is damaged, forged or not about the lock that it claims."""


@dataclass(eq=False)
class ToolFailed(OutsideError):
    """Another program failed; ``said`` is the last that it printed."""

    what: str
    said: str
    template = "{what} failed: {said}"


@dataclass(eq=False)
class DiskFull(OutsideError):
    """There is no room left for an environment."""

    folder: str
    template = "no space left on the disk of {folder}; what was proved so far is kept"


@dataclass(eq=False)
class NotProvable(OutsideError):
    """A lock cannot be proved on this machine. That is not a failed proof, and no passed one."""

    lock: str
    reason: str
    template = "{lock}: not proved: {reason}"
