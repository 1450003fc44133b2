from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfmac_lock.errors import InputFileError, UsageError
from tfmac_lock.pypi import pip_settings
from tfmac_lock.pypi.config import PUBLIC_INDEX, IndexConfig

if TYPE_CHECKING:
    from pathlib import Path


def load(
    environ: dict[str, str] | None = None, text: str | None = None, tmp: Path | None = None, **given
):
    files = []
    if text is not None:
        assert tmp is not None
        files = [tmp / "pip.conf"]
        files[0].write_text(text)
    return IndexConfig.load({"HOME": "/nowhere", **(environ or {})}, pip_files=files, **given)


def test_without_settings_it_is_the_public_index():
    config = load()
    assert config == IndexConfig()
    assert config.indexes == (PUBLIC_INDEX,)


def test_extra_indexes_come_after_the_main_one():
    config = load(
        {"PIP_INDEX_URL": "https://m/simple", "PIP_EXTRA_INDEX_URL": "https://a/ https://b"}
    )
    assert config.indexes == ("https://m/simple/", "https://a/", "https://b/")


def test_folders_count_only_when_given_on_the_command_line():
    config = load({"PIP_EXTRA_INDEX_URL": "file:///a https://b/"}, extra_index_urls=["file:///c/"])
    assert config.indexes == (PUBLIC_INDEX, "file:///c/", "https://b/")
    assert "a folder of this computer" in config.notes[0]


def test_the_command_line_stands_over_the_settings():
    environ = {"PIP_INDEX_URL": "https://m/", "PIP_EXTRA_INDEX_URL": "https://a/"}
    config = load(environ, index_url="https://own/", extra_index_urls=["https://x/"])
    assert config.indexes == ("https://own/", "https://x/", "https://a/")


def test_one_index_named_twice_is_asked_once():
    assert load({"PIP_EXTRA_INDEX_URL": "https://a https://a/"}, index_url="https://a").indexes == (
        "https://a/",
    )


def test_a_file_has_sections_and_values_of_several_lines(tmp_path):
    text = """
[global]
index-url = https://m/simple/
extra-index-url =
    https://a/simple/
    https://b/simple/
timeout = 3
[install]
timeout = 4
[download]
index-url = https://no/
"""
    config = load(text=text, tmp=tmp_path)
    assert config.indexes == ("https://m/simple/", "https://a/simple/", "https://b/simple/")
    assert config.timeout == 4


@pytest.mark.parametrize("name", ["PIP_TIMEOUT", "PIP_DEFAULT_TIMEOUT"])
def test_the_environment_stands_over_the_files(tmp_path, name):
    text = "[install]\ntimeout = 4\n" if name == "PIP_TIMEOUT" else "[global]\nretries = 9\n"
    config = load({name: "7", "PIP_RETRIES": "1"}, text, tmp_path)
    assert (config.timeout, config.retries) == (7, 1)


def test_keys_are_written_in_any_way(tmp_path):
    assert (
        load(text="[global]\nExtra_Index_URL = https://a/\n", tmp=tmp_path).indexes[1]
        == "https://a/"
    )


def test_credentials_are_kept_apart_and_out_of_sight():
    config = load(
        {"PIP_INDEX_URL": "https://user:hidden@m/simple", "PIP_PROXY": "http://u:hidden@p"}
    )
    assert config.indexes == ("https://m/simple/",)
    assert config.credentials_for("https://m/files/a.whl") == ("user", "hidden")
    assert config.credentials_for("https://other/a.whl") is None
    assert config.credentials_for("http://m/simple/") is None
    assert "hidden" not in repr(config)


def test_two_projects_of_one_server_have_their_own_tokens():
    config = load({"PIP_EXTRA_INDEX_URL": "https://a:1@git/p/1/simple https://b:2@git/p/2/simple"})
    assert config.credentials_for("https://git/p/1/files/x.whl") == ("a", "1")
    assert config.credentials_for("https://git/p/2/files/x.whl") == ("b", "2")


def test_netrc_gives_credentials_where_the_address_has_none(tmp_path):
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine m login l password p\n")
    for environ in ({"HOME": str(tmp_path)}, {"NETRC": str(netrc)}):
        config = load(environ)
        assert config.credentials_for("https://m:8443/simple/") == ("l", "p")
        assert config.credentials_for("https://n/simple/") is None
    config = load({"HOME": str(tmp_path)}, index_url="https://u:q@m/")
    assert config.credentials_for("https://m/x") == ("u", "q")


def test_a_damaged_netrc_is_none(tmp_path):
    (tmp_path / ".netrc").write_text("this is { not netrc")
    assert load({"HOME": str(tmp_path)}).credentials_for("https://m/") is None


def test_find_links_are_said_to_be_passed_over():
    (note,) = load({"PIP_FIND_LINKS": "/wheels"}).notes
    assert "find-links" in note


def test_no_index_needs_an_index_named_on_the_command_line():
    with pytest.raises(UsageError, match="PIP_NO_INDEX"):
        load({"PIP_NO_INDEX": "1"})
    config = load(
        {"PIP_NO_INDEX": "1", "PIP_EXTRA_INDEX_URL": "https://a"}, index_url="https://own"
    )
    assert config.indexes == ("https://own/",)
    assert load({"PIP_NO_INDEX": "0"}).indexes == (PUBLIC_INDEX,)


def test_plain_http_is_for_this_machine_and_trusted_hosts():
    with pytest.raises(UsageError, match="plain http"):
        load(index_url="http://m/simple/")
    assert load({"PIP_TRUSTED_HOST": "x m"}, index_url="http://m/").is_trusted("https://m:8/")
    assert load(index_url="http://127.0.0.1:3141/").indexes == ("http://127.0.0.1:3141/",)
    config = load(extra_index_urls=["http://user:secret@plain/"])
    assert config.indexes == (PUBLIC_INDEX,)
    assert "http://plain/" in config.notes[0]


def test_a_trusted_host_may_be_one_port_only():
    config = load({"PIP_TRUSTED_HOST": "m:8443"})
    assert config.is_trusted("https://m:8443/x")
    assert not config.is_trusted("https://m/x")


def test_a_host_that_looks_trusted_to_some_is_refused():
    for url in ("http://evil?@127.0.0.1/", "https://evil#@m/", "https://evil\\@m/"):
        with pytest.raises(UsageError, match="index setting index-url"):
            load(index_url=url)
    for url in ("http://127.0.0.1.evil.org/", "http://127.evil.org/"):
        with pytest.raises(UsageError, match="plain http"):
            load(index_url=url)


def test_a_project_may_have_an_index_of_its_own():
    config = load(index_for=["My_Project=https://user:hidden@own/simple", "b=https://b/"])
    assert config.index_for == {"my-project": "https://own/simple/", "b": "https://b/"}
    assert config.indexes == (PUBLIC_INDEX,)
    assert config.credentials_for("https://own/files/x.whl") == ("user", "hidden")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (["my-project"], "NAME=URL"),
        (["=https://own/"], "NAME=URL"),
        (["a/b=https://own/"], "NAME=URL"),
        (["a=ftp://own/"], "neither http"),
        (["a=http://own/"], "plain http"),
        (["a-b=https://own/", "a_b=https://other/"], "a-b is given two indexes"),
    ],
)
def test_an_index_of_its_own_that_makes_no_sense_is_named(given, reason):
    with pytest.raises(UsageError, match=f"index setting index-for: .*{reason}"):
        load(index_for=given)


def test_a_pipe_in_the_place_of_pips_settings_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pip.conf")
    with pytest.raises(InputFileError, match="not a regular file"):
        pip_settings.read({}, [tmp_path / "pip.conf"])


def test_an_index_may_be_a_folder(tmp_path):
    assert load(index_url=str(tmp_path)).indexes == (tmp_path.as_uri() + "/",)
    with pytest.raises(UsageError, match="neither an address nor a folder"):
        load(index_url=str(tmp_path / "missing"))


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        ({"PIP_INDEX_URL": "ftp://u:hidden@m/"}, "ftp://m/ is neither"),
        ({"PIP_TIMEOUT": "soon"}, "timeout: 'soon' is not a number"),
        ({"PIP_RETRIES": "-1"}, "retries: '-1' is out of range"),
        ({"PIP_TIMEOUT": "nan"}, "timeout: 'nan' is out of range"),
        ({"PIP_CERT": "/missing.pem"}, "cert: there is no file /missing.pem"),
        ({"REQUESTS_CA_BUNDLE": "/missing.pem"}, "REQUESTS_CA_BUNDLE: there is no file"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(environ, reason):
    with pytest.raises(UsageError) as caught:
        load(environ)
    assert reason in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_the_certificates_come_from_pip_then_the_environment(tmp_path):
    one, two = tmp_path / "one.pem", tmp_path / "two.pem"
    one.touch()
    two.touch()
    assert load({"PIP_CERT": str(one), "SSL_CERT_FILE": str(two)}).cert == one
    assert load({"SSL_CERT_FILE": str(two)}).cert == two
    assert load({"SSL_CERT_FILE": "/missing"}).cert is None


@pytest.mark.parametrize("text", ["index-url = x\n", "[global\n", "[a]\nx = 1\nx = 2\n"])
def test_a_malformed_file_is_named(tmp_path, text):
    with pytest.raises(InputFileError, match=r"pip\.conf.*malformed"):
        load(text=text, tmp=tmp_path)


def test_a_file_that_is_no_text_is_named(tmp_path):
    path = tmp_path / "pip.conf"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputFileError, match="not UTF-8"):
        pip_settings.read({}, [path])


@pytest.mark.skipif(sys.platform != "linux", reason="the folders of Linux")
def test_the_files_are_where_pip_has_them():
    files = pip_settings.configuration_files({"HOME": "/h", "XDG_CONFIG_DIRS": "/x1:/x2"})
    assert [str(file) for file in files] == [
        "/x1/pip/pip.conf",
        "/x2/pip/pip.conf",
        "/etc/pip.conf",
        "/h/.pip/pip.conf",
        "/h/.config/pip/pip.conf",
        f"{sys.prefix}/pip.conf",
    ]


def test_a_file_named_in_the_environment_stands_for_the_users_own(tmp_path):
    own = tmp_path / "own.conf"
    own.touch()
    files = pip_settings.configuration_files({"HOME": "/h", "PIP_CONFIG_FILE": str(own)})
    assert files[-1] == own
    assert not [file for file in files if str(file).startswith("/h")]
    assert pip_settings.configuration_files({"PIP_CONFIG_FILE": os.devnull}) == ()


names = st.sampled_from(["index-url", "timeout", "cert"])
sections = st.dictionaries(
    st.sampled_from(["global", "install", "freeze"]),
    st.dictionaries(names, st.sampled_from(["", "1", "2", "3"])),
)


@given(st.lists(sections, max_size=4), st.dictionaries(names, st.sampled_from(["", "4"])))
def test_the_strongest_value_that_is_not_empty_wins(tmp_path_factory, files, environ):
    folder = tmp_path_factory.mktemp("conf")
    paths = [folder / str(number) for number in range(len(files))]
    for path, content in zip(paths, files, strict=True):
        path.write_text(
            "\n".join(
                f"[{section}]\n" + "".join(f"{key} = {value}\n" for key, value in values.items())
                for section, values in content.items()
            )
        )
    variables = {f"PIP_{key.upper().replace('-', '_')}": value for key, value in environ.items()}
    strongest_first = [
        environ,
        *(content.get("install", {}) for content in reversed(files)),
        *(content.get("global", {}) for content in reversed(files)),
    ]
    expected = {}
    for key in ("index-url", "timeout", "cert"):
        values = [layer[key] for layer in strongest_first if layer.get(key)]
        if values:
            expected[key] = values[0]
    assert pip_settings.read(variables, paths) == expected
