"""Which Linux wheel stands in for a version of the Mac."""

from __future__ import annotations

import platform

from tests.prove.support import TENSORFLOW, lock
from tfmac_lock.prove.linux import best_wheel, linux_tags, twin_of
from tfmac_lock.pypi.model import IndexFile

MACHINE = f"manylinux_2_17_{platform.machine()}"
TAGS = linux_tags("3.11")


def wheel(filename: str, host: str = "files.example") -> IndexFile:
    return IndexFile(filename=filename, url=f"https://{host}/{filename}", sha256="ab" * 32)


CUDA = wheel(f"torch-2.13.0-cp311-cp311-{MACHINE}.whl")
CPU = wheel(f"torch-2.13.0+cpu-cp311-cp311-{MACHINE}.whl", "cpu.example")


def test_of_pytorch_the_build_without_cuda_stands_in_where_an_index_has_it() -> None:
    assert best_wheel([CUDA, CPU], "2.13.0", TAGS) is CPU
    assert best_wheel([CUDA], "2.13.0", TAGS) is CUDA
    assert best_wheel([CPU], "2.12.0", TAGS) is None


def test_another_local_build_does_not_stand_in() -> None:
    assert best_wheel([wheel("torch-2.13.0+cu130-cp311-cp311-any.whl")], "2.13.0", TAGS) is None


def test_a_build_without_cuda_is_installed_by_its_address_and_told() -> None:
    files = {
        "tensorflow-cpu": [wheel(f"tensorflow_cpu-{TENSORFLOW}-cp311-cp311-{MACHINE}.whl")],
        "numpy": [wheel(f"numpy-2.0.2-cp311-cp311-{MACHINE}.whl")],
        "torch": [CUDA, CPU],
    }
    pins = {"numpy": "2.0.2", "torch": "2.13.0"}
    twin = twin_of(lock(pins=pins), lambda name: files.get(name, []), TAGS)
    assert twin.without_cuda == {"torch": CPU.filename}
    assert twin.requirements().splitlines() == [
        f"numpy==2.0.2 --hash=sha256:{'ab' * 32}",
        f"tensorflow-cpu=={TENSORFLOW} --hash=sha256:{'ab' * 32}",
        f"torch @ {CPU.url} --hash=sha256:{'ab' * 32}",
    ]
