"""On random indexes uv and the solver agree which requests have an answer.

uv is an independent solver with its own reading of the standards. What it solves, ours solves as
well; what ours solves and uv does not, holds a pre-release or a yanked file that uv takes only
for the user's own word. Every solution is checked by a checker that shares no code with the
solver. By hand, for as many as one likes:

    python -m tests.resolve.test_agree_with_uv 300 5000
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import traceback
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from packaging.version import Version

from tests.support.facts import target
from tests.support.soundness import File, Mac, faults
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
MAC = Mac(python=str(TARGET.python), macos=(13, 0))


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
    """What uv finds. It is told which Python to ask, and keeps the answer beside the folder.

    Looking for one is most of what a run costs. The index has an address of its own each time.
    """
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
            *("--python", sys.executable),
            *("--python-platform", "aarch64-apple-darwin", "--default-index", simple.as_uri()),
            *("--cache-dir", str(folder.parent / "uv"), "--no-python-downloads", "--quiet"),
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


def check(seed: int, folder: Path) -> None:
    index = drawn(seed)
    found, expected = ours(index), theirs(index, folder)
    if found is not None:
        wrong = faults(index.files, index.wanted, found, MAC)
        assert not wrong, f"{found}: {wrong}"
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


def by_hand(first: int, last: int) -> int:
    """Every seed in turn; prints each difference, and how many there were."""
    wrong = 0
    with tempfile.TemporaryDirectory() as above:
        for seed in range(first, last):
            folder = Path(above) / str(seed)
            folder.mkdir()
            try:
                check(seed, folder)
            except Exception:
                wrong += 1
                print(f"seed {seed}: {traceback.format_exc(limit=-1)}", flush=True)
            shutil.rmtree(folder)
            if seed % 100 == 99:
                print(f"{seed + 1 - first} tried, {wrong} differ", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(by_hand(int(sys.argv[1]), int(sys.argv[2])))
