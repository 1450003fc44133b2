"""What the package's metadata take from the place where it is built.

The README links to files beside it, which means nothing on the index's page. A release names the
repository in ``TFMAC_LOCK_REPOSITORY``, such as ``https://github.com/OWNER/tfmac-lock``, and gets
absolute links and project URLs from it. Without it nothing is claimed.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)\s]+)\)")
NEEDED = (3, 11)


def absolute_links(text: str, repository: str, ref: str) -> str:
    """The Markdown with its links to files of the repository made absolute."""
    return LINK.sub(rf"]({repository}/blob/{ref}/\1)", text)


def urls(repository: str, ref: str) -> dict[str, str]:
    """The project's addresses under the labels that the index knows."""
    return {
        "Source": repository,
        "Issues": f"{repository}/issues",
        "Changelog": f"{repository}/blob/{ref}/CHANGELOG.md",
        "Documentation": f"{repository}/tree/{ref}/docs",
    }


class Metadata(MetadataHookInterface):
    """Adds the README, and the addresses where they are known."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Fill in what pyproject.toml calls dynamic."""
        if sys.version_info < NEEDED:
            # pip of that age would go on and blame the first requirement that has no file for it.
            sys.exit(
                f"tfmac-lock needs Python 3.11 or newer to run, and this is Python "
                f"{sys.version_info[0]}.{sys.version_info[1]}. It makes locks for Python 3.8 to "
                "3.13 all the same. With uv, which brings a Python: uvx --from . tfmac-lock --help"
            )
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        repository = os.environ.get("TFMAC_LOCK_REPOSITORY", "").rstrip("/")
        if repository:
            ref = f"v{metadata['version']}"
            text = absolute_links(text, repository, ref)
            metadata["urls"] = urls(repository, ref)
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
