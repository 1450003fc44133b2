"""Small conda channels, written to a folder and served on loopback with every fault a switch."""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.loopback import Loopback

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SUBDIRS = ("osx-arm64", "osx-64", "linux-64", "noarch")


def record(
    name: str,
    version: str,
    depends: Iterable[str] = (),
    *,
    build: str = "0",
    constrains: Iterable[str] = (),
    sha256: bool = True,
    timestamp: int | None = 1_700_000_000_000,
) -> dict[str, Any]:
    """A record as repodata has it; its hashes are those of its own file name."""
    filename = f"{name}-{version}-{build}.conda"
    row = {
        "name": name,
        "version": version,
        "build": build,
        "build_number": 0,
        "depends": list(depends),
        "constrains": list(constrains),
        "md5": hashlib.md5(filename.encode()).hexdigest(),
    }
    if sha256:
        row["sha256"] = hashlib.sha256(filename.encode()).hexdigest()
    if timestamp is not None:
        row["timestamp"] = timestamp
    return row


def python(version: str, *, osx: str = "11.0") -> dict[str, Any]:
    minor = int(version.split(".")[1])
    kind = "cpython" if minor < 13 else f"cp3{minor}"
    return record("python", version, [f"__osx >={osx}", "openssl >=3"], build=f"h1_0_{kind}")


def for_python(name: str, version: str, series: str, depends: Iterable[str] = ()) -> dict[str, Any]:
    """A record with compiled code for one Python series."""
    major, minor = series.split(".")
    upper = f"{major}.{int(minor) + 1}.0a0"
    build = f"py{major}{minor}h1_0"
    return record(name, version, [f"python >={series},<{upper}", *depends], build=build)


def write_channel(folder: Path, records: dict[str, list[dict[str, Any]]]) -> Path:
    """Write repodata.json for every subdir."""
    for subdir in SUBDIRS:
        place = folder / subdir
        place.mkdir(parents=True, exist_ok=True)
        packages = {
            f"{row['name']}-{row['version']}-{row['build']}.conda": {**row, "subdir": subdir}
            for row in records.get(subdir, [])
        }
        data = {
            "info": {"subdir": subdir},
            "packages": {},
            "packages.conda": packages,
            "repodata_version": 1,
        }
        (place / "repodata.json").write_text(json.dumps(data))
    return folder


@dataclass(slots=True)
class Faults:
    """How a ``ChannelServer`` behaves; everything may be changed while it runs."""

    status: int | None = None
    truncate: bool = False
    credentials: tuple[str, str] | None = None


class ChannelServer(Loopback):
    """Serves a folder of channels on loopback: a context manager. ``seen`` are the paths."""

    def __init__(self, folder: Path, faults: Faults | None = None) -> None:
        super().__init__(_Handler)
        self.folder = folder
        self.faults = faults or Faults()
        self.seen: list[str] = []

    @property
    def url(self) -> str:
        return f"http://{self.host}"


class _Handler(http.server.BaseHTTPRequestHandler):
    owner: ChannelServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        pass

    def do_HEAD(self) -> None:
        self._serve(body=False)

    def do_GET(self) -> None:
        self._serve(body=True)

    def _serve(self, *, body: bool) -> None:
        faults = self.owner.faults
        self.owner.seen.append(self.path)
        path = self.owner.folder / self.path.lstrip("/")
        content = path.read_bytes() if path.is_file() else b""
        status = 200 if path.is_file() else 404
        if faults.status is not None:
            status, content = faults.status, b"no"
        if faults.credentials is not None:
            wanted = base64.b64encode(":".join(faults.credentials).encode()).decode()
            if self.headers.get("Authorization") != f"Basic {wanted}":
                status, content = 401, b"who are you?"
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if not body:
            return
        if faults.truncate and status == 200:
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
            return
        self.wfile.write(content)
