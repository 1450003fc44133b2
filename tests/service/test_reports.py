"""Taking reports from Macs: off unless the operator says where, bounded, whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.prove.macs import mac
from tfmac_lock.service.messages import computed
from tfmac_lock.service.settings import Limits, Settings
from tfmac_lock.site.openapi import describe

from ..support.service import serving
from .test_service import problem

if TYPE_CHECKING:
    from pathlib import Path

    import httpx2


FILES = {"404.html": b"not here"}


def post(client: httpx2.Client, document: object) -> httpx2.Response:
    return client.post("/api/v1/report", json=document)


def test_no_report_is_taken_unless_there_is_a_folder(client: httpx2.Client) -> None:
    answer = post(client, mac())
    assert answer.status_code == 404
    assert "/api/v1/report" not in describe(computed(reports=False))["paths"]
    assert "post" in describe(computed(reports=True))["paths"]["/api/v1/report"]


def test_a_report_is_kept_once_under_its_own_name(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    with serving(FILES, Settings(reports=spool)) as running, running.client() as client:
        first, second = post(client, mac()), post(client, mac())
        assert first.json() == second.json()
        assert [path.name for path in spool.iterdir()] == [f"{first.json()['id']}.json"]
        kept = next(spool.iterdir()).read_text()
        assert "127.0.0.1" not in kept


def test_a_report_that_was_edited_is_not_kept(tmp_path: Path) -> None:
    document = mac()
    document["reports"][0]["optimizer"] = "legacy-adam"
    with serving(FILES, Settings(reports=tmp_path)) as running, running.client() as client:
        answer = post(client, document)
    assert (answer.status_code, problem(answer)) == (422, "bad-request")
    assert list(tmp_path.iterdir()) == []


def test_what_was_sent_does_not_come_back_in_the_refusal(tmp_path: Path) -> None:
    document = mac()
    document["reports"][0]["python"] = "<script>secret</script>"
    with serving(FILES, Settings(reports=tmp_path)) as running, running.client() as client:
        answer = post(client, document)
    assert answer.status_code == 422
    assert "secret" not in answer.text
    assert "reports.0: python" in answer.json()["error"]["text"]


@pytest.mark.parametrize(
    ("limits", "status", "code"),
    [
        (Limits(reports=2), 503, "no-room"),
        (Limits(reports_bytes=30_000), 503, "no-room"),
        (Limits(reports_per_client=2), 429, "too-many"),
    ],
)
def test_the_folder_and_a_clients_share_are_bounded(
    tmp_path: Path, limits: Limits, status: int, code: str
) -> None:
    served = serving(FILES, Settings(reports=tmp_path, limits=limits))
    with served as running, running.client() as client:
        chips = ["Apple M1", "Apple M2", "Apple M3", "Apple M4", "Apple M5"]
        answers = [post(client, mac(chip=chip)) for chip in chips]
    assert [answer.status_code for answer in answers[:2]] == [200, 200]
    assert (answers[-1].status_code, problem(answers[-1])) == (status, code)
    assert "retry-after" in answers[-1].headers
    assert 2 <= len(list(tmp_path.iterdir())) < 5


def test_a_folder_that_cannot_be_written_is_told_without_its_name(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with serving(FILES, Settings(reports=blocked / "spool")) as running, running.client() as client:
        answer = post(client, mac())
    assert (answer.status_code, problem(answer)) == (503, "no-room")
    assert str(tmp_path) not in answer.text


def test_a_body_over_the_limit_is_refused(tmp_path: Path) -> None:
    with serving(FILES, Settings(reports=tmp_path)) as running, running.client() as client:
        answer = post(client, {"reports": ["x" * 300_000]})
    assert answer.status_code == 413
