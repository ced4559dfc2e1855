"""The attacker's own name leads to a public address when it is checked, and into the CA's network when it is
connected to: a service there would be read, or take a request for one of the operator's own."""

import pytest

from harness.world import INNER, fresh


@pytest.mark.checks(100, 101)
@pytest.mark.parametrize("kind", ["http-01", "tls-alpn-01"])
@pytest.mark.parametrize("inner", INNER)
def test_what_was_checked_is_what_is_connected_to(world, kind, inner):
    """Each answer has the other address, and both do."""
    public = world.internet.address("attacker", 80)
    with world.inner_service() as service:
        for addresses in ([public, inner], [inner, public], [inner]):
            for ca in (world.guarded, world.alone):
                name = fresh("evil.example")
                world.evil.hosts[name] = list(addresses)
                world.attacker.obtains(ca, name, kind)
        assert service.connections == []


def test_the_service_is_there(world):
    """Without the egress policy it is reached."""
    with world.inner_service() as service, world.without(
            world.alone, validation__allow_networks=[f"{inner}/32" for inner in INNER]):
        for inner in INNER:
            name = fresh("evil.example")
            world.evil.hosts[name] = [inner]
            assert not world.attacker.obtains(world.alone, name)
        assert {address for address, _ in service.connections} == set(INNER)
