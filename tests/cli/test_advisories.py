from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_lock import Said, names, run
from tests.support import Faults, HtmlIndex

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["run"]

pytestmark = pytest.mark.usefixtures("folder")

OSV = Path(__file__).parents[1] / "check" / "osv"


def test_advisories_are_a_no(run: Callable[..., Said], folder: Path) -> None:
    run("--python", "3.11", "--chip", "m1")
    said = run("advisories", "lock.json", "--from", str(OSV))
    assert said.status == 1
    assert said.out.startswith("six 1.17.0: PYSEC-2030-2\n")
    assert "tensorflow 2.18.1: PYSEC-2030-1, CVE-2030-0001, GHSA-aaaa-bbbb-cccc (high)" in said.out
    assert "--tensorflow '>=2.19.0'" in said.out
    assert said.out.endswith("2 advisories on 2 packages.\n")
    assert max(map(len, said.out.splitlines())) <= 80
    told = json.loads(run("advisories", ".", "--from", str(OSV), "--json").out)
    assert [one["id"] for one in told["found"]] == ["PYSEC-2030-2", "PYSEC-2030-1"]


def test_none_is_told_too(run: Callable[..., Said], folder: Path) -> None:
    run("--python", "3.11", "--chip", "m1")
    (folder / "none.json").write_text("[]")
    said = run("advisories", ".", "--from", "none.json")
    assert (said.status, said.out) == (0, "No advisory is known on any of the 39 packages.\n")


def test_they_are_fetched_from_an_address(run: Callable[..., Said], folder: Path) -> None:
    run("--python", "3.11", "--chip", "m1")
    content = (OSV / "PYSEC-2030-1.json").read_bytes()
    answers = {"/all.zip": (200, "application/json", content)}
    with HtmlIndex(folder, Faults(answers=answers)) as server:
        said = run("advisories", ".", "--from", f"{server.root}/all.zip")
        assert "PYSEC-2030-1" in said.out
        assert run("advisories", ".", "--from", f"{server.root}/nothing").status == 3


def test_the_bill_of_materials_needs_no_network(run: Callable[..., Said], folder: Path) -> None:
    run("--python", "3.11", "--chip", "m1", "-o", "lock")
    said = run("advisories", "lock", "--no-advisories", "--sbom", "out/sbom.json")
    assert (said.status, said.out) == (0, "")
    assert json.loads((folder / "out" / "sbom.json").read_text())["specVersion"] == "1.6"
    assert names(folder / "out") == {"sbom.json"}
    assert run("advisories", "lock", "--no-advisories").status == 2
