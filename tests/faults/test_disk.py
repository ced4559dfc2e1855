"""The disk fails one call of the CA: a write, a sync, a truncation, a rename. Whatever it answered then
is true after it is killed and started again: what it promised is there, what it refused is not. Where
that cannot be known, it ends without an answer.

Each call on the way is counted and failed in its turn (harness/disk.py): some of them in the ordinary run,
all of them with --every-fault.
"""

import collections
import errno
import os
import shutil
import subprocess

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec

from harness.acme import Client, Key, Refused, make_csr
from harness.audit import check_whole, lines
from harness.disk import FaultyDisk
from harness.dns_server import unique_name
from harness.ports import reserve_port
from harness.process import BIN, Failed, run
from harness.web import Responder

LOG = "store/cairn.sqlite-wal"
ENDED_ABRUPTLY = 74
# The errors, and how a call fails with them.
SHORTAGES = [(errno.EIO, "undone"), (errno.EIO, "done"), (errno.ENOSPC, "half_done")]
NAMES = {(errno.EIO, "undone"): "EIO", (errno.EIO, "done"): "EIO-done",
         (errno.ENOSPC, "half_done"): "ENOSPC"}


@pytest.fixture(params=SHORTAGES, ids=NAMES.get)
def shortage(request):
    """Arguments for FaultyDisk.arm."""
    error, manner = request.param
    return {"error": error, "manner": manner}


# Calls for which "carried out and reported as failed" shows nothing new.
plainly = pytest.mark.parametrize("shortage", [SHORTAGES[0], SHORTAGES[2]], ids=NAMES.get,
                                  indirect=True)


@pytest.fixture
def faulty(ca, tmp_path):
    """A CA that runs on a faulty disk."""
    assert ca.stop() == 0
    ca.disk = FaultyDisk(tmp_path, ca.home)
    ca.start()
    return ca


@pytest.fixture
def responder(ca):
    with Responder(ca.http_port) as server:
        yield server


def numbered(calls):
    """Each call with how often the same was made before, and this time."""
    seen = collections.Counter()
    result = []
    for call in calls:
        seen[call] += 1
        result.append((*call, seen[call]))
    return result


def end(ca, answered):
    """The CA is killed, unless it has ended already, as it must have if it gave no answer."""
    if answered:
        ca.kill()
    else:
        assert ca.server.wait(30) == ENDED_ABRUPTLY, ca.server.tail()
        assert "what is on the disk is not known" in ca.server.tail()
    ca.disk.disarm()


def test_a_key_change_is_in_force_or_it_is_not(faulty, responder, shortage, choose):
    ca = faulty
    client = Client(ca, responder)
    client.register()
    ca.disk.arm()
    new = Key()
    client.must(client.change_key(new))
    client.key = new
    calls = numbered(ca.disk.calls())
    assert (("fdatasync", LOG, 1)) in calls and (("pwrite", LOG, 3)) in calls

    outcomes = collections.Counter()
    syncs = [call for call in calls if call[0] == "fdatasync"]
    writes = [call for call in calls if call[0] != "fdatasync"]
    for name, file, nth in choose(syncs, 2) + choose(writes, 3):
        new = Key()
        ca.disk.arm(name, file, nth, **shortage)
        try:
            status = client.change_key(new).status_code
        except requests.RequestException:
            status = None
        assert ca.disk.has_failed or status == 200
        outcomes[status] += 1
        end(ca, status is not None)
        ca.start()
        old, client.key = client.key, new
        is_changed = client.post(client.account_url).status_code == 200
        if not is_changed:
            client.key = old
            client.must(client.post(client.account_url))
        what = f"{name} {nth} of {file}: {status}"
        assert status in {200, 503, None}, what
        assert status is None or is_changed == (status == 200), what
    assert outcomes[None], "no sync has failed"
    # A full disk is reported: nothing was written.
    assert bool(outcomes[503]) == (shortage["error"] == errno.ENOSPC)


def test_an_issuance_comes_to_its_end(faulty, responder, shortage, choose):
    ca = faulty
    client = Client(ca, responder)
    client.register()
    ca.disk.arm()
    client.issue([unique_name()])
    calls = numbered(ca.disk.calls())
    assert len(calls) > 30
    issued = 1

    for name, file, nth in choose(calls, 5):
        progress = {}
        ca.disk.arm(name, file, nth, **shortage)
        answered = True
        try:
            advance(client, progress)
        except Refused as refusal:
            assert refusal.response.status_code == 503, refusal
        except requests.RequestException:
            answered = False
        end(ca, answered)
        ca.start()
        promised = progress.get("chain")
        advance(client, progress)
        assert promised in (None, progress["chain"]), f"{name} {nth} of {file}"
        issued += 1
    assert ca.stop() == 0
    ca.store.check_integrity()
    assert ca.store.certificates_per_order() == [1] * issued
    serials = [line["serial"] for line in ca.log_lines() if line["event"] == "issued"]
    assert len(serials) == len(set(serials))


def advance(client, progress):
    """Continues an order from its present state to its end."""
    name = progress.setdefault("name", unique_name())
    if "order" not in progress:
        progress["order"], _ = client.order([name])
    order = client.read(progress["order"])
    for authorization in order["authorizations"]:
        if order["status"] == "pending":
            client.start_validation(authorization)
    order = client.wait_while(progress["order"], {"pending"})
    if order["status"] == "ready":
        key = ec.generate_private_key(ec.SECP256R1())
        client.must(client.finalize(order, make_csr(key, [name])))
    order = client.wait_while(progress["order"], {"ready", "processing"})
    assert order["status"] == "valid", client.explain(order)
    progress["chain"] = client.must(client.post(order["certificate"])).text


@plainly
def test_what_was_promised_outlives_a_bad_start_and_a_bad_end(faulty, responder, shortage, choose):
    """The log is moved into the database at the end, and begun anew at the start."""
    ca = faulty
    client = Client(ca, responder)
    client.register()

    def restart(name="", file="", nth=0):
        for file_of_ca in ("server.pem", "server-key.pem"):
            (ca.home / "pki" / file_of_ca).unlink()
        ca.disk.arm(name, file, nth, **shortage)
        assert ca.stop() in {0, ENDED_ABRUPTLY}
        ca.launch()
        try:
            ca.server.wait_until(ca._serves)
        except Failed:
            assert ca.server.process.poll() in {2, ENDED_ABRUPTLY}, ca.server.tail()

    restart()
    calls = numbered(ca.disk.calls())
    assert {("fdatasync", "store/cairn.sqlite", 1), ("unlink", LOG, 1), ("create", LOG, 1),
            ("fsync", "store", 1), ("rename", "pki/server-key.pem", 1)} <= set(calls)
    for call in choose(calls, 5):
        restart(*call)
        ca.disk.disarm()
        ca.kill()
        ca.start()
        assert client.read(client.account_url)["status"] == "valid", call
        assert sorted(path.name for path in (ca.home / "pki").iterdir()) == [
            "intermediate-key.pem", "intermediate.pem", "root-key.pem", "root.pem",
            "server-key.pem", "server.pem"], call
    assert ca.stop() == 0
    ca.store.check_integrity()


AUDIT = "audit/audit-000000000001.jsonl"


def files_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def fail_calls(disk, command, shortage, choose, check):
    """Runs a command that succeeds, then once for each of its calls, with that call failing; and
    `check(is_done, what)` after each."""

    def attempt(nth):
        disk.arm(nth=nth, **shortage)
        done = subprocess.run([str(word) for word in command], env=disk.environment(), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        what = f"call {nth}, {disk.calls()[nth - 1:nth]}: {done.returncode} {done.stderr}"
        # A command may do without a call; it may not fail for another reason. 74: it cannot tell whether
        # its audit log has the line, and does nothing (as test_a_broken_disk_ends_what_it_cannot_tell).
        assert done.returncode == 0 or (done.returncode in (2, 74) and disk.has_failed), what
        assert done.returncode == 0 or os.strerror(shortage["error"]) in done.stderr, what
        check(done.returncode == 0, what)

    attempt(0)
    for nth in choose(range(1, len(disk.calls()) + 1), 9):
        attempt(nth)


@plainly
def test_init_makes_all_or_nothing(tmp_path, shortage, choose):
    outer = tmp_path / "outer"
    outer.mkdir()
    home = outer / "deep" / "ca"

    def check(is_done, what):
        assert home.exists() == is_done, what
        if is_done:
            assert files_below(home) == [
                "audit", AUDIT, "audit/audit.lock", "audit/head.json", "ca.toml", "pki",
                "pki/intermediate-key.pem", "pki/intermediate.pem", "pki/root-key.pem", "pki/root.pem",
                "store"], what
        # Its temporary files are removed.
        assert set(files_below(outer)) - {"deep"} == (
            {"deep/ca"} | {f"deep/ca/{file}" for file in files_below(home)} if is_done else set()), what
        shutil.rmtree(outer / "deep", ignore_errors=True)

    command = [BIN / "cairn-ca", "init", home, "--listen", f"127.0.0.1:{reserve_port()}"]
    fail_calls(FaultyDisk(tmp_path, outer), command, shortage, choose, check)


@plainly
def test_issuer_create_makes_all_or_nothing(tmp_path, shortage, choose):
    home = tmp_path / "ca"
    run([BIN / "cairn-ca", "init", home, "--listen", f"127.0.0.1:{reserve_port()}"])
    before = files_below(home)
    made = [home / "pki" / "next.pem", home / "pki" / "next-key.pem"]

    def check(is_done, what):
        new = {f"pki/{file.name}" for file in made} if is_done else set()
        assert set(files_below(home)) - set(before) == new, what
        for file in made:
            file.unlink(missing_ok=True)

    command = [BIN / "cairn-ca", "issuer", "create", home, "next"]
    fail_calls(FaultyDisk(tmp_path, home), command, shortage, choose, check)


@pytest.mark.parametrize("manner", ["undone", "half_done"])
def test_a_full_disk_lets_nothing_be_done_untold(faulty, responder, manner):
    """What the audit log has no room for is refused, and leaves no half of a line behind."""
    ca = faulty
    client = Client(ca, responder)
    client.register()
    ca.server.wait_until(lambda: lines(ca, "crl.save"))  # the next one is a day away
    contact = ["mailto:ops@example.test"]
    ca.disk.arm("write", AUDIT, 1, error=errno.ENOSPC, manner=manner)
    refused = client.post(client.account_url, {"contact": contact})
    assert ca.disk.has_failed
    assert refused.status_code == 503 and "Retry-After" in refused.headers
    assert client.read(client.account_url).get("contact", []) == []
    reason, = {line["reason"] for line in ca.log_lines() if line["event"] == "audit log unavailable"}
    assert reason == "the audit log cannot be written: " + os.strerror(errno.ENOSPC)
    ca.disk.disarm()
    client.must(client.post(client.account_url, {"contact": contact}))
    ca.kill()
    check_whole(ca)
    (lost,) = lines(ca, "log.lost")
    assert lost["refused"] == 1
    ca.start()
    assert client.read(client.account_url)["contact"] == contact


@pytest.mark.parametrize("call", ["write", "fdatasync"])
def test_a_broken_disk_ends_what_it_cannot_tell(faulty, responder, call):
    ca = faulty
    client = Client(ca, responder)
    client.register()
    ca.server.wait_until(lambda: lines(ca, "crl.save"))
    ca.disk.arm(call, AUDIT, 1, error=errno.EIO, manner="undone")
    with pytest.raises(requests.RequestException):
        client.post(client.account_url, {"contact": ["mailto:ops@example.test"]})
    end(ca, answered=False)
    ca.start()
    assert client.read(client.account_url).get("contact", []) == []
    check_whole(ca)
