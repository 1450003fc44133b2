"""Where the curators' symptoms and the tests' logs lie."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
SYMPTOMS = ROOT / "matrix" / "symptoms"
LOGS = ROOT / "tests" / "explain" / "logs"
