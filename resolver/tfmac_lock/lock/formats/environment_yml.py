"""environment.yml with exact versions and builds, and the wheels in its pip part.

Source: https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html.
conda solves it anew, but there is only one answer; the wheels carry their hashes, which makes
pip refuse any other file. ``PIP_NO_DEPS`` keeps pip from judging the requirements once more: it
would refuse those that the matrix waives, and the file itself has no room for ``--no-deps``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from .conda_lock_yml import NotMixed
from .header import commented, header

if TYPE_CHECKING:
    from ..model import Lock


HOW_TO_INSTALL = "   PIP_NO_DEPS=1 conda env create --name tensorflow --file environment.yml"


def render(lock: Lock) -> str:
    """The text of the file; raises NotMixed for a lock of wheels alone."""
    if not lock.conda_packages:
        raise NotMixed(lock.combo.id)
    lines = commented([*header(lock), HOW_TO_INSTALL, ""])
    lines += ["channels:"]
    lines += [f"  - {json.dumps(channel.url)}" for channel in lock.channels]
    lines += ["  - nodefaults", "dependencies:"]
    lines += [
        f"  - {json.dumps(f'{package.name}={package.version}={package.build}')}"
        for package in lock.conda_packages
    ]
    lines += ["  - pip:"]
    lines += [
        f"      - {json.dumps(f'{package.name}=={package.version} --hash=sha256:{package.sha256}')}"
        for package in lock.wheels
    ]
    return "\n".join(lines) + "\n"
