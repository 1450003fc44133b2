"""Coverage-guided fuzzing of the readers, for whoever has atheris and time.

    pip install atheris
    python tests/macho/fuzz_binaries.py [CORPUS] [-max_total_time=60] [-rss_limit_mb=1024]

The first byte chooses what the rest is taken for: a Mach-O file or a wheel. Whatever comes out
that is not our error is a crash, and atheris keeps the input beside the script. It begins with
the files that the tests are made of.
"""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["tfmac_lock"]):
    from tfmac_lock.check.binary_facts import read_plugin, read_tensorflow
    from tfmac_lock.check.wheel_audit import audit_wheel
    from tfmac_lock.macho import image as macho
    from tfmac_lock.macho.demangle import demangle
    from tfmac_lock.macho.errors import DamagedBinary
    from tfmac_lock.macho.exports import Exports
    from tfmac_lock.macho.imports import read_imports
    from tfmac_lock.wheels import metadata
    from tfmac_lock.wheels.archive import Wheel

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.macho.test_fuzz import SEEDS
from tests.support.fake_wheels import plugin_wheel, tensorflow_wheel

NAME = "tensorflow-2.18.0-cp312-cp312-macosx_12_0_arm64.whl"


def one_input(data: bytes) -> None:
    kind, data = data[:1], data[1:]
    with contextlib.suppress(DamagedBinary):
        if kind == b"w":
            read_tensorflow(Wheel(io.BytesIO(data), NAME), "", "arm64", {"_TF_Graph"})
        elif kind == b"p":
            read_plugin(Wheel(io.BytesIO(data), NAME), "", "arm64")
        elif kind == b"a":
            audit_wheel(Wheel(io.BytesIO(data), NAME), arch="arm64", macos="12.3")
        elif kind == b"i":
            metadata.parse(metadata.read(io.BytesIO(data), NAME), NAME)
        elif kind == b"n":
            demangle("__Z" + data.decode("utf-8", "replace"))
        else:
            for arch, region in macho.slices(data, "x").items():
                if arch in macho.READABLE:
                    image = macho.read_slice(region, "x", arch)
                    Exports(image).find("_one")
                    list(Exports(image))
                    read_imports(image)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        seeds = Path(folder)
        for number, seed in enumerate(SEEDS):
            (seeds / f"macho{number}").write_bytes(b"m" + seed)
        for kind in ("w", "a", "i"):
            wheel = tensorflow_wheel(seeds / "wheels").read_bytes()
            (seeds / f"wheel-{kind}").write_bytes(kind.encode() + wheel)
        (seeds / "plugin").write_bytes(b"p" + plugin_wheel(seeds / "wheels").read_bytes())
        (seeds / "name").write_bytes(b"nN3tsl8internal10LogMessageC1EPKcii")
        atheris.Setup([*sys.argv, folder], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
