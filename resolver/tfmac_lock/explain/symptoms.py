"""Symptoms: failures that are recognised by what they print, as the program carries them.

Curators write them as TOML (:mod:`.symptom_files`); what is read here is the compiled form,
``data/symptoms.json``, which the site's JavaScript reads too.
"""

from __future__ import annotations

import enum
import functools
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import DataError
from ..matrix import loading
from .sought import matches, places

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SCHEMA_VERSION = 1


class Stage(enum.IntEnum):
    """When a failure shows; an earlier one is the root of a later one rather than its result."""

    INSTALL = 0
    IMPORT = 1
    DEVICE = 2
    TRAIN = 3
    RESULT = 4


class Severity(enum.IntEnum):
    """How bad it is: a notice needs nothing done."""

    ERROR = 0
    NOTICE = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One regular expression, for text that is folded to lower case.

    ``pattern`` is as it was written, ``loosened`` suits text whose lines were joined; they are
    compiled when they are first sought, since most texts ask for few. One of ``literals`` occurs,
    folded and squeezed, wherever either matches, and one of each set in ``further``. Both begin
    with one of ``openings``, if there are any.
    """

    pattern: str
    loosened: str
    literals: frozenset[bytes]
    further: tuple[frozenset[bytes], ...]
    openings: tuple[str, ...]

    @property
    def regex(self) -> re.Pattern[str]:
        """The pattern, compiled."""
        return _folded(self.pattern)

    @property
    def loose(self) -> re.Pattern[str]:
        """The one for joined lines, compiled."""
        return _folded(self.loosened)

    def finditer(self, folded: str, *, loose: bool) -> Iterator[re.Match[str]]:
        """The matches of one of the two in a text that is folded to lower case."""
        regex = self.loose if loose else self.regex
        if not self.openings:
            return regex.finditer(folded)
        return matches(regex, folded, places(folded, self.openings))

    def possible(self, squeezed: bytes) -> bool:
        """Whether the rest of what it needs stands in the window too."""
        return all(any(literal in squeezed for literal in texts) for texts in self.further)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """One way in which a symptom prints.

    It counts only if one of ``needs``, where there are any, occurs somewhere in the same text.
    ``weak`` marks texts that other faults print as well. ``brief`` ones count only in a short
    text, as somebody pastes who has nothing else, and ``bare`` ones only where hardly anything
    stands beside them.
    """

    text: Text
    needs: tuple[Text, ...]
    weak: bool
    brief: bool
    bare: bool

    @property
    def settles(self) -> bool:
        """Whether one match is enough, whatever else the text says."""
        return not (self.weak or self.brief or self.bare or self.needs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cure:
    """Something to do.

    ``when`` pairs facts ("tensorflow", "python", "arch" …) with the specifiers or words for which
    it holds; ``command`` may name facts in braces.
    """

    text: str
    command: str
    when: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a symptom is in some texts: those near which one of ``seen`` stands and ``when`` holds.

    ``title`` and ``cause`` take the place of the symptom's where they are not empty. Its cures
    come before the symptom's, and are all if it is ``alone``.
    """

    seen: tuple[Text, ...]
    when: tuple[tuple[str, str], ...]
    title: str
    cause: str
    cures: tuple[Cure, ...]
    alone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where something is said, and what."""

    url: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frameworks:
    """What tells whose a text is: ours if one of ``ours`` or none of ``others`` occurs in it.

    ``strangers`` show files of an installed package that does not go with TensorFlow.
    """

    ours: tuple[Text, ...]
    others: tuple[Text, ...]
    strangers: tuple[Text, ...]

    @property
    def texts(self) -> tuple[Text, ...]:
        """All of them."""
        return (*self.ours, *self.others, *self.strangers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """One failure: how to recognise it, why it happens, what helps.

    ``leads_to`` names symptoms that follow from this one in the same log; ``instead_of`` names
    more general ones that the same lines would match as well. ``detector`` names a detector in
    code for what no pattern can see, or is empty. ``looks_up`` says which facts of the matrix
    explain it. Text in which one of ``unless`` occurs does not show the symptom, whatever else it
    prints, and neither does one that shows another framework and not ours. ``generic`` says that
    programs of all kinds print the same for other reasons. The first of ``cases`` that holds says
    more of the text. ``ask`` says what to paste or to run where the text is too short to be sure.
    """

    id: str
    title: str
    stage: Stage
    severity: Severity
    cause: str
    patterns: tuple[Pattern, ...]
    detector: str
    looks_up: tuple[str, ...]
    unless: tuple[Text, ...]
    leads_to: frozenset[str]
    instead_of: frozenset[str]
    cures: tuple[Cure, ...]
    cases: tuple[Case, ...]
    tried: tuple[str, ...]
    ask: str
    sources: tuple[Source, ...]
    frameworks: Frameworks
    generic: bool

    @property
    def others(self) -> tuple[Text, ...]:
        """What tells a text that does not show it, unless the text is ours."""
        known = self.frameworks
        return (*known.others, *known.strangers) if self.generic else known.others


def _literals(texts: list[str]) -> frozenset[bytes]:
    return frozenset(text.encode("ascii") for text in texts)


@functools.cache
def _folded(regex: str) -> re.Pattern[str]:
    r"""The same expression in lower case, but for ``\S`` and the like.

    Over folded text it finds what it finds in any case in the text itself, and several times as
    fast: only where case counts does the matcher skip to the letters that a match begins with.

    Raises:
        DataError: it is none.

    """
    try:
        return re.compile(re.sub(r"\\.|[A-Z]", _fold, regex), re.ASCII)
    except re.error as error:
        raise DataError("data/symptoms.json", f"is damaged: {error!r}") from error


def _fold(part: re.Match[str]) -> str:
    return part[0] if part[0].startswith("\\") else part[0].lower()


def _text(data: Mapping[str, Any]) -> Text:
    return Text(
        pattern=data["regex"],
        loosened=data["loose"],
        literals=_literals(data["literals"]),
        further=tuple(map(_literals, data["further"])),
        # Compiled documents of before have none.
        openings=tuple(data.get("openings", ())),
    )


def _conditions(data: list[Mapping[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((condition["fact"], condition["is"]) for condition in data)


def _cures(data: list[Mapping[str, Any]]) -> tuple[Cure, ...]:
    return tuple(
        Cure(text=cure["text"], command=cure["command"], when=_conditions(cure["when"]))
        for cure in data
    )


def _symptom(data: Mapping[str, Any], frameworks: Frameworks) -> Symptom:
    return Symptom(
        id=data["id"],
        title=data["title"],
        stage=Stage[data["stage"].upper()],
        severity=Severity[data["severity"].upper()],
        cause=data["cause"],
        patterns=tuple(
            Pattern(
                text=_text(pattern),
                needs=tuple(map(_text, pattern["needs"])),
                weak=pattern["weak"],
                brief=pattern["brief"],
                # Compiled documents of before have none.
                bare=pattern.get("bare", False),
            )
            for pattern in data["patterns"]
        ),
        detector=data["detector"],
        looks_up=tuple(data["looks_up"]),
        unless=tuple(map(_text, data["unless"])),
        leads_to=frozenset(data["leads_to"]),
        instead_of=frozenset(data["instead_of"]),
        cures=_cures(data["cures"]),
        cases=tuple(
            Case(
                seen=tuple(map(_text, case["seen"])),
                when=_conditions(case["when"]),
                title=case["title"],
                cause=case["cause"],
                cures=_cures(case["cures"]),
                alone=case["alone"],
            )
            for case in data.get("cases", ())
        ),
        tried=tuple(data["tried"]),
        ask=data["ask"],
        sources=tuple(Source(url=s["url"], says=s["says"]) for s in data["sources"]),
        frameworks=frameworks,
        generic=data["generic"],
    )


def load(data: Mapping[str, Any], *, path: str = "symptoms.json") -> tuple[Symptom, ...]:
    """The symptoms of a compiled document, in its order.

    Raises:
        DataError: the document is not one that this version wrote.

    """
    try:
        if data["schema_version"] != SCHEMA_VERSION:
            raise DataError(f"{path}: schema_version", f"is not {SCHEMA_VERSION}")
        known = data["frameworks"]
        frameworks = Frameworks(
            **{key: tuple(map(_text, known[key])) for key in ("ours", "others", "strangers")}
        )
        return tuple(_symptom(entry, frameworks) for entry in data["symptoms"])
    except (KeyError, TypeError) as error:
        raise DataError(path, f"is damaged: {error!r}") from error


def shown(symptom: Mapping[str, Any]) -> Iterator[str]:
    """Every text of a compiled symptom that an answer may show."""
    yield from (symptom["title"], symptom["cause"], symptom["ask"])
    for one in (symptom, *symptom["cases"]):
        yield from (cure["text"] for cure in one["cures"])
    for case in symptom["cases"]:
        yield from (text for text in (case["title"], case["cause"]) if text)


@functools.cache
def shipped() -> tuple[Symptom, ...]:
    """The symptoms that came with the program.

    Raises:
        DataError: they are missing or damaged.

    """
    path = "data/symptoms.json"
    try:
        text = (loading.data_folder() / "symptoms.json").read_text(encoding="utf-8")
        return load(json.loads(text), path=path)
    except (OSError, ValueError) as error:
        raise DataError(path, f"cannot be read: {error}") from error
