"""Source archives, read without running anything in them: are they pure, what do they require.

Sources: https://packaging.python.org/en/latest/specifications/source-distribution-format/; the
``requires.txt`` of setuptools, https://setuptools.pypa.io/en/latest/deprecated/python_eggs.html.
An archive is hostile until shown otherwise, so everything is bounded: its size, what it unpacks
to, its members, and each text that is read. Links in it are not followed, and nothing is written.
"""

from __future__ import annotations

import gzip
import re
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, cast

from packaging.utils import InvalidSdistFilename, canonicalize_name, parse_sdist_filename

from ..wheels.metadata import headers, is_version, mentions_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .model import IndexFile

LARGEST = 64 << 20
"""Bytes of an archive that is fetched."""

UNPACKED = 256 << 20
"""Bytes that a tar archive may unpack to; reading on costs time, even if nothing is kept."""

MEMBERS = 50_000
TEXT = 4 << 20
"""Bytes of a text in it that is read whole, or of a header of the tar format."""

NATIVE = re.compile(
    r"\.(c|cc|cpp|cxx|c\+\+|m|mm|cu|pyx|rs|f|for|f77|f90|f95|f03|f08|so|dylib|pyd|a|o)$"
    r"|(^|/)(CMakeLists\.txt|meson\.build|Cargo\.toml|binding\.gyp|SConstruct)$",
    re.IGNORECASE,
)
BUILDS_NATIVE = re.compile(
    r"\b(ext_modules|Extension\s*\(|cythonize|cffi_modules|rust_extensions|RustExtension|"
    r"setuptools[-_]rust|maturin|scikit[-_]build|scikit_build_core|skbuild|mesonpy|meson-python|"
    r"pybind11|nanobind|cmake)",
    re.IGNORECASE,
)
BUILD_FILES = ("setup.py", "setup.cfg", "pyproject.toml")
USES = re.compile(rb"^[ \t]*(import|from)[ \t]+(tensorflow|keras|tf_keras)\b", re.MULTILINE)
NOT_INSTALLED = re.compile(r"(^|/)(tests?|docs?|examples?|benchmarks?|scripts?|setup\.py$)")
LACKING = re.compile(
    r"^(?:import|from)[ \t]+(pkg_resources|numpy|tensorflow|keras|torch)\b", re.MULTILINE
)
"""What setup.py imports, at its left edge, where a build that pip isolates has none of it:
setuptools 82 took pkg_resources away, and the others are there only where pyproject.toml says so
(https://setuptools.pypa.io/en/stable/history.html#v82-0-0, PEP 518)."""

CODE = 16 << 20
"""Bytes of modules that are searched for what they import."""
STATIC_SINCE = (2, 2)
"""The metadata version from which on a source archive's fields hold for its wheels, too, unless
they are listed as dynamic (PEP 643)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceArchive:
    """What a source archive says of itself.

    ``requires_dist`` are its requirements. ``native`` names what in it takes a compiler, ``""``
    for pure Python. ``fault`` says why it cannot be used at all. ``mentions`` says where it names
    TensorFlow or Keras, as of a wheel; a module that imports one of them counts as ``head``.
    """

    requires_dist: tuple[str, ...] = ()
    native: str = ""
    fault: str = ""
    mentions: str = ""

    def pack(self) -> str:
        """The lines of this; ``unpack`` is its inverse."""
        return "\n".join((self.native, self.fault, self.mentions, *self.requires_dist))

    @classmethod
    def unpack(cls, text: str) -> SourceArchive:
        """What ``pack`` wrote; ``ValueError`` for anything else."""
        native, fault, mentions, *requires = text.split("\n")
        return cls(native=native, fault=fault, mentions=mentions, requires_dist=tuple(requires))


class Unusable(ValueError):
    """The archive cannot be used; says why."""


def read(archive: IO[bytes], file: IndexFile) -> SourceArchive:
    """What the archive says; one that is damaged or hostile has a ``fault``."""
    try:
        name, version = parse_sdist_filename(file.filename)
    except InvalidSdistFilename:
        return SourceArchive(fault="has a name that cannot be read")
    try:
        members = _zip(archive) if file.filename.endswith(".zip") else _tar(archive)
        texts, native, uses = _look(members)
        if "PKG-INFO" not in texts:
            return SourceArchive(native=native, fault="has no PKG-INFO that describes it")
        own = headers(texts["PKG-INFO"])
        found, stated = own.get("name", [""])[0], own.get("version", [""])[0]
        if canonicalize_name(found) != name or not is_version(stated, str(version)):
            raise Unusable(f"says in its PKG-INFO that it is {found[:80]!r} {stated[:40]!r}")
        requires = _requires(own, texts)
        if requires is None:
            fault = "states its requirements only when it is built, so they cannot be read"
            return SourceArchive(native=native, fault=fault)
        if lacking := _lacking(texts):
            fault = f"cannot be built: its setup.py imports {lacking}, which pip's build lacks"
            return SourceArchive(native=native, fault=fault)
        mentions = "head" if uses else mentions_in(own, texts["PKG-INFO"])
        return SourceArchive(requires_dist=requires, native=native, mentions=mentions)
    except Unusable as fault:
        return SourceArchive(fault=_line(str(fault)))
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, OSError, EOFError) as fault:
        return SourceArchive(fault=_line(f"is damaged: {fault}"))
    except (NotImplementedError, RuntimeError, UnicodeError, ValueError) as fault:
        return SourceArchive(fault=_line(f"cannot be unpacked: {fault}"))


def _look(members: Iterator[tuple[str, IO[bytes] | None]]) -> tuple[dict[str, str], str, bool]:
    """The texts that count, by their path below the top folder, and what takes a compiler.

    Last, whether a module in it imports TensorFlow or Keras.
    """
    texts: dict[str, str] = {}
    native = ""
    top = ""
    uses, left = False, CODE
    for count, (path, content) in enumerate(members):
        if count >= MEMBERS:
            raise Unusable(f"has more than {MEMBERS} members")
        parts = path.removeprefix("./").split("/")
        if path.startswith(("/", "\\")) or ".." in parts or "\\" in path or "\0" in path:
            raise Unusable(f"has a member outside of its own folder: {path[:80]!r}")
        top = top or parts[0]
        if parts[0] != top:
            raise Unusable(f"has two folders at its top, {top[:40]!r} and {parts[0][:40]!r}")
        below = "/".join(parts[1:])
        if content is None or not below:
            continue
        if NATIVE.search(below):
            native = native or below
        if _counts(below):
            if below in texts:
                raise Unusable(f"has two members named {below!r}")
            texts[below] = _text(below, content)
        elif not uses and left > 0 and _is_module(below):
            code = content.read(min(left, TEXT))
            left -= len(code)
            uses = USES.search(code) is not None
    for name in BUILD_FILES:
        found = BUILDS_NATIVE.search(texts.get(name, ""))
        native = native or (f"{found[0]} in {name}" if found else "")
    return texts, _line(native), uses


def _is_module(path: str) -> bool:
    return path.endswith(".py") and NOT_INSTALLED.search(path) is None


def _counts(path: str) -> bool:
    return (
        path in ("PKG-INFO", *BUILD_FILES)
        or re.fullmatch(r"([^/]+/){0,2}[^/]+\.egg-info/(PKG-INFO|requires\.txt)", path) is not None
    )


def _is_read(path: str) -> bool:
    return _counts(path) or _is_module(path)


def _text(path: str, content: IO[bytes]) -> str:
    found = content.read(TEXT + 1)
    if len(found) > TEXT:
        raise Unusable(f"has a {path} of more than {TEXT} bytes")
    return found.decode("utf-8", "replace")


def _requires(own: dict[str, list[str]], texts: dict[str, str]) -> tuple[str, ...] | None:
    """Its requirements; None where only its build knows them."""
    dynamic = {field.lower() for field in own.get("dynamic", ())}
    stated = re.fullmatch(r"(\d+)\.(\d+)", own.get("metadata-version", [""])[0])
    is_static = stated is not None and (int(stated[1]), int(stated[2])) >= STATIC_SINCE
    if is_static and "requires-dist" not in dynamic:
        return tuple(own.get("requires-dist", ()))
    eggs = {path.rpartition("/")[0] for path in texts if path.endswith(".egg-info/PKG-INFO")}
    if len(eggs) == 1:
        return tuple(_requires_txt(texts.get(f"{eggs.pop()}/requires.txt", "")))
    if not eggs and "setup.py" in texts and not any(map(_states_any, texts.values())):
        return ()  # an archive of distutils, which knows of no requirements
    return None


def _lacking(texts: Mapping[str, str]) -> str:
    """What its setup.py imports and an isolated build has not; empty where it can be built."""
    project = texts.get("pyproject.toml", "")
    backend = re.search(r"^build-backend\s*=\s*[\"']([\w.:]+)", project, re.MULTILINE)
    if backend and not backend[1].startswith("setuptools"):
        return ""
    stated = re.search(r"^requires\s*=\s*\[(.*?)\]", project, re.MULTILINE | re.DOTALL)
    requires = stated[1].lower() if stated else ""
    for name in LACKING.findall(texts.get("setup.py", "")):
        by = r"setuptools[^,\"']*<" if name == "pkg_resources" else name
        if not re.search(by, requires):
            return str(name)
    return ""


def _states_any(text: str) -> bool:
    return re.search(r"\b\w*requires?\b\s*=|\bdependencies\b\s*=", text) is not None


def _requires_txt(text: str) -> Iterator[str]:
    """The lines of requires.txt as Requires-Dist: ``[extra:marker]`` heads what it is for."""
    condition = ""
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("[") and line.endswith("]"):
            extra, _, marker = line[1:-1].partition(":")
            parts = [f"({marker})"] if marker else []
            parts += [f'extra == "{extra}"'] if extra else []
            condition = " and ".join(parts)
        elif line and not line.startswith("#"):
            requirement, _, marker = line.partition(";")
            both = [part for part in (marker.strip() and f"({marker.strip()})", condition) if part]
            yield f"{requirement.strip()} ; {' and '.join(both)}" if both else requirement.strip()


class _Bounded:
    """A stream of which no more than so many bytes can be read."""

    def __init__(self, stream: gzip.GzipFile, limit: int) -> None:
        self._stream = stream
        self._left = limit

    def read(self, size: int = -1) -> bytes:
        found = self._stream.read(size)
        self._left -= len(found)
        if self._left < 0:
            raise Unusable(f"unpacks to more than {UNPACKED} bytes")
        return found


HEADERS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
"""Members that say something of the one after them."""


class _Member(tarfile.TarInfo):
    """A member whose extended headers are bounded: tarfile reads them into memory whole."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Member:
        found = super().frombuf(buf, encoding, errors)
        if found.type in HEADERS and found.size > TEXT:
            raise Unusable(f"has a header of {found.size} bytes")
        return found


def _tar(archive: IO[bytes]) -> Iterator[tuple[str, IO[bytes] | None]]:
    with gzip.GzipFile(fileobj=archive) as unpacked:
        bounded = cast("IO[bytes]", _Bounded(unpacked, UNPACKED))
        with tarfile.open(fileobj=bounded, mode="r|", tarinfo=_Member) as tar:
            for member in tar:
                yield member.name, tar.extractfile(member) if member.isreg() else None


def _zip(archive: IO[bytes]) -> Iterator[tuple[str, IO[bytes] | None]]:
    with zipfile.ZipFile(archive) as unpacked:
        for info in unpacked.infolist():
            if info.filename.endswith("/") or (info.external_attr >> 28) == 0xA:  # a symbolic link
                yield info.filename, None
            elif _is_read("/".join(info.filename.removeprefix("./").split("/")[1:])):
                with unpacked.open(info) as content:
                    yield info.filename, content
            else:
                yield info.filename, archive  # its content does not count, and is not unpacked


def _line(text: str) -> str:
    """On one line, as it is kept in the cache."""
    return " ".join(text.split())[:300]
