from __future__ import annotations

import hashlib
import json
import os
import socket
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.support import HtmlIndex, JsonIndex, build_wheel
from tfmac_lock.errors import OutsideError
from tfmac_lock.pypi.cache import Cache
from tfmac_lock.pypi.config import Credentials, IndexConfig
from tfmac_lock.pypi.errors import (
    BadIndexAnswer,
    HashMismatch,
    IndexUnreachable,
    NotCached,
    ProjectNotFound,
)

if TYPE_CHECKING:
    from pathlib import Path

WHEEL = "demo-1.0-py3-none-any.whl"


@pytest.fixture
def wheel(folder):
    return build_wheel(folder, "demo", "1.0", ["numpy<2"], filler=100_000)


def the_file(client, name="demo"):
    (file,) = client.project(name).files
    return file


# -- projects


def test_a_project_is_read_once_and_then_from_memory(mirror, wheel, make_client):
    client = make_client(mirror.url)
    project = client.project("demo")
    assert project is client.project("demo")
    assert [file.filename for file in project.files] == [wheel.name]
    assert project.files[0].sha256 == hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert mirror.paths() == ["/simple/demo/"]


def test_a_fresh_page_is_not_asked_for_again(mirror, wheel, make_client):
    make_client(mirror.url).project("demo")
    assert make_client(mirror.url).project("demo").files
    assert len(mirror.seen) == 1


@pytest.mark.parametrize(
    ("cache_control", "seconds"),
    [
        (None, 600),
        ("max-age=60", 60),
        ("public, max-age=60", 60),
        ("max-age=999999999", 86400),
        ("no-cache", 0),
        ("no-store", 0),
    ],
)
def test_a_page_is_fresh_as_long_as_the_index_says(
    mirror, wheel, make_client, cache_control, seconds
):
    mirror.faults.cache_control = cache_control
    make_client(mirror.url, clock=lambda: 1000.0).project("demo")
    if seconds:
        make_client(mirror.url, clock=lambda: 1000.0 + seconds - 1).project("demo")
    assert len(mirror.seen) == 1
    make_client(mirror.url, clock=lambda: 1000.0 + seconds).project("demo")
    assert len(mirror.seen) == 2


def test_a_page_kept_while_the_clock_was_ahead_is_not_fresh_for_years(mirror, wheel, make_client):
    make_client(mirror.url, clock=lambda: 1e10).project("demo")
    make_client(mirror.url, clock=lambda: 1e9).project("demo")
    assert len(mirror.seen) == 2
    make_client(mirror.url, clock=lambda: 1e9).project("demo")
    assert len(mirror.seen) == 2


def test_an_old_page_that_did_not_change_is_not_sent_again(mirror, wheel, make_client):
    mirror.faults.etag = True
    before = make_client(mirror.url, clock=lambda: 0.0).project("demo")
    assert make_client(mirror.url, clock=lambda: 601.0).project("demo") == before
    assert [seen.status for seen in mirror.seen] == [200, 304]
    make_client(mirror.url, clock=lambda: 1200.0).project("demo")
    assert len(mirror.seen) == 2, "asking whether it changed made it fresh"


def test_an_old_page_that_changed_is_replaced(mirror, wheel, make_client, folder):
    mirror.faults.etag = True
    make_client(mirror.url, clock=lambda: 0.0).project("demo")
    build_wheel(folder, "demo", "2.0")
    assert len(make_client(mirror.url, clock=lambda: 601.0).project("demo").files) == 2


def test_revalidating_asks_even_when_fresh(mirror, wheel, make_client, folder):
    make_client(mirror.url).project("demo")
    build_wheel(folder, "demo", "2.0")
    assert len(make_client(mirror.url, revalidate=True).project("demo").files) == 2


def test_an_unknown_project_is_said_to_be_unknown(mirror, make_client):
    with pytest.raises(ProjectNotFound, match=r"no project 'demo' on http://127\.0\.0\.1"):
        make_client(mirror.url).project("demo")


def test_a_name_that_is_not_normalised_never_reaches_the_index(mirror, make_client):
    for name in ("Demo", "../demo", "de mo", "", "dé"):
        with pytest.raises(ValueError, match="not a normalised"):
            make_client(mirror.url).project(name)
    assert not mirror.seen


# -- several indexes


@pytest.fixture
def second(tmp_path):
    folder = tmp_path / "second"
    folder.mkdir()
    with HtmlIndex(folder) as index:
        yield index


def test_a_project_comes_from_the_first_index_that_has_it(mirror, second, wheel, make_client):
    build_wheel(second.folder, "demo", "99.0")
    build_wheel(second.folder, "other", "1.0")
    client = make_client(mirror.url, second.url)
    assert the_file(client).url.startswith(mirror.root)
    assert the_file(client, "other").url.startswith(second.root)
    assert the_file(make_client(second.url, mirror.url)).url.startswith(second.root)
    assert not [path for path in second.paths() if path == "/simple/demo/"][1:]


def test_an_extra_index_does_not_replace_a_pinned_file_by_a_build_tag(
    mirror, second, wheel, make_client
):
    tagged = second.folder / "demo" / WHEEL.replace("-1.0-", "-1.0-1-")
    build_wheel(second.folder, "demo", "1.0").rename(tagged)
    assert the_file(make_client(mirror.url, second.url)).filename == WHEEL


def test_a_project_may_be_given_an_index_of_its_own(mirror, second, wheel, make_client):
    build_wheel(second.folder, "demo", "99.0")
    own = IndexConfig(indexes=(mirror.url,), index_for={"demo": second.url})
    assert the_file(make_client(config=own)).filename == "demo-99.0-py3-none-any.whl"
    missing = IndexConfig(indexes=(mirror.url,), index_for={"demo": f"{second.root}/none/"})
    with pytest.raises(ProjectNotFound, match=second.host):
        make_client(config=missing).project("demo")


def test_a_folder_adds_its_files_to_those_of_the_index(
    mirror, folder, wheel, make_client, tmp_path
):
    client = make_client(as_folder(tmp_path, wheel), mirror.url)
    build_wheel(folder, "demo", "2.0")
    urls = [file.url for file in client.project("demo").files]
    assert urls == [wheel.as_uri(), f"{mirror.root}/files/demo/demo-2.0-py3-none-any.whl"]


# -- what an index says of another's files


def lying(index: HtmlIndex, wheel: Path, target: str = "") -> None:
    """Have the index claim the wheel's sha256 for metadata of its own invention."""
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    link = f'<a href="{target}/files/demo/{WHEEL}#sha256={digest}" data-core-metadata="true">x</a>'
    index.faults.answers = {
        "/simple/demo/": (200, "text/html", f"<!DOCTYPE html>{link}".encode()),
        f"/files/demo/{WHEEL}.metadata": (
            *(200, "text/plain"),
            b"Name: demo\nVersion: 1.0\nRequires-Dist: evil\n",
        ),
    }


def test_what_a_lying_index_says_of_a_file_is_not_believed_of_anothers(
    mirror, second, wheel, make_client
):
    lying(second, wheel)
    client = make_client(second.url)
    assert client.metadata(the_file(client)).requires_dist == ("evil",)
    for honest in (make_client(mirror.url), make_client(mirror.url, offline=True)):
        assert honest.metadata(the_file(honest)).requires_dist == ("numpy<2",)


def test_a_cache_of_before_is_not_believed(mirror, wheel, make_client, cache, monkeypatch):
    monkeypatch.setattr("tfmac_lock.pypi.cache._MAGIC", b"tfmac-lock cache 1")
    client = make_client(mirror.url)
    client.metadata(the_file(client))
    monkeypatch.undo()
    make_client(mirror.url).project("demo")
    assert len(mirror.paths()) == 3


def test_metadata_are_checked_anew_when_the_page_gives_another_hash_of_them(
    mirror, wheel, make_client
):
    mirror.faults.metadata_files = True
    client = make_client(mirror.url)
    client.metadata(the_file(client))
    mirror.faults.wrong_metadata_hash = True
    client = make_client(mirror.url, revalidate=True)
    with pytest.raises(HashMismatch):
        client.metadata(the_file(client))


def test_a_wheel_that_came_whole_is_checked_before_its_metadata_are_read(
    mirror, folder, make_client
):
    build_wheel(folder, "demo", "1.0", ["numpy<2"])
    mirror.faults.wrong_hash = True
    client = make_client(mirror.url)
    with pytest.raises(HashMismatch):
        client.metadata(the_file(client))


def test_a_hash_that_the_page_lacks_is_not_taken_from_another_index(
    mirror, second, wheel, make_client
):
    mirror.faults.hashes = False
    build_wheel(second.folder, "demo", "1.0")
    second.faults.answers = project_json(wheel, digests={"sha256": "0" * 64})
    client = make_client(mirror.url, second.url)
    expected = hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert client.sha256("demo", the_file(client)) == expected


def test_links_to_plain_http_on_a_host_that_is_not_trusted_are_left_out(
    mirror, wheel, make_client, listener
):
    lying(mirror, wheel, "HTTP://plain.example.org")
    with pytest.raises(ProjectNotFound):
        make_client(mirror.url).project("demo")
    assert "1 files of demo are left out" in listener.notes[0]
    trusting = IndexConfig(indexes=(mirror.url,), trusted_hosts=("plain.example.org",))
    assert the_file(make_client(config=trusting)).url.startswith("http://plain.example.org/")


def test_a_page_in_an_encoding_that_no_text_has_is_read(mirror, wheel, make_client):
    page = f'<!DOCTYPE html><a href="/files/demo/{WHEEL}">x</a>'.encode()
    for name in ("idna", "rot13", "no-such-encoding", "utf-16"):
        mirror.faults.answers = {"/simple/demo/": (200, f"text/html; charset={name}", page)}
        assert the_file(make_client(mirror.url, revalidate=True)).filename == WHEEL


def test_an_empty_page_is_no_project(mirror, second, wheel, make_client):
    empty = (200, "text/html", b"<!DOCTYPE html><h1>Links for demo</h1>")
    second.faults.answers = {"/simple/demo/": empty}
    assert make_client(second.url, mirror.url).project("demo").files


@pytest.mark.parametrize("status", [401, 403, 500, 418])
def test_an_index_that_cannot_be_asked_is_not_passed_over(
    mirror, second, wheel, make_client, status
):
    second.faults.failures, second.faults.failure_status = 9, status
    with pytest.raises(IndexUnreachable, match=str(status)):
        make_client(second.url, mirror.url).project("demo")


def test_an_index_that_is_down_is_an_error_of_the_outside(folder, wheel, mirror, make_client):
    with HtmlIndex(folder) as gone:
        url = gone.url
    with pytest.raises(OutsideError, match="Connection refused") as caught:
        make_client(url, mirror.url).project("demo")
    assert caught.value.exit_status == 3


def test_pages_of_two_indexes_are_kept_apart(mirror, second, wheel, make_client):
    build_wheel(second.folder, "demo", "99.0")
    for _ in range(2):
        assert make_client(mirror.url).project("demo").files[0].filename == WHEEL
        assert "99.0" in make_client(second.url).project("demo").files[0].filename


def test_credentials_never_come_out(mirror, wheel, make_client, cache, listener):
    mirror.faults.credentials = ("user", "hidden")
    given = mirror.url.replace("http://", "http://user:hidden@")
    config = IndexConfig.load({"HOME": "/nowhere"}, index_url=given, pip_files=())
    client = make_client(config=config)
    file = the_file(client)
    assert client.metadata(file).version == "1.0"
    for path in cache.folder.rglob("*"):
        assert path.is_dir() or b"hidden" not in path.read_bytes()
    assert "hidden" not in repr((client.project("demo"), listener.requests, config))


# -- answers that cannot be used


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((200, "text/html", b"\x00garbage"), "not the page of a project"),
        ((200, "application/octet-stream", b""), "content type is 'application/octet-stream'"),
        ((200, "application/vnd.pypi.simple.v1+json", b"<html>"), "not JSON"),
        ((200, "application/vnd.pypi.simple.v2+json", b"{}"), "content type"),
        ((204, "text/html", b""), "the server answers 204"),
    ],
)
def test_garbage_is_a_clear_error_and_is_not_cached(mirror, wheel, make_client, answer, reason):
    mirror.faults.answers = {"/simple/demo/": answer}
    with pytest.raises(OutsideError, match=reason):
        make_client(mirror.url).project("demo")
    mirror.faults.answers = {}
    assert make_client(mirror.url).project("demo").files


def test_the_better_form_of_a_page_is_preferred(mirror, wheel, make_client):
    make_client(mirror.url).project("demo")
    accept = mirror.seen[0].headers["accept"].split(", ")
    assert accept[0] == "application/vnd.pypi.simple.v1+json"
    assert accept[-1] == "text/html;q=0.01"


# -- metadata


def test_metadata_are_read_out_of_the_wheel_by_a_range(mirror, wheel, make_client, listener):
    client = make_client(mirror.url)
    metadata = client.metadata(the_file(client))
    assert (metadata.name, metadata.version, metadata.requires_dist) == (
        "demo",
        "1.0",
        ("numpy<2",),
    )
    assert [seen.status for seen in mirror.seen] == [200, 206]
    assert listener.received_bytes < wheel.stat().st_size / 2


def test_metadata_beside_the_wheel_are_preferred(mirror, wheel, make_client):
    mirror.faults.metadata_files = True
    client = make_client(mirror.url)
    assert client.metadata(the_file(client)).requires_dist == ("numpy<2",)
    assert mirror.paths()[1:] == [f"/files/demo/{WHEEL}.metadata"]


def test_metadata_that_are_not_what_was_promised_are_refused(mirror, wheel, make_client):
    mirror.faults.metadata_files = mirror.faults.wrong_metadata_hash = True
    client = make_client(mirror.url)
    with pytest.raises(HashMismatch, match=r"\.metadata gave an unusable answer"):
        client.metadata(the_file(client))


def test_promised_metadata_that_are_missing_are_read_out_of_the_wheel(
    mirror, wheel, make_client, listener
):
    mirror.faults.metadata_files = mirror.faults.missing_metadata_files = True
    client = make_client(mirror.url)
    assert client.metadata(the_file(client)).requires_dist == ("numpy<2",)
    assert "promises a metadata file and has none" in listener.notes[0]


def test_metadata_of_a_known_wheel_are_never_fetched_again(mirror, wheel, make_client):
    client = make_client(mirror.url)
    client.metadata(the_file(client))
    before = len(mirror.seen)
    later = make_client(mirror.url, clock=lambda: 1e12)
    later.metadata(the_file(later))
    assert mirror.paths()[before:] == ["/simple/demo/"]


def test_a_wheel_without_a_hash_that_changed_is_read_again(mirror, folder, wheel, make_client):
    mirror.faults.hashes = False
    mirror.faults.upload_times = {WHEEL: "2024-01-01"}
    client = make_client(mirror.url)
    client.metadata(the_file(client))
    build_wheel(folder, "demo", "1.0", ["numpy>2"])
    mirror.faults.upload_times = {WHEEL: "2024-02-01"}
    client = make_client(mirror.url, revalidate=True)
    assert client.metadata(the_file(client)).requires_dist == ("numpy>2",)


def test_a_wheel_whose_directory_lies_is_named(mirror, wheel, make_client):
    wheel.write_bytes(b"PK\5\6" + bytes(18))
    client = make_client(mirror.url)
    with pytest.raises(BadIndexAnswer, match=r"demo-1\.0.*0 METADATA files"):
        client.metadata(the_file(client))


# -- offline and the cache


def test_offline_everything_comes_from_the_cache_whatever_its_age(mirror, wheel, make_client):
    client = make_client(mirror.url)
    online = client.project("demo"), client.metadata(the_file(client))
    before = len(mirror.seen)
    offline = make_client(mirror.url, offline=True, clock=lambda: 1e12)
    offline.prefetch_projects(["demo", "numpy"])
    offline.prefetch_metadata([the_file(offline)])
    assert (offline.project("demo"), offline.metadata(the_file(offline))) == online
    assert len(mirror.seen) == before


def test_offline_with_nothing_cached_says_what_to_do(mirror, wheel, make_client):
    offline = make_client(mirror.url, offline=True)
    with pytest.raises(NotCached, match="once without --offline"):
        offline.project("demo")
    file = the_file(make_client(mirror.url))
    for ask in (offline.metadata, offline.open):
        with pytest.raises(NotCached, match=r"demo-1\.0.*once without --offline"):
            ask(file)


def test_offline_knows_what_an_earlier_index_does_not_have(mirror, second, wheel, make_client):
    make_client(second.url, mirror.url).project("demo")
    assert make_client(second.url, mirror.url, offline=True).project("demo").files
    with pytest.raises(ProjectNotFound):
        make_client(mirror.url).project("ghost")
    with pytest.raises(ProjectNotFound):
        make_client(mirror.url, offline=True).project("ghost")


def test_a_damaged_cache_is_fetched_again(mirror, wheel, make_client, cache):
    client = make_client(mirror.url)
    client.metadata(the_file(client))
    for path in cache.folder.rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[:-7])
    client = make_client(mirror.url)
    assert client.metadata(the_file(client)).requires_dist == ("numpy<2",)
    assert len(mirror.seen) == 4


def test_a_cache_of_another_version_is_fetched_again(mirror, wheel, make_client, cache):
    make_client(mirror.url).project("demo")
    for path in (cache.folder / "pages").rglob("demo"):
        cache.store(str(path.relative_to(cache.folder)), "of another\tshape")
    assert make_client(mirror.url).project("demo").files


def test_a_cache_that_cannot_be_written_is_said_once(
    mirror, wheel, make_client, tmp_path, listener
):
    (tmp_path / "file").touch()
    client = make_client(mirror.url, cache=Cache(tmp_path / "file"))
    assert client.metadata(the_file(client)).version == "1.0"
    assert len(listener.notes) == 1
    assert "cache cannot be written" in listener.notes[0]


def test_notes_of_the_settings_are_passed_on(make_client, listener):
    make_client(config=IndexConfig(notes=("mind the gap",)))
    assert listener.notes == ["mind the gap"]


# -- side by side


def test_what_was_prefetched_is_not_fetched_again(mirror, folder, make_client):
    names = [f"demo{number}" for number in range(30)]
    for name in names:
        build_wheel(folder, name, "1.0")
    client = make_client(mirror.url)
    client.prefetch_projects([*names, "ghost"])
    client.prefetch_projects(names)
    files = [the_file(client, name) for name in names]
    client.prefetch_metadata(files)
    assert [client.metadata(file).name for file in files] == names
    assert len(mirror.paths()) == 61
    with pytest.raises(ProjectNotFound):
        client.project("ghost")


def test_a_fault_in_the_background_surfaces_only_when_asked_for(mirror, wheel, make_client):
    mirror.faults.answers = {"/simple/bad/": (200, "text/plain", b"?")}
    client = make_client(mirror.url)
    client.prefetch_projects(["bad", "demo"])
    assert client.project("demo").files
    with pytest.raises(BadIndexAnswer, match="content type"):
        client.project("bad")


def test_closing_gives_up_what_waits_for_another_try(mirror, make_client):
    mirror.faults.failures = 10_000
    waiting = threading.Event()
    client = make_client(
        config=IndexConfig(indexes=(mirror.url,), retries=1000),
        wait=lambda seconds: waiting.set(),
    )
    client.prefetch_projects(["demo"])
    assert waiting.wait(30)
    client.close()


def test_closing_does_not_wait_for_a_server_that_does_not_answer(make_client, listener):
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/simple/"
        client = make_client(config=IndexConfig(indexes=(url,), timeout=600))
        client.prefetch_projects(["demo"])
        connection, _ = server.accept()
        with connection:
            connection.recv(1)  # the request is under way
            client.close()
    assert listener.retries == []


def test_clients_in_several_threads_agree(mirror, wheel, make_client):
    client = make_client(mirror.url)
    found: list[object] = []
    threads = [
        threading.Thread(target=lambda: found.append(client.metadata(the_file(client))))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(map(repr, found))) == 1


# -- times and hashes that the page lacks


def project_json(wheel, **more):
    entry = {
        "filename": wheel.name,
        "url": f"https://f/{wheel.name}",
        "digests": {"sha256": hashlib.sha256(wheel.read_bytes()).hexdigest()},
        "upload_time_iso_8601": "2024-05-06T07:08:09Z",
        **more,
    }
    body = json.dumps({"releases": {"1.0": [entry]}}).encode()
    return {"/pypi/demo/json": (200, "application/json", body)}


def test_an_upload_time_on_the_page_needs_nothing_more(mirror, wheel, make_client):
    mirror.faults.upload_times = {WHEEL: "2023-01-02T00:00:00Z"}
    client = make_client(mirror.url)
    assert client.upload_time("demo", the_file(client)) == datetime(2023, 1, 2, tzinfo=UTC)
    assert len(mirror.seen) == 1


def test_an_upload_time_is_looked_up_in_the_project_json_and_kept(mirror, wheel, make_client):
    mirror.faults.answers = project_json(wheel)
    client = make_client(mirror.url)
    when = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert client.upload_time("demo", the_file(client)) == when
    offline = make_client(mirror.url, offline=True)
    assert offline.upload_time("demo", the_file(offline)) == when


def test_the_project_json_may_be_fetched_early_and_is_read_once(mirror, wheel, make_client):
    mirror.faults.answers = project_json(wheel)
    client = make_client(mirror.url)
    client.prefetch_projects(["demo"], times=True)
    for _ in range(3):
        assert client.upload_time("demo", the_file(client)) is not None
    assert sorted(mirror.paths()) == ["/pypi/demo/json", "/simple/demo/"]


def test_the_project_json_is_not_fetched_early_where_the_page_has_times(mirror, wheel, make_client):
    mirror.faults.upload_times = {WHEEL: "2023-01-02T00:00:00Z"}
    client = make_client(mirror.url)
    client.prefetch_projects(["demo"], times=True)
    assert client.upload_time("demo", the_file(client)) is not None
    client.close()
    assert mirror.paths() == ["/simple/demo/"]


def test_an_upload_time_that_nobody_knows_is_unknown(mirror, wheel, make_client):
    client = make_client(mirror.url)
    assert client.upload_time("demo", the_file(client)) is None


def test_the_time_of_another_file_of_the_same_name_is_not_taken(mirror, wheel, make_client):
    mirror.faults.answers = project_json(wheel, digests={"sha256": "0" * 64})
    client = make_client(mirror.url)
    assert client.upload_time("demo", the_file(client)) is None


def test_a_hash_that_the_page_lacks_comes_from_the_project_json(mirror, wheel, make_client):
    mirror.faults.hashes = False
    mirror.faults.answers = project_json(wheel)
    client = make_client(mirror.url)
    expected = hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert client.sha256("demo", the_file(client)) == expected
    assert not [path for path in mirror.paths() if path.startswith("/files/")]


def test_a_hash_that_nobody_knows_is_counted_once(mirror, wheel, make_client):
    mirror.faults.hashes = False
    expected = hashlib.sha256(wheel.read_bytes()).hexdigest()
    for _ in range(2):
        client = make_client(mirror.url)
        assert client.sha256("demo", the_file(client)) == expected
    assert mirror.paths().count(f"/files/demo/{WHEEL}") == 1


# -- files


def test_a_download_is_checked_and_whole_or_not_there(mirror, wheel, make_client, tmp_path):
    client = make_client(mirror.url)
    client.download(the_file(client), tmp_path / "got.whl")
    assert (tmp_path / "got.whl").read_bytes() == wheel.read_bytes()

    mirror.faults.wrong_hash = True
    client = make_client(mirror.url, revalidate=True)
    with pytest.raises(HashMismatch):
        client.download(the_file(client), tmp_path / "wrong.whl")
    assert not [path for path in tmp_path.iterdir() if "wrong" in path.name]


def test_a_download_into_a_folder_that_is_not_there_is_named(mirror, wheel, make_client, tmp_path):
    client = make_client(mirror.url)
    with pytest.raises(OutsideError, match="cannot be kept"):
        client.download(the_file(client), tmp_path / "missing" / "got.whl")


def test_a_wheel_is_opened_for_reading_at_random(mirror, wheel, make_client):
    client = make_client(mirror.url)
    with client.open(the_file(client)) as file:
        file.seek(1000)
        assert file.read(10) == wheel.read_bytes()[1000:1010]


# -- an index with the JSON API


@pytest.fixture(scope="module")
def json_index(tmp_path_factory):
    folder = tmp_path_factory.mktemp("json")
    build_wheel(folder, "demo", "1.0", ["numpy<2"], requires_python=">=3.9")
    with JsonIndex(folder) as index:
        yield index


def test_a_json_index_gives_sizes_times_and_metadata_files(json_index, make_client, listener):
    client = make_client(json_index.url)
    file = the_file(client)
    wheel = json_index.folder / "demo" / WHEEL
    assert (file.filename, file.size) == (WHEEL, wheel.stat().st_size)
    assert file.uploaded == datetime.fromtimestamp(int(wheel.stat().st_mtime), UTC)
    assert file.has_metadata
    assert client.metadata(file).requires_dist == ("numpy<2",)
    assert listener.requests[-1].endswith(f"{WHEEL}.metadata")


def test_a_json_index_without_hashes_has_them_counted(json_index, make_client, tmp_path):
    client = make_client(json_index.url)
    wheel = json_index.folder / "demo" / WHEEL
    expected = hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert client.sha256("demo", the_file(client)) == expected
    client.download(the_file(client), tmp_path / WHEEL)
    assert (tmp_path / WHEEL).read_bytes() == wheel.read_bytes()
    with client.open(the_file(client)) as file:
        assert file.read() == wheel.read_bytes()


def test_a_json_index_says_when_a_project_is_unknown(json_index, make_client):
    with pytest.raises(ProjectNotFound):
        make_client(json_index.url).project("ghost")


# -- an index in a folder


def as_folder(tmp_path, wheel):
    page = tmp_path / "index" / "demo" / "index.html"
    page.parent.mkdir(parents=True)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    page.write_text(f'<!DOCTYPE html><a href="{wheel.as_uri()}#sha256={digest}">{wheel.name}</a>')
    return (tmp_path / "index").as_uri() + "/"


def test_an_index_in_a_folder_works_offline_too(wheel, make_client, tmp_path, listener):
    client = make_client(as_folder(tmp_path, wheel), offline=True)
    file = the_file(client)
    assert file.url == wheel.as_uri()
    assert client.metadata(file).requires_dist == ("numpy<2",)
    client.download(file, tmp_path / "got.whl")
    with client.open(file) as opened:
        assert opened.read() == (tmp_path / "got.whl").read_bytes()
    assert client.upload_time("demo", file) is None
    assert "works on this computer only" in listener.notes[0]
    with pytest.raises(ProjectNotFound):
        client.project("ghost")


def test_a_file_that_is_missing_in_a_folder_is_named(wheel, make_client, tmp_path):
    client = make_client(as_folder(tmp_path, wheel))
    file = the_file(client)
    wheel.write_bytes(b"other")
    with pytest.raises(HashMismatch):
        client.download(file, tmp_path / "got.whl")
    wheel.unlink()
    with pytest.raises(IndexUnreachable, match="No such file"):
        client.metadata(file)


def test_a_pipe_in_a_folder_is_not_waited_for(wheel, make_client, tmp_path):
    client = make_client(as_folder(tmp_path, wheel))
    file = the_file(client)
    for path in (wheel, tmp_path / "index" / "demo" / "index.html"):
        path.unlink()
        os.mkfifo(path)
    for ask in (client.metadata, client.open):
        with pytest.raises(IndexUnreachable, match="not a regular file"):
            ask(file)
    with pytest.raises(IndexUnreachable, match="not a regular file"):
        make_client((tmp_path / "index").as_uri() + "/").project("demo")


def test_a_folder_that_is_not_there_is_passed_over_and_said(mirror, wheel, make_client, listener):
    client = make_client("file:///no/such/folder/", mirror.url)
    assert the_file(client).url.startswith(mirror.root)
    assert "no such folder" in listener.notes[0]


def test_credentials_of_the_config_are_used(mirror, wheel, make_client):
    mirror.faults.credentials = ("u", "p")
    known = (Credentials(url=mirror.url, user="u", password="p"),)
    client = make_client(config=IndexConfig(indexes=(mirror.url,), credentials=known))
    assert client.metadata(the_file(client)).name == "demo"
