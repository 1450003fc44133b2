"""From a lock to an environment that is known to work: the steps, and what the proof found."""

from __future__ import annotations

import shlex
import shutil
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import OutsideError, Refusal, UsageError
from ..files import beside, write_whole
from ..lock.formats.header import install_command
from ..target import Arch
from . import train_mnist

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..host import Host
    from ..lock.model import Lock
    from ..target import MacOSVersion

KERNEL = "ipykernel"
"""The package that Jupyter runs the environment with."""

MAKING, INSTALLING = "making", "installing"
"""What may be left half done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command, and what it is for; ``doing`` is what an interruption would leave half done."""

    text: str
    command: tuple[str, ...]
    doing: str = ""

    @property
    def line(self) -> str:
        """The command as one types it."""
        return shlex.join(self.command)


@dataclass(eq=False)
class StepFailed(OutsideError):
    """A step ended with an error, which it printed itself."""

    step: Step
    status: int
    template = (
        "this step failed, with exit status {status}: {step.line}\nWhat it said is "
        "above; `tfmac-lock explain` knows what many such texts mean. Run the same command again "
        "to go on."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where and how to install: ``python`` runs ``venv`` where there is no ``uv``.

    ``is_there`` tells that the environment exists already and is of the right Python, and
    ``is_half`` that the last run ended while packages were installed into it.
    """

    environment: Path
    requirements: Path
    report: Path
    uv: str | None
    python: str | None
    is_there: bool = False
    is_half: bool = False

    @property
    def interpreter(self) -> Path:
        """The environment's own Python."""
        return self.environment / "bin" / "python"


def check_mac(lock: Lock, mac: Host, arch: Arch, macos: MacOSVersion | None) -> None:
    """Raise Refusal unless this Mac can run the lock."""
    combo = lock.combo
    if combo.arch is not arch:
        raise Refusal(f"this Mac is {mac.chip} ({arch}), and the lock is for {combo.arch}")
    if combo.macos_min is not None and macos is not None and macos < combo.macos_min:
        raise Refusal(
            f"this Mac has macOS {macos}, and the lock needs {combo.macos_min} or newer; "
            "tfmac-lock without a file makes one that fits this Mac"
        )


def steps(lock: Lock, place: Place, *, jupyter: bool) -> list[Step]:
    """What is done, in order.

    Raises UsageError for a mixed lock, and where the kernel for Jupyter is not locked.
    """
    if lock.conda_packages:
        raise UsageError(
            "this lock has packages from conda: micromamba create --name tensorflow --file "
            "conda-lock.yml installs it"
        )
    made = [] if place.is_there else [_make(lock, place)]
    made.append(_install(lock, place))
    if jupyter:
        made.append(_register(lock, place))
    return made


def _make(lock: Lock, place: Place) -> Step:
    series, folder = lock.combo.python, str(place.environment)
    text = f"make {folder} with Python {series}"
    if place.uv is not None:
        machine = "aarch64" if lock.combo.arch is Arch.ARM64 else "x86_64"
        wanted = f"cpython-{series}-macos-{machine}-none"
        command: tuple[str, ...] = (place.uv, "venv", "--python", wanted, folder)
    else:
        command = (place.python or f"python{series}", "-m", "venv", folder)
    return Step(text=text, command=command, doing=MAKING)


def _install(lock: Lock, place: Place) -> Step:
    words = shlex.split(install_command(lock, shlex.quote(str(place.requirements))))
    python = str(place.interpreter)
    if place.uv is not None:
        command = (place.uv, "pip", "install", "--python", python, *words[4:])
    else:
        command = (python, *words[1:])
    if place.is_half:
        # Both take a package for installed once its metadata are there, whatever else is.
        place_of = command.index("install") + 1
        again = "--reinstall" if place.uv is not None else "--force-reinstall"
        command = (*command[:place_of], again, *command[place_of:])
    text = f"install {len(lock.wheels)} packages, each by its hash"
    return Step(text=text, command=command, doing=INSTALLING)


def _register(lock: Lock, place: Place) -> Step:
    combo = lock.combo
    if all(package.name != KERNEL for package in lock.wheels):
        raise UsageError(
            f"the lock has no {KERNEL}; make it with --with {KERNEL}, or let install make it: "
            "tfmac-lock install --jupyter"
        )
    gpu = "Metal" if combo.metal else "CPU"
    shown = f"TensorFlow {combo.tensorflow} ({gpu}, Python {combo.python})"
    name = f"tensorflow-{combo.tensorflow}-{gpu.lower()}"
    settings = [word for pair in lock.environment.items() for word in ("--env", *pair)]
    python = str(place.interpreter)
    command = (python, "-m", KERNEL, "install", "--user", "--name", name, *settings)
    return Step(
        text=f"register the Jupyter kernel {shown!r}", command=(*command, "--display-name", shown)
    )


def proof(lock: Lock, place: Place) -> Step:
    """The short proof: digits that are drawn, no download, on the device of the lock."""
    device = "gpu" if lock.combo.metal else "cpu"
    script = str(Path(train_mnist.__file__))
    options = ("--device", device, "--core", "--synthetic", "--report", str(place.report))
    text = f"train a small network on the {device.upper()} and compare what it computes"
    return Step(text=text, command=(str(place.interpreter), script, *options))


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the proof says of one question; ``passed`` is None where it was not reached."""

    name: str
    passed: bool | None
    text: str


def findings(report: Mapping[str, Any]) -> list[Finding]:
    """The answers to what people ask first: the device, a product on it, predict against eager.

    A stage that is not among them and failed is listed as well.
    """
    stages = {stage["name"]: stage for stage in report["stages"]}
    found = [
        _finding(stages["import"], "import tensorflow", "TensorFlow {version}"),
        _finding(stages["devices"], "device", "{used}, GPUs listed: {gpus}"),
        _finding(stages["matmul"], "matmul", "right to {relative_error:.1e}, on {device}"),
        _finding(stages["train"], "training", "{epochs} epochs in {fit_seconds:.1f} s"),
        _finding(stages["accuracy"], "accuracy", "{accuracy:.3f}"),
        _finding(
            stages["agreement"], "agreement", "predict and eager differ by {predict_eager:.1e}"
        ),
    ]
    listed = ("import", "devices", "matmul", "train", "accuracy", "agreement")
    found += [
        _finding(stage, name, "")
        for name, stage in stages.items()
        if name not in listed and stage["status"] not in ("passed", "skipped")
    ]
    return found


def _finding(stage: Mapping[str, Any], name: str, text: str) -> Finding:
    if stage["status"] == "passed":
        figures = {**stage["figures"]}
        if "gpus" in figures:
            figures["gpus"] = ", ".join(figures["gpus"]) or "none"
        return Finding(name=name, passed=True, text=text.format(**figures))
    passed = None if stage["status"] == "skipped" else False
    return Finding(name=name, passed=passed, text=stage["error"] or stage["status"])


def foretold(lock: Lock, found: list[Finding]) -> str:
    """The lock's known fault, where only what it foretells was found; else an empty text."""
    failed = [one.name for one in found if one.passed is False]
    if failed != ["agreement"]:
        return ""
    faults = [one.text for one in lock.verdict.reasons if one.kind == "defect"]
    return next((text for text in faults if "ReLU" in text), "")


UNFINISHED = ".unfinished"
"""The ending of the hidden file beside an environment that tells what is being done to it."""


def begin(step: Step, place: Place) -> None:
    """Note what is done to the environment, for the next run where this one is killed at it.

    Raises OSError.
    """
    if step.doing:
        write_whole(beside(place.environment, UNFINISHED), f"{step.doing}\n")


def done(step: Step, place: Place) -> None:
    """Note that it is done; raises OSError."""
    if step.doing == INSTALLING:  # what is made and still empty is installed into next
        beside(place.environment, UNFINISHED).unlink()


def remove_half_made(environment: Path) -> None:
    """Remove an environment during the making of which a run ended; raises OSError.

    Both tools write these two late, ``venv`` the second one after pip is there. Where they
    exist the environment was made after all, and may be somebody's.
    """
    late = (environment / "pyvenv.cfg", environment / "bin" / "activate")
    if _unfinished(environment) == MAKING and not all(path.exists() for path in late):
        with suppress(FileNotFoundError):
            shutil.rmtree(environment)


def is_half_installed(environment: Path) -> bool:
    """Whether a run ended while it installed packages there."""
    return _unfinished(environment) == INSTALLING


def _unfinished(environment: Path) -> str:
    try:
        return beside(environment, UNFINISHED).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def has_environment(folder: Path, series: str) -> bool:
    """Whether there is an environment of that Python; raises UsageError for anything else."""
    if not folder.exists():
        return False
    settings = folder / "pyvenv.cfg"
    try:
        rows = [line.partition("=") for line in settings.read_text("utf-8").splitlines()]
    except (OSError, UnicodeDecodeError):
        raise UsageError(
            f"{folder} is there and is not an environment; name another place with --env"
        ) from None
    lines = {key.strip(): value.strip() for key, _, value in rows}
    version = lines.get("version_info") or lines.get("version", "")
    if not version.startswith(f"{series}."):
        raise UsageError(
            f"{folder} is an environment of Python {version or 'of an unknown version'}, and the "
            f"lock is for {series}; remove it, or name another place with --env"
        )
    return True


def own_python() -> str:
    """The Python series that runs this."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"
