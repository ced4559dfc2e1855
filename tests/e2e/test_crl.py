"""Revocation lists: what certificates name is served, and what others verify with refuses what was
revoked (RFC 5280 section 5, BR 4.9.7, 7.2)."""

import datetime
import email.utils
import pathlib
import shutil
import subprocess
import time

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from harness.acme import Client, Key
from harness.authority import CairnCa
from harness.dns_server import unique_name
from harness.issued import to_pem
from harness.operator_commands import Operator
from harness.process import BIN, run
from harness.web import Responder

SOON = 20  # seconds; with the delay of a second that the tests set, it takes about two

UTC = datetime.timezone.utc


@pytest.fixture
def start_ca(tmp_path, dns):
    started = []

    def start(settings=None, **options):
        ca = CairnCa(tmp_path, dns, settings={"crl.delay": "1s"} | (settings or {}), **options)
        started.append(ca)
        return ca

    yield start
    for ca in started:
        if ca.server.process.poll() is None:
            assert ca.stop() == 0, ca.server.tail()


@pytest.fixture
def ca(start_ca):
    return start_ca()


@pytest.fixture
def responder(ca):
    with Responder(ca.http_port) as server:
        yield server


@pytest.fixture
def client(ca, responder):
    client = Client(ca, responder)
    client.register()
    return client


def crl_url(certificate):
    """The one URL of its distribution points."""
    points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints)
    assert not points.critical
    (point,) = points.value
    (name,) = point.full_name
    return name.value


def fetch(url, **options):
    response = requests.get(url, timeout=30, **options)
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == "application/pkix-crl"
    return x509.load_der_x509_crl(response.content)


def number_of(crl):
    return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def wait_for_entry(url, serial):
    """The list, once it tells of this serial number."""
    deadline = time.monotonic() + SOON
    while time.monotonic() < deadline:
        crl = fetch(url)
        if crl.get_revoked_certificate_by_serial_number(serial) is not None:
            return crl
        time.sleep(0.1)
    raise AssertionError("no list tells of the revocation")


def revoke(client, issued, **members):
    assert client.revoke(issued.der, **members).status_code == 200


def openssl_verdict(issued, crl, ca, folder):
    """What `openssl verify -crl_check` says: code and text."""
    paths = {}
    for name, text in {"root": ca.issuer_root(), "leaf": to_pem(issued.leaf),
                       "others": to_pem(*issued.chain[1:])}.items():
        paths[name] = pathlib.Path(folder) / f"{name}.pem"
        paths[name].write_text(text)
    listed = pathlib.Path(folder) / "list.der"
    listed.write_bytes(crl.public_bytes(Encoding.DER))
    done = subprocess.run(
        ["openssl", "verify", "-x509_strict", "-crl_check", "-CRLfile", listed, "-CAfile",
         paths["root"], "-untrusted", paths["others"], paths["leaf"]],
        capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.checks(191, 194)
def test_the_list_that_a_certificate_names_is_fresh_and_signed(client):
    issued = client.issue([unique_name()])
    url = crl_url(issued.leaf)
    assert url.startswith("http://localhost:")
    crl = fetch(url)
    assert crl.is_signature_valid(issued.chain[1].public_key())
    assert crl.issuer == issued.chain[1].subject
    now = datetime.datetime.now(UTC).replace(tzinfo=None)
    assert crl.last_update <= now < crl.next_update
    assert crl.next_update - crl.last_update <= datetime.timedelta(days=10)
    assert number_of(crl) < 1 << 159
    key_id = crl.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    assert key_id.authority_cert_issuer is None
    assert len(list(crl)) == 0


@pytest.mark.checks(193)
@pytest.mark.parametrize("reason, flag", [
    (None, None), (0, None), (1, x509.ReasonFlags.key_compromise),
    (3, x509.ReasonFlags.affiliation_changed), (4, x509.ReasonFlags.superseded),
    (5, x509.ReasonFlags.cessation_of_operation)])
def test_a_revocation_is_told_with_its_reason(client, reason, flag):
    issued = client.issue([unique_name()])
    url = crl_url(issued.leaf)
    before = fetch(url)
    revoke(client, issued, **({} if reason is None else {"reason": reason}))
    crl = wait_for_entry(url, issued.leaf.serial_number)
    assert number_of(crl) > number_of(before)
    entry = crl.get_revoked_certificate_by_serial_number(issued.leaf.serial_number)
    reasons = [extension.value.reason for extension in entry.extensions]
    assert reasons == ([] if flag is None else [flag])


def test_openssl_refuses_what_was_revoked(ca, client, tmp_path):
    issued, other = (client.issue([unique_name()]) for _ in range(2))
    url = crl_url(issued.leaf)
    crl = fetch(url)
    assert openssl_verdict(issued, crl, ca, tmp_path)[0] == 0
    revoke(client, issued)
    crl = wait_for_entry(url, issued.leaf.serial_number)
    code, text = openssl_verdict(issued, crl, ca, tmp_path)
    assert code != 0 and "certificate revoked" in text
    assert openssl_verdict(other, crl, ca, tmp_path)[0] == 0


@pytest.mark.skipif(shutil.which("crlutil") is None, reason="NSS's tools are not installed")
def test_nss_refuses_what_was_revoked(ca, client, tmp_path):
    issued, other = (client.issue([unique_name()]) for _ in range(2))
    revoke(client, issued)
    crl = wait_for_entry(crl_url(issued.leaf), issued.leaf.serial_number)
    database = tmp_path / "nss"
    database.mkdir()
    run(["certutil", "-N", "-d", database, "--empty-password"])
    files = {"root": ca.issuer_root(), "intermediate": to_pem(issued.chain[1]),
             "leaf": to_pem(issued.leaf), "other": to_pem(other.leaf)}
    for name, text in files.items():
        (tmp_path / f"{name}.pem").write_text(text)
        trust = "CT,," if name == "root" else ",,"
        run(["certutil", "-A", "-d", database, "-n", name, "-t", trust, "-a", "-i",
             tmp_path / f"{name}.pem"])
    listed = tmp_path / "list.der"
    listed.write_bytes(crl.public_bytes(Encoding.DER))
    run(["crlutil", "-I", "-d", database, "-i", listed])
    for name, revoked in {"leaf": True, "other": False}.items():
        done = subprocess.run(["certutil", "-V", "-d", database, "-n", name, "-u", "V", "-e"],
                              capture_output=True, text=True, timeout=60)
        assert (done.returncode != 0) == revoked, done.stdout + done.stderr
        assert ("revoked" in (done.stdout + done.stderr).lower()) == revoked


@pytest.mark.skipif(shutil.which("certtool") is None, reason="GnuTLS's tools are not installed")
def test_gnutls_refuses_what_was_revoked(ca, client, tmp_path):
    issued, other = (client.issue([unique_name()]) for _ in range(2))
    revoke(client, issued)
    crl = wait_for_entry(crl_url(issued.leaf), issued.leaf.serial_number)
    (tmp_path / "trust.pem").write_text(
        ca.issuer_root() + crl.public_bytes(Encoding.PEM).decode())
    for each, revoked in ((issued, True), (other, False)):
        chain = tmp_path / "chain.pem"
        chain.write_text(to_pem(*each.chain))
        done = subprocess.run(
            ["certtool", "--verify", "--load-ca-certificate", tmp_path / "trust.pem",
             "--load-crl", tmp_path / "trust.pem", "--infile", chain],
            capture_output=True, text=True, timeout=60)
        assert (done.returncode != 0) == revoked, done.stdout + done.stderr
        assert ("revoked" in (done.stdout + done.stderr).lower()) == revoked


@pytest.mark.checks(194)
def test_caches_are_told_what_they_want_to_know(client):
    url = crl_url(client.issue([unique_name()]).leaf)
    first = requests.get(url, timeout=30)
    crl = x509.load_der_x509_crl(first.content)
    modified = email.utils.parsedate_to_datetime(first.headers["Last-Modified"])
    assert modified.replace(tzinfo=None) == crl.last_update
    expires = email.utils.parsedate_to_datetime(first.headers["Expires"])
    assert expires.replace(tzinfo=None) == crl.next_update
    assert first.headers["Cache-Control"].startswith("public, max-age=")
    for fields in ({"If-None-Match": first.headers["ETag"]},
                   {"If-Modified-Since": first.headers["Last-Modified"]}):
        again = requests.get(url, headers=fields, timeout=30)
        assert again.status_code == 304 and again.content == b""
    head = requests.head(url, timeout=30)
    assert head.status_code == 200 and head.content == b""
    assert head.headers["Content-Length"] == str(len(first.content))
    assert requests.post(url, timeout=30).status_code == 405
    assert requests.post(url, data=b"x", timeout=30).status_code == 413
    other = "1" if url[-5] == "0" else "0"
    assert requests.get(url[:-5] + other + ".crl", timeout=30).status_code == 404


@pytest.mark.checks(192)
def test_each_certificate_has_the_shard_that_it_names(start_ca, tmp_path):
    ca = start_ca({"profiles.default.crl": "sharded", "crl.shards": 4})
    with Responder(ca.http_port) as responder:
        client = Client(ca, responder)
        client.register()
        all_issued = [client.issue([unique_name()]) for _ in range(12)]
        urls = {issued.leaf.serial_number: crl_url(issued.leaf) for issued in all_issued}
        assert 1 < len(set(urls.values())) <= 4
        for issued in all_issued:
            revoke(client, issued)
        crls = {}
        for serial, url in urls.items():
            crls[url] = wait_for_entry(url, serial)
    for url in crls:
        crl = fetch(url)
        point = crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint)
        assert point.critical and point.value.only_contains_user_certs
        assert [name.value for name in point.value.full_name] == [url]
        assert {entry.serial_number for entry in crl} == {
            serial for serial, named in urls.items() if named == url}
    issued = all_issued[0]
    code, text = openssl_verdict(issued, fetch(urls[issued.leaf.serial_number]), ca, tmp_path)
    assert code != 0 and "certificate revoked" in text
    # The complete list tells of all, for those who look there.
    complete = crl_url(issued.leaf).rsplit("/", 1)[0] + ".crl"
    assert {entry.serial_number for entry in fetch(complete)} == set(urls)


def test_a_profile_may_name_no_list(start_ca):
    ca = start_ca()
    with Responder(ca.http_port) as responder:
        client = Client(ca, responder)
        client.register()
        brief = client.issue([unique_name()], profile="shortlived").leaf
    with pytest.raises(x509.ExtensionNotFound):
        brief.extensions.get_extension_for_class(x509.CRLDistributionPoints)


def test_a_public_ca_names_no_list_only_where_certificates_end_soon(tmp_path, dns):
    with pytest.raises(AssertionError) as refusal:
        CairnCa(tmp_path, dns, kind="public", settings={
            "profiles.default.crl": "none", "profiles.default.validity": "30d"})
    assert "crl" in str(refusal.value) and "7d" in str(refusal.value)


@pytest.mark.checks(193)
def test_every_certificate_with_a_compromised_key_is_listed(client):
    key = Key()
    first, second = (client.issue([unique_name()], key=key.private) for _ in range(2))
    assert Client(client.authority, key=key).revoke(first.der, reason=1).status_code == 200
    for each in (first, second):
        crl = wait_for_entry(crl_url(each.leaf), each.leaf.serial_number)
        entry = crl.get_revoked_certificate_by_serial_number(each.leaf.serial_number)
        assert entry.extensions.get_extension_for_class(
            x509.CRLReason).value.reason == x509.ReasonFlags.key_compromise


def test_a_revocation_outlives_a_process_that_is_killed(ca, client):
    issued = client.issue([unique_name()])
    url = crl_url(issued.leaf)
    before = number_of(fetch(url))
    revoke(client, issued)
    ca.kill()
    ca.start()
    assert number_of(wait_for_entry(url, issued.leaf.serial_number)) > before


def test_a_list_is_signed_anew_while_nothing_happens(start_ca):
    ca = start_ca({"crl.lifetime": "4s", "crl.reissue": "2s"})
    with Responder(ca.http_port) as responder:
        client = Client(ca, responder)
        client.register()
        url = crl_url(client.issue([unique_name()]).leaf)
    first = number_of(fetch(url))
    deadline = time.monotonic() + SOON
    seen = [first]
    while len(set(seen)) < 3:
        assert time.monotonic() < deadline
        crl = fetch(url)
        now = datetime.datetime.now(UTC).replace(tzinfo=None)
        assert now <= crl.next_update + datetime.timedelta(seconds=1)
        assert number_of(crl) >= seen[-1]
        seen.append(number_of(crl))
        time.sleep(0.1)


def test_the_operator_sees_lists_and_has_new_ones_signed(ca, client):
    operator = Operator(ca)
    issued = client.issue([unique_name()])
    url = crl_url(issued.leaf)
    (listed,) = operator.json("crl", "list")["lists"]
    assert listed["issuer"] == "intermediate" and listed["status"] == "current"
    assert url.endswith(listed["path"])
    before = fetch(url)
    assert listed["number"] == str(number_of(before))
    (published,) = operator.json("crl", "publish")["lists"]
    assert int(published["number"]) > number_of(before)
    deadline = time.monotonic() + SOON
    while number_of(fetch(url)) < int(published["number"]):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    revoke(client, issued)
    assert ca.stop() == 0
    (waiting,) = operator.json("crl", "list")["lists"]
    (published,) = operator.json("crl", "publish")["lists"]
    assert published["entries"] == 1
    assert int(published["number"]) > int(waiting["number"])
    refused = operator.json("crl", "publish", "--issuer", "nobody", code=2)
    assert refused["error"]["code"] == "notFound"
    assert "intermediate" in refused["error"]["detail"]
    ca.start()
    crl = fetch(url)
    assert number_of(crl) >= int(published["number"])
    assert crl.get_revoked_certificate_by_serial_number(issued.leaf.serial_number) is not None


def test_an_issuer_that_issues_nothing_more_keeps_its_list_up(ca, client):
    issued = client.issue([unique_name()])
    url = crl_url(issued.leaf)
    run([BIN / "cairn-ca", "issuer", "create", ca.home, "second"])
    with open(ca.home / "ca.toml", "a") as file:
        file.write('\n[issuers.second]\ncertificate = "pki/second.pem"\n'
                   'key = "pki/second-key.pem"\n')
    assert ca.stop() == 0
    ca.settings["issuers.intermediate.active"] = False
    ca.start()
    later = client.issue([unique_name()])
    assert crl_url(later.leaf) != url
    revoke(client, issued)
    crl = wait_for_entry(url, issued.leaf.serial_number)
    assert crl.is_signature_valid(issued.chain[1].public_key())
    others = fetch(crl_url(later.leaf))
    assert others.is_signature_valid(later.chain[1].public_key())
    assert others.get_revoked_certificate_by_serial_number(issued.leaf.serial_number) is None
