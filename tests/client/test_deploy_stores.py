"""Deployment to what is no server on this machine: Vault, Kubernetes, PKCS#12."""

import base64
import json
import shutil
import subprocess

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from harness.issued import public_octets, read_chain, to_pem
from harness.process import run
from harness.secret_stores import Kubernetes, Trusted, Vault, certified, key_pem

NAME = "a.example"


def serial_of(chain, key):
    leaf = read_chain(chain if isinstance(chain, str) else chain.decode())[0]
    private = serialization.load_pem_private_key(
        key.encode() if isinstance(key, str) else key, None)
    assert public_octets(private.public_key()) == public_octets(leaf.public_key())
    return leaf.serial_number


@pytest.fixture(params=[1, 2])
def vault(tmp_path, request):
    vault = Vault(tmp_path / "vault", request.param)
    yield vault
    vault.stop()


@pytest.fixture
def kubernetes(tmp_path):
    server = Kubernetes(tmp_path / "kubernetes")
    yield server
    server.stop()


def test_vault_gets_certificate_and_key(cairn, vault, tmp_path):
    token = tmp_path / "token"
    token.write_text(vault.token + "\n")
    token.chmod(0o600)
    vault.put("sites/a b", {"owner": "the web team"})
    target = f"vault:secret/sites/a b,address={vault.url},token-file={token},ca-file={vault.root}"
    run = cairn.outcome(*cairn.issuing(NAME, "--deploy", target))
    assert run.returncode == 0, run.stderr
    held = vault.newest("sites/a b")
    assert serial_of(held["fullchain"], held["privkey"]) == cairn.serial(NAME)
    assert read_chain(held["cert"]) + read_chain(held["chain"]) == read_chain(held["fullchain"])
    first = held
    assert held["owner"] == "the web team"
    assert vault.token not in run.stderr
    # A server's check that fails has the former one stand again.
    gate = tmp_path / "gate"
    gate.write_text("#!/bin/sh\nexit 1\n")
    gate.chmod(0o755)
    assert cairn.outcome("set", NAME, "--deploy", target + f",check={gate}").returncode == 0
    failed = cairn.outcome("renew", "--force")
    assert failed.returncode == 2 and "rolled back" in failed.stderr
    assert vault.newest("sites/a b") == first
    gate.write_text("#!/bin/sh\nexit 0\n")
    assert cairn.outcome("renew").returncode == 0
    held = vault.newest("sites/a b")
    assert serial_of(held["fullchain"], held["privkey"]) == cairn.serial(NAME) != \
        serial_of(first["fullchain"], first["privkey"])


def test_what_vault_refuses_is_told_without_the_token(cairn, vault, tmp_path):
    token = tmp_path / "token"
    token.write_text("hvs.another")
    token.chmod(0o600)
    target = f"vault:secret/site,address={vault.url},token-file={token},ca-file={vault.root}"
    run = cairn.outcome(*cairn.issuing(NAME, "--deploy", target))
    assert run.returncode == 2 and "permission denied" in run.stderr
    assert "hvs.another" not in run.stderr
    token.chmod(0o644)
    run = cairn.outcome("deploy", NAME)
    assert run.returncode == 2 and "others may read it" in run.stderr
    token.write_text(vault.token)
    token.chmod(0o600)
    assert vault.newest("site") is None
    assert cairn.outcome("renew").returncode == 0
    assert vault.newest("site")


def test_a_vault_at_fault_is_tried_later(cairn, vault, tmp_path):
    target = f"vault:secret/site,{logging_in(vault, tmp_path)}"
    vault.fail = 500
    assert cairn.outcome(*cairn.issuing(NAME, "--deploy", target)).returncode == 2
    assert vault.newest("site") is None
    vault.fail = None
    assert cairn.outcome("renew").returncode == 0
    assert vault.newest("site")


def logging_in(vault, folder, secret=None):
    """Options of a target that logs in by AppRole."""
    file = folder / "secret-id"
    file.write_text((secret or vault.secret_id) + "\n")
    file.chmod(0o600)
    return f"address={vault.url},role-id={vault.role_id},secret-id-file={file},ca-file={vault.root}"


def test_vault_by_app_role(cairn, vault, tmp_path):
    target = f"vault:secret/site,{logging_in(vault, tmp_path, 'a-wrong-one')}"
    run = cairn.outcome(*cairn.issuing(NAME, "--deploy", target))
    assert run.returncode == 2, run.stderr
    assert "log in to Vault by AppRole" in run.stderr and "invalid role or secret" in run.stderr
    assert "a-wrong-one" not in run.stderr
    logging_in(vault, tmp_path)
    assert cairn.outcome("renew").returncode == 0
    held = vault.newest("site")
    assert serial_of(held["fullchain"], held["privkey"]) == cairn.serial(NAME)
    for path in cairn.state.rglob("*"):
        if path.is_file():
            assert vault.secret_id.encode() not in path.read_bytes(), path


def test_a_mount_of_vault_with_slashes(cairn, vault, tmp_path):
    options = logging_in(vault, tmp_path)
    run = cairn.outcome(*cairn.issuing(NAME, "--deploy", f"vault:kv/web/sites/one,{options}"))
    assert run.returncode == 0, run.stderr
    assert vault.newest("sites/one", mount="kv/web")["fullchain"]
    run = cairn.outcome("set", NAME, "--deploy",
                        f"vault:two,mount=kv/web,version={vault.version},{options}")
    assert run.returncode == 0, run.stderr
    assert cairn.outcome("renew", "--force").returncode == 0
    held = vault.newest("two", mount="kv/web")
    assert serial_of(held["fullchain"], held["privkey"]) == cairn.serial(NAME)


def test_a_vault_whose_certificate_nobody_knows(cairn, vault, tmp_path):
    token = tmp_path / "token"
    token.write_text(vault.token)
    token.chmod(0o600)
    target = f"vault:secret/site,address={vault.url},token-file={token}"
    run = cairn.outcome(*cairn.issuing(NAME, "--deploy", target))
    assert run.returncode == 2 and "say ca-file=FILE" in run.stderr, run.stderr
    run = cairn.outcome("deploy", NAME, f"{target},ca-file={Trusted(tmp_path / 'other').root}")
    assert run.returncode == 2 and "say ca-file=FILE" in run.stderr, run.stderr
    assert vault.newest("site") is None
    assert vault.token not in run.stderr


def test_what_others_write_into_vault_meanwhile_stays(cairn, tmp_path):
    vault = Vault(tmp_path / "vault", 2)
    vault.meanwhile = lambda: vault.put("site", {"owner": "the web team"})
    token = tmp_path / "token"
    token.write_text(vault.token)
    token.chmod(0o600)
    target = f"vault:secret/site,address={vault.url},token-file={token},ca-file={vault.root}"
    run = cairn.outcome(*cairn.issuing(NAME, "--deploy", target))
    vault.stop()
    assert run.returncode == 0, run.stderr
    held = vault.newest("site")
    assert held["owner"] == "the web team"
    assert serial_of(held["fullchain"], held["privkey"]) == cairn.serial(NAME)


@pytest.mark.parametrize("options", [
    "secret-id-file=/x", "login=other", "role-id=r,token-file=/x", "role-id=r,login=/"])
def test_two_ways_into_vault_at_once_are_refused(cairn, options):
    run = cairn.outcome(*cairn.issuing(
        NAME, "--deploy", f"vault:secret/site,address=https://127.0.0.1:1,{options}"))
    assert run.returncode != 0 and "role" in run.stderr.lower(), run.stderr


def users(kubernetes, folder):
    """The ways of a kubeconfig to tell who one is."""
    certificate, key = certified("client", kubernetes.authority)
    (folder / "client.pem").write_text(to_pem(certificate))
    (folder / "client.key").write_bytes(key_pem(key))
    (folder / "a-token").write_text(kubernetes.token)
    return {
        "token": [f"token: {kubernetes.token}"],
        "a file with a token": ["tokenFile: a-token"],
        "certificate": [
            "client-certificate: client.pem",
            f'"client-key-data": {base64.b64encode(key_pem(key)).decode()}'],
    }


@pytest.mark.parametrize("way", ["token", "a file with a token", "certificate"])
def test_a_secret_of_kubernetes(cairn, kubernetes, tmp_path, way):
    config = kubernetes.kubeconfig(tmp_path / "config", users(kubernetes, tmp_path)[way])
    target = f"kubernetes:site,kubeconfig={config}"
    run = cairn.outcome(*cairn.issuing(NAME, "--deploy", target))
    assert run.returncode == 0, run.stderr
    assert kubernetes.secret("web", "site")["type"] == "kubernetes.io/tls"
    held = kubernetes.decoded("web", "site")
    assert serial_of(held["tls.crt"], held["tls.key"]) == cairn.serial(NAME)
    # What somebody else has put there stays.
    kubernetes.label("web", "site", "team", "web")
    assert cairn.outcome("renew", "--force").returncode == 0
    held = kubernetes.decoded("web", "site")
    assert serial_of(held["tls.crt"], held["tls.key"]) == cairn.serial(NAME)
    assert kubernetes.secret("web", "site")["metadata"]["labels"]["team"] == "web"


def test_a_secret_that_others_change_meanwhile(cairn, tmp_path):
    kubernetes = Kubernetes(tmp_path / "kubernetes")
    config = kubernetes.kubeconfig(tmp_path / "config", [f"token: {kubernetes.token}"])
    assert cairn.outcome(*cairn.issuing(
        NAME, "--deploy", f"kubernetes:site,kubeconfig={config}")).returncode == 0
    kubernetes.meanwhile = lambda: kubernetes.label("web", "site", "team", "web")
    run = cairn.outcome("renew", "--force")
    kubernetes.stop()
    assert run.returncode == 0, run.stderr
    held = kubernetes.decoded("web", "site")
    assert serial_of(held["tls.crt"], held["tls.key"]) == cairn.serial(NAME)
    assert kubernetes.secret("web", "site")["metadata"]["labels"]["team"] == "web"
    assert [method for method, _ in kubernetes.log].count("PATCH") == 2


def test_from_within_a_cluster_and_back_again(cairn, kubernetes, tmp_path):
    account = tmp_path / "account"
    account.mkdir()
    (account / "token").write_text(kubernetes.token)
    (account / "ca.crt").write_text(kubernetes.root.read_text())
    (account / "namespace").write_text("mine\n")
    host, port = kubernetes.url.removeprefix("https://").split(":")
    environment = {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port}
    gate = tmp_path / "gate"
    gate.write_text("#!/bin/sh\nexit 1\n")
    gate.chmod(0o755)
    run = cairn.outcome(*cairn.issuing(
        NAME, "--deploy", f"kubernetes:site,service-account={account},check={gate}"),
        environment=environment)
    assert run.returncode == 2 and "rolled back" in run.stderr, run.stderr
    assert kubernetes.secret("mine", "site") is None, "what had not been there before"
    gate.write_text("#!/bin/sh\nexit 0\n")
    assert cairn.outcome("renew", environment=environment).returncode == 0
    assert kubernetes.secret("mine", "site")


def test_a_kubeconfig_that_would_run_programs_is_refused(cairn, kubernetes, tmp_path):
    config = kubernetes.kubeconfig(tmp_path / "config", ["exec: {command: steal}"])
    run = cairn.outcome(*cairn.issuing(NAME, "--deploy", f"kubernetes:site,kubeconfig={config}"))
    assert run.returncode == 2 and "programs are not run" in run.stderr


@pytest.mark.parametrize("legacy", ["no", "yes"])
def test_pkcs12_is_read_by_others(cairn, tmp_path, legacy):
    password = tmp_path / "password"
    password.write_text("correct horse\n")
    password.chmod(0o600)
    store = tmp_path / "store.p12"
    run_ = cairn.outcome(*cairn.issuing(
        NAME, "--deploy", f"pkcs12:{store},password-file={password},alias=web,legacy={legacy}"))
    assert run_.returncode == 0, run_.stderr
    key, leaf, others = pkcs12.load_key_and_certificates(store.read_bytes(), b"correct horse")
    assert leaf.serial_number == cairn.serial(NAME) and len(others) >= 1
    assert public_octets(key.public_key()) == public_octets(leaf.public_key())
    assert store.stat().st_mode & 0o777 == 0o600
    octets = store.read_bytes()
    # The same within is not written again.
    assert cairn.outcome("deploy", NAME).returncode == 0 and store.read_bytes() == octets
    text = run(["openssl", "pkcs12", "-in", store, "-passin", f"file:{password}", "-info", "-nokeys"]
               + (["-legacy"] if legacy == "yes" else []))
    assert "friendlyName: web" in text
    if shutil.which("keytool"):
        listed = subprocess.run(
            ["keytool", "-list", "-v", "-storetype", "PKCS12", "-keystore", store,
             "-storepass:file", password], text=True, capture_output=True, timeout=120)
        assert listed.returncode == 0, listed.stdout + listed.stderr
        assert "Alias name: web" in listed.stdout and "PrivateKeyEntry" in listed.stdout


def test_facts_hold_no_password_of_a_store(cairn, vault, tmp_path):
    token = tmp_path / "token"
    token.write_text(vault.token)
    token.chmod(0o600)
    target = f"vault:secret/site,address={vault.url},token-file={token},ca-file={vault.root}"
    assert cairn.outcome(*cairn.issuing(NAME, "--deploy", target)).returncode == 0
    for path in cairn.state.rglob("*"):
        if path.is_file():
            assert vault.token.encode() not in path.read_bytes(), path
    assert json.loads(cairn.outcome("status", "--json").stdout)["certificates"][0]["targets"]
