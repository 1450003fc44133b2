"""`tfmac-lock publish hashes`: the published locks' hashes against a second source."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING

from ..errors import OutsideError
from .arguments import add_command, add_index, add_shard
from .terminal import print_json, printable, say

if TYPE_CHECKING:
    import argparse

    from .arguments import Commands

ABOUT = """
Fetches files that the published locks name, and compares what their bytes come to with the hashes
in the locks, and these with what the index says now. Writes nothing but the cache, which remembers
what was fetched. Exit status 1: a hash is contradicted, or a file is gone from the index; 3: some
could not be fetched, and none of the others is at fault.
"""


def add_parser(commands: Commands) -> None:
    """Register the command beneath ``publish``."""
    parser = add_command(
        commands,
        "hashes",
        run,
        ABOUT,
        help="compare the hashes in the locks with the files themselves",
    )
    add_shard(parser)
    add_index(parser)


def run(args: argparse.Namespace) -> int:
    """Compare one file after the other."""
    from ..matrix import loading
    from ..publish.hashes import Answer, compare, files_of
    from .observer import observed_index
    from .proving import share_of

    every = files_of(loading.locks_folder())
    chosen = share_of(every, args)
    outcomes = []
    with observed_index(index_url=args.index_url, extra_index_urls=args.extra_index_url) as client:
        for number, file in enumerate(chosen, 1):
            found = compare(file, client)
            outcomes.append(found)
            said = f": {found.text}" if found.text else ""
            say(printable(f"[{number}/{len(chosen)}] {file.filename}: {found.answer}{said}"))
    counts = Counter(one.answer for one in outcomes)
    if args.json:
        print_json(
            {
                "files": len(every),
                "compared": len(chosen),
                **{answer.value: counts[answer] for answer in Answer},
                "found": [
                    {"filename": one.filename, "answer": one.answer.value, "text": one.text}
                    for one in outcomes
                    if one.answer is not Answer.AGREES
                ],
            }
        )
    else:
        numbers = ", ".join(f"{counts[answer]} {answer.value}" for answer in Answer)
        sys.stdout.write(f"{len(chosen)} of {len(every)} files: {numbers}\n")
    if counts[Answer.CONTRADICTED] or counts[Answer.GONE]:
        return 1
    return OutsideError.exit_status if counts[Answer.UNKNOWN] else 0
