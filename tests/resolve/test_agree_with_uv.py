"""On random indexes uv and the solver agree which requests have an answer.

uv is an independent solver with its own reading of the standards. What it solves, ours solves as
well; what ours solves and uv does not, holds a pre-release or a yanked file that uv takes only
for the user's own word. Every solution is checked by a checker that shares no code with the
solver.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from tests.support.facts import target
from tests.support.universe import Universe, asked_for, rules
from tfmac_lock.resolve.conflict import Unsatisfiable
from tfmac_lock.resolve.solve import solve

PLACES = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
UV = shutil.which("uv", path=PLACES)
NAMES = ["aa", "bb", "cc", "dd", "ee", "ff"]
VERSIONS = ["0.9", "1.0", "1.1", "1.2rc1", "2.0", "2.1.post1", "3.0b1", "3.0"]
MARKERS = [
    "",
    "",
    "",
    "; sys_platform == 'darwin'",
    "; sys_platform == 'linux'",
    "; python_version < '3.10'",
    "; platform_machine == 'arm64' and python_full_version >= '3.11'",
    "; extra == 'x'",
    "; extra == 'y' or os_name == 'nt'",
]
TAGS = ["py3-none-any"] * 5 + [
    "cp311-cp311-macosx_11_0_arm64",
    "cp311-cp311-macosx_12_0_universal2",
    "cp311-cp311-manylinux_2_17_x86_64",
    "cp310-cp310-macosx_11_0_arm64",
    "cp38-abi3-macosx_11_0_arm64",
]
PYTHONS = [None, None, None, ">=3.8", ">=3.12", "<4"]
"""Lower bounds, as uv heeds no others of Requires-Python."""
TARGET = target("3.11", "m1", "13")


@dataclass(frozen=True, slots=True)
class File:
    requires: tuple[str, ...]
    tag: str
    python: str | None
    yanked: bool


@dataclass(slots=True)
class Index:
    files: dict[tuple[str, str], File] = field(default_factory=dict)
    wanted: tuple[str, ...] = ()


def requirement(rng: random.Random) -> str:
    version = rng.choice(VERSIONS)
    spec = rng.choice(["", "", f">={version}", f"<{version}", f"=={version}", f"!={version}"])
    spec = rng.choice([spec, spec, f"~={version}" if "." in version else spec, ">=1.0,<2.1"])
    return rng.choice(NAMES) + rng.choice(["", "", "", "[x]", "[x,y]"]) + spec


def drawn(seed: int) -> Index:
    rng = random.Random(seed)
    found = Index()
    for name in NAMES[: rng.randint(2, len(NAMES))]:
        for version in rng.sample(VERSIONS, rng.randint(1, 6)):
            requires = [
                requirement(rng) + rng.choice(MARKERS)
                for _ in range(rng.choice([0, 0, 1, 1, 2, 3]))
            ]
            found.files[name, version] = File(
                tuple(requires), rng.choice(TAGS), rng.choice(PYTHONS), rng.random() < 0.12
            )
    found.wanted = tuple(requirement(rng) for _ in range(rng.randint(1, 3)))
    return found


def ours(index: Index) -> dict[str, str] | None:
    universe = Universe()
    for (name, version), file in index.files.items():
        yanked = "broken" if file.yanked else None
        universe.add(
            name, version, *file.requires, tag=file.tag, requires_python=file.python, yanked=yanked
        )
    try:
        found = solve(rules(universe, target=TARGET), asked_for(*index.wanted, target=TARGET))
    except Unsatisfiable as error:
        conflict = error
    else:
        return {name: str(one.version) for name, one in found.packages.items()}
    assert conflict.facts
    assert len(str(conflict).splitlines()) <= 12
    return None


def theirs(index: Index, folder: Path) -> dict[str, str] | None:
    simple = folder / "simple"
    for name in NAMES:
        page = simple / name
        page.mkdir(parents=True)
        links = []
        for (of, version), file in index.files.items():
            if of == name:
                wheel = page / f"{name}-{version}-{file.tag}.whl"
                write_wheel(wheel, name, version, file)
                python = f' data-requires-python="{file.python}"' if file.python else ""
                python = python.replace("<", "&lt;").replace(">", "&gt;")
                yanked = ' data-yanked="broken"' if file.yanked else ""
                links.append(f'<a href="{wheel.name}"{python}{yanked}>{wheel.name}</a>')
        (page / "index.html").write_text("<!DOCTYPE html>" + "<br>".join(links))
    (folder / "in.txt").write_text("\n".join(index.wanted) + "\n")
    assert UV is not None
    done = subprocess.run(
        [
            *(UV, "pip", "compile", "in.txt", "--only-binary", ":all:", "--no-header"),
            *("--no-annotate", "--python-version", str(TARGET.python), "--no-config"),
            *("--python-platform", "aarch64-apple-darwin", "--default-index", simple.as_uri()),
            *("--cache-dir", str(folder / "cache"), "--no-python-downloads", "--quiet"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        assert "No solution found" in done.stderr, done.stderr
        return None
    lines = [line for line in done.stdout.splitlines() if "==" in line]
    return {name: version for name, _, version in (line.partition("==") for line in lines)}


def write_wheel(path: Path, name: str, version: str, file: File) -> None:
    head = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
    head += [f"Requires-Python: {file.python}"] if file.python else []
    head += [f"Requires-Dist: {text}" for text in file.requires]
    head += ["Provides-Extra: x", "Provides-Extra: y", "", ""]
    with zipfile.ZipFile(path, "w") as archive:
        info = f"{name}-{version}.dist-info"
        archive.writestr(f"{info}/METADATA", "\n".join(head))
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nTag: {file.tag}\n")
        archive.writestr(f"{info}/RECORD", "")


def unsound(index: Index, pins: dict[str, str]) -> list[str]:
    """What does not hold of a solution: files, requirements, needless packages."""
    faults = []
    tags = {str(tag) for tag in TARGET.tags()}
    for name, version in pins.items():
        file = index.files[name, version]
        python = SpecifierSet(file.python or "")
        if file.tag not in tags or not python.contains(str(TARGET.python)):
            faults.append(f"{name} {version} does not fit")
    reached: dict[str, set[str]] = {}
    queue = [Requirement(text) for text in index.wanted]
    seen: set[str] = set()
    while queue:
        item = queue.pop()
        if item.name not in pins:
            faults.append(f"{item} is not met")
            continue
        if not item.specifier.contains(pins[item.name], prereleases=True):
            faults.append(f"{item} is not met by {pins[item.name]}")
        extras = reached.setdefault(item.name, set())
        if str(item.name) in seen and item.extras <= extras:
            continue
        seen.add(item.name)
        extras |= item.extras
        for text in index.files[item.name, pins[item.name]].requires:
            needed = Requirement(text)
            environment = {key: str(value) for key, value in TARGET.markers().items()}
            if needed.marker is None or any(
                needed.marker.evaluate({**environment, "extra": extra}) for extra in {"", *extras}
            ):
                queue.append(needed)
    return faults + [f"{name} is needless" for name in pins if name not in reached]


def check(seed: int, folder: Path) -> None:
    index = drawn(seed)
    found, expected = ours(index), theirs(index, folder)
    if found is not None:
        assert unsound(index, found) == []
    if expected is not None:
        assert found is not None, f"uv finds {expected}"
    elif found is not None:
        # pip takes these where a package asks for them; uv only where the user does.
        assert any(
            Version(version).is_prerelease or index.files[name, version].yanked
            for name, version in found.items()
        ), f"uv finds nothing, ours {found}"


@pytest.mark.skipif(UV is None, reason="uv is not installed")
@pytest.mark.parametrize("seed", range(15))
def test_uv_and_the_solver_agree(seed: int, tmp_path: Path) -> None:
    check(seed, tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(UV is None, reason="uv is not installed")
@pytest.mark.parametrize("seed", range(15, 300))
def test_uv_and_the_solver_agree_on_more_indexes(seed: int, tmp_path: Path) -> None:
    check(seed, tmp_path)
