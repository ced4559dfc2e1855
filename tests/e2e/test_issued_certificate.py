"""The content of an issued certificate, octet by octet where it matters."""

import datetime
import re

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import (
    AuthorityInformationAccessOID, ExtendedKeyUsageOID, ExtensionOID)

from harness.acme import Client, assert_problem
from harness.dns_server import unique_name
from harness.issued import names_of, to_pem, validity, verify_chain
from harness.process import run
from harness.web import Responder

KEYS = {
    "ec-p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ec-p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "rsa2048": lambda: rsa.generate_private_key(65537, 2048),
    "rsa4096": lambda: rsa.generate_private_key(65537, 4096),
}


@pytest.fixture(params=KEYS)
def issued(request, client):
    key = KEYS[request.param]()
    result = client.issue([unique_name(), unique_name()], key)
    result.kind = request.param
    return result


@pytest.mark.checks(143, 144, 145, 146, 147)
def test_every_field(client, issued, tmp_path):
    leaf, issuer = issued.leaf, issued.chain[1]
    extensions = {e.oid: e for e in leaf.extensions}

    assert leaf.version == x509.Version.v3
    assert leaf.issuer == issuer.subject
    assert 64 <= leaf.serial_number.bit_length() <= 159
    assert leaf.public_key().public_numbers() == issued.key.public_key().public_numbers()

    # 90 days to the second, both ends included; from a little before now.
    first, last = validity(leaf)
    assert last - first + datetime.timedelta(seconds=1) == datetime.timedelta(days=90)
    age = datetime.datetime.now(datetime.timezone.utc) - first
    assert datetime.timedelta(0) <= age < datetime.timedelta(hours=48)

    # Names only in the SAN, which is critical beside an empty subject (RFC 5280 section 4.2.1.6).
    assert list(leaf.subject) == []
    assert extensions[ExtensionOID.SUBJECT_ALTERNATIVE_NAME].critical
    ordered = [identifier["value"] for identifier in issued.order["identifiers"]]
    assert sorted(names_of(leaf)) == sorted(ordered)

    usage = extensions[ExtensionOID.KEY_USAGE]
    assert usage.critical and usage.value.digital_signature
    for other in ["content_commitment", "data_encipherment", "key_agreement", "key_cert_sign",
                  "crl_sign"]:
        assert not getattr(usage.value, other), other
    if issued.kind.startswith("ec"):
        assert not usage.value.key_encipherment
    purposes = extensions[ExtensionOID.EXTENDED_KEY_USAGE]
    assert list(purposes.value) == [ExtendedKeyUsageOID.SERVER_AUTH]
    if constraints := extensions.get(ExtensionOID.BASIC_CONSTRAINTS):
        assert constraints.critical and not constraints.value.ca

    authority = extensions[ExtensionOID.AUTHORITY_KEY_IDENTIFIER]
    subject_of_issuer = issuer.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_KEY_IDENTIFIER)
    assert authority.value.key_identifier == subject_of_issuer.value.digest
    assert authority.value.authority_cert_issuer is None
    assert not authority.critical
    assert ExtensionOID.SUBJECT_KEY_IDENTIFIER not in extensions
    assert ExtensionOID.TLS_FEATURE not in extensions

    verify_chain(issued.chain, client.authority.issuer_root(), tmp_path)


@pytest.mark.checks(147)
def test_the_issuer_can_be_fetched_where_the_certificate_says(client):
    leaf, issuer = client.issue([unique_name()]).chain[:2]
    access = leaf.extensions.get_extension_for_oid(ExtensionOID.AUTHORITY_INFORMATION_ACCESS)
    assert not access.critical
    for description in access.value:
        if description.access_method == AuthorityInformationAccessOID.CA_ISSUERS:
            url = description.access_location.value
            assert url.startswith("http://")
            answer = requests.get(url, timeout=10)
            assert answer.headers["Content-Type"] == "application/pkix-cert"
            assert answer.content == issuer.public_bytes(serialization.Encoding.DER)
            return
    pytest.fail("no caIssuers")


@pytest.mark.checks(145)
def test_openssl_reads_the_same(client, tmp_path):
    issued = client.issue([unique_name()])
    file = tmp_path / "leaf.pem"
    file.write_text(to_pem(issued.leaf))
    text = run(["openssl", "x509", "-in", file, "-noout", "-text"])
    assert "Version: 3 (0x2)" in text
    assert re.search(r"X509v3 Subject Alternative Name: critical\s+DNS:" + names_of(issued.leaf)[0],
                     text)
    assert re.search(r"X509v3 Extended Key Usage: \s+TLS Web Server Authentication\n", text)
    algorithms = re.findall("Signature Algorithm: (.*)", text)
    assert len(algorithms) == 2 and len(set(algorithms)) == 1


@pytest.mark.checks(140, 142)
def test_download(client, new_client):
    issued = client.issue([unique_name()])
    url = issued.order["certificate"]
    response = client.post(url)
    assert response.headers["Content-Type"] == "application/pem-certificate-chain"
    # Strict PEM: nothing but certificates, as a strict writer would write them.
    assert response.text == issued.chain_pem == to_pem(*issued.chain)
    assert "BEGIN" in response.text and "\r" not in response.text

    chain = issued.chain
    for lower, upper in zip(chain, chain[1:]):
        assert lower.issuer == upper.subject
    assert_problem(new_client().post(url), 404, "malformed", "no such certificate")
    assert_problem(client.post(url + "/7"), 404, "malformed")


@pytest.mark.checks(74, 144)
def test_validity_can_be_asked_for(client):
    """notBefore and notAfter are honoured, or refused when the order is made, but never ignored."""
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    last = now + datetime.timedelta(days=7)
    response = client.post(client.directory["newOrder"], {
        "identifiers": [{"type": "dns", "value": (name := unique_name())}],
        "notAfter": last.strftime("%Y-%m-%dT%H:%M:%SZ")})
    if response.status_code >= 400:
        assert_problem(response, 400, "malformed")
        return
    assert response.json()["notAfter"]
    issued = client.issue([name], notAfter=last.strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert validity(issued.leaf)[1] == last


@pytest.mark.parametrize("key_type", ["ec-p384", "rsa3072"])
def test_authorities_with_other_keys(start_ca, tmp_path, key_type):
    ca = start_ca(key_type=key_type)
    with Responder(ca.http_port) as responder:
        client = Client(ca, responder)
        client.register()
        issued = client.issue([unique_name()])
    verify_chain(issued.chain, ca.issuer_root(), tmp_path)
    modes = {file.name: file.stat().st_mode & 0o777 for file in (ca.home / "pki").iterdir()}
    assert modes["root-key.pem"] == modes["intermediate-key.pem"] == 0o600
    assert ca.home.stat().st_mode & 0o777 == 0o700
