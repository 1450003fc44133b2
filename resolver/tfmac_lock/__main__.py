"""The entry point: runs a command and turns foreseen faults into one paragraph and a status."""

from __future__ import annotations

import os
import sys

from .errors import OutsideError, TfmacLockError


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit status: 0 done, 1 no, 2 bad usage, 3 outside."""
    try:
        status = _run(sys.argv[1:] if arguments is None else arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("tfmac-lock: interrupted; nothing was left half written", file=sys.stderr)  # noqa: T201
        return 130
    except BrokenPipeError:
        _drop_stdout()  # its reader went away, as `| head` does
        return 141
    except OSError as error:
        _drop_stdout()
        where = error.filename or "standard output"
        print(f"tfmac-lock: {where}: {error.strerror or error}", file=sys.stderr)  # noqa: T201
        return OutsideError.exit_status
    return status


def _run(arguments: list[str]) -> int:
    from . import cli

    args = None
    try:
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

        told = {
            "schema_version": 1,
            "error": {
                "text": str(error),
                "status": error.exit_status,
                "nearest": getattr(error, "commands", []),
            },
        }
        print(json.dumps(told, ensure_ascii=False))  # noqa: T201 - the result
    from .cli.terminal import printable

    print(f"tfmac-lock: {printable(str(error))}", file=sys.stderr)  # noqa: T201
    return error.exit_status


if __name__ == "__main__":
    sys.exit(main())
