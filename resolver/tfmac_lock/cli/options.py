"""The options of the main command, with their help."""

from __future__ import annotations

import argparse
from pathlib import Path

from .. import __version__
from ..lock.formats import CONDA_FORMAT_NAMES, EXPORT_FORMAT_NAMES, FORMATS
from . import COMMANDS, EXIT_STATUSES, Formatter, Parser, add_console
from .arguments import add_flag, add_list, add_packages

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
  tfmac-lock --for spleeter --chip m1
      what an application needs, with the Python that suits it; --for lists them
  tfmac-lock --python 3.10 --chip m1 --chip intel-amd
      one conda-lock.yml for both kinds of Mac, for conda-lock and micromamba

It writes requirements.txt, pylock.toml and lock.json into the current folder. Then, on the Mac:
  python3.9 -m venv env && . env/bin/activate
  python -m pip install --require-hashes --no-deps -r requirements.txt
"""


LIST = "?"
"""What ``--for`` without a name stands for; no recipe can be named so."""


class ShowVersion(argparse.Action):
    """Prints the program's version, and whose facts of which day it uses."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print both and end."""
        from ..matrix import loading
        from ..matrix.dated import facts_line

        print(f"tfmac-lock {__version__}\n{facts_line(*loading.facts_used())}")  # noqa: T201 - the result
        parser.exit()


def main_parser() -> Parser:
    """The parser of the main command; its help also lists the other ones."""
    commands = "\n".join(f"  {name:<10}{text}" for name, text in COMMANDS.items())
    made = Parser(
        prog="tfmac-lock",
        usage="tfmac-lock [options]\n       tfmac-lock COMMAND ...",
        description="Writes lockfiles that install and run TensorFlow on a Mac, from any computer.",
        epilog=f"commands (each has its own --help):\n{commands}\n\n{EXIT_STATUSES}\n{EXAMPLES}",
        formatter_class=Formatter,
        allow_abbrev=False,
    )
    mac = made.add_argument_group("the Mac (on a Mac, what is not given is detected)")
    mac.add_argument("--python", metavar="3.X", help="the Python to install into: 3.8 to 3.13")
    add_list(
        mac,
        "--chip",
        dest="chips",
        metavar="CHIP",
        help="m1 to m5, also m1-pro, m1-max, m1-ultra; intel, or intel-amd with a GPU; one of each "
        "architecture goes into one conda-lock.yml",
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
    mac.add_argument(
        "--also",
        metavar="MACHINE",
        action="extend",
        type=lambda given: given.split(","),
        default=[],
        help="the same for another machine of the team, into files with its name: linux-x86_64, "
        "linux-cuda or linux-aarch64; can be repeated",
    )
    what = made.add_argument_group("what to install")
    what.add_argument(
        "--tensorflow", metavar="VERSION", help="2.18.1, 2.18, '>=2.16,<2.19', PACKAGE==VERSION"
    )
    what.add_argument(
        "--metal", metavar="VERSION", default="auto", help="a version, auto (the default) or none"
    )
    add_packages(what, "one more package, with a version if you like; can be repeated")
    what.add_argument(
        "--for",
        dest="recipe",
        metavar="NAME",
        nargs="?",
        const=LIST,
        help="what that application or course needs; without a name: list them all",
    )
    add_list(
        what,
        "-r",
        dest="requirements",
        metavar="FILE",
        type=Path,
        help="more packages, from a requirements file or a pyproject.toml, also with extras: "
        "'pyproject.toml[train]'",
    )
    add_list(
        what,
        "--extra",
        dest="extras",
        metavar="NAME",
        help="with that extra of the pyproject.toml; can be repeated",
    )
    add_list(
        what,
        "--group",
        dest="groups",
        metavar="NAME",
        help="with that dependency group of the pyproject.toml; can be repeated",
    )
    add_list(
        what,
        "-c",
        dest="constraints",
        metavar="FILE",
        type=Path,
        help="limits for packages that may come in, from a constraints file",
    )
    what.add_argument(
        "--exclude-newer", metavar="DATE", help="only files uploaded up to that day (2026-01-31)"
    )
    add_list(
        what,
        "--allow-source",
        metavar="NAME",
        help="take that package as a source archive even if it needs a compiler; can be repeated",
    )
    what.add_argument(
        "--require-attestations",
        metavar="NAME",
        action="append",
        nargs="?",
        const=":all:",
        default=[],
        help="refuse files of that package, without NAME of all, that have no attestations",
    )
    what.add_argument(
        "-U",
        "--upgrade",
        action="store_true",
        help="take the newest versions, not those of the lock.json that is there",
    )
    add_list(
        what,
        "-P",
        "--upgrade-package",
        metavar="NAME",
        help="the same for that package alone; can be repeated",
    )
    conda = made.add_argument_group("conda (needs the extra: pip install 'tfmac-lock[conda]')")
    conda.add_argument(
        "--native",
        choices=("conda",),
        help="take numpy, h5py, grpcio and protobuf from conda instead of wheels",
    )
    add_list(
        conda,
        "--conda",
        dest="conda_specs",
        metavar="SPEC",
        help="one more package from conda, like jupyterlab; can be repeated",
    )
    add_list(
        conda,
        "--channel",
        dest="channels",
        metavar="NAME|URL",
        help="a conda channel, first the most wanted (default: conda-forge)",
    )
    out = made.add_argument_group("output")
    add_list(
        out,
        "--format",
        dest="formats",
        metavar="NAME",
        help=f"{', '.join(FORMATS)} (these by default); for mixed locks "
        f"{', '.join(CONDA_FORMAT_NAMES)}; for other tools {', '.join(EXPORT_FORMAT_NAMES)}; "
        "can be repeated",
    )
    out.add_argument(
        "-o",
        dest="output",
        metavar="DIR|FILE",
        type=Path,
        default=Path(),
        help="the folder to write to (default: here), the file for a single format, or - to "
        "print a single format",
    )
    add_flag(out, "--json", "print the whole lock as JSON")
    add_flag(out, "--force", "overwrite files that tfmac-lock did not write")
    out.add_argument(
        "--check",
        "--locked",
        action="store_true",
        help="write nothing; exit status 1 where the files there are not those of the lock",
    )
    add_flag(out, "--dry-run", "write nothing")
    add_flag(out, "--why", "say every fact behind the verdict")
    how = made.add_argument_group("how")
    add_flag(how, "--fresh", "resolve anew instead of taking a published lock")
    add_flag(
        how,
        "--prove",
        "on Linux: first install the versions here, train, and run what was asked for; "
        "versions that fail are left out",
    )
    add_flag(how, "--offline", "ask no network, only what is cached")
    how.add_argument(
        "--index-url",
        metavar="URL",
        help="the package index (default: pip's). Other users of this computer see a password in "
        "it; keep that in a netrc file, in pip.conf or in PIP_INDEX_URL",
    )
    add_list(
        how,
        "--extra-index-url",
        metavar="URL",
        help="an index for the packages that those before it do not have; can be repeated",
    )
    add_list(
        how,
        "--index-for",
        metavar="NAME=URL",
        help="the one index of that package; can be repeated",
    )
    add_flag(
        how,
        "--accept-repacked",
        "take TensorFlow and plugin files that your mirror packed anew; such a lock is unproven",
    )
    add_flag(
        made,
        "--detect",
        "print a short script that finds a GPU which leaves the ReLU out; run it in the "
        "environment: tfmac-lock --detect | python -",
    )
    made.add_argument(
        "--print-completion",
        choices=("bash", "zsh", "tcsh", "fish", "powershell"),
        help="print the completion script for that shell",
    )
    add_console(made)
    made.add_argument("--version", action=ShowVersion, nargs=0, help="show the versions and exit")
    return made
