"""The main job: `tfmac-lock --python 3.9 --chip m1`."""

from __future__ import annotations

import argparse
import functools
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .. import __version__
from ..errors import UsageError
from ..lock.formats import CONDA_FORMAT_NAMES, FORMATS
from . import COMMANDS, Parser
from .summary import summary

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..host import Host
    from ..lock.model import Lock
    from ..target import Chip, MacOSVersion, Platforms, PythonVersion

EXAMPLES = """\
examples:
  tfmac-lock --python 3.9 --chip m1
      the best TensorFlow with GPU support for Python 3.9 on an M1
  tfmac-lock --python 3.11 --chip m3 --with pandas --with scikit-learn
      the same for Python 3.11 on an M3, together with two more packages
  tfmac-lock --python 3.12 --chip m4 --metal none
      without the GPU plugin, which for small models is often faster
  tfmac-lock --python 3.10 --chip m1 --tensorflow 2.10
      a certain TensorFlow, with the plugin that fits it

It writes requirements.txt, pylock.toml and lock.json into the current folder. Then, on the Mac:
  python3.9 -m venv env && . env/bin/activate
  python -m pip install --require-hashes --no-deps -r requirements.txt
"""


def parser() -> Parser:
    """The parser of the main command; its help also lists the other ones."""
    commands = "\n".join(f"  {name:<10}{text}" for name, text in COMMANDS.items())
    made = Parser(
        prog="tfmac-lock",
        usage="tfmac-lock [options]\n       tfmac-lock COMMAND ...",
        description="Writes lockfiles that install and run TensorFlow on a Mac, from any computer.",
        epilog=f"commands (each has its own --help):\n{commands}\n\n{EXAMPLES}",
        # With the width given argparse need not ask the terminal, for which it imports shutil.
        formatter_class=functools.partial(argparse.RawDescriptionHelpFormatter, width=80),
        allow_abbrev=False,
    )
    mac = made.add_argument_group("the Mac (on a Mac, what is not given is detected)")
    mac.add_argument("--python", metavar="3.X", help="the Python to install into: 3.8 to 3.13")
    mac.add_argument(
        "--chip", help="m1 to m5, also m1-pro, m1-max, m1-ultra; intel, or intel-amd with a GPU"
    )
    mac.add_argument(
        "--macos", metavar="VERSION", help="make it for this macOS; without, it fits old ones too"
    )
    mac.add_argument(
        "--os",
        choices=("macos", "linux"),
        default="macos",
        help="linux: for a virtual machine or container on that Mac",
    )
    what = made.add_argument_group("what to install")
    what.add_argument(
        "--tensorflow", metavar="VERSION", help="2.18.1, 2.18, '>=2.16,<2.19', PACKAGE==VERSION"
    )
    what.add_argument(
        "--metal", metavar="VERSION", default="auto", help="a version, auto (the default) or none"
    )
    what.add_argument(
        "--with",
        dest="extra",
        metavar="PKG",
        action="append",
        default=[],
        help="one more package, with a version if you like; can be repeated",
    )
    what.add_argument(
        "-r",
        dest="requirements",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="more packages, from a requirements file",
    )
    what.add_argument(
        "-c",
        dest="constraints",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="limits for packages that may come in, from a constraints file",
    )
    what.add_argument(
        "--exclude-newer", metavar="DATE", help="only files uploaded up to that day (2026-01-31)"
    )
    conda = made.add_argument_group("conda (needs the extra: pip install 'tfmac-lock[conda]')")
    conda.add_argument(
        "--native",
        choices=("conda",),
        help="take numpy, h5py, grpcio and protobuf from conda instead of wheels",
    )
    conda.add_argument(
        "--conda",
        dest="conda_specs",
        metavar="SPEC",
        action="append",
        default=[],
        help="one more package from conda, like jupyterlab; can be repeated",
    )
    conda.add_argument(
        "--channel",
        dest="channels",
        metavar="NAME|URL",
        action="append",
        default=[],
        help="a conda channel, first the most wanted (default: conda-forge)",
    )
    out = made.add_argument_group("output")
    out.add_argument(
        "--format",
        dest="formats",
        action="append",
        metavar="NAME",
        help=f"{', '.join(FORMATS)} (these by default), and with a conda half "
        f"{', '.join(CONDA_FORMAT_NAMES)}; can be repeated",
    )
    out.add_argument(
        "-o",
        dest="output",
        metavar="DIR",
        type=Path,
        default=Path(),
        help="the folder to write to (default: here), or - to print a single format",
    )
    out.add_argument("--json", action="store_true", help="print the whole lock as JSON")
    out.add_argument(
        "--force", action="store_true", help="overwrite files that tfmac-lock did not write"
    )
    how = made.add_argument_group("how")
    how.add_argument(
        "--fresh", action="store_true", help="resolve anew instead of taking a published lock"
    )
    how.add_argument("--offline", action="store_true", help="ask no network, only what is cached")
    how.add_argument("--index-url", metavar="URL", help="the package index (default: pip's)")
    how.add_argument("--extra-index-url", metavar="URL", action="append", default=[])
    made.add_argument(
        "--print-completion",
        choices=("bash", "zsh", "tcsh"),
        help="print the completion script for that shell",
    )
    made.add_argument("--version", action="version", version=f"tfmac-lock {__version__}")
    made.set_defaults(run=run)
    return made


def run(args: argparse.Namespace) -> int:
    """Make the lock, write it, and say what it is."""
    from ..lock.write import write_files

    if args.print_completion:
        return _completion(args.print_completion)
    formats = _formats(args)
    printing = str(args.output) == "-"
    if printing and (len(formats) != 1 or args.json):
        raise UsageError("-o - prints one format: name it with --format")
    lock = make(args)
    if args.metal == "auto" and lock.combo.metal is None and args.os == "macos":
        print(_why_no_plugin(lock), file=sys.stderr)  # noqa: T201 - talk
    files = {filename: text(lock) for filename, text in map(_format, formats)}
    if printing:
        sys.stdout.write(*files.values())
        return 0
    if "lock.json" in files:
        from ..lock import lock_json

        files["lock.json"] = lock_json.render(lock, tuple(sorted(files)))
    write_files(args.output, files, force=args.force)
    if args.json:
        from ..lock import lock_json

        sys.stdout.write(lock_json.render(lock, tuple(sorted(files))))
    else:
        sys.stdout.write(summary(lock, args.output, sorted(files), color=sys.stdout.isatty()))
    return 0


def _why_no_plugin(lock: Lock) -> str:
    """Why ``--metal auto`` came out without a plugin."""
    if lock.combo.chip == "intel":
        return "note: without an AMD card there is no GPU that the plugin could use"
    return (
        f"note: no plugin release fits TensorFlow {lock.combo.tensorflow} on Python "
        f"{lock.combo.python}, so this lock is for the CPU; `tfmac-lock matrix` shows the pairs "
        "that fit"
    )


def make(args: argparse.Namespace) -> Lock:
    """The lock that the options ask for: a published one, or one resolved anew."""
    from .. import data, host
    from ..target import Os

    platforms = data.platforms()
    mac = host.detect()
    chip, python = _chip(args, platforms, mac), _python(args, platforms, mac)
    macos = platforms.macos_version(args.macos) if args.macos else None
    if macos is not None:
        platforms.check(chip, macos)
    found = mac is not None and not args.chip and not args.macos and args.os == "macos"
    running = platforms.macos_version(mac.macos) if mac is not None and found else None
    if _published_can_answer(args) and macos is None and Os(args.os) is Os.MACOS:
        lock = _published(args, chip, python, running)
        if lock is not None:
            return lock
    from . import fresh

    return fresh.make(args, platforms, chip, python, macos or running)


def _published_can_answer(args: argparse.Namespace) -> bool:
    """Whether the request names nothing that published locks do not have."""
    return not (
        args.fresh
        or args.extra
        or args.requirements
        or args.constraints
        or args.exclude_newer
        or args.index_url
        or args.extra_index_url
        or wants_conda(args)
    )


def wants_conda(args: argparse.Namespace) -> bool:
    """Whether the lock needs a conda half."""
    named = {name for given in args.formats or () for name in given.split(",")}
    return bool(args.native or args.conda_specs or args.channels or named & {*CONDA_FORMAT_NAMES})


def _published(
    args: argparse.Namespace, chip: Chip, python: PythonVersion, macos: MacOSVersion | None
) -> Lock | None:
    """The published lock for the request, if there is one."""
    import re

    from .. import data, published

    asked = re.fullmatch(
        r"(?:(tensorflow(?:-macos)?)==)?(\d+\.\d+(?:\.\d+)?)", args.tensorflow or ""
    )
    if (args.tensorflow and not asked) or python.micro is not None:
        return None
    path = data.locks_folder() / published.index_name(python.series, chip.arch)
    if not path.exists():
        return None
    lock = published.find(
        path,
        package=asked[1] if asked else None,
        version=asked[2] if asked else None,
        metal=args.metal,
        gpu=chip.gpu,
        macos=macos,
    )
    return lock and published.for_chip(lock, chip)


def _chip(args: argparse.Namespace, platforms: Platforms, mac: Host | None) -> Chip:
    if args.chip:
        return platforms.chip(args.chip)
    if mac is None:
        raise UsageError(
            "this is not a Mac, so say which one it is for: --chip m1 (or m2, m3, m4, m5, intel, "
            "intel-amd)"
        )
    if mac.rosetta:
        print(  # noqa: T201 - talk
            "note: this Python runs under Rosetta as an Intel program; the lock is for the real "
            f"chip, {mac.chip}, and needs an arm64 Python to be installed into",
            file=sys.stderr,
        )
    return platforms.chip(mac.chip)


def _python(args: argparse.Namespace, platforms: Platforms, mac: Host | None) -> PythonVersion:
    if args.python:
        return platforms.python(args.python)
    if mac is None:
        raise UsageError("say which Python it is for: --python 3.11 (3.8 to 3.13)")
    return platforms.python(f"{sys.version_info.major}.{sys.version_info.minor}")


def _formats(args: argparse.Namespace) -> list[str]:
    from ..errors import UnknownChoice

    # A conda half cannot be told in the formats that hold wheels alone.
    usual = ["conda-lock", "json"] if wants_conda(args) else list(FORMATS)
    names = [name for given in args.formats or usual for name in given.split(",")]
    known = [*FORMATS, *CONDA_FORMAT_NAMES]
    for name in names:
        if name not in known:
            raise UnknownChoice("format", name, known)
    return list(dict.fromkeys(names))


def _format(name: str) -> tuple[str, Callable[[Lock], str]]:
    """File name and renderer of a format; those for conda are imported only when asked for."""
    if name in FORMATS:
        return FORMATS[name]
    from ..lock.conda_formats import CONDA_FORMATS

    return CONDA_FORMATS[name]


def _completion(shell: str) -> int:
    import shtab

    from . import full_parser

    sys.stdout.write(shtab.complete(full_parser(), shell))
    return 0
