"""Clients that `./dev peers` fetched, and the CA that they are tried with."""

import os
import pathlib

import pytest

from peers.driver import SETTINGS

PEERS = pathlib.Path(os.environ.get(
    "CAIRN_PEERS", pathlib.Path(__file__).parents[2] / "build" / "peers"))


@pytest.fixture
def peer():
    """The path of something that was fetched; its test is skipped where the tool for it is not here."""
    def find(name, tool=None):
        path = PEERS / name
        if not path.exists() and tool:
            pytest.skip(f"{name} was not fetched: {tool} is not in the PATH")
        assert path.exists(), f"{path} is not there; ./dev peers says why"
        return path

    return find


@pytest.fixture
def bound_ca(start_ca):
    """A CA that wants a binding; it has a profile of 6 days."""
    return start_ca(settings=SETTINGS)


@pytest.fixture
def environment(bound_ca):
    root = str(bound_ca.api_root)
    return os.environ | bound_ca.dns.environment | {
        "REQUESTS_CA_BUNDLE": root, "SSL_CERT_FILE": root, "LEGO_CA_CERTIFICATES": root}
