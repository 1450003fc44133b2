"""How long the site takes to build, and how much it weighs.

python benchmarks/site.py
"""

from __future__ import annotations

import gzip
import time

from tfmac_lock.site.build import render_site
from tfmac_lock.site.inputs import load


def main() -> None:
    start = time.perf_counter()
    inputs = load()
    read = time.perf_counter()
    files = render_site(inputs)
    done = time.perf_counter()
    total = sum(map(len, files.values()))
    print(f"read the inputs      {read - start:6.2f} s")
    print(f"render {len(files):5} files   {done - read:6.2f} s   {total / 1e6:.1f} MB")
    static = [name for name in files if name.startswith("static/")]
    first = ["index.html", *(name for name in static if name != "static/symptoms.js")]
    plain = sum(len(files[name]) for name in first)
    packed = sum(len(gzip.compress(files[name])) for name in first)
    print(f"first page           {plain / 1e3:6.1f} kB  {packed / 1e3:.1f} kB compressed")
    assert done - start < 20
    assert plain < 200_000


if __name__ == "__main__":
    main()
