"""The routes of all places but one are bent, so all but one see the attacker's hosts as the victim's."""

import pytest

from harness.parties import CHALLENGES
from harness.world import PERSPECTIVES, fresh


@pytest.mark.checks(183)
@pytest.mark.parametrize("kind", CHALLENGES)
def test_all_perspectives_cannot_outvote_the_ca(world, kind):
    with world.hijacked(*PERSPECTIVES):
        assert not world.attacker.obtains(world.guarded, fresh("plain.test"), kind)
    assert world.owner.obtains(world.guarded, fresh("plain.test"), kind)


@pytest.mark.checks(182)
@pytest.mark.parametrize("kind", CHALLENGES)
def test_the_ca_and_one_perspective_are_too_few(world, kind):
    with world.hijacked("ca", "lon1"):
        assert not world.attacker.obtains(world.guarded, fresh("plain.test"), kind)
        assert "only 1 did, where 2 have to" in world.attacker.refusal["detail"]
        assert world.attacker.obtains(world.alone, fresh("plain.test"), kind)


def test_one_that_sees_the_truth_is_enough_where_all_have_to_agree(world):
    """With three perspectives the usual rule lets one differ: the attacker needs the CA's routes and
    those of two, and no rule but a stricter one stops him then."""
    with world.hijacked("ca", "lon1", "nyc1"):
        assert world.attacker.obtains(world.guarded, fresh("plain.test"))
        with world.without(world.guarded, quorum__dissent=0):
            assert not world.attacker.obtains(world.guarded, fresh("plain.test"))
            assert "only 2 did, where 3 have to" in world.attacker.refusal["detail"]
