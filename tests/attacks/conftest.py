"""The world that all attacks share (harness.world), started by the first of them."""

import pytest

from harness import network
from harness.world import World


@pytest.fixture(scope="session")
def world():
    if reason := network.why_not():
        pytest.skip(f"no attacks here: {reason}")
    world = World()
    try:
        yield world
        programs = [world.alone, world.guarded, *world.perspectives.values()]
        ended = {each.log.name: each.stop() for each in programs}
    finally:
        world.stop()
    assert not any(ended.values()), ended


@pytest.fixture(autouse=True)
def log_folder(request, world):
    """The logs of the world are shown where a test fails."""
    request.node.log_folder = world.folder
