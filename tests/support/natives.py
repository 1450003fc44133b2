"""Rows of native companions, invented and small."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.fake_wheels import CC, FRAMEWORK, INTERNAL
from tfmac_lock.matrix.binaries import ImageFacts
from tfmac_lock.matrix.native_rows import NativeRows
from tfmac_lock.matrix.natives import NativeBinary, NativeGroup, Natives, Numbers, Offer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LIBRARY = "@rpath/libtensorflow_framework.2.dylib"
ALLOC = "__ZN10tensorflow5AllocEv"
CONCAT = "__ZN10tensorflow6tensor6ConcatERKN4absl12lts_202308024SpanIKNS_6TensorEEEPS4_"
"""What tensorflow/io#2137 misses."""

IMAGES = tuple(
    ImageFacts(
        path=path,
        install_name=f"@rpath/{path.rpartition('/')[2]}",
        libraries=(),
        rpaths=(),
        calls_dlopen=path == FRAMEWORK,
        local=path == INTERNAL,
    )
    for path in (CC, FRAMEWORK, INTERNAL)
)


class Rows:
    """Rows under construction: one list of symbols for all."""

    def __init__(self) -> None:
        self.numbers = Numbers()
        self.binaries: list[NativeBinary] = []
        self.offers: list[Offer] = []

    def companion(
        self,
        version: str = "0.37.1",
        wants: Mapping[str, Iterable[str]] | None = None,
        *,
        name: str = "tensorflow-io",
        arch: str = "arm64",
        pythons: Sequence[str] = ("cp311",),
        libraries: Sequence[str] = (LIBRARY,),
        rpaths: Sequence[str] = (),
        copies: Sequence[str] = (),
    ) -> NativeBinary:
        """A release that wants these symbols, by library; ``""`` is a lookup in all images."""
        wanted = {LIBRARY: [ALLOC]} if wants is None else wants
        group = NativeGroup(
            images=("tensorflow_io/python/ops/libtensorflow_io.so",),
            rpaths=tuple(rpaths),
            libraries=tuple(libraries),
            imports={name: self.numbers.bits(symbols) for name, symbols in wanted.items()},
        )
        self.binaries.append(
            NativeBinary(
                package=name,
                version=version,
                arch=arch,
                pythons=tuple(pythons),
                macos_tag="12.0",
                minos="12.0",
                numpy_generation=None,
                copies=tuple(copies),
                groups=(group,),
            )
        )
        return self.binaries[-1]

    def tensorflow(
        self,
        version: str = "2.18.1",
        exports: Mapping[str, Iterable[str]] | None = None,
        *,
        package: str = "tensorflow",
        arch: str = "arm64",
        asked: int | None = None,
        images: tuple[ImageFacts, ...] = IMAGES,
    ) -> Offer:
        """A TensorFlow that offers these symbols, by image."""
        offered = {FRAMEWORK: [ALLOC]} if exports is None else exports
        bits = {path: self.numbers.bits(symbols) for path, symbols in offered.items()}
        self.offers.append(
            Offer(
                package=package,
                version=version,
                arch=arch,
                asked=len(self.numbers.symbols) if asked is None else asked,
                images=images,
                exports=bits,
            )
        )
        return self.offers[-1]

    def natives(self) -> Natives:
        """The rows."""
        return Natives(
            symbols=self.numbers.symbols,
            binaries=tuple(self.binaries),
            offers=tuple(self.offers),
        )

    def matrix_rows(self) -> NativeRows:
        """The rows, as a matrix has them."""
        return NativeRows({row.package for row in self.binaries}, rows=self.natives())
