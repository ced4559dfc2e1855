"""The attacker's web server sends the CA on into the CA's own network."""

import pytest

from harness.world import INNER, fresh


@pytest.mark.checks(100)
@pytest.mark.parametrize("inner", [*INNER, "a name"])
def test_a_redirect_into_the_cas_network_is_not_followed(world, inner):
    name, host = fresh("evil.example"), inner
    if inner == "a name":
        host = fresh("evil.example")
        world.evil.hosts[host] = [INNER[0]]
    world.attacker.web.redirects[name] = f"http://{host}/latest/meta-data/"
    with world.inner_service() as service:
        for ca in (world.guarded, world.alone):
            assert not world.attacker.obtains(ca, name)
        assert service.connections == []


def test_not_even_where_names_may_lead_there(world):
    """What the operator opens for his own names is open to them alone."""
    with world.inner_service() as service, world.without(
            world.alone, validation__allow_networks=[f"{inner}/32" for inner in INNER]):
        for inner in INNER:
            name = fresh("evil.example")
            world.attacker.web.redirects[name] = f"http://{inner}/latest/meta-data/"
            assert not world.attacker.obtains(world.alone, name)
        assert service.connections == []


def test_a_redirect_to_another_public_host_is_followed(world):
    """So what was refused above was refused for where it leads."""
    name = fresh("evil.example")
    world.attacker.web.redirects[name] = f"http://{fresh('plain.test')}/"
    assert not world.attacker.obtains(world.alone, name)
    assert "404" in world.attacker.refusal["detail"]
