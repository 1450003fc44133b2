"""The rooms whose tests are tried: their modules, and the tests that are to notice a change."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "resolver" / "tfmac_lock"


@dataclass(frozen=True, slots=True)
class Room:
    """Modules, and the tests that are to notice a change in them."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


ROOMS = {
    "verdict": Room(
        ("matrix/verdict.py", "matrix/companions.py", "matrix/reasons.py"),
        tuple(f"matrix/test_{one}.py" for one in ("verdict", "companions", "reasons", "macs")),
    ),
    "ranking": Room(("matrix/ranking.py",), ("matrix/test_ranking.py",)),
    "solver": Room(
        ("resolve/provider.py", "resolve/view.py", "resolve/candidates.py", "resolve/versions.py"),
        tuple(f"resolve/test_{one}.py" for one in ("provider", "solve", "agree_with_uv")),
    ),
    "loading": Room(
        ("matrix/load_check.py", "macho/imports.py", "macho/exports.py"),
        ("matrix/test_load_check.py", "macho"),
    ),
    "hashes": Room(
        ("pypi/links.py", "pypi/rangefile.py"),
        ("pypi/test_links.py", "pypi/test_rangefile.py", "pypi/test_client.py"),
    ),
    "writers": Room(
        ("lock/write.py", "lock/verify.py", "lock/formats/*.py"),
        ("lock/test_verify.py", "lock/test_write.py", "lock/formats"),
    ),
    "check": Room(
        ("check/pair_checks.py", "check/package_checks.py", "check/pins.py", "check/formats/*.py"),
        ("check/test_formats.py", "check/test_poetry_toml.py", "check/test_judge.py"),
    ),
}
