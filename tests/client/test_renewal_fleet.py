"""Many lineages at once, each on its own: killed runs, two runs beside each other, an incident at the CA."""

import datetime
import json
import os
import signal
import subprocess
import time

import pytest

from harness.cairn import Cairn
from harness.issued import read_chain
from harness.process import BIN, run

COUNT = 24


def name_of(number):
    return f"host-{number}.example.test"


@pytest.fixture
def fleet(cairn, ca):
    """Plans of lineages that have no certificate yet, and so are due."""
    folder = cairn.state / "renewal"
    folder.mkdir(parents=True)
    # The account is there already.
    assert cairn.outcome(*cairn.issuing("first.test")).returncode == 0
    for number in range(COUNT):
        (folder / f"{name_of(number)}.json").write_text(json.dumps({
            "ca": ca.directory, "ca_root": str(ca.api_root), "key_type": "ec-p256",
            "reuse_key": False,
            "names": [{"name": name_of(number), "solver": cairn.solvers["standalone"]}]}))
    return [name_of(number) for number in range(COUNT)]


def check_all(cairn, ca, fleet):
    """Each has one certificate, with its key, and the CA has issued no other."""
    for name in fleet:
        live = cairn.live(name)
        leaf, *_ = read_chain((live / "fullchain.pem").read_text())
        key = subprocess.run(["openssl", "pkey", "-in", live / "privkey.pem", "-pubout"], check=True,
                             stdout=subprocess.PIPE).stdout
        assert key == subprocess.run(["openssl", "x509", "-in", live / "cert.pem", "-pubkey", "-noout"],
                                     check=True, stdout=subprocess.PIPE).stdout
        assert leaf in ca.certificates
        assert len(list((cairn.state / "archive" / name).glob("cert*.pem"))) == 1
    assert len(ca.certificates) == len(fleet) + 1


def test_a_killed_run_over_many_is_gone_on_with_by_two_at_once(cairn, ca, fleet):
    killed = subprocess.Popen(cairn.command_line("renew", "-q"), env=cairn.environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while len(ca.certificates) < 6:
        assert time.monotonic() < deadline and killed.poll() is None, killed.stderr.read()
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    before = len(ca.certificates)
    assert before < COUNT, "it was killed too late"
    runs = [subprocess.Popen(cairn.command_line("renew", "--json"), env=cairn.environment, text=True,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for _ in range(2)]
    for each in runs:
        out, err = each.communicate(timeout=120)
        assert each.returncode == 0, err
        assert {certificate["lineage"] for certificate in json.loads(out)["certificates"]} >= set(fleet)
    check_all(cairn, ca, fleet)
    # An order was made twice only where the answer to the first was lost with the run.
    assert len(ca.orders) <= COUNT + 1 + 8


def test_what_becomes_of_one_touches_no_other(cairn, ca, fleet):
    bad, damaged = fleet[3], fleet[7]
    (cairn.state / "renewal" / f"{damaged}.json").write_text("{")

    def verdict(authorization):
        if authorization["identifier"]["value"] == bad:
            return ca.stays_pending(authorization)
        return ca.look(authorization)

    ca.verdict = verdict
    outcome = cairn.outcome("renew", "--json", timeout=120)
    assert outcome.returncode == 2
    results = {certificate["lineage"]: certificate["result"]
               for certificate in json.loads(outcome.stdout)["certificates"]}
    assert {name for name, result in results.items() if result == "failed"} == {bad, damaged}
    assert len(ca.certificates) == COUNT - 2 + 1
    assert sum(result == "renewed" for result in results.values()) == COUNT - 2


def test_a_ca_that_is_down_is_asked_once_for_all(cairn, ca, fleet):
    ca.stop()
    began = time.monotonic()
    outcome = cairn.outcome("renew", "--json", timeout=120)
    assert outcome.returncode == 2
    assert time.monotonic() - began < 30, "each has waited for the CA"
    failed = [certificate for certificate in json.loads(outcome.stdout)["certificates"]
              if certificate["result"] == "failed"]
    assert {certificate["lineage"] for certificate in failed} == set(fleet)


def test_an_incident_at_the_ca_renews_once_and_replaces(start_ca, tmp_path):
    authority = start_ca()
    environment = {name: value for name, value in os.environ.items()
                   if not name.lower().endswith("_proxy")}
    cairn = Cairn(authority, environment, tmp_path)
    names = ["one.test", "two.test"]
    for name in names:
        cairn.issue([name])
    before = {name: cairn.serial(name) for name in names}
    yesterday = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)
    run([BIN / "cairn-ca", "renewal", "pull-forward", authority.home, "--issued-after",
         yesterday.strftime("%Y-%m-%dT%H:%M:%SZ")])
    outcome = cairn.outcome("renew", "--json")
    assert outcome.returncode == 0, outcome.stderr
    for certificate in json.loads(outcome.stdout)["certificates"]:
        assert certificate["result"] == "renewed" and certificate["due"]["reason"] == "window"
    assert all(cairn.serial(name) != before[name] for name in names)
    # What was issued since is not meant by it.
    outcome = cairn.outcome("renew", "--json")
    assert [certificate["result"] for certificate in json.loads(outcome.stdout)["certificates"]] == [
        "not-due"] * 2
    shown = run([BIN / "cairn-ca", "renewal", "show", authority.home, f"{before['one.test']:x}", "--json"])
    assert "replaced" in shown or "order" in shown
