"""Who is on the path to the name server takes the signatures off and writes answers of his own."""

import pytest

from harness.acme import ERROR
from harness.parties import CHALLENGES
from harness.world import PERSPECTIVES, fresh


@pytest.mark.checks(109, 186)
@pytest.mark.parametrize("kind", CHALLENGES)
def test_answers_without_their_signatures_prove_nothing(world, kind):
    with world.hijacked("ca", *PERSPECTIVES, only=world.name_server):
        for ca in (world.guarded, world.alone):
            assert not world.attacker.obtains(ca, fresh("secure.test"), kind)
            assert world.attacker.refusal["type"] == ERROR + "dns"
            assert "DNSSEC" in world.attacker.refusal["detail"]


def test_they_would_without_dnssec(world):
    with world.hijacked("ca", only=world.name_server):
        with world.without(world.alone, validation__dnssec=False):
            for kind in CHALLENGES:
                assert world.attacker.obtains(world.alone, fresh("secure.test"), kind)
