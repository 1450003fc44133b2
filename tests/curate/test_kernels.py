"""What a plugin's code says, read out of small images and out of the real wheels."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.facts import shipped
from tests.support.fake_wheels import FolderSource
from tests.support.plugin_code import assemble
from tests.support.real_index import real_index
from tests.support.wheels import build_wheel
from tfmac_lock.curate.kernel_files import KernelsFile, merge, read_wheel, refresh_kernels
from tfmac_lock.curate.kernels import read_kernels
from tfmac_lock.curate.machine_code import disassemble
from tfmac_lock.macho import image as macho
from tfmac_lock.macho.errors import DamagedBinary
from tfmac_lock.macho.layout import read_layout
from tfmac_lock.matrix.kernels import Kernels, Runs
from tfmac_lock.matrix.toml import read_file
from tfmac_lock.pypi.wheels import IndexWheels
from tfmac_lock.target import Arch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.support.plugin_code import Step

both = pytest.mark.parametrize("arch", ["arm64", "x86_64"])

PLUGIN = "__ZN12metal_plugin"
GRAPH = f"{PLUGIN}5graph"
OPTIMIZE = f"{PLUGIN}10P_OptimizeEPv"
REMAPPER = f"{GRAPH}11RunRemapperEPKc"
FIND = f"{GRAPH}36FindContractionWithBiasAndActivationEi"
BIAS = f"{GRAPH}23FindContractionWithBiasEi"
SUPPORTED = f"{GRAPH}21IsSupportedActivationEi"
MATMUL, CONV = f"{GRAPH}8IsMatMulEi", f"{GRAPH}8IsConv2DEi"
RELU, ELU = f"{GRAPH}6IsReluEi", f"{GRAPH}5IsEluEi"
ENTRY = f"{PLUGIN}L15ComputeOpKernelINS_16MPSFusedMatMulOpIfLb0EEEEEvPvP18TF_OpKernelContext"
COMPUTE = f"{PLUGIN}16MPSFusedMatMulOpIfLb0EE7ComputeEPNS_15OpKernelContextE"
TABLE = "__ZTVN12metal_plugin16MPSFusedMatMulOpIfLb0EEE"
BLOCK = "____compute_block_invoke"
PRODUCT = "matrixMultiplicationWithPrimaryTensor:secondaryTensor:name:"
SUM = "additionWithPrimaryTensor:secondaryTensor:name:"
RELU_SENT = "reLUWithTensor:name:"

ON_UNLESS = (
    ("string", "TURN_OFF_REMAPPER"), ("call", "_getenv"), ("null", "run"), ("is", "1", "out"),
    ("label", "run"), ("call", REMAPPER), ("label", "out"), ("return",),
)  # fmt: skip
OFF_UNLESS = (
    ("string", "REMAPPER_ON"), ("call", "_getenv"), ("null", "out"), ("is", "1", "run"),
    ("jump", "out"), ("label", "run"), ("call", REMAPPER), ("label", "out"), ("return",),
)  # fmt: skip


def plugin(
    *sent: str,
    optimize: Sequence[Step] = ON_UNLESS,
    activations: Sequence[str] = (RELU,),
    contractions: Sequence[str] = (MATMUL,),
) -> dict[str, Sequence[Step]]:
    """A plugin with a remapper and a fused product whose block sends these selectors."""
    return {
        "_TF_InitGraph": [("off", 0x40), ("return",)],
        OPTIMIZE: optimize,
        REMAPPER: [("call", FIND), ("call", BIAS), ("return",)],
        FIND: [*(("call", name) for name in (*activations, BIAS)), ("return",)],
        BIAS: [*(("call", name) for name in contractions), ("return",)],
        SUPPORTED: [*(("call", name) for name in activations), ("return",)],
        **{name: [("return",)] for name in (MATMUL, CONV, RELU, ELU)},
        ENTRY: [("call", COMPUTE), ("return",)],
        COMPUTE: [("block", BLOCK), ("register",), ("return",)],
        BLOCK: [*(("send", name) for name in sent), ("return",)],
    }


def read(code: Mapping[str, Sequence[Step]], arch: str = "arm64", **options: Any) -> Kernels:
    image = macho.read(assemble(code, arch=arch, **options), "plugin", arch)
    assert image is not None
    return read_kernels(
        image, package="tensorflow-metal", version="9.9", python="3.11", sha256="0" * 64
    )


# -- the fused kernel


@both
def test_a_fused_product_that_never_asks_for_the_activation_leaves_it_out(arch: str) -> None:
    found = read(plugin(PRODUCT, SUM), arch)
    (fusion,) = found.fusions
    assert (fusion.contraction, fusion.fuses) == ("MatMul", ("Relu",))
    assert (fusion.applied, fusion.left_out, fusion.undecided) == ((), ("Relu",), ())
    assert fusion.computes == (SUM, PRODUCT)
    assert fusion.types == ("float",)
    assert not found.is_free
    assert found.arch is Arch(arch)


@both
def test_one_that_asks_for_it_in_the_block_applies_it(arch: str) -> None:
    found = read(plugin(PRODUCT, SUM, RELU_SENT), arch)
    assert found.fusions[0].applied == ("Relu",)
    assert found.is_free


@both
def test_an_activation_in_the_class_s_virtual_table_counts(arch: str) -> None:
    code = plugin(PRODUCT, SUM)
    code["__ZN12metal_plugin5otherEv"] = [("send", RELU_SENT), ("return",)]
    assert read(code, arch).fusions[0].left_out == ("Relu",)
    tables = {TABLE: ["__ZN12metal_plugin5otherEv"]}
    assert read(code, arch, tables=tables).fusions[0].applied == ("Relu",)


def test_half_of_what_an_activation_needs_leaves_it_undecided() -> None:
    relu6 = f"{GRAPH}7IsRelu6Ei"
    code = plugin(PRODUCT, RELU_SENT, activations=(relu6,))
    code[relu6] = [("return",)]
    fusion = read(code).fusions[0]
    assert (fusion.applied, fusion.left_out, fusion.undecided) == ((), (), ("Relu6",))


def test_an_activation_that_the_remapper_does_not_look_for_is_not_fused() -> None:
    assert read(plugin(PRODUCT, activations=(ELU,))).fusions[0].fuses == ("Elu",)


def test_a_contraction_without_a_kernel_or_without_a_pattern_is_no_fusion() -> None:
    assert read(plugin(PRODUCT, contractions=(CONV,))).fusions == ()


def test_calls_through_registers_are_counted() -> None:
    assert read(plugin(PRODUCT)).fusions[0].by_register == 1


# -- the optimizer


@both
def test_a_remapper_that_runs_unless_a_variable_is_set_has_a_switch(arch: str) -> None:
    found = read(plugin(PRODUCT), arch)
    assert (found.runs, found.switch) == (Runs.DEFAULT, "TURN_OFF_REMAPPER=1")
    assert found.turns_off == ("remapping", "loop_optimization")
    assert found.rewrites == ("ContractionWithBias", "ContractionWithBiasAndActivation")


@both
def test_one_that_runs_only_on_request_needs_none(arch: str) -> None:
    found = read(plugin(PRODUCT, optimize=OFF_UNLESS), arch)
    assert (found.runs, found.variable, found.switch) == (Runs.ON_REQUEST, "REMAPPER_ON", None)


def test_one_without_a_variable_runs_always_and_one_that_is_not_called_never() -> None:
    always = read(plugin(PRODUCT, optimize=[("call", REMAPPER), ("return",)]))
    assert (always.runs, always.variable) == (Runs.DEFAULT, None)
    assert read(plugin(PRODUCT, optimize=[("return",)])).runs is Runs.NEVER


def test_a_variable_whose_test_is_not_understood_leaves_it_undecided() -> None:
    steps = [("string", "X"), ("call", "_getenv"), ("call", REMAPPER), ("return",)]
    assert read(plugin(PRODUCT, optimize=steps)).runs is Runs.UNDECIDED


def test_a_plugin_without_a_graph_optimizer_has_nothing_to_say() -> None:
    found = read({ENTRY: [("return",)]})
    assert (found.optimizer, found.runs, found.fusions) == (None, Runs.NEVER, ())
    assert found.is_free


# -- damage


def test_an_address_outside_of_the_code_is_no_function() -> None:
    image = macho.read(assemble({"_f": [("return",)]}), "plugin", "arm64")
    assert image is not None
    layout = read_layout(image)
    assert disassemble(layout, 0x1000).instructions[0].text == "ret"
    with pytest.raises(DamagedBinary):
        disassemble(layout, 0x10)


@both
def test_a_file_cut_anywhere_is_refused_or_read_and_never_ends_otherwise(arch: str) -> None:
    whole = assemble(plugin(PRODUCT, SUM), arch=arch)
    for size in range(0, len(whole), 97):
        try:
            image = macho.read(whole[:size], "plugin", arch)
            if image is not None:
                read_kernels(
                    image, package="tensorflow-metal", version="1", python="3.11", sha256="0" * 64
                )
        except DamagedBinary:
            continue


# -- the files


def wheel(folder: Path, python: str, *sent: str, arch: str = "arm64") -> Path:
    files = {"tensorflow-plugins/libmetal_plugin.dylib": assemble(plugin(*sent), arch=arch)}
    tag = f"{python}-{python}-macosx_12_0_{arch}"
    return build_wheel(folder, "tensorflow-metal", "9.9.0", tag=tag, files=files)


def test_pythons_whose_libraries_say_the_same_are_one_entry(tmp_path: Path) -> None:
    index = tmp_path / "index"
    wheel(index, "cp310", PRODUCT, SUM)
    wheel(index, "cp39", PRODUCT, SUM)
    wheel(index, "cp311", PRODUCT, SUM, RELU_SENT)
    (path,) = refresh_kernels(tmp_path / "kernels", FolderSource(index))
    facts = read_file(path, KernelsFile).plugins
    assert [one.pythons for one in facts] == [("3.9", "3.10"), ("3.11",)]
    assert [one.is_free for one in facts] == [False, True]
    assert refresh_kernels(tmp_path / "kernels", FolderSource(index)) == []


def test_a_wheel_without_a_plugin_is_refused(tmp_path: Path) -> None:
    path = build_wheel(
        tmp_path, "tensorflow-metal", "9.9.0", tag="cp39-cp39-macosx_12_0_arm64", files={}
    )
    with pytest.raises(DamagedBinary, match="has 0 libraries"):
        read_wheel(io.BytesIO(path.read_bytes()), path.name, "arm64")


@pytest.mark.index
@pytest.mark.slow
def test_the_real_wheels_say_what_the_matrix_holds(tmp_path: Path) -> None:
    wanted = {
        "tensorflow_metal-0.6.0-cp310-cp310-macosx_12_0_arm64.whl",
        "tensorflow_metal-0.8.0-cp311-cp311-macosx_12_0_x86_64.whl",
        "tensorflow_metal-1.2.0-cp312-cp312-macosx_12_0_arm64.whl",
    }
    with real_index(tmp_path) as client:
        source = IndexWheels(client)
        files = [file for file in source.files("tensorflow-metal") if file.filename in wanted]
        assert len(files) == len(wanted)
        for file in files:
            arch = file.filename.removesuffix(".whl").partition("macosx_12_0_")[2]
            with source.open(file) as opened:
                found = read_wheel(opened, file.filename, arch)
            known = shipped().kernels_of(found.version, found.arch, found.pythons[0])
            assert known is not None
            assert set(found.sha256) <= set(known.sha256)
            assert merge([known, found]) == (known,)
