from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tfmac_lock.pypi.once import Once
from tfmac_lock.pypi.workers import Workers


def test_an_answer_is_worked_out_once():
    asked = []
    once: Once[int] = Once()
    for _ in range(3):
        assert once.get("a", lambda: asked.append(1) or 7) == 7
    assert len(asked) == 1


def test_many_threads_get_one_answer():
    asked = []
    once: Once[object] = Once()
    together = threading.Barrier(8)

    def ask() -> object:
        together.wait()
        return once.get("a", lambda: asked.append(1) or object())

    with ThreadPoolExecutor(8) as pool:
        answers = [done.result() for done in [pool.submit(ask) for _ in range(8)]]
    assert len(set(answers)) == len(asked) == 1


def finish(workers: Workers) -> None:
    """Wait until a single worker has done all that it was given."""
    done = threading.Event()
    workers.submit(done.set)
    assert done.wait(30)
    assert workers.stop(30)


def test_a_fault_in_the_background_is_raised_whenever_it_is_asked_for():
    once: Once[int] = Once()
    workers = Workers(1)
    once.start("a", lambda: 1 // 0, workers)
    finish(workers)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            once.get("a", lambda: 7)


def test_what_waits_in_the_queue_is_worked_out_by_whoever_needs_it():
    once: Once[int] = Once()
    gate = threading.Event()
    workers = Workers(1)
    once.start("slow", gate.wait, workers)
    once.start("a", lambda: 8, workers)
    assert once.get("a", lambda: 7) == 7
    gate.set()
    finish(workers)
    assert once.get("a", lambda: 9) == 7
