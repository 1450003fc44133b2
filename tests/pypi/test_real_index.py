"""Against the real index: what it serves is understood."""

from __future__ import annotations

import pytest

from tfmac_lock.pypi.client import IndexClient
from tfmac_lock.pypi.config import IndexConfig
from tfmac_lock.pypi.errors import IndexUnreachable, ProjectNotFound

pytestmark = pytest.mark.index


@pytest.fixture
def client(cache):
    config = IndexConfig.load(index_url="https://pypi.org/simple/", pip_files=())
    with IndexClient(config, cache) as one:
        try:
            one.project("six")
        except IndexUnreachable as fault:
            pytest.skip(f"the package index cannot be reached: {fault}")
        yield one


def test_the_plugin_and_its_requirements_are_read(client):
    names = ["tensorflow-metal", "wheel", "six"]
    client.prefetch_projects(names)
    wanted = "tensorflow_metal-1.2.0-cp311-cp311-macosx_12_0_arm64.whl"
    (file,) = client.project("tensorflow-metal").select(lambda name: name == wanted)
    assert file.sha256
    metadata = client.metadata(file)
    assert (metadata.version, metadata.requires_python) == ("1.2.0", None)
    assert set(metadata.requires_dist) == {"wheel~=0.35", "six>=1.15.0"}


def test_an_upload_time_is_found_one_way_or_the_other(client):
    file = client.project("six").select(lambda name: name == "six-1.16.0-py2.py3-none-any.whl")[0]
    when = client.upload_time("six", file)
    assert when is not None
    assert when.date().isoformat() == "2021-05-05"


def test_a_project_that_nobody_made_is_not_found(client):
    with pytest.raises(ProjectNotFound):
        client.project("tfmac-lock-has-no-such-project")
