"""The list of the constraints that other tools can take by their address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..page import Findable, Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..constraints import Constraints
    from ..page import Site


def pages(site: Site) -> Iterator[Page]:
    """One page: a row a TensorFlow minor, with its files."""
    minors: dict[str, list[Constraints]] = {}
    for one in site.constraints:
        minors.setdefault(one.minor, []).append(one)
    yield Page(
        path="constraints/index.html",
        template="constraints.html",
        here="install",
        values={"minors": minors, "example": _example(site)},
        found=Findable(
            kind="document",
            title="Constraints for pip, uv and pip-tools",
            words="constraints.txt UV_CONSTRAINT pip -c pip-compile bounds",
        ),
    )


def _example(site: Site) -> Constraints | None:
    """The newest with a plugin, for the command that shows the use."""
    return next((one for one in site.constraints if one.lock.combo.metal), None)
