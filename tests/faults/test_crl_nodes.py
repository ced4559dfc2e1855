"""Revocation lists where three nodes share a PostgreSQL: the same octets everywhere, never an older
one after a newer, and no gap where the node that signs dies."""

import time

import pytest
import requests
from cryptography import x509

from harness.acme import Client
from harness.dns_server import unique_name
from harness.nodes import Nodes
from harness.web import Responder

SOON = 30
# The lease of the work, and what follows.
AFTER_A_DEATH = 90


@pytest.fixture
def nodes(tmp_path, dns, cluster):
    nodes = Nodes(tmp_path, dns, cluster, count=3, settings={
        "crl.delay": "1s", "profiles.default.crl": "sharded", "crl.shards": 2})
    yield nodes
    nodes.stop()


def crl_url(certificate):
    (point,) = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    (name,) = point.full_name
    return name.value


def number_of(crl):
    return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def octets_at(nodes, place, url):
    """The list as one node serves it."""
    host, path = url.removeprefix("http://").split("/", 1)
    response = requests.get(f"http://localhost:{nodes.ports[place]}/{path}",
                            headers={"Host": host}, timeout=10)
    assert response.status_code == 200, response.text
    return response.content


def wait_at_each(nodes, places, url, serial, timeout):
    """Waits until each node's list tells of it; numbers never fall meanwhile."""
    deadline = time.monotonic() + timeout
    numbers = dict.fromkeys(places, 0)
    while True:
        lists = {place: octets_at(nodes, place, url) for place in places}
        read = {place: x509.load_der_x509_crl(octets) for place, octets in lists.items()}
        for place, crl in read.items():
            assert number_of(crl) >= numbers[place]
            numbers[place] = number_of(crl)
        if all(crl.get_revoked_certificate_by_serial_number(serial) for crl in read.values()):
            if len(set(lists.values())) == 1:
                return
        assert time.monotonic() < deadline, numbers
        time.sleep(0.2)


def signers(nodes):
    """How many lists each node has signed."""
    return [log.read_text().count('"event":"revocation list signed"') for log in nodes.logs]


@pytest.mark.checks(194)
def test_lists_are_the_same_at_each_node_and_outlive_the_one_that_signs(nodes):
    with Responder(nodes.http_port) as responder:
        client = Client(nodes, responder)
        client.register()
        first, second = (client.issue([unique_name()]) for _ in range(2))
    assert client.revoke(first.der).status_code == 200
    wait_at_each(nodes, (0, 1, 2), crl_url(first.leaf), first.leaf.serial_number, SOON)

    signed = signers(nodes)
    (signer,) = [place for place, count in enumerate(signed) if count > 0]
    living = [place for place in range(3) if place != signer]
    client.http.headers["Connection"] = "close"
    assert client.revoke(second.der).status_code == 200
    nodes.kill(signer)
    wait_at_each(nodes, living, crl_url(second.leaf), second.leaf.serial_number, AFTER_A_DEATH)
