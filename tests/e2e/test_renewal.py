"""Renewal information (RFC 9773), orders that replace a certificate, and an operator who has
certificates renewed early; over HTTP."""

import concurrent.futures
import datetime
import json
import os
import subprocess

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from e2e.refusals import assert_refused
from harness.acme import Client, assert_problem
from harness.authority import CairnCa
from harness.cairn import Cairn
from harness.dns_server import unique_name
from harness.issued import read_chain, renewal_name as name_of
from harness.process import BIN
from harness.web import Responder

VECTOR = "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"


def ask(ca, name, method="GET"):
    """Anybody may ask: no key, no nonce."""
    directory = requests.get(ca.directory, verify=str(ca.api_root), timeout=30).json()
    return requests.request(method, f"{directory['renewalInfo']}/{name}", verify=str(ca.api_root),
                            timeout=30)


def time_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def window_of(ca, leaf):
    """Start and end, and the whole answer."""
    response = ask(ca, name_of(leaf))
    assert response.status_code == 200, response.text
    window = response.json()["suggestedWindow"]
    return time_of(window["start"]), time_of(window["end"]), response.json()


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def utc(time):
    return time.replace(tzinfo=datetime.timezone.utc)


# What clients are told

@pytest.mark.checks(159, 162)
def test_anybody_is_told_when_to_renew(client, shared_ca):
    leaf = client.issue([unique_name()]).leaf
    response = ask(shared_ca, name_of(leaf))
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Retry-After"] == "21600"
    assert "Replay-Nonce" not in response.headers
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    start, end, answer = window_of(shared_ca, leaf)
    assert "explanationURL" not in answer
    begin, expiry = utc(leaf.not_valid_before), utc(leaf.not_valid_after)
    life = expiry - begin
    assert begin < now() < start < end < expiry
    assert abs((start + (end - start) / 2 - begin) / life - 2 / 3) < 0.0101
    assert abs((end - start) / life - 0.02) < 0.0001
    assert ask(shared_ca, name_of(leaf)).json() == answer
    head = ask(shared_ca, name_of(leaf), "HEAD")
    assert head.status_code == 200 and head.content == b"" and "Retry-After" in head.headers


@pytest.mark.checks(161)
@pytest.mark.parametrize("spoil", [
    lambda name: VECTOR,
    lambda name: name.split(".")[0],
    lambda name: name.split(".")[1],
    lambda name: name + "=",
    lambda name: name + "." + name.split(".")[1],
    lambda name: "." + name.split(".")[1],
    lambda name: name.split(".")[0] + ".",
    lambda name: VECTOR.split(".")[0] + "." + name.split(".")[1],
    lambda name: VECTOR.split(".")[0] + ".h2VDIQ",
    lambda name: name + "/",
    lambda name: "A" * 5000,
    lambda name: "",
])
def test_nothing_else_has_renewal_information(client, shared_ca, spoil):
    leaf = client.issue([unique_name()]).leaf
    response = ask(shared_ca, spoil(name_of(leaf)))
    assert response.status_code in (404, 414), response.text
    assert_problem(response, response.status_code, "malformed")


def test_renewal_information_is_only_read(client, shared_ca):
    leaf = client.issue([unique_name()]).leaf
    url = f"{client.directory['renewalInfo']}/{name_of(leaf)}"
    response = client.post(url)
    assert_refused(client, response, 405, "malformed")
    assert response.headers["Allow"] == "GET, HEAD"


@pytest.mark.checks(162)
def test_what_is_revoked_is_to_be_renewed_at_once(client, shared_ca):
    issued = client.issue([unique_name()])
    assert client.revoke(issued.der).status_code == 200
    start, end, _ = window_of(shared_ca, issued.leaf)
    assert start < end < now()


# Orders that replace a certificate

def replacing(leaf, *names):
    return {"identifiers": [{"type": "dns", "value": name} for name in names],
            "replaces": name_of(leaf)}


def names_in(leaf):
    san = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return san.get_values_for_type(x509.DNSName)


@pytest.mark.checks(76)
def test_an_order_replaces_a_certificate_once(client):
    former = client.issue([unique_name()]).leaf
    name, = names_in(former)
    response = client.post(client.directory["newOrder"], replacing(former, name))
    assert response.status_code == 201
    assert response.json()["replaces"] == name_of(former)
    url = response.headers["Location"]
    assert client.read(url)["replaces"] == name_of(former)
    assert_refused(client, client.post(client.directory["newOrder"],
                                       replacing(former, name, unique_name())),
                   409, "alreadyReplaced", "another order replaces the certificate")
    assert client.issue([name], replaces=name_of(former)).order_url == url, "it is the same request"
    for names in ([name], [name, unique_name()]):
        assert_refused(client, client.post(client.directory["newOrder"], replacing(former, *names)),
                       409, "alreadyReplaced")
    assert client.issue([name]).leaf.serial_number != former.serial_number


@pytest.mark.checks(76)
def test_an_order_that_became_invalid_replaces_nothing(client):
    name, other = unique_name(), unique_name()
    former = client.issue([name]).leaf
    url, order = client.order([name, other], replaces=name_of(former))
    pending, = [each for each in order["authorizations"]
                if client.read(each)["status"] == "pending"]
    client.must(client.post(pending, {"status": "deactivated"}))
    assert client.read(url)["status"] == "invalid"
    assert client.issue([name], replaces=name_of(former)).order_url != url


@pytest.mark.checks(76)
@pytest.mark.parametrize("spoil, status, kind, reason", [
    (lambda name: VECTOR, 404, "malformed", "did not issue the certificate"),
    (lambda name: VECTOR.split(".")[0] + "." + name.split(".")[1], 404, "malformed", "did not issue"),
    (lambda name: name + "=", 400, "malformed", "replaces: "),
    (lambda name: name.replace(".", ""), 400, "malformed", "a dot between"),
    (lambda name: "x" * 5000, 400, "malformed", "too long"),
    (lambda name: 7, 400, "malformed", "replaces"),
    (lambda name: [name], 400, "malformed", "replaces"),
])
def test_what_is_no_certificate_is_not_replaced(client, spoil, status, kind, reason):
    name = unique_name()
    former = client.issue([name]).leaf
    payload = replacing(former, name) | {"replaces": spoil(name_of(former))}
    assert_refused(client, client.post(client.directory["newOrder"], payload), status, kind, reason)
    listed = client.post(client.read(client.account_url)["orders"]).json()["orders"]
    assert len(listed) == 1, "nothing was ordered"


@pytest.mark.checks(76)
def test_certificates_of_others_and_for_other_names_are_not_replaced(client, new_client):
    name = unique_name()
    former = client.issue([name]).leaf
    other = new_client()
    assert_refused(other, other.post(other.directory["newOrder"], replacing(former, name)),
                   403, "unauthorized", "not this account's")
    assert_refused(client, client.post(client.directory["newOrder"],
                                       replacing(former, unique_name())),
                   400, "malformed", "none of the identifiers")


def at_once(client, payloads):
    """The answers to newOrder requests that are sent at the same time."""
    def send(payload):
        twin = Client(client.authority, key=client.key)
        twin.account_url = client.account_url
        return twin.post(twin.directory["newOrder"], payload)

    with concurrent.futures.ThreadPoolExecutor(len(payloads)) as threads:
        return list(threads.map(send, payloads))


@pytest.mark.checks(76)
def test_of_twenty_at_once_one_replaces_the_certificate(client):
    name = unique_name()
    former = client.issue([name]).leaf
    answers = at_once(client, [replacing(former, name, unique_name()) for _ in range(20)])
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    for answer in answers:
        if answer.status_code == 409:
            assert_problem(answer, 409, "alreadyReplaced")


# The same request gets the same order

@pytest.mark.checks(78)
def test_twenty_equal_requests_at_once_get_one_order(client):
    payload = {"identifiers": [{"type": "dns", "value": unique_name()} for _ in range(3)]}
    answers = at_once(client, [payload] * 20)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.headers["Location"] for answer in answers}) == 1
    listed = client.post(client.read(client.account_url)["orders"]).json()["orders"]
    assert listed == [answers[0].headers["Location"]]


@pytest.mark.checks(78)
def test_an_open_order_is_given_out_again_until_it_is_finalized(client, new_client):
    name = unique_name()
    url, order = client.order([name.upper()])
    assert client.order([name]) == (url, order)
    assert new_client().order([name])[0] != url
    assert client.order([name, unique_name()])[0] != url
    tomorrow = (now() + datetime.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert client.order([name], notAfter=tomorrow)[0] != url
    assert client.issue([name]).order_url == url
    assert client.order([name])[0] != url


@pytest.mark.checks(163)
def test_an_advised_renewal_is_free_of_limits(start_ca):
    ca = start_ca(settings={"limits.enabled": True, "limits.new_orders_per_account.count": 2,
                            "limits.new_orders_per_account.period": "3h"})
    with Responder(ca.http_port) as responder:
        client = Client(ca, responder)
        client.register()
        name = unique_name()
        former = client.issue([name]).leaf
        client.order([unique_name()])
        for members in ({}, {"replaces": name_of(former)}):
            payload = {"identifiers": [{"type": "dns", "value": name}]} | members
            response = client.post(client.directory["newOrder"], payload)
            assert_problem(response, 429, "rateLimited", "new_orders_per_account")
        # The CA has advised no renewal until now.
        Operator(ca)("pull-forward", "--certificate", f"{former.serial_number:x}")
        assert client.issue([name], replaces=name_of(former)).order["replaces"] == name_of(former)
        response = client.post(client.directory["newOrder"],
                               {"identifiers": [{"type": "dns", "value": unique_name()}]})
        assert_problem(response, 429, "rateLimited", "new_orders_per_account")


# An operator has certificates renewed early

class Operator:
    """The commands of `cairn-ca renewal` on a CA."""

    def __init__(self, ca):
        self.ca = ca

    def __call__(self, verb, *arguments, code=0):
        done = subprocess.run([BIN / "cairn-ca", "renewal", verb, self.ca.home, "--json", *arguments],
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def ca(tmp_path, dns):
    ca = CairnCa(tmp_path, dns, is_copied=True, settings={
        "renewal.retry_after": "1m", "profiles.default.description": "usual",
        "profiles.short.description": "short", "profiles.short.validity": "6d",
        "default_profile": "default"})
    yield ca
    if ca.server.process.poll() is None:
        assert ca.stop() == 0, ca.server.tail()


@pytest.fixture
def operator(ca):
    return Operator(ca)


@pytest.fixture
def subscriber(ca):
    with Responder(ca.http_port) as responder:
        client = Client(ca, responder)
        client.register()
        yield client


@pytest.fixture(params=["running", "stopped"])
def state(request):
    return request.param


class Stopped:
    """The CA is stopped within the block, if the state says so."""

    def __init__(self, ca, state):
        self.ca, self.is_wanted = ca, state == "stopped"

    def __enter__(self):
        if self.is_wanted:
            assert self.ca.stop() == 0

    def __exit__(self, *error):
        if self.is_wanted:
            self.ca.start()


def usual(ca, leaf):
    return window_of(ca, leaf)[0] > now()


@pytest.mark.checks(162)
def test_certificates_are_pulled_forward_by_what_they_have_in_common(ca, operator, subscriber, state):
    one, other = (subscriber.issue([unique_name()]).leaf for _ in range(2))
    short = subscriber.issue([unique_name()], profile="short").leaf
    assert ask(ca, name_of(one)).headers["Retry-After"] == "60"
    issuer = read_chain((ca.home / "pki" / "intermediate.pem").read_text())[0]
    fingerprint = issuer.fingerprint(hashes.SHA256()).hex()
    start = now() - datetime.timedelta(hours=1)
    text = start.strftime("%Y-%m-%dT%H:%M:%SZ")
    colons = ":".join(f"{one.serial_number:032X}"[i:i + 2] for i in range(0, 32, 2))
    rules = [
        (["--certificate", f"{one.serial_number:032x}"], {one}),
        (["--certificate", colons, "--certificate", name_of(short)], {one, short}),
        (["--profile", "short"], {short}),
        (["--issuer", fingerprint], {one, other, short}),
        (["--issued-after", text], {one, other, short}),
        (["--issued-after", text, "--profile", "default"], {one, other}),
        (["--issued-before", text], set()),
        (["--issued-before", "2020-01-01"], set()),
    ]
    # The same look at the store, by another process: not at each of them.
    for arguments, meant in rules if state == "running" else rules[1:7:2]:
        with Stopped(ca, state):
            rehearsed = operator("pull-forward", *arguments, "--dry-run")
            assert rehearsed["dryRun"] is True and "id" not in rehearsed
            assert operator("list")["rules"] == []
            rule = operator("pull-forward", *arguments, "--explanation", "https://ca.example/why")
        # The server's own certificate may be among those that are counted.
        assert rehearsed["count"] == rule["count"]
        assert len(meant) <= rule["count"] <= len(meant) + 1
        for leaf in (one, other, short):
            begin, end, answer = window_of(ca, leaf)
            assert (end < now()) == (leaf in meant), arguments
            assert answer.get("explanationURL") == ("https://ca.example/why" if leaf in meant else None)
        shown = operator("show", f"{one.serial_number:x}")
        assert shown["cause"] == ("pulledForward" if one in meant else "usual")
        assert shown.get("rule") == (rule["id"] if one in meant else None)
        with Stopped(ca, state):
            listed, = operator("list")["rules"]
            assert listed["id"] == rule["id"]
            operator("cancel", "--", rule["id"])
            assert operator("cancel", "--", rule["id"], code=2)["error"]["code"] == "notFound"
        assert all(usual(ca, leaf) for leaf in (one, other, short))


def test_renewals_are_spread_up_to_a_deadline(ca, operator, subscriber):
    leaves = [subscriber.issue([unique_name()]).leaf for _ in range(12)]
    deadline = (now() + datetime.timedelta(hours=10)).replace(microsecond=0)
    rule = operator("pull-forward", "--profile", "default", "--by",
                    deadline.strftime("%Y-%m-%dT%H:%M:%SZ"))
    windows = [window_of(ca, leaf)[:2] for leaf in leaves]
    assert all(time_of(rule["created"]) <= start < end <= deadline for start, end in windows)
    assert len({start for start, _ in windows}) > 6, "they are not all due at once"
    assert [window_of(ca, leaf)[:2] for leaf in leaves] == windows


def test_what_is_issued_after_a_rule_is_not_meant(ca, operator, subscriber):
    before = subscriber.issue([unique_name()]).leaf
    rule = operator("pull-forward", "--profile", "default")
    created = time_of(rule["created"])
    ca.server.wait_until(lambda: now() > created + datetime.timedelta(seconds=1))
    assert usual(ca, subscriber.issue([unique_name()]).leaf)
    assert not usual(ca, before)


@pytest.mark.parametrize("arguments, code, words", [
    ([], "usage", "say which certificates are meant"),
    (["--explanation", "https://ca.example"], "usage", "say which certificates are meant"),
    (["--certificate", "xyz"], "usage", "neither a serial number"),
    (["--certificate", "0123456789abcdef"], "notFound", "did not issue a certificate"),
    (["--issuer", "nobody"], "notFound", "there are intermediate, and former ones go by"),
    (["--issuer", "00" * 32], "notFound", "has no issuer"),
    (["--issued-after", "yesterday"], "usage", "issued_after must be a time such as"),
    (["--issued-after", "2026-02-02", "--issued-before", "2026-02-01"], "usage",
     "issued_after is later than issued_before"),
    (["--profile", "default", "--by", "2020-01-01"], "usage", "by is not in the future"),
    (["--profile", "default", "--by", "2126-01-01"], "usage", "more than a year away"),
    (["--profile", "default", "--explanation", "javascript:alert(1)"], "usage",
     "explanation must be an http or https URL"),
])
def test_rules_that_are_refused(ca, operator, arguments, code, words):
    answer = operator("pull-forward", *arguments, code=2)
    assert answer["error"]["code"] == code
    assert words in answer["error"]["detail"]
    assert operator("list")["rules"] == []


def test_a_certificate_is_shown_with_what_replaces_it(ca, operator, subscriber):
    name = unique_name()
    former = subscriber.issue([name]).leaf
    serial = f"{former.serial_number:x}"
    assert "replacedBy" not in operator("show", serial)
    url, _ = subscriber.order([name], replaces=name_of(former))
    shown = operator("show", name_of(former))
    assert shown["serial"] == f"{former.serial_number:032x}"
    assert (shown["replacedBy"], shown["isReplacementIssued"]) == (url.rsplit("/", 1)[1], False)
    subscriber.issue([name], replaces=name_of(former))
    assert operator("show", serial)["isReplacementIssued"] is True
    assert operator("show", "0123456789abcdef", code=2)["error"]["code"] == "notFound"


def test_cairn_renews_what_was_pulled_forward(ca, operator, tmp_path):
    environment = {name: value for name, value in os.environ.items()
                   if not name.lower().endswith("_proxy")}
    cairn = Cairn(ca, environment, tmp_path)
    meant, other = unique_name(), unique_name()
    for name in (meant, other):
        cairn.issue([name], "standalone")
    former = {name: cairn.serial(name) for name in (meant, other)}
    rule = operator("pull-forward", "--certificate", f"{former[meant]:x}", "--explanation",
                    "https://ca.example/why")
    created = time_of(rule["created"])
    ca.server.wait_until(lambda: now() > created + datetime.timedelta(seconds=1))
    outcomes = {outcome["lineage"]: outcome
                for outcome in json.loads(cairn("renew", "--json"))["certificates"]}
    assert outcomes[meant]["result"] == "renewed" and outcomes[other]["result"] == "not-due"
    assert cairn.serial(meant) != former[meant] and cairn.serial(other) == former[other]
    assert operator("show", f"{former[meant]:x}")["isReplacementIssued"] is True
    cairn("renew", "--exit-code", expect=1)
    assert cairn.serial(meant) not in former.values(), "once is enough"
