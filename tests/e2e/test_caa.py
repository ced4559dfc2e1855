"""CAA records (RFC 8659, RFC 8657): asked for beside the proof of control, and again before issuance."""

import hashlib
import json
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from harness import audit
from harness.acme import ERROR, Client, assert_problem, b64, make_csr
from harness.authority import CairnCa
from harness.dns_server import unique_name
from harness.odd_dns import OddForwarder, failure, records, silence, truncated_without_tcp
from harness.process import BIN
from harness.web import Responder

US = "ca.cairn.test"


@pytest.fixture(scope="module")
def forwarder(dns):
    with OddForwarder(dns) as forwarder:
        yield forwarder


@pytest.fixture(scope="module")
def asking_ca(tmp_path_factory, forwarder):
    """A CA that has a name in CAA records."""
    ca = CairnCa(tmp_path_factory.mktemp("caa"), forwarder, settings={
        "directory.caa_identities": ["ca.cairn.test", "CA.Cairn.Example"],
        "validation.timeout": "6s"})
    yield ca
    assert ca.stop() == 0, ca.server.tail()


@pytest.fixture
def client(asking_ca):
    with Responder(asking_ca.http_port) as responder:
        client = Client(asking_ca, responder)
        client.register()
        yield client


@pytest.fixture
def name(dns):
    name = unique_name()
    host(dns, name)
    return name


def host(dns, name):
    """`name` is here; what has other records needs it, and what is below a name with records."""
    dns.add(name, "A", "127.0.0.1")


def prove(client, dns, name, kind="http-01"):
    """The challenge of an order for `name` after its validation."""
    _, order = client.order([name])
    url = order["authorizations"][0]
    if kind == "dns-01":
        challenge = client.challenge_of(client.read(url), kind)
        digest = hashlib.sha256(client.key_authorization(challenge["token"]).encode()).digest()
        dns.add("_acme-challenge." + name.removeprefix("*."), "TXT", b64(digest))
    client.start_validation(url, kind)
    client.wait_while(url, {"pending", "processing"})
    return client.challenge_of(client.read(url), kind)


def outcome(challenge):
    """"valid", or the type of the error."""
    if challenge["status"] == "valid":
        return "valid"
    assert challenge["error"]["status"] == (403 if "caa" in challenge["error"]["type"] else 400)
    return challenge["error"]["type"].removeprefix(ERROR)


def test_the_directory_says_how_records_name_the_ca(client, shared_ca, responder):
    assert client.directory["meta"]["caaIdentities"] == ["ca.cairn.test", "ca.cairn.example"]
    assert "caaIdentities" not in Client(shared_ca, responder).directory.get("meta", {})


@pytest.mark.checks(170, 174, 175)
@pytest.mark.parametrize("properties, expected", [
    ([f'0 issue "{US}"'], "valid"),
    (['0 issue "CA.Cairn.EXAMPLE"'], "valid"),
    (['0 ISSUE "ca.cairn.test"'], "valid"),
    (['0 issue "other.example"'], "caa"),
    ([], "valid"),
    (['0 issue ";"'], "caa"),
    (['0 issue "%%%"'], "caa"),
    (['0 issue ""'], "caa"),
    (['0 issue ";"', f'0 issue "{US}"'], "valid"),
    (['0 issue "%%%"', f'0 issue "{US}"'], "valid"),
    (['128 future "x"'], "caa"),
    (['128 future "x"', f'0 issue "{US}"'], "caa"),
    (['0 future "x"'], "valid"),
    (['1 future "x"'], "caa"),
    (['2 future "x"'], "valid"),
    ([f'128 issue "{US}"'], "valid"),
    (['0 issuemail ";"'], "valid"),
])
def test_properties(client, dns, name, properties, expected):
    for each in properties:
        dns.add(name, "CAA", each)
    challenge = prove(client, dns, name)
    assert outcome(challenge) == expected, challenge
    if expected == "caa":
        assert name in challenge["error"]["detail"] and US in challenge["error"]["detail"]


@pytest.mark.checks(171)
def test_the_nearest_set_counts(client, dns, name):
    dns.add(name, "CAA", '0 issue "other.example"')
    below, free = f"a.b.{name}", f"a.c.{name}"
    host(dns, below)
    host(dns, free)
    challenge = prove(client, dns, below)
    assert outcome(challenge) == "caa" and f" at {name} " in challenge["error"]["detail"]
    dns.add(f"c.{name}", "CAA", '0 iodef "mailto:security@example.test"')
    assert outcome(prove(client, dns, free)) == "valid"


@pytest.mark.checks(172)
def test_an_aliass_target_counts_and_not_what_is_above_the_target(client, dns):
    parent, alias, other = unique_name(), unique_name(), unique_name()
    target = f"t.{parent}"
    host(dns, target)
    dns.add(parent, "CAA", '0 issue "other.example"')
    dns.add(alias, "CNAME", target + ".")
    dns.add(other, "CNAME", target + ".")
    assert outcome(prove(client, dns, alias)) == "valid"
    dns.add(target, "CAA", '0 issue "secret.example"')
    challenge = prove(client, dns, other)
    assert outcome(challenge) == "caa"
    assert "secret" not in challenge["error"]["detail"]


@pytest.mark.checks(173)
@pytest.mark.parametrize("properties, of_wildcard, of_name", [
    (['0 issuewild "other.example"'], "caa", "valid"),
    (['0 issue "other.example"', f'0 issuewild "{US}"'], "valid", "caa"),
    ([f'0 issue "{US}"', '0 issuewild ";"'], "caa", "valid"),
    (['0 issue "other.example"'], "caa", "caa"),
])
def test_wildcards(client, dns, name, properties, of_wildcard, of_name):
    for each in properties:
        dns.add(name, "CAA", each)
    assert outcome(prove(client, dns, f"*.{name}", "dns-01")) == of_wildcard
    assert outcome(prove(client, dns, name)) == of_name


@pytest.mark.checks(176, 177)
@pytest.mark.parametrize("parameters, expected", [
    ("accounturi={account}", "valid"),
    ("accounturi={account}1", "caa"),
    ("accounturi={account}; accounturi={account}", "caa"),
    ("whatever=1", "valid"),
    ("validationmethods=http-01", "valid"),
    ("validationmethods=dns-01,http-01", "valid"),
    ("validationmethods=dns-01", "caa"),
    ("validationmethods=", "caa"),
    ("accounturi={account}; validationmethods=dns-01", "caa"),
])
def test_parameters(client, dns, name, parameters, expected):
    dns.add(name, "CAA", f'0 issue "{US}; {parameters.format(account=client.account_url)}"')
    assert outcome(prove(client, dns, name)) == expected


@pytest.mark.checks(178)
@pytest.mark.parametrize("oddity", [failure(), failure(5), silence, truncated_without_tcp])
def test_what_cannot_be_looked_up_forbids(client, dns, forwarder, name, oddity):
    with forwarder.odd(name, "CAA", oddity):
        challenge = prove(client, dns, name)
    assert outcome(challenge) == "dns", challenge
    assert f"the CAA records of {name} could not be looked up" in challenge["error"]["detail"]


@pytest.mark.checks(178)
def test_a_failure_above_the_name_forbids_where_the_name_has_no_records(client, dns, forwarder):
    with forwarder.odd("example.test", "CAA", failure()):
        assert outcome(prove(client, dns, unique_name())) == "dns"
        own = unique_name()
        host(dns, own)
        dns.add(own, "CAA", f'0 issue "{US}"')
        assert outcome(prove(client, dns, own)) == "valid"


@pytest.mark.checks(179)
def test_a_thousand_records_and_many_labels_are_bounded(client, dns, forwarder, name):
    many = [f'0 issue "ca{i}.example"' for i in range(999)]
    with forwarder.odd(name, "CAA", records(*many, '0 issue "last.example"')):
        challenge = prove(client, dns, name)
    assert outcome(challenge) == "caa" and len(challenge["error"]["detail"]) < 600
    with forwarder.odd(name, "CAA", records(*many, *(f'0 issue "x{i}.example"' for i in range(20)))):
        assert outcome(prove(client, dns, name)) == "dns"
    with forwarder.odd(name, "CAA", records(*many, f'0 issue "{US}"')):
        assert outcome(prove(client, dns, name)) == "valid"

    deep = f"a.b.c.d.e.f.{name}"
    host(dns, deep)
    before = len(forwarder.asked)
    assert outcome(prove(client, dns, deep)) == "valid"
    asked = [question for question, kind in forwarder.asked[before:] if kind == "CAA"]
    upwards = {deep.split(".", i)[-1] for i in range(deep.count(".") + 1)}
    # Each name up to the top; once, or twice where the answer was slow.
    assert set(asked) == upwards and len(asked) <= 2 * len(upwards)


@pytest.mark.checks(180)
def test_addresses_are_exempt(client, dns, forwarder):
    before = len(forwarder.asked)
    response = client.must(client.post(client.directory["newOrder"], {
        "identifiers": [{"type": "ip", "value": "127.0.0.1"}]}))
    url = response.json()["authorizations"][0]
    client.start_validation(url)
    assert client.wait_while(url, {"pending", "processing"})["status"] == "valid"
    assert forwarder.asked[before:] == []


@pytest.mark.checks(177, 180)
def test_before_issuance_each_name_is_asked_for_again_if_that_is_due(asking_ca, client, dns, forwarder):
    free, bound, other = unique_name(), unique_name(), unique_name()
    for each in (free, bound, other):
        host(dns, each)
    names = [free, bound, other]
    key = ec.generate_private_key(ec.SECP256R1())
    url, order = client.make_ready(names)
    before = len(forwarder.asked)
    # A CA that has read its configuration again relies on nothing that was asked before.
    asking_ca.reload()
    dns.add(bound, "CAA", f'0 issue "{US}; validationmethods=dns-01"')
    dns.add(other, "CAA", '0 issue "other.example"')
    refusal = client.finalize(order, make_csr(key, names))
    assert_problem(refusal, 403, "caa")
    told = {each["identifier"]["value"]: each["type"] for each in refusal.json()["subproblems"]}
    assert told == {bound: ERROR + "caa", other: ERROR + "caa"}
    asked = [question for question, kind in forwarder.asked[before:] if kind == "CAA"]
    assert all(asked.count(each) in (1, 2) for each in names), asked  # twice: it was slow

    assert client.read(url)["status"] == "ready"
    dns.delete(bound, "CAA")
    dns.delete(other, "CAA")
    client.must(client.finalize(order, make_csr(key, names)))
    assert client.wait_while(url, {"ready", "processing"})["status"] == "valid"
    seen = audit.lines(asking_ca, "caa.seen")
    assert {line["identifier"] for line in seen} >= set(names)
    assert {line["outcome"] for line in seen if line["identifier"] == bound} == {"caa", "valid"}


def test_the_operator_is_told_what_forbade_it_and_who_wants_to_know(asking_ca, client, dns, name):
    dns.add(name, "CAA", '0 issue "other.example"')
    dns.add(name, "CAA", '0 iodef "mailto:security@example.test"')
    assert outcome(prove(client, dns, name)) == "caa"
    [line] = [line for line in asking_ca.log_lines()
              if line.get("event") == "caa forbids issuance" and line["name"] == name]
    assert line["iodef"] == "mailto:security@example.test" and line["owner"] == name
    [seen] = [line for line in audit.lines(asking_ca, "validation.seen")
              if line["identifier"] == name]
    [local] = seen["perspectives"]
    assert local["outcome"] == "caa" and local["iodef"] == ["mailto:security@example.test"]
    assert sorted(local["caa_records"]) == ['0 iodef "mailto:security@example.test"',
                                            '0 issue "other.example"']
    assert local["caa"].startswith("forbidden: ")


def test_the_operator_sees_what_records_say_to_a_method(asking_ca, dns, name):
    dns.add(name, "CAA", f'0 issue "{US}; validationmethods=dns-01"')
    words = [BIN / "cairn-ca", "validate", asking_ca.home, name, "--json"]
    for key, value in asking_ca.settings.items():
        words += ["--set", f"{key}={json.dumps(value)}"]
    steps = {}
    for method in ("http-01", "dns-01"):
        done = subprocess.run([*words, "--method", method], capture_output=True, text=True, timeout=60)
        [seen] = json.loads(done.stdout)["perspectives"][0]["methods"]
        steps[method] = " ".join(seen["steps"])
    assert f"1 CAA records at {name}: forbidden: " in steps["http-01"], steps
    assert f"1 CAA records at {name}: permitted: " in steps["dns-01"], steps
