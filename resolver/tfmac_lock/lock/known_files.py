"""Whether the files of TensorFlow and its plugin are the ones that the matrix speaks of.

The matrix has the sha256 of every wheel of a release. What is known of a release was observed
with those files, so it says nothing of another file of the same name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import Refusal
from ..matrix.reasons import Grade, Reason
from ..matrix.verdict import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..matrix.facts import Matrix
    from ..matrix.reasons import Verdict
    from .model import LockedPackage

ACCEPT = "--accept-repacked"
"""The option that takes files of a mirror that packs wheels anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownFile:
    """A file of a known release; ``known`` is the release's sha256 of that name, if it has one."""

    package: str
    filename: str
    sha256: str
    known: str | None

    def __str__(self) -> str:
        if self.known is None:
            return (
                f"{self.filename} (sha256 {self.sha256}) is none of the release's files that were "
                "looked at"
            )
        return f"{self.filename} has the sha256 {self.sha256}, and the release's is {self.known}"


@dataclass(eq=False)
class ContradictedFile(Refusal):
    """An index has a file of a release under its name, and with another content."""

    files: Sequence[UnknownFile]

    def __str__(self) -> str:
        found = "; ".join(map(str, self.files))
        return (
            f"the package index does not have the real file: {found}. No lock was written, since "
            "the file may be damaged or a counterfeit. If it is your own mirror that packs wheels "
            f"anew, add {ACCEPT}; such a lock is unproven."
        )


def unknown_files(matrix: Matrix, packages: Iterable[LockedPackage]) -> list[UnknownFile]:
    """The files of releases in the matrix that are not the ones it knows."""
    names = {release.package for release in matrix.releases}
    found = []
    for package in packages:
        if package.manager != "pip" or package.name not in names:
            continue
        platform = package.filename.rpartition("-")[2]
        if "linux" in platform and platform.endswith("x86_64.whl"):
            continue  # neither for a Mac nor for its guests, so the matrix has none of these
        release = matrix.release(package.name, package.version)
        known = {wheel.filename: wheel.sha256 for wheel in release.wheels} if release else {}
        if known.get(package.filename) != package.sha256:
            found.append(
                UnknownFile(
                    package=package.name,
                    filename=package.filename,
                    sha256=package.sha256,
                    known=known.get(package.filename),
                )
            )
    return found


def refuse_contradicted(files: Iterable[UnknownFile]) -> None:
    """Raise ContradictedFile where a file has the name of a known one and another content."""
    contradicted = [file for file in files if file.known is not None]
    if contradicted:
        raise ContradictedFile(contradicted)


def of_unknown_files(verdict: Verdict, files: Iterable[UnknownFile], *, plugin: bool) -> Verdict:
    """The verdict without what speaks for other files than these; ``unproven`` at best."""
    texts = [str(file) for file in files]
    if not texts:
        return verdict
    text = f"{'; '.join(texts)}; what is known of the release was observed with other files"
    kept = [one for one in verdict.reasons if one.against or one.grade in (None, Grade.RESOLVES)]
    own = Reason(kind="files", text=text, source="matrix/releases", against=True)
    return fold((own, *kept), plugin=plugin)
