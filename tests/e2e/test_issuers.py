"""Several issuers: by kind of key, by profile, and one that takes over from another."""

import json
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from harness.acme import Client, assert_problem, make_csr
from harness.dns_server import unique_name
from harness.issued import read_chain
from harness.process import BIN, run
from harness.web import Responder


def create_issuer(ca, name, *options):
    return run([BIN / "cairn-ca", "issuer", "create", ca.home, name, *options])


def configure(ca, name, **keys):
    with open(ca.home / "ca.toml", "a") as file:
        file.write(f"\n[issuers.{name}]\n")
        file.write(f'certificate = "pki/{name}.pem"\nkey = "pki/{name}-key.pem"\n')
        for key, value in keys.items():
            file.write(f"{key} = {json.dumps(value)}\n")


def certificate_in(ca, name):
    return x509.load_pem_x509_certificate((ca.home / "pki" / f"{name}.pem").read_bytes())


@pytest.fixture
def client(ca):
    with Responder(ca.http_port) as responder:
        client = Client(ca, responder)
        client.register()
        yield client


def issuer_of(client, key=None, **order):
    issued = client.issue([unique_name()], key=key, **order)
    chain = read_chain(issued.chain_pem)
    assert chain[0].issuer == chain[1].subject
    return chain[1]


def test_keys_of_one_kind_have_an_issuer_of_their_own(ca, client):
    create_issuer(ca, "for-rsa", "--key-type", "rsa2048")
    configure(ca, "for-rsa", key_types=["rsa"])
    ca.reload()
    assert issuer_of(client, rsa.generate_private_key(65537, 2048)) == certificate_in(ca, "for-rsa")
    # The newer issuer would take over, but does not serve these keys.
    assert issuer_of(client, ec.generate_private_key(ec.SECP256R1())) == certificate_in(
        ca, "intermediate")


def test_a_new_issuer_takes_over_and_an_old_one_stays_known(ca, client):
    before = client.issue([unique_name()])
    # Which one is newer is told by certificates, in whole seconds.
    made = (ca.home / "pki" / "intermediate-key.pem").stat().st_mtime
    ca.server.wait_until(lambda: int(time.time()) > int(made))
    create_issuer(ca, "second")
    configure(ca, "second")
    ca.reload()
    assert issuer_of(client) == certificate_in(ca, "second")
    # What the old one signed is served with its chain and can be revoked.
    assert client.must(client.post(before.order["certificate"])).text == before.chain_pem
    client.must(client.revoke(before.der))


def test_what_no_issuer_serves_is_refused(ca, client):
    text = (ca.home / "ca.toml").read_text()
    key = 'key = "pki/intermediate-key.pem"\n'
    assert key in text
    (ca.home / "ca.toml").write_text(text.replace(key, key + 'key_types = ["ec-p256"]\n'))
    ca.reload()
    name = unique_name()
    url, ready = client.make_ready([name])
    refused = client.finalize(ready, make_csr(rsa.generate_private_key(65537, 2048), [name]))
    assert_problem(refused, 400, "badCSR")
    assert "no issuer" in refused.json()["detail"]
    assert client.read(url)["status"] == "ready"


def test_issuer_create_replaces_nothing(ca):
    key = (ca.home / "pki" / "intermediate-key.pem").read_bytes()
    with pytest.raises(Exception, match="nothing was changed"):
        create_issuer(ca, "intermediate")
    assert (ca.home / "pki" / "intermediate-key.pem").read_bytes() == key


def test_issuer_create_says_what_an_interrupted_one_left(ca):
    create_issuer(ca, "second")
    (ca.home / "pki" / "second.pem").unlink()  # it is written last
    with pytest.raises(Exception, match="second-key.pem is there already, without a certificate"):
        create_issuer(ca, "second")
