from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_lock import Said, index, names, run, wheels
from tfmac_lock.api import check, explain, lock
from tfmac_lock.errors import Refusal, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support import HtmlIndex

__all__ = ["index", "run", "wheels"]

pytestmark = pytest.mark.usefixtures("folder")


def test_a_lock_is_what_the_command_line_prints(run: Callable[..., Said], folder: Path) -> None:
    made = lock(python="3.11", chip="m1")
    assert names(folder) == set()
    told = json.loads(run("--python", "3.11", "--chip", "m1", "--json").out)
    assert made | {"files": []} == told | {"files": [], "request": made["request"]}
    assert json.loads(json.dumps(made)) == made


def test_a_lock_is_resolved_where_more_is_asked_for(
    folder: Path, index: HtmlIndex, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Refusal, match="does not have the real file"):
        lock(
            python="3.11",
            chip="m1",
            tensorflow="2.18.1",
            packages=["daily<1.1"],
            index_url=index.url,
        )
    assert tuple(capfd.readouterr()) == ("", "")


def test_a_folder_has_no_say_in_a_lock(folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.tfmac-lock]\nmetal = "none"\n')
    assert lock(python="3.11", chip="m1")["combo"]["metal"] is not None
    with pytest.raises(UsageError, match="unknown chip"):
        lock(python="3.11", chip="m9")


def test_a_check_is_what_the_command_line_prints(run: Callable[..., Said], folder: Path) -> None:
    (folder / "requirements.txt").write_text("tensorflow==2.20.0\ntensorflow-metal==1.2.0\n")
    found = check("requirements.txt", python="3.11", chip="m1")
    assert found["status"] == "broken"
    words = ["check", "requirements.txt", "--python", "3.11", "--chip", "m1", "--json"]
    assert json.loads(run(*words).out) == json.loads(json.dumps(found))


def test_an_explanation_is_what_the_command_line_prints(
    run: Callable[..., Said], folder: Path
) -> None:
    text = "Symbol not found: __ZN3tsl8internal10LogMessageC1EPKcii libmetal_plugin.dylib"
    found = explain(text)
    assert found["matches"][0]["symptom"] == "plugin-symbol-missing"
    (folder / "log").write_text(text)
    assert json.loads(run("explain", "log", "--json").out) == json.loads(json.dumps(found))


def test_importing_it_imports_nothing_heavy() -> None:
    program = (
        "import sys, tfmac_lock.api\n"
        "heavy = {'packaging', 'httpx2', 'rich', 'tomllib', 'argparse', 'tfmac_lock.cli'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert said.stdout == "[]\n"
