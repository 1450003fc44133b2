"""Conda's records and the wheels together: what conda brings is fixed for the wheels.

First the wheels are solved by themselves, so that conda can be asked for the same versions of
what both could bring; then conda; then the wheels around what conda brings. Where that has no
answer, the next candidate of the conda package at fault is tried.
"""

from __future__ import annotations

import contextlib
import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..matrix.reasons import Reason
from ..resolve.conflict import Unsatisfiable
from ..resolve.provider import Facts, UnusableFile, limit_of
from ..resolve.requirement import ByUser, Requirement, only
from ..resolve.solve import solve
from ..target import PythonVersion
from .channels import CONDA_FORGE
from .errors import NoCondaSolution, NoSha256
from .solve import MAX_TRIES, NATIVE, CondaRequest, CondaSolution, Excluded, solve_conda

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from packaging.utils import NormalizedName

    from ..resolve.provider import Rules
    from ..resolve.solve import Solution, Solved
    from ..target import Target
    from .client import CondaClient
    from .state import ChannelState

CHOSEN_PAIR = ("tensorflow", "tensorflow-base", "tensorflow-macos", "tensorflow-metal")
"""What never comes from conda: the matrix speaks of the wheels, and two of one cannot be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedSolution:
    """A solution: the target with conda's Python, conda's records, and the wheels.

    ``native`` are the distributions of ``NATIVE`` that come from conda, ``because`` those that
    have no wheel, where that was the reason.
    """

    target: Target
    conda: CondaSolution
    wheels: Solution
    channels: tuple[ChannelState, ...]
    because: tuple[str, ...]

    @property
    def notes(self) -> tuple[Reason, ...]:
        """What is to be said of what comes from conda."""
        native = [
            f"{name} {version}" for name, version in self.conda.given.items() if name in NATIVE
        ]
        if not native:
            return ()
        why = ""
        if self.because:
            why = f", because the index has no wheel of {' and '.join(self.because)} for the target"
        text = f"{', '.join(native)} from conda{why}"
        return (Reason(kind="conda", text=text, source=self.channels[0].url),)


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaPart:
    """The channels and what is wanted of them.

    ``specs`` are the user's (``--conda``); ``native`` takes numpy, h5py, protobuf and grpcio
    from conda as far as the bounds allow. ``undated`` lets files in whose channel tells no date,
    where newer ones than some day are left out.
    """

    client: CondaClient
    specs: tuple[str, ...] = ()
    native: bool = False
    undated: bool = False
    because: tuple[str, ...] = ()

    @property
    def options(self) -> str:
        """The options of the command line that ask for the same again."""
        names = [channel.name for channel in self.client.channels]
        words = [
            *(["--native conda"] if self.native and not self.because else []),
            *(f"--conda {shlex.quote(spec)}" for spec in self.specs),
            *(f"--channel {shlex.quote(name)}" for name in names if names != [CONDA_FORGE.name]),
        ]
        return " ".join(words or ["--format conda-lock"])

    def solve(
        self,
        rules: Rules,
        roots: Sequence[Requirement],
        *,
        python: PythonVersion,
        before: datetime | None,
        ahead: bool,
        rules_for: Callable[[Target], Rules],
    ) -> MixedSolution:
        """Records and wheels for the rules' target; raises Unsatisfiable and NoCondaSolution.

        ``rules_for`` gives the same rules for the target with the Python that conda brings.
        """
        target = rules.view.target
        alone = self._alone(rules, roots, ahead=ahead)
        request = CondaRequest(
            python=python,
            specs=self.specs,
            native=NATIVE if self.native else (),
            needs=tuple(certain_requirements(rules, roots)),
            banned=CHOSEN_PAIR,
            before=before,
            undated=self.undated,
        )
        excluded = Excluded()
        first: Unsatisfiable | None = None
        for _ in range(MAX_TRIES):
            try:
                conda = self._like(alone, target, request, excluded)
            except (NoCondaSolution, NoSha256):
                if first is not None:
                    raise first from None
                raise
            exact = replace(target, python=PythonVersion.parse(conda.python))
            around = replace(rules_for(exact), given=conda.given)
            try:
                wheels = solve(around, roots, ahead=ahead)
            except Unsatisfiable as error:
                first = first or error
                at_fault = [conda.holders[name] for name in error.names if name in conda.holders]
                if not at_fault:
                    raise
                for record in at_fault:
                    excluded.add(record)
                continue
            names = [record.name for record in conda.records]
            return MixedSolution(
                target=exact,
                conda=conda,
                wheels=wheels,
                channels=self.client.state(exact, names, before=before, undated=self.undated),
                because=self.because,
            )
        assert first is not None
        raise first

    def _alone(
        self, rules: Rules, roots: Sequence[Requirement], *, ahead: bool
    ) -> Mapping[NormalizedName, Solved]:
        """The wheels without conda; nothing where conda must help for there to be an answer."""
        try:
            return solve(rules, roots, ahead=ahead).packages
        except Unsatisfiable:
            if self.native or self.specs:
                return {}
            raise

    def _like(
        self,
        alone: Mapping[NormalizedName, Solved],
        target: Target,
        request: CondaRequest,
        excluded: Excluded,
    ) -> CondaSolution:
        """Conda's solution, with the versions of the wheels wherever the channel has them."""
        plain = solve_conda(self.client, target, request, excluded)
        other = {
            plain.holders[name].name: (name, str(alone[name].version))
            for name, version in plain.given.items()
            if name in alone and alone[name].version != version
        }
        offered = self.client.versions(target, other) if other else {}
        why = ByUser("the version that the wheels have", chosen=True)
        same = [
            only(name, version, why)
            for conda_name, (name, version) in other.items()
            if version in offered[conda_name]
        ]
        if not same:
            return plain
        everything = self._with(same, plain, target, request, excluded)
        if everything is not None or len(same) == 1:
            return everything or plain
        best = plain
        taken: list[Requirement] = []
        for one in same:
            found = self._with([*taken, one], plain, target, request, excluded)
            if found is not None:
                best = found
                taken.append(one)
        return best

    def _with(
        self,
        same: Iterable[Requirement],
        plain: CondaSolution,
        target: Target,
        request: CondaRequest,
        excluded: Excluded,
    ) -> CondaSolution | None:
        """The solution with these versions and the same natives from conda, if there is one."""
        wanted = replace(
            request,
            needs=(*request.needs, *same),
            native=tuple(name for name in request.native if name in plain.given),
            all_native=True,
        )
        try:
            return solve_conda(self.client, target, wanted, excluded)
        except (NoCondaSolution, NoSha256):
            return None


def without_wheel(error: Unsatisfiable) -> tuple[str, ...]:
    """The native package in a conflict, the most needed one, of which no wheel fits."""
    return tuple(name for name in NATIVE if name in error.lacking)[:1]


def certain_requirements(rules: Rules, roots: Iterable[Requirement]) -> list[Requirement]:
    """The requirements that hold in every solution: the roots', and those of what is pinned.

    All limits belong to them as well, since each holds for whatever brings the package.
    """
    facts = Facts(rules, roots)
    found: dict[Requirement, None] = {}
    chosen = ByUser(f"the chosen pair, {rules.options[0].pair}", chosen=True)
    queue = [only(name, version, chosen) for name, version in rules.options[0].pins.items()]
    queue += facts.asked
    while queue:
        item = queue.pop(0)
        if item in found:
            continue
        found[item] = None
        if not item.is_exact or item.name in rules.given:
            continue
        for place in list(facts.admitted(item).places())[:1]:
            for extra in ("", *sorted(item.extras)):
                with contextlib.suppress(UnusableFile):  # the wheels' own search tells of it
                    queue += facts.requires(item.name, place, extra)
    limits = [*rules.constraints, *map(limit_of, rules.bounds)]
    return list(dict.fromkeys([*found, *limits]))
