"""The changes of a room's code, and those of them that make no difference."""

from __future__ import annotations

import ast
import difflib
import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeGuard

from cosmic_ray.ast import ast_nodes, get_ast_from_path
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

from tests.mutation import same
from tests.mutation.rooms import PACKAGE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.mutation.rooms import Room

    Span = tuple[tuple[int, int], tuple[int, int]]
    """The line and the column of its first and of its last character."""


_SINGLE = re.compile(r"None|True|False|\w+\.[A-Z_\d]+")


@dataclass(frozen=True, slots=True)
class Change:
    """A module as it is, and with one change in these lines."""

    path: Path
    before: str
    after: str
    lines: range

    def __str__(self) -> str:
        name = self.module
        lines = difflib.unified_diff(
            self.before.splitlines(), self.after.splitlines(), name, name, lineterm="", n=1
        )
        return "\n".join(lines)

    @property
    def module(self) -> str:
        return str(self.path.relative_to(PACKAGE))

    @property
    def is_in_a_function(self) -> bool:
        """Whether the changed lines are of a function's body, and no argument of it."""
        functions = (one for one in ast.walk(ast.parse(self.before)) if _is_function(one))
        return any(
            one.body[0].lineno <= self.lines.start and self.lines.stop - 1 <= (one.end_lineno or 0)
            for one in functions
        )

    @property
    def is_known_to_be_the_same(self) -> bool:
        lines = difflib.ndiff(self.before.splitlines(), self.after.splitlines())
        changed = [line for line in lines if line[0] in "-+"]
        gone, come = ([line[2:].strip() for line in changed if line[0] == one] for one in "-+")
        return any(
            (row.module, row.before.split("\n"), row.after.split("\n")) == (self.module, gone, come)
            for row in same.rows()
        )


def _is_function(node: ast.AST) -> TypeGuard[ast.FunctionDef]:
    return isinstance(node, ast.FunctionDef)


def changes(room: Room, seed: int, sample: int) -> Iterator[Change]:
    """So many changes of the room, in an order that the seed decides."""
    paths = sorted(path for pattern in room.modules for path in PACKAGE.glob(pattern))
    places: dict[tuple[Path, Span], list[tuple[str, int]]] = {}
    for path in paths:
        nodes = list(ast_nodes(get_ast_from_path(path)))
        for name in operator_names():
            operator = get_operator(name)
            if not operator.arguments():
                found = (span for node in nodes for span in operator().mutation_positions(node))
                for number, span in enumerate(found):
                    places.setdefault((path, span), []).append((name, number))
    rng = random.Random(seed)
    chosen = sorted(places, key=str)
    rng.shuffle(chosen)
    for place in chosen:
        path, ((first, _), (last, _)) = place
        name, number = rng.choice(places[place])
        before = path.read_text("utf-8")
        after = mutate_code(before.encode(), get_operator(name)(), number)
        after = after.decode() if isinstance(after, bytes) else after
        if after is not None and sample and _runs(after) not in (None, _runs(before)):
            sample -= 1
            yield Change(path, before, after, range(first, last + 1))


def _runs(text: str) -> str | None:
    """What of a module makes a difference when it runs; None where it is no Python."""
    try:
        return ast.unparse(_Running().visit(ast.parse(text)))
    except SyntaxError:
        return None


class _Running(ast.NodeTransformer):
    """Leaves out what is for readers and mypy, and writes in one way what is the same."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        for one in node.decorator_list:
            if isinstance(one, ast.Call) and ast.unparse(one.func) == "functools.lru_cache":
                one.keywords = []  # how many answers are kept changes none of them
        for inner in ast.walk(node):
            if isinstance(inner, ast.AnnAssign):  # of a local name, which is never looked at
                inner.annotation = ast.Constant(value=None)
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        if any(ast.unparse(base) == "Protocol" for base in node.bases):
            node.body = [ast.Pass()]
        # That nothing writes to a value is what mypy sees to.
        node.decorator_list = [
            one for one in node.decorator_list if "dataclass" not in ast.unparse(one)
        ]
        return self.generic_visit(node)

    def visit_If(self, node: ast.If) -> ast.AST:
        if "TYPE_CHECKING" in ast.unparse(node.test):  # the names are never looked at
            node.test, node.body = ast.Constant(value=False), [ast.Pass()]
        return self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """None, a truth value and a member of an enum are equal to themselves alone."""
        same = {ast.Is: ast.Eq, ast.IsNot: ast.NotEq}
        for place, (operator, right) in enumerate(zip(node.ops, node.comparators, strict=True)):
            if type(operator) in same and _SINGLE.fullmatch(ast.unparse(right)):
                node.ops[place] = same[type(operator)]()
        return self.generic_visit(node)
