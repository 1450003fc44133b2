"""`tfmac-lock explain`: paste an error, get its cause and its cure."""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from typing import TYPE_CHECKING

from ..languages import translated
from .arguments import add_command
from .terminal import columns, has_bars, has_color, print_json, printable, say, wrapped

if TYPE_CHECKING:
    from ..explain.answer import Answer, Explanation
    from ..explain.recognise import Recognition
    from .arguments import Commands

WIDTH = 96
"""Columns at the most; on a narrower terminal it is that one's."""

LONGEST_SOURCE = 80
"""Characters of a source that is shown whole behind a fact."""


ABOUT = """
Recognises known failures in any text: a pip log, a traceback, a terminal copy, a notebook, a CI
log. Exit status 1 says that nothing was recognised.
"""


def add_parser(commands: Commands) -> None:
    """Register the command."""
    epilog = "example:  python train.py 2>&1 | tfmac-lock explain"
    parser = add_command(
        commands, "explain", run, ABOUT, epilog=epilog, json="print the answer as JSON"
    )
    parser.add_argument("file", nargs="?", default="-", help="the text, or - for stdin (default)")
    parser.add_argument(
        "--limit-mb",
        type=_megabytes,
        default=None,
        metavar="N",
        help="stop reading after N megabytes (default: 256)",
    )


def _megabytes(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:7]) <= 1_000_000:
        raise argparse.ArgumentTypeError("must be a whole number from 1 to 1000000")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Read the text and print the answer."""
    from ..explain.answer import document, explain
    from ..matrix import loading

    explanation = explain(_read(args), loading.matrix(), on_mac=sys.platform == "darwin")
    if args.json:
        print_json(document(explanation))
    else:
        color = has_color()
        sys.stdout.write(render(explanation, color=color))
    return 0 if explanation.answers else 1


def _read(args: argparse.Namespace) -> Recognition:
    from ..errors import InputFileError
    from ..explain.recognise import recognise
    from ..explain.symptoms import shipped
    from ..explain.text import DEFAULT_LIMIT
    from ..files import named_by_user

    limit = args.limit_mb * 1_000_000 if args.limit_mb else DEFAULT_LIMIT
    known = shipped()
    progress = _Progress(show=has_bars())
    if args.file == "-" and sys.stdin.isatty():
        say("Paste the error, then press Ctrl-D on a line of its own.")
    if _is_named_pipe(args.file):
        raise InputFileError(
            args.file, "is a named pipe, which may never end; type `... | tfmac-lock explain`"
        )
    # Descriptor 0 is stdin; whatever else stands there may be a pipe too.
    name = 0 if args.file == "-" else args.file
    try:
        with named_by_user(args.file), open(name, "rb", closefd=name != 0) as stream:
            return recognise(stream, known, limit=limit, on_window=progress)
    finally:
        progress.clear()


def _is_named_pipe(name: str) -> bool:
    """Whether opening it would wait for a writer. What a shell makes for ``<(...)`` has one."""
    import stat
    from pathlib import Path

    if name == "-" or name.startswith(("/dev/fd/", "/proc/self/fd/")):
        return False
    try:
        return stat.S_ISFIFO(Path(name).stat().st_mode)
    except OSError:
        return False


class _Progress:
    """The megabytes read, on a terminal, once there are many of them."""

    def __init__(self, *, show: bool) -> None:
        self._show = show
        self._told = 0

    def __call__(self, total: int) -> None:
        if self._show and total - self._told >= 16_000_000:
            self._told = total
            sys.stderr.write(f"\r\x1b[Kread {total / 1e6:.0f} MB")

    def clear(self) -> None:
        if self._told:
            sys.stderr.write("\r\x1b[K")


def render(explanation: Explanation, *, color: bool) -> str:
    """The explanation for a reader at a terminal."""
    lines: list[str] = []
    if explanation.cut:
        lines.append(translated("Reading stopped before the end; --limit-mb reads more.") + "\n")
    if not explanation.answers:
        lines += _nothing(explanation)
    for answer in explanation.answers:
        lines += _answer(answer, color=color)
    if explanation.unsure:
        unsure = translated(
            "Nothing in the text names TensorFlow, and other programs print the same; this is what "
            "it means if TensorFlow is concerned."
        )
        lines.append(_wrap(unsure, "", ""))
    return "\n".join(lines).rstrip() + "\n"


def _wrap(text: str, first: str, rest: str) -> str:
    """Wrapped to the terminal; what the log said cannot reach it as a control code."""
    width = max(40, min(WIDTH, shutil.get_terminal_size((WIDTH, 24)).columns))
    return "\n".join(wrapped(printable(text), width, first=first, rest=rest))


def _source(source: str) -> str:
    """A source in few words: of several files or runs the first. The JSON has it whole."""
    first = re.split(r", |: (?!//)|; ", source, maxsplit=1)[0]
    return source if len(source) <= LONGEST_SOURCE else first


def _bold(text: str, *, color: bool) -> str:
    return f"\x1b[1m{text}\x1b[0m" if color else text


def _answer(answer: Answer, *, color: bool) -> list[str]:
    title = translated(answer.title if answer.certain else f"This may be: {answer.title}")
    lines = [_bold(f"{title}  [{answer.symptom}]", color=color)]
    if answer.root:
        lines.append(f"  {translated(f'follows from {answer.root} above')}")
    seen = f"  {translated('seen:')}  "
    lines.append(_wrap(answer.matched, seen, " " * columns(seen)))
    if not answer.root:
        lines += ["", _wrap(translated(answer.cause), "  ", "  ")]
        lines += [
            _wrap(f"{translated(fact.text)} [{_source(fact.source)}]", "  - ", "    ")
            for fact in answer.facts[:6]
        ]
    if answer.cures and not answer.root:
        lines += ["", f"  {translated('What to do:')}"]
        for step in answer.cures:
            lines.append(_wrap(translated(step.text), "  - ", "    "))
            if step.command:
                lines.append(_bold(f"      {step.command}", color=color))
    if answer.ask and not answer.root:
        lines += [
            "",
            _wrap(
                translated(f"The text is too short to be sure. What tells: {answer.ask}"),
                "  ",
                "  ",
            ),
        ]
    if answer.sources and not answer.root:
        lines += ["", f"  {translated('Sources:')}"]
        lines += [_wrap(f"{one.url}  {one.says}", "  - ", "    ") for one in answer.sources]
    return [*lines, ""]


def _nothing(explanation: Explanation) -> list[str]:
    from ..explain.answer import ASK_FOR, error_form

    lines = [translated("None of the known failures was recognised in this text.")]
    if explanation.named:
        found = ", ".join(f"{name} {value}" for name, value in explanation.named)
        lines.append(_wrap(translated(f"It names: {found}."), "", ""))
    lines.append(translated("What tells more:"))
    lines += [_wrap(translated(what), "  - ", "    ") for what in ASK_FOR]
    form = error_form() or "the form for error texts in the project's issues"
    lines.append(translated(f"If that does not help either, send the text: {form}"))
    return lines
