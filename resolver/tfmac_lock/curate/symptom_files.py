"""The curator's side of symptoms: ``matrix/symptoms/<id>.toml``, read, checked and compiled.

Needs the ``curate`` extra; the program itself reads what :func:`compile_symptoms` returned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ..errors import DataError
from ..explain import symptoms
from ..matrix.toml import checked, read_toml
from .patterns import PatternError, compile_pattern
from .wordings import FILE as WORDINGS
from .wordings import Wording, Wordings

if TYPE_CHECKING:
    from pathlib import Path

M = TypeVar("M", bound=BaseModel)

LOOK_UPS = (
    "pair",
    "floor",
    "wheels",
    "stub",
    "defects",
    "numpy-generation",
    "companion",
    "asked",
    "unmet",
    "wheel-name",
    "bound:PACKAGE",
    "package:NAME",
)
FACTS_WITH_VERSIONS = frozenset(
    {"tensorflow", "metal", "numpy", "protobuf", "h5py", "keras", "python", "macos", "setuptools"}
)
FACTS_WITH_WORDS = frozenset({"arch", "missing", "numpy_is", "companion"})
FRAMEWORKS = "frameworks.toml"
"""Beside the folder of symptoms: which texts are ours at all."""

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")]
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\n]*$")]
Words = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PatternEntry(Wording):
    """One way in which the symptom prints."""

    needs: tuple[str, ...] = Field(default=(), description="One of these must occur elsewhere")
    weak: bool = Field(default=False, description="Other faults print this as well")
    brief: bool = Field(
        default=False, description="Counts only in a short text, where little else is said"
    )
    bare: bool = Field(
        default=False, description="Counts only where hardly anything stands beside it"
    )


class Example(_Model):
    """A text that must be recognised as this symptom, before any other."""

    text: str = Field(min_length=1)
    source: str = Field(min_length=1)


class NearMiss(_Model):
    """A text that must not be recognised as this symptom."""

    text: str = Field(min_length=1)
    why: Words


class CureEntry(_Model):
    """Something to do, and when."""

    text: Words
    command: str = Field(default="", max_length=300)
    when: dict[str, str] = Field(default_factory=dict)


class CaseEntry(_Model):
    """What the symptom is in some texts, with cause and cures. The first that holds counts."""

    seen: tuple[str, ...] = Field(default=(), description="One of these must occur near it")
    when: dict[str, str] = Field(default_factory=dict)
    title: str = Field(default="", max_length=200, pattern=r"^[^\n]*$")
    cause: str = Field(default="", max_length=2000)
    cures: tuple[CureEntry, ...] = ()
    alone: bool = Field(default=False, description="The symptom's own cures are left out")


class SourceEntry(_Model):
    """Where something is said, and what."""

    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$")]
    says: Words


class SymptomFile(_Model):
    """One file of ``matrix/symptoms``; the file is named after ``id``."""

    id: Id
    title: Line
    stage: Literal["install", "import", "device", "train", "result"]
    severity: Literal["error", "notice"] = "error"
    cause: Words
    leads_to: tuple[Id, ...] = ()
    instead_of: tuple[Id, ...] = ()
    detector: Literal["", "loss-curve"] = ""
    unless: tuple[str, ...] = Field(default=(), description="None of these may occur anywhere")
    looks_up: tuple[str, ...] = Field(
        default=(), description="What the matrix is asked to explain it: " + ", ".join(LOOK_UPS)
    )
    tried: tuple[Words, ...] = ()
    generic: bool = Field(
        default=False, description="Programs of all kinds print the same, for other reasons"
    )
    ask: str = Field(
        default="", max_length=400, description="What to paste or run to be sure, if a text is weak"
    )
    patterns: tuple[PatternEntry, ...] = ()
    examples: tuple[Example, ...] = Field(min_length=1)
    near_misses: tuple[NearMiss, ...] = Field(min_length=1)
    cures: tuple[CureEntry, ...] = Field(min_length=1)
    cases: tuple[CaseEntry, ...] = ()
    sources: tuple[SourceEntry, ...] = Field(min_length=1)


def read(folder: Path) -> dict[str, SymptomFile]:
    """Every symptom of the folder by id, in the order of ids.

    Raises:
        DataError: a file is not TOML, does not fit the model or is not named after its id.

    """
    found: dict[str, SymptomFile] = {}
    for path in sorted(folder.glob("*.toml")):
        where = f"{folder.name}/{path.name}"
        entry = checked(read_toml(path), SymptomFile, where)
        if path.stem != entry.id:
            raise DataError(f"{where}: id", f"is {entry.id!r}, but the file is {path.stem!r}")
        found[entry.id] = entry
    return found


def _compile_text(regex: str, where: str) -> dict[str, Any]:
    try:
        found = compile_pattern(regex)
    except PatternError as error:
        raise DataError(f"{where}: pattern {short(regex)}", str(error)) from error
    return {
        "regex": found.regex,
        "loose": found.loose,
        "literals": sorted(found.literals),
        "further": [sorted(texts) for texts in found.further],
        "openings": sorted(found.openings),
    }


def _check_condition(fact: str, value: str, where: str) -> None:
    if fact in FACTS_WITH_VERSIONS:
        try:
            SpecifierSet(value)
        except InvalidSpecifier as error:
            raise DataError(where, f"{value!r} is not a version specifier") from error
    elif fact not in FACTS_WITH_WORDS:
        known = ", ".join(sorted(FACTS_WITH_VERSIONS | FACTS_WITH_WORDS))
        raise DataError(where, f"unknown fact {fact!r}; known: {known}")


def _check_conditions(when: dict[str, str], where: str) -> None:
    for fact, value in when.items():
        _check_condition(fact, value, f"{where}: when.{fact}")


def _conditions(when: dict[str, str]) -> list[dict[str, str]]:
    return [{"fact": fact, "is": value} for fact, value in when.items()]


def _cures(entries: tuple[CureEntry, ...]) -> list[dict[str, Any]]:
    return [
        {"text": words(cure.text), "command": cure.command, "when": _conditions(cure.when)}
        for cure in entries
    ]


def _compile_symptom(
    entry: SymptomFile, folder_name: str, wordings: Wordings, systems: tuple[str, ...]
) -> dict[str, Any]:
    where = f"{folder_name}/{entry.id}.toml"
    if not entry.patterns and not entry.detector:
        raise DataError(where, "has neither patterns nor a detector")
    for word in entry.looks_up:
        if word not in LOOK_UPS and not word.startswith(("bound:", "package:")):
            raise DataError(f"{where}: looks_up", f"{word!r} is none of {', '.join(LOOK_UPS)}")
    for case in entry.cases:
        if not (case.seen or case.when):
            raise DataError(f"{where}: cases", "one has neither `seen` nor `when`")
        if case.alone and not any(not cure.when for cure in case.cures):
            raise DataError(f"{where}: cases", "one is `alone` and has no cure that always holds")
        _check_conditions(case.when, f"{where}: case {short(case.cause or case.title)}")
    for cure in (*entry.cures, *(cure for case in entry.cases for cure in case.cures)):
        _check_conditions(cure.when, f"{where}: cure {short(cure.text)}")
    unless = (*entry.unless, *(systems if entry.stage == "install" else ()))
    return {
        **entry.model_dump(mode="json", exclude={"examples", "near_misses"}),
        "cause": words(entry.cause),
        "leads_to": sorted(entry.leads_to),
        "instead_of": sorted(entry.instead_of),
        "unless": [_compile_text(text, f"{where}: unless") for text in unless],
        "tried": [words(text) for text in entry.tried],
        "patterns": [
            {
                **_compile_text(regex, where),
                "needs": [_compile_text(text, f"{where}: needs") for text in pattern.needs],
                "weak": pattern.weak,
                "brief": pattern.brief,
                "bare": pattern.bare,
            }
            for pattern in entry.patterns
            for regex in pattern.regexes(wordings)
        ],
        "cures": _cures(entry.cures),
        "cases": [
            {
                "seen": [_compile_text(text, f"{where}: seen") for text in case.seen],
                "when": _conditions(case.when),
                "title": words(case.title),
                "cause": words(case.cause),
                "cures": _cures(case.cures),
                "alone": case.alone,
            }
            for case in entry.cases
        ],
        "sources": [{"url": one.url, "says": words(one.says)} for one in entry.sources],
    }


def words(text: str) -> str:
    """The text in one line."""
    return " ".join(text.split())


def short(text: str) -> str:
    """The beginning of a text, to tell it from others of its kind."""
    line = words(text)
    return repr(line if len(line) <= 60 else f"{line[:57]}...")


class Frameworks(_Model):
    """``matrix/frameworks.toml``."""

    ours: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = Field(
        default=(), description="What speaks against symptoms that are generic, and no others"
    )
    systems: tuple[str, ...] = Field(
        default=(), description="Other systems: what speaks against symptoms of installing"
    )
    beside: tuple[Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]\w*$")], ...] = Field(
        default=(),
        description="Names in site-packages that go with TensorFlow; companions go without saying",
    )


def _frameworks(entry: Frameworks, root: Path) -> dict[str, Any]:
    """The patterns of texts that are ours, and of texts that are somebody else's."""
    companions = {one.stem.replace("-", "_") for one in (root / "companions").glob("*.toml")}
    names = "|".join(sorted({*entry.beside, *companions}))
    # Its files, or all that was typed for Python: python -c "import NAME".
    shown = [rf"-packages[/\\]{{1,2}}(?!(?:{names})(?!\w))\w"]
    typed = [rf"""-c ['"]import (?!(?:{names})(?!\w))[A-Za-z]\w*['"]"""]
    strangers = [*entry.elsewhere, *(shown if names else ()), *(typed if names else ())]
    return {
        key: [_compile_text(text, f"{FRAMEWORKS}: {key}") for text in rows]
        for key, rows in (
            ("ours", entry.ours),
            ("others", entry.others),
            ("strangers", strangers),
        )
    }


def _beside(folder: Path, name: str, model: type[M]) -> M:
    """The file of that name beside the folder of symptoms, or an empty one where there is none."""
    path = folder.parent / name
    return checked(read_toml(path), model, name) if path.exists() else model()


def compile_symptoms(folder: Path) -> dict[str, Any]:
    """The folder's symptoms as the document that the program and the site read.

    Every pattern has been proved to be harmless (see :mod:`.patterns`).

    Raises:
        DataError: with the path to the fault.

    """
    entries = read(folder)
    for entry in entries.values():
        for field in ("leads_to", "instead_of"):
            for other in getattr(entry, field):
                if other not in entries or other == entry.id:
                    raise DataError(
                        f"{folder.name}/{entry.id}.toml: {field}", f"{other!r} is not another id"
                    )
    wordings = _beside(folder, WORDINGS, Wordings)
    whose = _beside(folder, FRAMEWORKS, Frameworks)
    return {
        "schema_version": symptoms.SCHEMA_VERSION,
        "frameworks": _frameworks(whose, folder.parent),
        "symptoms": [
            _compile_symptom(entry, folder.name, wordings, whose.systems)
            for entry in entries.values()
        ],
    }


def lint_examples(folder: Path) -> list[str]:
    """What is wrong with the examples, one line each.

    Every example of a symptom must be recognised as that symptom before any other, and no near
    miss as that symptom.
    """
    from ..explain.recognise import recognise_text

    entries = read(folder)
    known = symptoms.load(compile_symptoms(folder), path=folder.name)
    faults: list[str] = []
    for entry in entries.values():
        for example in entry.examples:
            ids = [match.symptom.id for match in recognise_text(example.text, known).matches]
            if ids[:1] != [entry.id]:
                faults.append(f"{entry.id}.toml: example {short(example.text)} is taken for {ids}")
        for miss in entry.near_misses:
            ids = [match.symptom.id for match in recognise_text(miss.text, known).matches]
            if entry.id in ids:
                faults.append(f"{entry.id}.toml: near miss {short(miss.text)} is taken for {ids}")
    return faults
