"""Findings as SARIF 2.1.0, which code hosts show beside the lines.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .. import __version__
from .findings import CODES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .findings import Checked, Finding


def document(results: Sequence[Checked]) -> dict[str, Any]:
    """One run of the tool with all findings."""
    rules = sorted({found.code for checked in results for found in checked.findings})
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "tfmac-lock",
                        "version": __version__,
                        "rules": [
                            {"id": code, "shortDescription": {"text": CODES[code]}}
                            for code in rules
                        ],
                    }
                },
                "results": [
                    _result(found, rules) for checked in results for found in checked.findings
                ],
            }
        ],
    }


def _result(found: Finding, rules: list[str]) -> dict[str, Any]:
    return {
        "ruleId": found.code,
        "ruleIndex": rules.index(found.code),
        "level": found.level.value,
        "message": {"text": ". ".join(filter(None, (found.text, found.cure, found.source)))},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(PurePath(found.path).as_posix())},
                    "region": {"startLine": max(found.line, 1)},
                }
            }
        ],
    }
