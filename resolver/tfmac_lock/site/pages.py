"""The pages for people: templates filled from the inputs. Links are relative throughout."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from .. import __version__
from ..matrix.facts import METAL, Release
from ..matrix.ranking import package_row
from ..matrix.reasons import Status
from ..target import Arch
from .changes import MOST_ENTRIES, changes
from .figures import charts, drawing, shown
from .inputs import FORMAT_TITLES, covered
from .pairs import instead, told
from .words import (
    ARCH_TITLES,
    GLYPHS,
    GRADE_TITLES,
    KIND_TITLES,
    STAGE_TITLES,
    STATUS_TITLES,
    general,
    size,
    spans,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..matrix.grid import Grid
    from .inputs import Inputs, PublishedLock

TRIED = ("twin", "vendor", "reported", "trained-cpu", "trained-gpu", "defect")
"""Kinds of reasons that tell what became of running a combo, rather than what was read."""


@dataclass(frozen=True, kw_only=True)
class Pages:
    """All pages.

    ``base`` is the path that the site will stand under, for its 404 page alone: that one is
    shown at any depth, so its links cannot be relative. ``address`` is the whole address, for
    search engines, or empty where it is not known.
    """

    inputs: Inputs
    grids: Sequence[Grid]
    base: str = "/"
    address: str = ""

    @cached_property
    def _environment(self) -> Environment:
        environment = Environment(
            loader=PackageLoader("tfmac_lock.site"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters |= {
            "source": source_link,
            "size": size,
            "spans": spans,
            "general": general,
            "marked": marked,
            "shown": shown,
            "drawing": drawing,
        }
        environment.globals |= {
            "address": self.address,
            "as_of": self.inputs.as_of,
            "explained": {symptom["id"] for symptom in self.inputs.symptoms},
            "version": __version__,
            "platforms": self.inputs.matrix.platforms,
            "glyphs": GLYPHS,
            "statuses": STATUS_TITLES,
            "grades": GRADE_TITLES,
            "kinds": KIND_TITLES,
            "archs": ARCH_TITLES,
            "stages": STAGE_TITLES,
            "metal_package": METAL,
        }
        return environment

    def render(self) -> Iterator[tuple[str, str]]:
        """Every page with its path below the site's root."""
        for grid in self.grids:
            path = "index.html" if grid.arch is Arch.ARM64 else "intel/index.html"
            yield self._page(path, "grid.html", grid=grid, here="grid")
            for cell in grid.cells:
                against, others = told(cell.reasons, len(cell.pythons))
                yield self._page(
                    f"pairs/{cell.id}/index.html",
                    "pair.html",
                    cell=cell,
                    here="grid",
                    against=against,
                    others=others,
                    instead=instead(grid, cell) if cell.status is Status.BROKEN else [],
                    missing=[
                        (name, self.inputs.matrix.readable(name))
                        for name in (cell.load.missing_symbols if cell.load else ())
                    ],
                )
        yield self._page(
            "coverage/index.html", "coverage.html", here="", coverage=covered(self.inputs)
        )
        yield self._page(
            "install/index.html", "install.html", here="install", table=list(self._table())
        )
        yield self._page(
            "locks/index.html",
            "locks.html",
            here="install",
            groups=list(self._by_python()),
            total=len(self.inputs.locks),
        )
        for item in self.inputs.locks:
            yield self._combo(item)
        yield from self._releases()
        yield from self._symptoms()
        yield self._page(
            "figures/index.html",
            "figures.html",
            here="figures",
            figures=list(charts(self.inputs.figures)),
        )
        yield self._page(
            "changes/index.html",
            "changes.html",
            here="",
            changes=list(changes(self.inputs))[:MOST_ENTRIES],
        )
        reports = sorted(self.inputs.matrix.reports, key=lambda one: one.date or "", reverse=True)
        yield self._page("reports/index.html", "reports.html", here="", reports=reports)
        roads = self.inputs.matrix.roads
        yield self._page("roads/index.html", "roads.html", here="install", roads=roads)
        yield self._page("api/index.html", "api.html", here="api")
        yield self._page("404.html", "404.html", root=self.base, here="")

    def _page(self, path: str, template: str, **context: Any) -> tuple[str, str]:
        context.setdefault("root", "../" * path.count("/") or "./")
        return path, self._environment.get_template(template).render(path=path, **context)

    def _table(self) -> Iterator[tuple[Arch, str, PublishedLock | None, PublishedLock | None]]:
        """For each architecture and Python the best lock with the plugin and without."""
        for arch, python, found in self._by_python():
            gpu = next((item for item in found if item.lock.combo.metal), None)
            cpu = next((item for item in found if not item.lock.combo.metal), None)
            yield arch, python, gpu, cpu

    def _by_python(self) -> Iterator[tuple[Arch, str, list[PublishedLock]]]:
        """The locks of each architecture and Python, the best first."""
        for arch in Arch:
            for python in reversed(self.inputs.matrix.platforms.pythons):
                found = [
                    item
                    for item in self.inputs.locks
                    if item.lock.combo.arch is arch and item.lock.combo.python == python.series
                ]
                if found:
                    yield arch, python.series, found

    def _combo(self, item: PublishedLock) -> tuple[str, str]:
        reasons = item.lock.verdict.reasons
        against, others = told(((reason, ()) for reason in reasons), 0)
        files = [(name, FORMAT_TITLES[name]) for name in FORMAT_TITLES if name in item.files]
        combo = item.lock.combo
        cell = next(
            (
                cell
                for grid in self.grids
                if grid.arch is combo.arch
                for cell in grid.cells
                if any(on.lock == item.id for on in cell.pythons)
            ),
            None,
        )
        return self._page(
            f"locks/{item.id}/index.html",
            "combo.html",
            item=item,
            combo=combo,
            lock=item.lock,
            cell=cell,
            files=files,
            against=against,
            others=others,
            tried=any(reason.kind in TRIED for reason in reasons),
            defects=self._defects(item),
            required_by=item.lock.required_by(),
            here="install",
        )

    def _defects(self, item: PublishedLock) -> list[Any]:
        combo = item.lock.combo
        pins = {package.name: package.version for package in item.lock.packages}
        return [
            defect
            for defect in self.inputs.matrix.defects
            if defect.concerns(combo.tensorflow, combo.metal, combo.arch, combo.python, pins)
        ]

    def _releases(self) -> Iterator[tuple[str, str]]:
        matrix = self.inputs.matrix
        packages = list(dict.fromkeys(release.package for release in matrix.releases))
        by_package = {name: matrix.releases_of(name)[::-1] for name in packages}
        yield self._page(
            "releases/index.html",
            "releases.html",
            here="releases",
            by_package=by_package,
            notes=matrix.packages,
            arm=Arch.ARM64,
            intel=Arch.X86_64,
        )
        for release in matrix.releases:
            yield self._page(
                f"releases/{release.package}-{release.version}/index.html",
                "release.html",
                here="releases",
                release=release,
                arches=[(arch, self._on_arch(release, arch)) for arch in Arch],
                note=package_row(matrix, release.package, release.version),
                floors=[
                    floor
                    for floor in matrix.floors
                    if release.package == METAL and release.version in floor.versions
                ],
                binaries=[
                    fact
                    for fact in matrix.binaries
                    if (fact.package, fact.version) == (release.package, release.version)
                ],
                bounds=[
                    bound
                    for bound in matrix.bounds
                    if release.package != METAL
                    and any(
                        bound.applies(release.version, row.series)
                        for row in matrix.platforms.pythons
                    )
                ],
            )

    def _on_arch(self, release: Release, arch: Arch) -> dict[str, Any]:
        """What a release is on an architecture: its Pythons, what it brings, its pairs."""
        grid = next(grid for grid in self.grids if grid.arch is arch)
        if release.package == METAL:
            pairs = [cell for cell in grid.cells if cell.metal == release.version]
        else:
            pairs = [
                cell
                for row in grid.rows
                if release in row.releases
                for cell in row.cells
                if cell.pythons
            ]
        payload: tuple[str, str] | None = (release.package, release.version)
        if release.package != METAL:
            payload = self.inputs.matrix.payload_of(release.package, release.version, arch)
        return {"pythons": release.pythons(arch), "payload": payload, "pairs": pairs}

    def _symptoms(self) -> Iterator[tuple[str, str]]:
        symptoms = self.inputs.symptoms
        yield self._page("symptoms/index.html", "symptoms.html", here="symptoms", symptoms=symptoms)
        titles = {symptom["id"]: symptom["title"] for symptom in symptoms}
        for symptom in symptoms:
            yield self._page(
                f"symptoms/{symptom['id']}/index.html",
                "symptom.html",
                here="symptoms",
                symptom=symptom,
                titles=titles,
                follows=[other for other in symptoms if symptom["id"] in other["leads_to"]],
                defects=[
                    defect
                    for defect in self.inputs.matrix.defects
                    if defect.symptom == symptom["id"]
                ],
            )


def marked(text: str) -> Markup:
    """The text with what stands between backticks as code."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:  # a backtick without its partner is only itself
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if place % 2 else escape(piece)
        for place, piece in enumerate(pieces)
    )


def source_link(source: str) -> Markup:
    """A source as a link where it is an address, else as the words that it is."""
    if re.match(r"https?://", source):
        shown = re.sub(r"^https?://(www\.)?", "", source).rstrip("/")
        return Markup('<a href="{}" rel="noreferrer">{}</a>').format(source, shown)
    return Markup('<span class="said">{}</span>').format(escape(source))
