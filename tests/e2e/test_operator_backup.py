"""`cairn-ca backup` of a CA that serves, and `cairn-ca restore`: what is there again, and what counts as
used."""

import json
import os
import shutil
import stat
import subprocess
import threading

import pytest
import requests
from cryptography import x509

from harness import audit
from harness.acme import Client
from harness.authority import CairnCa
from harness.dns_server import unique_name
from harness.operator_commands import Operator
from harness.postgres import PostgresCluster
from harness.process import BIN
from harness.web import Responder

PASSPHRASE = "correct horse battery staple"


def run(*words, env=None):
    return subprocess.run([str(BIN / "cairn-ca"), *map(str, words)], capture_output=True, text=True,
                          timeout=120, env=os.environ | (env or {}), stdin=subprocess.DEVNULL)


def answer_of(*words, code=0, env=None):
    done = run(*words, "--json", env=env)
    assert done.returncode == code, done.stdout + done.stderr
    answer = json.loads(done.stdout)
    assert (answer["version"], answer["ok"]) == (1, code == 0)
    return answer


@pytest.fixture
def secret(tmp_path):
    file = tmp_path / "passphrase"
    file.write_text(PASSPHRASE + "\n")
    file.chmod(0o600)
    return ["--passphrase-file", file]


@pytest.fixture
def ca(tmp_path, dns):
    ca = CairnCa(tmp_path, dns, settings={"crl.delay": "1s"})
    yield ca
    if ca.server.process.poll() is None:
        assert ca.stop() == 0, ca.server.tail()


@pytest.fixture
def client(ca):
    with Responder(ca.http_port) as responder:
        client = Client(ca, responder)
        client.register()
        yield client


def serial_of(issued):
    text = f"{issued.leaf.serial_number:x}"
    return "0" * (len(text) % 2) + text


def crl_number(leaf):
    names = leaf.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    url = names[0].full_name[0].value
    response = requests.get(url, timeout=30)
    if response.status_code != 200:
        return 0
    crl = x509.load_der_x509_crl(response.content)
    return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def lose(ca):
    """The CA stops, and its folder is gone."""
    assert ca.stop() == 0, ca.server.tail()
    shutil.move(ca.home, ca.home.with_name("lost"))


@pytest.mark.parametrize("state", ["running", "stopped"])
def test_a_ca_is_there_again_and_counts_as_used_what_may_have_been(ca, client, secret, tmp_path,
                                                                   state):
    operator = Operator(ca)
    before = client.issue([unique_name()])
    key = operator.json("eab", "create")
    reusable = operator.json("eab", "create", "--reusable")
    ready, _ = client.make_ready([unique_name()])
    if state == "stopped":
        assert ca.stop() == 0
    file = tmp_path / "ca.backup"
    made = answer_of("backup", ca.home, file, *secret)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and made["outside"] == []
    assert {"ca.toml", "pki/intermediate-key.pem", "store.sqlite"} <= set(made["files"])
    octets = file.read_bytes()
    assert b"PRIVATE KEY" not in octets and b"SQLite" not in octets
    if state == "stopped":
        ca.start()
    after = client.issue([unique_name()])
    operator.json("crl", "publish")
    number = crl_number(before.leaf)
    lose(ca)

    restored = answer_of("restore", file, ca.home, *secret)
    assert restored["lostFrom"] == made["created"] <= restored["lostUntil"]
    assert restored["externalKeysUsedUp"] == 1 and restored["issuancesFailed"] == 0
    assert restored["authorizationsEnded"] == 2
    told = audit.lines(ca, "operation.begin")[0]
    assert f"restore {file}, as the CA was at {made['created']}" in told["arguments"]
    assert stat.S_IMODE(ca.home.stat().st_mode) == 0o700
    assert stat.S_IMODE((ca.home / "pki" / "intermediate-key.pem").stat().st_mode) == 0o600
    ca.start()
    assert operator.json("certificate", "show", serial_of(before))["status"] == "valid"
    operator.json("certificate", "show", serial_of(after), code=2)
    assert operator.json("eab", "show", key["kid"])["uses"] == 1
    assert operator.json("eab", "show", reusable["kid"])["uses"] == 0
    assert operator.json("order", "show", ready)["status"] == "invalid"
    # None is served before the first one is signed, whose number is ahead of all.
    ca.server.wait_until(lambda: crl_number(before.leaf) > 0)
    assert crl_number(before.leaf) > number
    # The account is the one that it was, and proves what it wants anew.
    assert client.issue([unique_name()]).leaf
    ca.store.check_integrity()


def test_a_backup_is_of_one_moment_while_certificates_are_issued(ca, client, secret, tmp_path):
    issued, over = [], threading.Event()

    def work():
        while not over.is_set():
            issued.append(serial_of(client.issue([unique_name()])))

    worker = threading.Thread(target=work)
    worker.start()
    try:
        ca.server.wait_until(lambda: len(issued) >= 2)
        for turn in range(2):
            known = list(issued)
            file = tmp_path / f"{turn}.backup"
            answer_of("backup", ca.home, file, *secret)
            home = tmp_path / f"restored-{turn}"
            answer_of("restore", file, home, *secret)
            listed = subprocess.run([BIN / "cairn-ca", "certificate", "list", home, "--json", "--limit",
                                     "1000"], capture_output=True, text=True, timeout=60)
            serials = {each["serial"] for each in json.loads(listed.stdout)["certificates"]}
            assert set(known) <= serials
            orders = json.loads(subprocess.run(
                [BIN / "cairn-ca", "order", "list", home, "--json", "--limit", "1000"],
                capture_output=True, text=True, timeout=60).stdout)["orders"]
            # Whatever an order says that it got is there, and nothing is under way.
            assert {each["serial"] for each in orders if each["status"] == "valid"} <= serials
            assert not [each for each in orders if each["status"] == "processing"]
    finally:
        over.set()
        worker.join()


def test_a_file_that_was_cut_or_edited_is_refused(ca, client, secret, tmp_path):
    client.issue([unique_name()])
    file = tmp_path / "ca.backup"
    answer_of("backup", ca.home, file, *secret)
    octets = file.read_bytes()
    home = tmp_path / "restored"
    other = tmp_path / "other-passphrase"
    other.write_text("another passphrase")
    other.chmod(0o600)

    def flipped(place):
        return octets[:place] + bytes([octets[place] ^ 1]) + octets[place + 1:]

    damaged = {
        "empty": (b"", "does not begin as a sealed file"),
        "cut in the header": (octets[:30], "does not begin as a sealed file"),
        "only a header": (octets[:44], "passphrase is another one, or its begin"),
        "cut in the first chunk": (octets[:1000], "passphrase is another one, or its begin"),
        "cut at the end": (octets[:-1], "cut or changed"),
        "cut between chunks": (octets[:44 + 65552], "another one, or its begin was changed or cut"),
        "longer": (octets + b"x", "cut or changed"),
        "edited header": (flipped(20), "passphrase is another one"),
        "edited cost": (flipped(8), ""),
        "edited begin": (flipped(100), "passphrase is another one, or its begin"),
        "edited end": (flipped(len(octets) - 20), "cut or changed"),
        "another file": (b"PK\x03\x04" * 100, "does not begin as a sealed file"),
    }
    for what, (content, words) in damaged.items():
        bad = tmp_path / "bad.backup"
        bad.write_bytes(content)
        answer = answer_of("restore", bad, home, *secret, code=2)
        assert words in answer["error"]["detail"], what
        assert not home.exists() and not list(tmp_path.glob(".restored*")), what
    answer = answer_of("restore", file, home, "--passphrase-file", other, code=2)
    assert "the passphrase is another one" in answer["error"]["detail"] and not home.exists()
    answer_of("restore", file, home, *secret)
    assert (home / "ca.toml").exists()


def test_mistakes_are_told_and_change_nothing(ca, secret, tmp_path):
    open_file = tmp_path / "open"
    open_file.write_text(PASSPHRASE)
    open_file.chmod(0o644)
    short = tmp_path / "short"
    short.write_text("short\n")
    short.chmod(0o600)
    file, there = tmp_path / "ca.backup", tmp_path / "there"
    there.write_text("x")
    answer_of("backup", ca.home, file, *secret)
    before = sorted(path for path in tmp_path.rglob("*") if "store" not in str(path))
    cases = [
        (["backup", ca.home, tmp_path / "new"], "say where the passphrase is"),
        (["backup", ca.home, tmp_path / "new", *secret, "--passphrase-command", "echo x"],
         "say where the passphrase is"),
        (["backup", ca.home, tmp_path / "new", "--passphrase-file", open_file], "read by others"),
        (["backup", ca.home, tmp_path / "new", "--passphrase-file", short], "12 to 1024 octets"),
        (["backup", ca.home, tmp_path / "new", "--passphrase-file", tmp_path / "none"],
         "cannot be had"),
        (["backup", ca.home, tmp_path / "new", "--passphrase-command", "false"], "status 1"),
        (["backup", ca.home, tmp_path / "new", "--passphrase-command", "/none/such"], "/none/such"),
        (["backup", ca.home, tmp_path / "new", "--passphrase-credential", "ca"], "LoadCredential"),
        (["backup", ca.home, there, *secret], "is there already"),
        (["backup", tmp_path / "nowhere", tmp_path / "new", *secret], "ca.toml"),
        (["backup", tmp_path / "nowhere", there, "--passphrase-file", short], "12 to 1024 octets"),
        (["backup", tmp_path / "nowhere", there, "--passphrase-file", short], "ca.toml"),
        (["backup", tmp_path / "nowhere", there, "--passphrase-file", short], "is there already"),
        (["restore", tmp_path / "none", ca.home, "--passphrase-file", short], "12 to 1024 octets"),
        (["restore", tmp_path / "none", ca.home, "--passphrase-file", short], "not empty"),
        (["restore", tmp_path / "none", ca.home, "--passphrase-file", short], "cannot read"),
        (["backup", ca.home, tmp_path / "no" / "folder", *secret], "No such file"),
        (["restore", file, ca.home, *secret], "is there and not empty"),
        (["restore", tmp_path / "none", tmp_path / "new", *secret], "cannot read"),
    ]
    for words, wanted in cases:
        answer = answer_of(*words, code=2)
        assert wanted in answer["error"]["detail"], words
        assert PASSPHRASE not in json.dumps(answer)
        assert not (tmp_path / "new").exists(), words
    assert sorted(path for path in tmp_path.rglob("*") if "store" not in str(path)) == before
    plain = run("restore", file, ca.home, *secret)
    assert plain.returncode == 2 and "is there and not empty" in plain.stderr


def test_a_ca_that_was_never_started_is_there_again(tmp_path, dns, secret):
    ca = CairnCa(tmp_path, dns, starts=False)
    file = tmp_path / "ca.backup"
    answer_of("backup", ca.home, file, *secret)
    assert f"backup {file}" in audit.lines(ca, "operation.begin")[-1]["arguments"]
    assert not (ca.home / "store" / "cairn.sqlite").exists(), "nothing was changed"
    shutil.rmtree(ca.home)
    answer_of("restore", file, ca.home, *secret)
    begin = audit.lines(ca)[0]
    assert (begin["event"], begin["operation"]) == ("operation.begin", "restore")
    ca.start()
    assert ca.stop() == 0
    audit.check_whole(ca)
    # Where the store is lost, an empty one is no backup.
    (ca.home / "store" / "cairn.sqlite").unlink()
    lost = answer_of("backup", ca.home, tmp_path / "lost", *secret, code=2)
    assert "is not there, although the CA was used" in lost["error"]["detail"]
    # Nor is one served, until an operator says so.
    served = run("serve", ca.home)
    assert served.returncode == 2 and "is its disk mounted?" in served.stderr
    checked = run("check", ca.home)
    assert checked.returncode == 2 and "although the CA was used" in checked.stdout + checked.stderr
    assert not (ca.home / "store" / "cairn.sqlite").exists()
    (ca.home / "store" / "cairn.sqlite").touch(mode=0o600)
    ca.start()
    assert ca.stop() == 0


def test_the_passphrase_comes_from_a_program_or_a_credential(ca, tmp_path):
    program = tmp_path / "ask-vault"
    program.write_text(f"#!/bin/sh\ntest \"$1\" = ca && echo '{PASSPHRASE}'\n")
    program.chmod(0o700)
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "ca-backup").write_text(PASSPHRASE)
    file = tmp_path / "ca.backup"
    answer_of("backup", ca.home, file, "--passphrase-command", f"{program} ca")
    home = tmp_path / "restored"
    answer_of("restore", file, home, "--passphrase-credential", "ca-backup",
              env={"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")})
    told = run("restore", file, tmp_path / "again", "--passphrase-command", f"{program} ca")
    assert told.returncode == 0
    assert "certificates that it issued" in told.stdout and "ahead of all that were" in told.stdout


@pytest.mark.skipif(shutil.which("pg_dump") is None, reason="PostgreSQL's client is not installed")
def test_a_shared_store_is_there_again(tmp_path, dns, secret):
    cluster = PostgresCluster()
    try:
        url = cluster.create_database()
        ca = CairnCa(tmp_path, dns, settings={"store.url": url})
        options = ["--set", f"store.url={json.dumps(url)}"]
        operator = Operator(ca)
        with Responder(ca.http_port) as responder:
            client = Client(ca, responder)
            client.register()
            before = client.issue([unique_name()])
            key = operator.json("eab", "create")
            file = tmp_path / "ca.backup"
            made = answer_of("backup", ca.home, file, *secret, *options)
            assert "store.pgdump" in made["files"]
            after = client.issue([unique_name()])
            lose(ca)
            refused = answer_of("restore", file, ca.home, *secret, *options, code=2)
            assert "has a schema" in refused["error"]["detail"] and not ca.home.exists()
            database = url.split("/")[3].split("?")[0]
            cluster.sql(database, "DROP SCHEMA cairn CASCADE")
            restored = answer_of("restore", file, ca.home, *secret, *options)
            assert restored["externalKeysUsedUp"] == 1 and restored["authorizationsEnded"] == 1
            ca.start()
            assert operator.json("certificate", "show", serial_of(before))["status"] == "valid"
            operator.json("certificate", "show", serial_of(after), code=2)
            assert operator.json("eab", "show", key["kid"])["uses"] == 1
            assert client.issue([unique_name()]).leaf
            assert ca.stop() == 0
    finally:
        cluster.remove()
