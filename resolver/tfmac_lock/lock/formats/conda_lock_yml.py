"""conda-lock.yml, version 1 of conda-lock's unified lock file.

Sources: the schema https://schemas.conda.org/conda-lock-v1.schema.json; what micromamba asks
for besides, libmamba/src/core/env_lockfile.cpp in https://github.com/mamba-org/mamba: at least
one platform, one source and one content hash, and a file name that ends in ``-lock.yml``.

Every text is quoted, so that a hash of digits alone stays a text. One entry of
``dependencies`` has room for one spec; where a record has several of one package, the versions
are joined and the last build is kept.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import UsageError
from ...target import Arch, Os
from .header import commented, header

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..model import Combo, Lock, LockedPackage

SOURCE = "environment.yml"
"""The source that the file names; ``--format environment`` writes it."""


HOW_TO_INSTALL = [
    "   micromamba create --name tensorflow --file conda-lock.yml",
    "   conda-lock install --name tensorflow conda-lock.yml",
    "",
    "conda's own plugin conda-lockfiles refuses files with wheels in them; for plain conda take",
    "--format explicit.",
    "",
]


@dataclass(eq=False)
class NotMixed(UsageError):
    """A conda format was asked for, and the lock is one of wheels alone."""

    combo: str
    template = (
        "{combo} holds wheels alone, and this format needs a mixed lock: make it anew "
        "with --format conda-lock"
    )


def render(locks: Sequence[Lock]) -> str:
    """The text of the file for one lock, or for several of different platforms together."""
    by_platform = {platform(lock.combo): lock for lock in locks}
    if len(by_platform) != len(locks):
        raise UsageError("a conda-lock.yml holds one lock a platform: name one chip of each")
    for lock in locks:
        if not lock.conda_packages:
            raise NotMixed(lock.combo.id)
    ordered = [by_platform[name] for name in sorted(by_platform)]
    headers = [line for lock in ordered for line in header(lock)]
    lines = commented([*headers, *HOW_TO_INSTALL])
    lines += ["version: 1", *_metadata(ordered), "package:"]
    entries = [
        (package.manager, package.name, platform(lock.combo), package)
        for lock in ordered
        for package in lock.packages
    ]
    for _, _, where, package in sorted(entries, key=lambda entry: entry[:3]):
        lines += _entry(package, where)
    return "\n".join(lines) + "\n"


def platform(combo: Combo) -> str:
    """The conda subdir of a combo."""
    if combo.os is Os.LINUX:
        return "linux-aarch64" if combo.arch is Arch.ARM64 else "linux-64"
    return "osx-arm64" if combo.arch is Arch.ARM64 else "osx-64"


def content_hash(lock: Lock) -> str:
    """The hash of what was asked for on one platform: two locks of one request share it."""
    asked = {
        "channels": [channel.url for channel in lock.channels],
        "command": lock.command,
        "as_of": lock.as_of,
        "platform": platform(lock.combo),
    }
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _metadata(locks: Sequence[Lock]) -> Iterator[str]:
    yield "metadata:"
    yield "  content_hash:"
    for lock in locks:
        yield f"    {platform(lock.combo)}: {_text(content_hash(lock))}"
    yield "  channels:"
    for url in dict.fromkeys(channel.url for lock in locks for channel in lock.channels):
        yield f"  - url: {_text(url)}"
        yield "    used_env_vars: []"
    yield "  platforms:"
    for lock in locks:
        yield f"  - {platform(lock.combo)}"
    yield "  sources:"
    yield f"  - {SOURCE}"
    yield "  custom_metadata:"
    yield '    created_by: "tfmac-lock"'
    for lock in locks:
        where = platform(lock.combo)
        yield f"    combo-{where}: {_text(lock.combo.id)}"
        if lock.combo.macos_min is not None:
            yield f"    macos-min-{where}: {_text(str(lock.combo.macos_min))}"
        for channel in lock.channels:
            state = f"{channel.files} files, newest {channel.newest}, sha256 {channel.sha256}"
            yield f"    {_text(f'state of {channel.url} for {where}')}: {_text(state)}"


def _entry(package: LockedPackage, where: str) -> Iterator[str]:
    yield f"- name: {_text(package.name)}"
    yield f"  version: {_text(package.version)}"
    yield f"  manager: {package.manager}"
    yield f"  platform: {where}"
    dependencies = _dependencies(package)
    yield "  dependencies:" if dependencies else "  dependencies: {}"
    for name, spec in dependencies.items():
        yield f"    {_text(name)}: {_text(spec)}"
    yield f"  url: {_text(package.url)}"
    yield "  hash:"
    if package.md5:
        yield f"    md5: {_text(package.md5)}"
    yield f"    sha256: {_text(package.sha256)}"
    yield "  category: main"
    yield "  optional: false"


def _dependencies(package: LockedPackage) -> dict[str, str]:
    specs: dict[str, list[str]] = {}
    for text in package.requires:
        if package.manager == "conda":
            name, _, spec = text.partition(" ")
        else:
            found = re.fullmatch(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?(.*)", text)
            assert found, text
            name, spec = found[1], found[2].strip()
        specs.setdefault(name, []).append(spec.strip())
    return {name: _joined(specs[name]) for name in sorted(specs)}


def _joined(specs: Iterable[str]) -> str:
    versions: list[str] = []
    build = ""
    for spec in specs:
        version, _, its_build = spec.partition(" ")
        build = its_build or build
        if version and version != "*" and version not in versions:
            versions.append(version)
    if len(versions) > 1:
        versions = [f"({one})" if "|" in one else one for one in versions]
    version = ",".join(versions) or ("*" if build else "")
    return f"{version} {build}".strip()


def _text(text: str) -> str:
    """A double-quoted YAML scalar; JSON's escapes are YAML's too."""
    return json.dumps(text)
