"""The client: what the resolver asks, answered from the cache or from the index.

It uses whatever an index offers: JSON or HTML pages, metadata beside the wheel or inside it,
upload times on the page or in the project JSON. Pages are asked for again when they are no
longer fresh. The metadata of a wheel are kept for ever, under the index and all that it says of
the file. Where the page gives their hash (PEP 658, 714) they are checked against it; what is read
out of a wheel without fetching all of it is as good as the index, and no other index gets it.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from dataclasses import replace
from functools import partial
from typing import IO, TYPE_CHECKING, NamedTuple, TypeVar

from .errors import BadIndexAnswer, HashMismatch, NoRoom, NotCached, ProjectNotFound
from .model import IndexFile, Metadata, Observer, Project, rows_of
from .once import Once
from .page import Page, fetch_metadata, fetch_page, fetch_project_json
from .urls import read, redact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from pathlib import Path
    from typing import Self

    from .attestations import Publisher
    from .cache import Cache
    from .config import IndexConfig
    from .http import Limits, Reply, Transport
    from .sdist import SourceArchive
    from .workers import Workers

# Seconds that closing waits for requests under way. Nearly all answers come sooner, and then
# nothing is left behind; a server that does not answer at all is not waited for.
_PATIENCE = 0.5

T = TypeVar("T")


class Digests(NamedTuple):
    """What a file's bytes come to, in hexadecimal; BLAKE2b with 256 bits."""

    sha256: str
    blake2b: str


class IndexClient:
    """Answers about projects and wheels. A context manager; usable from many threads.

    ``offline`` uses only the cache (and ``file://`` indexes), whatever its age; ``revalidate``
    asks the index again even where the cache is fresh. All methods raise ``IndexFault``.
    """

    def __init__(
        self,
        config: IndexConfig,
        cache: Cache,
        *,
        offline: bool = False,
        revalidate: bool = False,
        observer: Observer | None = None,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.time,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        self.config = config
        self._cache = cache
        self._offline = offline
        self._revalidate = revalidate
        self._observer = observer or Observer()
        self._given_limits = limits
        self._clock = clock
        self._wait = wait
        self._lock = threading.Lock()
        self._noted: set[str] = set()
        self._doubted: set[str] = set()
        self._projects: Once[Project] = Once()
        self._metadata: Once[Metadata] = Once()
        self._archives: Once[SourceArchive] = Once()
        self._json: Once[dict[str, str]] = Once()
        self._opened: tuple[Transport, Limits] | None = None
        self._pool: Workers | None = None
        for text in config.notes:
            self._note(text)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give up what is under way and drop all connections.

        Connections on which threads still wait for a server are dropped when these have ended,
        since a descriptor could be another file's by the time the answer comes; nobody waits.
        """
        if self._opened is None:
            return
        transport, pool = self._opened[0], self._pool
        transport.stop()
        if pool is None or pool.stop(_PATIENCE):
            transport.close()
        else:
            later = partial(_close_after, pool, transport)
            threading.Thread(target=later, name="closer", daemon=True).start()

    # -- answers

    def project(self, name: str) -> Project:
        """The project of a normalised name, from the first index that has it.

        Folders of this computer, which only the user can name, add their files to those of the
        index. ``ProjectNotFound`` when none has it; ``IndexUnreachable`` when one that comes
        before cannot be asked, since it might have had it. One that an index has in quarantine
        has no files, and no other index is asked for it.
        """
        return self._projects.get(name, partial(self._find, name))

    def metadata(self, file: IndexFile) -> Metadata:
        """The core metadata of a wheel, checked to be that wheel's."""
        return self._metadata.get(file.url, partial(self._read_metadata, file))

    def source_archive(self, file: IndexFile) -> SourceArchive:
        """What a source archive says of itself, read without running anything in it."""
        return self._archives.get(file.url, partial(self._read_archive, file))

    def prefetch_projects(self, names: Iterable[str], *, times: bool = False) -> None:
        """Start fetching; ``project`` picks the results up, and raises what went wrong.

        With ``times`` also the project JSON, where the page lacks upload times.
        """
        if not self._offline:  # the disk is quicker than a thread
            for name in names:
                work = partial(self._find_with_times if times else self._find, name)
                self._projects.start(name, work, self._workers())

    def prefetch_metadata(self, files: Iterable[IndexFile]) -> None:
        """Start fetching; ``metadata`` picks the results up, and raises what went wrong."""
        if not self._offline:
            for file in files:
                read = partial(self._read_metadata, file)
                self._metadata.start(file.url, read, self._workers())

    def upload_time(self, name: str, file: IndexFile) -> datetime | None:
        """When the file was uploaded; ``None`` where the index does not say.

        From the page, else from the project JSON.
        """
        if file.uploaded is not None:
            return file.uploaded
        known = self._in_project_json(name, file)
        return known.uploaded if known is not None else None

    def sha256(self, name: str, file: IndexFile) -> str:
        """The file's sha256: from the page, else the project JSON, else by fetching it all."""
        if file.sha256 is not None:
            return file.sha256
        known = self._in_project_json(name, file)
        if known is not None and known.sha256 is not None:
            return known.sha256
        key = f"sha256/{_key(file)}"
        found = self._cache.load(key)
        if found is None:
            import tempfile

            with tempfile.TemporaryFile(prefix="tfmac-lock-") as into:
                found = self.save(file, into)
            if not _is_local(file.url):
                self._store(key, found)
        return found

    def digests(self, file: IndexFile) -> Digests:
        """The hashes of the file's own bytes, which are all fetched, once for a cache."""
        import hashlib
        import tempfile

        key = f"sha256/{_key(file)}-all"
        known = (self._cache.load(key) or "").split()
        if len(known) == len(Digests._fields):
            return Digests(*known)
        with tempfile.TemporaryFile(prefix="tfmac-lock-") as into:
            sha256 = self.save(file, into)
            into.seek(0)
            shorter = partial(hashlib.blake2b, digest_size=32)
            found = Digests(sha256, hashlib.file_digest(into, shorter).hexdigest())
        if not _is_local(file.url):
            self._store(key, " ".join(found))
        return found

    def publishers(self, file: IndexFile, sha256: str) -> tuple[Publisher, ...]:
        """Who published the file of that sha256, by its attestations; nobody where it has none.

        Their signatures are checked where the extra for it is installed.
        """
        if file.provenance is None:
            return ()
        from . import attestations, signatures

        url, key = file.provenance, f"provenance/{_key(file)}"
        known = self._cache.load(key)
        body = self._provenance(url, file) if known is None else known.encode()
        found = attestations.parse(body, url, file.filename, sha256)
        if signatures.can_check():
            signatures.check(body, url, file.filename, sha256)
        if known is None:
            self._store(key, body.decode(errors="replace"))
        return found

    def _provenance(self, url: str, file: IndexFile) -> bytes:
        from . import attestations

        def take(reply: Reply) -> bytes:
            if reply.status != 200:
                raise BadIndexAnswer(
                    url, f"the index promises attestations, the server says {reply.status}"
                )
            return reply.read(attestations.LARGEST)

        transport, limits = self._transport(f"the attestations of {file.filename}")
        headers = {"Accept": attestations.ACCEPT}
        return transport.fetch(url, take, headers=headers, seconds=limits.page_seconds)

    def open(self, file: IndexFile) -> IO[bytes]:
        """The file for reading a little of it at random, to be closed.

        Only what is read is fetched, where the server can do that; else the whole file is
        fetched, and checked, at once.
        """
        if _is_local(file.url):
            from . import local

            return local.open_file(file)
        transport, limits = self._transport(file.filename)
        from .rangefile import open_remote

        with self._doubting(file):
            return open_remote(transport, limits, file)

    def save(self, file: IndexFile, into: IO[bytes], largest: int | None = None) -> str:
        """Fetch the whole file into an empty one; its sha256, checked if one is known.

        ``BadIndexAnswer`` when it has over ``largest`` bytes (default: the limit for wheels).
        """
        try:
            if _is_local(file.url):
                from . import local

                return local.save(file, into)
            transport, limits = self._transport(file.filename)
            from . import rangefile

            if largest is not None:
                limits = replace(limits, wheel_bytes=largest)
            with self._doubting(file):
                return rangefile.save(transport, limits, file, into)
        except OSError as fault:
            raise NoRoom(file.url, str(fault)) from None

    def download(self, file: IndexFile, to: Path) -> None:
        """Put the file at ``to``, whole and checked against its sha256, or not at all."""
        part = to.with_name(f".{to.name}.{os.getpid()}.part")
        try:
            try:
                with part.open("w+b") as into:
                    self.save(file, into)
                part.replace(to)
            finally:
                part.unlink(missing_ok=True)
        except OSError as fault:
            raise NoRoom(file.url, str(fault)) from None

    def resume(
        self, file: IndexFile, to: Path, progress: Callable[[int, int | None], None]
    ) -> None:
        """The same, going on with what an earlier try left beside ``to``.

        ``progress`` is called with the bytes so far and, where known, in all.
        """
        part = to.with_name(f".{to.name}.part")
        try:
            if _is_local(file.url):
                self.download(file, to)
                return
            from . import resumed

            with self._doubting(file):
                resumed.fetch(*self._transport(file.filename), file, part, progress)
            part.replace(to)
        except OSError as fault:
            raise NoRoom(file.url, str(fault)) from None

    # -- finding them

    def _find(self, name: str) -> Project:
        if not name.replace("-", "").isalnum() or not name.isascii() or name != name.lower():
            raise ValueError(f"not a normalised project name: {name!r}")
        own = self.config.index_for.get(name)
        asked = self.config.indexes if own is None else (own,)
        first = Project(name=name, groups={})
        folders: list[str] = []
        for index in asked:
            if _is_local(index):
                folders += self._folder_rows(index, name)
            elif not first.groups and not first.standing.is_unsafe:
                page = self._page("pages", index, name, f"{index}{name}/", fetch_page)
                groups = {} if page.standing.is_unsafe else page.groups
                project = Project(name=name, groups=groups, index=index, standing=page.standing)
                first = self._secure(project)
        if not folders and not first.groups and not first.standing.is_unsafe:
            raise ProjectNotFound(name, asked)
        if not folders:
            return first
        found: dict[str, str] = {}
        for row in (*folders, *first.rows) if _is_local(asked[0]) else (*first.rows, *folders):
            found.setdefault(row.partition("\t")[0], row)
        return Project.of(name, found.values(), first.index, first.standing)

    def _find_with_times(self, name: str) -> Project:
        project = self._find(name)
        if not project.has_times and (url := _json_url(project.index, name)):
            work = partial(self._fetch_json, project.index, name, url)
            self._json.start(url, work, self._workers())
        return project

    def _folder_rows(self, index: str, name: str) -> tuple[str, ...]:
        from . import local

        if not local.path_of(index).is_dir():
            self._note(f"the index {index} is passed over: there is no such folder.")
            return ()
        rows = local.rows(index, name)
        if rows:
            self._note(f"{name} comes from {index}, an address that works on this computer only.")
        return rows

    def _secure(self, project: Project) -> Project:
        """The project without the files that lie at plain http on a host that is not trusted."""
        if not any("\thttp:" in rows for rows in project.groups.values()):
            return project
        rows = project.rows
        kept = [row for row in rows if self.config.is_secure(row.split("\t", 2)[1])]
        if len(kept) < len(rows):
            self._note(
                f"{len(rows) - len(kept)} files of {project.name} are left out: their links are "
                "plain http, which anybody on the way can change. If their host can be trusted, "
                "name it in PIP_TRUSTED_HOST."
            )
        return Project.of(project.name, kept, project.index, project.standing)

    def _page(
        self,
        kind: str,
        index: str,
        name: str,
        url: str,
        fetch: Callable[[Transport, Limits, str, Page | None, float], Page],
    ) -> Page:
        key = f"{kind}/{_folder(index)}/{name}"
        known = self._load(key, Page.unpack)
        if known is not None and known.url != url:
            known = None  # two indexes whose folders have one name
        now = self._clock()
        if known is not None and (self._offline or (known.is_fresh(now) and not self._revalidate)):
            return known
        page = fetch(*self._transport(redact(url)), url, known, now)
        if f"{kind}/{_folder(index)}" in self._doubted:
            page = replace(page, fresh_until=0.0)
        self._store(key, page.pack())
        return page

    def _in_project_json(self, name: str, file: IndexFile) -> IndexFile | None:
        """The file as its index's project JSON knows it; ``None`` where that does not."""
        url = _json_url(file.index, name)
        if url is None:
            return None
        rows = self._json.get(url, partial(self._fetch_json, file.index, name, url))
        row = rows.get(file.filename)
        known = IndexFile.unpack(row) if row is not None else None
        # Another hash makes it another file of the same name.
        return known if known and (not file.sha256 or known.sha256 in {None, file.sha256}) else None

    def _fetch_json(self, index: str, name: str, url: str) -> dict[str, str]:
        """The rows of an index's project JSON by file name."""
        page = self._page("json", index, name, url, fetch_project_json)
        return {row[: row.index("\t")]: row for row in rows_of(page.groups)}

    def _read_metadata(self, file: IndexFile) -> Metadata:
        key = f"core-metadata/{_key(file)}"
        found = self._load(key, Metadata.unpack)
        if found is None:
            from ..macho.errors import DamagedBinary
            from ..wheels import metadata

            try:
                found = metadata.parse(self._metadata_text(file), file.filename)
            except DamagedBinary as fault:
                raise BadIndexAnswer(file.url, f"as a wheel it is damaged: {fault}") from None
            if not _is_local(file.url):
                self._store(key, found.pack())
        return found

    def _read_archive(self, file: IndexFile) -> SourceArchive:
        from . import sdist

        key = f"sdist/{_key(file)}"
        found = self._load(key, sdist.SourceArchive.unpack)
        if found is None:
            import tempfile

            with tempfile.TemporaryFile(prefix="tfmac-lock-") as into:
                try:
                    self.save(file, into, sdist.LARGEST)
                except HashMismatch:
                    raise
                except BadIndexAnswer as fault:  # too large, or not there
                    return sdist.SourceArchive(fault=" ".join(str(fault).split()))
                into.seek(0)
                found = sdist.read(into, file)
            if not _is_local(file.url):
                self._store(key, found.pack())
        return found

    def _metadata_text(self, file: IndexFile) -> bytes:
        from ..wheels import metadata

        if file.has_metadata and not _is_local(file.url):
            transport, limits = self._transport(f"the metadata of {file.filename}")
            with self._doubting(file):
                text = fetch_metadata(transport, limits, file)
            if text is not None:
                return text
            self._note(
                f"{redact(file.url)}: the index promises a metadata file and has none; the "
                "wheel is read instead."
            )
        with self.open(file) as wheel:
            return metadata.read(wheel, file.filename)

    # -- cache, notes, network

    @contextlib.contextmanager
    def _doubting(self, file: IndexFile) -> Iterator[None]:
        """Have the index's pages asked for again next time where one was wrong about the file."""
        try:
            yield
        except BadIndexAnswer:
            pages = f"pages/{_folder(file.index)}"
            with self._lock:
                known = pages in self._doubted
                self._doubted.add(pages)
            for key in () if known else self._cache.keys(pages):
                page = self._load(key, Page.unpack)
                if page is not None:
                    self._store(key, replace(page, fresh_until=0.0).pack())
            raise

    def _load(self, key: str, unpack: Callable[[str], T]) -> T | None:
        text = self._cache.load(key)
        if text is None:
            return None
        try:
            return unpack(text)
        except ValueError:
            return None

    def _store(self, key: str, text: str) -> None:
        self._cache.store(key, text)
        if self._cache.fault is not None:
            self._note(
                f"the cache cannot be written ({self._cache.fault}); going on without it. "
                "TFMAC_LOCK_CACHE_DIR names another place."
            )

    def _note(self, text: str) -> None:
        with self._lock:
            if text in self._noted:
                return
            self._noted.add(text)
        self._observer.note(text)

    def _transport(self, what: str) -> tuple[Transport, Limits]:
        """The network, for fetching ``what``; ``NotCached`` where that is forbidden."""
        if self._offline:
            raise NotCached(what)
        with self._lock:
            if self._opened is None:
                from .http import Limits, Transport

                self._opened = (
                    Transport(self.config, self._observer, wait=self._wait),
                    self._given_limits or Limits(),
                )
            return self._opened

    def _workers(self) -> Workers:
        from .http import CONNECTIONS
        from .workers import Workers

        with self._lock:
            if self._pool is None:
                self._pool = Workers(CONNECTIONS)
            return self._pool


def _close_after(pool: Workers, transport: Transport) -> None:
    if pool.stop(threading.TIMEOUT_MAX):
        transport.close()


def _is_local(url: str) -> bool:
    return url.startswith("file:")


def _json_url(index: str, name: str) -> str | None:
    """Where simple pages lie at …/simple/, the project JSON lies at …/pypi/NAME/json."""
    if not index or _is_local(index) or not index.endswith("/simple/"):
        return None
    return f"{index.removesuffix('simple/')}pypi/{name}/json"


def _folder(index: str) -> str:
    """A folder name for an index that reads like its host."""
    if not index:
        return "none"
    host = "".join(c if c.isalnum() and c.isascii() else "-" for c in read(index).host)
    return f"{host[:80]}-{_digest(index)[:16]}"


def _key(file: IndexFile) -> str:
    """A cache key for what is known of a file.

    It holds whose page lists the file and all that the page says of it. So what one index says
    of a sha256 is never taken for what another has under it, and metadata are checked anew when
    the page gives another hash of them.
    """
    return f"{_folder(file.index)}/{_digest(file.pack())}"


def _digest(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
