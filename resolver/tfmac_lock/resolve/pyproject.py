"""Reading what a project requires from its pyproject.toml.

Sources: https://packaging.python.org/en/latest/specifications/pyproject-toml/ for [project],
https://packaging.python.org/en/latest/specifications/dependency-groups/ for [dependency-groups].
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from ..errors import InputFileError
from ..files import read_input
from ..foreign import parse_toml
from .requirement import ByUser, Requirement
from .requirements_in import MAX_BYTES, Unreadable, read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from packaging.markers import Environment

NAME = "pyproject.toml"


def split_extras(text: str) -> tuple[str, tuple[str, ...]]:
    """The path and the extras of ``pyproject.toml[train,plot]``; of other paths there are none."""
    found = re.fullmatch(r"(.*pyproject\.toml)\[([A-Za-z0-9._, -]*)\]", text, re.DOTALL)
    if not found:
        return text, ()
    return found[1], tuple(name.strip() for name in found[2].split(",") if name.strip())


def read_pyproject(
    path: Path,
    environment: Environment,
    *,
    project: bool = True,
    extras: Iterable[str] = (),
    groups: Iterable[str] = (),
) -> list[Requirement]:
    """The requirements of the project, of these extras and of these dependency groups.

    Without ``project`` only those of the groups. Raises InputFileError.
    """
    reader = _Reader(path, environment)
    found = list(reader.project(extras)) if project else []
    for group in groups:
        found += reader.group(group, ())
    return found


class _Reader:
    """One pyproject.toml for one target."""

    def __init__(self, path: Path, environment: Environment) -> None:
        self._path = path
        self._environment = environment
        self._data = _load(path)

    def project(self, extras: Iterable[str]) -> Iterator[Requirement]:
        """What [project] requires, with these extras."""
        project = self._table("project")
        if not project:
            raise self._fault("has no [project]; name a dependency group with --group")
        if "dependencies" in self._texts(project.get("dynamic", []), "dynamic", "names"):
            raise self._fault("its dependencies are dynamic, so only its build knows them")
        self._check_python(project.get("requires-python"))
        yield from self._read(project.get("dependencies", []), "dependencies")
        optional = {
            canonicalize_name(name): rows
            for name, rows in self._table("optional-dependencies", project).items()
        }
        own = canonicalize_name(str(project.get("name", "")))
        waiting = [canonicalize_name(extra) for extra in extras]
        done: set[str] = set()
        while waiting:
            extra = waiting.pop(0)
            if extra in done:
                continue
            done.add(extra)
            if extra not in optional:
                known = ", ".join(sorted(optional)) or "none"
                raise self._fault(f"has no extra {extra!r}; there are: {known}")
            for item in self._read(optional[extra], f"[{extra}]"):
                if item.name == own:  # an extra made of others of the same project
                    waiting += [canonicalize_name(name) for name in sorted(item.extras)]
                else:
                    yield item

    def group(self, name: str, above: tuple[str, ...]) -> list[Requirement]:
        """What a dependency group requires, those that it includes as well."""
        groups = {canonicalize_name(key): rows for key, rows in self._groups().items()}
        wanted = canonicalize_name(name)
        if wanted in above:
            raise self._fault(f"its dependency group {name!r} includes itself")
        if wanted not in groups:
            known = ", ".join(sorted(groups)) or "none"
            raise self._fault(f"has no dependency group {name!r}; there are: {known}")
        if not isinstance(groups[wanted], list):
            raise self._fault(f"its dependency group {name!r} is not a list")
        found: list[Requirement] = []
        for row in groups[wanted]:
            if isinstance(row, dict) and isinstance(row.get("include-group"), str):
                found += self.group(row["include-group"], (*above, wanted))
            else:
                found += self._read([row], f"group {wanted}")
        return found

    def _groups(self) -> dict[str, Any]:
        return self._table("dependency-groups")

    def _table(self, name: str, above: dict[str, Any] | None = None) -> dict[str, Any]:
        found = (self._data if above is None else above).get(name, {})
        if not isinstance(found, dict):
            raise self._fault(f"[{name}] is not a table")
        return found

    def _texts(self, rows: Any, where: str, of: str = "requirements") -> list[str]:
        if not isinstance(rows, list) or not all(isinstance(row, str) for row in rows):
            raise self._fault(f"{where}: is not a list of {of}")
        return rows

    def _read(self, rows: Any, where: str) -> Iterator[Requirement]:
        origin = ByUser(f"{self._path.name} {where}")
        for row in self._texts(rows, where):
            try:
                item = read_text(row, origin, self._environment)
            except Unreadable as error:
                raise self._fault(f"{where}: {row[:80]!r} {error}") from error
            if item is not None:
                yield item

    def _check_python(self, stated: Any) -> None:
        python = self._environment["python_full_version"]
        try:
            fits = stated is None or SpecifierSet(str(stated)).contains(python, prereleases=True)
        except ValueError:
            raise self._fault(f"requires-python: {stated!r} is not a version specifier") from None
        if not fits:
            raise self._fault(f"requires Python {stated}, and the lock is for {python}")

    def _fault(self, reason: str) -> InputFileError:
        return InputFileError(str(self._path), reason)


def _load(path: Path) -> dict[str, Any]:
    content = read_input(path, MAX_BYTES)
    try:
        return parse_toml(content)
    except ValueError as error:
        raise InputFileError(str(path), f"is not TOML: {error}") from error
