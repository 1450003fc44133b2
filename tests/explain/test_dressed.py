"""A text keeps its answer, whatever a mail program, a page or a logger did to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.dressings import DRESSINGS
from tests.support.symptoms import SYMPTOMS
from tfmac_lock.curate import symptom_files
from tfmac_lock.explain.recognise import recognise_text

if TYPE_CHECKING:
    from tfmac_lock.explain.symptoms import Symptom

EXAMPLES = [(entry.id, entry.examples[0].text) for entry in symptom_files.read(SYMPTOMS).values()]

ONLY_NUMBERS_TELL = {"training-diverges"}
"""The loss curve is read line by line, as it was printed."""


@pytest.mark.parametrize("dressing", DRESSINGS)
@pytest.mark.slow
def test_an_example_keeps_its_answer(dressing: str, known: tuple[Symptom, ...]) -> None:
    changed = DRESSINGS[dressing]
    lost = [
        symptom
        for symptom, text in EXAMPLES
        if symptom not in ONLY_NUMBERS_TELL
        for found in [recognise_text(changed(text), known).matches]
        if not found or found[0].symptom.id != symptom
    ]
    assert lost == []
