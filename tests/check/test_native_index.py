"""Real companions, read from the index again: the rows say what the wheels say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.facts import shipped
from tests.support.real_index import real_index
from tfmac_lock.check.native_facts import numbered, read_native
from tfmac_lock.matrix.natives import Numbers
from tfmac_lock.pypi.wheels import IndexWheels
from tfmac_lock.wheels.archive import Wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tfmac_lock.matrix.natives import NativeBinary

pytestmark = pytest.mark.index


def read(folder: Path, name: str, version: str, tag: str, arch: str) -> NativeBinary:
    filename = f"{name.replace('-', '_')}-{version}-{tag}.whl"
    numbers = Numbers(shipped().natives.get().symbols)
    with real_index(folder) as client:
        wheels = IndexWheels(client)
        (file,) = [one for one in wheels.files(name) if one.filename == filename]
        with wheels.open(file) as opened:
            (row,) = numbered([read_native(Wheel(opened, filename), arch)], numbers)
    return row


@pytest.mark.parametrize(
    ("name", "version", "tag", "arch"),
    [
        ("tensorflow-io-gcs-filesystem", "0.37.1", "cp311-cp311-macosx_12_0_arm64", "arm64"),
        ("tensorflow-io-gcs-filesystem", "0.20.0", "cp39-cp39-macosx_10_14_x86_64", "x86_64"),
        ("tensorflow-text", "2.18.1", "cp311-cp311-macosx_11_0_arm64", "arm64"),
    ],
)
def test_a_row_is_what_its_wheel_says(
    tmp_path: Path, name: str, version: str, tag: str, arch: str
) -> None:
    found = read(tmp_path, name, version, tag, arch)
    row = (
        shipped().natives.get().binary(name, version, arch, tag[2:3] + "." + tag[3:].split("-")[0])
    )

    assert row is not None
    assert row.groups == found.groups
    assert set(found.pythons) <= set(row.pythons)


def test_tfx_bsl_does_not_bind_to_tensorflow(tmp_path: Path) -> None:
    found = read(tmp_path, "tfx-bsl", "1.21.0", "cp311-cp311-macosx_11_0_arm64", "arm64")

    assert found.groups == ()
    assert "tfx-bsl" not in shipped().natives.names
