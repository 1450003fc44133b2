"""A lock over time: `update`, `diff`, `check --against`."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.test_lock import PAIR, Said, index, names, run, wheels
from tests.support import build_wheel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support import HtmlIndex

__all__ = ["index", "run", "wheels"]  # the fixtures of the main command

pytestmark = pytest.mark.usefixtures("folder")


def asked(index: HtmlIndex) -> list[str]:
    return [*PAIR, "--index-url", index.url, "--fresh", "--accept-repacked"]


def texts(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_lock_json_records_what_was_asked_for(
    run: Callable[..., Said], folder: Path, index: HtmlIndex
) -> None:
    (folder / "wants.txt").write_text("tool\n")
    options = ["--with", "nightly<2", "-c", "wants.txt", "-o", "out", "--format", "json"]
    secret = index.url.replace("://", "://me:s3cret@")
    mac = ["--python", "3.11", "--chip", "m2", "--accept-repacked"]
    assert run(*mac, *options, "--index-url", secret).status == 0
    made = json.loads((folder / "out" / "lock.json").read_text())
    assert made["request"] == (
        "--python 3.11 --chip m2 --with 'nightly<2' -c ../wants.txt --format json "
        f"--index-url {index.url} --accept-repacked"
    )


@pytest.mark.slow
def test_an_update_with_nothing_new_changes_not_a_byte(
    run: Callable[..., Said], folder: Path, index: HtmlIndex
) -> None:
    assert run(*asked(index), "--with", "daily").status == 0
    for path in folder.iterdir():
        text = path.read_text()
        for day in ('"as_of": "20', 'as-of = "20', "index as of 20"):
            text = text.replace(day, day.replace("20", "19"))
        path.write_text(text)
    before = texts(folder)
    for arguments in (["update"], ["update", "daily"], ["update", "--check"]):
        said = run(*arguments)
        assert (said.status, said.out) == (0, "Nothing is new, and no file was changed.\n")
        assert texts(folder) == before


@pytest.mark.slow
def test_an_update_needs_no_options(
    run: Callable[..., Said], folder: Path, wheels: Path, index: HtmlIndex
) -> None:
    assert run(*asked(index), "--with", "daily<1.1", "--with", "nightly").status == 0
    record = (folder / "lock.json").read_text()
    (folder / "lock.json").write_text(record.replace("daily<1.1", "daily"))
    before = texts(folder)

    said = run("update", "--check")
    assert said.status == 1
    assert "daily  1.0 -> 1.1" in said.out
    assert texts(folder) == before
    assert run("update", "--dry-run").status == 0
    assert texts(folder) == before

    said = run("update", "daily", "--json")
    assert json.loads(said.out)["changes"] == [
        {"name": "daily", "before": "1.0", "after": "1.1", "kind": "newer"}
    ]
    assert "daily==1.1" in (folder / "requirements.txt").read_text()
    assert names(folder) == {"lock.json", "pylock.toml", "requirements.txt"}
    assert run("check", "requirements.txt", "pylock.toml").out.count("mixed-files") == 0


def test_an_update_keeps_to_the_files_that_were_asked_for(
    run: Callable[..., Said], folder: Path, index: HtmlIndex
) -> None:
    assert run(*asked(index), "-o", "mac.json", "--with", "daily<1.1").status == 0
    assert names(folder) == {"mac.json"}
    text = (folder / "mac.json").read_text()
    (folder / "mac.json").write_text(text.replace("daily<1.1", "daily"))
    said = run("update", "--lock", "mac.json")
    assert said.out.endswith("Written: mac.json\n")
    assert names(folder) == {"mac.json"}


def test_a_lock_without_a_record_keeps_its_pair_and_says_so(
    run: Callable[..., Said], folder: Path
) -> None:
    assert run("--python", "3.11", "--chip", "m1").status == 0
    made = json.loads((folder / "lock.json").read_text())
    del made["request"]
    (folder / "lock.json").write_text(json.dumps(made))
    said = run("update", "--dry-run", "--offline")
    assert said.status == 0
    assert "does not record the request" in said.err


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["update"], "lock.json: is not there"),
        (["update", "--lock", "bad"], "bad/lock.json: is not a lock.json of tfmac-lock"),
        (["diff", "bad", "bad"], "bad/lock.json: is not a lock.json of tfmac-lock"),
        (["diff", "HEAD:none", "bad"], "HEAD:none: is neither a file nor a revision"),
    ],
)
def test_what_is_no_lock_is_a_wrong_use(
    run: Callable[..., Said], folder: Path, arguments: list[str], part: str
) -> None:
    (folder / "bad").mkdir()
    (folder / "bad" / "lock.json").write_text("[]")
    said = run(*arguments)
    assert said.status == 2
    assert part in said.err


def test_a_package_that_is_not_there_cannot_be_updated(
    run: Callable[..., Said], index: HtmlIndex
) -> None:
    assert run(*asked(index)).status == 0
    said = run("update", "pandas")
    assert said.status == 2
    assert "pandas is not in the lock; add it with --with pandas when you make it" in said.err


def test_diff_tells_the_verdict_first(run: Callable[..., Said], folder: Path) -> None:
    run("--python", "3.11", "--chip", "m1", "-o", "gpu")
    run("--python", "3.11", "--chip", "m1", "--tensorflow", "2.20", "-o", "cpu")
    said = run("diff", "gpu", "cpu")
    assert said.status == 0
    assert said.out.startswith("- tensorflow 2.18.1 -> 2.20.0: loses the GPU\n")
    assert max(map(len, said.out.splitlines())) <= 80
    assert json.loads(run("diff", "gpu", "cpu", "--json").out)["worse"] is True
    as_markdown = run("diff", "gpu/lock.json", "cpu/lock.json", "--markdown").out
    assert as_markdown.startswith("- \N{WARNING SIGN} tensorflow 2.18.1 -> 2.20.0: loses the GPU")
    assert "| tensorflow-metal | 1.2.0 | - |" in as_markdown
    assert run("diff", "gpu", "gpu").out == "The locks are the same.\n"


def test_diff_reads_a_revision_of_git(run: Callable[..., Said], folder: Path) -> None:
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]
    run("--python", "3.11", "--chip", "m1", "-o", "locks")
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "one"], check=True)
    run("--python", "3.11", "--chip", "m1", "--metal", "none", "-o", "locks")
    for before in ("HEAD:locks/lock.json", "HEAD:locks"):
        assert "loses the GPU" in run("diff", before, "locks").out


def test_check_against_the_lock_judges_a_bots_change(
    run: Callable[..., Said], folder: Path
) -> None:
    run("--python", "3.11", "--chip", "m1")
    assert run("check", "requirements.txt", "--against", "lock.json").status == 0
    path = folder / "requirements.txt"
    path.write_text(path.read_text().replace("\nh5py==", "\nh5py==3.0.0 # was "))
    said = run("check", "requirements.txt", "--against", ".", "--json")
    assert said.status == 1
    codes = {one["code"] for one in json.loads(said.out)["findings"] if one["level"] != "note"}
    assert "against-lock" in codes


def test_a_new_release_comes_in_with_an_update(
    run: Callable[..., Said], folder: Path, tmp_path: Path, wheels: Path
) -> None:
    import shutil

    from tests.support import HtmlIndex

    served = tmp_path / "served"
    shutil.copytree(wheels, served)
    with HtmlIndex(served) as index:
        assert run(*asked(index), "--with", "daily").status == 0
    build_wheel(served, "daily", "1.2")
    with HtmlIndex(served) as index:
        record = (folder / "lock.json").read_text()
        start = record.index("--index-url ") + len("--index-url ")
        old = record[start : record.index(" ", start)]
        (folder / "lock.json").write_text(record.replace(old, index.url))
        said = run("update", "daily")
    assert said.status == 0
    assert "daily  1.1 -> 1.2" in said.out


@pytest.mark.slow
def test_a_file_that_somebody_changed_is_made_anew(
    run: Callable[..., Said], folder: Path, index: HtmlIndex
) -> None:
    assert run(*asked(index)).status == 0
    before = texts(folder)
    (folder / "pylock.toml").write_text("# This file was made by tfmac-lock, and changed\n")
    said = run("update", "--check")
    assert said.status == 1
    said = run("update")
    assert said.out.startswith(
        "The lock has not changed; the files beside it were written again.\n"
    )
    assert texts(folder) == before


def test_fresh_takes_what_no_published_lock_has(
    run: Callable[..., Said], folder: Path, wheels: Path
) -> None:
    run("--python", "3.11", "--chip", "m1", "--tensorflow", "2.18.1")
    published = (folder / "lock.json").read_bytes()
    said = run("update", "--dry-run", "-v")
    assert (said.status, "answered by the published lock" in said.err) == (0, True)
    said = run("update", "--fresh", "--offline", "-v")
    assert "no published lock answers, so it is resolved now" in said.err
    assert said.status == 3
    assert (folder / "lock.json").read_bytes() == published


@pytest.mark.slow
def test_a_recipes_versions_stay_unless_newer_ones_are_wanted(
    run: Callable[..., Said], index: HtmlIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tfmac_lock.cli import resolving

    asked_for: list[str] = []

    def noted(request: Any, _recipes: object) -> Any:
        asked_for.append("as proved")
        return request

    made = [*PAIR, "--index-url", index.url, "--accept-repacked"]
    assert run(*made).status == 0
    monkeypatch.setattr(resolving, "as_proved", noted)
    assert run("update").status == 0
    assert asked_for == ["as proved"]
    assert run("update", "six").status == 0
    assert run("update", "--fresh").status == 0
    assert asked_for == ["as proved"]
