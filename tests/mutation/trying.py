"""Whether a room's tests notice a change, at the price of the tests that reach it.

The room's tests run once as the code is, and are watched: which lines of the room each reaches,
and how long it takes. A change is then tried in a fork of a process that has imported pytest and
what the tests need from other projects, with the tests that reach its lines, the quickest first.
What one test computes and others find kept is reached by the first alone; so a few changes are
said to survive that all tests together would notice, and none the other way round.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest
from coverage import Coverage
from hypothesis import Phase, settings

from tests.mutation.rooms import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.mutation.changes import Change
    from tests.mutation.rooms import Room

WORDS = ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:randomly", "-m", "not index and not slow"]
# pytest has been imported before it runs, so that it cannot rewrite what it has rewritten.
WORDS += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
CPU_SECONDS = 120
MEMORY = 4 * 1024**3
"""For the tests of one change; those that take more have noticed it."""


class Unfit(Exception):
    """The room's tests fail, or see nothing, as the code is."""


class Tests:
    """The tests of a room, with what each reaches of its modules in a copy of the package."""

    def __init__(self, room: Room, copy: Path) -> None:
        self.copy = copy
        self.files = [f"tests/{one}" for one in room.tests]
        left_out = [f"--deselect=tests/{one}" for one in room.left_out]
        os.chdir(ROOT)
        os.environ["PYTHONPATH"] = str(copy)
        sys.path.insert(0, str(copy))
        sys.dont_write_bytecode = True
        with _silence():
            pytest.main([*WORDS, "--collect-only", *self.files])
        _forget()
        record = copy / "reached.json"
        if _forked(lambda: _watched([*left_out, *self.files], room, copy, record)) != 0:
            raise Unfit
        told = json.loads(record.read_text("utf-8"))
        self.seconds: dict[str, float] = told["seconds"]
        self.reached: dict[str, dict[int, set[str]]] = {
            module: {int(line): set(tests) & set(self.seconds) for line, tests in lines.items()}
            for module, lines in told["reached"].items()
        }

    def notice(self, change: Change) -> bool:
        """Whether one of them fails with the change."""
        place = self.copy / "tfmac_lock" / change.module
        place.write_text(change.after, "utf-8")
        try:
            tests = sorted(self._reaching(change), key=lambda one: self.seconds[one])
            return bool(tests) and _forked(lambda: _run(tests), limited=True) != 0
        finally:
            place.write_text(change.before, "utf-8")

    def _reaching(self, change: Change) -> set[str]:
        """Those that run the lines; any of the module where the lines run once, at its import."""
        lines = self.reached[change.module]
        chosen = change.lines if change.is_in_a_function else lines
        return {test for line in chosen for test in lines.get(line, ())}


class _Watch:
    """Notes which test runs, for coverage, and how long it takes."""

    def __init__(self, coverage: Coverage) -> None:
        self.coverage = coverage
        self.seconds: dict[str, float] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.coverage.switch_context(item.nodeid)
        before = time.perf_counter()
        try:
            return (yield)
        finally:
            self.seconds[item.nodeid] = time.perf_counter() - before


class _Chosen:
    """Runs these tests in this order, and looks no further where a property fails."""

    def __init__(self, tests: list[str]) -> None:
        self.order = {test: number for number, test in enumerate(tests)}

    def pytest_configure(self) -> None:
        settings.register_profile(
            "mutation",
            settings.get_profile("project"),
            phases=(Phase.explicit, Phase.generate),
            database=None,
        )
        settings.load_profile("mutation")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        kept = [one for one in items if one.nodeid in self.order]
        items[:] = sorted(kept, key=lambda one: self.order[one.nodeid])


def _watched(words: list[str], room: Room, copy: Path, record: Path) -> int:
    package = copy / "tfmac_lock"
    modules = {
        str(path): str(path.relative_to(package))
        for pattern in room.modules
        for path in package.glob(pattern)
    }
    coverage = Coverage(data_file=None, config_file=False, include=list(modules))
    watch = _Watch(coverage)
    coverage.start()
    status = int(pytest.main([*WORDS, *words], plugins=[watch]))
    coverage.stop()
    data = coverage.get_data()
    reached = {name: data.contexts_by_lineno(path) for path, name in modules.items()}
    record.write_text(json.dumps({"seconds": watch.seconds, "reached": reached}), "utf-8")
    return status


def _run(tests: list[str]) -> int:
    files = dict.fromkeys(test.partition("::")[0] for test in tests)
    return int(pytest.main([*WORDS, *files], plugins=[_Chosen(tests)]))


def _forked(action: Callable[[], int], *, limited: bool = False) -> int:
    """What the action returns in a process of its own; anything but 0 where it does not return."""
    process = os.fork()
    if process:
        status = os.waitpid(process, 0)[1]
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)  # what the tests had started, and did not end
        return status
    status = 70
    try:
        os.setpgrp()
        if limited:
            resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
            resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
            signal.alarm(10 * CPU_SECONDS)
        with _silence():
            status = action()
    finally:
        os._exit(min(status, 100))


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """What pytest prints is of no interest."""
    kept = [os.dup(1), os.dup(2)]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        yield
    finally:
        sys.stdout.flush()
        for number, descriptor in enumerate(kept, 1):
            os.dup2(descriptor, number)
            os.close(descriptor)
        os.close(nowhere)


def _forget() -> None:
    """Forget the program and its tests, so that a fork imports them with its change."""
    for name in list(sys.modules):
        if name.partition(".")[0] in ("tfmac_lock", "tests") and name != "tests.mutation":
            del sys.modules[name]
    importlib.invalidate_caches()
