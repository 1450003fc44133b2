"""Workers that die, are stopped, hang or grow: another one is there before anybody misses it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tfmac_lock.service import workers
from tfmac_lock.service.messages import LockRequest
from tfmac_lock.service.problems import Refused
from tfmac_lock.service.settings import Settings
from tfmac_lock.service.workers import Workers

from . import jobs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

GOOD = {"python": "3.11", "chip": "m1"}
FAULTS = [signal.SIGKILL, signal.SIGSTOP]


@asynccontextmanager
async def running(count: int = 1) -> AsyncIterator[Workers]:
    """Workers that are ready."""
    made = Workers(Settings(), count)
    await made.warm_up()
    try:
        yield made
    finally:
        await made.stop()


async def pid(made: Workers) -> int:
    """The process that does the next job."""
    message = LockRequest(**GOOD, packages=["pid"])
    return int(json.loads(await made.run(jobs.lock, message, 60))["as_of"])


async def others(made: Workers, than: set[int]) -> set[int]:
    """The idle processes, once there is another in the place of each of those."""
    while True:
        idle = {worker._process.pid or 0 for worker in made._idle}
        if len(idle) == len(than) and not idle & than:
            return idle
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.slow
def test_an_idle_worker_that_is_lost_is_replaced_without_being_asked(fault: signal.Signals) -> None:
    async def lose() -> tuple[int, set[int], int]:
        async with running() as made:
            first = await pid(made)
            os.kill(first, fault)
            idle = await others(made, {first})
            return first, idle, await pid(made)

    first, idle, then = asyncio.run(lose())
    assert {then} == idle
    assert then != first
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.slow
def test_no_request_is_lost_with_an_idle_worker(
    fault: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even where nobody has looked yet."""
    monkeypatch.setattr(workers, "LOOK_SECONDS", 600)

    async def lose() -> tuple[int, int]:
        async with running() as made:
            first = await pid(made)
            os.kill(first, fault)
            while not made._idle[0].is_lost():
                await asyncio.sleep(0.01)
            return first, await pid(made)

    first, then = asyncio.run(lose())
    assert then != first


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.slow
def test_whoever_waits_for_a_worker_that_is_lost_hears_so_at_once(
    fault: signal.Signals,
) -> None:
    """A stopped one kept its caller for the whole time that a job may take."""

    async def lose() -> tuple[Refused, int, int]:
        async with running() as made:
            first = await pid(made)
            message = LockRequest(**GOOD, packages=["deaf"])
            asked = asyncio.create_task(made.run(jobs.lock, message, 3600))
            while not made._busy:
                await asyncio.sleep(0.01)
            os.kill(first, fault)
            with pytest.raises(Refused) as told:
                await asked
            return told.value, first, await pid(made)

    told, first, then = asyncio.run(lose())
    assert (told.status, told.code) == (503, "restarting")
    assert then != first


def test_many_lost_at_once_are_all_replaced() -> None:
    async def lose() -> tuple[set[int], set[int]]:
        async with running(3) as made:
            first = {worker._process.pid or 0 for worker in made._idle}
            for number, fault in zip(first, [*FAULTS, signal.SIGSEGV], strict=True):
                os.kill(number, fault)
            return first, await others(made, first)

    first, then = asyncio.run(lose())
    assert len(then) == 3
    assert not first & then


def test_losses_are_looked_for_several_times_a_second() -> None:
    assert workers.LOOK_SECONDS <= 0.5
