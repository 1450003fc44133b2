"""All commands with their options as values, read off the parsers: for documents and completion."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from . import COMMANDS, EXIT_STATUSES, full_parser

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """An option or an argument.

    ``flags`` are its spellings, none for an argument; ``value`` is what follows it, empty for a
    switch; ``choices`` are the words that it takes, ``is_path`` that they name files.
    """

    flags: tuple[str, ...]
    value: str
    help: str
    choices: tuple[str, ...]
    is_path: bool

    @property
    def shown(self) -> str:
        """The option as a help text shows it."""
        value = f" {self.value}" if self.value else ""
        return ", ".join(self.flags) + value if self.flags else self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command, or a part of one: the words that call it, and what it takes.

    ``name`` is empty for the main command.
    """

    name: str
    help: str
    description: str
    epilog: str
    words: tuple[Word, ...]


def commands() -> list[Command]:
    """The main command first, then the others in their order, each before its parts."""
    return list(_commands(full_parser(), "", ""))


def _commands(parser: argparse.ArgumentParser, name: str, help_: str) -> Iterator[Command]:
    below = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    yield Command(
        name=name,
        help=help_,
        description=parser.description or "",
        epilog=(parser.epilog or "").replace(EXIT_STATUSES, "").strip("\n"),
        words=tuple(
            _word(action)
            for action in parser._actions
            if action not in below and action.help != argparse.SUPPRESS
        ),
    )
    for action in below:
        helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
        for part, made in action.choices.items():
            text = helps.get(part, COMMANDS.get(part, ""))
            yield from _commands(made, f"{name} {part}".strip(), text)


def _word(action: argparse.Action) -> Word:
    value = ""
    if action.nargs != 0:
        metavar = action.metavar if isinstance(action.metavar, str) else None
        if isinstance(action.metavar, tuple):
            metavar = " ".join(action.metavar)
        choices = "|".join(map(str, action.choices)) if action.choices else ""
        value = metavar or choices or action.dest.upper()
    return Word(
        flags=tuple(action.option_strings),
        value=value,
        help=(action.help or "").replace("%%", "%") % {"default": action.default}
        if "%(default)" in (action.help or "")
        else (action.help or "").replace("%%", "%"),
        choices=tuple(map(str, action.choices or ())),
        is_path=action.type is Path,
    )
