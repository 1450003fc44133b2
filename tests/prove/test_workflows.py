"""The scripts that the workflows run, with stand-ins for what they call."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / ".github" / "scripts"
FILES = [*sorted((ROOT / ".github" / "workflows").glob("*.yml")), ROOT / "action.yml"]


def stand_in(folder: Path, name: str, body: str) -> None:
    """A program of that name on PATH."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def is_there(name: str) -> bool:
    """Whether the program is on PATH, or beside the Python that runs the tests."""
    return bool(shutil.which(name) or Path(sys.executable).with_name(name).exists())


def script(
    name: str, *arguments: str, cwd: Path, **environ: str
) -> subprocess.CompletedProcess[str]:
    path = f"{cwd / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        [str(SCRIPTS / name), *arguments],
        cwd=cwd,
        env=os.environ | {"PATH": path} | environ,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_job_list_becomes_one_line_of_output(tmp_path: Path) -> None:
    body = """printf '%s\\n' '{"schema_version": 1,' '"jobs": [{"lock": "a"}]}'"""
    stand_in(tmp_path / "bin", "tfmac-lock", body)
    output = tmp_path / "output"
    ended = script("list-jobs", cwd=tmp_path, GITHUB_OUTPUT=str(output), GPU_LABELS="")
    assert ended.returncode == 0, ended.stderr
    (line,) = output.read_text().splitlines()
    assert json.loads(line.removeprefix("jobs=")) == [{"lock": "a"}]


@pytest.mark.parametrize(
    ("file", "called"),
    [
        ("requirements.txt", ["python -m venv environment", "pip --require-hashes"]),
        ("conda-lock.yml", ["micromamba create --prefix ./environment"]),
    ],
)
def test_a_lock_is_installed_with_what_lies_there(
    tmp_path: Path, file: str, called: list[str]
) -> None:
    pip = 'mkdir -p environment/bin; cp bin/pip environment/bin/python; echo "python $@" >> calls'
    stand_in(tmp_path / "bin", "python", pip)
    stand_in(tmp_path / "bin", "pip", 'echo "pip $@" >> calls')
    stand_in(tmp_path / "bin", "micromamba", 'echo "micromamba $@" >> calls')
    folder = "locks/py3.11-arm64/tensorflow-2.18.1-metal-1.2.0"
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder / file).write_text("")
    ended = script("install-lock", "tensorflow-2.18.1-metal-1.2.0-py3.11-arm64", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    lines = (tmp_path / "calls").read_text().splitlines()
    assert len(lines) == len(called)
    for line, words in zip(lines, called, strict=True):
        assert set(words.split()) <= set(line.split())
    assert f"{folder}/{file}" in lines[-1].split()


def test_what_was_installed_is_trained_and_its_report_kept(tmp_path: Path) -> None:
    (tmp_path / "environment").mkdir()
    stand_in(tmp_path / "environment" / "bin", "python", 'echo "$@" > calls')
    ended = script("prove-lock", "tensorflow-2.18.1-metal-1.2.0-py3.11-arm64", "gpu", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "reports").is_dir()
    assert (tmp_path / "calls").read_text().split() == [
        "resolver/tfmac_lock/prove/train_mnist.py",
        *("--device", "gpu"),
        *("--report", "reports/tensorflow-2.18.1-metal-1.2.0-py3.11-arm64--gpu.json"),
    ]


def test_the_wheel_is_tested_in_an_environment_of_its_own(tmp_path: Path) -> None:
    python = 'mkdir -p tested/bin; cp bin/inner tested/bin/python; echo "$@" >> calls'
    stand_in(tmp_path / "bin", "python", python)
    stand_in(tmp_path / "bin", "inner", 'echo "tested $@" >> calls')
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "tfmac_lock-1.0-py3-none-any.whl").write_text("")
    ended = script("test-artifact", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    made, _, installed, tested = (tmp_path / "calls").read_text().splitlines()
    assert made == "-m venv tested"
    assert "dist/tfmac_lock-1.0-py3-none-any.whl[curate] --group dev" in installed
    assert tested == "tested -m pytest -n auto"


def test_every_script_is_run_by_a_test() -> None:
    texts = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    names = [path.name for path in SCRIPTS.iterdir()]
    assert [name for name in names if f'"{name}"' not in texts] == []


def test_every_report_is_recorded_even_after_one_that_is_refused(tmp_path: Path) -> None:
    stand_in(
        tmp_path / "bin", "tfmac-lock", 'echo "$@" >> calls; case "$*" in *bad*) exit 2;; esac'
    )
    (tmp_path / "reports").mkdir()
    for name in ("a-bad-1.0--cpu", "tensorflow-2.18.1-metal-1.2.0-py3.11-arm64--gpu"):
        (tmp_path / "reports" / f"{name}.json").write_text("{}")
    ended = script("record-reports", cwd=tmp_path, RUN_URL="https://example.org/1")
    assert ended.returncode == 1
    calls = (tmp_path / "calls").read_text().splitlines()
    assert len(calls) == 2
    assert "--lock tensorflow-2.18.1-metal-1.2.0-py3.11-arm64 --source" in calls[1]


def test_no_reports_are_nothing_to_record(tmp_path: Path) -> None:
    assert script("record-reports", cwd=tmp_path, RUN_URL="x").returncode == 0


@pytest.mark.parametrize(("status", "expected"), [(0, 0), (1, 0), (3, 3)])
def test_a_twin_that_is_broken_is_evidence_and_one_not_proved_is_not(
    tmp_path: Path, status: int, expected: int
) -> None:
    stand_in(tmp_path / "bin", "tfmac-lock", f'echo "$@" > calls; exit {status}')
    assert script("prove-twins", "2", "8", cwd=tmp_path).returncode == expected
    assert (tmp_path / "calls").read_text().strip() == "prove twin --all --shard 2/8"


def test_pages_hold_the_locks_and_the_site_where_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks" / "one").write_text("1")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("hello")
    assert script("collect-pages", "out", cwd=tmp_path).returncode == 0
    assert (tmp_path / "out" / "locks" / "one").exists()
    assert (tmp_path / "out" / "index.html").exists()


def repository(tmp_path: Path) -> Path:
    origin, work = tmp_path / "origin.git", tmp_path / "work"
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "-q", "--bare", str(origin)], check=True)
    subprocess.run([*git, "init", "-q", "-b", "main", str(work)], check=True)
    (work / "matrix").mkdir()
    (work / "matrix" / "old.toml").write_text("")
    for command in (["add", "."], ["commit", "-qm", "x"], ["remote", "add", "origin", str(origin)]):
        subprocess.run([*git, "-C", str(work), *command], check=True)
    stand_in(work / "bin", "gh", 'echo "$@" >> "$CALLS"')
    return work


def test_nothing_changed_proposes_nothing(tmp_path: Path) -> None:
    work = repository(tmp_path)
    ended = script("propose", "b", "T", "matrix", cwd=work, CALLS=str(tmp_path / "calls"))
    assert ended.returncode == 0, ended.stderr
    assert not (tmp_path / "calls").exists()


def test_a_change_is_pushed_and_proposed_with_its_title_untouched(tmp_path: Path) -> None:
    work = repository(tmp_path)
    (work / "matrix" / "new.toml").write_text("x = 1\n")
    environ = {"CALLS": str(tmp_path / "calls"), "GITHUB_WORKFLOW": "validate"}
    ended = script("propose", "evidence", "A $(title)", "matrix", cwd=work, **environ)
    assert ended.returncode == 0, ended.stderr
    branches = subprocess.run(
        ["git", "-C", str(tmp_path / "origin.git"), "log", "--format=%s", "evidence", "-1"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert branches.stdout.strip() == "A $(title)"
    assert "pr create --head evidence --title A $(title)" in (tmp_path / "calls").read_text()


def event(tmp_path: Path, body: str, **issue: object) -> str:
    """The file of the event that a labelled issue gives."""
    path = tmp_path / "event.json"
    user = {"login": "some-body"}
    address = "https://forge.example/o/r/issues/7"
    told = {"number": 7, "body": body, "html_url": address, "user": user, **issue}
    path.write_text(json.dumps({"issue": told}))
    return str(path)


RECORD = """printf '%s\\n' "$@" > asked
while [ $# -gt 0 ]; do [ "$1" != --summary ] || summary=$2; shift; done
echo body > "$summary"
mkdir -p matrix/proofs/submitted
[ "$STATUS" != 0 ] || echo '{}' > matrix/proofs/submitted/0123456789abcdef.json
exit "$STATUS"
"""
WORDS = "$(touch pwned) `touch pwned` ; touch pwned \n::set-output name=taken::yes ${{ x }}"


@pytest.mark.parametrize(("status", "taken"), [(0, "yes"), (1, "no"), (2, "no")])
def test_an_issues_text_reaches_the_program_as_a_file_and_no_shell(
    tmp_path: Path, status: int, taken: str
) -> None:
    work = repository(tmp_path)
    stand_in(work / "bin", "tfmac-lock", RECORD)
    ended = script(
        "take-report",
        cwd=work,
        GITHUB_EVENT_PATH=event(tmp_path, WORDS, title=WORDS),
        GITHUB_OUTPUT=str(tmp_path / "output"),
        STATUS=str(status),
    )
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "output").read_text() == f"taken={taken}\n"
    assert (work / "issue.md").read_text() == WORDS
    asked = (work / "asked").read_text().splitlines()
    assert asked[:4] == ["prove", "record", "--from-issue", "issue.md"]
    assert "github:some-body" in asked
    assert not any("pwned" in word for word in asked)
    filed = [path.name for path in (work / "taken").rglob("*.json")]
    assert filed == (["0123456789abcdef.json"] if status == 0 else [])
    assert not list(tmp_path.rglob("pwned"))


def test_an_event_with_another_address_or_name_is_no_way_in(tmp_path: Path) -> None:
    work = repository(tmp_path)
    stand_in(work / "bin", "tfmac-lock", RECORD)
    environ = {"GITHUB_OUTPUT": str(tmp_path / "output"), "STATUS": "0"}
    odd = event(tmp_path, "x", html_url="javascript:alert(1)")
    assert script("take-report", cwd=work, GITHUB_EVENT_PATH=odd, **environ).returncode == 3
    odd = event(tmp_path, "x", user={"login": "a b;c"})
    assert script("take-report", cwd=work, GITHUB_EVENT_PATH=odd, **environ).returncode == 0
    assert "--submitter" not in (work / "asked").read_text()


def taken_report(work: Path, name: str = "0123456789abcdef.json") -> None:
    (work / "taken" / "submitted").mkdir(parents=True)
    (work / "taken" / "submitted" / name).write_text("{}")
    (work / "taken" / "body.md").write_text("before and after")


def test_a_taken_report_becomes_a_pull_request_with_one_file(tmp_path: Path) -> None:
    work = repository(tmp_path)
    taken_report(work)
    environ = {"CALLS": str(tmp_path / "calls"), "GITHUB_WORKFLOW": "report", "ISSUE": "7"}
    ended = script("propose-report", cwd=work, **environ)
    assert ended.returncode == 0, ended.stderr
    calls = (tmp_path / "calls").read_text()
    assert "pr create --head report-7" in calls
    assert "--body-file taken/body.md" in calls
    listed = ["git", "-C", str(tmp_path / "origin.git"), "show", "--format=", "--name-only"]
    changed = subprocess.run([*listed, "report-7"], capture_output=True, text=True, check=True)
    assert changed.stdout.split() == ["matrix/proofs/submitted/0123456789abcdef.json"]


@pytest.mark.parametrize("name", ["../x.json", "$(touch pwned).json", "a b.json", "-rf.json"])
def test_a_report_with_a_name_that_is_not_ours_is_not_proposed(tmp_path: Path, name: str) -> None:
    work = repository(tmp_path)
    taken_report(work, name.replace("/", "_"))
    ended = script("propose-report", cwd=work, CALLS=str(tmp_path / "calls"), ISSUE="7")
    assert ended.returncode == 3
    assert not (tmp_path / "calls").exists()
    assert not list(tmp_path.rglob("pwned"))
    assert script("propose-report", cwd=work, ISSUE="7; id").returncode == 2


TOOL = """
if [ "$1" = -m ]; then
  mkdir -p "$3/bin"
  cp "$STANDS_FOR_PIP" "$3/bin/python"
  cp "$STANDS_FOR_TOOL" "$3/bin/tfmac-lock"
else
  exec "$REAL_PYTHON" "$@"
fi
"""

LOCK = {
    "combo": {
        "id": "tensorflow-2.18.1-metal-1.2.0-py3.11-arm64",
        "tensorflow": {"package": "tensorflow", "version": "2.18.1"},
        "metal": {"package": "tensorflow-metal", "version": "1.2.0"},
    },
    "verdict": {"status": "works"},
}


def test_the_action_asks_for_what_its_inputs_say_and_tells_the_combo(tmp_path: Path) -> None:
    stand_in(tmp_path / "bin", "tool-python", TOOL)
    stand_in(tmp_path / "bin", "pip", "true")
    (tmp_path / "lock.json").write_text(json.dumps(LOCK))
    answer = f'printf "%s\\n" "$@" > {tmp_path}/asked; cat {tmp_path}/lock.json'
    stand_in(tmp_path / "bin", "tool", answer)
    ended = script(
        "action-lock",
        cwd=tmp_path,
        TOOL_PYTHON=str(tmp_path / "bin" / "tool-python"),
        STANDS_FOR_PIP=str(tmp_path / "bin" / "pip"),
        STANDS_FOR_TOOL=str(tmp_path / "bin" / "tool"),
        REAL_PYTHON=sys.executable,
        RUNNER_TEMP=str(tmp_path / "temp"),
        ACTION_PATH=str(tmp_path),
        GITHUB_OUTPUT=str(tmp_path / "output"),
        LOCK_PYTHON="3.11",
        LOCK_CHIP="m1",
        LOCK_TENSORFLOW=">=2.16,<2.19",
        LOCK_FORMAT="pylock,requirements",
    )
    assert ended.returncode == 0, ended.stderr
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked == [
        *("--python", "3.11", "--chip", "m1", "--metal", "auto"),
        *("--tensorflow", ">=2.16,<2.19"),
        *("--format", "requirements", "--format", "pylock", "-o", ".", "--json"),
    ]
    assert (tmp_path / "output").read_text().splitlines() == [
        "combo=tensorflow-2.18.1-metal-1.2.0-py3.11-arm64",
        "tensorflow=2.18.1",
        "metal=1.2.0",
        "status=works",
    ]


def test_the_action_on_a_runner_that_is_no_mac_wants_a_chip(tmp_path: Path) -> None:
    stand_in(tmp_path / "bin", "uname", "echo aarch64")
    ended = script("action-lock", cwd=tmp_path, LOCK_CHIP="")
    assert ended.returncode == 2
    assert "give the input 'chip'" in ended.stderr


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_actions_are_pinned_by_commit_with_the_version_beside(path: Path) -> None:
    for line in path.read_text().splitlines():
        if found := re.search(r"uses: *(\S+)(.*)", line):
            used, rest = found.groups()
            assert used == "./" or re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", used), line
            assert used == "./" or re.search(r"# v\d+\.\d+\.\d+$", rest), line


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_shell_lines_hold_no_expression(path: Path) -> None:
    for line in path.read_text().splitlines():
        if "run:" in line:
            assert "${{" not in line, line


@pytest.mark.parametrize("path", FILES[:-1], ids=lambda path: path.name)
def test_every_job_has_a_time_limit_and_the_workflow_grants_nothing(path: Path) -> None:
    text = path.read_text()
    assert "\npermissions: {}\n" in text
    assert "\nconcurrency:\n" in text
    assert text.count("runs-on:") == text.count("timeout-minutes:")


@pytest.mark.skipif(not is_there("zizmor"), reason="zizmor is not installed")
@pytest.mark.skipif(not is_there("check-jsonschema"), reason="check-jsonschema is not installed")
@pytest.mark.slow
def test_workflows_and_action_fit_their_schemas_and_are_safe() -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    ended = subprocess.run(
        ["bash", ROOT / ".ci" / "run", "workflows"],
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_ci_names_an_unknown_step() -> None:
    ended = subprocess.run(
        ["bash", ROOT / ".ci" / "run", "nonsense"], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert "there is no step nonsense" in ended.stderr


@pytest.mark.slow
@pytest.mark.index
def test_the_data_package_is_built_and_read_by_its_script(tmp_path: Path) -> None:
    pytest.importorskip("build", reason="the front end that makes packages is not installed")
    ended = script("build-data", "0", cwd=tmp_path)
    if "hatchling" in ended.stderr and ended.returncode:
        pytest.skip("the package index cannot be asked for hatchling")
    assert ended.returncode == 0, ended.stderr[-500:]
    assert re.search(r"tfmac-lock-data 1\.\d{8} holds \d+ defects", ended.stdout)
    assert sorted(path.suffix for path in (tmp_path / "dist").iterdir()) == [".gz", ".whl"]


def test_a_build_number_that_is_none_is_refused(tmp_path: Path) -> None:
    assert script("build-data", "1; id", cwd=tmp_path).returncode == 2


DUE = {
    "due": [
        {"subject": "twins", "text": "2 locks", "commands": ["tfmac-lock prove twin --all"]},
        {"subject": "macs", "text": "old", "commands": []},
        {"subject": "a b;c", "text": "odd", "commands": []},
    ]
}


def test_what_is_due_becomes_one_line_of_output_without_odd_names(tmp_path: Path) -> None:
    (tmp_path / "told.json").write_text(json.dumps(DUE))
    stand_in(tmp_path / "bin", "tfmac-lock", f"cat {tmp_path}/told.json; exit 1")
    output = tmp_path / "output"
    ended = script("list-due", cwd=tmp_path, GITHUB_OUTPUT=str(output))
    assert ended.returncode == 0, ended.stderr
    assert output.read_text() == 'subjects=["twins"]\n'
    stand_in(tmp_path / "bin", "tfmac-lock", "exit 3")
    assert script("list-due", cwd=tmp_path, GITHUB_OUTPUT=str(output)).returncode == 3


MAKES = """case "$1 $2" in
"matrix outdated") cat told.json; exit 1 ;;
"matrix combos")
  if [ -e done ]; then
    echo '{"combos": [{"id": "a", "status": "works"}, {"id": "b", "status": "works"}]}'
  else echo '{"combos": [{"id": "a", "status": "unproven"}]}'; fi ;;
*) echo "$@" >> calls; touch done; exit "$STATUS" ;;
esac
"""


@pytest.mark.parametrize(("status", "ends"), [("0", 0), ("1", 0), ("3", 3)])
def test_a_subject_is_made_by_its_own_commands_and_told_in_words(
    tmp_path: Path, status: str, ends: int
) -> None:
    (tmp_path / "told.json").write_text(json.dumps(DUE))
    stand_in(tmp_path / "bin", "tfmac-lock", MAKES)
    ended = script("make-due", "twins", cwd=tmp_path, STATUS=status)
    assert ended.returncode == ends, ended.stderr
    assert (tmp_path / "calls").read_text() == "prove twin --all\n"
    if ends == 0:
        body = (tmp_path / "made" / "body.md").read_text()
        assert "1 locks are new, 1 have another verdict, 0 are gone." in body
        assert "- `a`: unproven, now works" in body
        assert "- new: `b` (works)" in body


def test_a_subject_that_is_not_due_any_more_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "told.json").write_text(json.dumps(DUE))
    stand_in(tmp_path / "bin", "tfmac-lock", MAKES)
    assert script("make-due", "tensorflow", cwd=tmp_path, STATUS="0").returncode == 0
    assert not (tmp_path / "made").exists()
