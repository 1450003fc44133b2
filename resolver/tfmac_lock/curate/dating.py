"""The day of the compiled facts, and a digest of what their files look like."""

from __future__ import annotations

import hashlib
import json
import typing
from dataclasses import fields, is_dataclass
from typing import Any

from ..explain.symptoms import Symptom
from ..lock import published
from ..matrix.advice import Advice
from ..matrix.compiled import SCHEMA_VERSION
from ..matrix.facts import Matrix
from ..matrix.switches import Switches
from ..target import Platforms


def newest_day(matrix: Matrix) -> str:
    """The day of the newest fact."""
    days = [item.date for item in matrix.evidence if item.date and len(item.date) == 10]
    return max([matrix.as_of, *days])


def shape() -> str:
    """A digest of what the compiled files look like: the fields of every fact, by class.

    A program reads the facts of another version only where the two agree.
    """
    seen: dict[str, list[str]] = {}

    def note(kind: Any) -> None:
        for argument in typing.get_args(kind):
            note(argument)
        if not (isinstance(kind, type) and is_dataclass(kind)) or kind.__qualname__ in seen:
            return
        hints = typing.get_type_hints(kind)
        seen[kind.__qualname__] = [f"{one.name}: {hints[one.name]}" for one in fields(kind)]
        for one in fields(kind):
            note(hints[one.name])

    for kind in (Matrix, Platforms, Advice, Switches, Symptom):
        note(kind)
    versions = (SCHEMA_VERSION, published.SCHEMA_VERSION)
    return hashlib.sha256(json.dumps([versions, seen], sort_keys=True).encode()).hexdigest()[:12]
