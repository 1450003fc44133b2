"""What an installed wheel leaves behind: by that the files of a release are known on a Mac.

Installers keep no wheel's hash; each keeps its RECORD, with the hash of every file. The digest of
that is in every report of the proof (``content_of`` in ``prove/train_mnist.py`` says over what),
and ``matrix/contents/`` has that of every Mac wheel of TensorFlow and its plugin.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Annotated

from .base import Fact
from .texts import AtLeastOne, PackageName, Sentence, Sha256, VersionText


@dataclass(frozen=True, slots=True, kw_only=True)
class Content(Fact):
    """One wheel: its own ``sha256``, and the digest of what it leaves in an environment."""

    filename: str
    sha256: Sha256
    content: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentsFile(Fact):
    """matrix/contents/<package>/<version>.toml, written by ``tfmac-lock matrix refresh``."""

    package: PackageName
    version: VersionText
    wheels: tuple[Content, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trainer(Fact):
    """A released program that makes reports, by the sha256 of its one file."""

    sha256: Sha256
    since: datetime.date
    note: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainersFile(Fact):
    """matrix/trainers.toml."""

    trainers: Annotated[tuple[Trainer, ...], AtLeastOne()]
