"""The companions of well-known threads, by their pins and texts, and by the facts as shipped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.facts import shipped
from tests.support.natives import CONCAT
from tfmac_lock.check.findings import Level
from tfmac_lock.check.judge import check
from tfmac_lock.check.reading import read_for_target
from tfmac_lock.explain.lookups import Named, look_up
from tfmac_lock.target import Arch

if TYPE_CHECKING:
    from pathlib import Path

    from tfmac_lock.check.findings import Finding


def errors(
    folder: Path, *lines: str, python: str, chip: str = "m1", macos: str | None = None
) -> list[Finding]:
    path = folder / "requirements.txt"
    path.write_text("\n".join(lines))
    facts = shipped()
    file, target, given = read_for_target(path, facts, python=python, chip=chip, macos=macos)
    found = check(file, target, facts, macos=given).findings
    return [one for one in found if one.level is Level.ERROR]


def test_tensorflow_io_2137(tmp_path: Path) -> None:
    (found,) = errors(
        tmp_path,
        "tensorflow==2.18.0",
        "tensorflow-io==0.37.1",
        "tensorflow-io-gcs-filesystem==0.37.1",
        python="3.12",
    )

    assert (found.code, found.package) == ("companion", "tensorflow-io")


def test_tensorflow_io_2137_is_explained_by_its_symbol() -> None:
    names = Named(
        package="tensorflow",
        tensorflow="2.18.0",
        companion="tensorflow-io",
        installed=(("tensorflow", "2.18.0"), ("tensorflow-io", "0.37.1")),
        symbols=(CONCAT,),
        python="3.12",
    )
    texts = [fact.text for fact in look_up(shipped(), names, ["companion"], "companion-abi")]

    assert any(
        "tensorflow-io 0.37.1 does not load into TensorFlow 2.18.0: 4 symbols missing" in text
        for text in texts
    )
    assert any(text.endswith("TensorFlow 2.16.1 to 2.17.1 offer it") for text in texts)


@pytest.mark.parametrize("keras", ["3.1.1", "3.0.5"])
def test_addons_2865(tmp_path: Path, keras: str) -> None:
    found = errors(
        tmp_path,
        "tensorflow==2.16.1",
        f"keras=={keras}",
        "tensorflow-addons==0.23.0",
        python="3.11",
    )

    assert ("companion", "tensorflow-addons") in {(one.code, one.package) for one in found}


def test_probability_1774(tmp_path: Path) -> None:
    found = errors(
        tmp_path,
        "tensorflow==2.15.0",
        "tensorflow-probability==0.23.0",
        "keras==3.0.0",
        python="3.10",
    )

    assert [(one.code, one.package) for one in found] == [("conflict", "keras")]
    assert "here it is 3.0.0" in found[0].text


def test_decision_forests_195_is_a_matter_of_macos(tmp_path: Path) -> None:
    pins = ("tensorflow==2.13.0", "tensorflow-decision-forests==1.5.0")
    assert errors(tmp_path, *pins, python="3.10", chip="intel", macos="11.2") == []

    names = Named(
        package="tensorflow",
        tensorflow="2.13.0",
        companion="tensorflow-decision-forests",
        installed=(("tensorflow-decision-forests", "1.5.0"),),
        symbols=("__ZNKSt3__115basic_stringbufIcNS_11char_traitsIcEENS_9allocatorIcEEE3strEv",),
        arch=Arch.X86_64,
        arch_is_certain=True,
        macos="11.2.3",
    )
    texts = [fact.text for fact in look_up(shipped(), names, ["companion"], "companion-abi")]

    assert any("linked for macOS 12.3, newer than the file name says" in text for text in texts)
