"""Profiles (draft-ietf-acme-profiles) and what their certificates say (BR 7.1.2.7)."""

import contextlib
import datetime
import json
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID

from e2e.refusals import assert_refused
from harness.acme import Client, make_csr
from harness.dns_server import unique_name
from harness.issued import validity
from harness.process import BIN, run
from harness.web import Responder


@pytest.fixture
def start_client(start_ca):
    """Starts a CA with these settings; a client that has an account there."""
    with contextlib.ExitStack() as responders:
        def start(settings=None, **options):
            ca = start_ca(settings=settings, **options)
            client = Client(ca, responders.enter_context(Responder(ca.http_port)))
            client.register()
            return client

        yield start


def p256():
    return ec.generate_private_key(ec.SECP256R1())


def purposes_of(certificate):
    return set(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)


def uris_of(certificate):
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return names.get_values_for_type(x509.UniformResourceIdentifier)


def csr_with_uris(key, name, uris):
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    names = [x509.DNSName(name)] + [x509.UniformResourceIdentifier(uri) for uri in uris]
    return builder.add_extension(x509.SubjectAlternativeName(names), False).sign(
        key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def days_of(certificate):
    begin, end = validity(certificate)
    return (end - begin + datetime.timedelta(seconds=1)) / datetime.timedelta(days=1)


@pytest.mark.checks(144, 146)
def test_the_profiles_that_are_shipped(start_client):
    client = start_client()
    assert set(client.directory["meta"]["profiles"]) == {"default", "shortlived", "mtls"}
    server, client_auth = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
    for members, days, purposes in [({}, 90, {server}),
                                    ({"profile": "shortlived"}, 160 / 24, {server}),
                                    ({"profile": "mtls"}, 30, {server, client_auth})]:
        issued = client.issue([unique_name()], **members)
        assert issued.order["profile"] == members.get("profile", "default")
        assert purposes_of(issued.leaf) == purposes
        assert days_of(issued.leaf) == pytest.approx(days)
        # The whole chain is for that, as OpenSSL sees it.
        ca = client.authority
        (ca.home / "leaf.pem").write_text(issued.chain_pem)
        for purpose in ["sslserver"] + (["sslclient"] if client_auth in purposes else []):
            run(["openssl", "verify", "-CAfile", ca.api_root, "-untrusted", ca.home / "leaf.pem",
                 "-purpose", purpose, ca.home / "leaf.pem"])


def test_a_public_ca_certifies_servers_alone(start_client):
    client = start_client(kind="public")
    assert set(client.directory["meta"]["profiles"]) == {"default", "shortlived"}
    ca = client.authority
    intermediate = x509.load_pem_x509_certificate((ca.home / "pki/intermediate.pem").read_bytes())
    assert purposes_of(intermediate) == {ExtendedKeyUsageOID.SERVER_AUTH}
    ca.stop()
    for setting, told in [
            ('profiles.default.extended_key_usage=["clientAuth"]', "alone in a public CA"),
            ("profiles.default.uris=true", "must be false in a public CA"),
            ('profiles.default.key_types=["ed25519"]', "BR 6.1.5"),
            ('policy.private_suffixes=["corp"]', "must be empty in a public CA"),
            ("policy.internal_names=true", "BR 4.2.2"),
            ("policy.baseline_requirements=false", "must be true")]:
        done = subprocess.run([BIN / "cairn-ca", "serve", ca.home, "--set", setting],
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 2 and told in done.stderr, (setting, done.stderr)
    ca.start()


def test_an_issuer_that_cannot_certify_a_profile_is_refused_at_start(start_client):
    client = start_client(kind="public")
    ca = client.authority
    ca.stop()
    text = (ca.home / "ca.toml").read_text().replace('kind = "public"', 'kind = "private"')
    (ca.home / "ca.toml").write_text(
        text + '\n[profiles.both]\nextended_key_usage = ["serverAuth", "clientAuth"]\n')
    done = subprocess.run([BIN / "cairn-ca", "serve", ca.home], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 2
    assert "issuer intermediate: the extendedKeyUsage of its chain forbids clientAuth" in done.stderr
    assert "profile both" in done.stderr
    (ca.home / "ca.toml").write_text(text)
    ca.start()


@pytest.mark.checks(75)
def test_unknown_and_unfit_profiles(start_client):
    client = start_client({"profiles.named.identifiers": ["dns"]})

    def refused(value, profile, **members):
        return client.post(client.directory["newOrder"], {
            "identifiers": [{"type": "ip" if value[0].isdigit() else "dns", "value": value}],
            "profile": profile} | members)

    assert_refused(client, refused("a.test", "none"), 400, "invalidProfile", "is not offered")
    assert_refused(client, refused("127.0.0.1", "named"), 400, "invalidProfile",
                   "not for identifiers of type ip")
    assert refused("a.test", "named").status_code == 201


@pytest.mark.checks(134)
def test_a_profile_that_was_withdrawn(start_client):
    client = start_client({"profiles.brief.validity": "6d"})
    ca = client.authority
    name = unique_name()
    url, order = client.make_ready([name], profile="brief")
    ca.stop()
    del ca.settings["profiles.brief.validity"]
    ca.start()
    assert_refused(client, client.finalize(order, make_csr(p256(), [name])), 400, "invalidProfile",
                   "is not offered any more")


@pytest.mark.checks(136)
def test_ed25519_keys_where_a_profile_has_them(start_client):
    client = start_client({"profiles.modern.key_types": ["ed25519", "ec-p256"]})

    def finalized(**members):
        name = unique_name()
        url, order = client.make_ready([name], **members)
        request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
        request = request.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        csr = request.sign(ed25519.Ed25519PrivateKey.generate(), None).public_bytes(
            serialization.Encoding.DER)
        return url, client.finalize(order, csr)

    assert_refused(client, finalized()[1], 400, "badCSR", "does not certify ed25519 keys")
    url, response = finalized(profile="modern")
    assert response.status_code == 200, response.text
    order = client.wait_while(url, {"ready", "processing"})
    assert isinstance(client.download(url, order).leaf.public_key(), ed25519.Ed25519PublicKey)


def scope(ca, client, *arguments):
    return json.loads(run([BIN / "cairn-ca", "account", "scope", ca.home,
                           client.account_url, *arguments, "--json"]))


@pytest.mark.checks(131)
@pytest.mark.parametrize("running", [True, False])
def test_uris_that_the_operator_lets_an_account_have(start_client, running):
    client = start_client()
    ca = client.authority
    good = "spiffe://example.org/ns/shop/sa/web"

    def finalized(*uris, client=client, profile="mtls"):
        name = unique_name()
        url, order = client.make_ready([name], profile=profile)
        return url, client.finalize(order, csr_with_uris(p256(), name, uris))

    assert_refused(client, finalized(good)[1], 400, "badCSR", "does not let the account have")
    if not running:
        ca.stop()
    answer = scope(ca, client, "--uri", "spiffe://example.org/ns/{namespace}/sa/web")
    assert answer["uris"] == ["spiffe://example.org/ns/{namespace}/sa/web"]
    if not running:
        ca.start()
    url, response = finalized(good)
    assert response.status_code == 200, response.text
    issued = client.download(url, client.wait_while(url, {"ready", "processing"}))
    assert uris_of(issued.leaf) == [good]
    assert_refused(client, finalized("spiffe://example.org/ns/shop/sa/db")[1], 400, "badCSR",
                   "does not let the account have")
    assert_refused(client, finalized("spiffe://example.org/ns/../sa/web")[1], 400, "badCSR",
                   "its path has a segment")
    assert_refused(client, finalized(good, profile="default")[1], 400, "badCSR",
                   "which profile \"default\" is not for")
    other = Client(ca, client.responder)
    other.register()
    assert_refused(other, finalized(good, client=other)[1], 400, "badCSR",
                   "does not let the account have")
    # Without arguments nothing changes; cleared, nothing is left.
    assert scope(ca, client)["uris"] == answer["uris"]
    assert scope(ca, client, "--clear")["uris"] == []
    assert_refused(client, finalized(good)[1], 400, "badCSR", "does not let the account have")


def test_names_that_the_operator_lets_an_account_have(start_client):
    client = start_client()
    ca = client.authority
    scope(ca, client, "--allow", ".shop.test", "--deny", "secret.shop.test")

    def order(name, client=client):
        return client.post(client.directory["newOrder"],
                           {"identifiers": [{"type": "dns", "value": name}]})

    assert order("a.shop.test").status_code == 201
    for name in ("a.test", "secret.shop.test", "*.shop.test"):
        assert_refused(client, order(name), 400, "rejectedIdentifier",
                       "does not let this account have it")
    other = Client(ca, client.responder)
    other.register()
    assert order("a.test", other).status_code == 201
    bad = subprocess.run([BIN / "cairn-ca", "account", "scope", ca.home, client.account_url,
                          "--allow", "a_b"], capture_output=True, text=True, timeout=60)
    assert bad.returncode == 2 and "allowed names: \"a_b\" is neither a name" in bad.stderr
    assert order("a.test").status_code == 400
