"""The routes of one perspective are bent: it takes the attacker's network for the victim's.

One perspective of three may be deceived. It proves nothing, and hinders nobody.
"""

import pytest

from harness.parties import CHALLENGES
from harness.world import fresh


@pytest.mark.checks(182)
@pytest.mark.parametrize("kind", CHALLENGES)
def test_one_deceived_perspective_proves_nothing_and_hinders_nobody(world, kind):
    with world.hijacked("sin1"):
        name = fresh("plain.test")
        assert not world.attacker.obtains(world.guarded, name, kind)
        assert world.owner.obtains(world.guarded, fresh("plain.test"), kind)
