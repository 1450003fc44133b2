"""requirements.txt with one hash a package, in the layout of pip-compile, parents on one line.

Source: https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .header import commented, header, install_command

if TYPE_CHECKING:
    from ..model import Lock


def render(lock: Lock) -> str:
    """The text of the file; pip takes nothing from it that does not match its hash.

    Of a mixed lock it is the second part, to be installed after conda's.
    """
    lines = commented(header(lock))
    lines.append(f"#    {install_command(lock)}")
    if lock.conda_packages:
        lines.append("# inside the conda environment of the same lock, after its packages")
    parents = lock.required_by()
    for package in lock.wheels:
        lines.append(f"{package.name}=={package.version} \\")
        lines.append(f"    --hash=sha256:{package.sha256}")
        built = "; a source archive, which pip builds" if package.is_source else ""
        lines.append(f"    # via {', '.join(parents[package.name]) or 'your request'}{built}")
    return "\n".join(lines) + "\n"
