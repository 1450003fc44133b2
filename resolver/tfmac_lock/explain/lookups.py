"""What the matrix says about a symptom, for the versions that a log names.

Every function takes the matrix and what was named and returns facts; none of them needs all to
be named. A symptom lists the ones that explain it (``looks_up`` in its file).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..matrix.base import TENSORFLOW_PACKAGES
from ..matrix.facts import METAL, specifier, version
from ..matrix.ranking import package_row
from ..target import Arch, minor
from . import wheel_facts
from .companion_facts import of_companion

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from ..matrix.facts import Bound, Matrix, PairLoad, Release
    from .conflicts import Unmet
    from .mentions import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that the matrix knows, and where it knows it from."""

    text: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What a text or an environment names, in the matrix's terms; unknown ones are empty.

    ``package`` and ``tensorflow`` are the TensorFlow, ``python`` a series like ``3.11``;
    ``missing`` is the package that an installer did not find, ``companion`` the first package
    beside TensorFlow; ``numpy_api`` the C API that was compiled for and the installed numpy's;
    ``asked`` what an installer was asked for, ``wheel`` the file that pip refused, ``unmet`` the
    requirements that it says are not met, ``tool`` what the user works with beside pip,
    ``unquoted`` the requirement that a shell took for a pattern.
    """

    package: str = ""
    tensorflow: str = ""
    metal: str = ""
    python: str = ""
    macos: str = ""
    chip: str = ""
    arch: Arch = Arch.ARM64
    arch_is_certain: bool = False
    installed: tuple[tuple[str, str], ...] = ()
    symbols: tuple[str, ...] = ()
    missing: str = ""
    companion: str = ""
    numpy_api: tuple[int, int] | None = None
    python_command: str = "python"
    asked: tuple[str, ...] = ()
    wheel: str = ""
    unmet: tuple[Unmet, ...] = ()
    tool: str = ""
    unquoted: str = ""

    def version_of(self, package: str) -> str:
        """The version of a package, if it was named."""
        return dict(self.installed).get(package, "")


def named(facts: Facts) -> Named:
    """The facts of a text in the matrix's terms."""
    package, tensorflow = facts.tensorflow
    if not facts.arch and len(facts.archs) == 1 and facts.archs[0] in tuple(Arch):
        arch = facts.archs[0]
    else:
        arch = facts.arch
    chip = re.sub(r"\s+", "-", facts.chip.lower())
    if chip.startswith("amd"):
        chip, arch = "intel-amd", arch or "x86_64"
    return Named(
        package=package,
        tensorflow=tensorflow,
        metal=facts.metal,
        python=minor(facts.python),
        macos=facts.macos,
        chip=chip,
        arch=Arch.X86_64 if arch == "x86_64" else Arch.ARM64,
        arch_is_certain=bool(arch),
        installed=tuple(facts.versions.items()),
        symbols=facts.symbols,
        missing=facts.missing,
        companion=facts.companion,
        numpy_api=facts.numpy_api,
        python_command=facts.python_command,
        asked=facts.asked,
        wheel=facts.wheel,
        unmet=facts.unmet,
        tool=facts.tool,
        unquoted=facts.unquoted,
    )


def _listed(values: Sequence[str], most: int = 8) -> str:
    if len(values) > most:
        return f"{', '.join(values[:2])} … {', '.join(values[-most + 3 :])}"
    return ", ".join(values)


def _spans(matrix: Matrix, chosen: set[str]) -> str:
    """Releases of TensorFlow as runs: ``2.5.0 to 2.10.1, 2.18.0 to 2.21.0``."""
    return runs(sorted({load.tensorflow for load in matrix.pair_loads}, key=version), chosen)


def runs(every: Sequence[str], chosen: Collection[str]) -> str:
    """The chosen ones of releases in their order, as runs: ``2.5.0 to 2.10.1, 2.18.0``."""
    found: list[list[str]] = [[]]
    for release in every:
        if release in chosen:
            found[-1].append(release)
        elif found[-1]:
            found.append([])
    return ", ".join(one[0] if len(one) == 1 else f"{one[0]} to {one[-1]}" for one in found if one)


def _source(load: PairLoad) -> str:
    return f"the binaries of {load.package} {load.tensorflow} and tensorflow-metal {load.metal}"


def pair(matrix: Matrix, names: Named) -> Iterator[Fact]:
    """Whether the pair loads, what is missing, and what loads in its place."""
    if not names.tensorflow:
        yield from _pair_by_symbol(matrix, names)
    elif names.metal:
        load = matrix.pair_load(names.package, names.tensorflow, names.metal, names.arch)
        if load is not None and load.loads is not None:
            yield _pair_fact(matrix, load)
    if names.tensorflow:
        yield from _plugins_for(matrix, names)
    elif names.metal:
        yield from _tensorflows_for(matrix, names)


def _pair_fact(matrix: Matrix, load: PairLoad) -> Fact:
    text = f"{load.package} {load.tensorflow} with tensorflow-metal {load.metal}"
    if load.loads:
        return Fact(
            text=f"{text} loads by its binaries, so an error in loading means that another version "
            "or another copy was loaded",
            source=_source(load),
        )
    missing = [*load.missing_libraries, *map(matrix.readable, load.missing_symbols)]
    more = f" and {len(missing) - 2} more" if len(missing) > 2 else ""
    verb = "is" if len(missing) == 1 else "are"
    return Fact(
        text=f"{text} does not load: {', '.join(f'`{name}`' for name in missing[:2])}{more} "
        f"{verb} missing",
        source=_source(load),
    )


def _loading(matrix: Matrix, arch: Arch) -> Iterator[PairLoad]:
    return (load for load in matrix.pair_loads if load.loads and load.arch is arch)


def _plugins_for(matrix: Matrix, names: Named) -> Iterator[Fact]:
    payload = matrix.payload_of(names.package, names.tensorflow, names.arch)
    if payload is None:
        return
    loads = [
        load
        for load in _loading(matrix, names.arch)
        if (load.package, load.tensorflow) == payload
        and _fits_python(matrix.release(METAL, load.metal), names)
    ]
    if loads:
        newest = max(loads, key=lambda load: version(load.metal))
        others = sorted({load.metal for load in loads}, key=version)
        yield Fact(
            text=f"with {names.package} {names.tensorflow}, tensorflow-metal {newest.metal} loads"
            + (f" (of {_listed(others)})" if len(others) > 1 else ""),
            source=_source(newest),
        )
        return
    known = list(_loading(matrix, names.arch))
    best = max(
        known, key=lambda load: (version(load.tensorflow), version(load.metal)), default=None
    )
    if best is not None:
        on = f" on Python {names.python}" if names.python else ""
        yield Fact(
            text=f"no release of tensorflow-metal loads with {names.package} {names.tensorflow}"
            f"{on}; the newest TensorFlow with one is {best.tensorflow}, with {best.metal}",
            source=_source(best),
        )


def _fits_python(release: Release | None, names: Named) -> bool:
    if release is None:
        return False
    return not names.python or names.python in release.pythons(names.arch)


def _tensorflows_for(matrix: Matrix, names: Named) -> Iterator[Fact]:
    loads = [load for load in _loading(matrix, names.arch) if load.metal == names.metal]
    if not loads:
        return
    fitting = _spans(matrix, {load.tensorflow for load in loads})
    yield Fact(
        text=f"tensorflow-metal {names.metal} loads with TensorFlow {fitting}",
        source="the binaries of these releases",
    )


def _pair_by_symbol(matrix: Matrix, names: Named) -> Iterator[Fact]:
    """The releases that lack a symbol which the text names, where the versions are not named."""
    for symbol in names.symbols[:1]:
        lacking = [
            load
            for load in matrix.pair_loads
            if symbol in load.missing_symbols
            and load.arch is names.arch
            and names.metal in ("", load.metal)
        ]
        if lacking:
            plugins = sorted({load.metal for load in lacking}, key=version)
            lacks = {load.tensorflow for load in lacking}
            yield Fact(
                text=f"`{symbol}` is missing where tensorflow-metal {_listed(plugins)} is loaded "
                f"into TensorFlow {_spans(matrix, lacks)}",
                source="the binaries of these releases",
            )


def floor(matrix: Matrix, names: Named) -> Iterator[Fact]:
    """The oldest macOS for the plugin that was named; of another nobody asked."""
    row = matrix.floor(names.metal, names.arch, names.python or "3.9") if names.metal else None
    if row is not None:
        on = f"; this is macOS {names.macos}" if names.macos else ""
        yield Fact(
            text=f"tensorflow-metal {names.metal} runs on macOS {row.run} and newer "
            f"({row.run_evidence}){on}",
            source=row.source,
        )


def wheels(matrix: Matrix, names: Named) -> Iterator[Fact]:
    """Which Pythons the TensorFlow has wheels for, or which TensorFlows the Python can have."""
    index = f"https://pypi.org/project/{names.package or 'tensorflow'}/#files"
    if names.tensorflow and names.missing in ("", names.package):
        release = matrix.release(names.package, names.tensorflow)
        if release is None:
            known = [r.version for r in matrix.releases_of(names.package) if r.final]
            if known and version(names.tensorflow) > version(known[0]):
                yield Fact(
                    text=f"there is no {names.package} {names.tensorflow} with files for a Mac; "
                    f"the newest of {len(known)} releases is {known[-1]}",
                    source=index,
                )
            return
        for arch in Arch if not names.arch_is_certain else (names.arch,):
            pythons = release.pythons(arch)
            text = f"{names.package} {names.tensorflow} has "
            text += f"wheels for Python {', '.join(pythons)}" if pythons else "no wheels"
            text += f" on {arch.value} Macs"
            if pythons and names.python and names.python not in pythons:
                text += f", and none for Python {names.python}"
            yield Fact(text=text, source=index)
        yield from stub(matrix, names)
    elif names.python and wheel_facts.is_too_old(matrix, names.python):
        yield from _facts(wheel_facts.too_old(matrix, names.python))
    elif names.missing in TENSORFLOW_PACKAGES:
        yield from _facts(wheel_facts.by_name(matrix, names))
    elif names.python:
        for arch in Arch if not names.arch_is_certain else (names.arch,):
            known = sorted(
                {
                    found.version
                    for package in TENSORFLOW_PACKAGES
                    for found in matrix.releases_of(package)
                    if found.final
                    and names.python in found.pythons(arch)
                    and any(wheel.payload for wheel in found.wheels_for(arch))
                },
                key=version,
            )
            span = f"TensorFlow {known[0]} to {known[-1]}" if known else "no TensorFlow"
            yield Fact(
                text=f"for Python {names.python} on {arch.value} Macs there is {span}",
                source="https://pypi.org/project/tensorflow/#files",
            )


def stub(matrix: Matrix, names: Named) -> Iterator[Fact]:
    """Where the payload of a release is, if not in the release itself."""
    if not names.tensorflow or matrix.release(names.package, names.tensorflow) is None:
        return
    payload = matrix.payload_of(names.package, names.tensorflow, names.arch)
    what = f"{names.package} {names.tensorflow}"
    source = f"https://pypi.org/project/{names.package}/{names.tensorflow}/"
    if payload is None:
        row = package_row(matrix, names.package, names.tensorflow)
        text = row.text if row is not None and row.versions else "no release behind it holds one"
        if other := wheel_facts.under_another_name(matrix, names):
            text = f"that is {other} there"
        yield Fact(
            text=f"{what} brings no TensorFlow for {names.arch.value} Macs: {text}", source=source
        )
    elif payload != (names.package, names.tensorflow):
        yield Fact(
            text=f"{what} is an empty package that requires {payload[0]} {payload[1]}, where "
            "TensorFlow itself is",
            source=source,
        )


def defects(matrix: Matrix, names: Named, symptom: str) -> Iterator[Fact]:
    """The known faults of what was named that show as this symptom."""
    if not (names.tensorflow or names.metal):
        return
    for defect in matrix.defects:
        if defect.symptom != symptom:
            continue
        if names.tensorflow and not defect.concerns(
            names.tensorflow,
            names.metal or None,
            names.arch,
            names.python or "3.11",
            {name for name, _ in names.installed} | set(defect.with_packages),
        ):
            continue
        plugin = f" with tensorflow-metal {defect.metal}" if defect.metal else ""
        yield Fact(
            text=f"TensorFlow {defect.tensorflow}{plugin}: {defect.text}. Way out: "
            f"{defect.way_out}",
            source=defect.sources[0] if defect.sources else "matrix/defects.toml",
        )


def bounds(matrix: Matrix, names: Named, package: str) -> Iterator[Fact]:
    """The limits that the metadata lack for a package, of the TensorFlow that was named."""
    if not names.tensorflow:
        return
    installed = names.version_of(package)
    seen: set[str] = set()
    for bound in _bounds(matrix, names):
        if bound.package != package or bound.specifier in seen:
            continue
        seen.add(bound.specifier)
        python = f" on Python {bound.python}" if bound.python and not names.python else ""
        text = f"TensorFlow {names.tensorflow}{python} needs {package} {bound.specifier}"
        text += f": {bound.reason}"
        if installed and not specifier(bound.specifier).contains(installed):
            text += f"; here it is {installed}"
        yield Fact(text=text, source=bound.source)
        if len(seen) == 4:
            return


def _bounds(matrix: Matrix, names: Named) -> Iterator[Bound]:
    for bound in matrix.bounds:
        if names.tensorflow and not specifier(bound.tensorflow).contains(names.tensorflow):
            continue
        if names.python and not specifier(bound.python).contains(names.python):
            continue
        yield bound


_NUMPY_API = {
    0xA: "1.10",
    0xB: "1.13",
    0xC: "1.14",
    0xD: "1.16",
    0xE: "1.20",
    0xF: "1.22",
    0x10: "1.23",
    0x11: "1.25",
    0x12: "2.0",
    0x13: "2.1",
    0x14: "2.3",
    0x15: "2.4",
}
"""The first numpy with each number of the C API: numpy/_core/include/numpy/numpyconfig.h."""


def numpy_generation_of(number: int) -> int:
    """A number that orders what numpy prints: its ABI (0x2000000) or its API (0x10)."""
    return number >> 24 if number >= 1 << 24 else number


def numpy_api(names: Named) -> Iterator[Fact]:
    """Which numpy was compiled for and which is installed, by the two numbers in the message."""
    if names.numpy_api is None:
        return
    source = "https://github.com/numpy/numpy/blob/main/numpy/_core/include/numpy/numpyconfig.h"
    needed, installed = map(_NUMPY_API.get, names.numpy_api)
    if needed and installed:
        yield Fact(
            text=f"what was loaded was compiled for numpy {needed} or newer, and the installed one "
            f"has the interface of numpy {installed}",
            source=source,
        )
    elif max(names.numpy_api) >= 1 << 24:
        one, other = (number >> 24 for number in names.numpy_api)
        yield Fact(
            text=f"what was loaded was compiled for numpy {one}, and the installed one is numpy "
            f"{other}",
            source=source,
        )


def numpy_generation(matrix: Matrix, names: Named) -> Iterator[Fact]:
    """The generation of numpy that TensorFlow's own binaries were compiled for."""
    yield from numpy_api(names)
    if not names.tensorflow:
        return
    payload = matrix.payload_of(names.package, names.tensorflow, names.arch)
    for row in matrix.binaries:
        ours = (row.package, row.version) == payload and row.arch is names.arch
        if ours and row.numpy_generation:
            other = "numpy 1 alone" if row.numpy_generation == "1" else "numpy 1 and 2"
            yield Fact(
                text=f"the binaries of {row.package} {row.version} were compiled for {other}",
                source=row.source,
            )
            return


def package(matrix: Matrix, name: str) -> Iterator[Fact]:
    """What the matrix knows of a package by its name."""
    row = package_row(matrix, name)
    if row is not None:
        instead = f" Take {row.instead}." if row.instead else ""
        yield Fact(
            text=f"{row.title}: {row.text}{instead}",
            source=row.sources[0] if row.sources else "matrix/packages.toml",
        )


_PLAIN: dict[str, Callable[[Matrix, Named], Iterator[Fact]]] = {
    "pair": pair,
    "floor": floor,
    "wheels": wheels,
    "stub": stub,
    "numpy-generation": numpy_generation,
}


def _facts(said: Iterable[tuple[str, str]]) -> list[Fact]:
    return [Fact(text=text, source=source) for text, source in said]


def look_up(matrix: Matrix, names: Named, words: Sequence[str], symptom: str) -> tuple[Fact, ...]:
    """The facts behind a symptom, in the order in which it asks for them."""
    from .natives import companion_binaries

    found: list[Fact] = []
    for word in words:
        kind, _, rest = word.partition(":")
        if kind == "bound":
            found += bounds(matrix, names, rest)
        elif kind == "package":
            found += package(matrix, rest)
        elif kind == "companion":
            found += package(matrix, names.companion)
            found += _facts(of_companion(matrix, names))
            found += companion_binaries(matrix, names)
        elif kind == "asked":
            found += [fact for name in names.asked for fact in package(matrix, name)]
        elif kind == "unmet":
            found += _facts(wheel_facts.unmet(matrix, names))
        elif kind == "wheel-name":
            found += _facts(wheel_facts.of_name(names.wheel))
        elif kind == "defects":
            found += defects(matrix, names, symptom)
        else:
            found += _PLAIN[kind](matrix, names)
    return tuple(dict.fromkeys(found))
