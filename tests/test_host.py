from __future__ import annotations

import pytest

from tests.support.facts import platforms
from tfmac_lock.host import Host, detect, run_command


def mac(**answers: str | None) -> Host | None:
    """What is detected on a Mac whose programs answer like this."""

    def run(command: list[str]) -> str | None:
        return answers.get(command[-1].rpartition(".")[2].strip("-"))

    return detect("darwin", run)


@pytest.mark.parametrize("system", ["linux", "win32", "cygwin"])
def test_another_system_is_no_mac(system: str) -> None:
    assert detect(system) is None


def test_an_apple_chip_is_named_by_its_brand() -> None:
    found = mac(arm64="1", brand_string="Apple M2 Pro", productVersion="14.5")
    assert found == Host(chip="Apple M2 Pro", macos="14.5", rosetta=False)
    assert platforms().chip(found.chip).id == "m2-pro"


def test_a_virtual_machine_on_an_apple_chip_is_that_chip() -> None:
    found = mac(arm64="1", brand_string="Apple M1 (Virtual)", productVersion="15.1")
    assert found is not None
    assert platforms().chip(found.chip).id == "m1"


def test_a_translated_interpreter_is_noticed() -> None:
    found = mac(arm64="1", brand_string="Apple M1", productVersion="14.5", proc_translated="1")
    assert found is not None
    assert found.rosetta
    assert platforms().chip(found.chip).id == "m1"


@pytest.mark.parametrize(
    ("displays", "chip"),
    [
        ("Chipset Model: AMD Radeon Pro 5500M", "intel-amd"),
        ("Chipset Model: Radeon RX 580", "intel-amd"),
        ("Chipset Model: Intel UHD Graphics 630", "intel"),
        (None, "intel"),
    ],
)
def test_an_intel_mac_is_told_apart_by_its_gpu(displays: str | None, chip: str) -> None:
    found = mac(
        arm64=None,
        brand_string="Intel(R) Core(TM) i9-9880H CPU @ 2.30GHz",
        productVersion="13.6",
        SPDisplaysDataType=displays,
    )
    assert found == Host(chip=chip, macos="13.6", rosetta=False)
    assert platforms().chip(found.chip).id == chip


def test_a_program_that_is_missing_or_fails_gives_nothing() -> None:
    assert run_command(["tfmac-lock-has-no-such-program"]) is None
    assert run_command(["false"]) is None
    assert run_command(["echo", "14.5"]) == "14.5"
