"""Keys of cairn in a token, in a TPM and in encrypted files."""

import json
import os

import pytest

from harness.issued import public_octets, read_chain
from harness.process import run
from harness.tokens import PIN, Token, Tpm

NAME = "a.example"


def told(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.startswith("{") else done.stdout


@pytest.fixture
def token(tmp_path, cairn):
    token = Token(tmp_path)
    cairn.environment |= token.variables
    return token


def key_text(cairn, name=NAME):
    return (cairn.live(name) / "privkey.pem").read_text()


def no_key_lies_about(folder):
    for path in folder.rglob("*"):
        if path.is_file():
            text = path.read_bytes()
            assert b"-----BEGIN PRIVATE KEY" not in text, path
            assert PIN.encode() not in text, path
            assert path.stat().st_mode & 0o077 == 0, path


def test_a_key_in_a_token_is_renewed_rolled_back_renamed_and_deleted(cairn, ca, token):
    told(cairn.outcome("account", "register", "--ca", ca.directory, "--ca-root", ca.api_root,
                       "--agree-tos", "--key-store", token.uri()))
    told(cairn.outcome(*cairn.issuing(NAME, "--key-store", token.uri())))
    assert token.labels() == ["ACME account", NAME]
    text = key_text(cairn)
    assert "BEGIN PKCS#11 PROVIDER URI" in text
    first = read_chain((cairn.live(NAME) / "cert.pem").read_text())[0]
    public = run(["openssl", "x509", "-in", cairn.live(NAME) / "cert.pem", "-noout", "-pubkey"])
    assert public in text
    no_key_lies_about(cairn.state)

    # The same again is nothing to do, and asks the token nothing.
    token.be("away")
    assert cairn.outcome(*cairn.issuing(NAME, "--key-store", token.uri()), "--exit-code").returncode == 1
    told(cairn.outcome("status", "--json"))
    failed = cairn.outcome("renew", NAME, "--force")
    assert failed.returncode == 2 and "token" in failed.stderr
    token.be("full")
    failed = cairn.outcome("renew", NAME, "--force")
    assert failed.returncode == 2 and "no room" in failed.stderr
    token.be("")

    told(cairn.outcome("renew", NAME, "--force"))
    assert token.labels() == ["ACME account", NAME, NAME]
    second = read_chain((cairn.live(NAME) / "cert.pem").read_text())[0]
    assert public_octets(first.public_key()) != public_octets(second.public_key())
    told(cairn.outcome("rollback", NAME))
    assert key_text(cairn) == text
    told(cairn.outcome("rename", NAME, "b"))
    told(cairn.outcome("explain", "b"))
    assert key_text(cairn, "b") == text
    told(cairn.outcome("delete", "b", "--yes"))
    assert token.labels() == ["ACME account"]

    exported = cairn.outcome("account", "export")
    assert exported.returncode == 2 and "rollover" in exported.stderr


def test_a_failed_order_and_a_dry_run_leave_no_key_in_the_token(cairn, ca, token):
    ca.verdict = lambda authorization: authorization.update(status="invalid")
    assert cairn.outcome(*cairn.issuing(NAME, "--key-store", token.uri())).returncode == 2
    assert token.labels() == []
    del ca.verdict
    cairn.outcome(*cairn.issuing(NAME, "--key-store", token.uri(), "--dry-run"))
    assert token.labels() == []


def test_a_key_that_is_named_is_used_and_stays(cairn, ca, token):
    store = token.uri(";object=web")
    told(cairn.outcome(*cairn.issuing(NAME, "--key-store", store)))
    first = read_chain((cairn.live(NAME) / "cert.pem").read_text())[0]
    told(cairn.outcome("renew", NAME, "--force"))
    second = read_chain((cairn.live(NAME) / "cert.pem").read_text())[0]
    assert public_octets(first.public_key()) == public_octets(second.public_key())
    wrong = cairn.outcome(*cairn.issuing("b.example", "--key-store", store, "--key-type", "rsa2048"))
    assert wrong.returncode == 2 and "not of type rsa2048" in wrong.stderr
    told(cairn.outcome("delete", NAME, "--yes"))
    assert token.labels() == ["web"]


def test_another_key_store_is_another_certificate(cairn, ca, token):
    told(cairn.outcome(*cairn.issuing(NAME)))
    before = cairn.serial(NAME)
    told(cairn.outcome(*cairn.issuing(NAME, "--key-store", token.uri())))
    assert cairn.serial(NAME) != before and "PKCS#11" in key_text(cairn)
    told(cairn.outcome("set", NAME, "--key-store", "file"))
    told(cairn.outcome("renew", NAME))
    assert "BEGIN PRIVATE KEY" in key_text(cairn)


def test_a_pin_in_the_open_is_refused(cairn, ca):
    done = cairn.outcome(*cairn.issuing(NAME, "--key-store", f"pkcs11:token=t?pin-value={PIN}"))
    assert done.returncode == 2
    assert "pin-source=file:" in done.stderr and PIN not in done.stderr + done.stdout
    done = cairn.outcome(*cairn.issuing(NAME, "--key-store", "hsm"))
    assert done.returncode == 2 and "file, pkcs11:URI or tpm2" in done.stderr


def test_a_key_in_a_tpm_is_read_by_openssl(cairn, ca, tmp_path):
    tpm = Tpm(tmp_path)
    try:
        cairn.environment |= {"TPM2OPENSSL_TCTI": tpm.tcti}
        told(cairn.outcome(*cairn.issuing(NAME, "--key-store", "tpm2")))
        # Without the environment: what was said is kept.
        del cairn.environment["TPM2OPENSSL_TCTI"]
        told(cairn.outcome("renew", NAME, "--force"))
        no_key_lies_about(cairn.state / "archive")
        public = run(["openssl", "pkey", "-provider", "tpm2", "-provider", "default", "-propquery",
                      "?provider=tpm2", "-in", cairn.live(NAME) / "privkey.pem", "-pubout"],
                     env=os.environ | {"TPM2OPENSSL_TCTI": tpm.tcti})
        assert public == run(["openssl", "x509", "-in", cairn.live(NAME) / "cert.pem", "-noout",
                              "-pubkey"])
    finally:
        tpm.stop()


def test_a_key_in_a_file_is_encrypted_by_a_passphrase(cairn, ca, tmp_path):
    secret = tmp_path / "passphrase"
    secret.write_text("correct horse battery\n")
    secret.chmod(0o600)
    told(cairn.outcome(*cairn.issuing(NAME, "--passphrase-file", secret)))
    told(cairn.outcome("renew", NAME, "--force"))
    no_key_lies_about(cairn.state / "archive")
    # A server opens it by the same passphrase.
    public = run(["openssl", "pkey", "-in", cairn.live(NAME) / "privkey.pem", "-passin",
                  f"file:{secret}", "-pubout"])
    assert public == run(["openssl", "x509", "-in", cairn.live(NAME) / "cert.pem", "-noout",
                          "-pubkey"])
    secret.chmod(0o644)
    done = cairn.outcome("renew", NAME, "--force")
    assert done.returncode == 2 and "chmod 600" in done.stderr
    assert "correct horse" not in done.stderr


def test_a_target_that_needs_the_keys_text_is_refused_beforehand(cairn, ca, token, tmp_path):
    """Whatever says so: `issue`, `set` and `apply`."""
    copies = tmp_path / "copies"

    def check(run):
        assert run.returncode == 2
        assert f"files:{copies}" in run.stderr and "needs the text of the private key" in run.stderr
        assert "--key-store file" in run.stderr and "exec:PROGRAM" in run.stderr
        assert not ca.orders and not copies.exists()

    check(cairn.outcome(*cairn.issuing(NAME, "--key-store", token.uri(), "--deploy", f"files:{copies}")))
    declared = tmp_path / "certificates.toml"
    declared.write_text(f"""
        [[certificate]]
        names = ["{NAME}"]
        solver = "{cairn.solvers['standalone']}"
        ca = "{ca.directory}"
        ca_root = "{ca.api_root}"
        agree_tos = true
        key_store = "{token.uri()}"
        deploy = ["files:{copies}"]
    """)
    check(cairn.outcome("plan", declared))
    check(cairn.outcome("apply", declared))
    certificate = tmp_path / "fullchain.pem"
    told(cairn.outcome(*cairn.issuing(NAME, "--key-store", token.uri(), "--deploy",
                                      f"files,fullchain={certificate}")))
    assert certificate.exists()
    ca.orders.clear()
    check(cairn.outcome("set", NAME, "--deploy", f"files:{copies}"))
    phrase = tmp_path / "phrase"
    phrase.write_text("a phrase\n")
    phrase.chmod(0o600)
    check(cairn.outcome("set", NAME, "--key-store", "file", "--passphrase-file", phrase, "--deploy",
                        f"files:{copies}"))
