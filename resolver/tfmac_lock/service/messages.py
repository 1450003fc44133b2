"""What clients send to the service and what it answers: models, and their place in the API.

Every field that is sent is bounded, so that a request that passes validation is cheap to carry
on with. What is answered is made of the classes of the program's own answers.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..check.findings import Finding  # noqa: TC001 - pydantic evaluates it
from ..explain.answer import Step  # noqa: TC001
from ..explain.lookups import Fact  # noqa: TC001
from ..prove.submission import Submission
from ..site.documents import Document, Lock, Part
from ..site.openapi import Computed, Operation

PRINTABLE = r"^[\x20-\x7e]+$"
"""Names, versions and requirements are ASCII; anything else in them is a slip or an attack."""
LONGEST_TEXT = 300_000
"""Of a log or a file of pins, in characters; escaped as JSON it still fits the greatest body."""

Word = Annotated[str, Field(max_length=60, pattern=PRINTABLE)]
Line = Annotated[str, Field(max_length=200, pattern=PRINTABLE)]
LongText = Annotated[str, Field(max_length=LONGEST_TEXT)]
Name = Annotated[str, Field(max_length=60, pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$")]
"""Of a project (https://packaging.python.org/en/latest/specifications/name-normalization/)."""
Python = Annotated[
    str,
    Field(pattern=r"^3\.[0-9]{1,2}(\.[0-9]{1,2})?$", description="CPython, like 3.11 or 3.11.9"),
]
Packages = Annotated[list[Line], Field(max_length=30, description="requirements to lock besides")]
Constraints = Annotated[
    list[Line], Field(max_length=100, description="limits for packages that may come in")
]
FileName = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,80}$", description="requirements.txt …")
]


class Message(BaseModel):
    """Base of what clients send; unknown fields are refused, since ignoring one would mislead."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LockRequest(Message):
    """What to lock: the options of the command of the same names."""

    python: Annotated[Python | None, Field(description="without it the recipe's")] = None
    chip: Annotated[Word, Field(description="like m1, m3-max, intel, intel-amd")]
    macos: Annotated[Word, Field(description="like 14 or 14.1; null fits old ones too")] | None = (
        None
    )
    os: Literal["macos", "linux"] = "macos"
    tensorflow: Annotated[Word, Field(description="like 2.18.1, 2.18, >=2.16,<2.19")] | None = None
    metal: Annotated[Word, Field(description="a version, auto or none")] = "auto"
    recipe: Annotated[Word | None, Field(description="an application or course, like spleeter")] = (
        None
    )
    packages: Packages = []
    constraints: Constraints = []
    allow_source: Annotated[
        list[Name], Field(max_length=30, description="packages that may need a compiler")
    ] = []
    exclude_newer: Annotated[
        date | None, Field(description="leave out files uploaded after that day")
    ] = None


class ExplainRequest(Message):
    """A log in which failures are to be recognised."""

    text: LongText


class CheckRequest(Message):
    """A file of pins to judge for a Mac. ``name`` is the file's, which tells its format."""

    name: FileName
    text: LongText
    python: Word | None = None
    chip: Word | None = None
    macos: Word | None = None


class Content(Part):
    """One file of a lock: its name and its whole text."""

    name: str
    text: str


class LockAnswer(Lock):
    """A lock that was resolved now, with the text of each of its files."""

    contents: list[Content]


class Recognised(Part):
    """A failure that the text shows. ``root`` is the one that it follows from, or empty."""

    symptom: str
    title: str
    cause: str
    facts: list[Fact]
    cure: list[str]
    steps: list[Step]
    tried: list[str]
    sources: list[str]
    matched: str
    root: str
    severity: Literal["error", "notice"]


class NamedFact(Part):
    """Something that the text names, like a version."""

    name: str
    value: str


class ExplainAnswer(Document):
    """What a text shows, best first."""

    matches: list[Recognised]
    named: list[NamedFact]
    names_tensorflow: bool
    cut: bool


class CheckedFile(Part):
    """The file as it was understood, and what it was judged for."""

    path: str
    format: str
    status: str
    target: str


class CheckAnswer(Document):
    """What is to be said of a file of pins; ``nothing-found`` where it names no pair."""

    status: Literal["works", "caution", "unproven", "broken", "nothing-found"]
    files: list[CheckedFile]
    findings: list[Finding]


class ReportAnswer(Document):
    """That a report is kept until a person looks at it. ``id`` is the report's own."""

    id: str


class ProblemText(Part):
    """What went wrong, for programs (``code``) and for people (``text``)."""

    code: str
    text: str


class Problem(Document):
    """The body of every answer that is not a success."""

    error: ProblemText


LOCK_FILES = {
    "requirements.txt": "text/plain",
    "pylock.toml": "application/toml",
}
"""Files of a lock that are answered alone, for programs that read no JSON; with media types."""

COMPUTED = Computed(
    operations={
        "lock": Operation(
            takes=LockRequest,
            answers=LockAnswer,
            summary="Resolve a lock now, with more packages if you like",
            files=LOCK_FILES,
        ),
        "explain": Operation(
            takes=ExplainRequest, answers=ExplainAnswer, summary="Recognise failures in a log"
        ),
        "check": Operation(
            takes=CheckRequest, answers=CheckAnswer, summary="Judge a file of pins for a Mac"
        ),
    },
    problem=Problem,
    problems={
        "400": "the request cannot be read",
        "408": "the body came too slowly",
        "409": "understood, and the answer is no: nothing fits, with the reason",
        "413": "the body is too large",
        "415": "the body is not application/json",
        "422": "the body is not what this operation takes",
        "429": "too many requests of this client are under way",
        "502": "the package index could not be asked",
        "503": "too busy; come again after the time in Retry-After",
        "504": "it took too long",
    },
)
"""What the service computes, by the last part of the path."""


def computed(*, reports: bool) -> Computed:
    """What a service computes, with the operation that takes reports where it takes them."""
    if not reports:
        return COMPUTED
    takes = Operation(
        takes=Submission,
        answers=ReportAnswer,
        summary="Hand in what `tfmac-lock prove --share` wrote on a Mac",
    )
    return replace(COMPUTED, operations={**COMPUTED.operations, "report": takes})
