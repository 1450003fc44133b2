"""What pydantic refuses is told with the way to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("pydantic", reason="facts are checked with the extra `curate`")

from tfmac_lock.errors import DataError
from tfmac_lock.matrix.facts import Bound
from tfmac_lock.matrix.toml import read_file

if TYPE_CHECKING:
    from pathlib import Path

BOUND = """
id = "numpy-2"
package = "numpy"
specifier = "<2"
tensorflow = "<2.18"
reason = "compiled against numpy 1"
source = "twin: it fails at import"
"""


def test_a_fact_is_read_with_its_defaults(tmp_path: Path) -> None:
    path = tmp_path / "bound.toml"
    path.write_text(BOUND)
    found = read_file(path, Bound)
    assert (found.id, found.severity, found.tried) == ("numpy-2", "broken", ())


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (BOUND + 'sverity = "caution"\n', "sverity: "),
        (BOUND.replace("<2.18", "below 2.18"), "tensorflow: "),
        (BOUND.replace('"numpy"', '"NumPy"'), "package: .*'numpy'"),
        (BOUND.replace('"numpy-2"', '"numpy 2"'), "id: "),
        (BOUND + "[[tried]]\npackage_version = '1.26'\n", r"tried\[1.26\]\.works: "),
        ("id = ", "bound.toml: "),
    ],
)
def test_a_fault_is_told_with_the_way_to_it(tmp_path: Path, text: str, where: str) -> None:
    path = tmp_path / "bound.toml"
    path.write_text(text)
    with pytest.raises(DataError, match=f"bound.toml: .*{where}" if where[0] != "b" else where):
        read_file(path, Bound)
