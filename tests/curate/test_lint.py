"""Every check of the matrix, with an example that it passes and one that it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import pytest

from tests.support.small_matrix import write_matrix

pytest.importorskip("pydantic", reason="facts are checked with the extra `curate`")

from tfmac_lock.curate.lint import Code, lint
from tfmac_lock.matrix import loading

if TYPE_CHECKING:
    from pathlib import Path

Changes: TypeAlias = dict[str, tuple[str, str]]
"""For each file what is replaced by what."""

TENSORFLOW = "releases/tensorflow/2.18.1.toml"
TWIN = "proofs/twin/2.18.1-py3.11-00000000.toml"
SYMPTOM = "symptoms/thing-broke.toml"
RECIPE = "recipes/finder.toml"
RECIPE_RUN = "proofs/recipes/finder/tensorflow-2.18.1-py3.11-arm64.toml"
REPORT = "reports/wrong-numbers.toml"
COMPANION = "companions/tensorflow-text.toml"
TRIAL = "proofs/companions/tensorflow-text/2.18.1-tensorflow-2.18.1-py3.11-f67e112f.toml"
SECOND_NEED = """[[needs]]
id = "{}"
requires = "keras <3"
reason = "it is written for Keras 2"
source = "twin: it fails at import"
[[needs]]
"""
TWO_DEFECTS = """[[defects]]
id = "save"
text = "Saving fails, and loading works."
source = "twin: it fails"
[[defects]]
id = "{}"
text = "Plotting fails, and the rest works."
source = "twin: it fails"
[[needs]]
"""
SECOND_BOUND = """[[bounds]]
id = "{}"
package = "h5py"
specifier = "<4"
tensorflow = ">=2.18"
reason = "compiled against h5py 3"
source = "twin: it fails at import"
[[bounds]]
"""

RUN_ON_A_MAC = """grade = "trained-cpu"
lock = "a-lock"
arch = "arm64"
pins = { tensorflow = "2.18.1" }"""

EXAMPLES: dict[Code, list[tuple[Changes, Changes]]] = {
    Code.M001: [
        (
            {"bounds.toml": ('specifier = "<2"', 'specifier = "<2"\nseverity = "caution"')},
            {"bounds.toml": ('specifier = "<2"', 'specifier = "<2"\nsverity = "caution"')},
        ),
        (
            {REPORT: ('tensorflow = "==2.18.1"', 'tensorflow = "==2.18.*"')},
            {REPORT: ('id = "wrong-numbers"', 'id = "other-numbers"')},
        ),
        (
            {"binaries/tensorflow/2.18.1.toml": ('"12.0"', '"12.0"\nminos = "12.0"')},
            {"binaries/tensorflow/2.18.1.toml": ('"12.0"', '"12.0"\nmnios = "12.0"')},
        ),
        (
            {"natives.toml": ("names = []", 'names = ["tensorflow-io"]')},
            {"natives.toml": ("names = []", "nmaes = []")},
        ),
    ],
    Code.M002: [
        (
            {"bounds.toml": ("[[bounds]]\n", SECOND_BOUND.format("h5py-4"))},
            {"bounds.toml": ("[[bounds]]\n", SECOND_BOUND.format("numpy-2"))},
        )
    ],
    Code.M003: [
        (
            {"bounds.toml": ("twin: it fails", "binary: it fails")},
            {"bounds.toml": ("twin: it fails", "somebody says: it fails")},
        ),
        (
            {"packages.toml": ("https://example.org/tensorflow", "https://example.org/tf")},
            {"packages.toml": ("https://example.org/tensorflow", "a page about it")},
        ),
    ],
    Code.M004: [
        (
            {REPORT: ('about = "defect"', 'about = "defect"\nstage = "result"')},
            {REPORT: ('about = "defect"', 'about = "environment"')},
        ),
        ({}, {"defects.toml": ('reports = ["wrong-numbers"]', "reports = []")}),
        ({}, {"defects.toml": ('["wrong-numbers"]', '["wrong-numbers", "unheard-of"]')}),
    ],
    Code.M005: [
        (
            {"vendor.toml": (">=2.18", ">=2.18,<2.19")},
            {"vendor.toml": (">=2.18", ">=2.19")},
        ),
        ({}, {"defects.toml": ("==1.2.0", "==1.3.0")}),
    ],
    Code.M006: [
        (
            {"floors.toml": ('["1.2.0"]', '["1.2.0"]\narch = "arm64"')},
            {"floors.toml": ('["1.2.0"]', '["1.2.0"]\narch = "x86_64"')},
        ),
        ({}, {"floors.toml": ('["1.2.0"]', '["1.2.0"]\npython = "<3.11"')}),
    ],
    Code.M007: [
        (
            {"bounds.toml": ("1.26.4", "1.26.0")},
            {"bounds.toml": ("1.26.4", "2.0.1")},
        ),
        ({}, {"bounds.toml": ('"2.0.0", works = false', '"1.26.0", works = false')}),
    ],
    Code.M008: [
        (
            {TENSORFLOW: ("-cp311-cp311-", "-cp312-cp312-")},
            {TENSORFLOW: ("tensorflow-2.18.1-cp311", "tensorflow-2.18.0-cp311")},
        ),
    ],
    Code.M009: [
        (
            {
                TENSORFLOW: ("payload = true", "payload = false"),
                "packages.toml": ('kind = "offered"', 'kind = "gone"\nversions = "==2.18.1"'),
            },
            {TENSORFLOW: ("payload = true", "payload = false")},
        ),
    ],
    Code.M010: [
        (
            {REPORT: ('about = "defect"', 'about = "defect"\nsymptom = "thing-broke"')},
            {REPORT: ('about = "defect"', 'about = "defect"\nsymptom = "thing-bent"')},
        )
    ],
    Code.M011: [
        (
            {TWIN: ('numpy = "1.26.4"', 'numpy = "1.26.0"')},
            {TWIN: ('numpy = "1.26.4"', 'tensorflow = "2.18.1"')},
        ),
        ({}, {TWIN: ('tensorflow = "2.18.1"', 'tensorflow = "2.18.2"')}),
        (
            {TWIN: ('grade = "twin"\npins = { numpy = "1.26.4" }', RUN_ON_A_MAC)},
            {TWIN: ('grade = "twin"', 'grade = "trained-cpu"')},
        ),
    ],
    Code.M012: [
        (
            {SYMPTOM: ("'thing broke'", r"'thing broke(?:, \d+)?'")},
            {SYMPTOM: ("'thing broke'", r"'thing broke(?:\w+)+:'")},
        ),
        ({}, {SYMPTOM: ('text = "the thing broke"', 'text = "the thing bent"')}),
        ({}, {SYMPTOM: ('text = "all is well"', 'text = "again the thing broke"')}),
    ],
    Code.M013: [
        (
            {"bounds.toml": (".json\n", ".json\n# Limits.\n")},
            {"bounds.toml": ("#:schema schemas/bounds.schema.json\n", "# Limits.\n")},
        ),
        ({}, {REPORT: ("../schemas", "schemas")}),
        ({}, {SYMPTOM: ("#:schema ../schemas/symptom.schema.json\n", "")}),
        ({}, {RECIPE: ("#:schema ../schemas/recipe.schema.json\n", "")}),
    ],
    Code.M014: [
        (
            {RECIPE: ('"finder>=1"', '"finder[tf]>=1"')},
            {RECIPE: ('"finder>=1"', '"finder>=1", "six"')},
        ),
        ({RECIPE: ("things in", "all in")}, {RECIPE: ("import finder", "import finder.deeply")}),
        ({}, {RECIPE_RUN: ('recipe = "finder"', 'recipe = "looker"')}),
    ],
    Code.M015: [
        (
            {COMPANION: ('text = "Its images', 'text = "All its images')},
            {COMPANION: ('modules = ["tensorflow_text"]', 'modules = ["tensorflow_text.core"]')},
        ),
        ({}, {COMPANION: ('value = "1"', 'value = "2"')}),
        ({}, {TRIAL: ('numpy = "1.26.4"', 'numpy = "1.26.3"')}),
    ],
    Code.M016: [
        (
            {COMPANION: ("[[needs]]\n", SECOND_NEED.format("keras"))},
            {COMPANION: ("[[needs]]\n", SECOND_NEED.format("minor"))},
        ),
        ({}, {COMPANION: ('id = "minor"', 'id = "tried-2.18"')}),
        (
            {COMPANION: ("[[needs]]\n", TWO_DEFECTS.format("plot"))},
            {COMPANION: ("[[needs]]\n", TWO_DEFECTS.format("save"))},
        ),
    ],
}
"""For each code what passes and what does not."""


def found(root: Path, changes: Changes) -> list[Code]:
    return [problem.code for problem in lint(write_matrix(root, changes))]


@pytest.mark.parametrize("code", Code, ids=lambda code: code.name)
def test_every_check_passes_its_good_example_and_refuses_its_bad_one(
    tmp_path: Path, code: Code
) -> None:
    assert EXAMPLES.get(code), f"{code.name} has no examples"
    for number, (good, bad) in enumerate(EXAMPLES[code]):
        assert found(tmp_path / f"good{number}", good) == [], good
        assert set(found(tmp_path / f"bad{number}", bad)) == {code}, bad


@pytest.mark.slow
def test_the_shipped_matrix_has_no_problem() -> None:
    assert lint(loading.checkout() / "matrix") == []


def test_a_problem_is_told_with_its_code_and_the_way_to_it(tmp_path: Path) -> None:
    root = write_matrix(tmp_path, {"vendor.toml": (">=2.18", ">=3")})
    (problem,) = lint(root)
    assert str(problem) == "M005 vendor.toml: metal 1.2.0: no known release is >=3"


def test_a_misspelt_field_is_told_with_the_id_of_its_entry(tmp_path: Path) -> None:
    root = write_matrix(tmp_path, {"bounds.toml": ("works = true", "works = 7")})
    (problem,) = lint(root)
    assert "bounds.toml: bounds[numpy-2].tried[1.26.4].works" in problem.path
