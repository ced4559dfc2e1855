"""`cairn-ca issuer list|retire`: a retired issuer issues nothing, and its status goes on."""

import hashlib
import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from harness.acme import Client
from harness.authority import CairnCa
from harness.dns_server import unique_name
from harness.issued import read_chain
from harness.operator_commands import Operator
from harness.process import BIN, run
from harness.web import Responder


@pytest.fixture
def ca(tmp_path, dns):
    ca = CairnCa(tmp_path, dns, is_copied=True, settings={"crl.delay": "1s"})
    run([BIN / "cairn-ca", "issuer", "create", ca.home, "second"])
    with open(ca.home / "ca.toml", "a") as file:
        file.write('\n[issuers.second]\ncertificate = "pki/second.pem"\nkey = "pki/second-key.pem"\n')
    ca.reload()
    yield ca
    if ca.server.process.poll() is None:
        assert ca.stop() == 0, ca.server.tail()


@pytest.fixture
def client(ca):
    with Responder(ca.http_port) as responder:
        client = Client(ca, responder)
        client.register()
        yield client


def fingerprint(certificate):
    return hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest()


def issuers_of(operator):
    return {each["issuer"]: each for each in operator.json("issuer", "list")["issuers"]}


def issuer_of(client, ca):
    signer = read_chain(client.issue([unique_name()]).chain_pem)[1]
    return next(name for name in ("intermediate", "second") if signer ==
                x509.load_pem_x509_certificate((ca.home / "pki" / f"{name}.pem").read_bytes()))


def test_a_retired_issuer_issues_nothing_and_its_lists_go_on(ca, client):
    operator = Operator(ca)
    listed = issuers_of(operator)
    assert {name: each["status"] for name, each in listed.items()} == {
        "intermediate": "active", "second": "active"}
    certificate = x509.load_pem_x509_certificate((ca.home / "pki" / "second.pem").read_bytes())
    assert listed["second"]["issuerFingerprint"] == fingerprint(certificate)

    issued = client.issue([unique_name()])
    first = issuer_of(client, ca)
    other = {"intermediate": "second", "second": "intermediate"}[first]
    assert operator.json("issuer", "retire", first)["status"] == "retired"
    assert issuer_of(client, ca) == other
    # The last one stays.
    refused = operator.json("issuer", "retire", other, code=2)
    assert refused["error"]["code"] == "conflict" and "default" in refused["error"]["detail"]
    assert issuers_of(operator)[other]["status"] == "active"

    # What it issued is revoked, and its list tells of it.
    before = next(each for each in operator.json("crl", "list")["lists"] if each["issuer"] == first)
    assert client.revoke(issued.der).status_code == 200
    operator.json("crl", "publish", "--issuer", first)
    after = next(each for each in operator.json("crl", "list")["lists"] if each["issuer"] == first)
    assert int(after["number"]) > int(before["number"]) and after["entries"] == 1

    # A restart, and a reload of the configuration, change nothing of it.
    assert ca.stop() == 0
    assert issuers_of(operator)[first]["status"] == "retired"
    ca.start()
    assert issuer_of(client, ca) == other
    ca.reload()
    assert issuer_of(client, ca) == other
    operator.json("issuer", "retire", first, "--undo")
    assert issuers_of(operator)[first]["status"] == "active"
    assert issuer_of(client, ca) == first


def test_what_is_retired_on_a_stopped_ca_is_so_when_it_runs(ca, client):
    operator = Operator(ca)
    first = issuer_of(client, ca)
    assert ca.stop() == 0
    by_fingerprint = issuers_of(operator)[first]["issuerFingerprint"]
    retired = operator.json("issuer", "retire", by_fingerprint)
    assert retired["issuer"] == first and retired["retired"]
    ca.start()
    assert issuer_of(client, ca) != first


@pytest.mark.parametrize("name, code, words", [
    ("third", "notFound", "there are intermediate, second"),
    ("00" * 32, "notFound", "this CA has no issuer"),
])
def test_a_mistake_is_told(ca, name, code, words):
    operator = Operator(ca)
    answer = operator.json("issuer", "retire", name, code=2)
    assert answer["error"]["code"] == code and words in answer["error"]["detail"]
    assert json.dumps(issuers_of(operator)).count('"active"') == 2
