"""``tfmac-lock audit --with``: beside which TensorFlows a companion's images load."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..files import open_input
from .terminal import wrapped

if TYPE_CHECKING:
    import argparse

    from ..check.native_audit import NativeAudit
    from ..matrix.natives import NativeBinary, NativeLoad, Natives
    from ..pypi.wheels import IndexWheels
    from .audit import Watch

MANY = 12
"""Missing symbols that are shown; --json has all."""


def audit_companions(
    args: argparse.Namespace, source: IndexWheels, watch: Watch
) -> list[NativeAudit]:
    """The audit of every companion that was asked for."""
    return [_one(given, args, source, watch) for given in args.companions]


def _one(given: str, args: argparse.Namespace, source: IndexWheels, watch: Watch) -> NativeAudit:
    """One companion, by the matrix where that has its release and read here where not."""
    from ..check.native_audit import audited, find_offer
    from ..matrix import loading

    natives = loading.matrix().natives.get()
    arch = args.arch or "arm64"
    binary: NativeBinary | None
    if given.endswith(".whl"):
        natives, binary = _local(given, natives, arch, watch)
        where = Path(given).name
    else:
        name, version = named_release(given)
        binary = natives.binary(name, version, arch, args.python) if version else None
        where = f"matrix/binaries/companions/{name}/{version}.toml"
        if binary is None:
            natives, binary, where = _from_index(name, version, natives, arch, args, source, watch)
    beside = None
    if args.tensorflow and binary.groups:
        beside = find_offer(
            natives, binary, args.tensorflow, source, python=args.python, progress=watch.show
        )
    return audited(natives, binary, beside, where)


def of_lock(path: Path, arch: str | None) -> list[NativeAudit]:
    """The companions of a lock beside its own TensorFlow, as far as the matrix has read them."""
    from ..check.native_audit import audited
    from ..lock.wheels import read_lock
    from ..matrix import loading
    from ..matrix.base import TENSORFLOW_PACKAGES
    from ..matrix.facts import series_of

    matrix, lock = loading.matrix(), read_lock(path, arch)
    named = [name for name in lock.wheels if name in matrix.natives.names]
    brings = [name for name in TENSORFLOW_PACKAGES if name in lock.versions]
    if not named or not brings:
        return []
    natives = matrix.natives.get()
    package = brings[-1]
    beside = natives.offer(lock.versions[package], lock.arch, package)
    found = []
    for name in sorted(named):
        python = series_of(lock.wheels[name].filename)
        binary = natives.binary(name, lock.versions[name], lock.arch, python)
        if binary is not None and beside is not None:
            where = f"matrix/binaries/companions/{name}/{binary.version}.toml"
            found.append(audited(natives, binary, beside, where))
    return found


def named_release(given: str) -> tuple[str, str | None]:
    """Name and version of ``name==version`` or ``name``; raises UsageError."""
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    try:
        requirement = Requirement(given)
    except InvalidRequirement as error:
        raise UsageError(f"{given!r} is neither a wheel, a lock nor name==version") from error
    versions = [clause.version for clause in requirement.specifier if clause.operator == "=="]
    if len(versions) != len(requirement.specifier) or len(versions) > 1:
        raise UsageError(f"{given!r} names no single version; write name==version")
    return canonicalize_name(requirement.name), versions[0] if versions else None


def _local(given: str, natives: Natives, arch: str, watch: Watch) -> tuple[Natives, NativeBinary]:
    from ..check.native_audit import read_binary

    path = Path(given)
    with open_input(path) as opened:
        return read_binary(natives, watch.wheel(opened, path.name), arch)


def _from_index(
    name: str,
    version: str | None,
    natives: Natives,
    arch: str,
    args: argparse.Namespace,
    source: IndexWheels,
    watch: Watch,
) -> tuple[Natives, NativeBinary, str]:
    from ..check.live_pair import pick_wheel
    from ..check.native_audit import read_binary

    file = pick_wheel(source, name, version, arch, args.python)
    with source.open(file) as opened:
        found = read_binary(natives, watch.wheel(opened, file.filename), arch)
    return (*found, file.filename)


# -- what is shown


def to_json(audit: NativeAudit) -> dict[str, Any]:
    """The audit as data; the raw symbols with their C++ names beside them."""
    from ..matrix.loading import symbol_names

    names, beside = symbol_names(), audit.beside
    missing = beside.missing_symbols if beside else ()
    return {
        "package": audit.package,
        "version": audit.version,
        "arch": audit.arch,
        "binds": audit.images > 0,
        "images": audit.images,
        "macos_tag": audit.macos_tag,
        "minos": audit.minos,
        "copies": list(audit.copies),
        "tensorflow": beside.tensorflow if beside else None,
        "loads": beside.loads if beside else None,
        "missing_symbols": list(missing),
        "missing_libraries": list(beside.missing_libraries) if beside else [],
        "unknown_symbols": list(beside.unknown_symbols) if beside else [],
        "readable": {symbol: names.readable(symbol) for symbol in missing},
        "loads_into": list(audit.loads),
        "does_not_load_into": list(audit.fails),
        "undecided": list(audit.open),
        "source": audit.source,
    }


def to_text(audit: NativeAudit) -> str:
    """The audit for a person."""
    head = f"{audit.package} {audit.version}"
    if not audit.images:
        text = "none of its images binds to TensorFlow's: its metadata decide"
        return f"{head}, {audit.arch}: {text}"
    if audit.beside is not None:
        verdict = {True: "loads", False: "does not load", None: "cannot be decided"}
        head += f" + tensorflow {audit.beside.tensorflow}, {audit.arch}: "
        lines = [head + verdict[audit.beside.loads], *_lacks(audit.beside)]
    else:
        lines = [f"{head}, {audit.arch}"]
    return "\n".join([*lines, *map(_wrapped, _rest(audit))])


def _rest(audit: NativeAudit) -> list[str]:
    """All but the verdict: what was read, and beside which TensorFlows it loads."""
    from ..explain.lookups import runs
    from ..matrix.base import version

    many = "1 image binds" if audit.images == 1 else f"{audit.images} images bind"
    floor = f"; macOS {audit.macos_tag} by tag, {audit.minos or 'none'} by load command"
    lines = [f"  {many} to TensorFlow's{floor}"]
    lines += [f"  a copy of TensorFlow's own: {path}" for path in audit.copies]
    if audit.copies:
        lines.append("    what its images register goes there, and not to the TensorFlow that runs")
    every = sorted({*audit.loads, *audit.fails, *audit.open}, key=version)
    seen = {"loads into": audit.loads, "does not load into": audit.fails}
    seen["not decided for"] = audit.open
    return lines + [
        f"  {how} TensorFlow {runs(every, those)}" for how, those in seen.items() if those
    ]


def _lacks(load: NativeLoad) -> list[str]:
    from ..matrix.loading import symbol_names

    names = symbol_names()
    lines = [f"  missing library: {name}" for name in load.missing_libraries]
    for symbol in load.missing_symbols[:MANY]:
        lines.append(f"  missing symbol: {symbol}")
        if (name := names.readable(symbol)) != symbol:
            lines.append(f"    {name}")
    left = len(load.missing_symbols) - MANY
    if left > 0:
        lines.append(f"  and {left} more symbols; --json lists all")
    return lines + [f"  not decided: {name}" for name in load.unknown_symbols[:MANY]]


def _wrapped(line: str) -> str:
    """The line in 80 columns."""
    indent = line[: len(line) - len(line.lstrip())]
    return "\n".join(wrapped(line, rest=f"{indent}  "))
