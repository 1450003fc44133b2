"""The command line: one module a command, imported only when that command is called."""

from __future__ import annotations

import argparse
import importlib
import re
from typing import TYPE_CHECKING, NoReturn

from ..errors import UnknownChoice, UsageError

if TYPE_CHECKING:
    from types import ModuleType

COMMANDS = {
    "update": "make the lock of this folder again: all of it, or some packages",
    "diff": "what changed between two locks, the verdict first",
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


INSTEAD = {
    "lock": "a lock is made without a command: tfmac-lock --python 3.11 --chip m1",
    "install": "tfmac-lock writes locks and installs nothing; make one with "
    "tfmac-lock --python 3.11 --chip m1, and it prints the command that installs it",
}
"""Words that people type as commands, with what to type instead."""


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line that says how to go on."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError, which is told like every other one, under ``--json`` too."""
        unknown = re.match(r"unrecognized arguments: (\S+)", message)
        near = self._nearest(unknown[1]) if unknown else None
        hint = f" Did you mean {near}?" if near else ""
        raise UsageError(f"{message}.{hint} See: {self.prog} --help")

    def _nearest(self, given: str) -> str | None:
        """The option most like the given one, if any is near."""
        import difflib

        known = dict(self._option_string_actions)
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                for parser in action.choices.values():
                    known |= parser._option_string_actions
        found = difflib.get_close_matches(given.partition("=")[0], known, n=1)
        return found[0] if found and found[0] != given.partition("=")[0] else None


def parse(arguments: list[str]) -> argparse.Namespace:
    """The parsed command line, with ``run`` as the function that carries it out.

    Raises UsageError.
    """
    if arguments and re.fullmatch(r"[a-z]+", arguments[0]) and arguments[0] not in COMMANDS:
        raise _unknown_command(arguments[0])
    if arguments and arguments[0] in COMMANDS:
        parser: Parser = Parser(prog="tfmac-lock")
        subparsers = parser.add_subparsers()
        _module(arguments[0]).add_parser(subparsers)
    else:
        parser = _module("lock").parser()
    return parser.parse_args(arguments)


def _unknown_command(word: str) -> UsageError:
    if word in INSTEAD:
        return UsageError(INSTEAD[word])
    return UnknownChoice("command", word, COMMANDS)


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
