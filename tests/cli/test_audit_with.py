"""``tfmac-lock audit --with``: a companion beside TensorFlows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_audit import call, document, index, lock_file  # noqa: F401 - fixtures
from tests.support.facts import matrix
from tests.support.fake_wheels import SYSTEM, companion_wheel, tensorflow_files, tensorflow_wheel
from tests.support.machos import Need
from tests.support.natives import ALLOC, CONCAT, LIBRARY, Rows
from tfmac_lock.errors import InputFileError, UsageError
from tfmac_lock.matrix import loading

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FRAMEWORK = "tensorflow/libtensorflow_framework.2.dylib"


@pytest.fixture(autouse=True)
def rows(monkeypatch: pytest.MonkeyPatch) -> Rows:
    """0.37.1 wants what 2.17.1 and 2.16.2 offer, and 2.18.0 and 2.18.1 do not."""
    made = Rows()
    made.companion("0.37.1", {"": [CONCAT], LIBRARY: [ALLOC]})
    for version in ("2.16.2", "2.17.1"):
        made.tensorflow(version, {FRAMEWORK: [ALLOC, CONCAT]})
    for version in ("2.18.0", "2.18.1"):
        made.tensorflow(version, {FRAMEWORK: [ALLOC]})
    found = replace(matrix(), natives=made.matrix_rows())
    monkeypatch.setattr(loading, "matrix", lambda: found)
    return made


def test_what_is_missing_is_told_as_a_programmer_writes_it_and_where_it_would_load(
    call: Callable[..., int],  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert call("--with", "tensorflow-io==0.37.1", "--tensorflow", "2.18.0") == 1
    printed = capsys.readouterr().out

    assert printed.startswith("tensorflow-io 0.37.1 + tensorflow 2.18.0, arm64: does not load\n")
    assert f"  missing symbol: {CONCAT}\n    tensorflow::tensor::Concat(" in printed
    assert "  loads into TensorFlow 2.16.2 to 2.17.1\n" in printed
    assert printed.endswith("  does not load into TensorFlow 2.18.0 to 2.18.1\n")


def test_a_series_of_tensorflow_means_its_newest_release(
    call: Callable[..., int],  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert call("--with", "tensorflow-io==0.37.1", "--tensorflow", "2.17", "--json") == 0
    (found,) = document(capsys)["companions"]

    assert (found["tensorflow"], found["loads"]) == ("2.17.1", True)
    assert found["missing_symbols"] == []


def test_the_same_is_data_with_json(
    call: Callable[..., int],  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert call("--with", "tensorflow-io==0.37.1", "--tensorflow", "2.18.1", "--json") == 1
    (found,) = document(capsys)["companions"]

    assert (found["package"], found["version"], found["arch"]) == (
        "tensorflow-io",
        "0.37.1",
        "arm64",
    )
    assert (found["binds"], found["loads"]) == (True, False)
    assert found["missing_symbols"] == [CONCAT]
    assert found["readable"][CONCAT].startswith("tensorflow::tensor::Concat(")
    assert found["loads_into"] == ["2.16.2", "2.17.1"]
    assert found["does_not_load_into"] == ["2.18.0", "2.18.1"]


def test_without_a_tensorflow_all_of_them_are_told(
    call: Callable[..., int],  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert call("--with", "tensorflow-io==0.37.1") == 0
    printed = capsys.readouterr().out

    assert printed.startswith("tensorflow-io 0.37.1, arm64\n")
    assert "  loads into TensorFlow 2.16.2 to 2.17.1\n" in printed


def test_a_local_wheel_is_read_and_judged_by_the_rows(
    call: Callable[..., int],  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    needs = [Need(symbol=CONCAT, ordinal=-2), Need(symbol=ALLOC, ordinal=1)]
    path = companion_wheel(tmp_path / "own", version="0.37.1+own", needs=needs)

    assert call("--with", str(path), "--tensorflow", "2.18.1") == 1
    assert "does not load into TensorFlow 2.18.0 to 2.18.1" in capsys.readouterr().out


def test_symbols_that_no_row_knows_are_looked_for_in_the_wheel_of_that_tensorflow(
    call: Callable[..., int],  # noqa: F811
    index: Path,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    new, lost = "__ZN10tensorflow3NewEv", "__ZN10tensorflow4LostEv"
    files = tensorflow_files(framework={ALLOC: None, new: None})
    tensorflow_wheel(index, "2.18.1", files=files)
    needs = [Need(symbol=new, ordinal=1), Need(symbol=lost, ordinal=1)]
    path = companion_wheel(tmp_path / "own", needs=needs)

    assert call("--with", str(path), "--tensorflow", "2.18.1", "--json") == 1
    (found,) = document(capsys)["companions"]
    assert found["missing_symbols"] == [lost]
    assert found["undecided"] == ["2.16.2", "2.17.1", "2.18.0", "2.18.1"]


def test_a_release_that_the_rows_lack_is_read_from_the_index(
    call: Callable[..., int],  # noqa: F811
    index: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    companion_wheel(index, version="0.38.0", needs=[Need(symbol=ALLOC, ordinal=1)])

    assert call("--with", "tensorflow-io", "--tensorflow", "2.18.1") == 0
    assert capsys.readouterr().out.startswith(
        "tensorflow-io 0.38.0 + tensorflow 2.18.1, arm64: loads\n"
    )


def test_a_package_that_does_not_bind_is_said_to_be_a_matter_of_its_metadata(
    call: Callable[..., int],  # noqa: F811
    index: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    companion_wheel(index, "tfx-bsl", "1.21.0", libraries=[SYSTEM], needs=[])

    assert call("--with", "tfx-bsl==1.21.0", "--tensorflow", "2.18.1") == 0
    assert capsys.readouterr().out == (
        "tfx-bsl 1.21.0, arm64: none of its images binds to TensorFlow's: its metadata decide\n"
    )


def test_a_copy_of_tensorflows_library_is_told_with_its_path(
    call: Callable[..., int],  # noqa: F811
    rows: Rows,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    copy = "tensorflow_addons/.dylibs/libtensorflow_framework.2.dylib"
    rows.companion("0.23.0", {}, name="tensorflow-addons", libraries=[], copies=[copy])
    found = replace(matrix(), natives=rows.matrix_rows())
    monkeypatch.setattr(loading, "matrix", lambda: found)

    assert call("--with", "tensorflow-addons==0.23.0", "--tensorflow", "2.17.1") == 1
    printed = capsys.readouterr().out
    assert "2.17.1, arm64: cannot be decided" in printed
    assert f"  a copy of TensorFlow's own: {copy}" in " ".join(printed.split("\n    "))


def test_the_companions_of_a_lock_are_judged_beside_its_own_tensorflow(
    call: Callable[..., int],  # noqa: F811
    index: Path,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    wheels = [*index.glob("tensorflow/*.whl"), companion_wheel(tmp_path / "own")]

    assert call(str(lock_file(tmp_path, wheels)), "--json") == 1
    printed = document(capsys)
    assert [(one["package"], one["tensorflow"]) for one in printed["companions"]] == [
        ("tensorflow-io", "2.18.0")
    ]
    assert printed["companions"][0]["missing_symbols"] == [CONCAT]


def test_lines_are_no_longer_than_a_terminal_but_for_names(
    call: Callable[..., int],  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    call("--with", "tensorflow-io==0.37.1", "--tensorflow", "2.18.0")

    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in lines if "oncat" not in line) <= 80


@pytest.mark.parametrize(
    "given",
    [
        ("--tensorflow", "2.18.1", "x.whl"),
        ("--with", "tensorflow-io>=0.3"),
        ("--with", "tensorflow-io==0.37.1", "--tensorflow", "2.99.0"),
        ("--with", "nobody==1"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    call: Callable[..., int],  # noqa: F811
    given: tuple[str, ...],
) -> None:
    with pytest.raises(UsageError):
        call(*given)


def test_a_wheel_that_is_not_there_is_told_by_its_name(
    call: Callable[..., int],  # noqa: F811
) -> None:
    with pytest.raises(InputFileError, match=r"nothing-1-py3-none-any\.whl"):
        call("--with", "nothing-1-py3-none-any.whl")
