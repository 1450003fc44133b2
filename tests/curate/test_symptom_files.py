"""The curators' files: whole, proved, and up to date in the package."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.symptoms import SYMPTOMS
from tfmac_lock.curate import symptom_files
from tfmac_lock.errors import DataError
from tfmac_lock.explain import symptoms, text
from tfmac_lock.matrix import loading

if TYPE_CHECKING:
    from pathlib import Path

DESIGNED = {
    "plugin-symbol-missing",
    "plugin-library-missing",
    "plugin-macos-too-old",
    "plugin-crash",
    "optimizer-platform-id",
    "illegal-instruction",
    "no-matching-distribution",
    "unsupported-wheel",
    "h5py-build",
    "grpcio-build",
    "numpy-abi",
    "numpy-removed-alias",
    "numpy-c-extensions",
    "mpsgraph-selector",
    "command-buffer-error",
    "tensorflow-deps-not-found",
    "tensorflow-deps-unsatisfiable",
    "protobuf-descriptors",
    "protobuf-size-check",
    "mutex-deadlock",
    "metal-registered-twice",
    "gpu-not-listed",
    "cannot-assign-device",
    "training-diverges",
    "relu-wrong",
    "gcs-filesystem-missing",
    "pkg-resources-missing",
    "mlcompute-removed",
    "empty-stub",
    "numa-warning",
    "certificate-verify",
}


def test_every_symptom_that_was_promised_is_there() -> None:
    assert not DESIGNED - set(symptom_files.read(SYMPTOMS))


@pytest.mark.slow
def test_every_example_is_recognised_first_and_no_near_miss_is() -> None:
    assert symptom_files.lint_examples(SYMPTOMS) == []


def test_the_package_carries_what_the_files_say() -> None:
    shipped = json.loads((loading.COMPILED / "symptoms.json").read_text("utf-8"))
    assert shipped == symptom_files.compile_symptoms(SYMPTOMS)


def test_every_defect_and_report_of_the_matrix_names_a_known_symptom() -> None:
    known = set(symptom_files.read(SYMPTOMS))
    assert {d.symptom for d in loading.matrix().defects if d.symptom} <= known


FIND_IN_JAVASCRIPT = """
const [patterns, texts] = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const found = patterns.map((pattern) => {
  const regex = new RegExp(pattern, 'iu');
  return texts.map((text) => { const m = regex.exec(text); return m ? m[0] : null; });
});
console.log(JSON.stringify(found));
"""


@pytest.mark.slow
def test_javascript_takes_every_pattern_and_finds_the_same() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    texts = [text.clean(example.text.encode()) for example in _examples()]
    written, regexes = _regexes()
    done = subprocess.run(
        [node, "-e", FIND_IN_JAVASCRIPT],
        input=json.dumps([written, texts]),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    for regex, row in zip(regexes, json.loads(done.stdout), strict=True):
        here = [_first(regex, one) for one in texts]
        assert row == here, regex.pattern


@pytest.mark.slow
def test_over_folded_text_a_pattern_finds_what_it_finds_in_any_case() -> None:
    texts = [text.clean(example.text.encode()) for example in _examples()]
    texts += [one.upper() for one in texts] + ["\u0130\u017f\u212a \ud800 " + one for one in texts]
    for written, regex in zip(*_regexes(), strict=True):
        as_written = re.compile(written, re.IGNORECASE | re.ASCII)
        for one in texts:
            match = as_written.search(one)
            assert _first(regex, one) == (match[0] if match else None), written


def _first(regex: re.Pattern[str], one: str) -> str | None:
    match = regex.search(text.folded(one))
    return one[match.start() : match.end()] if match else None


def _regexes() -> tuple[list[str], list[re.Pattern[str]]]:
    """All regular expressions of the symptoms, as they are written and as they run."""
    document = symptom_files.compile_symptoms(SYMPTOMS)
    known = symptoms.load(document)
    written = [
        part[form]
        for symptom in document["symptoms"]
        for pattern in symptom["patterns"]
        for part in (pattern, *pattern["needs"], *symptom["unless"])
        for form in ("regex", "loose")
    ]
    run = [
        regex
        for symptom in known
        for pattern in symptom.patterns
        for part in (pattern.text, *pattern.needs, *symptom.unless)
        for regex in (part.regex, part.loose)
    ]
    return written, run


def _examples() -> list[symptom_files.Example]:
    files = symptom_files.read(SYMPTOMS).values()
    return [example for entry in files for example in entry.examples]


GOOD = """
id = "thing-broke"
title = "The thing broke"
stage = "import"
cause = "Because."
[[patterns]]
regex = 'thing broke'
[[examples]]
text = "the thing broke"
source = "made up"
[[near_misses]]
text = "all is well"
why = "nothing broke"
[[cures]]
text = "Mend it."
[[sources]]
url = "https://example.org/"
says = "so"
"""


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("id = ", "id = = ", "thing-broke.toml"),
        ('"thing-broke"', '"another"', "id"),
        ("'thing broke'", "'.{1,3}thing broke'", "begin"),
        ("'thing broke'", "'thing b.{0,900}c.{0,900}d'", "steps"),
        ("'thing broke'", "'thin'", "literal"),
        ("'thing broke'", "'thing broke++'", "JavaScript"),
        ('"Mend it."', '"Mend it."\nwhen = { tensorflow = "two" }', "specifier"),
        ('"Mend it."', '"Mend it."\nwhen = { weather = "fine" }', "unknown fact"),
        ('stage = "import"', 'stage = "import"\nleads_to = ["nobody"]', "leads_to"),
        ('stage = "import"', 'stage = "import"\nlooks_up = ["stars"]', "looks_up"),
        ("[[near_misses]]", "[[near_misses_]]", "near_misses"),
    ],
)
def test_a_fault_in_a_file_is_told_with_its_place(
    tmp_path: Path, old: str, new: str, fault: str
) -> None:
    (tmp_path / "thing-broke.toml").write_text(GOOD.replace(old, new, 1))
    with pytest.raises(DataError, match=fault):
        symptom_files.compile_symptoms(tmp_path)


def test_an_example_that_is_not_recognised_is_told(tmp_path: Path) -> None:
    (tmp_path / "thing-broke.toml").write_text(GOOD.replace("the thing broke", "the thing bent"))
    assert symptom_files.lint_examples(tmp_path) == [
        "thing-broke.toml: example 'the thing bent' is taken for []"
    ]
