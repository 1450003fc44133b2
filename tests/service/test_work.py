"""The work itself, without worker processes around it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from tfmac_lock.errors import UsageError
from tfmac_lock.matrix import loading
from tfmac_lock.service import work
from tfmac_lock.service.index import Index
from tfmac_lock.service.messages import CheckRequest, ExplainRequest, LockRequest
from tfmac_lock.service.problems import Refused
from tfmac_lock.service.settings import Limits, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tfmac_lock.matrix.facts import Matrix


@pytest.fixture(scope="module")
def matrix() -> Matrix:
    return loading.matrix()


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Settings]:
    made = Settings(cache=tmp_path / "cache", offline=True, limits=Limits(read_seconds=20))
    use(monkeypatch, made)
    yield made
    work._index.forget()


def use(monkeypatch: pytest.MonkeyPatch, made: Settings) -> Index:
    """Work with these settings until the test ends; the index as the work asks it."""
    index = Index(made)
    monkeypatch.setattr(work, "_settings", made, raising=False)
    monkeypatch.setattr(work, "_index", index, raising=False)
    return index


def test_a_message_becomes_the_request_that_the_command_line_makes(matrix: Matrix) -> None:
    message = LockRequest(
        python="3.11", chip="M2 Pro", macos="14", packages=["pandas>2", "tqdm"], metal="none"
    )

    request = work.request_of(message, matrix)

    assert request.pair.chip.id == "m2-pro"
    assert request.pair.any_minor
    assert request.pair.extra == {"pandas", "tqdm"}
    assert request.options == "--with 'pandas>2' --with tqdm"


def test_a_requirement_that_does_not_hold_on_a_mac_is_left_out(matrix: Matrix) -> None:
    message = LockRequest(
        python="3.11", chip="m1", packages=["pywin32; sys_platform == 'win32'", "tqdm"]
    )

    assert work.request_of(message, matrix).pair.extra == {"tqdm"}


@pytest.mark.parametrize("package", ["x @ https://e.example/x.whl", "x @ file:///x", "-r x", "a b"])
def test_only_names_of_packages_are_taken(matrix: Matrix, package: str) -> None:
    with pytest.raises(UsageError):
        work.request_of(LockRequest(python="3.11", chip="m1", packages=[package]), matrix)


def test_an_index_that_cannot_be_asked_is_not_the_clients_fault() -> None:
    with pytest.raises(Refused) as found:
        work.lock(LockRequest(python="3.11", chip="m1"))

    assert (found.value.status, found.value.code) == (502, "index")


def test_a_broken_pair_is_refused_with_its_reason() -> None:
    with pytest.raises(Refused) as found:
        work.lock(LockRequest(python="3.11", chip="m1", tensorflow="2.18.0", metal="1.1.0"))

    assert found.value.status == 409
    assert "broken" in found.value.text


def test_a_log_is_explained() -> None:
    pytest.importorskip("tfmac_lock.explain.answer")
    text = "libmetal_plugin.dylib: Symbol not found: __ZN3tsl8internal10LogMessageC1EPKcii"

    found = work.explain(ExplainRequest(text=text))

    assert found["matches"][0]["symptom"] == "plugin-symbol-missing"


def test_pins_are_judged_and_nothing_is_left_in_the_cache(settings: Settings) -> None:
    pytest.importorskip("tfmac_lock.check.judge")
    text = "tensorflow==2.18.0\ntensorflow-metal==1.1.0\n"

    found = work.check(CheckRequest(name="requirements.txt", text=text, python="3.11"))

    assert found["status"] == "broken"
    assert {row["path"] for row in (*found["findings"], *found["files"])} == {"requirements.txt"}
    assert settings.cache is not None
    assert list(settings.cache.glob("check-*")) == []


@pytest.mark.parametrize(
    "text",
    ["-r /etc/passwd\n", "-r ../../etc/passwd\n", "-\\\nr /etc/passwd\n", "-c /etc/passwd\n"],
)
def test_pins_of_other_files_are_not_read(settings: Settings, text: str) -> None:
    pytest.importorskip("tfmac_lock.check.judge")
    try:
        told = str(work.check(CheckRequest(name="requirements.txt", text=text, python="3.11")))
    except Refused as refused:
        told = refused.text

    assert "root:" not in told
    assert str(settings.cache) not in told


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pylock.toml", "[[[["),
        ("uv.lock", "x = " + "[" * 5000),
        ("conda-lock.yml", "a: &a [*a, *a]\n" * 3),
        ("environment.yml", "- " * 20000),
        ("poetry.lock", "\x00"),
        ("diary.doc", "mine"),
    ],
)
def test_files_that_are_none_are_refused(settings: Settings, name: str, text: str) -> None:
    pytest.importorskip("tfmac_lock.check.judge")
    with pytest.raises(Refused) as found:
        work.check(CheckRequest(name=name, text=text, python="3.11"))

    assert found.value.status == 422
    assert str(settings.cache) not in found.value.text


@pytest.mark.index
@pytest.mark.slow
def test_a_lock_with_more_packages_is_resolved(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use(monkeypatch, Settings(cache=tmp_path))
    try:
        found = work.lock(LockRequest(python="3.11", chip="m1", packages=["tqdm"]))
    except Refused as refused:
        if refused.code != "index":
            raise
        pytest.skip("the package index cannot be reached")

    names = {package["name"] for package in found["packages"]}
    assert {"tensorflow", "tensorflow-metal", "tqdm"} <= names
    texts = {content["name"]: content["text"] for content in found["contents"]}
    assert "tqdm==" in texts["requirements.txt"]


def test_the_cache_is_trimmed_after_a_lock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = Settings(cache=tmp_path, offline=True, limits=Limits(cache_files=3))
    use(monkeypatch, made)
    monkeypatch.setattr(work, "_trimmed", -math.inf)
    for number in range(9):
        (tmp_path / f"{number}").write_text("x")

    with pytest.raises(Refused):
        work.lock(LockRequest(python="3.11", chip="m1"))

    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("error", [RecursionError(), MemoryError()])
def test_an_input_that_is_too_deep_or_too_much_is_no_error_of_the_service(
    error: Exception,
) -> None:
    def do() -> dict[str, object]:
        raise error

    with pytest.raises(Refused) as found:
        work._job(5, do)

    assert found.value.status == (422 if isinstance(error, RecursionError) else 503)


def test_a_recipe_brings_its_python_and_its_requirements(matrix: Matrix) -> None:
    request = work.request_of(LockRequest(chip="m1", recipe="spleeter", packages=["tqdm"]), matrix)

    assert str(request.pair.python.series) == "3.10"
    assert request.pair.extra == {"spleeter", "tqdm"}
    assert request.options == "--for spleeter --with tqdm"
    assert request.recipe is not None


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (LockRequest(chip="m1"), "say which Python"),
        (LockRequest(chip="m1", recipe="speleter"), "Did you mean 'spleeter'"),
    ],
)
def test_a_request_without_a_python_or_with_an_unknown_recipe_is_refused(
    message: LockRequest, told: str, matrix: Matrix
) -> None:
    with pytest.raises(UsageError, match=told):
        work.request_of(message, matrix)


def test_a_recipe_that_cannot_be_had_is_answered_with_the_reason() -> None:
    with pytest.raises(Refused, match="no lock for magenta") as told:
        work.lock(LockRequest(chip="m1", recipe="magenta"))
    assert told.value.status == 409
