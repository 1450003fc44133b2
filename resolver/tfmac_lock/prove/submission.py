"""What somebody hands in: the reports of one Mac, as a file, an issue's text or a request's body.

It is read as what it is, something from anybody: bounded, parsed as JSON and nothing else, and
never passed to a shell or a template. What it may say stands in ``intake``.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, JsonValue, ValidationError, model_validator

from .errors import BadReport
from .handing import KIND, MARK, id_of
from .report import MAX_BYTES, Model, Report, content_of, first_fault, parse

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

LONGEST_ISSUE = 400_000
"""Bytes; GitHub takes 65,536 characters."""


class Submission(Model):
    """The reports of one Mac and one environment: on its CPU, and on its GPU where it has one."""

    schema_version: Literal[1]
    kind: Literal["tfmac-lock-submission"]
    tool: Annotated[str, Field(pattern=r"^[0-9A-Za-z.+]{1,40}$")]
    reports: Annotated[tuple[dict[str, JsonValue], ...], Field(min_length=1, max_length=2)]

    @model_validator(mode="after")
    def _hold_reports(self) -> Submission:
        for place, content in enumerate(self.reports):
            try:
                Report.model_validate_json(json.dumps(content))
            except ValidationError as error:
                # Its own text quotes what was sent.
                raise ValueError(f"reports.{place}: {first_fault(error)}") from None
        return self

    @property
    def parsed(self) -> tuple[Report, ...]:
        """The reports as they are understood."""
        return tuple(Report.model_validate_json(json.dumps(one)) for one in self.reports)

    @property
    def id(self) -> str:
        """The name of the submission: its content's digest in short."""
        return id_of(self.model_dump(mode="json"))


def read_submission(path: Path) -> Submission:
    """The submission in a file, which may hold a single report too; raises BadReport."""
    return from_json(content_of(path, MAX_BYTES), str(path))


def from_json(content: bytes | str, where: str) -> Submission:
    """The submission, or the single report, in a JSON text; raises BadReport."""
    if len(content) > MAX_BYTES:
        raise BadReport(where, f"larger than {MAX_BYTES} bytes: no report of the proof")
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadReport(where, "is not JSON") from error
    if isinstance(data, dict) and data.get("kind") == "tfmac-lock-mnist":
        wrapped = {"schema_version": 1, "kind": KIND, "tool": "0", "reports": [data]}
        return parse(json.dumps(wrapped), Submission, where)
    return parse(content, Submission, where)


def read_issue(path: Path) -> Submission:
    """The submission in the text of an issue; raises BadReport."""
    content = content_of(path, LONGEST_ISSUE)
    return from_issue(content.decode("utf-8", "replace"), str(path))


def from_issue(text: str, where: str) -> Submission:
    """The one submission in the text of an issue: packed, or as JSON; raises BadReport.

    The rest of the text is not looked at.
    """
    packed = re.findall(rf"{re.escape(MARK)}([A-Za-z0-9_=-]{{20,}})", text)
    found = {unpacked(one, where) for one in packed[:5]}
    if not packed:
        found = set(_objects(text))
    if len(found) != 1:
        count = "no report" if not found else f"{len(found)} different reports"
        raise BadReport(
            where,
            f"holds {count} of the proof. One issue hands in one: the text that "
            "`tfmac-lock prove --share` writes",
        )
    return from_json(found.pop(), where)


def _objects(text: str) -> Iterable[str]:
    """The JSON objects that begin a line and say that they are a report.

    What stands inside another object is not looked for: a report out of a damaged document would
    say less than was handed in.
    """
    decoder = json.JSONDecoder()
    for begins in islice(re.finditer(r"(?m)^\{", text), 50):
        try:
            data, _ = decoder.raw_decode(text, begins.start())
        except (ValueError, RecursionError):
            continue
        if isinstance(data, dict) and data.get("kind") in (KIND, "tfmac-lock-mnist"):
            yield json.dumps(data, sort_keys=True)


def unpacked(letters: str, where: str) -> str:
    """The text of a submission that was packed; raises BadReport."""
    try:
        content = base64.urlsafe_b64decode(letters + "=" * (-len(letters) % 4))
        opened = zlib.decompressobj()
        text = opened.decompress(content, MAX_BYTES)
        if opened.unconsumed_tail or not opened.eof:
            raise BadReport(where, "the packed report is cut off or too large")
        return text.decode()
    except (binascii.Error, zlib.error, ValueError) as error:
        raise BadReport(where, f"the packed report cannot be opened ({error})") from error
