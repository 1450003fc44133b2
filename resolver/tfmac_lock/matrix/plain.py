"""Facts as plain values (what JSON and TOML hold), and back.

A dataclass is a table of its fields, a tuple a list, an enumeration its value, and a class that
has ``parse`` the text that ``str`` gives. So a field is added to a fact in one place, its class.
"""

from __future__ import annotations

import datetime
import functools
import types
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, TypeVar

T = TypeVar("T")


def plain(value: Any) -> Any:
    """The value in dictionaries, lists, texts, numbers and None."""
    if value is None or isinstance(value, str | bool | float) or type(value) is int:
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, datetime.date):
        return value.isoformat()
    if hasattr(type(value), "parse"):
        return str(value)
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted(plain(item) for item in value)
    return [plain(item) for item in value]


def read(cls: type[T], data: Any) -> T:
    """The fact that ``data`` holds; parts of it that are facts already are taken as they are.

    The tables in ``data`` are used up. Texts are taken as they are: whoever reads what people
    wrote checks it first (see the ``curate`` package). Raises KeyError, TypeError or ValueError
    where ``data`` holds no such fact.
    """
    reader = _reader(cls)  # type: ignore[arg-type]  # a class can be hashed
    return data if reader is None else reader(data)  # type: ignore[no-any-return]


@functools.cache
def _reader(kind: Any) -> Any:
    """What turns the plain value into one of that kind; None where they are the same."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        (inner,) = [_reader(one) for one in arguments if one is not type(None)]
        return inner and (lambda value: None if value is None else inner(value))
    if origin is tuple:
        return _tuple_reader(arguments)
    if origin is frozenset:
        return frozenset
    if origin is dict:
        return _mapping_reader(*map(_reader, arguments))
    if isinstance(kind, type) and hasattr(kind, "parse"):
        return kind.parse
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    if isinstance(kind, type) and is_dataclass(kind):
        return _table_reader(kind)
    return None


def _tuple_reader(arguments: tuple[Any, ...]) -> Any:
    if arguments[-1] is not Ellipsis:
        return tuple  # a pair of texts
    inner = _reader(arguments[0])
    return tuple if inner is None else lambda values: tuple(map(inner, values))


def _mapping_reader(key: Any, value: Any) -> Any:
    if key is None and value is None:
        return None

    def read_mapping(row: dict[str, Any]) -> Any:
        return {
            key(name) if key else name: value(item) if value else item for name, item in row.items()
        }

    return read_mapping


def _table_reader(kind: type) -> Any:
    hints = typing.get_type_hints(kind)
    readers = [(field.name, _reader(hints[field.name])) for field in fields(kind)]
    changed = [(name, reader) for name, reader in readers if reader is not None]
    names = {name for name, _ in readers}

    def read_table(row: Any) -> Any:
        if isinstance(row, kind):
            return row
        if row.keys() != names:
            raise KeyError(*sorted(row.keys() ^ names))
        for name, reader in changed:
            row[name] = reader(row[name])
        return kind(**row)

    return read_table
