"""Forged answers race the true one, which comes late: the zone's server is slow.

Who only guesses never wins: not against the port and the number, and with the port, against the number. Who
sees the questions of one network does, there, unless the zone is signed.
"""

import pytest

from harness.parties import CHALLENGES
from harness.spoofing import Racer, Spoofer
from harness.world import fresh

# Those by records are alike.
KINDS = CHALLENGES[:3]


@pytest.mark.checks(108)
def test_guesses_are_not_taken(world):
    """Many more come than a resolver gets in earnest, from the server's own address."""
    name = fresh("slow.test")
    with Spoofer(world.internet.networks["attacker"], world.slow_server, world.forger) as spoofer:
        spray = lambda: spoofer.spray(world.internet.address("ca", 1), name, "A", 3000)
        assert not world.attacker.obtains(world.alone, name, meanwhile=spray)


@pytest.mark.checks(108)
def test_the_right_port_is_not_enough(world):
    with world.racing("ca", guesses=50) as racer:
        for kind in KINDS:
            assert not world.attacker.obtains(world.alone, fresh("slow.test"), kind)
        assert racer.answered
        assert world.owner.obtains(world.alone, fresh("slow.test"))


def test_who_sees_the_questions_of_one_network_deceives_it_alone(world):
    with world.racing("ca") as racer:
        for kind in KINDS:
            assert not world.attacker.obtains(world.guarded, fresh("slow.test"), kind)
            # On a busy machine he may be late once.
            assert any(world.attacker.obtains(world.alone, fresh("slow.test"), kind) for _ in range(20))
        assert racer.answered


def test_who_sees_the_questions_of_a_perspective_hinders_nobody(world):
    with world.racing("lon1") as racer:
        assert world.owner.obtains(world.guarded, fresh("slow.test"))
        assert racer.answered
