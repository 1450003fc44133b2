from __future__ import annotations

import os
import resource
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfmac_lock.pypi.cache import Cache, default_folder


def test_what_is_stored_is_loaded(tmp_path):
    Cache(tmp_path / "new" / "folder").store("pages/h-1/numpy", "text\nä")
    assert Cache(tmp_path / "new" / "folder").load("pages/h-1/numpy") == "text\nä"


def test_nothing_stored_is_nothing_loaded(tmp_path):
    assert Cache(tmp_path).load("pages/numpy") is None
    assert Cache(None).load("pages/numpy") is None
    Cache(None).store("pages/numpy", "text")


def test_the_last_writer_wins_and_leaves_nothing_else_behind(tmp_path):
    cache = Cache(tmp_path)
    texts = [str(number) * 100_000 for number in range(8)]
    writers = [threading.Thread(target=cache.store, args=("a/b", text)) for text in texts]
    for writer in writers:
        writer.start()
    seen = {cache.load("a/b") for _ in range(50)}
    for writer in writers:
        writer.join()
    assert cache.load("a/b") in texts
    assert seen <= {None, *texts}
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b"]


@given(st.integers(min_value=0, max_value=60), st.integers(min_value=0, max_value=255))
def test_a_damaged_entry_is_not_believed(tmp_path_factory, place, byte):
    cache = Cache(tmp_path_factory.mktemp("cache"))
    cache.store("a", "twenty bytes of text")
    path = cache.folder / "a"
    entry = bytearray(path.read_bytes())
    if place < len(entry) and entry[place] != byte:
        entry[place] = byte
    else:
        del entry[place % len(entry) :]
    path.write_bytes(entry)
    assert cache.load("a") is None


def test_a_damaged_entry_is_replaced_by_the_next(tmp_path):
    cache = Cache(tmp_path)
    (tmp_path / "a").write_bytes(b"half an ent")
    cache.store("a", "whole")
    assert cache.load("a") == "whole"


def test_a_folder_that_cannot_be_made_means_no_cache(tmp_path):
    (tmp_path / "file").touch()
    cache = Cache(tmp_path / "file")
    cache.store("a", "text")
    assert isinstance(cache.fault, OSError)
    assert cache.load("a") is None


def test_a_full_disk_leaves_no_half_entry(tmp_path):
    cache = Cache(tmp_path)
    cache.store("a", "before")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        cache.store("a", "after")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert cache.load("a") == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert "File too large" in str(cache.fault)


def test_a_pipe_in_the_place_of_an_entry_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a")
    assert Cache(tmp_path).load("a") is None


@pytest.mark.parametrize("key", ["../a", "/etc/passwd", "a/../../b", "a b", "a\\b"])
def test_a_key_never_leaves_the_folder(tmp_path, key):
    with pytest.raises(ValueError, match="not a cache key"):
        Cache(tmp_path).load(key)


def test_the_environment_names_the_folder():
    assert default_folder({"TFMAC_LOCK_CACHE_DIR": "/somewhere"}) == Path("/somewhere")
    assert default_folder({}).name == "tfmac-lock"
