"""Addresses: what may be shown, what may be written down, which credentials go where.

Kept free of imports that cost time, since the warm path passes through here.
"""

from __future__ import annotations


def split_credentials(url: str) -> tuple[str, tuple[str, str] | None]:
    """Take ``user:password@`` out of an address; a token without a password counts as user."""
    scheme, mark, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    if not mark or "@" not in authority:
        return url, None
    from urllib.parse import unquote

    userinfo, _, host = authority.rpartition("@")
    user, _, password = userinfo.partition(":")
    return f"{scheme}://{host}{slash}{path}", (unquote(user), unquote(password))


def redact(url: str) -> str:
    """The address fit for a message: no credentials, and no query, which may carry a token."""
    return split_credentials(url)[0].partition("?")[0].partition("#")[0]


def origin(url: str) -> str:
    """Scheme, host and port of an address, in lower case, the default port left out."""
    scheme, _, rest = split_credentials(url)[0].partition("://")
    host = rest.partition("/")[0].partition("?")[0].partition("#")[0].lower()
    scheme = scheme.lower()
    default = {"http": ":80", "https": ":443"}.get(scheme, "")
    return f"{scheme}://{host.removesuffix(default) if default else host}"


def host_and_port(url: str) -> tuple[str, str]:
    """The host in lower case (IPv6 without brackets), and the port or an empty text."""
    authority = origin(url).partition("://")[2]
    if authority.startswith("["):
        host, _, port = authority[1:].partition("]")
        return host, port.removeprefix(":")
    host, _, port = authority.partition(":")
    return host, port


def is_loopback(url: str) -> bool:
    """Whether the address is this very machine, where plain http is no risk."""
    host = host_and_port(url)[0]
    return host in {"localhost", "::1"} or host.startswith("127.")
