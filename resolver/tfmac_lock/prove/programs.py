"""The programs that are run beside a lock's versions: smoke tests, and imports for the rest."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from ..lock.model import required_name
from ..matrix.companions import TOUCHED, digest_of, touching
from .locked import PLUGIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..matrix.companions import Companions
    from .locked import LockedSet

IMPORTS = """\
import importlib
import importlib.metadata
import re

found = importlib.metadata.distribution("{name}")
names = (found.read_text("top_level.txt") or "").split()
if not names:
    for file in found.files or ():
        first = file.parts[0]
        if len(file.parts) == 2 and file.name == "__init__.py":
            names.append(first)
        elif len(file.parts) == 1 and re.search(r"\\.(py|so)$", first):
            names.append(first.split(".")[0])
others = ("test", "tests", "doc", "docs", "example", "examples", "benchmarks", "scripts", "tools")
for name in dict.fromkeys(names):
    if re.fullmatch(r"[A-Za-z]\\w*(\\.\\w+)*", name) and name not in others:
        importlib.import_module(name)
"""
"""Imports the top-level modules of a distribution; for Python 3.8 and newer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A package to try in the environment of a lock, with the program that tries it.

    ``touches`` says whether it touches TensorFlow, or was merely asked for beside it.
    """

    name: str
    version: str
    program: str
    environment: Mapping[str, str]
    touches: bool = True

    @property
    def digest(self) -> str:
        """The sha256 of the program."""
        return digest_of(self.program)


def program_of(name: str, companions: Companions) -> str:
    """The program that tries a package: its smoke test, or else the import of its modules."""
    fact = companions.named(name)
    return fact.program if fact else IMPORTS.format(name=name)


def tasks(lock: LockedSet, companions: Companions) -> Iterator[Task]:
    """What to try of a lock: each package that touches TensorFlow, then all others asked for."""
    environment = companions.environment(lock.packages)
    known = {fact.name for fact in companions.facts}
    touch = {package.name for package in touching(lock.packages, known)} | lock.companions
    asked = named(lock) - touch
    for names, touches in ((touch, True), (asked, False)):
        for package in lock.packages:
            if package.name in names:
                yield Task(
                    name=package.name,
                    version=package.version,
                    program=program_of(package.name, companions),
                    environment=environment,
                    touches=touches,
                )


def named(lock: LockedSet) -> set[str]:
    """The packages that somebody asked for: by name, or such as nothing in the lock requires.

    Those that come from a file are known by the latter alone. The pair itself is left out.
    """
    words = shlex.split(lock.command)
    there = {package.name for package in lock.packages}
    asked = {required_name(text) for word, text in pairwise(words) if word == "--with"}
    required = {required_name(text) for package in lock.packages for text in package.requires}
    return (asked & there | there - required) - TOUCHED - PLUGIN
