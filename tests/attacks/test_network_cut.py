"""Cables between the CA and its perspectives are pulled: packets are lost, and nobody is told.

No order hangs, none succeeds below the quorum, and all is well again when they are back.
"""

import contextlib

import pytest

from harness.acme import ERROR
from harness.public_dns import wait_for
from harness.world import PERSPECTIVES, fresh


@pytest.mark.checks(183)
def test_one_that_is_cut_off_costs_its_vote_alone(world):
    with world.internet.severed("sin1"):
        assert world.owner.obtains(world.guarded, fresh("secure.test"))
        assert not world.attacker.obtains(world.guarded, fresh("secure.test"))


@pytest.mark.checks(181, 183)
def test_with_two_cut_off_nothing_is_proved(world):
    with world.internet.severed("nyc1", "sin1"):
        assert not world.owner.obtains(world.guarded, fresh("plain.test"))
        assert world.owner.refusal["type"] == ERROR + "serverInternal"
        assert "only 1 did, where 2 have to" in world.owner.refusal["detail"]
    assert world.owner.obtains(world.guarded, fresh("plain.test"))


@pytest.mark.parametrize("cut", [("nyc1", "sin1"), ("sin1",)], ids=["two", "one"])
def test_a_cut_between_question_and_vote_is_the_same(world, cut):
    """The web server answers only when everybody has asked it and the cables have been pulled."""
    everybody = {world.internet.address(name, 1) for name in ("ca", *PERSPECTIVES)}
    web = world.owner.web
    with contextlib.ExitStack() as pulled, web.silent():
        web.clients.clear()

        def pull_and_answer():
            wait_for(lambda: web.clients >= everybody)
            pulled.enter_context(world.internet.severed(*cut))
            web.open.set()

        obtained = world.owner.obtains(world.guarded, fresh("plain.test"), meanwhile=pull_and_answer)
    assert obtained == (len(cut) == 1)
    if not obtained:
        assert "where 2 have to" in world.owner.refusal["detail"]
    assert world.owner.obtains(world.guarded, fresh("plain.test"))


def test_a_ca_that_is_cut_off_proves_nothing(world):
    with world.internet.severed("ca"):
        assert not world.owner.obtains(world.guarded, fresh("plain.test"))
        assert world.owner.refusal["type"] == ERROR + "dns"
    assert world.owner.obtains(world.guarded, fresh("plain.test"))
