"""Whether a room's tests notice a change, at the price of the tests that reach it.

The room's tests run once as the code is, and are watched: which lines of the room each reaches,
and how long it takes. A change is then tried in a fork of a process that has imported pytest and
what the tests need from other projects: first with the tests that reach its lines, the quickest
first, and where none of them fails with all others, since what was computed once may be kept.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import Phase, settings

from tests.mutation.rooms import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import CodeType, FrameType

    from tests.mutation.changes import Change
    from tests.mutation.rooms import Room

WORDS = ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:randomly", "-m", "not index and not slow"]
# pytest has been imported before it runs, so that it cannot rewrite what it has rewritten.
WORDS += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
CPU_SECONDS = 120
MEMORY = 4 * 1024**3
"""For the tests of one change; those that take more have noticed it."""
CO_OPTIMIZED = 0x1
"""The flag of a function's code, which that of a module or a class lacks."""


class Unfit(Exception):
    """The room's tests fail, or see nothing, as the code is."""


class Tests:
    """The tests of a room, with what each reaches of its modules in a copy of the package."""

    def __init__(self, room: Room, copy: Path) -> None:
        self.copy = copy
        self.files = [f"tests/{one}" for one in room.tests]
        os.chdir(ROOT)
        os.environ["PYTHONPATH"] = str(copy)
        sys.path.insert(0, str(copy))
        sys.dont_write_bytecode = True
        with _silence():
            pytest.main([*WORDS, "--collect-only", *self.files])
        _forget()
        record = copy / "reached.json"
        if _forked(lambda: _watched(self.files, room, copy, record)) != 0:
            raise Unfit
        told = json.loads(record.read_text("utf-8"))
        self.seconds: dict[str, float] = told["seconds"]
        self.reached: dict[str, dict[str, set[int]]] = {
            test: {module: set(lines) for module, lines in modules.items()}
            for test, modules in told["reached"].items()
        }

    def notice(self, change: Change) -> bool:
        """Whether one of them fails with the change."""
        place = self.copy / "tfmac_lock" / change.module
        place.write_text(change.after, "utf-8")
        try:
            first = self._reaching(change)
            others = [one for one in self.seconds if one not in set(first)]
            return self._fails(first) or self._fails(others)
        finally:
            place.write_text(change.before, "utf-8")

    def _reaching(self, change: Change) -> list[str]:
        lines = set(change.lines)
        return [
            test
            for test, modules in self.reached.items()
            if not lines.isdisjoint(modules.get(change.module, ()))
        ]

    def _fails(self, tests: list[str]) -> bool:
        quickest_first = sorted(tests, key=lambda one: self.seconds[one])
        return bool(tests) and _forked(lambda: _run(quickest_first), limited=True) != 0


class _Watch:
    """Notes the lines of the room that each test reaches."""

    def __init__(self, room: Room, copy: Path) -> None:
        package = copy / "tfmac_lock"
        self.modules = {
            str(path): str(path.relative_to(package))
            for pattern in room.modules
            for path in package.glob(pattern)
        }
        self.seconds: dict[str, float] = {}
        self.reached: dict[str, dict[str, set[int]]] = {}
        self.test: dict[str, set[int]] = {}
        self.watched: dict[CodeType, str | None] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.test = self.reached.setdefault(item.nodeid, {})
        before = time.perf_counter()
        sys.settrace(self.call)
        threading.settrace(self.call)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            threading.settrace(None)
            self.seconds[item.nodeid] = time.perf_counter() - before

    def call(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any] | None:
        code = frame.f_code
        try:
            module = self.watched[code]
        except KeyError:
            # What runs once, as a module is imported, is reached by every test.
            is_function = code.co_flags & CO_OPTIMIZED
            module = self.modules.get(code.co_filename) if is_function else None
            self.watched[code] = module
        if module is None:
            return None
        lines = self.test.setdefault(module, set())
        lines.add(frame.f_lineno)

        def line(frame: FrameType, event: str, argument: Any) -> Callable[..., Any]:
            lines.add(frame.f_lineno)
            return line

        return line


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


def _watched(files: list[str], room: Room, copy: Path, record: Path) -> int:
    watch = _Watch(room, copy)
    status = int(pytest.main([*WORDS, *files], plugins=[watch]))
    reached = {
        test: {module: sorted(lines) for module, lines in modules.items()}
        for test, modules in watch.reached.items()
    }
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
