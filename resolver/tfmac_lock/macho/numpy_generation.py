"""Which numpy an extension module can run on, from the names inside of it.

``import_array()`` of numpy's headers asks for the module ``numpy.core._multiarray_umath`` when
it was compiled against numpy 1, and for ``numpy._core._multiarray_umath`` first and the other
one second when compiled against numpy 2, which runs on both (numpy's 2.0 migration guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .buffer import Bytes

_OLD = b"numpy.core._multiarray_umath"
_NEW = b"numpy._core._multiarray_umath"


def numpy_generation(data: Bytes) -> str | None:
    """The numpy versions that a binary runs on: "1", "1+2" or "2"; None where it uses none."""
    old, new = data.find(_OLD, 0) >= 0, data.find(_NEW, 0) >= 0
    return {(True, False): "1", (True, True): "1+2", (False, True): "2"}.get((old, new))


def common_generation(generations: Iterable[str | None]) -> str | None:
    """What all modules of a package can run on together; "none" where they contradict."""
    known = {one for one in generations if one is not None}
    if not known:
        return None
    if known == {"1+2"}:
        return "1+2"
    strict = known - {"1+2"}
    return strict.pop() if len(strict) == 1 else "none"
