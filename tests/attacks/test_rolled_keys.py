"""The keys of a signed zone are replaced while its owner obtains certificates."""

from harness.parties import CHALLENGES
from harness.public_dns import roll_keys
from harness.world import fresh


def test_the_owner_obtains_certificates_while_keys_roll(world):
    kinds = iter(CHALLENGES * 2)

    def owner_obtains():
        assert world.owner.obtains(world.guarded, fresh("secure.test"), next(kinds))

    owner_obtains()
    before = world.registry.records("secure.test.", "DS")
    roll_keys(world.registry, "test.", world.home, "secure.test.", between=owner_obtains)
    assert world.registry.records("secure.test.", "DS") != before
    owner_obtains()
