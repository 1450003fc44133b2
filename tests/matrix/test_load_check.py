from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.check.test_binary_facts import plugin, tensorflow
from tests.support.fake_wheels import (
    INTERNAL,
    SYSTEM,
    plugin_wheel,
    tensorflow_files,
    tensorflow_wheel,
)
from tests.support.machos import Need
from tfmac_lock.matrix.binaries import ImageFacts
from tfmac_lock.matrix.load_check import LoadResult, candidate_paths, check_pair, find_library

if TYPE_CHECKING:
    from pathlib import Path

    from tfmac_lock.matrix.binaries import PluginBinary, TensorFlowBinary

ASKED = {"_TF_Graph", "_TF_Alloc", "_TF_None", "_TF_Status"}
LIBRARY = "@rpath/_pywrap_tensorflow_internal.so"


@pytest.fixture
def payload(tmp_path: Path) -> TensorFlowBinary:
    return tensorflow(tensorflow_wheel(tmp_path), ASKED)


def with_needs(tmp_path: Path, *needs: Need) -> PluginBinary:
    return plugin(plugin_wheel(tmp_path, needs=needs))


def missing(result: LoadResult) -> list[tuple[str, str | None]]:
    return [(one.symbol, one.library) for one in result.missing_symbols]


def test_a_plugin_whose_symbols_are_all_there_loads(
    payload: TensorFlowBinary, tmp_path: Path
) -> None:
    assert check_pair(payload, plugin(plugin_wheel(tmp_path))) == LoadResult(loads=True)


def test_a_symbol_must_be_in_the_library_that_it_is_bound_to(
    payload: TensorFlowBinary, tmp_path: Path
) -> None:
    # The framework exports it, and the library that the plugin names does not.
    result = check_pair(payload, with_needs(tmp_path, Need(symbol="_TF_Alloc", ordinal=1)))

    assert result.loads is False
    assert missing(result) == [("_TF_Alloc", LIBRARY)]
    assert result.dyld_message == (
        "dlopen(tensorflow-plugins/libmetal_plugin.dylib, 0x0006): Symbol not found: _TF_Alloc\n"
        "  Referenced from: tensorflow-plugins/libmetal_plugin.dylib\n"
        f"  Expected in: {LIBRARY}"
    )


def test_a_flat_symbol_may_be_in_any_loaded_image(
    payload: TensorFlowBinary, tmp_path: Path
) -> None:
    assert check_pair(payload, with_needs(tmp_path, Need(symbol="_TF_Graph", ordinal=-2))).loads


def test_a_flat_symbol_that_only_a_hidden_image_has_is_missing(
    payload: TensorFlowBinary, tmp_path: Path
) -> None:
    result = check_pair(payload, with_needs(tmp_path, Need(symbol="_TF_Status", ordinal=-2)))

    assert payload.exports["_TF_Status"] == {INTERNAL}
    assert missing(result) == [("_TF_Status", None)]
    assert result.dyld_message is not None
    assert result.dyld_message.endswith("symbol not found in flat namespace '_TF_Status'")


def test_a_weak_symbol_may_be_missing(payload: TensorFlowBinary, tmp_path: Path) -> None:
    needs = [
        Need(symbol="_TF_None", ordinal=1, weak=True),
        Need(symbol="_TF_None", ordinal=-2, weak=True),
    ]
    assert check_pair(payload, with_needs(tmp_path, *needs)).loads is True


def test_a_symbol_that_was_never_asked_for_leaves_the_answer_open(
    payload: TensorFlowBinary, tmp_path: Path
) -> None:
    result = check_pair(payload, with_needs(tmp_path, Need(symbol="_TF_New", ordinal=1)))

    assert result.loads is None
    assert result.unknown_symbols == ("_TF_New",)


def test_one_missing_symbol_decides_although_another_is_unknown(
    payload: TensorFlowBinary, tmp_path: Path
) -> None:
    needs = [Need(symbol="_TF_New", ordinal=1), Need(symbol="_TF_None", ordinal=-2)]

    assert check_pair(payload, with_needs(tmp_path, *needs)).loads is False


def test_a_flat_symbol_in_a_file_that_need_not_be_loaded_leaves_the_answer_open(
    payload: TensorFlowBinary, tmp_path: Path
) -> None:
    facts = replace(
        payload, absent=payload.absent - {"_TF_None"}, elsewhere=frozenset({"_TF_None"})
    )

    assert (
        check_pair(facts, with_needs(tmp_path, Need(symbol="_TF_None", ordinal=-2))).loads is None
    )
    bound = check_pair(facts, with_needs(tmp_path, Need(symbol="_TF_None", ordinal=1)))
    assert bound.loads is False


def test_a_library_whose_install_name_changed_is_not_found(tmp_path: Path) -> None:
    files = tensorflow_files(internal_name="bazel-out/bin/lib_16_shared_object.dylib")
    payload = tensorflow(tensorflow_wheel(tmp_path, files=files), ASKED)
    result = check_pair(payload, plugin(plugin_wheel(tmp_path)))

    assert result.loads is False
    assert result.missing_libraries == (LIBRARY,)
    assert missing(result) == []
    assert result.dyld_message is not None
    assert f"Library not loaded: {LIBRARY}" in result.dyld_message


@pytest.mark.parametrize(
    "rpath", ["@loader_path/../tensorflow/python", "@loader_path/../tensorflow/python/"]
)
def test_a_library_is_also_found_on_the_plugin_s_rpaths(tmp_path: Path, rpath: str) -> None:
    files = tensorflow_files(internal_name="bazel-out/bin/lib_16_shared_object.dylib")
    payload = tensorflow(tensorflow_wheel(tmp_path, files=files), ASKED)

    assert check_pair(payload, plugin(plugin_wheel(tmp_path, rpaths=[rpath]))).loads is True


def test_a_library_is_also_found_on_the_rpaths_of_the_image_that_calls_dlopen(
    tmp_path: Path,
) -> None:
    payload = tensorflow(tensorflow_wheel(tmp_path), ASKED)
    images = tuple(
        replace(image, install_name=None, rpaths=("@loader_path/python",))
        if image.calls_dlopen
        else replace(image, install_name=None)
        for image in payload.images
    )
    assert check_pair(replace(payload, images=images), plugin(plugin_wheel(tmp_path))).loads is True


def test_a_weak_library_may_be_missing_with_its_symbols(
    payload: TensorFlowBinary, tmp_path: Path
) -> None:
    path = plugin_wheel(
        tmp_path,
        needs=[Need(symbol="_x", ordinal=1)],
        libraries=[("@rpath/none.dylib", "weak"), SYSTEM],
    )
    assert check_pair(payload, plugin(path)).loads is True


def test_halves_of_different_architectures_make_no_pair(
    payload: TensorFlowBinary, tmp_path: Path
) -> None:
    other = replace(plugin(plugin_wheel(tmp_path)), arch="x86_64")

    with pytest.raises(ValueError, match="cannot make a pair"):
        check_pair(payload, other)


def test_rpaths_that_leave_site_packages_are_not_looked_at() -> None:
    rpaths = ("@loader_path/../..", "@executable_path/../lib", "/usr/local/lib", "@loader_path")

    assert candidate_paths("@rpath/x.dylib", "tensorflow-plugins/p.dylib", rpaths) == [
        "tensorflow-plugins/x.dylib"
    ]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("@rpath/a.so", ["plugins/a.so", "python/a.so"]),
        ("@loader_path/a.so", ["plugins/a.so"]),
        ("@loader_path/../python/a.so", ["python/a.so"]),
        ("@loader_path/../../a.so", []),
        ("@executable_path/a.so", []),
        ("/usr/lib/a.so", []),
        ("a.so", []),
    ],
)
def test_dyld_looks_where_a_name_leads_from_its_loader(name: str, found: list[str]) -> None:
    rpaths = ("@loader_path/", "@loader_path/../python", "/opt")
    assert candidate_paths(name, "plugins/p.dylib", rpaths) == found


def image(
    path: str, name: str | None = None, *rpaths: str, calls_dlopen: bool = False
) -> ImageFacts:
    return ImageFacts(
        path=path,
        install_name=name,
        libraries=(),
        rpaths=rpaths,
        calls_dlopen=calls_dlopen,
        local=False,
    )


def test_a_loaded_image_of_that_name_comes_before_the_files_on_rpaths() -> None:
    here, there = image("tf/a.so"), image("tf/b.so", "@rpath/a.so")
    rpaths = ("@loader_path/../tf",)
    assert find_library([here, there], "p/p.so", rpaths, "@rpath/a.so") == "tf/b.so"
    assert find_library([here], "p/p.so", rpaths, "@rpath/a.so") == "tf/a.so"
    assert find_library([here], "p/p.so", (), "@rpath/a.so") is None


def test_the_loaders_rpaths_come_before_those_of_who_calls_dlopen_and_no_others_count() -> None:
    images = [
        image("one/a.so"),
        image("two/a.so"),
        image("two/caller.so", None, "@loader_path", calls_dlopen=True),
        image("three/other.so", None, "@loader_path"),
        image("three/b.so"),
    ]
    assert find_library(images, "p/p.so", ("@loader_path/../one",), "@rpath/a.so") == "one/a.so"
    assert find_library(images, "p/p.so", ("@loader_path",), "@rpath/a.so") == "two/a.so"
    assert find_library(images, "p/p.so", (), "@rpath/b.so") is None


def test_what_is_missing_is_told_in_order_and_dyld_stops_at_the_first(
    payload: TensorFlowBinary, tmp_path: Path
) -> None:
    needs = [
        Need(symbol=symbol, ordinal=ordinal)
        for symbol, ordinal in (("_b", 1), ("_a", -2), ("_a", 1), ("_z", 1), ("_y", -2))
    ]
    facts = replace(payload, absent=frozenset({"_a", "_b"}))
    result = check_pair(facts, with_needs(tmp_path, *needs))
    assert missing(result) == [("_a", None), ("_a", LIBRARY), ("_b", LIBRARY)]
    assert result.unknown_symbols == ("_y", "_z")
    assert result.missing_libraries == ()
    assert result.dyld_message is not None


def test_a_flat_symbol_of_the_system_is_there_and_one_bound_to_a_library_is_not(
    payload: TensorFlowBinary, tmp_path: Path
) -> None:
    facts = replace(payload, absent=frozenset({"_objc_msgSend"}))
    flat = Need(symbol="_objc_msgSend", ordinal=-2)
    assert check_pair(facts, with_needs(tmp_path, flat)).loads is True
    bound = replace(flat, ordinal=1)
    assert check_pair(facts, with_needs(tmp_path, bound)).loads is False


def test_dyld_names_the_first_library_that_it_cannot_find(tmp_path: Path) -> None:
    payload = tensorflow(tensorflow_wheel(tmp_path), ASKED)
    path = plugin_wheel(
        tmp_path,
        needs=[],
        libraries=[("@rpath/w.dylib", "weak"), ("@rpath/b.dylib", "regular"), SYSTEM],
    )
    result = check_pair(payload, plugin(path))
    assert result.missing_libraries == ("@rpath/b.dylib",)
    assert result.dyld_message == (
        "dlopen(tensorflow-plugins/libmetal_plugin.dylib, 0x0006): Library not loaded: "
        "@rpath/b.dylib\n  Referenced from: tensorflow-plugins/libmetal_plugin.dylib\n"
        "  Reason: tried: (no such file)"
    )
