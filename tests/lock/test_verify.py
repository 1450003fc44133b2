from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.facts import bound, target
from tests.support.locks import PACKAGES, lock, package
from tfmac_lock.lock.verify import UnsoundLock, verify

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
