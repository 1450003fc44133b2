from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.facts import shipped
from tests.support.locks import lock
from tests.support.natives import ALLOC, CONCAT, LIBRARY, Rows
from tfmac_lock.lock.limits import limits_of
from tfmac_lock.lock.unloadable import NOTHING, without

KNOWN = ["1.0", "1.1", "1.2", "1.3"]


@pytest.mark.parametrize(
    ("failed", "rest"),
    [
        (["1.0"], ">=1.1"),
        (["1.0", "1.1"], ">=1.2"),
        (["1.3"], "<=1.2"),
        (["1.0", "1.3"], ">=1.1,<=1.2"),
        (["1.1"], "!=1.1"),
        (["1.0", "1.2"], ">=1.1,!=1.2"),
        (KNOWN, NOTHING),
    ],
)
def test_what_does_not_load_is_left_out_in_few_clauses(failed: list[str], rest: str) -> None:
    assert without(KNOWN, failed) == rest


def test_a_companion_is_limited_to_the_versions_whose_images_load() -> None:
    rows = Rows()
    rows.companion("0.36.0", {LIBRARY: [ALLOC]})
    rows.companion("0.37.1", {LIBRARY: [CONCAT]})
    rows.companion("0.38.0", {LIBRARY: [CONCAT]}, pythons=("cp312",))
    rows.tensorflow("2.18.1", {"tensorflow/libtensorflow_framework.2.dylib": [ALLOC]})
    known = replace(shipped(), natives=rows.matrix_rows())
    limit = next(one for one in limits_of(known, lock()).limits if one.package == "tensorflow-io")
    assert limit.specifier.split(",")[-1] == "<=0.36.0"
    texts = [reason for reason, _ in limit.reasons]
    assert any("tensorflow-io 0.37.1 does not load into TensorFlow 2.18.1" in one for one in texts)
