"""What `init --private` and `--public` make, and how machines come to trust it."""

import hashlib
import subprocess

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from harness.acme import Client
from harness.authority import CairnCa
from harness.dns_server import unique_name
from harness.issued import read_chain, verify_chain
from harness.process import BIN, run
from harness.web import Responder


def digest_of(root_pem):
    root = x509.load_pem_x509_certificate(root_pem.encode())
    return hashlib.sha256(root.public_bytes(serialization.Encoding.DER)).hexdigest()


def new_order(client, *names):
    return client.post(client.directory["newOrder"], {
        "identifiers": [{"type": "ip" if name[0].isdigit() else "dns", "value": name} for name in names]})


def test_a_private_ca_is_of_use_on_a_companys_network(dns, tmp_path):
    # As `init` wrote it, but for where it listens and asks.
    ca = CairnCa(tmp_path, dns, starts=False)
    for setting in ("validation.allow_networks", "policy.internal_names", "limits.enabled"):
        del ca.settings[setting]
    text = (ca.home / "ca.toml").read_text()
    for key in ("allow_networks = [", "internal_names = true"):
        before = text[:text.index("\n" + key)].splitlines()
        comment = [line for line in before[-4:] if line.startswith("#")]
        assert any(line.startswith("# Opens: ") for line in comment), key
        assert any("To close it" in line for line in comment), key
    ca.start()
    try:
        with Responder(ca.http_port) as responder:
            client = Client(ca, responder)
            client.register()
            for name in ("printer", "nas.local", "a.company", "wiki.corp", "10.1.2.3", "192.168.1.1",
                         "172.31.0.1"):
                assert new_order(client, name).status_code == 201, name
            # What is no company's own network stays closed.
            for name in ("127.0.0.1", "169.254.169.254", "100.64.0.1"):
                refused = new_order(client, name)
                assert refused.status_code == 400 and "special purpose" in refused.text, name
    finally:
        assert ca.stop() == 0


def test_a_public_ca_does_not_start_and_says_all_that_is_missing(tmp_path):
    told = run([BIN / "cairn-ca", "init", tmp_path / "ca", "--public", "--host", "ca.example"])
    assert "It will not start" in told
    serve = [BIN / "cairn-ca", "serve", tmp_path / "ca"]
    done = subprocess.run(serve, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    for missing in ("CAA", "caa_identities", "network perspectives", "certificate transparency", "FIPS 140",
                    "directory.terms_of_service", "policy.weak_keys", "private CAs alone"):
        assert missing in done.stderr, missing
    assert not list((tmp_path / "ca" / "store").iterdir())
    check = subprocess.run([BIN / "cairn-ca", "check", tmp_path / "ca", "--set", "validation.dns_servers=['127.0.0.1:1']"],
                           capture_output=True, text=True, timeout=60)
    assert check.returncode == 2
    assert (check.stdout + check.stderr).count("a public CA does not start: ") == 6, check.stdout
    # No setting makes up for what is not there, and none hides that the CA is a public one.
    done = subprocess.run(
        [*serve, "--set", 'directory.terms_of_service="https://ca.example/terms"', "--set",
         'policy.weak_keys=["list"]'], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "network perspectives" in done.stderr
    assert "terms_of_service" not in done.stderr and "weak_keys" not in done.stderr


def test_a_running_ca_does_not_become_a_public_one(ca):
    text = (ca.home / "ca.toml").read_text()
    (ca.home / "ca.toml").write_text(text.replace(
        "internal_names = true", 'kind = "public"\ninternal_names = false').replace(
        'extended_key_usage = ["serverAuth", "clientAuth"]', "").replace("uris = true", ""))
    ca.reload("reload failed; the former configuration stays in force")
    assert "is of a public CA (policy.kind), which does not start" in ca.log.read_text()


def test_the_root_is_found_by_its_fingerprint(ca, tmp_path):
    """A machine that knows the fingerprint alone, as the guide has it."""
    root = ca.api_root.read_text()
    digest = digest_of(root)
    assert digest.upper() == [line for line in ca.init_output.splitlines() if "SHA-256" in line][0].split(
        ":", 1)[1].strip().replace(":", "")
    for scheme in ("https", "http"):
        base = f"{scheme}://localhost:{ca.port}"
        colons = ":".join(digest[i:i + 2] for i in range(0, 64, 2)).upper()
        for path in ("/roots.pem", f"/roots/{digest}.pem", f"/roots/{colons}.pem"):
            answer = requests.get(base + path, verify=str(ca.api_root), timeout=10)
            assert (answer.status_code, answer.text) == (200, root), path
            assert answer.headers["Cache-Control"] == "public, max-age=3600"
            again = requests.get(base + path, verify=str(ca.api_root), timeout=10,
                                 headers={"If-None-Match": answer.headers["ETag"]})
            assert (again.status_code, again.content) == (304, b"")
        for path in ("/roots/", f"/roots/{digest[:-2]}00.pem", f"/roots/{digest}", "/roots/..%2fca.toml",
                     "/roots/intermediate-key.pem"):
            answer = requests.get(base + path, verify=str(ca.api_root), timeout=10)
            assert answer.status_code == 404 and "PRIVATE" not in answer.text, path
    fetched = run(["curl", "-sSk", f"https://localhost:{ca.port}/roots.pem"])
    (tmp_path / "fetched.pem").write_text(fetched)
    shown = run(["openssl", "x509", "-in", tmp_path / "fetched.pem", "-noout", "-fingerprint", "-sha256"])
    assert shown.strip().split("=")[1].replace(":", "").lower() == digest


def test_roots_of_all_active_issuers_are_served(ca, tmp_path):
    run([BIN / "cairn-ca", "init", tmp_path / "other"])
    other = (tmp_path / "other" / "pki" / "root.pem").read_text()
    told = run([BIN / "cairn-ca", "issuer", "create", ca.home, "second", "--root",
                tmp_path / "other" / "pki" / "root.pem", "--root-key",
                tmp_path / "other" / "pki" / "root-key.pem"])
    table = told[told.index("[issuers."):]
    text = (ca.home / "ca.toml").read_text()
    # For one profile, so that the server's own certificate stays below the first root.
    (ca.home / "ca.toml").write_text(text + "\n" + table + 'profiles = ["mtls"]\n')
    ca.reload()

    def roots():
        return requests.get(f"http://localhost:{ca.port}/roots.pem", timeout=10).text

    assert sorted(map(digest_of, split(roots()))) == sorted(
        map(digest_of, (ca.api_root.read_text(), other)))
    by_digest = requests.get(f"http://localhost:{ca.port}/roots/{digest_of(other)}.pem", timeout=10)
    assert by_digest.text == other
    (ca.home / "ca.toml").write_text(text + "\n" + table + "active = false\n")
    ca.reload()
    assert roots() == ca.api_root.read_text()


def split(pem):
    end = "-----END CERTIFICATE-----\n"
    return [block + end for block in pem.split(end)[:-1]]


@pytest.mark.parametrize("options, lives", [
    (["--root-lifetime", "4000d", "--intermediate-lifetime", "1000d", "--certificate-lifetime", "30d",
      "--root-name", "Beispiel Wurzel", "--intermediate-name", "Zwischen", "--organization", "Beispiel"],
     (4000, 1000, 30))])
def test_names_and_lives_are_options(dns, tmp_path, options, lives):
    ca = CairnCa(tmp_path, dns, init_options=options)
    try:
        with Responder(ca.http_port) as responder:
            client = Client(ca, responder)
            client.register()
            chain = read_chain(client.issue([unique_name()]).chain_pem)
    finally:
        assert ca.stop() == 0
    verify_chain(chain, ca.api_root.read_text(), tmp_path)
    root = x509.load_pem_x509_certificate(ca.api_root.read_bytes())
    assert root.subject.rfc4514_string() == "CN=Beispiel Wurzel,O=Beispiel"
    assert chain[1].subject.rfc4514_string() == "CN=Zwischen,O=Beispiel"
    for certificate, days in zip((root, chain[1], chain[0]), lives):
        life = certificate.not_valid_after - certificate.not_valid_before
        assert round(life.total_seconds() / 86400) == days
