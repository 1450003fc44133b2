"""What an index says about who published a file: its attestations (PEP 740).

Sources: https://peps.python.org/pep-0740/ and the in-toto statement,
https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md.

What is checked here: that there are attestations, in the form of the PEP, and that each is about
this very file, by its name and its sha256. Their signatures are checked by ``signatures``, where
its extra is installed; without it a publisher is the index's word, like all else on its pages.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import BadIndexAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ACCEPT = "application/vnd.pypi.integrity.v1+json, application/json;q=0.1"
LARGEST = 4 << 20  # those of a file have some 10 KB
_STATEMENT = "https://in-toto.io/Statement/v1"
_KEY = re.compile(r"[a-z][a-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """Who published a file: ``kind`` of identity, and what is claimed of it, by name."""

    kind: str
    claims: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return " ".join((self.kind, *(value for _, value in self.claims)))

    def to_json(self) -> dict[str, str]:
        """The publisher as in the PEP; ``from_json`` is its inverse."""
        return {"kind": self.kind, **dict(self.claims)}

    @classmethod
    def from_json(cls, data: Mapping[str, str]) -> Publisher:
        """Raises KeyError, TypeError or AttributeError for anything else."""
        claims = [(key, value) for key, value in data.items() if key != "kind"]
        return cls(kind=data["kind"], claims=tuple(claims))


def parse(body: bytes, url: str, filename: str, sha256: str) -> tuple[Publisher, ...]:
    """The publishers of the file in the provenance object at the address, in its order.

    Raises BadIndexAnswer where it is none, or where an attestation in it is about another file.
    """
    try:
        found = dict.fromkeys(_publishers(json.loads(body), filename, sha256))
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as fault:
        text = str(fault) if isinstance(fault, _WrongError) else f"it is no provenance ({fault!r})"
        raise BadIndexAnswer(url, text[:300]) from None
    if not found:
        raise BadIndexAnswer(url, "it has no attestation")
    return tuple(found)


class _WrongError(ValueError):
    """What is wrong, in words."""


def _publishers(page: Mapping[str, object], filename: str, sha256: str) -> Iterator[Publisher]:
    if page["version"] != 1:
        raise _WrongError("it is a provenance of another version than 1")
    bundles = page["attestation_bundles"]
    if not isinstance(bundles, list):
        raise _WrongError("it has no list of attestations")
    for bundle in bundles:
        for attestation in bundle["attestations"]:
            _check(attestation, filename, sha256)
        if bundle["attestations"]:
            yield _publisher(bundle["publisher"])


def _check(attestation: Mapping[str, object], filename: str, sha256: str) -> None:
    envelope = attestation["envelope"]
    if attestation["version"] != 1 or not isinstance(envelope, dict):
        raise _WrongError("it has an attestation of another version than 1")
    if not envelope["signature"] or not attestation["verification_material"]:
        raise _WrongError("it has an attestation without a signature")
    try:
        statement = json.loads(base64.b64decode(envelope["statement"], validate=True))
    except binascii.Error:
        raise _WrongError("it has an attestation that cannot be read") from None
    if statement["_type"] != _STATEMENT:
        raise _WrongError("it has an attestation that states nothing of a file")
    (subject,) = statement["subject"]
    if subject["name"] != filename or subject["digest"]["sha256"] != sha256:
        raise _WrongError(
            f"it has an attestation about another file: {subject['name']}, sha256 "
            f"{subject['digest']['sha256']}"
        )


def _publisher(said: Mapping[str, object]) -> Publisher:
    kind = said["kind"]
    if not isinstance(kind, str) or not kind:
        raise _WrongError("it names no publisher")
    claims = tuple(
        (key, _short(value))
        for key, value in said.items()
        if key != "kind" and isinstance(value, str) and value and _KEY.fullmatch(key)
    )
    return Publisher(kind=_short(kind), claims=claims)


def _short(text: str) -> str:
    """The text on one line, without what steers a terminal."""
    return "".join(one for one in text[:300] if one.isprintable())
