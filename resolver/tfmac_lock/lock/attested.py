"""`--require-attestations`: files of which the index says by attestations who published them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..errors import Refusal
from ..pypi.signatures import EXTRA, can_check

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from packaging.utils import NormalizedName

    from ..resolve.solve import Solved
    from ..resolve.source import Source
    from .model import LockedPackage

ALL = ":all:"
OPTION = "--require-attestations"


@dataclass(eq=False)
class Unattested(Refusal):
    """Files without attestations, where these are required."""

    filenames: Sequence[str]

    def __str__(self) -> str:
        one = len(self.filenames) == 1
        return (
            f"the index has no attestations of {'this file' if one else 'these files'}:\n  "
            + "\n  ".join(self.filenames)
            + f"\nNo lock was written; {OPTION} NAME asks for single packages."
        )


def what_was_checked() -> str:
    """What the publishers in a lock rest on, as a sentence's second half."""
    about = "that they are about these very files, by name and sha256"
    if can_check():
        return f"{about}, and signed by the publishers that the lock names"
    return (
        f"{about}; their signatures were not checked, so who published a file is the word of the "
        f"index. pip install 'tfmac-lock[{EXTRA}]' brings what checks them"
    )


def with_publishers(
    packages: Iterable[LockedPackage],
    solved: Mapping[NormalizedName, Solved],
    source: Source,
    required: Collection[str],
) -> tuple[LockedPackage, ...]:
    """The packages with who published the required ones; raises Unattested and OutsideError."""
    files = {str(name): one.file for name, one in solved.items()}
    found: list[LockedPackage] = []
    lacking: list[str] = []
    for package in packages:
        if ALL not in required and package.name not in required:
            found.append(package)
            continue
        publishers = source.publishers(files[package.name], package.sha256)
        found.append(replace(package, publishers=publishers))
        lacking += [] if publishers else [package.filename]
    if lacking:
        raise Unattested(lacking)
    return tuple(found)
