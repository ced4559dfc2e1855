"""Names, keys and lint as the operator's policy has them (BR 4.2.2, 6.1.1.3, 4.3.1.2)."""

import contextlib
import hashlib
import json
import math
import secrets
import stat
import subprocess

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from e2e.refusals import assert_refused
from harness.acme import Client, Key, assert_problem, make_csr
from harness.dns_server import unique_name
from harness.issued import verify_chain
from harness.metrics import scrape
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


def new_order(client, *names, **members):
    return client.post(client.directory["newOrder"], {
        "identifiers": [{"type": "ip" if name[0].isdigit() else "dns", "value": name}
                        for name in names]} | members)


def spki_digest(key):
    return hashlib.sha256(key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def pem_of(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption()).decode()


# Names

@pytest.mark.checks(72, 73, 121)
def test_a_public_ca_knows_the_public_dns_alone(start_client, tmp_path):
    client = start_client(kind="public")
    for name, reason in [("a.internal", "does not exist in the public DNS"),
                         ("a.test", "does not exist in the public DNS"),
                         ("a.walt", "does not exist in the public DNS"),
                         ("www.example.com", "reserved for documentation"),
                         ("a.127.in-addr.arpa", "reverse DNS"),
                         ("127.0.0.1", "special purpose")]:
        assert_refused(client, new_order(client, name), 400, "rejectedIdentifier", reason)
    assert new_order(client, "www.cairn-ca.org").status_code == 201
    # The operator's file replaces the list, at once.
    (client.authority.home / "tlds.txt").write_text("# Version 1\nWALT\n")
    with open(client.authority.home / "ca.toml") as file:
        text = file.read()
    (client.authority.home / "ca.toml").write_text(
        text.replace('kind = "public"', 'kind = "public"\ntop_level_domains = "tlds.txt"'))
    client.authority.reload()
    assert new_order(client, "a.walt").status_code == 201
    assert_refused(client, new_order(client, "www.cairn-ca.org"), 400, "rejectedIdentifier")
    # One that is none leaves the former one in force, and says so.
    (client.authority.home / "tlds.txt").write_text("<html>")
    client.authority.reload("reload failed; the former configuration stays in force")
    assert "policy.top_level_domains" in client.authority.log.read_text()
    assert new_order(client, "a.walt").status_code == 201


def test_a_private_ca_says_which_suffixes_it_has(start_client):
    client = start_client({"policy.private_suffixes": ["walt", "eu.corp"]})
    for name in ("a.walt", "*.eu.corp", "eu.corp"):
        assert new_order(client, name).status_code == 201
    for name in ("walt", "a.test", "us.corp", "a.internal"):
        assert_refused(client, new_order(client, name), 400, "rejectedIdentifier",
                       "does not exist in the public DNS")


@pytest.mark.checks(71)
def test_names_are_allowed_and_denied_by_lists(start_client):
    client = start_client({
        "policy.allow_names": [".shop.test", "127.0.0.1"],
        "policy.deny_names": ["secret.shop.test", ".old.shop.test"],
        "profiles.web.allow_names": [".web.shop.test"]})
    for name in ("a.shop.test", "*.a.shop.test", "127.0.0.1"):
        assert new_order(client, name).status_code == 201
    for name, reason in [("shop.test", "not among the names"), ("a.test", "not among the names"),
                         ("127.0.0.2", "not among the names"),
                         ("secret.shop.test", "on the list"), ("*.shop.test", "on the list"),
                         ("a.old.shop.test", "on the list")]:
        assert_refused(client, new_order(client, name), 400, "rejectedIdentifier", reason)
    assert new_order(client, "a.web.shop.test", profile="web").status_code == 201
    problem = assert_refused(
        client, new_order(client, "a.shop.test", "b.web.shop.test", "b.test", profile="web"), 400,
        "rejectedIdentifier", "several identifiers")
    assert [sub["identifier"]["value"] for sub in problem["subproblems"]] == [
        "a.shop.test", "b.test"]


def test_what_is_denied_later_is_not_issued(start_client):
    client = start_client()
    ca = client.authority
    name = unique_name()
    url, order = client.make_ready([name])
    ca.settings["policy.deny_names"] = [name]
    ca.stop()
    ca.start()
    refused = client.finalize(order, make_csr(ec.generate_private_key(ec.SECP256R1()), [name]))
    assert_refused(client, refused, 400, "rejectedIdentifier", "on the list")
    assert client.read(url)["status"] == "ready"


# Keys (check 136; those of other kinds and curves are in test_orders)

SMALL_PRIMES = [n for n in range(3, 2000, 2) if all(n % k for k in range(3, n, 2))]


def is_prime(number):
    if any(number % small == 0 for small in SMALL_PRIMES):
        return False
    return all(pow(base, number - 1, number) == 1 for base in (2, 3, 5, 7))


def next_prime(number, step=2):
    while not is_prime(number):
        number += step
    return number


def rsa_of(p, q, e=65537):
    d = pow(e, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), rsa.RSAPublicNumbers(e, p * q))
    return numbers.private_key()


def random_prime(bits):
    return next_prime(secrets.randbits(bits) | 3 << (bits - 2) | 1)


def roca_prime(bits):
    """As Infineon's library made them (CVE-2017-15361)."""
    primes = [n for n in range(2, 168) if all(n % k for k in range(2, n))]
    product = math.prod(primes)
    least, end = (3 << (bits - 2)) // product + 1, (1 << bits) // product - 1
    while True:
        k = least + secrets.randbelow(end - least)
        candidate = k * product + pow(65537, secrets.randbits(64), product)
        if is_prime(candidate):
            return candidate


def close_primes():
    p = random_prime(1024)
    return rsa_of(p, next_prime(p + 2))


def small_factor():
    q = next_prime((1 << 2047) // 751 | 1)
    return rsa_of(751, q)


def roca():
    return rsa_of(roca_prime(1024), roca_prime(1024))


@pytest.mark.checks(136)
@pytest.mark.parametrize("make, reason", [
    (lambda: rsa_of(random_prime(1024), random_prime(1023)), "fewer than 2048 bits"),
    (lambda: rsa_of(random_prime(1536), random_prime(1535)), "not divisible by 8"),
    (close_primes, "primes close to each other"),
    (small_factor, "prime factor below 752"),
    (roca, "ROCA"),
], ids=["2047 bits", "3071 bits", "close primes", "small factor", "ROCA"])
def test_weak_rsa_keys(client, make, reason):
    key, name = make(), unique_name()
    url, order = client.make_ready([name])
    assert_refused(client, client.finalize(order, make_csr(key, [name])), 400, "badCSR", reason)
    assert client.read(url)["status"] == "ready"


@pytest.mark.checks(136)
@pytest.mark.parametrize("form", [["-conv_form", "compressed"], ["-param_enc", "explicit"]],
                         ids=["compressed point", "explicit parameters"])
def test_keys_in_other_encodings(client, tmp_path, form):
    name = unique_name()
    _, order = client.make_ready([name])
    run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
         tmp_path / "plain.pem"])
    run(["openssl", "ec", "-in", tmp_path / "plain.pem", *form, "-out", tmp_path / "key.pem"])
    run(["openssl", "req", "-new", "-key", tmp_path / "key.pem", "-subj", "/", "-addext",
         f"subjectAltName=DNS:{name}", "-outform", "DER", "-out", tmp_path / "csr.der"])
    assert_refused(client, client.finalize(order, (tmp_path / "csr.der").read_bytes()), 400,
                   "badCSR", "public key is not the DER of")


@pytest.mark.checks(56, 66, 136)
def test_keys_that_anybody_can_know(start_client, tmp_path):
    weak = rsa.generate_private_key(65537, 2048)
    modulus = f"Modulus={weak.public_key().public_numbers().n:X}\n"
    (tmp_path / "blacklist.RSA-2048").write_text(
        "# 2048 bits\n" + hashlib.sha1(modulus.encode()).hexdigest()[20:] + "\n")
    client = start_client({"policy.weak_keys": [str(tmp_path / "blacklist.RSA-2048")]})
    name = unique_name()
    url, order = client.make_ready([name])
    assert_refused(client, client.finalize(order, make_csr(weak, [name])), 400, "badCSR",
                   "CVE-2008-0166")
    assert client.read(url)["status"] == "ready"
    stranger = Client(client.authority, key=Key(weak))
    assert_problem(stranger.post(stranger.directory["newAccount"], {}), 400, "badPublicKey",
                   "CVE-2008-0166")
    assert_problem(client.change_key(Key(weak)), 400, "badPublicKey", "CVE-2008-0166")


def test_a_list_of_weak_keys_that_is_none(start_client, tmp_path):
    client = start_client()
    ca = client.authority
    assert ca.stop() == 0
    (tmp_path / "list").write_text("0123\n")
    done = subprocess.run(
        [BIN / "cairn-ca", "serve", ca.home, "--set", f'policy.weak_keys=["{tmp_path}/list"]'],
        capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "policy.weak_keys" in done.stderr and "line 1 is not" in done.stderr
    ca.start()


@pytest.mark.checks(56, 136)
@pytest.mark.parametrize("running", [True, False])
def test_keys_that_the_operator_blocks(start_client, tmp_path, running):
    client = start_client()
    ca = client.authority
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(3)]
    (tmp_path / "keys").write_text(
        "# leaked\n" + spki_digest(keys[0]) + "\n" + pem_of(keys[1]))
    (tmp_path / "others").write_text(spki_digest(keys[2]) + "\n")
    if not running:
        ca.stop()
    blocked = json.loads(run([BIN / "cairn-ca", "key", "block", ca.home, tmp_path / "keys",
                              "--json"]))
    assert (blocked["blocked"], blocked["blockedBefore"]) == (2, 0)
    shown = json.loads(run([BIN / "cairn-ca", "key", "show", ca.home, tmp_path / "keys",
                            tmp_path / "others", "--json"]))
    assert shown["keys"] == [{"key": spki_digest(key), "blocked": key is not keys[2]}
                             for key in keys]
    if not running:
        ca.start()
    assert "PRIVATE KEY" not in ca.log.read_text()
    name = unique_name()
    url, order = client.make_ready([name])
    for key in keys[:2]:
        assert_refused(client, client.finalize(order, make_csr(key, [name])), 400, "badCSR",
                       "known to be compromised")
    stranger = Client(ca, key=Key(keys[0]))
    assert_problem(stranger.post(stranger.directory["newAccount"], {}), 400, "badPublicKey",
                   "known to be compromised")
    assert client.finalize(order, make_csr(keys[2], [name])).status_code == 200


def test_files_of_keys_that_are_none(start_client, tmp_path):
    client = start_client()
    (tmp_path / "keys").write_text("zz\n")
    done = subprocess.run([BIN / "cairn-ca", "key", "block", client.authority.home,
                           tmp_path / "keys"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "line 1: it is neither" in done.stderr
    done = subprocess.run([BIN / "cairn-ca", "key", "block", client.authority.home,
                           tmp_path / "nowhere"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "nowhere" in done.stderr


# Lint

def linter(folder, script):
    path = folder / "linter"
    path.write_text("#!/bin/sh\n" + script)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@pytest.mark.checks(149)
def test_a_linter_judges_each_certificate(start_client, tmp_path):
    # It sees the certificate, and refuses those that have this name.
    client = start_client({"policy.linter": [
        linter(tmp_path, 'openssl x509 -in "$2" -noout -text > "$1" || exit 9\n'
               'if grep -q refused "$1"; then echo "E: refused by name"; exit 1; fi\n'),
        str(tmp_path / "seen")]})
    ca = client.authority
    issued = client.issue([unique_name()])
    seen = (tmp_path / "seen").read_text()
    assert f"{issued.leaf.serial_number:x}" in seen.replace(":", "")
    verify_chain(issued.chain, ca.issuer_root(), tmp_path)

    name = "refused." + unique_name()
    url, order = client.make_ready([name])
    finalized = client.finalize(order, make_csr(ec.generate_private_key(ec.SECP256R1()), [name]))
    assert finalized.status_code == 200
    order = client.wait_while(url, {"ready", "processing"})
    assert order["status"] == "invalid"
    assert order["error"]["type"].endswith(":serverInternal") and order["error"]["status"] == 500
    assert "refused by name" not in json.dumps(order)
    line = next(line for line in ca.log_lines() if line["event"] == "lint refused")
    assert line["lint"] == "linter" and "E: refused by name" in line["findings"]
    assert scrape(ca)("cairn_lint_refused_total", lint="linter") == 1
    # Others are not held up.
    client.issue([unique_name()])


@pytest.mark.parametrize("script, finding", [
    ("sleep 1000\n", "did not end within 1 s"),
    (None, "could not be started"),
])
def test_a_linter_that_does_not_answer(start_client, tmp_path, script, finding):
    program = linter(tmp_path, script) if script else "/nowhere/linter"
    client = start_client({"policy.linter": [program], "policy.linter_timeout": "1s"})
    name = unique_name()
    url, order = client.make_ready([name])
    client.finalize(order, make_csr(ec.generate_private_key(ec.SECP256R1()), [name]))
    order = client.wait_while(url, {"ready", "processing"})
    assert order["status"] == "invalid"
    assert order["error"]["type"].endswith(":serverInternal")
    assert any(finding in line["findings"] for line in client.authority.log_lines()
               if line["event"] == "lint refused")
