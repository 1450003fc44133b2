from __future__ import annotations

import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from packaging.pylock import Pylock

from tests.support.facts import shipped
from tests.support.locks import lock, package
from tfmac_lock.errors import UsageError
from tfmac_lock.lock.formats.header import lock_ids
from tfmac_lock.lock.formats.pylock_joint import render
from tfmac_lock.lock.formats.wheels_only import HoldsConda
from tfmac_lock.lock.model import lock_id
from tfmac_lock.lock.published import Index
from tfmac_lock.matrix.loading import locks_folder
from tfmac_lock.target import Arch

if TYPE_CHECKING:
    from tfmac_lock.lock.model import Lock, LockedPackage

ARM, X86 = "cp311-cp311-macosx_12_0_arm64", "cp311-cp311-macosx_12_0_x86_64"


def of(arch: Arch, *packages: LockedPackage) -> Lock:
    made = lock(packages)
    combo = replace(made.combo, arch=arch, chip="m1" if arch is Arch.ARM64 else "intel")
    return replace(made, combo=combo)


def both() -> list[Lock]:
    six = package("six", "1.17.0")
    return [
        of(Arch.ARM64, package("numpy", "2.0.2", tag=ARM), six, package("tool", "2.0")),
        of(
            Arch.X86_64,
            package("numpy", "2.0.2", tag=X86),
            six,
            package("tool", "1.0"),
            package("old", "1.0"),
        ),
    ]


def test_one_version_is_one_entry_and_what_differs_has_a_marker() -> None:
    data = tomllib.loads(render(both()))
    rows = [(row["name"], row["version"], row.get("marker")) for row in data["packages"]]
    assert rows == [
        ("numpy", "2.0.2", None),
        ("old", "1.0", "platform_machine == 'x86_64'"),
        ("six", "1.17.0", None),
        ("tool", "2.0", "platform_machine == 'arm64'"),
        ("tool", "1.0", "platform_machine == 'x86_64'"),
    ]
    assert [len(row["wheels"]) for row in data["packages"]] == [2, 1, 1, 1, 1]
    assert len(data["environments"]) == 2


def test_the_file_carries_the_ids_of_all_its_locks() -> None:
    locks = both()
    assert lock_ids(render(locks)) == {lock_id(one) for one in locks}


@pytest.mark.parametrize("series", ["3.9", "3.11"])
def test_each_mac_gets_the_very_files_of_its_own_lock(series: str) -> None:
    locks = []
    for arch in Arch:
        index = Index.within(locks_folder(), series, arch)
        locks.append(index.locks()[0])
    pylock = Pylock.from_dict(tomllib.loads(render(locks)))
    pylock.validate()
    platforms = shipped().platforms
    for made in locks:
        chip = platforms.chip("m5" if made.combo.arch is Arch.ARM64 else "intel")
        target = platforms.target(platforms.python(series), chip, platforms.newest_macos(chip))
        environment = {key: str(value) for key, value in target.markers().items()}
        chosen = {
            (found.name, str(found.version), file.hashes["sha256"])
            for found, file in pylock.select(environment=environment, tags=list(target.tags()))
        }
        assert chosen == {(one.name, one.version, one.sha256) for one in made.packages}


def test_what_has_no_room_is_a_wrong_use() -> None:
    one, other = both()
    with pytest.raises(UsageError, match="name one chip of each kind"):
        render([one, one])
    with pytest.raises(UsageError, match="for one Python"):
        render([one, replace(other, combo=replace(other.combo, python="3.10"))])
    conda = replace(other, packages=(replace(other.packages[0], manager="conda"),))
    with pytest.raises(HoldsConda):
        render([one, conda])
