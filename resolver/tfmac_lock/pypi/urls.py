"""Addresses: which host one leads to, what of it may be shown, which credentials it carries.

Every decision about an address (whose password it gets, whether plain http will do, what a
message shows) rests on the one reading that ``read`` gives. An address in the usual characters
has only one reading. Any other is read by the HTTP client itself and by the standard library,
and is refused where the two differ: other programs, which install from the lock, may take
either. The common case imports nothing, since the warm path passes through here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_USUAL = re.compile(
    r"([a-z][a-z0-9+.-]*)://(?:([a-z0-9._~%!$&'()*+,;=:-]*)@)?"
    r"([a-z0-9._-]*|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?(?=[/?#]|\Z)",
    re.IGNORECASE,
)
DEFAULT_PORTS = {"http": 80, "https": 443}


class BadAddress(ValueError):
    """An address that has no reading, or more than one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """The parts of an address.

    ``scheme`` and ``host`` are in lower case, IPv6 without brackets. ``port`` is None where it
    is the scheme's default. ``userinfo`` is raw. ``bare`` is the address without it.
    """

    scheme: str
    host: str
    port: int | None
    userinfo: str | None
    bare: str

    @property
    def origin(self) -> tuple[str, str, int | None]:
        """What credentials belong to."""
        return self.scheme, self.host, self.port

    @property
    def is_loopback(self) -> bool:
        """Whether this is the very machine, where plain http is no risk.

        That is 127.0.0.0/8, ::1 and localhost (RFC 6761); no other name counts, since a name
        leads wherever its owner says.
        """
        if self.host == "localhost":
            return True
        import ipaddress

        try:
            here = ipaddress.ip_address(self.host)
        except ValueError:
            return False
        return here == ipaddress.IPv6Address("::1") or (
            here.version == 4 and here in ipaddress.IPv4Network("127.0.0.0/8")
        )


def read(url: str) -> Address:
    """The address in an absolute URL; ``BadAddress`` where it is not clear what it leads to."""
    usual = _USUAL.match(url)
    if usual is None or not url.isprintable():
        return _read_twice(url)
    scheme, userinfo, host, port = usual.groups()
    rest = url[usual.end() :]
    if "@" in rest.partition("/")[0]:
        # http://one?@two/ leads to "one", and programs that cut at the slash take it for "two".
        raise BadAddress("it is not clear which host it names")
    number = int(port) if port else None
    if number is not None and number > 0xFFFF:
        raise BadAddress(f"there is no port {port}")
    scheme = scheme.lower()
    return Address(
        scheme=scheme,
        host=host.lower().strip("[]"),
        port=None if number == DEFAULT_PORTS.get(scheme) else number,
        userinfo=userinfo,
        bare=f"{scheme}://{host}{f':{port}' if port else ''}{rest}",
    )


def _read_twice(url: str) -> Address:
    """An address in unusual characters, as both the HTTP client and the library read it."""
    from urllib.parse import urlsplit

    import httpx2

    try:
        ours, theirs = httpx2.URL(url), urlsplit(url)
        port = theirs.port if theirs.port != DEFAULT_PORTS.get(theirs.scheme) else None
    except (httpx2.InvalidURL, ValueError) as fault:
        raise BadAddress(str(fault)) from None
    start = url.find("://") + 3
    rest = url[start + len(theirs.netloc) :]
    # WHATWG's reading, which uv and browsers have, takes a backslash for a slash.
    up_to_slash = url[start:].partition("/")[0]
    if (
        start < 3
        or not url.startswith(theirs.netloc, start)
        or (ours.scheme, ours.host, ours.port) != (theirs.scheme, theirs.hostname or "", port)
        or "\\" in up_to_slash
        or "@" in rest.partition("/")[0]
    ):
        raise BadAddress("it is not clear which host it names")
    host = ours.raw_host.decode("ascii")
    return Address(
        scheme=ours.scheme,
        host=host,
        port=ours.port,
        userinfo=theirs.netloc.rpartition("@")[0] if "@" in theirs.netloc else None,
        bare=f"{ours.scheme}://{host}{f':{ours.port}' if ours.port else ''}{rest}",
    )


def split_credentials(url: str) -> tuple[str, tuple[str, str] | None]:
    """Take ``user:password@`` out of an address; a token without a password counts as user.

    ``BadAddress`` where ``read`` raises it.
    """
    address = read(url)
    if address.userinfo is None:
        return url, None
    from urllib.parse import unquote

    user, _, password = address.userinfo.partition(":")
    return address.bare, (unquote(user), unquote(password))


def redact(url: str) -> str:
    """The address fit for a message: no credentials, and no query, which may carry a token."""
    try:
        shown = read(url).bare
    except BadAddress:
        # Whatever stands in it may be a part of a password.
        return f"{url.partition('://')[0][:20]}://…" if "://" in url else "an unreadable address"
    return shown.partition("?")[0].partition("#")[0]
