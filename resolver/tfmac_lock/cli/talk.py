"""What the program says on stderr while the index is asked."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

from ..languages import told
from ..pypi.model import Observer
from .terminal import VERBOSE, says

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self


class Talk(Observer):
    """Notes and retries as lines, and the number of answers as one line that keeps changing."""

    def __init__(self, *, show: bool) -> None:
        self._show = show
        self._lock = threading.Lock()
        self._answers = 0
        self._bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._show and self._answers:
            sys.stderr.write("\r\x1b[K")

    def note(self, text: str) -> None:
        """A note, on a line of its own."""
        if says():
            self._line(told(f"note: {text}"))

    def retrying(self, url: str, reason: str, seconds: float) -> None:
        """A failed request, and that it is tried again."""
        if says():
            self._line(told(f"{url}: {reason}; trying again in {seconds:.0f} s"))

    def requested(self, url: str) -> None:
        """A request, where everything is to be said."""
        if says(VERBOSE):
            self._line(f"asks {url}")

    def received(self, url: str, size: int) -> None:  # noqa: ARG002 - the observer's call
        """Count the answer."""
        with self._lock:
            self._answers += 1
            self._bytes += size
            if self._show:
                sys.stderr.write(
                    f"\r\x1b[Kreading the index: {self._answers} answers, "
                    f"{self._bytes / 1e6:.1f} MB"
                )

    def _line(self, text: str) -> None:
        with self._lock:
            clear = "\r\x1b[K" if self._show else ""
            sys.stderr.write(f"{clear}{text}\n")
