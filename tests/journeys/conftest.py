"""Whole-user stories: the real program, in its own process, on a real chain."""

import shutil

import pytest
from tests.program import run


@pytest.fixture(scope="session")
def deployed(tmp_path_factory):
    """A firm whose contracts stand on its own chain, which is stopped. Copy it before use."""
    folder = tmp_path_factory.mktemp("base") / "bottega"
    assert run("init", folder, "--name", "Bottega").code == 0
    up = run("up", "--firm", folder, "--json")
    assert up.code == 0, up
    assert up.json["chain"]["up"]
    assert run("down", "--firm", folder).code == 0
    return folder


@pytest.fixture
def firm(deployed, tmp_path):
    """A deployed firm of one's own, its chain stopped before and after."""
    folder = tmp_path / "bottega"
    shutil.copytree(deployed, folder)
    yield folder
    run("down", "--firm", folder)


@pytest.fixture
def running(firm):
    """A deployed firm whose chain is up."""
    assert run("up", "--firm", firm).code == 0
    return firm
