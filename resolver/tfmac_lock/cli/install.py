"""`tfmac-lock install`: from nothing to a TensorFlow on this Mac that was tried."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .arguments import add_command, add_flag, add_list, add_packages
from .install_choice import choose
from .terminal import has_color, print_json, printable, say

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from ..host import Host
    from ..lock.model import Lock
    from ..prove.installing import Finding, Place, Step
    from .arguments import Commands

EXAMPLES = """\
examples:
  tfmac-lock install
      the lock.json that is here, or a new one for this Mac, into .venv
  tfmac-lock install --with pandas --jupyter
      with pandas, and as a kernel of Jupyter
  tfmac-lock install --python 3.11 --chip m1 --dry-run
      what it would run on an M1, from any computer
"""


ABOUT = """
Looks at this Mac, takes the lock.json that is here or makes one, makes an environment, installs
into it by hashes, and runs a short proof there. Each step is shown before it is done.
"""


def add_parser(commands: Commands) -> None:
    """Register the command."""
    parser = add_command(
        commands, "install", run, ABOUT, epilog=EXAMPLES, json="print what was done as JSON"
    )
    parser.add_argument("lock", nargs="?", metavar="LOCK", type=Path, help="a lock.json to install")
    parser.add_argument("--python", metavar="3.X", help="default: the best that this Mac can have")
    parser.add_argument("--chip", help="default: this Mac's")
    parser.add_argument("--tensorflow", metavar="VERSION", help="default: the best that is known")
    parser.add_argument("--metal", metavar="VERSION", help="a version, auto or none")
    add_packages(parser, "one more package; can be repeated")
    add_list(
        parser, "-r", dest="requirements", metavar="FILE", help="more, from a requirements file"
    )
    add_flag(parser, "--jupyter", "also register it with Jupyter")
    parser.add_argument(
        "--env",
        type=Path,
        default=Path(".venv"),
        metavar="DIR",
        help="the environment to make (default: .venv)",
    )
    parser.add_argument(
        "--installer",
        choices=("uv", "pip"),
        help="default: uv where it is installed, else venv and pip",
    )
    add_flag(parser, "--no-proof", "install, and try nothing")
    add_flag(parser, "--dry-run", "say what would be run, on any computer")


def run(args: argparse.Namespace) -> int:
    """Install step by step, and say what was found."""
    from .. import host
    from ..errors import UsageError
    from ..prove import installing

    mac = host.detect()
    if mac is None and not args.dry_run:
        raise UsageError(
            "this is not a Mac, and a lock is installed where it runs. To see what would be run "
            "there: tfmac-lock install --python 3.11 --chip m1 --dry-run"
        )
    lock, folder, is_new = choose(args, mac)
    _check(lock, mac)

    def plan() -> tuple[Place, list[Step]]:
        place = _place(args, lock, folder / "requirements.txt", is_new=is_new, on_mac=bool(mac))
        todo = installing.steps(lock, place, jupyter=args.jupyter)
        return place, todo + ([] if args.no_proof else [installing.proof(lock, place)])

    if args.dry_run:
        return _show_plan(args, lock, plan()[1])
    with _alone(args.env) as held:
        installing.remove_half_made(args.env)
        place, todo = plan()
        found = _carry_out(args, lock, place, todo, held)
    return _show_result(args, lock, place, todo, found)


@contextmanager
def _alone(environment: Path) -> Iterator[int]:
    """While nobody else installs beside it; also not what a killed run has left running."""
    from ..errors import OutsideError
    from ..files import alone

    def waits() -> None:
        say(f"another run installs in {environment.parent}; this one goes on after it")

    try:
        with alone(environment.parent, waits) as held:
            yield held
    except OSError as error:
        where = error.filename or environment.parent
        raise OutsideError(f"{where}: {error.strerror or error}") from error


def _carry_out(
    args: argparse.Namespace, lock: Lock, place: Place, todo: Sequence[Step], held: int
) -> list[Finding]:
    """Do step by step; what the proof found, if there is one."""
    from ..prove import installing

    found: list[Finding] = []
    for number, step in enumerate(todo, 1):
        say(f"[{number}/{len(todo)}] {step.text}\n  $ {step.line}")
        _write_requirements(lock, place)
        installing.begin(step, place)
        status = _call(step, lock, held)
        if not args.no_proof and step is todo[-1]:
            found = _read_report(place)
        elif status != 0:
            raise installing.StepFailed(step, status)
        installing.done(step, place)
    return found


def _check(lock: Lock, mac: Host | None) -> None:
    from ..matrix import loading
    from ..prove.installing import check_mac

    if mac is not None:
        platforms = loading.platforms()
        macos = platforms.macos_version(mac.macos) if mac.macos else None
        check_mac(lock, mac, platforms.chip(mac.chip).arch, macos)


def _place(
    args: argparse.Namespace, lock: Lock, beside: Path, *, is_new: bool, on_mac: bool
) -> Place:
    import shutil

    from ..errors import UsageError
    from ..lock.formats import requirements_txt
    from ..prove.installing import Place, has_environment, is_half_installed

    uv = shutil.which("uv") if on_mac else "uv"
    if args.installer == "uv" and uv is None:
        raise UsageError("there is no uv on PATH; leave --installer uv out to use venv and pip")
    uv = None if args.installer == "pip" else uv
    series = lock.combo.python
    there = on_mac and has_environment(args.env, series)
    python = f"python{series}"
    if uv is None and on_mac and not there:
        python = _interpreter(series)
    try:
        same = beside.read_text("utf-8") == requirements_txt.render(lock)
    except (OSError, UnicodeDecodeError):
        same = False
    return Place(
        environment=args.env,
        requirements=beside if same or is_new else args.env / "tfmac-lock.txt",
        report=args.env / "tfmac-lock-proof.json",
        uv="uv" if uv else None,
        python=python,
        is_there=there,
        is_half=on_mac and is_half_installed(args.env),
    )


def _interpreter(series: str) -> str:
    """A CPython of that series on this Mac; raises UsageError where there is none."""
    from ..errors import UsageError
    from ..prove.interpreters import find_interpreter
    from ..prove.processes import Processes

    found = find_interpreter(series, Processes())
    if found is None:
        raise UsageError(
            f"there is no Python {series} on this Mac. Install it (python.org has one for every "
            f"Mac, and `uv python install {series}` brings one), or name another with --python"
        )
    return str(found.path)


def _write_requirements(lock: Lock, place: Place) -> None:
    """The pins, where no file beside the lock has them, once the environment is there."""
    from ..files import write_whole
    from ..lock.formats import requirements_txt

    if place.requirements.parent == place.environment and place.environment.exists():
        write_whole(place.requirements, requirements_txt.render(lock))


def _call(step: Step, lock: Lock, held: int) -> int:
    """Run the step, with its output on stderr; its exit status.

    It has ``held`` too, the number of what keeps others out, and so keeps them out until its end.
    """
    import subprocess

    from ..errors import OutsideError

    sys.stderr.flush()  # what was said comes before what the step says
    environment = {**os.environ, **lock.environment}
    try:
        done = subprocess.run(
            step.command, stdout=2, env=environment, pass_fds=(held,), check=False
        )
        return done.returncode
    except OSError as error:
        raise OutsideError(f"{step.command[0]}: {error.strerror or error}") from error


def _read_report(place: Place) -> list[Finding]:
    """What the proof found; raises OutsideError where it left no report."""
    import json

    from ..errors import OutsideError
    from ..files import DAMAGE
    from ..prove.installing import findings

    try:
        return findings(json.loads(place.report.read_text("utf-8")))
    except (OSError, *DAMAGE) as error:
        raise OutsideError("the proof ended without a report; its last lines are above") from error


def _show_plan(args: argparse.Namespace, lock: Lock, todo: Sequence[Step]) -> int:
    """What would be run, and nothing else."""
    if args.json:
        print_json({"lock": lock.combo.id, "dry_run": True, "steps": _steps_json(todo)})
        return 0
    lines = [_head(lock), ""]
    for number, step in enumerate(todo, 1):
        lines += [f"[{number}/{len(todo)}] {step.text}", f"  $ {step.line}"]
    sys.stdout.write(printable("\n".join(lines)) + "\n")
    return 0


def _head(lock: Lock) -> str:
    combo = lock.combo
    plugin = f"tensorflow-metal {combo.metal}" if combo.metal else "no GPU plugin"
    return (
        f"{combo.package} {combo.tensorflow}, {plugin}, Python {combo.python} "
        f"({combo.arch.value}): {lock.verdict.status}"
    )


def _steps_json(todo: Sequence[Step]) -> list[dict[str, Any]]:
    return [{"text": step.text, "command": list(step.command)} for step in todo]


def _show_result(
    args: argparse.Namespace,
    lock: Lock,
    place: Place,
    todo: Sequence[Step],
    found: list[Finding],
) -> int:
    """What was found; 1 where the proof does not hold and the lock did not foretell it."""
    from ..prove.installing import foretold

    known = foretold(lock, found)
    failed = any(one.passed is False for one in found)
    if args.json:
        print_json(
            {
                "lock": lock.combo.id,
                "dry_run": False,
                "environment": str(place.environment),
                "steps": _steps_json(todo),
                "passed": not failed if found else None,
                "known_fault": known,
                "found": [
                    {"name": one.name, "passed": one.passed, "text": one.text} for one in found
                ],
            }
        )
    else:
        sys.stdout.write(_text(lock, place, found, known))
    return 1 if failed and not known else 0


def _text(lock: Lock, place: Place, found: list[Finding], known: str) -> str:
    import shlex
    import textwrap

    marks = {True: ("ok", "32"), False: ("FAILED", "31"), None: ("not run", "36")}
    lines = [_head(lock), ""]
    for one in found:
        mark, color = marks[one.passed]
        shown = f"\x1b[{color}m{mark:<7}\x1b[0m" if has_color() else f"{mark:<7}"
        first, *rest = textwrap.wrap(printable(one.text), 52) or [""]
        lines += [f"  {shown} {one.name:<18} {first}", *(f"{'':29}{more}" for more in rest)]
    if known:
        lines += ["", *textwrap.wrap(f"The lock says so: {known}", 79)]
    elif any(one.passed is False for one in found):
        lines += [
            "",
            "What it means: tfmac-lock explain FILE, with the lines above in it",
        ]
    lines += ["", "Next:", f"  . {shlex.quote(str(place.environment / 'bin' / 'activate'))}"]
    lines += [f"  export {name}={shlex.quote(value)}" for name, value in lock.environment.items()]
    return "\n".join(lines).replace("\n\n\n", "\n\n") + "\n"
