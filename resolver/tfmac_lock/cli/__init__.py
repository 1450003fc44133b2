"""The command line: one module a command, imported only when that command is called."""

from __future__ import annotations

import argparse
import importlib
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from types import ModuleType

COMMANDS = {
    "matrix": "show combos and the pair grid, or keep the matrix",
    "publish": "make all published locks",
}
"""Commands with what they do; each is a module of this package with that name."""


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line that says how to go on."""

    def error(self, message: str) -> NoReturn:
        """Print the fault and leave with status 2."""
        print(f"tfmac-lock: {message}. See: {self.prog} --help", file=sys.stderr)  # noqa: T201 - the message is the result here
        raise SystemExit(2)


def parse(arguments: list[str]) -> argparse.Namespace:
    """The parsed command line, with ``run`` as the function that carries it out."""
    if arguments and arguments[0] in COMMANDS:
        parser: Parser = Parser(prog="tfmac-lock")
        subparsers = parser.add_subparsers()
        _module(arguments[0]).add_parser(subparsers)
    else:
        parser = _module("lock").parser()
    return parser.parse_args(arguments)


def full_parser() -> argparse.ArgumentParser:
    """One parser with every command and option, for shell completion."""
    parser: argparse.ArgumentParser = _module("lock").parser()
    subparsers = parser.add_subparsers()
    for name in COMMANDS:
        _module(name).add_parser(subparsers)
    return parser


def _module(name: str) -> ModuleType:
    return importlib.import_module(f".{name}", __package__)
