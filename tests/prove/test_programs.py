"""What is run beside a lock's versions."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.prove.support import lock, lock_content
from tfmac_lock.matrix.companions import Companion, Companions, Setting
from tfmac_lock.prove.locked import locked_set
from tfmac_lock.prove.programs import IMPORTS, named, program_of, tasks

if TYPE_CHECKING:
    from pathlib import Path

COMPANIONS = Companions(
    facts=(
        Companion(
            name="tensorflow-text",
            couples="binary",
            text="It binds.",
            smoke="import tensorflow_text\n",
            settings=(
                Setting(name="QUIET", value="1", reason="It talks.", source="https://example.org"),
            ),
            sources=("https://example.org",),
        ),
    )
)


def test_a_lock_of_the_pair_alone_has_nothing_more_to_try() -> None:
    assert list(tasks(lock(), COMPANIONS)) == []


def test_companions_come_first_and_then_what_somebody_asked_for() -> None:
    content = lock_content(pins={"numpy": "1.26.4"})
    for name, requires in (("tensorflow-text", ["tensorflow"]), ("pandas", ["numpy"])):
        row = {**content["packages"][0], "name": name, "version": "2.0", "requires": requires}
        content["packages"].append(row)
    found = list(tasks(locked_set(content, "test"), COMPANIONS))
    assert [(one.name, one.touches) for one in found] == [
        ("tensorflow-text", True),
        ("pandas", False),
    ]
    assert found[0].program == "import tensorflow_text\n"
    assert found[1].program == IMPORTS.format(name="pandas")
    assert dict(found[1].environment) == {"QUIET": "1"}


def test_what_the_lock_counts_among_the_companions_is_evidence() -> None:
    content = lock_content(pins={"numpy": "1.26.4"})
    row = {**content["packages"][0], "name": "larq", "version": "0.14.0", "requires": []}
    content["packages"].append(row)
    content["companions"] = [{"name": "larq", "version": "0.14.0"}]
    (task,) = tasks(locked_set(content, "test"), COMPANIONS)
    assert (task.name, task.touches) == ("larq", True)


def test_a_package_asked_for_by_name_counts_though_another_requires_it() -> None:
    content = lock_content(pins={"numpy": "1.26.4"})
    content["command"] = "--python 3.11 --chip m1 --with 'NumPy>=1.26' --with pandas"
    assert named(locked_set(content, "test")) == {"numpy"}


@pytest.mark.parametrize(
    ("files", "status"),
    [
        ({"good_module.py": ""}, 0),
        ({"good_module.py": "raise ImportError('bad')"}, 1),
        ({"pkg/__init__.py": "", "tests/__init__.py": "raise ImportError('not ours')"}, 0),
        ({"pkg/__init__.py": "import nowhere_to_be_found"}, 1),
    ],
)
def test_the_modules_of_a_distribution_are_imported(
    tmp_path: Path, files: dict[str, str], status: int
) -> None:
    info = tmp_path / "some_thing-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: some-thing\nVersion: 1.0\n")
    (info / "RECORD").write_text("".join(f"{name},,\n" for name in files))
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    program = program_of("some-thing", COMPANIONS)
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        check=False,
    )
    assert ended.returncode == status, ended.stderr.decode()
