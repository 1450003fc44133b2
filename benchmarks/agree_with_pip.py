"""Whether pip, installing for each published lock's Mac, takes the very files that are locked.

    python benchmarks/agree_with_pip.py

Under hash checking pip uses no metadata files, so even ``pip install --dry-run`` would download
every wheel. So this goes as far as pip goes before a download, in pip's own code, the one that is
installed beside tfmac-lock: it reads requirements.txt as ``pip install --require-hashes
--no-deps -r`` does, and asks its finder which file of the index it takes for the target. That has
to be the locked file, by name and by sha256. Also counts the pins that lead pip to that file
without their hashes. Needs the index; pip's settings hold as ever.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import pip
from packaging.utils import canonicalize_name
from pip._internal.cli.cmdoptions import make_target_python
from pip._internal.commands.install import InstallCommand

from tfmac_lock.lock import published
from tfmac_lock.matrix import loading

if TYPE_CHECKING:
    from pathlib import Path

    from tfmac_lock.lock.model import Lock
    from tfmac_lock.target import Arch, MacOSVersion, PythonVersion


class Pip:
    """pip as it would install on one kind of Mac; its finder keeps what it has read."""

    def __init__(self, python: PythonVersion, arch: Arch, macos: MacOSVersion) -> None:
        self.command = InstallCommand("install", "Install packages.")
        target = [
            *("--platform", f"macosx_{macos.major}_{macos.minor}_{arch.value}"),
            *("--python-version", str(python), "--implementation", "cp"),
            *("--abi", python.tag, "--only-binary", ":all:"),
            *("--target", "unused", "--require-hashes", "--no-deps"),
        ]
        self.options, _ = self.command.parse_args(target)
        self.session = self.command._build_session(self.options)
        self.finder = self.command._build_package_finder(
            self.options, self.session, make_target_python(self.options)
        )

    def requirements(self, path: Path) -> list[Any]:
        self.options.requirements = [str(path)]  # pip adds up what it parses
        return list(self.command.get_requirements([], self.options, self.finder, self.session))

    def chosen(self, requirement: Any, hashes: Any = None) -> Any:
        """The link that pip takes, or None."""
        best = self.finder.find_best_candidate(
            requirement.name, specifier=requirement.specifier, hashes=hashes
        ).best_candidate
        return best and best.link


def disagreements(own: Pip, lock: Lock, path: Path, told: Counter[str]) -> list[str]:
    """What pip would not do as the lock says; adds to the counts."""
    wrong = []
    locked = {package.name: package for package in lock.packages}
    for requirement in own.requirements(path):
        package = locked.pop(canonicalize_name(requirement.name))
        hashes = requirement.hashes(trust_internet=False)
        link = own.chosen(requirement, hashes)
        told["pins"] += 1
        if link is None:
            wrong.append(f"{requirement.req}: pip finds no file")
        elif (link.filename, link.hash) != (package.filename, package.sha256):
            wrong.append(f"{requirement.req}: pip takes {link.filename}, not {package.filename}")
        elif not link.is_hash_allowed(hashes):
            wrong.append(f"{requirement.req}: pip refuses {link.filename} by its hash")
        else:
            told["pins of which pip takes the locked file"] += 1
            told["of them, by version and tags alone"] += own.chosen(requirement) == link
    return [*wrong, *(f"{name} is not in {path.name}" for name in locked)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--match", default="", help="only locks whose id contains this")
    args = parser.parse_args()
    told: Counter[str] = Counter()
    pips: dict[tuple[PythonVersion, Arch, MacOSVersion], Pip] = {}
    platforms = loading.platforms()
    folder = loading.locks_folder()
    for index in published.Index.all_within(folder):
        for lock in index.locks():
            combo = lock.combo
            if args.match not in combo.id:
                continue
            assert combo.macos_min is not None
            python = platforms.python_for(platforms.python(combo.python), combo.arch)
            target = (python, combo.arch, combo.macos_min)
            if target not in pips:
                pips[target] = Pip(*target)
            wrong = disagreements(pips[target], lock, folder / combo.id / "requirements.txt", told)
            told["locks"] += 1
            told["locks of which pip takes every file"] += not wrong
            for text in wrong:
                print(f"{combo.id}: {text}", flush=True)
    print(f"pip {pip.__version__}, {len(pips)} targets")
    for what, count in told.items():
        print(f"{count} {what}")
    return 0 if told["locks"] == told["locks of which pip takes every file"] else 1


if __name__ == "__main__":
    sys.exit(main())
