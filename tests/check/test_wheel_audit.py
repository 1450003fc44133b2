from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

from tests.support.fake_wheels import tensorflow_wheel
from tests.support.machos import Image, build, fat
from tests.support.wheels import build_wheel
from tfmac_lock.check.wheel_audit import Code, WheelAudit, audit_wheel
from tfmac_lock.wheels.archive import Wheel

if TYPE_CHECKING:
    from pathlib import Path

OLD = b"\0numpy.core._multiarray_umath\0"
NEW = b"\0numpy._core._multiarray_umath\0"


def wheel(folder: Path, files: dict[str, bytes], **options: str) -> Path:
    tag = options.get("tag", "cp312-cp312-macosx_12_0_arm64")
    return build_wheel(folder, options.get("name", "x"), "1", tag=tag, files=files)


def audit(
    path: Path,
    *,
    arch: str | None = None,
    numpy: Version | None = None,
    macos: str | None = None,
) -> WheelAudit:
    with path.open("rb") as file:
        return audit_wheel(Wheel(file, path.name), arch=arch, numpy=numpy, macos=macos)


def codes(found: WheelAudit) -> list[Code]:
    return [finding.code for finding in found.findings]


def test_a_pure_wheel_has_nothing_to_say(tmp_path: Path) -> None:
    found = audit(build_wheel(tmp_path, "six", "1"), arch="arm64", numpy=Version("2.0"))

    assert (found.native, found.numpy_generation, found.findings) == ((), None, ())


def test_a_file_for_intel_alone_is_found_in_an_arm64_environment(tmp_path: Path) -> None:
    files = {
        "x/intel.so": build(Image(arch="x86_64")),
        "x/both.so": fat([build(Image(arch="x86_64")), build(Image(arch="arm64"))]),
    }
    found = audit(wheel(tmp_path, files), arch="arm64")

    assert [(f.code, f.path) for f in found.findings] == [(Code.NO_SLICE, "x/intel.so")]
    assert found.findings[0].is_error
    assert found.findings[0].text == "is for x86_64 only, the environment is arm64"


@pytest.mark.parametrize(
    ("data", "numpy", "expected"),
    [
        (OLD, "2.0.2", [Code.NUMPY_TOO_NEW]),
        (OLD, "1.26.4", []),
        (OLD + NEW, "2.0.2", []),
        (OLD + NEW, "1.26.4", []),
        (NEW, "1.26.4", [Code.NUMPY_TOO_OLD]),
    ],
)
def test_modules_are_held_against_the_numpy_of_the_environment(
    tmp_path: Path, data: bytes, numpy: str, expected: list[Code]
) -> None:
    files = {"x/a.so": build(Image(text=data))}

    assert codes(audit(wheel(tmp_path, files), numpy=Version(numpy))) == expected


def test_modules_that_contradict_each_other_are_found(tmp_path: Path) -> None:
    files = {"x/a.so": build(Image(text=OLD)), "x/b.so": build(Image(text=NEW))}

    assert codes(audit(wheel(tmp_path, files))) == [Code.NUMPY_MIXED]


def test_numpy_s_own_modules_are_no_users_of_numpy(tmp_path: Path) -> None:
    path = wheel(tmp_path, {"numpy/core/a.so": build(Image(text=OLD))}, name="numpy")

    assert audit(path, numpy=Version("2.0")).findings == ()


def test_a_newer_minos_is_worth_a_note_and_no_error(tmp_path: Path) -> None:
    files = {"x/a.so": build(Image(minos="13.0"))}
    found = audit(wheel(tmp_path, files), macos="12.3")

    assert codes(found) == [Code.MINOS_NEWER]
    assert not found.findings[0].is_error
    assert audit(wheel(tmp_path, files), macos="13").findings == ()


def test_what_is_named_like_a_library_and_is_none_gets_a_note(tmp_path: Path) -> None:
    assert codes(audit(wheel(tmp_path, {"x/a.so": b"\x7fELF" + bytes(60)}))) == [Code.NOT_MACHO]


def test_a_stub_that_requires_itself_is_an_error(tmp_path: Path) -> None:
    path = tensorflow_wheel(
        tmp_path,
        "2.15.1",
        package="tensorflow-macos",
        files={},
        requires=["tensorflow-macos ==2.15.1 ; platform_machine == 'arm64'"],
    )
    assert codes(audit(path)) == [Code.STUB, Code.REQUIRES_ITSELF]


def test_a_tag_inside_that_differs_from_the_name_is_noted(tmp_path: Path) -> None:
    path = wheel(tmp_path, {"x/a.so": build(Image())})
    renamed = path.with_name(path.name.replace("12_0", "11_0"))
    path.rename(renamed)

    assert codes(audit(renamed)) == [Code.INNER_TAG]


def test_slices_that_nobody_reads_are_listed_by_name(tmp_path: Path) -> None:
    i386 = b"\xce\xfa\xed\xfe" + (7).to_bytes(4, "little") + (3).to_bytes(4, "little") + bytes(50)
    found = audit(wheel(tmp_path, {"x/a.so": i386}), arch="arm64")

    assert found.native[0].arches == ("i386",)
    assert codes(found) == [Code.NO_SLICE]


def test_a_second_copy_of_tensorflows_library_is_told(tmp_path: Path) -> None:
    copy = "tensorflow_addons/.dylibs/libtensorflow_framework.2.dylib"
    found = audit(wheel(tmp_path, {copy: build(Image())}))

    assert [(f.code, f.path, f.is_error) for f in found.findings] == [
        (Code.SECOND_COPY, copy, False)
    ]
    assert codes(audit(tensorflow_wheel(tmp_path))) == []
