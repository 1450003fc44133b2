"""What must hold of the records of a lock before it is written.

Nothing of the solver's answer is trusted: every spec is matched once more, by rattler's reading
of it, against the locked records and the target's virtual packages.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .client import rattler

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..target import Target
    from .records import CondaRecord


def contradictions(records: Sequence[CondaRecord], target: Target) -> Iterator[tuple[str, str]]:
    """Each record whose depends or constrains do not hold on the target, with what is wrong."""
    r = rattler()
    there: dict[str, Any] = {}
    for name, version, build in target.virtual_packages():
        there[name] = _record(r, name, version, build, target.conda_subdir)
    for record in records:
        if record.name in there:
            yield record.name, "it is there twice"
        try:
            there[record.name] = _record(
                r, record.name, record.version, record.build, record.subdir
            )
        except _refusals(r) as error:
            yield record.name, f"its channel describes it wrongly: {error}"
    for record in records:
        for text in record.depends:
            found, fits = _matched(r, text, there)
            if fits is None:
                yield record.name, f"requires {text}, which is not there"
            elif not fits:
                yield record.name, f"requires {text}, and {found} is"
        for text in record.constrains:
            found, fits = _matched(r, text, there)
            if fits is False:
                yield record.name, f"allows only {text}, not {found}"


def _matched(r: Any, text: str, there: dict[str, Any]) -> tuple[str, bool | None]:
    """The record that a spec is about, and whether it fits; None where there is no such record."""
    try:
        spec = r.MatchSpec(text)
        found = there.get(spec.name.normalized)
    except _refusals(r):
        return "no record, since it is not a conda spec", False
    return str(found), None if found is None else bool(spec.matches(found))


def _refusals(r: Any) -> tuple[type[Exception], ...]:
    """What rattler raises for a text that it cannot read."""
    return (
        AttributeError,  # a spec without a name
        ValueError,
        r.exceptions.InvalidMatchSpecError,
        r.exceptions.InvalidPackageNameError,
        r.exceptions.InvalidVersionError,
    )


def _record(r: Any, name: str, version: str, build: str, subdir: str) -> Any:
    """A record with what specs look at; a build's number is at the end of its text."""
    number = re.search(r"_(\d+)$", build) or re.fullmatch(r"(\d+)", build)
    return r.PackageRecord(
        name=name,
        version=version,
        build=r.package.BuildString(build),
        build_number=int(number[1]) if number else 0,
        subdir=subdir,
    )
