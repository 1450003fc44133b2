"""Resolving anew for the main command: the index, the files that the user names, the request."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from ..conda.mixed import without_wheel
from ..errors import UsageError
from ..lock import published
from ..lock.make import LockRequest, Resolver
from ..matrix import loading
from ..matrix.facts import specifier
from ..matrix.ranking import NoCombo, PairRequest, TensorFlowRequest
from ..publish.locks import end_of
from ..pypi.cache import Cache, default_folder
from ..pypi.client import IndexClient
from ..pypi.config import IndexConfig
from ..resolve.requirements_in import Options, read_file, read_with
from ..resolve.solve import Unsatisfiable
from ..target import MacOSVersion, Os, Target
from .lock import wants_conda
from .talk import Talk
from .terminal import has_bars

if TYPE_CHECKING:
    import argparse

    from packaging.utils import NormalizedName

    from ..lock.model import Lock
    from ..resolve.requirement import Need
    from ..target import Chip, Platforms, PythonVersion


def make(
    args: argparse.Namespace,
    platforms: Platforms,
    chip: Chip,
    python: PythonVersion,
    macos: MacOSVersion | None,
    *,
    with_conda: Lock | None = None,
) -> Lock:
    """The lock for the options, resolved now.

    ``with_conda`` is a published lock that answers the same request with a conda half, for
    where wheels alone cannot.
    """
    try:
        return _make(args, platforms, chip, python, macos)
    except NoCombo as error:
        if with_conda is not None:
            raise OnlyWithConda(error, with_conda) from error
        conflict = error.__cause__
        if wants_conda(args) or not isinstance(conflict, Unsatisfiable):
            raise
        if names := " and ".join(without_wheel(conflict)):
            error.text += f"\nconda-forge may well have {names} for it: add --format conda-lock"
        raise


class OnlyWithConda(NoCombo):
    """Wheels alone cannot serve the request, and a published lock with a conda half does."""

    def __init__(self, refusal: NoCombo, lock: Lock) -> None:
        super().__init__(refusal.text, refusal.nearest, refusal.machine)
        self.command = f"tfmac-lock {lock.command}"

    @property
    def commands(self) -> list[str]:
        """The command lines that have an answer, the one with conda first."""
        return [self.command, *super().commands]

    def __str__(self) -> str:
        with_conda = f"{self.text}\nWith conda it can be had:\n  {self.command}"
        return str(NoCombo(with_conda, self.nearest, self.machine))


def _make(
    args: argparse.Namespace,
    platforms: Platforms,
    chip: Chip,
    python: PythonVersion,
    macos: MacOSVersion | None,
) -> Lock:
    matrix = loading.matrix()
    target = Target(
        python=platforms.python_for(python, chip.arch),
        chip=chip,
        macos=macos or chip.first_macos,
        os=Os(args.os),
        darwin=platforms.darwin(macos or chip.first_macos),
    )
    said = Options()
    needs, constraints = _needs(args, target, said)
    before = _before(args.exclude_newer)
    wish = PairRequest(
        python=python,
        chip=chip,
        macos=macos,
        any_minor=bool(args.macos) and "." not in args.macos,
        os=Os(args.os),
        tensorflow=TensorFlowRequest.parse(args.tensorflow)
        if args.tensorflow
        else TensorFlowRequest(),
        metal=_metal(args.metal),
        extra=frozenset(item.name for item in needs),
    )
    request = LockRequest(
        wish=wish,
        needs=tuple(needs),
        constraints=tuple(constraints),
        before=before,
        pre=said.pre,
        wheels_only=said.wheels_only(item.name for item in needs),
        options=_options(args),
    )
    as_of = args.exclude_newer or datetime.now(tz=UTC).date().isoformat()
    config = IndexConfig.load(
        index_url=args.index_url, extra_index_urls=tuple(args.extra_index_url)
    )
    with (
        Talk(show=has_bars()) as talk,
        IndexClient(config, Cache(default_folder()), offline=args.offline, observer=talk) as client,
    ):
        for text in said.notes:
            talk.note(text)
        resolver = Resolver(
            matrix=matrix,
            source=client,
            as_of=as_of,
            ahead=not args.offline,
            likely=frozenset() if args.offline else _likely(wish),
            published=loading.locks_folder(),
        )
        if not wants_conda(args):
            return resolver.lock(request).lock
        from ..conda.channels import Channel
        from ..conda.client import CondaClient
        from ..conda.mixed import lock_with_conda

        channels = [Channel.parse(text) for text in args.channels or ["conda-forge"]]
        with CondaClient(channels, offline=args.offline, observer=talk) as conda:
            return lock_with_conda(
                resolver, request, conda, specs=args.conda_specs, native=bool(args.native)
            ).lock


def _likely(wish: PairRequest) -> frozenset[NormalizedName]:
    """The packages of the best published lock near the wish, most of which it will need too."""
    index = published.Index.within(loading.locks_folder(), wish.python.series, wish.arch)
    if not index.exists():
        return frozenset()
    locks = index.locks()
    wanted = specifier(wish.tensorflow.specifier)
    near = [lock for lock in locks if wanted.contains(lock.combo.tensorflow)] or locks
    # An index can be empty: no TensorFlow exists for Intel Macs and Python 3.13.
    return frozenset(
        canonicalize_name(package.name) for lock in near[:1] for package in lock.packages
    )


def _needs(
    args: argparse.Namespace, target: Target, said: Options
) -> tuple[list[Need], list[Need]]:
    environment = target.markers()
    needs = [need for text in args.extra if (need := read_with(text, environment)) is not None]
    for path in args.requirements:
        needs += read_file(path, environment, said)
    constraints = [need for path in args.constraints for need in read_file(path, environment, said)]
    return needs, constraints


def _before(given: str | None) -> datetime | None:
    """The moment from which on files are too new: the end of a day, or an exact time."""
    if given is None:
        return None
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", given):
            return end_of(date.fromisoformat(given))
        moment = datetime.fromisoformat(given)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"--exclude-newer {given!r} is no date; write it like 2026-01-31"
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _metal(given: str) -> str:
    if given in ("auto", "none") or re.fullmatch(r"\d+(\.\d+)*", given):
        return given
    raise UsageError(f"--metal {given!r}: write a version like 1.2.0, or auto, or none")


def _options(args: argparse.Namespace) -> str:
    """The options besides the pair, as they were given, for the header of the files."""
    parts = [f"--with {_quoted(text)}" for text in args.extra]
    parts += [f"-r {_quoted(str(path))}" for path in args.requirements]
    parts += [f"-c {_quoted(str(path))}" for path in args.constraints]
    parts += [f"--exclude-newer {args.exclude_newer}"] if args.exclude_newer else []
    return " ".join(parts)


def _quoted(text: str) -> str:
    import shlex

    return shlex.quote(text)
