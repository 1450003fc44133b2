from __future__ import annotations

import pytest

from tfmac_lock.macho.numpy_generation import common_generation, numpy_generation

OLD = b"\0numpy.core._multiarray_umath\0"
NEW = b"\0numpy._core._multiarray_umath\0"


@pytest.mark.parametrize(
    ("data", "generation"), [(OLD, "1"), (OLD + NEW, "1+2"), (NEW, "2"), (b"numpy", None)]
)
def test_the_names_inside_tell_the_generation(data: bytes, generation: str | None) -> None:
    assert numpy_generation(data) == generation


@pytest.mark.parametrize(
    ("modules", "together"),
    [
        ([], None),
        ([None], None),
        (["1", None, "1"], "1"),
        (["1", "1+2"], "1"),
        (["1+2", "1+2"], "1+2"),
        (["2", "1+2"], "2"),
        (["1", "2"], "none"),
    ],
)
def test_a_package_runs_on_what_all_its_modules_run_on(
    modules: list[str | None], together: str | None
) -> None:
    assert common_generation(modules) == together
