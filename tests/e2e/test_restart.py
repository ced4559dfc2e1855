"""Stopping, starting and reloading in good order."""

import datetime
import pathlib
import signal
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from harness.acme import Client, assert_problem, make_csr
from harness.dns_server import unique_name
from harness.issued import read_chain
from harness.process import BIN, run
from harness.web import Responder


@pytest.fixture
def responder(ca):
    with Responder(ca.http_port) as server:
        yield server


@pytest.fixture
def client(ca, responder):
    client = Client(ca, responder)
    client.register()
    return client


def test_everything_is_there_after_a_restart(ca, client):
    issued = client.issue([unique_name()])
    pending_url, pending = client.order([unique_name()])
    name = unique_name()
    ready_url, ready = client.make_ready([name])
    account = client.read(client.account_url)

    assert ca.stop() == 0
    ca.start()

    assert client.read(client.account_url) == account
    assert client.must(client.post(issued.order["certificate"])).text == issued.chain_pem
    assert client.read(pending_url) == pending
    client.must(client.finalize(ready, make_csr(ec.generate_private_key(ec.SECP256R1()), [name])))
    assert client.wait_while(ready_url, {"ready", "processing"})["status"] == "valid"


@pytest.mark.checks(21)
def test_a_nonce_from_before_works_or_is_refused_as_a_nonce(ca, client):
    nonce = client.nonce()
    ca.stop()
    ca.start()
    response = client.post(client.account_url, nonce=nonce)
    if response.status_code != 200:
        assert_problem(response, 400, "badNonce")


@pytest.mark.checks(17)
def test_a_used_nonce_stays_used(ca, client):
    nonce = client.nonce()
    assert client.post(client.account_url, nonce=nonce).status_code == 200
    ca.stop()
    ca.start()
    assert_problem(client.post(client.account_url, nonce=nonce), 400, "badNonce")


def test_reload_drops_no_connection(ca, client):
    stop, failures = threading.Event(), []

    def keep_reading():
        twin = Client(ca, key=client.key)
        twin.account_url = client.account_url
        while not stop.is_set():
            try:
                twin.read(twin.account_url)
            except Exception as error:  # whatever it is, it is the finding
                failures.append(repr(error))
                return

    readers = [threading.Thread(target=keep_reading) for _ in range(4)]
    for reader in readers:
        reader.start()
    for _ in range(10):
        ca.reload()
    stop.set()
    for reader in readers:
        reader.join()
    assert failures == []
    assert client.issue([unique_name()]).order["status"] == "valid"


def lifetime_of(chain_pem):
    leaf = read_chain(chain_pem)[0]
    return (leaf.not_valid_after - leaf.not_valid_before + datetime.timedelta(seconds=1)).days


def test_reload_takes_a_good_configuration_and_leaves_a_bad_one(ca, client):
    settings = ca.home / "ca.toml"
    assert lifetime_of(client.issue([unique_name()]).chain_pem) == 90
    settings.write_text(settings.read_text().replace('validity = "90d"', 'validity = "30d"'))
    ca.reload()
    assert lifetime_of(client.issue([unique_name()]).chain_pem) == 30
    settings.write_text(settings.read_text() + "[no_such_section]\n")
    ca.reload(outcome="the former configuration stays in force")
    assert lifetime_of(client.issue([unique_name()]).chain_pem) == 30


def test_being_stopped_and_going_on_is_no_event(ca):
    """The server looks at its own certificate each minute and after a reload: not because it was held
    for a moment."""
    def state():
        return pathlib.Path(f"/proc/{ca.server.process.pid}/stat").read_text().rpartition(") ")[2][0]

    (ca.home / "pki" / "server.pem").write_text("spoiled, so that looking at it shows")
    for _ in range(10):
        ca.server.signal(signal.SIGSTOP)
        ca.server.wait_until(lambda: state() == "T")
        ca.server.signal(signal.SIGCONT)
        ca.server.wait_until(lambda: state() != "T")
    settings = ca.home / "ca.toml"
    settings.write_text(settings.read_text() + "[no_such_section]\n")
    ca.reload(outcome="the former configuration stays in force")

    def events():
        return [line["event"] for line in ca.log_lines()]

    ca.server.wait_until(lambda: events().count("issued own certificate") == 2)
    assert [event for event in events() if "certificate" in event or "reload" in event] == [
        "issued own certificate", "reload failed; the former configuration stays in force",
        "issued own certificate"]


def test_a_new_intermediate_without_a_restart(ca, client):
    old = client.issue([unique_name()])
    key = ec.generate_private_key(ec.SECP256R1())
    new_issuer = intermediate(ca, "Cairn Test Intermediate 2", key)
    (ca.home / "pki" / "intermediate.pem").write_bytes(
        new_issuer.public_bytes(serialization.Encoding.PEM))
    (ca.home / "pki" / "intermediate-key.pem").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))
    ca.reload()
    new = client.issue([unique_name()])
    assert read_chain(new.chain_pem)[1] == new_issuer
    assert client.must(client.post(old.order["certificate"])).text == old.chain_pem


def intermediate(ca, name, key):
    root = x509.load_pem_x509_certificate((ca.home / "pki" / "root.pem").read_bytes())
    root_key = serialization.load_pem_private_key(
        (ca.home / "pki" / "root-key.pem").read_bytes(), None)
    now = datetime.datetime.utcnow().replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(root.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1000))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .add_extension(x509.KeyUsage(True, False, False, False, False, True, True, False, False),
                       True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()),
                       False)
        .sign(root_key, hashes.SHA256()))


def test_only_one_server_for_a_store(ca, client):
    run([BIN / "cairn-ca", "serve", ca.home], expect=2, timeout=30)
    assert client.read(client.account_url)["status"] == "valid"


def test_a_bad_configuration_names_all_that_is_wrong(ca):
    ca.stop()
    with pytest.raises(AssertionError) as failure:
        run([BIN / "cairn-ca", "serve", ca.home, "--set", "validation.http_port=\"x\"",
             "--set", "no.such_key=1"], timeout=30)
    assert "http_port" in str(failure.value) and "no.such_key" in str(failure.value)


def test_init_spoils_nothing_that_is_there(ca):
    before = (ca.home / "pki" / "root.pem").read_bytes()
    run([BIN / "cairn-ca", "init", ca.home], expect=2)
    assert (ca.home / "pki" / "root.pem").read_bytes() == before
