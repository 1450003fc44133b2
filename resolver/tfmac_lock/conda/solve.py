"""The conda packages of a lock: Python, pip, what was asked for, and native ones if wanted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..resolve.requirement import ByUser
from .errors import NoCondaSolution, NoSha256
from .names import distribution, release
from .specs import CondaRequirement, limits_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from ..resolve.requirement import Requirement
    from ..target import PythonVersion, Target
    from .client import CondaClient
    from .records import CondaRecord

NATIVE = ("numpy", "h5py", "grpcio", "protobuf")
"""What ``tensorflow-deps`` brought from conda, most needed first: where not all of them fit
together, the later ones are left to the wheels."""

MAX_TRIES = 30
"""Conda candidates that are tried for one lock; more of them would be a search without an end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaRequest:
    """What is wanted of the channels.

    ``specs`` are the user's own. ``native`` are distributions to take from conda: as many of
    the first ones as can be had there together, or exactly these where ``all_native`` says so.
    ``needs`` limit whatever comes in. ``banned`` never comes from conda: the pair itself, of
    which the matrix knows the wheels alone. ``before`` is the moment from which on files are too
    new; ``undated`` lets those in that have no date.
    """

    python: PythonVersion
    specs: tuple[str, ...] = ()
    native: tuple[str, ...] = ()
    all_native: bool = False
    needs: tuple[Requirement, ...] = ()
    banned: tuple[str, ...] = ()
    before: datetime | None = None
    undated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaSolution:
    """The records, sorted by name, and the distributions in them by their name on the index."""

    records: tuple[CondaRecord, ...]
    given: Mapping[NormalizedName, Version]
    holders: Mapping[NormalizedName, CondaRecord]

    @property
    def python(self) -> str:
        """The full version of Python."""
        return next(record.version for record in self.records if record.name == "python")


@dataclass(slots=True)
class Excluded:
    """Versions that are out of question, by conda name."""

    versions: dict[str, set[str]] = field(default_factory=dict)

    def add(self, record: CondaRecord) -> None:
        """Leave that version of the package out from now on."""
        self.versions.setdefault(record.name, set()).add(record.version)

    def wants(self) -> list[CondaRequirement]:
        """The exclusions as limits."""
        why = ByUser("versions tried already", chosen=True)
        return [
            CondaRequirement(
                f"{name} {','.join(f'!={version}' for version in sorted(versions))}", why
            )
            for name, versions in sorted(self.versions.items())
        ]


def solve_conda(
    client: CondaClient, target: Target, request: CondaRequest, excluded: Excluded | None = None
) -> CondaSolution:
    """The newest set of records that meets the request; raises NoCondaSolution and NoSha256.

    A record without a sha256 is passed over, since a lock has one for each file.
    """
    excluded = excluded or Excluded()
    limits = [want for need in request.needs for want in limits_of(need)]
    passed_over = ""
    for _ in range(MAX_TRIES):
        try:
            records = _with_natives(client, target, request, [*limits, *excluded.wants()])
        except NoCondaSolution:
            if passed_over:
                raise NoSha256(passed_over) from None
            raise
        unlocked = [record for record in records if not record.sha256]
        if not unlocked:
            return _solution(records)
        passed_over = unlocked[0].filename
        for record in unlocked:
            excluded.add(record)
    raise NoSha256(passed_over)


def _with_natives(
    client: CondaClient, target: Target, request: CondaRequest, limits: Sequence[CondaRequirement]
) -> tuple[CondaRecord, ...]:
    """All natives at once; where that cannot be, without the last one, and so on."""
    why = ByUser("the pair, which comes as wheels", chosen=True)
    limits = [*limits, *(CondaRequirement(f"{name} <0", why) for name in request.banned)]
    count = len(request.native)
    while True:
        wants = [*_base(request), *_natives(request, request.native[:count])]
        try:
            return client.solve(
                target,
                wants,
                limits,
                before=request.before,
                undated=request.undated,
                explained=count == 0 and not request.all_native,
            )
        except NoCondaSolution:
            if request.all_native or count == 0:
                raise
            count -= 1


def _base(request: CondaRequest) -> list[CondaRequirement]:
    python = request.python
    version = str(python) if python.micro is not None else f"{python.series}.*"
    # CPython itself: neither PyPy nor a build without the GIL, for which there are no wheels.
    build = rf"^.*_(cpython|{python.tag})$"
    return [
        CondaRequirement(
            f'python {version}[build="{build}"]',
            ByUser("your Python", chosen=True),
            f"python {python}",
        ),
        CondaRequirement("pip", ByUser("the installation of the wheels", chosen=True)),
        *(CondaRequirement(spec, ByUser(f"--conda {spec}")) for spec in request.specs),
    ]


def _natives(request: CondaRequest, names: Iterable[str]) -> list[CondaRequirement]:
    needed = {need.name for need in request.needs}
    why = ByUser("native packages from conda", chosen=True)
    return [CondaRequirement(name, why) for name in names if name in needed]


def _solution(records: tuple[CondaRecord, ...]) -> CondaSolution:
    given: dict[NormalizedName, Version] = {}
    holders: dict[NormalizedName, CondaRecord] = {}
    for record in records:
        name = distribution(record.name, record.depends)
        version = release(record.version) if name else None
        if name is not None and version is not None:
            given[name] = version
            holders[name] = record
    return CondaSolution(records=records, given=given, holders=holders)
