"""Channels: where they are read from, and under which address they stand in a lock."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .errors import BadChannel

ALIAS = "https://conda.anaconda.org"
"""Where a bare channel name lies; mirrors of it are set up in rattler's own configuration."""


HOST = r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d+)?"
"""A host with or without a port, as a regular expression."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel. ``url`` is what stands in locks: without credentials, token or closing slash.

    ``served`` is what is read; it may carry credentials, or be a mirror that others cannot see.
    """

    url: str
    served: str

    @classmethod
    def parse(cls, text: str) -> Channel:
        """Read ``conda-forge``, an address, or ``ADDRESS=MIRROR``; raises BadChannel.

        With a mirror, the mirror is read and the address is written.
        """
        address, _, mirror = _address_and_mirror(text.strip())
        served = _address(mirror or address, text)
        return cls(url=without_secrets(_address(address, text)), served=served)

    @property
    def name(self) -> str:
        """The short name of a channel on anaconda.org, else the address."""
        return self.url.removeprefix(f"{ALIAS}/")


TOKEN = re.compile(r"/t/[^/]+(?=/)")
"""A token where the path begins with it, as servers of conda channels take it."""

ANACONDA_TOKEN = re.compile(r"/t/[a-z]{2}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=/)")
"""A token of anaconda.org, anywhere in the path."""


def without_secrets(url: str) -> str:
    """The address without ``user:password@``, without ``/t/<token>`` and what follows a ``?``.

    A folder ``t`` further down in a path, or in one of this machine, is a folder.
    """
    scheme, found, rest = re.split(r"[?#]", url, maxsplit=1)[0].partition("://")
    host, slash, path = rest.partition("/")
    path = slash + path
    if scheme != "file" and (token := TOKEN.match(path) or ANACONDA_TOKEN.search(path)):
        path = path[: token.start()] + path[token.end() :]
    return f"{scheme}{found}{host.rpartition('@')[2]}{path}"


_ADDRESS = re.compile(r"(?<![A-Za-z+])[A-Za-z+]++://[^\s'\"<>]+")
"""It begins at a word's first letter alone, so that a long word is not read once for each."""


def secrets_cut(text: str) -> str:
    """A text, like an error of a library, without the secrets in the addresses in it."""
    return _ADDRESS.sub(lambda found: without_secrets(found[0]), text)


def _address_and_mirror(text: str) -> tuple[str, str, str]:
    """The address and its mirror; the ``=`` in a password is none between them."""
    found = re.search(r"=(?=(?:https?|file)://)", text)
    if found is None and "://" in text:
        return text, "", ""
    return (text[: found.start()], "=", text[found.end() :]) if found else text.partition("=")


def _address(text: str, given: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_.-]+)*", text):
        return f"{ALIAS}/{text}"
    # An "@" in the path would be the end of a password with a "/" in it, which belongs in no lock.
    if not re.fullmatch(rf"(https?://([^/\s@]+@)?{HOST}(/[^\s@]*)?|file:///\S+)", text):
        raise BadChannel(secrets_cut(re.sub(r"://.*@", "://", given)))
    return text.rstrip("/")


CONDA_FORGE = Channel.parse("conda-forge")
