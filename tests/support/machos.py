"""Small Mach-O files, built byte by byte after mach-o/loader.h and mach-o/fixup-chains.h."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CPU = {"arm64": (0x0100000C, 0), "x86_64": (0x01000007, 3), "arm64e": (0x0100000C, 2)}
FILE_TYPES = {"execute": 2, "dylib": 6, "bundle": 8}
LOADS = {
    "regular": 0xC,
    "weak": 0x80000018,
    "reexport": 0x8000001F,
    "upward": 0x80000023,
    "lazy": 0x20,
}


@dataclass(frozen=True, kw_only=True)
class Need:
    """An import: ordinal -2 is a flat lookup, -3 a coalesced one."""

    symbol: str
    ordinal: int
    weak: bool = False


@dataclass(frozen=True, kw_only=True)
class Image:
    """What to build. ``exports`` gives for a name None, or (ordinal, imported name)."""

    arch: str = "arm64"
    file_type: str = "dylib"
    install_name: str | None = "@rpath/libtest.dylib"
    libraries: Sequence[tuple[str, str]] = ()
    rpaths: Sequence[str] = ()
    minos: str | None = "12.3"
    sdk: str = "13.0"
    needs: Sequence[Need] = ()
    exports: Mapping[str, tuple[int, str] | None] = field(default_factory=dict)
    style: str = "chained"  # or chained-addend, chained-addend64, classic, symtab
    trie: bool = True
    modern_dylib_use: bool = False
    text: bytes = b""


def uleb(value: int) -> bytes:
    out = bytearray()
    while True:
        byte, value = value & 0x7F, value >> 7
        out.append(byte | (0x80 if value else 0))
        if not value:
            return bytes(out)


def version(text: str) -> int:
    major, minor, patch = ([*map(int, text.split(".")), 0, 0])[:3]
    return major << 16 | minor << 8 | patch


def build(image: Image) -> bytes:
    """The bytes of a thin file."""
    commands: list[bytes] = []
    if image.install_name is not None:
        commands.append(_dylib(0xD, image.install_name))
    for name, kind in image.libraries:
        commands.append(_library(name, kind, image.modern_dylib_use))
    commands += [_string_command(0x8000001C, struct.pack("<I", 12), path) for path in image.rpaths]
    if image.minos is not None:
        commands.append(
            struct.pack("<6I", 0x32, 24, 1, version(image.minos), version(image.sdk), 0)
        )
    trie = export_trie(image.exports) if image.trie else b""
    if image.style == "classic":
        binds, weak, lazy = _opcodes(image.needs)
        sizes = [48 if commands is not None else 0]
    elif image.style.startswith("chained"):
        sizes = [16, 16]
    else:
        sizes = [16] if image.trie else []
    symbols, strings = _symbols(image)
    sizes.append(24)
    header_size = 32 + sum(map(len, commands)) + sum(sizes)
    at = header_size + len(image.text)
    tail = b""

    def place(blob: bytes) -> tuple[int, int]:
        nonlocal tail
        offset = at + len(tail)
        tail += blob
        return offset, len(blob)

    if image.style == "classic":
        places = [place(binds), place(weak), place(lazy), place(trie)]
        numbers = [0, 0] + [number for pair in places for number in pair]
        commands.append(struct.pack("<12I", 0x80000022, 48, *numbers))
    elif image.style.startswith("chained"):
        commands.append(struct.pack("<4I", 0x80000034, 16, *place(_chained(image))))
        commands.append(struct.pack("<4I", 0x80000033, 16, *place(trie)))
    elif image.trie:
        commands.append(struct.pack("<4I", 0x80000033, 16, *place(trie)))
    symbols_at, _ = place(symbols)
    strings_at, strings_size = place(strings)
    commands.append(
        struct.pack("<6I", 2, 24, symbols_at, len(symbols) // 16, strings_at, strings_size)
    )
    body = b"".join(commands)
    cpu, subtype = CPU[image.arch]
    header = struct.pack(
        "<8I",
        0xFEEDFACF,
        cpu,
        subtype,
        FILE_TYPES[image.file_type],
        len(commands),
        len(body),
        0x85,
        0,
    )
    assert len(header) + len(body) == header_size
    return header + body + image.text + tail


def fat(images: Sequence[bytes | tuple[str, bytes]], *, wide: bool = False) -> bytes:
    """A fat file of thin ones; ``wide`` writes the 64-bit header."""
    entry = struct.Struct(">IIQQII" if wide else ">5I")
    at = -(-(8 + entry.size * len(images)) // 0x100) * 0x100
    head = struct.pack(">II", 0xCAFEBABF if wide else 0xCAFEBABE, len(images))
    body = b""
    for one in images:
        data = one if isinstance(one, bytes) else one[1]
        cpu, subtype = struct.unpack_from("<II", data, 4)
        offset = at + len(body)
        numbers = [cpu, subtype, offset, len(data), 8]
        head += entry.pack(*numbers, *([0] if wide else []))
        body += data.ljust(-(-len(data) // 0x100) * 0x100, b"\0")
    return head.ljust(at, b"\0") + body


def export_trie(exports: Mapping[str, tuple[int, str] | None]) -> bytes:
    """A trie with one edge a letter group: names that share a beginning share its nodes."""
    root: dict[str, object] = {}
    for name in exports:
        node = root
        for letter in name:
            node = node.setdefault(letter, {})  # type: ignore[assignment]
        node[""] = exports[name]
    nodes: list[tuple[bytes, list[tuple[bytes, int]]]] = []

    def collect(node: dict[str, object]) -> int:
        index = len(nodes)
        nodes.append((b"", []))
        terminal = b""
        if "" in node:
            other = node[""]
            if other is None:
                terminal = uleb(0) + uleb(0x4000)
            else:
                ordinal, imported = other  # type: ignore[misc]
                terminal = uleb(8) + uleb(ordinal) + imported.encode() + b"\0"
        edges = []
        for letter, child in node.items():
            if letter:
                label = letter
                while isinstance(child, dict) and len(child) == 1 and "" not in child:
                    (more, child) = next(iter(child.items()))
                    label += more
                edges.append((label.encode(), collect(child)))  # type: ignore[arg-type]
        nodes[index] = (terminal, edges)
        return index

    collect(root)
    offsets = [0] * len(nodes)
    while True:  # the offsets are written in a variable length, so that they settle by and by
        blobs = [
            uleb(len(terminal))
            + terminal
            + bytes([len(edges)])
            + b"".join(label + b"\0" + uleb(offsets[child]) for label, child in edges)
            for terminal, edges in nodes
        ]
        found = [sum(map(len, blobs[:index])) for index in range(len(blobs))]
        if found == offsets:
            return b"".join(blobs)
        offsets = found


def _string_command(number: int, fixed: bytes, text: str) -> bytes:
    body = fixed + text.encode() + b"\0"
    size = -(-(8 + len(body)) // 8) * 8
    return (struct.pack("<II", number, size) + body).ljust(size, b"\0")


def _dylib(number: int, name: str) -> bytes:
    return _string_command(number, struct.pack("<4I", 24, 2, 0x10000, 0x10000), name)


def _library(name: str, kind: str, modern: bool) -> bytes:
    if not modern:
        return _dylib(LOADS[kind], name)
    flags = {"weak": 1, "reexport": 2, "upward": 4}.get(kind, 0)
    fixed = struct.pack("<5I", 28, 0x1A741800, 0x10000, 0x10000, flags)
    return _string_command(0xC, fixed, name)


def _chained(image: Image) -> bytes:
    names = b"\0"
    entries = b""
    kind = {"chained": 1, "chained-addend": 2, "chained-addend64": 3}[image.style]
    for need in image.needs:
        if kind == 3:
            packed = (need.ordinal & 0xFFFF) | need.weak << 16 | len(names) << 32
            entries += struct.pack("<QQ", packed, 0)
        else:
            packed = (need.ordinal & 0xFF) | need.weak << 8 | len(names) << 9
            entries += struct.pack("<I", packed) + (struct.pack("<i", -1) if kind == 2 else b"")
        names += need.symbol.encode() + b"\0"
    starts = struct.pack("<I", 0)
    imports_at = 28 + len(starts)
    header = struct.pack(
        "<7I", 0, 28, imports_at, imports_at + len(entries), len(image.needs), kind, 0
    )
    return header + starts + entries + names


def _opcodes(needs: Sequence[Need]) -> tuple[bytes, bytes, bytes]:
    """Binds, weak binds and lazy binds; every third symbol is bound lazily."""
    binds, weak, lazy = b"", b"", b""
    for index, need in enumerate(needs):
        name = bytes([0x40 | need.weak]) + need.symbol.encode() + b"\0"
        place = bytes([0x72]) + uleb(8 * index)
        if need.ordinal == -3:
            weak += name + b"\x51" + place + b"\x60" + b"\x80" * 9 + b"\x7f" + b"\x90"
            continue
        if need.ordinal > 15:
            ordinal = b"\x20" + uleb(need.ordinal)
        elif need.ordinal > 0:
            ordinal = bytes([0x10 | need.ordinal])
        else:
            ordinal = bytes([0x30 | need.ordinal & 0xF])
        if index % 3 == 2:
            lazy += place + ordinal + name + b"\x90\x00"
        else:
            binds += ordinal + name + b"\x51" + place + [b"\x90", b"\xa0\x08"][index % 2]
    return binds + b"\x00" * bool(binds), weak + b"\x00" * bool(weak), lazy


def _symbols(image: Image) -> tuple[bytes, bytes]:
    table, strings = b"", b"\0"
    if image.style == "symtab":
        for name in image.exports:
            table += struct.pack("<IBBHQ", len(strings), 0x0F, 1, 0, 0x4000)
            strings += name.encode() + b"\0"
        for need in image.needs:
            description = (need.ordinal & 0xFF) << 8 | (0x40 if need.weak else 0)
            table += struct.pack("<IBBHQ", len(strings), 0x01, 0, description, 0)
            strings += need.symbol.encode() + b"\0"
    # A private symbol and a debugging one, which nobody may bind to.
    for kind in (0x1E, 0x24):
        table += struct.pack("<IBBHQ", len(strings), kind, 1, 0, 0x5000)
        strings += b"_hidden\0"
    return table, strings
