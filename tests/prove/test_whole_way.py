"""From a fake Mac to the changed verdict and the changed page, on each way in."""

from __future__ import annotations

import json
import random
import shutil
import string
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("pydantic", reason="reports are checked with the extra `curate`")

from tests.prove.macs import failed, mac, mac_report, sealed
from tests.support.service import serving
from tfmac_lock import __main__
from tfmac_lock.curate import build
from tfmac_lock.files import differing
from tfmac_lock.matrix import loading
from tfmac_lock.prove.handing import document_of, packed, text_of
from tfmac_lock.publish import locks as publishing
from tfmac_lock.publish.judged import judged_slot
from tfmac_lock.service.settings import Limits, Settings
from tfmac_lock.target import Arch

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
OLD = "tensorflow-macos-2.10.0-metal-0.6.0-py3.10-arm64"
INTEL = "tensorflow-2.10.1-metal-0.6.0-py3.8-x86_64"
I9 = "Intel(R) Core(TM) i9-9980HK CPU @ 2.40GHz"
FILES = {"404.html": b"not here"}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of its own, with all facts and the published locks."""
    root = tmp_path / "checkout"
    shutil.copytree(ROOT / "matrix", root / "matrix")
    shutil.copytree(ROOT / "locks", root / "locks")
    monkeypatch.setattr(loading, "checkout", lambda: root)
    monkeypatch.chdir(root)
    return root


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def compiled(root: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Compile the facts of the checkout, and let the program use them."""
    files = build.build(root)
    build.write(root, files)
    monkeypatch.setattr(loading, "COMPILED", root / "resolver" / "tfmac_lock" / "data")
    return files


def status_of(lock: str, python: str, arch: Arch) -> str:
    """The verdict that `publish render` would write for the lock."""
    matrix = loading.matrix()
    slot = next(
        one for one in publishing.slots(matrix) if one.python == python and one.arch is arch
    )
    judged = judged_slot(matrix, slot, ROOT / "locks").result
    found = [one.verdict.status for one in judged.locks if one.combo.id == lock]
    return str(found[0]) if found else "broken"


def broken_gpu(chip: str) -> dict[str, Any]:
    how: dict[str, Any] = {"chip": chip, "lock": OLD, "seconds": 1.0 + len(chip) / 10}
    bad = failed(mac_report("gpu", **how), "train", "InternalError: it fell over")
    return document_of([mac_report("cpu", **how), bad])


# -- the three ways in


def by_file(document: dict[str, Any], folder: Path) -> list[str]:
    path = folder / "report.json"
    path.write_text(json.dumps(document, indent=1))
    return [str(path)]


def by_issue(document: dict[str, Any], folder: Path) -> list[str]:
    path = folder / "issue.md"
    path.write_text(
        f"### The report\n\n```text\n{packed(document)}\n```\n\n### Besides\n\n$(touch pwned) `x`\n"
    )
    source = "https://forge.example/issues/12"
    return ["--from-issue", str(path), "--source", source, "--submitter", "github:somebody"]


def by_endpoint(document: dict[str, Any], folder: Path) -> list[str]:
    spool = folder / "spool"
    with serving(FILES, Settings(reports=spool)) as running, running.client() as client:
        answer = client.post("/api/v1/report", json=document)
        assert answer.status_code == 200, answer.text
        return [str(spool / f"{answer.json()['id']}.json")]


@pytest.mark.slow
@pytest.mark.parametrize("way", [by_file, by_issue, by_endpoint])
def test_a_report_changes_the_verdict_once_it_is_accepted(
    way: Any,
    checkout: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    matrix = files_of(checkout / "matrix")
    before = compiled(checkout, monkeypatch)
    assert status_of(INTEL, "3.8", Arch.X86_64) == "unproven"
    handed = way(mac(chip=I9, lock=INTEL), tmp_path)

    assert __main__.main(["prove", "record", *handed, "--json"]) == 0
    (filed,) = json.loads(capsys.readouterr().out)["filed"]
    assert (filed["lock"], filed["before"], filed["after"]) == (INTEL, "unproven", "works")
    assert files_of(checkout / "matrix").keys() - matrix.keys() == {
        f"proofs/submitted/{filed['id']}.json"
    }
    assert differing(checkout, build.build(checkout)) == [], "what is filed decides nothing"

    assert __main__.main(["prove", "accept", filed["id"][:8], "--json"]) == 0
    accepted = json.loads(capsys.readouterr().out)
    new = files_of(checkout / "matrix")
    assert [name for name in new if new[name] != matrix.get(name)] == [
        accepted["file"].removeprefix("matrix/")
    ], "one file by hand"
    after = compiled(checkout, monkeypatch)
    assert {Path(name).name for name in after if after[name] != before[name]} <= {
        "matrix.json",
        "advice.json",
        "date.json",
    }
    assert status_of(INTEL, "3.8", Arch.X86_64) == "works"
    assert not (tmp_path / "pwned").exists()
    assert not (checkout / "pwned").exists()


@pytest.mark.slow
def test_one_failing_mac_warns_and_the_second_breaks_the_pair_and_the_page_says_so(
    checkout: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    compiled(checkout, monkeypatch)
    assert status_of(OLD, "3.10", Arch.ARM64) == "works"
    for chip, status in (("Apple M1", "caution"), ("Apple M2 Pro", "broken")):
        handed = by_file(broken_gpu(chip), tmp_path)
        assert __main__.main(["prove", "record", *handed, "--json"]) == 0
        (filed,) = json.loads(capsys.readouterr().out)["filed"]
        assert filed["after"] == status
        assert __main__.main(["prove", "accept", filed["id"]]) == 0
        compiled(checkout, monkeypatch)
        assert status_of(OLD, "3.10", Arch.ARM64) == status
        capsys.readouterr()
    status = __main__.main(["matrix", "pair", "tensorflow-macos==2.10.0", "0.6.0", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert (status, told["status"]) == (1, "broken")
    texts = " ".join(reason["text"] for reason in told["reasons"])
    assert "Apple M1, macOS 15.5, GPU" in texts
    assert "it fell over" in texts


@pytest.mark.slow
def test_only_what_is_generated_for_the_pair_changes_and_its_page_shows_the_mac(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tfmac_lock.site.build import render_site
    from tfmac_lock.site.inputs import load

    locks = checkout / "locks"
    before = files_of(locks)
    assert __main__.main(["prove", "record", *by_file(broken_gpu("Apple M1"), tmp_path)]) == 0
    (filed,) = (checkout / "matrix" / "proofs" / "submitted").iterdir()
    assert __main__.main(["prove", "accept", filed.stem]) == 0
    compiled(checkout, monkeypatch)
    assert __main__.main(["publish", "render"]) == 0
    after = files_of(locks)
    pair = "py3.10-arm64/tensorflow-macos-2.10.0-metal-0.6.0/"
    others = {"README.md", "verdicts/cp310-arm64.json", "verdicts/conda-cp310-arm64.json"}
    changed = {name for name in after if after[name] != before.get(name)}
    assert {name for name in changed if not name.startswith(pair)} <= others
    assert any(name.startswith(pair) for name in changed)
    page = "pairs/tensorflow-macos-2.10.0-metal-0.6.0-arm64/index.html"
    assert b"a run failed on Apple M1, macOS 15" in render_site(load(locks))[page]


def test_the_summary_for_a_pull_request_shows_both_verdicts_and_no_markup(
    checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = "<img src=x onerror=alert(1)> [a](http://b) `$(id)` @everyone ${{ github.token }}"
    how: dict[str, Any] = {"chip": "Apple M1", "lock": OLD}
    bad = failed(mac_report("gpu", **how), "train", evil)
    handed = by_issue(document_of([mac_report("cpu", **how), bad]), tmp_path)
    summary = tmp_path / "body.md"
    assert __main__.main(["prove", "record", *handed, "--summary", str(summary)]) == 0
    text = summary.read_text()
    assert "| before | works | reported |" in text
    assert "| after | caution | trained-cpu |" in text
    for piece in ("<img", "](", "$(", "@everyone", "${{"):
        assert piece not in text
    assert f"tfmac-lock prove accept {next(Path('matrix/proofs/submitted').iterdir()).stem}" in text


@pytest.mark.slow
def test_a_report_that_the_same_one_hands_in_again_stays_and_is_anothers_only_once(
    checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An interrupted run may have filed it and done no more."""
    handed = by_issue(mac(lock=OLD), tmp_path)
    assert __main__.main(["prove", "record", *handed]) == 0
    (filed,) = (checkout / "matrix" / "proofs" / "submitted").iterdir()
    before = filed.read_bytes()
    assert __main__.main(["prove", "record", *handed]) == 0
    assert filed.read_bytes() == before
    capsys.readouterr()
    assert __main__.main(["prove", "record", *handed[:-1], "github:another"]) == 1
    assert f"R13 it is filed already: {filed.name}" in capsys.readouterr().err
    assert filed.read_bytes() == before


# -- hostile ones


def hostile() -> Iterator[tuple[str, bytes]]:
    """Two hundred reports that nobody should believe, made the same in every run."""
    chance = random.Random(19)
    good = mac(lock=OLD)
    text = text_of(good)
    shell = ["$(touch pwned)", "`touch pwned`", "; touch pwned #", "| tee pwned", "\n::set-env"]
    markup = ["<script>alert(1)</script>", "]]>", "{{7*7}}", "../../../etc/passwd", "\x1b[31m"]
    for place in range(60):  # bytes that fell over
        content = bytearray(text.encode())
        first, end = text.index('"reports"') + 12, text.rindex('}],"schema_version"')
        for _ in range(1 + place % 7):
            at = chance.randrange(first, end)
            content[at] = (content[at] + chance.randrange(1, 256)) % 256
        yield f"fuzzed {place}", bytes(content)
    for place in range(20):  # cut off
        yield f"cut {place}", text[: chance.randrange(len(text))].encode()
    for place in range(60):  # a word in the place of a value, sealed or not
        document = json.loads(text)
        word = chance.choice(shell + markup)
        report = document["reports"][place % 2]
        spot = chance.choice(["python", "run", "started", "optimizer", "chip", "package", "stage"])
        if spot == "chip":
            report["host"]["chip"] = word
        elif spot == "package":
            report["packages"][word] = word
        elif spot == "stage":
            chance.choice(report["stages"])["name"] = word
        else:
            report[spot] = word
        document["reports"][place % 2] = sealed(report) if place % 3 else report
        yield f"word {place}", text_of(document).encode()
    for place in range(20):  # other kinds of document
        letters = "".join(chance.choices(string.printable, k=50))
        rows = [{}, [], None, 7, "x", {"kind": letters}, {"reports": [[]]}, [[]] * 1000]
        yield f"other {place}", json.dumps(rows[place % len(rows)]).encode()
    for place in range(10):  # too large, too deep
        yield f"large {place}", b" " * (1_000_001 + place)
        yield f"deep {place}", b"[" * (20_000 + place)
        deep = b'{"kind":"tfmac-lock-submission","a":' + b"[" * 30_000 + b"]" * 30_000 + b"}"
        yield f"nested {place}", deep
    for place in range(10):  # forged with care, and of no Mac that exists
        how = {"chip": f"Apple M{place + 6}", "lock": OLD}
        yield f"forged {place}", text_of(mac(**how)).encode()


HOSTILE = list(hostile())


@pytest.mark.slow
def test_two_hundred_hostile_reports_change_nothing_and_crash_nothing(
    checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(HOSTILE) >= 200
    before = files_of(checkout)
    refused = 0
    for name, content in HOSTILE:
        path = tmp_path / "hostile.json"
        path.write_bytes(content)
        for handed in ([str(path)], ["--from-issue", str(path)]):
            status = __main__.main(["prove", "record", *handed])
            told = capsys.readouterr()
            assert status in (1, 2), (name, status, told.err[-300:])
            assert "Traceback" not in told.err, name
            assert "\x1b" not in told.err, name
            refused += 1
    assert refused == 2 * len(HOSTILE)
    assert files_of(checkout) == before
    assert not list(tmp_path.glob("**/pwned"))


@pytest.mark.slow
def test_the_endpoint_keeps_none_of_them_but_forgeries_that_only_a_person_can_tell(
    tmp_path: Path,
) -> None:
    spool = tmp_path / "spool"
    limits = Limits(reports_per_client=1000)
    served = serving(FILES, Settings(reports=spool, limits=limits))
    with served as running, running.client() as client:
        for name, content in HOSTILE:
            answer = client.post(
                "/api/v1/report", content=content, headers={"content-type": "application/json"}
            )
            assert answer.status_code in (200, 400, 413, 422), (name, answer.status_code)
            if answer.status_code != 200:
                assert answer.json()["error"]["text"]
    for path in spool.glob("*"):
        assert path.stem.isalnum(), "a file is named after its content alone"
        json.loads(path.read_bytes())
