"""The manifests that spread the proving over machines."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.prove.test_workflows import script, stand_in
from tfmac_lock.cli import parse, parse_shard
from tfmac_lock.errors import UsageError

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
JOBS = [FOLDER / "prove-companions.yaml", FOLDER / "prove-recipes.yaml"]


def content(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return found


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.name)
def test_kubernetes_takes_the_manifest(path: Path) -> None:
    # The older one is the first in which a job can fail index by index.
    for version in (kubernetes_validate.latest_version(), "1.33.0"):
        found = kubernetes_validate.validate(content(path), version, strict=True)
        assert version.startswith(found)


@pytest.mark.parametrize("path", JOBS, ids=lambda path: path.name)
def test_each_pod_does_its_part_and_writes_where_the_others_do(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = content(path)["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    environment = {one["name"]: one["value"] for one in container["env"]}
    assert spec["completionMode"] == "Indexed"
    assert environment["JOB_COMPLETIONS"] == str(spec["completions"])

    command = shlex.split(container["args"][0].partition("||")[0])
    assert command[0] == "tfmac-lock"
    args = parse(command[1:])
    assert args.shard is None
    mounts = {one["mountPath"] for one in container["volumeMounts"]}
    assert "/" + args.output.parts[1] in mounts
    assert {environment["HOME"], environment["TMPDIR"]} <= mounts

    monkeypatch.setenv("JOB_COMPLETIONS", environment["JOB_COMPLETIONS"])
    parts = []
    for index in range(spec["completions"]):
        monkeypatch.setenv("JOB_COMPLETION_INDEX", str(index))
        parts.append(parse_shard(args.shard))
    assert parts == [(one + 1, spec["completions"]) for one in range(spec["completions"])]


def test_the_pods_claim_the_volume_that_is_declared() -> None:
    claim = content(FOLDER / "proofs.yaml")["metadata"]["name"]
    for path in JOBS:
        volumes = content(path)["spec"]["template"]["spec"]["volumes"]
        names = [one["persistentVolumeClaim"]["claimName"] for one in volumes[:1]]
        assert names == [claim]


def test_what_a_shell_says_counts_more_than_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOB_COMPLETION_INDEX", "3")
    monkeypatch.setenv("JOB_COMPLETIONS", "8")
    assert parse_shard("2/4") == (2, 4)
    assert parse_shard(None) == (4, 8)
    monkeypatch.delenv("JOB_COMPLETION_INDEX")
    assert parse_shard(None) == (1, 1)


@pytest.mark.parametrize(
    ("index", "parts"), [("3", ""), ("8", "8"), ("-1", "8"), ("one", "8"), ("1", "many")]
)
def test_a_job_that_does_not_say_how_many_parts_there_are_is_refused(
    index: str, parts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOB_COMPLETION_INDEX", index)
    monkeypatch.setenv("JOB_COMPLETIONS", parts)
    with pytest.raises(UsageError, match="JOB_COMPLETIONS"):
        parse_shard(None)


def test_the_workflow_has_every_part_of_each_kind_once() -> None:
    jobs = content(ROOT / ".github" / "workflows" / "prove.yml")["jobs"]
    rows = jobs["prove"]["strategy"]["matrix"]["job"]
    for kind in ("companions", "recipes", "requests"):
        mine = [row for row in rows if row["kind"] == kind]
        assert [row["part"] for row in mine] == list(range(1, len(mine) + 1))
        assert {row["parts"] for row in mine} == {len(mine)}


@pytest.mark.parametrize(("status", "ends"), [(0, 0), (1, 0), (3, 3)])
@pytest.mark.parametrize(
    ("kind", "called"),
    [
        ("companions", "prove companions -o matrix/proofs/companions --shard 2/5"),
        ("recipes", "prove recipe -o matrix/proofs --shard 2/5"),
        ("requests", "prove requests -o matrix/proofs --shard 2/5"),
    ],
)
def test_a_part_that_finds_something_broken_is_no_failure(
    tmp_path: Path, kind: str, called: str, status: int, ends: int
) -> None:
    stand_in(tmp_path / "bin", "tfmac-lock", f'echo "$@" >> calls; exit {status}')
    assert script("prove-part", kind, "2", "5", cwd=tmp_path).returncode == ends
    assert (tmp_path / "calls").read_text().strip() == called
    parse(called.split())


def test_a_kind_that_there_is_not_is_refused(tmp_path: Path) -> None:
    stand_in(tmp_path / "bin", "tfmac-lock", "echo called >> calls")
    ended = script("prove-part", "pairs", "1", "1", cwd=tmp_path)
    assert ended.returncode == 2
    assert not (tmp_path / "calls").exists()
