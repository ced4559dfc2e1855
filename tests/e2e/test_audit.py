"""The audit log: it tells of everything that was done, before it is acknowledged, and whatever somebody
does to its files afterwards is found, with the place."""

import hashlib
import json
import stat
import subprocess
import time

import pytest

from harness import audit
from harness.acme import Client
from harness.dns_server import unique_name
from harness.operator_commands import Operator
from harness.process import BIN, run
from harness.web import Responder

SOON = 20  # seconds; a head is signed every second


@pytest.fixture
def responder(ca):
    with Responder(ca.http_port) as server:
        yield server


@pytest.fixture
def client(ca, responder):
    client = Client(ca, responder)
    client.register()
    return client


def wait_for(condition):
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def wait_for_head(ca):
    """Until what is there now is signed."""
    last = audit.lines(ca)[-1]["seq"]
    operator = Operator(ca)
    wait_for(lambda: any(head["line"] >= last
                         for head in operator.json("audit", "head")["heads"]))


def one(lines):
    assert len(lines) == 1, lines
    return lines[0]


def test_tells_of_a_certificate_from_its_order_to_its_end(ca, client):
    name = unique_name()
    issued = client.issue([name])
    assert client.revoke(issued.der).status_code == 200
    # Nothing is waited for: what was answered stands there.
    told = audit.lines(ca)
    account = client.account_url.rsplit("/", 1)[1]
    created = one([line for line in told if line["event"] == "account.create"])
    assert created["account"] == account
    order = one([line for line in told if line["event"] == "order.create"])
    assert order["account"] == account and order["identifiers"] == [name]
    authorization = one(order["authorizations"])
    seen = one([line for line in told if line["event"] == "validation.seen"])
    assert seen["authorization"] == authorization and seen["outcome"] == "valid"
    perspective = one(seen["perspectives"])
    assert perspective["name"] == "local" and perspective["outcome"] == "valid"
    assert f"127.0.0.1:{ca.http_port}" in perspective["endpoints"]
    assert any(name in step for step in perspective["steps"])
    ended = one([line for line in told if line["event"] == "validation.end"])
    assert ended["authorization"] == authorization and ended["seq"] > seen["seq"]
    assert ended["request"] == seen["request"]
    begun = one([line for line in told if line["event"] == "issuance.begin"])
    serial = audit.hexadecimal(issued.leaf.serial_number)
    assert begun["order"] == order["order"] and begun["serial"] == serial
    certificate = one([line for line in told if line["event"] == "certificate.issue"])
    digest = hashlib.sha256(issued.der).hexdigest()
    assert certificate["serial"] == serial and certificate["sha256"] == digest
    assert certificate["order"] == order["order"] and certificate["account"] == account
    signature = one([line for line in told
                     if line["event"] == "signature" and line["sha256"] == digest])
    assert begun["seq"] < signature["seq"] < certificate["seq"]
    assert one([line for line in told if line["event"] == "certificate.revoke"])["serial"] == serial

    # The access log has the same requests.
    def requests_():
        return {line["id"]: line for line in ca.log_lines() if line["event"] == "request"}

    told_of = {line["request"] for line in (created, order, ended, begun)}
    ca.server.wait_until(lambda: told_of <= set(requests_()))
    assert all(requests_()[request]["method"] == "POST" for request in told_of)
    assert order["client"] == "127.0.0.1"
    # All of it by its serial number, and nothing of others.
    client.issue([unique_name()])
    shown = audit.show(ca.home, "--serial", serial.upper())
    assert [line["event"] for line in shown] == [
        "order.create", "validation.seen", "validation.end", "issuance.begin", "certificate.issue",
        "certificate.revoke"]
    assert audit.show(ca.home, "--order", order["order"]) == shown
    # Lists are signed, stored, and told.
    wait_for(lambda: audit.lines(ca, "crl.save"))
    assert {line["kind"] for line in audit.lines(ca, "signature")} >= {"certificate", "crl"}
    audit.check_whole(ca)


def test_tells_what_an_account_did_and_what_was_refused(ca, client):
    url, order = client.order([unique_name()])
    client.must(client.post(order["authorizations"][0], {"status": "deactivated"}))
    client.must(client.post(client.account_url, {"contact": ["mailto:ops@example.test"]}))
    client.must(client.post(client.account_url, {"status": "deactivated"}))
    account = client.account_url.rsplit("/", 1)[1]
    events = [line["event"] for line in audit.show(ca.home, "--account", account)]
    assert events == ["account.create", "order.create", "authorization.deactivate",
                      "account.update", "account.deactivate"]
    assert one(audit.lines(ca, "account.update"))["contacts"] == ["mailto:ops@example.test"]


def test_tells_of_a_failed_validation(ca, client):
    name = unique_name()
    _, order = client.order([name])
    authorization = order["authorizations"][0]
    challenge = client.challenge_of(client.read(authorization), "http-01")
    client.must(client.post(challenge["url"], {}))
    client.wait_while(authorization, {"pending", "processing"})
    seen = one(audit.lines(ca, "validation.seen"))
    assert seen["identifier"] == name and seen["outcome"] != "valid" and seen["detail"]
    assert one(seen["perspectives"])["outcome"] == seen["outcome"]
    ended = one(audit.lines(ca, "validation.end"))
    assert ended["outcome"] == seen["outcome"]


def test_tells_of_what_an_operator_does(ca, client):
    operator = Operator(ca)
    account = client.account_url.rsplit("/", 1)[1]
    operator.json("account", "deactivate", account)
    begin = audit.lines(ca, "operation.begin")[-1]
    assert begin["operation"] == "account deactivate" and account in begin["arguments"]
    assert begin["operator"].startswith("user ")
    act = one(audit.lines(ca, "account.deactivate"))
    assert act["account"] == account and act["operator"] == begin["operator"]
    assert begin["seq"] < act["seq"]
    # The log began with the end of `init`.
    wait_for(lambda: audit.lines(ca, "operation.end")[-1]["seq"] > act["seq"])
    assert audit.lines(ca, "operation.end")[-1]["outcome"] == "done"
    # The secret of a key goes nowhere; who looks at something does nothing.
    made = operator.json("eab", "create")
    operator.json("account", "list")
    assert operator.json("account", "deactivate", "A" * 22, code=2)["error"]["code"] == "notFound"
    assert made["hmac_key"] not in "".join(file.read_text() for file in audit.files(ca))
    wait_for(lambda: audit.lines(ca, "operation.end")[-1]["outcome"] == "notFound")
    assert "account list" not in {line["operation"] for line in audit.lines(ca, "operation.begin")}
    # Words of his own, and commands that are not the server's.
    operator.json("audit", "note", "ticket 1234")
    assert audit.lines(ca, "operation.begin")[-1]["arguments"] == '{"text":"ticket 1234"}'
    run([BIN / "cairn-ca", "issuer", "create", ca.home, "next"])
    assert "issuer create next" in audit.lines(ca, "operation.begin")[-1]["arguments"]
    # The same without a server.
    assert ca.stop() == 0
    assert audit.lines(ca)[-1]["event"] == "server.stop"
    operator.json("eab", "revoke", made["kid"])
    assert [line["event"] for line in audit.lines(ca)[-3:]] == [
        "operation.begin", "eab.revoke", "operation.end"]
    report = audit.check_whole(ca)
    assert report["signed"] == report["last"], "the command signs its head"
    ca.start()


def rewrite(ca, change):
    """Applies `change` to the list of all lines of the only file."""
    (file,) = audit.files(ca)
    present = file.read_text().splitlines()
    changed = change(present)
    file.write_text("".join(line + "\n" for line in changed))


def hash_of(line):
    return hashlib.sha256(line.encode()).hexdigest()


def computed_anew(present):
    """The chain of these lines, as somebody computes it who wants to hide a change."""
    chained, before = [], audit.EMPTY
    for number, line in enumerate(present, 1):
        head, _, _ = line.rpartition(',"previous":"')
        head = f'{{"seq":{number}' + head[head.index(",\"time\""):]
        chained.append(f'{head},"previous":"{before}"}}')
        before = hash_of(chained[-1])
    return chained


def edited(present, place):
    line = present[place].replace('"event":"', '"event":"x', 1)
    return present[:place] + [line] + present[place + 1:]


CHANGES = {
    "edited": (lambda p: edited(p, 4), "line 5 of the log is not what the next line says", 5),
    "edited last": (lambda p: edited(p, len(p) - 1), "is not the one that was signed", None),
    "removed": (lambda p: p[:5] + p[6:], "line 6 is missing before this one", 6),
    "first removed": (lambda p: p[1:], "line 1 is missing before this one", 1),
    "moved": (lambda p: p[:3] + [p[4], p[3]] + p[5:], "line 4 is missing before this one", 4),
    "cut": (lambda p: p[:-3], "the log was cut: it ends with line", None),
    "inserted": (lambda p: p[:2] + ["{}"] + p[2:], "is no line of the log", 3),
    "computed anew": (lambda p: computed_anew(edited(p, 4)), "the chain was computed anew", None),
    "shortened and computed anew": (lambda p: computed_anew(p[:4] + p[5:]), "was cut", None),
}


def test_finds_what_somebody_did_to_its_files(ca, client, tmp_path):
    """On copies, with a head that was kept elsewhere."""
    for _ in range(2):
        client.issue([unique_name()])
    assert ca.stop() == 0
    head = tmp_path / "head.json"
    head.write_text(json.dumps(Operator(ca).json("audit", "head")))
    audit.check_whole(ca)
    (file,) = audit.files(ca)
    present = file.read_text().splitlines()
    for how, (change, reason, place) in CHANGES.items():
        copies = tmp_path / how
        copies.mkdir()
        (copies / file.name).write_text("".join(line + "\n" for line in change(present)))
        report = audit.verify(copies, "--head", head, code=2)
        finding = report["findings"][0]
        assert reason in finding["detail"], (how, report)
        assert finding["file"] == file.name
        assert place in (None, finding["line"]), (how, report)
    # At the place itself, with the heads of the store; a server goes on, and covers nothing up.
    for how in ("edited", "cut"):
        change, reason, _ = CHANGES[how]
        rewrite(ca, change)
        assert reason in audit.verify(ca.home, code=2)["findings"][-1]["detail"]
    ca.start()
    wait_for_head(ca)
    details = [finding["detail"] for finding in audit.verify(ca.home, code=2)["findings"]]
    assert len(details) == 2 and "is not what the next line says" in details[0]
    assert "are missing before this one" in details[1]


def test_a_head_elsewhere_finds_what_the_store_was_changed_for(ca, client, tmp_path):
    """Somebody who has the key and the store can sign another log, and a copy of a head shows it."""
    client.issue([unique_name()])
    wait_for_head(ca)
    head = tmp_path / "head.json"
    head.write_text(json.dumps(Operator(ca).json("audit", "head")))
    assert ca.stop() == 0
    (file,) = audit.files(ca)
    file.write_text("".join(line + "\n" for line in computed_anew(
        edited(file.read_text().splitlines(), 3))))
    forged = file.read_bytes()
    assert audit.verify(ca.home, "--head", head, code=2)["findings"]
    # A head that was changed is none.
    changed = json.loads(head.read_text())
    changed["heads"][0]["hash"] = hash_of(forged.decode().splitlines()[-1])
    head.write_text(json.dumps(changed))
    error = audit.verify(ca.home, "--head", head, code=2)["error"]
    assert "it is not what its key has signed" in error["detail"]
    for text, reason in (("{", "is not what `cairn-ca audit head --json` writes"),
                         ('{"heads": []}', "there is no head of this chain"),
                         ('{"heads": 1}', "must be a list"),
                         ('{"heads": [{}]}', "its chain must be 64 hexadecimal digits")):
        head.write_text(text)
        assert reason in audit.verify(ca.home, "--head", head, code=2)["error"]["detail"]
    ca.start()


def test_tells_of_a_key_that_is_gone(ca, client):
    """What the former key has signed is compared all the same."""
    client.issue([unique_name()])
    wait_for_head(ca)
    assert ca.stop() == 0
    (ca.home / "audit" / "key.pem").unlink()
    rewrite(ca, lambda present: computed_anew(edited(present, 4)))
    ca.start()
    wait_for_head(ca)
    details = [finding["detail"] for finding in audit.verify(ca.home, code=2)["findings"]]
    assert any("the chain was computed anew" in detail for detail in details)
    assert any("the key that signed its heads was gone" in detail for detail in details)


def test_goes_on_after_a_crash(ca, client):
    client.issue([unique_name()])
    wait_for_head(ca)
    ca.kill()
    (file,) = audit.files(ca)
    with file.open("a") as log:
        log.write('{"seq":99,"time":"2026-')
    report = audit.check_whole(ca)
    assert "crash tore it" in one(report["remarks"])["detail"]
    ca.start()
    client.issue([unique_name()])
    report = audit.check_whole(ca)
    assert "a crash tore what was being written" in one(report["remarks"])["detail"]
    assert [path.name for path in audit.files(ca)][0] == "audit-000000000001.jsonl"
    assert len(audit.files(ca)) == 2
    for path in [*audit.files(ca), ca.home / "audit" / "key.pem"]:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((ca.home / "audit").stat().st_mode) == 0o700


def test_files_may_be_moved_and_follow_each_other(start_ca):
    ca = start_ca(settings={"audit.rotate_size": 65536})
    with Responder(ca.http_port) as responder:
        client = Client(ca, responder)
        client.register()
        while len(audit.files(ca)) < 3:
            client.order([unique_name() for _ in range(20)])
        first = audit.files(ca)[0]
        assert first.stat().st_size < 80000
        audit.check_whole(ca)
        # As logrotate does it, without a signal.
        last = audit.files(ca)[-1]
        last.rename(last.with_name(last.name + ".1"))
        client.issue([unique_name()])
        audit.check_whole(ca)
        assert ca.stop() == 0
        ca.start()
        client.issue([unique_name()])
        audit.check_whole(ca)
        first.unlink()
        finding = one(audit.verify(ca.home, code=2)["findings"])
        assert finding["detail"].startswith("lines 1 to ")


def test_refuses_what_it_cannot_tell_of(ca, client):
    """As long as nothing can be written to it, nothing is done; then all goes on by itself."""
    folder = ca.home / "audit"
    (file,) = audit.files(ca)
    before = file.read_bytes()
    # A file that is gone is followed by another, for which there is no place.
    away = ca.home / "elsewhere"
    folder.rename(away)
    folder.write_text("in its place")
    status = client.post(client.account_url, {"contact": ["mailto:a@example.test"]})
    assert status.status_code == 503 and "Retry-After" in status.headers
    assert client.read(client.account_url).get("contact", []) == []
    line = one([line for line in ca.log_lines() if line["event"] == "audit log unavailable"])
    assert "the audit log cannot be written" in line["reason"]
    assert "the audit log cannot be written" in ca.readiness()
    refused = Operator(ca).json("eab", "create", code=2)
    assert "the audit log cannot be written" in refused["error"]["detail"]
    folder.unlink()
    away.rename(folder)
    client.must(client.post(client.account_url, {"contact": ["mailto:b@example.test"]}))
    assert file.read_bytes().startswith(before)
    lost = one(audit.lines(ca, "log.lost"))
    assert lost["refused"] >= 2
    audit.check_whole(ca)


def test_says_what_cannot_be_verified(tmp_path):
    done = subprocess.run([BIN / "cairn-ca", "audit", "verify", tmp_path], capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 2
    assert "has neither a ca.toml nor files of an audit log" in done.stderr
    done = subprocess.run([BIN / "cairn-ca", "audit", "show", tmp_path, "--since", "yesterday"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "--since must be a time" in done.stderr
