"""The configurations for bots that docs/living.md offers are what their schemas ask for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

BOTS = Path(__file__).parents[2] / "docs" / "bots"
SCHEMAS = {
    "dependabot.yml": "vendor.dependabot",
    "renovate.json": "vendor.renovate",
    "update-lock.yml": "vendor.github-workflows",
    "check-lock.yml": "vendor.github-workflows",
}


def test_each_configuration_has_a_schema() -> None:
    assert {path.name for path in BOTS.iterdir()} == set(SCHEMAS)


@pytest.mark.slow
@pytest.mark.parametrize("name", SCHEMAS)
def test_a_configuration_fits_its_schema(name: str) -> None:
    module = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", SCHEMAS[name]]
    done = subprocess.run([*module, str(BOTS / name)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["update-lock.yml", "check-lock.yml"])
def test_actions_are_pinned_to_a_commit(name: str) -> None:
    jobs = yaml.safe_load((BOTS / name).read_text())["jobs"]
    used = [step["uses"] for job in jobs.values() for step in job["steps"] if "uses" in step]
    assert used
    assert all(len(one.partition("@")[2]) == 40 for one in used)
