"""The documents: every link leads somewhere, and every command in them is accepted."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*(ROOT / "docs").glob("*.md"), ROOT / "README.md"])

ELSEWHERE = {
    "doctor": "looks at this computer, and says on Linux that it is no Mac",
    "advisories": "reads files of OSV; tests/cli gives it some",
    "serve": "does not end",
    "publish": "takes minutes; tests/publish runs it",
    "install": "off a Mac only --dry-run runs; tests/cli runs it with a fake Mac",
    "prove": "trains; tests/prove runs it",
    "audit": "reads wheels on the index; tests/cli runs it",
    "fetch": "downloads a whole lock; tests/cli runs it on a small one",
}
"""Commands that are not run here but for their options, and why."""

INPUTS = {
    "pins.txt": "tensorflow==2.18.1\ntensorflow-metal==1.2.0\nnumpy==2.0.2\n",
    "train.log": "ImportError: numpy.core.multiarray failed to import\n",
    "requirements.in": "pandas\n",
    "constraints.txt": "pandas<4\n",
    "environment.yml": "dependencies:\n- python=3.11\n- pip:\n  - tensorflow==2.18.1\n",
    "uv.lock": (
        'version = 1\nrequires-python = ">=3.11"\n\n'
        '[[package]]\nname = "tensorflow"\nversion = "2.18.1"\n'
    ),
    "pyproject.toml": (
        '[project]\nname = "mine"\nversion = "1"\nrequires-python = ">=3.11"\n'
        'dependencies = ["pandas"]\n'
    ),
}
"""Files that the commands read, beside a lock in the folder, in old/ and in new/."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a lock, under git."""
    folder = tmp_path_factory.mktemp("project")
    for place in (".", "old", "new"):
        making = [*("--python", "3.11", "--chip", "m1"), *("-o", place)]
        subprocess.run(
            [sys.executable, "-m", "tfmac_lock", *making],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            check=True,
        )
    for name, text in INPUTS.items():
        (folder / name).write_text(text)
    author = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["add", "."], [*author, "commit", "-q", "-m", "lock"]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return folder


def commands(path: Path) -> list[str]:
    """The command lines of the shell blocks that call the program."""
    blocks = re.findall(
        r"^ *```(?:sh|console)\n(.*?)^ *```", path.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    found = []
    for line in "\n".join(blocks).splitlines():
        text = re.split(r"\s#\s", line.strip().removeprefix("$ "))[0].strip()
        if re.match(r"(uvx --from \. |tool/bin/)?tfmac-lock ", text):
            found.append(text[text.index("tfmac-lock") :])
    return found


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_to_files_lead_to_files(path: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", path.read_text("utf-8"))
    inside = [link.partition("#")[0] for link in links if not re.match(r"[a-z]+:|#", link)]
    missing = [link for link in inside if not (path.parent / link).exists()]
    assert missing == []


def parsed(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """What the program says of the arguments, without doing what they ask."""
    return subprocess.run(
        [sys.executable, "-m", "tfmac_lock", *arguments, "--help"],
        capture_output=True,
        text=True,
        check=False,
    )


def own(path: Path) -> list[tuple[str, str]]:
    return [(path.name, text) for text in dict.fromkeys(commands(path))]


@pytest.mark.parametrize(
    ("name", "text"), [one for path in DOCUMENTS for one in own(path)], ids=lambda part: part
)
def test_each_command_is_one_that_the_program_takes(
    name: str, text: str, project: Path, tmp_path: Path
) -> None:
    del name
    folder = tmp_path / "project"
    shutil.copytree(project, folder)
    line = text.split("|")[0]
    arguments = shlex.split(line)[1:]
    if arguments[0] in ELSEWHERE:
        assert parsed(arguments).returncode == 0, text
        return
    done = subprocess.run(
        [sys.executable, "-m", "tfmac_lock", *arguments],
        cwd=folder,
        input="ImportError: numpy.core.multiarray failed to import\n",
        env=os.environ | {"PIP_INDEX_URL": "http://127.0.0.1:9/simple/", "PIP_RETRIES": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    # 3: what is asked for must be resolved anew, and there is no index here.
    assert done.returncode in (0, 1, 3), f"{text}\n{done.stderr}"
    assert "Traceback" not in done.stderr
