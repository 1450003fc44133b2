from __future__ import annotations

import threading

from tfmac_lock.pypi.workers import Workers


def test_work_is_done_side_by_side():
    together = threading.Barrier(4)
    workers = Workers(3)
    for _ in range(3):
        workers.submit(together.wait)
    together.wait(30)
    assert workers.stop(30)


def test_stopping_drops_what_waits_and_lets_what_is_under_way_end():
    begun, gate = threading.Event(), threading.Event()
    done = []
    workers = Workers(1)
    workers.submit(lambda: (begun.set(), gate.wait(30), done.append("first")))
    workers.submit(lambda: done.append("second"))
    assert begun.wait(30)
    assert not workers.stop(0)
    gate.set()
    assert workers.stop(30)
    assert done == ["first"]


def test_nothing_begins_after_the_stop():
    done: list[int] = []
    workers = Workers(1)
    assert workers.stop(0)
    workers.submit(lambda: done.append(1))
    assert workers.stop(30)
    assert done == []
