"""What the tests of the main command share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tfmac_lock import host

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, on a machine without settings for pip and without a Mac around."""
    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_", "TFMAC_LOCK_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("TFMAC_LOCK_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "rattler"))
    monkeypatch.setattr(host, "detect", lambda: None)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here
