"""What the matrix says of a companion that a text names, beside the TensorFlow that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ..matrix.base import TENSORFLOW_PACKAGES
from ..matrix.facts import specifier
from ..target import minor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..matrix.companions import Companion, Needed
    from ..matrix.facts import Matrix
    from .lookups import Named

MOST = 3
"""Needs that are shown of one companion."""

_TENSORFLOWS = tuple(f"2.{number}.0" for number in range(100))
"""A need that none of these meets says that there is no TensorFlow for it."""


def of_companion(matrix: Matrix, names: Named) -> Iterator[tuple[str, str]]:
    """Sentences and their sources: what it is, what it needs of what was named, how to set it.

    Of a need only what the text bears on is shown: with a version of the companion those of that
    version, with a TensorFlow alone the versions that go with it.
    """
    companion = matrix.companions.named(names.companion)
    if companion is None:
        return
    yield _what_it_is(companion), companion.sources[0]
    installed = names.version_of(companion.name)
    if companion.same_minor and names.tensorflow:
        wanted = f"{companion.name}=={minor(names.tensorflow)}.*"
        here = f"; here it is {installed}" if installed else ""
        yield f"with TensorFlow {names.tensorflow} goes {wanted}{here}", companion.same_minor
    shown = 0
    for need in companion.needs:
        text = _of_need(companion, need, names, installed)
        if text and shown < MOST:
            shown += 1
            yield text, need.source
    for setting in companion.settings:
        if _within(setting.versions, installed) and _within(setting.tensorflow, names.tensorflow):
            what = (
                f"{companion.name} needs {setting.name}={setting.value} set before it is imported"
            )
            yield f"{what}: {setting.reason}", setting.source


def _what_it_is(companion: Companion) -> str:
    text = f"{companion.name}: {companion.text}"
    if companion.ended:
        text += f" Its last release is of {companion.ended}"
        text += f"; take {companion.successor}." if companion.successor else "."
    return text


def _of_need(companion: Companion, need: Needed, names: Named, installed: str) -> str:
    wanted = Requirement(need.requires)
    of_tensorflow = canonicalize_name(wanted.name) in TENSORFLOW_PACKAGES
    if installed:
        if not _within(need.versions, installed):
            return ""
        if not of_tensorflow and not _within(need.tensorflow, names.tensorflow):
            return ""
        here = _here(wanted.name, names)
        if of_tensorflow and not any(wanted.specifier.filter(_TENSORFLOWS)):
            return f"{companion.name} {installed}: {need.reason}"
        text = f"{companion.name} {installed} needs {need.requires}: {need.reason}"
        return f"{text}; here it is {here}" if here else text
    if not names.tensorflow or not _within(need.tensorflow, names.tensorflow):
        return ""
    if not of_tensorflow:
        which = f"{companion.name} {need.versions}".rstrip()
        beside = f"beside TensorFlow {minor(names.tensorflow)}"
        return f"{which} needs {need.requires} {beside}: {need.reason}"
    open_above = wanted.specifier.contains(_TENSORFLOWS[-1])
    beside_this = wanted.specifier.contains(names.tensorflow, prereleases=True)
    if not need.versions or open_above or not beside_this:
        return ""
    return (
        f"with TensorFlow {minor(names.tensorflow)} goes {companion.name} {need.versions}: "
        f"{need.reason}"
    )


def _here(name: str, names: Named) -> str:
    if canonicalize_name(name) in TENSORFLOW_PACKAGES:
        return names.tensorflow
    return names.version_of(canonicalize_name(name))


def _within(bound: str, version: str) -> bool:
    """Whether the versions hold the one named; where none is named, only what holds for all."""
    if not version:
        return not bound
    try:
        return specifier(bound).contains(version, prereleases=True)
    except ValueError:
        return not bound
