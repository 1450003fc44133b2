"""The real package index, for tests marked ``index``."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from tfmac_lock.pypi.cache import Cache
from tfmac_lock.pypi.client import IndexClient
from tfmac_lock.pypi.config import IndexConfig
from tfmac_lock.pypi.errors import IndexUnreachable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ADDRESS = "https://pypi.org/simple/"


@contextlib.contextmanager
def real_index(folder: Path) -> Iterator[IndexClient]:
    """A client with its cache in the folder; skips the test where the index is out of reach."""
    config = IndexConfig.load(index_url=ADDRESS, pip_files=())
    with IndexClient(config, Cache(folder)) as client:
        try:
            client.project("six")
        except IndexUnreachable as fault:
            pytest.skip(f"the package index cannot be reached: {fault}")
        yield client
