"""Asking conda channels through rattler.

Sharded and plain repodata, compression, the cache, mirrors, proxies and credentials are
rattler's: its configuration files (``~/.config/rattler/config.toml`` and the like), its
credential store and its cache folder (``RATTLER_CACHE_DIR``) are used as its other users know
them.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import MissingExtra
from ..pypi.model import Observer
from .channels import secrets_cut, without_secrets
from .errors import BadSpec, CacheFault, ChannelFault, Clash, NoCondaSolution, is_users
from .records import CondaRecord
from .state import ChannelState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from types import ModuleType
    from typing import Self, TypeVar

    from ..target import Target
    from .channels import Channel
    from .specs import CondaRequirement

    T = TypeVar("T")

TIMEOUT = 600.0
"""Seconds for one question: a first download of a whole channel over a slow line fits in."""

PATIENCE = 2.0
"""Seconds of silence after which it is said what is waited for."""

SETTLE = 0.05
"""Seconds that rattler's threads are given to come to rest."""


class CondaClient:
    """The channels, in order of priority (strict). A context manager, for one thread at a time.

    ``offline`` takes what the cache has, whatever its age. ``cache`` is rattler's own folder
    unless given; ``observer`` learns of a channel that is slow. Raises MissingExtra
    where rattler is not installed.
    """

    def __init__(
        self,
        channels: Sequence[Channel],
        *,
        offline: bool = False,
        cache: Path | None = None,
        observer: Observer | None = None,
    ) -> None:
        self.channels = tuple(dict.fromkeys(channels))
        self._offline = offline
        self._observer = observer or Observer()
        import asyncio

        # The Python package does not look there by itself, as rattler's other programs do.
        if cache is None and (place := os.environ.get("RATTLER_CACHE_DIR")):
            cache = Path(place) / "repodata"
        self._rattler = rattler()
        self._faults = _faults(self._rattler.exceptions)
        self._runner = asyncio.Runner()
        self._by_base = {self._base(channel): channel for channel in self.channels}
        try:
            self._gateway = self._open(cache)
        except self._faults as error:
            raise ChannelFault(self.names, f"rattler's configuration: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.close()
        # rattler's threads let go of Python's objects a moment after their answer is there. A
        # process that ends within that moment crashes, and its exit status is lost.
        time.sleep(SETTLE)

    @property
    def names(self) -> tuple[str, ...]:
        """The channels' names, for people."""
        return tuple(channel.name for channel in self.channels)

    def solve(
        self,
        target: Target,
        wants: Sequence[CondaRequirement],
        limits: Sequence[CondaRequirement] = (),
        *,
        before: datetime | None = None,
        undated: bool = False,
        explained: bool = True,
    ) -> tuple[CondaRecord, ...]:
        """The newest records that meet all wants and limits, sorted by name.

        Limits bring no package in. Files from ``before`` on are left out where it is given, and
        so are those without a date unless ``undated`` lets them in. Raises BadSpec, ChannelFault
        and NoCondaSolution; that one is ``explained`` where somebody will read it, which takes
        about as long as a solution.
        """
        r = self._rattler
        virtual = [
            r.GenericVirtualPackage(r.PackageName(name), r.Version(version), _build(build))
            for name, version, build in target.virtual_packages()
        ]
        try:
            found = self._ask(
                lambda: r.solve(
                    sources=self._sources(),
                    specs=[self._spec(want.spec) for want in wants],
                    constraints=[self._spec(want.spec) for want in limits],
                    gateway=self._gateway,
                    platforms=self._subdirs(target),
                    virtual_packages=virtual,
                    exclude_newer=before.astimezone(UTC) if before else None,
                    timestamp_policy="allow-missing" if undated else "require-timestamp",
                )
            )
        except r.exceptions.SolverError as error:
            clash = self._clash(target, wants, limits) if explained else None
            message = self._message(error)
            raise NoCondaSolution(target, self.names, (*wants, *limits), message, clash) from None
        return tuple(sorted(map(self._record, found), key=lambda record: record.name))

    def versions(self, target: Target, names: Iterable[str]) -> dict[str, frozenset[str]]:
        """The versions of each package that any channel has for the target."""
        found: dict[str, set[str]] = {name: set() for name in names}
        for record in self._records(target, found):
            found[record.name.normalized].add(str(record.version))
        return {name: frozenset(versions) for name, versions in found.items()}

    def state(
        self,
        target: Target,
        names: Iterable[str],
        *,
        before: datetime | None = None,
        undated: bool = False,
    ) -> tuple[ChannelState, ...]:
        """What each channel offers of the packages with these names.

        Files are left out as ``solve`` does it, so that what is uploaded later changes nothing.
        The sha256 is over the sorted ``subdir/filename md5`` lines. Raises ChannelFault.
        """
        found: dict[str, dict[str, Any]] = {channel.url: {} for channel in self.channels}
        for record in self._records(target, names):
            channel = self._by_base.get(record.channel.rstrip("/"))
            if channel is not None and _admitted(record, before, undated=undated):
                found[channel.url][f"{record.subdir}/{record.file_name}"] = record
        return tuple(_state(channel.url, found[channel.url]) for channel in self.channels)

    def _clash(
        self, target: Target, wants: Sequence[CondaRequirement], limits: Sequence[CondaRequirement]
    ) -> Clash | None:
        """The first want that the channels lack, or that one other want leaves without a record.

        None where it takes more than two wants to contradict each other.
        """
        python = [want for want in wants if want.name == "python"]
        pythons = [one for want in python for one in self._meeting(target, want)]
        for asked in wants:
            fit = self._meeting(target, asked)
            if not fit:
                return Clash(asked=asked, against=())
            if not is_users(asked):
                continue
            against = [
                want
                for want in (*wants, *limits)
                if want.name == asked.name and not any(map(self._spec(want.spec).matches, fit))
            ]
            if not any(self._runs_on(pythons, record) for record in fit):
                against += python
            if against:
                return Clash(asked=asked, against=tuple(dict.fromkeys(against)))
        return None

    def _meeting(self, target: Target, want: CondaRequirement) -> list[Any]:
        spec = self._spec(want.spec)
        return [one for one in self._records(target, [want.name]) if spec.matches(one)]

    def _runs_on(self, pythons: Sequence[Any], record: Any) -> bool:
        """Whether what the record says of Python fits one of these."""
        specs = [self._spec(text) for text in record.depends if text.split()[0] == "python"]
        return any(all(spec.matches(python) for spec in specs) for python in pythons)

    def _records(self, target: Target, names: Iterable[str]) -> Iterator[Any]:
        wanted = sorted(set(names))
        found = self._ask(
            lambda: self._gateway.query(
                self._sources(), self._subdirs(target), wanted, recursive=False
            )
        )
        return (record for records in found for record in records)

    def _open(self, cache: Path | None) -> Any:
        r = self._rattler
        config = r.Config.load_from_default_locations("rattler")
        if not self._offline:
            return r.Gateway.from_config(config, cache_dir=cache)
        cached = r.SourceConfig(cache_action="force-cache-only")
        return r.Gateway(
            cache, default_config=cached, client=r.networking.Client.from_config(config)
        )

    def _ask(self, question: Callable[[], Awaitable[T]]) -> T:
        """The answer to one question; a fault of the channel is raised as ChannelFault."""
        import asyncio

        async def ask() -> T:
            text = f"still reading the conda channel {', '.join(self.names)}"
            telling = asyncio.get_running_loop().call_later(PATIENCE, self._observer.note, text)
            try:
                return await asyncio.wait_for(question(), TIMEOUT)
            finally:
                telling.cancel()

        try:
            return self._runner.run(ask())
        except TimeoutError as error:
            raise ChannelFault(self.names, f"no answer within {TIMEOUT:.0f} s") from error
        except self._faults as error:
            message = self._message(error)
            if re.search(r"failed to (create|write)", message):  # channels are only read
                raise CacheFault(message) from error
            if self._offline:
                message += ". Run the same command once without --offline"
            raise ChannelFault(self.names, message) from error

    def _message(self, error: Exception) -> str:
        """The error's text without the secrets in its addresses."""
        return secrets_cut(str(error) or type(error).__name__)

    def _spec(self, text: str) -> Any:
        place, found, rest = text.rpartition("::")
        served = {channel.name: channel.served for channel in self.channels}
        try:
            return self._rattler.MatchSpec(f"{served.get(place, place)}{found}{rest}")
        except self._rattler.exceptions.InvalidMatchSpecError as error:
            raise BadSpec(text, f"is not a conda spec ({self._message(error)})") from error

    def _sources(self) -> list[Any]:
        return [self._rattler.Channel(channel.served) for channel in self.channels]

    def _subdirs(self, target: Target) -> list[Any]:
        return [self._rattler.Subdir(target.conda_subdir), self._rattler.Subdir("noarch")]

    def _base(self, channel: Channel) -> str:
        try:
            base: str = self._rattler.Channel(channel.served).base_url
        except self._faults as error:
            raise ChannelFault((channel.name,), self._message(error)) from error
        return base.rstrip("/")

    def _record(self, found: Any) -> CondaRecord:
        base = found.channel.rstrip("/")
        channel = self._by_base.get(base)
        if channel is not None and found.url.startswith(f"{base}/"):
            url = channel.url + found.url[len(base) :].partition("?")[0]
        else:
            url = without_secrets(found.url)
        return CondaRecord(
            name=found.name.normalized,
            version=str(found.version),
            build=str(found.build),
            subdir=found.subdir,
            filename=found.file_name,
            url=url,
            md5=found.md5.hex() if found.md5 else "",
            sha256=found.sha256.hex() if found.sha256 else "",
            depends=tuple(found.depends),
            constrains=tuple(found.constrains),
        )


def rattler() -> ModuleType:
    """The rattler package; raises MissingExtra where it is not installed."""
    try:
        import rattler as found
        import rattler.exceptions
        import rattler.networking
        import rattler.package
    except ImportError as error:
        raise MissingExtra("a mixed lock", "conda") from error
    return found


def _state(url: str, records: Mapping[str, Any]) -> ChannelState:
    """The fingerprint of the records, which are named by their places."""
    # Shards tell of both files of one build, whole repodata only of the newer form.
    kept = {
        place: record
        for place, record in records.items()
        if f"{place.removesuffix('.tar.bz2')}.conda" not in records
    }
    lines = [
        f"{place} {record.md5.hex() if record.md5 else ''}\n"
        for place, record in sorted(kept.items())
    ]
    days = [one.timestamp.date().isoformat() for one in kept.values() if one.timestamp is not None]
    return ChannelState(
        url=url,
        files=len(kept),
        newest=max(days, default=""),
        sha256=hashlib.sha256("".join(lines).encode()).hexdigest(),
    )


def _faults(exceptions: ModuleType) -> tuple[type[Exception], ...]:
    """What rattler raises for the outside world; its exceptions have no common base."""
    return (
        exceptions.CacheDirError,
        exceptions.ConfigError,
        exceptions.FetchRepoDataError,
        exceptions.GatewayError,
        exceptions.InvalidChannelError,
        exceptions.InvalidUrlError,
        exceptions.IoError,
        OSError,
    )


def _admitted(record: Any, before: datetime | None, *, undated: bool) -> bool:
    if before is None:
        return True
    return undated if record.timestamp is None else bool(record.timestamp < before)


def _build(text: str) -> Any:
    from rattler.package import BuildString

    return BuildString(text)
