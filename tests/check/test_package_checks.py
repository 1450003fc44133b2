"""The checks of the other packages, by facts that a test can see through."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support import facts
from tests.support.facts import bound, release, wheel
from tfmac_lock.check.findings import Level
from tfmac_lock.check.judge import check
from tfmac_lock.check.package_checks import within
from tfmac_lock.check.pins import Pin, PinFile
from tfmac_lock.matrix.facts import Matrix, PackageRow, Release

TENSORFLOW = Pin(name="tensorflow", version="2.18.1", path="r.txt", line=1)
METAL = Pin(name="tensorflow-metal", version="1.2.0", path="r.txt", line=2)


def found(matrix: Matrix, *pins: Pin, complete: bool = False) -> list[tuple[str, str, int]]:
    """Code, package and line of each finding on a file of these pins, a note of the pair aside."""
    file = PinFile(path="r.txt", format="requirements.txt", pins=pins, complete=complete)
    checked = check(file, facts.target(), matrix)
    return [
        (one.code, one.package, one.line) for one in checked.findings if one.code != "pair-unproven"
    ]


def pin(name: str, version: str = "", specifier: str = "", line: int = 3) -> Pin:
    return Pin(name=name, version=version, specifier=specifier, path="r.txt", line=line)


# -- packages with an answer of their own


def row(name: str, kind: str) -> PackageRow:
    return PackageRow(
        name=name,
        kind=kind,  # type: ignore[arg-type]
        title=f"{name} is odd",
        text="it is not what to install",
        instead="take another one",
        sources=("https://example.org/odd", "https://example.org/second"),
    )


def test_a_package_that_is_gone_is_a_warning_and_one_to_be_built_a_note() -> None:
    rows = (row("gone", "gone"), row("offered", "offered"), row("named", "by-name"))
    rows += tuple(row(name, "gone") for name in ("tensorflow", "tensorflow-macos"))
    matrix = replace(facts.matrix(), packages=rows)
    names = ("six", "offered", "tensorflow-macos", "gone", "named", "wheel")
    file = PinFile(
        path="r.txt",
        format="requirements.txt",
        pins=tuple(pin(name, line=at) for at, name in enumerate(names, 1)),
    )
    told = check(file, facts.target(), matrix).findings
    assert [
        (one.code, one.level, one.package, one.line)
        for one in told
        if one.package not in ("tensorflow", "tensorflow-macos")
    ] == [
        ("package-gone", Level.WARNING, "gone", 4),
        ("sdist", Level.NOTE, "named", 5),
    ]
    for one in told:
        if one.package in ("gone", "named"):
            assert one.text == f"{one.package} is odd: it is not what to install"
            assert (one.cure, one.source) == ("take another one", "https://example.org/odd")
    assert "package-gone" not in {one.code for one in told if one.package == "tensorflow-macos"}


def test_two_plugins_are_one_too_many_and_one_twice_is_not() -> None:
    other = pin("tensorflow-metal-plugin", "1.0")
    matrix = facts.matrix()
    assert found(matrix, TENSORFLOW, METAL, other) == [
        ("plugin-twice", "tensorflow-metal-plugin", 3)
    ]
    again = replace(METAL, line=4)
    assert found(matrix, TENSORFLOW, other, again) == [("plugin-twice", "tensorflow-metal", 4)]
    assert found(matrix, TENSORFLOW, METAL, again) == []
    assert found(matrix, TENSORFLOW, other) == []


# -- bounds


def test_a_bound_that_is_broken_is_an_error_at_its_package() -> None:
    matrix = facts.matrix(bounds=(bound("first", "<2"), bound("second", "<2")))
    pins = (pin("first", "1"), pin("second", "2", line=4))
    file = PinFile(path="r.txt", format="requirements.txt", pins=(TENSORFLOW, *pins))
    (one,) = check(file, facts.target(), matrix).findings
    assert (one.code, one.level, one.package, one.line) == ("bound", Level.ERROR, "second", 4)
    assert one.text == ("second 2 does not work with TensorFlow 2.18.1: second outside <2 fails")
    assert (one.cure, one.source) == ("second<2", "https://example.org/bound")


def test_the_worst_bound_on_a_package_is_told_and_only_once() -> None:
    mild = bound("mine", "<3", severity="caution")
    matrix = facts.matrix(bounds=(mild, bound("mine", "<2"), bound("mine", "<2.5")))
    for version, level in (("1", None), ("2.2", Level.ERROR), ("4", Level.ERROR)):
        file = PinFile(
            path="r.txt", format="requirements.txt", pins=(TENSORFLOW, pin("mine", version))
        )
        told = check(file, facts.target(), matrix).findings
        assert [one.level for one in told] == ([level] if level else []), version
        assert all(one.text.startswith(f"mine {version} does not work with") for one in told)
    matrix = facts.matrix(bounds=(mild,))
    file = replace(file, pins=(TENSORFLOW, pin("mine", "4")))
    (one,) = check(file, facts.target(), matrix).findings
    assert (one.code, one.level) == ("bound", Level.WARNING)
    assert one.text.startswith("mine 4 works only in part with TensorFlow 2.18.1: ")


def test_what_breaks_with_a_generation_of_numpy_has_a_code_of_its_own() -> None:
    for id_, code in (
        ("numpy-generation-2", "numpy-generation"),
        ("numpy-generation", "numpy-generation"),
        ("about-numpy-generation", "bound"),
    ):
        matrix = facts.matrix(bounds=(replace(bound("numpy", "<2"), id=id_),))
        assert found(matrix, TENSORFLOW, pin("numpy", "2.0")) == [(code, "numpy", 3)]


def test_a_bound_that_nothing_keeps_is_told_at_what_names_the_package_or_else_at_tensorflow() -> (
    None
):
    matrix = facts.matrix(bounds=(bound("mine", "<2"), bound("mine", "<1.5"), bound("its", "<2")))
    assert found(matrix, TENSORFLOW, pin("its", "1")) == [("missing-bound", "tensorflow", 1)]
    assert found(matrix, TENSORFLOW, pin("mine"), pin("its", "1")) == [("missing-bound", "mine", 3)]
    assert found(matrix, TENSORFLOW, complete=True) == []
    assert found(matrix, TENSORFLOW, pin("mine"), complete=True) == [("missing-bound", "mine", 3)]
    assert found(matrix, pin("mine"), pin("its")) == []


def test_a_bound_that_the_metadata_of_tensorflow_keep_is_not_missing() -> None:
    def with_requirement(text: str) -> Matrix:
        needs = replace(
            release("tensorflow", "2.18.1"),
            wheels=(wheel("tensorflow", "2.18.1", requires=(text,)),),
        )
        return facts.matrix(releases=(needs,), bounds=(bound("mine", "<2"), bound("other", "<2")))

    rest = pin("other", "1")
    assert found(with_requirement("mine<2"), TENSORFLOW, rest) == []
    assert found(with_requirement("mine<3"), TENSORFLOW, rest) == [
        ("missing-bound", "tensorflow", 1)
    ]
    assert found(with_requirement("other<2"), TENSORFLOW, rest) == [
        ("missing-bound", "tensorflow", 1)
    ]


@pytest.mark.parametrize(
    ("specifier", "kept"),
    [
        ("", False),
        (">=1", False),
        ("<3", False),
        ("<=2", False),
        ("<2", True),
        ("==1.*", True),
        ("~=1.4", True),
        ("no specifier", False),
    ],
)
def test_a_requirement_keeps_a_bound_where_it_admits_nothing_beyond_it(
    specifier: str, kept: bool
) -> None:
    matrix = facts.matrix(bounds=(bound("mine", "<2"),))
    told = found(matrix, TENSORFLOW, pin("mine", specifier=specifier))
    assert told == ([] if kept else [("missing-bound", "mine", 3)])


def test_a_pre_release_that_a_requirement_admits_does_not_keep_a_bound() -> None:
    matrix = facts.matrix(bounds=(bound("mine", "<2.0rc1"),))
    told = found(matrix, TENSORFLOW, pin("mine", specifier="<2"))
    assert told == []
    told = found(matrix, TENSORFLOW, pin("mine", specifier="<=2.0rc1"))
    assert told == [("missing-bound", "mine", 3)]


def test_bounds_are_those_of_a_tensorflow_that_is_known() -> None:
    matrix = facts.matrix(bounds=(bound("mine", "<2"),))
    unknown = replace(TENSORFLOW, version="9.9")
    assert found(matrix, unknown, pin("mine", "2")) == [("unknown-release", "tensorflow", 1)]
    absent = replace(TENSORFLOW, version="", specifier=">=9")
    assert found(matrix, absent, pin("mine", "2")) == [("no-wheel", "tensorflow", 1)]
    assert found(matrix, pin("mine", "2")) == []


def test_what_is_no_version_or_no_specifier_cannot_be_compared_and_passes() -> None:
    assert within("<2", "1.9")
    assert not within("<2", "2")
    assert within("<2", "nonsense")
    assert within("nonsense", "1")


# -- what the metadata forbid


def requiring(package: str, version: str, *texts: str) -> Release:
    return replace(
        release(package, version), wheels=(wheel(package, version, requires=tuple(texts)),)
    )


def test_what_tensorflow_or_the_plugin_forbids_is_an_error_at_that_package() -> None:
    matrix = facts.matrix(
        releases=(
            requiring("tensorflow", "2.18.1", "mine<2", "tensorflow-macos==2.18.1"),
            requiring("tensorflow-metal", "1.2.0", "its>=1", "wheel~=0.35"),
        )
    )
    pins = (
        pin("six", "1"),
        pin("mine", "2", line=4),
        pin("its", "0.5", line=5),
        pin("wheel", line=6),
        pin("its", "1", line=7),
    )
    file = PinFile(
        path="r.txt", format="requirements.txt", pins=(TENSORFLOW, METAL, *pins), complete=True
    )
    told = [one for one in check(file, facts.target(), matrix).findings if one.code == "conflict"]
    assert [(one.package, one.line, one.level, one.cure) for one in told] == [
        ("mine", 4, Level.ERROR, "mine<2"),
        ("its", 5, Level.ERROR, "its>=1"),
    ]
    assert [one.text for one in told] == [
        "tensorflow 2.18.1 requires mine <2, and here it is 2",
        "tensorflow-metal 1.2.0 requires its >=1, and here it is 0.5",
    ]
    assert [one.source for one in told] == [
        "https://pypi.org/project/tensorflow/2.18.1/",
        "https://pypi.org/project/tensorflow-metal/1.2.0/",
    ]
    # Without a TensorFlow that is known the plugin still forbids what it forbids.
    for first in ((), (replace(TENSORFLOW, version="9.9"),)):
        told = found(matrix, *first, METAL, pin("mine", "2"), pin("its", "0.5"))
        assert ("conflict", "its", 3) in told
        assert ("conflict", "mine", 3) not in told


def test_another_tensorflow_in_the_file_is_no_conflict() -> None:
    matrix = facts.matrix(
        releases=(
            requiring("tensorflow", "2.18.1", "tensorflow-macos==2.18.1", "six<1"),
            release("tensorflow-macos", "2.18.0"),
        )
    )
    file = (TENSORFLOW, pin("tensorflow-macos", "2.18.0"), pin("six", "2"))
    assert found(matrix, *file) == [("conflict", "six", 3)]


# -- files


WHEEL = "six-1-py3-none-any.whl"
FOREIGN = "six-1-cp38-cp38-win32.whl"


@pytest.mark.parametrize(
    ("files", "codes"),
    [
        ((), []),
        ((WHEEL,), []),
        ((FOREIGN, WHEEL), []),
        ((FOREIGN,), ["no-wheel"]),
        ((FOREIGN, "six-1.tar.gz"), ["sdist"]),
        (("six-1.zip",), ["sdist"]),
        (("nonsense.whl",), ["no-wheel"]),
        (("nonsense.whl", WHEEL), []),
        (("six-1.exe",), []),
    ],
)
def test_one_file_of_each_package_must_fit(files: tuple[str, ...], codes: list[str]) -> None:
    pins = (
        replace(pin("six", "1"), files=files),
        replace(pin("wheel", "1", line=4), files=(FOREIGN,)),
    )
    told = found(facts.matrix(), *pins)
    assert [code for code, package, _ in told if package == "six"] == codes
    assert ("no-wheel", "wheel", 4) in told


def test_what_no_index_has_is_built_unless_it_is_a_wheel() -> None:
    pins = (
        replace(pin("six"), source="https://x/six-1-py3-none-any.whl", files=(FOREIGN,)),
        replace(pin("mine", line=4), source="git"),
        replace(pin("wheel", "1", line=5), files=(FOREIGN,)),
    )
    file = PinFile(path="r.txt", format="requirements.txt", pins=pins)
    first, second = check(file, facts.target(), facts.matrix()).findings
    assert (first.code, first.package) == ("no-wheel", "wheel")
    assert (second.code, second.package, second.level) == ("sdist", "mine", Level.WARNING)
    assert second.text == "mine comes from git and is built on the Mac, which needs a compiler"
    assert second.cure == "publish a wheel, or pin a release"


def test_how_many_wheels_do_not_fit_is_told() -> None:
    for files, text in (
        ((FOREIGN, FOREIGN.replace("38", "39")), "none of the 2 wheels of six 1 fits "),
        (("six-1.zip",), "none of the 0 wheels of six 1 fits "),
    ):
        one = replace(pin("six", "1"), files=files)
        file = PinFile(path="r.txt", format="requirements.txt", pins=(one,))
        (told,) = check(file, facts.target(), facts.matrix()).findings
        assert told.text.startswith(text)
        assert told.level is Level.ERROR
        assert told.cure == "tfmac-lock --python 3.11 --chip m1"
        assert told.source == "https://pypi.org/project/six/1/#files"


# -- pinned once, and with a hash


@pytest.mark.parametrize(
    ("versions", "lines"),
    [
        (("1", "1"), []),
        (("1", "1.0"), []),
        (("1", "2", "1", "3"), [4, 6]),
        (("1", ""), []),
        (("", "1", "2"), []),
        (("odd", "odd"), []),
        (("odd", "1"), [4]),
        (("odd", "even"), [4]),
    ],
)
def test_a_package_has_the_version_of_its_first_pin(
    versions: tuple[str, ...], lines: list[int]
) -> None:
    pins = [pin("six", version, line=at) for at, version in enumerate(versions, 3)]
    told = found(facts.matrix(), *pins)
    assert told == [("pinned-twice", "six", line) for line in lines]


def test_the_two_versions_of_a_package_are_named() -> None:
    pins = (pin("six", "1"), pin("six", "2", line=4), replace(pin("six", "3"), manager="conda"))
    file = PinFile(path="r.txt", format="environment.yml", pins=pins)
    (one,) = check(file, facts.target(), facts.matrix()).findings
    assert one.text == "six is pinned to 1 and to 2"
    assert (one.cure, one.level, one.line) == ("keep one of them", Level.ERROR, 4)


@pytest.mark.parametrize(
    ("hashed", "complete", "codes"),
    [
        ((True, True, None), True, []),
        ((True, False, None), True, ["hash-missing"]),
        ((True, False, False), False, ["hash-missing", "hash-missing"]),
        ((False, False, None), True, ["no-hash"]),
        ((False, False, None), False, []),
        ((None, None, None), True, []),
    ],
)
def test_hashes_are_for_all_packages_or_for_none(
    hashed: tuple[bool | None, ...], complete: bool, codes: list[str]
) -> None:
    pins = tuple(
        replace(pin(name, "1"), hashed=one) for name, one in zip("abc", hashed, strict=True)
    )
    file = PinFile(path="r.txt", format="requirements.txt", pins=pins, complete=complete)
    told = check(file, facts.target(), facts.matrix()).findings
    assert [one.code for one in told] == codes
    for one in told:
        missing = one.code == "hash-missing"
        assert one.level is (Level.ERROR if missing else Level.NOTE)
        assert bool(one.package) is missing
        assert one.cure == "tfmac-lock --python 3.11 --chip m1"
        assert one.source == "https://pip.pypa.io/en/stable/topics/secure-installs/"
