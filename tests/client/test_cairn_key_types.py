"""A lineage with a certificate for each of several key types."""

import json
import signal
import subprocess
import time

import pytest

from cryptography.hazmat.primitives import serialization

from harness.issued import key_type_of, public_octets, read_chain
from harness.odd_ca import problem

NAME = "a.example"
STEMS = ["cert", "chain", "fullchain", "privkey"]
BOTH = ["--key-type", "ec-p256", "--key-type", "rsa2048"]


def leaf_of(cairn, suffix):
    """The certificate that a server finds, with its key, through links."""
    live = cairn.live(NAME)
    leaf = read_chain((live / f"fullchain{suffix}.pem").read_text())[0]
    key = serialization.load_pem_private_key((live / f"privkey{suffix}.pem").read_bytes(), None)
    assert public_octets(key.public_key()) == public_octets(leaf.public_key())
    for stem in STEMS:
        assert (live / f"{stem}{suffix}.pem").is_symlink()
        assert (live / f"{stem}{suffix}.pem").stat().st_mode & 0o777 == 0o600
    return leaf


def issue_both(cairn, *arguments):
    run = cairn.outcome(*cairn.issuing(NAME, *BOTH, *arguments))
    assert run.returncode == 0, run.stderr
    return run


def listed(cairn):
    run = cairn.outcome("status", "--json")
    assert run.returncode == 0, run.stderr
    return {entry["key_type"]: entry for entry in json.loads(run.stdout)["certificates"]}


def test_each_key_type_has_files_beside_the_others(cairn, ca):
    told = json.loads(issue_both(cairn, "--json").stdout)
    assert len(ca.certificates) == 2
    assert key_type_of(leaf_of(cairn, "").public_key()) == "ec-p256"
    assert key_type_of(leaf_of(cairn, "-rsa2048").public_key()) == "rsa2048"
    live, archive = cairn.live(NAME), cairn.state / "archive" / NAME
    first, further = told["certificates"]
    assert first["key_type"] == "ec-p256" and first["files"]["private_key"] == f"{live}/privkey.pem"
    assert further["key_type"] == "rsa2048"
    assert further["files"]["fullchain"] == f"{live}/fullchain-rsa2048.pem"
    assert (archive / "privkey1.pem").exists() and (archive / "privkey1-rsa2048.pem").exists()
    plan = json.loads((cairn.state / "renewal" / f"{NAME}.json").read_text())
    assert plan["key_types"] == ["ec-p256", "rsa2048"]
    table = cairn.outcome("status").stdout
    assert table.count(NAME) >= 4 and "ec-p256" in table and "rsa2048" in table
    assert [entry["state"] for entry in listed(cairn).values()] == ["ok", "ok"]


def test_only_the_one_that_is_due_is_renewed(cairn, ca):
    issue_both(cairn)
    before = leaf_of(cairn, "")
    further = cairn.live(NAME) / "cert-rsa2048.pem"
    run = cairn.outcome("revoke", "--cert", further, "--reason", "superseded")
    assert run.returncode == 0, run.stderr
    assert listed(cairn)["rsa2048"]["state"] == "revoked"
    run = cairn.outcome("renew", "--json")
    assert run.returncode == 0, run.stderr
    assert f"{NAME} (rsa2048): renewed" in run.stderr
    results = {outcome["key_type"]: outcome["result"]
               for outcome in json.loads(run.stdout)["certificates"]}
    assert results == {"ec-p256": "not-due", "rsa2048": "renewed"}
    assert leaf_of(cairn, "") == before
    assert leaf_of(cairn, "-rsa2048").serial_number == ca.certificates[2].serial_number
    assert cairn.outcome("renew", "--exit-code").returncode == 1


def test_all_are_renewed_and_revoked_together(cairn, ca):
    issue_both(cairn)
    run = cairn.outcome("renew", "--force")
    assert run.returncode == 0, run.stderr
    assert len(ca.certificates) == 4
    serials = {leaf_of(cairn, "").serial_number, leaf_of(cairn, "-rsa2048").serial_number}
    run = cairn.outcome("revoke", NAME, "--reason", "keyCompromise", "--json")
    assert run.returncode == 0, run.stderr
    assert set(ca.revoked) == serials
    told = json.loads(run.stdout)["certificates"]
    assert [entry["key_type"] for entry in told] == ["ec-p256", "rsa2048"]
    assert {entry["state"] for entry in listed(cairn).values()} == {"revoked"}
    assert cairn.outcome("revoke", NAME, "--exit-code").returncode == 1
    assert cairn.outcome("renew").returncode == 0
    assert {entry["state"] for entry in listed(cairn).values()} == {"ok"}


def test_one_that_cannot_be_revoked_does_not_keep_the_other(cairn, ca):
    issue_both(cairn)
    first, further = leaf_of(cairn, "").serial_number, leaf_of(cairn, "-rsa2048").serial_number
    asked = []

    def refuse_the_first(request):
        if request.path == "/revoke":
            asked.append(request)
            return problem("serverInternal", "not now", 403) if len(asked) == 1 else None

    ca.intercept = refuse_the_first
    run = cairn.outcome("revoke", NAME, "--reason", "superseded")
    assert run.returncode == 2 and "not now" in run.stderr
    assert set(ca.revoked) == {further}
    ca.intercept = lambda request: None
    assert cairn.outcome("revoke", NAME, "--reason", "superseded").returncode == 0
    assert set(ca.revoked) == {first, further}


def test_what_one_key_type_is_refused_does_not_touch_the_other(cairn, ca):
    ca.intercept = lambda request: (
        problem("badCSR", "no such keys", 400)
        if request.path.startswith("/finalize/") and len(ca.orders) == 2 else None)
    run = cairn.outcome(*cairn.issuing(NAME, *BOTH))
    assert run.returncode == 2
    assert "for the key type rsa2048" in run.stderr and "no such keys" in run.stderr
    leaf_of(cairn, "")
    entries = listed(cairn)
    assert entries["ec-p256"]["state"] == "ok"
    assert entries["rsa2048"]["attempts"][0]["failure"]["phase"] == "finalize"
    ca.intercept = lambda request: None
    run = cairn.outcome("renew")
    assert run.returncode == 0, run.stderr
    leaf_of(cairn, "-rsa2048")
    assert len(ca.certificates) == 2


def test_a_key_type_that_the_plan_names_no_more_is_told(cairn, ca):
    issue_both(cairn)
    assert cairn.outcome(*cairn.issuing(NAME), "--key-type", "ec-p256").returncode == 0
    assert len(ca.certificates) == 2, "the one that is wanted stands"
    further = listed(cairn)["rsa2048"]
    assert further["state"] == "not-renewed" and further["due"] is False
    assert cairn.outcome("renew", "--force").returncode == 0
    assert len(ca.certificates) == 3
    leaf_of(cairn, "-rsa2048")


def test_a_key_type_that_the_plan_has_since_lately_is_due(cairn, ca):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    assert cairn.outcome("set", NAME, "--key-type", "ec-p256", "--key-type", "rsa2048").returncode == 0
    further = listed(cairn)["rsa2048"]
    assert further["state"] == "due" and further["due"] is True and "error" not in further
    shown = cairn.outcome("status").stdout
    assert "renewed next run" in shown and "a key of type rsa2048 is wanted" in shown
    assert cairn.outcome("renew").returncode == 0
    assert listed(cairn)["rsa2048"]["state"] == "ok" and len(ca.certificates) == 2


def test_links_of_a_further_key_type_are_mended(cairn, ca):
    issue_both(cairn)
    for stem in STEMS:
        (cairn.live(NAME) / f"{stem}-rsa2048.pem").unlink()
    (cairn.state / "archive" / NAME / "current-rsa2048").unlink()
    assert listed(cairn)["rsa2048"]["state"] == "broken"
    run = cairn.outcome("renew")
    assert run.returncode == 0, run.stderr
    assert "mended" in run.stderr
    assert leaf_of(cairn, "-rsa2048").serial_number == ca.certificates[1].serial_number
    assert len(ca.orders) == 2


@pytest.mark.parametrize("place", ["/certificate/", "/finalize/"])
def test_a_run_that_is_killed_is_gone_on_with(cairn, ca, place):
    waiting = []

    def stall(request):
        if request.path.startswith(place) and len(ca.orders) == 2 and not waiting:
            waiting.append(request.path)
            process.kill()
            process.wait(30)

    ca.intercept = stall
    process = subprocess.Popen(cairn.command_line(*cairn.issuing(NAME, *BOTH)),
                               env=cairn.environment, stderr=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL)
    assert process.wait(60) == -signal.SIGKILL
    assert cairn.serial(NAME) == ca.certificates[0].serial_number
    # The CA goes on with the request of the run that is gone.
    deadline = time.monotonic() + 30
    while len(ca.certificates) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    run = cairn.outcome("renew")
    assert run.returncode == 0, run.stderr
    assert leaf_of(cairn, "-rsa2048").serial_number == ca.certificates[1].serial_number
    assert len(ca.orders) == len(ca.certificates) == 2


def test_only_the_hook_that_failed_runs_again(cairn, tmp_path):
    log = tmp_path / "log"

    def write_hook(name, ending):
        hook = tmp_path / name
        hook.write_text(f"#!/bin/sh\necho {name} >> {log}\n{ending}\n")
        hook.chmod(0o755)
        return hook

    hooks = [word for name, ending in (("first", "exit 1"), ("second", "exit 0"))
             for word in ("--deploy-hook", write_hook(name, ending))]
    run = cairn.outcome(*cairn.issuing(NAME, *BOTH, *hooks))
    assert run.returncode == 2 and "first ended with status 1" in run.stderr
    entry = listed(cairn)["rsa2048"]
    assert [target["hook"] for target in entry["deployments"]] == [str(tmp_path / "second")]
    assert cairn.outcome("renew").returncode == 2
    write_hook("first", "exit 0")
    run = cairn.outcome("renew", "--json")
    assert run.returncode == 0, run.stderr
    assert {outcome["result"] for outcome in json.loads(run.stdout)["certificates"]} == {
        "deployed"}
    assert log.read_text().split() == ["first", "second", "first", "first"]
    assert cairn.outcome("renew", "--exit-code").returncode == 1
    assert listed(cairn)["ec-p256"]["deployed"]["generation"] == 1
