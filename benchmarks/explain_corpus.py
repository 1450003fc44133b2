"""How many of the texts that people paste `explain` knows: python benchmarks/explain_corpus.py.

The corpus in tests/explain/corpus has two halves. Patterns are made and mended with ``work``;
``unseen`` is read here alone, and of it only counts are printed, so that the figures say what the
patterns do on texts that they were not made for. The other parts but ``work`` were gathered
when the patterns were there, and their README keeps what those did before anybody looked.
``--wrong`` lists what went wrong in all but ``unseen``.

Of the look-alikes that are answered (``false``) it counts those that are told that nothing names
TensorFlow, and those whose line stands, but for numbers, paths and names, in a text that is ours
and does not name TensorFlow either: no pattern can tell the two apart.

Bars: of the unseen texts that have a symptom, 90 % get a right one first; of all, 2 % at most get
a wrong cause; of the look-alikes, none gets one.
"""

from __future__ import annotations

import argparse
import functools
import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfmac_lock.explain.recognise import recognise_text
from tfmac_lock.explain.symptoms import shipped

if TYPE_CHECKING:
    from collections.abc import Iterator

CORPUS = Path(__file__).parents[1] / "tests" / "explain" / "corpus"
OPEN = sorted({path.name for path in CORPUS.iterdir() if path.is_dir()} - {"unseen"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A text of the corpus and the symptoms that were recognised in it, best first."""

    name: str
    expects: tuple[str, ...]
    found: tuple[str, ...]
    line: str
    ours: bool

    @property
    def outcome(self) -> str:
        """What happened to the text."""
        if not self.expects:
            return "false" if self.found else "quiet"
        if not self.found:
            return "silent"
        return "right" if self.found[0] in self.expects else "wrong"


@functools.cache
def cases(half: str) -> tuple[Case, ...]:
    """Every text of one half."""
    return tuple(_read(half))


def _read(half: str) -> Iterator[Case]:
    for path in sorted((CORPUS / half).glob("*.toml")):
        entry = tomllib.loads(path.read_text(encoding="utf-8"))
        recognised = recognise_text(entry["text"], shipped())
        yield Case(
            name=path.name,
            expects=tuple(entry["expects"]),
            found=tuple(match.symptom.id for match in recognised.matches),
            line=likeness(recognised.matches[0].line) if recognised.matches else "",
            ours=recognised.ours,
        )


def likeness(line: str) -> str:
    """The beginning of a line as it is for everybody: no numbers, addresses, paths, classes."""
    line = re.sub(r"0x[0-9a-f]+|/[\w./@+-]+|\d+", "", line.lower())
    return re.sub(r"[^a-z]+", " ", re.sub(r"[+-]\[\w+ ", " ", line)).strip()[:60]


@functools.cache
def unnamed_lines() -> frozenset[tuple[str, str]]:
    """The cause and the line of each open text that is right and does not name TensorFlow."""
    return frozenset(
        (case.found[0], case.line)
        for half in OPEN
        for case in cases(half)
        if case.outcome == "right" and not case.ours
    )


def figures(half: str) -> dict[str, float]:
    """The counts of one half, with the three shares that have a bar."""
    found = cases(half)
    outcomes = [case.outcome for case in found]
    answered = [case for case in found if case.outcome == "false"]
    alike = [case for case in answered if (case.found[0], case.line) in unnamed_lines()]
    count = {name: outcomes.count(name) for name in ("right", "wrong", "silent", "quiet", "false")}
    ours = count["right"] + count["wrong"] + count["silent"]
    return {
        "texts": len(outcomes),
        "with a symptom": ours,
        **count,
        "false, told that nothing names TensorFlow": sum(not case.ours for case in answered),
        "false, with a line of ours": len(alike),
        **({"right, %": round(100 * count["right"] / ours, 1)} if ours else {}),
        "wrong cause, % of all": round(100 * (count["wrong"] + count["false"]) / len(outcomes), 1),
    }


def main() -> None:
    """Print all parts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wrong", action="store_true", help="list what went wrong, but of unseen")
    args = parser.parse_args()
    print(json.dumps({half: figures(half) for half in (*OPEN, "unseen")}, indent=2))
    if args.wrong:
        for case in (case for half in OPEN for case in cases(half)):
            if case.outcome not in ("right", "quiet"):
                print(case.outcome, case.name, list(case.found), list(case.expects))


if __name__ == "__main__":
    main()
