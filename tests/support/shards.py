"""The same channel in every form of repodata: plain, compressed, and in shards.

Sources: sharded repodata, CEP 16 (https://conda.org/learn/ceps/cep-0016/): an index in
``repodata_shards.msgpack.zst`` with the sha256 of each package's shard, and the shards under
the names of their hashes; hashes are bytes in both.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import msgpack
import zstandard

if TYPE_CHECKING:
    from pathlib import Path

INDEX = "repodata_shards.msgpack.zst"
FORMS = ("plain", "zst", "shards")
LEVEL = 1
"""Of compression: what is written is read once."""


def write_form(channel: Path, into: Path, form: str) -> Path:
    """The channel with its repodata in that form alone; returns the new folder."""
    for place in sorted(channel.glob("*/repodata.json")):
        content = place.read_bytes()
        subdir = into / place.parent.name
        subdir.mkdir(parents=True)
        if form == "plain":
            (subdir / "repodata.json").write_bytes(content)
        elif form == "zst":
            (subdir / "repodata.json.zst").write_bytes(_packed(content))
        else:
            _write_shards(json.loads(content), subdir)
    return into


def _write_shards(repodata: dict[str, Any], folder: Path) -> None:
    shards: dict[str, dict[str, Any]] = {}
    for kind in ("packages", "packages.conda"):
        for filename, record in repodata.get(kind, {}).items():
            shard = shards.setdefault(
                record["name"], {"packages": {}, "packages.conda": {}, "removed": []}
            )
            shard[kind][filename] = {
                key: bytes.fromhex(value) if key in ("md5", "sha256") else value
                for key, value in record.items()
            }
    hashes: dict[str, bytes] = {}
    (folder / "shards").mkdir()
    for name, shard in shards.items():
        content = _packed(msgpack.packb(shard))
        digest = hashlib.sha256(content)
        hashes[name] = digest.digest()
        (folder / "shards" / f"{digest.hexdigest()}.msgpack.zst").write_bytes(content)
    index = {
        "info": {"subdir": folder.name, "base_url": "./", "shards_base_url": "./shards/"},
        "shards": hashes,
    }
    (folder / INDEX).write_bytes(_packed(msgpack.packb(index)))


def _packed(content: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=LEVEL).compress(content)
