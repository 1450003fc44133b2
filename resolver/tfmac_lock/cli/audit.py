"""``tfmac-lock audit``: what the binaries inside wheels say."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ..errors import UsageError
from ..files import open_input
from . import audit_with
from .arguments import ARCHES, add_command, add_flag, add_index, add_list
from .terminal import has_bars, print_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from ..check.wheel_audit import WheelAudit
    from ..matrix.kernels import Kernels
    from ..matrix.pair_row import PairRow
    from ..pypi.wheels import IndexWheels
    from ..wheels.archive import Wheel
    from .arguments import Commands

SCHEMA_VERSION = 1

ABOUT = """\
Reads the machine code inside wheels: which chips and macOS it is for, which numpy it runs on,
and whether a GPU plugin (--pair) or a companion (--with) loads into a TensorFlow. No Mac is
needed. A WHEEL is a file, a release on the index (name==version), or a lock.json or pylock.toml,
of which every wheel is read.
"""


def add_parser(commands: Commands) -> None:
    """Register the command."""
    parser = add_command(
        commands,
        "audit",
        run,
        ABOUT,
        epilog="Exit status: 0 nothing wrong, 1 something cannot work, 2 bad usage, 3 no network.",
        json="one JSON document on stdout",
    )
    parser.add_argument("wheels", nargs="*", metavar="WHEEL", help="what to read")
    parser.add_argument(
        "--pair",
        nargs=2,
        metavar=("TF", "METAL"),
        help="whether this plugin loads into this TensorFlow; TF is a version or package==version",
    )
    add_list(
        parser,
        "--with",
        dest="companions",
        metavar="PKG",
        help="beside which TensorFlows this companion loads: name==version, or a wheel",
    )
    parser.add_argument(
        "--tensorflow", metavar="TF", help="the TensorFlow that --with is asked about, like 2.18.1"
    )
    parser.add_argument("--arch", choices=ARCHES, help="the Mac's architecture (default: arm64)")
    parser.add_argument("--python", metavar="3.X", help="the wheel for this Python")
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="keep whole wheels in DIR and read them there"
    )
    add_index(parser)
    add_flag(
        parser,
        "--code",
        "disassemble a plugin here, instead of showing what the matrix holds of its code "
        "(needs the extra: pip install 'tfmac-lock[curate]')",
    )


def run(args: argparse.Namespace) -> int:
    """Carry the command out; 1 where something that was read cannot work."""
    if not (args.wheels or args.pair or args.companions):
        raise UsageError("name a wheel, a release or a lock to read, or a --pair, or --with PKG")
    if args.tensorflow and not args.companions:
        raise UsageError("--tensorflow goes with --with PKG, the companion to look at")
    if args.python is not None and not args.python.removeprefix("3.").isdigit():
        raise UsageError(f"--python {args.python} is not a series of Python 3; write it like 3.12")
    with _index(args) as source, _bar() as watch:
        pairs = [_pair(args, source, watch)] if args.pair else []
        companions = audit_with.audit_companions(args, source, watch)
        audits: list[WheelAudit] = []
        for given in args.wheels:
            if given.endswith((".json", ".toml")):
                found, more = _lock(Path(given), args, source, watch)
                audits += found
                pairs += more
                companions += audit_with.of_lock(Path(given), args.arch)
            else:
                audits.append(_one(given, args, source, watch))
    if args.json:
        document = {
            "schema_version": SCHEMA_VERSION,
            "pairs": [_pair_json(row) for row in pairs],
            "companions": [audit_with.to_json(audit) for audit in companions],
            "wheels": [_wheel_json(audit) for audit in audits],
        }
        print_json(document)
    else:
        for row in pairs:
            print(_pair_text(row))  # noqa: T201 - the result
        for one in companions:
            print(audit_with.to_text(one))  # noqa: T201 - the result
        plain = [a for a in audits if not a.native and not a.findings]
        for audit in audits if len(audits) == 1 else [a for a in audits if a not in plain]:
            print(_wheel_text(audit))  # noqa: T201 - the result
        if plain and len(audits) > 1:
            print(f"{len(plain)} wheel{'s' * (len(plain) > 1)} without machine code")  # noqa: T201
    fine = all(row.loads for row in pairs) and all(one.is_fine for one in companions)
    fine = fine and not any(finding.is_error for a in audits for finding in a.findings)
    return 0 if fine else 1


# -- what to read


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Opens wheels so that their reading is shown; ``show`` is called with the bytes done."""

    show: Callable[[str, int, int], None]

    def wheel(self, file: IO[bytes], name: str) -> Wheel:
        """The wheel in an open file; raises ``DamagedBinary``."""
        from ..wheels.archive import Wheel

        return Wheel(file, name, lambda member, done, size: self.show(member, done, size))


def _one(given: str, args: argparse.Namespace, source: IndexWheels, watch: Watch) -> WheelAudit:
    from ..check.live_pair import pick_wheel
    from ..check.wheel_audit import audit_wheel

    if given.endswith(".whl"):
        path = Path(given)
        with open_input(path) as opened:
            audit = audit_wheel(watch.wheel(opened, path.name), arch=args.arch)
            return _with_code(audit, opened, args)
    package, version = audit_with.named_release(given)
    file = pick_wheel(source, package, version, args.arch or "arm64", args.python)
    with source.open(file) as remote:
        audit = audit_wheel(watch.wheel(remote, file.filename), arch=args.arch or "arm64")
        return _with_code(audit, remote, args)


def _with_code(audit: WheelAudit, opened: IO[bytes], args: argparse.Namespace) -> WheelAudit:
    """A plugin with what its code says: by the facts of the matrix, or read here with --code."""
    from ..matrix import loading
    from ..matrix.facts import METAL, series_of
    from ..target import Arch

    arches = [args.arch] if args.arch else audit.name.arches
    if audit.name.package != METAL or len(arches) != 1:
        return audit
    if args.code:
        from ..curate.kernel_files import read_wheel

        return replace(audit, code=read_wheel(opened, audit.filename, arches[0]))
    known = loading.matrix().kernels_of(
        audit.name.version, Arch(arches[0]), series_of(audit.filename)
    )
    return replace(audit, code=known)


def _code_lines(code: Kernels) -> list[str]:
    """What a plugin's code says of its results, for a person."""
    lines = [f"  graph optimizer: {code.optimizer or 'none'}"]
    if code.turns_off:
        lines.append(f"    asks TensorFlow to leave out: {', '.join(code.turns_off)}")
    when = {
        "default": "rewrites graphs" + (f" unless {code.switch}" if code.switch else ""),
        "on request": f"rewrites graphs only with {code.variable}={code.value}",
        "never": "leaves graphs as they are",
        "undecided": "when it rewrites graphs is not decided",
    }
    lines.append(f"    {when[code.runs]}")
    for fusion in code.fusions:
        lines.append(f"  {fusion.contraction} with bias and activation becomes {fusion.operation}")
        lines.append(f"    kernel: {fusion.kernel} for {', '.join(fusion.types)}")
        seen = {"applies": fusion.applied, "LEAVES OUT": fusion.left_out}
        seen["not decided"] = fusion.undecided
        lines += [f"    {label}: {', '.join(names)}" for label, names in seen.items() if names]
        lines += [f"    sends: {selector}" for selector in fusion.computes]
        lines += [f"    calls: {name}" for name in fusion.calls]
    return lines


def _lock(
    path: Path, args: argparse.Namespace, source: IndexWheels, watch: Watch
) -> tuple[list[WheelAudit], list[PairRow]]:
    """Every wheel of a lock judged for the lock's own Mac and numpy, and its pair."""
    from ..check.binary_facts import read_for_plugin, read_plugin
    from ..check.wheel_audit import audit_wheel
    from ..lock.wheels import read_lock
    from ..matrix.base import TENSORFLOW_PACKAGES
    from ..matrix.facts import METAL
    from ..matrix.pair_row import pair_row

    lock = read_lock(path, args.arch)
    audits = []
    for file in lock.wheels.values():
        with source.open(file) as opened:
            wheel = watch.wheel(opened, file.filename)
            audits.append(audit_wheel(wheel, arch=lock.arch, numpy=lock.numpy, macos=lock.macos))
    tensorflows = [name for name in TENSORFLOW_PACKAGES if name in lock.wheels]
    if METAL not in lock.wheels or not tensorflows:
        return audits, []
    file = lock.wheels[METAL]
    with source.open(file) as opened:
        plugin = read_plugin(watch.wheel(opened, file.filename), file.sha256 or "", lock.arch)
    payload = []
    for name in tensorflows:
        file = lock.wheels[name]
        with source.open(file) as opened:
            wheel = watch.wheel(opened, file.filename)
            binary = read_for_plugin(wheel, file.sha256 or "", lock.arch, plugin)
        payload += [binary] if binary.payload else []
    name = payload[0].package if payload else tensorflows[0]
    versions = lock.versions[name], lock.versions[METAL]
    return audits, [pair_row(name, *versions, lock.arch, payload, [plugin])]


def _pair(args: argparse.Namespace, source: IndexWheels, watch: Watch) -> PairRow:
    from ..check.live_pair import read_pair

    given, metal = args.pair
    package, separator, version = given.partition("==")
    if not separator:
        package, version = None, given
    arch = args.arch or "arm64"
    return read_pair(source, package, version, metal, arch, python=args.python, progress=watch.show)


@contextmanager
def _index(args: argparse.Namespace) -> Iterator[IndexWheels]:
    from ..pypi.wheels import IndexWheels
    from .observer import observed_index

    with observed_index(index_url=args.index_url, extra_index_urls=args.extra_index_url) as client:
        yield IndexWheels(client, args.keep)


@contextmanager
def _bar() -> Iterator[Watch]:
    """A progress bar where stderr is a terminal."""
    if not has_bars():
        yield Watch(show=lambda _member, _done, _all: None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("reading", total=None)

        def show(member: str, done: int, size: int) -> None:
            name = member.rsplit("/", 1)[-1]
            progress.update(task, description=name, completed=done, total=size)

        yield Watch(show=show)


# -- what is shown


def _pair_json(row: PairRow) -> dict[str, Any]:
    from ..matrix.loading import symbol_names
    from ..matrix.plain import plain

    names = symbol_names()
    readable = {symbol: names.readable(symbol) for symbol in row.missing_symbols}
    return {**plain(row), "readable": readable}


def _pair_text(row: PairRow) -> str:
    from ..matrix.loading import symbol_names

    names = symbol_names()
    verdict = {True: "loads", False: "does not load", None: "cannot be decided"}[row.loads]
    lines = [
        f"{row.package} {row.tensorflow} + tensorflow-metal {row.metal}, {row.arch}: {verdict}"
    ]
    if row.payload is None:
        lines.append("  the release is a stub that leads to no machine code")
    lines += [f"  missing library: {name}" for name in row.missing_libraries]
    lines += [
        f"  missing symbol: {name}\n    {names.readable(name)}" for name in row.missing_symbols
    ]
    lines += [f"  not decided: {name}" for name in row.unknown_symbols]
    if row.dyld_message:
        lines += ["  what dyld prints:", *(f"    {part}" for part in row.dyld_message.split("\n"))]
    return "\n".join(lines)


def _wheel_json(audit: WheelAudit) -> dict[str, Any]:
    from ..matrix.plain import plain

    return {
        "filename": audit.filename,
        "package": audit.name.package,
        "version": audit.name.version,
        "arches": list(audit.name.arches),
        "macos_tag": audit.name.macos,
        "inner_tags": list(audit.inner_tags),
        "minos": audit.minos,
        "numpy_generation": audit.numpy_generation,
        "native": [
            {
                "path": one.path,
                "arches": list(one.arches),
                "install_name": one.install_name,
                "minos": one.minos,
                "sdk": one.sdk,
                "numpy_generation": one.numpy_generation,
            }
            for one in audit.native
        ],
        "findings": [
            {"code": f.code.value, "error": f.is_error, "path": f.path, "text": f.text}
            for f in audit.findings
        ],
        "code": plain(audit.code),
    }


def _wheel_text(audit: WheelAudit) -> str:
    arches = sorted({arch for one in audit.native for arch in one.arches})
    users = [one for one in audit.native if one.numpy_generation]
    lines = [audit.filename]
    if audit.native:
        lines.append(
            f"  {len(audit.native)} native files for {', '.join(arches)}; "
            f"macOS {audit.name.macos or 'any'} by tag, {audit.minos or 'none'} by load command"
        )
    else:
        lines.append("  no machine code")
    if audit.numpy_generation:
        lines.append(f"  runs on numpy {audit.numpy_generation} ({len(users)} modules use it)")
    for finding in audit.findings:
        kind = "error" if finding.is_error else "note"
        where = f"{finding.path}: " if finding.path else ""
        lines.append(f"  {kind} {finding.code.value}: {where}{finding.text}")
    if audit.code is not None:
        lines += _code_lines(audit.code)
    return "\n".join(lines)
