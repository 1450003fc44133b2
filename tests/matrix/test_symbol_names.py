from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.facts import shipped
from tests.support.natives import CONCAT
from tfmac_lock.curate.demangle import demangle
from tfmac_lock.errors import DataError
from tfmac_lock.matrix.symbol_names import SymbolNames, to_json

if TYPE_CHECKING:
    from pathlib import Path

NAMES = {"__ZN2tf1fEv": "tf::f()", "_TF_New": "TF_New"}


@pytest.mark.parametrize(
    ("symbol", "readable"),
    [
        ("__ZN2tf1fEv", "tf::f()"),
        ("_ZN2tf1fEv", "tf::f()"),
        ("_TF_New", "TF_New"),
        ("TF_New", "TF_New"),
        ("__ZN2tf1gEv", "__ZN2tf1gEv"),
        ("_unheard_of", "_unheard_of"),
    ],
)
def test_known_symbols_are_named_however_the_system_spells_them(symbol: str, readable: str) -> None:
    assert SymbolNames(NAMES).readable(symbol) == readable


def test_the_table_is_read_when_a_name_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "symbols.json"
    names = SymbolNames(path=path)
    path.write_text(json.dumps(to_json(NAMES)))
    assert names.readable("__ZN2tf1fEv") == "tf::f()"

    path.unlink()
    assert names.readable("_TF_New") == "TF_New", "it is read once"


@pytest.mark.parametrize("text", ["", "[]", '{"schema_version": 1}', '{"schema_version": 2}'])
def test_a_damaged_table_is_an_error_with_its_path(tmp_path: Path, text: str) -> None:
    path = tmp_path / "symbols.json"
    path.write_text(text)
    with pytest.raises(DataError, match=r"symbols\.json.*reinstall"):
        SymbolNames(path=path).readable("_TF_New")


def test_every_symbol_of_the_matrix_has_its_name_in_the_table() -> None:
    facts = shipped()
    missing = {symbol for load in facts.pair_loads for symbol in load.missing_symbols}
    named = missing.union(facts.natives.get().symbols)
    assert facts.symbols.get() == {symbol: demangle(symbol) for symbol in named}
    assert facts.readable(CONCAT).startswith("tensorflow::tensor::Concat(")
