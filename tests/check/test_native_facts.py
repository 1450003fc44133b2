"""What a companion's images want of TensorFlow, read from its wheel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.fake_wheels import SYSTEM, companion_wheel
from tests.support.machos import Image, Need, build, fat
from tests.support.wheels import build_wheel
from tfmac_lock.check.native_facts import numbered, read_native
from tfmac_lock.macho.errors import DamagedBinary
from tfmac_lock.matrix.natives import Numbers, bits_of, names_of
from tfmac_lock.wheels.archive import Wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tfmac_lock.check.native_facts import NativeWheel

FRAMEWORK = "@rpath/libtensorflow_framework.2.dylib"
CONCAT = "__ZN10tensorflow6tensor6ConcatERKN4absl12lts_202308024SpanIKNS_6TensorEEEPS4_"
COPY = "tensorflow_addons/.dylibs/libtensorflow_framework.2.dylib"


def native(path: Path, arch: str = "arm64", optional: tuple[str, ...] = ()) -> NativeWheel:
    with path.open("rb") as file:
        return read_native(Wheel(file, path.name), arch, optional)


def wants(found: NativeWheel) -> set[tuple[str | None, str]]:
    return {want for image in found.images for want in image.wants}


def test_what_is_bound_to_tensorflow_counts_and_what_is_the_systems_does_not(
    tmp_path: Path,
) -> None:
    needs = [
        Need(symbol="__ZN3tsl3EnvD2Ev", ordinal=1),
        Need(symbol="_malloc", ordinal=2),
        Need(symbol=CONCAT, ordinal=-2),
        Need(symbol="_PyList_New", ordinal=-2),
        Need(symbol="__Znwm", ordinal=-3),
        Need(symbol="__ZN4absl12lts_202308028InfiniteEv", ordinal=-3),
    ]
    found = native(companion_wheel(tmp_path, needs=needs))

    assert wants(found) == {
        (FRAMEWORK, "__ZN3tsl3EnvD2Ev"),
        (None, CONCAT),
        (None, "__ZN4absl12lts_202308028InfiniteEv"),
    }
    assert found.images[0].libraries == (FRAMEWORK,)
    assert (found.macos_tag, found.images[0].minos) == ("12.0", "12.3")


def test_what_may_be_absent_and_what_the_wheel_has_itself_are_left_out(tmp_path: Path) -> None:
    needs = [
        Need(symbol="__ZN10tensorflow4WeakEv", ordinal=1, weak=True),
        Need(symbol="__ZN10tensorflow3OwnEv", ordinal=-3),
        Need(symbol="__ZN10tensorflow5OtherEv", ordinal=-2),
    ]
    other = Image(
        needs=[Need(symbol="__ZN10tensorflow5OtherEv", ordinal=-3)],
        exports={"__ZN10tensorflow5OtherEv": None},
    )
    path = companion_wheel(
        tmp_path,
        needs=needs,
        exports=["__ZN10tensorflow3OwnEv"],
        others={"tensorflow_io/other.so": build(other)},
    )
    found = native(path)

    assert wants(found) == set()
    assert [image.libraries for image in found.images] == [(FRAMEWORK,)]


def test_a_library_that_is_linked_weakly_need_not_be_there(tmp_path: Path) -> None:
    path = companion_wheel(
        tmp_path,
        needs=[Need(symbol="__ZN10tensorflow1AEv", ordinal=1)],
        libraries=[("@rpath/libtensorflow_cc.2.dylib", "weak"), SYSTEM],
    )
    (image,) = native(path).images

    assert (image.libraries, image.wants) == ((), frozenset())


def test_an_image_that_shares_nothing_but_abseil_does_not_bind(tmp_path: Path) -> None:
    needs = [Need(symbol="__ZN4absl12lts_202308025MutexEv", ordinal=-2)]
    found = native(companion_wheel(tmp_path, needs=needs, libraries=[SYSTEM]))

    assert found.images == ()


def test_an_image_that_names_no_library_binds_by_tensorflows_names(tmp_path: Path) -> None:
    found = native(
        companion_wheel(
            tmp_path, needs=[Need(symbol="_TF_NewStatus", ordinal=-2)], libraries=[SYSTEM]
        )
    )

    assert wants(found) == {(None, "_TF_NewStatus")}


def test_a_copy_of_tensorflows_library_in_the_wheel_is_what_its_images_bind_to(
    tmp_path: Path,
) -> None:
    copy = Image(install_name="/DLC/tensorflow_addons/.dylibs/libtensorflow_framework.2.dylib")
    path = companion_wheel(
        tmp_path,
        "tensorflow-addons",
        "0.23.0",
        path="tensorflow_addons/custom_ops/image/_image_ops.so",
        libraries=[
            ("@loader_path/../../.dylibs/libtensorflow_framework.2.dylib", "regular"),
            SYSTEM,
        ],
        others={COPY: build(copy)},
    )
    found = native(path)

    assert found.copies == (COPY,)
    assert wants(found) == set()
    assert [image.path for image in found.images] == [
        "tensorflow_addons/custom_ops/image/_image_ops.so"
    ]


def test_images_that_are_named_as_optional_are_left_out(tmp_path: Path) -> None:
    path = companion_wheel(tmp_path)
    found = native(path, optional=("tensorflow_io/python/ops/libtensorflow_io.so",))

    assert found.images == ()


def test_only_rpaths_that_lead_to_tensorflow_are_kept(tmp_path: Path) -> None:
    rpaths = ["@loader_path/../../../_solib_darwin_arm64/x", "@loader_path/../../../tensorflow"]
    (image,) = native(companion_wheel(tmp_path, rpaths=rpaths)).images

    assert image.rpaths == ("@loader_path/../../../tensorflow",)


def test_of_a_file_for_both_architectures_the_slice_is_read(tmp_path: Path) -> None:
    slices = [
        build(
            Image(
                arch=arch,
                libraries=[(FRAMEWORK, "regular")],
                needs=[Need(symbol=f"__ZN10tensorflow1{arch[0].upper()}Ev", ordinal=1)],
            )
        )
        for arch in ("arm64", "x86_64")
    ]
    tag = "cp312-cp312-macosx_12_0_universal2"
    path = build_wheel(tmp_path, "x", "1", tag=tag, files={"x/x.so": fat(slices)})

    assert wants(native(path, "x86_64")) == {(FRAMEWORK, "__ZN10tensorflow1XEv")}


def test_a_binding_to_a_library_that_is_not_linked_is_damage(tmp_path: Path) -> None:
    path = companion_wheel(tmp_path, needs=[Need(symbol="_a", ordinal=9)])

    with pytest.raises(DamagedBinary, match="binds _a to library 9 of none"):
        native(path)


def test_pythons_that_want_the_same_are_one_row(tmp_path: Path) -> None:
    wheels = [
        native(
            companion_wheel(
                tmp_path,
                python=python,
                path=f"tensorflow_io/x.cpython-{python[2:]}-darwin.so",
            )
        )
        for python in ("cp311", "cp312")
    ]
    numbers = Numbers()
    (row,) = numbered(wheels, numbers)

    assert row.pythons == ("cp311", "cp312")
    (group,) = row.groups
    assert group.images == ("tensorflow_io/x.so",)
    assert names_of(bits_of(group.imports[FRAMEWORK]), numbers.symbols) == (
        "__ZN10tensorflow5AllocEv",
    )


def test_pythons_that_want_other_things_are_rows_of_their_own(tmp_path: Path) -> None:
    wheels = [
        native(companion_wheel(tmp_path, python="cp311")),
        native(companion_wheel(tmp_path, python="cp312", needs=[])),
    ]

    assert [row.pythons for row in numbered(wheels, Numbers())] == [("cp311",), ("cp312",)]


def test_images_of_one_folder_are_one_group_unless_they_are_asked_for_apart(
    tmp_path: Path,
) -> None:
    other = Image(
        libraries=[(FRAMEWORK, "regular")],
        needs=[Need(symbol="__ZN10tensorflow5OtherEv", ordinal=1)],
    )
    wheel = native(
        companion_wheel(tmp_path, others={"tensorflow_io/python/ops/other.so": build(other)})
    )
    (together,) = numbered([wheel], Numbers())
    (apart,) = numbered([wheel], Numbers(), apart=True)

    assert [len(group.images) for group in together.groups] == [2]
    assert [len(group.images) for group in apart.groups] == [1, 1]
