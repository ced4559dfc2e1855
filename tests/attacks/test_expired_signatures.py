"""The signatures of old.test. ended long ago. Its names were at an address then that the attacker has
rented since: who plays the old records again leads everybody to his host."""

import pytest

from harness.acme import ERROR
from harness.world import fresh


@pytest.mark.checks(109, 186)
def test_records_of_the_past_prove_nothing(world):
    for ca in (world.guarded, world.alone):
        assert not world.attacker.obtains(ca, fresh("old.test"))
        assert world.attacker.refusal["type"] == ERROR + "dns"
        assert "expired" in world.attacker.refusal["detail"]


def test_they_would_without_dnssec(world):
    with world.without(world.alone, validation__dnssec=False):
        assert world.attacker.obtains(world.alone, fresh("old.test"))
