"""Recognising symptoms in a stream: linear time, constant memory.

Each window is squeezed once and searched for the literals of all patterns, which bytes.find does
at the speed of memory; only where one is found is the window cleaned and the regular expression
run. Patterns are proved harmless by :mod:`.dialect`.
"""

from __future__ import annotations

import io
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from . import mentions, text
from .curve import LossCurve
from .prefilter import prefilter
from .symptoms import Severity, Symptom
from .view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from .symptoms import Pattern, Text

BRIEF = 1_500
"""Characters of a text that is short: a screen's half, with no room for what else happened."""

BARE = 250
"""Characters of a text that is one line of a program's end, and a shell's word for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A symptom that was recognised; ``root`` is the id of the one that it follows from.

    ``near`` are the patterns of the symptom's cases that stand in the same window.
    """

    symptom: Symptom
    line: str
    weak: bool
    at: tuple[int, int]
    near: frozenset[str] = frozenset()
    root: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """What a text shows: the matches, the root first, and the facts that it names.

    ``ours`` says that it names TensorFlow, or something of TensorFlow's. ``cut`` says that reading
    stopped before the end.
    """

    matches: tuple[Match, ...]
    facts: mentions.Facts
    ours: bool
    cut: bool


@dataclass(slots=True, kw_only=True)
class _Hit:
    """Where a pattern matched first, and whether it still needs looking for."""

    symptom: Symptom
    pattern: Pattern
    line: str = ""
    at: tuple[int, int] = (0, 0)
    near: frozenset[str] = frozenset()


class Recogniser:
    """Looks for ``symptoms`` in windows that are fed in order."""

    def __init__(self, symptoms: Sequence[Symptom]) -> None:
        self.facts = mentions.Collector()
        self._curve = LossCurve()
        self._total = 0
        self._detectors = [s for s in symptoms if s.detector == "loss-curve"]
        self._hits = [_Hit(symptom=s, pattern=p) for s in symptoms for p in s.patterns]
        self._contexts: dict[str, Text] = {}
        for symptom in symptoms:
            needs = (need for pattern in symptom.patterns for need in pattern.needs)
            for context in (*needs, *symptom.unless, *symptom.frameworks.texts):
                self._contexts[context.pattern] = context
        self._seen: set[str] = set()
        known = [symptom.frameworks for symptom in symptoms[:1]]
        self._whose = {text.pattern for one in known for text in one.ours}
        whose = {text.pattern for one in known for text in one.texts}
        asked = {
            text.pattern
            for symptom in symptoms
            for texts in (symptom.unless, *(pattern.needs for pattern in symptom.patterns))
            for text in texts
        }
        self._only_whose = whose - asked
        self._generalised: dict[str, list[_Hit]] = defaultdict(list)
        for hit in self._hits:
            for general in hit.symptom.instead_of:
                self._generalised[general].append(hit)
        self._wanted: frozenset[bytes] | None = None

    def _literals(self) -> frozenset[bytes]:
        """The literals still worth looking for.

        A found pattern is sought no more, unless it tells whether a more general one holds.
        """
        wanted: set[bytes] = set()
        for hit in self._active():
            wanted |= hit.pattern.text.literals
        for _, context in self._sought():
            wanted |= context.literals
        return frozenset(wanted)

    def _sought(self) -> Iterator[tuple[str, Text]]:
        """The contexts that may still change something.

        Once a text is known to be ours, nobody asks which other frameworks it names.
        """
        ours = not self._whose.isdisjoint(self._seen)
        for key, context in self._contexts.items():
            if key not in self._seen and not (ours and key in self._only_whose):
                yield key, context

    def _active(self) -> Iterator[_Hit]:
        """The patterns still to be sought: not those of a symptom that was found for certain.

        A particular one is sought as long as a more general one, since it tells whether that holds.
        """
        settled = {hit.symptom.id for hit in self._hits if hit.line and hit.pattern.settles}
        unsettled = {hit.symptom.id for hit in self._hits} - settled
        for hit in self._hits:
            sought = not hit.line and hit.symptom.id in unsettled
            if sought or hit.symptom.instead_of & unsettled:
                yield hit

    def feed(self, window: text.Window) -> None:
        """Look at the next window."""
        raw = text.without_terminal_codes(window.raw, notebook=window.notebook)
        view: View | None = None
        if text.must_be_cleaned_first(raw):
            view = View(plain=text.clean(raw, notebook=window.notebook))
            squeezed = text.squeeze(view.plain.encode("utf-8", "replace"))
        else:
            squeezed = text.squeeze(raw)
        self._total += len(view.plain) if view else len(raw)
        if self._detectors and b"loss:" in squeezed:
            # The curve reads fresh bytes only, so that no epoch is seen twice.
            fresh = window.raw[window.fresh :]
            self._curve.feed(text.without_terminal_codes(fresh, notebook=window.notebook))
        if self._wanted is None:
            self._wanted = self._literals()
        present = prefilter(self._wanted).present(squeezed)
        hits = [
            hit
            for hit in self._active()
            if hit.pattern.text.literals & present and hit.pattern.text.possible(squeezed)
        ]
        contexts = [
            (key, context)
            for key, context in self._sought()
            if context.literals & present and context.possible(squeezed)
        ]
        calm = self.facts.wants(squeezed)
        if not (hits or contexts or calm):
            return
        view = view or View(plain=text.clean(raw, notebook=window.notebook))
        self._seen.update(key for key, context in contexts if view.search(context)[1])
        found = self._match(view, hits, window.index)
        if calm or found:
            self.facts.feed(view.plain)
        if found or contexts:
            # Asked for again at the next window, which most texts do not have.
            self._wanted = None

    def _match(self, view: View, hits: Sequence[_Hit], index: int) -> bool:
        """Whether a pattern was found that had not been."""
        found = {id(hit): view.search(hit.pattern.text) for hit in hits}
        news = False
        for hit in hits:
            loose, spans = found[id(hit)]
            if hit.line or not spans:
                continue
            form = view.form(loose)[0]
            specific = [
                span
                for other in self._generalised[hit.symptom.id]
                if id(other) in found and found[id(other)][1]
                for span in view.spans(other.pattern.text, loose)
            ]
            for start, end in spans:
                if not any(_same_lines(form, (start, end), other) for other in specific):
                    hit.line = text.line_at(form, start, end)
                    hit.at = (index, start)
                    hit.near = _near(hit.symptom, view)
                    news = True
                    break
        return news

    def finish(self, *, cut: bool = False) -> Recognition:
        """What was recognised."""
        self._curve.finish()
        matches: dict[str, Match] = {}
        for hit in self._hits:
            if not hit.line or not self._holds(hit.symptom, hit.pattern.needs):
                continue
            if hit.pattern.brief and self._total > BRIEF:
                continue
            if hit.pattern.bare and self._total > BARE:
                continue
            match = Match(
                symptom=hit.symptom,
                line=hit.line,
                weak=hit.pattern.weak,
                at=hit.at,
                near=hit.near,
            )
            known = matches.get(hit.symptom.id)
            if known is None or (match.weak, match.at) < (known.weak, known.at):
                matches[hit.symptom.id] = match
        for symptom in self._detectors:
            if self._curve.line and symptom.id not in matches and self._holds(symptom, ()):
                matches[symptom.id] = Match(
                    symptom=symptom, line=self._curve.line, weak=False, at=(1 << 30, 0)
                )
        return Recognition(
            matches=root_first(matches.values()),
            facts=self.facts.finish(),
            ours=not self._whose.isdisjoint(self._seen),
            cut=cut,
        )

    def _holds(self, symptom: Symptom, needs: Sequence[Text]) -> bool:
        if self._any(symptom.unless):
            return False
        if self._any(symptom.others) and not self._any(symptom.frameworks.ours):
            return False
        return not needs or self._any(needs)

    def _any(self, contexts: Sequence[Text]) -> bool:
        return any(context.pattern in self._seen for context in contexts)


def _near(symptom: Symptom, view: View) -> frozenset[str]:
    """Which patterns of the symptom's cases stand in the window."""
    texts = (text for case in symptom.cases for text in case.seen)
    return frozenset(text.pattern for text in texts if view.search(text)[1])


def _same_lines(form: str, one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two spans touch a common line."""
    early, late = sorted((one, other))
    return late[0] < early[1] or "\n" not in form[early[1] : late[0]]


def root_first(matches: Iterable[Match]) -> tuple[Match, ...]:
    """The matches in the order of telling: each root, then what follows from it.

    Errors come before notices, earlier stages before later ones. A weak match is left out where
    a firm error explains the log.
    """
    everything = sorted(
        matches,
        key=lambda m: (m.symptom.severity, m.weak, m.symptom.stage, m.at),
    )
    if any(not m.weak and m.symptom.severity is Severity.ERROR for m in everything):
        everything = [m for m in everything if not m.weak]
    parents: dict[str, str] = {}
    for match in everything:
        for other in everything:
            follows = other.symptom.id in match.symptom.leads_to
            if follows and other.symptom.id not in parents:
                parents[other.symptom.id] = match.symptom.id
    ordered: list[Match] = []
    seen: set[str] = set()

    def tell(match: Match, root: str) -> None:
        if match.symptom.id in seen:
            return
        seen.add(match.symptom.id)
        ordered.append(replace(match, root=root))
        for other in everything:
            if parents.get(other.symptom.id) == match.symptom.id:
                tell(other, root or match.symptom.id)

    for match in everything:
        if match.symptom.id not in parents:
            tell(match, "")
    for match in everything:  # a circle of causes has no root of its own
        tell(match, "")
    return tuple(ordered)


def recognise(
    stream: text.Readable,
    symptoms: Sequence[Symptom],
    *,
    limit: int = text.DEFAULT_LIMIT,
    on_window: Callable[[int], None] = lambda _: None,
) -> Recognition:
    """Read a stream to its end, or to ``limit`` bytes, and say what it shows.

    ``on_window`` is called with the bytes read so far.
    """
    recogniser = Recogniser(symptoms)
    cuts: list[bool] = []
    total = 0
    for window in text.windows(stream, limit=limit, on_cut=lambda: cuts.append(True)):
        recogniser.feed(window)
        total += len(window.raw) - window.fresh
        on_window(total)
    return recogniser.finish(cut=bool(cuts))


def recognise_text(source: str | bytes, symptoms: Sequence[Symptom]) -> Recognition:
    """The same for a text in memory."""
    raw = source.encode("utf-8", "replace") if isinstance(source, str) else source
    return recognise(io.BytesIO(raw), symptoms)
