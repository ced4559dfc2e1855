"""cairn with odd CAs, failing disks and failing outputs."""

import os

import pytest

from harness.cairn import Cairn
from harness.odd_ca import OddCa
from harness.standing import Standing

NAME = "a.example"


def client_of(authority, folder):
    # The proxies of this machine are not used.
    environment = {name: value for name, value in os.environ.items()
                   if not name.lower().endswith("_proxy")}
    return Cairn(authority, environment, folder)


@pytest.fixture
def ca(request, tmp_path):
    """A CA that takes on whatever habits a test gives it."""
    if "standing" in request.fixturenames:
        yield request.getfixturevalue("had_certificate").ca
        return
    authority = OddCa(tmp_path)
    yield authority
    authority.stop()


@pytest.fixture
def cairn(request, ca, tmp_path):
    if "standing" in request.fixturenames:
        return request.getfixturevalue("had_certificate").cairn
    return client_of(ca, tmp_path)


@pytest.fixture(scope="session")
def had_certificate(tmp_path_factory):
    """A CA and a client that had a certificate for NAME from it while it was friendly."""
    folder = tmp_path_factory.mktemp("standing")
    authority = OddCa(folder)
    client = client_of(authority, folder)
    run = client.outcome(*client.issuing(NAME))
    assert run.returncode == 0, run.stderr
    yield Standing(client)
    authority.stop()


@pytest.fixture
def standing(had_certificate):
    """The serial number of this certificate: `ca` and `cairn` stand as they did then."""
    had_certificate.begin_again()
    return had_certificate.cairn.serial(NAME)
