"""What a plugin makes of TensorFlow's graphs, and what its kernels compute: read off its code.

The facts stand in ``matrix/kernels/``; ``curate/kernels.py`` reads them with a disassembler.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from ..target import Arch
from .base import Fact
from .texts import AtLeastOne, PackageName, Series, Sha256, VersionText

Activation = Literal["Relu", "Relu6", "Elu", "LeakyRelu", "Tanh", "Sigmoid", "Gelu"]
"""TensorFlow's activation operations that are looked for."""


class Runs(StrEnum):
    """When a plugin's remapper rewrites graphs.

    ``DEFAULT`` unless ``variable`` has ``value``; ``ON_REQUEST`` only where it has.
    """

    DEFAULT = "default"
    ON_REQUEST = "on request"
    NEVER = "never"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fusion(Fact):
    """A product with bias and activation that a plugin makes one operation, and its kernel.

    ``fuses`` are the activations that the remapper looks for; each of them is ``applied`` by the
    kernel, ``left_out`` by it, or ``undecided``. ``types`` are the element types that the kernel
    is built for, ``computes`` the MPSGraph selectors that its functions send, ``calls`` the
    plugin's functions that TensorFlow calls and that launch the graph. ``by_register`` counts
    the calls in all of them that go through a register.
    """

    contraction: str
    operation: str
    kernel: str
    types: tuple[str, ...]
    found_by: str
    fuses: tuple[Activation, ...]
    applied: tuple[Activation, ...]
    left_out: tuple[Activation, ...]
    undecided: tuple[Activation, ...]
    computes: tuple[str, ...]
    calls: tuple[str, ...]
    by_register: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernels(Fact):
    """The code of one plugin image.

    ``sha256`` are the libraries that say so, ``pythons`` the series whose wheels hold them.
    ``optimizer`` is the function that TensorFlow calls with each graph, None where the plugin
    registers none; ``turns_off`` are TensorFlow's own optimizers that it asks to leave out, None
    where that could not be read. ``rewrites`` are the patterns that its remapper looks for.
    """

    package: PackageName
    version: VersionText
    arch: Arch
    pythons: Annotated[tuple[Series, ...], AtLeastOne()]
    sha256: Annotated[tuple[Sha256, ...], AtLeastOne()]
    optimizer: str | None = None
    turns_off: tuple[str, ...] | None = None
    remapper: str | None = None
    runs: Runs
    variable: str | None = None
    value: str | None = None
    rewrites: tuple[str, ...] = ()
    fusions: tuple[Fusion, ...] = ()

    @property
    def left_out(self) -> tuple[Fusion, ...]:
        """The fusions whose kernel leaves an activation out that the remapper gives it."""
        return tuple(fusion for fusion in self.fusions if fusion.left_out)

    @property
    def is_free(self) -> bool:
        """Whether every fusion was read and applies what it is given."""
        return all(not (fusion.left_out or fusion.undecided) for fusion in self.fusions)

    @property
    def switch(self) -> str | None:
        """The setting that keeps the remapper from running, ``NAME=VALUE``."""
        if self.runs is not Runs.DEFAULT or self.variable is None:
            return None
        return f"{self.variable}={self.value}"


def sentence(kernels: Kernels) -> str | None:
    """What the code says of a fault, in one sentence; None where it has none."""
    if not kernels.left_out:
        return None
    faults = "; ".join(
        f"{fusion.contraction} with a bias and {_listed(fusion.left_out)} becomes one operation "
        f"({fusion.operation}), whose kernel computes product and bias and never the activation"
        for fusion in kernels.left_out
    )
    when = {
        Runs.DEFAULT: f" unless {kernels.switch} is set" if kernels.switch else "",
        Runs.ON_REQUEST: f", only where {kernels.variable}={kernels.value} is set",
    }.get(kernels.runs, "")
    return f"in compiled graphs{when}: {faults}"


def _listed(names: tuple[str, ...]) -> str:
    return " or ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else names[0]
