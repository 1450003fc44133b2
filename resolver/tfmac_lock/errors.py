"""The exceptions of tfmac-lock.

Every error that a user can meet is one of these; the command line prints its text as one
paragraph and exits with its status, so nobody ever sees a traceback for a foreseen fault::

    TfmacLockError
    ├── UsageError            2  the request itself makes no sense
    │   ├── UnknownChoice        a word that is none of the known ones, with the nearest
    │   └── InputFileError       a file that the user named cannot be used
    ├── Refusal            1  understood, and the answer is no
    │   └── Objected             the same, with a line for each reason
    └── OutsideError          3  the network, the disk or another program failed
        ├── DataError            data shipped or fetched are damaged
        └── MissingExtra         an optional dependency is not installed

Subclasses are dataclasses with a template of their text; ``eq=False`` leaves them hashable, which
Python asks of exceptions. Each part of the program adds its own beside the code that raises them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class TfmacLockError(Exception):
    """Base of all errors that tfmac-lock raises on purpose."""

    exit_status: ClassVar[int] = 1
    template: ClassVar[str] = ""
    """The text with the fields in braces; where that is not enough there is a ``__str__``."""

    def __str__(self) -> str:
        return self.template.format_map(vars(self)) if self.template else super().__str__()

    def __post_init__(self) -> None:
        """Keep the fields as ``args``, from which pickle makes the error again."""
        self.args = tuple(getattr(self, one.name) for one in fields(self))  # type: ignore[arg-type]  # only dataclasses call it


class UsageError(TfmacLockError):
    """The request itself makes no sense."""

    exit_status = 2


class UnknownChoice(UsageError):
    """A word that is none of the known ones.

    ``what`` names the kind of thing in the user's words ("chip"); the text suggests the
    nearest known word and lists them all. Between numbers nearness of spelling means nothing,
    so ``guess`` is false for them.
    """

    def __init__(self, what: str, given: str, known: Iterable[str], *, guess: bool = True) -> None:
        super().__init__(what, given)
        self.what = what
        self.given = given
        self.known = tuple(known)
        self.guess = guess

    @property
    def nearest(self) -> str | None:
        """The known word most like the given one, if any is near."""
        if not self.guess:
            return None
        import difflib

        found = difflib.get_close_matches(self.given.lower(), self.known, n=1, cutoff=0.5)
        return found[0] if found else None

    def __str__(self) -> str:
        known = ", ".join(self.known)
        if self.nearest is None:
            return f"unknown {self.what} {self.given!r}. Known: {known}."
        return f"unknown {self.what} {self.given!r}. Did you mean {self.nearest!r}? Known: {known}."


@dataclass(eq=False)
class InputFileError(UsageError):
    """A file that the user named cannot be used; ``line`` counts from 1 where it is known."""

    path: str
    reason: str
    line: int | None = None

    def __str__(self) -> str:
        where = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{where}: {self.reason}"


class Refusal(TfmacLockError):
    """The request was understood, and the answer is no: broken, unsatisfiable, findings."""

    exit_status = 1


@dataclass(eq=False)
class Objected(Refusal):
    """Something is refused, with everything that stands against it, a line each.

    The ``template`` is the line above them.
    """

    subject: str
    against: Sequence[object]

    def __str__(self) -> str:
        return "\n  ".join([super().__str__(), *map(str, self.against)])


class OutsideError(TfmacLockError):
    """The network, the disk or another program failed."""

    exit_status = 3


@dataclass(eq=False)
class DataError(OutsideError):
    """Data that tfmac-lock reads are damaged.

    ``path`` leads to the datum, the way ``matrix/bounds.toml: bounds[3].versions`` does.
    """

    path: str
    reason: str
    template = "{path}: {reason}"


@dataclass(eq=False)
class MissingExtra(OutsideError):
    """An optional dependency is needed and not installed."""

    feature: str
    extra: str
    template = "{feature} needs an extra: python -m pip install 'tfmac-lock[{extra}]'"
