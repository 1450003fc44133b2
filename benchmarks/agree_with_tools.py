"""Whether uv, Poetry, PDM and pixi come to the lock with the file that is made for them.

    python benchmarks/agree_with_tools.py --tool uv --count 20

Draws published locks (the same ones every time), writes each as ``--format`` does for the tool
into a project that requires the lock's own roots, lets the tool lock for the lock's Mac, and
compares versions: of everything that the lock holds, and of what decides (TensorFlow, plugin,
numpy, Keras, protobuf). A tool is called by its name unless ``--program`` says otherwise; in the
place of pixi uv is, which pixi resolves wheels with. Prints each lock that differs; exits with 1
if one does.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from tfmac_lock.lock import published
from tfmac_lock.lock.formats import exports, pdm_toml, project
from tfmac_lock.lock.limits import limits_of
from tfmac_lock.matrix import loading

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tfmac_lock.lock.model import Lock

DECISIVE = ("tensorflow", "tensorflow-macos", "tensorflow-metal", "numpy", "keras", "protobuf")
INDEX = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple/")


def drawn(count: int, match: str = "") -> list[Lock]:
    """Published locks of wheels, the same ones every time."""
    locks = [
        lock
        for index in published.Index.all_within(loading.locks_folder())
        for lock in index.locks()
        if match in lock.combo.id
    ]
    return locks if len(locks) <= count else random.Random(2026).sample(locks, count)


def project_text(lock: Lock, table: str, pythons: str = ">=3.8,<3.14") -> str:
    """A pyproject.toml that requires what the lock was made for."""
    roots = project.own_roots(limits_of(loading.matrix(), lock))
    return (
        f'[project]\nname = "drawn"\nversion = "0"\nrequires-python = "{pythons}"\n'
        f"dependencies = {list(roots)!r}\n\n{table}"
    )


def call(folder: Path, *command: str, **more: str) -> str:
    """What the program prints; its error text after a NUL where it fails."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **more},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout if done.returncode == 0 else f"\0{done.stdout}{done.stderr}"


def pythons() -> str:
    return os.environ.get("PYTHONS", str(Path.home() / ".pyenv" / "versions"))


def interpreter(series: str) -> str:
    found = sorted(Path(pythons()).glob(f"{series}.*/bin/python{series}"))
    return str(found[-1]) if found else f"python{series}"


def with_uv(program: str, folder: Path, lock: Lock) -> dict[str, str] | str:
    table = exports.render("uv", [lock])
    text = project_text(lock, table, f"=={lock.combo.python}.*").replace(
        "[tool.uv]\n", "[tool.uv]\npackage = false\n"
    )
    (folder / "pyproject.toml").write_text(text)
    python = ("--python", interpreter(lock.combo.python), "--no-python-downloads")
    locked = call(folder, program, "lock", *python)
    if locked.startswith("\0"):
        return locked[1:]
    told = call(folder, program, "export", "--frozen", "--no-hashes", "--no-annotate", *python)
    return dict(re.findall(r"^([\w.-]+)==(\S+)", told, re.MULTILINE))


def with_poetry(program: str, folder: Path, lock: Lock) -> dict[str, str] | str:
    source = f'\n[[tool.poetry.source]]\nname = "index"\nurl = "{INDEX}"\npriority = "primary"\n'
    text = (
        '[project]\nname = "drawn"\nversion = "0"\nrequires-python = ">=3.8,<3.14"\n'
        f"dependencies = []\n\n[tool.poetry]\npackage-mode = false\n{source}"
    )
    (folder / "pyproject.toml").write_text(text + "\n" + exports.render("poetry", [lock]))
    locked = call(folder, program, "lock", "-n", POETRY_VIRTUALENVS_CREATE="false")
    if locked.startswith("\0"):
        return locked[1:]
    rows = tomllib.loads((folder / "poetry.lock").read_text())["package"]
    return {row["name"]: row["version"] for row in rows}


def with_pdm(program: str, folder: Path, lock: Lock) -> dict[str, str] | str:
    text = project_text(
        lock, "[tool.pdm]\ndistribution = false\n\n" + exports.render("pdm", [lock])
    )
    (folder / "pyproject.toml").write_text(text)
    words = pdm_toml.lock_command(lock.combo).replace('"', "").split()[1:]
    locked = call(folder, program, *words, PDM_IGNORE_ACTIVE_VENV="1", PDM_USE_VENV="false")
    if locked.startswith("\0"):
        return locked[1:]
    rows = tomllib.loads((folder / "pdm.lock").read_text())["package"]
    return {row["name"]: row["version"] for row in rows}


def like_pixi(program: str, folder: Path, lock: Lock) -> dict[str, str] | str:
    """The wheels of pixi.toml as uv resolves them, which is what pixi resolves wheels with."""
    manifest = tomllib.loads(exports.render("pixi", [lock]))
    rows = manifest["pypi-dependencies"]
    overrides = manifest.get("pypi-options", {}).get("dependency-overrides", {})
    for name, content in (("wants.in", rows), ("overrides.txt", overrides)):
        (folder / name).write_text("".join(f"{one}{two}\n" for one, two in content.items()))
    triple = "aarch64" if manifest["workspace"]["platforms"] == ["osx-arm64"] else "x86_64"
    told = call(
        folder,
        *(program, "pip", "compile", "--no-config", "-q", "--no-header", "--no-annotate"),
        *("--python-version", limits_of(loading.matrix(), lock).oldest_python),
        *("--python-platform", f"{triple}-apple-darwin", "--no-python-downloads"),
        *("--override", "overrides.txt", "wants.in"),
        MACOSX_DEPLOYMENT_TARGET=manifest["system-requirements"]["macos"],
    )
    if told.startswith("\0"):
        return told[1:]
    return dict(re.findall(r"^([\w.-]+)==(\S+)", told, re.MULTILINE))


TOOLS: Mapping[str, Callable[[str, Path, Lock], dict[str, str] | str]] = {
    "uv": with_uv,
    "poetry": with_poetry,
    "pdm": with_pdm,
    "pixi": like_pixi,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tool", choices=TOOLS, default="uv")
    parser.add_argument("--program", help="how the tool is called")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--match", default="", help="only locks whose id contains this")
    args = parser.parse_args()
    told: Counter[str] = Counter()
    for lock in drawn(args.count, args.match):
        with tempfile.TemporaryDirectory() as folder:
            program = args.program or ("uv" if args.tool == "pixi" else args.tool)
            theirs = TOOLS[args.tool](program, Path(folder), lock)
        if isinstance(theirs, str):
            print(f"{lock.combo.id}: refused: {' '.join(theirs.split())[-600:]}", flush=True)
            told["refused"] += 1
            continue
        ours = {package.name: package.version for package in lock.packages}
        other = {name: f"{one}, {args.tool} {theirs.get(name)}" for name, one in ours.items()}
        differ = [name for name, one in ours.items() if theirs.get(name) != one]
        if differ:
            print(f"{lock.combo.id}: {'; '.join(f'{n} {other[n]}' for n in differ)}", flush=True)
        told["everything the same"] += not differ
        told["what decides the same"] += not set(DECISIVE) & set(differ)
        more = sorted(theirs.keys() - ours.keys())
        if more:
            print(f"{lock.combo.id}: besides: {', '.join(more)}", flush=True)
    for what, count in told.items():
        print(f"{count} of {args.count}: {what}")
    return 0 if told["everything the same"] == args.count else 1


if __name__ == "__main__":
    sys.exit(main())
