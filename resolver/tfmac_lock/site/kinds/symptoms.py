"""All failures that are recognised, and a page for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..page import Findable, Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..page import Site


def pages(site: Site) -> Iterator[Page]:
    """The list and each."""
    symptoms = site.inputs.symptoms
    yield Page(
        path="symptoms/index.html",
        template="symptoms.html",
        here="symptoms",
        values={"symptoms": symptoms, "conditions": _conditions(symptoms)},
    )
    titles = {symptom["id"]: symptom["title"] for symptom in symptoms}
    for symptom in symptoms:
        yield Page(
            path=f"symptoms/{symptom['id']}/index.html",
            template="symptom.html",
            here="symptoms",
            values={
                "symptom": symptom,
                "titles": titles,
                "follows": [other for other in symptoms if symptom["id"] in other["leads_to"]],
                "defects": [
                    defect
                    for defect in site.inputs.matrix.defects
                    if defect.symptom == symptom["id"]
                ],
            },
            found=Findable(kind="error", title=symptom["title"], words=symptom["cause"]),
        )


def _conditions(symptoms: Sequence[dict[str, Any]]) -> list[str]:
    """The facts on which cures depend."""
    return sorted(
        {
            one["fact"]
            for symptom in symptoms
            for part in (symptom, *symptom["cases"])
            for cure in part["cures"]
            for one in cure["when"]
        }
    )
