"""dns-persist-01 and dns-account-01, at a CA that offers them: which record is asked for, when it is seen,
and that it is never asked for again."""

import json
import os
import re
import subprocess
from types import SimpleNamespace

import pytest

from harness.cairn import Cairn
from harness.dns_server import unique_name
from harness.name_servers import write_credentials

ISSUER = "ca.example.test"


@pytest.fixture
def persistent(start_ca, tmp_path):
    """Our client, and a CA for whose proofs a record may stay."""
    authority = start_ca(settings={"validation.challenges": ["http-01", "dns-persist-01"],
                                   "validation.persist_issuers": [ISSUER]})
    return client_of(authority, tmp_path)


def client_of(authority, tmp_path):
    environment = {name: value for name, value in os.environ.items()
                   if not name.lower().endswith("_proxy")}
    cairn = Cairn(SimpleNamespace(http_port=0, tls_alpn_port=0), environment, tmp_path)
    cairn.authority = authority
    return cairn


def issuing(cairn, names, solver, *arguments):
    words = [word for name in names for word in ("-d", name)]
    return ["issue", *words, "--solver", solver, "--ca", cairn.authority.directory,
            "--ca-root", cairn.authority.api_root, "--agree-tos", *arguments]


def steps_of(cairn, lineage):
    return json.loads(cairn("explain", lineage, "--json"))["attempt"]["steps"]


def test_the_record_is_told_seen_and_never_asked_for_again(persistent, dns, tmp_path):
    cairn, name = persistent, unique_name()
    names = [name, f"*.{name}"]
    with subprocess.Popen(
            cairn.command_line(*issuing(cairn, names, "dns-persist", "--resolver", dns.address,
                                        "--propagation", "50s")),
            env=cairn.environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        told = ""
        while 'IN TXT "' not in told:
            line = process.stderr.readline()
            assert line, told
            told += line
        place, value = re.search(r'(\S+)\. IN TXT "([^"]+)"', told).groups()
        assert place == f"_validation-persist.{name}"
        assert re.fullmatch(rf"{ISSUER}; accounturi=https://\S+; policy=wildcard", value)
        dns.add(place, "TXT", f'"{value}"')
        told += process.stderr.read()
        assert process.wait(timeout=60) == 0, told
    assert told.count("IN TXT") == 1, "a name and its wildcard need one record"
    cairn.check(name, names, tmp_path)
    assert dns.query(place, "TXT").answer, "it was taken down"
    events = [step["event"] for step in steps_of(cairn, name)]
    assert "put_up_record" in events and "record_stands" in events

    # A renewal finds it, and asks nobody.
    before = cairn.serial(name)
    renewed = cairn.outcome("renew", "--force")
    assert renewed.returncode == 0 and cairn.serial(name) != before, renewed.stderr
    assert "IN TXT" not in renewed.stderr
    stands = [step for step in steps_of(cairn, name) if step["event"] == "record_stands"]
    assert stands and stands[0]["text"] == value
    shown = cairn.outcome("status").stdout
    assert f'{name} is proven by a record that stays' in shown and value in shown
    known, = json.loads(cairn("status", "--json"))["certificates"]
    assert [(each["name"], each["value"], each["stands"]) for each in known["persistent_records"]] == [
        (place, value, True)]


def test_a_record_that_nobody_sets_is_given_up(persistent, dns):
    cairn, name = persistent, unique_name()
    run = cairn.outcome(*issuing(cairn, [name], "dns-persist", "--resolver", dns.address,
                                 "--propagation", "1s"))
    assert run.returncode == 2
    assert "does not show it" in run.stderr
    assert f"add the record _validation-persist.{name}. IN TXT" in run.stderr


def test_a_provider_sets_it_once(persistent, dns, tmp_path):
    cairn, name = persistent, unique_name()
    credentials = write_credentials(tmp_path / "key.toml", {"server": dns.address})
    options = ["--credentials", credentials, "--persist-until", "2099-01-01", "--persist-wildcard"]
    run = cairn.outcome(*issuing(cairn, [name], "dns-persist:rfc2136", *options))
    assert run.returncode == 0, run.stderr

    def values():
        return sorted(record.to_text().strip('"') for rrset in dns.query(
            f"_validation-persist.{name}", "TXT").answer for record in rrset)

    before = values()
    assert len(before) == 1 and before[0].endswith("; policy=wildcard; persistUntil=4070908800")
    # What is not said again stays: the record is good for the wildcard, and as it is.
    run = cairn.outcome(*issuing(cairn, [name, f"*.{name}"], "dns-persist:rfc2136", "--name", name))
    assert run.returncode == 0, run.stderr
    cairn("renew", "--force")
    assert values() == before


@pytest.mark.parametrize("words, sentence", [
    (["dns-persist", "--persist-until", "tomorrow"], "say a day such as 2027-06-01"),
    (["dns-persist", "--persist-until", "2020-01-01"], "which has passed"),
    (["manual", "--persist-wildcard"], "say --solver dns-persist"),
])
def test_what_no_record_could_say_is_refused(persistent, dns, words, sentence):
    cairn = persistent
    run = cairn.outcome(*issuing(cairn, [unique_name()], *words,
                                 *([] if words[0] == "manual" else ["--resolver", dns.address])))
    assert run.returncode == 2 and sentence in run.stderr, run.stderr


@pytest.mark.parametrize("offered, words", [
    (["dns-account-01"], []),
    (["dns-01", "dns-account-01"], ["--dns-challenge", "dns-account-01"]),
])
def test_dns_account_01_where_it_is_offered(start_ca, dns, tmp_path, offered, words):
    cairn = client_of(start_ca(settings={"validation.challenges": offered}), tmp_path)
    name = unique_name()
    credentials = write_credentials(tmp_path / "key.toml", {"server": dns.address})
    run = cairn.outcome(*issuing(cairn, [name, f"*.{name}"], "dns:rfc2136", "--credentials", credentials,
                                 *words))
    assert run.returncode == 0, run.stderr
    places = {step["place"] for step in steps_of(cairn, name) if step["event"] == "answer_is_up"}
    assert len(places) == 1
    assert re.fullmatch(rf"_[a-z2-7]{{16}}\._acme-challenge\.{name}", places.pop())
