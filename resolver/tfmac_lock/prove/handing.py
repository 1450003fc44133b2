"""Handing in what a Mac reported: the document, its packed form, and the address of the form.

Everything here runs on the Mac that reports, with the standard library alone.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from packaging.version import Version

from .. import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .locked import LockedSet

KIND = "tfmac-lock-submission"

MARK = "tfmac-lock-report-1:"
"""Begins a document that is packed into letters and digits, for the address of a form."""

LONGEST_ADDRESS = 7500
"""Characters that every browser and GitHub take in an address."""

FORM = "mac-report.yml"
"""The issue form that takes a packed report."""

Locks = Callable[[str, str], Sequence["LockedSet"]]
"""The published locks for a Python series and an architecture."""

HOLDS = (
    "chip, number of cores, macOS release, version of Python",
    "names and versions of the packages in this environment, all of them the lock's",
    "for each stage: passed or not, seconds, figures, and the error where there was one",
    "when it began and ended, and digests of the program and of TensorFlow's installed files",
)
HOLDS_NOT = "no user name, folder, name or serial number of the Mac, no address, no other packages"


def document_of(reports: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What is handed in: the reports of one Mac and one environment."""
    return {"schema_version": 1, "kind": KIND, "tool": __version__, "reports": list(reports)}


def text_of(document: Mapping[str, Any]) -> str:
    """The same document always has the same text."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def id_of(document: Mapping[str, Any]) -> str:
    """The document's name: its digest in short."""
    return hashlib.sha256(text_of(document).encode()).hexdigest()[:16]


def packed(document: Mapping[str, Any]) -> str:
    """The document in letters and digits, short enough for most addresses."""
    content = zlib.compress(text_of(document).encode(), 9)
    return MARK + base64.urlsafe_b64encode(content).decode()


def form_address(repository: str, document: Mapping[str, Any], title: str) -> str | None:
    """The address of the issue form with the report in it; None where it gets too long."""
    fields = {"template": FORM, "title": title, "report": packed(document)}
    address = f"{repository.rstrip('/')}/issues/new?{urlencode(fields)}"
    return address if len(address) <= LONGEST_ADDRESS else None


def lock_of(
    packages: Mapping[str, str], python: str, machine: str, locks: Locks
) -> tuple[LockedSet | None, str]:
    """The published lock whose packages these are; else None and what is nearest to it.

    A lock without the plugin has the packages of one with it but for the plugin: of several the
    one with the most is meant.
    """
    series = ".".join(python.split(".")[:2])
    arch = "arm64" if machine == "arm64" else "x86_64"
    nearest = (10**6, f"none is published for Python {series} on {arch}")
    for lock in sorted(locks(series, arch), key=lambda lock: -len(lock.pins)):
        wrong = [
            f"{name} {packages.get(name, 'missing')} is not {version}"
            for name, version in lock.pins.items()
            if not same_version(packages.get(name), version)
        ]
        if not wrong:
            return lock, ""
        nearest = min(nearest, (len(wrong), f"nearest is {lock.id}, but {'; '.join(wrong[:3])}"))
    return None, nearest[1][:500]


def same_version(has: str | None, version: str) -> bool:
    """Whether the two versions are one, whatever way they are written."""
    try:
        return has is not None and Version(has) == Version(version)
    except ValueError:
        return has == version


def shown(document: Mapping[str, Any]) -> str:
    """The reports as a person reads them: the Mac, the versions, and each stage on each device."""
    reports = document["reports"]
    first = reports[0]
    host, packages = first["host"], first["packages"]
    named = ("tensorflow", "tensorflow-macos", "tensorflow-metal", "numpy")
    versions = ", ".join(f"{name} {packages[name]}" for name in named if name in packages)
    lines = [
        f"{host['chip']}, {host['cores']} cores, macOS {host['release']}, Python {first['python']}",
        versions,
        "",
        f"{'stage':<12}" + "".join(f"{report['device']:>20}" for report in reports),
    ]
    for rows in zip(*(report["stages"] for report in reports), strict=False):
        cells = (f"{row['status']} {row['seconds']:.1f} s" for row in rows)
        lines.append(f"{rows[0]['name']:<12}" + "".join(f"{cell:>20}" for cell in cells))
    wrong = [
        f"{report['device']}, {row['name']}: {row['error']}"
        for report in reports
        for row in report["stages"]
        if row["status"] in ("failed", "died")
    ]
    return "\n".join([*lines, *(["", *wrong] if wrong else [])]) + "\n"
