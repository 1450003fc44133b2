from __future__ import annotations

import hashlib
from typing import IO, TYPE_CHECKING, cast

from tfmac_lock.pypi.errors import ProjectNotFound
from tfmac_lock.pypi.model import IndexFile
from tfmac_lock.pypi.wheels import IndexWheels

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tfmac_lock.pypi.client import IndexClient

CONTENT = bytes(range(256)) * 400


class FakeClient:
    """Stands for the index client: one file, and what was asked of it."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.calls: list[str] = []

    def save(self, _file: object, into: IO[bytes]) -> None:
        self.calls.append("save")
        into.write(self.content)

    def download(self, _file: object, to: Path) -> None:
        self.calls.append("download")
        to.write_bytes(self.content)

    def resume(self, _file: object, to: Path, _progress: object) -> None:
        self.download(_file, to)

    def project(self, name: str) -> object:
        raise ProjectNotFound(name, ("https://example.invalid/",))


FILE = IndexFile(
    filename="x-1-py3-none-any.whl",
    url="https://example.invalid/x-1-py3-none-any.whl",
    sha256=hashlib.sha256(CONTENT).hexdigest(),
)


def wheels(client: FakeClient, keep: Path | None = None) -> IndexWheels:
    return IndexWheels(cast("IndexClient", client), keep)


def test_a_wheel_is_fetched_whole_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    client = FakeClient(CONTENT)
    with wheels(client).open(FILE) as opened:
        assert opened.read(10) == CONTENT[:10]
    assert client.calls == ["save"]
    assert list(tmp_path.iterdir()) == []


def test_a_kept_wheel_is_fetched_once(tmp_path: Path) -> None:
    client = FakeClient(CONTENT)
    for _ in range(2):
        wheels(client, tmp_path / "keep").open(FILE).close()
    assert client.calls == ["download"]


def test_a_project_that_the_index_lacks_has_no_files() -> None:
    assert list(wheels(FakeClient(b"")).files("nothing")) == []
