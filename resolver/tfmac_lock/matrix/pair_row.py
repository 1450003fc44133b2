"""The load check of a pair of releases, out of that of their binaries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ..target import Arch
from .facts import PairLoad
from .load_check import LoadResult, check_pair

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .binaries import PluginBinary, TensorFlowBinary


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRow(PairLoad):
    """The load check of a TensorFlow release and a plugin release on one architecture.

    ``payload`` names the package whose binaries decided, which for a stub is the one that it
    requires; where a stub leads to no binaries it is None, nothing loads, and no symbols are
    listed.
    """

    unknown_symbols: tuple[str, ...]
    dyld_message: str | None
    payload: str | None


def pins(stub: TensorFlowBinary) -> Iterable[tuple[str, str]]:
    """The packages and versions that a stub requires exactly."""
    for text in stub.requires:
        requirement = Requirement(text)
        for clause in requirement.specifier:
            if clause.operator == "==":
                yield canonicalize_name(requirement.name), clause.version


def pair_row(
    package: str,
    version: str,
    metal: str,
    arch: str,
    payload: list[TensorFlowBinary],
    plugins: list[PluginBinary],
) -> PairRow:
    """The row for a release whose ``payload`` are the given binaries, one for each Python."""
    results = [check_pair(tensorflow, plugin) for tensorflow in payload for plugin in plugins]
    # Where the Pythons of a release disagree, the answer for the release is not known.
    verdicts = {result.loads for result in results}
    loads = False if not results else verdicts.pop() if len(verdicts) == 1 else None
    return PairRow(
        package=package,
        tensorflow=version,
        metal=metal,
        arch=Arch(arch),
        loads=loads,
        missing_symbols=_union(results, lambda r: [m.symbol for m in r.missing_symbols]),
        missing_libraries=_union(results, lambda r: r.missing_libraries),
        unknown_symbols=_union(results, lambda r: r.unknown_symbols),
        dyld_message=results[0].dyld_message if loads is False and results else None,
        payload=payload[0].package if payload else None,
    )


def _union(
    results: list[LoadResult], part: Callable[[LoadResult], Iterable[str]]
) -> tuple[str, ...]:
    return tuple(sorted({one for result in results for one in part(result)}))
