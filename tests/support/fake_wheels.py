"""A small TensorFlow and a small plugin, as wheels, linked as the real ones are."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from tests.support.machos import Image, Need, build
from tests.support.wheels import build_wheel
from tfmac_lock.pypi import local
from tfmac_lock.pypi.model import IndexFile
from tfmac_lock.pypi.wheels import IndexWheels, sha256_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

INTERNAL = "tensorflow/python/_pywrap_tensorflow_internal.so"
CC = "tensorflow/libtensorflow_cc.2.dylib"
FRAMEWORK = "tensorflow/libtensorflow_framework.2.dylib"
LOADER = "__ZN3tsl8internal18LoadDynamicLibraryEPKcPPv"
SYSTEM = ("/usr/lib/libSystem.B.dylib", "regular")
LOCAL_IMPORTER = b"import ctypes\nsys.setdlopenflags(flags | ctypes.RTLD_LOCAL)\n"


def tensorflow_files(
    *,
    arch: str = "arm64",
    framework: Mapping[str, tuple[int, str] | None] | None = None,
    cc: Mapping[str, tuple[int, str] | None] | None = None,
    internal: Mapping[str, tuple[int, str] | None] | None = None,
    internal_name: str = "@rpath/_pywrap_tensorflow_internal.so",
    numpy: bytes = b"numpy.core._multiarray_umath\0",
) -> dict[str, bytes]:
    """The members of a TensorFlow wheel of the layout of 2.12 to 2.19.

    Ordinals in ``cc``: 2 is the framework; in ``internal``: 2 is cc, 3 the framework.
    """
    return {
        "tensorflow/__init__.py": b"",
        "tensorflow/python/pywrap_tensorflow.py": LOCAL_IMPORTER,
        FRAMEWORK: build(
            Image(
                arch=arch,
                install_name="@rpath/libtensorflow_framework.2.dylib",
                libraries=[SYSTEM],
                rpaths=["@loader_path/"],
                minos="12.0",
                exports={LOADER: None, **({"_TF_Alloc": None} if framework is None else framework)},
            )
        ),
        CC: build(
            Image(
                arch=arch,
                install_name="@rpath/libtensorflow_cc.2.dylib",
                libraries=[SYSTEM, ("@rpath/libtensorflow_framework.2.dylib", "regular")],
                rpaths=["@loader_path/"],
                minos="12.0",
                exports={"_TF_Graph": None} if cc is None else cc,
                style="classic",
            )
        ),
        INTERNAL: build(
            Image(
                arch=arch,
                install_name=internal_name,
                libraries=[
                    SYSTEM,
                    ("@rpath/libtensorflow_cc.2.dylib", "regular"),
                    ("@rpath/libtensorflow_framework.2.dylib", "regular"),
                ],
                rpaths=["@loader_path/", "@loader_path/.."],
                minos="12.1",
                exports={"_TF_Status": (3, "_TF_Alloc"), "_TF_Graph": (2, "_TF_Graph")}
                if internal is None
                else internal,
                text=numpy,
            )
        ),
    }


def tensorflow_wheel(
    folder: Path,
    version: str = "2.18.0",
    *,
    package: str = "tensorflow",
    python: str = "cp312",
    platform: str = "macosx_12_0_arm64",
    files: Mapping[str, bytes] | None = None,
    requires: Sequence[str] = (),
) -> Path:
    members = tensorflow_files() if files is None else files
    tag = f"{python}-{python}-{platform}"
    return build_wheel(folder, package, version, requires, tag=tag, files=members)


def plugin_wheel(
    folder: Path,
    version: str = "1.2.0",
    *,
    python: str = "cp312",
    arch: str = "arm64",
    needs: Sequence[Need] = (
        Need(symbol="_TF_Graph", ordinal=1),
        Need(symbol="_TF_Alloc", ordinal=-2),
        Need(symbol="_objc_msgSend", ordinal=-2),
        Need(symbol="_malloc", ordinal=2),
        Need(symbol="__Znwm", ordinal=-3),
        Need(symbol="_own", ordinal=-3),
    ),
    libraries: Sequence[tuple[str, str]] = (
        ("@rpath/_pywrap_tensorflow_internal.so", "regular"),
        SYSTEM,
    ),
    rpaths: Sequence[str] = ("@loader_path/../_solib_darwin_arm64/x",),
) -> Path:
    image = Image(
        arch=arch,
        install_name="libmetal_plugin.dylib",
        libraries=libraries,
        rpaths=rpaths,
        needs=needs,
        exports={"_own": None},
    )
    files = {"tensorflow-plugins/libmetal_plugin.dylib": build(image)}
    tag = f"{python}-{python}-macosx_12_0_{arch}"
    return build_wheel(folder, "tensorflow-metal", version, tag=tag, files=files)


def companion_wheel(
    folder: Path,
    name: str = "tensorflow-io",
    version: str = "0.37.1",
    *,
    python: str = "cp312",
    platform: str = "macosx_12_0_arm64",
    arch: str = "arm64",
    needs: Sequence[Need] = (Need(symbol="__ZN10tensorflow5AllocEv", ordinal=1),),
    libraries: Sequence[tuple[str, str]] = (
        ("@rpath/libtensorflow_framework.2.dylib", "regular"),
        SYSTEM,
    ),
    rpaths: Sequence[str] = (),
    exports: Sequence[str] = (),
    path: str = "tensorflow_io/python/ops/libtensorflow_io.so",
    others: Mapping[str, bytes] | None = None,
) -> Path:
    """A companion with one image at ``path``, and ``others`` beside it."""
    image = Image(
        arch=arch,
        install_name=f"bazel-out/{path}",
        libraries=libraries,
        rpaths=rpaths,
        needs=needs,
        exports=dict.fromkeys(exports),
    )
    files = {path: build(image), **(others or {})}
    return build_wheel(folder, name, version, tag=f"{python}-{python}-{platform}", files=files)


class FolderSource(IndexWheels):
    """The wheels under ``folder``, as an index; ``opened`` remembers what was read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.opened: list[str] = []

    def files(self, package: str) -> list[IndexFile]:
        return [
            IndexFile(filename=path.name, url=path.as_uri(), sha256=sha256_of(path))
            for path in sorted((self.folder / package).glob("*"))
        ]

    def open(self, file: IndexFile) -> IO[bytes]:
        self.opened.append(file.filename)
        return local.open_file(file)


def write_pages(folder: Path) -> None:
    """The pages that make ``folder`` an index for ``file://``."""
    for project in (path for path in folder.iterdir() if path.is_dir()):
        links = [
            f'<a href="{path.name}#sha256={sha256_of(path)}">{path.name}</a>'
            for path in sorted(project.glob("*.whl"))
        ]
        (project / "index.html").write_text("\n".join(links))
