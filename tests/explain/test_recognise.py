"""Recognising symptoms in whatever people paste."""

from __future__ import annotations

import io
import json
import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.symptoms import LOGS
from tfmac_lock.explain.recognise import recognise, recognise_text
from tfmac_lock.explain.symptoms import Severity, Symptom, shipped
from tfmac_lock.explain.text import OVERLAP, WINDOW

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SHARED = Path(os.environ.get("TFMAC_LOCK_SHARED", Path(__file__).parents[3] / "shared"))
VARIANTS = tomllib.loads((LOGS / "variants.toml").read_text("utf-8"))["variants"]
PLUGIN = (
    "NotFoundError: dlopen(/v/lib/python3.9/site-packages/tensorflow-plugins/libmetal_plugin.dylib,"
    " 0x0006): symbol not found in flat namespace '_TF_AllocateOutput'"
)


def ids(text: str | bytes, known: Sequence[Symptom]) -> list[str]:
    return [match.symptom.id for match in recognise_text(text, known).matches]


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: f"{v['symptom']}: {v['text'][:40]}")
def test_a_failure_is_recognised_in_forms_that_no_example_has(
    variant: dict[str, str], known: tuple[Symptom, ...]
) -> None:
    assert ids(variant["text"], known)[:1] == [variant["symptom"]]


STRANGER = 'File "/v/lib/python3.11/site-packages/osgeo/gdal_array.py", line 14\n'
OF_NUMPY = "RuntimeError: module compiled against API version 0xe but this version of numpy is 0xd"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (OF_NUMPY, ["numpy-abi"]),
        (STRANGER + OF_NUMPY, []),
        (STRANGER.replace("/", "\\\\") + OF_NUMPY, []),
        (STRANGER.replace("osgeo", "h5py") + OF_NUMPY, ["numpy-abi"]),
        (STRANGER.replace("osgeo", "transformers") + OF_NUMPY, ["numpy-abi"]),
        (f"{STRANGER}import tensorflow as tf\n{OF_NUMPY}", ["numpy-abi"]),
        (f"{STRANGER}mach-o file, but is an incompatible architecture", ["wrong-architecture"]),
        (f"{STRANGER}Could not locate class 'Functional'.", ["keras-model-generation"]),
    ],
)
def test_files_of_a_package_that_does_not_go_with_tensorflow_speak_against_generic_symptoms(
    text: str, wanted: list[str], known: tuple[Symptom, ...]
) -> None:
    assert ids(text, known) == wanted


@pytest.mark.shared
def test_every_public_report_is_recognised_with_its_own_symptom_first(
    known: tuple[Symptom, ...],
) -> None:
    path = SHARED / "facts" / "reports.json"
    if not path.exists():
        pytest.skip(f"{path} is missing")
    wrong = []
    for report in json.loads(path.read_text("utf-8")):
        text, wanted = report.get("error_text"), report.get("symptom")
        if not text:
            continue
        found = ids(text, known)
        # Without a symptom in the report, only the crash that its own cause tells of may be found.
        fine = found[:1] == [wanted] if wanted else found in ([], ["plugin-crash"])
        if not fine:
            wrong.append((report["id"], wanted, found))
    assert wrong == []


@pytest.mark.parametrize("path", sorted((LOGS / "healthy").glob("*.log")), ids=lambda p: p.stem)
def test_nothing_is_recognised_in_a_healthy_log(path: Path, known: tuple[Symptom, ...]) -> None:
    matches = recognise_text(path.read_bytes(), known).matches
    assert [m for m in matches if m.symptom.severity is Severity.ERROR] == []


def test_errors_of_other_programs_beside_a_healthy_training_are_not_its_own(
    known: tuple[Symptom, ...],
) -> None:
    names = ("unrelated-tracebacks", "training", "pip-install-verbose", "keras-warnings")
    text = b"".join((LOGS / "healthy" / f"{name}.log").read_bytes() for name in names)
    matches = recognise_text(text, known).matches
    assert [m.symptom.id for m in matches if m.symptom.severity is Severity.ERROR] == []


def wrapped(text: str) -> str:
    return "\n".join(text[i : i + 72] for i in range(0, len(text), 72))


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("colours", lambda t: t.replace(" ", " \x1b[1;31m").replace(":", "\x1b[0m:")),
        ("a hyperlink", lambda t: "\x1b]8;;file:///x\x1b\\" + t + "\x1b]8;;\x1b\\"),
        ("CRLF", lambda t: "one\r\n" + t + "\r\ntwo\r\n"),
        ("a terminal's wrapping", wrapped),
        ("wrapping with CRLF", lambda t: wrapped(t).replace("\n", "\r\n")),
        ("a hosted CI's times", lambda t: "2026-11-20T22:14:21.1234567Z " + t),
        ("docker build", lambda t: f"#12 34.56 {t}"),
        ("pytest", lambda t: f"E       {t}"),
        ("quoted mail", lambda t: f"> > {t}"),
        ("a box", lambda t: f"│ {t}"),
        ("curly quotes", lambda t: t.replace("'", "\u2018")),
        ("UTF-16", lambda t: t.encode("utf-16")),
        ("Latin-1 around it", lambda t: b"\xe9\xe8\xff" + t.encode() + b"\xfe"),
        ("Chinese around it", lambda t: f"安装之后导入时报错 {t} 谢谢"),
        ("Turkish around it", lambda t: f"İçe aktarma hatasi: {t} İĞDE"),
        ("upper case", str.upper),
        ("zero bytes", lambda t: t.encode().replace(b" ", b" \x00")),
        ("a progress line before it", lambda t: "50%\r60%\r" + t),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_what_other_tools_do_to_a_text_does_not_hide_the_failure(
    name: str, form: object, known: tuple[Symptom, ...]
) -> None:
    assert callable(form)
    assert ids(form(PLUGIN), known)[:1] == ["plugin-symbol-missing"]


def test_a_notebook_is_read_through_its_json(known: tuple[Symptom, ...]) -> None:
    output = {
        "output_type": "error",
        "traceback": [
            "\x1b[0;31mTypeError\x1b[0m: Descriptors \x1b[1mcannot\x1b[0m be created directly.\n",
            "Traceback (most recent call last)",
        ],
    }
    cell = {"cell_type": "code", "source": ["import tensorflow as tf\n"], "outputs": [output]}
    for indent in (None, 1):
        notebook = json.dumps({"cells": [cell], "nbformat": 4}, indent=indent)
        assert ids(notebook, known) == ["protobuf-descriptors"]


@pytest.mark.parametrize("shift", [-OVERLAP, -200, -100, -60, -1, 0, 1])
def test_a_failure_on_the_edge_of_two_windows_is_found(
    shift: int, known: tuple[Symptom, ...]
) -> None:
    before = WINDOW + shift
    text = b"x" * (before - 1) + b"\n" + PLUGIN.encode() + b"\n" + b"y" * 1000
    assert ids(text, known) == ["plugin-symbol-missing"]


def test_the_root_comes_first_and_names_what_follows(known: tuple[Symptom, ...]) -> None:
    text = (
        "  error: Unable to load dependency HDF5, make sure HDF5 is installed properly\n"
        "ERROR: Failed building wheel for h5py\n>>> import tensorflow\n"
        "ModuleNotFoundError: No module named 'tensorflow'\n"
    )
    matches = recognise_text(text, known).matches
    assert [(m.symptom.id, m.root) for m in matches] == [
        ("h5py-build", ""),
        ("tensorflow-not-installed", "h5py-build"),
    ]


def test_an_error_comes_before_a_notice_wherever_it_stands(known: tuple[Symptom, ...]) -> None:
    text = "Could not identify NUMA node of platform GPU ID 0\n" * 50
    text += "could not find registered platform with id: 0x1"
    assert ids(text, known) == ["optimizer-platform-id", "numa-warning"]


def test_a_more_particular_symptom_on_the_same_line_replaces_the_general_one(
    known: tuple[Symptom, ...],
) -> None:
    text = PLUGIN.replace("_TF_AllocateOutput", "_OBJC_CLASS_$_MPSGraphGRUDescriptor")
    assert ids(text, known) == ["plugin-macos-too-old"]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\n",
        b"\x00" * 100_000,
        bytes(range(256)) * 1000,
        b"\xff\xfe" + bytes(range(255, -1, -1)) * 99,
        b"\x1b[" * 50_000,
        b"\x1b]" + b"a" * 100_000,
        b"symbol not found " * 6_000,
        b"libmetal_plugin.dylib " * 5_000,
        b"Library not loaded: @rpath/_pywrap_tensorflow" * 3_000,
        b"Failed to build " * 6_000,
        b"numpy/core/_multiarray_umath" * 4_000,
        b"Epoch 1/2 loss: " * 6_000,
        b"Epoch 99999999999999999999/2 loss: 1e999999",
        b'{"cells": [' * 9_000,
    ],
    ids=lambda text: repr(text[:20]),
)
def test_junk_and_near_matches_without_end_are_read_to_the_end(
    text: bytes, known: tuple[Symptom, ...]
) -> None:
    recognise_text(text, known)


@given(st.binary(max_size=400), st.sampled_from(VARIANTS), st.binary(max_size=400))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_bytes_of_any_kind_before_and_after_do_not_hide_a_failure(
    before: bytes, variant: dict[str, str], after: bytes
) -> None:
    known = shipped()
    hidden = b"Epoch" in variant["text"].encode() or b'"cells"' in before
    found = ids(before + b"\n" + variant["text"].encode() + b"\n" + after, known)
    marks = before[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x1b" in before
    assert variant["symptom"] in found or hidden or marks


class Endless(io.RawIOBase):
    """A pipe that never ends, and counts what was taken from it."""

    def __init__(self, chunk: bytes) -> None:
        self.chunk = chunk
        self.taken = 0

    def read1(self, size: int = -1, /) -> bytes:
        self.taken += len(self.chunk)
        return self.chunk


def test_an_endless_pipe_is_left_after_the_limit(known: tuple[Symptom, ...]) -> None:
    pipe = Endless((PLUGIN + "\n").encode() * 500)
    found = recognise(pipe, known, limit=1_000_000)
    assert found.cut
    assert [m.symptom.id for m in found.matches] == ["plugin-symbol-missing"]
    assert pipe.taken < 2_000_000


def test_an_interrupt_ends_the_reading_with_the_answer_so_far(known: tuple[Symptom, ...]) -> None:
    class Interrupted:
        def __init__(self) -> None:
            self.chunks: Iterator[bytes] = iter([PLUGIN.encode()])

        def read1(self, size: int = -1, /) -> bytes:
            for chunk in self.chunks:
                return chunk
            raise KeyboardInterrupt

    found = recognise(Interrupted(), known)
    assert found.cut
    assert [m.symptom.id for m in found.matches] == ["plugin-symbol-missing"]


@pytest.mark.slow
def test_one_line_of_fifty_megabytes_is_read_in_windows(known: tuple[Symptom, ...]) -> None:
    text = b"x" * 50_000_000 + PLUGIN.encode()
    assert ids(text, known) == ["plugin-symbol-missing"]
