"""The ``@EXPLICIT`` list: the very files, for conda without any extension.

Source: https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html,
"Building identical conda environments". Plain conda and micromamba install the addresses, check
the md5 behind each ``#``, and take the rest for comments; the ``# pip`` lines are those of
conda-lock, whose ``conda-lock install`` obeys them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .conda_lock_yml import NotMixed, platform
from .header import commented, header, install_command

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..model import Lock, LockedPackage


def render(lock: Lock) -> str:
    """The text of the file, dependencies first; raises NotMixed for wheels alone."""
    if not lock.conda_packages:
        raise NotMixed(lock.combo.id)
    lines = commented(header(lock))
    lines += [
        "#    conda create --name tensorflow --file explicit.txt",
        "# and then, inside it, the wheels, from the file that --format requirements writes:",
        f"#    {install_command(lock)}",
        f"# platform: {platform(lock.combo)}",
        "@EXPLICIT",
    ]
    lines += [f"{package.url}#{package.md5}" for package in in_order(lock.conda_packages)]
    lines += [
        f"# pip {package.name} @ {package.url}#sha256={package.sha256}" for package in lock.wheels
    ]
    return "\n".join(lines) + "\n"


def in_order(packages: Iterable[LockedPackage]) -> list[LockedPackage]:
    """Each package after what it depends on, otherwise by name; rings are cut at the last."""
    there = {package.name: package for package in packages}
    done: dict[str, LockedPackage] = {}
    visiting: set[str] = set()

    def visit(name: str) -> None:
        if name in done or name in visiting or name not in there:
            return
        visiting.add(name)
        for text in sorted(there[name].requires):
            visit(text.split(maxsplit=1)[0])
        done[name] = there[name]

    for name in sorted(there):
        visit(name)
    return list(done.values())
