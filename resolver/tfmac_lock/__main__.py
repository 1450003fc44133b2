"""The entry point: runs a command and turns foreseen faults into one paragraph and a status."""

from __future__ import annotations

# Nothing else is imported before main() can catch a Ctrl-C.
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .errors import TfmacLockError

OUTSIDE = 3
"""The exit status where standard output cannot be written."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit status: 0 done, 1 no, 2 bad usage, 3 outside."""
    try:
        _open_streams()
        status = _run(sys.argv[1:] if arguments is None else arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        _say("interrupted; nothing was left half written")
        return 130
    except BrokenPipeError:
        _drop_stdout()  # its reader went away, as `| head` does
        return 141
    except OSError as error:
        _drop_stdout()
        where = error.filename or "standard output"
        _say(f"{where}: {error.strerror or error}")
        return OUTSIDE
    return status


def _say(text: str) -> None:
    """Say on stderr what went wrong. Where nobody can be told, the status still tells it."""
    try:
        print(f"tfmac-lock: {text}", file=sys.stderr)  # noqa: T201
    except OSError:
        return


def _open_streams() -> None:
    r"""Make the streams such that any text can be written, or it is said that it cannot.

    A stream that the caller closed, as ``>&-`` does, is None, and its number would be the next
    file's. What an encoding lacks is written as ``\u2026``, which JSON, TOML and YAML read.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - until the end
    if sys.stdout is None:
        from .cli.terminal import Closed

        sys.stdout = Closed()
    elif (sys.stdout.encoding or "").lower() not in ("utf-8", "utf8"):
        from .cli.terminal import escape_unknown

        escape_unknown(sys.stdout)


def _run(arguments: list[str]) -> int:
    from . import cli
    from .errors import TfmacLockError

    args = None
    try:
        cli.speak(arguments)
        args = cli.parse(arguments)
        status: int = args.run(args)
    except TfmacLockError as error:
        # Of arguments that cannot be parsed, only the words themselves are there to look at.
        as_json = "--json" in arguments if args is None else getattr(args, "json", False)
        return _tell(error, as_json=as_json)
    return status


def _drop_stdout() -> None:
    """Send what is left to nowhere, or Python would fail over it once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _tell(error: TfmacLockError, *, as_json: bool) -> int:
    if as_json:
        import json

        from .files import escaped

        document = {
            "schema_version": 1,
            "error": {
                "text": str(error),
                "status": error.exit_status,
                "nearest": getattr(error, "commands", []),
                "proof": getattr(error, "proof", getattr(error.__cause__, "proof", [])),
            },
        }
        print(escaped(json.dumps(document, ensure_ascii=False)))  # noqa: T201 - the result
    from .cli.terminal import printable
    from .languages import translated

    _say(printable(translated(str(error))))
    return error.exit_status


if __name__ == "__main__":
    sys.exit(main())
