"""Which lock `install` installs: the named one, the one that is here, or a new one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .terminal import say

if TYPE_CHECKING:
    import argparse

    from ..host import Host
    from ..lock.model import Lock


class Chosen(NamedTuple):
    """The lock and its folder; ``is_new`` tells that it was made now."""

    lock: Lock
    folder: Path
    is_new: bool


def choose(args: argparse.Namespace, mac: Host | None) -> Chosen:
    """The lock to install and its folder: the named one, the one that is here, or a new one."""
    from ..lock.reading import NAME, lock_path, read_lock
    from ..prove.installing import KERNEL
    from .lock import make_all
    from .recorded import recall

    asks = any((args.python, args.chip, args.tensorflow, args.metal, args.extra, args.requirements))
    if args.lock is not None:
        path = lock_path(args.lock)
        return Chosen(read_lock(path), path.parent, is_new=False)
    here = Path(NAME)
    if here.exists() and not asks:
        lock = read_lock(here)
        if not args.jupyter or any(one.name == KERNEL for one in lock.wheels):
            return Chosen(lock, here.parent, is_new=False)
        asked = recall(lock.request or lock.command, here.parent)
        asked.extra = [*asked.extra, KERNEL]
    else:
        asked = _asked(args, mac)
    (lock,) = make_all(asked, Path())
    if not args.dry_run:
        _write(asked, lock)
    return Chosen(lock, Path(), is_new=True)


def _asked(args: argparse.Namespace, mac: Host | None) -> argparse.Namespace:
    """The options of the main command that make the lock."""
    from ..prove.installing import KERNEL
    from .lock import parser

    words: list[str] = []
    python = args.python or _best_python(args, mac)
    for option, value in (
        ("--python", python),
        ("--chip", args.chip),
        ("--tensorflow", args.tensorflow),
        ("--metal", args.metal),
    ):
        words += [option, value] if value else []
    for text in [*args.extra, *([KERNEL] if args.jupyter else [])]:
        words += ["--with", text]
    for text in args.requirements:
        words += ["-r", text]
    return parser().parse_args(words)


def _best_python(args: argparse.Namespace, mac: Host | None) -> str | None:
    """The Python of the best published lock for this Mac; None where there is none to choose.

    This Python's own, if that has a lock with the GPU or the Mac has none that would count.
    """
    from ..lock.published import Index
    from ..matrix import loading
    from ..prove.installing import own_python

    named = args.chip or (mac.chip if mac else None)
    if named is None or args.tensorflow:
        return None
    platforms = loading.platforms()
    chip = platforms.chip(named)
    gpu = chip.gpu and args.metal != "none"
    found = {}
    for python in platforms.pythons:
        index = Index.within(loading.locks_folder(), python.series, chip.arch)
        lock = index.exists() and index.find(
            package=None, version=None, metal=args.metal or "auto", gpu=gpu, macos=None
        )
        if lock:
            found[python.series] = lock
    own = own_python()
    if own in found and (found[own].combo.metal or not gpu):
        return own

    def worth(series: str) -> tuple[bool, int, int]:
        lock = found[series]
        minor = int(series.partition(".")[2])
        return bool(lock.combo.metal) == gpu, -lock.verdict.status.rank, minor

    return max(found, key=worth, default=None)


def _write(asked: argparse.Namespace, lock: Lock) -> None:
    from ..lock.write import write_files
    from .outputs import outputs_of

    outputs = outputs_of(asked)
    texts = outputs.texts([lock])
    write_files(outputs.folder, texts)
    say(f"Written: {', '.join(sorted(texts))}")
