"""Corrected pins: the pair replaced by the best one near it, everything else kept in its bounds.

What comes out is a requirements file to lock from, not a lock: hashes and the packages that only
others ask for are the resolver's work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..matrix.base import TENSORFLOW_PACKAGES
from ..matrix.facts import METAL
from .findings import best_pair, case_of, metadata_limits
from .package_checks import within

if TYPE_CHECKING:
    from ..matrix.facts import Matrix
    from ..matrix.verdict import Pair
    from ..target import MacOSVersion, Target
    from .pins import Pin, PinFile

_LEFT_OUT = frozenset({*TENSORFLOW_PACKAGES, METAL, "tensorflow-metal-plugin", "tensorflow-deps"})
_NOT_FROM_PIP = frozenset({"python", "pip"})


def corrected(
    file: PinFile, target: Target, matrix: Matrix, *, macos: MacOSVersion | None = None
) -> str | None:
    """The text of a requirements file that passes the check, or None where no pair can be had."""
    case = case_of(file, target, macos, matrix)
    pair = best_pair(case)
    if pair is None:
        return None
    bounds = _bounds(matrix, pair)
    limits = metadata_limits(matrix, pair.package, pair.tensorflow, target)
    lines = [f"{pair.package}=={pair.tensorflow}"]
    lines += [f"{METAL}=={pair.metal}"] if pair.metal else []
    named = set()
    for pin in file.pins:
        if pin.name in _LEFT_OUT or (pin.manager == "conda" and pin.name in _NOT_FROM_PIP):
            continue
        if pin.manager == "conda" and file.complete:
            continue  # conda's own libraries are not packages of the index
        bound = bounds.get(pin.name)
        named.add(pin.name)
        if bound is not None and not (pin.version and within(bound[0], pin.version)):
            lines.append(f"{pin.name}{bound[0]}  # {bound[1]}")
        elif pin.version and not within(str(limits.get(pin.name, "")), pin.version):
            lines.append(f"{pin.name}{limits[pin.name]}  # {pair.package} requires it")
        else:
            lines.append(_as_it_was(pin))
    lines += [
        f"{package}{limit}  # {reason}"
        for package, (limit, reason) in bounds.items()
        if package not in named
    ]
    head = (
        f"# Corrected by tfmac-lock from {file.format}, for {target.chip.name} and Python "
        f"{pair.python}. To lock it:\n"
        f"#   tfmac-lock --python {pair.python} --chip {target.chip.id} -r THIS_FILE\n"
    )
    return head + "".join(f"{line}\n" for line in dict.fromkeys(lines))


def _bounds(matrix: Matrix, pair: Pair) -> dict[str, tuple[str, str]]:
    """What the matrix asks of each package for the pair, with the first reason."""
    found: dict[str, tuple[str, str]] = {}
    for bound in matrix.bounds_for(pair.tensorflow, pair.python):
        limit, reason = found.get(bound.package, ("", bound.reason))
        both = dict.fromkeys(filter(None, (*limit.split(","), bound.specifier)))
        found[bound.package] = (",".join(both), reason)
    return found


def _as_it_was(pin: Pin) -> str:
    if pin.source:
        return (
            f"{pin.name} @ {pin.source}" if "://" in pin.source else f"# {pin.name}: {pin.source}"
        )
    return f"{pin.name}=={pin.version}" if pin.version else f"{pin.name}{pin.specifier}"
