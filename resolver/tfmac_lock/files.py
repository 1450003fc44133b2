"""Reading the JSON that is shipped with the program, with one kind of error for all damage."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

from .errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")

DAMAGE = (
    UsageError,  # a version in the file that the user could have mistyped, but did not
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    RecursionError,
)
"""What reading a datum of another shape than the expected one raises."""


def guarded(path: Path, schema_version: int, build: Callable[[Any], T]) -> T:
    """What ``build`` makes of the file's JSON; raises DataError where the file is damaged."""
    try:
        data = json.loads(path.read_bytes())
        if data["schema_version"] != schema_version:
            raise DataError(str(path), f"schema_version is not {schema_version}; reinstall")
        return build(data)
    except OSError as error:
        raise DataError(str(path), f"cannot be read ({error.strerror}); reinstall") from error
    except DAMAGE as error:
        raise DataError(str(path), f"is damaged ({error!r}); reinstall tfmac-lock") from error
