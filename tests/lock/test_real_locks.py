"""Against the real index: what is published is what resolving anew gives."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import pytest

from tests.support.facts import shipped
from tests.support.real_index import real_index
from tfmac_lock.lock import published
from tfmac_lock.lock.make import Resolver
from tfmac_lock.lock.request import LockRequest, end_of
from tfmac_lock.matrix import loading
from tfmac_lock.matrix.ranking import PairRequest, TensorFlowRequest
from tfmac_lock.publish.locks import versions_to_keep
from tfmac_lock.target import Arch, PythonVersion

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.index


@pytest.mark.parametrize(("python", "arch"), [("3.9", Arch.ARM64), ("3.8", Arch.X86_64)])
def test_the_best_published_lock_comes_out_again(python: str, arch: Arch, tmp_path: Path) -> None:
    locks = loading.locks_folder()
    best = published.Index.within(locks, python, arch).locks()[0]
    day = date.fromisoformat(json.loads((locks / "as_of.json").read_text())["as_of"])
    wish = PairRequest(
        python=PythonVersion.parse(python),
        chip=shipped().platforms.chip(best.combo.chip),
        tensorflow=TensorFlowRequest(
            package=best.combo.package, specifier=f"=={best.combo.tensorflow}"
        ),
        metal=best.combo.metal or "none",
    )
    with real_index(tmp_path) as client:
        resolver = Resolver(matrix=shipped(), source=client, as_of=day.isoformat())
        request = LockRequest(pair=wish, before=end_of(day), preferred=versions_to_keep(best, day))
        assert resolver.lock(request).lock == best
