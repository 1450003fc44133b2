"""``tfmac-lock prove``: train MNIST here, prove locks by their twins, record what came out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import prove_reports, prove_share, prove_standin
from .prove_companions import add_companions
from .prove_recipes import add_recipes
from .proving import (
    bar,
    ends_cleanly,
    environments,
    installer_for,
    one_lock,
    published_locks,
    stopping,
    twins_in,
)
from .terminal import print_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from ..prove.twin import Outcome
    from ..pypi.client import IndexClient

_EVIDENCE = Path("matrix") / "proofs"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register ``prove`` and its commands."""
    parser = subparsers.add_parser(
        "prove",
        help="train MNIST here, or prove locks by their twins on Linux",
        description="Train MNIST with the TensorFlow of this environment, or with that of a "
        "lock, and say stage by stage whether it works. Exit status 0: the proof holds.",
    )
    parser.add_argument("--lock", metavar="LOCK", help="make an environment of this lock first")
    parser.add_argument("--environment", metavar="PYTHON", help="use this interpreter's packages")
    parser.add_argument("--device", choices=("cpu", "gpu", "auto"), default="auto")
    data = parser.add_mutually_exclusive_group()
    data.add_argument("--data", metavar="FILE", help="MNIST as mnist.npz; default: fetched")
    data.add_argument("--synthetic", action="store_true", help="digits drawn by the program")
    parser.add_argument("--optimizer", choices=("adam", "legacy-adam"), default="adam")
    parser.add_argument("--bench", action="store_true", help="run the three workloads as well")
    parser.add_argument(
        "--detect",
        action="store_true",
        help="only look whether the GPU leaves the ReLU of a Dense layer out: a few seconds",
    )
    parser.add_argument("--report", metavar="FILE", help="write the report here")
    parser.add_argument("--json", action="store_true", help="print the report")
    prove_share.add_options(parser)
    _index_options(parser)
    parser.set_defaults(run=run)

    commands = parser.add_subparsers(metavar="COMMAND", title="commands")
    _add_twin(commands)
    prove_reports.add_parsers(commands)
    _add_jobs(commands)
    prove_standin.add_parser(commands)
    add_companions(commands)
    add_recipes(commands)


def _add_twin(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    twin = commands.add_parser(
        "twin",
        help="install a lock's versions from Linux wheels and train",
        description="Install the versions of locks from their Linux wheels, train on drawn "
        "digits, and write what came out, one file for all locks with the same pins. What is "
        "proved already is skipped.",
    )
    twin.add_argument(
        "locks", nargs="*", metavar="LOCK", help="published locks, or lock.json files"
    )
    twin.add_argument("--all", action="store_true", help="all published locks")
    twin.add_argument("--shard", metavar="I/N", help="only the I-th of N parts")
    twin.add_argument("--jobs", type=int, metavar="N", help="how many side by side")
    twin.add_argument("--again", action="store_true", help="also what is proved already")
    twin.add_argument(
        "-o",
        "--output",
        type=Path,
        default=_EVIDENCE / "twin",
        metavar="FOLDER",
        help="where evidence files lie (default: %(default)s)",
    )
    twin.add_argument("--json", action="store_true", help="print the outcomes as JSON")
    _index_options(twin)
    twin.set_defaults(run=run_twin)


def _add_jobs(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    jobs = commands.add_parser(
        "jobs",
        help="print the job list for CI",
        description="Print which published locks CI proves on which Mac.",
    )
    jobs.add_argument(
        "--gpu-labels",
        default="",
        metavar="LABELS",
        help="labels of self-hosted Macs, comma-separated: they prove the locks with a plugin",
    )
    jobs.add_argument("--json", action="store_true", help="print it as JSON")
    jobs.set_defaults(run=run_jobs)


def _index_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--index-url", metavar="URL", help="the package index")
    parser.add_argument("--extra-index-url", action="append", default=[], metavar="URL")


def _index(args: argparse.Namespace) -> IndexClient:
    from ..pypi import open_index

    return open_index(index_url=args.index_url, extra_index_urls=args.extra_index_url)


# ------------------------------------------------------------------------------------ running


def run(args: argparse.Namespace) -> int:
    """Train here; the exit status is the proof's."""
    import tempfile

    from ..errors import UsageError
    from ..prove.run import DETECTOR, active_python, run_proof, run_script

    if args.detect and args.lock:
        raise UsageError("--detect looks at an environment that is there: leave --lock out")
    if args.detect:
        chosen = Path(args.environment) if args.environment else active_python()
        return run_script(chosen, DETECTOR)
    if args.share:
        return prove_share.run(args, lambda: _index(args))
    if args.to_issue or args.to_service or args.yes:
        raise UsageError("--to-issue, --to-service and --yes go with --share")
    with tempfile.TemporaryDirectory(prefix="tfmac-lock-") as folder, ends_cleanly():
        report = Path(args.report) if args.report else Path(folder) / "report.json"
        options = ["--device", args.device, "--optimizer", args.optimizer, "--report", str(report)]
        options += ["--data", args.data] if args.data else []
        options += ["--synthetic"] if args.synthetic else []
        options += ["--bench"] if args.bench else []
        if args.lock:
            status = _run_in_lock(args, options)
        else:
            chosen = Path(args.environment) if args.environment else active_python()
            status = run_proof(chosen, options)
        if args.json and report.is_file():
            sys.stdout.write(report.read_text("utf-8"))
    return status


def _run_in_lock(args: argparse.Namespace, options: Sequence[str]) -> int:
    from ..prove.environment import workspace
    from ..prove.processes import Processes
    from ..prove.run import Host, check_host, environment_of_lock, run_proof

    content, lock = one_lock(args.lock)
    check_host(lock, Host.here())
    processes = Processes()
    with _index(args) as index, stopping(processes), workspace(environments()) as folder:
        installer = installer_for(index.config, processes)
        python = environment_of_lock(lock, content["packages"], installer, processes, folder)
        return run_proof(python, options, clean=True)


def run_twin(args: argparse.Namespace) -> int:
    """Prove by twins: 0 all hold, 1 one does not, 3 one could not be proved."""
    from ..errors import UsageError
    from ..prove.chosen import select
    from ..prove.errors import DiskFull
    from ..prove.processes import Processes
    from ..prove.twin import prove_all, shard, side_by_side
    from . import parse_shard

    if args.all == bool(args.locks):
        raise UsageError("name locks, or say --all")
    if args.jobs is not None and args.jobs < 1:
        raise UsageError(f"--jobs {args.jobs}: at least 1")
    locks = select(args.locks, published_locks)
    locks = shard(locks, *parse_shard(args.shard))
    processes = Processes()
    outcomes: list[Outcome] = []
    with twins_in(args.output, _index(args), processes) as twins, bar(len(locks)) as tick:
        try:
            for outcome in prove_all(twins, locks, args.jobs or side_by_side(), again=args.again):
                outcomes.append(outcome)
                tick(_line(outcome))
        except DiskFull:
            _summary(args, outcomes)
            raise
    return _summary(args, outcomes)


def _line(outcome: Outcome) -> str:
    if outcome.evidence is None:
        return f"{outcome.lock.id}: not proved: {outcome.reason}"
    kept = " (known)" if outcome.kept else ""
    return f"{outcome.lock.id}: {outcome.evidence.outcome}{kept}: {outcome.evidence.text}"


def _summary(args: argparse.Namespace, outcomes: Sequence[Outcome]) -> int:
    """Print what came out and return the exit status."""
    proved = [o.evidence for o in outcomes if o.evidence is not None]
    works = sum(1 for evidence in proved if evidence.outcome == "works")
    open_ones = len(outcomes) - len(proved)
    if args.json:
        document = {
            "schema_version": 1,
            "works": works,
            "broken": len(proved) - works,
            "not_proved": open_ones,
            "outcomes": [_as_json(outcome) for outcome in sorted(outcomes, key=_lock_id)],
        }
        print_json(document)
    else:
        sys.stdout.write(
            f"{works} of {len(outcomes)} locks train, {len(proved) - works} do not, "
            f"{open_ones} not proved\n"
        )
    return 1 if works < len(proved) else 3 if open_ones else 0


def _lock_id(outcome: Outcome) -> str:
    return outcome.lock.id


def _as_json(outcome: Outcome) -> dict[str, Any]:
    evidence = outcome.evidence
    return {
        "lock": outcome.lock.id,
        "outcome": evidence.outcome if evidence else "not-proved",
        "text": evidence.text if evidence else outcome.reason,
        "stage": (evidence.stage if evidence else None) or "",
        "known": outcome.kept,
    }


def run_jobs(args: argparse.Namespace) -> int:
    """Print the job list."""
    from ..prove.chosen import select
    from ..prove.jobs import MOST, document, jobs

    labels = [label.strip() for label in args.gpu_labels.split(",") if label.strip()]
    found = jobs(select([], published_locks), labels)
    if len(found) > MOST:
        left = len(found) - MOST
        sys.stderr.write(f"{left} jobs with the oldest TensorFlow left out: GitHub runs {MOST}\n")
        found = found[:MOST]
    if args.json:
        print_json(document(found))
    else:
        sys.stdout.writelines(f"{', '.join(job.runs_on)}: {job.lock}\n" for job in found)
    return 0
