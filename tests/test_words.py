"""One word for one thing: the words that were given up stay out of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tfmac_lock

CODE = Path(tfmac_lock.__file__).parent

GIVEN_UP = {
    "told": "said, shown, recorded, called with",
    "Told": "ShownReason",
    "wish": "request",
    "Wish": "PairRequest",
    "talk": "message, observer",
    "Talk": "TerminalObserver",
    "halves": "the locks of wheels and the mixed locks",
    "AnswerIsNo": "Refusal",
    "THE_PAIR": "PAIR_NAMES",
}
"""Private words, with what stands in their place (docs/architecture.md, "Words")."""

RECORDED = {"prove/standin/probe.py", "prove/train_mnist.py"}
"""Programs whose bytes stand in evidence: a change of a word would ask for all runs anew."""


@pytest.mark.parametrize("word", GIVEN_UP)
def test_no_module_uses_a_word_that_was_given_up(word: str) -> None:
    found = []
    for path in sorted(CODE.rglob("*.py")):
        name = path.relative_to(CODE).as_posix()
        if name in RECORDED:
            continue
        lines = path.read_text("utf-8").splitlines()
        found += [
            f"{name}:{at}" for at, line in enumerate(lines, 1) if re.search(rf"\b{word}\b", line)
        ]
    assert found == [], f"write {GIVEN_UP[word]}"
