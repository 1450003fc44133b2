from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.facts import target
from tests.support.universe import Universe, resolve
from tfmac_lock.errors import InputFileError, UsageError
from tfmac_lock.resolve.requirements_in import MAX_BYTES, Options, read_file, read_with

if TYPE_CHECKING:
    from pathlib import Path

ENVIRONMENT = target("3.11", "m1", "14").markers()


def read(folder: Path, text: str) -> list[str]:
    path = folder / "requirements.in"
    path.write_text(text, "utf-8")
    return [str(item) for item in read_file(path, ENVIRONMENT, Options())]


def options(folder: Path, text: str) -> Options:
    said = Options()
    path = folder / "requirements.in"
    path.write_text(text, "utf-8")
    read_file(path, ENVIRONMENT, said)
    return said


def refused(folder: Path, text: str) -> str:
    with pytest.raises(InputFileError) as caught:
        read(folder, text)
    assert caught.value.exit_status == 2
    return str(caught.value).removeprefix(f"{folder}/")


# -- what is understood


def test_requirements_keep_the_line_that_they_come_from(tmp_path: Path) -> None:
    text = "# head\n\nNumPy >= 1.2  # why\npandas[excel]==2.*\n"
    assert read(tmp_path, text) == [
        "numpy>=1.2 from your request (requirements.in:3)",
        "pandas[excel]==2.* from your request (requirements.in:4)",
    ]


def test_a_line_goes_on_after_a_backslash(tmp_path: Path) -> None:
    assert read(tmp_path, "numpy \\\n  >=1 \\\n  ,<2\nh5py\\") == [
        "numpy<2,>=1 from your request (requirements.in:1)",
        "h5py from your request (requirements.in:4)",
    ]


def test_a_marker_is_evaluated_on_the_target(tmp_path: Path) -> None:
    text = "a; sys_platform == 'darwin'\nb; sys_platform == 'linux'\nc; platform_machine=='arm64'\n"
    assert [line[0] for line in read(tmp_path, text)] == ["a", "c"]


def test_a_locked_file_can_be_read_back_without_its_hashes(tmp_path: Path) -> None:
    text = "numpy==1.26.4 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n    # via app\n"
    assert read(tmp_path, text) == ["numpy==1.26.4 from your request (requirements.in:1)"]


def test_an_environment_variable_is_put_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMPY_VERSION", "1.26.4")
    assert read(tmp_path, "numpy==${NUMPY_VERSION}")[0].startswith("numpy==1.26.4 ")


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_bytes(b"\xef\xbb\xbfnumpy\r\nh5py\r\n")
    assert [item.name for item in read_file(tmp_path / "r.txt", ENVIRONMENT, Options())] == [
        "numpy",
        "h5py",
    ]


@pytest.mark.parametrize("option", ["-r ", "-r", "--requirement ", "--requirement="])
def test_a_nested_file_is_read_from_beside_the_one_that_names_it(
    tmp_path: Path, option: str
) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "more.txt").write_text("-r least.txt\nb\n")
    (tmp_path / "inner" / "least.txt").write_text("a\n")
    assert read(tmp_path, f"{option}inner/more.txt\nc") == [
        "a from your request (least.txt:1)",
        "b from your request (more.txt:2)",
        "c from your request (requirements.in:2)",
    ]


def test_pre_counts_wherever_it_stands(tmp_path: Path) -> None:
    (tmp_path / "inner.txt").write_text("--pre\nb\n")
    assert options(tmp_path, "a\n-r inner.txt\n").pre
    assert not options(tmp_path, "a\n").pre


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("--only-binary :all:", {":all:"}),
        ("--only-binary=My.Tool,other", {"my-tool", "other"}),
        ("--pre --only-binary numpy --prefer-binary", {"numpy"}),
        ("--only-binary numpy\n--only-binary my_tool", {"numpy", "my-tool"}),
        ("--only-binary :all:\n--only-binary :none:", set()),
        ("--prefer-binary\n--require-hashes", set()),
    ],
)
def test_packages_of_which_only_wheels_are_wanted(
    tmp_path: Path, text: str, names: set[str]
) -> None:
    assert options(tmp_path, text).only_binary == names


def test_hashes_that_are_not_compared_are_spoken_of_once(tmp_path: Path) -> None:
    text = "a==1\nb==1 --hash=sha256:aa\nc==1 --hash sha256:bb\n"
    (note,) = options(tmp_path, text).notes
    assert "requirements.in:2" in note
    assert options(tmp_path, "a==1\n").notes == []


# -- what is refused, with its place


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("numpy\nnum py\n", "requirements.in:2: 'num py' is not a requirement"),
        ("numpy==", "requirements.in:1: 'numpy==' is not a requirement"),
        ("./wheels/x.whl", "only packages from an index can be locked"),
        ("git+https://example.org/x", "only packages from an index can be locked"),
        ("https://example.org/x-1.tar.gz", "only packages from an index can be locked"),
        ("x @ https://example.org/x.whl", "only packages from an index can be locked"),
        ("-e .", "-e is not understood here; only packages are"),
        ("--index-url https://example.org", "--index-url is not understood here; give it on the"),
        ("-ihttps://token@example.org", "-i is not understood here; give it on the command line"),
        ("--extra-index-url=https://e.org", "--extra-index-url is not understood here; give it"),
        ("--find-links wheels", "only files on an index have an address that a lock can name"),
        ("--no-index", "only files on an index have an address that a lock can name"),
        ("--no-binary :all:", "a lock is made of wheels wherever there are any"),
        ("--trusted-host e.org", "name the host in PIP_TRUSTED_HOST"),
        ("--pre --use-feature=x", "--use-feature is not understood here; only packages are"),
        ("--pre=yes", "--pre is not understood here"),
        ("--hash=sha256:aa", "--hash is not understood here"),
        ("--only-binary 'x", "No closing quotation"),
        ("a --config-settings=b=c", "is not a requirement"),
        ("-c limits.txt", "give constraints with -c on the command line"),
        ("--constraint=limits.txt", "give constraints with -c on the command line"),
        ("-r missing.txt", "missing.txt: No such file"),
        ("-r a\0b", "leads to no file"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_place(
    tmp_path: Path, text: str, message: str
) -> None:
    assert message in refused(tmp_path, text)


def test_a_file_that_includes_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("-r requirements.in")
    assert "includes itself" in refused(tmp_path, "-r a.txt")


def test_files_nested_without_end_are_refused(tmp_path: Path) -> None:
    for number in range(25):
        (tmp_path / f"{number}.txt").write_text(f"-r {number + 1}.txt")
    assert "nested more than 20 files deep" in refused(tmp_path, "-r 0.txt")


def test_a_missing_file_a_folder_and_a_binary_are_refused(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for name, reason in (
        ("absent", "No such file"),
        (".", "directory"),
        ("binary", "is not a text file in UTF-8"),
    ):
        with pytest.raises(InputFileError, match=reason):
            read_file(tmp_path / name, ENVIRONMENT, Options())


def test_a_huge_file_is_refused_even_where_its_size_is_not_told(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="is larger than"):
        read(tmp_path, "#" * (MAX_BYTES + 1))


# -- --with


def test_a_with_text_says_where_it_comes_from() -> None:
    assert str(read_with("pandas>=2", ENVIRONMENT)) == (
        "pandas>=2 from your request (--with pandas>=2)"
    )


def test_a_with_text_for_another_system_asks_for_nothing() -> None:
    assert read_with("pywin32; sys_platform == 'win32'", ENVIRONMENT) is None


@pytest.mark.parametrize("text", ["", "two words", "pandas==", "-r x", "x @ https://e.org/x.whl"])
def test_a_with_text_that_is_no_requirement_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--with"):
        read_with(text, ENVIRONMENT)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.txt"
    path.write_text(text, "utf-8", errors="replace", newline="")
    try:
        read_file(path, ENVIRONMENT, Options())
    except InputFileError as refusal:
        assert str(path.parent) in str(refusal)  # noqa: PT017 - both outcomes are right


# -- markers that cannot be evaluated


HOSTILE_MARKERS = [
    "a; python_version ~= 'x'",
    "a; os_name > 'posix' and platform_release ~= '1'",
    f"a; {'(' * 5000}os_name == 'posix'{')' * 5000}",
]


@pytest.mark.parametrize("text", HOSTILE_MARKERS)
def test_a_marker_that_cannot_be_evaluated_is_refused(tmp_path: Path, text: str) -> None:
    unreadable = "has a marker that cannot be read|nested more than"
    with pytest.raises(UsageError, match=unreadable):
        read(tmp_path, text)
    with pytest.raises(UsageError, match=unreadable) as caught:
        read_with(text, ENVIRONMENT)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("text", HOSTILE_MARKERS)
def test_such_a_marker_in_metadata_rules_that_version_out(text: str) -> None:
    index = Universe()
    index.add("lib", "2.0", text)
    index.add("lib", "1.0")
    assert resolve(index, "lib") == {"lib": "1.0"}
