"""What the probe reported, and what it means: which switch keeps the optimizer from what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import BadReport

if TYPE_CHECKING:
    from pathlib import Path

    from ...matrix.switches import Shown

M = TypeVar("M", bound=BaseModel)

CHAIN = "MatMul+BiasAdd+Relu"
"""The three operations that a remapper makes one of, and whose ReLU the stand-in drops."""

RIGHT = 1e-3
"""A result that is further off than this is wrong; rounding in float stays below 1e-4."""

USES = ("call", "function", "fit", "predict")

_OPTIONS = "tf.config.optimizer.set_experimental_options"

CODE = {
    "none": "nothing switched",
    "disable_meta_optimizer": f"{_OPTIONS}({{'disable_meta_optimizer': True}})",
    "use_plugin_optimizers": f"{_OPTIONS}({{'use_plugin_optimizers': False}})",
    "min_graph_nodes": f"{_OPTIONS}({{'min_graph_nodes': 1000000}})",
    "disable_model_pruning": f"{_OPTIONS}({{'disable_model_pruning': True}})",
    "all-toggles": f"{_OPTIONS} with each of its switches False",
    "run_functions_eagerly": "tf.config.run_functions_eagerly(True)",
    "run_eagerly": "model.compile(..., run_eagerly=True)",
    "jit_compile=False": "model.compile(..., jit_compile=False)",
    "jit_compile=True": "model.compile(..., jit_compile=True)",
    "activation-layer": "Dense(n), Activation('relu')",
    "relu-layer": "Dense(n), ReLU()",
    "maximum": "Dense(n, activation=lambda x: tf.maximum(x, 0.0))",
    "no-bias": "Dense(n, activation='relu', use_bias=False)",
    "hide-gpu": "tf.config.set_visible_devices([], 'GPU')",
}
"""What a user writes for the switch of that id."""


def code_of(switch: str) -> str:
    """What a user writes for that switch: a line of Python, or a variable of the environment."""
    if switch in CODE or "=" in switch:
        return CODE.get(switch, switch)
    return f"{_OPTIONS}({{'{switch}': False}})"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Use(_Model):
    """One use of a model: how often the optimizer was called, what it was shown, the result."""

    calls: Annotated[int, Field(ge=0)]
    shown: dict[str, int]
    products: int
    off: float | None
    error: str

    @property
    def outcome(self) -> Shown:
        """What became of the optimizer."""
        if self.error:
            return "failed"
        if not self.calls:
            return "not-called"
        return "shown" if self.shown.get(CHAIN) else "not-shown"

    @property
    def consistent(self) -> bool:
        """Whether the result is wrong exactly where the optimizer was shown the chain."""
        if self.off is None or self.error:
            return True
        return (self.off > RIGHT) == (self.outcome == "shown")


class OwnOptimizer(_Model):
    """What TensorFlow's own optimizers left of a layer."""

    shown: dict[str, int]
    error: str


class ProbeReport(_Model):
    """The whole report of ``probe.py``."""

    schema_version: Literal[1]
    tensorflow: str
    python: str
    devices: tuple[str, ...]
    cases: dict[str, dict[str, Use]]
    activations: dict[str, dict[str, int]]
    own_optimizers: dict[str, dict[str, OwnOptimizer]]
    optimizers: dict[str, str]


class CostsReport(_Model):
    """The whole report of ``costs.py``: by switch and use, the least seconds of the CPU."""

    schema_version: Literal[1]
    seconds: dict[str, dict[str, Annotated[float, Field(gt=0)]]]

    def ratio(self, switch: str, use: str) -> float | None:
        """How many times the seconds of the same work with nothing switched.

        One decimal: what comes behind it differs from run to run.
        """
        mine = self.seconds.get(switch, {}).get(use)
        return round(mine / self.seconds["none"][use], 1) if mine else None


def read_probe(path: Path) -> ProbeReport:
    """The probe's report; raises BadReport where it is damaged or contradicts itself."""
    report = _read(path, ProbeReport)
    for switch, uses in report.cases.items():
        if set(uses) != set(USES):
            raise BadReport(str(path), f"{switch}: {', '.join(uses)} instead of the four uses")
        for name, use in uses.items():
            if not use.consistent:
                raise BadReport(
                    str(path),
                    f"{switch}, {name}: off by {use.off} although the chain was {use.outcome}",
                )
    return report


def read_costs(path: Path) -> CostsReport:
    """The report of the costs; raises BadReport where it is damaged."""
    return _read(path, CostsReport)


def _read(path: Path, model: type[M]) -> M:
    try:
        return model.model_validate_json(path.read_bytes())
    except OSError as error:
        raise BadReport(str(path), error.strerror or str(error)) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadReport(str(path), f"{where}: {first['msg']}") from error
