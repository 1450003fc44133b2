"""What the worker processes do: resolve, recognise, check.

They are processes, so that a long resolution takes no time from the answers that are only read,
and each job is ended by the clock inside the process that does it.
"""

from __future__ import annotations

import functools
import math
import signal
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import OutsideError, TfmacLockError, UsageError
from ..pypi.trim import trim
from . import logs
from .index import Index
from .problems import Refused, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from ctypes import c_double

    from ..lock.request import LockRequest
    from ..matrix.facts import Matrix
    from ..prove.submission import Submission
    from . import messages
    from .settings import Settings

TRIM_SECONDS = 30
"""How often the cache is looked through for what is too much."""

Job: TypeAlias = "Callable[[Any], dict[str, Any]]"

_settings: Settings
_index: Index
_trimmed = -math.inf


class OutOfTime(BaseException):
    """The job's time is over. Not an Exception, so that no handler on the way swallows it."""


def use(settings: Settings, away: c_double | None = None) -> None:
    """Work with these settings, and read what every job needs.

    ``away`` is what all workers know of the index.
    """
    global _settings, _index
    _settings = settings
    _index = Index(settings, away)
    _matrix()
    if settings.reports is not None:
        from . import messages, spool  # noqa: F401 - slow to import, so not within a job's time


@functools.cache
def _matrix() -> Matrix:
    from ..matrix import loading

    return loading.matrix()


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    def over(*_: object) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    except OutOfTime:
        raise Refused(504, "out-of-time", f"it took more than {seconds:g} seconds") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _job(seconds: float, do: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        with _time_limit(seconds):
            return do()
    except TfmacLockError as error:
        if isinstance(error, OutsideError) or refused(error).code == "out-of-time":
            _index.doubt()
            _index.forget()
        # Only this class is known to survive the way back to the parent.
        raise refused(error) from None
    except MemoryError:
        raise Refused(503, "out-of-memory", "it took more memory than one request gets") from None
    except RecursionError:
        raise Refused(422, "bad-request", "it is nested too deeply to be read") from None
    except Exception as error:
        logs.fault(error)
        raise refused(TfmacLockError()) from None


def lock(message: messages.LockRequest) -> dict[str, Any]:
    """Resolve; raises Refused."""
    return _job(_settings.limits.lock_seconds, lambda: _lock(message))


def explain(message: messages.ExplainRequest) -> dict[str, Any]:
    """Recognise failures; raises Refused."""
    return _job(_settings.limits.read_seconds, lambda: _explain(message))


def check(message: messages.CheckRequest) -> dict[str, Any]:
    """Judge pins; raises Refused."""
    return _job(_settings.limits.read_seconds, lambda: _check(message))


def report(message: Submission) -> dict[str, Any]:
    """Keep a report for the operator; raises Refused."""
    return _job(_settings.limits.read_seconds, lambda: _report(message))


def _lock(message: messages.LockRequest) -> dict[str, Any]:
    from ..lock.formats import FORMATS
    from ..lock.make import Resolver
    from ..lock.model import to_json
    from ..matrix import loading

    day = message.exclude_newer or datetime.now(tz=UTC).date()
    matrix = _matrix()
    resolver = Resolver(
        matrix=matrix,
        source=_index.client(),
        as_of=day.isoformat(),
        ahead=not _settings.offline,
        published=loading.locks_folder(),
        keep_proven=True,
    )
    try:
        made = resolver.lock(request_of(message, matrix)).lock
    finally:
        _trim_cache()
    contents = []
    for name, (filename, text) in FORMATS.items():
        if name != "json":
            contents.append({"name": filename, "text": text(made)})
    return {**to_json(made, [item["name"] for item in contents]), "contents": contents}


def request_of(message: messages.LockRequest, matrix: Matrix) -> LockRequest:
    """The message as the resolver's request; raises UsageError where it makes no sense."""
    from ..lock.recipes import as_proved, recipe_named
    from ..lock.request import Words, make_request
    from ..target import Os

    platforms = matrix.platforms
    recipe = recipe_named(matrix.recipes, message.recipe) if message.recipe else None
    python = message.python or (recipe.python if recipe else "")
    if not python:
        raise UsageError("say which Python it is for, or name a recipe")
    chip = platforms.chip(message.chip)
    macos = platforms.macos_version(message.macos) if message.macos else None
    if macos is not None:
        platforms.check(chip, macos)
    words = Words(
        tensorflow=message.tensorflow,
        metal=message.metal,
        packages=message.packages,
        limits=message.constraints,
        allow_source=message.allow_source,
        exclude_newer=message.exclude_newer.isoformat() if message.exclude_newer else None,
        recipe=recipe,
    )
    request, _ = make_request(
        words,
        platforms,
        chip=chip,
        python=platforms.python(python),
        macos=macos,
        any_minor="." not in (message.macos or "."),
        system=Os(message.os),
    )
    return as_proved(request, matrix.recipes)


def _trim_cache() -> None:
    global _trimmed
    if time.monotonic() - _trimmed > TRIM_SECONDS:
        trim(_cache_folder(), _settings.limits.cache_bytes, _settings.limits.cache_files)
        _trimmed = time.monotonic()


def _cache_folder() -> Path:
    from ..pypi.cache import default_folder

    return _settings.cache or default_folder()


def _explain(message: messages.ExplainRequest) -> dict[str, Any]:
    from ..explain.answer import document
    from ..explain.answer import explain as explained
    from ..explain.recognise import recognise_text
    from ..explain.symptoms import shipped

    return document(explained(recognise_text(message.text, shipped()), _matrix(), on_mac=False))


def _check(message: messages.CheckRequest) -> dict[str, Any]:
    """Judge the text as the file of that name, alone in a folder of the cache that is removed.

    The reader follows no include out of the file's folder, so there is nothing else to read.
    """
    from ..check.judge import check as judged
    from ..check.judge import document
    from ..check.reading import read_for_target

    cache = _cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="check-") as folder:
        path = Path(folder) / message.name
        path.write_text(message.text, "utf-8")
        try:
            file, target, macos = read_for_target(
                path,
                _matrix(),
                python=message.python,
                chip=message.chip,
                macos=message.macos,
            )
            answer = document([judged(file, target, _matrix(), macos=macos)])
        except UsageError as error:
            raise UsageError(str(error).replace(f"{folder}/", "")) from None
    for finding in answer["findings"]:
        finding["path"] = message.name
    for checked in answer["files"]:
        checked["path"] = message.name
    return answer


def _report(message: Submission) -> dict[str, Any]:
    from .spool import keep

    assert _settings.reports is not None, "the operation is there only with a folder"
    return {"schema_version": 1, "id": keep(_settings.reports, message, _settings.limits)}
