"""How fast the service answers, with wrk on loopback.

    python benchmarks/serve.py [--minutes 10] [--cache DIR]

Four parts: published files alone; a live resolve with a warm cache; fifty resolves at once beside
published files; and mixed load over some minutes while the memory is watched.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
from soak import memory

PORT = 8947
ADDRESS = f"http://127.0.0.1:{PORT}"
FILES = ("locks/{id}/requirements.txt", "api/v1/locks/{id}.json", "api/v1/pairs.json", "")
EXTRA = ("pandas", "scikit-learn", "matplotlib", "scipy", "pillow", "tqdm", "requests", "jinja2")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--cache", default=tempfile.gettempdir() + "/tfmac-lock-benchmark")
    args = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("there is no wrk; apt-get install wrk")
    command = [sys.executable, "-m", "tfmac_lock", "serve", "--port", str(PORT), "--cache"]
    command += [args.cache, "--per-client", "100", "--log-level", "warning"]
    with subprocess.Popen(command) as service:
        try:
            wait_until_ready()
            run(service.pid, args.minutes)
        finally:
            service.terminate()


def run(pid: int, minutes: float) -> None:
    combos = httpx2.get(f"{ADDRESS}/api/v1/combos.json").json()["combos"]
    name = combos[0]["id"]
    for path in FILES:
        rate, p50, p99 = wrk(f"{ADDRESS}/{path.format(id=name)}", seconds=10)
        print(f"GET /{path:32} {rate:8.0f} requests/s  p50 {p50:6.2f} ms  p99 {p99:6.2f} ms")
    lock({"packages": ["pandas"]})
    times = [lock({"packages": ["pandas"], "chip": chip}) for chip in ("m2", "m3", "m4", "m1-pro")]
    print(f"live resolve, warm                {statistics.median(times):.2f} s")
    beside_resolves(name)
    mixed(pid, name, minutes)


def beside_resolves(name: str) -> None:
    """Fifty different resolves at once, and what published files take meanwhile."""
    chips = ("m1", "m2", "m3", "m4", "m5")
    asked = [{"packages": [EXTRA[n % 8]], "chip": chips[n % 5]} for n in range(40)]
    asked += [{"packages": [EXTRA[n], EXTRA[n - 1]]} for n in range(8)]
    asked += [{"metal": "none"}, {"metal": "none", "chip": "m2"}]
    url = f"{ADDRESS}/locks/{name}/requirements.txt"
    # In a process of its own, so that it measures the service and not these fifty threads.
    watch = subprocess.Popen(
        ["wrk", "-t1", "-c4", "-d10s", "--latency", url], stdout=subprocess.PIPE, text=True
    )
    start = time.perf_counter()
    with httpx2.Client(timeout=60) as client, ThreadPoolExecutor(50) as pool:
        statuses = list(pool.map(lambda request: status_of(request, client), asked))
    took = time.perf_counter() - start
    told = watch.communicate()[0]
    p99 = re.search(r"99%\s+(\S+)", told)
    longest = re.search(r"Latency\s+\S+\s+\S+\s+(\S+)", told)
    assert p99
    assert longest
    print(
        f"50 resolves at once took {took:.1f} s ({tally(statuses)}); published files meanwhile: "
        f"p99 {p99[1]}, longest {longest[1]}"
    )


def mixed(pid: int, name: str, minutes: float) -> None:
    """Published files, resolves and refusals for some minutes, with the memory as it goes."""
    end = time.monotonic() + minutes * 60
    number = 0
    while time.monotonic() < end:
        round_end = min(end, time.monotonic() + 30)
        while time.monotonic() < round_end:
            number += 1
            wrk(f"{ADDRESS}/locks/{name}/requirements.txt", seconds=2)
            status_of({"packages": [EXTRA[number % 8]], "exclude_newer": day(number)})
            status_of({"packages": ["../../x"]})
        seen = memory(pid)
        own = seen.pop(pid)
        left = max(0, end - time.monotonic()) / 60
        print(f"  {left:4.1f} min left: service {own:.0f} MB, workers {sum(seen.values()):.0f} MB")


def day(number: int) -> str:
    return f"2026-{number % 10 + 1:02}-{number % 28 + 1:02}"


def lock(request: dict[str, object]) -> float:
    start = time.perf_counter()
    assert status_of(request) == 200
    return time.perf_counter() - start


def status_of(request: dict[str, object], client: httpx2.Client | None = None) -> int:
    body = {"python": "3.11", "chip": "m1", **request}
    post = client.post if client else httpx2.post
    return post(f"{ADDRESS}/api/v1/lock", json=body, timeout=60).status_code


def tally(statuses: list[int]) -> str:
    return json.dumps({str(status): statuses.count(status) for status in sorted(set(statuses))})


def wrk(url: str, *, seconds: int) -> tuple[float, float, float]:
    """Requests a second, and the 50th and 99th percentile in milliseconds."""
    done = subprocess.run(
        ["wrk", "-t1", "-c32", f"-d{seconds}s", "--latency", "-H", "Accept-Encoding: gzip", url],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Non-2xx" not in done.stdout, done.stdout
    found = {key: re.search(rf"{key}\s+([\d.]+)(us|ms|s)", done.stdout) for key in ("50%", "99%")}
    unit = {"us": 0.001, "ms": 1.0, "s": 1000.0}
    times = [float(row[1]) * unit[row[2]] for row in found.values() if row]
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    assert rate is not None
    return float(rate[1]), times[0], times[1]


def wait_until_ready() -> None:
    for _ in range(300):
        try:
            if httpx2.get(f"{ADDRESS}/readyz").status_code == 200:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.2)
    sys.exit("the service did not get ready")


if __name__ == "__main__":
    main()
