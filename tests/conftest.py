"""What holds for every test: no property test has a deadline, since no test times itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.support.symptoms import SYMPTOMS
from tfmac_lock.curate import symptom_files
from tfmac_lock.explain import symptoms
from tfmac_lock.matrix import loading

if TYPE_CHECKING:
    from tfmac_lock.explain.symptoms import Symptom
    from tfmac_lock.matrix.facts import Matrix

settings.register_profile("project", deadline=None)
settings.load_profile("project")


@pytest.fixture(scope="session")
def known() -> tuple[Symptom, ...]:
    """The symptoms as the curators' files have them now."""
    return symptoms.load(symptom_files.compile_symptoms(SYMPTOMS))


@pytest.fixture(scope="session")
def matrix() -> Matrix:
    """All compiled facts."""
    return loading.matrix()
