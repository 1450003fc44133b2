"""One pylock.toml for several kinds of Mac, distinguished by markers.

A package of one version is one entry, whose wheels an installer chooses from by their tags; what
differs is an entry for each kind of Mac with its marker. Source: "Installation" of
https://packaging.python.org/en/latest/specifications/pylock-toml/: of the entries of one name no
more than one may be left by the markers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import UsageError
from ...files import on_one_line
from ..model import lock_id
from .environment import marker, parts
from .header import MARK, settings
from .toml_text import text
from .wheels_only import HoldsConda

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..model import Lock, LockedPackage


def render(locks: Sequence[Lock]) -> str:
    """The text for locks of different machines and one Python; raises HoldsConda, UsageError."""
    for lock in locks:
        if lock.conda_packages:
            raise HoldsConda(lock.combo.id, "pylock.toml", "conda-lock")
    if len({marker(lock.combo) for lock in locks}) != len(locks):
        raise UsageError("a pylock.toml holds one lock a machine: name one chip of each kind")
    pythons = {lock.combo.python for lock in locks}
    if len(pythons) != 1:
        raise UsageError("a pylock.toml for several Macs is for one Python")
    environments = [f"{marker(lock.combo)} and implementation_name == 'cpython'" for lock in locks]
    lines = [f"# This file was {MARK}, by:"]
    lines += [f"#    tfmac-lock {on_one_line(lock.command)}" for lock in locks]
    needed = dict.fromkeys(one for lock in locks for one in settings(lock))
    lines += [f"# {on_one_line(one)}" for one in needed]
    lines += [
        'lock-version = "1.0"',
        f"environments = [{', '.join(map(text, environments))}]",
        f"requires-python = {text(f'=={pythons.pop()}.*')}",
        'created-by = "tfmac-lock"',
    ]
    for entry in _entries(locks):
        lines += ["", "[[packages]]", *entry]
    for lock in locks:
        lines += ["", f"[tool.tfmac-lock.{lock.combo.os}-{lock.combo.arch}]", *_facts(lock)]
    return "\n".join(lines) + "\n"


def _facts(lock: Lock) -> Iterator[str]:
    combo = lock.combo
    yield f"combo = {text(combo.id)}"
    if combo.macos_min:
        yield f"macos-min = {text(str(combo.macos_min))}"
    yield f"status = {text(lock.verdict.status)}"
    yield f"as-of = {text(lock.as_of)}"
    yield f"lock-id = {text(lock_id(lock))}"


def _entries(locks: Sequence[Lock]) -> Iterator[list[str]]:
    """The entries by name, those of one name in the order of the locks."""
    held = [{package.name: package for package in lock.packages} for lock in locks]
    distinct = _distinct(locks)
    for name in sorted({name for packages in held for name in packages}):
        found = [packages.get(name) for packages in held]
        there = [package for package in found if package is not None]
        versions = {package.version for package in there}
        if len(there) == len(locks) and len(versions) == 1:
            yield _entry(there, "")
            continue
        for version in dict.fromkeys(package.version for package in there):
            having = [
                place
                for place, package in enumerate(found)
                if package is not None and package.version == version
            ]
            wanted = " or ".join(distinct[place] for place in having)
            yield _entry([one for one in there if one.version == version], wanted)


def _distinct(locks: Sequence[Lock]) -> list[str]:
    """For each lock the part of its marker that the others do not have."""
    markers = [parts(lock.combo) for lock in locks]
    differing = [name for name in markers[0] if len({one[name] for one in markers}) > 1]
    joined = [" and ".join(f"{name} == '{one[name]}'" for name in differing) for one in markers]
    return [f"({one})" if " and " in one and len(locks) > 2 else one for one in joined]


def _entry(packages: Iterable[LockedPackage], wanted: str) -> list[str]:
    unique = list({package.sha256: package for package in packages}.values())
    first = unique[0]
    lines = [f"name = {text(first.name)}", f"version = {text(first.version)}"]
    lines += [f"marker = {text(wanted)}"] if wanted else []
    wheels = [_file(one) for one in unique if one.filename.endswith(".whl")]
    if wheels:
        lines.append(f"wheels = [{', '.join(wheels)}]")
    lines += [f"sdist = {_file(one)}" for one in unique if not one.filename.endswith(".whl")]
    return lines


def _file(package: LockedPackage) -> str:
    named = package.url.rpartition("/")[2] == package.filename
    name = "" if named else f"name = {text(package.filename)}, "
    return f"{{{name}url = {text(package.url)}, hashes = {{sha256 = {text(package.sha256)}}}}}"
