from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.fake_wheels import (
    CC,
    FRAMEWORK,
    INTERNAL,
    plugin_wheel,
    tensorflow_files,
    tensorflow_wheel,
)
from tests.support.machos import Image, Need, build
from tests.support.wheels import build_wheel
from tfmac_lock.check.binary_facts import read_for_plugin, read_plugin, read_tensorflow
from tfmac_lock.macho.errors import DamagedBinary
from tfmac_lock.matrix.binaries import PluginImport
from tfmac_lock.wheels.archive import Wheel

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tfmac_lock.matrix.binaries import PluginBinary, TensorFlowBinary


def tensorflow(path: Path, asked: Iterable[str], arch: str = "arm64") -> TensorFlowBinary:
    with path.open("rb") as file:
        return read_tensorflow(Wheel(file, path.name), "0" * 64, arch, asked)


def plugin(path: Path, arch: str = "arm64") -> PluginBinary:
    with path.open("rb") as file:
        return read_plugin(Wheel(file, path.name), "0" * 64, arch)


def test_re_exports_are_followed_to_the_image_that_has_the_symbol(tmp_path: Path) -> None:
    binary = tensorflow(tensorflow_wheel(tmp_path), {"_TF_Graph", "_TF_Status", "_TF_None"})

    assert binary.exports == {
        "_TF_Graph": {CC, INTERNAL},
        "_TF_Status": {INTERNAL},  # which offers _TF_Alloc of the framework under that name
    }
    assert binary.absent == {"_TF_None"}


def test_a_re_export_of_what_the_other_image_lacks_offers_nothing(tmp_path: Path) -> None:
    files = tensorflow_files(internal={"_a": (2, "_missing"), "_b": (9, "_b"), "_c": (1, "_c")})
    binary = tensorflow(tensorflow_wheel(tmp_path, files=files), {"_a", "_b", "_c"})

    assert set(binary.exports) == {"_c"}  # the system is taken to have what it is asked for


def test_re_exports_in_a_circle_offer_nothing(tmp_path: Path) -> None:
    files = tensorflow_files(cc={"_a": (2, "_a")})
    files[FRAMEWORK] = build(
        Image(
            install_name="@rpath/libtensorflow_framework.2.dylib",
            libraries=[("@rpath/libtensorflow_cc.2.dylib", "regular")],
            exports={"_a": (1, "_a")},
        )
    )
    assert tensorflow(tensorflow_wheel(tmp_path, files=files), {"_a"}).exports == {}


def test_a_library_that_is_re_exported_whole_offers_its_symbols(tmp_path: Path) -> None:
    files = tensorflow_files()
    files[INTERNAL] = build(
        Image(
            install_name="@rpath/_pywrap_tensorflow_internal.so",
            libraries=[("@rpath/libtensorflow_framework.2.dylib", "reexport")],
            rpaths=["@loader_path/.."],
        )
    )
    binary = tensorflow(tensorflow_wheel(tmp_path, files=files), {"_TF_Alloc"})

    assert binary.exports == {"_TF_Alloc": {INTERNAL, FRAMEWORK}}


def test_only_images_that_are_loaded_count(tmp_path: Path) -> None:
    files = tensorflow_files()
    files["tensorflow/python/_pywrap_other.so"] = build(Image(exports={"_other": None}))
    binary = tensorflow(tensorflow_wheel(tmp_path, files=files), {"_other"})

    assert [image.path for image in binary.images] == [CC, FRAMEWORK, INTERNAL]
    assert binary.elsewhere == {"_other"}
    assert binary.absent == set()


def test_the_image_that_calls_dlopen_and_the_hidden_one_are_known(tmp_path: Path) -> None:
    binary = tensorflow(tensorflow_wheel(tmp_path), ())

    assert [image.path for image in binary.images if image.calls_dlopen] == [FRAMEWORK]
    assert [image.path for image in binary.images if image.local] == [INTERNAL]


def test_with_global_flags_no_image_is_hidden(tmp_path: Path) -> None:
    files = tensorflow_files()
    files["tensorflow/python/pywrap_dlopen_global_flags.py"] = b""
    binary = tensorflow(tensorflow_wheel(tmp_path, files=files), ())

    assert not any(image.local for image in binary.images)


def test_floors_numpy_and_the_file_are_recorded(tmp_path: Path) -> None:
    binary = tensorflow(tensorflow_wheel(tmp_path), ())

    assert (binary.macos_tag, binary.minos, binary.sdk) == ("12.0", "12.1", "13.0")
    assert binary.numpy_generation == "1"
    assert [(f.filename, f.python, f.inner_tags) for f in binary.files] == [
        ("tensorflow-2.18.0-cp312-cp312-macosx_12_0_arm64.whl", "cp312", ("macosx_12_0_arm64",))
    ]


def test_a_stub_tells_what_a_mac_gets_in_its_place(tmp_path: Path) -> None:
    requires = [
        "tensorflow-macos ==2.14.0 ; platform_system == 'Darwin' and platform_machine == 'arm64'",
        "tensorflow-intel ==2.14.0 ; platform_system == 'Windows'",
        "nvidia-cublas-cu11 ==1 ; extra == 'and-cuda'",
    ]
    path = tensorflow_wheel(tmp_path, "2.14.0", files={}, requires=requires)
    binary = tensorflow(path, {"_a"})

    assert not binary.payload
    assert binary.requires == ("tensorflow-macos==2.14.0",)
    assert binary.images == ()


def test_machine_code_without_the_known_root_is_refused(tmp_path: Path) -> None:
    path = tensorflow_wheel(tmp_path, files={"tensorflow/x.so": build(Image())})

    with pytest.raises(DamagedBinary, match="_pywrap_tensorflow_internal"):
        tensorflow(path, ())


def test_a_plugin_s_imports_are_those_that_the_system_does_not_answer(tmp_path: Path) -> None:
    binary = plugin(plugin_wheel(tmp_path))

    internal = "@rpath/_pywrap_tensorflow_internal.so"
    assert set(binary.imports) == {
        PluginImport(symbol="_TF_Graph", library=internal, weak=False),
        PluginImport(symbol="_TF_Alloc", library=None, weak=False),
        PluginImport(symbol="_objc_msgSend", library=None, weak=False),
        PluginImport(symbol="__Znwm", library=None, weak=False),
    }
    assert binary.libraries == ((internal, False),)


def test_a_symbol_bound_to_a_library_that_is_not_linked_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DamagedBinary, match="binds _x to library 7"):
        plugin(plugin_wheel(tmp_path, needs=[Need(symbol="_x", ordinal=7)]))


def test_a_plugin_for_another_architecture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DamagedBinary, match="is not for x86_64"):
        plugin(plugin_wheel(tmp_path), "x86_64")


def test_a_plugin_wheel_without_a_plugin_is_refused(tmp_path: Path) -> None:
    path = build_wheel(tmp_path, "tensorflow-metal", "1.0", tag="cp312-cp312-macosx_12_0_arm64")

    with pytest.raises(DamagedBinary, match="has 0 libraries"):
        plugin(path)


def test_for_one_plugin_only_the_loaded_images_are_inflated(tmp_path: Path) -> None:
    files = tensorflow_files()
    files["tensorflow/python/_pywrap_other.so"] = b"\xcf\xfa\xed\xfe damaged"
    path = tensorflow_wheel(tmp_path, files=files)
    wanted = plugin(plugin_wheel(tmp_path))

    with path.open("rb") as file:
        binary = read_for_plugin(Wheel(file, path.name), "", "arm64", wanted)

    assert binary.exports["_TF_Graph"] == {CC, INTERNAL}
    assert binary.numpy_generation is None
