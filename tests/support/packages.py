"""Conda package files that hold next to nothing and can really be installed.

Source: the package formats, https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zipfile
from typing import TYPE_CHECKING

import zstandard

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any


def write_package(folder: Path, filename: str, index: Mapping[str, Any], content: bytes) -> None:
    """Write a package with one file, ``share/<name>.txt``; ``index`` is its ``index.json``."""
    place = f"share/{index['name']}.txt"
    path = {
        "_path": place,
        "path_type": "hardlink",
        "sha256": hashlib.sha256(content).hexdigest(),
        "size_in_bytes": len(content),
    }
    info = {
        "info/index.json": json.dumps(dict(index)).encode(),
        "info/paths.json": json.dumps({"paths_version": 1, "paths": [path]}).encode(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    if filename.endswith(".tar.bz2"):
        (folder / filename).write_bytes(_tar({**info, place: content}, "w:bz2"))
        return
    stem = filename.removesuffix(".conda")
    pack = zstandard.ZstdCompressor().compress
    with zipfile.ZipFile(folder / filename, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("metadata.json", json.dumps({"conda_pkg_format_version": 2}))
        archive.writestr(f"pkg-{stem}.tar.zst", pack(_tar({place: content}, "w:")))
        archive.writestr(f"info-{stem}.tar.zst", pack(_tar(info, "w:")))


def _tar(files: Mapping[str, bytes], mode: str) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return made.getvalue()
