from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from tfmac_lock.conda.client import rattler as load_rattler
from tfmac_lock.conda.specs import Want, limits_of, version_spec
from tfmac_lock.resolve.requirement import ByUser, need, parse

r = load_rattler()

releases = st.lists(st.integers(0, 30), min_size=1, max_size=4).map(
    lambda parts: ".".join(map(str, parts))
)
operators = st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "~="])


@given(st.lists(st.tuples(operators, releases), min_size=1, max_size=3), releases)
def test_a_final_release_is_admitted_by_both_or_by_neither(
    clauses: list[tuple[str, str]], version: str
) -> None:
    specifier = SpecifierSet(
        ",".join(op + ("0." + text if op == "~=" else text) for op, text in clauses)
    )
    record = r.PackageRecord("x", version, r.package.BuildString("0"), 0, "noarch")

    matched = r.MatchSpec(f"x {version_spec(specifier)}").matches(record)

    assert matched == specifier.contains(version)


@pytest.mark.parametrize("version", ["2.0rc1", "2.0.0a1", "2.0.dev0"])
def test_less_than_a_release_leaves_its_pre_releases_out(version: str) -> None:
    record = r.PackageRecord("x", version, r.package.BuildString("0"), 0, "noarch")

    assert not r.MatchSpec(f"x {version_spec(SpecifierSet('<2'))}").matches(record)


def test_a_prefix_keeps_its_star() -> None:
    assert version_spec(SpecifierSet("==2.5.*")) == "2.5.*"
    assert version_spec(SpecifierSet("")) == ""


def test_a_need_limits_every_name_that_may_hold_its_distribution() -> None:
    requirement = parse("typing-extensions<4")
    assert requirement is not None

    wants = list(limits_of(need(requirement, ByUser("--with"))))

    assert [want.spec for want in wants] == ["typing-extensions <4a0", "typing_extensions <4a0"]


def test_a_need_for_any_version_limits_nothing() -> None:
    requirement = parse("numpy")
    assert requirement is not None

    assert list(limits_of(need(requirement, ByUser("--with")))) == []


@pytest.mark.parametrize(
    ("spec", "name"),
    [("numpy=1.26", "numpy"), ("conda-forge::Numpy >=1", "numpy"), ("h5py", "h5py")],
)
def test_a_want_knows_its_package(spec: str, name: str) -> None:
    assert Want(spec, ByUser("--conda")).name == name
