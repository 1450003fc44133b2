"""The stored facts against what is known from elsewhere: no wheel and no network are needed."""

from __future__ import annotations

import json
import os
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from tfmac_lock.curate.pair_rows import pair_rows
from tfmac_lock.matrix.binaries import PluginBinary, load_folder

if TYPE_CHECKING:
    from tfmac_lock.matrix.pair_row import PairRow

ROOT = Path(__file__).parents[2]
FACTS = ROOT / "matrix" / "binaries"
SHARED = Path(os.environ.get("TFMAC_LOCK_SHARED", ROOT.parent / "shared")) / "facts"

shared = pytest.mark.shared


@cache
def rows() -> tuple[PairRow, ...]:
    return tuple(pair_rows(FACTS))


def row(tensorflow: str, metal: str, arch: str = "arm64", package: str | None = None) -> PairRow:
    found = [
        one
        for one in rows()
        if (one.tensorflow, one.metal, one.arch) == (tensorflow, metal, arch)
        and one.package == (package or one.package)
        and one.payload is not None
    ]
    assert found, f"{tensorflow} + {metal} on {arch} is not recorded"
    return found[0]


# -- what was found by hand


def test_2_18_0_lacks_exactly_the_old_log_message_for_1_1_0() -> None:
    found = row("2.18.0", "1.1.0")

    assert found.loads is False
    assert found.missing_symbols == ("__ZN3tsl8internal10LogMessageC1EPKcii",)
    assert found.missing_libraries == ()


def test_2_10_0_lacks_the_renamed_log_messages_for_0_7_0() -> None:
    found = row("2.10.0", "0.7.0")

    assert found.loads is False
    assert "__ZN3tsl8internal10LogMessage16VmoduleActivatedEPKci" in found.missing_symbols


@pytest.mark.parametrize(
    ("tensorflow", "metal"),
    [("2.19.1", "1.2.0"), ("2.9.0", "0.5.0"), ("2.11.0", "0.7.0"), ("2.9.0", "0.6.0")],
)
def test_pairs_that_load(tensorflow: str, metal: str) -> None:
    assert row(tensorflow, metal).loads is True


@pytest.mark.parametrize("tensorflow", ["2.20.0", "2.21.0", "2.22.0rc0"])
@pytest.mark.parametrize("metal", ["0.8.0", "1.0.0", "1.0.1", "1.1.0", "1.2.0"])
def test_from_2_20_on_the_library_is_not_found(tensorflow: str, metal: str) -> None:
    found = row(tensorflow, metal)

    assert found.missing_libraries == ("@rpath/_pywrap_tensorflow_internal.so",)
    assert found.dyld_message is not None
    assert "Library not loaded: @rpath/_pywrap_tensorflow_internal.so" in found.dyld_message


@pytest.mark.parametrize("tensorflow", ["2.20.0", "2.21.0", "2.22.0rc0"])
def test_from_2_20_on_no_plugin_loads(tensorflow: str) -> None:
    assert {one.loads for one in rows() if one.tensorflow == tensorflow} == {False}


def test_the_stub_that_requires_itself_loads_nothing() -> None:
    found = [one for one in rows() if (one.package, one.tensorflow) == STUB]

    assert len(found) == 16
    assert {(one.loads, one.payload) for one in found} == {(False, None)}


STUB = ("tensorflow-macos", "2.15.1")


def test_up_to_2_17_the_binaries_run_on_numpy_1_alone_and_from_2_18_on_both() -> None:
    for release in load_folder(FACTS):
        if isinstance(release, PluginBinary) or not release.payload:
            continue
        old = Version(release.version) < Version("2.18.0")
        assert release.numpy_generation == ("1" if old else "1+2"), release


def test_no_pair_is_left_open() -> None:
    assert [one for one in rows() if one.loads is None] == []


def test_every_release_is_there() -> None:
    plugins = {b.version for b in load_folder(FACTS) if isinstance(b, PluginBinary)}
    assert len(plugins) == 16

    recorded = {(r.package, r.arch, r.version) for r in load_folder(FACTS)}
    for minor in range(5, 22):
        for arch in ("arm64", "x86_64"):
            if arch == "x86_64" and minor > 16:
                continue
            assert [
                version
                for _, where, version in recorded
                if where == arch and version.startswith(f"2.{minor}.")
            ], (minor, arch)


def test_every_wheel_for_the_mac_of_a_recorded_release_was_read() -> None:
    read = {(file.filename, file.sha256) for binary in load_folder(FACTS) for file in binary.files}
    for path in sorted(FACTS.glob("*/*.toml")):
        release = tomllib.loads(
            (ROOT / "matrix" / "releases" / path.parent.name / path.name).read_text("utf-8")
        )
        wheels = {
            (wheel["filename"], wheel["sha256"])
            for wheel in release["wheels"]
            if "-macosx_" in wheel["filename"]
        }
        assert wheels, path
        assert wheels <= read, path
    assert len(read) == 356


def test_the_pythons_of_a_release_agree() -> None:
    binaries = [(b.package, b.version, b.arch) for b in load_folder(FACTS)]

    assert len(binaries) == len(set(binaries))


# -- the public reports

VENDOR_IS_WRONG = {
    "apple-table-tf214to218": (
        (
            "the vendor's row 2.14 to 2.18 + 1.1.0 holds up to 2.17: 2.18 lacks the LogMessage "
            "constructor that 1.1.0 binds to, as a report says and the table's next row implies"
        ),
        {"2.18.0", "2.18.1"},
    ),
    "apple-table-tf218-fix": (
        (
            "the vendor's row 2.18+ + 1.2.0 was written before 2.20, whose library has another "
            "install name; every report on 2.20 and 2.21 says that it does not load"
        ),
        {"2.20.0", "2.21.0"},
    ),
}
"""Reports that the binaries contradict: why, and for which releases."""

OTHER_FAULTS = {"numpy-abi", "metal-registered-twice", "no-matching-distribution"}
"""Symptoms of a failing import that come from elsewhere than from loading the plugin."""


def reports() -> list[dict[str, Any]]:
    path = SHARED / "reports.json"
    if not path.exists():
        return []
    found = json.loads(path.read_text(encoding="utf-8"))
    return [one for one in found if one.get("tf_version") and one.get("metal_version")]


def releases_of(text: str) -> list[str]:
    """The final releases that a report's version covers ("2.18", "2.14-2.18", "<2.20")."""
    final = sorted({one.tensorflow for one in rows()}, key=Version)
    final = [version for version in final if not Version(version).is_prerelease]
    if match := re.fullmatch(r"([\d.]+)-([\d.]+)", text):
        specifier = SpecifierSet(f">={match[1]},<={match[2]}.99")
    elif text.endswith("+"):
        specifier = SpecifierSet(f">={text[:-1]}")
    elif text[0] in "<>":
        # A bare upper bound says nothing of how far down it holds: the newest is meant.
        specifier = SpecifierSet(text)
        if ">" not in text:
            return list(specifier.filter(final))[-1:]
    elif text.endswith(".x") or text.count(".") == 1:
        specifier = SpecifierSet(f"=={text.removesuffix('.x')}.*")
    else:
        specifier = SpecifierSet(f"=={text}")
    return list(specifier.filter(final))


def says_that_it_loads(report: dict[str, Any]) -> bool | None:
    """What a report claims about loading; None where it claims nothing."""
    if report["kind"] == "works" or report.get("stage") in ("train", "result"):
        return True
    if report.get("stage") == "install":
        return None
    return report.get("symptom") in OTHER_FAULTS


@shared
@pytest.mark.skipif(not reports(), reason="the shared reports are not beside the checkout")
@pytest.mark.parametrize("report", reports(), ids=lambda report: report["id"])
def test_the_binaries_agree_with_the_reports(report: dict[str, Any]) -> None:
    claim = says_that_it_loads(report)
    metal = re.sub(r">=([\d.]+),<.*", r"\1", report["metal_version"])
    package = None if report["arch"] == "arm64" else report["tf_package"]
    disagree = set()
    for version in releases_of(report["tf_version"]):
        recorded = [
            one
            for one in rows()
            if (one.tensorflow, one.metal, one.arch) == (version, metal, report["arch"])
            and one.payload is not None
            and one.package == (package or one.package)
        ]
        # x86_64 has no plugin newer than 1.0.0, and a candidate's release need not be recorded.
        disagree |= {one.tensorflow for one in recorded if claim not in (None, one.loads)}
    expected = VENDOR_IS_WRONG.get(report["id"], ("", set()))[1]
    assert disagree == expected


@shared
@pytest.mark.skipif(not reports(), reason="the shared reports are not beside the checkout")
def test_most_reports_make_a_claim_that_is_checked() -> None:
    checked = [r for r in reports() if says_that_it_loads(r) is not None]

    assert len(checked) >= 115
    assert sum(says_that_it_loads(r) is False for r in checked) >= 9


# -- the floors that were measured independently


@shared
@pytest.mark.skipif(
    not (SHARED / "macos_floor.json").exists(),
    reason="the shared floors are not beside the checkout",
)
def test_tags_and_load_commands_agree_with_the_measured_floors() -> None:
    plugins = {(b.version, b.arch): b for b in load_folder(FACTS) if isinstance(b, PluginBinary)}
    floors = json.loads((SHARED / "macos_floor.json").read_text(encoding="utf-8"))
    for floor in floors:
        plugin = plugins[floor["version"], floor["arch"]]
        assert plugin.macos_tag == floor["wheel_tag_macos"], floor["version"]
        pythons = {
            file.python: file for file in plugin.files if file.python in floor["pythons_checked"]
        }
        assert set(pythons) == set(floor["pythons_checked"])
        inside = {tag for file in pythons.values() for tag in file.inner_tags}
        assert inside == set(floor["inner_wheel_tag_platform"]), floor["version"]
        assert plugin.minos == floor["minos"], floor["version"]
