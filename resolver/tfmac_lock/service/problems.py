"""Answers that are not successes: a status, a code for programs and a text for people."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import OutsideError, Refusal, TfmacLockError, UsageError
from .spoken import in_fields

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_TEXT = 4000


@dataclass(eq=False)
class Refused(Refusal):
    """A request that is not carried out. ``retry_after`` is in seconds, where coming back helps."""

    status: int
    code: str
    text: str
    retry_after: int | None = None

    def __str__(self) -> str:
        return self.text


def refused(error: TfmacLockError) -> Refused:
    """The same error as an answer over HTTP."""
    if isinstance(error, Refused):
        return error
    if isinstance(error, UsageError):
        return Refused(422, "bad-request", in_fields(str(error)))
    if isinstance(error, Refusal):
        return Refused(409, "no-lock", in_fields(str(error)))
    if isinstance(error, OutsideError):
        # Its text may name the operator's index; that it failed is all that a client needs.
        return Refused(502, "index", "the package index could not be asked; try again later", 30)
    return Refused(500, "internal", "something went wrong here; it has been noted")


def body(problem: Refused) -> bytes:
    """The JSON of the problem: ASCII, so that nothing a client sent comes back as itself."""
    text = problem.text[:LONGEST_TEXT]
    document = {"schema_version": 1, "error": {"code": problem.code, "text": text}}
    return json.dumps(document).encode()


def first_fault(errors: Iterable[dict[str, object]]) -> str:
    """The first fault that validation found, with its place; never the value that was sent."""
    for error in errors:
        where = ".".join(str(part)[:60] for part in error["loc"])  # type: ignore[attr-defined]  # a tuple, says pydantic
        return f"{where}: {error['msg']}" if where else str(error["msg"])
    return "not understood"
