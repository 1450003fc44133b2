"""Which indexes to ask, and how: from the command line, the environment and pip's settings.

Several indexes: **a project comes from the first index that has it**, the main index before
the extra ones, as in uv. pip, whose settings these are, takes the files of all indexes
together, and so whoever can upload to one of them can replace a project of another: by a higher
version, or of the very version that is wanted by a build tag. Where an extra index shall come
first, or has files that the first one lacks, ``index_for`` names the project and its index.

A ``file://`` extra index in pip's settings is passed over, with a note: a lock is for another
computer, and must not name files of this one. Given on the command line it is obeyed, and adds
its files to those of the index.
"""

from __future__ import annotations

import functools
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from . import pip_settings
from .urls import DEFAULT_PORTS, BadAddress, read, redact, split_credentials

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

PUBLIC_INDEX = "https://pypi.org/simple/"

# uv's number. pip's five make a user wait eight seconds to hear that the network is off.
_RETRIES = 3


@dataclass(eq=False)
class BadIndexSetting(UsageError):
    """A setting about the index makes no sense; ``where`` is the option as pip names it."""

    where: str
    reason: str
    template = "index setting {where}: {reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A user and password for the addresses under ``url``."""

    url: str
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexConfig:
    """How to reach the index.

    ``indexes`` are addresses without credentials, each ending in a slash, in search order.
    ``index_for`` has the index of a project by its normalised name, in the place of these.
    ``timeout`` is in seconds, for connecting and between two pieces of an answer. ``keyring``
    asks the system's keyring for the password of an address that names only a user. ``notes``
    are what the user should hear about the settings.
    """

    indexes: tuple[str, ...] = (PUBLIC_INDEX,)
    index_for: Mapping[str, str] = field(default_factory=dict)
    credentials: tuple[Credentials, ...] = ()
    netrc: Path | None = None
    cert: Path | None = None
    client_cert: Path | None = None
    trusted_hosts: tuple[str, ...] = ()
    proxy: str | None = field(default=None, repr=False)
    timeout: float = 15.0
    retries: int = _RETRIES
    keyring: bool = False
    notes: tuple[str, ...] = ()

    @classmethod
    def load(
        cls,
        environ: Mapping[str, str] | None = None,
        *,
        index_url: str | None = None,
        extra_index_urls: Sequence[str] = (),
        index_for: Sequence[str] = (),
        pip_files: Iterable[Path] | None = None,
    ) -> IndexConfig:
        """The configuration in force.

        What is given here stands over pip's settings: ``index_url`` in the place of its
        index, ``extra_index_urls`` before its extra ones; ``index_for`` are texts like
        ``NAME=URL``. ``UsageError`` where a setting cannot be obeyed.
        """
        environ = os.environ if environ is None else environ
        settings = pip_settings.read(environ, pip_files)
        notes: list[str] = []
        trusted = tuple(settings.get("trusted-host", "").lower().split())
        main, extra = _chosen(settings, index_url, extra_index_urls, notes)
        credentials: list[Credentials] = []
        indexes = [_index(main, "index-url", trusted, credentials)]
        for given in extra:
            try:
                url = _index(given, "extra-index-url", trusted, credentials)
            except _PlainHttp as fault:
                notes.append(f"an extra index is left out: {fault.reason}")
                continue
            if url not in indexes:
                indexes.append(url)
        return cls(
            indexes=tuple(indexes),
            index_for=_index_for(index_for, trusted, credentials),
            credentials=tuple(credentials),
            netrc=_netrc(environ),
            cert=_certificates(settings, environ),
            client_cert=_file("client-cert", settings.get("client-cert")),
            trusted_hosts=trusted,
            proxy=_proxy(settings.get("proxy")),
            timeout=_number(
                "timeout", settings.get("timeout", settings.get("default-timeout")), 15
            ),
            retries=int(_number("retries", settings.get("retries"), _RETRIES)),
            keyring=_has_keyring(settings, credentials),
            notes=tuple(notes),
        )

    def is_trusted(self, url: str) -> bool:
        """Whether the user trusts this host without a certificate (pip's trusted-host)."""
        return _is_trusted(url, self.trusted_hosts)

    def is_secure(self, url: str) -> bool:
        """Whether an address may be asked at all: https, this machine, or a trusted host."""
        return _is_secure(url, self.trusted_hosts)

    def credentials_for(self, url: str) -> tuple[str, str] | None:
        """The user and password for an address, from the index addresses or from netrc.

        Of several indexes on one host the one with the longest common path counts, so that
        two projects of one server can have two tokens.
        """
        here = read(url)
        known = [entry for entry in self.credentials if read(entry.url).origin == here.origin]
        if known:
            best = max(known, key=lambda entry: _common_length(entry.url, url))
            if not best.password and self.keyring:
                from . import keyring

                return best.user, keyring.password_of(best.url, best.user) or ""
            return best.user, best.password
        return _from_netrc(self.netrc, here.host)


class _PlainHttp(BadIndexSetting):
    """An index that anybody on the way to it can change."""


def _chosen(
    settings: Mapping[str, str],
    index_url: str | None,
    extra_index_urls: Sequence[str],
    notes: list[str],
) -> tuple[str, list[str]]:
    """The main index and the extra ones, as they were written."""
    if settings.get("find-links"):
        notes.append(
            "pip is set to find-links, which tfmac-lock does not read: only files on an "
            "index have an address that a lock can name."
        )
    extra = list(extra_index_urls)
    if _is_set(settings.get("no-index")):
        if not index_url and not extra_index_urls:
            raise BadIndexSetting(
                "no-index",
                "pip is set to use no index (PIP_NO_INDEX or pip.conf). Name one with "
                "--index-url, or unset it.",
            )
        return index_url or settings.get("index-url") or PUBLIC_INDEX, extra
    for configured in settings.get("extra-index-url", "").split():
        if configured.startswith("file:"):
            notes.append(
                "an extra index in pip's settings is a folder of this computer; it is passed "
                "over, since a lock is for another one."
            )
        else:
            extra.append(configured)
    return index_url or settings.get("index-url") or PUBLIC_INDEX, extra


def _index(
    given: str, option: str, trusted: tuple[str, ...], credentials: list[Credentials]
) -> str:
    """The address of an index without its credentials, which are added to the others."""
    try:
        url, userinfo = split_credentials(_as_url(given, option))
        url = url.rstrip("/") + "/"
        secure = _is_secure(url, trusted)
    except BadAddress as fault:
        raise BadIndexSetting(option, f"{redact(given)} cannot be used: {fault}") from None
    if not secure:
        raise _PlainHttp(
            option,
            f"{redact(url)} is plain http, which anybody on the way can change. "
            "Use https, or name the host in PIP_TRUSTED_HOST.",
        )
    if userinfo is not None:
        credentials.append(Credentials(url=url, user=userinfo[0], password=userinfo[1]))
    return url


def _has_keyring(settings: Mapping[str, str], credentials: Iterable[Credentials]) -> bool:
    """Whether the keyring is asked for the password of an address that names only a user."""
    if all(one.password for one in credentials):
        return False
    from . import keyring

    return keyring.is_wanted(settings.get("keyring-provider", "auto"))


def _index_for(
    given: Sequence[str], trusted: tuple[str, ...], credentials: list[Credentials]
) -> dict[str, str]:
    """The index of each project that has one of its own, from texts like ``NAME=URL``."""
    found: dict[str, str] = {}
    for text in given:
        name, mark, url = text.partition("=")
        name = re.sub(r"[-_.]+", "-", name.strip()).lower()
        if not mark or not re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", name):
            raise BadIndexSetting("index-for", "write it as NAME=URL, a project and its index")
        if name in found:
            raise BadIndexSetting("index-for", f"{name} is given two indexes")
        found[name] = _index(url, "index-for", trusted, credentials)
    return found


def _common_length(one: str, other: str) -> int:
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))


def _as_url(given: str, option: str) -> str:
    if "://" in given:
        scheme = given.partition("://")[0].lower()
        if scheme in {"http", "https", "file"}:
            return given
        raise BadIndexSetting(option, f"{redact(given)} is neither http(s):// nor file://")
    path = os.path.expanduser(given)  # noqa: PTH111 - without a home a Path raises
    if os.path.isdir(path):  # noqa: PTH112 - of a name too long a Path raises
        return Path(path).absolute().as_uri()
    shown = repr(given) if "@" not in given else "what is given"  # it may hold a password
    raise BadIndexSetting(option, f"{shown} is neither an address nor a folder")


def _is_trusted(url: str, trusted: tuple[str, ...]) -> bool:
    address = read(url)
    port = address.port or DEFAULT_PORTS.get(address.scheme)
    return address.host in trusted or f"{address.host}:{port}" in trusted


def _is_secure(url: str, trusted: tuple[str, ...]) -> bool:
    address = read(url)
    return address.scheme != "http" or address.is_loopback or _is_trusted(url, trusted)


def _is_set(value: str | None) -> bool:
    return (value or "").lower() in {"1", "true", "yes", "on", "y", "t"}


def _number(option: str, text: str | float | None, default: float) -> float:
    try:
        number = float(default if text is None else text)
    except ValueError:
        raise BadIndexSetting(option, f"{text!r} is not a number") from None
    if not 0 <= number < 1e6:
        raise BadIndexSetting(option, f"{text!r} is out of range")
    return number


def _proxy(text: str | None) -> str | None:
    return f"http://{text}" if text and "://" not in text else text


def _file(option: str, text: str | None) -> Path | None:
    if not text:
        return None
    path = os.path.expanduser(text)  # noqa: PTH111 - without a home a Path raises
    if not os.path.exists(path):  # noqa: PTH110 - of a name that is too long a Path raises
        raise BadIndexSetting(option, f"there is no file {text}")
    return Path(path)


def _certificates(settings: Mapping[str, str], environ: Mapping[str, str]) -> Path | None:
    # pip's own setting, then what its HTTP library obeys, then what OpenSSL does.
    if settings.get("cert"):
        return _file("cert", settings["cert"])
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        if environ.get(variable):
            return _file(variable, environ[variable])
    for variable in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        # OpenSSL passes over one that is not there.
        if environ.get(variable) and os.path.exists(environ[variable]):  # noqa: PTH110 - as above
            return Path(environ[variable])
    return None


def _netrc(environ: Mapping[str, str]) -> Path | None:
    if environ.get("NETRC"):
        return Path(os.path.expanduser(environ["NETRC"]))  # noqa: PTH111 - as above
    home = Path(environ.get("HOME") or Path("~").expanduser())
    for name in (".netrc", "_netrc"):
        if (home / name).is_file():
            return home / name
    return None


@functools.lru_cache(maxsize=64)
def _from_netrc(path: Path | None, host: str) -> tuple[str, str] | None:
    if path is None:
        return None
    import netrc

    try:
        found = netrc.netrc(path).authenticators(host)
    except (OSError, ValueError, netrc.NetrcParseError):  # ValueError where it is not UTF-8
        return None  # pip takes a damaged netrc for none, too
    return (found[0] or "", found[2] or "") if found else None
