"""What the system offers, as far as it is needed to judge a plugin.

A symbol that is bound to a library of the system is taken to be there: which macOS has it is
the matter of the macOS floor, which is curated. Only lookups that name no library need a list.
"""

from __future__ import annotations

_PLACES = ("/usr/lib/", "/System/")

CXX_RUNTIME = frozenset(
    {
        "__ZTISt11range_error",
        "__ZTISt12domain_error",
        "__ZTISt12length_error",
        "__ZTISt12out_of_range",
        "__ZTISt14overflow_error",
        "__ZTISt15underflow_error",
        "__ZTISt16invalid_argument",
        "__ZdaPv",
        "__ZdlPv",
        "__Znam",
        "__Znwm",
        "__ZnwmRKSt9nothrow_t",
    }
)
"""Coalesced C++ symbols that plugins do not define themselves; libc++.1.dylib exports all."""

FLAT = frozenset({"_objc_msgSend"}) | CXX_RUNTIME
"""Symbols that plugins look up in all images and that libobjc.A.dylib or libc++ exports."""


def is_system(library: str) -> bool:
    """Whether a library belongs to macOS."""
    return library.startswith(_PLACES)
