"""The parts of a file that this program wrote: between two comments, in a file or in an array.

What stands between them is replaced as a whole; everything else is somebody else's. So an entry
that a new lock no longer has goes away, and doing it twice is the same as doing it once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

BEGIN = "# begin: tfmac-lock apply"
END = "# end: tfmac-lock apply"

REGION = re.compile(rf"\n?[ \t]*{BEGIN}[^\n]*\n.*?{END}[^\n]*", re.DOTALL)


def has_region(text: str) -> bool:
    """Whether something in the text is ours."""
    return REGION.search(text) is not None


def without_region(text: str) -> str:
    """The text without what is ours."""
    return REGION.sub("", text)


def in_array(array: str, lines: Sequence[str]) -> str:
    """The text of an array of TOML with these lines of ours before all others.

    Each of the lines is an item with its comma, or a comment.
    """
    inner = without_region(array)[1:-1]
    if inner.strip() and not inner.lstrip(" \t").startswith("\n"):
        inner = f"\n    {inner.strip()}\n"
    ours = "".join(f"\n{line}" for line in (f"    {BEGIN}", *lines, f"    {END}") if lines)
    rest = inner if inner.strip() else "\n"
    return f"[{ours}{rest}]"


def in_table(body: str, lines: Sequence[str]) -> str:
    """The text of a table's rows with these lines of ours before all others."""
    rest = without_region(f"\n{body}").lstrip("\n")
    return "\n".join([BEGIN, *lines, END, rest])


def in_file(text: str, lines: Sequence[str]) -> str:
    """The text of a file with these lines of ours: where they stood, else at the end."""
    ours = "\n".join([BEGIN, *lines, END])
    found = REGION.search(text)
    if found is not None:
        before = "\n" if found[0].startswith("\n") else ""
        return f"{text[: found.start()]}{before}{ours}{text[found.end() :]}"
    gap = "\n" if text.endswith("\n") or not text else "\n\n"
    return f"{text}{gap if text else ''}{ours}\n"
