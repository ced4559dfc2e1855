"""`cairn-ca certificate` and `cairn-ca order`, on a running CA and on one that is stopped."""

import datetime
import hashlib
import json
import os

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from harness.acme import Client, assert_problem
from harness.authority import CairnCa
from harness.dns_server import unique_name
from harness.issued import names_of, read_chain, renewal_name
from harness.operator_commands import Operator
from harness.web import Responder


@pytest.fixture(scope="module")
def ca(tmp_path_factory, dns):
    ca = CairnCa(tmp_path_factory.mktemp("operated"), dns)
    yield ca
    if ca.server.process.poll() is None:
        assert ca.stop() == 0, ca.server.tail()


@pytest.fixture(scope="module")
def responder(ca):
    with Responder(ca.http_port) as server:
        yield server


@pytest.fixture(scope="module")
def operator(ca):
    return Operator(ca)


@pytest.fixture
def client(ca, responder):
    client = Client(ca, responder)
    client.register()
    return client


@pytest.fixture
def in_both_states(ca):
    """Runs a check on the running CA, then on the stopped one."""
    def run(check):
        check()
        assert ca.stop() == 0, ca.server.tail()
        try:
            check()
        finally:
            ca.start()
    return run


def id_of(client):
    return client.account_url.rsplit("/", 1)[1]


def hex_serial(leaf):
    text = f"{leaf.serial_number:x}"
    return "0" * (len(text) % 2) + text


def key_of(leaf):
    spki = leaf.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).hexdigest()


def serials(answer):
    return {each["serial"] for each in answer["certificates"]}


def test_certificates_are_found_by_all_that_is_known_of_them(ca, operator, client, tmp_path,
                                                             in_both_states):
    name, other = unique_name(), unique_name()
    leaf = client.issue([name]).leaf
    both = client.issue([f"deep.{other}", f"www.{other}"]).leaf
    account, mine, his = id_of(client), hex_serial(leaf), hex_serial(both)
    issuer = read_chain((ca.home / "pki" / "intermediate.pem").read_text())[0]
    fingerprint = hashlib.sha256(issuer.public_bytes(serialization.Encoding.DER)).hexdigest()
    pem = tmp_path / "leaf.pem"
    pem.write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=5)
    cases = [
        (["--name", name], {mine}),
        (["--name", f".{other}"], {his}),
        (["--name", other], set()),
        (["--name", f"*.{other}"], set()),
        (["--account", account], {mine, his}),
        (["--account", client.account_url, "--name", f"www.{other}"], {his}),
        (["--key", key_of(leaf)], {mine}),
        (["--account", account, "--profile", "default"], {mine, his}),
        (["--account", account, "--profile", "shortlived"], set()),
        (["--account", account, "--issuer", fingerprint, "--status", "valid"], {mine, his}),
        (["--account", account, "--issuer", "intermediate"], {mine, his}),
        (["--account", account, "--status", "revoked"], set()),
        (["--account", account, "--status", "expired"], set()),
        (["--account", account, "--issued-before", "2026-01-01"], set()),
        (["--account", account, "--ends-after", soon.strftime("%Y-%m-%dT%H:%M:%SZ")], {mine, his}),
        (["--account", account, "--ends-before", soon.strftime("%Y-%m-%dT%H:%M:%SZ")], set()),
    ]
    searches = [name, mine, mine.upper(), ":".join(mine[i:i + 2] for i in range(0, len(mine), 2)),
                key_of(leaf), renewal_name(leaf)]

    def check():
        for options, wanted in cases:
            assert serials(operator.json("certificate", "list", *options)) == wanted, options
        for what in searches:
            # A name in renewal information may begin with a hyphen.
            found = operator.run("certificate", "search", "--json", "--", what)
            assert found.returncode == 0, found.stdout
            assert serials(json.loads(found.stdout)) == {mine}, what
        assert serials(operator.json("certificate", "search", "--key-file", pem)) == {mine}
        assert serials(operator.json("certificate", "search", f".{other}")) == {his}
        shown = operator.json("certificate", "show", his)
        assert shown["names"] == [f"deep.{other}", f"www.{other}"]
        assert (shown["status"], shown["account"], shown["profile"]) == ("valid", account, "default")
        assert shown["issuer"] == "intermediate" and shown["issuerFingerprint"] == fingerprint
        assert shown["renewalName"] == renewal_name(both)
        table = operator.run("certificate", "list", "--account", account)
        assert table.stdout.splitlines()[0].split()[:3] == ["SERIAL", "STATUS", "NAMES"]
        assert len(table.stdout.splitlines()) == 3

    in_both_states(check)


def test_lists_come_in_pages_the_newest_first(operator, client, in_both_states):
    made = [hex_serial(client.issue([unique_name()]).leaf) for _ in range(5)]
    account = id_of(client)
    wanted = sorted(made, reverse=True)

    def check():
        for noun, member in (("certificate", "certificates"), ("order", "orders")):
            found, after = [], []
            for _ in range(3):
                page = operator.json(noun, "list", "--account", account, "--limit", 2, *after)
                found += [each["serial"] for each in page[member]]
                after = ["--after=" + page["next"]] if "next" in page else None
            assert after is None and "next" not in page
            assert sorted(found, reverse=True) == wanted, noun
            if noun == "certificate":
                assert found == wanted

    in_both_states(check)


def test_an_order_is_shown_with_what_was_seen(ca, operator, client, responder, in_both_states):
    good, bad = unique_name(), unique_name()
    client.issue([good])
    url, order = client.order([bad, good])
    authorization = next(each for each in order["authorizations"]
                         if client.read(each)["identifier"]["value"] == bad)
    # Nothing is put where the validation looks.
    challenge = client.challenge_of(client.read(authorization), "http-01")
    client.must(client.post(challenge["url"], {}))
    client.wait_while(authorization, {"pending"})
    pending, _ = client.order([unique_name()])
    account = id_of(client)

    def check():
        by_status = {status: operator.json("order", "list", "--account", account, "--status",
                                           status)["orders"]
                     for status in ("pending", "ready", "processing", "valid", "invalid")}
        assert {status: len(orders) for status, orders in by_status.items()} == {
            "pending": 1, "ready": 0, "processing": 0, "valid": 1, "invalid": 1}
        assert pending.endswith(by_status["pending"][0]["id"])
        named = operator.json("order", "list", "--name", bad)["orders"]
        assert [each["id"] for each in named] == [url.rsplit("/", 1)[1]]
        shown = operator.json("order", "show", url)
        assert shown["status"] == "invalid" and shown["names"] == [bad, good]
        assert shown["error"]["type"].startswith("urn:ietf:params:acme:error:")
        proofs = {proof["identifier"]: proof for proof in shown["authorizations"]}
        assert proofs[good]["status"] == "valid"
        [seen] = proofs[good]["attempt"]["perspectives"]
        assert (seen["perspective"], seen["outcome"]) == ("local", "proved")
        attempt = proofs[bad]["attempt"]
        assert attempt["method"] == "http-01" and attempt["request"]
        [seen] = attempt["perspectives"]
        assert seen["outcome"] == "failed" and bad in seen["problem"]["detail"]
        assert any(line.get("request") == attempt["request"] and
                   line["event"] == "validation evidence" for line in ca.log_lines())
        text = operator.run("order", "show", url).stdout
        assert any(line.split() == ["identifier:", bad] for line in text.splitlines())

    in_both_states(check)


def test_certificates_are_revoked_one_by_one(ca, operator, client):
    one, two, three = (client.issue([unique_name()]).leaf for _ in range(3))
    done = json.loads(operator.run("certificate", "revoke", "--reason", "superseded", "--json", "--",
                                   hex_serial(one), renewal_name(two)).stdout)
    assert (done["count"], done["revoked"], done["revokedBefore"]) == (2, 2, 0)
    assert ca.store.revocation_reason(one.serial_number) == 4
    again = operator.json("certificate", "revoke", hex_serial(one))
    assert (again["revoked"], again["revokedBefore"]) == (0, 1)
    assert operator.json("certificate", "show", hex_serial(one))["reason"] == "superseded"
    assert [line["requester"] for line in ca.log_lines() if line["event"] == "revoked" and
            line["serial"] == hex_serial(one)] == [f"the operator, user {os.getuid()}"]
    # A mistake among several changes nothing, and all of it is told.
    refused = operator.json("certificate", "revoke", hex_serial(three), "11aa", "11bb", code=2)
    assert refused["error"]["code"] == "notFound"
    assert "11aa" in refused["error"]["detail"] and "11bb" in refused["error"]["detail"]
    assert operator.json("certificate", "show", hex_serial(three))["status"] == "valid"


def test_many_are_revoked_once_their_number_is_said(ca, responder, operator, in_both_states):
    made = {}
    for _ in range(2):
        client = Client(ca, responder)
        client.register()
        made[id_of(client)] = {hex_serial(client.issue([unique_name()]).leaf) for _ in range(3)}

    def check():
        account, wanted = made.popitem()
        chosen = ["--account", account]
        for expected in ([], ["--expect", 2]):
            refused = operator.json("certificate", "revoke", *chosen, *expected, code=2)
            assert refused["error"]["code"] == "conflict"
            assert "say --expect 3" in refused["error"]["detail"]
        counted = operator.json("certificate", "revoke", *chosen, "--dry-run")
        assert (counted["count"], counted["dryRun"]) == (3, True)
        assert serials(operator.json("certificate", "list", *chosen, "--status", "valid")) == wanted
        done = operator.json("certificate", "revoke", *chosen, "--expect", 3)
        assert (done["revoked"], done["remaining"]) == (3, 0)
        assert serials(operator.json("certificate", "list", *chosen, "--status", "revoked")) == wanted
        assert operator.json("certificate", "revoke", *chosen, "--expect", 0)["count"] == 0

    in_both_states(check)


def test_a_compromised_key_is_the_end_of_all_its_certificates(ca, operator, client):
    issued = client.issue([unique_name()])
    twin = client.issue([unique_name()], key=issued.key).leaf
    done = operator.json("certificate", "revoke", hex_serial(issued.leaf), "--reason",
                         "keyCompromise")
    assert done["revoked"] == 1
    for leaf in (issued.leaf, twin):
        shown = operator.json("certificate", "show", hex_serial(leaf))
        assert (shown["status"], shown["reason"]) == ("revoked", "keyCompromise")


def test_what_is_exported_is_what_was_issued(ca, operator, client, in_both_states):
    issued = client.issue([unique_name()])
    other = client.issue([unique_name()]).leaf
    serial = hex_serial(issued.leaf)
    intermediate = read_chain((ca.home / "pki" / "intermediate.pem").read_text())[0]

    def check():
        done = operator.run("certificate", "export", serial)
        assert done.returncode == 0
        assert x509.load_pem_x509_certificate(done.stdout.encode()) == issued.leaf
        chain = read_chain(operator.run("certificate", "export", serial, "--chain").stdout)
        assert chain[:2] == [issued.leaf, intermediate]
        page = operator.run("certificate", "export", "--account", id_of(client), "--limit", 1)
        assert len(read_chain(page.stdout)) == 1 and "There is more: --after" in page.stderr
        answer = operator.json("certificate", "export", "--account", id_of(client))
        assert set(answer["serials"]) == {serial, hex_serial(other)}
        assert len(read_chain(answer["pem"])) == 2

    in_both_states(check)


@pytest.mark.parametrize("noun, verb, arguments, code, words", [
    ("certificate", "show", ["zz"], "usage", ["neither a serial number"]),
    ("certificate", "show", ["11ff"], "notFound", ["did not issue"]),
    ("certificate", "list", ["--status", "odd", "--key", "12", "--name", "a b", "--issued-after",
                             "yesterday", "--issuer", "nobody"], "usage",
     ["status must be", "key must be", "name \"a b\"", "issued_after must be", "nobody"]),
    ("certificate", "list", ["--issued-after", "2026-11-02", "--issued-before", "2026-11-01"],
     "usage", ["issued_after is later"]),
    ("certificate", "list", ["--limit", "1001"], "usage", ["limit must be"]),
    ("certificate", "list", ["--after", "x y"], "usage", ["neither a serial number"]),
    ("certificate", "search", [], "usage", ["say what to look for"]),
    ("certificate", "revoke", [], "usage", ["say which certificates"]),
    ("certificate", "revoke", ["11ff", "--profile", "default"], "usage", ["not both"]),
    ("certificate", "revoke", ["--profile", "default", "--reason", "boredom"], "usage", ["reason"]),
    ("certificate", "export", ["11ff", "--profile", "default"], "usage", ["not both"]),
    ("order", "show", ["not an id"], "usage", ["neither an order's id"]),
    ("order", "show", ["AAAAAAAAAAAAAAAAAAAAAA"], "notFound", ["there is no order"]),
    ("order", "list", ["--status", "odd"], "usage", ["status must be pending"]),
    ("order", "list", ["--name", "a b"], "usage", ["no name or address"]),
])
def test_a_mistake_is_told(operator, noun, verb, arguments, code, words):
    answer = operator.json(noun, verb, *arguments, code=2)
    assert answer["error"]["code"] == code
    for word in words:
        assert word in answer["error"]["detail"]


def test_what_the_operator_revokes_is_refused_and_counted(ca, operator, client):
    leaf = client.issue([unique_name()])
    operator.json("certificate", "revoke", hex_serial(leaf.leaf))
    assert_problem(client.revoke(leaf.der), 400, "alreadyRevoked")


def test_names_stand_in_the_answers_as_in_the_certificates(operator, client):
    leaf = client.issue([unique_name(), unique_name()]).leaf
    listed = operator.json("certificate", "list", "--account", id_of(client))["certificates"]
    assert [each["names"] for each in listed] == [names_of(leaf)]
