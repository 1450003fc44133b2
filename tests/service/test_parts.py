from __future__ import annotations

import asyncio
import json
import pickle

import pytest

from tfmac_lock.errors import DataError, Refusal, UsageError
from tfmac_lock.service.answers import Answers
from tfmac_lock.service.gate import Gate, client_key
from tfmac_lock.service.metrics import Metrics
from tfmac_lock.service.problems import LONGEST_TEXT, Refused, body, refused


def test_a_gate_refuses_at_once_when_it_is_full() -> None:
    gate = Gate(room=2, per_client=2)

    with gate.admit("a"), gate.admit("b"):
        with pytest.raises(Refused) as found, gate.admit("c"):
            pass
        assert (found.value.status, found.value.retry_after) == (503, 5)
    assert gate.inside == 0


def test_a_gate_lets_no_client_take_every_place() -> None:
    gate = Gate(room=10, per_client=1)

    with gate.admit("a"):
        with pytest.raises(Refused) as found, gate.admit("a"):
            pass
        assert found.value.status == 429
        with gate.admit("b"):
            assert gate.inside == 2
    with gate.admit("a"):
        pass


def test_a_place_is_given_back_when_the_work_fails() -> None:
    gate = Gate(room=1, per_client=1)

    with pytest.raises(ValueError, match="no"), gate.admit("a"):
        raise ValueError("no")

    assert gate.inside == 0


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "::ffff:192.0.2.7"),
        ("", "unknown"),
        ("<script>", "unknown"),
    ],
)
def test_a_client_is_an_address_or_the_network_of_a_household(address: str, key: str) -> None:
    assert client_key(address) in (key, "::ffff:c000:207" if "ffff" in address else key)


def test_equal_questions_share_one_computation_and_its_answer_is_kept() -> None:
    counted: list[int] = []

    async def ask() -> list[bytes]:
        answers = Answers(1000, 60)
        go = asyncio.Event()

        async def compute() -> bytes:
            counted.append(1)
            await go.wait()
            return b"answer"

        asked = [asyncio.ensure_future(answers.make("q", compute)) for _ in range(5)]
        await asyncio.sleep(0)
        go.set()
        found = await asyncio.gather(*asked)
        assert answers.get("q") == b"answer"
        return list(found)

    assert asyncio.run(ask()) == [b"answer"] * 5
    assert len(counted) == 1


def test_a_failure_is_shared_and_not_kept() -> None:
    async def ask() -> None:
        answers = Answers(1000, 60)

        async def compute() -> bytes:
            await asyncio.sleep(0)
            raise Refused(409, "no-lock", "no")

        asked = [asyncio.ensure_future(answers.make("q", compute)) for _ in range(3)]
        found = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(error, Refused) for error in found)
        assert answers.get("q") is None
        assert answers.size == 0

    asyncio.run(ask())


def test_the_cache_is_bounded_in_bytes_and_in_age() -> None:
    now = [0.0]

    async def fill() -> Answers:
        answers = Answers(100, 60, clock=lambda: now[0])

        def of(size: int) -> object:
            async def compute() -> bytes:
                return b"x" * size

            return compute

        for key, size in (("a", 60), ("b", 60), ("huge", 1000)):
            await answers.make(key, of(size))  # type: ignore[arg-type]
        return answers

    answers = asyncio.run(fill())

    assert (answers.get("a"), answers.get("huge")) == (None, None)
    assert answers.get("b") is not None
    now[0] = 61
    assert answers.get("b") is None
    assert answers.size == 0


def test_problems_say_what_to_do_and_are_plain_ascii() -> None:
    text = body(Refused(422, "bad-request", "<b>\x1b[31m\u202e" + "x" * 10_000))

    assert text.isascii()
    assert b"\x1b" not in text
    assert len(json.loads(text)["error"]["text"]) == LONGEST_TEXT


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UsageError("what"), 422),
        (Refusal("no"), 409),
        (DataError("https://secret@index.example", "is down"), 502),
    ],
)
def test_foreseen_errors_have_a_status_each(error: Exception, status: int) -> None:
    found = refused(error)  # type: ignore[arg-type]

    assert found.status == status
    assert "secret" not in found.text


def test_a_refusal_survives_the_way_between_processes() -> None:
    copy = pickle.loads(pickle.dumps(Refused(503, "busy", "later", 5)))

    assert (copy.status, copy.code, copy.text, copy.retry_after) == (503, "busy", "later", 5)


def test_metrics_are_text_that_prometheus_reads() -> None:
    metrics = Metrics()
    metrics.note("lock", 200, 0.3)
    metrics.note("lock", 200, 99)
    metrics.refused["busy"] += 1

    lines = metrics.text({"under_way": 2}).splitlines()

    assert 'tfmac_lock_requests_total{route="lock",status="200"} 2' in lines
    assert 'tfmac_lock_request_seconds_bucket{route="lock",le="0.5"} 1' in lines
    assert 'tfmac_lock_request_seconds_bucket{route="lock",le="+Inf"} 2' in lines
    assert 'tfmac_lock_refused_total{reason="busy"} 1' in lines
    assert "tfmac_lock_under_way 2" in lines
