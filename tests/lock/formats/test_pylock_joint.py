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
from tfmac_lock.target import Arch, Os

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


def test_three_machines_are_told_apart_by_all_that_differs_between_them() -> None:
    mac, intel = both()
    linux = replace(mac, combo=replace(mac.combo, os=Os.LINUX, macos_min=None))
    linux = replace(linux, packages=(package("tool", "2.0"), package("old", "1.0")))
    data = tomllib.loads(render([mac, intel, linux]))
    markers = {(row["name"], row["version"]): row.get("marker") for row in data["packages"]}
    on_mac, on_intel, on_linux = (
        f"(sys_platform == '{system}' and platform_machine == '{machine}')"
        for system, machine in (("darwin", "arm64"), ("darwin", "x86_64"), ("linux", "aarch64"))
    )
    assert markers == {
        ("numpy", "2.0.2"): f"{on_mac} or {on_intel}",
        ("old", "1.0"): f"{on_intel} or {on_linux}",
        ("six", "1.17.0"): f"{on_mac} or {on_intel}",
        ("tool", "1.0"): on_intel,
        ("tool", "2.0"): f"{on_mac} or {on_linux}",
    }


def test_two_machines_that_differ_in_much_are_told_apart_without_parentheses() -> None:
    mac, intel = both()
    pc = replace(intel, combo=replace(intel.combo, os=Os.LINUX, macos_min=None))
    markers = [row.get("marker") for row in tomllib.loads(render([mac, pc]))["packages"]]
    on_mac = "sys_platform == 'darwin' and platform_machine == 'arm64'"
    on_pc = "sys_platform == 'linux' and platform_machine == 'x86_64'"
    assert markers == [None, on_pc, None, on_mac, on_pc]


def test_the_file_says_by_which_commands_for_which_machines_and_what_must_be_set() -> None:
    mac, intel = both()
    setting = {"A": "1"}
    mac = replace(mac, command="--chip m1\n", environment=setting)
    text = render([mac, replace(intel, command="--chip intel", environment=setting)])
    assert text.splitlines()[:5] == [
        "# This file was made by tfmac-lock, by:",
        "#    tfmac-lock --chip m1\\n",
        "#    tfmac-lock --chip intel",
        "# set before Python starts: A=1",
        'lock-version = "1.0"',
    ]
    data = tomllib.loads(text)
    assert data["requires-python"] == "==3.11.*"
    assert data["created-by"] == "tfmac-lock"
    on = "sys_platform == 'darwin' and platform_machine == '{}' and python_version == '3.11'"
    assert data["environments"] == [
        f"{on.format(machine)} and implementation_name == 'cpython'"
        for machine in ("arm64", "x86_64")
    ]


def test_the_file_tells_of_each_lock_what_is_known_of_it() -> None:
    mac, intel = both()
    intel = replace(intel, combo=replace(intel.combo, macos_min=None))
    tool = tomllib.loads(render([mac, intel]))["tool"]["tfmac-lock"]
    facts = {"status": "works", "as-of": "2026-01-31"}
    assert tool == {
        "macos-arm64": {
            "combo": mac.combo.id,
            "macos-min": "12.3",
            "lock-id": lock_id(mac),
            **facts,
        },
        "macos-x86_64": {"combo": intel.combo.id, "lock-id": lock_id(intel), **facts},
    }


def test_a_file_has_its_address_and_hash_and_a_name_where_the_address_ends_otherwise() -> None:
    mac, intel = both()
    named = replace(package("named", "1"), url="https://files.example/x?id=1")
    archive = package("wrapt", "1.14.1")
    archive = replace(
        archive, filename="wrapt-1.14.1.tar.gz", url=f"{archive.url}/wrapt-1.14.1.tar.gz"
    )
    rows = [replace(one, packages=(*one.packages, named, archive)) for one in (mac, intel)]
    found = {row["name"]: row for row in tomllib.loads(render(rows))["packages"]}
    assert found["named"]["wheels"] == [
        {"name": named.filename, "url": named.url, "hashes": {"sha256": named.sha256}}
    ]
    assert found["wrapt"] == {
        "name": "wrapt",
        "version": "1.14.1",
        "sdist": {"url": archive.url, "hashes": {"sha256": archive.sha256}},
    }
