"""Indexes and files on this very disk, under ``file://`` addresses.

The layout is that of PEP 503 as static files: ``<index>/<project>/index.html``.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ..files import open_regular
from . import simple_html
from .errors import HashMismatch, IndexUnreachable

if TYPE_CHECKING:
    from .model import IndexFile

_HINT = "Check the index folder."


def path_of(url: str) -> Path:
    """The path of a ``file://`` address."""
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    return Path(url2pathname(urlsplit(url).path))


def rows(index: str, project: str) -> tuple[str, ...]:
    """The rows of a project in an index folder; none where it has no such project."""
    page = path_of(index) / project / "index.html"
    try:
        with open_regular(page) as file:
            body = file.read()
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as fault:
        raise IndexUnreachable(page.as_uri(), str(fault), _HINT) from None
    return simple_html.parse(body, page.as_uri()).rows


def open_file(file: IndexFile) -> IO[bytes]:
    """A file of such an index, for reading."""
    try:
        return open_regular(path_of(file.url))
    except OSError as fault:
        raise IndexUnreachable(file.url, str(fault), _HINT) from None


def save(file: IndexFile, into: IO[bytes]) -> str:
    """Copy a file into ``into`` and return its sha256, checked if one is known."""
    digest = hashlib.sha256()
    with open_file(file) as source:
        while chunk := source.read(1 << 20):
            digest.update(chunk)
            into.write(chunk)
    if file.sha256 is not None and digest.hexdigest() != file.sha256:
        raise HashMismatch(file.url, file.sha256, digest.hexdigest())
    return digest.hexdigest()
