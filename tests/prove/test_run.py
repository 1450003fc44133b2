"""Running the proof in an environment that exists, and refusing locks for other machines."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from tests.prove.support import lock
from tfmac_lock.errors import UsageError
from tfmac_lock.prove.environment import ROOM, Installer, clean_environ, with_credentials
from tfmac_lock.prove.errors import NotProvable
from tfmac_lock.prove.interpreters import Interpreter
from tfmac_lock.prove.processes import Ended, Processes
from tfmac_lock.prove.run import Host, active_python, check_host, environment_of_lock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def test_the_environment_that_is_switched_on_is_the_one_that_is_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.touch()
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path))
    assert active_python() == python


def test_without_one_it_is_the_programs_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    assert active_python() == Path(sys.executable)


@pytest.mark.parametrize("host", [("Linux", "x86_64"), ("Darwin", "x86_64")])
def test_a_lock_for_another_machine_is_refused_with_the_way_to_its_twin(
    host: tuple[str, str],
) -> None:
    with pytest.raises(UsageError, match="prove twin"):
        check_host(lock(), Host(system=host[0], machine=host[1]))


def test_a_lock_for_this_machine_is_accepted() -> None:
    check_host(lock(), Host(system="Darwin", machine="arm64"))


def test_a_lock_that_conda_must_install_is_left_to_conda(tmp_path: Path) -> None:
    native = replace(lock(), from_conda=frozenset({"numpy"}))
    with pytest.raises(NotProvable, match="conda provides numpy"):
        environment_of_lock(native, [], None, Processes(), tmp_path)  # type: ignore[arg-type]


def test_settings_that_would_change_the_run_do_not_reach_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("PIP_INDEX_URL", "https://example.org")
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")
    monkeypatch.setenv("UV_CACHE_DIR", "/cache")
    kept = clean_environ()
    assert "PYTHONPATH" not in kept
    assert "PIP_INDEX_URL" not in kept
    assert "TF_USE_LEGACY_KERAS" not in kept
    assert kept["UV_CACHE_DIR"] == "/cache"


def test_credentials_go_back_into_the_addresses_that_they_belong_to() -> None:
    from tfmac_lock.pypi.config import Credentials, IndexConfig

    mine = "https://pypi.example.org/simple/"
    config = IndexConfig(
        indexes=(mine, "https://pypi.org/simple/"),
        credentials=(Credentials(url=mine, user="a", password="p@ss/word"),),
    )
    assert with_credentials(config) == [
        "https://a:p%40ss%2Fword@pypi.example.org/simple/",
        "https://pypi.org/simple/",
    ]


class Recorder(Processes):
    """Keeps the commands and lets them all succeed."""

    def __init__(self) -> None:
        super().__init__()
        self.commands: list[list[str]] = []

    def run(
        self, command: Sequence[str], *, env: Mapping[str, str] | None = None, timeout: float
    ) -> Ended:
        self.commands.append(list(command))
        return Ended(status=0, output="")


@pytest.mark.parametrize(("free", "cleans"), [(ROOM - 1, True), (ROOM, False)])
def test_tensorflows_leave_the_cache_of_the_installer_when_the_disk_gets_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, cleans: bool
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=free))
    monkeypatch.setattr("shutil.which", lambda _: "/bin/uv")
    processes = Recorder()
    python = Interpreter(path=Path("/bin/python3.9"), version="3.9.1")
    installer = Installer(processes, ["https://pypi.org/simple/"])
    installer.create(python, tmp_path, "numpy==1 --hash=sha256:0\n", frozenset())
    assert any("clean" in command for command in processes.commands) is cleans
    assert all("--require-hashes" in command for command in processes.commands[-1:])
