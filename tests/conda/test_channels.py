from __future__ import annotations

import pytest

from tfmac_lock.conda.channels import Channel, secrets_cut
from tfmac_lock.conda.errors import BadChannel


def test_a_name_is_a_channel_of_anaconda_org() -> None:
    channel = Channel.parse("conda-forge")

    assert channel.url == "https://conda.anaconda.org/conda-forge"
    assert channel.served == channel.url
    assert channel.name == "conda-forge"


def test_a_label_belongs_to_the_name() -> None:
    url = Channel.parse("conda-forge/label/numpy_rc").url

    assert url == "https://conda.anaconda.org/conda-forge/label/numpy_rc"


def test_a_mirror_is_read_and_the_address_is_written() -> None:
    channel = Channel.parse("conda-forge=file:///srv/mirror/conda-forge/")

    assert channel.served == "file:///srv/mirror/conda-forge"
    assert channel.url == "https://conda.anaconda.org/conda-forge"


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("https://me:secret@host.test/channel", "https://host.test/channel"),
        ("https://host.test/t/tk-123-456/channel/", "https://host.test/channel"),
        ("https://me:s=cret@host.test/channel", "https://host.test/channel"),
        ("https://me:secret@host.test/t/tk-1/channel?key=secret", "https://host.test/channel"),
        (
            "https://host.test/get/t/ab-01234567-89ab-cdef-0123-456789abcdef/c",
            "https://host.test/get/c",
        ),
        ("http://127.0.0.1:8000/forge", "http://127.0.0.1:8000/forge"),
        ("http://[::1]:8000/forge", "http://[::1]:8000/forge"),
    ],
)
def test_credentials_and_tokens_are_read_with_and_never_written(given: str, written: str) -> None:
    channel = Channel.parse(given)

    assert channel.url == written
    assert channel.served == given.rstrip("/")


@pytest.mark.parametrize(
    "given",
    [
        "https://host.test/data/t/nightly/channel",
        "https://host.test/t",
        "https://host.test/t/channel",
        "file:///t/nightly/channel",
        "file:///srv/t/nightly/channel",
    ],
)
def test_a_folder_that_is_called_t_stays_in_the_address(given: str) -> None:
    assert Channel.parse(given).url == given


def test_an_equals_sign_in_the_password_of_a_mirror_is_no_second_mirror() -> None:
    channel = Channel.parse("conda-forge=https://me:s=cret@host.test/forge")

    assert channel.url == "https://conda.anaconda.org/conda-forge"
    assert channel.served == "https://me:s=cret@host.test/forge"


@pytest.mark.parametrize(
    "given", ["", "two words", "ftp://host/channel", "/tmp/channel", "a=b c", "http://[x"]
)
def test_anything_else_is_refused_with_the_forms_that_are_possible(given: str) -> None:
    with pytest.raises(BadChannel, match="conda-forge"):
        Channel.parse(given)


@pytest.mark.parametrize(
    "given",
    [
        "ftp://me:secret@host.test/channel",
        "ftp://host.test/t/secret/channel",
        "https://me:12/secret@host.test/channel",
        "https://me@work:secret@host.test/channel",
        "conda-forge=ftp://me:secret@host.test",
    ],
)
def test_a_refused_address_does_not_show_its_password(given: str) -> None:
    with pytest.raises(BadChannel) as caught:
        Channel.parse(given)

    assert "secret" not in str(caught.value)


def test_addresses_in_a_text_lose_their_secrets() -> None:
    text = "no (https://me:secret@h.test/t/secret/c/x.json) 'http://a:secret@h.test/c' is there"

    assert secrets_cut(text) == "no (https://h.test/c/x.json) 'http://h.test/c' is there"
