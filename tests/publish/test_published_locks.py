"""What must hold of every published lock, without asking the network."""

from __future__ import annotations

import functools
import json
import tomllib
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from packaging.pylock import Pylock
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tests.support.facts import platforms, shipped
from tfmac_lock.errors import DataError
from tfmac_lock.lock.formats import conda_lock_yml, requirements_txt
from tfmac_lock.lock.judged import judged
from tfmac_lock.lock.known_files import unknown_files
from tfmac_lock.lock.mixed import verify_conda
from tfmac_lock.lock.published import Index, folder_name
from tfmac_lock.lock.verify import pins_of, verify
from tfmac_lock.matrix import loading as data
from tfmac_lock.publish.locks import CHIP_OF, as_file, rank, slots
from tfmac_lock.publish.readme import readme
from tfmac_lock.target import Arch, MacOSVersion, PythonVersion, Target

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tfmac_lock.lock.model import Lock
    from tfmac_lock.publish.locks import Slot


def folder() -> Path:
    try:
        return data.locks_folder()
    except DataError:
        pytest.skip("the published locks are not here")


@functools.cache
def locks(slot: Slot) -> list[Lock]:
    index = Index.within(folder(), *slot)
    return index.locks() if index.exists() else []


@functools.cache
def with_conda(slot: Slot) -> list[Lock]:
    return Index.within(folder(), *slot, conda=True).locks()


SLOTS = [pytest.param(slot, id=f"{slot.python}-{slot.arch.value}") for slot in slots(shipped())]
every_slot = pytest.mark.parametrize("slot", SLOTS)


def conda_lock_reader() -> Callable[[Path], Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its dependencies' own deprecations
        from conda_lock.lockfile import parse_conda_lock_file
    return parse_conda_lock_file


def target_of(lock: Lock) -> Target:
    """The oldest Mac that the lock promises to run on."""
    known = platforms()
    combo = lock.combo
    assert combo.macos_min is not None
    return Target(
        python=known.python_for(PythonVersion.parse(combo.python), combo.arch),
        chip=known.chip(combo.chip),
        macos=combo.macos_min,
        darwin=known.darwin(combo.macos_min),
    )


def test_there_are_locks_for_every_python_and_architecture_that_has_wheels() -> None:
    empty = [slot for slot in slots(shipped()) if not locks(slot)]
    assert [(slot.python, slot.arch.value) for slot in empty] == [("3.13", "x86_64")]


@every_slot
def test_every_lock_closes_and_fits_the_oldest_mac_that_it_promises(slot: Slot) -> None:
    for lock in locks(slot):
        verify(lock, target_of(lock), shipped().bounds_for(lock.combo.tensorflow, slot.python))


@every_slot
def test_every_locks_requirements_are_those_of_the_wheels_that_the_matrix_read(
    slot: Slot,
) -> None:
    read = {wheel.sha256: wheel.requires for row in shipped().releases for wheel in row.wheels}
    for lock in locks(slot):
        environment = {**target_of(lock).markers(), "extra": ""}
        for package in lock.packages:
            if package.sha256 not in read:
                continue
            stated = {
                (Requirement(text).name.lower().replace("_", "-"), Requirement(text).specifier)
                for text in read[package.sha256]
                if (marker := Requirement(text).marker) is None or marker.evaluate(environment)
            }
            waived = {
                (one.package, SpecifierSet(one.stated)): (one.package, SpecifierSet(one.specifier))
                for one in shipped().waivers_for(package.name, package.version, lock.combo.arch)
            }
            kept = {
                (Requirement(text).name, Requirement(text).specifier) for text in package.requires
            }
            assert kept == {waived.get(one, one) for one in stated}, (lock.combo.id, package.name)


@every_slot
def test_every_plugin_runs_on_the_macos_that_the_lock_promises(slot: Slot) -> None:
    for lock in locks(slot):
        combo = lock.combo
        if combo.metal is None:
            continue
        floor = shipped().floor(combo.metal, combo.arch, combo.python)
        assert floor is not None, combo.id
        assert combo.macos_min is not None
        assert combo.macos_min >= floor.run, combo.id
        load = shipped().pair_load(combo.package, combo.tensorflow, combo.metal, combo.arch)
        assert load is None or load.loads is not False, combo.id


@every_slot
def test_every_lock_comes_from_the_index_with_a_hash_and_from_nowhere_else(slot: Slot) -> None:
    for lock in locks(slot):
        assert unknown_files(shipped(), lock.packages) == []
        for package in lock.packages:
            assert package.url.startswith("https://files.pythonhosted.org/"), package
            assert package.url.endswith(package.filename)
            assert len(package.sha256) == 64
            assert package.manager == "pip"


@every_slot
def test_every_lock_asks_for_itself_again_and_is_told_apart(slot: Slot) -> None:
    found = locks(slot)
    assert len({lock.combo.id for lock in found}) == len(found)
    assert [rank(lock) for lock in found] == sorted(rank(lock) for lock in found)  # type: ignore[type-var]
    index = Index.within(folder(), *slot)
    for lock in found:
        combo = lock.combo
        assert combo.chip == CHIP_OF[slot.arch]
        assert f"--python {combo.python} --chip {combo.chip}" in lock.command
        assert lock == index.find(
            package=combo.package,
            version=combo.tensorflow,
            metal=combo.metal or "none",
            gpu=True,
            macos=MacOSVersion(27),
        )


@every_slot
def test_every_pylock_is_valid_and_every_package_is_selected_on_the_mac(slot: Slot) -> None:
    for lock in locks(slot):
        path = folder() / folder_name(lock.combo) / "pylock.toml"
        read = Pylock.from_dict(tomllib.loads(path.read_text("utf-8")))
        read.validate()
        mac = target_of(lock)
        selected = read.select(tags=list(mac.tags()), environment=mac.markers())
        assert [
            (package.name, str(package.version), file.hashes["sha256"])  # type: ignore[union-attr]
            for package, file in selected
        ] == [(package.name, package.version, package.sha256) for package in lock.packages]


@every_slot
def test_every_requirements_txt_is_the_locks_own(slot: Slot) -> None:
    for lock in locks(slot):
        path = folder() / folder_name(lock.combo) / "requirements.txt"
        assert path.read_text("utf-8") == requirements_txt.render(as_file(lock))


# -- conda halves


@every_slot
def test_every_lock_has_a_conda_half_around_the_same_pair(slot: Slot) -> None:
    halves = {lock.combo.id: lock for lock in with_conda(slot)}
    for lock in locks(slot):
        half = halves.pop(lock.combo.id)
        own = set(half.wheels) - set(lock.packages)
        assert not own, lock.combo.id
        gone = {item.name for item in lock.packages} - {item.name for item in half.wheels}
        assert gone <= set(pins_of(half.conda_packages)), lock.combo.id
        assert half.combo.macos_min == lock.combo.macos_min
    # What wheels alone cannot serve: these need numpy 1.19, which has no wheel for arm64.
    for half in halves.values():
        assert half.combo.tensorflow in ("2.5.0", "2.6.0"), half.combo.id
        assert slot.arch is Arch.ARM64
        assert pins_of(half.conda_packages)["numpy"] == "1.19.5"


@every_slot
def test_every_conda_half_closes_and_fits_the_oldest_mac_that_it_promises(slot: Slot) -> None:
    for lock in with_conda(slot):
        (python,) = [item.version for item in lock.conda_packages if item.name == "python"]
        mac = replace(target_of(lock), python=PythonVersion.parse(python))
        verify(lock, mac, shipped().bounds_for(lock.combo.tensorflow, slot.python))
        verify_conda(lock, mac)


@every_slot
def test_every_conda_file_has_its_hashes_and_its_channels_state(slot: Slot) -> None:
    for lock in with_conda(slot):
        (channel,) = lock.channels
        assert channel.url == "https://conda.anaconda.org/conda-forge"
        assert channel.files >= len(lock.conda_packages)
        assert len(channel.sha256) == 64
        for package in lock.conda_packages:
            assert package.url.startswith(f"{channel.url}/"), package
            assert (len(package.sha256), len(package.md5)) == (64, 32)


@every_slot
@pytest.mark.slow
def test_every_conda_lock_is_read_by_conda_lock(slot: Slot, tmp_path: Path) -> None:
    parse_conda_lock_file = conda_lock_reader()
    path = tmp_path / "conda-lock.yml"
    for lock in with_conda(slot):
        path.write_text(conda_lock_yml.render([lock]), "utf-8")
        read = parse_conda_lock_file(path).package  # in an order of its own
        assert sorted((item.manager, item.name, item.hash.sha256) for item in read) == [
            (item.manager, item.name, item.sha256) for item in lock.packages
        ]


@every_slot
def test_the_conda_lock_files_that_lie_there_are_the_locks_own(slot: Slot) -> None:
    served = {lock.combo.id for lock in locks(slot)}
    for lock in with_conda(slot):
        path = folder() / folder_name(lock.combo) / "conda-lock.yml"
        if lock.combo.id in served:
            assert not path.exists()
        else:
            assert path.read_text("utf-8") == conda_lock_yml.render([as_file(lock)])


# -- the folder


def test_no_lock_is_left_over() -> None:
    every = slots(shipped())
    known = {
        folder_name(lock.combo) for slot in every for lock in (*locks(slot), *with_conda(slot))
    }
    lying = {path.relative_to(folder()).as_posix() for path in folder().glob("py*/*")}
    assert lying == known
    there = {path.name for path in folder().iterdir() if not path.name.startswith("py3.")}
    assert there == {"README.md", "as_of.json", "index", "verdicts"}


def test_the_table_has_every_lock() -> None:
    text = (folder() / "README.md").read_text("utf-8")
    day = json.loads((folder() / "as_of.json").read_text("utf-8"))["as_of"]
    assert text == readme(folder(), slots(shipped()), day)
    for path in folder().glob("py*/*"):
        assert f"]({path.relative_to(folder()).as_posix()}/)" in text


@every_slot
def test_every_verdict_is_that_of_the_facts(slot: Slot) -> None:
    for lock in (*locks(slot), *with_conda(slot)):
        assert judged(shipped(), lock) == lock


def test_the_locks_stay_small() -> None:
    size = sum(path.stat().st_size for path in folder().rglob("*") if path.is_file())
    assert size < 10_000_000


@every_slot
def test_no_lock_works_whose_plugin_leaves_an_activation_out(slot: Slot) -> None:
    for lock in locks(slot):
        if lock.combo.metal is None:
            continue
        code = shipped().kernels_of(lock.combo.metal, slot.arch, slot.python)
        assert code is not None, lock.combo.id
        if code.left_out:
            assert lock.verdict.status != "works", lock.combo.id
            assert any(reason.kind == "code" for reason in lock.verdict.reasons), lock.combo.id
