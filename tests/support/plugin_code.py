"""A plugin's image with machine code in it, assembled by hand for arm64 and x86_64.

Addresses are file offsets, so that a test can be followed with a hex dump. What a function does is
a list of steps, each of which is one or two instructions:

* ``("call", function)``, ``("block", function)`` (form its address), ``("register",)`` (call
  through one), ``("send", selector)``, ``("string", text)``, ``("off", place)`` (set two toggles),
* ``("label", name)``, ``("null", label)`` (go there when the last call returned null),
  ``("is", character, label)``, ``("jump", label)``, ``("return",)``.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, TypeAlias

from tests.support.machos import CPU, uleb, version

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Step: TypeAlias = tuple[str | int, ...]
    Code: TypeAlias = Mapping[str, Sequence[Step]]

HEADER_ROOM = 0x1000
_POINTERS, _STUBS = 0x6, 0x8


def assemble(
    code: Code, *, arch: str = "arm64", tables: Mapping[str, Sequence[str]] | None = None
) -> bytes:
    """A dylib that defines the functions of ``code``; ``tables`` are its virtual tables.

    A called name that ``code`` does not define is an import.
    """
    tables = tables or {}
    steps = [step for body in code.values() for step in body]
    strings = sorted({str(step[1]) for step in steps if step[0] == "string"})
    selectors = sorted({str(step[1]) for step in steps if step[0] == "send"})
    called = {str(step[1]) for step in steps if step[0] in ("call", "block")}
    imports = sorted(called - {*code})
    maker = _Arm64() if arch == "arm64" else _X86()
    at = HEADER_ROOM
    places: dict[str, int] = {}
    sizes: dict[str, int] = {}
    for name, body in code.items():
        places[name] = at
        for step in body:
            if step[0] == "label":
                places[f"{name}:{step[1]}"] = at
            at += maker.size(step)
        sizes[name] = at - places[name]
        at = -(-at // 16) * 16
    text = HEADER_ROOM, at - HEADER_ROOM
    stubs = at, 12 * len(imports)
    places |= {name: at + 12 * index for index, name in enumerate(imports)}
    at += stubs[1]
    sends = at, 16 * len(selectors) if arch == "arm64" else 0
    if arch == "arm64":
        places |= {f"send {name}": at + 16 * index for index, name in enumerate(selectors)}
    at += sends[1]
    literals = b""
    for one in (*strings, *selectors):
        places[f"text {one}"] = at + len(literals)
        literals += one.encode() + b"\0"
    cstrings = at, len(literals)
    at = -(-(at + len(literals)) // 16) * 16
    references = at, 8 * len(selectors)
    if arch == "x86_64":
        places |= {f"send {name}": at + 8 * index for index, name in enumerate(selectors)}
    at += references[1]
    constants = at, sum(16 + 8 * len(found) for found in tables.values())
    data = b"".join(struct.pack("<Q", places[f"text {name}"]) for name in selectors)
    for name, functions in tables.items():
        places[name] = references[0] + len(data)
        data += bytes(16) + b"".join(struct.pack("<Q", places[one]) for one in functions)
    at += constants[1]
    machine = bytearray(at - HEADER_ROOM)
    for name, body in code.items():
        here = places[name]
        for step in body:
            made = maker.make(step, here, lambda label, name=name: _find(places, name, label))
            machine[here - HEADER_ROOM : here - HEADER_ROOM + len(made)] = made
            here += maker.size(step)
    machine[cstrings[0] - HEADER_ROOM :][: len(literals)] = b""
    machine[cstrings[0] - HEADER_ROOM : cstrings[0] - HEADER_ROOM + len(literals)] = literals
    machine[references[0] - HEADER_ROOM : references[0] - HEADER_ROOM + len(data)] = data
    machine = machine[: at - HEADER_ROOM]
    sections = [
        ("__text", *text, 0, 0, 0),
        ("__stubs", *stubs, _STUBS, 0, 12),
        ("__objc_stubs", *sends, 0, 0, 0),
        ("__cstring", *cstrings, 2, 0, 0),
        ("__objc_selrefs", *references, 5, 0, 0),
        ("__const", *constants, 0, 0, 0),
    ]
    defined = {name: places[name] for name in (*code, *tables)}
    if arch == "arm64":
        defined |= {f"_objc_msgSend${name}": places[f"send {name}"] for name in selectors}
    return _file(arch, bytes(machine), sections, defined, imports, sorted(places[n] for n in code))


def _find(places: Mapping[str, int], function: str, label: str) -> int:
    return places.get(f"{function}:{label}", places.get(label, 0))


def _file(
    arch: str,
    machine: bytes,
    sections: Sequence[tuple[str, int, int, int, int, int]],
    defined: Mapping[str, int],
    imports: Sequence[str],
    starts: Sequence[int],
) -> bytes:
    end = HEADER_ROOM + len(machine)
    names = b"\0"
    symbols = b""
    for name, address in defined.items():
        symbols += struct.pack("<IBBHQ", len(names), 0x0F, 1, 0, address)
        names += name.encode() + b"\0"
    for name in imports:
        symbols += struct.pack("<IBBHQ", len(names), 0x01, 0, 0x100, 0)
        names += name.encode() + b"\0"
    indirect = b"".join(struct.pack("<I", len(defined) + n) for n in range(len(imports)))
    functions, last = b"", 0
    for start in starts:
        functions += uleb(start - last)
        last = start
    functions += b"\0"
    blobs = [symbols, names, indirect, functions]
    offsets = [end + sum(map(len, blobs[:index])) for index in range(4)]
    segment = struct.pack(
        "<II16sQQQQ4I", 0x19, 72 + 80 * len(sections), b"__TEXT", 0, end, 0, end, 5, 5,
        len(sections), 0,
    )  # fmt: skip
    for name, address, size, kind, first, stub in sections:
        segment += struct.pack(
            "<16s16sQQ8I", name.encode(), b"__TEXT", address, size, address, 0, 0, 0, kind,
            first, stub, 0,
        )  # fmt: skip
    count = len(symbols) // 16
    commands = [
        segment,
        struct.pack("<6I", 0x32, 24, 1, version("12.3"), version("13.0"), 0),
        struct.pack("<6I", 0x2, 24, offsets[0], count, offsets[1], len(names)),
        struct.pack("<20I", 0xB, 80, *[0] * 12, offsets[2], len(imports), *[0] * 4),
        struct.pack("<4I", 0x26, 16, offsets[3], len(functions)),
    ]
    body = b"".join(commands)
    head = struct.pack("<8I", 0xFEEDFACF, *CPU[arch], 6, len(commands), len(body), 0x85, 0)
    assert len(head) + len(body) <= HEADER_ROOM
    return (head + body).ljust(HEADER_ROOM, b"\0") + machine + b"".join(blobs)


class _Arm64:
    def size(self, step: Step) -> int:
        return {"label": 0, "string": 8, "block": 8, "is": 12, "off": 8}.get(str(step[0]), 4)

    def make(self, step: Step, here: int, find: Callable[[str], int]) -> bytes:
        kind, *rest = step
        match kind:
            case "label":
                return b""
            case "call":
                words = [0x94000000 | (find(str(rest[0])) - here) >> 2 & 0x3FFFFFF]
            case "send":
                words = [0x94000000 | (find(f"send {rest[0]}") - here) >> 2 & 0x3FFFFFF]
            case "jump":
                words = [0x14000000 | (find(str(rest[0])) - here) >> 2 & 0x3FFFFFF]
            case "string":
                words = self._address(find(f"text {rest[0]}"), here)
            case "block":
                words = self._address(find(str(rest[0])), here)
            case "register":
                words = [0xD63F0100]  # blr x8
            case "null":
                words = [0xB4000000 | ((find(str(rest[0])) - here) >> 2 & 0x7FFFF) << 5]
            case "is":
                compare = 0x71000000 | ord(str(rest[0])) << 10 | 8 << 5 | 31
                away = (find(str(rest[1])) - here - 8) >> 2 & 0x7FFFF
                words = [0x39400008, compare, 0x54000000 | away << 5]  # ldrb, cmp, b.eq
            case "off":
                words = [0x0F000420, 0xFD000000 | int(rest[0]) // 8 << 10 | 8 << 5]  # movi, str d0
            case _:
                words = [0xD65F03C0]  # ret
        return struct.pack(f"<{len(words)}I", *words)

    def _address(self, target: int, here: int) -> list[int]:
        page = (target >> 12) - (here >> 12)
        adrp = 0x90000000 | (page & 3) << 29 | (page >> 2 & 0x7FFFF) << 5
        return [adrp, 0x91000000 | (target & 0xFFF) << 10]  # adrp x0; add x0, x0, #…


_X86_SIZES = {
    "label": 0, "call": 5, "send": 7, "jump": 5, "string": 7, "block": 7, "register": 2,
    "null": 9, "is": 9, "off": 14, "return": 1,
}  # fmt: skip


class _X86:
    def size(self, step: Step) -> int:
        return _X86_SIZES[str(step[0])]

    def make(self, step: Step, here: int, find: Callable[[str], int]) -> bytes:
        kind, *rest = step

        def away(label: str, behind: int) -> bytes:
            return struct.pack("<i", find(label) - here - behind)

        match kind:
            case "label":
                return b""
            case "call":
                return b"\xe8" + away(str(rest[0]), 5)
            case "send":
                return b"\x48\x8b\x35" + away(f"send {rest[0]}", 7)  # mov rsi, [rip + …]
            case "jump":
                return b"\xe9" + away(str(rest[0]), 5)
            case "string":
                return b"\x48\x8d\x3d" + away(f"text {rest[0]}", 7)  # lea rdi, [rip + …]
            case "block":
                return b"\x48\x8d\x05" + away(str(rest[0]), 7)  # lea rax, [rip + …]
            case "register":
                return b"\xff\xd0"  # call rax
            case "null":
                return b"\x48\x85\xc0\x0f\x84" + away(str(rest[0]), 9)  # test rax, rax; je
            case "is":
                return b"\x80\x38" + str(rest[0]).encode() + b"\x0f\x84" + away(str(rest[1]), 9)
            case "off":
                constant = struct.pack("<Q", 0x100000001)
                return b"\x48\xb9" + constant + b"\x48\x89\x48" + bytes([int(rest[0])])
            case _:
                return b"\xc3"
