"""pylock.toml, the standard lock format.

Source: https://packaging.python.org/en/latest/specifications/pylock-toml/

The few kinds of values in it are written here rather than by a TOML library, since the fast
path has no time to import one; the tests read every file back with ``packaging.pylock``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...files import on_one_line
from ...matrix import loading
from ...target import Os
from ..model import lock_id, required_name
from .environment import parts
from .header import MARK, settings
from .toml_text import text
from .wheels_only import HoldsConda

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...matrix.uploads import Upload
    from ..model import Lock, LockedPackage


INDEX = "https://pypi.org/simple/"
FILES = "https://files.pythonhosted.org/"
"""The index that is recorded of a file, and where its files lie; no other index is recorded."""


def render(lock: Lock) -> str:
    """The text of pylock.toml; raises HoldsConda for a mixed lock.

    ``environments`` keeps to markers that every tool can evaluate for another machine; the
    macOS floor, for which there is no marker, stands under ``[tool.tfmac-lock]``. Size and time
    of upload are recorded of TensorFlow and its plugin, which the matrix knows; for other files
    not every index states them.
    """
    return _render(lock, loading.uploads())


def render_brief(lock: Lock) -> str:
    """The same without what repeats lock.json, and with one marker less.

    This is what lies in locks/, where there is no room for more: it installs the same files.
    """
    return _render(lock, None)


def _render(lock: Lock, uploads: Mapping[str, Upload] | None) -> str:
    if lock.conda_packages:
        raise HoldsConda(lock.combo.id, "pylock.toml", "conda-lock")
    combo = lock.combo
    markers = parts(combo)
    if uploads is not None:  # PDM reads the system from this one alone
        system = "Linux" if combo.os is Os.LINUX else "Darwin"
        markers = {"sys_platform": markers["sys_platform"], "platform_system": system, **markers}
    markers["implementation_name"] = "cpython"
    environment = " and ".join(f"{name} == '{value}'" for name, value in markers.items())
    lines = [
        f"# This file was {MARK}, by:",
        f"#    tfmac-lock {on_one_line(lock.command)}",
        *(f"# {on_one_line(one)}" for one in settings(lock)),
        'lock-version = "1.0"',
        f"environments = [{text(environment)}]",
        f"requires-python = {text(f'=={combo.python}.*')}",
        'created-by = "tfmac-lock"',
    ]
    for package in lock.packages:
        lines += ["", "[[packages]]", *_package(package, uploads)]
    lines += [
        "",
        "[tool.tfmac-lock]",
        f"combo = {text(combo.id)}",
        *([f"macos-min = {text(str(combo.macos_min))}"] if combo.macos_min else []),
        f"status = {text(lock.verdict.status)}",
        *([f"grade = {text(lock.verdict.grade)}"] if lock.verdict.grade else []),
        f"as-of = {text(lock.as_of)}",
        f"lock-id = {text(lock_id(lock))}",
    ]
    return "\n".join(lines) + "\n"


def _package(package: LockedPackage, uploads: Mapping[str, Upload] | None) -> list[str]:
    # The file's name is the end of its address, as the specification has it where none is given.
    named = package.url.rpartition("/")[2] == package.filename
    upload = uploads and uploads.get(package.sha256)
    fields = [
        *([] if named else [f"name = {text(package.filename)}"]),
        *([f"upload-time = {upload.time}"] if upload else []),
        f"url = {text(package.url)}",
        *([f"size = {upload.size}"] if upload else []),
        f"hashes = {{sha256 = {text(package.sha256)}}}",
    ]
    file = f"{{{', '.join(fields)}}}"
    wheel = package.filename.endswith(".whl")
    return [
        f"name = {text(package.name)}",
        f"version = {text(package.version)}",
        *(_origin(package) if uploads is not None else ()),
        *_identities(package),
        f"wheels = [{file}]" if wheel else f"sdist = {file}",
    ]


def _identities(package: LockedPackage) -> list[str]:
    """Who published the file, where attestations were required."""
    rows = [
        ", ".join(f"{name} = {text(value)}" for name, value in one.to_json().items())
        for one in package.publishers
    ]
    return [f"attestation-identities = [{', '.join(f'{{{row}}}' for row in rows)}]"] if rows else []


def _origin(package: LockedPackage) -> list[str]:
    """What the package requires, and the index that it is from."""
    names = dict.fromkeys(map(required_name, package.requires))
    rows = ", ".join(f"{{name = {text(name)}}}" for name in names)
    lines = [f"dependencies = [{rows}]"] if names else []
    return lines + ([f"index = {text(INDEX)}"] if package.url.startswith(FILES) else [])
