"""The command line: one module a command, imported only when that command is called."""

from __future__ import annotations

import argparse
import importlib
import os
import re
from typing import TYPE_CHECKING, NoReturn

from .. import languages
from ..errors import UnknownChoice, UsageError

if TYPE_CHECKING:
    from types import ModuleType

COMMANDS = {
    "install": "install TensorFlow on this Mac, and try it",
    "update": "make the lock of this folder again: all of it, or some packages",
    "diff": "what changed between two locks, the verdict first",
    "outdated": "which packages of a lock have newer versions",
    "tree": "who requires whom in a lock",
    "why": "why a package is in a lock, in that version",
    "migrate": "from a project's requirements or lock to a lock for a Mac",
    "fetch": "bring the files of a lock into a folder, for a machine without a network",
    "explain": "recognise an error in a log: cause, cure, sources",
    "check": "judge a file of pins for a Mac",
    "advisories": "known vulnerabilities of a lock, and its bill of materials",
    "doctor": "look at this Mac and this environment",
    "apply": "write a lock's versions and limits into pyproject.toml",
    "matrix": "show combos and the pair grid, or keep the matrix",
    "audit": "read the binaries of wheels: load check, floors, numpy",
    "prove": "train MNIST here, or prove locks by their twins",
    "cache": "where the cache lies, what it takes, and less of it",
    "publish": "make all published locks, and the site",
    "serve": "the site, its API and live locks over HTTP",
}
"""Commands with what they do; each is a module of this package with that name."""


INSTEAD = {
    "lock": "a lock is made without a command: tfmac-lock --python 3.11 --chip m1",
}
"""Words that people type as commands, with what to type instead."""


CONSOLE_FLAGS = {"-q", "--quiet", "-v", "--verbose"}
CONSOLE_VALUES = {"--color", "--lang"}
"""The options of ``add_console``, which may stand before the command too."""


EXIT_STATUSES = """\
exit statuses:
  0    done
  1    the answer is no: nothing fits, only what is broken, or there are findings
  2    bad usage
  3    the outside failed: network, disk, another program
  130  interrupted
"""


def _fitted(line: str, width: int) -> list[str]:
    """The line, or several with its indent where it is longer than the terminal."""
    if len(line) <= width:
        return [line]
    import textwrap

    lead = line[: len(line) - len(line.lstrip())]
    return textwrap.wrap(line, width, subsequent_indent=lead, break_long_words=False)


class Formatter(argparse.HelpFormatter):
    """Texts of several lines as they are, others wrapped; 80 columns, without asking for them."""

    # With the width given argparse need not ask the terminal, for which it imports shutil.
    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=80)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if "\n" in text:
            return "\n".join(one for line in text.splitlines() for one in _fitted(line, width))
        return super()._fill_text(text, width, indent)


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line that says how to go on."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError, which is printed like every other one, under ``--json`` too."""
        unknown = re.match(r"unrecognized arguments: (\S+)", message)
        if unknown and unknown[1] in COMMANDS:
            raise UsageError(f"{message}. The command comes first: {self.prog} {unknown[1]} ...")
        near = self._nearest(unknown[1]) if unknown else None
        if near:
            raise UsageError(f"{message}. Did you mean {near}? See: {self.prog} --help")
        raise UsageError(f"{message}. See: {self.prog} --help")

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


def speak(arguments: list[str]) -> None:
    """Speak the language that is typed, else the system's, from the first error on."""
    given = None
    for place, word in enumerate(arguments):
        if word == "--lang" and place + 1 < len(arguments):
            given = arguments[place + 1]
        elif word.startswith("--lang="):
            given = word.removeprefix("--lang=")
    languages.use(languages.named(given) if given else None)


def _language(given: str) -> str:
    code = languages.named(given)
    if code is None:
        raise argparse.ArgumentTypeError(
            f"{given!r} is not one of its languages: {', '.join(languages.NAMES)}"
        )
    return code


def parse(arguments: list[str]) -> argparse.Namespace:
    """The parsed command line, with ``run`` as the function that carries it out.

    Raises UsageError.
    """
    arguments = _command_first(arguments)
    if arguments and re.fullmatch(r"[a-z]+", arguments[0]) and arguments[0] not in COMMANDS:
        raise _unknown_command(arguments[0])
    if arguments and arguments[0] in COMMANDS:
        parser: Parser = Parser(prog="tfmac-lock")
        subparsers = parser.add_subparsers()
        _module(arguments[0]).add_parser(subparsers)
        for made in subparsers.choices.values():
            _add_manners(made)
        if arguments[0] == "install" and _may_have_settings():
            from .settings import defaults

            words = defaults(subparsers.choices["install"], arguments)
            arguments = [arguments[0], *words, *arguments[1:]]
    else:
        parser = _module("lock").parser()
        if _may_have_settings():
            from .settings import defaults

            arguments = [*defaults(parser, arguments), *arguments]
    args = parser.parse_args(arguments)
    if code := getattr(args, "lang", None):
        languages.use(code)
    from .terminal import NORMAL, QUIET, VERBOSE, set_console

    levels = {"quiet": QUIET, "verbose": VERBOSE}
    level = next((levels[name] for name in levels if getattr(args, name, False)), NORMAL)
    set_console(level, getattr(args, "color", "auto"))
    return args


def _command_first(arguments: list[str]) -> list[str]:
    """The arguments with the console's options behind the command that they were typed before."""
    place = 0
    while place < len(arguments) and arguments[place].startswith("-"):
        option = arguments[place]
        if option in CONSOLE_VALUES:
            place += 2
        elif option in CONSOLE_FLAGS or option.partition("=")[0] in CONSOLE_VALUES:
            place += 1
        else:
            return arguments
    if place and place < len(arguments) and arguments[place] in COMMANDS:
        return [arguments[place], *arguments[:place], *arguments[place + 1 :]]
    return arguments


def _may_have_settings() -> bool:
    """Whether a variable or a pyproject.toml may say something; most runs have neither."""
    if any(name.startswith("TFMAC_LOCK_") for name in os.environ):
        return True
    folder = os.path.realpath(".")
    while not os.path.exists(f"{folder}/pyproject.toml"):  # noqa: PTH110 - pathlib takes its time
        above = os.path.dirname(folder)  # noqa: PTH120 - as above
        if above == folder:
            return False
        folder = above
    return True


def add_console(parser: argparse.ArgumentParser) -> None:
    """The options that every command has; what is not typed is not set."""
    console = parser.add_argument_group("console")
    level = console.add_mutually_exclusive_group()
    for words, text in (
        (("-q", "--quiet"), "say nothing but the result and errors"),
        (("-v", "--verbose"), "say what is asked and chosen"),
    ):
        level.add_argument(*words, action="store_true", default=argparse.SUPPRESS, help=text)
    console.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default=argparse.SUPPRESS,
        help="colours (default: where stdout is a terminal and NO_COLOR is not set)",
    )
    console.add_argument(
        "--lang",
        type=_language,
        metavar="LANGUAGE",
        default=argparse.SUPPRESS,
        help=f"{', '.join(languages.NAMES)}: the language of the summary, facts and errors "
        "(default: the system's; JSON and files stay English)",
    )


def _add_manners(parser: argparse.ArgumentParser) -> None:
    """The console's options and the exit statuses, for a command and what is below it."""
    parser.formatter_class = Formatter
    below = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    for action in below:
        for made in action.choices.values():
            _add_manners(made)
    parser.epilog = f"{parser.epilog or ''}\n{EXIT_STATUSES}".lstrip("\n")
    add_console(parser)


def _unknown_command(word: str) -> UsageError:
    if word in INSTEAD:
        return UsageError(INSTEAD[word])
    return UnknownChoice("command", word, COMMANDS)


def parse_shard(given: str | None) -> tuple[int, int]:
    """Part and number of parts of ``--shard 2/4``, from 1; raises UsageError.

    Without it they are those of an indexed job of Kubernetes, which numbers its parts from 0 in
    JOB_COMPLETION_INDEX and whose manifest has their number in JOB_COMPLETIONS. Elsewhere
    there is one part.
    """
    if given is None:
        return _part_of_job(os.environ.get("JOB_COMPLETION_INDEX"))
    part, _, parts = given.partition("/")
    if not (part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise UsageError(f"--shard {given!r}: write it like 2/4, from 1/4 to 4/4")
    return int(part), int(parts)


def _part_of_job(index: str | None) -> tuple[int, int]:
    if index is None:
        return 1, 1
    parts = os.environ.get("JOB_COMPLETIONS", "")
    if not (index.isdecimal() and parts.isdecimal() and int(index) < int(parts)):
        raise UsageError(
            f"JOB_COMPLETION_INDEX is {index!r} and JOB_COMPLETIONS is {parts!r}: set the second "
            "to the job's number of completions, or say --shard 1/1"
        )
    return int(index) + 1, int(parts)


def full_parser() -> argparse.ArgumentParser:
    """One parser with every command and option, for shell completion."""
    parser: argparse.ArgumentParser = _module("lock").parser()
    subparsers = parser.add_subparsers()
    for name in COMMANDS:
        _module(name).add_parser(subparsers)
    for made in subparsers.choices.values():
        _add_manners(made)
    return parser


def _module(name: str) -> ModuleType:
    return importlib.import_module(f".{name}", __package__)
