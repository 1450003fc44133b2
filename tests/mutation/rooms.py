"""The rooms whose tests are tried: their modules, and the tests that are to notice a change."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "resolver" / "tfmac_lock"


@dataclass(frozen=True, slots=True)
class Room:
    """Modules, and the tests that are to notice a change in them.

    Those ``left_out`` take longer than all others together: they are of whole tools or of all
    that is published, and what they alone notice is to have a small test besides.
    """

    modules: tuple[str, ...]
    tests: tuple[str, ...]
    left_out: tuple[str, ...] = ()


ROOMS = {
    "verdict": Room(
        ("matrix/verdict.py", "matrix/companions.py", "matrix/reasons.py"),
        tuple(f"matrix/test_{one}.py" for one in ("verdict", "companions", "reasons", "macs")),
    ),
    "ranking": Room(
        ("matrix/ranking.py",),
        ("matrix/test_ranking.py",),
        ("matrix/test_ranking.py::test_every_wish_is_answered_by_fitting_pairs_or_a_reason",),
    ),
    "solver": Room(
        ("resolve/provider.py", "resolve/view.py", "resolve/candidates.py", "resolve/versions.py"),
        tuple(
            f"resolve/test_{one}.py"
            for one in ("versions", "candidates", "provider", "solve", "companions", "natives")
        ),
    ),
    "loading": Room(
        ("matrix/load_check.py", "macho/imports.py", "macho/exports.py"),
        ("matrix/test_load_check.py", "macho"),
        ("macho/test_agreement.py", "macho/test_fuzz.py"),
    ),
    "hashes": Room(
        ("pypi/links.py", "pypi/rangefile.py"),
        ("pypi/test_links.py", "pypi/test_rangefile.py", "pypi/test_client.py"),
    ),
    "writers": Room(
        ("lock/write.py", "lock/verify.py", "lock/formats/*.py"),
        ("lock/test_verify.py", "lock/test_write.py", "lock/formats"),
        (
            "lock/formats/test_tools.py",
            "lock/formats/test_installers.py",
            "lock/formats/test_conda_lock_yml.py::test_conda_lock_renders_it",
        ),
    ),
    "check": Room(
        ("check/pair_checks.py", "check/package_checks.py", "check/pins.py", "check/formats/*.py"),
        (
            "check/formats",
            *(
                f"check/test_{one}.py"
                for one in ("pins", "formats", "hostile", "pair_checks", "package_checks", "judge")
            ),
        ),
        tuple(
            f"check/test_judge.py::test_{one}"
            for one in (
                "whatever_is_pinned_is_judged",
                "every_reported_pair_is_judged_as_the_matrix_judges_it",
                "no_published_lock_has_an_error_in_any_format",
            )
        ),
    ),
}
