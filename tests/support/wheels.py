"""Small real wheels, byte for byte the same for the same arguments."""

from __future__ import annotations

import base64
import hashlib
import re
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


def build_wheel(
    folder: Path,
    name: str,
    version: str,
    requires: Iterable[str] = (),
    *,
    tag: str = "py3-none-any",
    requires_python: str | None = None,
    extras: Iterable[str] = (),
    build: str | None = None,
    files: Mapping[str, bytes] | None = None,
    metadata: bytes | None = None,
    filler: int = 0,
) -> Path:
    """Build a wheel at ``folder/<normalised name>/<wheel file name>`` and return its path.

    ``files`` are further members (path in the zip to bytes), ``filler`` adds that many bytes
    that do not compress, ``metadata`` replaces the whole METADATA text.
    """
    project = re.sub(r"[-_.]+", "-", name).lower()
    stem = f"{re.sub(r'[-_.]+', '_', name)}-{version}"
    filename = "-".join(part for part in (stem, build, tag) if part) + ".whl"
    text = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"]
    if requires_python is not None:
        text.append(f"Requires-Python: {requires_python}\n")
    text.extend(f"Provides-Extra: {extra}\n" for extra in extras)
    text.extend(f"Requires-Dist: {requirement}\n" for requirement in requires)
    text.append("\nMade for a test.\n")

    wheel = ["Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\n"]
    python, abi, platform = tag.split("-")
    wheel.extend(
        f"Tag: {one}-{two}-{three}\n"
        for one in python.split(".")
        for two in abi.split(".")
        for three in platform.split(".")
    )

    members: dict[str, bytes] = {f"{stem.split('-')[0]}/__init__.py": b""}
    if filler:
        seed = hashlib.shake_128(filename.encode())
        members[f"{stem.split('-')[0]}/filler.bin"] = seed.digest(filler)
    members.update(files or {})
    members[f"{stem}.dist-info/METADATA"] = (
        metadata if metadata is not None else "".join(text).encode()
    )
    members[f"{stem}.dist-info/WHEEL"] = "".join(wheel).encode()
    members[f"{stem}.dist-info/RECORD"] = _record(f"{stem}.dist-info/RECORD", members)

    path = folder / project / filename
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            info = zipfile.ZipInfo(member, (2020, 1, 1, 0, 0, 0))
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return path


def _record(own_path: str, members: Mapping[str, bytes]) -> bytes:
    lines = []
    for member, content in members.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
        lines.append(f"{member},sha256={digest.decode()},{len(content)}\n")
    return "".join([*lines, f"{own_path},,\n"]).encode()
