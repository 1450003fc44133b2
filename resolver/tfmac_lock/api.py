"""The program from Python: ``from tfmac_lock.api import lock, check, explain``.

Each function gives what the command line prints with ``--json``, as dicts and lists; docs/api.md
says what is in them. Nothing is printed and no file is written. Errors are those of ``errors``:
``UsageError``, ``Refusal``, ``OutsideError``. What a function needs is imported when it is called.

(The functions have a module of their own, since ``tfmac_lock.lock``, ``tfmac_lock.check`` and
``tfmac_lock.explain`` are packages.)
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from os import PathLike

__all__ = ["check", "explain", "lock"]


def lock(
    *,
    python: str,
    chip: str,
    macos: str | None = None,
    os: str = "macos",
    tensorflow: str | None = None,
    metal: str = "auto",
    packages: Sequence[str] = (),
    requirements: Sequence[str | PathLike[str]] = (),
    constraints: Sequence[str | PathLike[str]] = (),
    exclude_newer: str | None = None,
    index_url: str | None = None,
    fresh: bool = False,
    offline: bool = False,
) -> dict[str, Any]:
    """The lock for a Mac, as lock.json has it.

    The arguments are the options of the command line: ``packages`` are those of ``--with``,
    ``requirements`` and ``constraints`` files. A published lock answers without a network where
    nothing but the pair is asked for, and ``fresh`` resolves all the same.
    """
    from pathlib import Path

    from .cli.lock import make_all, parser
    from .lock.model import to_json

    words = [f"--python={python}", f"--chip={chip}", f"--os={os}", f"--metal={metal}"]
    for option, value in (
        ("--macos", macos),
        ("--tensorflow", tensorflow),
        ("--exclude-newer", exclude_newer),
        ("--index-url", index_url),
    ):
        words += [f"{option}={value}"] if value is not None else []
    words += [f"--with={text}" for text in packages]
    words += [word for path in requirements for word in ("-r", str(path))]
    words += [word for path in constraints for word in ("-c", str(path))]
    words += ["--fresh"] if fresh else []
    words += ["--offline"] if offline else []
    # What lies in this folder has no say: neither an old lock nor the project's settings.
    args = parser().parse_args([*words, "--upgrade"])
    with _silence():
        (made,) = make_all(args, Path())
    return to_json(made)


def check(
    path: str | PathLike[str],
    *,
    python: str | None = None,
    chip: str | None = None,
    macos: str | None = None,
) -> dict[str, Any]:
    """The findings on a file of pins: requirements.txt, uv.lock, environment.yml and the others.

    What is not given is the file's own, else that of the Mac that this runs on.
    """
    from pathlib import Path

    from . import host
    from .check.judge import check as judged
    from .check.judge import document
    from .check.reading import read_for_target
    from .matrix import loading

    matrix = loading.matrix()
    file, target, known = read_for_target(
        Path(path), matrix, python=python, chip=chip, macos=macos, mac=host.detect()
    )
    return document([judged(file, target, matrix, macos=known)])


def explain(text: str) -> dict[str, Any]:
    """The failures that a log or an error message tells of, the likeliest first."""
    from . import host
    from .explain.answer import document
    from .explain.answer import explain as explained
    from .explain.recognise import recognise_text
    from .explain.symptoms import shipped
    from .matrix import loading

    recognised = recognise_text(text, shipped())
    return document(explained(recognised, loading.matrix(), on_mac=host.detect() is not None))


@contextmanager
def _silence() -> Iterator[None]:
    """The console says nothing, until this is left."""
    from .cli import terminal

    before = terminal.level()
    terminal.set_console(terminal.QUIET, "auto")
    try:
        yield
    finally:
        terminal.set_console(before, "auto")
