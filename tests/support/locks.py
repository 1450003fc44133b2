"""Small locks for the tests of the formats and of what serves them."""

from __future__ import annotations

import hashlib

from tfmac_lock.lock.model import Combo, Lock, LockedPackage, combo_id
from tfmac_lock.matrix.reasons import Grade, Reason, Status, Verdict
from tfmac_lock.target import Arch, MacOSVersion, Os


def package(name: str, version: str, *requires: str, tag: str = "py3-none-any") -> LockedPackage:
    filename = f"{name.replace('-', '_')}-{version}-{tag}.whl"
    return LockedPackage(
        name=name,
        version=version,
        manager="pip",
        filename=filename,
        url=f"https://files.example/{filename}",
        sha256=hashlib.sha256(filename.encode()).hexdigest(),
        requires=requires,
    )


PACKAGES = (
    package("numpy", "2.0.2", tag="cp311-cp311-macosx_11_0_arm64"),
    package("tensorflow", "2.18.1", "numpy<2.1", tag="cp311-cp311-macosx_12_0_arm64"),
    package("tensorflow-metal", "1.2.0", tag="cp311-cp311-macosx_12_0_arm64"),
)


def lock(
    packages: tuple[LockedPackage, ...] = PACKAGES,
    *,
    tensorflow: str = "2.18.1",
    metal: str | None = "1.2.0",
    package: str = "tensorflow",
    status: str = "works",
    grade: str | None = "twin",
    macos_min: str | None = "12.3",
    os: Os = Os.MACOS,
    text: str = "it trained",
) -> Lock:
    pins = {item.name: item.version for item in packages}
    return Lock(
        combo=Combo(
            id=combo_id(package, tensorflow, metal, "3.11", "arm64"),
            package=package,
            tensorflow=tensorflow,
            metal=metal,
            numpy=pins.get("numpy"),
            h5py=pins.get("h5py"),
            python="3.11",
            chip="m1",
            arch=Arch.ARM64,
            os=os,
            macos_min=MacOSVersion.parse(macos_min) if macos_min else None,
        ),
        verdict=Verdict(
            status=Status(status),
            grade=Grade(grade) if grade else None,
            reasons=(Reason(kind="twin", text=text, source="https://example.org"),),
        ),
        packages=packages,
        as_of="2026-01-31",
        command=f"--python 3.11 --chip m1 --tensorflow {tensorflow} --metal {metal or 'none'}",
    )
