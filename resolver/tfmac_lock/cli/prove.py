"""``tfmac-lock prove``: train MNIST here, prove locks by their twins, record what came out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from . import (
    prove_companions,
    prove_recipes,
    prove_reports,
    prove_requests,
    prove_share,
    prove_standin,
    prove_twin,
)
from .arguments import add_command, add_flag, add_index
from .proving import (
    ends_cleanly,
    environments,
    index_of,
    installer_for,
    one_lock,
    published_locks,
    stopping,
)
from .terminal import print_json, say

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from .arguments import Commands


ABOUT = """
Train MNIST with the TensorFlow of this environment, or with that of a lock, and say stage by
stage whether it works. Exit status 0: the proof holds.
"""


def add_parser(commands: Commands) -> None:
    """Register ``prove`` and the commands beneath it."""
    parser = add_command(commands, "prove", run, ABOUT, json="print the report")
    parser.add_argument("--lock", metavar="LOCK", help="make an environment of this lock first")
    parser.add_argument("--environment", metavar="PYTHON", help="use this interpreter's packages")
    parser.add_argument("--device", choices=("cpu", "gpu", "auto"), default="auto")
    data = parser.add_mutually_exclusive_group()
    data.add_argument("--data", metavar="FILE", help="MNIST as mnist.npz; default: fetched")
    add_flag(data, "--synthetic", "digits drawn by the program")
    parser.add_argument("--optimizer", choices=("adam", "legacy-adam"), default="adam")
    add_flag(parser, "--bench", "run the three workloads as well")
    add_flag(
        parser,
        "--detect",
        "only look whether the GPU leaves the ReLU of a Dense layer out: a few seconds",
    )
    parser.add_argument("--report", metavar="FILE", help="write the report here")
    prove_share.add_options(parser)
    add_index(parser)

    below = parser.add_subparsers(metavar="COMMAND", title="commands")
    prove_twin.add_parser(below)
    prove_reports.add_parsers(below)
    jobs = add_command(
        below,
        "jobs",
        run_jobs,
        "Print which published locks CI proves on which Mac.",
        help="print the job list for CI",
    )
    jobs.add_argument(
        "--gpu-labels",
        default="",
        metavar="LABELS",
        help="labels of self-hosted Macs, comma-separated: they prove the locks with a plugin",
    )
    prove_standin.add_parser(below)
    prove_companions.add_parser(below)
    prove_recipes.add_parser(below)
    prove_requests.add_parser(below)


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
        return prove_share.run(args, lambda: index_of(args))
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
    with index_of(args) as index, stopping(processes), workspace(environments()) as folder:
        installer = installer_for(index.config, processes)
        python = environment_of_lock(lock, content["packages"], installer, processes, folder)
        return run_proof(python, options, clean=True)


def run_jobs(args: argparse.Namespace) -> int:
    """Print the job list."""
    from ..prove.chosen import select
    from ..prove.jobs import MOST, document, jobs

    labels = [label.strip() for label in args.gpu_labels.split(",") if label.strip()]
    found = jobs(select([], published_locks), labels)
    if len(found) > MOST:
        left = len(found) - MOST
        say(f"{left} jobs with the oldest TensorFlow left out: GitHub runs {MOST}")
        found = found[:MOST]
    if args.json:
        print_json(document(found))
    else:
        sys.stdout.writelines(f"{', '.join(job.runs_on)}: {job.lock}\n" for job in found)
    return 0
