"""The parts of the corpus that patterns are made with: every text gets a right symptom first."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.symptoms import SYMPTOMS
from tfmac_lock.curate import symptom_files
from tfmac_lock.explain.recognise import recognise_text

if TYPE_CHECKING:
    from tfmac_lock.explain.symptoms import Symptom

CORPUS = Path(__file__).parent / "corpus"
WORK = sorted(path for path in CORPUS.glob("*/*.toml") if path.parent.name != "unseen")
NOT_YET = {
    "none-c41a353e": "Core AI: nothing but the driver's words, which the plugin's user sees too",
    "none-7402d0dc": "PyTorch on MPS: nothing but the driver's words",
    "none-bccd655b": "a comment on a Java test, which quotes the words of the C++ library alone",
    "none-e173c0f5": "a comment on TensorFlow for Java, which quotes the words alone",
    "wrong-numbers-28682b09": "a sentence, and no output",
    "kernel-died-e89f77c7": "an application that says no more than that it ended",
    "no-matching-distribution-c0e4a0b2": "poetry's stack alone, without its message",
    "optimizer-argument-58d55b0d": "two errors, of which the first is another one's",
    "training-diverges-8059f5a0": "a sentence, and no output",
    "gpu-not-listed-5afd192e": "CUDA's own words; only the host's name says that it is a Mac",
    "kernel-died-25a0ecdb": "the reporter names the plugin as what helped",
    "source-build-7bfb1b1f": "a linker's words alone, of a program in C++",
    "source-build-7e18ebf2": "Bazel's words alone",
    "none-3ddd14b5": "a worker of Celery that was forked: macOS's words, whoever uses Metal",
    "none-9a9ea82f": "protobuf's words alone; the cause is right whatever else is installed",
    "none-b31ac92e": "pip's refusal under Homebrew, which has one cause whatever is installed",
    "none-efe3adb1": "the same",
    "companion-load-22d30c7b": "tensorflow-io's word for an ffmpeg that it does not find",
    "gpu-kernel-missing-5cf102fc": "a comment in code, broken within the message",
    "none-03406501": "a program in C++ that shows nothing but protobuf's words",
    "none-52cb32de": "qemu's line alone, of another program",
    "none-efa25ccb": "PyTorch on MPS: nothing but the driver's words",
    "none-813d47e6": "the hint of OpenMP alone; the project is on PyTorch, and does not name it",
    "training-diverges-a9a91901": "a sentence, and a healthy line of output",
    "keras-method-gone-6e454cad": "a notice that a method will go, while it is still there",
    "source-build-4aeba6b1": "numba alone, and no TensorFlow",
    "source-build-dee2fef4": "Bazel's words alone",
    "none-de637417": "PyTorch on MPS: nothing but the driver's words",
    "none-e16c4c87": "Core ML: macOS's words for a fork alone",
    "none-fe095520": "a Python program that forks, whatever it has loaded",
    "none-e9675f0c": "pyarrow beside another library with abseil, which is the very cause",
    "none-e306e9d9": "mediapipe, asked for by its own maker of models on a Mac",
    "none-6e3aa022": "the words of OpenMP alone",
    "none-e69ebbf9": "a compiler that is missing, whatever is compiled",
    "none-2880c1cb": "a module of another package, for the other processor",
    "none-82dacaa2": "pip's words about numpy on a system that it does not name",
    "none-d21704d6": "zsh's brackets, which have one cause whatever is installed",
    "none-166cb229": "the same",
    "companion-abi-da8a49a8": "Scala's own library of operations",
    "companion-load-1fa83c0a": "a library of another project, for its own device",
    "companion-load-7d129f09": "MPI, which Homebrew brings",
    "companion-load-8e3d250e": "a library of the system for sound",
    "developer-tools-missing-6f719786": "Bazel's words alone",
    "developer-tools-missing-9c2bd0f8": "Node's builder alone",
    "linux-cuda-pins-f2abd6fa": "Linux's own packages of conda, and none of CUDA",
    "none-1a8f0c0e": "wrapt under a Python that is too new for it, whoever uses it",
    "none-395d5bff": "the end of a C++ program alone",
    "none-7cb31507": "numpy's words alone",
    "none-902eac01": "a Python program that forks, whatever it has loaded",
    "source-build-1a402b8d": "MPI's compiler",
    "source-build-20d12f36": "code of the project's own that is compiled",
    "source-build-271bc074": "a linker's words alone",
    "source-build-fe791b53": "code of the project's own that is compiled",
    "tensorflow-library-missing-8199aa9a": "Node's binding",
    "tensorflow-library-missing-cb46c9f0": "Node's binding",
    "tensorflow-library-missing-f65fd0d1": "a library that somebody linked for C++",
    "none-27ba213b": "macOS's words for a fork alone",
    "none-dde8cf78": "the same",
    "none-f873afb5": "PyTorch's pins of CUDA, which no Mac can install either",
}
"""Texts that are answered wrongly or not at all, and why."""


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(
            path,
            id=path.stem,
            marks=[pytest.mark.xfail(strict=True, reason=NOT_YET[path.stem])]
            if path.stem in NOT_YET
            else [],
        )
        for path in WORK
    ],
)
def test_a_text_of_an_open_part_is_recognised(path: Path, known: tuple[Symptom, ...]) -> None:
    entry = tomllib.loads(path.read_text(encoding="utf-8"))
    found = [match.symptom.id for match in recognise_text(entry["text"], known).matches]
    if entry["expects"]:
        assert found[:1], entry["expects"]
        assert found[0] in entry["expects"]
    else:
        assert found == []


def test_each_text_lies_in_the_half_that_its_hash_says() -> None:
    for half in ("work", "unseen"):
        for path in (CORPUS / half).glob("*.toml"):
            text = tomllib.loads(path.read_text(encoding="utf-8"))["text"]
            first = int(hashlib.sha256(text.encode()).hexdigest()[0], 16)
            assert half == ("unseen" if first % 2 else "work"), path.name


def test_every_symptom_that_the_corpus_expects_exists() -> None:
    ids = set(symptom_files.read(SYMPTOMS))
    planned = {"companion-keras", "companion-version"}
    for path in CORPUS.glob("*/*.toml"):
        entry = tomllib.loads(path.read_text(encoding="utf-8"))
        assert not entry["expects"] or ids & set(entry["expects"]), path.name
        assert set(entry["expects"]) <= ids | planned, path.name


OTHERS = {
    "torch": "import torch\nmutex lock failed: Invalid argument",
    "jax": "JAX Apple GPU support is experimental\ncould not find registered platform with id: 0x1",
    "mlx": "import mlx.core as mx\nKernel died, restarting",
    "ggml": "llama_init_from_file: kv self size\nkIOGPUCommandBufferCallbackErrorOutOfMemory",
}


@pytest.mark.parametrize("framework", OTHERS)
def test_a_text_of_another_framework_has_no_symptom_unless_it_names_tensorflow(
    framework: str, known: tuple[Symptom, ...]
) -> None:
    assert recognise_text(OTHERS[framework], known).matches == ()
    assert recognise_text(OTHERS[framework] + "\nimport tensorflow as tf\n", known).matches


def test_words_that_every_program_ends_with_count_only_where_little_stands_beside_them(
    known: tuple[Symptom, ...],
) -> None:
    words = "libc++abi: terminating: mutex lock failed: Invalid argument\n"
    output = "".join(f"{done} of 40 tiles were written\n" for done in range(40))
    assert [match.weak for match in recognise_text(words, known).matches] == [True]
    assert recognise_text(output + words, known).matches == ()
    assert recognise_text(output + words + "zsh: abort python x.py", known).matches
