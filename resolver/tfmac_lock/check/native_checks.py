"""The check of companions by their binaries: whether what is pinned loads into the TensorFlow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import Version

from ..target import Os
from . import companion_checks
from .findings import release_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .findings import Case, Finding
    from .pins import Pin


def loads(case: Case) -> Iterator[Finding]:
    """Pinned companions whose images do not load into the TensorFlow of the file."""
    matrix, tensorflow = case.matrix, case.tensorflow
    if tensorflow is None or case.target.os is Os.LINUX:
        return
    known = release_of(case, tensorflow.name, case.tensorflow_version)
    arch = case.target.arch
    payload = matrix.payload_of(known.package, known.version, arch) if known else None
    # Beside a TensorFlow that is not pinned, the installer goes by what their metadata ask for.
    pins = [
        pin
        for pin in case.file.pins
        if pin.name in matrix.natives.names and _is_version(pin.version) and tensorflow.version
    ]
    if payload is None or not pins:
        return
    # What a person wrote down of a companion says more of why.
    named = {found.package for found in companion_checks.needs(case)}
    if not tensorflow.version:
        # The installer reads in their metadata which TensorFlow they are for, and takes that one.
        named |= {pin.name for pin in pins if companion_checks.follows_tensorflow(case, pin.name)}
    natives = matrix.natives.get()
    for pin in pins:
        found = natives.check(
            pin.name, pin.version, payload[1], arch.value, python=case.python, by=payload[0]
        )
        if found is not None and found.loads is False and pin.name not in named:
            yield case.finding("companion", pin, found.text, _mend(case, pin), found.source)


def _is_version(text: str) -> bool:
    """Whether that is a version; files hold all sorts of text."""
    try:
        Version(text)
    except ValueError:
        return False
    return True


def _mend(case: Case, pin: Pin) -> str:
    """The newest version that loads, or a TensorFlow beside which this one does."""
    natives, arch = case.matrix.natives.get(), case.target.arch.value
    fitting = [
        one.version
        for one in natives.of(pin.name)
        if one.arch == arch
        and one.runs_on(case.python)
        and (load := natives.check(pin.name, one.version, case.tensorflow_version, arch))
        and load.loads
    ]
    if fitting:
        return f"{pin.name}=={max(fitting, key=Version)}"
    binary = natives.binary(pin.name, pin.version, arch, case.python)
    beside = [one.tensorflow for one in natives.tensorflows(binary) if one.loads] if binary else []
    if beside:
        return f"{case.lock_command(beside[-1])} --with {pin.name}=={pin.version}"
    return f"leave {pin.name} out: this version loads into no TensorFlow that was read"
