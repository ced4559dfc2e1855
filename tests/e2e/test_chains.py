"""Issuers whose chains bound what they can issue: by time, by names, by purpose."""

import datetime
import ipaddress

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from harness.acme import Client, Refused, assert_problem, make_csr
from harness.dns_server import unique_name
from harness.issued import read_chain, to_pem
from harness.metrics import scrape
from harness.process import run
from harness.web import Responder

NOW = datetime.datetime.utcnow().replace(microsecond=0)


def extensions_of_a_ca(key, path_length=None):
    return [
        (x509.BasicConstraints(ca=True, path_length=path_length), True),
        (x509.KeyUsage(False, False, False, False, False, True, True, False, False), True),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
    ]


class Authority:
    """A CA certificate with its key, signed by `above` or by itself. `extensions` makes those for a
    key."""

    def __init__(self, name, days, above=None, extensions=None):
        self.key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example"),
                             x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject).issuer_name(above.certificate.subject if above else subject)
            .public_key(self.key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(NOW - datetime.timedelta(hours=2))
            .not_valid_after(NOW + datetime.timedelta(days=days)))
        for extension, critical in (extensions or extensions_of_a_ca)(self.key):
            builder = builder.add_extension(extension, critical)
        self.certificate = builder.sign((above or self).key, hashes.SHA256())


def write_issuer(ca, name, *chain):
    key = chain[0].key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (ca.home / "pki" / f"{name}-key.pem").write_bytes(key)
    (ca.home / "pki" / f"{name}.pem").write_text(to_pem(*(link.certificate for link in chain)))


def replace_issuer(ca, *chain):
    """Makes the CA's only issuer the first of the chain; the last one is its root."""
    write_issuer(ca, "intermediate", *chain[:-1])
    (ca.home / "pki" / "root.pem").write_text(to_pem(chain[-1].certificate))


def restart(ca, **settings):
    assert ca.stop() == 0, ca.server.tail()
    ca.settings |= settings
    ca.start()


def refusal_of(ca):
    """What the CA says when it does not start."""
    assert ca.stop() == 0
    ca.launch()
    assert ca.server.wait() == 2
    return ca.log.read_text().splitlines()[-1]


@pytest.fixture
def connect(ca):
    with Responder(ca.http_port) as responder:
        def connected():
            client = Client(ca, responder)
            client.register()
            return client

        yield connected


def verified(tmp_path, ca, issued):
    """That the openssl command verifies the certificate at its last second but one."""
    leaf, *above = read_chain(issued.chain_pem)
    (tmp_path / "leaf.pem").write_text(to_pem(leaf))
    (tmp_path / "above.pem").write_text(to_pem(*above))
    end = int(leaf.not_valid_after.replace(tzinfo=datetime.timezone.utc).timestamp()) - 1
    run(["openssl", "verify", "-purpose", "sslserver", "-attime", end, "-CAfile", ca.api_root,
         "-untrusted", tmp_path / "above.pem", tmp_path / "leaf.pem"])
    return leaf


def test_what_is_issued_ends_with_the_first_of_the_chain(tmp_path, ca, connect):
    root = Authority("Root", 3650)
    upper = Authority("Upper", 20, root)
    replace_issuer(ca, Authority("Lower", 1825, upper), upper, root)
    restart(ca)
    leaf = verified(tmp_path, ca, connect().issue([unique_name()]))
    assert leaf.not_valid_after == upper.certificate.not_valid_after
    # The operator is told, the CA is ready all the same, and the metric shows the chain's end.
    ready = requests.get(f"http://127.0.0.1:{ca.admin_port}/readyz", timeout=10)
    assert ready.status_code == 200
    assert 'issuer_shortens: the chain of the issuer "intermediate" ends at' in ready.text
    warning = next(line for line in ca.log_lines()
                   if line["event"] == "an issuer cuts short what it issues")
    assert warning["level"] == "warning" and "sooner than the profiles say" in warning["detail"]
    end = upper.certificate.not_valid_after.replace(tzinfo=datetime.timezone.utc).timestamp()
    assert scrape(ca)("cairn_certificate_not_after_timestamp_seconds", role="issuer",
                      name="intermediate") == end
    # The server's own, too.
    own = read_chain((ca.home / "pki" / "server.pem").read_text())[0]
    assert own.not_valid_after == upper.certificate.not_valid_after


def constrained(bounds):
    return lambda key: extensions_of_a_ca(key) + [(bounds, True)]


def dns_and_ip(*values):
    def identifier(value):
        try:
            return {"type": "ip", "value": str(ipaddress.ip_address(value))}
        except ValueError:
            return {"type": "dns", "value": value}
    return {"identifiers": [identifier(value) for value in values]}


@pytest.mark.parametrize("place", ["issuer", "above"])
def test_names_that_the_chain_forbids_are_refused_in_the_order(tmp_path, ca, connect, place):
    root = Authority("Root", 3650)
    bounds = x509.NameConstraints(
        [x509.DNSName("example.test"), x509.DNSName("localhost"),
         x509.IPAddress(ipaddress.ip_network("127.0.0.0/8")),
         x509.IPAddress(ipaddress.ip_network("::1/128"))],
        [x509.DNSName("secret.example.test")])
    upper = Authority("Upper", 3650, root, constrained(bounds) if place == "above" else None)
    lower = Authority("Lower", 1825, upper, constrained(bounds) if place == "issuer" else None)
    replace_issuer(ca, lower, upper, root)
    restart(ca)
    client = connect()
    verified(tmp_path, ca, client.issue([unique_name()]))
    url = client.directory["newOrder"]
    good = unique_name()
    problem = assert_problem(
        client.post(url, dns_and_ip(good, "a.other.test", "b.secret.example.test", "8.8.8.8")),
        400, "rejectedIdentifier")
    assert [sub["identifier"]["value"] for sub in problem["subproblems"]] == [
        "a.other.test", "b.secret.example.test", "8.8.8.8"]
    for sub in problem["subproblems"]:
        assert "name constraints" in sub["detail"] and "only example.test" in sub["detail"]
    for name in ("*.other.test", "example.test.other.test"):
        problem = assert_problem(client.post(url, dns_and_ip(name)), 400, "rejectedIdentifier")
        assert problem["detail"].startswith(f"{name}: the name constraints")
    client.must(client.post(url, dns_and_ip(f"*.{good}", "127.0.0.9")))


def test_an_issuer_that_permits_the_names_is_chosen(ca, connect):
    client = connect()
    root = Authority("Root", 3650)
    text = (ca.home / "ca.toml").read_text()
    # The server's own certificate still comes from the old issuer.
    issuers = {}
    for zone in ("red", "blue"):
        bounds = x509.NameConstraints([x509.DNSName(f"{zone}.test")], None)
        issuers[zone] = Authority(zone, 1825, root, constrained(bounds))
        write_issuer(ca, zone, issuers[zone])
        text += f'\n[issuers.{zone}]\ncertificate = "pki/{zone}.pem"\nkey = "pki/{zone}-key.pem"\n'
    text = text.replace("# profiles = []", 'profiles = ["other"]')
    (ca.home / "ca.toml").write_text(text + "[profiles.other]\n")
    ca.reload()
    for zone, issuer in issuers.items():
        issued = client.issue([unique_name().replace("example.test", f"{zone}.test")])
        assert read_chain(issued.chain_pem)[1] == issuer.certificate
    problem = assert_problem(
        client.post(client.directory["newOrder"], dns_and_ip("a.red.test", "a.blue.test")),
        400, "rejectedIdentifier")
    assert "order them apart" in problem["detail"]


FORBIDDING = {
    "no CA above": ("Upper", lambda key: [
        (x509.BasicConstraints(ca=False, path_length=None), True)], "basicConstraints"),
    "no signatures of certificates": ("Upper", lambda key: [
        (x509.BasicConstraints(ca=True, path_length=None), True),
        (x509.KeyUsage(True, False, False, False, False, False, True, False, False), True)],
        "keyUsage"),
    "clients alone": ("Lower", lambda key: extensions_of_a_ca(key) + [
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)], "extendedKeyUsage"),
    "clients alone above": ("Upper", lambda key: extensions_of_a_ca(key) + [
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)], "extendedKeyUsage"),
    "no room in the path": ("Upper", lambda key: extensions_of_a_ca(key, 0), "pathLength"),
    "no key identifier": ("Lower", lambda key: extensions_of_a_ca(key)[:2],
                          "subjectKeyIdentifier"),
}


@pytest.mark.parametrize("case", FORBIDDING)
def test_a_chain_that_nobody_would_accept_is_refused_at_the_start(ca, case):
    place, extensions, word = FORBIDDING[case]
    root = Authority("Root", 3650)
    upper = Authority("Upper", 3650, root, extensions if place == "Upper" else None)
    lower = Authority("Lower", 1825, upper, extensions if place == "Lower" else None)
    replace_issuer(ca, lower, upper, root)
    # A reload keeps the former issuer, and says so.
    ca.reload("reload failed; the former configuration stays in force")
    told = refusal_of(ca)
    assert "issuer intermediate" in told and word in told, told


def test_an_issuer_that_is_inactive_may_have_any_chain(ca, connect):
    root = Authority("Root", 3650)
    odd = Authority("Odd", 1825, root, FORBIDDING["clients alone"][1])
    write_issuer(ca, "odd", odd)
    with open(ca.home / "ca.toml", "a") as file:
        file.write('\n[issuers.odd]\ncertificate = "pki/odd.pem"\nkey = "pki/odd-key.pem"\n'
                   "active = false\n")
    ca.reload()
    connect().issue([unique_name()])


def test_a_common_name_that_the_chain_forbids_is_refused_at_the_start(ca):
    root = Authority("Root", 3650)
    bounds = x509.NameConstraints([x509.DirectoryName(x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example")]))], None)
    replace_issuer(ca, Authority("Lower", 1825, root, constrained(bounds)), root)
    restart(ca)
    ca.settings["profiles.default.common_name"] = True
    told = refusal_of(ca)
    assert "issuer intermediate" in told and "common name" in told and "profile default" in told


def test_issuers_for_rsa_alone(ca, connect):
    restart(ca, **{"issuers.intermediate.key_types": ["rsa"]})
    own = read_chain((ca.home / "pki" / "server.pem").read_text())[0]
    assert own.public_key().key_size == 2048
    client = connect()
    name = unique_name()
    _, order = client.make_ready([name])
    refused = client.finalize(order, make_csr(ec.generate_private_key(ec.SECP256R1()), [name]))
    assert_problem(refused, 400, "badCSR")
    # And back.
    del ca.settings["issuers.intermediate.key_types"]
    restart(ca)
    own = read_chain((ca.home / "pki" / "server.pem").read_text())[0]
    assert own.public_key().curve.name == "secp256r1"


def test_issuers_for_another_profile_alone(ca, connect):
    # As at the first start: the CA has no certificate of its own yet.
    own = ca.home / "pki" / "server.pem"
    assert ca.stop() == 0
    own.unlink()
    ca.settings |= {"issuers.intermediate.profiles": ["brief"], "profiles.brief.validity": "6d"}
    ca.start()
    assert own.exists()
    client = connect()
    assert client.issue([unique_name()], profile="brief").order["status"] == "valid"
    with pytest.raises(Refused):
        client.issue([unique_name()])
