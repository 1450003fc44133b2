"""Machine code as far as it tells what a function calls: arm64 and x86_64, by capstone.

Read are calls and jumps with their targets, and addresses that the code forms or loads from.
Registers are followed only from the instruction that forms a page address (``adrp``) to its
uses, so an address can be missed where it is made in another way; none is made up.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from ..errors import MissingExtra

try:
    import capstone
    from capstone import arm64, x86
except ImportError as error:
    raise MissingExtra("reading machine code", "curate") from error

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from ..macho.layout import Layout


class Flow(StrEnum):
    """Where control goes after an instruction. ``CALL`` comes back, ``BRANCH`` may go on."""

    NEXT = "next"
    CALL = "call"
    JUMP = "jump"
    BRANCH = "branch"
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One instruction: its address, its ``text`` as capstone writes it, and what it leads to.

    ``target`` is None for a call or jump through a register or memory. ``touches`` are the
    addresses that it forms or reads.
    """

    at: int
    size: int
    text: str
    flow: Flow
    target: int | None = None
    touches: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function's instructions in their order; ``start`` to ``end`` is its code."""

    start: int
    end: int
    instructions: tuple[Instruction, ...]

    def reachable(self, first: int) -> frozenset[int]:
        """The addresses of instructions that can run once the one at ``first`` does.

        Jumps through registers are not followed, and calls are taken to come back.
        """
        by_address = {one.at: one for one in self.instructions}
        seen: set[int] = set()
        todo = [first]
        while todo:
            one = by_address.get(todo.pop())
            if one is None or one.at in seen:
                continue
            seen.add(one.at)
            if one.flow in (Flow.NEXT, Flow.CALL, Flow.BRANCH):
                todo.append(one.at + one.size)
            if one.flow in (Flow.JUMP, Flow.BRANCH) and one.target is not None:
                todo.append(one.target)
        return frozenset(seen)


def disassemble(layout: Layout, address: int) -> Function:
    """The function at an address; raises DamagedBinary where there is none."""
    start, end = layout.function(address)
    code = layout.bytes(start, end - start)
    read = _arm64 if layout.image.arch.startswith("arm64") else _x86_64
    return Function(start=start, end=end, instructions=tuple(read(code, start)))


def _engine(arch: int, mode: int) -> capstone.Cs:
    engine = capstone.Cs(arch, mode)
    engine.detail = True
    engine.skipdata = True  # tables between instructions must not end the reading
    return engine


_ARM64_BRANCHES = frozenset({"cbz", "cbnz", "tbz", "tbnz"})
_ARM64_LOADS = ("ldr", "ldp", "ldur")
_CALLER_SAVED = frozenset(getattr(arm64, f"ARM64_REG_X{number}") for number in range(18))


def _arm64(code: bytes, start: int) -> Iterator[Instruction]:
    engine = _engine(capstone.CS_ARCH_ARM64, capstone.CS_MODE_LITTLE_ENDIAN)
    pages: dict[int, int] = {}
    for one in engine.disasm(code, start):
        flow, target, touches = Flow.NEXT, None, []
        name = one.mnemonic
        operands = one.operands if one.id else []
        if name == "bl":
            flow, target = Flow.CALL, operands[0].imm
        elif name.startswith("blr"):
            flow = Flow.CALL
        elif name == "b":
            flow, target = Flow.JUMP, operands[0].imm
        elif name.startswith("b.") or name in _ARM64_BRANCHES:
            flow, target = Flow.BRANCH, operands[-1].imm
        elif name.startswith("br"):
            flow = Flow.JUMP if name != "brk" else Flow.STOP
        elif name.startswith("ret"):
            flow = Flow.STOP
        elif name == "adr":
            touches.append(operands[1].imm)
        elif name == "add" and len(operands) == 3 and operands[1].reg in pages:
            if operands[2].type == arm64.ARM64_OP_IMM:
                shift = operands[2].shift.value if operands[2].shift.type else 0
                touches.append(pages[operands[1].reg] + (operands[2].imm << shift))
        elif name.startswith(_ARM64_LOADS):
            place = operands[-1]
            if place.type == arm64.ARM64_OP_MEM and not place.mem.index and place.mem.base in pages:
                touches.append(pages[place.mem.base] + place.mem.disp)
        if flow is Flow.CALL:
            pages = {reg: page for reg, page in pages.items() if reg not in _CALLER_SAVED}
        elif one.id:
            for register in one.regs_access()[1]:
                pages.pop(register, None)
            if name == "adrp":
                pages[operands[0].reg] = operands[1].imm
        yield _instruction(one, flow, target, touches)


def _x86_64(code: bytes, start: int) -> Iterator[Instruction]:
    engine = _engine(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    for one in engine.disasm(code, start):
        flow, target, touches = Flow.NEXT, None, []
        name = one.mnemonic
        operands = one.operands if one.id else []
        if name == "call":
            flow = Flow.CALL
        elif name == "jmp":
            flow = Flow.JUMP
        elif name.startswith("j"):
            flow = Flow.BRANCH
        elif name in ("ret", "ud2", "hlt"):
            flow = Flow.STOP
        for operand in operands:
            if operand.type == x86.X86_OP_IMM and flow is not Flow.NEXT:
                target = operand.imm
            elif operand.type == x86.X86_OP_MEM and operand.mem.base == x86.X86_REG_RIP:
                touches.append(one.address + one.size + operand.mem.disp)
        yield _instruction(one, flow, target, touches)


def _instruction(one: Any, flow: Flow, target: int | None, touches: Iterable[int]) -> Instruction:
    return Instruction(
        at=one.address,
        size=one.size,
        text=f"{one.mnemonic} {one.op_str}".strip(),
        flow=flow,
        target=target,
        touches=tuple(touches),
    )


def closure(layout: Layout, roots: Collection[int]) -> dict[int, Function]:
    """The functions that can be reached from ``roots`` by their starts, by what the code names.

    A function counts as reached where it is called, jumped to, or its address is formed, as a
    block's is.
    """
    found: dict[int, Function] = {}
    known = frozenset(layout.functions)
    todo = list(roots)
    while todo:
        start = todo.pop()
        if start in found or start not in known:
            continue
        found[start] = disassemble(layout, start)
        for one in found[start].instructions:
            todo += [address for address in (one.target, *one.touches) if address is not None]
    return found
