"""Zones of a split network, which servers of their own resolve, with DNSSEC and without."""

import json
import subprocess

import pytest

from harness.acme import ERROR, Client
from harness.authority import CairnCa
from harness.name_servers import Knot, zone_text
from harness.process import BIN
from harness.web import Responder


def zone(name):
    return zone_text(name, [("ns", "127.0.0.1")], ["www 0 A 127.0.0.1", "sub.www 0 A 127.0.0.1"])


@pytest.fixture(scope="module")
def inner():
    """Servers of zones that the forwarder does not know: signed ones, and one that is not."""
    signed = Knot({f"{name}.example.": zone(f"{name}.example.") for name in ("signed", "lost")},
                  signed=True)
    plain = Knot({"plain.example.": zone("plain.example.")})
    yield signed, plain
    signed.stop()
    plain.stop()


def keys_of(server, name):
    """The zone's DNSKEY records as a trust anchor file has them."""
    server.server.wait_until(lambda: server.query(name, "DNSKEY").answer)
    return "".join(rrset.to_text() + "\n" for rrset in server.query(name, "DNSKEY").answer)


@pytest.fixture(scope="module")
def split_ca(tmp_path_factory, dns, inner):
    signed, plain = inner
    folder = tmp_path_factory.mktemp("split")
    right, wrong = folder / "right.key", folder / "wrong.key"
    right.write_text(keys_of(signed, "signed.example."))
    # Keys of another zone, under this one's name.
    wrong.write_text(keys_of(signed, "signed.example.").replace("signed.example.", "lost.example."))
    ca = CairnCa(folder, dns, starts=False, settings={"validation.dnssec": True,
                                                      "validation.timeout": "8s"})
    text = (ca.home / "ca.toml").read_text()
    (ca.home / "ca.toml").write_text(text + f"""
[validation.zones."signed.example"]
stub = ["{signed.address}"]
trust_anchor_file = "{right}"
[validation.zones."lost.example"]
stub = ["{signed.address}"]
trust_anchor_file = "{wrong}"
[validation.zones."plain.example"]
forward = ["{plain.address}"]
dnssec = false
""")
    ca.start()
    yield ca
    assert ca.stop() == 0, ca.server.tail()


@pytest.fixture
def client(split_ca):
    with Responder(split_ca.http_port) as responder:
        client = Client(split_ca, responder)
        client.register()
        yield client


@pytest.mark.parametrize("name", ["www.signed.example", "sub.www.signed.example",
                                  "www.plain.example"])
def test_a_zone_is_resolved_by_its_own_servers(client, name):
    assert client.issue([name]).leaf


@pytest.mark.checks(186)
def test_what_is_not_signed_by_the_zones_own_keys_proves_nothing(client):
    _, order = client.order(["www.lost.example"])
    url = order["authorizations"][0]
    client.start_validation(url)
    client.wait_while(url, {"pending", "processing"})
    error = client.challenge_of(client.read(url), "http-01")["error"]
    assert error["type"] == ERROR + "dns" and "DNSSEC" in error["detail"], error


def test_check_looks_at_each_server_of_each_zone(split_ca):
    done = subprocess.run(
        [BIN / "cairn-ca", "check", split_ca.home, "--json",
         "--set", f'validation.dns_servers=["{split_ca.dns.address}"]'],
        capture_output=True, text=True, timeout=120)
    found = [finding["detail"] for finding in json.loads(done.stdout)["findings"]
             if finding["area"] == "resolver"]
    assert any("the zone lost.example" in detail for detail in found), found
    assert not any("signed.example" in detail or "plain.example" in detail for detail in found)
