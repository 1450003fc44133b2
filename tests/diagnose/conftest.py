from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tfmac_lock import data
from tfmac_lock.diagnose import symptom_files, symptoms

if TYPE_CHECKING:
    from tfmac_lock.diagnose.symptoms import Symptom
    from tfmac_lock.matrix.facts import Matrix

SYMPTOMS = Path(__file__).parents[2] / "matrix" / "symptoms"
LOGS = Path(__file__).parent / "logs"


@pytest.fixture(scope="session")
def known() -> tuple[Symptom, ...]:
    """The symptoms as the curators' files have them now."""
    return symptoms.load(symptom_files.compile_symptoms(SYMPTOMS))


@pytest.fixture(scope="session")
def matrix() -> Matrix:
    return data.matrix()
