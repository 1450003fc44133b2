"""Whether the signatures in attestations (PEP 740) are those of the publisher that a page names.

PyPI's own library checks them: the certificate by Sigstore's roots of trust, the entry in its
public log, and that the certificate is of the publisher's repository and workflow. It is an extra,
since it brings the cryptography along. The roots are those that came with it, so nothing is asked
on the network, and newer ones come with an update of the library.

Source: https://docs.pypi.org/attestations/consuming-attestations/
"""

from __future__ import annotations

import logging
from importlib.util import find_spec

from .errors import BadIndexAnswer

EXTRA = "attestations"


def can_check() -> bool:
    """Whether the library is installed."""
    return find_spec("pypi_attestations") is not None


def check(body: bytes, url: str, filename: str, sha256: str) -> None:
    """Check each signature in the provenance object at the address; it holds at least one.

    Raises BadIndexAnswer for one that is not by the publisher that the page names, or is of
    another file, or has a form that the library does not know.
    """
    from pypi_attestations import Distribution, Provenance

    # It warns on stderr that its roots of trust are not looked for on the network.
    logging.getLogger("sigstore").setLevel(logging.ERROR)
    try:
        file = Distribution(name=filename, digest=sha256)
        for bundle in Provenance.model_validate_json(body).attestation_bundles:
            for attestation in bundle.attestations:
                attestation.verify(bundle.publisher, file, offline=True)
    # It promises errors of its own, and lets those of its libraries and of its cache's folder out
    # as well. Whatever it was, the signature is not known to be right.
    except Exception as fault:
        text = " ".join(str(fault).split())[:300]
        raise BadIndexAnswer(
            url, f"a signature in the attestations of {filename} does not hold: {text}"
        ) from None
