"""What the program says on stderr while the index is asked."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..languages import translated
from ..pypi.model import Observer
from .terminal import VERBOSE, has_bars, says

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from ..pypi.client import IndexClient


@contextmanager
def observed_index(*, counts: bool = False, **settings: Any) -> Iterator[IndexClient]:
    """The index of the settings, whose notes and retries are printed.

    With ``counts`` the number of its answers is shown too, where nothing else shows progress.
    """
    from ..pypi import open_index

    with (
        TerminalObserver(show=counts and has_bars()) as observer,
        open_index(**settings, observer=observer) as client,
    ):
        yield client


class TerminalObserver(Observer):
    """Notes and retries as lines, and the number of answers as one line that keeps changing."""

    def __init__(self, *, show: bool) -> None:
        self._show = show
        self._lock = threading.Lock()
        self._answers = 0
        self._bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._show and self._answers:
            sys.stderr.write("\r\x1b[K")

    def note(self, text: str) -> None:
        """A note, on a line of its own."""
        if says():
            self._line(translated(f"note: {text}"))

    def retrying(self, url: str, reason: str, seconds: float) -> None:
        """A failed request, and that it is tried again."""
        if says():
            self._line(translated(f"{url}: {reason}; trying again in {seconds:.0f} s"))

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
