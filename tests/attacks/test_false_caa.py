"""CAA records that are not the owner's: taken away so that the attacker may have a certificate, or made up
so that the owner may have none."""

import pytest

from harness.acme import ERROR
from harness.world import PERSPECTIVES, fresh

EVERYWHERE = ("ca", *PERSPECTIVES)


def test_what_one_place_does_not_see_the_others_see(world):
    with world.hijacked("ca"):
        assert not world.attacker.obtains(world.guarded, fresh("closed.plain.test"))
        assert world.attacker.obtains(world.alone, fresh("closed.plain.test"))


@pytest.mark.checks(178, 186)
@pytest.mark.parametrize("records, silent", [({}, set()), ({"CAA": ['0 issue "ca.example"']}, set()),
                                             ({}, {"CAA"})], ids=["denied", "made up", "withheld"])
def test_signed_records_cannot_be_replaced_or_withheld(world, records, silent):
    """The web server is his, as everybody's routes say; the name server's true answers are passed on,
    but for CAA."""
    with world.hijacked(*EVERYWHERE), world.forger.set(
            real=world.home, forged={"CAA"}, records=records, silent=silent):
        for ca in (world.guarded, world.alone):
            assert not world.attacker.obtains(ca, fresh("closed.secure.test"))
            assert world.attacker.refusal["type"] == ERROR + "dns"


def test_without_caa_they_are_not_missed(world):
    with world.hijacked("ca"), world.forger.set(real=world.home, forged={"CAA"}):
        with world.without(world.alone, directory__caa_identities=[]):
            assert world.attacker.obtains(world.alone, fresh("closed.secure.test"))


def test_one_place_that_sees_a_false_prohibition_hinders_nobody(world):
    with world.hijacked("nyc1", only=world.name_server), world.forger.set(
            records={"CAA": ['0 issue ";"']}):
        assert world.owner.obtains(world.guarded, fresh("plain.test"))
