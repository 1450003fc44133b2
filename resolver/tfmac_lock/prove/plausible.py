"""Whether one report from a Mac can be true: program, Mac, clocks, times, figures, devices.

Every check yields what stands against the report; one objection is enough to refuse it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from typing import TYPE_CHECKING

from ..target import MacOSVersion
from . import train_mnist
from .report import FAULT_STAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..target import Chip
    from .known import Known
    from .report import Report


class Doubt(Enum):
    """What may stand against a report; the value says it in short."""

    R01 = "it was changed after the program wrote it"
    R02 = "it was made by another program"
    R03 = "it is not a whole proof"
    R04 = "it names a person or a folder"
    R05 = "there is no such Mac"
    R06 = "its clocks do not agree"
    R07 = "its times do not agree"
    R08 = "its figures are not those of this network on MNIST"
    R09 = "its devices do not agree"
    R10 = "its reports are not of one Mac and one environment"
    R11 = "it is not of a published lock"
    R12 = "it is not of the release's own files"
    R13 = "it is filed already"
    R14 = "it is a copy of another run with something changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """What stands against a report."""

    doubt: Doubt
    text: str

    def __str__(self) -> str:
        return f"{self.doubt.name} {self.doubt.value}: {self.text}"


def _program(report: Report, known: Known) -> Iterator[Objection]:
    if report.trainer not in known.trainers or report.run is None:
        yield Objection(
            doubt=Doubt.R02,
            text=f"train_mnist.py has the sha256 {report.trainer or 'unknown'}, which is that of "
            "no released one; take the newest tfmac-lock",
        )


def _whole(report: Report, known: Known) -> Iterator[Objection]:  # noqa: ARG001 - one of several
    names = [stage.name for stage in report.fault_stages]
    if names != list(FAULT_STAGES):
        yield Objection(doubt=Doubt.R03, text="the stages that look for silent faults are missing")
    if report.data == "synthetic" or report.stage("data").status != "passed":
        return  # evidence_of_mac says so
    figures = report.stage("data").figures
    if (figures.get("train_images"), figures.get("test_images")) != (60000, 10000):
        yield Objection(doubt=Doubt.R03, text="it did not train on all of MNIST")


PERSONAL = re.compile(
    r"/(?:Users|home|private|var/folders|Volumes)/|[\w.+-]+@[\w-]+\.\w|\.local\b|Mac(?:Book|Studio)"
)
"""A folder of somebody's, an e-mail address, the name of a machine."""


def _impersonal(report: Report, known: Known) -> Iterator[Objection]:  # noqa: ARG001
    texts = [report.host.chip, report.host.release]
    for stage in report.stages:
        texts += [stage.error, *stage.last_lines, *(str(value) for value in stage.figures.values())]
    if any(PERSONAL.search(text) for text in texts):
        yield Objection(doubt=Doubt.R04, text="take that out by running the newest tfmac-lock")


APPLE = re.compile(r"Apple (M\d{1,2})(?: (Pro|Max|Ultra))?( \(Virtual\))?")
INTEL = re.compile(r"(?:Intel\(R\) )?(?:Core|Xeon).{1,60}|Intel\(R\).{1,60}")


def _mac(report: Report, known: Known) -> Iterator[Objection]:
    def no(text: str) -> Objection:
        return Objection(doubt=Doubt.R05, text=text)

    host = report.host
    apple = APPLE.fullmatch(host.chip)
    if host.system != "Darwin" or not (apple or INTEL.fullmatch(host.chip)):
        yield no(f"{host.system} on {host.chip!r}")
        return
    if host.machine != ("arm64" if apple else "x86_64"):
        yield no(f"an {host.machine} Python on {host.chip}: a native one is needed")
        return
    chip = _chip(known, apple)
    release = re.fullmatch(r"(\d{2})\.(\d{1,2})(?:\.\d{1,2})?", host.release)
    majors = {row.major for row in known.matrix.platforms.macos}
    if chip is None or release is None or int(release[1]) not in majors:
        yield no(f"{host.chip} with macOS {host.release}")
        return
    macos = MacOSVersion(int(release[1]), int(release[2]))
    if macos < chip.first_macos or (chip.last_macos and macos.major > chip.last_macos):
        yield no(f"{host.chip} does not run macOS {host.release}")
    if not re.fullmatch(r"[1-9]\d?", host.cores) or (apple and int(host.cores) < 2):
        yield no(f"{host.cores} cores")


def _chip(known: Known, apple: re.Match[str] | None) -> Chip | None:
    if apple is None:
        wanted = "intel"
    else:
        wanted = "-".join(part.lower() for part in apple.groups()[:2] if part)
    return next((chip for chip in known.matrix.platforms.chips if chip.id == wanted), None)


def _clocks(report: Report, known: Known) -> Iterator[Objection]:
    def no(text: str) -> Objection:
        return Objection(doubt=Doubt.R06, text=text)

    if report.finished is None or report.finished < report.started:
        yield no("it does not end after it begins")
        return
    if report.finished > known.now + timedelta(hours=1):
        yield no(f"it ended in the future: {report.finished.isoformat()}")
    if report.started < known.now - timedelta(days=400):
        yield no(f"it is over a year old: {report.started.date()}")
    day = report.started.date()
    for package in ("tensorflow", "tensorflow-macos", "tensorflow-metal"):
        version = report.packages.get(package)
        there = known.uploaded(package, version) if version and is_version(version) else None
        if there is not None and day < there:
            yield no(f"{package} {version} was not there before {there}")
    major = re.match(r"\d{1,3}", report.host.release)
    released = known.macos_released.get(int(major[0])) if major else None
    # Betas are out in June of the year before.
    if isinstance(released, date) and day < released - timedelta(days=150):
        yield no(f"macOS {report.host.release} was not there before {released}")


def is_version(text: str) -> bool:
    """Whether the text is a version in its plain form."""
    return re.fullmatch(r"\d+(\.\d+)*((a|b|rc|\.post)\d+)?", text) is not None


SLACK = 15.0
"""Seconds that whole seconds of a clock and the start of a process may make."""


def _times(report: Report, known: Known) -> Iterator[Objection]:  # noqa: ARG001
    def no(text: str) -> Objection:
        return Objection(doubt=Doubt.R07, text=text)

    if report.finished is None:
        return
    whole = (report.finished - report.started).total_seconds()
    added = sum(stage.seconds for stage in report.stages)
    if added > whole + SLACK:
        yield no(f"its stages take {added:.0f} s and the whole {whole:.0f} s")
    if report.passed and whole > 3 * added + 300:
        yield no(f"the whole took {whole:.0f} s, and its stages {added:.0f} s")
    train = report.stage("train")
    fit = train.number("fit_seconds")
    if train.status == "passed" and (fit is None or not 0.5 <= fit <= train.seconds + 0.01):
        # 9,375 steps: no computer takes less than a twentieth of a millisecond for one.
        yield no(f"training took {fit} s of the stage's {train.seconds} s")
    measured = [s.seconds for s in report.stages if s.status == "passed"]
    if len(measured) > 4 and len(set(measured)) == 1:
        yield no("every stage took the same time")


HIGHEST_ACCURACY = 0.99
"""Five epochs of this network end at 0.976 to 0.981 on MNIST."""


def _figures(report: Report, known: Known) -> Iterator[Objection]:  # noqa: ARG001
    def no(text: str) -> Objection:
        return Objection(doubt=Doubt.R08, text=text)

    accuracy = report.stage("accuracy").number("accuracy")
    if report.stage("accuracy").status == "passed" and report.data != "synthetic":
        if accuracy is None or accuracy > HIGHEST_ACCURACY:
            yield no(f"an accuracy of {accuracy}")
        predicted = report.stage("predict").number("accuracy")
        if accuracy and predicted and abs(accuracy - predicted) > 0.005:
            yield no(f"evaluate finds {accuracy}, predict {predicted}")
    train = report.stage("train")
    losses = train.figures.get("losses")
    if train.status == "passed":
        numbers = losses if isinstance(losses, list) else []
        if len(numbers) != train_mnist.EPOCHS or not all(
            isinstance(loss, int | float) and 0 < loss < 5 for loss in numbers
        ):
            yield no(f"losses of {str(losses)[:80]}")
        elif not float(numbers[-1]) < float(numbers[0]):  # type: ignore[arg-type]  # numbers, as seen above
            yield no("the loss does not fall")


def _devices(report: Report, known: Known) -> Iterator[Objection]:  # noqa: ARG001
    def no(text: str) -> Objection:
        return Objection(doubt=Doubt.R09, text=text)

    if report.device == "auto":
        yield no("name the device")
    stage = report.stage("devices")
    gpus = stage.figures.get("gpus")
    if stage.status == "passed":
        if stage.figures.get("used") != report.device_used:
            yield no("two stages name two devices")
        if not isinstance(gpus, list) or any(
            not re.fullmatch(r"/physical_device:GPU:\d", str(gpu)) for gpu in gpus
        ):
            yield no(f"GPUs named {str(gpus)[:80]}")
        elif gpus and "tensorflow-metal" not in report.packages:
            yield no("a GPU without the plugin")
        elif report.device_used == "gpu" and not gpus:
            yield no("the GPU was used and is not listed")
    where = str(report.stage("matmul").figures.get("device", ""))
    if where and ("GPU" in where) != (report.device_used == "gpu"):
        yield no(f"the product was computed on {where[:80]!r}")


CHECKS: tuple[Callable[[Report, Known], Iterator[Objection]], ...] = (
    _program,
    _whole,
    _impersonal,
    _mac,
    _clocks,
    _times,
    _figures,
    _devices,
)
"""The checks of one report, in the order of their codes."""
