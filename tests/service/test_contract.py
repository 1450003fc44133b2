"""The service against its own description."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode

from tfmac_lock.service.messages import COMPUTED
from tfmac_lock.site.openapi import FILES, describe

if TYPE_CHECKING:
    from schemathesis import Case

    from ..support.service import Running

BEYOND_A_SCHEMA = schemathesis.checks.positive_data_acceptance
"""That a chip exists and a requirement can be read is not said in a schema, and refused too."""

SCHEMA = schemathesis.openapi.from_dict(describe(COMPUTED))
OPERATIONS = [
    pytest.param(found.ok(), id=f"{found.ok().method} {found.ok().path}")
    for found in SCHEMA.get_all_operations()
    if found.ok().path.rpartition("/")[2] not in FILES  # those have no parameters to vary
]


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_answer_is_one_that_the_description_promises(
    running: Running, operation: schemathesis.APIOperation, mode: GenerationMode
) -> None:
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    def holds(case: Case) -> None:
        case.call_and_validate(base_url=running.address, excluded_checks=[BEYOND_A_SCHEMA])

    holds()


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
