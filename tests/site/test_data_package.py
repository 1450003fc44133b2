"""The facts as a package of their own: what is in it, and that a program takes newer ones."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import jsonschema
import pytest
from packaging.version import Version

from tfmac_lock import __main__
from tfmac_lock.errors import UsageError
from tfmac_lock.matrix import loading
from tfmac_lock.matrix.dated import Dated, facts_line, newest
from tfmac_lock.site.data_package import version_of, write_data_package

pytestmark = pytest.mark.slow  # the package is made first, with all documents of the site

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("data") / "source"
    write_data_package(out)
    return out


def test_it_says_its_schema_day_and_licence(source: Path) -> None:
    project = tomllib.loads((source / "pyproject.toml").read_text())["project"]
    day = json.loads((loading.COMPILED / "date.json").read_text())["date"]
    assert project["name"] == "tfmac-lock-data"
    assert project["version"] == version_of(day) == f"1.{day.replace('-', '')}"
    assert project["license"] == "CC0-1.0"
    assert "CC0 1.0 Universal" in (source / "LICENSE").read_text()
    assert day in (source / "README.md").read_text()


def test_versions_of_later_days_and_second_ones_are_newer() -> None:
    days = [version_of("2026-11-21"), version_of("2026-11-21", 1), version_of("2026-12-01")]
    assert days == sorted(days, key=Version)


def test_every_document_fits_the_schema_that_comes_with_it(source: Path) -> None:
    folder = source / "src" / "tfmac_lock_data"
    checked = 0
    for path in sorted((folder / "facts").glob("*.json")):
        schema = json.loads((folder / "schemas" / f"{path.stem}.schema.json").read_text())
        jsonschema.validate(json.loads(path.read_text()), schema)
        checked += 1
    for kind in ("pairs", "releases"):
        schema = json.loads((folder / "schemas" / f"{kind}-one.schema.json").read_text())
        for path in sorted((folder / "facts" / kind).glob("*.json"))[:20]:
            jsonschema.validate(json.loads(path.read_text()), schema)
    assert checked >= 10
    assert "<feed" in (folder / "changes.atom").read_text()[:200]


def test_the_same_facts_give_the_same_bytes_and_what_is_gone_is_removed(
    source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "again"
    write_data_package(out)
    (out / "src" / "tfmac_lock_data" / "facts" / "gone.json").write_text("{}")
    write_data_package(out)
    read = lambda root: {p.relative_to(root): p.read_bytes() for p in root.rglob("*.*")}  # noqa: E731
    assert read(out) == read(source)


def test_another_folder_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(UsageError, match="is not empty"):
        write_data_package(tmp_path)
    assert __main__.main(["publish", "data", str(tmp_path), "--build", "-1"]) == 2


# -- a program and a package


OWN = Dated(folder=Path("own"), date="2026-11-20", shape="abc")


@pytest.mark.parametrize(
    ("other", "taken", "says"),
    [
        (None, False, "facts of 2026-11-20"),
        (("2026-12-01", "abc"), True, "facts of 2026-12-01, from tfmac-lock-data 1.x"),
        (("2026-12-01", "xyz"), False, "are for another version of this program"),
        (("2026-11-20", "abc"), False, "facts of 2026-11-20"),
        (("2026-01-01", "xyz"), False, "facts of 2026-11-20"),
    ],
)
def test_newer_facts_of_the_same_shape_are_taken(
    other: tuple[str, str] | None, taken: bool, says: str
) -> None:
    there = other and Dated(folder=Path("data"), date=other[0], shape=other[1], version="1.x")
    assert newest(OWN, there or None).folder == Path("data" if taken else "own")
    assert says in facts_line(OWN, there or None)


@pytest.fixture(scope="module")
def installed(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program and the package as they lie in an environment, the package a year newer."""
    place = tmp_path_factory.mktemp("site-packages")
    shutil.copytree(
        ROOT / "resolver" / "tfmac_lock",
        place / "tfmac_lock",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    for folder in ("index", "verdicts"):
        shutil.copytree(ROOT / "locks" / folder, place / "tfmac_lock" / "data" / "locks" / folder)
    shutil.copytree(source / "src" / "tfmac_lock_data", place / "tfmac_lock_data")
    return place


def run(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    code = f"import sys; sys.path.insert(0, {str(place)!r}); from tfmac_lock.__main__ import main; "
    return subprocess.run(
        [sys.executable, "-c", f"{code}sys.exit(main({list(arguments)!r}))"],
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )


def date_json(place: Path, **changes: str) -> None:
    path = place / "tfmac_lock_data" / "compiled" / "date.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_program_takes_newer_facts_and_verdicts_and_says_their_date(installed: Path) -> None:
    assert "from tfmac-lock-data" not in run(installed, "--version").stdout
    date_json(installed, date="2027-11-20")
    assert "facts of 2027-11-20, from tfmac-lock-data 1." in run(installed, "--version").stdout
    compiled = installed / "tfmac_lock_data" / "compiled"
    verdicts = compiled / "locks" / "verdicts" / "cp310-arm64.json"
    told_of = json.loads(verdicts.read_text())
    told_of["verdicts"][0]["status"] = "caution"
    verdicts.write_text(json.dumps(told_of))
    matrix = compiled / "matrix.json"
    matrix.write_text(matrix.read_text().replace("a heap error inside", "a very new error inside"))
    shown = run(installed, "matrix", "pair", "2.16.2", "1.2.0")
    assert "a very new error inside" in shown.stdout
    lock = run(installed, "--python", "3.10", "--chip", "m1", "--json", "-o", "mine")
    assert json.loads(lock.stdout)["verdict"]["status"] == "caution"


def test_facts_of_another_shape_are_left_alone_and_that_is_said(installed: Path) -> None:
    date_json(installed, date="2027-11-20", shape="other")
    assert "for another version of this program" in run(installed, "--version").stdout
    shown = run(installed, "matrix", "pair", "2.16.2", "1.2.0")
    assert "a very new error inside" not in shown.stdout


def test_a_damaged_package_is_as_none(installed: Path) -> None:
    path = installed / "tfmac_lock_data" / "compiled" / "date.json"
    path.write_text("{")
    assert run(installed, "--version").stdout.splitlines()[1].startswith("facts of 2026-")


def test_a_checkout_uses_its_own_facts() -> None:
    assert loading.is_checkout()
    assert loading.data_folder() == loading.COMPILED
    assert loading.facts_used()[1] is None


@pytest.mark.index
def test_the_package_can_be_built_and_read_where_it_is_installed(
    source: Path, tmp_path: Path
) -> None:
    uv = str(Path(sys.executable).with_name("uv"))
    built = subprocess.run(
        [uv, "build", "--quiet", "--out-dir", str(tmp_path), str(source)],
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode and "hatchling" in built.stderr:
        pytest.skip("the package index cannot be asked for hatchling")
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.stat().st_size < 3_000_000
    place = tmp_path / "place"
    subprocess.run([uv, "pip", "install", "-q", "--target", place, wheel], check=True)
    code = "import json, tfmac_lock_data as d; print(len(json.loads(d.path('facts/defects.json')"
    read = subprocess.run(
        [sys.executable, "-c", f"{code}.read_text('utf-8'))['defects']))"],
        env=os.environ | {"PYTHONPATH": str(place)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(read.stdout) == len(loading.matrix().defects)
