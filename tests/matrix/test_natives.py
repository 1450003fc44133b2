"""Whether a companion loads into a TensorFlow, by invented rows and by those that are shipped."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.facts import shipped
from tests.support.fake_wheels import CC, FRAMEWORK, INTERNAL
from tests.support.natives import ALLOC, CONCAT, IMAGES, LIBRARY, Rows
from tfmac_lock.errors import DataError
from tfmac_lock.files import dump_json
from tfmac_lock.matrix.natives import NativeLoad, Numbers, check, load_natives, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from tfmac_lock.matrix.natives import Natives


def load(
    wants: Mapping[str, Iterable[str]],
    exports: Mapping[str, Iterable[str]] | None = None,
    **options: object,
) -> NativeLoad:
    rows = Rows()
    companion = rows.companion(wants=wants, **options)  # type: ignore[arg-type]
    return check(companion, rows.tensorflow(exports=exports), rows.numbers.symbols)


def test_what_is_bound_to_a_library_must_be_offered_by_that_library() -> None:
    assert load({LIBRARY: [ALLOC]}, {FRAMEWORK: [ALLOC]}).loads is True

    found = load({LIBRARY: [ALLOC]}, {CC: [ALLOC]})
    assert (found.loads, found.missing_symbols) == (False, (ALLOC,))
    assert found.images == ("tensorflow_io/python/ops/libtensorflow_io.so",)


def test_a_lookup_in_all_images_does_not_see_the_one_that_python_hides() -> None:
    assert load({"": [CONCAT]}, {CC: [CONCAT]}).loads is True
    assert load({"": [CONCAT]}, {INTERNAL: [CONCAT]}).loads is False


def test_a_library_that_no_image_is_named_after_is_missing() -> None:
    name = "@rpath/libtensorflow_framework.1.dylib"
    found = load({name: [ALLOC]}, libraries=[name])

    assert (found.loads, found.missing_libraries, found.missing_symbols) == (False, (name,), ())
    assert found.text == (
        "tensorflow-io 0.37.1 does not load into TensorFlow 2.18.1: "
        "there is no libtensorflow_framework.1.dylib"
    )


def test_a_library_is_found_by_an_rpath_that_leads_to_it() -> None:
    rows = Rows()
    companion = rows.companion(rpaths=["@loader_path/../../../tensorflow"])
    nameless = tuple(replace(image, install_name=f"bazel-out/{image.path}") for image in IMAGES)
    symbols = rows.numbers.symbols

    assert check(companion, rows.tensorflow(images=nameless), symbols).loads is True
    lost = replace(companion.groups[0], rpaths=())
    without = check(replace(companion, groups=(lost,)), rows.tensorflow(images=nameless), symbols)
    assert without.missing_libraries == (LIBRARY,)


def test_what_a_tensorflow_was_never_asked_for_is_open_and_not_guessed() -> None:
    rows = Rows()
    rows.numbers.bits([ALLOC])
    tensorflow = rows.tensorflow()
    companion = rows.companion(wants={LIBRARY: [ALLOC, CONCAT]})
    found = check(companion, tensorflow, rows.numbers.symbols)

    assert (found.loads, found.unknown_symbols) == (None, (CONCAT,))
    assert "was not read" in found.text


def test_a_symbol_that_is_missing_decides_whatever_was_not_asked() -> None:
    rows = Rows()
    rows.numbers.bits([ALLOC])
    tensorflow = rows.tensorflow(exports={})
    companion = rows.companion(wants={LIBRARY: [ALLOC, CONCAT]})
    found = check(companion, tensorflow, rows.numbers.symbols)

    assert (found.loads, found.missing_symbols) == (False, (ALLOC,))


def test_a_companion_with_a_copy_of_tensorflows_library_is_not_said_to_load() -> None:
    copy = "tensorflow_addons/.dylibs/libtensorflow_framework.2.dylib"
    found = load({}, libraries=[], copies=[copy])

    assert (found.loads, found.copies) == (None, (copy,))
    assert "its own copy of libtensorflow_framework.2.dylib" in found.text


def test_of_two_packages_of_one_version_the_one_that_brings_it_is_asked() -> None:
    rows = Rows()
    rows.companion(arch="x86_64")
    rows.tensorflow("2.9.0", arch="x86_64")
    rows.tensorflow("2.9.0", {}, package="tensorflow-macos", arch="x86_64")
    natives = rows.natives()

    def loads(by: str | None) -> bool | None:
        found = natives.check("tensorflow-io", "0.37.1", "2.9.0", "x86_64", by=by)
        return found.loads if found else None

    assert [loads("tensorflow"), loads("tensorflow-macos"), loads(None)] == [True, False, True]


def test_the_row_of_the_python_is_taken_and_the_first_where_there_is_none() -> None:
    rows = Rows()
    rows.companion(pythons=["cp310"])
    rows.companion(pythons=["cp311"], wants={LIBRARY: [CONCAT]})
    rows.tensorflow()
    natives = rows.natives()

    def loads(python: str) -> bool | None:
        found = natives.check("tensorflow-io", "0.37.1", "2.18.1", "arm64", python=python)
        return found.loads if found else None

    assert [loads("3.10"), loads("3.11"), loads("3.12")] == [True, False, True]


def test_nothing_is_said_of_what_was_not_read() -> None:
    rows = Rows()
    rows.companion()
    rows.tensorflow()
    natives = rows.natives()

    assert natives.check("tensorflow-io", "0.38.0", "2.18.1", "arm64") is None
    assert natives.check("tensorflow-io", "0.37.1", "2.99.0", "arm64") is None
    assert natives.check("tensorflow-io", "0.37.1", "2.18.1", "x86_64") is None


def test_numbers_of_symbols_stay_when_new_ones_come() -> None:
    numbers = Numbers(["b", "a"])

    assert numbers.bits(["a", "c"]) == "6"
    assert numbers.symbols == ("b", "a", "c")


def test_rows_are_the_same_when_they_come_back_from_their_file(tmp_path: Path) -> None:
    rows = Rows()
    rows.companion()
    rows.tensorflow()
    path = tmp_path / "natives.json"
    path.write_text(dump_json(to_json(rows.natives())))

    assert load_natives(path) == rows.natives()


def test_a_damaged_file_is_told_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "natives.json"
    path.write_text(json.dumps({"schema_version": 1, "symbols": [], "binaries": [{}]}))

    with pytest.raises(DataError, match=r"natives\.json: is damaged"):
        load_natives(path)


# -- what the real wheels say


@pytest.fixture(scope="module")
def natives() -> Natives:
    return shipped().natives.get()


def shipped_load(natives: Natives, name: str, version: str, tensorflow: str) -> NativeLoad:
    found = natives.check(name, version, tensorflow, "arm64")
    assert found is not None
    return found


def test_the_symbol_of_tensorflow_io_2137_is_missing_where_it_was_reported(
    natives: Natives,
) -> None:
    found = shipped_load(natives, "tensorflow-io", "0.37.1", "2.18.0")

    assert found.loads is False
    assert CONCAT in found.missing_symbols
    assert shipped_load(natives, "tensorflow-io", "0.37.1", "2.16.2").loads is True


@pytest.mark.parametrize(
    ("name", "version", "missing"),
    [
        ("tensorflow-text", "2.18.1", (1, 1, 0, 5)),
        ("tensorflow-decision-forests", "1.11.0", (1, 1, 0, 6)),
        ("tensorflow-io", "0.37.1", (0, 0, 4, 17)),
        ("tensorflow-io-gcs-filesystem", "0.37.1", (0, 0, 0, 0)),
    ],
)
def test_as_many_symbols_are_missing_as_were_counted_by_hand(
    natives: Natives, name: str, version: str, missing: tuple[int, ...]
) -> None:
    releases = ("2.16.2", "2.17.1", "2.18.1", "2.19.0")
    found = [shipped_load(natives, name, version, release) for release in releases]

    assert tuple(len(one.missing_symbols) for one in found) == missing
    assert [one.loads for one in found] == [count == 0 for count in missing]


def test_the_last_addons_bring_tensorflows_library_a_second_time(natives: Natives) -> None:
    found = shipped_load(natives, "tensorflow-addons", "0.23.0", "2.15.1")

    assert found.loads is None
    assert found.copies == ("tensorflow_addons/.dylibs/libtensorflow_framework.2.dylib",)


def test_decision_forests_195_was_no_matter_of_tensorflow_but_of_an_older_macos(
    natives: Natives,
) -> None:
    binary = natives.binary("tensorflow-decision-forests", "1.5.0", "x86_64", "3.10")
    load = natives.check("tensorflow-decision-forests", "1.5.0", "2.13.0", "x86_64")
    assert binary is not None
    assert load is not None

    # TensorFlow 2.13.0 has all that is wanted. What macOS 11.2.3 lacked is a symbol of libc++:
    # the images are linked for macOS 12.3, and the file name says 10.15.
    assert load.loads is True
    assert (binary.macos_tag, binary.minos, load.linked_for) == ("10.15", "12.3", "12.3")
    assert "linked for macOS 12.3, newer than the file name says" in load.text


def test_addons_2761_a_library_is_looked_for_outside_of_site_packages(natives: Natives) -> None:
    found = natives.check("tensorflow-addons", "0.18.0", "2.9.2", "arm64", python="3.8")
    assert found is not None

    assert found.loads is False
    assert found.missing_libraries == (
        "@loader_path/../../../../../tensorflow_addons.dylibs/libtensorflow_framework.2.dylib",
    )
    assert found.copies == ("tensorflow_addons.dylibs/libtensorflow_framework.2.dylib",)
