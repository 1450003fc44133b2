"""What fuzzing has found, each with the smallest input that brought it out."""

from __future__ import annotations

import ast
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.fuzz.campaign import Attempt
from tests.fuzz.readers import READERS
from tests.fuzz.seeds import seeds
from tfmac_lock.check.findings import CODES
from tfmac_lock.errors import UsageError
from tfmac_lock.matrix.ranking import TensorFlowRequest

OSV_ZIP = seeds("osv-zip")[0]
MACHINE_TEXT = seeds("machine")[0]


def zip_of(name: str, content: bytes = b"") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("x"), content)
        archive.infolist()[0].filename = name
    return out.getvalue()


FOUND: list[tuple[str, bytes]] = [
    # AttributeError and TypeError: tables and lists of another kind than tools have there
    ("apply", b"project=3"),
    ("apply", b"dependency-groups=3"),
    ("apply", b"[project]\ndynamic=true"),
    ("apply", b"[project]\ndependencies=1.5"),
    ("apply", b"[project]\noptional-dependencies=3"),
    ("apply", b'[project.optional-dependencies]\nv=[{n=""}]'),
    ("apply", b"[project.optional-dependencies]\nv=3"),
    ("apply", b"[dependency-groups]\ndev=1"),
    ("apply", b"[tool]\npdm=[]"),
    ("apply", b"[tool]\nuv=''"),
    ("apply", b"[tool.uv]\nconstraint-dependencies=3"),
    ("apply", b"[tool.pdm.resolution]\noverrides=[[]]"),
    ("apply", b"[tool.pixi]\nenvironments=''"),
    ("pyproject", b"[project]\ndynamic=1.5"),
    ("pyproject", b"[project]\noptional-dependencies=3"),
    # ValueError: an integer of more digits than Python makes a number of
    ("apply", b"a=" + b"9" * 5000),
    ("pyproject", b"a=" + b"9" * 5000),
    ("facts", b"a=" + b"9" * 5000),
    ("html", b'<a href=x-1-py3-none-any.whl data-requires-python="<' + b"9" * 5000 + b'">'),
    ("html", b"<a href=x-" + b"9" * 5000 + b"-py3-none-any.whl>"),
    ("metadata", b"Name: demo\nVersion: 1.0\nRequires-Dist: six>" + b"9" * 5000),
    ("metadata", b"Name: demo\nVersion: " + b"9" * 5000),
    ("requirements-in", b"six>" + b"9" * 5000),
    ("pyproject", b"[project]\nrequires-python='>" + b"9" * 5000 + b"'"),
    ("apply", b"[project]\nrequires-python='>" + b"9" * 5000 + b"'"),
    ("check-requirements", b"tensorflow==" + b"9" * 2000),
    ("check-poetry", b"[[package]]\nname='tensorflow'\nversion='" + b"9" * 5000 + b"'"),
    ("machine", MACHINE_TEXT.replace(b'"2.18.1"', b'"' + b"9" * 5000 + b'"')),
    # InvalidRequirement: a post-release without a third number
    ("check-requirements", b"tensorflow==2.8\ntensorflow-text==2.8-1"),
    ("check-requirements", b"tensorflow==2.8-1\ntensorflow-text==2.9"),
    # ValueError: a number of thousands of digits in a file's name
    (
        "check-pixi",
        b"environments: {default: {packages: {osx-arm64: [{pypi: 'https://x/a-"
        + b"9" * 5000
        + b"-py3-none-any.whl'}]}}}",
    ),
    ("html", b"<a href='demo-" + b"9" * 5000 + b".tar.gz'>"),
    ("html", b"<a href='demo-1-" + b"9" * 5000 + b"-py3-none-any.whl'>"),
    # RecursionError
    ("facts", b"a=" + b"[" * 5000),
    # a dotted key took minutes
    ("pyproject", b"a" + b".a" * 100_000 + b"=1"),
    ("settings", b"tfmac-lock" + b".a" * 100_000 + b"=1"),
    ("apply", b"a" + b".a" * 100_000 + b"=1"),
    # ValueError of shlex
    ("variables", b"TFMAC_LOCK_WITH='"),
    # ValueError and zlib.error of a damaged archive
    ("osv-zip", OSV_ZIP[175:]),
    ("osv-zip", OSV_ZIP[:60] + b"\xff" * 40 + OSV_ZIP[100:]),
    # a long word took seconds for each time that it was shown
    ("conda-words", b"\n".join([b"python=" + b"a" * 70_000] * 40)),
    # IndexError: a member without a name
    ("sdist-zip", zip_of("")),
    # UnicodeDecodeError
    ("netrc", b"\xed"),
    # OSError: a name of a file that is too long to be one
    ("pip-conf", b"[global]\ncert = " + b"9" * 300),
    # RuntimeError: the home of somebody who is not there
    ("pip-conf", b"[global]\ncert = ~nobody-has-this-name/ca.pem"),
    ("pip-conf", b"[global]\nindex-url = " + b"[" * 300),
    # BadAddress: nothing but a scheme
    ("pip-conf", b"[global]\nindex_url=file://"),
    # ValueError: a digit of another script
    ("mangled", "__ZN\u00b2".encode()),
]


@pytest.mark.parametrize(("name", "data"), FOUND)
def test_it_is_an_error_of_ours_now(name: str, data: bytes, tmp_path: Path) -> None:
    error = Attempt(READERS[name], tmp_path)(data)
    assert error is None or isinstance(error, READERS[name].allowed), repr(error)


LOCK: dict[str, Any] = json.loads(seeds("lock-json")[0])


@pytest.mark.parametrize(
    ("way", "value"),
    [
        (("command",), []),
        (("combo", "tensorflow", "version"), {"a": ["2.18.1"]}),
        (("combo", "python"), None),
        (("combo", "metal"), ""),
        (("packages", 0, "name"), {}),
        (("packages", 0, "name"), True),
        (("packages", 0, "name"), "a b"),
        (("packages", 0, "version"), 1.5),
        (("packages", 0, "version"), "~"),
        (("packages", 0, "manager"), []),
        (("packages", 0, "filename"), 3),
        (("packages", 0, "filename"), ""),
        (("packages", 0, "url"), None),
        (("packages", 0, "sha256"), "~"),
        (("packages", 0, "sha256"), 7),
        (("packages", 0, "requires"), [""]),
        (("packages", 0, "requires"), [3]),
        (("verdict", "reasons", 0, "text"), {}),
        (("environment",), {"A": 1}),
        (("beside",), {"name": "x", "differences": [{"name": 1, "mac": None, "here": None}]}),
    ],
)
def test_a_lock_with_something_else_in_a_place_is_no_lock(
    way: tuple[str | int, ...], value: object, tmp_path: Path
) -> None:
    changed = json.loads(json.dumps(LOCK))
    inside = changed
    for step in way[:-1]:
        inside = inside[step]
    inside[way[-1]] = value
    error = Attempt(READERS["lock-json"], tmp_path)(json.dumps(changed).encode())
    assert isinstance(error, READERS["lock-json"].allowed), repr(error)
    assert "lock.json of tfmac-lock" in str(error)


MACHINE: dict[str, Any] = json.loads(MACHINE_TEXT)


@pytest.mark.parametrize(
    "change",
    [
        {"macos": [""]},
        {"environment": [["A", 3]]},
        {"python": {**MACHINE["python"], "base_prefix": None}},
        {"python": {**MACHINE["python"], "packages": [["numpy", 1]]}},
    ],
)
def test_a_record_of_a_machine_with_something_else_in_a_place_is_none(
    change: dict[str, Any], tmp_path: Path
) -> None:
    error = Attempt(READERS["machine"], tmp_path)(json.dumps({**MACHINE, **change}).encode())
    assert "is not a record" in str(error)


def test_every_finding_has_its_words_for_a_code_host() -> None:
    """KeyError: two codes were in no table, so `check --sarif` ended in a traceback."""
    used = {
        argument.value
        for path in Path(__file__).parents[2].glob("resolver/tfmac_lock/check/*.py")
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call)
        and (getattr(call.func, "attr", "") or getattr(call.func, "id", "")).lower()
        in ("finding", "_finding")
        for argument in [*call.args[:1], *(one.value for one in call.keywords if one.arg == "code")]
        if isinstance(argument, ast.Constant)
    }
    assert {"companion-fails", "companion-untried", "pair-broken"} <= used
    assert used - set(CODES) <= {code.value for code in _of_wheels()}


def test_a_version_of_thousands_of_digits_is_no_request_for_tensorflow() -> None:
    with pytest.raises(UsageError, match="is not a version"):
        TensorFlowRequest.parse("9" * 5000)


def _of_wheels() -> list[Any]:
    """The codes of the audit of wheels and of the doctor, which have no SARIF."""
    from tfmac_lock.check.wheel_audit import Code

    return list(Code)
