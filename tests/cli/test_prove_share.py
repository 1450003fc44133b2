"""``prove --share`` on a fake Mac: the program is real, TensorFlow and the machine are not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.prove.macs import LOCK, mac, mac_report
from tfmac_lock import __main__
from tfmac_lock.prove import run as proving
from tfmac_lock.prove.handing import MARK, form_address, text_of
from tfmac_lock.prove.run import Host


@pytest.fixture
def on_a_mac(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """A Mac whose runs end with these reports, by device."""
    reports = {"cpu": mac_report("cpu"), "gpu": mac_report("gpu")}

    def run_proof(python: Path, options: list[str], *, clean: bool = False) -> int:
        report = reports[options[options.index("--device") + 1]]
        Path(options[options.index("--report") + 1]).write_text(json.dumps(report))
        return 0 if report["passed"] else 1

    mine = staticmethod(lambda: Host(system="Darwin", machine="arm64"))
    monkeypatch.setattr(Host, "here", mine)
    monkeypatch.setattr(proving, "run_proof", run_proof)
    monkeypatch.chdir(tmp_path)
    return reports


def share(*options: str) -> int:
    return __main__.main(["prove", "--environment", "python", "--share", *options])


def test_it_shows_the_report_and_what_it_holds_and_writes_it(
    on_a_mac: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert share() == 0
    told = capsys.readouterr()
    assert told.out.startswith(f"{LOCK}\n")
    assert "Apple M1 Max, 10 cores, macOS 15.5, Python 3.11.9" in told.out
    assert "relu" in told.out
    assert "no user name, folder" in told.out
    assert [line for line in told.out.splitlines() if len(line) > 80] == []
    (path,) = tmp_path.glob("tfmac-lock-report-*.json")
    assert json.loads(path.read_text()) == mac()
    assert "Hand it in" in told.err


def test_with_json_the_document_is_printed(
    on_a_mac: object, capsys: pytest.CaptureFixture[str]
) -> None:
    assert share("--json", "--report", "mine.json") == 0
    assert json.loads(capsys.readouterr().out) == mac()
    assert json.loads(Path("mine.json").read_text()) == mac()


def test_the_form_is_opened_only_after_a_yes(
    on_a_mac: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda address: not opened.append(address))
    assert share("--to-issue", "https://forge.example/o/r") == 0
    assert opened == []
    assert "The form: https://forge.example/o/r/issues/new?template=mac-report.yml" in (
        capsys.readouterr().err
    )
    assert share("--to-issue", "https://forge.example/o/r", "--yes") == 0
    (address,) = opened
    assert MARK.replace(":", "%3A") in address
    assert len(address) < 7500


def test_a_failing_proof_is_shared_too_and_the_status_says_so(
    on_a_mac: dict[str, dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.prove.macs import relu_left_out

    on_a_mac["gpu"] = relu_left_out(on_a_mac["gpu"])
    assert share() == 1
    assert "gpu, relu: Dense with relu: differs from the CPU by 0.41" in capsys.readouterr().out


def test_an_environment_that_is_none_of_a_lock_is_not_shared(
    on_a_mac: dict[str, dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    on_a_mac["cpu"]["packages"]["secret-project"] = "1.0"
    assert share() == 1
    assert f"tfmac-lock prove --lock {LOCK} --share" in capsys.readouterr().err
    on_a_mac["cpu"]["packages"]["numpy"] = "1.0"
    assert share() == 1
    assert "nearest is" in capsys.readouterr().err
    assert list(tmp_path.glob("*.json")) == []


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--synthetic"], "trains on all of MNIST"),
        (["--device", "cpu"], "trains on all of MNIST"),
        (["--to-issue", "https://a", "--to-service", "https://b"], "one of the two"),
    ],
)
def test_options_that_contradict_sharing_are_refused(
    on_a_mac: object, options: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert share(*options) == 2
    assert says in capsys.readouterr().err


def test_on_linux_there_is_nothing_to_share(capsys: pytest.CaptureFixture[str]) -> None:
    assert share() == 2
    assert "this computer is not a Mac; `tfmac-lock prove twin`" in capsys.readouterr().err


def test_options_of_sharing_alone_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(["prove", "--yes"]) == 2
    assert "go with --share" in capsys.readouterr().err


@pytest.mark.slow
def test_a_report_is_sent_to_a_service_that_takes_it_and_a_refusal_is_told(
    on_a_mac: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("uvicorn", reason="the service needs the extra `serve`")
    from tests.support.service import serving
    from tfmac_lock.service.settings import Settings

    files = {"404.html": b"not here"}
    with serving(files, Settings(reports=tmp_path / "spool")) as running:
        assert share("--to-service", running.address, "--yes") == 0
        assert "Sent. Its id is" in capsys.readouterr().err
        assert len(list((tmp_path / "spool").iterdir())) == 1
    with serving(files, Settings()) as running:
        assert share("--to-service", running.address, "--yes") == 3
        assert "there is nothing at this address" in capsys.readouterr().err
    assert share("--to-service", "http://127.0.0.1:1", "--yes") == 3
    assert "could not be sent" in capsys.readouterr().err


def test_a_report_that_is_too_long_for_an_address_has_none() -> None:
    import secrets

    long = mac()
    long["reports"][0]["stages"][0]["error"] = secrets.token_hex(8000)
    assert form_address("https://forge.example/o/r", long, "x") is None
    assert len(text_of(long)) > 16000
