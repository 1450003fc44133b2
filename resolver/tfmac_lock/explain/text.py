"""Text as people paste it, made plain: windows over a stream of any size, and their cleaning.

A log may be a pip run, a notebook, a terminal copy with colours, a CI log with a time before
every line, or not a text at all. It is read in windows of a fixed size, so that memory does not
grow with the input and a single line of any length is only some more windows.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WINDOW = 256 * 1024
"""Fresh bytes in a window."""

OVERLAP = 16 * 1024
"""Bytes of the last window that the next one repeats: more than any pattern can span."""

DEFAULT_LIMIT = 256 * 1024 * 1024
"""Bytes after which reading stops, so that an endless pipe gets an answer too."""


class Readable(Protocol):
    """What can be read without waiting for all that was asked for."""

    def read1(self, size: int = ..., /) -> bytes:
        """Up to ``size`` bytes, as soon as there are any; none at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of the stream. ``raw[:fresh]`` was in the window before too."""

    raw: bytes
    fresh: int
    index: int
    notebook: bool


_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def _chunks(stream: Readable, limit: int, on_cut: Callable[[], None]) -> Iterator[bytes]:
    total = 0
    decoder: codecs.IncrementalDecoder | None = None
    while chunk := stream.read1(WINDOW):
        if total == 0 and chunk[:2] in _UTF16_MARKS:
            decoder = codecs.getincrementaldecoder("utf-16")(errors="replace")
        total += len(chunk)
        cut = total > limit
        if cut:
            chunk = chunk[: len(chunk) - (total - limit)]
        yield decoder.decode(chunk).encode("utf-8", "replace") if decoder else chunk
        if cut:
            on_cut()
            return


def windows(
    stream: Readable,
    *,
    limit: int = DEFAULT_LIMIT,
    on_cut: Callable[[], None] = lambda: None,
) -> Iterator[Window]:
    """The stream in windows; after ``limit`` bytes ``on_cut`` is called and it ends.

    An interrupt from the keyboard ends the stream where it is: whoever stops an endless pipe
    wants the answer for what was read.
    """
    held = bytearray()
    tail = b""
    index = 0
    notebook = False
    chunks = _chunks(stream, limit, on_cut)
    ended = False
    while not ended:
        try:
            chunk = next(chunks, None)
        except KeyboardInterrupt:
            on_cut()
            chunk = None
        ended = chunk is None
        held += chunk or b""
        if len(held) < WINDOW and not (ended and held):
            continue
        if index == 0:
            notebook = held.lstrip()[:1] == b"{" and b'"cells"' in held
        raw = tail + bytes(held)
        yield Window(raw=raw, fresh=len(tail), index=index, notebook=notebook)
        tail = raw[-OVERLAP:]
        held.clear()
        index += 1


_TERMINAL = re.compile(
    rb"\x1b(?:"
    rb"\[[0-?]{0,64}[ -/]{0,8}[@-~]"  # colours, cursor movements
    rb"|\][^\x07\x1b]{0,2000}(?:\x07|\x1b\\)"  # window titles, hyperlinks
    rb"|[PX^_][^\x1b]{0,2000}\x1b\\"
    rb"|[ -/]{0,4}[0-~])"
)
_SQUEEZED_AWAY = bytes(range(33)) + b"\"'`\\\x7f"
_FOLD = bytes(range(256)).lower()


def without_terminal_codes(raw: bytes, *, notebook: bool) -> bytes:
    """The bytes without what only a terminal understands."""
    if notebook:
        raw = raw.replace(b"\\u001b", b"\x1b")
    if b"\x1b" in raw:
        raw = _TERMINAL.sub(b"", raw)
    if b"\xc2\xa0" in raw:
        raw = raw.replace(b"\xc2\xa0", b" ")
    if b"\xe2\x80" in raw:
        raw = _TYPESET.sub(_as_typed, raw)
    return raw


# Curly quotes become straight ones, and what has no width goes, before literals are sought.
_TYPESET = re.compile(rb"\xe2\x80([\x8b-\x8f\x98-\x9e\xa8-\xae])")


def _as_typed(match: re.Match[bytes]) -> bytes:
    last = match[1][0]
    if last < 0x90 or last > 0xA0:
        return b""
    return b"'" if last < 0x9C else b'"'


def squeeze(raw: bytes) -> bytes:
    """Folded to lower case, without white space, control characters, quotes and backslashes.

    Whatever a wrapping terminal or an indenting tool did to a text, its squeezed form is the
    same, which makes it the place to look for literals.
    """
    return raw.translate(_FOLD, _SQUEEZED_AWAY)


SMALL = 64 * 1024
"""Bytes of a window that is cleaned before literals are sought: what people paste is shorter."""

_DRESSED = (b"&quot;", b"&#39;", b"&#x27;", b"\n> ", b"[0m", b"\n\xe2\x94\x82 ")
"""One of these stands in a text whose literals something else may interrupt."""


def must_be_cleaned_first(raw: bytes) -> bool:
    """Whether literals may be sought in the cleaned text only.

    That is what quoting, boxes, HTML and the like ask for; a large log of an installer or of a
    training has none of it, and is not cleaned unless something was found.
    """
    return len(raw) <= SMALL or any(mark in raw for mark in _DRESSED)


_CODES_WITHOUT_ESCAPE = re.compile(r"\[(?:\d{1,3}(?:;\d{1,3}){0,5}m|m(?!\w))")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u2028-\u202e\ufeff]")
_QUOTES = (
    *((quote, "'") for quote in "\u2018\u2019\u201a"),
    *((quote, '"') for quote in "\u201c\u201d\u201e\u00ab\u00bb"),
)
_FULL_WIDTH = re.compile("[\uff01-\uff5e]")
_ENTITY = re.compile(
    r"&(?:(amp|lt|gt|quot|apos|nbsp)|#(\d{2,5})|#x([0-9a-f]{2,4}));", re.IGNORECASE
)
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "nbsp": " "}
_TAG = re.compile(
    r"</?(?:(br|p|div|li|tr|pre|blockquote)|a|b|code|em|font|i|kbd|samp|span|strong|t[dht]|u)"
    r"(?:[ \t][^<>\n]{0,200})?/?>",
    re.IGNORECASE,
)
# The expressions below begin with the line feed, to which the matcher skips at once; with ^ or a
# look behind it in front they would be tried at every character.
_PREFIX = re.compile(
    r"\n[ \t]{0,40}(?:"
    r"(?:>(?!>> |>>\n) ?){1,8}"  # quoted mail and Markdown, but not Python's own prompt
    r"|#{1,2}> ?"  # R's reprex
    r"|E {2,7}(?=\S)"  # pytest
    r"|[│┃|] "  # boxes drawn by rich, uv, conda
    r"|\#\d{1,4} \d{1,6}\.\d{1,4} "  # docker build
    r"|[\w.-]{1,40} +\| "  # docker compose
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[\d.]{0,10}Z (?:std(?:out|err) [FP] )?"  # hosted CI, clusters
    r"|\[?(?:\d{4}-\d\d-\d\d[ T])?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\]? "  # logging
    r"|\[(?:stdout|stderr|pip|info|error|warn(?:ing)?)\] "
    r")",
    re.IGNORECASE,
)
_BOX = "\u2502\u2503"
_WINDOWS_PATH = re.compile(r"\b[A-Za-z]:\\\w")
_JSON_LINE = re.compile(r'^[ \t]{0,40}"|",?[ \t]{0,8}$', re.MULTILINE)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_ESCAPE = re.compile(r"""\\(?:([ntr"'\\/])|u([0-9a-fA-F]{4}))""")


def _unescape(match: re.Match[str]) -> str:
    simple, code = match.groups()
    return _ESCAPES.get(simple, simple) if simple else chr(int(code, 16))


def _named(match: re.Match[str]) -> str:
    name, decimal, hexadecimal = match.groups()
    return (
        _ENTITIES[name.lower()] if name else chr(int(decimal or hexadecimal, 10 if decimal else 16))
    )


def _without_markup(text: str) -> str:
    """HTML's entities become characters, once more if they were escaped twice, and tags go."""
    if "&" in text:
        text = _ENTITY.sub(_named, _ENTITY.sub(_named, text))
    if "<" in text:
        text = _TAG.sub(lambda tag: "\n" if tag[1] else "", text)
    return text


def _unescaped(text: str) -> str:
    """The text with the backslashes gone that JSON, Python and Markdown put before characters.

    Not those of Windows' paths.
    """
    if "\\" not in text or _WINDOWS_PATH.search(text):
        return text
    if text.count("\\n") > text.count("\n"):
        text = _ESCAPE.sub(_unescape, text)
    return text.replace("\\_", "_")


def clean(raw: bytes, *, notebook: bool = False) -> str:
    r"""Plain text with ``\n`` line ends, ASCII quotes, no markup, no prefixes of other tools.

    ``raw`` has lost its terminal codes already. For a notebook the strings of the JSON are
    opened, line by line, which works on a torn one too.
    """
    text = raw.decode("utf-8", "replace")
    text = _ESCAPE.sub(_unescape, _JSON_LINE.sub("", text)) if notebook else _unescaped(text)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for typeset, typed in _QUOTES:
        text = text.replace(typeset, typed)
    if not text.isascii():
        text = _FULL_WIDTH.sub(lambda wide: chr(ord(wide[0]) - 0xFEE0), text)
    text = _without_markup(text)
    text = _CONTROLS.sub("", _CODES_WITHOUT_ESCAPE.sub("", text))
    if not text.isascii() and any(side in text for side in _BOX):
        text = "\n".join(line.rstrip(f"{_BOX} \t") for line in text.split("\n"))
    return _PREFIX.sub("\n", _PREFIX.sub("\n", f"\n{text}"))[1:]


_WRAP = re.compile(r"\n(?<=[^\n]{40}\n)[ \t]{0,40}")


def unwrapped(text: str) -> str:
    """The text with the line breaks after long lines taken out, for patterns in loose form."""
    return _WRAP.sub("", text)


def folded(text: str) -> str:
    """The text with ASCII letters in lower case, every character in its place."""
    if text.isascii():
        return text.lower()
    return text.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")


def line_at(text: str, start: int, end: int, *, longest: int = 300) -> str:
    """The line in which ``start`` lies, to at least ``end``, shortened around the match."""
    begin = text.rfind("\n", 0, start) + 1
    stop = text.find("\n", start)
    stop = len(text) if stop < 0 else stop
    if start - begin > longest // 2:
        begin = start - longest // 4
    stop = max(min(stop, begin + longest), min(end, begin + longest))
    return " ".join(text[begin:stop].split())
