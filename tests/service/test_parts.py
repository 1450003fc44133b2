from __future__ import annotations

import asyncio
import json
import os
import pickle
from typing import TYPE_CHECKING

import pytest

from tfmac_lock.errors import DataError, Refusal, UsageError
from tfmac_lock.pypi.trim import trim
from tfmac_lock.service.answers import Answers
from tfmac_lock.service.bodies import Held
from tfmac_lock.service.elsewhere import Elsewhere, origins
from tfmac_lock.service.messages import LockRequest
from tfmac_lock.service.metrics import Metrics
from tfmac_lock.service.problems import LONGEST_TEXT, Refused, body, refused
from tfmac_lock.service.turns import Turns, client_key

if TYPE_CHECKING:
    from pathlib import Path


def turns(**given: float) -> Turns:
    return Turns(**{"places": 1, "waiting": 9, "per_client": 9, "seconds": 60, **given})  # type: ignore[arg-type]


async def served(turns: Turns, *clients: str, now: list[float] | None = None) -> list[str]:
    """In which order these clients get their turn, who all come while the first one works."""
    order: list[str] = []
    go = asyncio.Event()

    async def ask(client: str) -> None:
        try:
            async with turns.turn(client):
                order.append(client)
                if now is not None:
                    now[0] += 10
                await go.wait()
        except Refused as refused:
            order.append(f"{client} {refused.status}")

    asked = [asyncio.ensure_future(ask(client)) for client in clients]
    await asyncio.sleep(0)
    go.set()
    await asyncio.gather(*asked)
    assert turns.inside == 0
    return order


def test_turns_go_round_between_clients_whoever_asks_most() -> None:
    now = [0.0]
    made = Turns(places=1, waiting=9, per_client=9, seconds=60, clock=lambda: now[0])

    order = asyncio.run(served(made, "a", "a", "a", "b", "b", "c", now=now))

    assert order == ["a", "b", "c", "a", "b", "a"]


def test_whoever_used_much_time_lately_comes_last_even_when_new_ones_ask() -> None:
    now = [0.0]

    async def ask() -> list[str]:
        made = Turns(places=1, waiting=9, per_client=9, seconds=60, clock=lambda: now[0])
        await served(made, "a", now=now)
        return await served(made, "b", "a", "c", "b")

    assert asyncio.run(ask()) == ["b", "c", "b", "a"]


def test_no_client_gets_the_last_of_several_places() -> None:
    async def ask() -> None:
        made = turns(places=2)
        async with made.turn("a"):
            waiting = asyncio.ensure_future(served(made, "a"))
            await asyncio.sleep(0)
            async with asyncio.timeout(5), made.turn("b"):
                assert not waiting.done()
        await waiting

    asyncio.run(ask())


def test_a_full_queue_sends_away_the_newest_of_the_client_with_most() -> None:
    order = asyncio.run(served(turns(waiting=3), "a", "a", "a", "b", "c"))

    assert sorted(order) == ["a", "a", "a 503", "b", "c"]


def test_a_client_with_too_many_requests_hears_so_at_once() -> None:
    assert sorted(asyncio.run(served(turns(per_client=2), "a", "a", "a", "b"))) == [
        "a",
        "a",
        "a 429",
        "b",
    ]


def test_whoever_waits_too_long_hears_so_and_leaves_the_queue() -> None:
    async def ask() -> None:
        made = turns(seconds=0.01)
        async with made.turn("a"):
            with pytest.raises(Refused) as found:
                async with made.turn("b"):
                    pass
            assert (found.value.status, found.value.retry_after) == (503, 5)
            assert made.inside == 1

    asyncio.run(ask())


def test_a_place_is_given_back_when_the_work_fails_or_is_given_up() -> None:
    async def ask() -> None:
        made = turns()
        with pytest.raises(ValueError, match="no"):
            async with made.turn("a"):
                raise ValueError("no")
        async with made.turn("a"):
            waiting = [asyncio.ensure_future(made.turn(name).__aenter__()) for name in "bcd"]
            await asyncio.sleep(0)
            waiting[0].cancel()
        waiting[1].cancel()  # in the moment in which it is called
        await asyncio.gather(*waiting[:2], return_exceptions=True)
        await waiting[2]
        assert made.inside == 1

    asyncio.run(ask())


def test_bodies_are_bounded_together_and_the_greedy_are_refused_first() -> None:
    held = Held(100, per_client=2)

    with held.admit("a") as add, held.admit("b") as other:
        add(60)
        other(30)
        with pytest.raises(Refused) as found:
            add(20)
        assert found.value.status == 503
        other(1)
    with held.admit("a") as add:
        add(100)


def test_one_client_may_send_so_many_bodies_at_a_time() -> None:
    held = Held(100, per_client=1)

    with held.admit("a"), pytest.raises(Refused) as found, held.admit("a"):
        pass

    assert found.value.status == 429


def test_a_cache_is_trimmed_to_its_newest_files(tmp_path: Path) -> None:
    for number in range(10):
        path = tmp_path / f"{number % 2}" / f"{number}"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x" * 10)
        os.utime(path, (number, number))

    trim(tmp_path, 1000, 5)
    left = sorted(path.name for path in tmp_path.rglob("?") if path.is_file())
    trim(tmp_path, 25, 5)

    assert left == ["5", "6", "7", "8", "9"]
    assert sorted(path.name for path in tmp_path.rglob("?") if path.is_file()) == ["8", "9"]


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", "unknown"),
        ("<script>", "unknown"),
    ],
)
def test_a_client_is_an_address_or_the_network_of_a_household(address: str, key: str) -> None:
    assert client_key(address) == key


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


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("--with 'a b' is no requirement", "packages: 'a b' is no requirement"),
        ("--exclude-newer '9' is no date", "exclude_newer: '9' is no date"),
        ("--metal 'x': write a version", "metal: 'x': write a version"),
        ("Take 3.13: --python 3.13.", 'Take 3.13: "python": "3.13".'),
        ("you ask for pandas<1 [--with]", "you ask for pandas<1 [packages]"),
        ("17 newer than --exclude-newer allows", "17 newer than exclude_newer allows"),
        ("and 15 more facts; --json lists all", "and 15 more facts"),
        (
            "it has a compiler; --allow-source x takes it",
            "it has a compiler; allow_source x takes it",
        ),
        (
            "Nearest to it:\n  tfmac-lock --python 3.11 --chip m2 --tensorflow '>=2.16,<2.19'",
            'Nearest to it:\n  {"python": "3.11", "chip": "m2", "tensorflow": ">=2.16,<2.19"}',
        ),
        (
            "tfmac-lock --python 3.11 --chip m2 --with pandas --with 'a>1' --os linux\n.",
            '{"python": "3.11", "chip": "m2", "packages": ["pandas", "a>1"], "os": "linux"}\n.',
        ),
        (
            "tfmac-lock --python 3.10 --chip m2 --for spleeter --with pandas",
            '{"python": "3.10", "chip": "m2", "recipe": "spleeter", "packages": ["pandas"]}',
        ),
        ("tfmac-lock --native conda", "tfmac-lock --native conda"),
        ("the wheel is half--done", "the wheel is half--done"),
    ],
)
def test_what_the_command_says_is_told_in_the_words_of_the_api(said: str, told: str) -> None:
    assert refused(UsageError(said)).text == told
    assert refused(Refusal(said)).text == told


def test_a_body_that_an_error_names_is_one_that_the_service_takes() -> None:
    text = refused(Refusal("tfmac-lock --python 3.11 --chip m2 --tensorflow 2.18.1 --metal 1.2.0"))

    message = LockRequest.model_validate_json(text.text)

    assert (message.chip, message.tensorflow, message.metal) == ("m2", "2.18.1", "1.2.0")


@pytest.mark.parametrize(
    ("allowed", "origin", "post", "read"),
    [
        ((), b"https://a.example", b"GET, HEAD", None),
        (("https://a.example",), b"https://a.example", b"POST", b"https://a.example"),
        (("https://a.example",), b"https://a.example.evil", b"GET, HEAD", None),
        (("https://a.example",), None, b"GET, HEAD", None),
        (("*",), b"https://b.example", b"POST", b"https://b.example"),
    ],
)
def test_pages_of_other_sites_compute_only_where_the_operator_allows_it(
    allowed: tuple[str, ...], origin: bytes | None, post: bytes, read: bytes | None
) -> None:
    elsewhere = Elsewhere(origins(allowed))
    sent = [(b"origin", origin)] if origin else []

    before = dict(elsewhere.preflight(sent, computes=True))
    assert before[b"access-control-allow-methods"] == post
    assert dict(elsewhere.headers(sent)).get(b"access-control-allow-origin") == read
    reading = dict(elsewhere.preflight(sent, computes=False))
    assert reading[b"access-control-allow-methods"] == b"GET, HEAD"
    # A cache on the way must not give one site's answer to another.
    assert (b"vary", b"origin") in elsewhere.headers(sent) or not allowed


@pytest.mark.parametrize("given", ["example.org", "https://a.example/path", "https://a b", ""])
def test_an_origin_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(UsageError, match="--allow-origin"):
        origins([given])
