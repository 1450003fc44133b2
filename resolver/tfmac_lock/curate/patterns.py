r"""The regular expressions that symptoms may use: small enough to be proved harmless.

A symptom's pattern runs over text that anybody may paste, in Python here and in JavaScript on
the site, so the dialect is what both understand alike (flags ``i`` and ``u``), minus everything
that can make matching slow:

- literal characters, classes (``[…]``, ``\d \w \s`` and their opposites), ``.``, ``\b``;
- groups ``(?:…)``, alternatives ``|``, lookaheads ``(?=…)`` and ``(?!…)``;
- repeats ``?``, ``{n}`` and ``{m,n}``. There is no ``*`` or ``+``: every repeat has an end, a
  repeated group repeats eight times at the most and holds no repeat itself.
- A space stands for any run of white space, line breaks included, because terminals wrap.

From the parsed pattern follow three things that the linter and the recogniser build on: an
upper bound of the steps that one attempt at one place can take, the greatest length of a match,
and the literal texts of which one must occur wherever the pattern matches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

SPACE_RUN = 24
"""The longest run of white space that a space in a pattern stands for, in characters."""

SHORTEST_LITERAL = 5
"""Characters of a literal that is rare enough to look for before anything else."""

GREATEST_REPEAT = 2000
GREATEST_GROUP_REPEAT = 8

_NON_ASCII = 1 << 128
_ANY = (1 << 129) - 1


def _mask(characters: str) -> int:
    bits = 0
    for character in characters.lower():
        bits |= 1 << ord(character) if ord(character) < 128 else _NON_ASCII
    return bits


_DIGIT = _mask("0123456789")
_WORD = _mask("abcdefghijklmnopqrstuvwxyz0123456789_")
# Upper-case letters are never set: matching folds case, so masks are of folded characters.
_SPACES = _mask(" \t\n\r\f\v")
_SHORTHANDS = {
    "d": _DIGIT,
    "w": _WORD,
    "s": _SPACES,
    "D": _ANY & ~_DIGIT,
    "W": _ANY & ~_WORD,
    "S": _ANY & ~_SPACES,
}
_SYNTAX = "\\.()[]{}*+?^$|/"
_CONTROLS = {"n": "\n", "t": "\t"}


class PatternError(ValueError):
    """A pattern is outside the dialect; the text says where and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Char:
    """One character out of a set; ``literal`` where the set has one member."""

    source: str
    mask: int
    literal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """A run of white space, written as one space."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    r"""``\b``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A lookahead."""

    negative: bool
    inner: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Seq:
    """One after the other."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alt:
    """One of several."""

    branches: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """``inner``, ``least`` to ``most`` times."""

    inner: Node
    least: int
    most: int


Node: TypeAlias = Char | Space | Boundary | Look | Seq | Alt | Repeat


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def fail(self, why: str) -> PatternError:
        return PatternError(f"at character {self.at + 1} of {self.text!r}: {why}")

    def peek(self) -> str:
        return self.text[self.at] if self.at < len(self.text) else ""

    def take(self) -> str:
        character = self.peek()
        if not character:
            raise self.fail("ends too early")
        self.at += 1
        return character

    def alternatives(self) -> Node:
        branches = [self.sequence()]
        while self.peek() == "|":
            self.at += 1
            branches.append(self.sequence())
        return branches[0] if len(branches) == 1 else Alt(branches=tuple(branches))

    def sequence(self) -> Node:
        items: list[Node] = []
        while self.peek() and self.peek() not in "|)":
            items.append(self.quantified())
        return Seq(items=tuple(items))

    def quantified(self) -> Node:
        atom = self.atom()
        bounds = self.quantifier()
        if bounds is None:
            return atom
        least, most = bounds
        if isinstance(atom, (Look, Boundary, Space)):
            raise self.fail("this cannot be repeated")
        if most > GREATEST_REPEAT or least > most or most == 0:
            raise self.fail(f"a repeat is {{m,n}} with m <= n <= {GREATEST_REPEAT}")
        if not isinstance(atom, Char):
            if most > GREATEST_GROUP_REPEAT:
                raise self.fail(f"a group repeats {GREATEST_GROUP_REPEAT} times at the most")
            if most > 1 and _has_repeat(atom):
                raise self.fail("a repeat within a repeated group")
        if self.quantifier() is not None:
            raise self.fail("a repeat of a repeat")
        return Repeat(inner=atom, least=least, most=most)

    def quantifier(self) -> tuple[int, int] | None:
        character = self.peek()
        if character == "?":
            self.at += 1
            return 0, 1
        if character and character in "*+":
            raise self.fail(f"{character!r} has no end; write {{m,n}}")
        if character != "{":
            return None
        close = self.text.find("}", self.at)
        parts = self.text[self.at + 1 : close].split(",")
        if close < 0 or len(parts) > 2 or not all(p.isascii() and p.isdigit() for p in parts):
            raise self.fail("a repeat is {n} or {m,n}")
        if any(len(part) > 5 for part in parts):
            raise self.fail("a repeat's number is too long")
        self.at = close + 1
        return int(parts[0]), int(parts[-1])

    def atom(self) -> Node:
        character = self.take()
        if character == " ":
            return Space()
        if character == "(":
            return self.group()
        if character == "[":
            return self.char_class()
        if character == ".":
            return Char(source=".", mask=_ANY & ~_mask("\n\r"))
        if character == "\\":
            return self.escape()
        if character in "^$]{}*+?":
            raise self.fail(f"{character!r} has no place here")
        return Char(source=character, mask=_mask(character), literal=character.lower())

    def group(self) -> Node:
        kinds: dict[str, bool | None] = {"?:": None, "?=": False, "?!": True}
        kind = self.text[self.at : self.at + 2]
        if kind not in kinds:
            raise self.fail("groups are (?:…), (?=…) and (?!…)")
        self.at += 2
        inner = self.alternatives()
        if self.take() != ")":
            raise self.fail("a group that does not close")
        negative = kinds[kind]
        return inner if negative is None else Look(negative=negative, inner=inner)

    def escape(self) -> Node:
        character = self.take()
        if character == "b":
            return Boundary()
        if character in _SHORTHANDS:
            return Char(source="\\" + character, mask=_SHORTHANDS[character])
        if character in _CONTROLS:
            literal = _CONTROLS[character]
            return Char(source="\\" + character, mask=_mask(literal), literal=literal)
        if character in _SYNTAX:
            return Char(source="\\" + character, mask=_mask(character), literal=character)
        raise self.fail(f"JavaScript does not know the escape \\{character}")

    def char_class(self) -> Node:
        start = self.at - 1
        negated = self.peek() == "^"
        self.at += negated
        mask = 0
        while self.peek() != "]":
            low = self.class_member()
            ranged = self.peek() == "-" and self.text[self.at + 1 : self.at + 2] != "]"
            if not ranged:
                mask |= low if isinstance(low, int) else _mask(low)
                continue
            self.at += 1
            high = self.class_member()
            if isinstance(low, int) or isinstance(high, int) or low > high:
                raise self.fail("a range needs two characters in order")
            mask |= _mask("".join(map(chr, range(ord(low), ord(high) + 1))))
        self.at += 1
        if not mask:
            raise self.fail("an empty class")
        return Char(source=self.text[start : self.at], mask=_ANY & ~mask if negated else mask)

    def class_member(self) -> str | int:
        character = self.take()
        if character == "[":
            raise self.fail("write \\[ within a class")
        if character != "\\":
            return character
        character = self.take()
        if character in _SHORTHANDS:
            return _SHORTHANDS[character]
        if character in _CONTROLS:
            return _CONTROLS[character]
        if character in _SYNTAX + "-":
            return character
        raise self.fail(f"JavaScript does not know the escape \\{character}")


def _has_repeat(node: Node) -> bool:
    if isinstance(node, (Repeat, Space)):
        return True
    if isinstance(node, Seq):
        return any(map(_has_repeat, node.items))
    if isinstance(node, Alt):
        return any(map(_has_repeat, node.branches))
    return isinstance(node, Look) and _has_repeat(node.inner)


def parse(text: str) -> Node:
    """The tree of a pattern.

    Raises:
        PatternError: the pattern is outside the dialect.

    """
    parser = _Parser(text)
    node = parser.alternatives()
    if parser.at < len(text):
        raise parser.fail("a bracket that was never opened")
    return node


def render(node: Node, *, least_space: int = 1) -> str:
    """The pattern as both Python and JavaScript take it.

    ``least_space`` is how much white space a space asks for at least: 0 suits text whose lines
    were joined without one.
    """
    match node:
        case Char(source=source):
            return source
        case Space():
            return rf"\s{{{least_space},{SPACE_RUN}}}"
        case Boundary():
            return r"\b"
        case Look(negative=negative, inner=inner):
            return f"(?{'!' if negative else '='}{render(inner, least_space=least_space)})"
        case Seq(items=items):
            return "".join(
                f"(?:{render(item, least_space=least_space)})"
                if isinstance(item, Alt)
                else render(item, least_space=least_space)
                for item in items
            )
        case Alt(branches=branches):
            return "|".join(render(branch, least_space=least_space) for branch in branches)
        case Repeat(inner=inner, least=least, most=most):
            body = render(inner, least_space=least_space)
            atom = body if isinstance(inner, Char) else f"(?:{body})"
            return atom + ("?" if (least, most) == (0, 1) else f"{{{least},{most}}}")


def width(node: Node) -> int:
    """The greatest length of a match, in characters, lookaheads included."""
    match node:
        case Char():
            return 1
        case Space():
            return SPACE_RUN
        case Boundary():
            return 0
        case Look(inner=inner):
            return width(inner)
        case Seq(items=items):
            return sum(map(width, items))
        case Alt(branches=branches):
            return max(map(width, branches))
        case Repeat(inner=inner, most=most):
            return width(inner) * most


def first(node: Node) -> tuple[int, bool]:
    """The set of characters a match can begin with, and whether it can be empty."""
    match node:
        case Char(mask=mask):
            return mask, False
        case Space():
            return _SPACES, False
        case Boundary() | Look():
            return 0, True
        case Seq(items=items):
            mask = 0
            for item in items:
                more, empty = first(item)
                mask |= more
                if not empty:
                    return mask, False
            return mask, True
        case Alt(branches=branches):
            firsts = [first(branch) for branch in branches]
            total = 0
            for more, _ in firsts:
                total |= more
            return total, any(empty for _, empty in firsts)
        case Repeat(inner=inner, least=least):
            mask, empty = first(inner)
            return mask, empty or least == 0


def starts_with_a_letter_of_its_own(node: Node) -> bool:
    """Whether every match begins with one of few characters, so that most places are skipped."""
    mask, empty = first(node)
    return not empty and mask.bit_count() <= 12


def steps(node: Node) -> int:
    """An upper bound of the steps that a matcher with backtracking takes from one place.

    A repeat multiplies what follows by the number of its lengths, unless what follows cannot
    begin with a character that the repeat eats: then only one length can succeed.
    """
    return _steps(node, 0, True, 0)


def _steps(node: Node, next_mask: int, last: bool, rest: int) -> int:
    """``rest`` is the bound of what follows, which begins with one of ``next_mask``."""
    match node:
        case Char():
            return 1 + rest
        case Boundary():
            return 1 + rest
        case Space():
            return _repeat_steps(_SPACES, 1, SPACE_RUN, next_mask, last, rest)
        case Look(inner=inner):
            return _steps(inner, 0, True, 0) + rest
        case Seq(items=items):
            for item in reversed(items):
                rest = _steps(item, next_mask, last, rest)
                mask, empty = first(item)
                next_mask = next_mask | mask if empty else mask
                last = last and empty
            return rest
        case Alt(branches=branches):
            return len(branches) + _worst_choice(
                [(first(b), _steps(b, next_mask, last, rest)) for b in branches]
            )
        case Repeat(inner=Char(mask=mask), least=least, most=most):
            return _repeat_steps(mask, least, most, next_mask, last, rest)
        case Repeat(inner=inner, least=least, most=most):
            mask, _ = first(inner)
            for count in range(most, 0, -1):
                taken = _steps(inner, next_mask | mask, False, rest)
                rest = taken if count <= least else taken + rest
            return rest


def _worst_choice(branches: list[tuple[tuple[int, bool], int]]) -> int:
    """The dearest sum over branches that one and the same character can begin.

    The others fail at their first character, which the caller has counted.
    """
    always = sum(cost for (_, empty), cost in branches if empty)
    rest = [(mask, cost) for (mask, empty), cost in branches if not empty]
    bits = {bit for mask, _ in rest for bit in range(129) if mask >> bit & 1}
    dearest = max((sum(c for m, c in rest if m >> bit & 1) for bit in bits), default=0)
    return always + dearest


def _repeat_steps(mask: int, least: int, most: int, next_mask: int, last: bool, rest: int) -> int:
    if last and rest == 0:
        return most
    lengths = 1 if not mask & next_mask and not last else most - least + 1
    return most + lengths * rest


def literals(node: Node) -> frozenset[str]:
    """Texts of which one must occur where the pattern matches; empty if there are none.

    They are folded to lower case and hold no white space, quotes or backslashes, to be sought
    in text squeezed in the same way. What may stand between them there (an optional quote, one of
    a few words) does not part them.
    """
    return max(_candidates(node), key=_worth, default=frozenset())


def further_literals(node: Node) -> list[frozenset[str]]:
    """The same for the other parts of the pattern: of each set one text must occur too."""
    best = literals(node)
    others = {texts for texts in _candidates(node) if texts != best and _worth(texts)[0]}
    return sorted(others, key=sorted)


def _worth(texts: frozenset[str]) -> tuple[bool, int]:
    """Long enough first; then rare (long) and few."""
    shortest = min(map(len, texts))
    return shortest >= SHORTEST_LITERAL, shortest - 2 * (len(texts) - 1)


def _candidates(node: Node) -> list[frozenset[str]]:
    """Sets of texts, of each of which one occurs wherever the node matches."""
    if isinstance(node, Alt):
        bests = [literals(branch) for branch in node.branches]
        return [frozenset[str]().union(*bests)] if all(bests) else []
    if isinstance(node, Repeat):
        return _candidates(node.inner) if node.least else []
    found: list[frozenset[str]] = []
    runs = _NOTHING
    for item in node.items if isinstance(node, Seq) else (node,):
        texts = _texts(item)
        longer = _joined(runs, texts)
        if longer is not None:
            runs = longer
            continue
        found.append(runs)
        runs = texts or _NOTHING
        if texts is None and isinstance(item, (Seq, Alt, Repeat)):
            found += _candidates(item)
    return [texts for texts in (*found, runs) if all(texts)]


_NOTHING = frozenset({""})
_MOST_TEXTS = 8
_SQUEEZED_AWAY = _SPACES | _mask("".join(map(chr, range(32))) + "\"'`\\\x7f")


def _texts(node: Node) -> frozenset[str] | None:
    """All squeezed texts that the node can match, or None where they are not few."""
    match node:
        case Space() | Boundary() | Look():
            return _NOTHING
        case Char(mask=mask):
            kept = mask & ~_SQUEEZED_AWAY
            if kept.bit_count() > 3 or kept & _NON_ASCII:
                return None
            few = {chr(bit) for bit in range(128) if kept >> bit & 1}
            return frozenset(few | ({""} if mask & _SQUEEZED_AWAY else set()))
        case Seq(items=items):
            texts: frozenset[str] | None = _NOTHING
            for item in items:
                texts = texts and _joined(texts, _texts(item))
            return texts
        case Alt(branches=branches):
            every = [_texts(branch) for branch in branches]
            union = frozenset[str]().union(*(texts or () for texts in every))
            return union if all(every) and len(union) <= _MOST_TEXTS else None
        case Repeat(inner=inner, least=least, most=most):
            once = _texts(inner)
            if once is None or once == _NOTHING:
                return once
            return once | _NOTHING if (least, most) == (0, 1) else None


def _joined(runs: frozenset[str], texts: frozenset[str] | None) -> frozenset[str] | None:
    """Every text after every run, or None where that makes too many."""
    if texts is None or len(runs) * len(texts) > _MOST_TEXTS:
        return None
    return frozenset(run + text for run in runs for text in texts)
