"""The constraints that the site publishes, and their page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement

from tfmac_lock.site.build import render_site
from tfmac_lock.site.constraints import file_name, published

if TYPE_CHECKING:
    from tfmac_lock.site.inputs import Inputs


def test_each_minor_has_the_constraints_of_its_best_lock_with_the_plugin(inputs: Inputs) -> None:
    found = {one.name: one for one in published(inputs)}
    there = {file_name(item.lock.combo) for item in inputs.locks if not item.lock.conda_packages}
    assert found.keys() == there
    name = "tensorflow-2.18-macos-arm64-py3.11.txt"
    best = next(
        item.lock
        for item in inputs.locks
        if file_name(item.lock.combo) == name and item.lock.combo.metal
    )
    assert found[name].lock == best


def test_every_file_is_constraints_that_name_themselves(inputs: Inputs) -> None:
    for one in published(inputs):
        lines = [line for line in one.text.splitlines() if not line.startswith("#")]
        assert all(Requirement(line).specifier for line in lines)
        assert lines[0] == f"{one.lock.combo.package}=={one.lock.combo.tensorflow}"
        assert f"pip install -c {one.name} " in one.text


@pytest.mark.slow
def test_the_page_lists_every_file_that_is_there(inputs: Inputs) -> None:
    site = render_site(inputs, base="https://example.org/tf/")
    page = site["constraints/index.html"].decode()
    listed = set(re.findall(r'href="(tensorflow-[^"]+\.txt)"', page))
    there = {path.removeprefix("constraints/") for path in site if path.endswith(".txt")}
    assert listed == {name for name in there if name.startswith("tensorflow-")}
    assert len(listed) > 80
    assert "-c https://example.org/tf/constraints/tensorflow-" in page
    assert 'href="../constraints/"' in site["locks/index.html"].decode()
    assert "-c SITE/constraints/" in render_site(inputs)["constraints/index.html"].decode()
