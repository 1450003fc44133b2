"""Judging pins, and correcting them."""

from __future__ import annotations

import json
import os
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.facts import bound
from tests.support.symptoms import LOGS
from tfmac_lock.check import sarif
from tfmac_lock.check.findings import CODES, Level
from tfmac_lock.check.fix import corrected
from tfmac_lock.check.judge import check, document
from tfmac_lock.check.pins import Pin, PinFile
from tfmac_lock.check.reading import read_for_target
from tfmac_lock.lock.formats import FORMATS
from tfmac_lock.lock.formats.conda import CONDA_FORMATS
from tfmac_lock.lock.published import Index
from tfmac_lock.matrix import loading
from tfmac_lock.matrix.facts import METAL
from tfmac_lock.matrix.reasons import Status
from tfmac_lock.matrix.verdict import Pair, judge
from tfmac_lock.target import Arch, MacOSVersion, PythonVersion, Target

if TYPE_CHECKING:
    from tfmac_lock.check.findings import Checked, Finding
    from tfmac_lock.matrix.facts import Matrix

SHARED = Path(os.environ.get("TFMAC_LOCK_SHARED", Path(__file__).parents[3] / "shared"))
PROJECTS = tomllib.loads((LOGS / "pins.toml").read_text("utf-8"))["projects"]


def a_target(matrix: Matrix, python: str = "3.11", chip: str = "m1") -> Target:
    version = PythonVersion.parse(python)
    found = matrix.platforms.chip(chip)
    return Target(
        python=matrix.platforms.python_for(version, found.arch),
        chip=found,
        macos=MacOSVersion(26 if chip.startswith("intel") else 27),
    )


def pinned(*texts: str, complete: bool = False) -> PinFile:
    """A file of pins out of ``name==version``, ``name>=…`` or ``name``."""
    found = []
    for line, text in enumerate(texts, 1):
        name, _, version = text.partition("==")
        bare = name.rstrip("<>=!~.0123456789,")
        found.append(
            Pin(
                name=bare,
                version=version,
                specifier=f"=={version}" if version else name[len(bare) :],
                path="requirements.txt",
                line=line,
            )
        )
    return PinFile(
        path="requirements.txt", format="requirements.txt", pins=tuple(found), complete=complete
    )


def codes(checked: Checked) -> set[str]:
    return {found.code for found in checked.findings}


def in_order(value: object) -> str:
    """An id that workers which run side by side agree on: sets have an order of their own."""
    return " ".join(sorted(value)) if isinstance(value, set) else str(value)


@pytest.mark.parametrize("project", PROJECTS, ids=lambda p: p["source"].split("/")[4])
def test_pins_of_public_projects_are_judged_as_their_owners_found_them(
    project: dict[str, object], matrix: Matrix, tmp_path: Path
) -> None:
    from tfmac_lock.check import formats

    path = tmp_path / "requirements.txt"
    path.write_text(str(project["pins"]))
    target = a_target(matrix, str(project["python"]))
    checked = check(formats.read(path, target), target, matrix)
    errors = [found for found in checked.findings if found.level is Level.ERROR]
    assert bool(errors) is not project["works"], errors
    wanted = project["codes"]
    assert isinstance(wanted, list)
    assert set(wanted) <= codes(checked)


@pytest.mark.shared
@pytest.mark.slow
def test_every_reported_pair_is_judged_as_the_matrix_judges_it(matrix: Matrix) -> None:
    path = SHARED / "facts" / "reports.json"
    if not path.exists():
        pytest.skip(f"{path} is missing")
    judged = 0
    for report in json.loads(path.read_text("utf-8")):
        package, tensorflow = report.get("tf_package"), report.get("tf_version")
        metal = report.get("metal_version")
        if package not in ("tensorflow", "tensorflow-macos") or not tensorflow or not metal:
            continue
        try:
            release, plugin = (
                matrix.release(package, tensorflow),
                matrix.release("tensorflow-metal", metal),
            )
        except ValueError:
            continue
        pythons = set(release.pythons(Arch.ARM64) if release else ()) & set(
            plugin.pythons(Arch.ARM64) if plugin else ()
        )
        for python in pythons:
            target = a_target(matrix, python)
            verdict = judge(
                matrix,
                Pair(
                    package=package,
                    tensorflow=tensorflow,
                    metal=metal,
                    arch=Arch.ARM64,
                    python=python,
                ),
                resolved=True,
            )
            checked = check(
                pinned(f"{package}=={tensorflow}", f"tensorflow-metal=={metal}"), target, matrix
            )
            broken = checked.status == Status.BROKEN
            assert broken is (verdict.status is Status.BROKEN), (report["id"], checked.findings)
            judged += 1
    assert judged > 50


@pytest.mark.parametrize(
    ("pins", "python", "chip", "wanted"),
    [
        (["tensorflow", "tensorflow-metal"], "3.11", "m1", {"pair-broken", "unpinned"}),
        (["tensorflow==2.18.0", "tensorflow-metal==1.1.0"], "3.11", "m1", {"pair-broken"}),
        (["tensorflow==2.21.0", "tensorflow-metal==1.2.0"], "3.11", "m1", {"pair-broken"}),
        (["tensorflow==2.15.0", "tensorflow-metal==1.1.0"], "3.12", "m1", {"no-wheel"}),
        (["tensorflow==2.17.0"], "3.12", "intel", {"no-wheel"}),
        (["tensorflow==2.99.0"], "3.12", "m1", {"unknown-release"}),
        (["tensorflow-macos==2.15.1"], "3.11", "m1", {"stub"}),
        (["tensorflow-metal==1.2.0"], "3.11", "m1", {"no-tensorflow"}),
        (["tensorflow-macos==2.9.0", "numpy==2.0.2"], "3.9", "m1", {"numpy-generation"}),
        (["tensorflow-macos==2.9.1", "protobuf==6.33.0"], "3.9", "m1", {"conflict"}),
        (["tensorflow-macos==2.8.0", "protobuf==6.33.0"], "3.9", "m1", {"bound"}),
        (["tensorflow-macos==2.8.0"], "3.9", "m1", {"missing-bound"}),
        (["tensorflow-macos==2.8.0", "numpy"], "3.9", "m1", {"missing-bound"}),
        (["tensorflow==2.17.0", "tensorflow-metal==1.2.0"], "3.11", "m1", {"defect"}),
        (["tensorflow==2.20.0", "pyarrow==21.0.0"], "3.11", "m1", {"defect"}),
        (["tensorflow==2.18.0", "tensorflow-deps==2.10.0"], "3.11", "m1", {"package-gone"}),
        (["tensorflow==2.15.0", "tensorflow-intel==2.15.0"], "3.11", "m1", {"package-gone"}),
        (
            ["tensorflow==2.21.0", "tensorflow-metal-plugin==1.0", "tensorflow-metal==1.2.0"],
            "3.11",
            "m1",
            {"plugin-twice", "sdist"},
        ),
        (["numpy==1.26.4", "numpy==2.0.0"], "3.11", "m1", {"pinned-twice"}),
    ],
    ids=in_order,
)
def test_each_fault_has_its_finding(
    pins: list[str], python: str, chip: str, wanted: set[str], matrix: Matrix
) -> None:
    checked = check(pinned(*pins), a_target(matrix, python, chip), matrix)
    assert wanted <= codes(checked)
    assert all(found.code in CODES for found in checked.findings)
    assert all(found.text and found.cure for found in checked.findings)


def only(checked: Checked, code: str) -> Finding:
    (found,) = (one for one in checked.findings if one.code == code)
    return found


@pytest.mark.parametrize(
    ("pins", "python", "code", "text", "cure", "source"),
    [
        (
            ["tensorflow", "tensorflow-metal==1.2.0"],
            "3.8",
            "no-wheel",
            "tensorflow-metal 1.2.0 has wheels for Python 3.9, 3.10, 3.11, 3.12 only on arm64 Macs",
            "tfmac-lock --python 3.8 --chip m1 --tensorflow",
            "https://pypi.org/project/tensorflow-metal/#files",
        ),
        (
            ["tensorflow>=2.99"],
            "3.11",
            "no-wheel",
            "no release of tensorflow >=2.99 has a wheel for Python 3.11 on arm64 Macs",
            "tfmac-lock --python 3.11 --chip m1 --tensorflow",
            "https://pypi.org/project/tensorflow/#files",
        ),
        (
            ["tensorflow==2.99.0"],
            "3.11",
            "unknown-release",
            "tensorflow 2.99.0 is not a release with files for Macs; the newest is 2.",
            "tfmac-lock --python 3.11 --chip m1 --tensorflow",
            "https://pypi.org/project/tensorflow/#files",
        ),
        (
            ["tensorflow-metal==1.2.0"],
            "3.11",
            "no-tensorflow",
            "tensorflow-metal is a plugin and brings no TensorFlow; nothing here pins one",
            "tfmac-lock --python 3.11 --chip m1",
            "https://pypi.org/project/tensorflow-metal/",
        ),
        (
            ["tensorflow-macos==2.15.1"],
            "3.11",
            "stub",
            "tensorflow-macos 2.15.1 brings no TensorFlow: tensorflow-macos 2.15.1 holds no ",
            "`tensorflow` 2.15.1",
            "https://pypi.org/project/tensorflow-macos/2.15.1/",
        ),
        (
            ["tensorflow==2.18.0", "tensorflow-metal==1.1.0"],
            "3.11",
            "pair-broken",
            "tensorflow 2.18.0 with tensorflow-metal 1.1.0 does not load: ",
            "tfmac-lock --python 3.11 --chip m1 --tensorflow 2.18.0 --metal 1.2.0",
            "the binaries of tensorflow 2.18.0 and tensorflow-metal 1.1.0",
        ),
        (
            ["tensorflow==2.18.0rc0", "tensorflow-metal==1.1.0"],
            "3.11",
            "pair-broken",
            "tensorflow 2.18.0rc0 with tensorflow-metal 1.1.0: ",
            "tfmac-lock --python 3.11 --chip m1 --tensorflow 2.18",
            "https://",
        ),
        (
            ["tensorflow", "numpy==1.26.4"],
            "3.11",
            "unpinned",
            "tensorflow is not a pin: an installer takes 2.",
            "tfmac-lock --python 3.11 --chip m1 --tensorflow 2.",
            "https://pypi.org/project/tensorflow/",
        ),
        (
            ["tensorflow-macos==2.9.1", "protobuf==6.33.0"],
            "3.9",
            "conflict",
            "tensorflow-macos 2.9.1 requires protobuf <3.20,>=3.9.2, and here it is 6.33.0",
            "protobuf<3.20,>=3.9.2",
            "https://pypi.org/project/tensorflow-macos/2.9.1/",
        ),
        (
            ["tensorflow-macos==2.8.0", "protobuf==6.33.0"],
            "3.9",
            "bound",
            "protobuf 6.33.0 does not work with TensorFlow 2.8.0: ",
            "protobuf<",
            "",
        ),
        (
            ["tensorflow==2.21.0", "tensorflow-metal-plugin==1.0", "tensorflow-metal==1.2.0"],
            "3.11",
            "plugin-twice",
            "tensorflow-metal and tensorflow-metal-plugin both install tensorflow-plugins/",
            "keep one of them",
            "https://pypi.org/project/tensorflow-metal-plugin/",
        ),
        (
            ["numpy==1.26.4", "numpy==2.0.0"],
            "3.11",
            "pinned-twice",
            "numpy is pinned to 1.26.4 and to 2.0.0",
            "keep one of them",
            "",
        ),
    ],
    ids=in_order,
)
def test_a_finding_says_what_is_wrong_what_to_do_and_where_that_is_from(
    pins: list[str], python: str, code: str, text: str, cure: str, source: str, matrix: Matrix
) -> None:
    found = only(check(pinned(*pins), a_target(matrix, python), matrix), code)
    assert found.text.startswith(text)
    assert found.cure.startswith(cure)
    assert found.source.startswith(source)


@pytest.mark.parametrize(
    ("pins", "code", "level", "package", "line"),
    [
        (["six==1", "tensorflow==2.99.0"], "unknown-release", Level.ERROR, "tensorflow", 2),
        (["six==1", "tensorflow"], "unpinned", Level.WARNING, "tensorflow", 2),
        (["tensorflow==2.18.1", "tensorflow-metal"], "unpinned", Level.WARNING, METAL, 2),
        (["tensorflow==2.18.0", "tensorflow-metal==1.1.0"], "pair-broken", Level.ERROR, METAL, 2),
        (["tensorflow==2.17.0", "tensorflow-metal==1.2.0"], "defect", Level.WARNING, METAL, 2),
        (["pyarrow==21.0.0", "tensorflow==2.20.0"], "defect", Level.WARNING, "tensorflow", 2),
        (["tensorflow-deps==2.10.0"], "package-gone", Level.WARNING, "tensorflow-deps", 1),
        (["tensorflow-metal-plugin==1.0"], "sdist", Level.NOTE, "tensorflow-metal-plugin", 1),
        (["numpy==1.26.4", "numpy==2.0.0"], "pinned-twice", Level.ERROR, "numpy", 2),
        (
            ["tensorflow==2.18.0rc0", "tensorflow-metal==1.2.0"],
            "pair-unproven",
            Level.NOTE,
            METAL,
            2,
        ),
    ],
    ids=in_order,
)
def test_a_finding_stands_at_its_package_with_its_level(
    pins: list[str], code: str, level: Level, package: str, line: int, matrix: Matrix
) -> None:
    checked = check(pinned(*pins), a_target(matrix), matrix)
    found = next(one for one in checked.findings if one.code == code)
    assert (found.level, found.package, found.line) == (level, package, line)


def test_a_pair_that_nothing_proves_is_a_note_with_what_would_prove_it(matrix: Matrix) -> None:
    file = pinned("tensorflow==2.18.0rc0", "tensorflow-metal==1.2.0")
    found = only(check(file, a_target(matrix), matrix), "pair-unproven")
    pair = "tensorflow 2.18.0rc0 with tensorflow-metal 1.2.0"
    assert found.text == f"nothing proves yet that {pair} works on Python 3.11"
    assert found.cure == "tfmac-lock prove"
    without_wheels = check(file, a_target(matrix, "3.13"), matrix)
    assert "pair-unproven" not in codes(without_wheels)
    assert "pair-unproven" not in codes(
        check(pinned("tensorflow==2.19.1"), a_target(matrix), matrix)
    )


@pytest.mark.parametrize(
    ("python", "arch", "meant"),
    [
        ("3.9", "", "Python 3.9"),
        ("", "x86_64", "x86_64 Macs"),
        ("3.9", "x86_64", "Python 3.9 and x86_64 Macs"),
        ("3.11", "x86_64", "x86_64 Macs"),
        ("3.11", "arm64", None),
        ("", "", None),
    ],
)
def test_a_file_for_another_machine_is_told_as_that(
    python: str, arch: str, meant: str | None, matrix: Matrix
) -> None:
    target = a_target(matrix)
    checked = check(replace(pinned("six==1"), python=python, arch=arch), target, matrix)
    if meant is None:
        assert "other-target" not in codes(checked)
        return
    found = only(checked, "other-target")
    assert found.text == f"the file is for {meant}, and not for {target}"
    assert (found.package, found.line, found.path) == ("", 0, "requirements.txt")
    assert found.cure == "tfmac-lock --python 3.11 --chip m1"
    assert found.level is Level.ERROR


def test_a_second_tensorflow_must_exist_as_well(matrix: Matrix) -> None:
    file = pinned("tensorflow==2.18.1", "tensorflow-macos==2.99.0")
    found = only(check(file, a_target(matrix), matrix), "unknown-release")
    assert (found.package, found.line) == ("tensorflow-macos", 2)
    unpinned = pinned("tensorflow==2.18.1", "tensorflow-macos")
    assert "unknown-release" not in codes(check(unpinned, a_target(matrix), matrix))


def test_a_tensorflow_that_is_built_from_source_is_not_missing(matrix: Matrix) -> None:
    plugin = Pin(name="tensorflow-metal", version="1.2.0")
    built = Pin(name="tensorflow", source="git")
    target = a_target(matrix)
    for pins, missing in (((plugin,), True), ((plugin, built), False)):
        file = PinFile(path="uv.lock", format="uv.lock", pins=pins)
        assert ("no-tensorflow" in codes(check(file, target, matrix))) is missing


def test_the_floor_is_told_with_the_macos_that_is_there(matrix: Matrix) -> None:
    file = pinned("tensorflow==2.18.1", "tensorflow-metal==1.2.0")
    found = only(
        check(file, a_target(matrix), matrix, macos=MacOSVersion(12, 0)),
        "floor",
    )
    assert found.text.startswith("tensorflow-metal 1.2.0 loads on macOS ")
    assert found.text.endswith("; this is macOS 12.0")
    assert (found.package, found.line) == (METAL, 2)


def test_a_requirement_that_keeps_the_bound_out_lacks_none(matrix: Matrix) -> None:
    known = replace(matrix, bounds=(bound("numpy", "<2,!=1.20.*"),))
    target = a_target(matrix, "3.9")
    for wanted, missing in (
        ("numpy", True),
        ("numpy<3", True),
        ("numpy<2", True),
        ("numpy<1.20", False),
        ("numpy<2,!=1.20.*", False),
        ("numpy>=1.26", True),
    ):
        name, text = wanted[:5], wanted[5:]
        pin = Pin(name=name, specifier=text, path="r.txt", line=2)
        tensorflow = Pin(name="tensorflow-macos", version="2.9.0", path="r.txt", line=1)
        file = PinFile(path="r.txt", format="requirements.txt", pins=(tensorflow, pin))
        told = [one for one in check(file, target, known).findings if one.code == "missing-bound"]
        assert bool(told) is missing, wanted
        if told:
            assert (told[0].package, told[0].level) == ("numpy", Level.WARNING)
            assert told[0].cure == "add numpy<2,!=1.20.*"
            assert (
                "TensorFlow 2.9.0 needs numpy<2,!=1.20.*, and nothing here says so" in told[0].text
            )


def test_a_missing_bound_stands_at_tensorflow_where_the_package_is_not_named(
    matrix: Matrix,
) -> None:
    known = replace(matrix, bounds=(bound("mine", "<2"), bound("mine", "<3")))
    found = only(
        check(pinned("six==1", "tensorflow-macos==2.9.0"), a_target(matrix, "3.9"), known),
        "missing-bound",
    )
    assert (found.package, found.line) == ("tensorflow-macos", 2)


def test_what_is_no_version_breaks_no_bound(matrix: Matrix) -> None:
    known = replace(matrix, bounds=(bound("numpy", "<2"),))
    file = pinned("tensorflow-macos==2.9.0", "numpy==nonsense")
    assert "bound" not in codes(check(file, a_target(matrix, "3.9"), known))


def test_the_same_version_in_two_spellings_and_by_two_managers_is_pinned_once(
    matrix: Matrix,
) -> None:
    def twice(one: str, other: str, manager: str = "pip") -> bool:
        pins = (Pin(name="x", version=one), Pin(name="x", version=other, manager=manager))
        file = PinFile(path="e.yml", format="environment.yml", pins=pins)
        return "pinned-twice" in codes(check(file, a_target(matrix), matrix))

    assert not twice("1.0", "1.0.0")
    assert not twice("2024a", "2024a")
    assert not twice("1.0", "2.0", manager="conda")
    assert not twice("1.0", "")
    assert twice("1.0", "1.0.post1")
    assert twice("1.0", "nonsense")


def test_what_is_built_on_the_mac_is_a_warning_and_a_wheel_by_its_address_is_not(
    matrix: Matrix,
) -> None:
    def of(source: str) -> PinFile:
        pin = Pin(name="mine", source=source, path="r.txt", line=4)
        return PinFile(path="r.txt", format="requirements.txt", pins=(pin,))

    found = only(check(of("git"), a_target(matrix), matrix), "sdist")
    assert (found.level, found.line) == (Level.WARNING, 4)
    assert found.text == "mine comes from git and is built on the Mac, which needs a compiler"
    assert codes(check(of("https://x/mine.whl"), a_target(matrix), matrix)) == set()


def test_a_lock_without_a_fitting_file_says_of_how_many(matrix: Matrix) -> None:
    wheels = ("h5py-3.1.0-cp39-cp39-macosx_10_9_x86_64.whl", "h5py-3.1.0-cp38-cp38-win32.whl")
    target = a_target(matrix, "3.9")

    def text(*files: str) -> str:
        pin = Pin(name="h5py", version="3.1.0", files=files, path="uv.lock", line=3)
        file = PinFile(path="uv.lock", format="uv.lock", pins=(pin,), complete=True)
        (found,) = check(file, target, matrix).findings
        assert found.cure == "tfmac-lock --python 3.9 --chip m1"
        assert found.source == "https://pypi.org/project/h5py/3.1.0/#files"
        return found.text

    head = f"none of the 2 wheels of h5py 3.1.0 fits {target}"
    assert text(*wheels) == head
    assert text(*wheels, "h5py-3.1.0.zip") == (
        f"{head}, so it would be built from its source archive"
    )


@pytest.mark.parametrize("complete", [True, False])
def test_a_whole_environment_without_any_hash_is_a_note(matrix: Matrix, complete: bool) -> None:
    pins = tuple(Pin(name=name, version="1", hashed=False) for name in ("six", "wheel"))
    file = PinFile(path="r.txt", format="requirements.txt", pins=pins, complete=complete)
    checked = check(file, a_target(matrix), matrix)
    assert codes(checked) == ({"no-hash"} if complete else set())
    assert all((one.level, one.package) == (Level.NOTE, "") for one in checked.findings)
    unknown = replace(file, pins=tuple(replace(pin, hashed=None) for pin in pins))
    assert codes(check(unknown, a_target(matrix), matrix)) == set()


def test_lines_that_bring_packages_and_were_not_read_are_notes(matrix: Matrix) -> None:
    file = replace(pinned("six==1"), unread=((7, "-r more.txt"), (8, "x" * 60), (9, "y" * 61)))
    told = check(file, a_target(matrix), matrix).findings
    assert [(one.code, one.level, one.line) for one in told] == [
        ("not-read", Level.NOTE, line) for line in (7, 8, 9)
    ]
    shown = [one.text.partition(" brings packages and was not read")[0] for one in told]
    assert shown == ["'-r more.txt'", f"'{'x' * 60}'", f"'{'y' * 57}...'"]


def told(file: PinFile, matrix: Matrix, python: str = "3.11") -> list[tuple[str, str]]:
    """Each finding's code and package."""
    checked = check(file, a_target(matrix, python), matrix)
    return sorted((one.code, one.package) for one in checked.findings)


@pytest.mark.slow
def test_every_release_at_fault_is_told_and_not_the_first_alone(matrix: Matrix) -> None:
    assert told(pinned("tensorflow>=2.99", "tensorflow-metal==9.9"), matrix) == [
        ("no-wheel", "tensorflow"),
        ("unknown-release", "tensorflow-metal"),
    ]
    unknown = ("tensorflow==9.9", "tensorflow-metal==9.9", "tensorflow-macos==9.9")
    assert told(pinned(*unknown), matrix) == [
        ("unknown-release", "tensorflow"),
        ("unknown-release", "tensorflow-macos"),
        ("unknown-release", "tensorflow-metal"),
    ]
    built = Pin(name="tensorflow-macos", source="git", version="2.9.0")
    file = pinned("tensorflow==9.9", "tensorflow-metal==9.9")
    file = replace(file, pins=(built, *file.pins))
    assert ("unknown-release", "tensorflow") in told(file, matrix)
    assert ("unknown-release", "tensorflow-metal") in told(file, matrix)


def test_every_package_at_fault_is_told_and_not_the_first_alone(matrix: Matrix) -> None:
    gone = ("tensorflow==2.18.1", "six==1", "tensorflow-deps==2.10.0", "tensorflow-metal-plugin==1")
    codes_ = told(pinned(*gone), matrix)
    assert ("package-gone", "tensorflow-deps") in codes_
    assert ("sdist", "tensorflow-metal-plugin") in codes_

    def locked(*pins: Pin) -> list[tuple[str, str]]:
        return told(PinFile(path="x", format="uv.lock", pins=pins, complete=True), matrix)

    bad = ("a-1-cp38-cp38-win32.whl",)
    assert locked(
        Pin(name="wheel", source="https://x/wheel-1-py3-none-any.whl"),
        Pin(name="built", source="git"),
        Pin(name="fits", version="1", files=("fits-1-py3-none-any.whl",)),
        Pin(name="first", version="1", files=bad),
        Pin(name="second", version="1", files=(*bad, "second-1.tar.gz")),
        Pin(name="third", version="1", files=bad),
    ) == [("no-wheel", "first"), ("no-wheel", "third"), ("sdist", "built"), ("sdist", "second")]
    assert locked(
        *(Pin(name=name, version=str(version)) for name in ("a", "b") for version in (1, 1, 2))
    ) == [("pinned-twice", "a"), ("pinned-twice", "b")]
    assert locked(
        Pin(name="a", hashed=True), Pin(name="b", hashed=False), Pin(name="c", hashed=False)
    ) == [("hash-missing", "b"), ("hash-missing", "c")]


def test_every_limit_that_does_not_hold_is_told_and_not_the_first_alone(matrix: Matrix) -> None:
    limits = (bound("first", "<2"), bound("second", "<2"), bound("third", "<2"))
    known = replace(matrix, bounds=limits)
    file = pinned("tensorflow-macos==2.9.0", "first==1", "second==3", "third==3")
    assert told(file, known, "3.9") == [("bound", "second"), ("bound", "third")]
    forbidden = pinned("tensorflow-macos==2.9.1", "six", "protobuf==6.33.0", "keras==3.0.0")
    assert told(forbidden, replace(matrix, bounds=()), "3.9") == [
        ("conflict", "keras"),
        ("conflict", "protobuf"),
    ]


def test_a_macos_below_the_floor_is_an_error_and_none_above(matrix: Matrix) -> None:
    file = pinned("tensorflow==2.18.1", "tensorflow-metal==1.2.0")
    target = a_target(matrix)
    assert "floor" in codes(check(file, target, matrix, macos=MacOSVersion(12, 0)))
    assert "floor" not in codes(check(file, target, matrix, macos=MacOSVersion(12, 3)))
    assert "floor" not in codes(check(file, target, matrix))


def test_a_complete_file_lacks_no_bound_for_what_it_does_not_install(matrix: Matrix) -> None:
    file = pinned("tensorflow-macos==2.8.0", complete=True)
    assert "missing-bound" not in codes(check(file, a_target(matrix, "3.9"), matrix))


@pytest.mark.parametrize(
    ("pins", "python"),
    [
        (("tensorflow==2.18.1", "setuptools==82.0.1"), "3.11"),
        (("tensorflow-macos==2.9.2", "tensorflow-metal==0.5.0", "numpy==1.24.0"), "3.9"),
    ],
)
def test_a_version_beyond_which_training_goes_on_is_a_warning(
    pins: tuple[str, ...], python: str, matrix: Matrix
) -> None:
    target = a_target(matrix, python)
    without = check(pinned(*pins[:-1], complete=True), target, matrix)
    assert (without.status, codes(without)) == ("works", set())
    checked = check(pinned(*pins, complete=True), target, matrix)
    assert checked.status == "caution"
    (found,) = (one for one in checked.findings if one.code == "bound")
    assert found.level is Level.WARNING
    assert "works only in part with TensorFlow" in found.text


def test_a_plugin_newer_than_its_tensorflow_off_the_vendors_table_is_a_warning(
    matrix: Matrix,
) -> None:
    file = pinned("tensorflow-macos==2.9.0", "tensorflow-metal==0.6.0")
    checked = check(file, a_target(matrix, "3.9"), matrix)
    (found,) = (one for one in checked.findings if one.code == "plugin-newer")
    assert found.level is Level.WARNING
    assert "newer than 0.5.0, which the vendor lists for TensorFlow 2.9.0" in found.text
    listed = pinned("tensorflow-macos==2.9.0", "tensorflow-metal==0.5.0")
    assert "plugin-newer" not in codes(check(listed, a_target(matrix, "3.9"), matrix))
    beyond = pinned("tensorflow==2.19.1", "tensorflow-metal==1.2.0")
    assert "plugin-newer" not in codes(check(beyond, a_target(matrix), matrix))


def test_what_is_worse_than_caution_stays_so(matrix: Matrix) -> None:
    mild = ("setuptools==82.0.1",)
    target = a_target(matrix, "3.9")
    broken = check(pinned("tensorflow-macos==2.8.0", "protobuf==6.33.0", *mild), target, matrix)
    assert broken.status == "broken"
    pair = ("tensorflow==2.18.1", "tensorflow-metal==1.1.0")
    assert check(pinned(*pair, *mild), target, matrix).status == "broken"
    pair = ("tensorflow-macos==2.13.0", "tensorflow-metal==0.8.0")
    without = check(pinned(*pair), target, matrix)
    assert check(pinned(*pair, *mild), target, matrix).status == without.status == "unproven"


def test_of_two_bounds_on_a_package_the_worse_one_is_told(matrix: Matrix) -> None:
    two = (
        bound("numpy", "<1.24", severity="caution"),
        bound("numpy", "<2"),
    )
    known = replace(matrix, bounds=two)
    target = a_target(matrix, "3.9")
    file = pinned("tensorflow-macos==2.9.0", "numpy==2.0.2", complete=True)
    (found,) = (one for one in check(file, target, known).findings if one.code == "bound")
    assert found.level is Level.ERROR
    assert "<2" in found.cure


def test_files_of_a_lock_must_fit_the_target(matrix: Matrix) -> None:
    def locked(*files: str) -> PinFile:
        pin = Pin(name="h5py", version="3.1.0", files=files, path="uv.lock", line=3)
        return PinFile(path="uv.lock", format="uv.lock", pins=(pin,), complete=True)

    wheel = "h5py-3.1.0-cp39-cp39-macosx_10_9_x86_64.whl"
    target = a_target(matrix, "3.9")
    assert codes(check(locked(wheel), target, matrix)) == {"no-wheel"}
    assert codes(check(locked(wheel, "h5py-3.1.0.tar.gz"), target, matrix)) == {"sdist"}
    assert codes(check(locked(wheel), a_target(matrix, "3.9", "intel"), matrix)) == set()
    assert codes(check(locked("nonsense.whl"), target, matrix)) == {"no-wheel"}


NAMES = ["tensorflow", "tensorflow-macos", "tensorflow-metal", "numpy", "tensorflow-metal-plugin"]
VERSIONS = ["2.18.0", "2.18", "1.1.0", "2.15.1", "nonsense", "1.0-x", "9" * 70, "1!2.0", "2.x", ""]


@given(
    pins=st.lists(
        st.builds(
            Pin,
            name=st.sampled_from(NAMES),
            version=st.sampled_from(VERSIONS),
            specifier=st.sampled_from(["", ">=2", "<1", "==2.18.*", "~=2.9"]),
            files=st.sampled_from([(), ("x.whl",), ("a-1-py3-none-any.whl",), ("a.tar.gz",)]),
            hashed=st.sampled_from([None, True, False]),
            source=st.sampled_from(["", "git", "https://example.org/x"]),
        ),
        max_size=5,
    ),
    chip=st.sampled_from(["m1", "m5-max", "intel", "intel-amd"]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@pytest.mark.slow
def test_whatever_is_pinned_is_judged(pins: list[Pin], chip: str) -> None:
    matrix = loading.matrix()
    file = PinFile(path="r.txt", format="requirements.txt", pins=tuple(pins))
    target = a_target(matrix, "3.11", chip)
    document([check(file, target, matrix)])
    corrected(file, target, matrix)


def test_hashes_are_for_all_or_for_none(matrix: Matrix) -> None:
    one = Pin(name="six", version="1.16.0", hashed=True)
    other = Pin(name="wheel", version="0.42.0", hashed=False, line=2)
    file = PinFile(path="r.txt", format="requirements.txt", pins=(one, other))
    found = check(file, a_target(matrix), matrix).findings
    assert [(f.code, f.package, f.line) for f in found] == [("hash-missing", "wheel", 2)]


def test_the_document_has_the_promised_fields(matrix: Matrix) -> None:
    file = pinned("tensorflow==2.18.0", "tensorflow-metal==1.1.0")
    made = document([check(file, a_target(matrix), matrix)])
    assert made["schema_version"] == 1
    assert made["status"] == "broken"
    assert {"code", "package", "text", "cure", "source"} <= set(made["findings"][0])


def test_sarif_points_at_the_line(matrix: Matrix) -> None:
    file = pinned("tensorflow==2.18.0", "tensorflow-metal==1.1.0")
    (run,) = sarif.document([check(file, a_target(matrix), matrix)])["runs"]
    first = run["results"][0]
    assert run["tool"]["driver"]["rules"][first["ruleIndex"]]["id"] == first["ruleId"]
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "requirements.txt"
    assert place["region"]["startLine"] == 2


@pytest.mark.parametrize(
    ("pins", "python"),
    [
        (["tensorflow", "tensorflow-metal", "pandas==2.2.2"], "3.11"),
        (["tensorflow==2.18.0", "tensorflow-metal==1.1.0"], "3.11"),
        (["tensorflow-macos==2.9.0", "tensorflow-metal==0.5.0", "numpy==2.0.2"], "3.9"),
        (["tensorflow-macos==2.9.1", "protobuf==6.33.0"], "3.9"),
        (["tensorflow-macos==2.15.1"], "3.11"),
    ],
    ids=in_order,
)
def test_corrected_pins_pass_the_check(
    pins: list[str], python: str, matrix: Matrix, tmp_path: Path
) -> None:
    from tfmac_lock.check import formats

    target = a_target(matrix, python)
    text = corrected(pinned(*pins), target, matrix)
    assert text is not None
    path = tmp_path / "requirements.fixed.txt"
    path.write_text(text)
    again = check(formats.read(path, target), target, matrix)
    assert [f for f in again.findings if f.level is Level.ERROR] == []
    assert "missing-bound" not in codes(again)
    assert ("pandas==2.2.2" in text) is ("pandas==2.2.2" in pins)


SLOTS = [
    pytest.param(python, arch, id=f"{python}-{arch.value}")
    for python in ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
    for arch in Arch
]


@pytest.mark.parametrize(("python", "arch"), SLOTS)
@pytest.mark.slow
def test_no_published_lock_has_an_error_in_any_format(
    matrix: Matrix, tmp_path: Path, python: str, arch: Arch
) -> None:
    """What is published is judged as its verdict says, for the Mac that it was made for."""
    wheels = Index.within(loading.locks_folder(), python, arch)
    for index, formats in ((wheels, FORMATS), (wheels.with_conda(), CONDA_FORMATS)):
        for lock in index.locks():
            # One patch release stands for its series; what tells formats apart is the series.
            if lock.combo.tensorflow.endswith((".2", ".3", ".4", ".5")):
                continue
            for filename, render in formats.values():
                if filename == "lock.json":
                    continue
                (tmp_path / filename).write_text(render(lock), "utf-8")
                file, target, macos = read_for_target(tmp_path / filename, matrix)
                assert (target.python.series, target.arch) == (python, arch)
                checked = check(file, target, matrix, macos=macos)
                told = [found for found in checked.findings if found.level is Level.ERROR]
                assert not told, (lock.combo.id, filename)
                if lock.verdict.status != Status.UNPROVEN:
                    assert checked.status == lock.verdict.status, (lock.combo.id, filename)
