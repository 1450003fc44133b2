"""The service against its own description, the whole of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode

from tfmac_lock.service import app
from tfmac_lock.service.messages import COMPUTED, computed
from tfmac_lock.service.settings import Limits, Settings
from tfmac_lock.site.build import render_site
from tfmac_lock.site.inputs import load
from tfmac_lock.site.openapi import FILES, describe

from ..support.service import serving
from .conftest import FILES as SERVED
from .conftest import LIMITS
from .jobs import JOBS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemathesis import Case

    from ..support.service import Running

BEYOND_A_SCHEMA = schemathesis.checks.positive_data_acceptance
"""That a chip exists and a requirement can be read is not said in a schema, and refused too."""

SCHEMA = schemathesis.openapi.from_dict(describe(computed(reports=True)))
ALL = {
    f"{found.ok().method} {found.ok().path}": found.ok() for found in SCHEMA.get_all_operations()
}
VARIED = {name: one for name, one in ALL.items() if name.rpartition("/")[2] not in FILES}
"""The others have no parameters."""

modes = pytest.mark.parametrize("mode", list(GenerationMode))


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service with all that can be switched on."""
    settings = Settings(
        limits=replace(LIMITS, reports_per_client=10**9), reports=tmp_path_factory.mktemp("reports")
    )
    with serving(SERVED, settings, {**app.JOBS, **JOBS}) as service:
        yield service


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The service as an operator starts it: all published files, and the real work, offline."""
    folder = tmp_path_factory.mktemp("whole")
    limits = Limits(reports_per_client=10**9)
    settings = Settings(
        cache=folder / "cache", reports=folder / "reports", offline=True, limits=limits
    )
    reports = computed(reports=True)
    with serving(render_site(load(), base="/", computed=reports), settings) as service:
        yield service


def holds(
    running: Running, operation: schemathesis.APIOperation, mode: GenerationMode, examples: int
) -> None:
    """Every answer to made-up requests is one that the description promises."""

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    def ask(case: Case) -> None:
        case.call_and_validate(
            base_url=running.address, excluded_checks=[BEYOND_A_SCHEMA], timeout=120
        )

    ask()


@modes
@pytest.mark.parametrize("name", VARIED)
def test_every_answer_is_one_that_the_description_promises(
    described: Running, name: str, mode: GenerationMode
) -> None:
    holds(described, VARIED[name], mode, 25)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "mode"),
    [
        (name, mode)
        for name in ALL
        for mode in GenerationMode
        if mode is GenerationMode.POSITIVE or name in VARIED  # no other request can be wrong
    ],
)
def test_every_answer_of_the_whole_service_is_one_that_the_description_promises(
    whole: Running, name: str, mode: GenerationMode
) -> None:
    holds(whole, ALL[name], mode, 200 if name in VARIED else 5)


def test_the_description_of_a_service_has_its_operations_besides_the_files() -> None:
    described, files = describe(COMPUTED)["paths"], describe()["paths"]

    assert {path for path in described if path not in files} == {
        f"/api/v1/{name}" for name in COMPUTED.operations
    } | {
        f"/api/v1/{name}/{file}"
        for name, operation in COMPUTED.operations.items()
        for file in operation.files
    }
    assert all("post" in described[path] for path in described if path not in files)
