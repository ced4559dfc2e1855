"""`cairn rehearse`: all of it with a CA inside the program, and nothing of it stays."""

import json
import subprocess

import pytest

from harness.cairn import HOOK
from harness.dns_server import DnsServer, unique_name
from harness.web import Webroot


@pytest.fixture(scope="module")
def dns():
    server = DnsServer()
    yield server
    server.stop()


@pytest.fixture
def rehearse(cairn, ca, dns, tmp_path):
    scratch = tmp_path / "tmp"
    scratch.mkdir()

    def run(*words, code=0, environment=None):
        outcome = cairn.outcome(
            "rehearse", *words, "--resolver", dns.address, "--http-port", ca.http_port,
            "--tls-alpn-port", ca.tls_alpn_port, "--json",
            environment={"TMPDIR": str(scratch), **dns.environment, **(environment or {})})
        assert outcome.returncode == code, outcome.stdout + outcome.stderr
        assert list(scratch.iterdir()) == [], "something is left of the rehearsal"
        assert ca.requests == [], "another CA was asked"
        return outcome, json.loads(outcome.stdout)

    return run


@pytest.mark.parametrize("solver", ["standalone", "tls-alpn", "exec"])
def test_all_of_it_works(rehearse, cairn, solver):
    name = unique_name()
    outcome, answer = rehearse("-d", name, "--solver", cairn.solvers[solver])
    assert [step["step"] for step in answer["steps"] if not step["ok"]] == []
    steps = [step["step"] for step in answer["steps"]]
    for step in ("authority_started", "placing_order", "proving_control", "certificate_obtained"):
        assert step in steps
    assert answer["certificates"][0]["names"] == [name]
    assert "nobody trusts" in outcome.stderr
    assert not cairn.state.exists(), "the live state was touched"


def test_each_name_has_its_solver(rehearse, cairn, dns):
    name = unique_name()
    dns.add(name, "A", "127.0.0.1")  # the record of dns-01 below it would hide that of the wildcard
    _, answer = rehearse("-d", f"{name}={cairn.solvers['standalone']}", "-d",
                         f"*.{name}=exec:{HOOK}")
    assert answer["certificates"][0]["names"] == [name, f"*.{name}"]


def test_what_fails_is_told(rehearse, ca, tmp_path):
    name = unique_name()
    (tmp_path / "other").mkdir()
    with Webroot(ca.http_port, tmp_path / "webroot"):
        outcome, answer = rehearse("-d", f"{name}=webroot:{tmp_path}/other", code=2)
    assert answer["steps"][-1]["ok"] is False
    assert "404" in outcome.stderr and name in outcome.stderr
    assert "cairn explain" not in outcome.stderr, "the attempt goes with the rehearsal"
    assert list((tmp_path / "other").iterdir()) == []


def test_what_is_seen_beforehand_starts_nothing(rehearse, tmp_path):
    _, answer = rehearse("-d", f"*.{unique_name()}=webroot:{tmp_path}", code=2)
    assert "authority_started" not in [step["step"] for step in answer["steps"]]


def test_deploy_hooks_run_if_that_is_said(rehearse, cairn, tmp_path):
    hook = tmp_path / "hook"
    told = tmp_path / "told"
    hook.write_text(f'#!/bin/sh\nls "$CAIRN_LIVE_DIR" > {told}\necho "$CAIRN_LIVE_DIR" >> {told}\n')
    hook.chmod(0o755)
    words = ("-d", unique_name(), "--solver", cairn.solvers["standalone"], "--deploy-hook",
             str(hook))
    rehearse(*words)
    assert not told.exists()
    rehearse(*words, "--run-deploy-hooks")
    assert "fullchain.pem" in told.read_text()
    assert str(cairn.state) not in told.read_text(), "the hook was led to the live state"


def test_the_plan_of_a_lineage(rehearse, cairn, ca):
    name = unique_name()
    issued = cairn.outcome(*cairn.issuing(name))
    assert issued.returncode == 0, issued.stderr
    ca.requests.clear()
    before = {path: path.stat().st_mtime_ns for path in cairn.state.rglob("*")}
    _, answer = rehearse("--name", name)
    assert answer["certificates"][0]["names"] == [name]
    assert {path: path.stat().st_mtime_ns for path in cairn.state.rglob("*")} == before


def test_a_proxy_is_left_out(rehearse, cairn):
    rehearse("-d", unique_name(), "--solver", cairn.solvers["standalone"],
             environment={"https_proxy": "http://127.0.0.1:1", "no_proxy": ""})


def test_a_request_from_elsewhere(rehearse, cairn, tmp_path):
    """Its key is not here, and is not asked for; nothing of the request is kept."""
    name = unique_name()
    key, request = tmp_path / "key.pem", tmp_path / "request.pem"
    subprocess.run(["openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", key,
                    "-subj", "/", "-addext", f"subjectAltName=DNS:{name}", "-out", request],
                   check=True, capture_output=True, timeout=60)
    key.unlink()
    _, answer = rehearse("--csr", str(request), "--solver", cairn.solvers["standalone"])
    certificate, = answer["certificates"]
    assert certificate["names"] == [name] and certificate["key_type"] == "rsa2048"
    assert not cairn.state.exists()
    _, answer = rehearse("--csr", str(request), "-d", "other.test", code=2)
    assert "does not ask for other.test" in answer["error"]["came_back"]
