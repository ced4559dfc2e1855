"""For a moment the attacker answers for the victim's name server, that there is nothing, and that this may
be believed for a day. Then the routes are as they were."""

import dns.message
import dns.query
import pytest

from harness.network import inside
from harness.parties import CHALLENGES
from harness.world import fresh


@pytest.mark.checks(184)
def test_a_denial_is_not_remembered_against_the_owner(world):
    names = {kind: fresh("plain.test") for kind in CHALLENGES}
    with world.hijacked("ca", "lon1", "nyc1", "sin1"), world.forger.set(denies=True):
        for kind, name in names.items():
            assert not world.owner.obtains(world.guarded, name, kind)
    for kind, name in names.items():
        assert world.owner.obtains(world.guarded, name, kind)


@pytest.mark.checks(184)
def test_that_there_were_no_caa_records_is_not_remembered(world):
    """The proof is his: everybody's routes to the web server lead to him. The name server is the true one
    again, and says that another CA may issue alone."""
    name = fresh("closed.plain.test")
    everywhere = ("ca", "lon1", "nyc1", "sin1")
    with world.hijacked(*everywhere, only=world.web):
        with world.hijacked(*everywhere, only=world.name_server):
            assert world.attacker.obtains(world.alone, fresh("closed.plain.test"))
        for ca in (world.guarded, world.alone):
            assert not world.attacker.obtains(ca, name)
            assert world.attacker.refusal["type"].endswith(":caa")


def test_a_resolver_that_remembers_is_deceived(world):
    """The same, with a CA that asks a caching resolver in its network."""
    with world.caching_resolver() as resolver, world.without(
            world.alone, validation__dns_servers=[resolver], validation__dnssec=False,
            validation__dns_root_hints_file="", validation__dns_trust_anchor_file=""):
        name = fresh("closed.plain.test")
        with world.hijacked("ca", only=world.name_server):
            for denied in (name, "closed.plain.test"):
                resolve(world, resolver, denied, "CAA")
        with world.hijacked("ca", only=world.web):
            assert world.attacker.obtains(world.alone, name)


def resolve(world, resolver, name, kind):
    with inside(world.internet.networks["ca"]):
        answer = dns.query.udp(dns.message.make_query(name, kind), resolver, timeout=30)
    assert not answer.answer
