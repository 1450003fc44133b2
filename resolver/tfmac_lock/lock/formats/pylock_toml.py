"""pylock.toml, the standard lock format.

Source: https://packaging.python.org/en/latest/specifications/pylock-toml/

The few kinds of values in it are written here rather than by a TOML library, since the fast
path has no time to import one; the tests read every file back with ``packaging.pylock``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...files import on_one_line
from ...target import Os, machine_name
from ..model import lock_id
from .header import MARK, settings
from .toml_text import text
from .wheels_only import HoldsConda

if TYPE_CHECKING:
    from ..model import Lock, LockedPackage


def render(lock: Lock) -> str:
    """The text of pylock.toml; raises HoldsConda for a mixed lock.

    ``environments`` keeps to markers that every tool can evaluate for another machine; the
    macOS floor, for which there is no marker, stands under ``[tool.tfmac-lock]``.
    """
    if lock.conda_packages:
        raise HoldsConda(lock.combo.id, "pylock.toml", "conda-lock")
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
        f"environments = [{text(environment)}]",
        f"requires-python = {text(f'=={combo.python}.*')}",
        'created-by = "tfmac-lock"',
    ]
    for package in lock.packages:
        lines += ["", "[[packages]]", *_package(package)]
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


def _package(package: LockedPackage) -> list[str]:
    # The file's name is the end of its address, as the specification has it where none is given.
    named = package.url.rpartition("/")[2] == package.filename
    fields = [
        *([] if named else [f"name = {text(package.filename)}"]),
        f"url = {text(package.url)}",
        f"hashes = {{sha256 = {text(package.sha256)}}}",
    ]
    file = f"{{{', '.join(fields)}}}"
    wheel = package.filename.endswith(".whl")
    return [
        f"name = {text(package.name)}",
        f"version = {text(package.version)}",
        f"wheels = [{file}]" if wheel else f"sdist = {file}",
    ]
