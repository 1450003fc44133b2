from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.facts import defect, evidence, loads, matrix, platforms, release, shipped
from tfmac_lock.errors import UsageError
from tfmac_lock.matrix.facts import PackageRow
from tfmac_lock.matrix.ranking import (
    Choice,
    NoCombo,
    PairRequest,
    TensorFlowRequest,
    choices,
    command,
    nearest,
    package_row,
)
from tfmac_lock.matrix.reasons import Grade, Status
from tfmac_lock.matrix.verdict import Pair
from tfmac_lock.target import Arch, Os, PythonVersion


def wish(
    python: str = "3.11",
    chip: str = "m1",
    tensorflow: str = "",
    metal: str = "auto",
    macos: str | None = None,
    os: Os = Os.MACOS,
) -> PairRequest:
    known = platforms()
    return PairRequest(
        python=PythonVersion.parse(python),
        chip=known.chip(chip),
        macos=known.macos_version(macos) if macos else None,
        any_minor=macos is not None and "." not in macos,
        os=os,
        tensorflow=TensorFlowRequest.parse(tensorflow) if tensorflow else TensorFlowRequest(),
        metal=metal,
    )


def refused(*args: str, **options: str) -> NoCombo:
    with pytest.raises(NoCombo) as caught:
        choices(shipped(), wish(*args, **options))  # type: ignore[arg-type]
    assert caught.value.exit_status == 1
    return caught.value


def first(*args: str, **options: str) -> Choice:
    return choices(shipped(), wish(*args, **options))[0]  # type: ignore[arg-type]


# -- what is asked for


@pytest.mark.parametrize(
    ("text", "package", "specifier"),
    [
        ("2.18.1", None, "==2.18.1"),
        ("2.18", None, "==2.18.*"),
        ("2", None, "==2.*"),
        (" >=2.16,<2.19 ", None, ">=2.16,<2.19"),
        ("tensorflow-macos==2.9.0", "tensorflow-macos", "==2.9.0"),
        ("TensorFlow_macOS", "tensorflow-macos", ""),
        ("tensorflow>=2.18", "tensorflow", ">=2.18"),
        ("2.19.0rc0", None, "==2.19.0rc0"),
    ],
)
def test_a_tensorflow_is_named_in_many_ways(text: str, package: str | None, specifier: str) -> None:
    assert TensorFlowRequest.parse(text) == TensorFlowRequest(package=package, specifier=specifier)


@pytest.mark.parametrize("text", ["", " ", "2.18.x", "==", "tensorflow==", "2.18;3", "\n"])
def test_a_tensorflow_that_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--tensorflow"):
        TensorFlowRequest.parse(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2.18.1", "TensorFlow 2.18.1"),
        ("2.18", "TensorFlow 2.18.*"),
        (">=2.16,<2.19", "TensorFlow >=2.16,<2.19"),
        ("tensorflow-macos==2.9.0", "tensorflow-macos 2.9.0"),
        ("tensorflow-macos", "tensorflow-macos"),
    ],
)
def test_a_wish_is_shown_as_people_write_it(text: str, shown: str) -> None:
    assert str(TensorFlowRequest.parse(text)) == shown


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("2.19.0rc0", True),
        ("2.19.0a1", True),
        ("2.19.0b1", True),
        ("2.19.0.dev1", True),
        ("2.19.0", False),
        ("", False),
    ],
)
def test_a_prerelease_is_named_by_its_letter(text: str, named: bool) -> None:
    asked = TensorFlowRequest.parse(text) if text else TensorFlowRequest()
    assert asked.names_prerelease is named


def test_a_version_that_is_none_is_shown_by_its_beginning() -> None:
    with pytest.raises(UsageError) as caught:
        TensorFlowRequest.parse("2.18;" + "x" * 200)
    assert str(caught.value) == (
        f"--tensorflow {'2.18;' + 'x' * 75!r}: {'==2.18;' + 'x' * 73!r} is not a version; "
        "write 2.18.1 or '>=2.16,<2.19'"
    )


@pytest.mark.parametrize(
    ("macos", "options", "newest"),
    [
        (None, "--chip m1", None),
        ("14", "--chip m1 --macos 14", "14.99"),
        ("14.2", "--chip m1 --macos 14.2", "14.2"),
    ],
)
def test_a_machine_is_named_again_as_it_was_asked_for(
    macos: str | None, options: str, newest: str | None
) -> None:
    asked = wish(macos=macos)
    assert asked.machine == options
    assert (str(asked.newest_macos) if asked.newest_macos else None) == newest
    assert wish(os=Os.LINUX).machine == "--chip m1 --os linux"


@pytest.mark.parametrize(
    ("chip", "os", "metal", "wanted"),
    [
        ("m1", Os.MACOS, "auto", True),
        ("m1", Os.MACOS, "none", False),
        ("m1", Os.MACOS, "1.2.0", True),
        ("m1", Os.LINUX, "auto", False),
        ("m1", Os.LINUX, "1.2.0", True),
        ("intel", Os.MACOS, "auto", False),
        ("intel", Os.MACOS, "1.0.0", True),
        ("intel-amd", Os.MACOS, "auto", True),
    ],
)
def test_a_plugin_comes_along_where_there_is_a_gpu_for_it_or_it_was_named(
    chip: str, os: Os, metal: str, wanted: bool
) -> None:
    assert wish(chip=chip, os=os, metal=metal).wants_plugin is wanted


# -- the order


def test_of_equals_the_vendors_own_pair_comes_first_then_versions_by_their_numbers() -> None:
    facts = matrix(
        releases=(
            *(release("tensorflow", one) for one in ("2.9.1", "2.10.0", "2.18.1")),
            *(release("tensorflow-macos", one) for one in ("2.10.0", "2.18.1")),
            *(release("tensorflow-metal", one) for one in ("0.9.0", "0.10.0")),
        ),
        evidence=(
            *(evidence(Grade.REPORTED, tensorflow=">=2", metal=one) for one in ("0.9.0", "0.10.0")),
            evidence(Grade.VENDOR, tensorflow="==2.9.1", metal="0.9.0"),
        ),
    )
    pairs = [choice.pair for choice in choices(facts, wish())]
    assert [(one.package, one.tensorflow, one.metal) for one in pairs[:6]] == [
        ("tensorflow", "2.9.1", "0.9.0"),
        ("tensorflow", "2.18.1", "0.10.0"),
        ("tensorflow", "2.18.1", "0.9.0"),
        ("tensorflow-macos", "2.18.1", "0.10.0"),
        ("tensorflow-macos", "2.18.1", "0.9.0"),
        ("tensorflow", "2.10.0", "0.10.0"),
    ]


def test_a_command_names_the_package_where_it_is_not_tensorflow_itself() -> None:
    mac, plain = (
        Pair(package=name, tensorflow="2.9.0", metal=metal, arch=Arch.ARM64, python="3.9")
        for name, metal in (("tensorflow-macos", "0.5.0"), ("tensorflow", None))
    )
    head = "tfmac-lock --python 3.9 --chip m1 --tensorflow"
    assert command(mac, "--chip m1") == f"{head} tensorflow-macos==2.9.0 --metal 0.5.0"
    assert command(plain, "--chip m1") == f"{head} 2.9.0 --metal none"
    refusal = NoCombo("There is none.", [plain], "--chip m1", "--with pandas")
    assert str(refusal) == (
        f"There is none.\nNearest to it:\n  {head} 2.9.0 --metal none --with pandas"
    )
    assert refusal.commands == [f"{head} 2.9.0 --metal none --with pandas"]
    assert str(NoCombo("There is none.")) == "There is none."


def test_status_comes_before_grade_and_grade_before_the_newest_tensorflow() -> None:
    def twin(version: str) -> object:
        return evidence(Grade.TWIN, tensorflow=f"=={version}", metal=None)

    versions = ("2.16.2", "2.17.1", "2.18.1", "2.19.1")
    facts = matrix(
        releases=(
            *(release("tensorflow", version) for version in versions),
            release("tensorflow-metal", "1.2.0"),
        ),
        pair_loads=tuple(loads(version != "2.19.1", tensorflow=version) for version in versions),
        evidence=(
            twin("2.16.2"),
            twin("2.17.1"),
            twin("2.18.1"),
            evidence(Grade.VENDOR, tensorflow=">=2.17,<2.19"),
            evidence(Grade.REPORTED, tensorflow="==2.16.2"),
        ),  # type: ignore[arg-type]
        defects=(defect(tensorflow="==2.18.1"),),
    )
    found = choices(facts, wish())
    assert [(choice.pair.tensorflow, choice.verdict.status) for choice in found] == [
        ("2.16.2", Status.WORKS),
        ("2.17.1", Status.WORKS),
        ("2.18.1", Status.CAUTION),
    ]


def test_of_equals_the_newest_patch_comes_first() -> None:
    tensorflows = ("2.18.0", "2.18.1", "2.18.2")
    facts = matrix(releases=tuple(release("tensorflow", one) for one in tensorflows))
    offered = choices(facts, wish(metal="none"))
    assert [choice.pair.tensorflow for choice in offered] == ["2.18.2", "2.18.1", "2.18.0"]


@pytest.mark.parametrize("python", ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13"])
@pytest.mark.parametrize("chip", ["m1", "intel-amd", "intel"])
def test_what_is_broken_is_never_offered(python: str, chip: str) -> None:
    try:
        found = choices(shipped(), wish(python, chip))
    except NoCombo:
        assert (python, chip) == ("3.13", "intel") or chip.startswith("intel")
        return
    assert all(choice.verdict.status is not Status.BROKEN for choice in found)
    ranks = [choice.verdict.status.rank for choice in found]
    assert ranks == sorted(ranks)


def test_an_m1_gets_a_plugin() -> None:
    assert first("3.11", "m1").pair.metal is not None


@pytest.mark.parametrize("python", ["3.8", "3.11"])
def test_an_intel_mac_without_a_gpu_gets_none(python: str) -> None:
    assert {choice.pair.metal for choice in choices(shipped(), wish(python, "intel"))} == {None}


def test_an_intel_mac_with_a_gpu_gets_one() -> None:
    assert first("3.8", "intel-amd").pair.metal is not None


def test_a_linux_guest_gets_none() -> None:
    assert {choice.pair.metal for choice in choices(shipped(), wish("3.10", os=Os.LINUX))} == {None}


def test_where_no_plugin_is_left_auto_falls_back_to_the_cpu() -> None:
    assert first("3.13").pair.metal is None
    assert first("3.11", tensorflow="2.20").pair.metal is None


def test_none_means_none() -> None:
    assert {c.pair.metal for c in choices(shipped(), wish("3.12", metal="none"))} == {None}


def test_a_prerelease_is_offered_only_when_named() -> None:
    assert all("rc" not in c.pair.tensorflow for c in choices(shipped(), wish(metal="none")))
    named = choices(shipped(), wish(tensorflow="2.19.0rc0", metal="none"))
    assert {choice.pair.tensorflow for choice in named} == {"2.19.0rc0"}


def test_macos_11_gets_no_plugin_that_needs_12() -> None:
    for choice in choices(shipped(), wish("3.8", macos="11")):
        floor = shipped().floor(choice.pair.metal or "", choice.pair.arch, "3.8")
        assert floor is None or floor.run.major == 11


# -- why there is none


def test_2_18_0_with_1_1_0_is_refused_with_the_missing_symbol_and_what_works() -> None:
    error = refused(tensorflow="2.18.0", metal="1.1.0")
    assert "tensorflow 2.18.0 with tensorflow-metal 1.1.0 is broken" in str(error)
    assert "__ZN3tsl8internal10LogMessageC1EPKcii" in str(error)
    assert len(error.nearest) == 3
    best = error.nearest[0]
    assert best.metal == "1.2.0"
    assert f"tfmac-lock --python {best.python} --chip m1 --tensorflow {best.tensorflow}" in str(
        error
    )


def test_the_stub_2_15_1_is_refused_with_what_it_is_and_what_works() -> None:
    error = refused(tensorflow="tensorflow-macos==2.15.1")
    assert "requires only tensorflow-macos 2.15.1" in str(error)
    assert all(
        pair.tensorflow != "2.15.1" or pair.package == "tensorflow" for pair in error.nearest
    )
    assert len(error.nearest) == 3


def test_the_payload_2_15_1_is_offered() -> None:
    assert first(tensorflow="2.15.1").pair.package == "tensorflow"


@pytest.mark.parametrize(
    "asked",
    ["tensorflow_macos-fork", "tensorflow-macos-fork", "tensorflow_macos==0.1a3", "2.4", "2.3"],
)
def test_the_archived_fork_is_told_of_in_every_spelling(asked: str) -> None:
    error = refused("3.8", tensorflow=asked)
    assert "ML Compute" in str(error)
    assert "tf.vectorized_map" in str(error)
    assert "--python 3.8" in str(error)


def test_a_third_partys_plugin_is_no_tensorflow_and_what_it_is_is_told() -> None:
    error = refused(tensorflow="tensorflow-metal-plugin")
    assert "third party" in str(error)
    row = package_row(shipped(), "tensorflow-metal-plugin")
    assert row is not None
    assert f"Take {row.instead}." in str(error)


def test_an_unknown_package_is_no_tensorflow() -> None:
    assert "pytorch is not a TensorFlow" in str(refused(tensorflow="pytorch"))


def test_a_tensorflow_before_the_first_one_for_the_mac_is_refused_with_the_oldest() -> None:
    error = refused(tensorflow="tensorflow==2.3")
    assert "there is no wheel of tensorflow 2.3 for arm64 Macs." in str(error)
    assert min(int(pair.tensorflow.split(".")[1]) for pair in error.nearest) < 13


def test_a_python_without_wheels_is_told_with_those_that_have_them() -> None:
    error = refused("3.13", tensorflow="2.18.0")
    assert "on Python 3.9, 3.10, 3.11, 3.12, and none for Python 3.13" in str(error)
    assert len(error.nearest) == 3


def test_a_plugin_without_a_wheel_for_the_python_is_told_with_its_pythons() -> None:
    error = refused("3.13", metal="1.2.0")
    assert "tensorflow-metal 1.2.0 has wheels for arm64 on Python 3.9, 3.10, 3.11, 3.12" in str(
        error
    )


def test_a_plugin_that_does_not_exist_is_told_with_those_that_do() -> None:
    assert "there is no tensorflow-metal 9.9; there are 0.1.0" in str(refused(metal="9.9"))


def test_a_plugin_for_the_mac_is_refused_for_linux() -> None:
    with pytest.raises(NoCombo, match="has no wheel for Linux"):
        choices(shipped(), wish("3.10", metal="1.2.0", os=Os.LINUX))


def test_a_plugin_without_an_intel_build_is_refused_there() -> None:
    assert "has no wheel for x86_64 Macs" in str(refused("3.10", "intel-amd", metal="1.2.0"))


def test_why_a_pair_is_broken_is_told_with_sources_and_without_its_defects() -> None:
    facts = matrix(
        pair_loads=(loads(False),),
        evidence=(evidence(Grade.REPORTED, "broken", text="it crashed"),),
        defects=(defect(),),
    )
    with pytest.raises(NoCombo) as caught:
        choices(facts, wish(metal="1.2.0"))
    assert caught.value.text == (
        "tensorflow 2.18.1 with tensorflow-metal 1.2.0 is broken on arm64: the plugin does not "
        "load: __ZN1a, __ZN1b missing [the wheels of tensorflow 2.18.1 and tensorflow-metal "
        "1.2.0]; it crashed [https://example.org/seen]."
    )
    assert caught.value.machine == "--chip m1"


def test_of_what_is_broken_with_and_without_a_plugin_the_pair_with_one_is_told() -> None:
    empty = release("tensorflow", "2.18.1", payload=False)
    facts = matrix(releases=(empty, release("tensorflow-metal", "0.5.0")))
    with pytest.raises(NoCombo, match=r"^tensorflow 2\.18\.1 with tensorflow-metal 0\.5\.0"):
        choices(facts, wish())


def test_a_tensorflow_without_wheels_for_the_python_or_the_system_is_told_so() -> None:
    facts = matrix(
        releases=(
            release("tensorflow", "2.18.1", "3.9", "3.10"),
            release("tensorflow", "2.19.0", "3.10", "3.12"),
            release("tensorflow-macos", "2.18.1", "3.8"),
        )
    )

    def told(tensorflow: str, **options: Os) -> str:
        with pytest.raises(NoCombo) as caught:
            choices(facts, wish("3.11", tensorflow=tensorflow, metal="none", **options))
        return caught.value.text

    has = "has wheels for arm64 Macs on Python"
    none = "and none for Python 3.11."
    assert told(">=2") == f"TensorFlow >=2 {has} 3.8, 3.9, 3.10, 3.12, {none}"
    assert told("tensorflow==2.18.1") == f"tensorflow 2.18.1 {has} 3.9, 3.10, {none}"
    assert told("2.18.1", os=Os.LINUX) == "there is no wheel of TensorFlow 2.18.1 for arm64 Linux."


def test_a_plugin_that_does_not_run_on_the_python_is_told_with_those_that_it_does() -> None:
    facts = matrix(
        releases=(
            release("tensorflow", "2.18.1"),
            release("tensorflow-metal", "1.2.0", "3.9", "3.10"),
            release("tensorflow-metal", "1.1.0"),
        )
    )
    with pytest.raises(NoCombo) as caught:
        choices(facts, wish(metal="1.2.0"))
    assert caught.value.text == (
        "tensorflow-metal 1.2.0 has wheels for arm64 on Python 3.9, 3.10, and none for Python 3.11."
    )
    with pytest.raises(NoCombo) as caught:
        choices(facts, wish(metal="9"))
    assert caught.value.text == "there is no tensorflow-metal 9; there are 1.1.0, 1.2.0."


@pytest.mark.parametrize(
    ("asked", "fork"), [("2.4", True), ("tensorflow-macos==2.4", True), ("tensorflow==2.4", False)]
)
def test_an_old_tensorflow_for_the_mac_is_the_fork_unless_the_package_is_named(
    asked: str, fork: bool
) -> None:
    assert ("ML Compute" in str(refused("3.8", tensorflow=asked))) is fork


def test_the_first_tensorflow_that_takes_plugins_is_not_the_fork() -> None:
    assert "ML Compute" not in str(refused("3.13", tensorflow="2.5"))


def test_what_is_known_of_a_package_is_of_the_release_before_it_is_of_all() -> None:
    some, every, other = (
        PackageRow(
            name="Some_Package",
            versions=versions,
            kind="gone",
            title=versions or "all",
            text="It ended.",
            instead="",
            sources=("https://example.org",),
        )
        for versions in ("==1.0", "", "==2.0")
    )
    facts = replace(matrix(), packages=(some, every, other))
    for release_, found in (("1.0", some), ("2.0", other), ("3.0", every), (None, every)):
        assert package_row(facts, "some.package", release_) is found
    assert package_row(facts, "another") is None
    assert package_row(replace(facts, packages=(some,)), "some-package", "2.0") is None


# -- the nearest


def test_a_python_apart_counts_more_than_a_version_apart_and_a_lost_plugin_most() -> None:
    def order(
        *pairs: tuple[str, str, bool], asked: str = "2.16", python: str = "3.10"
    ) -> list[str]:
        """The pairs by their distance, each a TensorFlow, its Python and whether a plugin loads."""
        facts = matrix(
            releases=(
                *(release("tensorflow", version, series) for version, series, _ in pairs),
                release("tensorflow-metal", "1.2.0", "3.9", "3.10", "3.11", "3.12"),
            ),
            pair_loads=tuple(loads(good, tensorflow=version) for version, _, good in pairs),
        )
        found = nearest(facts, wish("3.10", tensorflow=asked))
        return [f"{one.tensorflow} {one.python}" for one in found]

    # One Python apart is 3, one minor release 2, and no plugin 6.
    assert order(("2.16.1", "3.11", True), ("2.17.1", "3.10", True)) == [
        "2.17.1 3.10",
        "2.16.1 3.11",
    ]
    assert order(("2.18.1", "3.10", True), ("2.16.1", "3.9", True)) == ["2.16.1 3.9", "2.18.1 3.10"]
    assert order(("2.16.1", "3.12", True), ("2.13.1", "3.10", True), ("2.12.1", "3.10", True)) == [
        "2.16.1 3.12",
        "2.13.1 3.10",
        "2.12.1 3.10",
    ]
    # Without a version that was asked for, the Python decides, and then the newest.
    assert order(("2.13.1", "3.10", True), ("2.19.1", "3.11", True), asked="") == [
        "2.13.1 3.10",
        "2.19.1 3.11",
    ]


def test_the_nearest_are_as_many_as_asked_for_and_one_a_release_and_python() -> None:
    versions = [f"2.{number}.0" for number in range(10, 16)]
    facts = matrix(
        releases=(
            *(release("tensorflow", one) for one in versions),
            release("tensorflow-metal", "1.1.0"),
            release("tensorflow-metal", "1.2.0"),
        ),
        pair_loads=tuple(
            loads(True, tensorflow=one, metal=metal)
            for one in versions
            for metal in ("1.1.0", "1.2.0")
        ),
    )
    asked = wish(tensorflow="2.12")
    assert [one.tensorflow for one in nearest(facts, asked)] == ["2.12.0", "2.13.0", "2.11.0"]
    assert len(nearest(facts, asked, 5)) == 5
    tried: list[Pair] = []

    def can_be_had(pair: Pair) -> bool:
        tried.append(pair)
        return pair.metal == "1.1.0"

    assert [one.metal for one in nearest(facts, asked, 1, can_be_had)] == ["1.1.0"]
    assert [(one.tensorflow, one.metal) for one in tried] == [
        ("2.12.0", "1.2.0"),
        ("2.12.0", "1.1.0"),
    ]


def test_the_nearest_python_and_the_nearest_version_come_first() -> None:
    versions = ("2.16.2", "2.17.1", "2.18.0", "2.18.1")
    facts = matrix(
        releases=(
            *(release("tensorflow", version, "3.10", "3.11", "3.12") for version in versions),
            release("tensorflow-metal", "1.2.0", "3.10", "3.11", "3.12"),
        ),
        pair_loads=tuple(loads(version != "2.18.0", tensorflow=version) for version in versions),
    )
    found = nearest(facts, wish(tensorflow="2.18.0"))
    assert [(pair.tensorflow, pair.python) for pair in found] == [
        ("2.18.1", "3.11"),
        ("2.17.1", "3.11"),
        ("2.18.1", "3.10"),
    ]


def test_what_is_known_to_work_is_nearer_than_what_is_not_known() -> None:
    versions = ("2.16.2", "2.18.1")
    facts = matrix(
        releases=(
            *(release("tensorflow", version) for version in versions),
            release("tensorflow-metal", "1.2.0"),
        ),
        pair_loads=tuple(loads(True, tensorflow=version) for version in versions),
        evidence=(
            evidence(Grade.TWIN, tensorflow="==2.16.2", metal=None),
            evidence(Grade.VENDOR, tensorflow="==2.16.2"),
        ),
    )
    assert [pair.tensorflow for pair in nearest(facts, wish(tensorflow="2.18.0"))] == ["2.16.2"]


def test_the_nearest_are_not_broken_each_another_and_nearest_in_version() -> None:
    found = nearest(shipped(), wish(tensorflow="2.18.0", metal="1.1.0"))
    assert len({(pair.tensorflow, pair.python) for pair in found}) == len(found) == 3
    for pair in found:
        again = wish(pair.python, tensorflow=pair.tensorflow, metal=pair.metal or "none")
        assert choices(shipped(), again)


def test_the_nearest_are_of_those_that_can_be_had_and_the_next_ones_step_in() -> None:
    asked = wish(tensorflow="2.18.0", metal="1.1.0")
    every = nearest(shipped(), asked, 4)
    assert nearest(shipped(), asked, can_be_had=lambda pair: pair != every[1]) == (
        every[0],
        *every[2:],
    )
    with pytest.raises(NoCombo) as caught:
        choices(shipped(), asked, lambda pair: pair.python == "3.12")
    assert {pair.python for pair in caught.value.nearest} == {"3.12"}


def test_the_nearest_are_for_the_same_machine() -> None:
    with pytest.raises(NoCombo) as caught:
        choices(shipped(), wish("3.13", "m2", "2.9", os=Os.LINUX))
    assert all("--chip m2 --os linux --tensorflow" in line for line in caught.value.commands)
    error = refused("3.13", "m2", "2.9", macos="14")
    assert error.commands
    assert all("--chip m2 --macos 14 --tensorflow" in line for line in error.commands)


def test_a_pair_with_a_plugin_is_nearer_than_the_very_version_without_one() -> None:
    plugins = [pair.metal for pair in nearest(shipped(), wish("3.13", tensorflow="2.20"))]
    assert plugins[0] is not None
    assert None in plugins


def test_the_nearest_keep_the_wish_for_no_plugin() -> None:
    assert all(p.metal is None for p in nearest(shipped(), wish(tensorflow="2.3", metal="none")))


@pytest.mark.parametrize("python", ["3.8", "3.11"])
def test_the_options_of_a_nearest_pair_ask_for_that_pair(python: str) -> None:
    for pair in nearest(shipped(), wish(python, tensorflow="2.9.0", metal="1.2.0")):
        options = command(pair, "--chip m1").split()[1:]
        asked = dict(zip(options[::2], options[1::2], strict=True))
        best = first(asked["--python"], tensorflow=asked["--tensorflow"], metal=asked["--metal"])
        assert (best.pair.tensorflow, best.pair.metal) == (pair.tensorflow, pair.metal)


@pytest.mark.slow
@settings(max_examples=15)
@given(
    st.sampled_from(["3.8", "3.9", "3.10", "3.11", "3.12", "3.13"]),
    st.sampled_from(["m1", "m4", "intel", "intel-amd"]),
    st.sampled_from(["", "2.9", "2.12.0", "2.15.1", "tensorflow-macos", "2.20", ">=2.17", "2.99"]),
    st.sampled_from(["auto", "none", "0.5.0", "1.0.0", "1.2.0"]),
    st.sampled_from([None, "26"]),
)
def test_every_wish_is_answered_by_fitting_pairs_or_a_reason(
    python: str, chip: str, tensorflow: str, metal: str, macos: str | None
) -> None:
    asked = wish(python, chip, tensorflow, metal, macos)
    try:
        found = choices(shipped(), asked)
    except NoCombo as error:
        assert error.text.endswith(".")  # noqa: PT017 - both outcomes are right
        return
    for choice in found:
        assert choice.pair.python == python
        assert choice.pair.arch is asked.arch
        assert metal in ("auto", choice.pair.metal or "none")
        assert choice.verdict.status is not Status.BROKEN
