"""What holds for every test: no property test has a deadline, since no test times itself."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.support.symptoms import SYMPTOMS
from tfmac_lock.curate import symptom_files
from tfmac_lock.explain import symptoms
from tfmac_lock.matrix import loading

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from tfmac_lock.explain.symptoms import Symptom
    from tfmac_lock.matrix.facts import Matrix

settings.register_profile("project", deadline=None)
settings.load_profile("project")

# The tests read English, whatever their runner speaks.
os.environ["LC_ALL"] = "C.UTF-8"

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what runs in the background so, and the tests' own processes inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """Half as many again as there are cores: a third of the time a test waits for a process."""
    cores = yield
    return cores * 3 // 2


@pytest.fixture(autouse=True)
def own_path() -> Iterator[None]:
    """The import path as it was: conda-lock adds its vendored packages to it when imported.

    A worker process of the service inherits the path, and would find their packaging there.
    """
    before = list(sys.path)
    yield
    sys.path[:] = before


@pytest.fixture(scope="session")
def known() -> tuple[Symptom, ...]:
    """The symptoms as the curators' files have them now."""
    return symptoms.load(symptom_files.compile_symptoms(SYMPTOMS))


@pytest.fixture(scope="session")
def matrix() -> Matrix:
    """All compiled facts."""
    return loading.matrix()
