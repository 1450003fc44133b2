"""The report of the MNIST proof, checked as what it is: a file from somewhere else.

``train_mnist.py`` writes it; its JSON Schema is generated from these models. A report is
believed only as far as it is consistent: every stage of the proof is there once and in order,
``passed`` is what the stages add up to, and no figure contradicts a stage that passed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    model_validator,
)

from ..errors import InputFileError
from ..files import read_input
from . import train_mnist
from .errors import BadReport

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 1_000_000
"""A real report has some 10 kB."""

STAGES = tuple(stage.name for stage in train_mnist.PROOF_STAGES)
FAULT_STAGES = tuple(stage.name for stage in train_mnist.FAULT_STAGES)
DEFECTS = {
    stage.name: stage.defect
    for stage in (*train_mnist.PROOF_STAGES, *train_mnist.FAULT_STAGES)
    if stage.defect
}
"""The defect that a stage looks for, by the stage's name."""

MAY_REFUSE = "jit"
"""The one stage that asks for something which a device need not have."""

Short = Annotated[str, Field(max_length=200)]
Text = Annotated[str, Field(max_length=5000)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Model(BaseModel):
    """Base of all parts: what is not expected is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StageResult(Model, allow_inf_nan=False):
    """What became of one stage. ``seconds`` is its duration, 0 where it did not end by itself."""

    name: Short
    status: Literal["passed", "refused", "failed", "died", "skipped", "outside"]
    seconds: Annotated[float, Field(ge=0)]
    figures: Annotated[dict[Short, JsonValue], Field(max_length=30)]
    error: Text
    last_lines: Annotated[tuple[Text, ...], Field(max_length=train_mnist.LAST_LINES)]

    @property
    def held(self) -> bool:
        """Whether it passed, or was refused where a device may refuse."""
        return self.status == "passed" or (self.status == "refused" and self.name == MAY_REFUSE)

    def number(self, figure: str) -> float | None:
        """That figure, if it is there and a number."""
        value = self.figures.get(figure)
        return float(value) if isinstance(value, int | float) else None


class Host(Model):
    """The machine: ``release`` is that of macOS on a Mac and the kernel's elsewhere."""

    system: Short
    release: Short
    machine: Short
    chip: Short
    cores: Short


class Report(Model):
    """A whole report, of the schema version that this program writes.

    ``run`` names the run, ``trainer`` is the sha256 of the program that made it, ``contents`` that
    of what TensorFlow and its plugin installed, and ``digest`` that of the rest of the report.
    Reports of older programs have none of them.
    """

    schema_version: Literal[1]
    kind: Literal["tfmac-lock-mnist"]
    run: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None = None
    trainer: Digest | None = None
    started: AwareDatetime
    finished: AwareDatetime | None = None
    passed: bool
    device: Literal["cpu", "gpu", "auto"]
    device_used: Literal["cpu", "gpu", "unknown"]
    data: Literal["mnist", "file", "synthetic"]
    optimizer: Literal["adam", "legacy-adam"]
    python: Annotated[str, Field(pattern=r"^3\.\d{1,2}\.\d{1,2}\S{0,8}$")]
    implementation: Short
    host: Host
    packages: Annotated[dict[Short, Short], Field(max_length=2000)]
    contents: Annotated[dict[Short, Digest], Field(max_length=3)] = {}
    stages: Annotated[tuple[StageResult, ...], Field(max_length=40)]
    digest: Digest | None = None

    @model_validator(mode="after")
    def _is_consistent(self) -> Report:
        names = tuple(stage.name for stage in self.stages)
        rest = names[len(STAGES) :]
        if rest[: len(FAULT_STAGES)] == FAULT_STAGES:
            rest = rest[len(FAULT_STAGES) :]
        if names[: len(STAGES)] != STAGES or not all(name.startswith("bench-") for name in rest):
            raise ValueError(f"the stages are not those of the proof: {', '.join(names)}")
        if self.passed != all(stage.held for stage in self.stages):
            raise ValueError("'passed' is not what the stages say")
        for stage in self.stages:
            if stage.status == "passed":
                self._figures_agree(stage)
        if self.device == "gpu" and self.passed and self.device_used != "gpu":
            raise ValueError("it claims a GPU run and used none")
        return self

    def _figures_agree(self, stage: StageResult) -> None:
        """A stage that passed has the figures that made it pass."""
        agreement, matmul = train_mnist.AGREEMENT_TOLERANCE, train_mnist.MATMUL_TOLERANCE
        fault, half = train_mnist.FAULT_TOLERANCE, train_mnist.HALF_TOLERANCE
        floor = train_mnist.ACCURACY_FLOOR[self.data]
        limits = {
            "matmul": (("relative_error", 0.0, matmul),),
            "accuracy": (("accuracy", floor, 1.0),),
            "predict": (("accuracy", floor, 1.0),),
            "load": (("difference", 0.0, agreement),),
            "relu": tuple((name, 0.0, fault) for name in ("relu", "relu6", "elu")),
            "float16": (("product", 0.0, half), ("sum", 0.0, half)),
            "conv1d": (("difference", 0.0, fault),),
            "embedding": (("inside", 0.0, fault),),
            "simplernn": (("difference", 0.0, fault),),
            "jit": (("difference", 0.0, fault),),
            "momentum": (("momentum", 0.0, fault), ("nesterov", 0.0, fault)),
            "agreement": (
                ("predict_eager", 0.0, agreement),
                ("predict_cpu", 0.0, agreement),
                ("predict_numpy", 0.0, agreement),
            ),
        }
        for figure, low, high in limits.get(stage.name, ()):
            value = stage.number(figure)
            if value is None or not low <= value <= high:
                raise ValueError(
                    f"stage {stage.name} passed with {figure} = {value}, outside {low} to {high}"
                )

    @property
    def fault_stages(self) -> tuple[StageResult, ...]:
        """The stages that look for what shows in no error; none in a report of the core alone."""
        return tuple(stage for stage in self.stages if stage.name in FAULT_STAGES)

    def stage(self, name: str) -> StageResult:
        """The stage of that name; every report has all of the proof's."""
        return next(stage for stage in self.stages if stage.name == name)

    @property
    def first_failure(self) -> StageResult | None:
        """The stage that decided against the proof; None where it holds."""
        bad = [stage for stage in self.stages if not stage.held]
        return next((stage for stage in bad if stage.status != "skipped"), bad[0] if bad else None)


def read_report(path: Path) -> Report:
    """The report in that file; raises BadReport with the reason."""
    return parse(content_of(path, MAX_BYTES), Report, str(path))


def content_of(path: Path, most: int) -> bytes:
    """What a file holds that somebody hands in; raises BadReport where that is too much."""
    try:
        return read_input(path, most, ", which no report of the proof is")
    except InputFileError as error:
        raise BadReport(error.path, error.reason) from error


M = TypeVar("M", bound=BaseModel)


def parse(content: bytes | str, model: type[M], where: str) -> M:
    """The JSON as that model; raises BadReport with the first fault and its place."""
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        raise BadReport(where, first_fault(error)) from error


def first_fault(error: ValidationError) -> str:
    """The first fault with its place, and never the value that was sent."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part)[:60] for part in first["loc"])
    return f"{place}: {first['msg']}" if place else first["msg"]
