"""`cairn-ca check` finds whatever is wrong at once, and changes nothing."""

import contextlib
import hashlib
import json
import socket
import sqlite3
import subprocess

import pytest

from harness.authority import CairnCa
from harness.ports import reserve_port
from harness.postgres import PostgresCluster
from harness.process import BIN


@pytest.fixture
def ca(tmp_path, dns):
    ca = CairnCa(tmp_path, dns, is_copied=True)
    yield ca
    if ca.server.process.poll() is None:
        assert ca.stop() == 0, ca.server.tail()


def check(ca, *arguments, **changes):
    settings = ca.settings | {key.replace("__", "."): value for key, value in changes.items()}
    options = [word for key, value in settings.items()
               for word in ("--set", f"{key}={json.dumps(value)}")]
    return subprocess.run([BIN / "cairn-ca", "check", ca.home, *options, *arguments],
                          capture_output=True, text=True, timeout=60)


def found(ca, code, **changes):
    done = check(ca, "--json", **changes)
    assert done.returncode == code, done.stdout + done.stderr
    answer = json.loads(done.stdout)
    assert (answer["version"], answer["ok"]) == (1, code == 0)
    assert ("error" in answer) == (code != 0)
    return answer["findings"]


def errors(findings):
    return [(each["area"], each["detail"]) for each in findings if each["severity"] == "error"]


def content(folder):
    return {path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in folder.rglob("*") if path.is_file()}


def test_nothing_is_wrong_with_a_ca_running_or_stopped(ca):
    warned = found(ca, 0)
    assert "root-key.pem" in warned[0]["detail"]
    # The name server of the tests knows its own zone and no other.
    assert [each["area"] for each in warned] == ["keys", "resolver"]
    assert "REFUSED" in warned[1]["detail"]
    assert ca.stop() == 0
    before = content(ca.home)
    assert found(ca, 0) == warned
    assert content(ca.home) == before
    done = check(ca)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "Nothing is wrong."


def test_everything_that_is_wrong_is_told_at_once(ca, tmp_path):
    assert ca.stop() == 0
    pki = ca.home / "pki"
    (pki / "broken.pem").write_text("not a certificate\n")
    (pki / "intermediate-key.pem").chmod(0o644)
    store = ca.home / "store" / "cairn.sqlite"
    with contextlib.closing(sqlite3.connect(store)) as database, database:
        database.execute("PRAGMA user_version = 99")
        database.execute("UPDATE clock SET believed = believed + 1000000")
    issuers = {f"issuers.{name}.{key}": value for name, key, value in [
        ("intermediate", "certificate", "pki/intermediate.pem"),
        ("intermediate", "key", "pki/intermediate-key.pem"),
        ("broken", "certificate", "pki/broken.pem"), ("broken", "key", "pki/broken.pem"),
        ("missing", "certificate", "pki/missing.pem"), ("missing", "key", "pki/missing-key.pem")]}
    before = content(ca.home)
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        wanted = errors(found(ca, 2, **issuers, **{
            "server.listen": [taken, "192.0.2.1:443"],
            "policy.linter": ["no-such-linter"],
            "policy.weak_keys": ["keys/none.txt"],
            "policy.top_level_domains": "domains/none.txt",
            "validation.dns_servers": [f"127.0.0.1:{reserve_port()}", ca.dns.address],
            "validation.timeout": "2s",
        }))
    assert content(ca.home) == before
    for area, words in [
            ("keys", "intermediate-key.pem can be read by others"), ("keys", "missing-key.pem"),
            ("issuer", "broken.pem"), ("issuer", "missing.pem"), ("policy", "no-such-linter"), ("policy", "keys/none.txt"),
            ("policy", "domains/none.txt"), ("store", "made by a newer cairn-ca"),
            ("clock", "set it right"), ("resolver", "through 127.0.0.1:"),
            ("listener", f"cannot listen on {taken}"), ("listener", "192.0.2.1:443")]:
        assert any(area == each and words in detail for each, detail in wanted), (area, words, wanted)
    assert len(wanted) == 12, wanted


def test_all_of_a_configuration_is_read(ca):
    findings = errors(found(ca, 2, server__listen=["nowhere"], validation__http_port=70000,
                            validation__colour="red"))
    assert {area for area, _ in findings} == {"configuration"}
    text = " ".join(detail for _, detail in findings)
    for word in ("server.listen", "validation.http_port", "validation.colour"):
        assert word in text
    done = check(ca, validation__colour="red")
    assert done.returncode == 2 and "validation.colour" in done.stdout


@pytest.mark.parametrize("arguments", [["--colour"], []])
def test_a_usage_error_has_the_shape_of_an_answer(tmp_path, arguments):
    done = subprocess.run([BIN / "cairn-ca", "check", *arguments, "--json"], capture_output=True,
                          text=True, timeout=30)
    assert done.returncode == 2
    answer = json.loads(done.stdout)
    assert (answer["version"], answer["ok"], answer["error"]["code"]) == (1, False, "usage")


def test_a_running_server_says_what_is_in_its_way(ca):
    findings = errors(found(ca, 2, server__listen=[f"127.0.0.1:{reserve_port()}"]))
    assert [area for area, _ in findings] == ["listener"]
    assert "the server runs" in findings[0][1]
    damage = ca.home / "pki" / "intermediate-key.pem"
    damage.write_text("x")
    assert "issuer" in {area for area, _ in errors(found(ca, 2))}


def test_a_shared_store_is_looked_at(ca):
    assert ca.stop() == 0
    cluster = PostgresCluster()
    try:
        url = cluster.create_database()
        noted = found(ca, 0, store__url=url)
        assert any(each["area"] == "store" and "to " in each["detail"] for each in noted)
        away = errors(found(ca, 2, store__url=url.replace("?", "?port=1&", 1)
                            if "?" in url else url + "?port=1"))
        assert {area for area, _ in away} == {"store"}
    finally:
        cluster.remove()
