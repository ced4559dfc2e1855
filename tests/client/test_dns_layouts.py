"""Zones as they are laid out in earnest: a primary that nobody is shown, two views of one zone, an alias to
the only name that may be changed, a signed zone, and other machines that write the same record set."""

import json
import os
import subprocess
import time
from types import SimpleNamespace

import pytest

from harness.cairn import Cairn
from harness.name_servers import Bind, Knot, PowerDns, SlowSecondary, sign_check, zone_text

ZONE = "example.test."
SERVERS = [("ns1.example.test.", "127.0.0.1")]
RECORD = "_acme-challenge.example.test"

pytestmark = pytest.mark.checks(204)


@pytest.fixture
def cairn(tmp_path):
    """Our client, with no CA yet."""
    environment = {name: value for name, value in os.environ.items()
                   if not name.lower().endswith("_proxy")}
    return Cairn(SimpleNamespace(http_port=0, tls_alpn_port=0), environment, tmp_path)


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


def issue(cairn, start_ca, asked, names, *arguments):
    """At a CA that asks the name server `asked`."""
    cairn.authority = start_ca(settings={"validation.dns_servers": [asked.address]})
    words = [word for name in names for word in ("-d", name)]
    run = cairn.outcome("issue", *words, "--ca", cairn.authority.directory,
                        "--ca-root", cairn.authority.api_root, "--agree-tos", *arguments, timeout=120)
    assert run.returncode == 0, run.stderr
    return run


def test_a_hidden_primary_is_changed_and_its_copies_are_waited_for(cairn, start, start_ca, tmp_path):
    # The zone names the copies alone.
    servers = [("ns2.example.test.", "127.0.0.2"), ("ns3.example.test.", "127.0.0.3")]
    primary = start(Knot, {ZONE: zone_text(ZONE, servers)})
    copies = [start(Knot, [ZONE], address=address, port=primary.port, primary=primary)
              for _, address in servers]
    credentials = primary.credentials(tmp_path / "key.toml")
    shown = cairn("dns", "test", "rfc2136", "example.test", "--credentials", credentials)
    for copy, (name, _) in zip(copies, servers):
        assert f"served by {name.rstrip('.')} ({copy.address})" in shown
    assert f"({primary.address})" not in shown
    # The CA asks the copies, too, and is asked when they show the record.
    issue(cairn, start_ca, copies[1], ["example.test", "*.example.test"], "--solver", "dns:rfc2136",
          "--credentials", credentials)
    cairn.check("example.test", ["example.test", "*.example.test"], tmp_path)
    assert primary.texts(RECORD) == []


def test_the_view_of_the_outside_is_the_one_that_counts(cairn, start, start_ca, tmp_path):
    outside = start(PowerDns, {ZONE: ([("ns1.example.test.", "127.0.0.2")],
                                      [("example.test.", "A", "127.0.0.1")])}, address="127.0.0.2")
    inside = start(Knot, {ZONE: zone_text(ZONE, SERVERS)}, port=outside.port)
    credentials = outside.credentials(tmp_path / "powerdns.toml")
    issue(cairn, start_ca, outside, ["example.test"], "--solver", "dns:powerdns",
          "--credentials", credentials, "--resolver", outside.address)
    assert outside.texts(RECORD) == []
    # Where only the inside can be asked, nobody is waited for, if that is wanted.
    cairn("dns", "test", "powerdns", "example.test", "--credentials", credentials,
          "--resolver", inside.address, "--propagation", "none")
    # Who speaks with the server of the zone itself needs no resolver that tells the truth.
    server = start(Knot, {ZONE: zone_text(ZONE, [("ns1.example.test.", "127.0.0.3")])},
                   address="127.0.0.3", port=outside.port)
    answer = json.loads(cairn("dns", "test", "rfc2136", "example.test", "--resolver", inside.address,
                              "--credentials", server.credentials(tmp_path / "key.toml"), "--json"))
    assert answer["test"]["zone"] == "example.test"
    assert inside.texts(RECORD) == server.texts(RECORD) == []


def test_an_alias_to_the_only_name_that_the_key_may_change(cairn, start, start_ca, tmp_path):
    server = start(Bind, {
        ZONE: zone_text(ZONE, SERVERS, ["_acme-challenge.www 0 CNAME www-proof.proofs.test."]),
        "proofs.test.": zone_text("proofs.test.", [("ns1.proofs.test.", "127.0.0.1")])},
        policy="grant cairn-key name www-proof.proofs.test. TXT;")
    credentials = server.credentials(tmp_path / "key.toml")
    issue(cairn, start_ca, server, ["www.example.test", "*.www.example.test"], "--solver", "dns:rfc2136",
          "--credentials", credentials)
    assert server.texts("www-proof.proofs.test") == []
    refused = cairn.outcome("dns", "test", "rfc2136", "example.test", "--credentials", credentials)
    assert refused.returncode == 2 and "REFUSED" in refused.stdout + refused.stderr


def test_an_alias_in_a_signed_zone(cairn, start, start_ca, tmp_path):
    server = start(Knot, {ZONE: zone_text(ZONE, SERVERS, ["_acme-challenge 0 CNAME proof.example.test."])},
                   signed=True)
    server.server.wait_until(lambda: sign_check(server, ZONE))
    issue(cairn, start_ca, server, ["*.example.test"], "--solver", "dns:rfc2136",
          "--credentials", server.credentials(tmp_path / "key.toml"))
    assert server.texts("proof.example.test") == []


def test_what_another_machine_overwrites_is_set_again(cairn, start, tmp_path):
    servers = [*SERVERS, ("ns2.example.test.", "127.0.0.2")]
    primary = start(PowerDns, {ZONE: (servers, [])})
    start(SlowSecondary, primary, "127.0.0.2", 6)
    credentials = primary.credentials(tmp_path / "powerdns.toml")
    process = subprocess.Popen(
        cairn.command_line("dns", "test", "powerdns", "example.test", "--credentials", credentials,
                           "--resolver", primary.address, "--json"),
        env=cairn.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while not primary.texts(RECORD):
        assert time.monotonic() < deadline and process.poll() is None, "no record was put up"
        time.sleep(0.05)
    # It had read the set before ours was there, and writes the whole of it.
    theirs = [{"content": '"of another machine"', "disabled": False}]
    primary.write_set(ZONE, RECORD + ".", theirs)
    output, errors = process.communicate(timeout=90)
    assert process.returncode == 0, errors
    steps = {step["step"]: step for step in json.loads(output)["test"]["steps"]}
    assert any("PATCH" in line for line in steps["observe"]["exchange"]), "it was not set again"
    assert primary.texts(RECORD) == ["of another machine"]
