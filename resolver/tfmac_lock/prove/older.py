"""Which release of a companion to try next beside a TensorFlow, after what was found so far."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from packaging.utils import parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

MOST = 9
"""Releases that are tried beside one TensorFlow."""

DOWN = 6
"""Of them those that may fail before an older one runs."""


def releases(filenames: Iterable[str]) -> set[Version]:
    """The final releases of which there are files."""
    found = set()
    for filename in filenames:
        with suppress(ValueError):
            found.add(parse_wheel_filename(filename)[1])
        with suppress(ValueError):
            found.add(parse_sdist_filename(filename)[1])
    return {version for version in found if not version.is_prerelease}


def next_try(releases: Collection[Version], tried: Mapping[Version, bool]) -> str | None:
    """The versions to ask for, as a specifier; None where nothing more is to be learned.

    The newest one first. Where it fails, older minor releases in steps that double, until one
    runs; then halfway between that one and the oldest that fails, until they are neighbours.
    """
    if not tried:
        return ""
    failed = [version for version, ran in tried.items() if not ran]
    if not failed or len(tried) >= MOST:
        return None
    first = min(failed)
    last = max((version for version, ran in tried.items() if ran and version < first), default=None)
    if last is not None:
        between = sorted(one for one in releases if last < one < first)
        return f"=={between[len(between) // 2]}" if between else None
    older = sorted({_minor(one) for one in releases if _minor(one) < _minor(first)})
    if len(failed) >= DOWN or not older:
        return None
    step = 2 ** (len(failed) - 1)
    limit = older[-step + 1] if 1 < step <= len(older) else _minor(first)
    return f"<{limit}"


def _minor(version: Version) -> Version:
    return Version(f"{version.major}.{version.minor}")
