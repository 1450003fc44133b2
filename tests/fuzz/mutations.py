"""Changes of an input that know how it is built: lines, JSON, TOML, YAML, and bytes.

Everything is drawn from the generator that is handed in, so a number names an input for ever.
"""

from __future__ import annotations

import copy
import gzip
import io
import json
import re
import struct
import tomllib
import warnings
import zipfile
from typing import TYPE_CHECKING, Any

import tomli_w
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

LONGEST = 200_000
"""Bytes of a mutated text; larger ones are cut, or every run would be one of the size alone."""

ODD = (
    *(
        "",
        " ",
        "\0",
        "\n",
        "\r",
        "\x0b",
        "\x1b[31m",
        "\x85",
        "\u2028",
        "\u202e",
        "\ufeff",
        "\u0130",
    ),
    *(
        "\u0663",
        "\u00b2",
        "\u2167",
        "e\u0301",
        "\ud800",
        "\U0001f40d",
        "%s",
        "${HOME}",
        "{}",
        "..",
        "../",
    ),
    *("//", "\\", "'", '"', "`", "#", ";", "|", "&", "*", "~", "-", "--", "<!--", "</a>", "://"),
    *(
        "[",
        "]",
        "(",
        ")",
        "{",
        "}",
        "<",
        ">",
        "=",
        "===",
        "~=",
        "!=",
        "@",
        ",",
        ":",
        "::",
        "!",
        "+",
    ),
    *("0", "-1", "1e999", "nan", "inf", "0x10", "1_000", "2147483648", "18446744073709551616"),
    *("None", "null", "true", "[]", "1!2.0", "1.0+local.1", "1.dev0", "2.*", ">=", "0.0.0.0.0"),
    *("nan.0", "v1", "1-1", "01.02", "1.0rc", "python_version", "extra", "os_name == 'x'"),
)
HUGE = ("9" * 5000, "a" * 70_000, "1." * 400 + "1", "(" * 3000, "[" * 3000, "{" * 3000, "x," * 3000)
VALUES: tuple[Callable[[], Any], ...] = (
    *(
        lambda: None,
        lambda: True,
        lambda: False,
        lambda: 0,
        lambda: -1,
        lambda: 2**63,
        lambda: 10**40,
    ),
    *(lambda: 0.5, lambda: 1e308, lambda: "", lambda: "x", list, dict, lambda: [[]]),
    *(lambda: {"": ""}, lambda: [None], lambda: ["", 1, {}], lambda: {"name": 1, "version": []}),
    *(lambda: "3.11", lambda: "1.0", lambda: ">=1", lambda: "\0", lambda: "\ud800", lambda: "a\nb"),
)
NUMBERS = (0, 1, 2, 3, 4, 7, 8, 15, 16, 127, 128, 255, 256, 4095, 0x7FFF, 0x8000, 0xFFFF)
LARGE = (2**31 - 1, 2**31, 2**32 - 1, 2**32 - 8, 2**63 - 1, 2**63, 2**64 - 1)
TOKEN = re.compile(r"\w+|\s+|[^\w\s]")


def mutated(rng: Random, seeds: Sequence[bytes], shape: str) -> bytes:
    """One of the seeds with one change or a few; now and then as it is, or nothing of it."""
    data = rng.choice(seeds)
    kind = rng.random()
    if kind < 0.01:
        return data
    if kind < 0.02:
        return rng.randbytes(rng.randrange(200))
    if kind < 0.6 and shape in STRUCTURED:
        try:
            return STRUCTURED[shape](rng, data, seeds)
        except (ValueError, TypeError, AttributeError, RecursionError, OSError, yaml.YAMLError):
            pass  # it cannot be written in this shape: a null in TOML, half a surrogate
    change = _bytes if shape in BINARY else _text
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        data = change(rng, data, seeds)
    return data


# -- texts


def _text(rng: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    if rng.random() < 0.1:
        return _bytes(rng, data, seeds)
    text = data[:LONGEST].decode("utf-8", "surrogateescape")
    change = rng.choice((_lines, _lines, _tokens, _tokens, _tokens, _spliced))
    other = rng.choice(seeds).decode("utf-8", "surrogateescape")
    return change(rng, text, other).encode(
        "utf-8", "surrogatepass" if rng.random() < 0.5 else "replace"
    )


def _lines(rng: Random, text: str, other: str) -> str:
    lines = text.splitlines(keepends=True) or [""]
    at = rng.randrange(len(lines))
    kind = rng.randrange(6)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(at, rng.choice(other.splitlines(keepends=True) or [""]))
    elif kind == 2:
        to = rng.randrange(len(lines))
        lines[at], lines[to] = lines[to], lines[at]
    elif kind == 3:
        lines[at] = lines[at] * rng.choice((2, 2, 5, 300))
    elif kind == 4:
        lines[at] = lines[at].rstrip("\n")
    else:
        lines[at] = lines[at][: rng.randrange(len(lines[at]) + 1)]
    return "".join(lines)


def _tokens(rng: Random, text: str, other: str) -> str:
    tokens = TOKEN.findall(text) or [""]
    at = rng.randrange(len(tokens))
    kind = rng.randrange(7)
    if kind == 0:
        to = rng.randrange(len(tokens))
        tokens[at], tokens[to] = tokens[to], tokens[at]
    elif kind == 1:
        tokens[at] = rng.choice(TOKEN.findall(other) or [""])
    elif kind in (2, 3):
        tokens[at : at + kind - 2] = [rng.choice(ODD)]
    elif kind == 4:
        tokens[at] = rng.choice(HUGE) if rng.random() < 0.2 else tokens[at] * rng.choice((2, 3, 40))
    elif kind == 5:
        del tokens[at : at + rng.choice((1, 1, 2, 5))]
    else:
        tokens[at] = str(rng.choice((*NUMBERS, *LARGE)))
    return "".join(tokens)


def _spliced(rng: Random, text: str, other: str) -> str:
    return text[: rng.randrange(len(text) + 1)] + other[rng.randrange(len(other) + 1) :]


# -- bytes


def _bytes(rng: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    if not data:
        return rng.randbytes(rng.randrange(50))
    out = bytearray(data)
    at = rng.randrange(len(out))
    kind = rng.randrange(8)
    if kind == 0:
        out[at] ^= 1 << rng.randrange(8)
    elif kind == 1:
        for place in rng.choices(range(len(out)), k=rng.choice((1, 3, 20))):
            out[place] = rng.randrange(256)
    elif kind == 2:
        del out[at:]
    elif kind == 3:
        del out[at : at + rng.choice((1, 4, 8, 100))]
    elif kind in (4, 5):
        size, code = rng.choice(((2, "H"), (4, "I"), (4, "I"), (8, "Q")))
        value = rng.choice((*NUMBERS, *LARGE, len(out), len(out) - 1, at)) % 2 ** (8 * size)
        at -= at % rng.choice((1, 4))
        out[at : at + size] = struct.pack(rng.choice("<<<>") + code, value)
    elif kind == 6:
        block = out[at : at + rng.choice((4, 16, 64, 1000))]
        out[at:at] = block * rng.choice((1, 2, 50))
    else:
        other = rng.choice(seeds)
        out[at:] = other[rng.randrange(len(other) + 1) :]
    return bytes(out)


# -- trees


def _tree(rng: Random, tree: Any, other: Any) -> Any:
    """The tree with something else in one place."""
    places = [(holder, key) for holder, key in _places(tree)]
    if not places:
        return rng.choice(VALUES)()
    holder, key = rng.choice(places)
    kind = rng.randrange(8)
    if kind == 0:
        del holder[key]
    elif kind == 1 and isinstance(holder, dict):
        holder[rng.choice((*ODD, "x" * 300))] = holder.pop(key)
    elif kind == 2:
        from_holder, from_key = rng.choice(list(_places(other)) or places)
        holder[key] = copy.deepcopy(from_holder[from_key])
    elif kind == 3 and isinstance(holder[key], str):
        holder[key] = _tokens(rng, holder[key], "")
    elif kind == 4 and isinstance(holder, list):
        holder[key : key + 1] = [holder[key]] * rng.choice((2, 3, 20))
    elif kind == 5:
        value: Any = holder[key]
        for _ in range(rng.choice((1, 2, 40, 600))):
            value = [value] if rng.random() < 0.5 else {"a": value}
        holder[key] = value
    elif kind == 6:
        holder[key] = rng.choice(ODD)
    else:
        holder[key] = rng.choice(VALUES)()
    return tree


def _places(tree: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    waiting = [tree]
    while waiting:
        here = waiting.pop()
        keys = (
            list(here)
            if isinstance(here, dict)
            else range(len(here))
            if isinstance(here, list)
            else ()
        )
        for key in keys:
            found.append((here, key))
            waiting.append(here[key])
    return found


def _as_tree(
    load: Callable[[bytes], Any], dump: Callable[[Any], bytes]
) -> Callable[[Random, bytes, Sequence[bytes]], bytes]:
    def change(rng: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
        tree, other = load(data), load(rng.choice(seeds))
        for _ in range(rng.choice((1, 1, 1, 2, 4))):
            tree = _tree(rng, tree, other)
        return dump(tree)

    return change


def _json_bytes(tree: Any) -> bytes:
    return json.dumps(tree).encode()


def _toml_bytes(tree: Any) -> bytes:
    return tomli_w.dumps(_without_none(tree)).encode()


def _without_none(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {str(key): _without_none(value) for key, value in tree.items() if value is not None}
    return (
        [_without_none(one) for one in tree if one is not None] if isinstance(tree, list) else tree
    )


def _yaml_bytes(tree: Any) -> bytes:
    return yaml.safe_dump(tree, allow_unicode=True, sort_keys=False).encode(
        "utf-8", "surrogatepass"
    )


# -- archives


def _zip(rng: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    """The archive with a member, its name or its way of packing changed."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    out = io.BytesIO()
    at = rng.randrange(len(members))
    name, content = members[at]
    if rng.random() < 0.7:
        change = _text if _is_text(content) else _bytes
        members[at] = (name, change(rng, content, [member for _, member in members]))
    elif rng.random() < 0.5:
        members[at] = (_tokens(rng, name, rng.choice(members)[0])[:5000], content)
    else:
        members.insert(at, rng.choice(members))
    packing = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED))
    with zipfile.ZipFile(out, "w", packing) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name that is there twice is what is wanted
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name or "x"), content, packing)
    found = out.getvalue()
    return _bytes(rng, found, [found]) if rng.random() < 0.15 else found


def _is_text(content: bytes) -> bool:
    return b"\0" not in content


def _tar_gz(rng: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    """The archive with the tar inside changed, headers and contents alike."""
    inside = gzip.decompress(data)
    if rng.random() < 0.5:
        block = 512 * rng.randrange(max(1, len(inside) // 512))
        part = _bytes(rng, inside[block : block + 512], [inside])
        inside = inside[:block] + _with_checksum(part) + inside[block + 512 :]
    else:
        inside = (
            _text(rng, inside, [inside]) if rng.random() < 0.5 else _bytes(rng, inside, [inside])
        )
    return gzip.compress(inside, 1, mtime=0)


def _with_checksum(header: bytes) -> bytes:
    """A header of a tar with the right sum, without which nothing else of it is read."""
    if len(header) != 512 or header[257:262] != b"ustar":
        return header
    plain = header[:148] + b" " * 8 + header[156:]
    return header[:148] + b"%06o\0 " % sum(plain) + header[156:]


STRUCTURED: dict[str, Callable[[Random, bytes, Sequence[bytes]], bytes]] = {
    "json": _as_tree(json.loads, _json_bytes),
    "toml": _as_tree(lambda data: tomllib.loads(data.decode()), _toml_bytes),
    "yaml": _as_tree(lambda data: yaml.load(data, yaml.BaseLoader), _yaml_bytes),
    "zip": _zip,
    "tar.gz": _tar_gz,
}
BINARY = frozenset({"binary", "zip", "tar.gz"})
