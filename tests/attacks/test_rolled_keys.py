"""The keys of a signed zone are replaced while its owner obtains certificates."""

import pytest

from harness.parties import CHALLENGES
from harness.world import fresh


@pytest.mark.checks(186)
def test_the_owner_obtains_certificates_while_keys_roll(world):
    kinds = iter(CHALLENGES)

    def owner_obtains():
        assert world.owner.obtains(world.guarded, fresh("secure.test"), next(kinds))

    owner_obtains()
    before = world.registry.records("secure.test.", "DS")
    world.roll_keys("secure.test.", between=owner_obtains)
    assert world.registry.records("secure.test.", "DS") != before
    owner_obtains()


def test_so_he_does_while_those_of_the_registry_roll(world):
    def owner_obtains():
        assert world.owner.obtains(world.guarded, fresh("secure.test"))

    world.roll_keys("test.", between=owner_obtains)
    owner_obtains()
    assert world.owner.obtains(world.guarded, fresh("plain.test"))
