"""A process that has imported the program, and runs each command in a fork of itself.

A run then takes milliseconds instead of a start of Python, so that it can be killed at hundreds of
moments. It reads a trial a line from standard input, as JSON, and writes how it ended.

A trial: ``arguments``, ``folder``, and ``environ``, what changes in the environment. What goes
wrong is one of these:

* ``at`` and ``signal``: that signal before the N-th step at which the disk changes
* ``after`` and ``signal``: that signal after so many seconds, wherever the program is
* ``refuse`` and ``at``: from that step on the disk answers with that error
* ``largest``: no file gets larger than so many bytes
* ``together``: so many of the same at once
* ``gone``: the folder is removed before the program begins

With ``checkout`` that folder is the checkout, with ``facts`` that one has the compiled facts, and
with ``mac`` the program runs on a Mac.
"""

from __future__ import annotations

import errno
import importlib
import json
import os
import pkgutil
import resource
import selectors
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.link", "os.rmdir", "os.truncate", "os.symlink"}
GROWS = {"os.mkdir", "os.link", "os.symlink"}
"""What a full disk refuses, besides files that are opened for writing."""
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def watch(trial: dict[str, Any], count: list[int]) -> None:
    """Count the steps at which the disk changes, and do there what the trial says."""
    at, number, refuse = trial.get("at", -1), trial.get("signal"), trial.get("refuse")

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        writes = event == "open" and bool((arguments[2] or 0) & WRITES)
        if not trial or (not writes and event not in CHANGES):
            return
        if event == "open" and str(arguments[0]).startswith("/dev/"):
            return
        count[0] += 1
        if refuse and count[0] >= at >= 0:
            if refuse != errno.ENOSPC or writes or event in GROWS:
                raise OSError(refuse, os.strerror(refuse), str(arguments[0]))
        elif number and count[0] == at:
            os.kill(os.getpid(), number)

    sys.addaudithook(hook)


def child(trial: dict[str, Any], ends: list[int]) -> None:
    """Run the program as the trial says, with its output and its steps there; never returns."""
    status = 70
    count = [0]
    try:
        os.chdir(trial["folder"])
        for name, value in trial.get("environ", {}).items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, end in enumerate(ends[:2], 1):
            os.dup2(end, number)
        if "checkout" in trial:
            from tfmac_lock.matrix import loading

            loading.checkout = lambda: Path(trial["checkout"])
        if "facts" in trial:
            from tfmac_lock.matrix import loading

            loading.COMPILED = Path(trial["facts"])
        if "mac" in trial:
            from tfmac_lock import host

            mac = host.Host(chip="Apple M1", macos="14.5", rosetta=False)
            host.detect = lambda *_: mac
        if "largest" in trial:
            resource.setrlimit(resource.RLIMIT_FSIZE, (trial["largest"], trial["largest"]))
        if trial.get("gone"):
            Path(trial["folder"]).rmdir()
        from tfmac_lock.__main__ import main

        signal.signal(signal.SIGINT, signal.default_int_handler)
        watch(trial, count)
        if "after" in trial:
            signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), trial["signal"]))
            if trial["signal"] == signal.SIGKILL:
                signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends it as surely, and at once
            signal.setitimer(signal.ITIMER_REAL, trial["after"])
        status = main(trial["arguments"])
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 71
    except BaseException:
        traceback.print_exc()
    finally:
        trial.clear()  # from here on nothing goes wrong
        signal.setitimer(signal.ITIMER_REAL, 0)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os.write(ends[2], str(count[0]).encode())
        os._exit(status)


def run(trial: dict[str, Any]) -> list[dict[str, Any]]:
    """How each of the trial's runs ended."""
    started = time.perf_counter()
    running = []
    said: dict[int, bytes] = {}
    with selectors.DefaultSelector() as selector:
        for _ in range(trial.get("together", 1)):
            # No files, since what limits the size of files is not to limit these.
            pipes = [os.pipe() for _ in range(3)]
            process = os.fork()
            if not process:
                child(trial, [write for _, write in pipes])
            for read, write in pipes:
                os.close(write)
                said[read] = b""
                selector.register(read, selectors.EVENT_READ)
            running.append((process, [read for read, _ in pipes]))
        while selector.get_map():
            for key, _ in selector.select():
                piece = os.read(key.fd, 65536)
                said[key.fd] += piece
                if not piece:
                    selector.unregister(key.fd)
                    os.close(key.fd)
    seconds = time.perf_counter() - started
    ended = []
    for process, ends in running:
        _, code = os.waitpid(process, 0)
        out, err, steps = (said[end].decode("utf-8", "replace") for end in ends)
        ended.append(
            {
                "status": os.waitstatus_to_exitcode(code),
                "out": out,
                "err": err,
                "steps": int(steps or -1),
                "seconds": seconds,
            }
        )
    return ended


def warm_up() -> None:
    """Import what the commands import, and nothing that starts threads."""
    import tfmac_lock
    from tfmac_lock import host
    from tfmac_lock.lock import make

    leave = ("__main__", "service.", "prove.")
    for module in pkgutil.walk_packages(tfmac_lock.__path__, "tfmac_lock."):
        if not any(f"tfmac_lock.{one}" in module.name for one in leave):
            importlib.import_module(module.name)
    import httpx2  # noqa: F401 - the first request imports it
    import platformdirs  # noqa: F401 - as above

    host.detect = lambda *_: None
    make.refuse_contradicted = lambda _files: None  # the index's TensorFlow is not the release's


if __name__ == "__main__":
    warm_up()
    print(json.dumps("ready"), flush=True)  # noqa: T201 - its answer
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)  # noqa: T201
