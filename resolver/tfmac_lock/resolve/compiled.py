"""What compiled modules require that the metadata of their wheel leave open: the NumPy of its time.

Modules that were compiled against NumPy 1 do not run on NumPy 2, and nobody could compile against
NumPy 2 before its first beta release. So a wheel of before that day that is made for one CPython
and requires NumPy requires NumPy 1, whatever upper bound it lacks.

Source: https://numpy.org/doc/stable/dev/depending_on_numpy.html (NumPy 2.0 specific advice).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

from .requirement import ByItsBinaries, ByPackage

if TYPE_CHECKING:
    from ..pypi.model import IndexFile
    from .requirement import Requirement

NUMPY = "numpy"
FIRST_BETA = datetime(2024, 3, 11, tzinfo=UTC)
"""The day on which NumPy 2.0.0b1 was uploaded."""

OLDER = SpecifierSet("<2")
BOTH = ("1.26.4", "2.0.0")
"""The last release of NumPy 1 and the first of NumPy 2: who admits one alone has made a choice."""

REASON = f"it was compiled before NumPy 2 ({FIRST_BETA:%Y-%m-%d})"


def of_its_time(item: Requirement, file: IndexFile) -> Requirement:
    """The requirement of the wheel as its compiled modules narrow it.

    Of a file whose upload time the index does not tell nothing is known.
    """
    if item.name != NUMPY or not isinstance(item.origin, ByPackage):
        return item
    if not _is_compiled(file.filename) or not all(one in item.specifier for one in BOTH):
        return item
    if file.uploaded is None or file.uploaded >= FIRST_BETA:
        return item
    origin = ByItsBinaries(item.origin.name, item.origin.version, REASON, item.specifier)
    return replace(item, specifier=item.specifier & OLDER, origin=origin)


def _is_compiled(filename: str) -> bool:
    """Whether it is a wheel with modules for one CPython; libraries alone say ``py3``."""
    if not filename.endswith(".whl"):
        return False
    interpreter, _, platform = filename.removesuffix(".whl").rsplit("-", 3)[1:]
    return interpreter.startswith("cp") and platform != "any"
