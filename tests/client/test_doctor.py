"""What `cairn doctor` finds before a CA is asked, with a real name server and real web servers."""

import json
import os
import socket
import subprocess

import pytest

from harness.dns_server import DnsServer, unique_name
from harness.web import Redirector, Webroot

IDENTITY = "odd.example"


@pytest.fixture(scope="module")
def dns():
    server = DnsServer()
    yield server
    server.stop()


@pytest.fixture
def name(dns):
    name = unique_name()
    dns.add(name, "A", "127.0.0.1")
    return name


@pytest.fixture
def webroot(ca, tmp_path):
    folder = tmp_path / "webroot"
    with Webroot(ca.http_port, folder) as server:
        server.challenges.rmdir()
        server.challenges.parent.rmdir()
        yield folder


@pytest.fixture
def doctor(cairn, ca, dns):
    def with_identity(directory):
        directory.setdefault("meta", {})["caaIdentities"] = [IDENTITY]
        return directory

    ca.alter["directory"] = with_identity

    def look(*names, code=0, words=()):
        run = cairn.outcome(
            "doctor", *names, "--ca", ca.directory, "--ca-root", ca.api_root, "--resolver",
            dns.address, "--dns-port", dns.port, "--http-port", ca.http_port, "--https-port",
            ca.tls_alpn_port, "--json", *words)
        assert run.returncode == code, run.stdout + run.stderr
        answer = json.loads(run.stdout)
        assert answer["ok"] == (code == 0)
        assert answer["problems"] == sum(
            finding["severity"] == "problem" for finding in answer["findings"])
        for finding in answer["findings"]:
            assert finding["severity"] == "ok" or finding["next"], finding
        return answer["findings"]

    return look


def of(findings, check, severity=None):
    return [finding for finding in findings
            if finding["check"] == check and severity in (None, finding["severity"])]


def check_only_problem(findings, check, text):
    problems = [finding for finding in findings if finding["severity"] == "problem"]
    assert [problem["check"] for problem in problems] == [check], problems
    assert text in problems[0]["came_back"], problems[0]
    return problems[0]


def test_nothing_in_the_way(doctor, ca, name, webroot):
    findings = doctor(f"{name}=webroot:{webroot}")
    assert of(findings, "resolution", "ok")[0]["came_back"] == "127.0.0.1"
    assert of(findings, "name-servers", "ok")
    assert "probe" in of(findings, "answer", "ok")[0]["came_back"]
    assert of(findings, "caa", "ok") and of(findings, "clock", "ok")
    assert list(webroot.iterdir()) == [], "the probe was left"
    assert {request.path for request in ca.requests} == {"/directory"}, "the CA was asked for more"


def test_a_table_on_standard_output(cairn, ca, dns, name, webroot):
    run = cairn.outcome("doctor", f"{name}=webroot:{webroot}", "--ca", ca.directory, "--ca-root",
                        ca.api_root, "--resolver", dns.address, "--dns-port", dns.port,
                        "--http-port", ca.http_port)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "resolution" in run.stdout and "Nothing is in the way" in run.stderr


def test_no_ca_is_asked_offline(cairn, ca, dns, name, webroot):
    run = cairn.outcome("doctor", f"{name}=webroot:{webroot}", "--ca", ca.directory, "--offline",
                        "--resolver", dns.address, "--dns-port", dns.port, "--http-port",
                        ca.http_port, "--json")
    assert run.returncode == 0, run.stdout
    assert ca.requests == []


@pytest.mark.parametrize(("record", "text"), [
    ('0 issue "other.example"', "another CA is named"),
    ('0 issue ";"', "nobody may issue"),
    (f'0 issue "{IDENTITY}; accounturi=https://ca.test/1"', "another account"),
    (f'0 issue "{IDENTITY}; validationmethods=dns-01"', "http-01 is not among"),
    ('128 future "x"', "critical"),
])
def test_caa_forbids(doctor, dns, name, webroot, record, text):
    dns.add(name, "CAA", record)
    check_only_problem(doctor(f"{name}=webroot:{webroot}", code=2), "caa", text)


def test_caa_of_a_name_above_permits(doctor, dns, webroot):
    parent = unique_name()
    name = f"www.{parent}"
    dns.add(name, "A", "127.0.0.1")
    dns.add(parent, "CAA", f'0 issue "{IDENTITY}; validationmethods=http-01"')
    dns.add(parent, "CAA", '0 issue "other.example"')
    caa = of(doctor(f"{name}=webroot:{webroot}"), "caa", "ok")
    assert f"at {parent}:" in caa[0]["came_back"]


def test_a_wildcard_has_records_of_its_own(doctor, dns, name):
    dns.add(name, "CAA", f'0 issue "{IDENTITY}"')
    dns.add(name, "CAA", '0 issuewild "other.example"')
    check_only_problem(doctor(f"*.{name}=exec:/bin/true", code=2), "caa", "other.example")


def test_a_wildcard_is_not_proved_by_http(doctor, name, webroot):
    check_only_problem(doctor(f"*.{name}=webroot:{webroot}", code=2), "solver", "wildcard")


@pytest.fixture
def ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("there is no IPv6 here")


def test_aaaa_leads_where_nobody_listens(doctor, dns, name, webroot, ipv6):
    dns.add(name, "AAAA", "::1")
    check_only_problem(doctor(f"{name}=webroot:{webroot}", code=2), "ipv6", "while IPv4 answers")


def test_another_folder_is_served(doctor, name, webroot, tmp_path):
    (tmp_path / "other").mkdir()
    problem = check_only_problem(
        doctor(f"{name}=webroot:{tmp_path}/other", code=2), "answer", "status 404")
    assert "name the folder" in problem["next"]
    assert list((tmp_path / "other").iterdir()) == []


def test_nobody_listens_for_a_webroot(doctor, name, tmp_path):
    problem = check_only_problem(
        doctor(f"{name}=webroot:{tmp_path}", code=2), "port-80", "no connection")
    assert "from elsewhere" in problem["next"]


def test_a_webroot_that_is_not_there(doctor, name, tmp_path):
    findings = doctor(f"{name}=webroot:{tmp_path}/none", code=2)
    assert of(findings, "solver", "problem")


def test_redirects_in_a_circle(doctor, ca, name, tmp_path):
    with Redirector(ca.http_port, "/round"):
        findings = doctor(f"{name}=webroot:{tmp_path}", code=2)
    assert "circle" in of(findings, "redirects", "problem")[0]["came_back"]


def test_a_redirect_that_no_ca_follows(doctor, ca, name, tmp_path):
    with Redirector(ca.http_port, "ftp://files.test/"):
        findings = doctor(f"{name}=webroot:{tmp_path}", code=2)
    assert "does not follow" in of(findings, "redirects", "problem")[0]["came_back"]


def test_a_solver_that_listens_is_tried(doctor, cairn, name):
    findings = doctor(f"{name}={cairn.solvers['standalone']}")
    assert "probe" in of(findings, "answer", "ok")[0]["came_back"]


def test_a_port_that_somebody_uses(doctor, cairn, name, webroot):
    findings = doctor(f"{name}={cairn.solvers['standalone']}", code=2)
    assert of(findings, "solver", "problem")


def test_a_name_without_addresses(doctor, dns, webroot):
    name = unique_name()
    dns.add(name, "TXT", '"nothing else"')
    check_only_problem(doctor(f"{name}=webroot:{webroot}", code=2), "resolution", "no address")


def test_records_in_the_wrong_place(doctor, dns, name):
    dns.add(f"_acme-challenge.{name}.test", "TXT", '"value"')
    problem = check_only_problem(
        doctor(f"{name}=exec:/bin/true", code=2), "challenge-record", "stands twice")
    assert f"_acme-challenge.{name}" in problem["next"]
    dns.add(f"_acme-challenge.{name}", "TXT", '"left"')
    findings = doctor(f"{name}=exec:/bin/true")
    texts = [finding["came_back"] for finding in of(findings, "challenge-record", "warning")]
    assert any('"left"' in text for text in texts)


def test_an_alias_of_the_challenge_is_told(doctor, dns, name):
    dns.add(f"_acme-challenge.{name}", "CNAME", f"target.{name}.")
    findings = doctor(f"{name}=exec:/bin/true")
    assert f"an alias of target.{name}" in of(findings, "challenge-record", "warning")[0]["came_back"]


def test_a_wildcard_record_is_told(doctor, dns, name):
    dns.add(f"*.{name}", "TXT", '"everywhere"')
    findings = doctor(f"{name}=exec:/bin/true")
    assert '"everywhere"' in of(findings, "wildcard-record", "warning")[0]["came_back"]


def test_servers_of_a_zone_that_differ(doctor, dns, name, webroot):
    # There, every name is at 127.0.0.3.
    with_other = DnsServer(address="127.0.0.3", port=dns.port)
    try:
        dns.add("ns2.test", "A", "127.0.0.3")
        dns.add("ns3.test", "A", "127.0.0.4")
        for server in ("ns2", "ns3"):
            dns.add("test", "NS", f"{server}.test.")
        findings = doctor(f"{name}=webroot:{webroot}")
    finally:
        for server in ("ns2", "ns3"):
            dns.delete("test", "NS", f"{server}.test.")
        with_other.stop()
    texts = [finding["came_back"] for finding in of(findings, "name-servers", "warning")]
    assert any("127.0.0.1 at ns.test (127.0.0.1); 127.0.0.3 at ns2.test (127.0.0.3)" in text
               for text in texts), texts
    assert any("127.0.0.4" in text for text in texts), "the server that is away is not named"


@pytest.mark.skipif(os.geteuid() != 0, reason="a network of its own needs root")
def test_a_machine_that_may_not_ask_the_roots_blames_no_zone(cairn):
    words = cairn.command_line("doctor", "*.cairn-test.org=manual", "--offline", "--json")
    run = subprocess.run(["unshare", "--net", *words], env=cairn.environment, text=True, capture_output=True,
                         timeout=120)
    if "unshare" in run.stderr:
        pytest.skip(run.stderr)
    assert run.returncode == 2
    found = [finding for finding in json.loads(run.stdout)["findings"] if finding["severity"] != "ok"]
    assert [(finding["check"], finding["subject"]) for finding in found] == [("resolution", "the DNS")]
    assert "--resolver" in found[0]["next"]


def test_hooks_and_keys_of_a_lineage(doctor, cairn, ca, name, tmp_path):
    hook = tmp_path / "hook"
    hook.write_text("#!/bin/sh\n")
    hook.chmod(0o755)
    issued = cairn.outcome(*cairn.issuing(name, "--deploy-hook", str(hook)))
    assert issued.returncode == 0, issued.stderr
    assert of(doctor(name), "hooks", "ok")
    hook.unlink()
    check_only_problem(doctor(name, code=2), "hooks", "hook")
    hook.write_text("#!/bin/sh\n")
    hook.chmod(0o755)
    key = next((cairn.state / "archive").rglob("privkey*.pem"))
    os.chmod(key, 0o644)
    check_only_problem(doctor(name, code=2), "permissions", "everybody")
