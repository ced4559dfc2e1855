"""cairn status looks into revocation lists, and believes those that the issuer has signed."""

import contextlib
import datetime
import http.server
import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from harness.serving import serve

NAME = "a.example"


class Lists:
    """Serves one list over plain http."""

    def __init__(self):
        self.body, self.status, self.asked = b"", 200, 0
        lists = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                lists.asked += 1
                self.send_response(lists.status)
                self.send_header("Content-Length", str(len(lists.body)))
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(lists.body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = serve(self.server)
        self.url = f"http://localhost:{self.server.server_address[1]}/list.crl"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def make_list(ca, serials, key=None, days=1):
    now = datetime.datetime.utcnow()
    builder = (
        x509.CertificateRevocationListBuilder().issuer_name(ca._root.subject)
        .last_update(now - datetime.timedelta(days=3))
        .next_update(now + datetime.timedelta(days=days))
        .add_extension(x509.CRLNumber(1), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca._key.public_key()),
                       False))
    for serial in serials:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(serial)
            .revocation_date(now - datetime.timedelta(days=1))
            .add_extension(x509.CRLReason(x509.ReasonFlags.key_compromise), False).build())
    return builder.sign(key or ca._key, hashes.SHA256())


def der(crl):
    return crl.public_bytes(Encoding.DER)


@pytest.fixture
def lists(ca, monkeypatch):
    server = Lists()
    sign = x509.CertificateBuilder.sign
    point = x509.DistributionPoint([x509.UniformResourceIdentifier(server.url)], None, None, None)

    def sign_with_point(builder, *arguments, **options):
        return sign(builder.add_extension(x509.CRLDistributionPoints([point]), False),
                    *arguments, **options)

    monkeypatch.setattr(x509.CertificateBuilder, "sign", sign_with_point)
    yield server
    server.stop()


def listed(cairn, *arguments):
    run = cairn.outcome("status", "--json", *arguments)
    assert run.returncode == 0, run.stderr
    entry, = json.loads(run.stdout)["certificates"]
    return entry


def test_a_certificate_that_stands_in_no_list_is_good(cairn, ca, lists):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    lists.body = der(make_list(ca, [12345]))
    assert listed(cairn, "--revoked")["revocation_list"] == {"verdict": "good"}
    assert lists.asked == 1
    # Nobody is asked unless somebody wants it.
    assert "revocation_list" not in listed(cairn)
    assert lists.asked == 1


def test_one_that_was_revoked_elsewhere_is_replaced(cairn, ca, lists):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    serial = cairn.serial(NAME)
    lists.body = der(make_list(ca, [1, serial]))
    entry = listed(cairn, "--revoked")
    assert entry["revocation_list"]["verdict"] == "revoked"
    assert entry["state"] == "revoked" and entry["revocation"]["reason"] == "keyCompromise"
    # It is kept, and the next renewal replaces it.
    assert listed(cairn)["state"] == "revoked"
    lists.body = der(make_list(ca, []))
    assert cairn.outcome("renew").returncode == 0
    assert cairn.serial(NAME) != serial and listed(cairn)["state"] == "ok"


@pytest.mark.parametrize("fault, words", [
    ("forged", "not signed by the certificate's issuer"),
    ("old", "out of date"),
    ("garbage", "list.crl: "),
    ("absent", "answered 404"),
    ("flood", "larger than"),
])
def test_a_list_that_is_not_to_be_believed_says_nothing(cairn, ca, lists, fault, words):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    serial = cairn.serial(NAME)
    lists.body = der(make_list(ca, [serial]))
    if fault == "forged":
        lists.body = der(make_list(ca, [serial], key=ec.generate_private_key(ec.SECP256R1())))
    elif fault == "old":
        lists.body = der(make_list(ca, [serial], days=-1))
    elif fault == "garbage":
        lists.body = b"\x1b[31m<html>"
    elif fault == "absent":
        lists.status = 404
    else:
        lists.body = b"0" * (17 << 20)
    entry = listed(cairn, "--revoked")
    assert entry["revocation_list"]["verdict"] == "unknown"
    assert words in entry["revocation_list"]["detail"]
    assert "\x1b" not in entry["revocation_list"]["detail"]
    assert entry["state"] == "ok"
