"""What can go wrong around a proof, apart from the proof not holding."""

from __future__ import annotations

from ..errors import InputFileError, OutsideError


class BadReport(InputFileError):
    """A report that is damaged, forged or not about the lock that it claims."""


class ToolFailed(OutsideError):
    """Another program failed; ``said`` is the last that it printed."""

    def __init__(self, what: str, said: str) -> None:
        super().__init__(what, said)
        self.what = what
        self.said = said

    def __str__(self) -> str:
        return f"{self.what} failed: {self.said}"


class DiskFull(OutsideError):
    """There is no room left for an environment."""

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self.folder = folder

    def __str__(self) -> str:
        return f"no space left on the disk of {self.folder}; what was proved so far is kept"


class NotProvable(OutsideError):
    """A lock cannot be proved on this machine. That is not a failed proof, and no passed one."""

    def __init__(self, lock: str, reason: str) -> None:
        super().__init__(lock, reason)
        self.lock = lock
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.lock}: not proved: {self.reason}"
