"""The main job: `tfmac-lock --python 3.9 --chip m1`."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..languages import translated
from .options import LIST
from .outputs import as_json, outputs_of, wants_conda
from .summary import summary
from .terminal import VERBOSE, has_color, say

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from ..host import Host
    from ..lock.model import Lock
    from ..target import Chip, MacOSVersion, Platforms, PythonVersion
    from . import Parser
    from .outputs import Outputs


def parser() -> Parser:
    """The parser of the main command."""
    from .options import main_parser

    made = main_parser()
    made.set_defaults(run=run, parser=made)
    return made


def run(args: argparse.Namespace) -> int:
    """Make the lock, write it, and say what it is."""
    from ..lock.write import write_files

    if args.print_completion:
        return _completion(args.print_completion)
    if args.detect:
        return _detector()
    if args.recipe:
        from . import recipes

        if args.recipe == LIST:
            return recipes.run_list(as_json=args.json)
        recipes.apply(args)
    outputs = outputs_of(args)
    locks = make_all(args, outputs.folder)
    for lock in locks:
        if args.metal == "auto" and lock.combo.metal is None and lock.combo.os == "macos":
            say(_why_no_plugin(lock))
        _say_notes(lock)
    files = outputs.texts(locks)
    if outputs.printing:
        sys.stdout.write(*files.values())
        return 0
    paths = outputs.paths([*files])
    if args.check:
        return _check(locks, outputs, paths, args)
    if not args.dry_run:
        write_files(
            outputs.folder,
            {paths[name].name: text for name, text in files.items()},
            force=args.force,
        )
    if args.json:
        sys.stdout.write(as_json(locks, [path.name for path in paths.values()]))
    else:
        text = summary(locks, paths, color=has_color(), why=args.why, dry=args.dry_run)
        sys.stdout.write(text)
    return 0


def _say_notes(lock: Lock) -> None:
    """What the index says against files, and what was checked of attestations."""
    for reason in lock.verdict.reasons:
        if reason.kind in ("archived", "deprecated", "yanked"):
            say(f"note: {reason.text}")
    attested = sum(bool(package.publishers) for package in lock.packages)
    if attested:
        from ..lock.attested import what_was_checked

        say(f"note: files with attestations: {attested}. It was checked {what_was_checked()}")


def _check(
    locks: list[Lock], outputs: Outputs, paths: dict[str, Path], args: argparse.Namespace
) -> int:
    """Whether the files that are there are those of the lock; the day alone makes no other."""
    from .current import stale, with_days_of

    other = stale(outputs.texts(with_days_of(locks, outputs)), paths)
    if args.json:
        from .terminal import print_json

        print_json({"current": not other, "files": [str(path) for path in other]})
    elif other:
        print(translated(f"not current: {', '.join(map(str, other))}"))  # noqa: T201 - the result
    else:
        print(translated(f"current: {', '.join(map(str, paths.values()))}"))  # noqa: T201 - the result
    return 1 if other else 0


def make_all(args: argparse.Namespace, folder: Path) -> list[Lock]:
    """The locks that the options ask for, one a chip, with what was asked for.

    Those for other machines beside the Mac come after them.
    """
    from dataclasses import replace

    from .recorded import recorded

    _also(args)
    locks = [make(args, chip) for chip in args.chips or [None]]
    request = recorded(args, locks[0], folder)
    return [replace(lock, request=request) for lock in [*locks, *make_beside(args, locks[0])]]


def make_beside(args: argparse.Namespace, mac: Lock) -> list[Lock]:
    """The locks that ``--also`` asks for; raises UsageError, or NotThere."""
    names = _also(args)
    if not names:
        return []
    from . import resolving

    return resolving.make_beside(args, find_machine(args, mac.combo.chip), mac, names)


def _also(args: argparse.Namespace) -> list[str]:
    """The machines beside the Mac; raises UsageError."""
    names = list(dict.fromkeys(args.also))
    if not names:
        return []
    from ..errors import UnknownChoice
    from ..lock.beside import KINDS

    for name in names:
        if name not in KINDS:
            raise UnknownChoice("machine for --also", name, KINDS)
    if args.os == "linux":
        raise UsageError("--also names machines beside a Mac: leave --os linux out")
    return names


def _why_no_plugin(lock: Lock) -> str:
    """Why ``--metal auto`` came out without a plugin."""
    if lock.combo.chip == "intel":
        return translated("note: without an AMD card there is no GPU that the plugin could use")
    return translated(
        f"note: no plugin release fits TensorFlow {lock.combo.tensorflow} on Python "
        f"{lock.combo.python}, so this lock is for the CPU; `tfmac-lock matrix` shows the pairs "
        "that fit"
    )


def make(args: argparse.Namespace, named: str | None) -> Lock:
    """The lock that the options ask for: a published one, or one resolved anew.

    ``named`` is the chip; without one it is the Mac's that this runs on.
    """
    from ..target import Os

    mac = find_machine(args, named)
    conda = wants_conda(args)
    answerable = _published_can_answer(args) and mac.macos is None and Os(args.os) is Os.MACOS
    if answerable and not args.fresh:
        lock = _published(args, mac, conda=conda)
        if lock is not None:
            say(f"answered by the published lock {lock.combo.id} of {lock.as_of}", VERBOSE)
            return lock
    from . import resolving

    say("no published lock answers, so it is resolved now", VERBOSE)
    other = _published(args, mac, conda=True) if answerable and not conda else None
    return resolving.make(args, mac, with_conda=other)


class Machine:
    """What a lock is made for. ``running`` is the macOS of the Mac that this is, if it is one."""

    # No dataclass: making one takes a millisecond of every main job.
    __slots__ = ("chip", "macos", "platforms", "python", "running")

    def __init__(
        self,
        platforms: Platforms,
        chip: Chip,
        python: PythonVersion,
        macos: MacOSVersion | None,
        running: MacOSVersion | None,
    ) -> None:
        self.platforms = platforms
        self.chip = chip
        self.python = python
        self.macos = macos
        self.running = running

    def with_chip(self, chip: Chip) -> Machine:
        """Another machine with that chip, whatever its system's version."""
        return Machine(self.platforms, chip, self.python, None, None)


def find_machine(args: argparse.Namespace, named: str | None) -> Machine:
    """The machine that the options name, or the Mac that this runs on; raises UsageError."""
    from .. import host
    from ..matrix import loading

    platforms = loading.platforms()
    mac = host.detect()
    chip, python = _chip(named, platforms, mac), _python(args, platforms, mac)
    macos = platforms.macos_version(args.macos) if args.macos else None
    if macos is not None:
        platforms.check(chip, macos)
    found = mac is not None and not named and not args.macos and args.os == "macos"
    running = platforms.macos_version(mac.macos) if mac is not None and found else None
    return Machine(platforms, chip, python, macos, running)


def _published_can_answer(args: argparse.Namespace) -> bool:
    """Whether the request names nothing that published locks do not have."""
    return not (
        args.recipe
        or args.extra
        or args.requirements
        or args.constraints
        or args.groups
        or args.allow_source
        or args.exclude_newer
        or args.accept_repacked
        or args.require_attestations
        or args.prove
        or args.index_url
        or args.extra_index_url
        or args.index_for
        or args.native
        or args.conda_specs
        or args.channels
    )


def _published(args: argparse.Namespace, mac: Machine, *, conda: bool) -> Lock | None:
    """The published lock for the request, if there is one."""
    from ..lock import published
    from ..matrix import loading

    asked = re.fullmatch(
        r"(?:(tensorflow(?:-macos)?)==)?(\d+\.\d+(?:\.\d+)?)", args.tensorflow or ""
    )
    if (args.tensorflow and not asked) or mac.python.micro is not None:
        return None
    index = published.Index.within(
        loading.locks_folder(), mac.python.series, mac.chip.arch, conda=conda
    )
    if not index.exists():
        return None
    lock = index.find(
        package=asked[1] if asked else None,
        version=asked[2] if asked else None,
        metal=args.metal,
        gpu=mac.chip.gpu,
        macos=mac.running,
    )
    return lock and published.for_chip(lock, mac.chip)


def _chip(named: str | None, platforms: Platforms, mac: Host | None) -> Chip:
    if named:
        return platforms.chip(named)
    if mac is None:
        raise UsageError(
            "this is not a Mac, so say which one it is for: --chip m1 (or m2, m3, m4, m5, intel, "
            "intel-amd)"
        )
    if mac.rosetta:
        say(
            "note: this Python runs under Rosetta as an Intel program; the lock is for the real "
            f"chip, {mac.chip}, and needs an arm64 Python to be installed into"
        )
    return platforms.chip(mac.chip)


def _python(args: argparse.Namespace, platforms: Platforms, mac: Host | None) -> PythonVersion:
    if args.python:
        return platforms.python(args.python)
    if mac is None:
        raise UsageError("say which Python it is for: --python 3.11 (3.8 to 3.13)")
    return platforms.python(f"{sys.version_info.major}.{sys.version_info.minor}")


def _detector() -> int:
    """Print the script that looks for a GPU which leaves the ReLU out."""
    from ..prove.run import DETECTOR

    sys.stdout.write(DETECTOR.read_text("utf-8"))
    return 0


def _completion(shell: str) -> int:
    from .completion import script

    sys.stdout.write(script(shell))
    return 0
