"""All that people read, gathered for the translators: from templates, code and facts.

Sentences in code are found where they stand. An f-string is a message with gaps, which are named
after what fills them; so the English has no second copy that could part from it.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, TypeGuard

from jinja2.ext import babel_extract

from ..languages import Shape
from ..matrix.reasons import Grade, Status
from .fact_messages import drawn_together, of_facts
from .message import GAP, KINDS, PAGES, SENTENCES, WORDS, Message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REASONING = (
    "matrix/binary_reasons.py",
    "matrix/companions.py",
    "matrix/macs.py",
    "matrix/recipes.py",
    "matrix/verdict.py",
    "lock/asked.py",
    "lock/companions.py",
    "lock/known_files.py",
    "lock/make_beside.py",
    "lock/newest.py",
    "lock/notes.py",
    "matrix/kernels.py",
    "matrix/linux.py",
    "matrix/natives.py",
    "matrix/neighbours.py",
    "matrix/tried_bounds.py",
    "prove/evidence.py",
    "curate/compile.py",
    "lock/coverage.py",
    "matrix/grid.py",
    "site/changes.py",
    "site/kinds/locks.py",
)
"""Modules of which every sentence may stand in a reason."""

SAYING = (
    *("errors.py", "target.py", "cli/__init__.py", "cli/install.py", "cli/lock.py"),
    *("cli/outputs.py", "cli/settings.py", "cli/update.py", "cli/why.py"),
    *("check/formats/__init__.py", "lock/reading.py", "lock/request.py", "lock/update.py"),
    *("lock/verify.py", "lock/write.py", "matrix/grid.py", "matrix/ranking.py"),
    *("prove/installing.py", "pypi/config.py", "pypi/errors.py", "resolve/pyproject.py"),
    *("resolve/requirements_in.py", "resolve/solve.py"),
)
"""Modules whose errors most people meet. Those about damaged files stay English."""

TITLES = re.compile(r".*TITLES|MEANING|DAY|MONTH")
"""Names of constants that hold words for people."""


def messages(root: Path) -> list[Message]:
    """Every message of a checkout, each once, in the order of the kinds and their places."""
    package = root / "resolver" / "tfmac_lock"
    found: dict[tuple[bool, str], Message] = {}
    code = [*_of_pages(package), *_words(), *_of_code(package)]
    shapes = [Shape(one.text, "") for one in code if one.is_shape]
    facts = [
        one
        for one in drawn_together([*of_facts()])
        # What a program wrote into a fact is a sentence of that program.
        if not any(shape.values(one.text) for shape in shapes if len("".join(shape.pieces)) > 20)
    ]
    for one in (*code, *facts):
        # A template's message is looked up apart from the others, but people translate it once.
        known = found.setdefault((one.kind == PAGES, one.text), one)
        if known is not one:
            known.places += [place for place in one.places if place not in known.places]
    return sorted(found.values(), key=lambda one: KINDS.index(one.kind))


def _of_pages(package: Path) -> Iterator[Message]:
    options = {"trimmed": "true", "silent": "false"}
    for path in sorted((package / "site" / "templates").glob("*.html")):
        with path.open("rb") as file:
            for _, _, text, _ in babel_extract(file, ("_", "gettext", "ngettext"), (), options):
                one, many = text[:2] if isinstance(text, tuple) else (text, "")
                yield Message(
                    text=str(one), many=many or "", kind=PAGES, places=[f"site/{path.name}"]
                )


def _words() -> Iterator[Message]:
    for word in (*Status, *Grade):
        yield Message(text=word.value, kind=WORDS, places=["matrix/reasons.py"])


def _of_code(package: Path) -> Iterator[Message]:
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package).as_posix()
        if name.startswith("curate/") and name not in REASONING:
            continue
        tree = ast.parse(path.read_text("utf-8"))
        whole = name in REASONING
        saying = name in SAYING
        for node in _docstrings_left_out(tree):
            kind, marked = SENTENCES, False
            if isinstance(node, ast.Call):
                called = node.func.id if isinstance(node.func, ast.Name) else ""
                texts = [*node.args] if called in ("translated", "say") else []
                marked = called == "translated"
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "template":
                texts = [node.value] if saying else []
            elif isinstance(node, ast.keyword) and node.arg == "kind" and whole:
                kind, texts = WORDS, [node.value]
            elif not saying and not whole and not _is_titles(node):
                continue
            elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                texts = [*node.exc.args]
            elif isinstance(node, ast.FunctionDef) and node.name.startswith(("__str__", "_why")):
                texts = [one for one in _docstrings_left_out(node) if _is_text(one)]
            elif isinstance(node, ast.Assign | ast.AnnAssign) and _is_titles(node):
                kind, texts = WORDS, list(_values(node.value))
            elif whole and _is_text(node):
                texts = [node]
            else:
                continue
            for value in texts:
                for one in _alternatives(value):
                    text = _text(one)
                    if text and (marked or kind == WORDS or _is_sentence(text)):
                        yield Message(text=text, kind=kind, places=[name])


def _docstrings_left_out(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes but bare strings, and the pieces of f-strings, which stand in these."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            continue
        if isinstance(child, ast.keyword) and child.arg == "source":
            continue  # sources are shown as they stand
        if isinstance(child, ast.Raise) and "ValueError" in ast.unparse(child):
            continue  # curators and programs read it
        if not (isinstance(tree, ast.JoinedStr) and isinstance(child, ast.Constant)):
            yield child
            yield from _docstrings_left_out(child)


def _is_text(node: ast.AST) -> TypeGuard[ast.expr]:
    return isinstance(node, ast.Constant | ast.JoinedStr)


def _is_titles(node: ast.AST) -> bool:
    if not isinstance(node, ast.Assign | ast.AnnAssign):
        return False
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return any(isinstance(one, ast.Name) and TITLES.fullmatch(one.id) for one in targets)


def _values(node: ast.AST | None) -> Iterator[ast.expr]:
    if isinstance(node, ast.Dict):
        yield from node.values
    elif isinstance(node, ast.Constant):
        yield node


def _alternatives(node: ast.expr) -> Iterator[ast.expr]:
    """The texts that an expression may have the value of."""
    if isinstance(node, ast.IfExp):
        yield from _alternatives(node.body)
        yield from _alternatives(node.orelse)
    elif isinstance(node, ast.BinOp):
        yield from _alternatives(node.left)
        yield from _alternatives(node.right)
    else:
        yield node


def _text(node: ast.expr) -> str:
    """The message of a string or an f-string; empty for anything else."""
    if isinstance(node, ast.Constant):
        # In an error's template a gap may be an attribute, or its repr.
        text = node.value if isinstance(node.value, str) else ""
        return re.sub(r"\{(?:\w+\.)*(\w+)(?:![rs])?\}", r"{\1}", text)
    if not isinstance(node, ast.JoinedStr):
        return ""
    text, used = "", set()
    for part in node.values:
        if isinstance(part, ast.Constant):
            text += str(part.value)
        elif isinstance(part, ast.FormattedValue):
            name = base = _name(part.value)
            count = 1
            while name in used:
                count += 1
                name = f"{base}{count}"
            used.add(name)
            text += f"{{{name}}}"
    return text


def _name(node: ast.expr) -> str:
    """What a gap is called: the last word of the expression that fills it."""
    if isinstance(node, ast.Attribute):
        return _name(node.value) if node.attr == "value" else node.attr
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Subscript):
        return _name(node.value)
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr == "join" and node.args:
            return _name(node.args[0])
        if isinstance(node.func, ast.Name) and node.func.id == "len" and node.args:
            return "count"
        return _name(node.args[0] if node.args else node.func)
    if isinstance(node, ast.Starred | ast.GeneratorExp | ast.ListComp):
        inner = node.value if isinstance(node, ast.Starred) else node.elt
        return _name(inner)
    return "value"


def _is_sentence(text: str) -> bool:
    """Whether people read it: words, of which some are no gaps, and no command or markup."""
    if text.startswith(("tfmac-lock", "<")):
        return False
    words = re.findall(r"[A-Za-z]{2,}", GAP.sub(" ", text))
    return len(words) >= 2 and " " in text.strip()
