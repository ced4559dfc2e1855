"""Keys of a CA in a token or a TPM: a device that is slow, full or away delays issuance and nothing else."""

import json
import os
import pathlib
import time

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec

from harness.acme import Client, make_csr
from harness.authority import CairnCa
from harness.cairn import Cairn
from harness.dns_server import unique_name
from harness.issued import read_chain
from harness.process import BIN, run
from harness.tokens import PIN, Token, Tpm
from harness.web import Responder


@pytest.fixture
def token(tmp_path):
    return Token(tmp_path)


@pytest.fixture
def ca(tmp_path, dns, token):
    ca = CairnCa(tmp_path, dns, init_options=["--key-store", token.uri()],
                 environment=token.variables, settings={"crl.delay": "1s"})
    yield ca
    token.be("")
    if ca.server.process.poll() is None:
        assert ca.stop() == 0, ca.server.tail()


@pytest.fixture
def client(ca):
    with Responder(ca.http_port) as responder:
        client = Client(ca, responder)
        client.register()
        yield client


def check(ca, *arguments, code=0):
    return run([BIN / "cairn-ca", "check", ca.home, *arguments,
                "--set", f"server.admin_listen={json.dumps(ca.settings['server.admin_listen'])}",
                "--set", f"validation.dns_servers={json.dumps(ca.settings['validation.dns_servers'])}",
                "--set", "validation.dnssec=false"],
               env=os.environ | ca.environment, expect=code)


def finalized(client):
    """An order that the CA is to issue: its URL and the answer's object."""
    name = unique_name()
    url, order = client.make_ready([name])
    csr = make_csr(ec.generate_private_key(ec.SECP256R1()), [name])
    return url, client.must(client.finalize(order, csr)).json()


def wait_for(condition, what):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def readiness(ca):
    return requests.get(f"http://127.0.0.1:{ca.admin_port}/readyz", timeout=30)


def test_keys_are_made_in_the_token_and_the_pin_is_told_nobody(ca, client, token):
    assert token.labels() == ["Cairn Test Intermediate 1", "Cairn Test Root"]
    assert sorted(path.name for path in (ca.home / "pki").iterdir() if "key" in path.name) == [
        "root-key.uri", "server-key.pem"]
    issued = client.issue([unique_name()])
    assert read_chain(issued.chain_pem)[1] == read_chain(
        (ca.home / "pki" / "intermediate.pem").read_text())[0]
    assert 'key = "pkcs11:token=test;object=Cairn%20Test%20Intermediate%201;id=' in (
        ca.home / "ca.toml").read_text()
    for path in [ca.log, *ca.home.rglob("*"), pathlib.Path(f"/proc/{ca.server.process.pid}/cmdline")]:
        if path.is_file():
            assert PIN.encode() not in path.read_bytes(), path
    assert (ca.home / "pki" / "root-key.uri").stat().st_mode & 0o777 == 0o600
    check(ca)

    # Another issuer below the root in the token, and its key beside the first.
    table = run([BIN / "cairn-ca", "issuer", "create", ca.home, "second", "--key-store", token.uri()],
                env=os.environ | ca.environment)
    (ca.home / "ca.toml").write_text(
        (ca.home / "ca.toml").read_text() + "\n" + table[table.index("[issuers.second]"):])
    ca.reload()
    assert len(token.labels()) == 3
    client.issue([unique_name()])


def test_keys_of_accounts_and_certificates_are_in_the_token_too(ca, token, tmp_path):
    cairn = Cairn(ca, ca.environment, tmp_path)
    before = token.labels()
    cairn.account("register", "--ca", ca.directory, "--agree-tos", "--key-store", token.uri())
    name = unique_name()
    cairn.issue([name], "standalone", "--key-store", token.uri(), "--key-type", "ec-p384")
    assert token.labels() == sorted([*before, "ACME account", name])
    # It stays where it is unless something else is said, and the former key is removed.
    cairn.account("rollover")
    assert token.labels() == sorted([*before, "ACME account", name])
    cairn.account("rollover", "--key-store", "file")
    assert token.labels() == sorted([*before, name])
    cairn("revoke", name, "--ca-root", ca.api_root)
    cairn("delete", name, "--yes")
    assert token.labels() == before


@pytest.mark.parametrize("mood", ["away", "full"])
def test_a_device_that_is_not_there_delays_issuance_and_nothing_else(ca, client, token, mood):
    client.issue([unique_name()])
    token.be(mood)
    url, order = finalized(client)
    assert order["status"] == "processing"
    wait_for(lambda: "signer_unavailable" in readiness(ca).text, "readiness says so")
    assert readiness(ca).status_code == 200
    assert "CKR_DEVICE" in ca.log.read_text() or "no token" in ca.log.read_text()
    assert "cannot sign now" in check(ca, code=2)

    # Everything else goes on.
    name = unique_name()
    other, ready = client.make_ready([name])
    assert ready["status"] == "ready"
    client.must(client.post(client.account_url, {}))
    metrics = requests.get(f"http://127.0.0.1:{ca.admin_port}/metrics", timeout=30).text
    assert any(line.startswith("cairn_signature_seconds_count") and "unavailable" in line
               and not line.endswith(" 0") for line in metrics.splitlines())

    token.be("")
    assert client.wait_while(url, {"processing"})["status"] == "valid"
    assert "signer_unavailable" not in readiness(ca).text
    check(ca)


def test_a_slow_device_holds_up_no_other_request(ca, client, token):
    token.be("slow 3000")
    begun = time.monotonic()
    orders = [finalized(client)[0] for _ in range(3)]
    # What is done meanwhile does not wait for the device.
    assert client.read(orders[0])["status"] in {"processing", "valid"}
    client.make_ready([unique_name()])
    for url in orders:
        assert client.wait_while(url, {"processing"})["status"] == "valid"
    assert time.monotonic() - begun > 3
    token.be("")


def test_sessions_that_are_lost_are_opened_again(ca, client, token):
    client.issue([unique_name()])
    token.be("sessions-lost")
    client.issue([unique_name()])
    assert "job waits for the signer" not in ca.log.read_text()


def test_it_starts_and_reloads_without_its_device(ca, client, token):
    client.issue([unique_name()])
    assert ca.stop() == 0
    token.be("away")
    ca.start()
    ca.reload()
    url, order = finalized(client)
    assert order["status"] == "processing"
    token.be("")
    assert client.wait_while(url, {"processing"})["status"] == "valid"


def test_init_leaves_nothing_in_a_token_when_it_fails(tmp_path, token):
    home = tmp_path / "not" / "ca"
    (tmp_path / "not").write_text("a file")
    environment = os.environ | token.variables
    run([BIN / "cairn-ca", "init", home, "--key-store", token.uri()], env=environment, expect=2)
    assert token.labels() == []
    # A PIN in the open is refused, and not repeated.
    refused = run(["sh", "-c", '"$@" 2>&1', "sh", BIN / "cairn-ca", "init", tmp_path / "ca",
                   "--key-store", f"pkcs11:token=test?pin-value={PIN}"], env=environment, expect=2)
    assert "pin-source=file:" in refused and PIN not in refused


def test_keys_are_wrapped_by_a_tpm(tmp_path, dns):
    tpm = Tpm(tmp_path)
    try:
        ca = CairnCa(tmp_path, dns, init_options=["--key-store", f"tpm2:{tpm.tcti}"])
        for key in ("root-key.pem", "intermediate-key.pem"):
            path = ca.home / "pki" / key
            assert path.read_text().startswith("-----BEGIN TSS2 PRIVATE KEY-----")
            assert path.stat().st_mode & 0o777 == 0o600
        with Responder(ca.http_port) as responder:
            client = Client(ca, responder)
            client.register()
            client.issue([unique_name()])
        check(ca)
        assert ca.stop() == 0
    finally:
        tpm.stop()


def test_keys_are_encrypted_by_a_passphrase(tmp_path, dns):
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("correct horse battery\n")
    passphrase.chmod(0o600)
    ca = CairnCa(tmp_path, dns, init_options=["--passphrase-file", passphrase])
    for key in ("root-key.pem", "intermediate-key.pem"):
        assert "ENCRYPTED PRIVATE KEY" in (ca.home / "pki" / key).read_text()
    check(ca)
    assert ca.stop() == 0
