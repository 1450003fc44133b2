"""What is in one wheel's machine code, and what of it can hurt.

The findings that are errors keep a package from working on the Mac in question; the rest is
worth knowing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from packaging.version import Version

from ..macho import image as macho
from ..macho.numpy_generation import common_generation, numpy_generation
from ..wheels.names import WheelName, highest_version, inner_tags, parse_name, requires
from .binary_facts import ROOT_IMAGE
from .native_facts import LIBRARY

if TYPE_CHECKING:
    from ..matrix.kernels import Kernels
    from ..wheels.archive import Wheel


class Code(StrEnum):
    """What an audit can find."""

    NO_SLICE = "no-slice"
    NOT_MACHO = "not-macho"
    NUMPY_TOO_NEW = "numpy-too-new"
    NUMPY_TOO_OLD = "numpy-too-old"
    NUMPY_MIXED = "numpy-mixed"
    REQUIRES_ITSELF = "requires-itself"
    STUB = "stub"
    SECOND_COPY = "second-copy"
    INNER_TAG = "inner-tag"
    MINOS_NEWER = "minos-newer"


_ERRORS = frozenset(
    {
        Code.NO_SLICE,
        Code.NUMPY_TOO_NEW,
        Code.NUMPY_TOO_OLD,
        Code.NUMPY_MIXED,
        Code.REQUIRES_ITSELF,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found; ``path`` is the member where one member has it."""

    code: Code
    text: str
    path: str | None = None

    @property
    def is_error(self) -> bool:
        """Whether the package cannot work so."""
        return self.code in _ERRORS


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeFile:
    """A Mach-O member. ``minos`` and ``sdk`` are those of its newest slice."""

    path: str
    arches: tuple[str, ...]
    install_name: str | None
    minos: str | None
    sdk: str | None
    numpy_generation: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelAudit:
    """What one wheel holds. ``numpy_generation`` is what all its modules can run on.

    ``code`` is what a plugin's machine code says of its results, where that is known.
    """

    filename: str
    name: WheelName
    inner_tags: tuple[str, ...]
    native: tuple[NativeFile, ...]
    numpy_generation: str | None
    minos: str | None
    findings: tuple[Finding, ...]
    code: Kernels | None = None


def audit_wheel(
    wheel: Wheel,
    *,
    arch: str | None = None,
    numpy: Version | None = None,
    macos: str | None = None,
) -> WheelAudit:
    """Reads every native file of ``wheel``.

    ``arch``, ``numpy`` and ``macos`` are those of the environment it is meant for; None leaves
    out what depends on them. Raises ``DamagedBinary``.
    """
    name = parse_name(wheel.name)
    native: list[NativeFile] = []
    findings: list[Finding] = []
    for path in wheel.native_paths:
        one = _native_file(wheel, path)
        if one is None:
            findings.append(
                Finding(code=Code.NOT_MACHO, path=path, text="is not machine code for a Mac")
            )
            continue
        native.append(one)
        if LIBRARY.fullmatch(path.rpartition("/")[2]) and ROOT_IMAGE not in wheel.paths:
            text = "is TensorFlow's own: what binds to this copy does not reach the one that runs"
            findings.append(Finding(code=Code.SECOND_COPY, path=path, text=text))
        if arch is not None and arch not in one.arches:
            text = f"is for {', '.join(one.arches)} only, the environment is {arch}"
            findings.append(Finding(code=Code.NO_SLICE, path=path, text=text))
        if macos is not None and one.minos is not None and Version(one.minos) > Version(macos):
            text = f"was linked for macOS {one.minos}, the target is {macos}; dyld lets it pass"
            findings.append(Finding(code=Code.MINOS_NEWER, path=path, text=text))
    # numpy's own modules name each other and are no users of its C API.
    generation = (
        None if name.package == "numpy" else common_generation(n.numpy_generation for n in native)
    )
    findings += _numpy_findings(generation, numpy)
    findings += _stub_findings(wheel, name, arch or (name.arches[0] if name.arches else None))
    inside = inner_tags(wheel)
    if inside and name.macos and not _agree(inside, name):
        text = f"dist-info/WHEEL says {', '.join(inside)}, the file name macOS {name.macos}"
        findings.append(Finding(code=Code.INNER_TAG, text=text))
    return WheelAudit(
        filename=wheel.name,
        name=name,
        inner_tags=inside,
        native=tuple(native),
        numpy_generation=generation,
        minos=highest_version(one.minos for one in native),
        findings=tuple(findings),
    )


def _native_file(wheel: Wheel, path: str) -> NativeFile | None:
    with wheel.inflated(path) as data:
        if not macho.is_macho(bytes(data[:8])):
            return None
        what = f"{wheel.name}: {path}"
        slices = macho.slices(data, what)
        images = [
            macho.read_slice(region, what, arch)
            for arch, region in slices.items()
            if arch in macho.READABLE
        ]
        return NativeFile(
            path=path,
            arches=tuple(sorted(slices)),
            install_name=next((i.install_name for i in images if i.install_name), None),
            minos=highest_version(image.minos for image in images),
            sdk=highest_version(image.sdk for image in images),
            numpy_generation=numpy_generation(data),
        )


def _numpy_findings(generation: str | None, numpy: Version | None) -> list[Finding]:
    if generation == "none":
        text = "some modules need numpy 1, others numpy 2"
        return [Finding(code=Code.NUMPY_MIXED, text=text)]
    if numpy is None:
        return []
    if generation == "1" and numpy.major >= 2:
        text = f"compiled before numpy 2, cannot run on numpy {numpy}"
        return [Finding(code=Code.NUMPY_TOO_NEW, text=text)]
    if generation == "2" and numpy.major < 2:
        text = f"compiled for numpy 2 alone, cannot run on numpy {numpy}"
        return [Finding(code=Code.NUMPY_TOO_OLD, text=text)]
    return []


def _stub_findings(wheel: Wheel, name: WheelName, arch: str | None) -> list[Finding]:
    if name.macos is None or arch is None or wheel.native_paths:
        return []
    wanted = requires(wheel, arch)
    text = f"holds no machine code; it requires {', '.join(wanted) or 'nothing'}"
    findings = [Finding(code=Code.STUB, text=text)]
    if any(one in (name.package, f"{name.package}=={name.version}") for one in wanted):
        text = "requires nothing but itself: installing it installs no payload"
        findings.append(Finding(code=Code.REQUIRES_ITSELF, text=text))
    return findings


def _agree(inside: tuple[str, ...], name: WheelName) -> bool:
    floor = f"macosx_{(name.macos or '').replace('.', '_')}_"
    return all(tag.startswith(floor) for tag in inside)
