"""cairn with the modes of Pebble that tests/interop/test_cairn.py does not have."""

import os
import signal
import subprocess

import pytest
from cryptography import x509

from harness.acme import b64
from harness.authority import Pebble
from harness.cairn import HOOK, Cairn
from harness.dns_server import unique_name
from harness.issued import names_of, read_chain, verify_chain
from harness.process import Failed

KEY = b64(b"0123456789abcdef0123456789abcdef")


@pytest.fixture
def start(tmp_path, dns):
    """start(**options) of Pebble: a cairn that knows it."""
    started = []

    def begin(**options):
        server = Pebble(tmp_path, dns, **options)
        started.append(server)
        return Cairn(server, os.environ | dns.environment, tmp_path)

    yield begin
    for server in started:
        server.stop()


@pytest.fixture
def binding(tmp_path):
    """binding(key id, key): the options with which an account is bound."""
    def options(key_id="kid-1", key=KEY):
        file = tmp_path / "hmac"
        file.write_text(key + "\n")
        file.chmod(0o600)
        return ["--eab-kid", key_id, "--eab-hmac-key-file", file]

    return options


def test_an_external_account(start, binding, tmp_path, seen):
    cairn = start(bindings={"kid-1": KEY})
    name = unique_name()
    cairn.issue([name], "standalone", *binding())
    cairn.check(name, [name], tmp_path)
    cairn("renew", "--force")
    seen("cairn", "external account", by="pebble")


def test_an_external_account_that_is_needed_is_asked_for(start):
    cairn = start(bindings={"kid-1": KEY})
    with pytest.raises(Failed, match="--eab-kid and --eab-hmac-key-file"):
        cairn.issue([unique_name()])


@pytest.mark.parametrize("key_id, key", [("kid-2", KEY), ("kid-1", b64(b"another key"))])
def test_a_wrong_external_account_is_told(start, binding, key_id, key):
    cairn = start(bindings={"kid-1": KEY})
    with pytest.raises(Failed, match="check --eab-kid and --eab-hmac-key-file"):
        cairn.issue([unique_name()], "standalone", *binding(key_id, key))


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_preferred_chain(start, tmp_path, number, seen):
    cairn = start(alternate_roots=2)
    root = cairn.authority.issuer_root(number)
    subject = x509.load_pem_x509_certificate(root.encode()).subject
    wanted = subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value
    name = unique_name()
    cairn.issue([name], "standalone", "--preferred-chain", wanted)
    cairn("renew", "--force")
    chain = read_chain((cairn.live(name) / "fullchain.pem").read_text())
    assert chain[-1].issuer == subject
    verify_chain(chain, root, tmp_path)
    seen("cairn", "preferred chain", by="pebble")


def test_a_strict_ca_that_refuses_half_of_the_nonces(start, tmp_path):
    cairn = start(strict=True, refused_nonces=50)
    name = unique_name()
    cairn.issue([name, f"*.{name}"], "exec")
    cairn.check(name, [name, f"*.{name}"], tmp_path)
    cairn.account("rollover", "--key-type", "ec-p384")
    cairn("renew", "--force")
    leaf = read_chain((cairn.live(name) / "cert.pem").read_text())[0]
    cairn("revoke", name)
    assert cairn.authority.is_revoked(leaf.serial_number)


def test_a_proof_that_the_ca_remembers_is_not_given_again(start, dns):
    cairn = start(reused_proofs=100)
    name = unique_name()
    cairn.issue([name])
    dns.add(name, "A", "127.0.0.2")  # where nobody answers
    run = cairn.outcome("renew", "--force")
    assert run.returncode == 0, run.stderr


def test_names_and_addresses_in_one_certificate(start, tmp_path, seen):
    cairn = start()
    by_http, by_tls = unique_name(), unique_name()
    cairn.issue([by_http, f"{by_tls}={cairn.solvers['tls-alpn']}", "127.0.0.1"],
                "standalone", "--name", "mixed")
    leaf = read_chain((cairn.live("mixed") / "cert.pem").read_text())[0]
    assert sorted(names_of(leaf)) == sorted([by_http, by_tls])
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    seen("cairn", "addresses", by="pebble")


def test_a_refused_name_is_named(start):
    cairn = start(blocked=["blocked.example"])
    name = unique_name()
    with pytest.raises(Failed, match=r"blocked\.example(.|\n)*Next: "):
        cairn.issue([name, "blocked.example"], "standalone", "--name", "mixed")
    assert not cairn.live("mixed").exists()


def test_a_certificate_is_revoked_with_its_own_key(start, seen):
    cairn = start()
    name = unique_name()
    cairn.issue([name])
    live = cairn.live(name)
    leaf = read_chain((live / "cert.pem").read_text())[0]
    account = next((cairn.state / "accounts").rglob("key.pem"))
    refused = cairn.outcome("revoke", "--cert", live / "cert.pem", "--key", account,
                            "--ca", cairn.authority.directory, "--ca-root", cairn.authority.api_root)
    assert refused.returncode == 2 and "is not the key of the certificate" in refused.stderr
    cairn.account("deactivate")
    cairn("revoke", "--cert", live / "cert.pem", "--key", live / "privkey.pem",
          "--ca", cairn.authority.directory, "--ca-root", cairn.authority.api_root,
          "--reason", "keyCompromise")
    assert cairn.authority.is_revoked(leaf.serial_number)
    seen("cairn", "revocation", by="pebble")


@pytest.mark.checks(202, 204)
@pytest.mark.parametrize("moment", ["present", "cleanup"])
def test_a_killed_run_is_taken_up(start, tmp_path, dns, moment):
    cairn = start()
    name = unique_name()
    hook = tmp_path / "hook"
    mark = tmp_path / "mark"
    mark.touch()
    hook.write_text(f'#!/bin/bash\n{HOOK} "$1"\n'
                    f'if [[ $1 == {moment} && -e {mark} ]]; then rm {mark}; kill -9 $PPID; fi\n')
    hook.chmod(0o755)
    words = [f"{name}=exec:{hook}"]
    run = subprocess.run(
        cairn.command_line(*cairn.issuing(words[0])), env=cairn.environment, timeout=60,
        stdin=subprocess.DEVNULL, capture_output=True)
    assert run.returncode == -signal.SIGKILL
    cairn.issue(words)
    cairn.check(name, [name], tmp_path)
    assert not dns.query(f"_acme-challenge.{name}", "TXT").answer, "records were left behind"
    assert len(list((cairn.state / "archive" / name).glob("cert*.pem"))) == 1
