"""What the Linux wheels for arm64 say: for a virtual machine or a container on the Mac.

``matrix/linux/`` has one file a release, written by ``tfmac-lock matrix refresh``. The wheels of a
release's Pythons are built from one tree, so one of them stands for all.
"""

from __future__ import annotations

from dataclasses import dataclass

from .base import Fact
from .texts import PackageName, Sha256, VersionText


@dataclass(frozen=True, slots=True, kw_only=True)
class LinuxBinary(Fact):
    """The images of one wheel.

    ``numpy_generation`` is ``1`` (compiled before numpy 2), ``1+2``, or empty where no image
    says. ``glibc`` is the newest version of the C library that an image asks for. ``page_size`` is
    the largest memory page, in bytes, with which every image can be loaded: Macs have pages of
    16 kB, and the kernel of a guest 4, 16 or 64. ``tried`` is what was done with the wheel itself,
    which somebody adds by hand.
    """

    package: PackageName
    version: VersionText
    filename: str
    sha256: Sha256
    images: int
    numpy_generation: str = ""
    glibc: str = ""
    page_size: int
    tried: str = ""

    @property
    def text(self) -> str:
        """What was read, in one sentence."""
        numpy = f"numpy generation {self.numpy_generation or 'not stated'}"
        return (
            f"no plugin to load; the Linux wheel's {self.images} images were read ({numpy}, "
            f"glibc {self.glibc or 'of any version'}, "
            f"memory pages up to {self.page_size // 1024} kB)"
        )
