"""pylock.toml, the standard lock format.

Source: https://packaging.python.org/en/latest/specifications/pylock-toml/

The few kinds of values in it are written here rather than by a TOML library, since the fast
path has no time to import one; the tests read every file back with ``packaging.pylock``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ...errors import UsageError
from ...files import on_one_line
from ...target import Os, machine_name
from ..model import lock_id
from .header import MARK, settings

if TYPE_CHECKING:
    from ..model import Lock, LockedPackage


class HoldsConda(UsageError):
    """The lock needs conda packages, which this format has no place for."""

    def __init__(self, combo: str) -> None:
        super().__init__(combo)
        self.combo = combo

    def __str__(self) -> str:
        return (
            f"{self.combo} has packages from conda, and pylock.toml has no place for them; "
            "take --format conda-lock"
        )


def render(lock: Lock) -> str:
    """The text of pylock.toml; raises HoldsConda for a mixed lock.

    ``environments`` keeps to markers that every tool can evaluate for another machine; the
    macOS floor, for which there is no marker, stands under ``[tool.tfmac-lock]``.
    """
    if lock.conda_packages:
        raise HoldsConda(lock.combo.id)
    combo = lock.combo
    system = "linux" if combo.os is Os.LINUX else "darwin"
    machine = machine_name(combo.arch, combo.os)
    environment = (
        f"sys_platform == '{system}' and platform_machine == '{machine}' and "
        f"python_version == '{combo.python}' and implementation_name == 'cpython'"
    )
    lines = [
        f"# This file was {MARK}, by:",
        f"#    tfmac-lock {on_one_line(lock.command)}",
        *(f"# {on_one_line(one)}" for one in settings(lock)),
        'lock-version = "1.0"',
        f"environments = [{_text(environment)}]",
        f"requires-python = {_text(f'=={combo.python}.*')}",
        'created-by = "tfmac-lock"',
    ]
    for package in lock.packages:
        lines += ["", "[[packages]]", *_package(package)]
    lines += [
        "",
        "[tool.tfmac-lock]",
        f"combo = {_text(combo.id)}",
        *([f"macos-min = {_text(str(combo.macos_min))}"] if combo.macos_min else []),
        f"status = {_text(lock.verdict.status)}",
        *([f"grade = {_text(lock.verdict.grade)}"] if lock.verdict.grade else []),
        f"as-of = {_text(lock.as_of)}",
        f"lock-id = {_text(lock_id(lock))}",
    ]
    return "\n".join(lines) + "\n"


def _package(package: LockedPackage) -> list[str]:
    # The file's name is the end of its address, as the specification has it where none is given.
    named = package.url.rpartition("/")[2] == package.filename
    fields = [
        *([] if named else [f"name = {_text(package.filename)}"]),
        f"url = {_text(package.url)}",
        f"hashes = {{sha256 = {_text(package.sha256)}}}",
    ]
    file = f"{{{', '.join(fields)}}}"
    wheel = package.filename.endswith(".whl")
    return [
        f"name = {_text(package.name)}",
        f"version = {_text(package.version)}",
        f"wheels = [{file}]" if wheel else f"sdist = {file}",
    ]


def _text(text: str) -> str:
    """A TOML basic string: JSON's escapes are TOML's too, and DEL, which TOML forbids, is added."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
