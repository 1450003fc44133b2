from __future__ import annotations

from dataclasses import replace

import pytest

from tests.lock.formats.test_conda_lock_yml import conda
from tests.lock.formats.test_conda_lock_yml import lock as mixed
from tests.support.facts import bound, target
from tests.support.locks import PACKAGES, lock, package
from tfmac_lock.lock.verify import Flaw, UnsoundLock, out_of_bounds, pins_of, verify

TARGET = target("3.11", "m1", "12.3")
NUMPY, TENSORFLOW, PLUGIN = PACKAGES


def flaw(*packages: object, **options: object) -> str:
    with pytest.raises(UnsoundLock) as caught:
        verify(lock(tuple(packages), **options), TARGET, [])  # type: ignore[arg-type]
    assert caught.value.exit_status == 1
    (found,) = caught.value.flaws
    return f"{found.package}: {found.text}"


def test_a_sound_lock_passes() -> None:
    verify(lock(), TARGET, [bound("numpy", "<2.1"), bound("protobuf", "<4")])


def test_a_requirement_that_is_not_there_is_a_flaw() -> None:
    assert flaw(TENSORFLOW, PLUGIN) == "tensorflow: requires numpy, which is not there"


def test_a_requirement_that_another_version_meets_is_a_flaw() -> None:
    old = package("numpy", "2.1.0")
    assert flaw(old, TENSORFLOW, PLUGIN) == "tensorflow: requires numpy<2.1, and 2.1.0 is there"


def test_a_prerelease_meets_a_requirement_too() -> None:
    verify(lock((package("numpy", "2.0.0rc1"), TENSORFLOW, PLUGIN)), TARGET, [])


def test_a_requirement_is_met_in_any_spelling_and_with_extras() -> None:
    more = package("app", "1", "Num_Py[x]>=2", "tensorflow")
    with pytest.raises(UnsoundLock, match="requires num-py, which is not there"):
        verify(lock((more, *PACKAGES)), TARGET, [])
    verify(lock((package("app", "1", "NumPy[x]>=2", "TensorFlow"), *PACKAGES)), TARGET, [])


def test_a_package_that_is_there_twice_is_a_flaw() -> None:
    assert "is there twice" in flaw(NUMPY, NUMPY, TENSORFLOW, PLUGIN)


@pytest.mark.parametrize(
    "tag", ["cp311-cp311-macosx_13_0_arm64", "cp310-cp310-macosx_11_0_arm64", "py2-none-any"]
)
def test_a_file_that_does_not_fit_the_target_is_a_flaw(tag: str) -> None:
    assert "does not fit Python 3.11 on Apple M1, macOS 12.3" in flaw(
        package("numpy", "2.0.2", tag=tag), TENSORFLOW, PLUGIN
    )


def test_another_packages_file_is_a_flaw() -> None:
    other = replace(NUMPY, filename=package("numpi", "2.0.2").filename)
    assert "is another package's file" in flaw(other, TENSORFLOW, PLUGIN)
    older = replace(NUMPY, filename=package("numpy", "2.0.1").filename)
    assert "is another package's file" in flaw(older, TENSORFLOW, PLUGIN)


def test_a_file_without_a_hash_is_a_flaw() -> None:
    assert "has no sha256" in flaw(replace(NUMPY, sha256=""), TENSORFLOW, PLUGIN)


def test_an_address_with_credentials_is_a_flaw() -> None:
    secret = replace(NUMPY, url="https://me:secret@files.example/x.whl")
    told = flaw(secret, TENSORFLOW, PLUGIN)
    assert "carries credentials" in told
    assert "secret@" not in told


def test_a_bound_that_does_not_hold_is_a_flaw_with_its_reason() -> None:
    with pytest.raises(UnsoundLock, match=r"2\.0\.2 is outside <2: numpy outside <2 fails"):
        verify(lock(), TARGET, [bound("numpy", "<2")])


def test_another_pair_than_the_chosen_one_is_a_flaw() -> None:
    assert flaw(*PACKAGES, tensorflow="2.18.0") == (
        "tensorflow: 2.18.0 was chosen, and 2.18.1 is there"
    )
    assert flaw(NUMPY, TENSORFLOW) == "tensorflow-metal: 1.2.0 was chosen, and None is there"


def test_a_broken_combo_is_never_written() -> None:
    assert "known to be broken" in flaw(*PACKAGES, status="broken")


@pytest.mark.parametrize(
    "sha256", ["0" * 63 + "\n", "A" * 64, "x" * 64, "0" * 40 + "\n--hash=md5:00 " * 2]
)
def test_a_hash_of_other_characters_is_a_flaw(sha256: str) -> None:
    assert "has no sha256" in flaw(replace(NUMPY, sha256=sha256), TENSORFLOW, PLUGIN)


@pytest.mark.parametrize("part", ["\n", "\x1b[2J", " ", "é"])
def test_an_address_that_would_end_its_line_is_a_flaw(part: str) -> None:
    evil = replace(NUMPY, url=f"https://files.example/{part}/{NUMPY.filename}")
    assert "characters that none can have" in flaw(evil, TENSORFLOW, PLUGIN)


def test_a_file_name_that_would_end_its_line_is_a_flaw() -> None:
    with pytest.raises(UnsoundLock, match="file name has characters"):
        verify(
            lock((replace(NUMPY, filename="numpy-2.0.2\n.tar.gz"), TENSORFLOW, PLUGIN)), TARGET, []
        )


def test_a_verification_names_every_flaw_with_its_package() -> None:
    two = replace(NUMPY, sha256="", url="https://files.example/a b")
    with pytest.raises(UnsoundLock) as caught:
        verify(lock((two, TENSORFLOW, PLUGIN)), TARGET, [bound("numpy", "<2")])
    assert str(caught.value) == (
        "tensorflow-2.18.1-metal-1.2.0-py3.11-arm64 was not written, since it does not hold "
        f"together: numpy: {NUMPY.filename} has no sha256; numpy: its address has characters that "
        "none can have; numpy: 2.0.2 is outside <2: numpy outside <2 fails"
    )


@pytest.mark.parametrize("url", ["https://files.example/@scope/x.whl", "https://x?mail=a@b"])
def test_a_sign_of_credentials_is_one_in_the_name_of_the_host_alone(url: str) -> None:
    made = lock((replace(NUMPY, url=url), TENSORFLOW, PLUGIN))
    if url.count("/") > 2:
        verify(made, TARGET, [])
    else:
        with pytest.raises(UnsoundLock, match="carries credentials"):
            verify(made, TARGET, [])


def test_a_source_archive_fits_every_mac() -> None:
    archive = replace(NUMPY, filename="numpy-2.0.2.tar.gz")
    verify(lock((archive, TENSORFLOW, PLUGIN)), TARGET, [])


def test_a_prerelease_keeps_a_bound_too() -> None:
    made = lock((package("numpy", "2.0.0rc1"), TENSORFLOW, PLUGIN))
    verify(made, TARGET, [bound("numpy", "<2.1")])
    (found,) = out_of_bounds(made, [bound("numpy", "<2.0.0b1"), bound("absent", "<1")])
    assert found.package == "numpy"
    assert found.text.startswith("2.0.0rc1 is outside <2.0.0b1: ")


# -- with packages from conda

MIXED = mixed()
HERE = target("3.11", "m1", "12")


def changed(name: str, **fields: str) -> tuple[Flaw, ...]:
    """The flaws of the mixed lock with one package changed."""
    packages = tuple(
        replace(one, **fields) if one.name == name else one  # type: ignore[arg-type]
        for one in MIXED.packages
    )
    try:
        verify(replace(MIXED, packages=packages), HERE, [])
    except UnsoundLock as error:
        return tuple(error.flaws)
    return ()


def test_a_sound_lock_of_both_kinds_passes() -> None:
    verify(MIXED, HERE, [bound("numpy", "<2"), bound("python", "<3")])


def test_what_conda_brings_counts_as_the_distribution_that_it_holds() -> None:
    brotli = conda("brotli-python", "1.0", "python", subdir="osx-arm64")
    library = conda("openssl", "1.1.1w", "python", subdir="osx-arm64")
    packages = (*MIXED.packages, brotli, library)
    assert pins_of(packages) == {
        "numpy": "1.26.4",
        "brotli": "1.0",
        "requests": "2.32.0",
        "tensorflow": "2.16.2",
    }
    with pytest.raises(UnsoundLock, match=r"numpy: 1\.26\.4 is outside <1\.26: numpy outside"):
        verify(MIXED, HERE, [bound("numpy", "<1.26")])


def test_a_package_from_both_is_there_twice() -> None:
    twice = replace(MIXED, packages=(*MIXED.packages, package("numpy", "1.26.4")))
    with pytest.raises(UnsoundLock) as caught:
        verify(twice, HERE, [])
    assert [(one.package, one.text) for one in caught.value.flaws] == [
        (MIXED.combo.id, "a package is there twice")
    ]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"md5": ""}, "numpy-1.26.4-h1_0.conda has no md5"),
        ({"md5": "G" * 32}, "numpy-1.26.4-h1_0.conda has no md5"),
        (
            {"url": "https://x/osx-64/numpy-1.26.4-h1_0.conda"},
            "it is from osx-64, not osx-arm64",
        ),
        ({"build": "h2_0"}, "numpy-1.26.4-h1_0.conda is another package's file"),
        ({"version": "1.26.5"}, "numpy-1.26.4-h1_0.conda is another package's file"),
        ({"filename": "numpy-1.26.4-h1_0.zip"}, "numpy-1.26.4-h1_0.zip is another package's file"),
    ],
)
def test_a_file_of_conda_is_of_the_platform_and_of_its_record(
    fields: dict[str, str], told: str
) -> None:
    assert changed("numpy", **fields) == (Flaw(package="numpy", text=told),)


def test_a_file_of_conda_may_be_an_older_archive_and_for_every_platform() -> None:
    older = "numpy-1.26.4-h1_0.tar.bz2"
    assert changed("numpy", filename=older, url=f"https://x/noarch/{older}") == ()
