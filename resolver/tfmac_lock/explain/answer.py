"""From what was recognised to an answer: what it is, why, and what to type now.

A pure function of the recognition and the matrix.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.version import InvalidVersion, Version

from ..errors import UsageError
from ..matrix.facts import specifier
from . import lookups
from .mentions import named as named_facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..matrix.facts import Matrix
    from .lookups import Fact, Named
    from .recognise import Match, Recognition
    from .symptoms import Cure, Source

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something to do; ``command`` is what to type, or empty."""

    text: str
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One symptom explained. ``root`` is the id of the symptom that it follows from, or empty."""

    symptom: str
    title: str
    cause: str
    facts: tuple[Fact, ...]
    cures: tuple[Step, ...]
    tried: tuple[str, ...]
    sources: tuple[Source, ...]
    matched: str
    root: str
    notice: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """All answers, the root first, and what the text names.

    ``cut`` says that reading stopped before the end of the text.
    """

    answers: tuple[Answer, ...]
    named: tuple[tuple[str, str], ...]
    cut: bool


def explain(recognition: Recognition, matrix: Matrix) -> Explanation:
    """The answer to a text."""
    names = lookups.named(recognition.facts)
    return Explanation(
        answers=tuple(_answer(match, names, matrix) for match in recognition.matches),
        named=tuple(named_facts(recognition.facts)),
        cut=recognition.cut,
    )


def _answer(match: Match, names: Named, matrix: Matrix) -> Answer:
    symptom = match.symptom
    return Answer(
        symptom=symptom.id,
        title=symptom.title,
        cause=symptom.cause,
        facts=lookups.look_up(matrix, names, symptom.looks_up, symptom.id),
        cures=cures(symptom.cures, names, matrix),
        tried=symptom.tried,
        sources=symptom.sources,
        matched=match.line,
        root=match.root,
        notice=symptom.severity.name == "NOTICE",
    )


def cures(known: Sequence[Cure], names: Named, matrix: Matrix) -> tuple[Step, ...]:
    """The cures that hold for what was named, the most particular ones first.

    One that depends on a fact which was not named is left out.
    """
    fitting = [cure for cure in known if _holds(cure.when, names)]
    fitting.sort(key=lambda cure: not cure.when)
    return tuple(
        Step(text=cure.text, command=fill(cure.command, names, matrix)) for cure in fitting
    )


def _holds(when: Sequence[tuple[str, str]], names: Named) -> bool:
    for fact, wanted in when:
        value = _value(fact, names)
        if not value:
            return False
        if fact in ("arch", "installer"):
            if value != wanted:
                return False
        elif not specifier(wanted).contains(value):
            return False
    return True


def _value(fact: str, names: Named) -> str:
    if fact == "arch":
        return names.arch.value if names.arch_is_certain else ""
    if fact in ("tensorflow", "metal", "python", "macos"):
        value: str = getattr(names, fact)
    else:
        value = names.version_of(fact)
    try:
        Version(value)
    except InvalidVersion:
        return ""
    return value


_OPTION = re.compile(r" --[a-z]+ \{(\w+)\}")


def fill(command: str, names: Named, matrix: Matrix) -> str:
    """The command with what was named put in; an option whose value is not known is left out.

    On a Mac tfmac-lock finds out by itself what is not given.
    """
    values = _values(names, matrix)
    command = _OPTION.sub(lambda found: found[0] if values.get(found[1]) else "", command)
    for name, value in values.items():
        command = command.replace("{" + name + "}", value)
    return command.replace("  ", " ").strip()


def _values(names: Named, matrix: Matrix) -> dict[str, str]:
    platforms = matrix.platforms
    python = names.python if any(p.series == names.python for p in platforms.pythons) else ""
    try:
        chip = platforms.chip(names.chip).id if names.chip else ""
    except UsageError:
        chip = ""
    options = (f"--python {python}" if python else "", f"--chip {chip}" if chip else "")
    return {
        "options": " ".join(option for option in options if option),
        "tensorflow": _askable(names, python, matrix),
        "tensorflow_minor": ".".join(names.tensorflow.split(".")[:2]),
        "python_minor": names.python or "3.11",
        "macos": names.macos,
    }


def _askable(names: Named, python: str, matrix: Matrix) -> str:
    """The TensorFlow as an option's value, if it is one that can be had at all."""
    if not names.tensorflow:
        return ""
    release = matrix.release(names.package, names.tensorflow)
    if release is None or matrix.payload_of(names.package, names.tensorflow, names.arch) is None:
        return ""
    if python and python not in release.pythons(names.arch):
        return ""
    return names.tensorflow


def document(explanation: Explanation) -> dict[str, Any]:
    """The explanation as it is printed with ``--json``."""
    return {
        "schema_version": SCHEMA_VERSION,
        "matches": [
            {
                "symptom": answer.symptom,
                "title": answer.title,
                "cause": answer.cause,
                "facts": [{"text": fact.text, "source": fact.source} for fact in answer.facts],
                "cure": [f"{step.text} {step.command}".strip() for step in answer.cures],
                "steps": [{"text": step.text, "command": step.command} for step in answer.cures],
                "tried": list(answer.tried),
                "sources": list(dict.fromkeys(source.url for source in answer.sources)),
                "matched": answer.matched,
                "root": answer.root,
                "severity": "notice" if answer.notice else "error",
            }
            for answer in explanation.answers
        ],
        "named": [{"name": name, "value": value} for name, value in explanation.named],
        "cut": explanation.cut,
    }


_WHAT_PYTHON = "print(sys.version, platform.machine(), platform.mac_ver()[0])"
ASK_FOR = (
    "the whole message, from the first line of the traceback or of the install on",
    "python -m pip freeze",
    f'python -c "import platform, sys; {_WHAT_PYTHON}"',
)
"""What would help where nothing was recognised."""
