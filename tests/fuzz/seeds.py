"""Seeds that are built and not kept: archives, images, reports, and facts of the small matrix."""

from __future__ import annotations

import functools
import gzip
import io
import json
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CORPUS = Path(__file__).parent / "corpus"

SDIST: dict[str, str] = {
    "PKG-INFO": "Metadata-Version: 2.2\nName: tool\nVersion: 1.0\nRequires-Dist: six>=1\n"
    "Requires-Dist: x ; extra == 'y'\nProvides-Extra: y\nDynamic: license\n\ntext\n",
    "setup.py": "from setuptools import setup\nsetup(name='tool', install_requires=['six'])\n",
    "tool/__init__.py": "",
}
EGG: dict[str, str] = {
    "PKG-INFO": "Metadata-Version: 1.1\nName: tool\nVersion: 1.0\n",
    "tool.egg-info/PKG-INFO": "Metadata-Version: 1.1\nName: tool\nVersion: 1.0\n",
    "tool.egg-info/requires.txt": "six>=1\n\n[x]\nnumpy\n\n"
    "[:python_version < '3.8']\nold; os_name=='nt'\n",
    "pyproject.toml": "[build-system]\nrequires = ['setuptools']\n",
}


@functools.cache
def seeds(name: str) -> tuple[bytes, ...]:
    """The inputs that the reader of that name begins with, in a fixed order."""
    if name in BUILT:
        return tuple(BUILT[name]())
    return tuple(path.read_bytes() for path in sorted((CORPUS / name).iterdir()))


def _tars() -> list[bytes]:
    return [_tar(SDIST), _tar(EGG)]


def _tar(files: Mapping[str, str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, text in files.items():
            info = tarfile.TarInfo(f"tool-1.0/{path}")
            info.size = len(text)
            info.pax_headers = {"comment": "x"} if path == "PKG-INFO" else {}
            archive.addfile(info, io.BytesIO(text.encode()))
    return gzip.compress(out.getvalue(), mtime=0)


def _zips(*trees: Mapping[str, str]) -> list[bytes]:
    found = []
    for tree in trees:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, text in tree.items():
                archive.writestr(zipfile.ZipInfo(path), text, zipfile.ZIP_DEFLATED)
        found.append(out.getvalue())
    return found


def _sdist_zips() -> list[bytes]:
    return _zips(
        *({f"tool-1.0/{path}": text for path, text in tree.items()} for tree in (SDIST, EGG))
    )


def _osv_zips() -> list[bytes]:
    return _zips({path.name: path.read_text() for path in sorted((CORPUS / "osv").iterdir())})


def _wheels() -> list[bytes]:
    from tests.support.fake_wheels import companion_wheel, plugin_wheel, tensorflow_wheel

    with tempfile.TemporaryDirectory() as folder:
        makers = (tensorflow_wheel, plugin_wheel, companion_wheel)
        return [maker(Path(folder)).read_bytes() for maker in makers]


def _machos() -> list[bytes]:
    from tests.macho.test_fuzz import SEEDS

    return list(SEEDS)


def _elves() -> list[bytes]:
    from tests.curate.test_elf import elf

    return [elf(), elf(0x1000, 0x10000, glibc=("GLIBC_2.17", "GLIBC_2.28")), elf(machine=62)]


def _reports() -> list[bytes]:
    from tests.prove.macs import mac

    return [json.dumps(mac()).encode(), json.dumps(mac()["reports"][0]).encode()]


def _issues() -> list[bytes]:
    from tests.prove.macs import mac
    from tfmac_lock.prove.handing import packed

    text = json.dumps(mac())
    return [
        f"### Report\n\n{packed(mac())}\n\n### Notes\nnone\n".encode(),
        f"### Report\n\n```json\n{text}\n```\n".encode(),
    ]


def _facts() -> list[bytes]:
    from tests.support.small_matrix import FILES

    return [f"# {name}\n{text}".encode() for name, text in FILES.items()]


def _locks() -> list[bytes]:
    from tests.support.locks import lock
    from tfmac_lock.lock.formats import lock_json

    return [
        lock_json.render(lock()).encode(),
        lock_json.render(lock(metal=None, grade=None)).encode(),
    ]


def _mangled() -> list[bytes]:
    names = (
        "__ZN3tsl8internal10LogMessageC1EPKcii",
        "__ZNK10tensorflow6TensorixERKNS_5SliceE",
        "__ZNSt3__16vectorIN4absl12lts_202308024CordENS_9allocatorIS3_EEED2Ev",
        "__ZTVN10tensorflow8OpKernelE",
        "__ZN10tensorflow3FooIiJdfEE3barEOT_DpT0_",
    )
    return [name.encode() for name in names]


BUILT: dict[str, Callable[[], list[bytes]]] = {
    "sdist-tar": _tars,
    "sdist-zip": _sdist_zips,
    "osv-zip": _osv_zips,
    "wheel": _wheels,
    "macho": _machos,
    "elf": _elves,
    "report": _reports,
    "issue": _issues,
    "facts": _facts,
    "lock-json": _locks,
    "mangled": _mangled,
}
