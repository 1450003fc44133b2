"""What the exports make of each limit, override and need, whichever facts these are from."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.lock.formats.test_conda_lock_yml import lock as mixed
from tests.support.locks import PACKAGES, lock, package
from tfmac_lock.conda.state import ChannelState
from tfmac_lock.lock.beside import Beside
from tfmac_lock.lock.formats import (
    constraints_txt,
    pdm_toml,
    pixi_toml,
    poetry_toml,
    project,
    uv_toml,
)
from tfmac_lock.lock.formats.wheels_only import HoldsConda, SameMarkers, one_of_wheels
from tfmac_lock.lock.limits import Limit, Limits
from tfmac_lock.target import Arch, Os

if TYPE_CHECKING:
    from tfmac_lock.lock.model import Lock

HELD = Limit(package="numpy", specifier="<2.1", reasons=(("it is older", "https://x/numpy"),))
LATER = Limit(
    package="setuptools",
    specifier="<82",
    reasons=(
        ("pkg_resources is gone", "https://x/setuptools"),
        ("so it was tried", "matrix/trials"),
        ("a third", "x"),
        ("a fourth", "x"),
    ),
)
OVERRIDE = Limit(package="wrapt", specifier=">=1.12.1,<1.15", reasons=(("it is enough", "x"),))
NUMPY, TENSORFLOW, PLUGIN = PACKAGES


def said(made: Lock | None = None, **fields: object) -> Limits:
    """What is said of a lock, with nothing to say but for the fields that are given."""
    nothing: dict[str, object] = dict.fromkeys(
        ("limits", "overrides", "metadata", "needs_unsaid", "stated"), ()
    )
    return Limits(lock=made or lock(), oldest_python="3.11.5", **nothing | fields)  # type: ignore[arg-type]


def pc(*packages: str, cuda: bool = False) -> Lock:
    """The lock of a PC with Linux."""
    wheels = [package(name, "1.0") for name in packages]
    wheels.append(package("numpy", "2.0.1"))
    wheels.append(
        package("tensorflow", "2.18.1", "numpy", *(["nvidia-cudnn-cu12"] if cuda else []))
    )
    found = lock(tuple(wheels), metal=None, macos_min=None, os=Os.LINUX)
    combo = replace(found.combo, arch=Arch.X86_64, id="of-the-pc")
    return replace(found, combo=combo, beside=Beside(name="linux-x86_64", differences=()))


MAC = said(limits=(HELD, LATER), needs_unsaid=("tfx needs six besides",), stated=("it asks",))
PC = said(pc())
ON_MAC = (
    "sys_platform == 'darwin' and platform_machine == 'arm64' and python_version == '3.11'"
    " and python_full_version >= '3.11.5'"
)
ON_PC = ON_MAC.replace("darwin", "linux").replace("arm64", "x86_64")


def comments(text: str) -> list[str]:
    """The comments below the last row, without their sign."""
    lines = text.splitlines()
    last = max(place for place, line in enumerate(lines) if not line.startswith("#"))
    return [line.removeprefix("#").removeprefix(" ") for line in lines[last + 1 :]]


# -- constraints


def test_constraints_tell_the_first_two_reasons_of_a_limit_and_how_many_more() -> None:
    assert constraints_txt.why(LATER) == [
        "setuptools: pkg_resources is gone [https://x/setuptools]",
        "setuptools: so it was tried",
        "setuptools: and 2 more reasons like these",
    ]
    assert constraints_txt.why(HELD) == ["numpy: it is older [https://x/numpy]"]
    two = replace(LATER, reasons=LATER.reasons[:2])
    assert len(constraints_txt.why(two)) == 2
    three = replace(LATER, reasons=LATER.reasons[:3])
    assert constraints_txt.why(three)[2:] == ["setuptools: and 1 more reason like these"]


def test_constraints_name_their_file_and_what_they_cannot_say() -> None:
    text = constraints_txt.render([MAC])
    assert "#    python -m pip install -c constraints.txt tensorflow tensorflow-metal\n" in text
    assert comments(text) == [
        "",
        "What constraints cannot say:",
        "- it asks",
        "- tfx needs six besides",
    ]
    assert "-c mine.txt tensorflow" in constraints_txt.render([MAC], "mine.txt")
    assert "-c constraints.linux-x86_64.txt tensorflow\n" in constraints_txt.render([PC])
    assert "cannot say" not in constraints_txt.render([said()])
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert lines == ["tensorflow==2.18.1", "tensorflow-metal==1.2.0", "numpy<2.1", "setuptools<82"]


# -- what a project requires


def test_a_project_requires_the_pair_and_what_nothing_else_brings() -> None:
    app = package("app", "1", "numpy")
    held = said(lock((app, package("tool", "1", "tensorflow"), *PACKAGES)))
    assert list(project.own_roots(held)) == ["app", "tool", "tensorflow", "tensorflow-metal"]
    assert list(project.own_roots(said(pc("nvidia-cudnn-cu12", cuda=True)))) == [
        "tensorflow[and-cuda]"
    ]
    assert not project.brings_cuda(app)


def test_what_is_required_on_every_machine_has_no_marker_where_there_are_several() -> None:
    assert project.roots([MAC]) == [f"tensorflow ; {ON_MAC}", f"tensorflow-metal ; {ON_MAC}"]
    assert project.roots([MAC, PC]) == ["tensorflow", f"tensorflow-metal ; {ON_MAC}"]


def test_the_head_says_what_the_project_must_require_and_which_python_it_must_admit() -> None:
    head = project.head([MAC, PC], "uv lock")
    assert head[-10:] == [
        "# For a project's pyproject.toml. This puts it there, keeping what is there:",
        "#",
        "#    tfmac-lock apply --to pyproject.toml",
        "#    uv lock",
        "#",
        "# The project must admit Python 3.11, and require:",
        "#",
        "#    tensorflow",
        f"#    tensorflow-metal ; {ON_MAC}",
        "#",
    ]
    assert sum(line.startswith("# This file was made by") for line in head) == 2


# -- uv


def test_uv_pins_what_is_locked_and_limits_what_is_not() -> None:
    made = uv_toml.arrays([MAC])
    assert made["environments"] == made["required-environments"] == [f'    "{ON_MAC}",']
    assert made["constraint-dependencies"] == [
        "    # the versions of tensorflow-2.18.1-metal-1.2.0-py3.11-arm64",
        '    "numpy==2.0.2",',
        '    "tensorflow==2.18.1",',
        '    "tensorflow-metal==1.2.0",',
        "    # setuptools: pkg_resources is gone [https://x/setuptools]",
        "    # setuptools: so it was tried",
        "    # setuptools: and 2 more reasons like these",
        '    "setuptools<82",',
    ]
    assert made["override-dependencies"] == made["dependency-metadata"] == []


def test_uv_limits_each_machine_by_its_marker_where_the_project_has_several() -> None:
    for made in (uv_toml.arrays([MAC], several=True), uv_toml.arrays([MAC, PC])):
        assert f'    "numpy==2.0.2 ; {ON_MAC}",' in made["constraint-dependencies"]
        assert f'    "setuptools<82 ; {ON_MAC}",' in made["constraint-dependencies"]
    assert f'    "numpy==2.0.1 ; {ON_PC}",' in made["constraint-dependencies"]


def test_uv_gets_overrides_metadata_and_drops_the_other_tensorflow() -> None:
    held = said(overrides=(OVERRIDE,), metadata=(TENSORFLOW, NUMPY))
    alone = uv_toml.arrays([held], ["tensorflow-macos"])
    elsewhere = ON_MAC.rpartition(" and ")[0].replace("==", "!=").replace(" and ", " or ")
    assert alone["override-dependencies"] == [
        "    # wrapt: it is enough",
        '    "wrapt>=1.12.1,<1.15",',
        "    # tensorflow is the same TensorFlow there",
        f'    "tensorflow-macos ; {elsewhere}",',
    ]
    assert alone["dependency-metadata"] == [
        '    { name = "numpy", version = "2.0.2", requires-dist = [] },',
        '    { name = "tensorflow", version = "2.18.1", requires-dist = ["numpy<2.1"] },',
    ]
    both = uv_toml.arrays([held, PC])
    assert f'    "wrapt>=1.12.1,<1.15 ; {ON_MAC}",' in both["override-dependencies"]
    (_, row) = both["dependency-metadata"]
    assert f'requires-dist = ["numpy<2.1 ; {ON_MAC}", "numpy ; {ON_PC}"]' in row


def test_uv_says_in_words_what_the_table_cannot() -> None:
    probability = package("tensorflow-probability", "0.25.0", "tf-keras")
    needs = ("tensorflow-probability 0.25 needs tf-keras", "tensorflow-probabilityx needs more")
    held = said(needs_unsaid=needs, metadata=(probability,))
    combo = held.lock.combo.id
    assert uv_toml.unsaid([held, PC]) == [
        "",
        "What [tool.uv] cannot say:",
        f"- {combo} runs on macOS 12.3 and newer; uv picks the files",
        "  for the Mac that it runs on, and its lock records no floor",
        "- tensorflow-probabilityx needs more",
    ]
    assert comments(uv_toml.render([held])) == uv_toml.unsaid([held])


def test_uv_writes_the_arrays_that_hold_something() -> None:
    tables = tomllib.loads(uv_toml.render([MAC]))["tool"]["uv"]
    assert tuple(tables) == uv_toml.KEYS[:3]


# -- Poetry


def test_poetry_says_in_words_what_the_group_cannot() -> None:
    held = said(
        limits=(HELD, LATER),
        metadata=(package("tf", "1", "six<2"),),
        needs_unsaid=("tfx needs six",),
        stated=("wrapt is asked for",),
    )
    assert comments(poetry_toml.render([held])) == [
        "",
        "What Poetry cannot say:",
        "- tensorflow-2.18.1-metal-1.2.0-py3.11-arm64 runs on macOS 12.3 and newer",
        "- wrapt is asked for. Poetry goes by what is stated, and refuses",
        "- tf 1 requires six<2 there, which its metadata do not say, or not in every wheel",
        "- if setuptools is installed, it must be setuptools<82: pkg_resources is gone",
        "- tfx needs six",
    ]
    assert comments(poetry_toml.render([PC])) == ["", "What Poetry cannot say:"]


def test_poetrys_rows_have_their_markers_and_the_extra_of_the_pair_alone() -> None:
    other = package("app", "1", "nvidia-cudnn-cu12")
    held = said(lock((other, *PACKAGES)))
    row = f'{{ version = "==1", markers = "{ON_MAC}" }}'
    assert poetry_toml.rows([held])[0] == f"app = {row}"
    assert poetry_toml.render([held]).count("and-cuda") == 0


# -- PDM


@pytest.mark.parametrize(
    ("os", "arch", "platform"),
    [
        (Os.MACOS, Arch.ARM64, "macos_12_3_arm64"),
        (Os.MACOS, Arch.X86_64, "macos_12_3_x86_64"),
        (Os.LINUX, Arch.ARM64, "manylinux_2_28_aarch64"),
        (Os.LINUX, Arch.X86_64, "manylinux_2_28_x86_64"),
    ],
)
def test_pdm_locks_for_the_platform_of_the_lock(os: Os, arch: Arch, platform: str) -> None:
    combo = replace(lock().combo, os=os, arch=arch)
    assert pdm_toml.lock_command(combo) == (
        f'pdm lock --python "==3.11.*" --platform {platform} --implementation cpython'
    )


def test_pdm_locks_first_for_the_mac_and_appends_the_others() -> None:
    text = pdm_toml.render([MAC, PC])
    first, second = pdm_toml.lock_command(MAC.lock.combo), pdm_toml.lock_command(PC.lock.combo)
    assert f"#    {first} && {second} --append\n" in text
    assert pdm_toml.rows([MAC, PC]) == ['tensorflow = "==2.18.1"', 'tensorflow-metal = "==1.2.0"']


def test_pdm_says_in_words_what_the_table_cannot() -> None:
    assert comments(pdm_toml.render([MAC, PC])) == [
        "",
        "What PDM cannot say:",
        "- an override holds on every platform and Python that the project is locked for",
        "- numpy is 2.0.2 in tensorflow-2.18.1-metal-1.2.0-py3.11-arm64, 2.0.1 in of-the-pc",
        "- if setuptools is installed, it must be setuptools<82: pkg_resources is gone",
        "- tfx needs six besides",
    ]


# -- pixi


def test_pixi_takes_conda_forge_by_its_name_and_other_channels_by_their_address() -> None:
    forge = mixed().channels[0]
    own = ChannelState(url="https://conda.example/own", files=1, newest="", sha256="0" * 64)
    made = replace(mixed(), channels=(own, forge, own))
    workspace = tomllib.loads(pixi_toml.render([said(made)]))["workspace"]
    assert workspace["channels"] == ["https://conda.example/own", "conda-forge"]


@pytest.mark.parametrize(("library", "major"), [("nvidia-cuda-runtime", "13"), ("", "12")])
def test_pixi_asks_for_the_cuda_of_the_locks_libraries(library: str, major: str) -> None:
    made = pc("nvidia-cudnn-cu12", *filter(None, [library]), cuda=True)
    system = tomllib.loads(pixi_toml.render([said(made)]))["system-requirements"]
    assert system == {"cuda": major}
    assert "system-requirements" not in pixi_toml.render([PC])


def test_pixi_asks_for_the_newest_of_the_macs_floors() -> None:
    intel = lock(macos_min="13.0")
    intel = replace(intel, combo=replace(intel.combo, arch=Arch.X86_64))
    system = tomllib.loads(pixi_toml.render([MAC, said(intel)]))["system-requirements"]
    assert system == {"macos": "13.0"}


def test_pixi_puts_a_feature_below_the_workspace_that_is_there() -> None:
    made = said(
        replace(lock(), environment={"TF_USE_LEGACY_KERAS": "1"}), overrides=(OVERRIDE, HELD)
    )
    text = "\n".join(pixi_toml.feature([made], "tool.pixi."))
    feature = tomllib.loads(text)["tool"]["pixi"]["feature"]["tensorflow-mac"]
    assert feature == {
        "channels": ["conda-forge"],
        "platforms": ["osx-arm64"],
        "system-requirements": {"macos": "12.3"},
        "dependencies": {"python": "3.11.*"},
        "pypi-dependencies": {
            "numpy": "==2.0.2",
            "tensorflow": "==2.18.1",
            "tensorflow-metal": "==1.2.0",
        },
        "activation": {"env": {"TF_USE_LEGACY_KERAS": "1"}},
        "pypi-options": {
            "dependency-overrides": {"numpy": "<2.1", "wrapt": ">=1.12.1,<1.15"},
        },
    }


def test_pixi_says_in_words_what_the_manifest_cannot() -> None:
    assert "cannot say" not in pixi_toml.render([said(overrides=(OVERRIDE,))])
    both = [said(overrides=(OVERRIDE,), needs_unsaid=("tfx needs six",)), PC]
    assert pixi_toml.unsaid(both) == [
        "",
        "What pixi cannot say:",
        "- a dependency override holds on every platform",
        "- tfx needs six",
    ]


# -- what has no room


def test_the_first_lock_alone_must_be_of_wheels_where_there_is_room_for_one() -> None:
    conda = said(mixed())
    assert one_of_wheels([MAC, conda], "constraints") is MAC
    with pytest.raises(HoldsConda, match="constraints has no place for them") as caught:
        one_of_wheels([conda], "constraints")
    assert (caught.value.combo, caught.value.exit_status) == (mixed().combo.id, 2)


def test_two_locks_for_one_machine_are_named_both() -> None:
    other = said(replace(pc(), combo=replace(pc().combo, id="the-other")))
    with pytest.raises(SameMarkers, match="of-the-pc and the-other are for machines"):
        uv_toml.arrays([MAC, PC, other])
