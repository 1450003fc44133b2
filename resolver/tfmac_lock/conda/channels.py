"""Channels: where they are read from, and under which address they stand in a lock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from .errors import BadChannel

ALIAS = "https://conda.anaconda.org"
"""Where a bare channel name lies; mirrors of it are set up in rattler's own configuration."""


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
        address, _, mirror = text.strip().partition("=")
        served = _address(mirror or address, text)
        return cls(url=without_secrets(_address(address, text)), served=served)

    @property
    def name(self) -> str:
        """The short name of a channel on anaconda.org, else the address."""
        return self.url.removeprefix(f"{ALIAS}/")


def without_secrets(url: str) -> str:
    """The address without ``user:password@`` and without ``/t/<token>``."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    path = re.sub(r"/t/[^/]+(?=/)", "", parts.path)
    return urlunsplit((parts.scheme, host, path, "", ""))


def _address(text: str, given: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_.-]+)*", text):
        return f"{ALIAS}/{text}"
    if not re.fullmatch(r"(https?://[^/\s]+(/\S*)?|file:///\S+)", text):
        raise BadChannel(without_secrets(given) if "://" in given else given)
    return text.rstrip("/")


CONDA_FORGE = Channel.parse("conda-forge")
