"""What the evidence about a combo adds up to.

A verdict is a pure function of the facts. It keeps every fact that it rests on and never hides
a contrary one. What was run beats what was read, and the newer beats the older; both are shown.
Each function here yields the reasons of one sort; ``fold`` makes the status of them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..target import Arch, Os
from . import macs, neighbours
from .binary_reasons import binary_reasons
from .facts import Outcome
from .kernels import sentence
from .macs import RUN, Macs
from .reasons import Grade, Reason, Status, Verdict
from .untried import untrained

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from ..target import MacOSVersion
    from .facts import Defect, Evidence, Matrix


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


VOUCHING = frozenset({Grade.VENDOR, Grade.REPORTED}) | RUN
"""Grades that come from somebody who ran TensorFlow with the plugin in it.

That it loads and runs is all that they vouch for; what it computes is ``_computing``'s question.
"""

FAULTS = frozenset({"defect", "code", neighbours.KIND, macs.FAILED, macs.FAULTY})
"""The kinds of reason that make a pair ``caution``."""

OUTRANKED = "code-outranked"
"""The kind of what was read in the code and two independent Macs did not find."""

RELU = "relu-wrong"
"""The defect that the plugin's code shows, by its id."""


def judge(
    matrix: Matrix,
    pair: Pair,
    *,
    macos: MacOSVersion | None = None,
    pins: Mapping[str, str] | None = None,
    own: Collection[str] = (),
    extra: Collection[str] = (),
    resolved: bool | None = None,
    os: Os = Os.MACOS,
) -> Verdict:
    """The verdict on a pair, or on a lock of it when its ``pins`` (name to version) are given.

    ``own`` are the packages of the lock that the pair brings itself; where they are named, what
    was seen beside other packages than these counts too.

    Without pins a twin speaks for the pair on that Python, whatever its pins were; ``extra`` then
    names the packages that will be there besides. ``macos`` is the macOS that must run it, if it
    is known. ``resolved`` tells whether a lock was found; None means that nobody tried.
    """
    evidence = [
        item
        for item in matrix.evidence_on(
            pair.package, pair.tensorflow, pair.metal, pair.arch, pair.python
        )
        if not item.pins or pins is None or item.pins_hold_in(pins, own)
    ]
    defects = [
        defect
        for defect in matrix.defects
        if defect.concerns(pair.tensorflow, pair.metal, pair.arch, pair.python, pins or extra)
    ]
    runs = Macs.of(evidence)
    return fold(
        (
            # What may go wrong stands first: it is what a reader must not miss.
            *_defects(defects),
            *_computing(matrix, pair, evidence, runs),
            *_between(matrix, pair, defects, runs),
            *runs.reasons(),
            *(_stub(matrix, pair) if os is Os.MACOS else ()),
            *_floor(matrix, pair, macos),
            *_resolution(resolved),
            *binary_reasons(matrix, pair, os, ran=runs.works),
            *_untrained(matrix, pair, evidence, pins, own),
            *_observations(evidence, _against(evidence, runs)),
        ),
        plugin=pair.metal is not None,
    )


def fold(reasons: Sequence[Reason], *, plugin: bool) -> Verdict:
    """The verdict that the reasons add up to.

    ``works`` needs resolves, loads and twin, and nothing against it. None of the three runs the
    plugin, and pairs are known that load and crash in training, so a pair with a plugin needs
    the word of somebody who ran it besides: the vendor's, a report, or our own run on a Mac.
    That word is that it loads and runs. A fault in what it computes makes ``caution`` of it.
    Two independent Macs that trained are enough by themselves.
    """
    grades = {reason.grade for reason in reasons if reason.grade and not reason.against}
    for reason in reasons:
        if reason.fatal and reason.grade is not None:
            grades -= RUN if reason.grade in RUN else {reason.grade}
    proven = {Grade.RESOLVES, Grade.LOADS, Grade.TWIN} <= grades or any(
        reason.kind == macs.AGREED for reason in reasons
    )
    vouched = not plugin or bool(VOUCHING & grades)
    if any(reason.fatal for reason in reasons):
        status = Status.BROKEN
    elif not (proven and vouched):
        status = Status.UNPROVEN
    elif any(reason.kind in FAULTS for reason in reasons):
        status = Status.CAUTION
    else:
        status = Status.WORKS
    if not vouched and status is Status.UNPROVEN:
        reasons = (*reasons, NOBODY_TRAINED)
    grade = max(grades, default=None)
    return Verdict(status=status, grade=grade, reasons=tuple(reasons))


NOBODY_TRAINED = Reason(
    kind="unproven",
    text="nobody is known to have trained with this pair; that a plugin loads does not show that "
    "it trains",
    source="matrix/vendor.toml, matrix/reports and matrix/proofs have none",
)


def _stub(matrix: Matrix, pair: Pair) -> Iterator[Reason]:
    """A release that is empty, and whose requirements lead to no TensorFlow."""
    if matrix.release(pair.package, pair.tensorflow) is None:
        return
    if matrix.payload_of(pair.package, pair.tensorflow, pair.arch) is not None:
        return
    rows = [
        row
        for row in matrix.packages
        if row.name == pair.package and row.kind == "gone" and row.versions
    ]
    yield Reason(
        kind="stub",
        text=f"{pair.package} {pair.tensorflow} never brings a TensorFlow for {pair.arch.value}"
        + "".join(f": {row.text}" for row in rows),
        source=f"https://pypi.org/project/{pair.package}/{pair.tensorflow}/",
        against=True,
        fatal=True,
    )


def _floor(matrix: Matrix, pair: Pair, macos: MacOSVersion | None) -> Iterator[Reason]:
    """The oldest macOS for the plugin."""
    floor = matrix.floor(pair.metal, pair.arch, pair.python) if pair.metal else None
    if floor is None:
        return
    too_old = macos is not None and macos < floor.run
    yield Reason(
        kind="floor",
        text=f"tensorflow-metal {pair.metal} loads on macOS {floor.load} and runs on "
        f"macOS {floor.run} and newer: {floor.run_evidence}",
        source=floor.source,
        against=too_old,
        fatal=too_old,
    )


def _resolution(resolved: bool | None) -> Iterator[Reason]:
    """Whether a lock was found, where somebody tried."""
    if resolved is None:
        return
    yield Reason(
        kind="resolves",
        text="every requirement has a file for the target"
        if resolved
        else "no set of wheels meets all requirements on the target",
        source="index metadata",
        grade=Grade.RESOLVES,
        against=not resolved,
        fatal=not resolved,
    )


def _against(evidence: Iterable[Evidence], runs: Macs) -> tuple[Evidence, ...]:
    """The observations that are enough to call the pair broken.

    Two independent Macs decide. Where they do not, a newest twin that failed stands against the
    pair, and so does a report that nothing newer from a Mac contradicts; a twin or report that
    went well decides nothing, since neither can show that a plugin loads which the binaries say
    cannot.
    """
    if runs.broken:
        return runs.bad
    if runs.works:
        return ()
    twins = [item for item in evidence if item.grade is Grade.TWIN]
    said = [item for item in evidence if item.grade is Grade.REPORTED]
    for found in (twins, [*said, *runs.good]):
        newest = max(found, key=_decides, default=None)
        if newest is not None and newest.outcome is Outcome.BROKEN:
            return (newest,)
    return ()


def _observations(evidence: Iterable[Evidence], against: Sequence[Evidence]) -> Iterator[Reason]:
    """What was run and said, newest first; one twin stands for every lock with its versions."""
    fatal = {(item.grade, item.text) for item in against}
    twins: set[tuple[Outcome, str]] = set()
    for item in sorted(evidence, key=_age, reverse=True):
        if item.grade is Grade.TWIN:
            if (item.outcome, item.text) in twins:
                continue
            twins.add((item.outcome, item.text))
        broken = item.outcome is Outcome.BROKEN
        yield Reason(
            kind=item.grade.value,
            text=item.text,
            source=item.source,
            grade=item.grade,
            against=broken,
            fatal=broken and (item.grade, item.text) in fatal,
        )


def _untrained(
    matrix: Matrix,
    pair: Pair,
    evidence: Iterable[Evidence],
    pins: Mapping[str, str] | None,
    own: Collection[str],
) -> Iterator[Reason]:
    """In which versions a lock differs from what was trained, where nothing speaks for these."""
    if pins and own and not any(item.grade in RUN | {Grade.TWIN} for item in evidence):
        yield untrained(matrix, pair.tensorflow, pair.python, pins, own)


def _defects(defects: Iterable[Defect]) -> Iterator[Reason]:
    """Known faults with their way out."""
    for defect in defects:
        yield Reason(
            kind="defect",
            text=f"{defect.title}: {defect.text}. Way out: {defect.way_out}",
            source=defect.sources[0],
            against=True,
        )


def _computing(
    matrix: Matrix, pair: Pair, evidence: Iterable[Evidence], runs: Macs
) -> Iterator[Reason]:
    """What stands against what the plugin computes.

    Where its code has a fault that shows in no error, only two independent Macs that looked for
    it and did not find it are enough. Where the code was read and has none, that is; where it was
    not, somebody has to have looked at results.
    """
    if pair.metal is None:
        return
    kernels = matrix.kernels_of(pair.metal, pair.arch, pair.python)
    if kernels is not None and (text := sentence(kernels)):
        cleared = runs.cleared(RELU)
        if cleared:
            text = f"independent Macs looked for it and did not find it, but the code says: {text}"
        yield Reason(
            kind=OUTRANKED if cleared else "code",
            text=text,
            source=f"matrix/kernels/{kernels.package}/{kernels.version}.toml",
            against=True,
        )
    elif not ((kernels is not None and kernels.is_free) or _has_results(evidence)):
        yield RESULTS_UNKNOWN


def _between(matrix: Matrix, pair: Pair, defects: Iterable[Defect], runs: Macs) -> Iterator[Reason]:
    """Silent faults of the pairs on both sides that nobody looked for in this one."""
    if pair.metal is not None:
        yield from neighbours.between(
            matrix,
            pair.tensorflow,
            pair.metal,
            pair.arch,
            runs=(*runs.good, *runs.bad),
            known=[defect.id for defect in defects],
        )


RESULTS_UNKNOWN = Reason(
    kind="code",
    text="whether the GPU computes right is not known: nobody published results with this pair, "
    "and the plugin's code was not read",
    source="matrix/reports, matrix/proofs and matrix/kernels have none",
    against=True,
)


def _has_results(evidence: Iterable[Evidence]) -> bool:
    """Whether somebody looked at what was computed on a Mac's GPU and found it right."""
    return any(
        item.outcome is Outcome.WORKS
        and not item.faults
        and (item.results or item.grade is Grade.TRAINED_GPU)
        for item in evidence
    )


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
