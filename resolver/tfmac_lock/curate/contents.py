"""``matrix/contents/``: the digest of what each Mac wheel installs, one file a release.

Of each wheel only RECORD is read, by range requests. The same wheels give the same bytes.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import IO, TYPE_CHECKING

import tomli_w

from ..files import write_whole
from ..macho.errors import DamagedBinary
from ..matrix.contents import Content, ContentsFile
from ..matrix.plain import plain
from ..matrix.toml import read_file
from ..prove.train_mnist import content_of
from ..pypi.errors import BadIndexAnswer
from ..pypi.wheels import IndexWheels
from ..wheels.archive import Wheel
from .models import ReleaseFile
from .releases import BadWheel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ..pypi.client import IndexClient
    from ..pypi.model import IndexFile
    from .models import WheelEntry


def refresh_contents(
    client: IndexClient, root: Path, progress: Callable[[str, int, int], None] = lambda *_: None
) -> list[Path]:
    """Read the Mac wheels in matrix/releases/ that are not recorded; return what was written."""
    releases = sorted(root.glob("releases/*/*.toml"))
    written = []
    for place, path in enumerate(releases, 1):
        release = read_file(path, ReleaseFile)
        wheels = [wheel for wheel in release.wheels if "-macosx_" in wheel.filename]
        target = root / "contents" / path.relative_to(root / "releases")
        known = {one.sha256: one for one in _read(target)}
        if not wheels or known.keys() >= {wheel.sha256 for wheel in wheels}:
            continue
        progress(f"{release.package} {release.version}", place, len(releases))
        files = {file.filename: file for file in client.project(release.package).files}
        # A file that the index has given up keeps nobody from reading the others.
        wheels = [one for one in wheels if one.sha256 in known or one.filename in files]
        if not wheels:
            continue

        def content(
            wheel: WheelEntry,
            known: dict[str, Content] = known,
            files: dict[str, IndexFile] = files,
        ) -> Content:
            return known.get(wheel.sha256) or _content(client, wheel, files.get(wheel.filename))

        with ThreadPoolExecutor(max_workers=4) as pool:
            found = list(pool.map(content, wheels))
        entry = ContentsFile(package=release.package, version=release.version, wheels=tuple(found))
        write_whole(target, tomli_w.dumps(plain(entry)))
        written.append(target)
    return written


def _read(path: Path) -> tuple[Content, ...]:
    return read_file(path, ContentsFile).wheels if path.exists() else ()


def _content(client: IndexClient, wheel: WheelEntry, file: IndexFile | None) -> Content:
    if file is None or client.sha256(file.filename.split("-")[0], file) != wheel.sha256:
        raise BadWheel(wheel.url, "the index does not have the file that is recorded")
    try:
        try:
            with client.open(file) as stream:
                record = _record(stream, wheel.filename)
        except BadIndexAnswer:  # a mirror that serves no ranges of this very file
            with IndexWheels(client).open(file) as stream:
                record = _record(stream, wheel.filename)
    except (DamagedBinary, KeyError) as error:
        raise BadWheel(wheel.url, f"has no RECORD that can be read ({error})") from error
    return Content(filename=wheel.filename, sha256=wheel.sha256, content=content_of(record))


def _record(stream: IO[bytes], filename: str) -> str:
    opened = Wheel(stream, filename)
    return opened.text(opened.dist_info("RECORD") or "RECORD")
