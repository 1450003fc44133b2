"""What the evidence about a combo adds up to.

A verdict is a pure function of the facts. It keeps every fact that it rests on and never hides
a contrary one. What was run beats what was read, and the newer beats the older; both are shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from ..target import Os
from .facts import Grade, Outcome
from .kernels import sentence

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ..target import Arch, MacOSVersion
    from .facts import Evidence, Matrix


class Status(StrEnum):
    """What to expect of a combo."""

    WORKS = "works"
    CAUTION = "caution"
    UNPROVEN = "unproven"
    BROKEN = "broken"

    @property
    def rank(self) -> int:
        """0 for the best; the order in which combos are offered."""
        return list(Status).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One fact behind a verdict: its kind (a grade, ``defect``, ``floor`` …), text and source.

    ``against`` marks what speaks against the combo.
    """

    kind: str
    text: str
    source: str
    against: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Status, the strongest grade that speaks for the combo, and every fact behind them."""

    status: Status
    grade: Grade | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A TensorFlow release and a plugin release, or none, on an architecture and a Python."""

    package: str
    tensorflow: str
    metal: str | None
    arch: Arch
    python: str

    def __str__(self) -> str:
        plugin = f"tensorflow-metal {self.metal}" if self.metal else "no plugin"
        return f"{self.package} {self.tensorflow} with {plugin}"


RUN = frozenset({Grade.TRAINED_CPU, Grade.TRAINED_GPU})
"""Grades that this project's own program produced on a Mac."""

VOUCHING = frozenset({Grade.VENDOR, Grade.REPORTED}) | RUN
"""Grades that come from somebody who ran TensorFlow with the plugin in it.

That it loads and runs is all that they vouch for; see ``_results``.
"""


def judge(
    matrix: Matrix,
    pair: Pair,
    *,
    macos: MacOSVersion | None = None,
    pins: Mapping[str, str] | None = None,
    extra: Collection[str] = (),
    resolved: bool | None = None,
    os: Os = Os.MACOS,
) -> Verdict:
    """The verdict on a pair, or on a lock of it when its ``pins`` (name to version) are given.

    Without pins a twin speaks for the pair on that Python, whatever its pins were; ``extra`` then
    names the packages that will be there besides. ``macos`` is the macOS that must run it, if it
    is known. ``resolved`` tells whether a lock was found; None means that nobody tried.
    """
    evidence = [
        item
        for item in matrix.evidence
        if item.concerns(pair.package, pair.tensorflow, pair.metal, pair.arch, pair.python)
        and (not item.pins or pins is None or item.pins_hold_in(pins))
    ]
    reasons: list[Reason] = []
    fatal = os is Os.MACOS and _payload(matrix, pair, reasons)
    fatal |= _floor(matrix, pair, macos, reasons)
    grades: set[Grade] = set()
    if resolved is not None:
        _resolves(resolved, reasons, grades)
        fatal |= not resolved
    loads = _loads(matrix, pair, os, reasons, grades)
    run_works = _told(evidence, reasons, grades)
    defects = [
        defect
        for defect in matrix.defects
        if defect.concerns(pair.tensorflow, pair.metal, pair.arch, pair.python, pins or extra)
    ]
    faults = [
        Reason(
            kind="defect",
            text=f"{defect.title}: {defect.text}. Way out: {defect.way_out}",
            source=source,
            against=True,
        )
        for defect in defects
        for source in defect.sources[:1]
    ]
    computes = _computes(matrix, pair, evidence, faults)
    # What may go wrong stands first: it is what a reader must not miss.
    reasons[:0] = faults
    status = _status(
        fatal=fatal,
        loads=loads,
        run_works=run_works,
        grades=grades,
        faulty=bool(defects) or not computes,
        plugin=pair.metal is not None,
    )
    if pair.metal is not None and status is Status.UNPROVEN and not (VOUCHING & grades):
        reasons.append(
            Reason(
                kind="unproven",
                text="nobody is known to have trained with this pair; that a plugin loads does "
                "not show that it trains",
                source="matrix/vendor.toml, matrix/reports.toml and matrix/proofs have none",
            )
        )
    return Verdict(status=status, grade=max(grades, default=None), reasons=tuple(reasons))


def _status(
    *,
    fatal: bool,
    loads: bool | None,
    run_works: bool | None,
    grades: set[Grade],
    faulty: bool,
    plugin: bool,
) -> Status:
    """The status by the grades that were reached.

    ``works`` needs resolves, loads and twin, and nothing against it. None of the three runs the
    plugin, and pairs are known that load and crash in training, so a pair with a plugin needs
    the word of somebody who ran it besides: the vendor's, a report, or our own run on a Mac.
    Whether it computes right is another question, which makes a pair ``faulty``.
    """
    if fatal or run_works is False:
        return Status.BROKEN
    if loads is False and run_works is not True:
        return Status.BROKEN
    proven = {Grade.RESOLVES, Grade.LOADS, Grade.TWIN} <= grades or bool(RUN & grades)
    vouched = not plugin or bool(VOUCHING & grades)
    if not (proven and vouched):
        return Status.UNPROVEN
    return Status.CAUTION if faulty else Status.WORKS


def _computes(matrix: Matrix, pair: Pair, evidence: list[Evidence], faults: list[Reason]) -> bool:
    """Whether nothing stands against what the plugin computes.

    Where its code has a fault that shows in no error, nothing else is enough. Where the code was
    read and has none, that is; where it was not, somebody has to have looked at results.
    """
    if pair.metal is None:
        return True
    kernels = matrix.kernels_of(pair.metal, pair.arch, pair.python)
    if kernels is not None and (told := sentence(kernels)):
        source = f"matrix/kernels/{kernels.package}/{kernels.version}.toml"
        faults.append(Reason(kind="code", text=told, source=source, against=True))
        return False
    if (kernels is not None and kernels.is_free) or _results(evidence):
        return True
    faults.append(
        Reason(
            kind="code",
            text="whether the GPU computes right is not known: nobody published results with "
            "this pair, and the plugin's code was not read",
            source="matrix/reports.toml, matrix/proofs and matrix/kernels have none",
            against=True,
        )
    )
    return False


def _results(evidence: list[Evidence]) -> bool:
    """Whether somebody looked at what was computed on a Mac and found it right."""
    return any(
        item.outcome is Outcome.WORKS and (item.results or item.grade is Grade.TRAINED_GPU)
        for item in evidence
    )


def _payload(matrix: Matrix, pair: Pair, reasons: list[Reason]) -> bool:
    if matrix.release(pair.package, pair.tensorflow) is None:
        return False
    if matrix.payload_of(pair.package, pair.tensorflow, pair.arch) is not None:
        return False
    rows = [
        row
        for row in matrix.packages
        if row.name == pair.package and row.kind == "gone" and row.versions
    ]
    reasons.append(
        Reason(
            kind="stub",
            text=f"{pair.package} {pair.tensorflow} never brings a TensorFlow for {pair.arch.value}"
            + "".join(f": {row.text}" for row in rows),
            source=f"https://pypi.org/project/{pair.package}/{pair.tensorflow}/",
            against=True,
        )
    )
    return True


def _floor(matrix: Matrix, pair: Pair, macos: MacOSVersion | None, reasons: list[Reason]) -> bool:
    if pair.metal is None:
        return False
    floor = matrix.floor(pair.metal, pair.arch, pair.python)
    if floor is None:
        return False
    too_old = macos is not None and macos < floor.run
    reasons.append(
        Reason(
            kind="floor",
            text=f"tensorflow-metal {pair.metal} loads on macOS {floor.load} and runs on "
            f"macOS {floor.run} and newer: {floor.text}",
            source=floor.source,
            against=too_old,
        )
    )
    return too_old


def _resolves(resolved: bool, reasons: list[Reason], grades: set[Grade]) -> None:
    if resolved:
        grades.add(Grade.RESOLVES)
        text = "every requirement has a file for the target"
    else:
        text = "no set of wheels meets all requirements on the target"
    reasons.append(
        Reason(kind=Grade.RESOLVES.label, text=text, source="index metadata", against=not resolved)
    )


def _loads(
    matrix: Matrix, pair: Pair, os: Os, reasons: list[Reason], grades: set[Grade]
) -> bool | None:
    """What the binaries say; without a plugin there is nothing that could fail to load."""
    if os is Os.LINUX:
        reasons.append(
            Reason(
                kind=Grade.LOADS.label,
                text="the Linux wheels were not read",
                source="matrix/binaries",
            )
        )
        return None
    if pair.metal is None:
        payload = matrix.payload_of(pair.package, pair.tensorflow, pair.arch)
        read = [
            fact
            for fact in matrix.binaries
            if (fact.package, fact.version) == payload and fact.arch is pair.arch
        ]
        if not read:
            return None
        grades.add(Grade.LOADS)
        reasons.append(
            Reason(
                kind=Grade.LOADS.label,
                text="no plugin to load; TensorFlow's own binaries were read "
                f"(numpy generation {read[0].numpy_generation or 'not stated'})",
                source=read[0].source,
            )
        )
        return True
    load = matrix.pair_load(pair.package, pair.tensorflow, pair.metal, pair.arch)
    if load is None or load.loads is None:
        reasons.append(
            Reason(
                kind=Grade.LOADS.label,
                text="the binaries of this pair have not been read",
                source="matrix/binaries",
            )
        )
        return None
    source = f"the wheels of {load.package} {load.tensorflow} and tensorflow-metal {load.metal}"
    if load.loads:
        grades.add(Grade.LOADS)
        text = "the plugin's symbols and libraries are all there"
    else:
        missing = (*load.missing_libraries, *load.missing_symbols)
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        text = f"the plugin does not load: {', '.join(missing[:3])}{more} missing"
    reasons.append(Reason(kind=Grade.LOADS.label, text=text, source=source, against=not load.loads))
    return load.loads


def _told(evidence: list[Evidence], reasons: list[Reason], grades: set[Grade]) -> bool | None:
    """Add what was run and said, and return what the decisive observation says.

    The newest run of this project's proof on a Mac decides. Without one, a twin that failed or
    a newest report that the pair is broken stands against it; a twin or report that went well
    decides nothing, since neither can show that a plugin loads which the binaries say cannot.
    """
    told = set()
    for item in sorted(evidence, key=_age, reverse=True):
        works = item.outcome is Outcome.WORKS
        if works:
            grades.add(item.grade)
        # One twin stands for every lock that holds its versions; it is told once.
        key = (item.outcome, item.text)
        if item.grade is not Grade.TWIN or key not in told:
            if item.grade is Grade.TWIN:
                told.add(key)
            kind = item.grade.label
            reasons.append(Reason(kind=kind, text=item.text, source=item.source, against=not works))
    for decisive in (RUN, {Grade.TWIN}, {Grade.REPORTED}):
        newest = max(
            (item for item in evidence if item.grade in decisive), key=_decides, default=None
        )
        if newest is None:
            continue
        if newest.outcome is Outcome.BROKEN:
            grades -= decisive
            return False
        if decisive is RUN:
            return True
    return None


def _decides(item: Evidence) -> tuple[str, bool]:
    """Sorts the decisive observation last: the newest, and of one day the contrary one.

    Twins of one day are the exception. Each speaks for its own pins, so one that failed says
    nothing against the pins of one that went well.
    """
    works = item.outcome is Outcome.WORKS
    return item.date or "", works if item.grade is Grade.TWIN else not works


def _age(item: Evidence) -> tuple[str, Grade]:
    """Sorts older before newer, an undated observation before all."""
    return item.date or "", item.grade
