"""The errors of reading binaries.

A tree below the program's ``DataError``::

    DataError
    └── DamagedBinary        a Mach-O file or wheel contradicts its own format or is over a limit
        └── NotMachO         the bytes do not begin as a Mach-O file does
"""

from __future__ import annotations

from ..errors import DataError


class DamagedBinary(DataError):
    """A Mach-O file or a wheel contradicts its own format, or is over one of our limits."""


class NotMachO(DamagedBinary):
    """The bytes do not begin as a Mach-O file does."""
