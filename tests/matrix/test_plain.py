from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from typing import TYPE_CHECKING

import pytest

from tests.support.facts import bound, defect, evidence, floor, loads, platforms, shipped
from tfmac_lock.matrix.facts import Bound, Defect, Evidence, Floor, Matrix, PairLoad
from tfmac_lock.matrix.plain import plain, read
from tfmac_lock.matrix.reasons import Grade
from tfmac_lock.target import Platforms

if TYPE_CHECKING:
    from typing import Any


@pytest.mark.parametrize(
    ("fact", "kind"),
    [
        (bound("numpy", "<2"), Bound),
        (defect(with_packages=("keras",)), Defect),
        (evidence(Grade.TWIN, "broken", pins=(("numpy", "2.0.2"),)), Evidence),
        (floor("12.3"), Floor),
        (loads(False), PairLoad),
        (platforms(), Platforms),
    ],
)
def test_a_fact_reads_back_from_its_plain_form(fact: object, kind: type) -> None:
    assert read(kind, plain(fact)) == fact


def test_all_facts_read_back_from_their_plain_form() -> None:
    matrix = shipped()
    # These lie in files of their own, which are read when they are needed.
    apart = {"natives": matrix.natives, "symbols": matrix.symbols}
    kept = [field.name for field in fields(matrix) if field.name not in apart]
    row = {name: plain(getattr(matrix, name)) for name in kept}
    assert read(Matrix, {**row, **apart}) == matrix


def test_the_plain_form_holds_texts_for_words_and_versions() -> None:
    row = plain(floor("12.3", load="12.1"))
    assert (row["arch"], row["load"], row["run"]) == ("arm64", "12.1", "12.3")
    assert plain(evidence(Grade.TRAINED_GPU))["grade"] == "trained-gpu"


@pytest.mark.parametrize(
    "change",
    [
        {"surplus": 1},
        {"arch": "m68k"},
        {"loads": ...},
        {"missing_symbols": None},
    ],
)
def test_what_is_no_such_fact_is_refused(change: dict[str, Any]) -> None:
    row = {**plain(loads(True)), **change}
    kept = {name: value for name, value in row.items() if value is not ...}
    with pytest.raises((KeyError, TypeError, ValueError)):
        read(PairLoad, kept)


def test_facts_are_loaded_without_pydantic() -> None:
    code = (
        "import sys; from tfmac_lock.matrix import loading; loading.matrix(); "
        "print([name for name in sys.modules if name.startswith(('pydantic', 'tomllib'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
