"""One CA for all the tests of a worker that send requests by hand; no test changes its settings."""

import pytest

from harness.acme import Client
from harness.authority import CairnCa
from harness.web import Responder


@pytest.fixture(scope="session")
def shared_ca(tmp_path_factory, dns):
    ca = CairnCa(tmp_path_factory.mktemp("shared"), dns)
    yield ca
    # Whatever was sent to it, it stops in good order in the end, and its sanitizers found nothing.
    assert ca.stop() == 0, ca.server.tail()


@pytest.fixture(scope="session")
def responder(shared_ca):
    with Responder(shared_ca.http_port) as server:
        yield server


@pytest.fixture
def new_client(shared_ca, responder):
    """Makes clients with an account each; takes the account's key."""
    def make(key=None):
        client = Client(shared_ca, responder, key)
        client.register()
        return client

    return make


@pytest.fixture
def client(new_client):
    return new_client()


@pytest.fixture
def stranger(shared_ca, responder):
    """A client that has no account yet."""
    return Client(shared_ca, responder)
