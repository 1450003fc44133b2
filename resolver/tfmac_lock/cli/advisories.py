"""`tfmac-lock advisories`: known vulnerabilities of a lock, and its bill of materials."""

from __future__ import annotations

import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .arguments import add_command, add_flag
from .terminal import print_json, printable, say, wrapped

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from ..check.advisories import Exposure
    from .arguments import Commands

EXAMPLES = """\
examples:
  tfmac-lock advisories lock.json
      with all advisories of PyPI, fetched from OSV
  tfmac-lock advisories lock.json --from all.zip --sbom sbom.json
      with advisories that were fetched before, and a CycloneDX bill of materials
  tfmac-lock advisories lock.json --no-advisories --sbom sbom.json
      the bill of materials alone
"""


ABOUT = """
Lists the advisories on the packages of a lock: in which version each is fixed, what keeps that
version out, and whether a pair with the GPU can have it. Exit status 1 says that there are some.
"""


def add_parser(commands: Commands) -> None:
    """Register the command."""
    parser = add_command(
        commands, "advisories", run, ABOUT, epilog=EXAMPLES, json="print what was found as JSON"
    )
    parser.add_argument("lock", metavar="LOCK", type=Path, help="a lock.json, or its folder")
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--from",
        dest="source",
        metavar="PATH|URL",
        help="advisories in OSV's format: a file, a folder, a zip, or an address of one (default: "
        "OSV's archive for PyPI)",
    )
    add_flag(source, "--no-advisories", "only write the bill of materials")
    parser.add_argument("--sbom", metavar="FILE", type=Path, help="write CycloneDX 1.6 there")


def run(args: argparse.Namespace) -> int:
    """Look the packages up, tell what was found, write the bill of materials."""
    from ..check import osv, sbom
    from ..check.advisories import exposures, watched
    from ..errors import UsageError
    from ..files import dump_json
    from ..lock.reading import lock_path, read_lock
    from ..matrix import loading

    if args.no_advisories and args.sbom is None:
        raise UsageError("--no-advisories leaves nothing to do; add --sbom FILE")
    lock = read_lock(lock_path(args.lock))
    found: list[Exposure] = []
    if not args.no_advisories:
        matrix = loading.matrix()
        combo = lock.combo
        target = matrix.platforms.target(
            matrix.platforms.python(combo.python),
            matrix.platforms.chip(combo.chip),
            combo.macos_min,
            combo.os,
        )
        with _source(args.source or osv.EVERYTHING) as path:
            found = exposures(lock, osv.read(path, watched(lock)), matrix, target)
    if args.sbom is not None:
        _write(args.sbom, dump_json(sbom.document(lock, found)))
    if args.json:
        print_json({"packages": len(lock.wheels), "found": [_row(one) for one in found]})
    elif not args.no_advisories:
        sys.stdout.write(_text(found, len(lock.wheels)))
    return 1 if found else 0


def _write(path: Path, text: str) -> None:
    from ..errors import OutsideError
    from ..files import write_named

    try:
        write_named(path, text)
    except OSError as error:
        raise OutsideError(f"{path}: {error.strerror or error}") from error
    say(f"wrote {path}")


@contextmanager
def _source(given: str) -> Iterator[Path]:
    """The advisories as a path; what lies at an address is fetched, through pip's proxies."""
    if "://" not in given:
        yield Path(given)
        return
    from ..errors import OutsideError
    from ..pypi.errors import IndexUnreachable
    from ..pypi.model import IndexFile
    from ..pypi.urls import redact
    from .observer import observed_index

    with tempfile.TemporaryDirectory(prefix="tfmac-lock-") as folder:
        to = Path(folder) / "advisories"
        with observed_index(counts=True) as client:
            try:
                client.download(IndexFile(filename=to.name, url=given), to)
            except IndexUnreachable as error:
                raise OutsideError(
                    f"{redact(given)} could not be read: {error.reason}. Fetch it where it can be "
                    "reached, and name the file with --from"
                ) from error
        yield to


def _row(one: Exposure) -> dict[str, Any]:
    return {
        "id": one.advisory.id,
        "aliases": list(one.advisory.aliases),
        "package": one.package,
        "version": one.version,
        "summary": one.advisory.summary,
        "severity": one.advisory.severity,
        "link": one.advisory.link,
        "fixed": one.fixed or None,
        "blocked": list(one.blocked),
        "update": one.update or None,
        "pair_with_gpu": one.pair or None,
    }


def _text(found: Sequence[Exposure], packages: int) -> str:
    if not found:
        return f"No advisory is known on any of the {packages} packages.\n"
    lines = []
    for one in found:
        names = ", ".join((one.advisory.id, *one.advisory.aliases))
        severity = f" ({one.advisory.severity})" if one.advisory.severity else ""
        lines.append(f"{one.package} {one.version}: {names}{severity}")
        lines += wrapped(one.advisory.summary, first="  ")
        lines += wrapped(_what_to_do(one), first="  ")
        lines += [f"  {one.advisory.link}", ""]
    known = len({one.advisory.id for one in found})
    plural = "y" if known == 1 else "ies"
    lines.append(f"{known} advisor{plural} on {len({one.package for one in found})} packages.")
    return printable("\n".join(lines)) + "\n"


def _what_to_do(one: Exposure) -> str:
    if not one.fixed:
        return "no version without it is known"
    if one.update:
        return f"fixed in {one.fixed}: {one.update}"
    why = "; ".join(one.blocked)
    can = f"{one.pair} can have it" if one.pair else "no known pair with the GPU can have it"
    return f"fixed in {one.fixed}, which this lock cannot have: {why}. {can[0].upper()}{can[1:]}"
