"""cairn, our client, against the newest Pebble, by the tests with Debian's and some more."""

import datetime
import json
import shutil

import pytest

from harness.authority import Pebble
from harness.cairn import Cairn
from harness.dns_server import unique_name
from harness.issued import validity
from interop.conftest import client_environment  # noqa: F401
from interop.test_cairn import *  # noqa: F401,F403
from peers.conftest import peer  # noqa: F401

SIX_DAYS = 518400
SETTINGS = {
    "keyAlgorithm": "ecdsa",
    "retryAfter": {"authz": 1, "order": 1},
    "profiles": {"default": {"description": "The usual", "validityPeriod": 7776000},
                 "shortlived": {"description": "Six days", "validityPeriod": SIX_DAYS}}}


@pytest.fixture
def start(peer, tmp_path, dns):
    """start(**options) of the newest Pebble."""
    started = []

    def begin(**options):
        started.append(Pebble(tmp_path, dns, program=peer("go", tool=None if shutil.which("go") else "go") / "pebble",
                              **options))
        return started[-1]

    yield begin
    for server in started:
        server.stop()


@pytest.fixture
def authority(start):
    return start(refused_nonces=20, strict=True, alternate_roots=1, settings=SETTINGS)


@pytest.fixture
def cairn(authority, client_environment, tmp_path):  # noqa: F811
    return Cairn(authority, client_environment, tmp_path)


@pytest.fixture
def cairn_seen():
    return lambda what, detail="yes": None


def test_a_profile_of_six_days_and_when_it_is_due(cairn, tmp_path):
    name = unique_name()
    cairn.issue([name], "standalone", "--profile", "shortlived")
    leaf = cairn.check(name, [name], tmp_path)[0]
    first, last = validity(leaf)
    assert last - first + datetime.timedelta(seconds=1) == datetime.timedelta(seconds=SIX_DAYS)
    listed = json.loads(cairn("status", "--json"))["certificates"][0]
    assert first < datetime.datetime.fromisoformat(listed["due_at"].replace("Z", "+00:00")) < last
    cairn("renew", "--force")
    again = cairn.check(name, [name], tmp_path)[0]
    assert again.serial_number != leaf.serial_number
