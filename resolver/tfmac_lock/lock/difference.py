"""What changed between two locks, and what that means: the verdict first, then the versions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from ..matrix.reasons import Status
from .verify import pins_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..matrix.facts import Bound, Matrix
    from ..matrix.reasons import Verdict
    from .model import Lock


class Turn(StrEnum):
    """Which way a change goes for whoever installs the lock."""

    WORSE = "worse"
    BETTER = "better"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """A change that matters by itself, in words; ``source`` is who says so, where it is a fact."""

    turn: Turn
    text: str
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A package that is not the same in both; a version is empty where it is not there.

    ``kind`` is ``added``, ``removed``, ``newer``, ``older`` or ``file``: another file of the same
    version.
    """

    name: str
    before: str
    after: str
    kind: str

    def __str__(self) -> str:
        if self.kind == "file":
            return f"{self.name} {self.after}: another file"
        return f"{self.name} {self.before or '(not there)'} -> {self.after or '(not there)'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """All that changed; nothing where both locks install the same and say the same of it."""

    headlines: tuple[Headline, ...]
    changes: tuple[Change, ...]

    def __bool__(self) -> bool:
        return bool(self.headlines or self.changes)

    @property
    def is_worse(self) -> bool:
        """Whether anything got worse."""
        return any(line.turn is Turn.WORSE for line in self.headlines)


def difference(before: Lock, after: Lock, matrix: Matrix) -> Difference:
    """The changes from one lock to the other, the worst first."""
    headlines = [
        *_pair(before, after),
        *_verdict(before.verdict, after.verdict),
        *_companions(before, after),
        *left_bounds(
            matrix.bounds_for(after.combo.tensorflow, after.combo.python),
            pins_of(before.packages),
            pins_of(after.packages),
        ),
        *_machine(before, after),
        *_settings(before, after),
    ]
    order = [Turn.WORSE, Turn.BETTER, Turn.OTHER]
    headlines.sort(key=lambda line: order.index(line.turn))
    return Difference(headlines=tuple(headlines), changes=tuple(_changes(before, after)))


def gpu_headline(tensorflow: str, before: str | None, after: str | None) -> Headline | None:
    """What a change of the plugin's version means; ``tensorflow`` says what happens to that."""
    if before == after:
        return None
    if after is None:
        return Headline(turn=Turn.WORSE, text=f"{tensorflow}: loses the GPU")
    if before is None:
        return Headline(turn=Turn.BETTER, text=f"{tensorflow}: gains the GPU")
    return Headline(turn=Turn.OTHER, text=f"tensorflow-metal {before} -> {after}")


def _pair(before: Lock, after: Lock) -> Iterator[Headline]:
    old, new = before.combo, after.combo
    same = (old.package, old.tensorflow) == (new.package, new.tensorflow)
    name = "" if old.package == new.package else f"{new.package} "
    arrow = f"{old.package} {old.tensorflow}" + ("" if same else f" -> {name}{new.tensorflow}")
    gpu = gpu_headline(arrow, old.metal, new.metal)
    if not same and (gpu is None or gpu.turn is Turn.OTHER):
        yield Headline(turn=Turn.OTHER, text=arrow)
    if gpu is not None:
        yield gpu


def _verdict(before: Verdict, after: Verdict) -> Iterator[Headline]:
    known = {reason.text for reason in before.reasons}
    new = [reason for reason in after.reasons if reason.text not in known]
    if before.status != after.status:
        worse = after.status > before.status
        lost = {one.kind for one in before.reasons if one.grade and not one.against}
        lost -= {one.kind for one in after.reasons}
        why = f" (nothing of the kind {', '.join(sorted(lost))} is known of these versions)"
        text = f"verdict: {before.status} -> {after.status}{why if worse and lost else ''}"
        yield Headline(turn=Turn.WORSE if worse else Turn.BETTER, text=text)
    for reason in new:
        if reason.against or reason.kind == "defect":
            yield Headline(turn=Turn.WORSE, text=reason.text, source=reason.source)
    left = {reason.text for reason in after.reasons}
    for reason in before.reasons:
        if reason.kind == "defect" and reason.text not in left:
            title = reason.text.partition(": ")[0]
            yield Headline(turn=Turn.BETTER, text=f"no longer: {title}", source=reason.source)


def _companions(before: Lock, after: Lock) -> Iterator[Headline]:
    old = {one.name: one for one in before.companions}
    for one in after.companions:
        was = old.get(one.name)
        if was is None or was.status == one.status:
            continue
        turn = Turn.WORSE if Status(one.status) > Status(was.status) else Turn.BETTER
        text = f"{one.name} {was.version} -> {one.version}: {was.status} -> {one.status}"
        yield Headline(turn=turn, text=text)


def left_bounds(
    bounds: tuple[Bound, ...], before: Mapping[str, str], after: Mapping[str, str]
) -> Iterator[Headline]:
    """The versions that leave a bound of the TensorFlow that is there afterwards."""
    for bound in bounds:
        pinned, was = after.get(bound.package, ""), before.get(bound.package, "")
        if not pinned or pinned == was or is_within(bound.specifier, pinned):
            continue
        arrow = f"{was} -> {pinned}" if was else pinned
        text = f"{bound.package} {arrow}: leaves the bound {bound.specifier} ({bound.reason})"
        yield Headline(turn=Turn.WORSE, text=text, source=bound.source)


def is_within(specifier: str, version: str) -> bool:
    """Whether the version is in the specifier; what is no version is in none."""
    try:
        return SpecifierSet(specifier).contains(Version(version), prereleases=True)
    except ValueError:
        return False


def _machine(before: Lock, after: Lock) -> Iterator[Headline]:
    old, new = before.combo, after.combo
    if (old.python, old.arch, old.os) != (new.python, new.arch, new.os):
        text = f"Python {old.python} on {old.arch} -> Python {new.python} on {new.arch}"
        yield Headline(turn=Turn.OTHER, text=text)
    if old.macos_min and new.macos_min and old.macos_min != new.macos_min:
        turn = Turn.WORSE if new.macos_min > old.macos_min else Turn.BETTER
        text = f"needs macOS {new.macos_min} or newer (before: {old.macos_min})"
        yield Headline(turn=turn, text=text)


def _settings(before: Lock, after: Lock) -> Iterator[Headline]:
    for name, value in after.environment.items():
        if before.environment.get(name) != value:
            text = f"now needs {name}={value} set before Python starts"
            yield Headline(turn=Turn.OTHER, text=text)
    for name in before.environment:
        if name not in after.environment:
            yield Headline(turn=Turn.OTHER, text=f"no longer needs {name} set")


def _changes(before: Lock, after: Lock) -> Iterator[Change]:
    old = {(one.manager, one.name): one for one in before.packages}
    new = {(one.manager, one.name): one for one in after.packages}
    for key in sorted({*old, *new}, key=lambda key: (key[1], key[0])):
        was, now = old.get(key), new.get(key)
        if was is None or now is None or was.version != now.version:
            yield change(key[1], was.version if was else "", now.version if now else "")
        elif was.sha256 != now.sha256:
            yield Change(name=key[1], before=was.version, after=now.version, kind="file")


def change(name: str, before: str, after: str) -> Change:
    """The change of a package's version; of texts that are no versions the later one is newer."""
    if not before or not after:
        kind = "added" if after else "removed"
    else:
        kind = "newer" if _is_newer(after, before) else "older"
    return Change(name=name, before=before, after=after, kind=kind)


def _is_newer(one: str, other: str) -> bool:
    try:
        return Version(one) > Version(other)
    except ValueError:  # conda has versions of its own kind
        return one > other
