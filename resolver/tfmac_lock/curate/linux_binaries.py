"""``matrix/linux/``: what TensorFlow's Linux wheels for arm64 say, one file a final release."""

from __future__ import annotations

import mmap
from typing import IO, TYPE_CHECKING

import tomli_w

from ..files import write_whole
from ..matrix.base import TENSORFLOW_PACKAGES, version
from ..matrix.linux import LinuxBinary
from ..matrix.plain import plain
from ..matrix.toml import read_file
from ..wheels.archive import Wheel
from .elf import is_elf, read_elf
from .models import ReleaseFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ..macho.buffer import Bytes
    from ..pypi.wheels import IndexWheels

OLD_NUMPY, NEW_NUMPY = b"numpy.core._multiarray_umath", b"numpy._core._multiarray_umath"
"""What numpy's C API looks for when a module is imported, before numpy 2 and since."""

LARGEST_PAGE = 1 << 16
"""No kernel for arm64 has larger pages."""


def refresh_linux(
    root: Path, source: IndexWheels, tell: Callable[[str], None] = lambda _line: None
) -> list[Path]:
    """Read the payload of each final release that is not recorded; return what was written."""
    written = []
    for package in TENSORFLOW_PACKAGES:
        for path in sorted((root / "releases" / package).glob("*.toml")):
            target = root / "linux" / package / path.name
            release = read_file(path, ReleaseFile)
            wheels = [
                wheel
                for wheel in release.wheels
                if wheel.payload and wheel.filename.endswith("aarch64.whl")
            ]
            if target.exists() or not wheels or version(release.version).is_prerelease:
                continue
            tell(f"{package} {release.version}")
            files = {file.filename: file for file in source.files(package)}
            chosen = next((wheel for wheel in wheels if wheel.filename in files), None)
            if chosen is None:
                continue
            with source.open(files[chosen.filename]) as opened:
                found = read_wheel(opened, chosen.filename, chosen.sha256)
            write_whole(target, tomli_w.dumps({k: v for k, v in plain(found).items() if v}))
            written.append(target)
    return written


def read_wheel(opened: IO[bytes], filename: str, sha256: str) -> LinuxBinary:
    """What the images in an open wheel say; raises DamagedBinary."""
    package, release = filename.split("-")[:2]
    wheel = Wheel(opened, filename)
    images, align, glibc = 0, LARGEST_PAGE, (0, 0)
    old = new = False
    for path in wheel.paths:
        if not (path.endswith(".so") or ".so." in path):
            continue
        data = wheel.inflate(path)
        try:
            facts = read_elf(data, f"{filename}: {path}") if is_elf(data) else None
            if facts is None:
                continue
            images += 1
            align = min(align, facts.align)
            glibc = max((glibc, *facts.glibc))
            old, new = old or _holds(data, OLD_NUMPY), new or _holds(data, NEW_NUMPY)
        finally:
            if isinstance(data, mmap.mmap):
                data.close()
    return LinuxBinary(
        package=package.replace("_", "-"),
        version=release,
        filename=filename,
        sha256=sha256,
        images=images,
        numpy_generation="1+2" if new else "1" if old else "",
        glibc=f"{glibc[0]}.{glibc[1]}" if glibc > (0, 0) else "",
        page_size=align,
    )


def _holds(data: Bytes, text: bytes) -> bool:
    return data.find(text) >= 0
