"""dns-01 with records that cairn itself puts up: at Knot, BIND and PowerDNS."""

import json
import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from harness.cairn import Cairn
from harness.dns_server import unique_name
from harness.mounts import in_own_mounts, why_not
from harness.name_servers import (Bind, Knot, PowerDns, SlowSecondary, sign_check, write_credentials,
                                  zone_text)

ZONE = "example.test."
SERVERS = [("ns1.example.test.", "127.0.0.1")]


@pytest.fixture
def cairn(tmp_path):
    """Our client, with no CA yet."""
    environment = {name: value for name, value in os.environ.items()
                   if not name.lower().endswith("_proxy")}
    return Cairn(SimpleNamespace(http_port=0, tls_alpn_port=0), environment, tmp_path)


@pytest.fixture
def issuing(cairn, start_ca):
    """The same, for a CA that asks the name server of all tests."""
    cairn.authority = start_ca()
    return cairn


@pytest.fixture
def start():
    """Starts name servers, which end with the test."""
    started = []

    def begin(kind, *arguments, **options):
        started.append(kind(*arguments, **options))
        return started[-1]

    yield begin
    for server in reversed(started):
        server.stop()


@pytest.fixture
def zone_ca(start_ca):
    """A CA that asks a name server of the test's own."""
    def begin(server):
        return start_ca(settings={"validation.dns_servers": [server.address]})
    return begin


def issue(cairn, names, provider, credentials, *arguments, **options):
    words = [word for name in names for word in ("-d", name)]
    return cairn("issue", *words, "--solver", f"dns:{provider}", "--credentials", credentials,
                 "--ca", cairn.authority.directory, "--ca-root", cairn.authority.api_root,
                 "--agree-tos", *arguments, **options)


def dns_test(cairn, provider, name, credentials, *arguments, **options):
    return cairn("dns", "test", provider, name, "--credentials", credentials, *arguments, **options)


def test_certbots_words_and_its_file_of_credentials_will_do(issuing, dns, tmp_path):
    cairn, name = issuing, unique_name()
    host, port = dns.address.rsplit(":", 1)
    file = tmp_path / "rfc2136.ini"
    file.write_text(f"# Target DNS server\ndns_rfc2136_server = {host}\ndns_rfc2136_port = {port}\n")
    words = ["certonly", "-n", "--dns-rfc2136", "--dns-rfc2136-credentials", file, "-d", f"*.{name}",
             "--server", cairn.authority.directory, "--ca-root", cairn.authority.api_root,
             "--agree-tos"]
    run = cairn.outcome("certbot", *words)
    assert run.returncode == 2 and "others may read it" in run.stderr
    file.chmod(0o600)
    assert cairn.outcome("certbot", *words).returncode == 0
    cairn.check(name, [f"*.{name}"], tmp_path)
    before = cairn.serial(name)
    cairn("renew", "--force")
    assert cairn.serial(name) != before


@pytest.mark.checks(204)
def test_rfc2136_proves_a_wildcard_and_its_apex_together(issuing, dns, tmp_path):
    cairn = issuing
    name = unique_name()
    credentials = write_credentials(tmp_path / "key.toml", {"server": dns.address})
    issue(cairn, [name, f"*.{name}"], "rfc2136", credentials)
    cairn.check(name, [name, f"*.{name}"], tmp_path)
    assert not dns.query(f"_acme-challenge.{name}", "TXT").answer, "records were left behind"
    # A renewal finds the credentials by the plan.
    before = cairn.serial(name)
    cairn("renew", "--force")
    assert cairn.serial(name) != before
    assert not dns.query(f"_acme-challenge.{name}", "TXT").answer


@pytest.mark.parametrize("algorithm", ["hmac-md5", "hmac-sha1", "hmac-sha224", "hmac-sha256",
                                       "hmac-sha384", "hmac-sha512"])
def test_knot_takes_every_algorithm_of_tsig(cairn, start, tmp_path, algorithm):
    server = start(Knot, {ZONE: zone_text(ZONE, SERVERS)}, algorithm=algorithm)
    credentials = server.credentials(tmp_path / "key.toml", tsig_algorithm=algorithm)
    answer = json.loads(dns_test(cairn, "rfc2136", "example.test", credentials, "--json"))
    steps = answer["test"]["steps"]
    assert [step["step"] for step in steps] == ["find", "add", "observe", "remove"]
    assert "NOERROR" in steps[1]["exchange"][1]
    assert server.texts("_acme-challenge.example.test") == []


def test_bind_with_a_policy_for_challenges_alone(cairn, start, tmp_path):
    server = start(Bind, {ZONE: zone_text(ZONE, SERVERS)},
                   policy="grant cairn-key name _acme-challenge.example.test. TXT;")
    credentials = server.credentials(tmp_path / "key.toml")
    dns_test(cairn, "rfc2136", "example.test", credentials)
    assert server.texts("_acme-challenge.example.test") == []


@pytest.mark.skipif(why_not() is not None, reason=f"{why_not()}")
def test_each_address_of_a_servers_name_is_tried(cairn, start, tmp_path):
    server = start(Knot, {ZONE: zone_text(ZONE, [("ns1.example.test.", "127.0.0.77")])}, address="127.0.0.77")
    hosts = tmp_path / "hosts"
    # The resolver puts the address first that is next to where it asks from.
    hosts.write_text("127.0.0.1 localhost\n127.0.0.1 ns.test\n127.0.0.77 ns.test\n")
    port = server.address.rsplit(":", 1)[1]
    credentials = server.credentials(tmp_path / "key.toml", server=f"ns.test:{port}")
    run = subprocess.run(
        [*in_own_mounts(f"mount --bind {hosts} /etc/hosts"),
         *cairn.command_line("dns", "test", "rfc2136", "example.test", "--credentials", credentials, "--json")],
        env=cairn.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    changes = [step["exchange"][0] for step in json.loads(run.stdout)["test"]["steps"]
               if step["step"] in ("add", "remove")]
    assert len(changes) == 2 and all(f"at 127.0.0.77:{port}" in change for change in changes), changes
    assert server.texts("_acme-challenge.example.test") == []


@pytest.mark.parametrize("kind", [Knot, Bind])
@pytest.mark.parametrize("change, reason", [
    ({"tsig_secret": "d3JvbmcgYnV0IGFzIGxvbmcgYXMgdGhlIG90aGVyIG9uZQ=="}, "BADSIG"),
    ({"tsig_name": "another-key"}, "BADKEY"),
    ({"tsig_name": None, "tsig_secret": None, "tsig_algorithm": None}, "REFUSED"),
])
def test_a_refused_update_says_why(cairn, start, tmp_path, kind, change, reason):
    server = start(kind, {ZONE: zone_text(ZONE, SERVERS)})
    credentials = server.credentials(tmp_path / "key.toml", **change)
    output = cairn.outcome("dns", "test", "rfc2136", "example.test", "--credentials", credentials)
    assert output.returncode == 2
    told = output.stdout + output.stderr
    # Without a key the client may also be told that it is not allowed; Knot 3.4 leaves out what it has
    # against a key that it does not know.
    assert reason in told or (reason != "BADSIG" and "NOTAUTH" in told), told


def test_a_signed_zone(cairn, start, zone_ca, tmp_path):
    server = start(Knot, {ZONE: zone_text(ZONE, SERVERS)}, signed=True)
    server.server.wait_until(lambda: sign_check(server, ZONE))
    dns_test(cairn, "rfc2136", "example.test", server.credentials(tmp_path / "key.toml"))


def test_powerdns_merges_into_the_record_set(cairn, start, zone_ca, tmp_path):
    server = start(PowerDns, {ZONE: (SERVERS, [
        ("_acme-challenge.example.test.", "TXT", '"of somebody else"'),
        ("example.test.", "A", "127.0.0.1")])})
    cairn.authority = zone_ca(server)
    credentials = server.credentials(tmp_path / "powerdns.toml")
    issue(cairn, ["example.test", "*.example.test"], "powerdns", credentials,
          "--resolver", server.address)
    cairn.check("example.test", ["example.test", "*.example.test"], tmp_path)
    assert server.texts("_acme-challenge.example.test") == ["of somebody else"]


def test_powerdns_knows_its_zones_where_no_resolver_does(cairn, start, tmp_path):
    server = start(PowerDns, {ZONE: (SERVERS, [])})
    credentials = server.credentials(tmp_path / "powerdns.toml")
    # Nobody listens at this resolver.
    dns_test(cairn, "powerdns", "www.example.test", credentials, "--resolver", "127.0.0.1:9",
             "--propagation", "none")
    assert server.texts("_acme-challenge.www.example.test") == []


def test_powerdns_refuses_a_wrong_key(cairn, start, tmp_path):
    server = start(PowerDns, {ZONE: (SERVERS, [])})
    credentials = server.credentials(tmp_path / "powerdns.toml", api_key="not the key of it")
    output = cairn.outcome("dns", "test", "powerdns", "example.test", "--credentials", credentials,
                           "--resolver", server.address)
    assert output.returncode == 2
    assert "401" in output.stderr and "are the credentials right" in output.stderr
    assert "not the key of it" not in output.stdout + output.stderr


@pytest.mark.checks(204)
def test_an_alias_leads_to_the_server_that_takes_the_record(cairn, start, zone_ca, tmp_path):
    target = "proofs.test."
    parent = start(Knot, {
        ZONE: zone_text(ZONE, SERVERS, ["_acme-challenge.www 0 CNAME www-proof.proofs.test."]),
        target: zone_text(target, [("ns1.proofs.test.", "127.0.0.2")])})
    # The zone of the proofs is served elsewhere, too, and changed there alone.
    child = start(Knot, {target: zone_text(target, [("ns1.proofs.test.", "127.0.0.2")])},
                  address="127.0.0.2", port=parent.port)
    credentials = child.credentials(tmp_path / "key.toml")
    answer = json.loads(dns_test(cairn, "rfc2136", "www.example.test", credentials, "--json",
                                 "--resolver", parent.address))
    assert answer["test"]["record"] == "www-proof.proofs.test"
    assert answer["test"]["zone"] == "proofs.test"
    assert child.texts("www-proof.proofs.test") == []


def test_aliases_in_a_circle_are_told(cairn, start, tmp_path):
    server = start(Knot, {ZONE: zone_text(ZONE, SERVERS, [
        "_acme-challenge 0 CNAME a.example.test.", "a 0 CNAME _acme-challenge.example.test."])})
    output = cairn.outcome("dns", "test", "rfc2136", "example.test", "--credentials",
                           server.credentials(tmp_path / "key.toml"))
    assert output.returncode == 2
    assert "circle" in output.stderr


@pytest.mark.checks(204)
def test_a_slow_secondary_is_waited_for(cairn, start, tmp_path):
    servers = [("ns1.example.test.", "127.0.0.1"), ("ns2.example.test.", "127.0.0.2")]
    primary = start(Knot, {ZONE: zone_text(ZONE, servers)})
    secondary = start(SlowSecondary, primary, "127.0.0.2", 4)
    begun = time.monotonic()
    answer = json.loads(dns_test(cairn, "rfc2136", "example.test",
                                 primary.credentials(tmp_path / "key.toml"), "--json"))
    observed = answer["test"]["steps"][2]
    assert observed["step"] == "observe"
    assert observed["milliseconds"] >= 3500, "nobody waited for the secondary"
    assert time.monotonic() - begun < 40
    assert secondary.questions > 1
    # A time, or nothing, is not waited for by asking.
    answer = json.loads(dns_test(cairn, "rfc2136", "example.test",
                                 primary.credentials(tmp_path / "key.toml"), "--json",
                                 "--propagation", "none"))
    assert answer["test"]["steps"][2]["milliseconds"] < 3000


@pytest.mark.checks(204)
def test_fifty_orders_at_once_over_one_record_set(cairn, start, zone_ca, tmp_path):
    server = start(PowerDns, {ZONE: (SERVERS, [("*.example.test.", "CNAME", "example.test."),
                                               ("example.test.", "A", "127.0.0.1")])})
    cairn.authority = zone_ca(server)
    credentials = server.credentials(tmp_path / "powerdns.toml")

    def one(number):
        # All prove one name, each for an account of its own: their values share one record set.
        issue(cairn, ["shared.example.test"], "powerdns", credentials, "--resolver", server.address,
              "--name", f"lineage-{number}", "--account", f"account-{number}", timeout=300)

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(one, range(50)))
    for number in range(50):
        assert cairn.serial(f"lineage-{number}")
    assert server.texts("_acme-challenge.shared.example.test") == []


@pytest.mark.checks(204)
def test_what_a_killed_run_left_is_taken_down(issuing, dns, tmp_path):
    cairn = issuing
    name = unique_name()
    credentials = write_credentials(tmp_path / "key.toml", {"server": dns.address})
    process = subprocess.Popen(
        [*cairn.command_line("issue", "-d", name, "--solver", "dns:rfc2136",
                             "--credentials", credentials, "--propagation", "15s",
                             "--ca", cairn.authority.directory,
                             "--ca-root", cairn.authority.api_root, "--agree-tos")],
        env=cairn.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not dns.query(f"_acme-challenge.{name}", "TXT").answer:
        assert time.monotonic() < deadline, "no record was put up"
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert dns.query(f"_acme-challenge.{name}", "TXT").answer
    cairn.outcome("renew")
    assert not dns.query(f"_acme-challenge.{name}", "TXT").answer


def test_a_program_that_speaks_legos_exec(cairn, start, tmp_path):
    server = start(PowerDns, {ZONE: (SERVERS, [
        ("_acme-challenge.example.test.", "TXT", '"of somebody else"')])})
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho \"$@\" >> {tmp_path}/told\n")
    program.chmod(0o700)
    credentials = write_credentials(tmp_path / "exec.toml", {"program": str(program)})
    dns_test(cairn, "lego-exec", "example.test", credentials, "--resolver", server.address,
             "--propagation", "none")
    told = (tmp_path / "told").read_text().split()
    assert told[:2] == ["present", "_acme-challenge.example.test."]
    assert told[3:] == ["cleanup", "_acme-challenge.example.test.", told[2]]
    assert server.texts("_acme-challenge.example.test") == ["of somebody else"]


RECIPE = """\
title = "The interface of our own server"
access = "Its key."
documentation = "https://doc.powerdns.com/ (2026-11-30)"
api_url = "https://dns.example.test/api/v1/servers/localhost"

[[keys]]
name = "api_key"
meaning = "key"
variables = ["OUR_OWN_KEY"]

[request]
fields = { "X-API-Key" = "{api_key}" }

[zone]
path = "/zones/{zone}."

[read]
path = "/zones/{zone}."
query = { rrset_name = "{name}.", rrset_type = "TXT" }
list = "rrsets.0.records"
value = "content"

[write]
method = "PATCH"
path = "/zones/{zone}."
json = { rrsets = [{ name = "{name}.", type = "TXT", ttl = 60, changetype = "REPLACE", \
records = { each = { content = "{quoted_value}", disabled = false } } }] }

[clear]
method = "PATCH"
path = "/zones/{zone}."
json = { rrsets = [{ name = "{name}.", type = "TXT", changetype = "DELETE" }] }
"""


def test_a_recipe_of_ones_own_at_a_real_server(cairn, start, tmp_path):
    server = start(PowerDns, {ZONE: (SERVERS, [])})
    settings = tmp_path / "settings"
    (settings / "recipes").mkdir(parents=True, mode=0o700)
    (settings / "credentials").mkdir(mode=0o700)
    (settings / "recipes" / "ours.toml").write_text(RECIPE)
    (settings / "recipes" / "ours.toml").chmod(0o644)
    write_credentials(settings / "credentials" / "ours.toml",
                      {"api_key": server.KEY, "api_url": f"{server.api}/api/v1/servers/localhost"})
    answer = json.loads(cairn("dns", "test", "ours", "example.test", "--config", settings,
                              "--resolver", server.address, "--json"))
    steps = {step["step"]: step["exchange"] for step in answer["test"]["steps"]}
    assert any("PATCH" in line and "REPLACE" in line for line in steps["add"])
    assert server.KEY not in json.dumps(answer)
    assert server.texts("_acme-challenge.example.test") == []


@pytest.mark.checks(204)
def test_kills_in_the_middle_leave_nothing_behind(cairn, start, zone_ca, tmp_path):
    server = start(PowerDns, {ZONE: (SERVERS, [("example.test.", "A", "127.0.0.1")])})
    cairn.authority = zone_ca(server)
    credentials = server.credentials(tmp_path / "powerdns.toml")
    # They wait with their values up, so that all stand side by side when some are killed.
    processes = [subprocess.Popen(
        cairn.command_line("issue", "-d", "shared.example.test", "--solver", "dns:powerdns",
                           "--credentials", credentials, "--resolver", server.address,
                           "--propagation", "12s", "--name", f"lineage-{number}",
                           "--account", f"account-{number}", "--ca", cairn.authority.directory,
                           "--ca-root", cairn.authority.api_root, "--agree-tos"),
        env=cairn.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for number in range(6)]
    deadline = time.monotonic() + 60
    while len(server.texts("_acme-challenge.shared.example.test")) < len(processes):
        assert time.monotonic() < deadline, server.texts("_acme-challenge.shared.example.test")
        time.sleep(0.1)
    for process in processes[:3]:
        process.send_signal(signal.SIGKILL)
    assert [process.wait(timeout=120) for process in processes] == [-signal.SIGKILL] * 3 + [0] * 3
    assert len(server.texts("_acme-challenge.shared.example.test")) == 3
    cairn.outcome("renew")
    assert server.texts("_acme-challenge.shared.example.test") == []
