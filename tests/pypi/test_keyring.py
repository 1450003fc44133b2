from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from tfmac_lock.pypi import keyring
from tfmac_lock.pypi.config import IndexConfig

if TYPE_CHECKING:
    from pathlib import Path

INDEX = "https://me@index.example/simple/"


@pytest.fixture(autouse=True)
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `keyring` that has one password for the host, and notes what it is asked."""
    script = tmp_path / "keyring"
    script.write_text(
        f'#!/bin/sh\necho "$*" >> {tmp_path}/log\n'
        '[ "$2 $3" = "index.example me" ] && echo "pass word" || exit 1\n'
    )
    script.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    keyring.password_of.cache_clear()
    return tmp_path / "log"


def config(url: str = INDEX, **environ: str) -> IndexConfig:
    return IndexConfig.load(environ, index_url=url, pip_files=())


def test_the_password_of_a_user_comes_from_the_keyring_once(tool: Path) -> None:
    loaded = config()
    assert loaded.credentials_for("https://index.example/simple/six/") == ("me", "pass word")
    assert loaded.credentials_for("https://index.example/other/") == ("me", "pass word")
    assert tool.read_text().splitlines() == [
        "get https://index.example/simple/ me",
        "get index.example me",
    ]


def test_it_is_not_asked_where_the_address_has_a_password_or_no_user(tool: Path) -> None:
    assert config("https://me:own@index.example/").credentials_for(
        "https://index.example/six/"
    ) == ("me", "own")
    assert config("https://index.example/").credentials_for("https://index.example/") is None
    assert not tool.exists()


def test_pips_setting_switches_it_off(tool: Path) -> None:
    off = config(PIP_KEYRING_PROVIDER="disabled")
    assert off.credentials_for("https://index.example/simple/") == ("me", "")
    assert not tool.exists()


def test_a_keyring_that_knows_nothing_leaves_the_user_alone() -> None:
    assert config("https://you@index.example/").credentials_for("https://index.example/") == (
        "you",
        "",
    )


def test_without_the_program_it_is_off(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    assert not config().keyring
