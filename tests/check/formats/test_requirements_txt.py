from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.pins import by_name, pins, read
from tfmac_lock.check.formats.requirements_txt import MAX_DEPTH
from tfmac_lock.check.pins import MAX_REQUIREMENT, Pin
from tfmac_lock.errors import InputFileError

if TYPE_CHECKING:
    from pathlib import Path

NAME = "requirements.txt"


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("numpy", Pin(name="numpy", hashed=False)),
        ("Num_Py==1.26.4", Pin(name="num-py", version="1.26.4", specifier="==1.26.4")),
        ("numpy===1.26.4", Pin(name="numpy", version="1.26.4", specifier="===1.26.4")),
        ("numpy==1.26.*", Pin(name="numpy", specifier="==1.26.*")),
        ("numpy>=1.26,==1.26.4", Pin(name="numpy", version="1.26.4", specifier="==1.26.4,>=1.26")),
        (
            "a[X,b]==1 --hash=sha256:AB --hash sha512:cd --hash=sha256:ef",
            Pin(
                name="a",
                version="1",
                specifier="==1",
                extras=("b", "x"),
                hashed=True,
                hashes=("ab", "ef"),
            ),
        ),
        (
            "a==1 --config-settings=x=y --global-option=z",
            Pin(name="a", version="1", specifier="==1"),
        ),
        (
            "six @ https://example.org/six-1.16.0-py2.py3-none-any.whl#sha256=ab",
            Pin(
                name="six",
                version="1.16.0",
                files=("six-1.16.0-py2.py3-none-any.whl",),
                hashed=None,
            ),
        ),
        (
            "https://example.org/six-1.16.0-py2.py3-none-any.whl",
            Pin(
                name="six",
                version="1.16.0",
                files=("six-1.16.0-py2.py3-none-any.whl",),
                hashed=None,
            ),
        ),
        (
            "./wheels/six-1.16.0-1-py2.py3-none-any.whl",
            Pin(
                name="six",
                version="1.16.0",
                files=("six-1.16.0-1-py2.py3-none-any.whl",),
                hashed=None,
            ),
        ),
        (
            "https://x/y-1-py3-none.whl",
            Pin(name="y-1-py3-none-whl", source="https://x/y-1-py3-none.whl", hashed=None),
        ),
        ("https://x/y-1.whl", Pin(name="y-1-whl", source="https://x/y-1.whl", hashed=None)),
        (
            "-e git+https://x/mine.git@v1#egg=thing",
            Pin(name="thing", source="git+https://x/mine.git@v1#egg=thing", hashed=None),
        ),
        (
            "--editable=git+https://x/mine.git",
            Pin(name="mine", source="git+https://x/mine.git", hashed=None),
        ),
        ("-e .", Pin(name="unnamed", source=".", hashed=None)),
        ("https://x/My_Tool.zip?a=1", Pin(name="my-tool", source="https://x/My_Tool.zip?a=1")),
        ("../up/mine/", Pin(name="mine", source="../up/mine/")),
        ("/abs/mine.tar.gz", Pin(name="mine", source="/abs/mine.tar.gz")),
        ("local @ file:///x/local-1.tar.gz", Pin(name="local", source="file:///x/local-1.tar.gz")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_line_is_read_as_pip_does(line: str, wanted: Pin, tmp_path: Path) -> None:
    (pin,) = read(tmp_path, NAME, f"\n{line}\n").pins
    assert (pin.path, pin.line) == (str(tmp_path / NAME), 2)
    assert (pin.name, pin.version, pin.specifier, pin.extras, pin.files, pin.source) == (
        wanted.name,
        wanted.version,
        wanted.specifier,
        wanted.extras,
        wanted.files,
        wanted.source,
    )
    assert pin.hashes == wanted.hashes
    assert bool(pin.hashed) is bool(wanted.hashed)
    # Only what comes from an index can have a hash that is missing.
    assert (pin.hashed is None) is bool(wanted.source or wanted.files)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "# numpy==1",
        "   # numpy==1 \\",
        "--index-url https://x",
        "-i https://x",
        "--pre",
        "pywin32==306; sys_platform == 'win32'",
        "tensorflow-ranking<0",
    ],
)
def test_a_line_without_a_package_for_the_mac_gives_none(line: str, tmp_path: Path) -> None:
    assert pins(read(tmp_path, NAME, f"{line}\nsix==1.16.0\n")) == {"six": "1.16.0"}


def test_lines_go_on_after_a_backslash_and_count_from_their_first(tmp_path: Path) -> None:
    text = "# head\nnumpy \\\n  ==1.26.4 \\\n  --hash=sha256:ab  # why\nsix#1\nwheel==0.42 \\"
    with pytest.raises(InputFileError, match=r":5: 'six#1' is not a requirement"):
        read(tmp_path, NAME, text)
    file = read(tmp_path, NAME, text.replace("six#1", "six==1 # one"))
    assert [(pin.name, pin.version, pin.line) for pin in file.pins] == [
        ("numpy", "1.26.4", 2),
        ("six", "1", 5),
        ("wheel", "0.42", 6),
    ]
    assert by_name(file)["numpy"].hashes == ("ab",)


@pytest.mark.parametrize(
    "line",
    ["-r sub/more.txt", "-rsub/more.txt", "--requirement = 'sub/more.txt'", "-r=sub/more.txt"],
)
def test_a_nested_file_is_read_with_its_own_lines(line: str, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "more.txt").write_text("\nh5py==3.11.0\n-r ../last.txt\n")
    (tmp_path / "last.txt").write_text("six==1\n")
    file = read(tmp_path, NAME, f"numpy==1\n{line}\n")
    assert [(pin.name, pin.line) for pin in file.pins] == [("numpy", 1), ("h5py", 2), ("six", 1)]
    assert by_name(file)["h5py"].path == str(tmp_path / "sub" / "more.txt")


@pytest.mark.parametrize("line", ["-c more.txt", "--constraint more.txt", "-cmore.txt"])
def test_constraints_pin_nothing(line: str, tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("h5py==3.11.0\n")
    assert pins(read(tmp_path, NAME, f"numpy==1\n{line}\n")) == {"numpy": "1"}


def test_two_files_may_name_the_same_third(tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("h5py==3.11.0\n")
    assert len(read(tmp_path, NAME, "-r more.txt\n-r more.txt\n").pins) == 2


def test_files_are_nested_so_deep_and_no_deeper(tmp_path: Path) -> None:
    for number in range(MAX_DEPTH):
        (tmp_path / f"r{number}.txt").write_text(f"-r r{number + 1}.txt\n")
    (tmp_path / f"r{MAX_DEPTH}.txt").write_text("six==1\n")
    assert pins(read(tmp_path, "r1.txt", "-r r2.txt\n")) == {"six": "1"}
    with pytest.raises(InputFileError, match=f"is nested more than {MAX_DEPTH} files deep"):
        read(tmp_path, "r0.txt", "-r r1.txt\n")


def test_a_requirement_of_the_longest_length_is_read_and_a_longer_one_is_not(
    tmp_path: Path,
) -> None:
    bound = "six>=1" + ",>=1" * (MAX_REQUIREMENT // 4 - 3)
    longest = bound + ",>".ljust(MAX_REQUIREMENT - len(bound) - 1) + "1"
    assert len(longest) == MAX_REQUIREMENT
    assert [pin.name for pin in read(tmp_path, NAME, longest).pins] == ["six"]
    with pytest.raises(InputFileError, match=f"longer than {MAX_REQUIREMENT} characters") as caught:
        read(tmp_path, NAME, f"\n{longest}0")
    assert caught.value.line == 2
    assert caught.value.reason.startswith(f"{longest[:57] + '...'!r} is longer than")


def test_a_file_is_of_a_whole_environment_where_it_pins_all_with_what_tensorflow_needs(
    tmp_path: Path,
) -> None:
    for text, complete in (
        ("absl-py==2.1.0\ntensorflow==2.18.0\n", True),
        ("absl-py==2.1.0\nmine @ https://x/mine.zip\n", True),
        ("absl-py==2.1.0\ntensorflow\n", False),
        ("tensorflow==2.18.0\n", False),
    ):
        assert read(tmp_path, NAME, text).complete is complete


@pytest.mark.parametrize(("length", "shown"), [(60, 60), (61, 57)])
def test_a_long_line_that_is_no_requirement_is_shown_by_its_beginning(
    length: int, shown: int, tmp_path: Path
) -> None:
    line = "six !".ljust(length, "x")
    with pytest.raises(InputFileError) as caught:
        read(tmp_path, NAME, f"{line}\n")
    text = line if shown == length else f"{line[:shown]}..."
    assert caught.value.reason.startswith(f"{text!r} is not a requirement: Expected ")
    assert "\n" not in caught.value.reason


def test_why_a_line_is_no_requirement_is_told_briefly(tmp_path: Path) -> None:
    with pytest.raises(InputFileError) as caught:
        read(tmp_path, NAME, f"six>={'x-' * 100}\n")
    _, _, why = caught.value.reason.partition(" is not a requirement: ")
    assert 0 < len(why) <= 120
