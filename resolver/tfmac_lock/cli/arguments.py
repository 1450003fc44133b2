"""What several commands declare: themselves, and the options that they share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import COMMANDS

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]
    Options = argparse._ActionsContainer


ARCHES = ("arm64", "x86_64")


def add_command(
    commands: Commands,
    name: str,
    run: Callable[[argparse.Namespace], int],
    about: str = "",
    *,
    help: str | None = None,  # noqa: A002 - argparse's word
    epilog: str | None = None,
    json: str = "print the result as JSON",
) -> argparse.ArgumentParser:
    """Register a command that ``run`` carries out, and give it ``--json``, unless that is empty.

    ``help`` is its line in the help of the command above; one at the top has it in ``COMMANDS``.
    """
    parser = commands.add_parser(
        name,
        help=COMMANDS[name] if help is None else help,
        description=" ".join(about.split()) or None,
        epilog=epilog,
    )
    if json:
        add_flag(parser, "--json", json)
    parser.set_defaults(run=run)
    return parser


def add_flag(options: Options, name: str, help: str) -> None:  # noqa: A002 - argparse's word
    """An option without a value, False where it is not given."""
    options.add_argument(name, action="store_true", help=help)


def add_list(options: Options, *names: str, **settings: Any) -> None:
    """An option that can be repeated, with its values as a list."""
    options.add_argument(*names, action="append", default=[], **settings)


def add_packages(options: Options, help: str) -> None:  # noqa: A002 - argparse's word
    """``--with``: the packages to lock beside TensorFlow."""
    options.add_argument(
        "--with",
        dest="extra",
        metavar="PKG",
        action="extend",
        type=split_packages,
        default=[],
        help=help,
    )


def split_packages(given: str) -> list[str]:
    """The packages of one ``--with``: ``pandas,scipy`` names two, ``numpy>=1,<2`` names one."""
    import re

    return [part.strip() for part in re.split(r",(?=\s*[A-Za-z])(?![^\[]*\])", given)]


def add_index(options: Options, *, extra: bool = True) -> None:
    """The index that is asked, and with ``extra`` those after it."""
    options.add_argument("--index-url", metavar="URL", help="the package index (default: pip's)")
    if extra:
        add_list(
            options,
            "--extra-index-url",
            metavar="URL",
            help="an index for what the first one lacks; can be repeated",
        )


def add_folder(options: Options, help: str, default: Path | None = None) -> None:  # noqa: A002
    """``-o``: the folder to write into."""
    options.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        type=Path,
        default=default,
        help=f"{help} (default: %(default)s)",
    )


def add_lock(options: Options, name: str = "lock", **settings: Any) -> None:
    """The lock to look at: an argument, or an option by its name."""
    options.add_argument(
        name,
        type=Path,
        default=Path("lock.json"),
        metavar="LOCK",
        help="a lock.json, or its folder (default: here)",
        **settings,
    )


def add_check(options: Options) -> None:
    """``--check`` of a command that makes files."""
    add_flag(options, "--check", "write nothing; exit with 1 where something is stale")


def add_repository(options: Options) -> None:
    """The repository that the pages of the site link to."""
    options.add_argument(
        "--repository",
        default="",
        metavar="URL",
        help="the repository of the facts, for links to files and issue forms",
    )


def add_shard(options: Options) -> None:
    """``--shard``, for a share of a large task."""
    options.add_argument("--shard", metavar="I/N", help="only the I-th of N parts")
