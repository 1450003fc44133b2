r"""The regular expressions of symptoms: checked to be harmless, and taken apart for the prefilter.

They run over text that anybody may paste, in Python here and in JavaScript on the site (flags
``i`` and ``u``). So they are regular expressions as both read them, with two conveniences:

- A space stands for any run of white space, line breaks included, because terminals wrap.
- ``*``, ``+`` and ``{n,}`` have an end: they repeat up to :data:`LONGEST_RUN` times.

That every repeat has an end is why matching takes linear time: from one place a match takes a
bounded number of steps, whatever the text. :func:`steps` is that bound, and a pattern whose bound
is too high is refused. The tree that it walks is the one that :mod:`re` parses itself.
"""

from __future__ import annotations

import functools
import importlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST_SPACE = 24
"""Characters of the longest run of white space that a space stands for."""

LONGEST_RUN = 200
"""How often ``*``, ``+`` and ``{n,}`` repeat at the most."""

SHORTEST_LITERAL = 5
"""Characters of a literal that is rare enough to look for before anything else."""

SHORTEST_OPENING = 3
"""Characters of a text that stands in few enough places to look for a pattern's beginning by it."""

MOST_STEPS = 100_000
"""Of one pattern, from one place. Typical text needs a handful; this bounds hostile text."""

LONGEST_MATCH = 4_000
"""Characters of one match: half of what the recogniser keeps from one window to the next."""

MOST_BEGINNINGS = 12
"""Different characters that a match may begin with, so that most places are passed over."""

_parser: Any = importlib.import_module("re._parser")

Tree: TypeAlias = "Sequence[tuple[Any, Any]]"
"""What :mod:`re` makes of a pattern: operations, each with its argument."""

_BEYOND = 128
"""Stands for every character beyond ASCII in a set of characters."""

_EVERY = frozenset(range(_BEYOND + 1))
_CATEGORIES = {
    "CATEGORY_DIGIT": frozenset(map(ord, "0123456789")),
    "CATEGORY_WORD": frozenset(map(ord, "abcdefghijklmnopqrstuvwxyz0123456789_")),
    "CATEGORY_SPACE": frozenset(map(ord, " \t\n\r\f\v")),
}
_CATEGORIES |= {
    name.replace("_", "_NOT_"): _EVERY - characters for name, characters in _CATEGORIES.items()
}


class PatternError(ValueError):
    """A pattern cannot be used; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A pattern as the program and the site run it.

    ``loose`` suits text whose lines were joined: a space in the pattern asks for none there. One
    of ``literals`` occurs wherever the pattern matches, and one of each set in ``further``; they
    are folded to lower case and hold no white space, quotes or backslashes. A match begins with
    one of ``openings``, as they stand but folded, unless there are none.
    """

    regex: str
    loose: str
    literals: frozenset[str]
    further: tuple[frozenset[str], ...]
    openings: frozenset[str]


@functools.cache
def compile_pattern(text: str) -> Compiled:
    """The pattern in the forms that are run; raises PatternError where it must not run."""
    tree = parse(text)
    texts = literals(tree)
    if not texts or min(map(len, texts)) < SHORTEST_LITERAL:
        raise PatternError(
            f"has no literal text of {SHORTEST_LITERAL} characters that every match holds"
        )
    beginnings, empty = _first(tree)
    if empty or len(beginnings) > MOST_BEGINNINGS:
        raise PatternError("must begin with a literal character")
    if (bound := steps(tree)) > MOST_STEPS:
        raise PatternError(
            f"may take {bound} steps at one place, over {MOST_STEPS}; shorten its repeats, or let "
            "what follows one begin with a character that it does not eat"
        )
    if (longest := width(tree)) > LONGEST_MATCH:
        raise PatternError(
            f"may match {longest} characters, over {LONGEST_MATCH}; give its repeats a nearer end"
        )
    return Compiled(
        regex=render(text),
        loose=render(text, least_space=0),
        literals=texts,
        further=tuple(further_literals(tree)),
        openings=openings(tree),
    )


# -- from what is written to a tree

_TOKEN = re.compile(
    r"""(?P<escape>\\(?:[bBdDwWsSnrtfv^$\\.*+?()\[\]{}|/]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}))
    |(?P<class>\[\^?(?:\\(?:[dDwWsSnrtfv^$\\.*+?()\[\]{}|/-]|x[0-9a-fA-F]{2})|[^\]\\\[])+\])
    |(?P<group>\((?:\?[:=!]|(?!\?)))
    |(?P<space>[ ](?P<repeated>(?=[?*+{]))?)
    |(?P<run>[*+](?![+])|\{\d{1,3},\})
    |(?P<repeat>\{\d{1,4}(?:,\d{1,4})?\}|\?(?![+]))
    |(?P<plain>[^\\\[\]{}()*+?^$\ ]|\))""",
    re.VERBOSE,
)
"""What Python and JavaScript read alike."""


def render(text: str, *, least_space: int = 1) -> str:
    """The pattern as both languages take it; ``least_space`` is how much a space asks for."""
    space = rf"\s{{{least_space},{LONGEST_SPACE}}}"

    def written(token: re.Match[str]) -> str:
        if token["space"]:
            return space if token["repeated"] is None else f"(?:{space})"
        if token["run"]:
            least = {"*": "0", "+": "1"}.get(token["run"], token["run"][1:-2])
            return f"{{{least},{LONGEST_RUN}}}"
        return token[0]

    return "".join(written(token) for token in _tokens(text))


def _tokens(text: str) -> list[re.Match[str]]:
    found: list[re.Match[str]] = []
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise PatternError(
                f"at character {at + 1} of {text!r}: {text[at : at + 2]!r} is not read alike by "
                "Python and JavaScript, or is no use here (anchors, named groups, look-behind); "
                "write a backslash before a bracket that is meant as itself"
            )
        found.append(token)
        at = token.end()
    return found


def parse(text: str) -> Tree:
    """The tree of a pattern; raises PatternError where it is none that can be used."""
    try:
        tree: Tree = list(_parser.parse(render(text), re.ASCII))
    except (re.error, OverflowError) as error:
        raise PatternError(f"{text!r} is not a regular expression: {error}") from error
    if _repeats_a_look(tree):
        raise PatternError(f"{text!r}: JavaScript repeats no lookahead")
    return tree


def _repeats_a_look(tree: Tree) -> bool:
    return any(
        (str(op).endswith("_REPEAT") and str(child[0][0]).startswith("ASSERT"))
        or _repeats_a_look(child)
        for op, argument in tree
        for child in _children(op, argument)
        if child
    )


def _children(op: Any, argument: Any) -> list[Tree]:
    """The trees within an operation."""
    name = str(op)
    if name == "BRANCH":
        return [list(branch) for branch in argument[1]]
    if name in ("SUBPATTERN", "MAX_REPEAT", "MIN_REPEAT", "ASSERT", "ASSERT_NOT"):
        return [list(argument[-1])]
    return []


# -- sets of characters


def _characters(op: Any, argument: Any) -> frozenset[int] | None:
    """What one character may be, folded to lower case; None for any other operation."""
    name = str(op)
    if name == "LITERAL":
        return _folded([argument])
    if name == "NOT_LITERAL":
        return _EVERY - _folded([argument])
    if name == "ANY":
        return _EVERY - _folded([ord("\n")])
    if name == "CATEGORY":
        return _CATEGORIES[str(argument)]
    if name == "RANGE":
        return _folded(range(argument[0], min(argument[1], _BEYOND) + 1))
    if name != "IN":
        return None
    negated = str(argument[0][0]) == "NEGATE"
    members = [_characters(*member) or frozenset() for member in argument[negated:]]
    union = frozenset[int]().union(*members)
    return _EVERY - union if negated else union


def _folded(codes: Sequence[int]) -> frozenset[int]:
    return frozenset(ord(chr(code).lower()) if code < _BEYOND else _BEYOND for code in codes)


def _first(tree: Tree) -> tuple[frozenset[int], bool]:
    """The characters that a match can begin with, and whether it can be empty."""
    found: frozenset[int] = frozenset()
    for op, argument in tree:
        characters = _characters(op, argument)
        if characters is not None:
            return found | characters, False
        if str(op) in ("AT", "ASSERT", "ASSERT_NOT"):
            continue
        inner = [_first(child) for child in _children(op, argument)]
        found = found.union(*(characters for characters, _ in inner))
        optional = str(op) in ("MAX_REPEAT", "MIN_REPEAT") and argument[0] == 0
        if not optional and not any(empty for _, empty in inner):
            return found, False
    return found, True


# -- how long a match can be, and how long it can take


def width(tree: Tree) -> int:
    """The greatest length of a match, in characters, lookaheads included."""
    total = 0
    for op, argument in tree:
        times = argument[1] if str(op) in ("MAX_REPEAT", "MIN_REPEAT") else 1
        inner = max(map(width, _children(op, argument)), default=0)
        total += times * (inner if _characters(op, argument) is None else 1)
    return total


def steps(tree: Tree) -> int:
    """An upper bound of the steps that a matcher with backtracking takes from one place.

    A repeat multiplies what follows by the number of its lengths, unless what follows cannot
    begin with a character that the repeat eats: then only one length can succeed.
    """
    return _steps(tree, _End(characters=frozenset(), may_end=True, rest=0))


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """What follows a part: how it can begin, whether it can be empty, and a bound of its steps."""

    characters: frozenset[int]
    may_end: bool
    rest: int

    def after(self, op: Any, argument: Any, rest: int) -> _End:
        """The same for what stands before that operation."""
        characters, empty = _first([(op, argument)])
        return _End(
            characters=characters | self.characters if empty else characters,
            may_end=self.may_end and empty,
            rest=rest,
        )


_ENOUGH = 10 * MOST_STEPS
"""A bound this high is refused however it goes on."""


def _steps(tree: Tree, end: _End) -> int:
    for op, argument in reversed(tree):
        name = str(op)
        children = _children(op, argument)
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            rest = _repeat_steps(argument[0], argument[1], children[0], end)
        elif name in ("ASSERT", "ASSERT_NOT"):
            rest = end.rest + steps(children[0])
        elif name == "BRANCH":
            rest = len(children) + _worst_branch(children, end)
        else:
            rest = _steps(children[0], end) if children else end.rest + 1
        end = end.after(op, argument, rest)
        if rest > _ENOUGH:
            break
    return end.rest


def _repeat_steps(least: int, most: int, inner: Tree, end: _End) -> int:
    eaten, _ = _first(inner)
    if len(inner) == 1 and _characters(*inner[0]) is not None:
        if end.may_end and end.rest == 0:
            return most
        lengths = most - least + 1 if end.may_end or eaten & end.characters else 1
        return most + lengths * end.rest
    rest = end.rest
    for count in range(most, 0, -1):
        again = _End(characters=end.characters | eaten, may_end=False, rest=rest)
        # Once more, or on to what follows where that may be.
        rest = _steps(inner, again) + (end.rest if count > least else 0)
        if rest > _ENOUGH:
            break
    return rest


def _worst_branch(branches: list[Tree], end: _End) -> int:
    """The dearest sum over branches that one and the same character can begin.

    The others fail at their first character, which the caller has counted.
    """
    costs = [(*_first(branch), _steps(branch, end)) for branch in branches]
    return max(
        sum(cost for characters, empty, cost in costs if empty or character in characters)
        for character in _EVERY
    )


# -- what must occur

_NOTHING = frozenset({""})
_MOST_TEXTS = 8
_SQUEEZED_AWAY = frozenset(range(33)) | frozenset(map(ord, "\"'`\\\x7f"))


def literals(tree: Tree) -> frozenset[str]:
    """Texts of which one must occur where the pattern matches; empty if there are none.

    What may stand between them in squeezed text (an optional quote, one of a few words) does not
    part them.
    """
    return max(_candidates(tree), key=_worth, default=frozenset())


def further_literals(tree: Tree) -> list[frozenset[str]]:
    """The same for the other parts of the pattern: of each set one text must occur too."""
    best = literals(tree)
    others = {texts for texts in _candidates(tree) if texts != best and _worth(texts)[0]}
    return sorted(others, key=sorted)


def _worth(texts: frozenset[str]) -> tuple[bool, int]:
    """Long enough first; then rare (long) and few."""
    shortest = min(map(len, texts))
    return shortest >= SHORTEST_LITERAL, shortest - 2 * (len(texts) - 1)


def _candidates(tree: Tree) -> list[frozenset[str]]:
    """Sets of texts, of each of which one occurs wherever the tree matches."""
    found: list[frozenset[str]] = []
    runs = _NOTHING
    for op, argument in tree:
        texts = _texts(op, argument)
        longer = _joined(runs, texts)
        if longer is not None:
            runs = longer
            continue
        found.append(runs)
        runs = texts or _NOTHING
        if texts is None:
            found += _inside(op, argument)
    return [texts for texts in (*found, runs) if all(texts)]


def _inside(op: Any, argument: Any) -> list[frozenset[str]]:
    """What must occur within an operation of which not all texts are known."""
    name = str(op)
    children = _children(op, argument)
    if name == "BRANCH":
        bests = [literals(branch) for branch in children]
        return [frozenset[str]().union(*bests)] if all(bests) else []
    if name == "SUBPATTERN" or (name in ("MAX_REPEAT", "MIN_REPEAT") and argument[0]):
        return _candidates(children[0])
    return []


def openings(tree: Tree) -> frozenset[str]:
    """Texts with one of which every match begins; empty where one would be short or they are many.

    The matcher tries a pattern that begins with a choice at every letter that one of the choices
    begins with. A search for these texts passes over nearly all of them.
    """
    found = _openings(tree)
    return found if min(map(len, found)) >= SHORTEST_OPENING else frozenset()


def _openings(tree: Tree) -> frozenset[str]:
    runs = _NOTHING
    for op, argument in tree:
        longer = _joined(runs, _texts(op, argument, away=frozenset()))
        if longer is None:
            if str(op) in ("BRANCH", "SUBPATTERN"):
                inside = (_openings(child) for child in _children(op, argument))
                longer = _joined(runs, frozenset[str]().union(*inside))
            return runs if longer is None else longer
        runs = longer
    return runs


def _texts(
    op: Any, argument: Any, *, away: frozenset[int] = _SQUEEZED_AWAY
) -> frozenset[str] | None:
    """All texts that the operation can match, without the characters that are squeezed away.

    None where they are not few.
    """
    name = str(op)
    characters = _characters(op, argument)
    if characters is not None:
        kept = characters - away
        if len(kept) > 3 or _BEYOND in kept:
            return None
        return frozenset(map(chr, kept)) | (_NOTHING if characters & away else set())
    if name in ("AT", "ASSERT", "ASSERT_NOT"):
        return _NOTHING
    every = [_all_texts(child, away) for child in _children(op, argument)]
    if name in ("MAX_REPEAT", "MIN_REPEAT"):
        if every[0] is None or every[0] == _NOTHING:
            return every[0]
        return every[0] | _NOTHING if tuple(argument[:2]) == (0, 1) else None
    union = frozenset[str]().union(*(texts or () for texts in every))
    return union if all(every) and len(union) <= _MOST_TEXTS else None


def _all_texts(tree: Tree, away: frozenset[int]) -> frozenset[str] | None:
    texts: frozenset[str] | None = _NOTHING
    for op, argument in tree:
        texts = texts and _joined(texts, _texts(op, argument, away=away))
    return texts


def _joined(runs: frozenset[str], texts: frozenset[str] | None) -> frozenset[str] | None:
    """Every text after every run, or None where that makes too many."""
    if texts is None or len(runs) * len(texts) > _MOST_TEXTS:
        return None
    return frozenset(run + text for run in runs for text in texts)
