from __future__ import annotations

import hashlib
import subprocess
import sys
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tfmac_lock.conda.state import ChannelState
from tfmac_lock.errors import UsageError
from tfmac_lock.lock.formats import (
    conda_lock_yml,
    environment_yml,
    explicit_txt,
    pylock_toml,
    requirements_txt,
)
from tfmac_lock.lock.formats.conda import CONDA_FORMATS
from tfmac_lock.lock.formats.conda_lock_yml import NotMixed
from tfmac_lock.lock.model import (
    Combo,
    Lock,
    LockedPackage,
    from_json,
    to_json,
)
from tfmac_lock.matrix.reasons import Grade, Status, Verdict
from tfmac_lock.target import Arch, MacOSVersion, Os

if TYPE_CHECKING:
    from pathlib import Path

FORGE = "https://conda.anaconda.org/conda-forge"


def conda(name: str, version: str, *requires: str, build: str = "h1_0", subdir: str) -> Any:
    filename = f"{name}-{version}-{build}.conda"
    return LockedPackage(
        name=name,
        version=version,
        manager="conda",
        filename=filename,
        url=f"{FORGE}/{subdir}/{filename}",
        sha256="1" * 64,
        md5="0123456789" * 3 + "12",
        build=build,
        requires=requires,
    )


def wheel(name: str, version: str, *requires: str) -> LockedPackage:
    filename = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    return LockedPackage(
        name=name,
        version=version,
        manager="pip",
        filename=filename,
        url=f"https://files.pythonhosted.org/packages/{filename}",
        sha256="2" * 64,
        requires=requires,
    )


def lock(arch: Arch = Arch.ARM64) -> Lock:
    subdir = "osx-arm64" if arch is Arch.ARM64 else "osx-64"
    return Lock(
        combo=Combo(
            id=f"tensorflow-2.16.2-cpu-py3.11-{arch.value}",
            package="tensorflow",
            tensorflow="2.16.2",
            metal=None,
            numpy="1.26.4",
            h5py=None,
            python="3.11",
            chip="m1" if arch is Arch.ARM64 else "intel",
            arch=arch,
            os=Os.MACOS,
            macos_min=MacOSVersion(12),
        ),
        verdict=Verdict(status=Status.WORKS, grade=Grade.TWIN, reasons=()),
        packages=(
            conda("_openmp_mutex", "4.5", "llvm-openmp >=9", subdir=subdir),
            conda("llvm-openmp", "22", "__osx >=11.0", subdir=subdir),
            conda(
                "numpy",
                "1.26.4",
                "python >=3.11,<3.12.0a0",
                "python >=3.11,<3.12.0a0 *_cpython",
                "_openmp_mutex",
                "python_abi 3.11.* *_cp311",
                subdir=subdir,
            ),
            conda("python", "3.11.15", "tzdata", build="h1_0_cpython", subdir=subdir),
            conda("python_abi", "3.11", build="8_cp311", subdir="noarch"),
            conda("tzdata", "2026", subdir="noarch"),
            wheel("requests", "2.32.0"),
            wheel("tensorflow", "2.16.2", "numpy<2,>=1.26", "requests[socks]>=2.21"),
        ),
        as_of="2026-11-20",
        command="--python 3.11 --chip m1 --tensorflow 2.16.2 --metal none",
        channels=(ChannelState(url=FORGE, files=9, newest="2026-08-11", sha256="3" * 64),),
    )


def read(text: str) -> Any:
    return yaml.safe_load(text)


def entry(data: Any, name: str) -> Any:
    return next(row for row in data["package"] if row["name"] == name)


def test_every_hash_and_version_stays_a_text() -> None:
    data = read(conda_lock_yml.render([lock()]))

    for row in data["package"]:
        assert isinstance(row["version"], str)
        assert all(isinstance(text, str) for text in row["hash"].values())
    assert entry(data, "llvm-openmp")["version"] == "22"
    assert entry(data, "tzdata")["hash"]["sha256"] == "1" * 64


def test_conda_entries_have_both_hashes_and_wheels_their_sha256() -> None:
    data = read(conda_lock_yml.render([lock()]))

    assert set(entry(data, "numpy")["hash"]) == {"md5", "sha256"}
    assert set(entry(data, "tensorflow")["hash"]) == {"sha256"}


def test_packages_are_sorted_by_manager_name_and_platform() -> None:
    data = read(conda_lock_yml.render([lock(), lock(Arch.X86_64)]))

    keys = [(row["manager"], row["name"], row["platform"]) for row in data["package"]]
    assert keys == sorted(keys)
    assert data["metadata"]["platforms"] == ["osx-64", "osx-arm64"]


def test_several_specs_of_one_package_become_one() -> None:
    data = read(conda_lock_yml.render([lock()]))

    assert entry(data, "numpy")["dependencies"] == {
        "_openmp_mutex": "",
        "python": ">=3.11,<3.12.0a0 *_cpython",
        "python_abi": "3.11.* *_cp311",
    }


def test_alternatives_stay_together_beside_another_spec() -> None:
    numpy = conda("numpy", "1.26.4", "a 1.*|3.*", "b 1.*|3.*", "b >=1.2", subdir="osx-arm64")
    data = read(conda_lock_yml.render([replace(lock(), packages=(numpy,))]))

    assert entry(data, "numpy")["dependencies"] == {"a": "1.*|3.*", "b": "(1.*|3.*),>=1.2"}


def test_extras_are_stripped_from_the_wheels_requirements() -> None:
    data = read(conda_lock_yml.render([lock()]))

    assert entry(data, "tensorflow")["dependencies"] == {"numpy": "<2,>=1.26", "requests": ">=2.21"}


def test_the_channel_and_its_state_are_recorded() -> None:
    metadata = read(conda_lock_yml.render([lock()]))["metadata"]

    assert metadata["channels"] == [{"url": FORGE, "used_env_vars": []}]
    assert any("3" * 64 in text for text in metadata["custom_metadata"].values())


def test_what_micromamba_asks_for_is_there() -> None:
    """A platform, a source, a content hash, used_env_vars as a list, a name in -lock.yml."""
    metadata = read(conda_lock_yml.render([lock()]))["metadata"]

    assert metadata["platforms"]
    assert metadata["sources"]
    assert metadata["content_hash"].keys() == set(metadata["platforms"])
    assert all(isinstance(one["used_env_vars"], list) for one in metadata["channels"])
    assert CONDA_FORMATS["conda-lock"][0].endswith("-lock.yml")


def test_the_content_hash_is_of_the_request() -> None:
    same = replace(lock(), packages=lock().packages[:3])
    other = replace(lock(), command="--python 3.10")

    assert conda_lock_yml.content_hash(same) == conda_lock_yml.content_hash(lock())
    assert conda_lock_yml.content_hash(other) != conda_lock_yml.content_hash(lock())


def test_the_content_hash_of_a_request_is_that_of_earlier_releases() -> None:
    asked = lock()
    parts = (
        f'"as_of": "{asked.as_of}"',
        f'"channels": ["{FORGE}"]',
        f'"command": "{asked.command}"',
        '"platform": "osx-arm64"',
    )
    text = "{" + ", ".join(parts) + "}"
    assert conda_lock_yml.content_hash(asked) == hashlib.sha256(text.encode()).hexdigest()


def test_the_order_of_the_locks_does_not_matter() -> None:
    intel = lock(Arch.X86_64)

    assert conda_lock_yml.render([lock(), intel]) == conda_lock_yml.render([intel, lock()])


def test_two_locks_of_one_platform_are_refused() -> None:
    with pytest.raises(UsageError, match="one lock a platform"):
        conda_lock_yml.render([lock(), lock()])


@pytest.mark.parametrize("name", CONDA_FORMATS)
def test_a_lock_of_wheels_alone_has_no_conda_format(name: str) -> None:
    wheels = replace(lock(), packages=lock().wheels, channels=())

    with pytest.raises(NotMixed):
        CONDA_FORMATS[name][1](wheels)


@pytest.mark.parametrize("name", CONDA_FORMATS)
def test_every_conda_format_bears_the_mark_of_its_maker(name: str) -> None:
    assert CONDA_FORMATS[name][1](lock()).startswith("# This file was made by tfmac-lock")


def test_conda_lock_reads_it_with_its_own_model() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what conda-lock's vendored parts say at import
        from conda_lock.lockfile.v1.models import Lockfile

    text = conda_lock_yml.render([lock(), lock(Arch.X86_64)])

    found = Lockfile.model_validate(read(text))

    assert len(found.package) == 16
    assert all(package.to_fetch_action() for package in found.package if package.manager == "conda")


@pytest.mark.parametrize("kind", ["env", "explicit"])
@pytest.mark.slow
def test_conda_lock_renders_it(tmp_path: Path, kind: str) -> None:
    (tmp_path / "conda-lock.yml").write_text(conda_lock_yml.render([lock(), lock(Arch.X86_64)]))
    command = [sys.executable, "-m", "conda_lock", "render", "--kind", kind, "conda-lock.yml"]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    suffix = ".lock.yml" if kind == "env" else ".lock"
    for platform in ("osx-64", "osx-arm64"):
        text = (tmp_path / f"conda-{platform}{suffix}").read_text()
        assert "numpy" in text
        assert "tensorflow" in text


def test_an_explicit_list_installs_dependencies_first() -> None:
    lines = explicit_txt.render(lock()).splitlines()
    files = [line.rpartition("/")[2] for line in lines[lines.index("@EXPLICIT") + 1 :]]

    order = [name.partition("-")[0] for name in files if ".conda" in name]
    assert order.index("tzdata") < order.index("python") < order.index("numpy")
    assert order.index("llvm") < order.index("_openmp_mutex") < order.index("numpy")
    assert all("#" in line for line in lines if line.startswith("https://"))


def test_a_ring_of_dependencies_does_not_lead_round_for_ever() -> None:
    ring = [conda("a", "1", "b", subdir="noarch"), conda("b", "1", "a", subdir="noarch")]

    assert {package.name for package in explicit_txt.in_order(ring)} == {"a", "b"}


def test_rattler_reads_the_lock_of_each_platform(tmp_path: Path) -> None:
    from rattler import LockFile

    path = tmp_path / "conda-lock.yml"
    path.write_text(conda_lock_yml.render([lock(), lock(Arch.X86_64)]))

    [(_, environment)] = LockFile.from_path(path).environments()

    for platform in environment.platforms():
        records = environment.conda_repodata_records_for_platform(platform)
        assert records is not None
        assert {record.url for record in records} == {
            package.url
            for one in (lock(), lock(Arch.X86_64))
            for package in one.conda_packages
            if conda_lock_yml.platform(one.combo) == platform.name
        }
        assert len(environment.packages(platform) or []) == 8


def test_rattler_reads_the_explicit_list(tmp_path: Path) -> None:
    from rattler.explicit_environment import ExplicitEnvironmentSpec

    path = tmp_path / "explicit.txt"
    path.write_text(explicit_txt.render(lock()))

    found = ExplicitEnvironmentSpec.from_path(path)

    assert len(found.packages) == 6


def test_an_environment_is_exact_in_both_parts() -> None:
    data = read(environment_yml.render(lock()))

    *packages, pip = data["dependencies"]
    assert "numpy=1.26.4=h1_0" in packages
    assert f"tensorflow==2.16.2 --hash=sha256:{'2' * 64}" in pip["pip"]
    assert data["channels"] == [FORGE, "nodefaults"]


@pytest.mark.parametrize("name", CONDA_FORMATS)
def test_every_conda_format_says_how_it_is_installed(name: str) -> None:
    commands = {
        "conda-lock": "micromamba create --name tensorflow --file conda-lock.yml",
        "environment": "PIP_NO_DEPS=1 conda env create --name tensorflow --file environment.yml",
        "explicit": "conda create --name tensorflow --file explicit.txt",
    }

    assert f"#    {commands[name]}\n" in CONDA_FORMATS[name][1](lock())


def test_requirements_hold_the_wheels_of_a_lock_with_conda() -> None:
    text = requirements_txt.render(lock())

    assert "tensorflow==2.16.2" in text
    assert "python==" not in text
    assert "numpy==" not in text


def test_pylock_refuses_conda_packages() -> None:
    with pytest.raises(UsageError, match="--format conda-lock"):
        pylock_toml.render(lock())


def test_a_lock_with_conda_survives_json() -> None:
    assert from_json(to_json(lock())) == lock()


def test_a_lock_of_wheels_has_the_same_json_as_ever() -> None:
    data = to_json(replace(lock(), packages=lock().wheels, channels=()))

    assert "channels" not in data
    assert set(data["packages"][0]) == {
        "name",
        "version",
        "manager",
        "filename",
        "url",
        "sha256",
        "requires",
    }


@pytest.mark.parametrize(
    ("os", "arch", "name"),
    [
        (Os.MACOS, Arch.ARM64, "osx-arm64"),
        (Os.MACOS, Arch.X86_64, "osx-64"),
        (Os.LINUX, Arch.ARM64, "linux-aarch64"),
        (Os.LINUX, Arch.X86_64, "linux-64"),
    ],
)
def test_a_machine_has_condas_name_for_its_platform(os: Os, arch: Arch, name: str) -> None:
    assert conda_lock_yml.platform(replace(lock().combo, os=os, arch=arch)) == name


def test_the_metadata_say_what_each_lock_is_and_of_which_state_its_channels() -> None:
    intel = lock(Arch.X86_64)
    intel = replace(intel, combo=replace(intel.combo, macos_min=None))
    metadata = read(conda_lock_yml.render([lock(), intel]))["metadata"]
    state = f"9 files, newest 2026-08-11, sha256 {'3' * 64}"
    assert metadata["custom_metadata"] == {
        "created_by": "tfmac-lock",
        "combo-osx-arm64": "tensorflow-2.16.2-cpu-py3.11-arm64",
        "combo-osx-64": "tensorflow-2.16.2-cpu-py3.11-x86_64",
        "macos-min-osx-arm64": "12.0",
        f"state of {FORGE} for osx-arm64": state,
        f"state of {FORGE} for osx-64": state,
    }
    assert metadata["channels"] == [{"url": FORGE, "used_env_vars": []}]
    assert metadata["sources"] == ["environment.yml"]
    assert metadata["content_hash"]["osx-64"] != metadata["content_hash"]["osx-arm64"]


@pytest.mark.parametrize(
    "change",
    [
        {"as_of": "2026-11-21"},
        {"channels": (ChannelState(url="https://x/y", files=9, newest="", sha256="3" * 64),)},
    ],
)
def test_the_content_hash_is_of_the_day_and_the_channels_too(change: dict[str, Any]) -> None:
    other = replace(lock(), **change)
    assert conda_lock_yml.content_hash(other) != conda_lock_yml.content_hash(lock())


def test_each_entry_has_all_that_conda_lock_asks_for() -> None:
    data = read(conda_lock_yml.render([lock()]))
    first = lock().conda_packages[1]
    assert entry(data, "llvm-openmp") == {
        "name": "llvm-openmp",
        "version": "22",
        "manager": "conda",
        "platform": "osx-arm64",
        "dependencies": {"__osx": ">=11.0"},
        "url": first.url,
        "hash": {"md5": first.md5, "sha256": first.sha256},
        "category": "main",
        "optional": False,
    }
    assert entry(data, "tzdata")["dependencies"] == {}


@pytest.mark.parametrize(
    ("specs", "joined"),
    [
        ((), ""),
        (("a *",), "*"),
        (("a * build_1",), "* build_1"),
        (("a 1.* build_1", "a >=1"), "1.*,>=1 build_1"),
        (("a >=1", "a >=1", "a"), ">=1"),
        (("a 1.* first", "a 1.* last"), "1.* last"),
    ],
)
def test_the_specs_of_one_dependency_are_joined(specs: tuple[str, ...], joined: str) -> None:
    made = conda("x", "1", *specs, subdir="osx-arm64")
    found = entry(read(conda_lock_yml.render([replace(lock(), packages=(made,))])), "x")
    assert found["dependencies"].get("a", "") == ("" if joined == "*" else joined)


def test_the_head_is_of_all_locks_and_says_how_to_install() -> None:
    lines = conda_lock_yml.render([lock(), lock(Arch.X86_64)]).splitlines()
    assert sum("This file was made by tfmac-lock" in line for line in lines) == 2
    assert "#    conda-lock install --name tensorflow conda-lock.yml" in lines
    assert "# --format explicit." in lines
    assert lines.index("version: 1") < lines.index("metadata:") < lines.index("package:")


def test_an_explicit_list_has_each_file_with_its_md5_and_the_wheels_behind() -> None:
    lines = explicit_txt.render(lock()).splitlines()
    start = lines.index("@EXPLICIT")
    assert lines[start - 4 : start] == [
        "#    conda create --name tensorflow --file explicit.txt",
        "# and then, inside it, the wheels, from the file that --format requirements writes:",
        "#    python -m pip install --require-hashes --no-deps -r requirements.txt",
        "# platform: osx-arm64",
    ]
    records = explicit_txt.in_order(lock().conda_packages)
    assert lines[start + 1 :] == [
        *(f"{one.url}#{one.md5}" for one in records),
        *(f"# pip {one.name} @ {one.url}#sha256={one.sha256}" for one in lock().wheels),
    ]


def test_a_package_comes_by_name_unless_another_waits_for_it() -> None:
    rows = [conda(name, "1", *requires, subdir="noarch") for name, *requires in ("ac", "b", "c")]
    assert [one.name for one in explicit_txt.in_order(rows)] == ["c", "a", "b"]


def test_an_environment_has_no_channel_but_its_own_and_asks_conda_for_pip_last() -> None:
    lines = environment_yml.render(lock()).splitlines()
    start = lines.index("channels:")
    assert lines[start : start + 4] == [
        "channels:",
        f'  - "{FORGE}"',
        "  - nodefaults",
        "dependencies:",
    ]
    records = lock().conda_packages
    assert lines[start + 4 :] == [
        *(f'  - "{one.name}={one.version}={one.build}"' for one in records),
        "  - pip:",
        *(
            f'      - "{one.name}=={one.version} --hash=sha256:{one.sha256}"'
            for one in lock().wheels
        ),
    ]


def test_requirements_of_a_lock_with_conda_say_that_they_come_second() -> None:
    text = requirements_txt.render(lock())
    assert "# inside the conda environment of the same lock, after its packages\n" in text
    wheels = replace(lock(), packages=lock().wheels)
    assert "inside the conda environment" not in requirements_txt.render(wheels)
