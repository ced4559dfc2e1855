"""The world that all attacks share (harness.world), started by the first of them."""

import pytest

from harness import network
from harness.world import World


@pytest.fixture(scope="session")
def world():
    if reason := network.why_not():
        pytest.skip(f"no attacks here: {reason}")
    world = World()
    yield world
    world.stop()


@pytest.fixture(autouse=True)
def log_folder(request, world):
    """The logs of the world are shown where a test fails."""
    request.node.log_folder = world.folder
