from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.support.locks import lock, package
from tfmac_lock.check.against import against, as_pins, only_new
from tfmac_lock.check.findings import Checked, Finding, Level
from tfmac_lock.check.pins import Pin, PinFile

LOCK = lock((*lock().packages, package("protobuf", "5.29.3"), package("six", "1.17.0")))


def file(*pins: Pin, complete: bool = True) -> PinFile:
    return PinFile(path="requirements.txt", format="requirements.txt", pins=pins, complete=complete)


def changed(name: str, version: str | None, **fields: object) -> PinFile:
    pins = []
    for pin in as_pins(LOCK).pins:
        if pin.name != name:
            pins.append(pin)
        elif version is not None:
            pins.append(replace(pin, version=version, **fields))  # type: ignore[arg-type]
    return file(*pins)


def told(pins: PinFile) -> list[tuple[str, str, str]]:
    found = list(against(pins, LOCK, "lock.json"))
    assert {one.code for one in found} <= {"against-lock"}
    return [(one.level.value, one.package, one.text) for one in found]


def test_the_lock_is_not_otherwise_than_itself() -> None:
    assert told(file(*as_pins(LOCK).pins)) == []


def test_a_bots_new_version_is_named_with_the_command_that_changes_all_files() -> None:
    (found,) = against(changed("protobuf", "6.31.0", hashes=()), LOCK, "lock.json")
    assert found.text == "protobuf 5.29.3 -> 6.31.0: lock.json has the first"
    assert found.cure == "tfmac-lock update protobuf"
    assert found.level is Level.WARNING


def test_a_lost_gpu_is_an_error() -> None:
    pins = changed("tensorflow-metal", None)
    newer = file(
        *(replace(p, version="2.20.0") if p.name == "tensorflow" else p for p in pins.pins)
    )
    assert told(newer)[0] == (
        "error",
        "tensorflow",
        "tensorflow 2.18.1 -> tensorflow 2.20.0: loses the GPU",
    )
    assert told(pins)[0] == ("error", "tensorflow", "tensorflow 2.18.1: loses the GPU")


def test_other_hashes_of_the_same_version_are_an_error() -> None:
    (row,) = told(changed("six", "1.17.0", hashes=("0" * 64,)))
    assert row == ("error", "six", "six 1.17.0 has other hashes than the file in lock.json")


def test_what_is_missing_and_what_is_more_is_told() -> None:
    more = file(*changed("six", None).pins, Pin(name="rich", version="14.0"))
    assert told(more) == [
        ("warning", "rich", "rich 14.0 is not in lock.json"),
        ("warning", "six", "six 1.17.0 is in lock.json and not here"),
    ]


def test_a_list_of_a_few_packages_need_not_have_the_others() -> None:
    assert told(file(Pin(name="six", version="1.17.0"), complete=False)) == []


def test_what_the_lock_has_just_so_is_a_note() -> None:
    old = Finding(code="defect", package="tensorflow", text="t", cure="", source="")
    new = replace(old, text="another")
    both = Checked(path="p", format="f", status="caution", target="t", findings=(old, new))
    found = only_new(both, replace(both, findings=(old,)))
    assert [one.level for one in found.findings] == [Level.NOTE, Level.ERROR]
    assert Path(found.path).name == "p"
