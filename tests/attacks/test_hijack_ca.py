"""The routes of the CA's own network are bent: what it sees of the victim is the attacker's.

A CA that looks from there alone gives the attacker what he wants, but for what DNSSEC secures.
"""

import pytest

from harness.acme import ERROR
from harness.parties import CHALLENGES
from harness.world import fresh


@pytest.mark.checks(182)
@pytest.mark.parametrize("kind", CHALLENGES)
def test_a_deceived_ca_is_not_corroborated(world, kind):
    with world.hijacked("ca"):
        assert not world.attacker.obtains(world.guarded, fresh("plain.test"), kind)
        assert "where 2 have to" in world.attacker.refusal["detail"]
        assert world.attacker.obtains(world.alone, fresh("plain.test"), kind)
    assert world.owner.obtains(world.guarded, fresh("plain.test"), kind)


@pytest.mark.checks(186)
def test_a_signed_zone_cannot_be_forged_from_any_place(world):
    with world.hijacked("ca", "lon1", "nyc1", "sin1"):
        for ca in (world.guarded, world.alone):
            assert not world.attacker.obtains(ca, fresh("secure.test"), "dns-01")
            assert world.attacker.refusal["type"] == ERROR + "dns"
