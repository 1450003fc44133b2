"""From matrix/ to the compiled matrix: vendor table, reports and proofs become evidence.

What it makes is a pure function of the folder: the same files give the same bytes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from ..matrix import compiled, platforms
from ..matrix.facts import METAL

if TYPE_CHECKING:
    from .folder import MatrixFolder
    from .models import ReportEntry

FIRST_SHARED_RELEASE = Version("2.13")
"""Below it the vendor's table speaks of tensorflow-macos alone; from it on, of `tensorflow`."""


def compile_platforms(folder: MatrixFolder) -> dict[str, Any]:
    """The content of platforms.json; a chip's variants become chips of their own."""
    chips = [
        {
            "id": f"{chip.id}-{variant}" if variant else chip.id,
            "name": f"{chip.name} {variant.title()}" if variant else chip.name,
            "arch": chip.arch.value,
            "first_macos": chip.first_macos,
            "last_macos": chip.last_macos,
            "gpu": chip.gpu,
        }
        for chip in folder.platforms.chips
        for variant in ("", *chip.variants)
    ]
    return {
        "schema_version": platforms.SCHEMA_VERSION,
        "macos": [
            {"major": row.major, "name": row.name, "darwin": row.darwin}
            for row in folder.platforms.macos
        ],
        "chips": chips,
        "pythons": [
            {"series": row.series, "micro": {"arm64": row.arm64, "x86_64": row.x86_64}}
            for row in folder.platforms.pythons
        ],
    }


def compile_matrix(
    folder: MatrixFolder,
    pair_loads: list[dict[str, Any]],
    binaries: list[dict[str, Any]],
) -> dict[str, Any]:
    """The content of matrix.json; pair loads and binary facts are read elsewhere."""
    requires: list[tuple[str, ...]] = []
    where: dict[tuple[str, ...], int] = {}

    def index_of(texts: tuple[str, ...]) -> int:
        if texts not in where:
            where[texts] = len(requires)
            requires.append(texts)
        return where[texts]

    releases = [
        {
            "package": release.package,
            "version": release.version,
            "wheels": [
                [
                    wheel.filename,
                    wheel.url,
                    wheel.sha256,
                    wheel.size,
                    wheel.uploaded.isoformat() if wheel.uploaded else None,
                    wheel.payload,
                    release.metadata[wheel.metadata].requires_python,
                    index_of(release.metadata[wheel.metadata].requires),
                ]
                for wheel in release.wheels
            ],
        }
        for _, release in sorted(
            folder.releases, key=lambda item: (item[1].package, Version(item[1].version))
        )
    ]
    return {
        "schema_version": compiled.SCHEMA_VERSION,
        "as_of": max(release.read for _, release in folder.releases).isoformat(),
        "requires": requires,
        "releases": releases,
        "bounds": [
            *_numpy_bounds(binaries),
            *(
                {
                    "id": bound.id,
                    "package": bound.package,
                    "specifier": bound.specifier,
                    "tensorflow": bound.tensorflow,
                    "python": bound.python,
                    "severity": bound.severity,
                    "reason": bound.reason,
                    "source": bound.source,
                }
                for bound in folder.bounds.bounds
            ),
        ],
        "evidence": [*_vendor(folder), *_reports(folder), *_proofs(folder)],
        "defects": [
            {
                "id": defect.id,
                "title": defect.title,
                "tensorflow": defect.tensorflow,
                "metal": defect.metal,
                "arch": defect.arch.value if defect.arch else None,
                "python": defect.python,
                "text": defect.text,
                "way_out": defect.way_out,
                "symptom": defect.symptom,
                "with_packages": defect.with_packages,
                "sources": defect.sources,
                "switches": [switch.model_dump() for switch in defect.switches],
            }
            for defect in folder.defects.defects
        ],
        "floors": [
            {
                "package": folder.floors.package,
                "version": floor.version,
                "arch": floor.arch.value,
                "python": floor.python,
                "load": floor.load,
                "run": floor.run,
                "text": floor.run_evidence,
                "source": folder.floors.source,
            }
            for floor in folder.floors.floors
        ],
        "pair_loads": pair_loads,
        "binaries": binaries,
        "packages": [
            {
                "name": row.name,
                "versions": row.versions,
                "kind": row.kind,
                "title": row.title,
                "text": row.text,
                "instead": row.instead,
                "sources": row.sources,
            }
            for row in folder.packages.packages
        ],
        "waivers": [
            {
                "id": waiver.id,
                "package": waiver.package,
                "stated": waiver.stated,
                "specifier": waiver.specifier,
                "by": waiver.by,
                "tensorflow": waiver.tensorflow,
                "arch": waiver.arch.value if waiver.arch else None,
                "reason": waiver.reason,
                "source": waiver.source,
            }
            for waiver in folder.waivers.waivers
        ],
        "lineage": _lineage(folder),
        "kernels": _kernels(folder),
    }


def _numpy_bounds(binaries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The bound that follows from a TensorFlow's binaries: compiled before numpy 2, none of it."""
    first: dict[str, str] = {}
    for row in binaries:
        if row["package"] != METAL and row["numpy_generation"] == "1":
            first.setdefault(row["version"], row["source"])
    return [
        {
            "id": f"numpy-generation-{version}",
            "package": "numpy",
            "specifier": "<2",
            "tensorflow": f"=={version}",
            "python": "",
            "severity": "broken",
            "reason": f"the binaries of TensorFlow {version} were compiled before numpy 2 and look "
            "for numpy.core._multiarray_umath, which they cannot use there",
            "source": source,
        }
        for version, source in sorted(first.items(), key=lambda item: Version(item[0]))
    ]


def _lineage(folder: MatrixFolder) -> dict[str, Any]:
    lineage = folder.lineage
    return {
        "package": lineage.package,
        "channel": lineage.channel,
        "subdir": lineage.subdir,
        "text": lineage.text,
        "instead": lineage.instead,
        "faults": [fault.model_dump(mode="json") for fault in lineage.faults],
        "releases": [release.model_dump(mode="json") for release in lineage.releases],
    }


def _kernels(folder: MatrixFolder) -> list[dict[str, Any]]:
    return [
        {
            "package": file.package,
            "version": file.version,
            **entry.model_dump(mode="json"),
        }
        for _, file in sorted(folder.kernels, key=lambda item: Version(item[1].version))
        for entry in file.plugins
    ]


def _row(**fields: Any) -> dict[str, Any]:
    return {
        "package": None,
        "metal": None,
        "arch": None,
        "python": None,
        "date": None,
        "pins": [],
        "results": False,
        **fields,
    }


def _vendor(folder: MatrixFolder) -> list[dict[str, Any]]:
    vendor = folder.vendor
    rows = []
    for pair in vendor.pairs:
        note = f" ({pair.note})" if pair.note else ""
        older = not any(
            Version(release.version) >= FIRST_SHARED_RELEASE
            and SpecifierSet(pair.tensorflow).contains(release.version)
            for _, release in folder.releases
        )
        rows.append(
            _row(
                grade="vendor",
                outcome="works",
                package="tensorflow-macos" if older else None,
                tensorflow=pair.tensorflow,
                metal=pair.metal,
                text=f"the vendor's table lists TensorFlow {pair.tensorflow.replace('==', '')} "
                f"with {pair.metal}{note}",
                source=vendor.source,
                date=vendor.read.isoformat(),
            )
        )
    return rows


def _reports(folder: MatrixFolder) -> list[dict[str, Any]]:
    return [
        _row(
            grade="reported",
            outcome=report.outcome,
            # On arm64 both packages bring the same binaries, so the name says nothing there.
            package=report.package if report.arch == "x86_64" else None,
            tensorflow=report.tensorflow,
            metal=report.metal,
            arch=report.arch.value if report.arch else None,
            text=f"{report.outcome}: {_told(report)}",
            source=report.source,
            date=report.date,
            results=report.stage == "result",
        )
        for report in folder.reports.reports
        if report.about == "pair"
    ]


def _told(report: ReportEntry) -> str:
    where = ", ".join(
        part
        for part in (
            report.chip,
            f"macOS {report.macos}" if report.macos else None,
            f"Python {report.python}" if report.python else None,
        )
        if part
    )
    return f"{report.text} ({where})" if where else report.text


def _proofs(folder: MatrixFolder) -> list[dict[str, Any]]:
    return [
        _row(
            grade=proof.grade,
            outcome=proof.outcome,
            package=proof.package,
            tensorflow=f"=={proof.tensorflow}",
            metal=proof.metal,
            arch=proof.arch.value,
            python=_series(proof.python),
            text=proof.text,
            source=path.relative_to(folder.root.parent).as_posix(),
            date=proof.date.isoformat(),
            pins=sorted(proof.pins.items()),
        )
        for path, proof in folder.proofs
    ]


def _series(python: str) -> str:
    found = re.match(r"\d+\.\d+", python)
    assert found, python
    return found[0]
