"""The JSON form of a project page (PEP 691, 700, 714, 740, 792), and the project JSON.

The project JSON (``/pypi/NAME/json``) is an older interface of the public index and of some
mirrors; it knows upload times and hashes where a plain page does not.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from . import links
from .errors import BadIndexAnswer
from .model import Listing, Standing, is_usable, pack_row

if TYPE_CHECKING:
    from collections.abc import Iterator


def parse(body: bytes, url: str) -> Listing:
    """What a PEP 691 page says, files in its order; ``BadIndexAnswer`` for anything else."""
    page = _load(body, url)
    meta = page.get("meta")
    version = meta.get("api-version") if isinstance(meta, dict) else None
    # PEP 629: another major version may mean anything, a newer minor one only adds.
    if not isinstance(version, str) or version.partition(".")[0] != "1":
        raise BadIndexAnswer(url, f"it speaks version {version!r:.20} of the simple API")
    said = page.get("project-status")
    status = said if isinstance(said, dict) else {}
    return Listing(
        tuple(_rows(page.get("files"), url, "files")),
        Standing.read(status.get("status"), status.get("reason")),
    )


def parse_project(body: bytes, url: str) -> Listing:
    """The rows of every release in a project JSON; ``BadIndexAnswer`` for anything else."""
    releases = _load(body, url).get("releases")
    if not isinstance(releases, dict):
        raise BadIndexAnswer(url, "releases: missing")
    return Listing(
        tuple(
            row
            for version, files in releases.items()
            for row in _rows(files, url, f"releases.{version:.40}")
        )
    )


def _load(body: bytes, url: str) -> dict[str, object]:
    try:
        page = json.loads(body)
    except (ValueError, RecursionError) as fault:
        raise BadIndexAnswer(url, f"it is not JSON ({fault})"[:200]) from None
    if not isinstance(page, dict):
        raise BadIndexAnswer(url, "it is not a JSON object")
    return page


def _rows(entries: object, url: str, where: str) -> Iterator[str]:
    if not isinstance(entries, list):
        raise BadIndexAnswer(url, f"{where}: not a list")
    for number, entry in enumerate(entries):
        path = f"{where}[{number}]"
        if not isinstance(entry, dict):
            raise BadIndexAnswer(url, f"{path}: not an object")
        filename, href = entry.get("filename"), entry.get("url")
        if not isinstance(filename, str) or not isinstance(href, str):
            raise BadIndexAnswer(url, f"{path}: no filename and url")
        resolved = links.resolve(url, href)
        if resolved is not None and links.is_safe_name(filename) and is_usable(filename):
            attested = links.provenance(url, entry.get("provenance"))
            yield _row(filename, resolved[0], entry, attested)


def _row(filename: str, address: str, entry: dict[str, object], provenance: str | None) -> str:
    hashes = entry.get("hashes", entry.get("digests"))
    size = entry.get("size")
    requires_python = entry.get("requires-python", entry.get("requires_python"))
    yanked = entry.get("yanked")
    if "yanked_reason" in entry and yanked:
        yanked = entry["yanked_reason"] or True
    uploaded = entry.get("upload-time", entry.get("upload_time_iso_8601"))
    # PEP 714: the new name of the key wins where both are there.
    promised = entry.get("core-metadata", entry.get("dist-info-metadata"))
    return pack_row(
        filename,
        address,
        links.sha256_of(hashes) if isinstance(hashes, dict) else None,
        size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else None,
        requires_python if isinstance(requires_python, str) else None,
        (yanked if isinstance(yanked, str) else "") if yanked else None,
        uploaded if isinstance(uploaded, str) else None,
        links.sha256_of(promised) if isinstance(promised, dict) else None,
        bool(promised),
        provenance,
    )
