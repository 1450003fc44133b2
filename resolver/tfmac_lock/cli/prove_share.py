"""``tfmac-lock prove --share``: train on this Mac, show the report, and hand it in."""

from __future__ import annotations

import json
import sys
import tempfile
import textwrap
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import OutsideError, Refusal, UsageError
from .arguments import add_flag
from .proving import ends_cleanly, environments, installer_for, known_locks, one_lock, stopping
from .terminal import print_json, printable

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Mapping

    from ..prove.handing import Locks
    from ..prove.locked import LockedSet
    from ..pypi.client import IndexClient


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that belong to sharing."""
    group = parser.add_argument_group("sharing a report of this Mac")
    add_flag(
        group,
        "--share",
        "train on the CPU, then on the GPU, show the report and hand it in",
    )
    group.add_argument("--to-issue", metavar="URL", help="the repository whose form to open")
    group.add_argument("--to-service", metavar="URL", help="the service to send the report to")
    add_flag(group, "--yes", "hand it in without asking")


def run(args: argparse.Namespace, index: Callable[[], IndexClient]) -> int:
    """Train, show and hand in; 1 where the proof does not hold, which is worth reporting too."""
    from ..prove.handing import HOLDS, HOLDS_NOT, document_of, id_of, shown
    from ..prove.run import Host

    if args.synthetic or args.device != "auto":
        raise UsageError("--share trains on all of MNIST, on the CPU and on the GPU")
    if args.to_issue and args.to_service:
        raise UsageError("--to-issue or --to-service: one of the two")
    if Host.here().system != "Darwin":
        raise UsageError(
            "--share reports what a Mac does, and this computer is not a Mac; `tfmac-lock prove "
            "twin` proves a lock's versions on Linux"
        )
    locks = known_locks()
    with (
        tempfile.TemporaryDirectory(prefix="tfmac-lock-") as folder,
        ends_cleanly(),
        _python(args, index) as python,
    ):
        reports = _train(args, python, Path(folder))
    lock = _lock_of(reports[0], locks)
    document = document_of(reports)
    path = Path(args.report or f"tfmac-lock-report-{id_of(document)[:8]}.json")
    _write(path, document)
    if args.json:
        print_json(document)
    else:
        sys.stdout.write(f"{lock.id}\n{printable(shown(document))}\n")
        lines = ["It holds:", *(f"  {line}" for line in HOLDS), f"It does not hold: {HOLDS_NOT}."]
        for line in (*lines, f"Written: {path}. Read it before you go on."):
            sys.stdout.write(textwrap.fill(line, 79, subsequent_indent="    ") + "\n")
    _hand_in(args, document, lock, reports[0]["host"]["chip"], path)
    return 0 if all(report["passed"] for report in reports) else 1


def _lock_of(report: Mapping[str, Any], locks: Locks) -> LockedSet:
    """The published lock whose packages were there and no others; raises Refusal."""
    from ..prove.evidence import TOOLS
    from ..prove.handing import lock_of

    packages = report["packages"]
    lock, problem = lock_of(packages, report["python"], report["host"]["machine"], locks)
    if lock is None:
        raise Refusal(
            "this environment matches none of the published locks, so its report says nothing "
            f"about one: {problem}. `tfmac-lock prove --lock LOCK --share` makes an environment of "
            "one"
        )
    strangers = sorted(set(packages) - set(lock.pins) - TOOLS)
    if strangers:
        raise Refusal(
            f"{', '.join(strangers[:5])} is installed besides {lock.id}: a report lists all "
            "packages, so make an environment of the lock alone: "
            f"tfmac-lock prove --lock {lock.id} --share"
        )
    return lock


def _train(args: argparse.Namespace, python: Path, folder: Path) -> list[dict[str, Any]]:
    """The reports of both devices; the GPU's only where there is a plugin."""
    from ..prove.run import run_proof

    reports: list[dict[str, Any]] = []
    for device in ("cpu", "gpu"):
        if reports and "tensorflow-metal" not in reports[0]["packages"]:
            break
        path = folder / f"{device}.json"
        options = ["--device", device, "--optimizer", args.optimizer, "--report", str(path)]
        options += ["--data", args.data] if args.data else []
        sys.stderr.write(f"on the {device.upper()}\n")
        status = run_proof(python, options, clean=True)
        if not path.is_file():
            raise OutsideError(f"the proof ended with status {status} and left no report")
        reports.append(json.loads(path.read_text("utf-8")))
        if status == 3:
            raise OutsideError("MNIST could not be fetched, so there is nothing to report")
    return reports


@contextmanager
def _python(args: argparse.Namespace, index: Callable[[], IndexClient]) -> Iterator[Path]:
    """The interpreter to prove: of an environment made of the lock, or of the one that is there."""
    from ..prove.environment import workspace
    from ..prove.processes import Processes
    from ..prove.run import Host, active_python, check_host, environment_of_lock

    if not args.lock:
        yield Path(args.environment) if args.environment else active_python()
        return
    content, lock = one_lock(args.lock)
    check_host(lock, Host.here())
    processes = Processes()
    with index() as client, stopping(processes), workspace(environments()) as folder:
        installer = installer_for(client.config, processes)
        yield environment_of_lock(lock, content["packages"], installer, processes, folder)


def _write(path: Path, document: Mapping[str, Any]) -> None:
    from ..files import write_named

    try:
        write_named(path, json.dumps(document, indent=1, sort_keys=True) + "\n")
    except OSError as error:
        raise OutsideError(f"{path}: {error.strerror}") from error


def _hand_in(
    args: argparse.Namespace, document: Mapping[str, Any], lock: LockedSet, chip: str, path: Path
) -> None:
    """Send the report, open the form with it, or say how that is done."""
    from ..prove.handing import form_address

    if args.to_service:
        if _agreed(args, f"Send it to {args.to_service}?"):
            _send(args.to_service, document)
        return
    repository = args.to_issue or _repository()
    if repository is None:
        sys.stderr.write(
            f"Hand it in: add {path} to an issue of tfmac-lock's repository with the form "
            "'A report made by prove --share'\n"
        )
        return
    address = form_address(repository, document, f"mac report: {lock.id} on {chip}")
    if address is None:
        sys.stderr.write(
            f"The report is too long for an address: paste {path} into the form at "
            f"{repository.rstrip('/')}/issues/new?template=mac-report.yml\n"
        )
    elif _agreed(args, "Open the issue form with it in the browser?"):
        import webbrowser

        if not webbrowser.open(address):
            sys.stderr.write(f"No browser opened. The form: {address}\n")
    else:
        sys.stderr.write(f"The form: {address}\n")


def _agreed(args: argparse.Namespace, question: str) -> bool:
    """Whether to go on: asked of a person, and without one only with --yes."""
    if args.yes:
        return True
    if not sys.stdin.isatty():
        return False
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _repository() -> str | None:
    """The repository that the installed package names, if it names one."""
    from importlib import metadata

    try:
        rows = metadata.metadata("tfmac-lock").get_all("Project-URL") or []
    except metadata.PackageNotFoundError:
        return None
    urls = dict(row.split(", ", 1) for row in rows if ", " in row)
    return urls.get("Repository")


def _send(service: str, document: Mapping[str, Any]) -> None:
    import httpx2

    address = f"{service.rstrip('/')}/api/v1/report"
    try:
        answer = httpx2.post(address, json=dict(document), timeout=30)
        content = answer.json()
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
        raise OutsideError(f"{address}: the report could not be sent: {error}") from error
    if answer.status_code >= 400:
        raise OutsideError(f"{address}: {content['error']['text']}")
    sys.stderr.write(f"Sent. Its id is {content['id']}.\n")
