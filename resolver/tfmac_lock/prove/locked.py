"""What a proof needs to know of a lock, read from its lock.json content."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from ..errors import DataError
from ..foreign import check_shape
from ..lock.reading import SHAPE
from ..target import minor

if TYPE_CHECKING:
    from collections.abc import Mapping

TENSORFLOW = frozenset({"tensorflow", "tensorflow-macos", "tensorflow-cpu", "tensorflow-intel"})
"""Names under which one release's binaries, or a stub of them, come."""

PLUGIN = frozenset({"tensorflow-metal"})

VARIANT = "-conda"
"""What the id of a set ends in that is a published lock of wheels with conda's versions in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedPackage:
    """A package that pip installs, with what it requires on the target."""

    name: str
    version: str
    requires: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedSet:
    """The Python packages of a lock, and which combo it is for.

    ``pins`` are all of them, names as on the index. ``from_conda`` names those that conda
    provides; of a conda package only those count that a package from the index requires, since
    the rest (OpenSSL, the C++ runtime) are no Python packages. ``conda_names`` are all of
    conda's packages: some of the rest do hold a distribution that an environment then has.
    ``from_source`` are those that pip builds from a source archive. ``packages`` are those of
    pip with their requirements, ``companions`` those that touch TensorFlow, and ``command`` the
    options that the lock was made with.
    """

    id: str
    package: str
    tensorflow: str
    metal: str | None
    python: str
    arch: str
    macos_min: str | None
    status: str
    pins: Mapping[str, str]
    from_conda: frozenset[str]
    conda_names: frozenset[str] = frozenset()
    from_source: frozenset[str] = frozenset()
    packages: tuple[LockedPackage, ...] = ()
    companions: frozenset[str] = frozenset()
    command: str = ""

    @property
    def others(self) -> dict[str, str]:
        """The pins without TensorFlow and its plugin."""
        return {
            name: version
            for name, version in self.pins.items()
            if name not in TENSORFLOW and name not in PLUGIN
        }

    @property
    def twin_key(self) -> tuple[object, ...]:
        """Locks with the same key have the same twin: with and without the plugin, say."""
        return (self.series, self.tensorflow, tuple(self.others.items()), self.from_conda)

    @property
    def series(self) -> str:
        """``3.9``, whatever the lock says after it."""
        return minor(self.python)


def locked_set(content: Mapping[str, Any], where: str) -> LockedSet:
    """Read a lock.json; ``where`` names it in the DataError that a damaged one raises."""
    try:
        check_shape(content, SHAPE)
        combo = content["combo"]
        packages = content["packages"]
        metal = combo["metal"]
        from_index = {
            canonicalize_name(p["name"]): p["version"] for p in packages if p["manager"] == "pip"
        }
        required = {
            _required(text) for p in packages if p["manager"] == "pip" for text in p["requires"]
        }
        from_conda = {
            canonicalize_name(p["name"]): p["version"]
            for p in packages
            if p["manager"] == "conda" and canonicalize_name(p["name"]) in required
        }
        found = LockedSet(
            id=combo["id"],
            package=combo["tensorflow"]["package"],
            tensorflow=combo["tensorflow"]["version"],
            metal=metal["version"] if metal else None,
            python=combo["python"],
            arch=combo["arch"],
            macos_min=combo["macos_min"],
            status=content["verdict"]["status"],
            pins=dict(sorted((from_conda | from_index).items())),
            from_conda=frozenset(from_conda) - frozenset(from_index),
            from_source=frozenset(
                canonicalize_name(p["name"])
                for p in packages
                if p["manager"] == "pip" and not p["filename"].endswith(".whl")
            ),
            conda_names=frozenset(
                canonicalize_name(p["name"]) for p in packages if p["manager"] == "conda"
            ),
            packages=tuple(
                LockedPackage(
                    name=canonicalize_name(p["name"]),
                    version=p["version"],
                    requires=tuple(p["requires"]),
                )
                for p in packages
                if p["manager"] == "pip"
            ),
            companions=frozenset(one["name"] for one in content.get("companions", ())),
            command=content.get("command", ""),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(where, f"not a lock of tfmac-lock: {error!r}") from error
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,120}", found.id):
        raise DataError(where, f"combo.id {found.id!r} cannot name a file")
    if not re.fullmatch(r"3\.\d{1,2}(\.\d{1,2})?", found.python):
        raise DataError(where, f"combo.python {found.python!r} is not a version of CPython 3")
    return found


def _required(text: str) -> str:
    try:
        return canonicalize_name(Requirement(text).name)
    except InvalidRequirement:
        return canonicalize_name(text)
