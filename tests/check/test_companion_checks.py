"""Findings on what stands beside TensorFlow: companions, Linux packages, hashes, generations."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tfmac_lock.check.findings import Level
from tfmac_lock.check.judge import check
from tfmac_lock.check.reading import read_for_target
from tfmac_lock.matrix.companions import Companion, Companions, Needed, Setting, Tried

if TYPE_CHECKING:
    from pathlib import Path

    from tfmac_lock.check.findings import Finding
    from tfmac_lock.matrix.facts import Matrix

SOURCE = "https://example.org/thread"


def companion(name: str, *needs: Needed, settings: tuple[Setting, ...] = ()) -> Companion:
    return Companion(
        name=name,
        couples="keras",
        text="It is bound.",
        modules=("m",),
        needs=needs,
        settings=settings,
        sources=(SOURCE,),
    )


def need(requires: str, **more: str) -> Needed:
    return Needed(id="one", requires=requires, reason="it imports it", source=SOURCE, **more)


FACTS = Companions(
    facts=(
        replace(companion("tensorflow-text"), same_minor=SOURCE),
        replace(companion("tf-keras"), same_minor=SOURCE),
        companion(
            "tensorflow-decision-forests",
            need("tensorflow ==2.18.*", versions="==1.11.*"),
            need("tensorflow ==2.19.*", versions="==1.12.*"),
        ),
        companion("deepface", need("tf-keras", tensorflow=">=2.16")),
        companion("tensorflow-addons", need("tensorflow >=2.11,<2.15"), need("keras <3")),
        companion("tensorflow-probability", need("tf-keras", tensorflow=">=2.16")),
        companion("transformers", need("tensorflow <2", versions=">=5")),
        companion("tensorflow-federated", need("tensorflow <2")),
        companion("tensorflow-compression", need("tensorflow ==2.8.*")),
        companion("tensorflow-io", need("tensorflow >=2.16,<2.18", versions=">=0.37")),
        companion(
            "tensorflow-recommenders",
            settings=(
                Setting(
                    name="TF_USE_LEGACY_KERAS",
                    value="1",
                    tensorflow=">=2.16",
                    reason="it refuses Keras 3",
                    source=SOURCE,
                ),
            ),
        ),
    )
)


def findings(
    folder: Path, matrix: Matrix, text: str, *, complete: bool = False, python: str = "3.11"
) -> list[Finding]:
    path = folder / "requirements.txt"
    path.write_text(text)
    facts = replace(matrix, companions=FACTS)
    file, target, macos = read_for_target(path, facts, python=python, chip="m1")
    file = replace(file, complete=complete)
    about = {
        "companion",
        "setting",
        "not-for-macs",
        "hash-of-another",
        "conflict",
        "no-wheel",
        "stub",
        "pair-broken",
        "other-target",
        "not-read",
    }
    return [f for f in check(file, target, facts, macos=macos).findings if f.code in about]


@pytest.mark.parametrize(
    ("text", "package", "code", "cure"),
    [
        (
            "tensorflow==2.18.0\ntensorflow-addons==0.23.0\n",
            "tensorflow-addons",
            "companion",
            "tfmac-lock --python 3.11 --chip m1 --tensorflow 2.14 --with tensorflow-addons",
        ),
        (
            "tensorflow-macos==2.13.0\ntensorflow-addons==0.22.0\nkeras==3.3.3\n",
            "tensorflow-addons",
            "companion",
            "keras<3",
        ),
        (
            "tensorflow==2.18.1\ntensorflow-probability==0.25.0\n",
            "tensorflow-probability",
            "companion",
            "add tf-keras~=2.18.0",
        ),
        (
            "tensorflow==2.18.1\ntensorflow-io==0.37.1\n",
            "tensorflow-io",
            "companion",
            "tfmac-lock --python 3.11 --chip m1 --tensorflow 2.17 --with tensorflow-io",
        ),
        (
            "tensorflow==2.18.1\ntransformers==5.23.0\n",
            "transformers",
            "companion",
            "transformers<5",
        ),
        (
            "tensorflow==2.18.1\ntensorflow-federated==0.1.0\n",
            "tensorflow-federated",
            "companion",
            "leave tensorflow-federated out: there is no TensorFlow 2 for it",
        ),
        (
            "tensorflow==2.18.1\ntensorflow-compression==2.8\n",
            "tensorflow-compression",
            "companion",
            (
                "leave tensorflow-compression out: tensorflow ==2.8.* has no wheels for "
                "Python 3.11 on arm64 Macs"
            ),
        ),
        (
            "tensorflow==2.16.2\ntensorflow-text==2.18.1\n",
            "tensorflow-text",
            "companion",
            "tfmac-lock --python 3.11 --chip m1 --tensorflow 2.18 --with tensorflow-text",
        ),
        (
            "tensorflow==2.18.1\ntensorflow-text==2.17.0\n",
            "tensorflow-text",
            "companion",
            "tensorflow-text~=2.18.0",
        ),
        (
            "tensorflow==2.18.1\ntf-keras==2.16.0\n",
            "tf-keras",
            "companion",
            "tf-keras~=2.18.0",
        ),
        (
            "tensorflow==2.18.1\ntensorflow-decision-forests==1.12.0\n",
            "tensorflow-decision-forests",
            "companion",
            "tensorflow-decision-forests==1.11.*",
        ),
        ("tensorflow==2.18.1\ndeepface\n", "deepface", "companion", "add tf-keras~=2.18.0"),
        (
            "tensorflow==2.18.1\ntensorflow-recommenders==0.7.7\n",
            "tensorflow-recommenders",
            "setting",
            "export TF_USE_LEGACY_KERAS=1",
        ),
        (
            "tensorflow==2.18.1\nnvidia-cudnn-cu12==8.9.7.29\n",
            "nvidia-cudnn-cu12",
            "not-for-macs",
            "delete the line, or put ; sys_platform == 'linux' behind nvidia-cudnn-cu12",
        ),
        ("tensorflow[and-cuda]==2.18.1\n", "tensorflow", "not-for-macs", "tensorflow"),
        ("tensorflow-gpu==2.9.0\n", "tensorflow-gpu", "not-for-macs", "tensorflow"),
        (
            "tensorflow-macos==2.13.0\ntyping-extensions==4.9.0\n",
            "typing-extensions",
            "conflict",
            "typing-extensions<4.6.0,>=3.6.6",
        ),
    ],
)
def test_what_would_fail_at_the_import_is_told_before(
    text: str, package: str, code: str, cure: str, tmp_path: Path, matrix: Matrix
) -> None:
    told = [f for f in findings(tmp_path, matrix, text) if f.package == package]
    assert [(f.code, f.cure) for f in told] == [(code, cure)]


@pytest.mark.parametrize(
    "text",
    [
        "tensorflow==2.18.1\ntensorflow-probability==0.25.0\ntf-keras==2.18.0\n",
        "tensorflow==2.17.0\ntensorflow-io==0.37.1\n",
        "tensorflow-macos==2.13.0\ntensorflow-addons==0.22.0\nkeras==2.13.1\n",
        "tensorflow-macos==2.13.0\ntensorflow-addons==0.22.0\n",
        "tensorflow==2.18.1\ntensorflow-text==2.18.1\ntensorflow-decision-forests==1.11.0\n",
        "tensorflow\ntensorflow-text==2.18.1\n",
        "tensorflow-macos==2.15.0\ndeepface\ntensorflow-recommenders==0.7.3\n",
        "tensorflow==2.18.1\nnvidia-cudnn-cu12==8.9.7.29 ; sys_platform == 'linux'\n",
        "tensorflow-macos==2.13.0\ntyping-extensions==4.5.0\n",
        "tensorflow>=2.15,<2.19\ntensorflow-macos==2.15.0\ntensorflow-metal==1.1.0\n",
        "tensorflow\ntensorflow-text\ntf-keras\ntensorflow-io\n",
    ],
)
def test_what_works_is_let_be(text: str, tmp_path: Path, matrix: Matrix) -> None:
    assert [f for f in findings(tmp_path, matrix, text) if f.level is not Level.NOTE] == []


def test_a_whole_environment_lacks_what_it_lacks(tmp_path: Path, matrix: Matrix) -> None:
    text = "tensorflow==2.18.1\ntensorflow-probability==0.25.0\n"
    for complete, level in ((True, Level.ERROR), (False, Level.WARNING)):
        told = findings(tmp_path, matrix, text, complete=complete)
        assert [f.level for f in told if f.code == "companion"] == [level]


def test_the_newest_tensorflow_that_the_other_pins_admit_is_judged(
    tmp_path: Path, matrix: Matrix
) -> None:
    told = findings(tmp_path, matrix, "tensorflow-macos\nkeras<3\n")
    assert [(f.code, "2.15.1" in f.text) for f in told] == [("stub", True)]


def test_every_pinned_tensorflow_needs_a_wheel(tmp_path: Path, matrix: Matrix) -> None:
    text = "tensorflow>=2.15,<2.19\ntensorflow-macos==2.15.0\n"
    told = findings(tmp_path, matrix, text, python="3.12")
    assert ("no-wheel", "tensorflow-macos") in [(f.code, f.package) for f in told]


def test_hashes_of_another_version_are_told_by_whose_they_are(
    tmp_path: Path, matrix: Matrix
) -> None:
    release = matrix.release("tensorflow", "2.17.0")
    assert release is not None
    mine = next(w for w in release.wheels if "cp311-macosx" in w.filename and "arm64" in w.filename)
    right = f"tensorflow==2.17.0 --hash=sha256:{'0' * 64} --hash=sha256:{mine.sha256}\n"
    assert findings(tmp_path, matrix, right) == []
    (told,) = findings(tmp_path, matrix, f"tensorflow==2.18.0 --hash=sha256:{mine.sha256}\n")
    assert told.code == "hash-of-another"
    assert mine.filename in told.text


def test_lines_of_an_environment_that_were_not_read_are_named(
    tmp_path: Path, matrix: Matrix
) -> None:
    path = tmp_path / "environment.yml"
    path.write_text(
        "dependencies:\n  - python=3.11\n  - pip:\n    - -r requirements.txt\n    - -e .\n"
        "    - --extra-index-url https://example.org\n    - tensorflow==2.18.1\n"
    )
    file, target, macos = read_for_target(path, matrix, chip="m1")
    told = [f for f in check(file, target, matrix, macos=macos).findings if f.code == "not-read"]
    assert [f.line for f in told] == [4, 5]
    assert all(f.level is Level.NOTE for f in told)


PYLOCK = """lock-version = "1.0"
created-by = "pip"
requires-python = "==3.10.*"
environments = ["platform_machine == 'x86_64'"]
[[packages]]
name = "six"
version = "1.16.0"
[[packages.wheels]]
name = "six-1.16.0-py2.py3-none-any.whl"
url = "https://example.org/six-1.16.0-py2.py3-none-any.whl"
hashes = {sha256 = "ab"}
"""


def test_a_lock_is_judged_for_the_python_and_the_mac_that_it_names(
    tmp_path: Path, matrix: Matrix
) -> None:
    path = tmp_path / "pylock.toml"
    path.write_text(PYLOCK)
    _, target, _ = read_for_target(path, matrix)
    assert (target.python.series, target.arch.value) == ("3.10", "x86_64")


def test_a_lock_for_another_python_and_mac_than_was_asked_for_is_an_error(
    tmp_path: Path, matrix: Matrix
) -> None:
    path = tmp_path / "pylock.toml"
    path.write_text(PYLOCK)
    file, target, macos = read_for_target(path, matrix, python="3.12", chip="m1")
    (told,) = [f for f in check(file, target, matrix, macos=macos).findings if f.code[0] == "o"]
    assert told.code == "other-target"
    assert "Python 3.10 and x86_64 Macs" in told.text


@pytest.mark.parametrize(
    "head", ["--python 9.9 --chip m1", "--chip m99", "--chip m4 --macos 11", "--python x"]
)
def test_a_spoilt_head_is_passed_over(head: str, tmp_path: Path, matrix: Matrix) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text(
        f"# This file was made by tfmac-lock, by:\n#\n#    tfmac-lock {head}\nsix==1.16.0\n"
    )
    _, target, _ = read_for_target(path, matrix)
    assert target.chip.id == "m1"


def trial(outcome: str, **pins: str) -> Tried:
    return Tried(
        companion="tensorflow-addons",
        version="0.23.0",
        outcome=outcome,  # type: ignore[arg-type]
        python="3.11",
        text=f"its smoke test {'ran' if outcome == 'works' else 'failed: No module named x'}",
        source="matrix/proofs/companions/tensorflow-addons/x.toml",
        pins={"tensorflow": "2.14.1", "numpy": "1.26.4", "keras": "2.14.0"} | pins,
    )


@pytest.mark.parametrize(
    ("trials", "complete", "status", "code", "level"),
    [
        ((), True, "unproven", "companion-untried", Level.NOTE),
        ((trial("works"),), True, None, None, None),
        ((trial("broken"),), True, "broken", "companion-fails", Level.ERROR),
        ((trial("broken", numpy="1.25.0"),), True, "unproven", "companion-untried", Level.NOTE),
        ((trial("broken"),), False, None, None, None),
    ],
)
def test_a_file_with_all_its_packages_is_as_good_as_its_weakest_companion(
    trials: tuple[Tried, ...],
    complete: bool,
    status: str | None,
    code: str | None,
    level: Level | None,
    tmp_path: Path,
    matrix: Matrix,
) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text(
        "tensorflow==2.14.1\nkeras==2.14.0\nnumpy==1.26.4\ntensorflow-addons==0.23.0\n"
        "tensorflow-io-gcs-filesystem==0.37.1\n"
    )
    facts = replace(matrix, companions=replace(FACTS, trials=trials))
    file, target, macos = read_for_target(path, facts, python="3.11", chip="m1")
    checked = check(replace(file, complete=complete), target, facts, macos=macos)
    alone = replace(file, pins=file.pins[:3], complete=complete)
    of_the_pair = check(alone, target, facts, macos=macos).status
    assert checked.status == (status or of_the_pair)
    found = [one for one in checked.findings if one.code.startswith("companion-")]
    assert [(one.code, one.level) for one in found] == ([(code, level)] if code else [])
    assert all(one.line == 4 for one in found)
