"""What the terminal can show: colours on stdout, and lines that change on stderr."""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
import textwrap
from typing import TYPE_CHECKING, Any, TextIO

from ..languages import translated

if TYPE_CHECKING:
    from collections.abc import Mapping


class Closed(io.TextIOBase):
    """Standard output that the caller closed: whoever writes to it hears so."""

    def write(self, _: str) -> int:
        """Raise OSError, as a closed descriptor does."""
        raise OSError(errno.EBADF, "it is closed, so the result cannot be written there")

    def fileno(self) -> int:
        """The number that it had."""
        return 1


def escape_unknown(stream: TextIO) -> None:
    """Write characters that the stream's encoding lacks as JSON, TOML and YAML escape them."""
    codecs.register_error("tfmac-lock", _escaped)
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="tfmac-lock")


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    pairs = zip(units[::2], units[1::2], strict=True)
    return "".join(f"\\u{high:02x}{low:02x}" for high, low in pairs), error.end


QUIET, NORMAL, VERBOSE = -1, 0, 1
_level = NORMAL


def set_console(level: int, color: str) -> None:
    """How much is said on stderr, and whether in colours: ``auto``, ``always`` or ``never``.

    The colours go into the environment, where rich and the programs that are run find them too.
    """
    global _level
    _level = level
    if color == "never":
        os.environ["NO_COLOR"] = "1"
    elif color == "always":
        os.environ.pop("NO_COLOR", None)
        os.environ["FORCE_COLOR"] = "1"


def level() -> int:
    """How much is said now."""
    return _level


def says(level: int = NORMAL) -> bool:
    """Whether messages of that level are printed."""
    return _level >= level


def say(text: str, level: int = NORMAL) -> None:
    """A message on stderr: not the result, and no error, which is always printed."""
    if says(level):
        print(printable(translated(text)), file=sys.stderr, flush=True)  # noqa: T201 - a message


def has_color() -> bool:
    """Whether stdout shows colours: a terminal, and neither NO_COLOR nor TERM=dumb says no.

    FORCE_COLOR says yes to what is no terminal. Source: https://no-color.org.
    """
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (sys.stdout.isatty() and not _is_dumb())


def has_bars() -> bool:
    """Whether stderr shows lines that change: a terminal that can go back in a line."""
    return says() and sys.stderr.isatty() and not _is_dumb()


def print_json(document: Mapping[str, Any]) -> None:
    """The result as JSON, one field a line; what has no schema_version gets the first."""
    from ..files import dump_json

    version = {} if "schema_version" in document else {"schema_version": 1}
    sys.stdout.write(dump_json({**version, **document}))


def _is_dumb() -> bool:
    return os.environ.get("TERM") == "dumb"


def printable(text: str) -> str:
    """The text without control characters, which a hostile name could carry to the terminal."""
    return "".join(
        char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in text
    )


def wrapped(text: str, width: int = 80, *, first: str = "", rest: str | None = None) -> list[str]:
    """The text in lines of so many columns. A word that is longer, such as a command, stays whole.

    ``first`` begins the first line and ``rest`` the others; without it they begin alike.
    """
    rest = first if rest is None else rest
    if text.isascii():
        return textwrap.wrap(
            text,
            width,
            initial_indent=first,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
        )
    from .wide import wrapped_wide

    return wrapped_wide(text, width, first, rest)


def columns(text: str) -> int:
    """How many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    from .wide import columns_wide

    return columns_wide(text)


def shortened(text: str, most: int, ending: str = " …") -> str:
    """The text in no more columns than that; the ending says that it was cut off."""
    if text.isascii():
        return textwrap.shorten(text, most, placeholder=ending)
    line, *more = wrapped(" ".join(text.split()), most)
    return f"{wrapped(text, most - columns(ending))[0]}{ending}" if more else line
