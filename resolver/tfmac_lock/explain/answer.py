"""From what was recognised to an answer: what it is, why, and what to type now.

A pure function of the recognition and the matrix.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.version import Version

from ..matrix.facts import specifier
from . import commands, lookups
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
    """One symptom explained. ``root`` is the id of the symptom that it follows from, or empty.

    An answer that is not ``certain`` is what the text may show; ``ask`` says what would tell.
    """

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
    certain: bool = True
    ask: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """All answers, the root first, and what the text names.

    ``ours`` says that the text names TensorFlow, ``unsure`` that it does not and that other
    programs print what was recognised too. ``cut`` says that reading stopped before the end.
    """

    answers: tuple[Answer, ...]
    named: tuple[tuple[str, str], ...]
    ours: bool
    unsure: bool
    cut: bool


def explain(recognition: Recognition, matrix: Matrix, *, on_mac: bool = True) -> Explanation:
    """The answer to a text; ``on_mac`` tells that its commands are typed on the Mac itself."""
    names = lookups.named(recognition.facts)
    return Explanation(
        answers=tuple(
            _answer(match, names, matrix, on_mac=on_mac) for match in recognition.matches
        ),
        named=tuple(named_facts(recognition.facts)),
        ours=recognition.ours,
        unsure=not recognition.ours and any(one.symptom.generic for one in recognition.matches[:1]),
        cut=recognition.cut,
    )


def _answer(match: Match, names: Named, matrix: Matrix, *, on_mac: bool) -> Answer:
    symptom = match.symptom
    known = particular(match, names)
    return Answer(
        symptom=symptom.id,
        title=known.title,
        cause=known.cause,
        facts=lookups.look_up(matrix, names, symptom.looks_up, symptom.id),
        cures=cures_for(known, names, matrix, on_mac=on_mac),
        tried=symptom.tried,
        sources=symptom.sources,
        matched=match.line,
        root=match.root,
        notice=symptom.severity.name == "NOTICE",
        certain=not match.weak,
        ask=(symptom.ask or ASK_FOR[0]) if match.weak else "",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Particular:
    """A symptom as it is in one text: ``own`` cures are those of its case, before the others."""

    title: str
    cause: str
    own: tuple[Cure, ...] = ()
    general: tuple[Cure, ...] = ()


def particular(match: Match, names: Named) -> Particular:
    """What the symptom is in this text: by the first of its cases that holds, if one does."""
    symptom = match.symptom
    for case in symptom.cases:
        seen = not case.seen or any(text.pattern in match.near for text in case.seen)
        if seen and _holds(case.when, names):
            return Particular(
                title=case.title or symptom.title,
                cause=case.cause or symptom.cause,
                own=case.cures,
                general=() if case.alone else symptom.cures,
            )
    return Particular(title=symptom.title, cause=symptom.cause, general=symptom.cures)


def cures_for(
    known: Particular, names: Named, matrix: Matrix, *, on_mac: bool = True
) -> tuple[Step, ...]:
    """The cures that hold for what was named: a case's own, then the most particular ones.

    One that depends on a fact which was not named is left out, and so is one whose command would
    be refused or stands there already.
    """
    fitting = [cure for cure in known.own if _holds(cure.when, names)]
    fitting += sorted(
        (cure for cure in known.general if _holds(cure.when, names)),
        key=lambda cure: not cure.when,
    )
    steps: list[Step] = []
    in_tool = IN_A_TOOL.get(names.tool)
    for cure in fitting:
        command = commands.fill(cure.command, names, matrix, on_mac=on_mac)
        if command is None or (command and any(step.command == command for step in steps)):
            continue
        steps.append(Step(text=cure.text, command=command))
        if in_tool and _writes_a_lock(command):
            text, then = in_tool
            steps.append(Step(text=text, command=commands.fill(then, names, matrix) or ""))
            in_tool = None  # said once
    return tuple(steps)


def _project(tool: str) -> str:
    return f"In a project of {tool}, write what that lock says into its file, and install."


_EMPTY = "With conda, install that lock into an empty environment, with its pip."
_IN_R = (
    "For R, install that lock into an environment, and name it before anything else: "
    '`reticulate::use_virtualenv("~/tf", required = TRUE)`.'
)
_INTO_CONDA = (
    "conda create -n tf python={lock_python} pip && conda run -n tf pip install -r requirements.txt"
)
_INTO_VENV = (
    "python{lock_python} -m venv ~/tf && ~/tf/bin/python -m pip install -r requirements.txt"
)
IN_A_TOOL = {
    "poetry": (_project("Poetry"), "tfmac-lock apply --tool poetry && poetry install"),
    "uv": (_project("uv"), "tfmac-lock apply --tool uv && uv sync"),
    "pdm": (_project("PDM"), "tfmac-lock apply --tool pdm && pdm install"),
    "pixi": (_project("pixi"), "tfmac-lock apply --tool pixi && pixi install"),
    "conda": (_EMPTY, _INTO_CONDA),
    "R": (_IN_R, _INTO_VENV),
}
"""What follows a lock for those who work with more than pip."""


def _writes_a_lock(command: str) -> bool:
    """Whether it is the main command alone, which writes requirements.txt and lock.json here."""
    return command == "tfmac-lock" or (
        command.startswith(("tfmac-lock --", "tfmac-lock -r")) and "&&" not in command
    )


def numpy_is(names: Named) -> str:
    """``older`` or ``newer`` than what was compiled for, by the two numbers that were printed."""
    if names.numpy_api is None:
        return ""
    needed, installed = map(lookups.numpy_generation_of, names.numpy_api)
    return "older" if installed < needed else "newer"


_WORDS = ("arch", "missing", "companion", "numpy_is")


def _holds(when: Sequence[tuple[str, str]], names: Named) -> bool:
    """Whether all conditions hold; one without a value says that the fact is not named."""
    for fact, wanted in when:
        value = _value(fact, names)
        if not wanted and not value:
            continue
        if not wanted or not value:
            return False
        if fact in _WORDS:
            if value != wanted:
                return False
        elif not specifier(wanted).contains(value):
            return False
    return True


def _value(fact: str, names: Named) -> str:
    if fact == "arch":
        return names.arch.value if names.arch_is_certain else ""
    if fact in ("missing", "companion"):
        return str(getattr(names, fact))
    if fact == "numpy_is":
        return numpy_is(names)
    if fact in ("tensorflow", "metal", "python", "macos"):
        value: str = getattr(names, fact)
    else:
        value = names.version_of(fact)
    try:
        Version(value)
    except ValueError:
        return ""
    return value


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
                "certain": answer.certain,
                "ask": answer.ask,
            }
            for answer in explanation.answers
        ],
        "named": [{"name": name, "value": value} for name, value in explanation.named],
        "names_tensorflow": explanation.ours,
        "cut": explanation.cut,
    }


ASK_FOR = (
    "the whole message, from the first line of the traceback or of the install on",
    "what `tfmac-lock doctor` prints, typed in that environment",
)
"""What would help where nothing was recognised."""

ERROR_FORM = "error-text.yml"
"""The issue form for a text that is not known yet, in .github/ISSUE_TEMPLATE."""


def error_form() -> str:
    """The address of that form, or an empty text where the package names no issue tracker."""
    from importlib import metadata

    try:
        urls = metadata.metadata("tfmac-lock").get_all("Project-URL") or ()
    except metadata.PackageNotFoundError:
        return ""
    for entry in urls:
        label, _, url = entry.partition(", ")
        if label.lower() in ("issues", "issue tracker", "tracker"):
            return f"{url.rstrip('/')}/new?template={ERROR_FORM}"
    return ""
