"""The names of one package on the package index and in a conda channel.

No record says which distribution it holds, so a rule decides: a record that depends on Python
holds the distribution of the same name, where ``-``, ``_`` and ``.`` are one (PEP 503). The
table has those that conda-forge calls otherwise, nearly always since the plain name there is
the C or C++ library itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import Version

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.utils import NormalizedName

CALLED_OTHERWISE: dict[str, tuple[str, ...]] = {
    "brotli": ("brotli-python",),
    "build": ("python-build",),
    "duckdb": ("python-duckdb",),
    "fastjsonschema": ("python-fastjsonschema",),
    "flatbuffers": ("python-flatbuffers",),
    "graphviz": ("python-graphviz",),
    "libclang": ("python-clang",),
    "lmdb": ("python-lmdb",),
    "matplotlib": ("matplotlib-base", "matplotlib"),
    "msgpack": ("msgpack-python",),
    "nbconvert": ("nbconvert-core", "nbconvert"),
    "opencv-python": ("py-opencv",),
    "tables": ("pytables",),
    "torch": ("pytorch",),
    "tzdata": ("python-tzdata",),
    "xgboost": ("py-xgboost",),
    "xxhash": ("python-xxhash",),
}
"""Name on the index, then the names in conda-forge that bring its distribution."""

_ON_THE_INDEX = {conda: pip for pip, names in CALLED_OTHERWISE.items() for conda in names}

NO_DISTRIBUTION = frozenset({"cpython", "python", "python_abi", "python-freethreading"})
"""Records that depend on Python and hold no distribution: they steer the choice of Python."""


def conda_names(name: str) -> tuple[str, ...]:
    """The names under which conda-forge may have a distribution of the index."""
    if name in CALLED_OTHERWISE:
        return CALLED_OTHERWISE[name]
    return tuple(dict.fromkeys((name, name.replace("-", "_"))))


def distribution(name: str, depends: Iterable[str]) -> NormalizedName | None:
    """The distribution that a record holds, by its name on the index; None for all else."""
    if name in NO_DISTRIBUTION:
        return None
    if not any(text.split(maxsplit=1)[0] == "python" for text in depends):
        return None
    return canonicalize_name(_ON_THE_INDEX.get(name, name))


def release(version: str) -> Version | None:
    """The version as pip sees it; None where conda's version is none (PEP 440)."""
    try:
        return Version(version)
    except ValueError:
        return None
