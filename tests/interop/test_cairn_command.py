"""What cairn's commands promise besides certificates: accounts, JSON, exit codes, interruptions."""

import json
import os
import re
import signal
import subprocess
import threading

import pytest
import requests

from harness.cairn import HOOK, Cairn
from harness.dns_server import unique_name
from harness.issued import names_of, read_chain
from harness.process import BIN, Failed


@pytest.fixture
def authority(pebble):
    return pebble


@pytest.fixture
def cairn(authority, client_environment, tmp_path):
    return Cairn(authority, client_environment, tmp_path)


@pytest.fixture
def program(tmp_path):
    """Writes a shell script that can be run."""
    def write(text, name="program"):
        path = tmp_path / name
        path.write_text("#!/bin/bash\n" + text)
        path.chmod(0o700)
        return path
    return write


def start(cairn, names, **options):
    """Starts `cairn issue` for `names`, each with its solver."""
    return subprocess.Popen(
        [BIN / "cairn", "issue", "--state", cairn.state, "--ca", cairn.authority.directory,
         "--ca-root", cairn.authority.api_root, "--agree-tos",
         *(argument for name in names for argument in ("-d", name))],
        env=cairn.environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, **options)


def read_until(stream, pattern):
    """All output up to a line that matches, and the match."""
    text = ""
    for line in stream:
        text += line
        if found := re.search(pattern, line):
            return text, found
    raise Failed(f"{pattern} was not said:\n{text}")


def has_renewal_info(authority):
    """Pebble has, from version 2.5 on."""
    directory = requests.get(authority.directory, verify=str(authority.api_root), timeout=10).json()
    return "renewalInfo" in directory


def txt_records(dns, name):
    return dns.query(f"_acme-challenge.{name}", "TXT").answer


def test_account_from_its_making_to_its_end(cairn, seen):
    name = unique_name()
    cairn.issue([name])
    root = ["--ca-root", cairn.authority.api_root]
    listed, = json.loads(cairn("account", "list", "--json"))["accounts"]
    assert listed["ca"] == cairn.authority.directory
    assert listed["contact"] == ["mailto:admin@example.test"]
    shown = json.loads(cairn("account", "show", "--json", *root))["account"]
    assert shown["status"] == "valid" and shown["url"] == listed["url"]

    cairn("account", "update", "--email", "other@example.test", *root)
    shown = json.loads(cairn("account", "show", "--json", *root))["account"]
    assert shown["contact"] == ["mailto:other@example.test"]

    rolled = json.loads(cairn("account", "rollover", "--key-type", "ec-p384", "--json", *root))["account"]
    assert rolled["key_type"] == "ec-p384" and rolled["url"] == listed["url"]
    cairn("renew", name, "--force")
    seen("cairn", "key change", by="pebble")

    cairn("account", "deactivate", *root)
    assert json.loads(cairn("account", "list", "--json"))["accounts"] == []
    cairn("account", "show", *root, expect=2)
    seen("cairn", "account", by="pebble")


def test_json_says_what_was_made_and_what_failed(cairn):
    name = unique_name()
    made = json.loads(cairn.issue([name], "standalone", "--json"))
    leaf, = read_chain((cairn.live(name) / "cert.pem").read_text())
    assert made["version"] == 1 and made["result"] == "done" and made["lineage"] == name
    obtained, = made["certificates"]
    assert obtained["names"] == [name] and int(obtained["serial"], 16) == leaf.serial_number
    assert obtained["files"]["private_key"] == str(cairn.live(name) / "privkey.pem")
    status, = json.loads(cairn("status", "--json"))["certificates"]
    assert status["serial"] == obtained["serial"] and status["due"] is False
    idle = json.loads(cairn("renew", "--json", "--exit-code", expect=1))
    assert idle["ok"] is True and idle["result"] == "nothing-to-do"
    outcome, = idle["certificates"]
    assert outcome["result"] == "not-due"
    if has_renewal_info(cairn.authority):  # which `status` does not ask for
        assert status["not_before"] < outcome["due_at"] < status["not_after"]
    else:
        assert outcome["due_at"] == status["due_at"]
    revoked, = json.loads(cairn("revoke", name, "--json"))["certificates"]
    assert revoked["result"] == "revoked"
    again = json.loads(cairn("revoke", name, "--json"))
    assert again["result"] == "nothing-to-do"
    assert again["certificates"][0]["result"] == "already-revoked"
    failed = json.loads(cairn("revoke", "unknown", "--json", expect=2))
    assert failed["ok"] is False and failed["result"] == "failed"
    assert failed["error"]["tried"] and failed["error"]["came_back"] and failed["error"]["next"]


def test_a_dry_run_leaves_nothing(cairn):
    name = unique_name()
    made = json.loads(cairn.issue([name], "standalone", "--dry-run", "--json"))
    assert made["dry_run"] is True and "files" not in made["certificates"][0]
    assert not cairn.live(name).exists()
    assert json.loads(cairn("status", "--json"))["certificates"] == []


def test_a_certificate_for_an_address(cairn):
    cairn.issue(["127.0.0.1"], "tls-alpn")
    leaf, = read_chain((cairn.live("127.0.0.1") / "cert.pem").read_text())
    assert names_of(leaf) == []


def test_deploy_hooks(cairn, program, tmp_path):
    name = unique_name()
    hook = program(f'echo "$CAIRN_LINEAGE $CAIRN_NAMES $CAIRN_LIVE_DIR" >> {tmp_path}/deployed')
    cairn.issue([name], "standalone", "--deploy-hook", hook)
    cairn("renew", "--force")
    line = f"{name} {name} {cairn.live(name)}\n"
    assert (tmp_path / "deployed").read_text() == line * 2
    before = (cairn.live(name) / "cert.pem").read_text()
    program("echo out of order; exit 1")
    cairn("renew", "--force", expect=2)
    assert (cairn.live(name) / "cert.pem").read_text() != before, "the certificate stays"
    program(f"echo mended >> {tmp_path}/deployed")
    cairn("renew")
    assert (tmp_path / "deployed").read_text() == line * 2 + "mended\n"
    cairn("renew", "--exit-code", expect=1)


@pytest.mark.checks(204)
def test_what_a_killed_run_left_is_taken_down(cairn, program, dns):
    name = unique_name()
    killer = program(f'{HOOK} "$1"; if [[ $1 == present ]]; then kill -9 $PPID; fi')
    run = start(cairn, [f"{name}=exec:{killer}"])
    assert run.wait(60) == -signal.SIGKILL
    assert txt_records(dns, name)
    cairn("renew", "--exit-code", expect=1)
    assert not txt_records(dns, name)
    assert list((cairn.state / "challenges").iterdir()) == []


@pytest.mark.checks(204)
def test_an_interrupted_run_takes_down_what_it_put_up(cairn, dns):
    by_dns, by_hand = unique_name(), unique_name()
    with start(cairn, [f"{by_dns}=exec:{HOOK}", f"{by_hand}=manual"]) as run:
        read_until(run.stderr, "Press Enter")
        assert txt_records(dns, by_dns)
        run.send_signal(signal.SIGTERM)
        run.stderr.read()
        assert run.wait(60) == 2
    assert not txt_records(dns, by_dns)


def test_by_hand(cairn, dns):
    name = unique_name()
    with start(cairn, [f"{name}=manual"]) as run:
        _, found = read_until(run.stderr, r'(\S+)\. IN TXT "(\S+)"')
        dns.add(found[1], "TXT", found[2])
        run.stdin.write("\n")
        run.stdin.flush()
        output = run.stderr.read()
        assert run.wait(60) == 0, output
    assert cairn.live(name).exists()


def test_runs_at_once_get_one_certificate(cairn):
    name = unique_name()
    solver = cairn.solvers["standalone"]
    # Of the same lineage and at the same port, which only one of them can have.
    runs = [start(cairn, [f"{name}={solver}"]) for _ in range(3)]
    outputs = [None] * len(runs)

    def wait(index):
        outputs[index] = runs[index].communicate(timeout=120)[1]

    threads = [threading.Thread(target=wait, args=(index,)) for index in range(len(runs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [run.returncode for run in runs] == [0, 0, 0], outputs
    archive = cairn.state / "archive" / name
    # Who waited for the first finds what it wants.
    assert sorted(os.listdir(archive / "generations")) == ["1"]
    listed = json.loads(cairn("account", "list", "--json"))["accounts"]
    assert len(listed) == 1
