"""A file on a web server as a seekable file, fetched piece by piece where the server can.

RFC 9110 section 14. Servers differ: some know no suffix ranges, some know none and send
everything, some refuse. Each is met by the next best way, and the last is to fetch the whole
file once. What a server says about sizes is checked against what it said before.
"""

from __future__ import annotations

import hashlib
import io
import re
import tempfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, cast

from .errors import BadIndexAnswer, HashMismatch, NoRoom

if TYPE_CHECKING:
    from collections.abc import Callable

    from .http import Limits, Reply, Transport
    from .model import IndexFile

# The end of a wheel: for four wheels of five it holds the directory and METADATA. Measured on
# the 42 wheels of one resolve, half as much takes more requests, twice as much only more bytes.
TAIL = 1 << 15

# A request for more of a file asks for so many bytes at least, and for some before: METADATA
# mostly lie between the last module and the directory, which is read first.
_AT_LEAST = 1 << 16
_BEFORE = 1 << 14
_WHOLE = 4 << 20  # a file of fewer bytes may as well come whole
_BUDGET = 32 << 20  # the directory of a TensorFlow has 1.6 MB
_IDENTITY = {"Accept-Encoding": "identity"}  # a range of a compressed answer is of no use
_CONTENT_RANGE = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some bytes of a file of ``total`` bytes, beginning at ``start``."""

    start: int
    total: int
    content: bytes

    @property
    def is_tail(self) -> bool:
        """Whether it reaches to the end of the file."""
        return self.start + len(self.content) == self.total


def open_remote(
    transport: Transport, limits: Limits, file: IndexFile, *, budget: int = _BUDGET
) -> IO[bytes]:
    """The file for reading a little of it at random; to be closed.

    At most ``budget`` bytes are fetched by ranges. A file of which all bytes came at once is
    checked against its sha256. ``BadIndexAnswer`` when the server contradicts itself, on opening
    or on reading.
    """
    first = _ask(transport, limits, file, f"bytes=-{TAIL}")
    if isinstance(first, Piece) and not first.is_tail:
        first = first.total  # a server that takes "the last n" for "the first n"
    if first is None or isinstance(first, int):
        total = file.size or first or _total(transport, limits, file)
        if total:
            start = max(0, total - TAIL)
            first = _ask(transport, limits, file, f"bytes={start}-{total - 1}", last_way=True)
    if first is None or isinstance(first, int):
        first = transport.fetch(
            file.url,
            lambda reply: _whole(reply, file, limits),
            headers=_IDENTITY,
            seconds=limits.wheel_seconds,
        )
    if isinstance(first, Piece):
        if not first.is_tail:
            raise BadIndexAnswer(file.url, "it serves other ranges than it is asked for")

        def fetch(start: int, stop: int) -> bytes:
            piece = _ask(transport, limits, file, f"bytes={start}-{stop - 1}", last_way=True)
            if not isinstance(piece, Piece):
                if piece is not None and not isinstance(piece, int):
                    piece.close()  # the whole file, for which the pieces have no room
                raise BadIndexAnswer(file.url, "it served ranges, and stopped doing so")
            if (piece.start, piece.total, len(piece.content)) != (start, total_size, stop - start):
                raise BadIndexAnswer(file.url, "it serves other ranges than it is asked for")
            return piece.content

        total_size = first.total
        if first.start == 0:
            _check(file, hashlib.sha256(first.content).hexdigest())
        return cast("IO[bytes]", RangeFile(file.url, first, fetch, budget))
    return first


def save(transport: Transport, limits: Limits, file: IndexFile, into: IO[bytes]) -> str:
    """Fetch the whole file into ``into`` and return its sha256, checked if one is known."""

    def take(reply: Reply) -> str:
        into.seek(0)
        into.truncate()
        return _copy(reply, file, limits, into)

    return transport.fetch(file.url, take, headers=_IDENTITY, seconds=limits.wheel_seconds)


class RangeFile(io.RawIOBase):
    """Reads through ``fetch(start, stop)``, and keeps what it fetched, ``budget`` bytes at most."""

    def __init__(
        self, url: str, tail: Piece, fetch: Callable[[int, int], bytes], budget: int
    ) -> None:
        self._url = url
        self._fetch = fetch
        self._budget = budget
        self._total = tail.total
        self._position = 0
        self._pieces = {tail.start: tail.content}

    # The methods below are those of io.RawIOBase.

    def readable(self) -> bool:  # noqa: D102
        return True

    def seekable(self) -> bool:  # noqa: D102
        return True

    def tell(self) -> int:  # noqa: D102
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:  # noqa: D102
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._total}
        position = base[whence] + offset
        if position < 0:
            raise OSError(22, "a position before the start of the file")
        self._position = position
        return position

    def read(self, size: int | None = -1) -> bytes:  # noqa: D102
        left = max(0, self._total - self._position)
        left = left if size is None or size < 0 else min(size, left)
        parts = []
        while left:
            part = self._part(self._position, left)
            parts.append(part)
            self._position += len(part)
            left -= len(part)
        return b"".join(parts)

    def _part(self, start: int, size: int) -> bytes:
        """Some bytes from ``start``, at most ``size``, that are here or are fetched now."""
        low, high = 0, self._total
        for begin, content in self._pieces.items():
            end = begin + len(content)
            if begin <= start < end:
                return content[start - begin : start - begin + size]
            low = max(low, end) if end <= start else low
            high = min(high, begin) if begin > start else high
        first = max(low, start - _BEFORE)
        last = min(high, max(start + size, first + _AT_LEAST))
        self._budget -= last - first
        if self._budget < 0:
            raise BadIndexAnswer(self._url, "reading it takes more bytes than is allowed")
        self._pieces[first] = self._fetch(first, last)
        return self._part(start, size)


def _ask(
    transport: Transport, limits: Limits, file: IndexFile, wanted: str, *, last_way: bool = False
) -> Piece | IO[bytes] | int | None:
    """A range; or the whole file where the server sends that; else the file's size if stated."""

    def take(reply: Reply) -> Piece | IO[bytes] | int | None:
        if reply.status == 206:
            return _piece(reply, file)
        if reply.status == 200:
            length = reply.headers.get("content-length", "")
            can = reply.headers.get("accept-ranges", "") == "bytes"
            if can and not last_way and length.isdecimal() and int(length) > _WHOLE:
                return int(length)  # it knows ranges, only not this kind
            return _whole(reply, file, limits)
        if reply.status in {404, 410}:
            raise BadIndexAnswer(
                file.url, f"the index lists the file, the server says {reply.status}"
            )
        total = reply.headers.get("content-range", "").removeprefix("bytes */")
        return int(total) if total.isdecimal() and len(total) < 16 else None

    return transport.fetch(
        file.url,
        take,
        headers={**_IDENTITY, "Range": wanted},
        seconds=limits.page_seconds,
    )


def _piece(reply: Reply, file: IndexFile) -> Piece:
    said = reply.headers.get("content-range", "")
    found = _CONTENT_RANGE.fullmatch(said)
    if found is None:
        raise BadIndexAnswer(file.url, f"it serves the range {said[:60]!r}")
    start, last, total = (int(number) for number in found.groups())
    content = b"".join(reply.raw(_BUDGET))
    if not start <= last < total or len(content) != last + 1 - start:
        raise BadIndexAnswer(file.url, f"it says {said!r} and sends {len(content)} bytes")
    if file.size is not None and total != file.size:
        raise BadIndexAnswer(file.url, f"it has {total} bytes, the index says {file.size}")
    return Piece(start=start, total=total, content=content)


def _total(transport: Transport, limits: Limits, file: IndexFile) -> int | None:
    def take(reply: Reply) -> int | None:
        length = reply.headers.get("content-length", "")
        return int(length) if reply.status == 200 and length.isdecimal() else None

    return transport.fetch(
        file.url, take, method="HEAD", headers=_IDENTITY, seconds=limits.page_seconds
    )


def _whole(reply: Reply, file: IndexFile, limits: Limits) -> IO[bytes]:
    reply.allow(limits.wheel_seconds)
    into = tempfile.TemporaryFile(prefix="tfmac-lock-")  # noqa: SIM115  # handed out open
    try:
        _copy(reply, file, limits, into)
    except BaseException:
        into.close()
        raise
    into.seek(0)
    return into


def _copy(reply: Reply, file: IndexFile, limits: Limits, into: IO[bytes]) -> str:
    if reply.status != 200:
        raise BadIndexAnswer(file.url, f"the index lists the file, the server says {reply.status}")
    digest = hashlib.sha256()
    for chunk in reply.raw(limits.wheel_bytes):
        digest.update(chunk)
        try:
            into.write(chunk)
        except OSError as fault:
            raise NoRoom(file.url, str(fault)) from None
    return _check(file, digest.hexdigest())


def _check(file: IndexFile, digest: str) -> str:
    """The digest, if it is the file's; ``HashMismatch`` if not."""
    if file.sha256 is not None and digest != file.sha256:
        raise HashMismatch(file.url, file.sha256, digest)
    return digest
