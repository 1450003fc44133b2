from __future__ import annotations

import pytest

from tfmac_lock.cli.proving import published_locks
from tfmac_lock.errors import DataError
from tfmac_lock.matrix import loading
from tfmac_lock.prove.locked import VARIANT, locked_set


@pytest.mark.slow
def test_a_conda_half_is_a_set_of_its_own_only_where_its_versions_differ() -> None:
    try:
        loading.locks_folder()
    except DataError:
        pytest.skip("the published locks are not here")
    sets = {name: locked_set(content, name) for name, content in published_locks().items()}
    assert all(found.id == name for name, found in sets.items())
    variants = {name for name in sets if name.endswith(VARIANT)}
    for name in variants:
        wheels = sets[name.removesuffix(VARIANT)]
        assert sets[name].pins != wheels.pins
        assert sets[name].from_conda
        assert not wheels.from_conda
    only_conda = {name for name, found in sets.items() if found.from_conda} - variants
    assert {sets[name].tensorflow for name in only_conda} == {"2.5.0", "2.6.0"}
