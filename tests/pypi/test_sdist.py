from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.real_index import real_index
from tfmac_lock.pypi import sdist
from tfmac_lock.pypi.model import IndexFile
from tfmac_lock.pypi.sdist import SourceArchive, read

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

STATIC = "Metadata-Version: 2.2\nName: tool\nVersion: 1.0\nRequires-Dist: six>=1\n"
OLD = "Metadata-Version: 1.1\nName: tool\nVersion: 1.0\n"
SETUP = "from setuptools import setup\nsetup(name='tool', install_requires=['six'])\n"


def tar(files: Mapping[str, str | bytes], top: str = "tool-1.0/") -> io.BytesIO:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for path, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            info = tarfile.TarInfo(top + path)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    out.seek(0)
    return out


def zipped(files: Mapping[str, str], top: str = "tool-1.0/") -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, content in files.items():
            archive.writestr(top + path, content)
    out.seek(0)
    return out


def look(archive: io.BytesIO, filename: str = "tool-1.0.tar.gz") -> SourceArchive:
    return read(archive, IndexFile(filename=filename, url=f"https://files.example/{filename}"))


# -- what is read


def test_static_metadata_are_taken_at_their_word() -> None:
    found = look(tar({"PKG-INFO": STATIC, "tool/__init__.py": "", "setup.py": SETUP}))
    assert found == SourceArchive(requires_dist=("six>=1",))


@pytest.mark.parametrize(
    "head", [OLD, STATIC.replace("Name", "Dynamic: Requires-Dist\nName")], ids=["old", "dynamic"]
)
def test_of_other_archives_the_requirements_stand_in_the_egg_info(head: str) -> None:
    requires = (
        "six\n\n[plot]\nmatplotlib>=3\n\n[:python_version<'3.5']\ntyping\n\n"
        "[x:os_name=='nt']\ny;z\n"
    )
    egg = {"tool.egg-info/PKG-INFO": OLD, "tool.egg-info/requires.txt": requires}
    found = look(tar({"PKG-INFO": head, **egg, "setup.py": SETUP}))
    assert found.requires_dist == (
        "six",
        'matplotlib>=3 ; extra == "plot"',
        "typing ; (python_version<'3.5')",
        "y ; (z) and (os_name=='nt') and extra == \"x\"",
    )
    assert not found.fault


@pytest.mark.parametrize(
    ("setup", "project", "lacking"),
    [
        ("from pkg_resources import get_distribution\n", "", "pkg_resources"),
        ("import numpy as np\n", "", "numpy"),
        ("import numpy\n", '[build-system]\nrequires = ["setuptools",\n "numpy"]\n', ""),
        ("import pkg_resources\n", '[build-system]\nrequires = ["setuptools<82"]\n', ""),
        (
            "import pkg_resources\n",
            '[build-system]\nrequires = ["setuptools>=40", "wheel<1"]\n',
            "pkg_resources",
        ),
        (
            "import pkg_resources\n",
            '[build-system]\nrequires = ["flit_core"]\nbuild-backend = "flit_core.buildapi"\n',
            "",
        ),
        ("try:\n    import numpy\nexcept ImportError:\n    pass\n", "", ""),
    ],
)
def test_an_archive_whose_setup_imports_what_a_build_lacks_is_a_fault(
    setup: str, project: str, lacking: str
) -> None:
    found = look(tar({"PKG-INFO": STATIC, "setup.py": setup + SETUP, "pyproject.toml": project}))
    fault = f"cannot be built: its setup.py imports {lacking}, which pip's build lacks"
    assert found.fault == (fault if lacking else "")


@pytest.mark.parametrize(
    ("files", "where"),
    [
        ({"tool/draw.py": "def draw(model):\n    from keras.models import Model\n"}, "head"),
        ({"tool/draw.py": "import tensorflow as tf\n"}, "head"),
        ({"tool/draw.py": "from keras_preprocessing import image\n"}, ""),
        ({"tests/test_draw.py": "import keras\n", "docs/conf.py": "import tensorflow\n"}, ""),
        ({"PKG-INFO": STATIC + "Summary: draws what Keras builds\n"}, "head"),
        ({"PKG-INFO": STATIC + "\nIt also works with TensorFlow.\n"}, "body"),
    ],
)
@pytest.mark.parametrize("pack", ["tar", "zip"])
def test_an_archive_tells_by_its_modules_too_that_it_uses_tensorflow(
    files: dict[str, str], where: str, pack: str
) -> None:
    files = {"PKG-INFO": STATIC, **files}
    found = look(tar(files)) if pack == "tar" else look(zipped(files), "tool-1.0.zip")
    assert (found.mentions, found.fault) == (where, "")
    assert SourceArchive.unpack(found.pack()) == found


def test_an_egg_info_without_requires_txt_requires_nothing() -> None:
    assert look(tar({"PKG-INFO": OLD, "src/tool.egg-info/PKG-INFO": OLD})) == SourceArchive()


def test_an_archive_of_distutils_requires_nothing() -> None:
    setup = "from distutils.core import setup\nsetup(name='tool')\n"
    assert look(tar({"PKG-INFO": OLD, "setup.py": setup})) == SourceArchive()


def test_requirements_that_only_the_build_knows_are_a_fault() -> None:
    found = look(tar({"PKG-INFO": OLD, "setup.py": SETUP}))
    assert found.fault == "states its requirements only when it is built, so they cannot be read"


def test_a_zip_is_read_as_well() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("tool-1.0/PKG-INFO", STATIC)
        archive.writestr("tool-1.0/tool/fast.c", "int main;")
    out.seek(0)
    found = look(out, "tool-1.0.zip")
    assert (found.requires_dist, found.native) == (("six>=1",), "tool/fast.c")


# -- what takes a compiler


@pytest.mark.parametrize(
    ("files", "native"),
    [
        ({"src/fast.pyx": ""}, "src/fast.pyx"),
        ({"src/lib.rs": ""}, "src/lib.rs"),
        ({"fast.F90": ""}, "fast.F90"),
        ({"CMakeLists.txt": ""}, "CMakeLists.txt"),
        ({"tool/made.so": ""}, "tool/made.so"),
        ({"setup.py": "setup(ext_modules=[])"}, "ext_modules in setup.py"),
        ({"pyproject.toml": "[build-system]\nrequires = ['maturin']"}, "maturin in pyproject.toml"),
        ({"tool/data.cfg": "", "tool/c.py": ""}, ""),
    ],
)
def test_native_code_is_named(files: dict[str, str], native: str) -> None:
    assert look(tar({"PKG-INFO": STATIC, **files})).native == native


# -- hostile ones


def test_an_archive_that_unpacks_to_more_than_anybody_needs_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sdist, "UNPACKED", 1 << 20)
    found = look(tar({"PKG-INFO": STATIC, "zeros": bytes(4 << 20)}))
    assert found.fault == f"unpacks to more than {1 << 20} bytes"


def test_a_text_of_a_zip_that_unpacks_to_too_much_is_not_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sdist, "TEXT", 1000)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tool-1.0/PKG-INFO", STATIC + "x" * 100_000)
    out.seek(0)
    assert look(out, "tool-1.0.zip").fault == "has a PKG-INFO of more than 1000 bytes"


@pytest.mark.parametrize("path", ["../PKG-INFO", "a/../../x", "..\\x"])
def test_a_path_that_climbs_is_refused(path: str) -> None:
    assert "outside of its own folder" in look(tar({path: "", "PKG-INFO": STATIC})).fault


def test_an_absolute_path_is_refused() -> None:
    assert "outside of its own folder" in look(tar({"etc/passwd": ""}, top="/")).fault


def test_a_link_is_not_followed() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        link = tarfile.TarInfo("tool-1.0/PKG-INFO")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    out.seek(0)
    assert look(out).fault == "has no PKG-INFO that describes it"


@pytest.mark.parametrize("head", [STATIC.replace("tool", "other"), STATIC.replace("1.0", "2.0")])
def test_a_pkg_info_that_lies_about_its_name_is_refused(head: str) -> None:
    assert look(tar({"PKG-INFO": head})).fault.startswith("says in its PKG-INFO that it is")


def test_two_members_of_one_name_are_refused() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for text in (STATIC, STATIC.replace("six", "evil")):
            info = tarfile.TarInfo("tool-1.0/PKG-INFO")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    out.seek(0)
    assert look(out).fault == "has two members named 'PKG-INFO'"


def test_too_many_members_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sdist, "MEMBERS", 3)
    found = look(tar(dict.fromkeys("abcd", "")))
    assert found.fault == "has more than 3 members"


def test_a_header_that_fills_the_memory_is_refused() -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 1 << 32
    out = io.BytesIO(gzip.compress(info.tobuf(tarfile.USTAR_FORMAT) + bytes(1024)))
    assert "has a header of" in look(out).fault


def test_what_is_no_archive_is_damaged() -> None:
    assert "is damaged" in look(io.BytesIO(b"nothing")).fault
    assert "is damaged" in look(io.BytesIO(b"nothing"), "tool-1.0.zip").fault


@settings(max_examples=200)
@given(st.binary(max_size=600), st.booleans(), st.integers(0, 400))
def test_any_bytes_are_read_or_refused(data: bytes, zipped: bool, place: int) -> None:
    good = tar({"PKG-INFO": STATIC, "tool.egg-info/PKG-INFO": OLD}).getvalue()
    mixed = gzip.decompress(good)
    content = gzip.compress(mixed[:place] + data + mixed[place + len(data) :])
    for archive in (data, content):
        found = look(io.BytesIO(archive), "tool-1.0.zip" if zipped else "tool-1.0.tar.gz")
        assert SourceArchive.unpack(found.pack()) == found


# -- real ones


@pytest.mark.index
@pytest.mark.parametrize(
    ("name", "filename", "requires", "native", "fault"),
    [
        ("promise", "promise-2.3.tar.gz", "six", "", ""),
        ("docopt", "docopt-0.6.2.tar.gz", "", "", ""),
        ("gym", "gym-0.26.2.tar.gz", "numpy>=1.18.0", "", ""),
        ("silence-tensorflow", "silence_tensorflow-1.2.3.tar.gz", "", "", ""),
        ("crcmod", "crcmod-1.7.tar.gz", "", ".c", ""),
    ],
)
def test_real_archives_are_read(
    tmp_path: Path, name: str, filename: str, requires: str, native: str, fault: str
) -> None:
    with real_index(tmp_path) as client:
        (file,) = [one for one in client.project(name).files if one.filename == filename]
        found = client.source_archive(file)
        assert client.source_archive(file) == found
    assert found.requires_dist[:1] == ((requires,) if requires else found.requires_dist[:1])
    assert (found.native.endswith(native), bool(found.native)) == (True, bool(native))
    assert found.fault == fault
