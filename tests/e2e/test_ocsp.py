"""OCSP, where it is offered (RFC 6960, RFC 5019, BR 4.9.9 and 4.9.10)."""

import base64
import datetime
import subprocess
import urllib.parse

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from harness.acme import Client
from harness.authority import CairnCa
from harness.dns_server import unique_name
from harness.issued import to_pem
from harness.web import Responder

UTC = datetime.timezone.utc


@pytest.fixture(scope="module")
def ca(tmp_path_factory, dns):
    ca = CairnCa(tmp_path_factory.mktemp("ocsp"), dns, settings={"ocsp.enabled": True})
    yield ca
    assert ca.stop() == 0, ca.server.tail()


@pytest.fixture(scope="module")
def client(ca):
    with Responder(ca.http_port) as responder:
        client = Client(ca, responder)
        client.register()
        yield client


@pytest.fixture(scope="module")
def issued(client):
    return client.issue([unique_name()])


def url_of(certificate):
    access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    (url,) = [each.access_location.value for each in access.value
              if each.access_method == AuthorityInformationAccessOID.OCSP]
    assert url.startswith("http://")
    return url


def question(certificate, issuer, algorithm=hashes.SHA1()):
    built = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, algorithm).build()
    return built.public_bytes(Encoding.DER)


def ask(url, body):
    response = requests.post(url, data=body, timeout=30,
                             headers={"Content-Type": "application/ocsp-request"})
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == "application/ocsp-response"
    return ocsp.load_der_ocsp_response(response.content)


def question_about(serial, issued):
    """The question of a good certificate, with another serial number in it."""
    der = question(issued.leaf, issued.chain[1])
    own = issued.leaf.serial_number
    octets = own.to_bytes(own.bit_length() // 8 + 1, "big")
    other = serial.to_bytes(len(octets), "big")
    assert octets in der
    return der.replace(octets, other)


@pytest.mark.checks(195)
@pytest.mark.parametrize("algorithm", [hashes.SHA1(), hashes.SHA256()])
def test_a_good_certificate_is_good(issued, algorithm):
    answer = ask(url_of(issued.leaf), question(issued.leaf, issued.chain[1], algorithm))
    assert answer.response_status == ocsp.OCSPResponseStatus.SUCCESSFUL
    assert answer.certificate_status == ocsp.OCSPCertStatus.GOOD
    assert answer.serial_number == issued.leaf.serial_number
    life = answer.next_update - answer.this_update
    assert datetime.timedelta(hours=8) <= life <= datetime.timedelta(days=10)
    assert answer.this_update <= datetime.datetime.now(UTC).replace(tzinfo=None)


@pytest.mark.checks(195)
def test_the_signer_is_delegated_by_the_issuer(issued):
    answer = ask(url_of(issued.leaf), question(issued.leaf, issued.chain[1]))
    (signer,) = answer.certificates
    assert signer.issuer == issued.chain[1].subject
    purposes = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [ExtendedKeyUsageOID.OCSP_SIGNING]
    signer.extensions.get_extension_for_class(x509.OCSPNoCheck)
    assert signer.public_key() != issued.chain[1].public_key()


@pytest.mark.checks(195)
def test_a_serial_number_that_nobody_has_is_never_good(issued):
    answer = ask(url_of(issued.leaf), question_about(issued.leaf.serial_number ^ 1, issued))
    assert answer.certificate_status == ocsp.OCSPCertStatus.UNKNOWN


def test_questions_come_by_get_too(issued):
    url = url_of(issued.leaf)
    body = base64.b64encode(question(issued.leaf, issued.chain[1])).decode()
    for spelling in (body, urllib.parse.quote(body, safe=""), "/" + body):
        response = requests.get(f"{url}/{spelling}", timeout=30)
        assert response.status_code == 200, response.text
        assert response.headers["Content-Type"] == "application/ocsp-response"
        answer = ocsp.load_der_ocsp_response(response.content)
        assert answer.certificate_status == ocsp.OCSPCertStatus.GOOD
        assert "max-age=" in response.headers["Cache-Control"]
        assert "must-revalidate" in response.headers["Cache-Control"]


@pytest.mark.checks(195)
@pytest.mark.parametrize("body", [b"", b"x", b"0" * 4000, b"\x30\x03\x0a\x01\x00"],
                         ids=["empty", "letter", "long", "answer"])
def test_what_is_no_question_is_malformed(issued, body):
    answer = ask(url_of(issued.leaf), body)
    assert answer.response_status == ocsp.OCSPResponseStatus.MALFORMED_REQUEST
    broken = requests.get(url_of(issued.leaf) + "/%%%", timeout=30)
    if broken.status_code == 200:
        answer = ocsp.load_der_ocsp_response(broken.content)
        assert answer.response_status == ocsp.OCSPResponseStatus.MALFORMED_REQUEST


@pytest.mark.checks(195)
def test_a_huge_question_is_refused(issued):
    try:
        response = requests.post(url_of(issued.leaf), data=b"0" * (1 << 20), timeout=30)
    except requests.ConnectionError:
        return  # closed before all of it was sent
    if response.status_code == 200:
        answer = ocsp.load_der_ocsp_response(response.content)
        assert answer.response_status == ocsp.OCSPResponseStatus.MALFORMED_REQUEST
    else:
        assert response.status_code == 413


def test_another_cas_certificate_is_none_of_ours(issued):
    answer = ask(url_of(issued.leaf), question(issued.leaf, issued.leaf))
    assert answer.response_status == ocsp.OCSPResponseStatus.UNAUTHORIZED


@pytest.mark.checks(195)
def test_openssl_sees_a_revocation_at_once(ca, client, tmp_path):
    issued = client.issue([unique_name()])
    for name, text in {"root": ca.issuer_root(), "issuer": to_pem(issued.chain[1]),
                       "leaf": to_pem(issued.leaf)}.items():
        (tmp_path / name).write_text(text)

    def verdict():
        done = subprocess.run(
            ["openssl", "ocsp", "-issuer", tmp_path / "issuer", "-cert", tmp_path / "leaf",
             "-CAfile", tmp_path / "root", "-verify_other", tmp_path / "issuer",
             "-url", url_of(issued.leaf), "-nonce"],
            capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Response verify OK" in done.stdout + done.stderr
        return done.stdout

    assert ": good" in verdict()
    assert client.revoke(issued.der, reason=1).status_code == 200
    text = verdict()
    assert ": revoked" in text and "keyCompromise" in text


def test_without_it_nothing_names_it(tmp_path, dns):
    ca = CairnCa(tmp_path, dns)
    try:
        with Responder(ca.http_port) as responder:
            client = Client(ca, responder)
            client.register()
            issued = client.issue([unique_name()])
        with pytest.raises(ValueError):
            url_of(issued.leaf)
        answer = requests.post(f"http://localhost:{ca.port}/ocsp", data=b"x", timeout=30)
        assert answer.status_code >= 400
    finally:
        assert ca.stop() == 0
