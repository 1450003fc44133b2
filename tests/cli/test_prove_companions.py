"""Which packages `prove companions` takes."""

from __future__ import annotations

from typing import Any

import pytest

from tfmac_lock.cli.prove_companions import _there
from tfmac_lock.errors import UnknownChoice
from tfmac_lock.pypi.errors import ProjectNotFound

KNOWN = ("deepface", "tf-agents")


class Index:
    """An index that has pandas alone."""

    def project(self, name: str) -> None:
        if name != "pandas":
            raise ProjectNotFound(name, ("https://index.example/simple/",))


INDEX: Any = Index()


@pytest.mark.parametrize(
    ("given", "name"), [("TF_Agents", "tf-agents"), ("Pandas", "pandas"), ("deepface", "deepface")]
)
def test_a_companion_or_any_package_of_the_index_is_taken(given: str, name: str) -> None:
    assert _there(given, KNOWN, INDEX) == name


def test_a_name_that_nobody_knows_is_refused_with_the_nearest_companion() -> None:
    with pytest.raises(UnknownChoice, match="Did you mean 'deepface'"):
        _there("deepfac", KNOWN, INDEX)
