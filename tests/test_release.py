"""What a release is made of: its metadata, its notes, and the same bytes from the same commit."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tfmac_lock.languages import NAMES

ROOT = Path(__file__).parents[1]
REPOSITORY = "https://git.example/someone/tfmac-lock"


def hook(monkeypatch: pytest.MonkeyPatch, repository: str = "") -> dict[str, Any]:
    """What the hook makes of the metadata."""
    monkeypatch.setenv("TFMAC_LOCK_REPOSITORY", repository)
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    metadata: dict[str, Any] = {"version": "1.2.3"}
    module.Metadata.update(SimpleNamespace(root=str(ROOT)), metadata)
    return metadata


def test_a_build_that_knows_no_repository_claims_no_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    metadata = hook(monkeypatch)
    assert "urls" not in metadata
    assert metadata["readme"]["text"] == (ROOT / "README.md").read_text()


def test_the_first_line_of_the_readme_claims_what_the_metadata_say() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    series = [
        found[1]
        for one in project["classifiers"]
        if (found := re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", one))
    ]
    assert "Typing :: Typed" in project["classifiers"]
    names = ", ".join(NAMES.values())
    assert (ROOT / "README.md").read_text("utf-8").splitlines()[2] == (
        f"Python {', '.join(series)} · [{project['license']}](LICENSE) · typed · "
        f"[{names}](docs/translating.md)"
    )


def test_a_release_links_to_its_own_files(monkeypatch: pytest.MonkeyPatch) -> None:
    metadata = hook(monkeypatch, f"{REPOSITORY}/")
    assert metadata["urls"]["Issues"] == f"{REPOSITORY}/issues"
    text = metadata["readme"]["text"]
    assert f"]({REPOSITORY}/blob/v1.2.3/CONTRIBUTING.md)" in text
    assert "](CONTRIBUTING.md)" not in text


def test_an_old_python_is_told_what_is_needed_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 6))
    with pytest.raises(SystemExit) as ended:
        hook(monkeypatch)
    assert "needs Python 3.11 or newer to run, and this is Python 3.9." in str(ended.value)


def project(folder: Path, changelog: str) -> Path:
    """A project of version 1.2.3 with that changelog."""
    package = folder / "resolver" / "tfmac_lock"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('__version__ = "1.2.3"\n')
    (folder / "CHANGELOG.md").write_text(changelog)
    return folder


def notes(folder: Path, tag: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / ".github" / "scripts" / "release-notes", tag],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_notes_are_the_section_of_the_release(tmp_path: Path) -> None:
    text = "# Changelog\n\n## 1.2.3 - 2026-12-01\n\n- New.\n\n## 1.2.2 - 2026-11-01\n\n- Old.\n"
    done = notes(project(tmp_path, text), "v1.2.3")
    assert done.stdout == "- New.\n"
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("tag", "changelog", "said"),
    [
        ("v1.2.4", "## 1.2.3 - 2026-12-01\n\n- New.\n", "the package's version is 1.2.3"),
        ("v1.2.3", "## Unreleased\n\n- New.\n", "has no heading like '## 1.2.3 - 2026-01-31'"),
        ("v1.2.3", "## 1.2.3 - 2026-12-01\n\n## 1.2.2 - 2026-11-01\n", "says nothing of 1.2.3"),
    ],
)
def test_a_tag_without_its_version_or_its_section_is_refused(
    tmp_path: Path, tag: str, changelog: str, said: str
) -> None:
    done = notes(project(tmp_path, changelog), tag)
    assert done.returncode == 1
    assert said in done.stderr


@pytest.mark.slow
@pytest.mark.index
def test_two_builds_of_one_commit_are_the_same_bytes(tmp_path: Path) -> None:
    if shutil.which("git") is None:
        pytest.skip("there is no git")
    pytest.importorskip("build")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
    done = subprocess.run(
        [clone / ".github" / "scripts" / "build-twice", tmp_path / "dist"],
        cwd=clone,
        env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "both builds gave the same bytes" in done.stdout
    names = sorted(path.suffix for path in (tmp_path / "dist").iterdir())
    assert names == [".gz", ".whl"]


@pytest.mark.slow
@pytest.mark.index
def test_the_lock_of_the_development_is_that_of_the_project_s_file() -> None:
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin")
    if uv is None:
        pytest.skip("there is no uv")
    done = subprocess.run(
        [uv, "lock", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if "error sending request" in done.stderr or "Failed to fetch" in done.stderr:
        pytest.skip("the package index cannot be reached")
    assert done.returncode == 0, done.stderr
