from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from tfmac_lock.conda.channels import Channel
from tfmac_lock.conda.client import rattler as load_rattler
from tfmac_lock.conda.errors import BadSpec
from tfmac_lock.conda.specs import CondaRequirement, limits_of, own_spec, version_spec
from tfmac_lock.resolve.requirement import ByUser, parse, stated

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

    wants = list(limits_of(stated(requirement, ByUser("--with"))))

    assert [want.spec for want in wants] == ["typing-extensions <4a0", "typing_extensions <4a0"]


def test_a_need_for_any_version_limits_nothing() -> None:
    requirement = parse("numpy")
    assert requirement is not None

    assert list(limits_of(stated(requirement, ByUser("--with")))) == []


@pytest.mark.parametrize(
    ("spec", "name"),
    [("numpy=1.26", "numpy"), ("conda-forge::Numpy >=1", "numpy"), ("h5py", "h5py")],
)
def test_a_want_knows_its_package(spec: str, name: str) -> None:
    assert CondaRequirement(spec, ByUser("--conda")).name == name


CHANNELS = [
    Channel.parse("https://me:secret@host.test/forge"),
    Channel.parse("conda-forge=file:///srv/mirror"),
]


@pytest.mark.parametrize(
    ("given", "own"),
    [
        ("numpy=1.26", "numpy=1.26"),
        (" numpy >=1,<2 ", "numpy >=1,<2"),
        ("conda-forge::numpy", "conda-forge::numpy"),
        ("https://conda.anaconda.org/conda-forge::numpy", "conda-forge::numpy"),
        ("https://host.test/forge::numpy", "https://host.test/forge::numpy"),
        ("https://me:secret@host.test/forge::numpy", "https://host.test/forge::numpy"),
        ("python[build='*_cpython']", "python[build='*_cpython']"),
    ],
)
def test_a_channel_in_a_spec_is_written_as_it_stands_in_locks(given: str, own: str) -> None:
    assert own_spec(given, CHANNELS) == own


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("bioconda::samtools", "of another channel than"),
        ("https://me:secret@elsewhere.test/forge::numpy", "of another channel than"),
        ("https://me:secret@host.test/forge/noarch/a-1-0.conda", "says where to take it from"),
        (
            "a[url=https://me:secret@host.test/forge/noarch/a-1-0.conda]",
            "says where to take it from",
        ),
        ("a[channel=bioconda]", "says where to take it from"),
        ("/srv/a-1-0.conda", "says where to take it from"),
    ],
)
def test_what_comes_from_elsewhere_is_refused_without_its_secrets(given: str, told: str) -> None:
    with pytest.raises(BadSpec, match=told) as caught:
        own_spec(given, CHANNELS)

    assert "secret" not in str(caught.value)
