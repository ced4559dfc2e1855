"""Name servers that do not know their zone, answer late, or not at all: they hinder no owner who has another
one, and whoever silences them gains nothing."""

import pytest

from harness.acme import ERROR
from harness.world import PERSPECTIVES, fresh


@pytest.mark.parametrize("zone", ["lame.test", "slow.test", "half.test"])
def test_the_owner_obtains_a_certificate_by_what_is_left(world, zone):
    # Of a server that does not know its zone and one that does, each look-up may meet the wrong one.
    tries = 8 if zone == "lame.test" else 1
    assert any(world.owner.obtains(world.guarded, fresh(zone)) for _ in range(tries))


@pytest.mark.checks(178)
def test_a_server_that_is_silent_about_caa_permits_nothing(world):
    with world.hijacked("ca", *PERSPECTIVES), world.forger.set(silent={"CAA"}):
        for ca in (world.guarded, world.alone):
            assert not world.attacker.obtains(ca, fresh("closed.plain.test"))
            assert world.attacker.refusal["type"] == ERROR + "dns"
            assert "CAA" in world.attacker.refusal["detail"]


def test_a_name_whose_servers_are_all_silent_proves_nothing(world):
    kinds = {"A", "AAAA", "TXT", "CAA", "NS", "SOA"}
    with world.hijacked("ca", *PERSPECTIVES, only=world.name_server), world.forger.set(silent=kinds):
        assert not world.attacker.obtains(world.guarded, fresh("plain.test"))
        assert world.attacker.refusal["type"] == ERROR + "dns"


@pytest.mark.checks(178)
def test_a_server_that_does_not_know_the_zone_denies_nothing(world):
    """One of the zone's servers names the zone's servers, itself among them, to each question. That is no
    proof that there are no CAA records. The web server is the attacker's, as everybody's routes say."""
    with world.hijacked("ca", *PERSPECTIVES, only=world.web):
        for _ in range(4):
            assert not world.attacker.obtains(world.alone, fresh("closed.lame.test"))
