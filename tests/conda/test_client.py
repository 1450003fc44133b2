from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.channels import ChannelServer, Faults, for_python, python, record, write_channel
from tests.support.shards import FORMS, write_form
from tfmac_lock.conda import client as client_module
from tfmac_lock.conda.channels import Channel
from tfmac_lock.conda.client import CondaClient
from tfmac_lock.conda.errors import BadSpec, CacheFault, ChannelFault, NoCondaSolution
from tfmac_lock.conda.specs import CondaRequirement
from tfmac_lock.errors import MissingExtra
from tfmac_lock.pypi.model import Observer
from tfmac_lock.resolve.requirement import ByPackage, ByUser

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tfmac_lock.target import Target

ME = ByUser("--conda")


class Notes(Observer):
    def __init__(self) -> None:
        self.texts: list[str] = []

    def note(self, text: str) -> None:
        self.texts.append(text)


def wants(*specs: str) -> list[CondaRequirement]:
    return [CondaRequirement(spec, ME) for spec in specs]


def test_the_newest_records_come_out_sorted_and_with_the_written_address(
    small: CondaClient, target: Callable[..., Target]
) -> None:
    records = small.solve(target(), wants("python=3.9", "numpy"))

    assert [record.name for record in records] == [
        "ca-certificates",
        "libblas",
        "numpy",
        "openssl",
        "python",
    ]
    numpy = records[2]
    assert numpy.version == "1.26.4"
    assert numpy.url == (
        "https://conda.anaconda.org/conda-forge/osx-arm64/numpy-1.26.4-py39h1_0.conda"
    )
    assert (len(numpy.md5), len(numpy.sha256)) == (32, 64)


def test_a_limit_holds_for_what_comes_in_and_brings_nothing_in(
    small: CondaClient, target: Callable[..., Target]
) -> None:
    records = small.solve(target(), wants("h5py"), wants("numpy <1.24", "setuptools <81"))

    versions = {record.name: record.version for record in records}
    assert versions["numpy"] == "1.22.4"
    assert "setuptools" not in versions


def test_intel_macs_get_their_own_files(small: CondaClient, target: Callable[..., Target]) -> None:
    records = small.solve(target(chip="intel"), wants("numpy"))

    assert {record.subdir for record in records} == {"osx-64", "noarch"}


def test_http_and_file_channels_give_the_same_records(
    channel: Path, connect: Callable[..., CondaClient], target: Callable[..., Target]
) -> None:
    with ChannelServer(channel) as server:
        address = f"{server.url}/"
        over_http = connect(f"conda-forge={address}").solve(target(), wants("h5py"))
    over_file = connect(f"conda-forge={channel.as_uri()}").solve(target(), wants("h5py"))

    assert over_http == over_file


def test_the_cache_answers_offline(
    channel: Path, connect: Callable[..., CondaClient], target: Callable[..., Target]
) -> None:
    with ChannelServer(channel) as server:
        found = connect(server.url).solve(target(), wants("numpy"))
        url = server.url

    assert connect(url, offline=True).solve(target(), wants("numpy")) == found


def test_offline_without_a_cache_is_a_fault_of_the_channel(
    connect: Callable[..., CondaClient], target: Callable[..., Target]
) -> None:
    client = connect("http://127.0.0.1:9/forge", offline=True)

    with pytest.raises(ChannelFault, match="once without --offline"):
        client.solve(target(), wants("numpy"))


def test_the_cache_is_where_rattlers_other_programs_have_it(
    channel: Path, tmp_path: Path, target: Callable[..., Target], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "mine"))

    with ChannelServer(channel) as server, CondaClient([Channel.parse(server.url)]) as client:
        client.solve(target(), wants("numpy"))

    assert list((tmp_path / "mine" / "repodata").glob("*.json"))


def test_a_cache_that_cannot_be_written_is_no_fault_of_the_channel(
    channel: Path, tmp_path: Path, connect: Callable[..., CondaClient], target: Any
) -> None:
    (tmp_path / "rattler").write_text("in the way")

    with (
        ChannelServer(channel) as server,
        pytest.raises(CacheFault, match="RATTLER_CACHE_DIR can name another") as caught,
    ):
        connect(server.url).solve(target(), wants("numpy"))

    assert caught.value.exit_status == 3


def test_a_channel_that_takes_its_time_is_told_of(
    channel: Path,
    connect: Callable[..., CondaClient],
    target: Callable[..., Target],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client_module, "PATIENCE", 0.0)
    seen = Notes()

    with ChannelServer(channel) as server:
        connect(f"conda-forge={server.url}", observer=seen).solve(target(), wants("numpy"))

    assert set(seen.texts) == {"still reading the conda channel conda-forge"}


def test_a_spec_may_name_the_channel_by_what_stands_in_the_lock(
    channel: Path, connect: Callable[..., CondaClient], target: Callable[..., Target]
) -> None:
    with ChannelServer(channel, Faults(credentials=("me", "secret"))) as server:
        client = connect(f"conda-forge=http://me:secret@{server.host}")
        records = client.solve(target(), wants("conda-forge::numpy"))

    assert "numpy" in {record.name for record in records}


def test_the_first_channel_that_has_a_package_is_the_only_one_for_it(
    tmp_path: Path, connect: Callable[..., CondaClient], target: Callable[..., Target]
) -> None:
    mine = write_channel(tmp_path / "mine", {"noarch": [record("numpy", "1.0")]})
    forge = write_channel(
        tmp_path / "forge", {"noarch": [record("numpy", "2.0"), record("h5py", "3.0")]}
    )
    client = connect(f"mine={mine.as_uri()}", f"conda-forge={forge.as_uri()}")

    records = client.solve(target(), wants("numpy", "h5py"))

    assert [(record.name, record.version, record.url.split("/")[3]) for record in records] == [
        ("h5py", "3.0", "conda-forge"),
        ("numpy", "1.0", "mine"),
    ]


def test_the_targets_macos_decides(
    tmp_path: Path, connect: Callable[..., CondaClient], target: Callable[..., Target]
) -> None:
    place = write_channel(
        tmp_path / "c",
        {
            "osx-arm64": [python("3.9.20"), python("3.9.23", osx="14.0")],
            "noarch": [record("openssl", "3.6.3")],
        },
    )
    client = connect(place.as_uri())

    def python_for(macos: str) -> str:
        records = client.solve(target(macos=macos), wants("python"))
        return next(record.version for record in records if record.name == "python")

    assert python_for("12") == "3.9.20"
    assert python_for("14") == "3.9.23"


def test_files_from_the_day_on_and_files_without_a_date_are_left_out(
    tmp_path: Path, connect: Callable[..., CondaClient], target: Callable[..., Target]
) -> None:
    place = write_channel(
        tmp_path / "c",
        {
            "noarch": [
                record("six", "1.15", timestamp=1_600_000_000_000),
                record("six", "1.16", timestamp=1_700_000_000_000),
                record("six", "1.17", timestamp=None),
            ]
        },
    )
    client = connect(place.as_uri())

    found = client.solve(target(), wants("six"), before=datetime(2021, 1, 1, tzinfo=UTC))

    assert [record.version for record in found] == ["1.15"]


def test_what_the_channel_offered_is_recorded_without_regard_to_the_order(
    channel: Path, connect: Callable[..., CondaClient], target: Callable[..., Target]
) -> None:
    (offer,) = connect(f"conda-forge={channel.as_uri()}").state(target(), ["numpy", "pip"])
    with ChannelServer(channel) as server:
        (again,) = connect(f"conda-forge={server.url}").state(target(), ["pip", "numpy"])

    assert offer == again
    assert (offer.url, offer.files) == ("https://conda.anaconda.org/conda-forge", 4)
    assert offer.newest == "2023-11-14"


def test_an_old_file_beside_the_new_one_of_a_build_is_no_other_state(
    channel: Path, connect: Callable[..., CondaClient], target: Callable[..., Target]
) -> None:
    """Sharded repodata tell of both, whole ones are read without the old one."""
    (before,) = connect(channel.as_uri()).state(target(), ["numpy"])
    place = channel / "osx-arm64" / "repodata.json"
    data = json.loads(place.read_text())
    data["packages"] = {
        f"{name.removesuffix('.conda')}.tar.bz2": {**row, "md5": "0" * 32}
        for name, row in data["packages.conda"].items()
    }
    place.write_text(json.dumps(data))
    write_form(channel, channel.parent / "shards", "shards")

    with ChannelServer(channel.parent / "shards") as server:
        (after,) = connect(f"{channel.as_uri()}={server.url}").state(target(), ["numpy"])

    assert after == before


def test_another_file_of_a_package_is_another_state(
    channel: Path, connect: Callable[..., CondaClient], target: Callable[..., Target]
) -> None:
    (before,) = connect(channel.as_uri()).state(target(), ["numpy"])
    write_channel(channel, {"osx-arm64": [for_python("numpy", "1.26.4", "3.9")]})
    (after,) = connect(channel.as_uri()).state(target(), ["numpy"])

    assert before.sha256 != after.sha256


def test_an_unknown_package_is_told_with_who_wants_it(
    small: CondaClient, target: Callable[..., Target]
) -> None:
    with pytest.raises(NoCondaSolution) as caught:
        small.solve(
            target(), [CondaRequirement("no-such-package", ByUser("--conda no-such-package"))]
        )

    assert str(caught.value) == (
        "conda-forge has no no-such-package for Python 3.9 on Apple M1, macOS 12.0; it is wanted "
        "for your request (--conda no-such-package)."
    )
    assert caught.value.users_alone


def test_of_two_specs_that_contradict_each_other_no_third_is_told(
    small: CondaClient, target: Callable[..., Target]
) -> None:
    pair = ByPackage("tensorflow-macos", "2.9.0")
    limits = [
        CondaRequirement("numpy >=1.20", pair),
        CondaRequirement("numpy <1.24", pair),
        CondaRequirement("numpy <2", pair),
    ]

    with pytest.raises(NoCondaSolution) as caught:
        small.solve(target(), [*wants("numpy=1.26"), *wants("h5py")], limits)

    assert str(caught.value) == (
        "conda-forge cannot bring numpy=1.26 for your request (--conda) for Python 3.9 on Apple "
        "M1, macOS 12.0, since there has to be numpy <1.24 for tensorflow-macos 2.9.0."
    )
    assert not caught.value.users_alone


def test_two_specs_of_the_user_can_contradict_each_other(
    small: CondaClient, target: Callable[..., Target]
) -> None:
    with pytest.raises(NoCondaSolution, match=r"numpy=1\.22 for your .* numpy=1\.26") as caught:
        small.solve(target(), wants("numpy=1.22", "numpy=1.26"))

    assert caught.value.users_alone


def test_a_package_without_a_file_for_the_python_is_told_with_the_python(
    small: CondaClient, target: Callable[..., Target]
) -> None:
    python = CondaRequirement("python 3.10.*", ByUser("your Python", chosen=True))

    with pytest.raises(NoCondaSolution, match=r"there has to be python 3\.10\.\* for your Python"):
        small.solve(target("3.10"), [python, *wants("numpy")])


def test_a_long_explanation_ends_with_a_word(
    tmp_path: Path, connect: Callable[..., CondaClient], target: Callable[..., Target]
) -> None:
    rows = [record("a", f"{number}", [f"missing-{number} >=1"]) for number in range(60)]
    place = write_channel(tmp_path / "c", {"noarch": rows})

    with pytest.raises(NoCondaSolution) as caught:
        connect(place.as_uri()).solve(target(), wants("a"))

    text = str(caught.value)
    assert text.endswith(" …")
    assert len(text) < 1000


def test_a_spec_that_is_none_is_the_users_fault(
    small: CondaClient, target: Callable[..., Target]
) -> None:
    with pytest.raises(BadSpec, match="is not a conda spec") as caught:
        small.solve(target(), wants("numpy[[="))

    assert caught.value.exit_status == 2


def test_a_channel_that_is_down_is_named(
    connect: Callable[..., CondaClient], target: Callable[..., Target]
) -> None:
    with pytest.raises(ChannelFault, match=r"127\.0\.0\.1:9/forge failed") as caught:
        connect("http://127.0.0.1:9/forge").solve(target(), wants("numpy"))

    assert caught.value.exit_status == 3


def test_a_folder_that_is_not_there_is_a_fault_of_the_channel(
    tmp_path: Path, connect: Callable[..., CondaClient], target: Callable[..., Target]
) -> None:
    with pytest.raises(ChannelFault, match="failed"):
        connect((tmp_path / "nothing").as_uri()).solve(target(), wants("numpy"))


@pytest.mark.parametrize("faults", [Faults(truncate=True), Faults(status=403), Faults(status=404)])
def test_a_channel_that_answers_badly_is_a_fault_of_the_channel(
    channel: Path,
    connect: Callable[..., CondaClient],
    target: Callable[..., Target],
    faults: Faults,
) -> None:
    with ChannelServer(channel, faults) as server, pytest.raises(ChannelFault):
        connect(server.url).solve(target(), wants("numpy"))


@pytest.mark.parametrize("content", ["", "{", '{"packages": 3}', "null", "\0" * 4096])
def test_damaged_repodata_are_a_fault_of_the_channel(
    channel: Path,
    connect: Callable[..., CondaClient],
    target: Callable[..., Target],
    content: str,
) -> None:
    (channel / "osx-arm64" / "repodata.json").write_text(content)

    with pytest.raises(ChannelFault):
        connect(channel.as_uri()).solve(target(), wants("numpy"))


@pytest.mark.parametrize("sha256", ["12", "z" * 64, 7])
def test_a_hash_that_is_none_is_a_fault_of_the_channel(
    tmp_path: Path,
    connect: Callable[..., CondaClient],
    target: Callable[..., Target],
    sha256: object,
) -> None:
    place = write_channel(tmp_path / "c", {"noarch": [{**record("six", "1.0"), "sha256": sha256}]})

    with pytest.raises(ChannelFault):
        connect(place.as_uri()).solve(target(), wants("six"))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.slow
def test_half_of_a_file_is_a_fault_of_the_channel_until_it_is_whole(
    channel: Path,
    connect: Callable[..., CondaClient],
    target: Callable[..., Target],
    form: str,
) -> None:
    whole = write_form(channel, channel.parent / "whole", form)
    half = write_form(channel, channel.parent / "half", form)
    for file in (half / "osx-arm64").rglob("*.*"):
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])

    with ChannelServer(half) as server:
        with pytest.raises(ChannelFault):
            connect(server.url).solve(target(), wants("numpy"))
        server.folder = whole
        records = connect(server.url).solve(target(), wants("numpy"))

    assert "numpy" in {record.name for record in records}


def test_a_hash_that_is_not_the_files_cannot_be_noticed_before_the_file_is_there(
    tmp_path: Path, connect: Callable[..., CondaClient], target: Callable[..., Target]
) -> None:
    """No file is fetched for a lock; who installs it compares."""
    row = {**record("six", "1.0"), "sha256": "0" * 64}
    place = write_channel(tmp_path / "c", {"noarch": [row]})

    (found,) = connect(place.as_uri()).solve(target(), wants("six"))

    assert found.sha256 == "0" * 64


def test_credentials_in_the_address_are_used_and_never_shown(
    channel: Path, connect: Callable[..., CondaClient], target: Callable[..., Target]
) -> None:
    with ChannelServer(channel, Faults(credentials=("me", "secret"))) as server:
        records = connect(f"http://me:secret@{server.host}").solve(target(), wants("numpy"))
        with pytest.raises(ChannelFault) as caught:
            connect(f"http://me:wrong-word@{server.host}").solve(target(), wants("numpy"))

    assert not any("secret" in record.url for record in records)
    assert "wrong-word" not in str(caught.value)


def test_without_rattler_the_line_that_installs_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rattler", None)

    with pytest.raises(MissingExtra, match=r"pip install 'tfmac-lock\[conda\]'"):
        CondaClient([Channel.parse("conda-forge")])
