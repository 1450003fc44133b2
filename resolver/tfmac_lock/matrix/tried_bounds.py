"""Bounds that trials give: which releases of a companion fail beside which TensorFlow.

Beside one minor release of TensorFlow a companion has a last release that runs and a first one
after it that fails; or it has none that runs, or one from which on it runs. Each of these is a
need of the releases that fail: another TensorFlow. It ends at the newest release that was tried,
since a later one may well have learned it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from ..target import minor
from .base import specifier
from .companions import OF_TRIALS, TAKES_AWAY, TENSORFLOW, Needed, takes_away

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .companions import Companions, Trial

WITHOUT = f"3.{TAKES_AWAY}"
"""The first CPython that lacks such modules."""

Filed = tuple[str, "Trial"]
"""A trial with the file that it lies in."""


def bounds_of(trials: Iterable[Filed], *, binary: bool = False) -> Iterator[Needed]:
    """What the trials of one companion say of its releases, TensorFlow by TensorFlow.

    What holds beside one TensorFlow is taken to hold beside its whole minor release, but for
    companions whose images bind to it (``binary``): these may fit one patch and not the next.
    A release that ran beside some packages and failed beside others is no matter of TensorFlow.
    """
    by_tensorflow: dict[str, list[Filed]] = defaultdict(list)
    for one in trials:
        beside = one[1].tensorflow
        by_tensorflow[beside if binary else minor(beside)].append(one)
    for beside, filed in sorted(by_tensorflow.items(), key=lambda item: Version(item[0])):
        older = [one for one in filed if not takes_away(minor(one[1].python))]
        newer = [one for one in filed if takes_away(minor(one[1].python))]
        yield from _beside(beside, older, _ran(filed))
        yield from _beside(beside, newer, _ran(newer), f">={WITHOUT}")


def _ran(trials: list[Filed]) -> set[Version]:
    return {Version(trial.version) for _, trial in trials if trial.outcome == "works"}


def _beside(
    beside: str, trials: list[Filed], sound: set[Version], python: str = ""
) -> Iterator[Needed]:
    """The bounds of some of the trials; releases that are ``sound`` fail by their packages."""
    ran = _ran(trials)
    failed = {
        Version(trial.version): (path, trial)
        for path, trial in trials
        if trial.outcome == "broken" and Version(trial.version) not in sound
    }
    newer = [version for version in failed if ran and version > max(ran)]
    older = [version for version in failed if not ran or version < min(ran)]
    name = f"{OF_TRIALS}{beside}" + (f"-python-{WITHOUT}" if python else "")
    if newer:
        first, text = min(newer), f"{max(ran)} is the newest that runs there"
        versions = f">={first},<={max(newer)}"
        yield _need(name, versions, beside, python, failed[first], text)
    if older:
        last = max(older)
        text = f"{min(ran)} is the oldest that runs there" if ran else "no release was seen to run"
        yield _need(f"{name}-older", f"<={last}", beside, python, failed[last], text)


def _need(name: str, versions: str, beside: str, python: str, filed: Filed, text: str) -> Needed:
    path, trial = filed
    whole = ".*" if beside.count(".") == 1 else ""
    return Needed(
        id=name,
        versions=versions,
        python=python,
        requires=f"tensorflow !={beside}{whole}",
        reason=f"{trial.version} fails beside TensorFlow {trial.tensorflow}, and {text}: "
        f"{trial.error}",
        source=f"twin: {path}",
    )


def is_current(trial: Trial, companions: Companions) -> bool:
    """Whether the trial was made with the smoke test and the settings that the facts have now.

    What ran without a setting that a neighbour in its environment asks for has run all the same,
    and counts in locks without that neighbour; it needs its own settings alone.
    """
    fact = companions.named(trial.companion)
    if fact is not None and trial.program != fact.digest:
        return False
    everyones = companions.settings(trial.versions)
    if trial.outcome != "works":
        return trial.environment == everyones
    alone = {trial.companion: trial.version, "tensorflow": trial.tensorflow}
    own = companions.settings(alone)
    return own.items() <= trial.environment.items() <= everyones.items()


def is_explained(trial: Trial, companions: Companions) -> bool:
    """Whether it was made without something that the facts by now say is needed.

    Its failure then says no more than they do.
    """
    return any(
        not _is_met(need, trial)
        for name, version in trial.versions.items()
        if (fact := companions.named(name)) is not None
        for need in fact.needs
        if specifier(need.versions).contains(version, prereleases=True)
        and need.holds(trial.tensorflow, minor(trial.python))
    )


def _is_met(need: Needed, trial: Trial) -> bool:
    wanted = Requirement(need.requires)
    name = canonicalize_name(wanted.name)
    has = trial.tensorflow if name in TENSORFLOW else trial.pins.get(name)
    return has is not None and wanted.specifier.contains(has, prereleases=True)
