"""Building the plugin against the headers and the library in a TensorFlow wheel."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from ..environment import clean_environ
from ..errors import NotProvable, ToolFailed

if TYPE_CHECKING:
    from ..processes import Processes

SOURCES = Path(__file__).parent / "plugin"
PROBE = Path(__file__).parent / "probe.py"
COSTS = Path(__file__).parent / "costs.py"
MAC_ANSWERS = Path(__file__).parent / "mac_answers.py"

TIMEOUT = 120.0

FLAGS = (
    "-std=gnu11",
    "-O2",
    "-fPIC",
    "-shared",
    "-Wall",
    "-Werror",
    "-Wno-address",
    "-Wno-unused-function",
)
"""The address of a weak symbol may be null, which gcc warns of where it does not see the weak.
A plain plugin uses no function of the optimizer."""


def fingerprint() -> str:
    """What tells one state of the stand-in from another: a hash of all that it is made of."""
    found = hashlib.sha256()
    for path in (*sorted(SOURCES.glob("*.c")), PROBE, COSTS, MAC_ANSWERS):
        found.update(path.read_bytes())
    return found.hexdigest()[:16]


def compiler() -> Path | None:
    """A C compiler on PATH."""
    return next((Path(found) for name in ("gcc", "cc") if (found := shutil.which(name))), None)


def compiler_version(path: Path, processes: Processes) -> str:
    """The first line of what it says of itself."""
    said = processes.run([str(path), "--version"], timeout=TIMEOUT).output.strip()
    return said.splitlines()[0] if said else path.name


def tensorflow_folder(python: Path) -> Path:
    """Where TensorFlow lies in the environment of that interpreter; raises ToolFailed."""
    for folder in sorted(python.parents[1].glob("lib/python3.*/site-packages/tensorflow")):
        return folder
    raise ToolFailed("the environment of the stand-in", "it holds no TensorFlow")


def build_plugin(python: Path, target: Path, processes: Processes, *, plain: bool = False) -> Path:
    """Make the shared library ``target``; a plain one has no graph optimizer.

    Raises NotProvable where there is no compiler, ToolFailed where it fails.
    """
    with_compiler = compiler()
    if with_compiler is None:
        raise NotProvable("the stand-in", "there is no C compiler (gcc or cc) on PATH")
    tensorflow = tensorflow_folder(python)
    command = [str(with_compiler), *FLAGS, *defines(tensorflow), *(["-DSTAND_IN_PLAIN"] * plain)]
    command += ["-isystem", str(tensorflow / "include"), *map(str, sorted(SOURCES.glob("*.c")))]
    command += ["-o", str(target), f"-L{tensorflow}", "-l:libtensorflow_framework.so.2", "-lm"]
    ended = processes.run(command, env=clean_environ(), timeout=TIMEOUT)
    if ended.status != 0:
        raise ToolFailed(with_compiler.name, ended.output.strip()[-600:])
    return target


def defines(tensorflow: Path) -> list[str]:
    """What the headers of that TensorFlow have that earlier ones lack."""
    header = tensorflow / "include" / "tensorflow" / "c" / "kernels_experimental.h"
    try:
        text = header.read_text("utf-8")
    except OSError as error:
        raise ToolFailed("the stand-in", f"TensorFlow has no {header.name}: {error}") from error
    # TF_AssignVariable took this argument in TensorFlow 2.10.
    return ["-DASSIGN_VALIDATES"] if "bool validate_shape" in text else []


def settle(python: Path, library: Path) -> None:
    """Put the plugin where TensorFlow finds it, and let Keras hear what it hears on a Mac."""
    packages = tensorflow_folder(python).parent
    plugins = packages / "tensorflow-plugins"
    plugins.mkdir(exist_ok=True)
    shutil.copy(library, plugins / "libstand_in_plugin.so")
    answer_as_on_a_mac(python)


def answer_as_on_a_mac(python: Path) -> None:
    """Let each Python of that environment start with the answers for Keras."""
    packages = tensorflow_folder(python).parent
    shutil.copy(MAC_ANSWERS, packages / "stand_in_mac_answers.py")
    (packages / "stand_in_mac_answers.pth").write_text("import stand_in_mac_answers\n", "utf-8")
