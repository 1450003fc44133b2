"""What a plugin's graph optimizer makes, and what its fused kernels compute, read off its code.

A plugin may rewrite TensorFlow's graphs: product, bias and activation become one operation, for
which it has a kernel. Where the kernel never asks the system for the activation, the results
are wrong without an error. Both stand in the machine code: the symbol table is
complete, so every call has a name, and what a kernel computes with is the MPSGraph selectors
that its functions send.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from ..macho.layout import read_layout
from ..matrix.kernels import Activation, Fusion, Kernels, Runs
from ..target import Arch
from .demangle import demangle
from .machine_code import Flow, Function, closure, disassemble

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..macho.image import MachO
    from ..macho.layout import Layout

OPTIMIZER_TOGGLES = (
    "disable_model_pruning",
    "implementation_selector",
    "function_optimization",
    "common_subgraph_elimination",
    "arithmetic_optimization",
    "debug_stripper",
    "constant_folding",
    "shape_optimization",
    "auto_mixed_precision",
    "auto_mixed_precision_mkl",
    "pin_to_host_optimization",
    "layout_optimizer",
    "remapping",
    "loop_optimization",
    "dependency_optimization",
    "auto_parallel",
    "memory_optimization",
    "scoped_allocator_optimization",
)
"""TensorFlow's own optimizers in the order of ``TP_OptimizerConfigs``
(``tensorflow/c/experimental/grappler/grappler.h``, the same from 2.8 to 2.21), each a
``TF_TriState`` of four bytes behind sixteen bytes of header; 1 is Off."""

_TOGGLES_AT = 16

ACTIVATIONS: dict[Activation, tuple[str, ...]] = {
    "Relu": ("reLUWithTensor:name:",),
    "Relu6": ("reLUWithTensor:name:", "minimumWithPrimaryTensor:secondaryTensor:name:"),
    "Elu": ("exponentWithTensor:name:",),
    "LeakyRelu": ("maximumWithPrimaryTensor:secondaryTensor:name:",),
    "Tanh": ("tanhWithTensor:name:",),
    "Sigmoid": ("sigmoidWithTensor:name:",),
    "Gelu": ("erfWithTensor:name:",),
}
"""TensorFlow's activation operations, with the selectors that MPSGraph computes each with.

A kernel that sends none of an activation's selectors cannot apply it; one that sends all of
them is taken to; in between it is not decided."""

FUSIONS = (
    ("MatMul", "_FusedMatMul", "MPSFusedMatMulOp"),
    ("Conv2D", "_FusedConv2D", "MPSFusedConv2DOp"),
)
"""Contractions whose fusion with a bias and an activation is looked for: TensorFlow's operation,
the fused one, and the class of the kernel that the plugin has for it."""

NODES = "metal_plugin::graph::"
FINDS_ACTIVATION = f"{NODES}FindContractionWithBiasAndActivation("
FINDS_BIAS = f"{NODES}FindContractionWithBias("
SUPPORTS = f"{NODES}IsSupportedActivation("
REMAPPER = f"{NODES}RunRemapper("
OPTIMIZE = "metal_plugin::P_Optimize("


class PluginCode:
    """The code of one plugin image, asked by the names of its functions."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    @cached_property
    def names(self) -> dict[str, int]:
        """Every function by its readable name."""
        starts = frozenset(self.layout.functions)
        return {
            demangle(name): address
            for address, names in self.layout.names.items()
            if address in starts
            for name in names
        }

    @cached_property
    def tables(self) -> dict[str, int]:
        """Every virtual table by the class that it is of."""
        return {
            demangle(name).removeprefix("vtable for "): address
            for address, names in self.layout.names.items()
            for name in names
            if name.startswith("__ZTV")
        }

    def find(self, beginning: str) -> tuple[str, int] | None:
        """The function whose name begins so, where there is exactly one."""
        found = [
            item
            for item in self.names.items()
            if item[0].startswith(beginning) and ")::" not in item[0]  # a closure in it
        ]
        return found[0] if len(found) == 1 else None

    def called(self, function: Function) -> tuple[str, ...]:
        """The readable names of what a function calls or jumps to, in the code's order."""
        targets = [one.target for one in function.instructions if one.flow is not Flow.NEXT]
        names = (self.layout.name(target) for target in targets if target is not None)
        return tuple(dict.fromkeys(demangle(name) for name in names if name))

    def virtual(self, class_name: str) -> list[int]:
        """The functions in a class's virtual table."""
        at = self.tables.get(class_name)
        found: list[int] = []
        if at is None:
            return found
        starts = frozenset(self.layout.functions)
        at += 16  # behind the offset to top and the type information
        while self.layout.section(at) is not None:
            target = self.layout.pointer(at)
            if target not in starts:
                break
            found.append(target)
            at += 8
        return found

    def selectors(self, functions: Iterable[Function]) -> tuple[str, ...]:
        """The Objective-C selectors that the functions send, sorted."""
        found = set()
        for function in functions:
            for one in function.instructions:
                stub = self.layout.name(one.target) if one.target is not None else None
                if stub and stub.startswith("_objc_msgSend$"):
                    found.add(stub.removeprefix("_objc_msgSend$"))
                for address in one.touches:
                    section = self.layout.section(address)
                    if section and section.name == "__objc_selrefs":
                        target = self.layout.pointer(address)
                        if target is not None:
                            found.add(self.layout.string(target))
        return tuple(sorted(found))


def read_kernels(image: MachO, *, package: str, version: str, python: str, sha256: str) -> Kernels:
    """What the image of a plugin says; raises DamagedBinary where its tables do not fit."""
    code = PluginCode(read_layout(image))
    entry = code.names.get("TF_InitGraph")
    optimize = code.find(OPTIMIZE) if entry is not None else None
    remapper = code.find(REMAPPER)
    turned_off: tuple[str, ...] | None = ()
    runs, variable, value = Runs.NEVER, None, None
    rewrites: tuple[str, ...] = ()
    if entry is not None:
        turned_off = _turned_off(disassemble(code.layout, entry))
    if optimize is not None and remapper is not None:
        runs, variable, value = _runs(code, disassemble(code.layout, optimize[1]), remapper[1])
        rewrites = _patterns(code.called(disassemble(code.layout, remapper[1])))
    return Kernels(
        package=package,
        version=version,
        arch=Arch(image.arch),
        pythons=(python,),
        sha256=(sha256,),
        optimizer=optimize[0] if optimize else None,
        turns_off=turned_off,
        remapper=remapper[0] if remapper else None,
        runs=runs,
        variable=variable,
        value=value,
        rewrites=rewrites,
        fusions=read_fusions(code),
    )


def _patterns(called: tuple[str, ...]) -> tuple[str, ...]:
    """The patterns that the remapper looks for, by the names of its ``Find…`` functions."""
    found = (re.match(rf"{NODES}Find(\w+)\(", name) for name in called)
    return tuple(sorted({one[1] for one in found if one}))


_TWO_OFF_ARM64 = re.compile(r"movi v(\d+)\.2s, #1\n(?:.*\n)*?stu?r d\1, \[x\d+, #(0x[0-9a-f]+)\]")
_TWO_OFF_X86_64 = re.compile(
    r"movabs (r\w+), 0x100000001\n(?:.*\n)*?mov qword ptr \[r\w+ \+ (0x[0-9a-f]+)\], \1"
)


def _turned_off(entry: Function) -> tuple[str, ...] | None:
    """The two neighbouring toggles that the entry sets to Off with one store.

    Every release known does it so; where it is done in another way the answer is None.
    """
    text = "\n".join(one.text for one in entry.instructions)
    found = _TWO_OFF_ARM64.search(text) or _TWO_OFF_X86_64.search(text)
    if found is None:
        return None
    first = (int(found[2], 16) - _TOGGLES_AT) // 4
    return OPTIMIZER_TOGGLES[first : first + 2]


def _runs(
    code: PluginCode, function: Function, remapper: int
) -> tuple[Runs, str | None, str | None]:
    """When the remapper runs, and the environment variable with its value that changes it.

    Decided by what can run behind the branch that is taken when ``getenv`` finds nothing.
    """
    calls = {one.at for one in function.instructions if one.target == remapper}
    if not calls:
        return Runs.NEVER, None, None
    asked = _environment(code, function)
    if asked is None:
        return Runs.DEFAULT, None, None
    variable, place = asked
    unset = _when_null(function, place)
    value = _compared_character(function, place)
    if unset is None or value is None:
        return Runs.UNDECIDED, variable, None
    runs = Runs.DEFAULT if calls & function.reachable(unset) else Runs.ON_REQUEST
    return runs, variable, value


def _environment(code: PluginCode, function: Function) -> tuple[str, int] | None:
    """The variable that the function asks for, and the place in its instructions behind that."""
    for place, one in enumerate(function.instructions):
        if one.flow is Flow.CALL and code.layout.name(one.target or 0) == "_getenv":
            before = [
                address
                for earlier in function.instructions[max(0, place - 4) : place]
                for address in earlier.touches
            ]
            if before:
                return code.layout.string(before[-1]), place + 1
    return None


def _when_null(function: Function, place: int) -> int | None:
    """Where control goes when the call before ``place`` returned null."""
    ahead = function.instructions[place : place + 12]
    for before, one in zip((None, *ahead), ahead, strict=False):
        if one.text.startswith("cbz x0,"):
            return one.target
        tested = before is not None and before.text == "test rax, rax"
        if tested and one.text.startswith(("je ", "jz ")):
            return one.target
    return None


def _compared_character(function: Function, place: int) -> str | None:
    """The one character that the variable's value is compared with."""
    for one in function.instructions[place : place + 40]:
        if found := re.fullmatch(r"cmp (?:w\d+, #|byte ptr \[r\w+\], )(0x3\d)", one.text):
            return chr(int(found[1], 16))
    return None


def read_fusions(code: PluginCode) -> tuple[Fusion, ...]:
    """The fusions with an activation that the remapper makes and the plugin has a kernel for."""
    finds, bias, supports = (code.find(name) for name in (FINDS_ACTIVATION, FINDS_BIAS, SUPPORTS))
    if finds is None or bias is None or supports is None:
        return ()
    asked = set(code.called(disassemble(code.layout, supports[1])))
    asked &= set(code.called(disassemble(code.layout, finds[1])))
    contractions = code.called(disassemble(code.layout, bias[1]))
    fuses = tuple(name for name in ACTIVATIONS if any(_is(name, one) for one in asked))
    return tuple(
        _fusion(code, contraction, operation, kernel, finds[0], fuses)
        for contraction, operation, kernel in FUSIONS
        if any(_is(contraction, one) for one in contractions)
        and any(f"::{kernel}<" in name for name in code.names)
    )


def _is(operation: str, function: str) -> bool:
    return function.startswith(f"{NODES}Is{operation}(")


def _fusion(
    code: PluginCode,
    contraction: str,
    operation: str,
    kernel: str,
    found_by: str,
    fuses: tuple[Activation, ...],
) -> Fusion:
    entries = dict(_entries(code, kernel))
    roots = [*entries.values()]
    for class_name in entries:
        roots += code.virtual(class_name)
    functions = closure(code.layout, roots)
    computes = tuple(one for one in code.selectors(functions.values()) if one.endswith(":name:"))
    applied = tuple(one for one in fuses if set(ACTIVATIONS[one]) <= set(computes))
    left_out = tuple(one for one in fuses if not set(ACTIVATIONS[one]) & set(computes))
    own = sorted(
        name for name, address in code.names.items() if address in functions and _names_kernel(name)
    )
    return Fusion(
        contraction=contraction,
        operation=operation,
        kernel=f"metal_plugin::{kernel}",
        types=tuple(sorted({_element(name) for name in entries})),
        found_by=found_by,
        fuses=fuses,
        applied=applied,
        left_out=left_out,
        undecided=tuple(one for one in fuses if one not in (*applied, *left_out)),
        computes=computes,
        calls=tuple(own),
        by_register=sum(
            one.flow in (Flow.CALL, Flow.JUMP) and one.target is None and not one.touches
            for address, function in functions.items()
            for one in function.instructions
        ),
    )


def _entries(code: PluginCode, kernel: str) -> Iterator[tuple[str, int]]:
    """The kernel's classes, one for each element type, with the function that TensorFlow calls."""
    for name, address in code.names.items():
        if found := re.search(rf"ComputeOpKernel<(metal_plugin::{kernel}<.*>)>\(", name):
            yield found[1], address


def _element(class_name: str) -> str:
    return class_name.partition("<")[2].split(",")[0].rstrip(">").rpartition("::")[2]


def _names_kernel(name: str) -> bool:
    return bool(re.search(r"(::Compute\(|::Launch\(|ComputeOpKernel<)", name))
