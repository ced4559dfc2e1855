"""Ways to prove control beside http-01: dns-account-01, dns-persist-01, a name above (RFC 9444), and
authorizations in advance of an order."""

import base64
import hashlib
import os
import re
import socket
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from harness.acme import ERROR, Client, assert_problem, b64, make_csr
from harness.authority import CairnCa
from harness.cairn import Cairn
from harness.dns_server import unique_name

ISSUER = "ca.cairn.test"


@pytest.fixture(scope="module")
def broad_ca(tmp_path_factory, dns):
    """A CA that offers everything."""
    ca = CairnCa(tmp_path_factory.mktemp("broad"), dns, settings={
        "validation.challenges": ["dns-01", "dns-account-01", "dns-persist-01"],
        "validation.persist_issuers": [ISSUER, "ca.cairn.example"],
        "validation.subdomains": True})
    yield ca
    assert ca.stop() == 0, ca.server.tail()


@pytest.fixture
def broad(broad_ca):
    client = Client(broad_ca)
    client.register()
    return client


def account_label(url):
    """draft-ietf-acme-dns-account-label section 3.2."""
    digest = hashlib.sha256(url.encode()).digest()[:10]
    return "_" + base64.b32encode(digest).decode().lower()


def digest_of(client, challenge):
    answer = client.key_authorization(challenge["token"])
    return b64(hashlib.sha256(answer.encode()).digest())


def record_of(client, more=""):
    return f'"{ISSUER}; accounturi={client.account_url}{more}"'


def prove_by_dns(client, dns, authorization_url):
    """Proves an authorization by dns-01; the object."""
    authorization = client.read(authorization_url)
    challenge = client.challenge_of(authorization, "dns-01")
    name = authorization["identifier"]["value"]
    dns.add(f"_acme-challenge.{name}", "TXT", digest_of(client, challenge))
    client.must(client.post(challenge["url"], {}))
    return client.wait_while(authorization_url, {"pending"})


def finish(client, url, order, names):
    key = ec.generate_private_key(ec.SECP256R1())
    client.must(client.finalize(order, make_csr(key, names)))
    order = client.wait_while(url, {"ready", "processing"})
    assert order["status"] == "valid", client.explain(order)
    return client.download(url, order, key).leaf


# --- dns-account-01


@pytest.mark.checks(110)
def test_a_record_under_the_accounts_label_proves_control(broad, dns):
    name = unique_name()
    url, order = broad.order([name, f"*.{name}"])
    for authorization in order["authorizations"]:
        challenge = broad.challenge_of(broad.read(authorization), "dns-account-01")
        dns.add(f"{account_label(broad.account_url)}._acme-challenge.{name}", "TXT",
                digest_of(broad, challenge))
        broad.must(broad.post(challenge["url"], {}))
        settled = broad.wait_while(authorization, {"pending"})
        assert settled["status"] == "valid", settled
    finish(broad, url, broad.wait_while(url, {"pending"}), [name, f"*.{name}"])


@pytest.mark.checks(110)
def test_another_accounts_label_does_not(broad, broad_ca, dns):
    stranger = Client(broad_ca)
    stranger.register()
    name = unique_name()
    _, order = broad.order([name])
    challenge = broad.challenge_of(broad.read(order["authorizations"][0]), "dns-account-01")
    dns.add(f"{account_label(stranger.account_url)}._acme-challenge.{name}", "TXT",
            digest_of(broad, challenge))
    broad.must(broad.post(challenge["url"], {}))
    settled = broad.wait_while(order["authorizations"][0], {"pending"})
    assert settled["status"] == "invalid"
    assert settled["challenges"][0]["error"]["type"] == ERROR + "unauthorized"


# --- dns-persist-01


@pytest.mark.checks(84, 113)
def test_the_challenge_shows_what_the_record_must_say(broad):
    _, order = broad.order([unique_name()])
    challenge = broad.challenge_of(broad.read(order["authorizations"][0]), "dns-persist-01")
    assert challenge["issuer-domain-names"] == [ISSUER, "ca.cairn.example"]
    assert challenge["accounturi"] == broad.account_url
    assert "token" not in challenge and challenge["status"] == "pending"


@pytest.mark.checks(79, 111)
def test_a_record_that_stands_needs_no_action(broad, dns):
    name = unique_name()
    dns.add(f"_validation-persist.{name}", "TXT", record_of(broad, "; policy=wildcard"))
    names = [name, f"*.{name}"]
    url, order = broad.order(names)
    order = broad.wait_while(url, {"pending"}, timeout=10)
    assert order["status"] == "ready", broad.explain(order)
    leaf = finish(broad, url, order, names)
    assert leaf
    for authorization in order["authorizations"]:
        [challenge] = broad.read(authorization)["challenges"]
        assert challenge["type"] == "dns-persist-01" and challenge["status"] == "valid"
    # Its time to live is 0: the next order looks again.
    dns.delete(f"_validation-persist.{name}", "TXT")
    _, order = broad.order([name])
    assert order["status"] == "pending"


@pytest.mark.checks(111)
def test_a_record_that_comes_later_is_seen_when_the_client_says_so(broad, dns):
    name = unique_name()
    url, order = broad.order([name])
    assert order["status"] == "pending"
    dns.add(f"_validation-persist.{name}", "TXT", record_of(broad))
    [authorization] = order["authorizations"]
    challenge = broad.challenge_of(broad.read(authorization), "dns-persist-01")
    broad.must(broad.post(challenge["url"], {}))
    assert broad.wait_while(url, {"pending"})["status"] == "ready"


REFUSED_RECORDS = {
    "nothing": (None, "unauthorized"),
    "another account": (lambda c: f'"{ISSUER}; accounturi={c.account_url}x"', "unauthorized"),
    "another issuer": (lambda c: f'"other.example; accounturi={c.account_url}"', "unauthorized"),
    "past": (lambda c: record_of(c, "; persistUntil=1700000000"), "unauthorized"),
    "twice": (lambda c: record_of(c, "; accounturi=x"), "malformed"),
    "bad end": (lambda c: record_of(c, "; persistUntil=tomorrow"), "malformed"),
    "trailing semicolon": (lambda c: record_of(c, ";"), "malformed"),
    "wildcard without policy": (record_of, "unauthorized"),
}


@pytest.mark.checks(111, 112)
@pytest.mark.parametrize("case", REFUSED_RECORDS)
def test_a_record_that_proves_nothing(broad, dns, case):
    record, problem = REFUSED_RECORDS[case]
    name = unique_name()
    if record:
        dns.add(f"_validation-persist.{name}", "TXT", record(broad))
    _, order = broad.order([f"*.{name}" if case.startswith("wildcard") else name])
    assert order["status"] == "pending", "a glance is no attempt"
    [authorization] = order["authorizations"]
    challenge = broad.challenge_of(broad.read(authorization), "dns-persist-01")
    assert challenge["status"] == "pending"
    broad.must(broad.post(challenge["url"], {}))
    settled = broad.wait_while(authorization, {"pending"})
    assert settled["status"] == "invalid"
    error = settled["challenges"][0]["error"]
    assert error["type"] == ERROR + problem, error
    assert f"_validation-persist.{name}" in error["detail"]


def test_a_silent_name_server_delays_an_order_by_a_second_alone(start_ca):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        ca = start_ca(settings={
            "validation.challenges": ["http-01", "dns-persist-01"],
            "validation.persist_issuers": [ISSUER],
            "validation.dns_servers": [f"127.0.0.1:{silent.getsockname()[1]}"]})
        client = Client(ca)
        client.register()
        begun = time.monotonic()
        _, order = client.order([unique_name() for _ in range(50)])
        assert order["status"] == "pending"
        assert time.monotonic() - begun < 5
        ca.kill()


# --- a name above


def below(names, ancestor):
    return [{"type": "dns", "value": name, "ancestorDomain": ancestor} for name in names]


def test_one_proof_is_for_all_names_below(broad, dns):
    name = unique_name()
    assert broad.directory["meta"]["subdomainAuthAllowed"] is True
    names = [f"a.{name}", f"*.b.{name}"]
    url, order = broad.order([], identifiers=below(names, name))
    [authorization] = order["authorizations"]
    shown = broad.read(authorization)
    assert shown["identifier"]["value"] == name and shown["subdomainAuthAllowed"] is True
    assert "http-01" not in [challenge["type"] for challenge in shown["challenges"]]
    assert prove_by_dns(broad, dns, authorization)["status"] == "valid"
    finish(broad, url, broad.read(url), names)

    _, later = broad.order([f"c.d.{name}", name])
    assert later["status"] == "ready" and later["authorizations"] == [authorization]
    _, beside = broad.order([f"x{name}"])
    assert beside["status"] == "pending"


@pytest.mark.checks(82)
@pytest.mark.parametrize("identifier", [
    {"type": "dns", "value": "a.example.test", "ancestorDomain": "example.com"},
    {"type": "dns", "value": "example.test", "ancestorDomain": "example.test"},
    {"type": "dns", "value": "badexample.test", "ancestorDomain": "example.test"},
    {"type": "dns", "value": "a.example.test", "ancestorDomain": 1},
    {"type": "ip", "value": "192.0.2.1", "ancestorDomain": "example.test"}])
def test_an_ancestor_that_is_none(broad, identifier):
    response = broad.post(broad.directory["newOrder"], {"identifiers": [identifier]})
    assert_problem(response, 400, "malformed", "ancestorDomain")


def test_subdomains_are_not_offered_unless_the_operator_says_so(client):
    assert "subdomainAuthAllowed" not in client.directory["meta"]
    name = unique_name()
    _, order = client.order([], identifiers=below([f"a.{name}"], name))
    shown = client.read(order["authorizations"][0])
    assert shown["identifier"]["value"] == f"a.{name}" and "subdomainAuthAllowed" not in shown
    response = client.post(client.directory["newAuthz"], {
        "identifier": {"type": "dns", "value": name, "subdomainAuthAllowed": True}})
    assert_problem(response, 403, "unauthorized", "subdomains")


# --- in advance


def preauthorize(client, value, **members):
    return client.post(client.directory["newAuthz"], {
        "identifier": {"type": "dns", "value": value} | members})


@pytest.mark.checks(82)
def test_an_authorization_in_advance_carries_an_order(client):
    name = unique_name()
    response = client.must(preauthorize(client, name))
    assert response.status_code == 201
    url = response.headers["Location"]
    assert response.json() == client.read(url) and response.json()["status"] == "pending"
    client.start_validation(url)
    assert client.wait_while(url, {"pending"})["status"] == "valid"
    order_url, order = client.order([name])
    assert order["status"] == "ready" and order["authorizations"] == [url]
    finish(client, order_url, order, [name])
    again = client.must(preauthorize(client, name))
    assert again.headers["Location"] == url and again.json()["status"] == "valid"


@pytest.mark.checks(82)
def test_in_advance_for_subdomains(broad, dns):
    name = unique_name()
    response = broad.must(preauthorize(broad, name, subdomainAuthAllowed=True))
    assert response.json()["subdomainAuthAllowed"] is True
    assert prove_by_dns(broad, dns, response.headers["Location"])["status"] == "valid"
    assert broad.order([f"a.{name}"])[1]["status"] == "ready"


@pytest.mark.checks(82)
@pytest.mark.parametrize("identifier, status, kind, reason", [
    ({"type": "dns", "value": "*.example.test"}, 400, "malformed", "wildcard"),
    ({"type": "dns"}, 400, "malformed", "value"),
    ("example.test", 400, "malformed", "identifier"),
    ({"type": "email", "value": "a@example.test"}, 403, "unsupportedIdentifier", "email"),
    ({"type": "dns", "value": "a_b.example.test"}, 403, "rejectedIdentifier", "a_b"),
    ({"type": "dns", "value": "com"}, 403, "rejectedIdentifier", "com")])
def test_what_cannot_be_authorized_in_advance(client, identifier, status, kind, reason):
    response = client.post(client.directory["newAuthz"], {"identifier": identifier})
    assert_problem(response, status, kind, reason)


@pytest.mark.checks(1, 82)
def test_pending_ones_are_bounded_and_can_be_off(start_ca):
    ca = start_ca(settings={"validation.preauthorizations": 2})
    client = Client(ca)
    client.register()
    first = client.must(preauthorize(client, unique_name())).headers["Location"]
    client.must(preauthorize(client, unique_name()))
    response = preauthorize(client, unique_name())
    assert_problem(response, 429, "rateLimited", "pending")
    assert "Retry-After" in response.headers
    client.must(client.post(first, {"status": "deactivated"}))
    client.must(preauthorize(client, unique_name()))
    client.order([unique_name()])

    ca.stop()
    ca.settings["validation.preauthorizations"] = 0
    ca.start()
    client = Client(ca)
    client.register()
    assert "newAuthz" not in client.directory
    url = client.directory["newOrder"].replace("new-order", "new-authorization")
    assert_problem(client.post(url, {"identifier": {"type": "dns", "value": "a.test"}}), 404, "malformed")


# --- our client


def test_cairn_answers_dns_account(start_ca, dns, tmp_path):
    ca = start_ca(settings={"validation.challenges": ["dns-account-01"]})
    cairn = Cairn(ca, os.environ | dns.environment, tmp_path)
    name = unique_name()
    cairn.issue([name, f"*.{name}"], "exec")
    cairn.check(name, [name, f"*.{name}"], tmp_path)


def test_cairn_tells_the_record_that_stays_and_then_needs_nothing(start_ca, dns, tmp_path):
    ca = start_ca(settings={"validation.challenges": ["http-01", "dns-persist-01"],
                            "validation.persist_issuers": [ISSUER]})
    cairn = Cairn(ca, os.environ | dns.environment, tmp_path)
    cairn.solvers["dns-persist"] = "dns-persist"
    name = unique_name()
    refused = cairn.outcome(*cairn.issuing(f"*.{name}", solver="dns-persist"))
    assert refused.returncode == 2
    place, record = re.search(r'(\S+)\. IN TXT "([^"]+)"', refused.stderr).groups()
    assert place == f"_validation-persist.{name}" and record.endswith("; policy=wildcard")
    dns.add(place, "TXT", f'"{record}"')
    issued = cairn.outcome(*cairn.issuing(f"*.{name}", solver="dns-persist"))
    assert issued.returncode == 0, issued.stderr
    assert "IN TXT" not in issued.stderr
