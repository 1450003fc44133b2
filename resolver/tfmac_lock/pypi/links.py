"""From the links of a project page, in whatever form, to files.

Both page formats name a file by a link with hashes and a few facts beside it; what is
acceptable is decided here once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urljoin

from . import urls

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHA256 = re.compile(r"[0-9a-f]{64}")
LONGEST = 1 << 14
"""Characters of an address; the longest signed ones have some 2000."""
_UNQUOTED = re.compile(r"[\s\"<>\\^`{|}]|[^\x00-\x7f]")
# An address that needs no second look, which nearly all are.
_HOST = r"https?://[A-Za-z0-9.-]+(?::\d{1,5})?/"
_PLAIN = re.compile(_HOST + r"[A-Za-z0-9/._~!$&'()*+,;=:@%?-]*")
PLAIN_FILE = _HOST + r"(?:[A-Za-z0-9._~+-]+/)*([A-Za-z0-9._+-]+)"
"""A pattern for such an address whose end is a file name as it stands, as its first group."""
_DISTRIBUTIONS = (
    *(".whl", ".tar.gz", ".zip", ".tgz", ".tar.bz2", ".tar.xz", ".tar.Z", ".tar"),
    *(".egg", ".exe", ".msi", ".rpm", ".deb", ".dmg"),
)


def resolve(base: str, href: str) -> tuple[str, str] | None:
    """The absolute address of a link, without credentials, and its fragment.

    ``None`` for what cannot be fetched or has no clear host, and for a link from the network
    to a local file.
    """
    if len(href) > LONGEST:
        return None
    url, _, fragment = href.strip().partition("#")
    if _PLAIN.fullmatch(url):
        return url, fragment
    try:
        address = urls.read(urljoin(base, url))
    except ValueError:
        return None
    if address.scheme not in {"https", "http"} and not (
        address.scheme == "file" and base.startswith("file:")
    ):
        return None
    if address.scheme != "file" and not address.host:
        return None
    url = address.bare
    if _UNQUOTED.search(url):
        url = quote(url, safe="/:?&=%+,;@!$'()*~[]")
    return url, fragment


def provenance(base: str, given: object) -> str | None:
    """The address of a file's attestations, ``None`` for none."""
    resolved = resolve(base, given) if isinstance(given, str) and given else None
    return resolved[0] if resolved and resolved[0].isprintable() else None


def filename_of(url: str) -> str:
    """The last segment of the address's path, decoded: what pip and uv take for the name."""
    last = url.partition("?")[0].rpartition("/")[2]
    return unquote(last) if "%" in last else last


def is_distribution(filename: str) -> bool:
    """Whether this looks like a file that some index has offered for installing, ever."""
    return filename.endswith(_DISTRIBUTIONS)


def is_safe_name(filename: str) -> bool:
    """Whether the name is one path segment of printable characters."""
    return filename.isprintable() and "/" not in filename and "\\" not in filename


def sha256_of(hashes: Mapping[str, object]) -> str | None:
    """The sha256 among some hashes, if it is one."""
    value = hashes.get("sha256")
    return sha256(value) if isinstance(value, str) else None


def sha256(text: str) -> str | None:
    """A sha256 in lower-case hex, or ``None`` for anything else."""
    text = text.lower()
    return text if _SHA256.fullmatch(text) else None
