"""constraints.txt: what the facts say of a pair and its companions, for ``-c``.

Source: https://pip.pypa.io/en/stable/user_guide/#constraints-files. It pins the pair and limits
what metadata leave open, so other packages can still be chosen; the lock pins everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .header import commented, header, named, sentences, wrapped
from .wheels_only import one_of_wheels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..limits import Limit, Limits


NAME = "constraints.txt"


def render(limits: Sequence[Limits], name: str = "") -> str:
    """The text of the file; its name is the usual one unless given."""
    made = one_of_wheels(limits, "constraints")
    name = name or named(NAME, made.lock)
    lines = commented(header(made.lock))
    lines += commented(
        [
            "It pins the pair and limits what the packages' own metadata leave open:",
            "",
            f"   python -m pip install -c {name} {' '.join(_pair(made))}",
            "",
        ]
    )
    lines += [f"{package.name}=={package.version}" for package in made.pair]
    for limit in made.limits:
        lines += [*commented(why(limit)), limit.requirement]
    if made.unsaid:
        lines += commented(["", "What constraints cannot say:", *sentences(made.unsaid)])
    return "\n".join(lines) + "\n"


def why(limit: Limit) -> list[str]:
    """The reasons of a limit, as lines: the first two, with their addresses where they have one."""
    texts = [
        f"{limit.package}: {reason}{f' [{source}]' if source.startswith('http') else ''}"
        for reason, source in limit.reasons[:2]
    ]
    more = len(limit.reasons[2:])
    if more:
        reasons = "reason" if more == 1 else "reasons"
        texts.append(f"{limit.package}: and {more} more {reasons} like these")
    return [line for text in texts for line in wrapped(text)]


def _pair(limits: Limits) -> list[str]:
    return [package.name for package in limits.pair]
