"""Real index servers on loopback.

``HtmlIndex`` is a plain mirror (PEP 503) whose every fault is a switch; ``JsonIndex`` is
``simple-repository-server``, an index with the JSON API and metadata files. Both serve a
folder of ``<normalised project>/<file>``, the layout that ``build_wheel`` makes.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import html
import http.server
import itertools
import json
import socket
import struct
import subprocess
import sys
import threading
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, unquote, urlsplit

from tests.support.loopback import Loopback

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Self


JSON = "application/vnd.pypi.simple.v1+json"


@dataclass(slots=True)
class Faults:
    """How an ``HtmlIndex`` behaves; everything may be changed while it runs."""

    ranges: Literal["serve", "explicit", "prefix", "ignore", "refuse", "crash", "lie"] = "serve"
    """``explicit``: no suffix ranges (416); ``prefix``: takes the last n bytes for the first n;
    ``ignore``: 200 with everything; ``refuse``: 416; ``crash``: 501; ``lie``: another file's
    total size in Content-Range."""
    hashes: bool = True
    wrong_hash: bool = False
    metadata_files: bool = False
    wrong_metadata_hash: bool = False
    missing_metadata_files: bool = False
    upload_times: Mapping[str, str] = field(default_factory=dict)
    yanked: Mapping[str, str] = field(default_factory=dict)
    requires_python: Mapping[str, str] = field(default_factory=dict)
    failures: int = 0
    """That many answers are ``failure_status`` before the index works."""
    failure_status: int = 503
    retry_after: str | None = None
    stall: bool = False
    """No answer until the server is closed."""
    truncate: bool = False
    """Half of the promised bytes, then the connection closes."""
    redirect_to: str | None = None
    """Every request is answered by 302 to this base plus the path asked for."""
    credentials: tuple[str, str] | None = None
    """Basic credentials without which the answer is 401."""
    etag: bool = False
    cache_control: str | None = None
    content_encoding: str | None = None
    answers: Mapping[str, tuple[int, str, bytes]] = field(default_factory=dict)
    """Path to (status, content type, body), in the place of what is served there."""
    json: bool = False
    """Pages are JSON (PEP 691) to whoever accepts that."""
    status: Mapping[str, str] = field(default_factory=dict)
    """Project to its status (PEP 792)."""
    provenance: Mapping[str, str] = field(default_factory=dict)
    """File name to the address of its attestations (PEP 740)."""
    page: bytes | None = None
    """What every page is, in its own content type."""
    hang_up: bool = False
    """The connection is closed without an answer."""
    hang_up_every: int = 0
    """That of every n-th request is."""
    reset: bool = False
    """Hanging up is a reset, as of a server that was killed."""
    fail_every: int = 0
    """Every n-th answer is ``failure_status``."""
    stall_once: set[str] = field(default_factory=set)
    """Paths whose first request is never answered."""
    drip: bool = False
    """The body comes byte by byte and never to an end."""
    length: int = 0
    """By how much Content-Length differs from what is sent, before the connection closes."""
    sized: bool = True
    """Whether an answer says how long it is."""
    gone: bool = False
    """Every file that the pages list is gone."""
    swap: bool = False
    """Every file is another one than the pages say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request that reached the server, and what it answered."""

    method: str
    path: str
    headers: Mapping[str, str]
    status: int


class HtmlIndex(Loopback):
    """A mirror that offers nothing but PEP 503 pages and the files: a context manager.

    ``url`` is the index address, ``seen`` every request so far, in order.
    """

    def __init__(
        self, folder: Path, faults: Faults | None = None, *, tls: ssl.SSLContext | None = None
    ) -> None:
        super().__init__(_Handler)
        self.folder = folder
        self.faults = faults or Faults()
        self.seen: list[Seen] = []
        self.closing = threading.Event()
        self.numbers = itertools.count(1)
        self._scheme = "http" if tls is None else "https"
        if tls is not None:
            # The handshake is left to the thread of the connection.
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )

    @property
    def root(self) -> str:
        return f"{self._scheme}://{self.host}"

    @property
    def url(self) -> str:
        return f"{self.root}/simple/"

    def paths(self, *, method: str = "GET") -> list[str]:
        return [seen.path for seen in self.seen if seen.method == method]

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        super().__exit__()


class _Handler(http.server.BaseHTTPRequestHandler):
    owner: HtmlIndex
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        pass

    def do_HEAD(self) -> None:
        self._serve()

    def do_GET(self) -> None:
        self._serve()

    def _serve(self) -> None:
        faults = self.owner.faults
        path = unquote(urlsplit(self.path).path)
        number = next(self.owner.numbers)
        if faults.stall or path in faults.stall_once:
            faults.stall_once.discard(path)
            self.owner.closing.wait()
            self.close_connection = True
            return
        if faults.hang_up or (faults.hang_up_every and number % faults.hang_up_every == 0):
            if faults.reset:  # closing with this option set sends RST (socket(7))
                now = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, now)
                socket.close(self.connection.detach())
            self.close_connection = True
            return
        if faults.fail_every and number % faults.fail_every == 0:
            self._answer(faults.failure_status, "text/plain", b"not now")
            return
        if faults.credentials and self.headers.get("Authorization") != _basic(faults.credentials):
            self._answer(401, "text/plain", b"who are you?", {"WWW-Authenticate": "Basic"})
        elif faults.redirect_to is not None:
            self._answer(302, "text/plain", b"", {"Location": faults.redirect_to + self.path})
        elif faults.failures > 0:
            faults.failures -= 1
            extra = {"Retry-After": faults.retry_after} if faults.retry_after else {}
            self._answer(faults.failure_status, "text/plain", b"not now", extra)
        elif path in faults.answers:
            self._answer(*faults.answers[path])
        elif path.startswith("/simple/"):
            self._project(path.removeprefix("/simple/").strip("/"))
        elif path.startswith("/files/"):
            self._file(path.removeprefix("/files/"))
        else:
            self._answer(404, "text/plain", b"nothing here")

    def _project(self, project: str) -> None:
        folder = self.owner.folder / project
        if not project or not folder.is_dir():
            self._answer(404, "text/plain", b"no such project")
            return
        faults = self.owner.faults
        kind, body = "text/html", _page(folder, faults).encode()
        if faults.json and JSON in self.headers.get("Accept", ""):
            kind, body = JSON, _json_page(folder, faults).encode()
        body = body if faults.page is None else faults.page
        headers = {}
        if self.owner.faults.cache_control is not None:
            headers["Cache-Control"] = self.owner.faults.cache_control
        if self.owner.faults.etag:
            headers["ETag"] = etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            if self.headers.get("If-None-Match") == etag:
                self._answer(304, kind, b"", headers)
                return
        self._answer(200, kind, body, headers)

    def _file(self, relative: str) -> None:
        path = self.owner.folder / relative
        faults = self.owner.faults
        if relative.endswith(".metadata") and faults.metadata_files:
            wheel = self.owner.folder / relative.removesuffix(".metadata")
            if wheel.is_file() and not faults.missing_metadata_files:
                self._answer(200, "text/plain", _metadata(wheel))
                return
        if not path.is_file() or faults.gone:
            self._answer(404, "text/plain", b"no such file")
            return
        content = path.read_bytes()
        if faults.swap:
            content = content[::-1]
        wanted = self.headers.get("Range")
        if wanted is None or faults.ranges == "ignore":
            self._answer(200, "application/octet-stream", content)
            return
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        total = len(content)
        if faults.ranges == "crash":
            self._answer(501, "text/plain", b"ranges are not implemented")
            return
        if faults.ranges == "prefix" and not first:
            first, last = "0", str(int(last) - 1)
        start = int(first) if first else max(0, total - int(last))
        stop = min(total, int(last) + 1) if first and last else total
        if (
            faults.ranges == "refuse"
            or start >= total
            or (faults.ranges == "explicit" and not first)
        ):
            self._answer(416, "text/plain", b"", {"Content-Range": f"bytes */{total}"})
            return
        said = total + 7 if faults.ranges == "lie" else total
        self._answer(
            206,
            "application/octet-stream",
            content[start:stop],
            {"Content-Range": f"bytes {start}-{stop - 1}/{said}"},
        )

    def _answer(
        self, status: int, content_type: str, body: bytes, extra: Mapping[str, str] | None = None
    ) -> None:
        self.owner.seen.append(
            Seen(
                method=self.command,
                path=self.path,
                headers={key.lower(): value for key, value in self.headers.items()},
                status=status,
            )
        )
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        if self.owner.faults.sized:
            self.send_header("Content-Length", str(len(body) + self.owner.faults.length))
        else:
            self.close_connection = True
        if self.owner.faults.content_encoding:
            self.send_header("Content-Encoding", self.owner.faults.content_encoding)
        for key, value in (extra or {}).items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.owner.faults.truncate and status in (200, 206):
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
            return
        if self.owner.faults.drip:
            self.close_connection = True
            with contextlib.suppress(OSError):
                while not self.owner.closing.wait(0.01):
                    self.wfile.write(b" ")
            return
        self.close_connection = self.close_connection or bool(self.owner.faults.length)
        self.wfile.write(body)


def _page(folder: Path, faults: Faults) -> str:
    status = faults.status.get(folder.name)
    meta = f'<meta name="pypi:project-status" content="{status}">' if status else ""
    lines = [f"<!DOCTYPE html><html><head>{meta}<title>Links</title></head><body>"]
    for path in sorted(folder.iterdir()):
        name = path.name
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if faults.wrong_hash:
            digest = digest[::-1]
        href = f"../../files/{folder.name}/{quote(name)}"
        attributes = [("href", f"{href}#sha256={digest}" if faults.hashes else href)]
        if name in faults.requires_python:
            attributes.append(("data-requires-python", faults.requires_python[name]))
        if name in faults.yanked:
            attributes.append(("data-yanked", faults.yanked[name]))
        if name in faults.upload_times:
            attributes.append(("data-upload-time", faults.upload_times[name]))
        if faults.metadata_files and name.endswith(".whl"):
            of_metadata = hashlib.sha256(_metadata(path)).hexdigest()
            if faults.wrong_metadata_hash:
                of_metadata = of_metadata[::-1]
            attributes.append(("data-core-metadata", f"sha256={of_metadata}"))
        if name in faults.provenance:
            attributes.append(("data-provenance", faults.provenance[name]))
        text = " ".join(f'{key}="{html.escape(value)}"' for key, value in attributes)
        lines.append(f"<a {text}>{html.escape(name)}</a><br/>")
    return "\n".join([*lines, "</body></html>", ""])


def _json_page(folder: Path, faults: Faults) -> str:
    files = []
    for path in sorted(folder.iterdir()):
        name, digest = path.name, hashlib.sha256(path.read_bytes()).hexdigest()
        entry: dict[str, object] = {
            "filename": name,
            "url": f"../../files/{folder.name}/{quote(name)}",
            "hashes": {"sha256": digest[::-1] if faults.wrong_hash else digest},
            "yanked": faults.yanked.get(name, False),
        }
        if not faults.hashes:
            entry["hashes"] = {}
        if name in faults.requires_python:
            entry["requires-python"] = faults.requires_python[name]
        if name in faults.upload_times:
            entry["upload-time"] = faults.upload_times[name]
        if name in faults.provenance:
            entry["provenance"] = faults.provenance[name]
        if faults.metadata_files and name.endswith(".whl"):
            of_metadata = hashlib.sha256(_metadata(path)).hexdigest()
            if faults.wrong_metadata_hash:
                of_metadata = of_metadata[::-1]
            entry["core-metadata"] = {"sha256": of_metadata}
        files.append(entry)
    page: dict[str, object] = {
        "meta": {"api-version": "1.4"},
        "name": folder.name,
        "versions": [],
        "files": files,
    }
    if folder.name in faults.status:
        page["project-status"] = {"status": faults.status[folder.name]}
    return json.dumps(page)


def _metadata(wheel: Path) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        (member,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        return archive.read(member)


def _basic(credentials: tuple[str, str]) -> str:
    return "Basic " + base64.b64encode(":".join(credentials).encode()).decode()


class JsonIndex:
    """``simple-repository-server`` over a folder, in a process of its own: a context manager.

    Its pages are JSON with sizes, upload times and metadata files, but without hashes.
    Starting it takes about a second, so share one where that can be done.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = ""
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "simple_repository_server"),
                *("--host", "127.0.0.1", "--port", "0", str(self.folder)),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stderr is not None
        said = []
        for line in self._process.stderr:
            said.append(line)
            if "running on http" in line:
                self.url = line.split("running on ")[1].split()[0] + "/simple/"
                break
        else:
            self.__exit__()
            raise RuntimeError("the index server did not start:\n" + "".join(said))
        # Its log is read on so that a full pipe never stops it.
        self._drain = threading.Thread(target=self._process.stderr.read, daemon=True)
        self._drain.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait()
        if hasattr(self, "_drain"):
            self._drain.join()
        assert self._process.stderr is not None
        self._process.stderr.close()
