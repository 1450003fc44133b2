"""Damaged and hostile files: our error comes out, or an answer; nothing else."""

from __future__ import annotations

import contextlib
import io
import zipfile
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.fake_wheels import plugin_wheel, tensorflow_wheel
from tests.support.machos import Image, Need, build, fat
from tfmac_lock.check.binary_facts import read_plugin, read_tensorflow
from tfmac_lock.check.wheel_audit import audit_wheel
from tfmac_lock.macho import image as macho
from tfmac_lock.macho.errors import DamagedBinary
from tfmac_lock.macho.exports import Exports
from tfmac_lock.macho.imports import read_imports
from tfmac_lock.wheels.archive import Wheel

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

NEEDS = [
    Need(symbol="_a", ordinal=1),
    Need(symbol="_b", ordinal=-2),
    Need(symbol="_c", ordinal=2, weak=True),
    Need(symbol="__Znwm", ordinal=-3),
]
EXPORTS = {"_one": None, "_one_more": None, "_other": (1, "_imported")}


def _seed(style: str, arch: str = "arm64") -> bytes:
    return build(
        Image(
            arch=arch,
            libraries=[("/usr/lib/libSystem.B.dylib", "regular"), ("@rpath/x.dylib", "weak")],
            rpaths=["@loader_path/"],
            needs=NEEDS,
            exports=EXPORTS,
            style=style,
        )
    )


STYLES = ("chained", "chained-addend", "chained-addend64", "classic", "symtab")
SEEDS = [*(_seed(style) for style in STYLES), fat([_seed("chained", "x86_64"), _seed("classic")])]


def read_everything(data: bytes) -> None:
    """All that the readers do with a file."""
    for arch, region in macho.slices(data, "x").items():
        if arch not in macho.READABLE:
            continue
        image = macho.read_slice(region, "x", arch)
        exports = Exports(image)
        for name in ("_one", "_one_more", "_other", "_none", ""):
            exports.find(name)
        assert len(list(exports)) < 10_000
        assert len(read_imports(image)) < 10_000


def changed(data: bytes, changes: Iterable[tuple[int, int]]) -> bytes:
    out = bytearray(data)
    for at, value in changes:
        out[at % len(out)] = value
    return bytes(out)


changes = st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=8)


def test_the_seeds_themselves_are_sound() -> None:
    for seed in SEEDS:
        read_everything(seed)


@settings(deadline=None, max_examples=400)
@given(seed=st.sampled_from(SEEDS), changes=changes, length=st.none() | st.integers(0, 4096))
def test_a_changed_or_truncated_file_is_read_or_refused(
    seed: bytes, changes: list[tuple[int, int]], length: int | None
) -> None:
    with contextlib.suppress(DamagedBinary):
        read_everything(changed(seed, changes)[:length])


@settings(deadline=None, max_examples=300)
@given(
    seed=st.sampled_from(SEEDS),
    at=st.integers(0, 400),
    number=st.sampled_from([0, 1, 0x7F, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]),
)
def test_an_extreme_number_anywhere_in_the_commands_is_read_or_refused(
    seed: bytes, at: int, number: int
) -> None:
    start = at * 4 % (len(seed) - 4)
    data = seed[:start] + number.to_bytes(4, "little") + seed[start + 4 :]
    with contextlib.suppress(DamagedBinary):
        read_everything(data)


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_noise_behind_a_magic_is_read_or_refused(noise: bytes) -> None:
    for magic in (b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf", b""):
        with contextlib.suppress(DamagedBinary):
            read_everything(magic + noise)


@settings(deadline=None, max_examples=200)
@given(changes=changes, length=st.none() | st.integers(0, 8192))
def test_a_changed_plugin_wheel_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]], length: int | None
) -> None:
    path = plugin_wheel(tmp_path_factory.mktemp("wheel"))
    data = changed(path.read_bytes(), changes)[:length]
    with contextlib.suppress(DamagedBinary):
        read_plugin(Wheel(io.BytesIO(data), path.name), "", "arm64")


@settings(deadline=None, max_examples=200)
@given(changes=changes)
def test_a_changed_tensorflow_wheel_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]]
) -> None:
    path = tensorflow_wheel(tmp_path_factory.mktemp("wheel"))
    data = changed(path.read_bytes(), changes)
    with contextlib.suppress(DamagedBinary):
        read_tensorflow(Wheel(io.BytesIO(data), path.name), "", "arm64", {"_TF_Graph"})
    with contextlib.suppress(DamagedBinary):
        audit_wheel(Wheel(io.BytesIO(data), path.name), arch="arm64")


names = st.text(alphabet="ab./\\\0~: ", max_size=10)


@settings(deadline=None, max_examples=200)
@given(st.lists(names, max_size=4))
def test_no_member_lands_outside_of_the_folder(given_names: list[str]) -> None:
    out = io.BytesIO()
    with contextlib.suppress(ValueError, UserWarning), zipfile.ZipFile(out, "w") as archive:
        for name in given_names:
            archive.writestr(zipfile.ZipInfo(name or "x"), b"")
    with contextlib.suppress(DamagedBinary):
        for path in Wheel(out, "x-1-py3-none-any.whl").paths:
            assert not path.startswith("/")
            assert ".." not in path.split("/")
            assert "\\" not in path
