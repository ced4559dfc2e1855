"""An issuer whose certificates are offered with several chains (RFC 8555 section 7.4.2)."""

import copy
import re

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from e2e.test_chains import NOW, Authority, replace_issuer, restart, write_issuer
from harness.acme import Client, assert_problem
from harness.dns_server import unique_name
from harness.issued import read_chain, to_pem
from harness.process import run
from harness.web import Responder


def cross_signed(authority, above):
    """The same name and key, certified by another CA."""
    cross = copy.copy(authority)
    original = authority.certificate
    builder = (x509.CertificateBuilder().subject_name(original.subject)
               .issuer_name(above.certificate.subject).public_key(original.public_key())
               .serial_number(x509.random_serial_number())
               .not_valid_before(NOW).not_valid_after(original.not_valid_after))
    for extension in original.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    cross.certificate = builder.sign(above.key, hashes.SHA256())
    return cross


def write_chain(ca, name, *chain):
    (ca.home / "pki" / f"{name}.pem").write_text(to_pem(*(link.certificate for link in chain)))
    return f"pki/{name}.pem"


def alternates(response):
    """The URLs of relation "alternate", in order."""
    fields = response.raw.headers.getlist("Link")
    return [found[1] for field in fields if (found := re.fullmatch(r'<(.*)>;rel="alternate"', field))]


@pytest.fixture
def roots():
    return Authority("Root", 3650), Authority("Other Root", 3650), Authority("Third Root", 3650)


@pytest.fixture
def crossed(ca, roots):
    """A CA with two chains beside the usual one; the second goes over a certificate more."""
    root, other, third = roots
    lower = Authority("Lower", 1825, root)
    upper = Authority("Upper", 1825, third)
    replace_issuer(ca, lower, root)
    restart(ca, **{"issuers.intermediate.alternate_chains": [
        write_chain(ca, "cross", cross_signed(lower, other)),
        write_chain(ca, "longer", cross_signed(lower, upper), upper)]},
            **{"issuers.intermediate.certificate": "pki/intermediate.pem",
               "issuers.intermediate.key": "pki/intermediate-key.pem"})
    return ca


@pytest.fixture
def client(crossed):
    with Responder(crossed.http_port) as responder:
        client = Client(crossed, responder)
        client.register()
        yield client


def check_chains(client, url, roots, tmp_path):
    """Each chain is served, names the others, and leads to its root, whoever verifies it."""
    first = client.must(client.post(url))
    urls = [url, *alternates(first)]
    assert urls == [url, f"{url}/1", f"{url}/2"]
    leaves = set()
    for place, root in zip(urls, roots):
        response = client.must(client.post(place))
        assert response.headers["Content-Type"] == "application/pem-certificate-chain"
        assert alternates(response) == [other for other in urls if other != place]
        leaf, *above = read_chain(response.text)
        leaves.add(leaf)
        for file, certificates in (("root", [root.certificate]), ("above", above), ("leaf", [leaf])):
            (tmp_path / f"{file}.pem").write_text(to_pem(*certificates))
        run(["openssl", "verify", "-no-CApath", "-no-CAstore", "-purpose", "sslserver", "-CAfile",
             tmp_path / "root.pem", "-untrusted", tmp_path / "above.pem", tmp_path / "leaf.pem"])
    assert len(leaves) == 1
    for number in ("0", "3", "01", "-1", "x", "99999999999999999999"):
        assert_problem(client.post(f"{url}/{number}"), 404, "malformed")


@pytest.mark.checks(141)
def test_each_chain_is_offered_beside_the_others(crossed, client, roots, tmp_path):
    order = client.issue([unique_name()]).order
    check_chains(client, order["certificate"], roots, tmp_path)
    stranger = Client(crossed)
    stranger.register()
    for path in ("", "/1", "/9"):
        assert_problem(stranger.post(order["certificate"] + path), 404, "malformed",
                       "no such certificate")


@pytest.mark.checks(141)
def test_what_was_issued_keeps_its_chains_when_its_issuer_has_gone(crossed, client, roots, tmp_path):
    order = client.issue([unique_name()]).order
    for key in [key for key in crossed.settings if key.startswith("issuers.")]:
        del crossed.settings[key]
    replace_issuer(crossed, Authority("New", 1825, roots[0]), roots[0])
    restart(crossed)
    check_chains(client, order["certificate"], roots, tmp_path)
    fresh = client.issue([unique_name()]).order
    assert alternates(client.post(fresh["certificate"])) == []


@pytest.mark.parametrize("make, words", [
    (lambda roots: [Authority("Lower", 1825, roots[1])],
     "does not begin with a certificate of the issuer's name, key and key identifier"),
    (lambda roots: [Authority("Lower", 1825, roots[1]), roots[2]], "is not signed by certificate 2"),
    (lambda roots: [], "pki/cross.pem"),
])
def test_a_chain_that_nobody_could_use_is_refused_at_the_start(ca, roots, make, words):
    write_issuer(ca, "intermediate", Authority("Lower", 1825, roots[0]))
    (ca.home / "pki" / "root.pem").write_text(to_pem(roots[0].certificate))
    file = write_chain(ca, "cross", *make(roots))
    assert ca.stop() == 0
    ca.settings |= {"issuers.intermediate.alternate_chains": [file],
                    "issuers.intermediate.certificate": "pki/intermediate.pem",
                    "issuers.intermediate.key": "pki/intermediate-key.pem"}
    ca.launch()
    assert ca.server.wait() == 2
    said = ca.log.read_text().splitlines()[-1]
    assert words in said and "cross.pem" in said, said
