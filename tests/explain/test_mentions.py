"""What a log names."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tfmac_lock.explain import mentions
from tfmac_lock.explain.mentions import Collector, Facts
from tfmac_lock.explain.sought import Sought

if TYPE_CHECKING:
    from collections.abc import Iterator


def facts(text: str) -> Facts:
    collector = Collector()
    collector.feed(text)
    return collector.finish()


@pytest.mark.parametrize(
    "text",
    [
        "Successfully installed numpy-1.26.4 tensorflow-2.18.0",
        "tensorflow                   2.18.0\nnumpy                        1.26.4\n",
        " + numpy==1.26.4\n + tensorflow==2.18.0\n",
        " - tensorflow==2.16.1\n + tensorflow==2.18.0\n + numpy==1.26.4\n",
        "numpy-1.26.4-cp311-cp311-macosx_11_0_arm64.whl tensorflow-2.18.0-cp311-cp311-x.whl",
        "Uninstalling tensorflow-2.16.1\nSuccessfully installed numpy-1.26.4 tensorflow-2.18.0",
        ">>> tensorflow.__version__\n'2.18.0'\n>>> numpy.__version__\n'1.26.4'\n",
    ],
)
def test_versions_are_found_in_whatever_lists_them(text: str) -> None:
    found = facts(text)
    assert found.versions["tensorflow"] == "2.18.0"
    assert found.versions["numpy"] == "1.26.4"


def test_the_payload_is_the_tensorflow() -> None:
    assert facts("tensorflow==2.15.0 tensorflow-macos==2.15.0").tensorflow == (
        "tensorflow-macos",
        "2.15.0",
    )
    assert facts("tensorflow==2.16.2 tensorflow-macos==2.16.2").tensorflow == (
        "tensorflow",
        "2.16.2",
    )
    assert facts("nothing").tensorflow == ("", "")


def test_python_macos_chip_architecture_and_symbol_are_found() -> None:
    found = facts(
        "Python 3.11.7, macOS Sonoma 14.5, Apple M2 Max\n"
        "dlopen(/v/lib/python3.11/site-packages/tensorflow-plugins/libmetal_plugin.dylib, 6): "
        "Symbol not found: _TF_AssignVariable\n(have 'x86_64', need 'arm64')"
    )
    assert found.python.startswith("3.11")
    assert (found.macos, found.chip, found.arch) == ("14.5", "M2 Max", "arm64")
    assert found.symbols == ("_TF_AssignVariable",)
    assert found.paths[0].endswith("libmetal_plugin.dylib")


def test_the_macos_that_a_file_was_built_for_is_not_this_macos() -> None:
    assert facts("libmetal_plugin.dylib (which was built for Mac OS X 12.0)").macos == ""


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("zsh: no matches found: ludwig[viz]", "ludwig[viz]"),
        ("zsh: no matches found: tensorflow[and-cuda]", "tensorflow"),
        ("zsh: no matches found: .[dev]", ""),
        ("zsh: no matches found: *.whl", ""),
    ],
)
def test_the_requirement_that_a_shell_took_for_a_pattern(line: str, meant: str) -> None:
    assert facts(line).unquoted == meant


def test_what_is_no_version_is_not_taken() -> None:
    assert facts("tensorflow==2.x and numpy==latest").versions == {}


def _sought() -> Iterator[Sought]:
    """What is looked for by the words that it begins with."""
    yield from (one for one in vars(mentions).values() if isinstance(one, Sought))
    yield from mentions._TOOLS.values()
    yield from (prose for *_, prose in mentions._PROSE)


def test_the_words_that_a_pattern_is_sought_by_pass_over_no_match() -> None:
    texts = [
        tomllib.loads(path.read_text(encoding="utf-8"))["text"]
        for path in sorted((Path(__file__).parent / "corpus").glob("*/*.toml"))
        if path.parent.name != "unseen"
    ]
    every = "\n".join(texts)
    found = 0
    for sought in _sought():
        for text in (every, every.lower()):
            alone = [match.span() for match in sought._regex.finditer(text)]
            assert [match.span() for match in sought.finditer(text)] == alone
            found += len(alone)
    assert found > 1000
