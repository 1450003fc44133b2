"""The Linux wheels of a lock's versions.

The mapping is fixed: a TensorFlow of the Mac becomes ``tensorflow-cpu`` of the same version, or
``tensorflow`` where that has no wheel, the plugin has no twin, and every other package stays
what it is. Of PyTorch and its kin the build without CUDA stands in where an index has it, which
PyPI has not: it is what the wheels for the Mac are.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packaging.tags import compatible_tags, cpython_tags, platform_tags
from packaging.utils import parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

from .errors import NotProvable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from packaging.tags import Tag

    from ..pypi.model import IndexFile
    from .locked import LockedSet

STAND_INS = ("tensorflow-cpu", "tensorflow")

WITHOUT_CUDA = "cpu"
"""The local label of PyTorch's builds without CUDA: 2.13.0+cpu."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """What to install in the place of a lock: a file a package, and what is left out.

    ``built`` names those that come as source, because conda builds them on the Mac as well.
    ``dropped`` are pins for which Linux has no wheel; they are listed in the evidence.
    """

    tensorflow: IndexFile
    files: Mapping[str, tuple[str, IndexFile]]
    built: frozenset[str] = frozenset()
    dropped: Mapping[str, str] = field(default_factory=dict)

    @property
    def without_cuda(self) -> dict[str, str]:
        """The packages of which a build without CUDA stands in, with its file."""
        return {
            name: file.filename
            for name, (_, file) in self.files.items()
            if f"+{WITHOUT_CUDA}-" in file.filename
        }

    def requirements(self) -> str:
        """One line a package with the sha256 of the chosen file, which the installer checks.

        A build without CUDA is named by its address: uv takes a project from one index alone.
        """
        return "".join(
            (f"{name} @ {file.url}" if name in self.without_cuda else f"{name}=={version}")
            + f" --hash=sha256:{file.sha256}\n"
            for name, (version, file) in sorted(self.files.items())
        )


def twin_of(
    lock: LockedSet, listing: Callable[[str], Sequence[IndexFile]], tags: Sequence[Tag]
) -> Twin:
    """Choose the files; ``tags`` are those of the interpreter, best first.

    Raises NotProvable where that TensorFlow has no wheel for it.
    """
    files: dict[str, tuple[str, IndexFile]] = {}
    for name in STAND_INS:
        if tensorflow := best_wheel(listing(name), lock.tensorflow, tags):
            files[name] = (lock.tensorflow, tensorflow)
            break
    else:
        what = f"TensorFlow {lock.tensorflow} for CPython {lock.series}"
        raise NotProvable(lock.id, f"there is no Linux wheel of {what}")
    built, dropped = set(), {}
    for name, version in lock.others.items():
        offered = listing(name)
        if wheel := best_wheel(offered, version, tags):
            files[name] = (version, wheel)
        elif name in lock.from_conda | lock.from_source and (source := source_of(offered, version)):
            files[name] = (version, source)
            built.add(name)
        else:
            dropped[name] = version
    return Twin(tensorflow=tensorflow, files=files, built=frozenset(built), dropped=dropped)


def best_wheel(offered: Iterable[IndexFile], version: str, tags: Sequence[Tag]) -> IndexFile | None:
    """The wheel of that version whose tags come first; a yanked one counts, for it is pinned.

    One of the same version without CUDA comes before all others.
    """
    rank = {tag: place for place, tag in enumerate(tags)}
    wanted, found = Version(version), []
    for file in offered:
        try:
            _, has, _, carries = parse_wheel_filename(file.filename)
        except ValueError:
            continue
        places = [rank[tag] for tag in carries if tag in rank]
        plain = has.local == WITHOUT_CUDA and Version(has.public) == wanted
        if (plain or has == wanted) and places and file.sha256:
            found.append((not plain, min(places), file.filename, file))
    return min(found)[3] if found else None


def source_of(offered: Iterable[IndexFile], version: str) -> IndexFile | None:
    """The source distribution of that version."""
    for file in offered:
        try:
            _, has = parse_sdist_filename(file.filename)
        except ValueError:
            continue
        if has == Version(version) and file.sha256:
            return file
    return None


def linux_tags(series: str) -> tuple[Tag, ...]:
    """The tags that a CPython of that series takes on this machine, best first."""
    if platform.system() != "Linux":
        raise NotProvable("twin", "a twin runs on Linux; on a Mac use `tfmac-lock prove` itself")
    python = tuple(int(part) for part in series.split("."))
    platforms = list(platform_tags())
    interpreter = f"cp{python[0]}{python[1]}"
    return (
        *cpython_tags(python, platforms=platforms),
        *compatible_tags(python, interpreter, platforms),
    )
