"""The service under mixed load for a long time: does its memory stay, is nothing answered wrongly?

    python benchmarks/soak.py [--minutes 60] [--cache DIR] [--pause SECONDS]

Several clients at once, each from an address of its own on the loopback network (Linux): readers
of published files, resolves, logs, files of pins, nonsense, slow bodies, floods of headers and of
connections; and somebody who kills or stops a worker every minute. Every answer's status is checked
against those that the request may have. It ends with 1 where one was another, or where the memory
of the last quarter is over that of the second by more than a tenth.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PORT = 8948
GOOD = {"python": "3.11", "chip": "m1"}
PACKAGES = ("pandas", "scikit-learn", "matplotlib", "tqdm", "requests", "jinja2")
LOGS = Path(__file__).parents[1] / "matrix" / "symptoms"
FULL = {429, 503}
"""What is answered where there is no room, or where a worker was just lost."""

LATE = {200, 504, *FULL}
"""On a computer with other work five seconds may be too short, as the workers are nice."""


class Client:
    """One kind of client: its address, what it does once, and what came of it."""

    def __init__(self, name: str, number: int, do: Callable[[Client], None]) -> None:
        self.name = name
        self.source = f"127.0.1.{number}"
        self.do = do
        self.statuses: Counter[int] = Counter()
        self.wrong: Counter[str] = Counter()
        self._connection: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, body: object = None, *, fine: set[int]) -> bytes:
        """The answer's body; a status that is not fine is noted."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection(
                "127.0.0.1", PORT, timeout=120, source_address=(self.source, 0)
            )
        content = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json"} if content else {}
        try:
            self._connection.request(method, path, content, headers)
            answer = self._connection.getresponse()
            found = answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            self._connection = None
            self.statuses[0] += 1
            return b""
        self.statuses[answer.status] += 1
        if answer.status not in fine:
            self.wrong[f"{method} {path}: {answer.status}"] += 1
        return found

    def raw(self) -> socket.socket:
        """A bare connection."""
        return socket.create_connection(("127.0.0.1", PORT), 60, (self.source, 0))


def reads(client: Client) -> None:
    for path in random.sample(PATHS, 20):
        client.ask("GET", path, fine={200})
    client.ask("GET", f"/{random.random()}", fine={404})


def resolves(client: Client) -> None:
    day = f"2026-{random.randint(1, 10):02}-{random.randint(1, 28):02}"
    body = {**GOOD, "packages": [random.choice(PACKAGES)], "exclude_newer": day}
    client.ask("POST", "/api/v1/lock", body, fine={200, 409, 502, 504, *FULL})


def explains(client: Client) -> None:
    text = random.choice(TEXTS) * random.randint(1, 20)
    client.ask("POST", "/api/v1/explain", {"text": f"{random.random()}\n{text}"}, fine=LATE)


def checks(client: Client) -> None:
    text = f"tensorflow==2.{random.randint(5, 20)}.0\nnumpy==1.{random.randint(10, 26)}.0\n"
    body = {"name": "requirements.txt", "text": text * random.randint(1, 50), **GOOD}
    client.ask("POST", "/api/v1/check", body, fine=LATE)


def errs(client: Client) -> None:
    nonsense: tuple[object, ...] = (
        {},
        [],
        {**GOOD, "packages": ["../../x"]},
        {**GOOD, "packages": [f"x @ http://127.0.0.1:{PORT}/"]},
        {**GOOD, "chip": "\x00" * 50},
        {"text": 1, "name": "x" * 5000},
    )
    name = random.choice(("lock", "check", "explain"))
    client.ask("POST", f"/api/v1/{name}", random.choice(nonsense), fine={422, *FULL})


def drips(client: Client) -> None:
    """A body that comes too slowly, and one that is left in the middle."""
    for end in (b"", b"{"):
        with client.raw() as connection:
            head = b"POST /api/v1/check HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            connection.sendall(head + b"Content-Length: 100000\r\n\r\n{")
            time.sleep(random.random())
            connection.sendall(end)
    client.statuses[0] += 2


def floods(client: Client) -> None:
    """Headers without an end, then as many connections as there are."""
    with client.raw() as connection:
        try:
            connection.sendall(b"GET / HTTP/1.1\r\n")
            for number in range(2000):
                connection.sendall(b"x%d: %s\r\n" % (number, b"y" * 500))
        except OSError:
            client.statuses[431] += 1
    many = [client.raw() for _ in range(150)]
    for one in many:
        one.close()
    client.statuses[0] += len(many)


def memory(pid: int) -> dict[int, float]:
    """Resident megabytes of the service and of each of its processes."""
    # A child is listed under the thread that started it.
    children = [
        number
        for listed in Path(f"/proc/{pid}/task").glob("*/children")
        for number in listed.read_text().split()
    ]
    found = {}
    for number in (pid, *map(int, children)):
        try:
            text = Path(f"/proc/{number}/status").read_text()
        except OSError:
            continue
        resident = re.search(r"VmRSS:\s+(\d+)", text)
        if resident:
            found[number] = int(resident[1]) / 1024
    return found


def go_on(client: Client, end: float, pause: float) -> None:
    while time.monotonic() < end:
        try:
            client.do(client)
        except OSError:
            client.statuses[0] += 1
        time.sleep(pause * random.random() * 2)


PATHS: list[str] = []
TEXTS: list[str] = []
KINDS: tuple[Callable[[Client], None], ...] = (
    *(reads, reads, resolves, explains, checks, errs, drips, floods),
)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--cache", default=tempfile.gettempdir() + "/tfmac-lock-benchmark")
    parser.add_argument("--pause", type=float, default=0.2, help="seconds between two things")
    args = parser.parse_args()
    command = [sys.executable, "-m", "tfmac_lock", "serve", "--port", str(PORT)]
    command += ["--cache", args.cache, "--log-level", "error"]
    with subprocess.Popen(command) as service:
        try:
            return soak(service.pid, args.minutes, args.pause)
        finally:
            service.terminate()


def soak(pid: int, minutes: float, pause: float) -> int:
    probe = Client("probe", 1, reads)
    while not probe.ask("GET", "/readyz", fine={200, 503}).startswith(b"ready"):
        time.sleep(0.5)
    files = json.loads(probe.ask("GET", "/api/v1/checksums.json", fine={200}))["files"]
    PATHS.extend(f"/{one['path']}" for one in files)
    PATHS.extend(["/", "/api/v1/pairs.json", "/api/v1/combos.json", "/healthz", "/metrics"])
    TEXTS.extend(path.read_text("utf-8") for path in sorted(LOGS.glob("*.toml"))[:20])
    probe.statuses.clear()
    probe.wrong.clear()

    start, end = time.monotonic(), time.monotonic() + minutes * 60
    clients = [Client(do.__name__, number + 2, do) for number, do in enumerate(KINDS)]
    threads = [
        threading.Thread(target=go_on, args=(client, end, pause), daemon=True) for client in clients
    ]
    for thread in threads:
        thread.start()
    rows: list[tuple[float, float]] = []
    replaced: list[float] = []
    print("minutes  requests  service MB  workers MB (each)", flush=True)
    while time.monotonic() < end:
        time.sleep(min(30.0, max(0.0, end - time.monotonic())))
        seen = memory(pid)
        asked = sum(sum(client.statuses.values()) for client in clients)
        workers = [size for number, size in seen.items() if number != pid and size > 30]
        rows.append((seen[pid], sum(workers)))
        each = ", ".join(f"{size:.0f}" for size in workers)
        passed = (time.monotonic() - start) / 60
        print(f"{passed:7.1f}  {asked:8d}  {seen[pid]:10.0f}  {each}", flush=True)
        if len(rows) % 2 == 0:
            replaced.append(lose_one(pid))
    for thread in threads:
        thread.join(130)
    return tell(clients, rows, replaced)


def lose_one(pid: int) -> float:
    """Kill or stop one worker; seconds until there are as many as before without it."""
    before = {number for number, size in memory(pid).items() if number != pid and size > 30}
    lost = random.choice(sorted(before))
    os.kill(lost, random.choice((signal.SIGKILL, signal.SIGSTOP)))
    start = time.monotonic()
    while time.monotonic() - start < 60:
        now = {number for number, size in memory(pid).items() if number != pid and size > 30}
        if lost not in now and len(now) >= len(before):
            break
        time.sleep(0.02)
    return time.monotonic() - start


def tell(clients: list[Client], rows: list[tuple[float, float]], replaced: list[float]) -> int:
    """Print what came of it; the exit status."""
    for client in clients:
        print(f"{client.name:10} {dict(sorted(client.statuses.items()))}")
    wrong = sum((client.wrong for client in clients), Counter())
    for text, count in wrong.most_common():
        print(f"WRONG {count:6d} {text}")
    quarter = max(1, len(rows) // 4)
    second, last = rows[quarter : 2 * quarter] or rows, rows[-quarter:]
    before, after = (statistics.median(own for own, _ in part) for part in (second, last))
    total = sum(sum(client.statuses.values()) for client in clients)
    print(f"{total} requests; memory of the service {before:.0f} MB, at the end {after:.0f} MB")
    if replaced:
        print(
            f"{len(replaced)} workers were killed or stopped; replaced after "
            f"{statistics.median(replaced):.2f} s (median), {max(replaced):.2f} s (longest)"
        )
    return int(bool(wrong) or after > before * 1.1)


if __name__ == "__main__":
    sys.exit(main())
