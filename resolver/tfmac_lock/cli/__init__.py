"""The command line: one module a command, imported only when that command is called."""

from __future__ import annotations

import argparse
import importlib
from typing import TYPE_CHECKING, NoReturn

from ..errors import UsageError

if TYPE_CHECKING:
    from types import ModuleType

COMMANDS = {
    "explain": "recognise an error in a log: cause, cure, sources",
    "check": "judge a file of pins for a Mac",
    "doctor": "look at this Mac and this environment",
    "matrix": "show combos and the pair grid, or keep the matrix",
    "audit": "read the binaries of wheels: load check, floors, numpy",
    "prove": "train MNIST here, or prove locks by their twins",
    "publish": "make all published locks, and the site",
    "serve": "the site, its API and live locks over HTTP",
}
"""Commands with what they do; each is a module of this package with that name."""


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line that says how to go on."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError, which is told like every other one, under ``--json`` too."""
        raise UsageError(f"{message}. See: {self.prog} --help")


def parse(arguments: list[str]) -> argparse.Namespace:
    """The parsed command line, with ``run`` as the function that carries it out.

    Raises UsageError.
    """
    if arguments and arguments[0] in COMMANDS:
        parser: Parser = Parser(prog="tfmac-lock")
        subparsers = parser.add_subparsers()
        _module(arguments[0]).add_parser(subparsers)
    else:
        parser = _module("lock").parser()
    return parser.parse_args(arguments)


def parse_shard(given: str) -> tuple[int, int]:
    """Part and number of parts of ``--shard 2/4``; raises UsageError."""
    part, _, parts = given.partition("/")
    if not (part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise UsageError(f"--shard {given!r}: write it like 2/4, from 1/4 to 4/4")
    return int(part), int(parts)


def full_parser() -> argparse.ArgumentParser:
    """One parser with every command and option, for shell completion."""
    parser: argparse.ArgumentParser = _module("lock").parser()
    subparsers = parser.add_subparsers()
    for name in COMMANDS:
        _module(name).add_parser(subparsers)
    return parser


def _module(name: str) -> ModuleType:
    return importlib.import_module(f".{name}", __package__)
