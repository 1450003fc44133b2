"""Hostile texts through every writer: what is read back is what was meant, and nothing else."""

from __future__ import annotations

import json
import tomllib
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.faults.hostile import HOSTILE
from tests.lock.formats.test_conda_lock_yml import lock as mixed
from tests.support.locks import lock
from tfmac_lock.cli import summary
from tfmac_lock.lock.formats import FORMATS, conda, exports
from tfmac_lock.lock.model import Lock, from_json
from tfmac_lock.matrix.companions import CompanionVerdict
from tfmac_lock.matrix.reasons import Reason, Status

if TYPE_CHECKING:
    from collections.abc import Callable

PLAIN = "plain"


def hostile(text: str, base: Lock) -> Lock:
    """The lock with that text wherever somebody else's words stand in it."""
    reasons = [
        Reason(kind=kind, text=text, source=text, against=True) for kind in ("defect", "companion")
    ]
    verdict = replace(base.verdict, status=Status.CAUTION, reasons=tuple(reasons))
    companion = CompanionVerdict(
        name="six", version="1", status=Status.BROKEN, grade=None, reasons=tuple(reasons)
    )
    return replace(
        base,
        verdict=verdict,
        companions=(companion,),
        environment={"HOSTILE": text},
        command=f"--python 3.11 -r {text}",
        request=text,
    )


def controls(text: str) -> set[str]:
    """The characters that steer a terminal or end a line elsewhere than at a newline."""
    wanted = {"Cc", "Zl", "Zp"}
    return {one for one in text if unicodedata.category(one) in wanted and one not in "\n\t"}


def lines_of_code(text: str) -> list[str]:
    """The lines that are no comment."""
    return [line for line in text.split("\n") if line.strip() and not line.lstrip().startswith("#")]


WRITERS: dict[str, Callable[[Lock], str]] = {
    **{name: render for name, (_, render) in FORMATS.items() if name != "json"},
    **{name: lambda one, name=name: exports.render(name, [one]) for name in exports.EXPORTS},  # type: ignore[misc]
}


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("name", WRITERS)
def test_no_text_gets_out_of_its_comment_or_its_string(name: str, text: str) -> None:
    write = WRITERS[name]
    written, plain = write(hostile(text, lock())), write(hostile(PLAIN, lock()))

    assert controls(written) == set()
    if name in ("requirements", "constraints"):
        assert lines_of_code(written) == lines_of_code(plain)
    else:
        assert shape(tomllib.loads(written)) == shape(tomllib.loads(plain))


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_conda_s_files_hold_nothing_but_the_lock(text: str) -> None:
    for name, (_, render) in conda.CONDA_FORMATS.items():
        written, plain = (render(hostile(one, mixed())) for one in (text, PLAIN))
        assert controls(written) == set(), name
        if name == "explicit":
            assert lines_of_code(written) == lines_of_code(plain)
        else:
            assert shape(yaml.safe_load(written)) == shape(yaml.safe_load(plain)), name


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_lock_json_gives_every_text_back_as_it_was(text: str) -> None:
    made = hostile(text, lock())
    _, render = FORMATS["json"]
    assert from_json(json.loads(render(made))) == made


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("why", [False, True])
def test_the_terminal_is_steered_by_nobody(text: str, why: bool) -> None:
    shown = summary.summary([hostile(text, lock())], {}, color=False, why=why)
    assert controls(shown) == set()


def shape(data: object) -> object:
    """The data without its texts: which keys, how many items, what kinds."""
    if isinstance(data, dict):
        return {key: shape(value) for key, value in data.items()}
    if isinstance(data, list):
        return [shape(item) for item in data]
    return type(data).__name__
