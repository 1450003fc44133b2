"""What to install, all locks, and a page for each lock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..inputs import FORMAT_TITLES
from ..page import Findable, Page
from ..pairs import sorted_reasons
from ..words import ARCH_TITLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..inputs import PublishedLock
    from ..page import Site

TRIED = ("twin", "vendor", "reported", "trained-cpu", "trained-gpu", "defect")
"""Kinds of reasons that tell what became of running a combo, rather than what was read."""


def pages(site: Site) -> Iterator[Page]:
    """The list of the best, the list of all, and each."""
    yield Page(
        path="install/index.html",
        template="install.html",
        here="install",
        values={"table": site.best, "total": len(site.inputs.locks)},
    )
    yield Page(
        path="locks/index.html",
        template="locks.html",
        here="install",
        values={"groups": site.by_python, "total": len(site.inputs.locks)},
    )
    for item in site.inputs.locks:
        yield _lock(site, item)


def _lock(site: Site, item: PublishedLock) -> Page:
    reasons = item.lock.verdict.reasons
    against, others = sorted_reasons(((reason, ()) for reason in reasons), 0)
    combo = item.lock.combo
    title = f"{combo.package} {combo.tensorflow} on the CPU"
    if combo.metal:
        title = f"{combo.package} {combo.tensorflow} with metal {combo.metal}"
    return Page(
        path=f"locks/{item.id}/index.html",
        template="combo.html",
        here="install",
        values={
            "item": item,
            "combo": combo,
            "lock": item.lock,
            "cell": site.cell_of.get(item.id),
            "files_of_lock": [
                (name, FORMAT_TITLES[name]) for name in FORMAT_TITLES if name in item.files
            ],
            "against": against,
            "others": others,
            "tried": any(reason.kind in TRIED for reason in reasons),
            "defects": _defects(site, item),
            "required_by": item.lock.required_by(),
        },
        found=Findable(
            kind="lock",
            title=f"{title}, Python {combo.python}, {ARCH_TITLES[combo.arch]}",
            words=combo.arch.value,
            status=item.status.value,
        ),
    )


def _defects(site: Site, item: PublishedLock) -> list[Any]:
    combo = item.lock.combo
    pins = {package.name: package.version for package in item.lock.packages}
    return [
        defect
        for defect in site.inputs.matrix.defects
        if defect.concerns(combo.tensorflow, combo.metal, combo.arch, combo.python, pins)
    ]
