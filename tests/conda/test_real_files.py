"""A channel of real package files, indexed as conda-forge is: plain, compressed and in shards."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

import pytest
import rattler
import rattler.exceptions
from rattler.index import index_fs
from rattler.package import BuildString

from tests.support.channels import ChannelServer
from tests.support.packages import write_package
from tfmac_lock.conda.errors import ChannelFault, NoCondaSolution
from tfmac_lock.conda.specs import CondaRequirement
from tfmac_lock.resolve.requirement import ByUser

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tfmac_lock.conda.client import CondaClient
    from tfmac_lock.conda.records import CondaRecord
    from tfmac_lock.target import Target

WANTS = [CondaRequirement("front", ByUser("--conda front"))]


def write(folder: Path, name: str, depends: list[str], content: bytes) -> None:
    index = {
        "name": name,
        "version": "1.0",
        "build": "0",
        "build_number": 0,
        "depends": depends,
        "subdir": "noarch",
        "noarch": "generic",
    }
    write_package(folder, f"{name}-1.0-0.tar.bz2", index, content)


@pytest.fixture
def indexed(tmp_path: Path) -> Path:
    folder = tmp_path / "indexed"
    for subdir in ("noarch", "osx-arm64"):
        (folder / subdir).mkdir(parents=True)
    write(folder / "noarch", "front", ["back >=1"], b"front")
    write(folder / "noarch", "back", [], b"back")
    asyncio.run(index_fs(folder, write_zst=True, write_shards=True))
    return folder


def shards(folder: Path) -> list[Path]:
    return sorted(folder.glob("noarch/shards/*"))


@pytest.mark.parametrize("kind", ["shards", "zst", "plain"])
def test_every_form_of_repodata_gives_the_same_records(
    indexed: Path, connect: Callable[..., CondaClient], target: Callable[..., Target], kind: str
) -> None:
    for subdir in ("noarch", "osx-arm64"):
        if kind != "shards":
            (indexed / subdir / "repodata_shards.msgpack.zst").unlink()
        if kind == "plain":
            (indexed / subdir / "repodata.json.zst").unlink()

    with ChannelServer(indexed) as server:
        records = connect(f"conda-forge={server.url}").solve(target(), WANTS)
        seen = server.seen

    files = {record.filename: record for record in records}
    assert set(files) == {"front-1.0-0.tar.bz2", "back-1.0-0.tar.bz2"}
    content = (indexed / "noarch" / "front-1.0-0.tar.bz2").read_bytes()
    assert files["front-1.0-0.tar.bz2"].sha256 == hashlib.sha256(content).hexdigest()
    assert any("/shards/" in path for path in seen) == (kind == "shards")
    assert ("/noarch/repodata.json" in seen) == (kind == "plain")


def test_a_shard_of_another_package_brings_nothing_into_a_lock(
    indexed: Path, connect: Callable[..., CondaClient], target: Callable[..., Target]
) -> None:
    """rattler does not compare a shard with its hash, but takes from it only what was asked."""
    first, second = shards(indexed)
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)

    with ChannelServer(indexed) as server, pytest.raises(NoCondaSolution, match="front"):
        connect(server.url).solve(target(), WANTS)


def test_a_truncated_shard_is_a_fault_of_the_channel(
    indexed: Path, connect: Callable[..., CondaClient], target: Callable[..., Target]
) -> None:
    for shard in shards(indexed):
        shard.write_bytes(shard.read_bytes()[:40])

    with ChannelServer(indexed) as server, pytest.raises(ChannelFault):
        connect(server.url).solve(target(), WANTS)


def install(records: tuple[CondaRecord, ...], prefix: Path, cache: Path) -> None:
    """Install what a lock names: the addresses with their hashes."""
    found = [
        rattler.RepoDataRecord(
            rattler.PackageRecord(
                record.name,
                record.version,
                BuildString(record.build),
                0,
                record.subdir,
                noarch="generic",
                depends=list(record.depends),
                sha256=bytes.fromhex(record.sha256),
                md5=bytes.fromhex(record.md5),
            ),
            record.filename,
            record.url,
            record.url.rsplit("/", 2)[0],
        )
        for record in records
    ]
    asyncio.run(
        rattler.install(
            found,
            prefix,
            cache_dir=cache,
            platform=rattler.Subdir("osx-arm64"),
            show_progress=False,
        )
    )


def test_what_is_locked_can_be_installed(
    indexed: Path,
    tmp_path: Path,
    connect: Callable[..., CondaClient],
    target: Callable[..., Target],
) -> None:
    with ChannelServer(indexed) as server:
        records = connect(server.url).solve(target(), WANTS)
        install(records, tmp_path / "prefix", tmp_path / "packages")

    assert (tmp_path / "prefix" / "share" / "front.txt").read_bytes() == b"front"
    assert (tmp_path / "prefix" / "share" / "back.txt").read_bytes() == b"back"


def test_a_file_that_changed_after_it_was_locked_is_not_installed(
    indexed: Path,
    tmp_path: Path,
    connect: Callable[..., CondaClient],
    target: Callable[..., Target],
) -> None:
    with ChannelServer(indexed) as server:
        records = connect(server.url).solve(target(), WANTS)
        write(indexed / "noarch", "back", [], b"something else")
        with pytest.raises(rattler.exceptions.InstallerError):
            install(records, tmp_path / "prefix", tmp_path / "packages")

    assert not (tmp_path / "prefix" / "share" / "back.txt").exists()
