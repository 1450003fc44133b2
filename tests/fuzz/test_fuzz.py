"""A while of fuzzing in every run: each reader gets some seconds, and other inputs each time.

``TFMAC_LOCK_FUZZ_SECONDS`` says how many, ``TFMAC_LOCK_FUZZ_SEED`` which inputs. What fails here
comes again with the number that is told: python -m tests.fuzz READER --seed SEED --number NUMBER.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.fuzz import campaign
from tests.fuzz.readers import READERS
from tests.fuzz.seeds import CORPUS, seeds

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = float(os.environ.get("TFMAC_LOCK_FUZZ_SECONDS", "1.5"))
SEED = int(os.environ.get("TFMAC_LOCK_FUZZ_SEED", "0"))

every_reader = pytest.mark.parametrize("name", READERS)


@every_reader
@pytest.mark.slow
def test_a_reader_can_read_what_it_begins_with(name: str, tmp_path: Path) -> None:
    reader = READERS[name]
    attempt = campaign.Attempt(reader, tmp_path)
    errors = [attempt(data) for data in seeds(reader.seeds)]
    assert [error for error in errors if error and not isinstance(error, reader.allowed)] == []
    assert None in errors


@every_reader
def test_a_number_names_an_input_for_ever(name: str) -> None:
    reader = READERS[name]
    inputs = [campaign.input_of(name, reader, 1, number) for number in range(20)]
    assert inputs == [campaign.input_of(name, reader, 1, number) for number in range(20)]
    assert len(set(inputs)) > 10


def test_the_corpus_stays_small() -> None:
    assert sum(path.stat().st_size for path in CORPUS.rglob("*") if path.is_file()) < 100_000


@pytest.mark.slow
@every_reader
def test_whatever_comes_there_is_an_answer_or_an_error_of_ours(name: str) -> None:
    found = campaign.run(name, SEED, seconds=SECONDS)
    told = [f"input {one.number}: {one.kind}\n{one.text}\n{one.smallest}" for one in found.failures]
    assert told == []
    assert found.memory < campaign.MEMORY
    assert found.tried > 0


def test_what_takes_too_long_or_too_much_memory_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bounds themselves: a reader that never ends, and one that is never full."""
    monkeypatch.setattr(campaign, "SECONDS", 0.1)

    def endless(_data: bytes, _folder: Path) -> None:
        while True:
            pass

    from tests.fuzz.readers import Reader

    error = campaign.Attempt(Reader(read=endless), tmp_path)(b"")
    assert isinstance(error, campaign.TooLongError)
    assert campaign.smallest(b"aaaaaXbbbbb", lambda data: b"X" in data) == b"X"
