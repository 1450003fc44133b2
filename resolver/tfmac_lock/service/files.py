"""The published files, answered from memory.

Nothing here touches the disk: a path is a key of a table, so there is nothing to traverse.
Conditional requests follow RFC 9110, section 13; the compressed form is a representation of
its own with its own entity tag.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass, field
from email.utils import formatdate, parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Headers = list[tuple[bytes, bytes]]

MEDIA = {
    "html": b"text/html; charset=utf-8",
    "css": b"text/css; charset=utf-8",
    "js": b"text/javascript; charset=utf-8",
    "json": b"application/json",
    "svg": b"image/svg+xml",
    "png": b"image/png",
    "ico": b"image/vnd.microsoft.icon",
    "xml": b"application/atom+xml",
    "toml": b"application/toml",
    "yml": b"application/yaml",
    "txt": b"text/plain; charset=utf-8",
}
POLICY = (
    b"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    b"connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    b"frame-ancestors 'none'"
)
ALWAYS: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", POLICY),
]
"""On every answer."""
READABLE: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"etag"),
    (b"cross-origin-resource-policy", b"cross-origin"),
]
"""What is published may be read from any site."""
CACHED = b"public, max-age=300, stale-while-revalidate=86400"
WORTH_COMPRESSING = 1000


@dataclass(slots=True)
class _Form:
    """One representation: its bytes, its tag and the headers that go with it."""

    body: bytes
    tag: bytes
    headers: Headers


@dataclass(slots=True)
class File:
    """One published file; its compressed form is made when it is first asked for."""

    content: bytes
    media: bytes
    modified: float
    _plain: _Form | None = field(default=None, repr=False)
    _packed: _Form | None = field(default=None, repr=False)

    def form(self, *, packed: bool) -> _Form:
        """The representation; small and already compressed ones are never packed."""
        if packed and len(self.content) >= WORTH_COMPRESSING:
            if self._packed is None:
                body = gzip.compress(self.content, 6, mtime=0)
                self._packed = self._make(body, (b"content-encoding", b"gzip"))
            return self._packed
        if self._plain is None:
            self._plain = self._make(self.content)
        return self._plain

    def _make(self, body: bytes, *more: tuple[bytes, bytes]) -> _Form:
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'.encode()
        headers = [
            (b"content-type", self.media),
            (b"content-length", str(len(body)).encode()),
            (b"etag", tag),
            (b"last-modified", formatdate(self.modified, usegmt=True).encode()),
            (b"cache-control", CACHED),
            (b"vary", b"accept-encoding"),
            *more,
            *ALWAYS,
            *READABLE,
        ]
        return _Form(body=body, tag=tag, headers=headers)


class Site:
    """All files by the path that is asked for, below ``base``."""

    def __init__(self, files: Mapping[str, bytes], *, base: str, modified: float) -> None:
        self._files: dict[str, File] = {}
        self._folders: dict[str, str] = {}
        for path, content in files.items():
            file = File(content=content, media=media_of(path), modified=modified)
            self._files[base + path] = file
            if path == "index.html" or path.endswith("/index.html"):
                folder = base + path.removesuffix("index.html")
                self._files[folder] = file
                if folder != "/":
                    self._folders[folder.rstrip("/")] = folder
        self._missing = self._files[f"{base}404.html"]

    def __len__(self) -> int:
        return len(self._files)

    def folder(self, path: str) -> str | None:
        """Where to go for a folder that was named without its slash."""
        return self._folders.get(path)

    def get(self, path: str) -> File | None:
        """The file at that path."""
        return self._files.get(path)

    def answer(
        self, path: str, headers: Iterable[tuple[bytes, bytes]]
    ) -> tuple[int, Headers, bytes]:
        """Status, headers and body for a GET of that path; the body is empty where none goes."""
        file = self._files.get(path)
        wanted: dict[bytes, bytes] = {}
        for name, value in headers:
            if name in (b"accept-encoding", b"if-none-match", b"if-modified-since"):
                wanted[name] = value[:1000]
        packed = accepts_gzip(wanted.get(b"accept-encoding", b""))
        if file is None:
            folder = self._folders.get(path)
            if folder is not None:
                return (
                    308,
                    [(b"location", folder.encode()), (b"content-length", b"0"), *ALWAYS],
                    b"",
                )
            form = self._missing.form(packed=packed)
            kept = [
                row
                for row in form.headers
                if row[0] not in (b"etag", b"last-modified", b"cache-control")
            ]
            return 404, [*kept, (b"cache-control", b"public, max-age=30")], form.body
        form = file.form(packed=packed)
        if _is_current(form, file.modified, wanted):
            kept = [
                row for row in form.headers if row[0] not in (b"content-length", b"content-type")
            ]
            return 304, kept, b""
        return 200, form.headers, form.body


def accepts_gzip(value: bytes) -> bool:
    """Whether Accept-Encoding admits gzip (RFC 9110, section 12.5.3)."""
    for part in value.decode("latin-1").lower().split(","):
        name, _, quality = part.strip().partition(";")
        if name.strip() in ("gzip", "*"):
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _is_current(form: _Form, modified: float, wanted: Mapping[bytes, bytes]) -> bool:
    tags = wanted.get(b"if-none-match")
    if tags is not None:
        # If-None-Match compares weakly: a cache on the way may have weakened the tag.
        known = [tag.strip().removeprefix(b"W/") for tag in tags.split(b",")]
        return b"*" in known or form.tag in known
    since = wanted.get(b"if-modified-since")
    if since is None:
        return False
    try:
        return int(modified) <= parsedate_to_datetime(since.decode("latin-1")).timestamp()
    except (ValueError, TypeError, OverflowError):
        return False


def media_of(path: str) -> bytes:
    """The media type of a file, by its name."""
    return MEDIA.get(path.rpartition(".")[2], b"text/plain; charset=utf-8")
