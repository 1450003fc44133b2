from __future__ import annotations

import json
import tomllib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.pylock import Pylock

from tests.support.facts import target
from tests.support.locks import PACKAGES, lock, package
from tfmac_lock.lock.formats import lock_json, pylock_toml, requirements_txt
from tfmac_lock.lock.model import from_json, lock_id, to_json
from tfmac_lock.matrix import loading
from tfmac_lock.matrix.reasons import Reason
from tfmac_lock.pypi.attestations import Publisher
from tfmac_lock.target import Os

# -- requirements.txt


def test_requirements_txt_pins_each_package_by_its_one_hash_and_says_who_wants_it() -> None:
    text = requirements_txt.render(lock())
    assert text.splitlines()[-9:] == [
        "numpy==2.0.2 \\",
        f"    --hash=sha256:{PACKAGES[0].sha256}",
        "    # via tensorflow",
        "tensorflow==2.18.1 \\",
        f"    --hash=sha256:{PACKAGES[1].sha256}",
        "    # via your request",
        "tensorflow-metal==1.2.0 \\",
        f"    --hash=sha256:{PACKAGES[2].sha256}",
        "    # via your request",
    ]
    assert "# This file was made by tfmac-lock, by:" in text
    assert "#    tfmac-lock --python 3.11 --chip m1 --tensorflow 2.18.1 --metal 1.2.0" in text
    assert "# Python 3.11 on arm64, macOS 12.3 or newer" in text
    assert "# verdict: works (twin), package index as of 2026-01-31" in text


def test_several_parents_stand_one_a_line() -> None:
    packages = (
        package("a", "1", "c"),
        package("b", "1", "C[x]>=1"),
        package("c", "1"),
        *PACKAGES,
    )
    text = requirements_txt.render(lock(packages))
    assert "    # via a, b\n" in text


def test_a_defect_stands_at_the_top_with_its_way_out() -> None:
    made = lock(status="caution")
    made = replace(
        made,
        verdict=replace(
            made.verdict,
            reasons=(Reason(kind="defect", text="ReLU is wrong. Way out: the CPU", source="x"),),
        ),
    )
    assert "#   ReLU is wrong. Way out: the CPU" in requirements_txt.render(made)


def test_a_linux_lock_names_no_macos() -> None:
    text = requirements_txt.render(lock(macos_min=None, os=Os.LINUX, metal=None))
    assert "# Python 3.11 on Linux on arm64\n" in text
    assert "no GPU plugin" in text


# -- pylock.toml


def test_pylock_toml_is_valid_and_every_package_is_selected_on_the_target() -> None:
    made = lock()
    read = Pylock.from_dict(tomllib.loads(pylock_toml.render(made)))
    read.validate()
    mac = target("3.11", "m3-pro", "14")
    selected = list(read.select(tags=list(mac.tags()), environment=mac.markers()))
    assert [(found.name, str(found.version)) for found, _ in selected] == [
        (item.name, item.version) for item in made.packages
    ]
    assert [dict(file.hashes)["sha256"] for _, file in selected] == [  # type: ignore[union-attr]
        item.sha256 for item in made.packages
    ]


@pytest.mark.parametrize(
    "other", [target("3.11", "intel"), target("3.12", "m1"), target("3.11", "m1", os=Os.LINUX)]
)
def test_pylock_toml_is_refused_on_another_target(other: object) -> None:
    from packaging.pylock import PylockSelectError

    read = Pylock.from_dict(tomllib.loads(pylock_toml.render(lock())))
    with pytest.raises(PylockSelectError):
        list(read.select(tags=list(other.tags()), environment=other.markers()))  # type: ignore[attr-defined]


def test_pylock_toml_for_linux_is_selected_there() -> None:
    made = lock(tuple(package(name, "1") for name in ("a", "b")), macos_min=None, os=Os.LINUX)
    read = Pylock.from_dict(tomllib.loads(pylock_toml.render(made)))
    guest = target("3.11", "m1", os=Os.LINUX)
    assert len(list(read.select(tags=list(guest.tags()), environment=guest.markers()))) == 2


def test_pylock_toml_tells_combo_floor_and_status() -> None:
    tool = tomllib.loads(pylock_toml.render(lock()))["tool"]["tfmac-lock"]
    assert tool == {
        "combo": "tensorflow-2.18.1-metal-1.2.0-py3.11-arm64",
        "macos-min": "12.3",
        "status": "works",
        "grade": "twin",
        "as-of": "2026-01-31",
        "lock-id": lock_id(lock()),
    }


def test_a_source_archive_is_an_sdist_in_pylock_toml() -> None:
    item = replace(
        package("x", "1"), filename="x-1.tar.gz", url="https://files.example/9f/x-1.tar.gz"
    )
    read = Pylock.from_dict(tomllib.loads(pylock_toml.render(lock((item, *PACKAGES)))))
    assert read.packages[0].sdist is not None


def test_a_file_whose_address_ends_otherwise_is_named() -> None:
    item = replace(package("x", "1"), url="https://files.example/x-1-py3-none-any.whl?token=1")
    read = Pylock.from_dict(tomllib.loads(pylock_toml.render(lock((item, *PACKAGES)))))
    assert read.packages[0].wheels is not None
    assert read.packages[0].wheels[0].filename == "x-1-py3-none-any.whl"


texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)


@given(texts)
def test_any_text_survives_toml(text: str) -> None:
    written = pylock_toml.render(replace(lock(), as_of=text))
    assert tomllib.loads(written)["tool"]["tfmac-lock"]["as-of"] == text


# -- lock.json


@given(texts, st.booleans())
def test_lock_json_reads_back_as_the_same_lock(text: str, plugin: bool) -> None:
    made = lock(text=text, metal="1.2.0" if plugin else None, grade=None, macos_min=None)
    assert from_json(json.loads(lock_json.render(made))) == made


def test_lock_json_has_the_fields_that_other_programs_build_on() -> None:
    data = to_json(lock(), ["requirements.txt"])
    assert data["schema_version"] == 1
    assert {"combo", "verdict", "packages", "files"} <= set(data)
    assert {
        "id", "tensorflow", "metal", "numpy", "h5py", "python", "chip", "arch", "macos_min",
    } <= set(data["combo"])  # fmt: skip
    assert data["combo"]["tensorflow"] == {"package": "tensorflow", "version": "2.18.1"}
    assert set(data["verdict"]) == {"status", "grade", "reasons"}
    assert set(data["verdict"]["reasons"][0]) == {
        "kind", "text", "source", "grade", "against", "fatal",
    }  # fmt: skip
    assert set(data["packages"][0]) == {
        "name", "version", "manager", "filename", "url", "sha256", "requires",
    }  # fmt: skip
    assert data["files"] == ["requirements.txt"]


@pytest.mark.parametrize(
    "data", [{}, [], None, {"combo": None}, {"combo": {}}, {**to_json(lock()), "packages": [1]}]
)
def test_what_is_no_lock_is_refused(data: object) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        from_json(data)


# -- texts of others in the files


@pytest.mark.parametrize("part", ["\n", "\r", "\x1b[2J", "\u2028", "\x85"])
def test_what_a_user_or_a_fact_says_stays_on_its_line(part: str) -> None:
    clean = lock(status="caution")
    command = f"--python 3.11 -r 'a{part}evil==1'"
    reasons = (Reason(kind="defect", text=f"ReLU{part}is wrong", source="x"),)
    dirty = replace(clean, command=command, verdict=replace(clean.verdict, reasons=reasons))
    plain = replace(
        clean,
        command=command.replace(part, "x"),
        verdict=replace(
            clean.verdict, reasons=(Reason(kind="defect", text="ReLU is wrong", source="x"),)
        ),
    )
    for render in (requirements_txt.render, pylock_toml.render):
        text = render(dirty)
        assert len(text.splitlines()) == len(render(plain).splitlines())
        assert part not in text.replace("\n", "") or part == "\n"
        assert not [line for line in text.splitlines() if line.startswith("evil")]


def test_the_head_of_a_file_says_what_must_be_set_before_it_runs() -> None:
    with_setting = replace(lock(), environment={"TF_USE_LEGACY_KERAS": "1", "A": "two words"})
    for text in (requirements_txt.render(with_setting), pylock_toml.render(with_setting)):
        assert "# set before Python starts: TF_USE_LEGACY_KERAS=1\n" in text
        assert "# set before Python starts: A='two words'\n" in text
    assert from_json(to_json(with_setting)).environment == with_setting.environment


# -- what pylock.toml records of each package


def test_a_source_archive_is_told_as_one_in_requirements_txt() -> None:
    archive = replace(package("wrapt", "1.14.1"), filename="wrapt-1.14.1.tar.gz")
    text = requirements_txt.render(lock((archive, *PACKAGES)))
    assert "    # via your request; a source archive, which pip builds\n" in text
    assert "#    python -m pip install --require-hashes --no-deps --only-binary :all:" in text


def test_pylock_toml_says_what_each_package_requires_and_from_which_index_it_is() -> None:
    app = package("app", "1", "NumPy[x]>=2", "numpy<3", "Tensor.Flow")
    app = replace(app, url=f"https://files.pythonhosted.org/packages/{app.filename}")
    rows = tomllib.loads(pylock_toml.render(lock((app, *PACKAGES))))["packages"]
    assert rows[0]["dependencies"] == [{"name": "numpy"}, {"name": "tensor-flow"}]
    assert rows[0]["index"] == "https://pypi.org/simple/"
    assert "dependencies" not in rows[1]
    assert "index" not in rows[1]


def test_pylock_toml_records_size_and_day_of_the_files_that_the_matrix_knows() -> None:
    upload = next(iter(loading.uploads().items()))
    known = replace(PACKAGES[0], sha256=upload[0])
    first, second, _ = tomllib.loads(pylock_toml.render(lock((known, *PACKAGES[1:]))))["packages"]
    (wheel,) = first["wheels"]
    assert wheel["size"] == upload[1].size
    assert wheel["upload-time"].isoformat().replace("+00:00", "Z") == upload[1].time
    assert set(second["wheels"][0]) == {"url", "hashes"}


def test_pylock_toml_names_who_published_a_file_where_that_is_known() -> None:
    one = Publisher(kind="GitHub", claims=(("repository", "a/b"), ("workflow", "release.yml")))
    other = Publisher(kind="Google")
    known = replace(PACKAGES[0], publishers=(one, other))
    for render in (pylock_toml.render, pylock_toml.render_brief):
        rows = tomllib.loads(render(lock((known, *PACKAGES[1:]))))["packages"]
        assert rows[0]["attestation-identities"] == [one.to_json(), other.to_json()]
        assert all("attestation-identities" not in row for row in rows[1:])


def test_the_brief_pylock_toml_installs_the_same_files_and_says_less() -> None:
    app = package("app", "1", "numpy")
    app = replace(app, url=f"https://files.pythonhosted.org/packages/{app.filename}")
    made = lock((app, *PACKAGES))
    brief, whole = (
        tomllib.loads(render(made)) for render in (pylock_toml.render_brief, pylock_toml.render)
    )
    assert "platform_system == 'Darwin'" in whole["environments"][0]
    assert "platform_system" not in brief["environments"][0]
    for row in whole["packages"]:
        for name in ("dependencies", "index"):
            row.pop(name, None)
    assert {**whole, "environments": []} == {**brief, "environments": []}


@pytest.mark.parametrize(("os", "system"), [(Os.MACOS, "Darwin"), (Os.LINUX, "Linux")])
def test_pylock_toml_names_the_system_in_every_way_that_tools_ask_for(os: Os, system: str) -> None:
    (environment,) = tomllib.loads(pylock_toml.render(lock(os=os)))["environments"]
    names = [part.partition(" == ")[0] for part in environment.split(" and ")]
    assert names == [
        "sys_platform",
        "platform_system",
        "platform_machine",
        "python_version",
        "implementation_name",
    ]
    assert f"platform_system == '{system}'" in environment


def test_pylock_toml_leaves_out_what_a_lock_does_not_have() -> None:
    tool = tomllib.loads(pylock_toml.render(lock(macos_min=None, grade=None)))["tool"]
    assert set(tool["tfmac-lock"]) == {"combo", "status", "as-of", "lock-id"}
    lines = pylock_toml.render(lock()).splitlines()
    assert lines[:2] == [
        "# This file was made by tfmac-lock, by:",
        "#    tfmac-lock --python 3.11 --chip m1 --tensorflow 2.18.1 --metal 1.2.0",
    ]
