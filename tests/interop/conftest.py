"""Real clients against the CA, and the real client against CAs."""

import os
import pathlib
import subprocess

import pytest

HOOKS = pathlib.Path(__file__).parent / "hooks"


def pytest_addoption(parser):
    parser.addoption(
        "--authority", choices=["cairn-ca", "pebble"], default="cairn-ca",
        help="what the other projects' clients talk to; with pebble the same tests show whether "
        "it is the client, the test or cairn-ca that fails")


@pytest.fixture
def authority(request):
    """The CA that clients are tested with, of the test's own."""
    name = {"cairn-ca": "ca", "pebble": "pebble"}[request.config.getoption("--authority")]
    return request.getfixturevalue(name)


@pytest.fixture
def seen(request, record_property):
    """seen(client, what, detail, by=..., version=...): this test shows that the client can do that.

    Goes into docs/interoperability.md (table.py) if the test passes.
    """
    def record(client, what, detail="yes", package=None, by="cairn-ca"):
        if by == request.config.getoption("--authority") or client == "cairn":
            version = "" if client == "cairn" else version_of(package or client)
            record_property("interoperability", "|".join([client, version, by, what, detail]))

    return record


def version_of(package):
    """The upstream version of an installed Debian package."""
    text = subprocess.run(
        ["dpkg-query", "-W", "-f", "${source:Upstream-Version}", package],
        check=True, text=True, stdout=subprocess.PIPE).stdout
    return text.split("+")[0]


@pytest.fixture
def client_environment(authority):
    """What clients need to trust the CA, and what the hooks need to know."""
    root = str(authority.api_root)
    return os.environ | authority.dns.environment | {
        "REQUESTS_CA_BUNDLE": root, "SSL_CERT_FILE": root, "LEGO_CA_CERTIFICATES": root,
    }
