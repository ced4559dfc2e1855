"""The victim's shop is at a host that many share, and that shows the certificate of another customer, the
attacker, for each name that it does not know. He lets it show what tls-alpn-01 asks for."""

import pytest

from harness.parties import SharedHost
from harness.world import fresh


@pytest.mark.checks(115)
@pytest.mark.parametrize("protocols", [(), ("http/1.1",)], ids=["no ALPN", "http/1.1"])
def test_a_default_certificate_proves_nothing(world, protocols):
    """The right certificate, from a server that never said that it speaks acme-tls/1."""
    with world.shared_host(SharedHost, protocols=protocols) as host:
        for ca in (world.guarded, world.alone):
            assert not world.attacker.obtains(ca, fresh("shop.plain.test"), "tls-alpn-01")
        assert host.asked


@pytest.mark.checks(117)
def test_the_certificate_of_another_name_proves_nothing(world):
    with world.shared_host(SharedHost, name="www.evil.example") as host:
        for ca in (world.guarded, world.alone):
            assert not world.attacker.obtains(ca, fresh("shop.plain.test"), "tls-alpn-01")
        assert host.asked


def test_the_protocol_and_the_name_are_what_counts(world):
    """A host that speaks acme-tls/1 for customers, of names that are not theirs, gives these names away."""
    with world.shared_host(SharedHost):
        assert world.attacker.obtains(world.alone, fresh("shop.plain.test"), "tls-alpn-01")
