"""What clients send to the service and what it answers: models, and their place in the API.

Every field is bounded, so that a request that passes validation is cheap to carry on with.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..site.documents import Document, Lock, Part

PRINTABLE = r"^[\x20-\x7e]+$"
"""Names, versions and requirements are ASCII; anything else in them is a slip or an attack."""
LONGEST_TEXT = 300_000
"""Of a log or a file of pins, in characters; escaped as JSON it still fits the greatest body."""

Word = Annotated[str, Field(max_length=60, pattern=PRINTABLE)]
Line = Annotated[str, Field(max_length=200, pattern=PRINTABLE)]


class Message(BaseModel):
    """Base of what clients send; unknown fields are refused, since ignoring one would mislead."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LockRequest(Message):
    """What to lock: the options of the command of the same names."""

    python: Annotated[
        str,
        Field(
            pattern=r"^3\.[0-9]{1,2}(\.[0-9]{1,2})?$", description="CPython, like 3.11 or 3.11.9"
        ),
    ]
    chip: Annotated[Word, Field(description="like m1, m3-max, intel, intel-amd")]
    macos: Annotated[Word | None, Field(description="like 14 or 14.1; null fits old ones too")] = (
        None
    )
    os: Literal["macos", "linux"] = "macos"
    tensorflow: Annotated[Word | None, Field(description="like 2.18.1, 2.18, >=2.16,<2.19")] = None
    metal: Annotated[Word, Field(description="a version, auto or none")] = "auto"
    packages: Annotated[
        list[Line], Field(max_length=30, description="requirements to lock besides")
    ] = []
    constraints: Annotated[
        list[Line], Field(max_length=100, description="limits for packages that may come in")
    ] = []
    exclude_newer: Annotated[
        date | None, Field(description="leave out files uploaded after that day")
    ] = None


class ExplainRequest(Message):
    """A log in which failures are to be recognised."""

    text: Annotated[str, Field(max_length=LONGEST_TEXT)]


class CheckRequest(Message):
    """A file of pins to judge for a Mac. ``name`` is the file's, which tells its format."""

    name: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,80}$", description="requirements.txt …")
    ]
    text: Annotated[str, Field(max_length=LONGEST_TEXT)]
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


class Step(Part):
    """Something to do; ``command`` is what to type, or empty."""

    text: str
    command: str


class Told(Part):
    """A fact and where it comes from."""

    text: str
    source: str


class Recognised(Part):
    """A failure that the text shows. ``root`` is the one that it follows from, or empty."""

    symptom: str
    title: str
    cause: str
    facts: list[Told]
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
    cut: bool


class Finding(Part):
    """One thing to know about a file of pins; ``line`` counts from 1, 0 where it is not known."""

    code: str
    level: Literal["error", "warning", "note"]
    package: str
    text: str
    cure: str
    source: str
    path: str
    line: int


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


class ProblemText(Part):
    """What went wrong, for programs (``code``) and for people (``text``)."""

    code: str
    text: str


class Problem(Document):
    """The body of every answer that is not a success."""

    error: ProblemText


MODELS: list[type[BaseModel]] = [
    LockRequest,
    LockAnswer,
    ExplainRequest,
    ExplainAnswer,
    CheckRequest,
    CheckAnswer,
    Problem,
]

PROBLEMS = {
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
}
"""Status codes with what they mean."""

OPERATIONS: dict[str, tuple[type[Message], type[BaseModel], str]] = {
    "lock": (LockRequest, LockAnswer, "Resolve a lock now, with more packages if you like"),
    "explain": (ExplainRequest, ExplainAnswer, "Recognise failures in a log"),
    "check": (CheckRequest, CheckAnswer, "Judge a file of pins for a Mac"),
}
"""What the service computes: request, answer and summary, by the last part of the path."""


def paths() -> dict[str, Any]:
    """The operations as OpenAPI path items."""
    return {
        f"/api/v1/{name}": {"post": _operation(name, *parts)} for name, parts in OPERATIONS.items()
    }


def _operation(
    name: str, request: type[Message], answer: type[BaseModel], summary: str
) -> dict[str, Any]:
    def body(model: type[BaseModel]) -> dict[str, Any]:
        return {"application/json": {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}

    return {
        "operationId": f"make-{name}",
        "summary": summary,
        "requestBody": {"required": True, "content": body(request)},
        "responses": {
            "200": {"description": "the answer", "content": body(answer)},
            **{
                code: {"description": text, "content": body(Problem)}
                for code, text in PROBLEMS.items()
            },
        },
    }
