"""External account binding (RFC 8555 section 7.3.4), and what the operator's keys allow."""

import base64
import concurrent.futures
import datetime
import json
import os

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from harness.acme import ERROR, Client, Key, assert_problem, external_binding, make_csr, make_jws
from harness.authority import CairnCa
from harness.dns_server import unique_name
from harness.operator_commands import Operator
from harness.web import Responder


@pytest.fixture(scope="module")
def ca(tmp_path_factory, dns):
    ca = CairnCa(tmp_path_factory.mktemp("eab"), dns,
                 settings={"directory.external_account_required": True,
                           "profiles.default.description": "usual",
                           "profiles.short.description": "short",
                           "profiles.short.validity": "2d"})
    yield ca
    assert ca.stop() == 0, ca.server.tail()


@pytest.fixture(scope="module")
def operator(ca):
    return Operator(ca)


@pytest.fixture
def create(operator):
    """Makes an external key; takes the words of `eab create`."""
    return lambda *words: operator.json("eab", "create", *words)


def binding(client, external, **changes):
    url = changes.pop("url", client.directory["newAccount"])
    return external_binding(client.key, external["kid"], external["hmac_key"], url, **changes)


def apply(client, external, **members):
    """The response to a newAccount that is bound to `external`."""
    return client.post(client.directory["newAccount"],
                       {"externalAccountBinding": binding(client, external)} | members)


def bound(ca, external, responder=None):
    client = Client(ca, responder)
    client.register(externalAccountBinding=binding(client, external))
    return client


def new_order(client, names, **members):
    return client.post(client.directory["newOrder"], {
        "identifiers": [{"type": "dns", "value": name} for name in names]} | members)


@pytest.mark.checks(2, 58)
def test_the_directory_says_that_it_is_required(ca):
    assert Client(ca).directory["meta"]["externalAccountRequired"] is True


@pytest.mark.checks(58)
def test_no_account_without_a_binding(ca):
    stranger = Client(ca)
    url = stranger.directory["newAccount"]
    assert_problem(stranger.post(url, {}), 403, "externalAccountRequired", "ask its operator")
    assert_problem(stranger.post(url, {"onlyReturnExisting": True}), 400, "accountDoesNotExist")


@pytest.mark.checks(59, 67)
def test_an_account_shows_its_binding(ca, create, operator):
    external = create()
    client = Client(ca)
    sent = binding(client, external)
    made = client.register(externalAccountBinding=sent)
    assert made.status_code == 201
    assert made.json()["externalAccountBinding"] == sent
    assert client.read(client.account_url)["externalAccountBinding"] == sent
    # It survives a new key.
    new = Key()
    assert client.change_key(new).status_code == 200
    client.key = new
    assert client.read(client.account_url)["externalAccountBinding"] == sent

    shown = operator.json("eab", "show", external["kid"])
    account = client.account_url.rsplit("/", 1)[1]
    assert (shown["state"], shown["uses"], shown["accounts"]) == ("used up", 1, [account])
    assert "hmac_key" not in shown
    assert operator.json("account", "show", account)["kid"] == external["kid"]


def test_a_binding_that_is_not_required_counts_all_the_same(tmp_path, dns):
    ca = CairnCa(tmp_path, dns)
    external = Operator(ca).json("eab", "create")
    client = bound(ca, external)
    assert client.read(client.account_url)["externalAccountBinding"]
    assert_problem(apply(Client(ca), external), 403, "unauthorized")
    Client(ca).register()
    assert "meta" not in client.directory or \
        "externalAccountRequired" not in client.directory["meta"]
    assert ca.stop() == 0


FORGERIES = {
    "no alg": ({"header": {"alg": "none"}}, 400, "badSignatureAlgorithm", "HS256"),
    "asymmetric": ({"header": {"alg": "ES256"}}, 400, "badSignatureAlgorithm", "HS256"),
    "HS512": ({"header": {"alg": "HS512"}}, 400, "badSignatureAlgorithm", "HS256"),
    "another url": ({"url": "https://other.test/acme/new-account"}, 400, "malformed", "its url"),
    "a nonce": ({"header": {"nonce": "abcd"}}, 400, "malformed", "there must be no nonce"),
    "a jwk": ({"header": {"jwk": {}}}, 400, "malformed", "there must be no jwk"),
    "another key": ({"payload": Key().jwk}, 400, "malformed", "its payload"),
    "no key": ({"payload": {"kty": "EC"}}, 400, "malformed", "payload"),
    "text": ({"payload": b"hello"}, 400, "malformed", "payload"),
    "a kid that is no text": ({"header": {"kid": 7}}, 400, "malformed", "kid"),
}


@pytest.mark.checks(60)
@pytest.mark.parametrize("how", FORGERIES)
def test_a_forged_binding(ca, create, operator, how):
    changes, status, kind, reason = FORGERIES[how]
    external = create()
    stranger = Client(ca)
    response = stranger.post(stranger.directory["newAccount"],
                             {"externalAccountBinding": binding(stranger, external, **changes)})
    problem = assert_problem(response, status, kind, reason)
    if kind == "badSignatureAlgorithm":
        assert problem["algorithms"] == ["HS256"]
    assert operator.json("eab", "show", external["kid"])["state"] == "usable"
    assert apply(stranger, external).status_code == 201


@pytest.mark.checks(60)
@pytest.mark.parametrize("value", [{}, [], "x", 7, {"protected": "e30", "payload": "", "signature": ""},
                                   {"protected": "e30", "payload": "e30", "signature": "e30", "x": 1}])
def test_something_else_for_a_binding(ca, value):
    stranger = Client(ca)
    response = stranger.post(stranger.directory["newAccount"], {"externalAccountBinding": value})
    assert_problem(response, 400, "malformed")


@pytest.mark.checks(60)
def test_a_signature_by_the_account_key_is_no_binding(ca, create):
    external = create()
    stranger = Client(ca)
    url = stranger.directory["newAccount"]
    forged = make_jws(stranger.key, {"alg": "HS256", "kid": external["kid"], "url": url},
                      stranger.key.jwk)
    assert_problem(stranger.post(url, {"externalAccountBinding": forged}), 403, "unauthorized")


@pytest.mark.checks(60, 61)
def test_an_unknown_kid_and_a_wrong_mac_are_told_alike(ca, create):
    external = create()
    wrong = base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")
    answers = []
    for forged in (external | {"hmac_key": wrong}, external | {"kid": "0" * 24},
                   external | {"kid": "no such\0kid"}, external | {"kid": "k" * 5000},
                   external | {"kid": ""}):
        problem = assert_problem(apply(Client(ca), forged), 403, "unauthorized", "its kid is unknown")
        problem.pop("instance", None)
        answers.append(problem)
    assert all(answer == answers[0] for answer in answers)
    assert external["kid"] not in json.dumps(answers)


@pytest.mark.checks(62)
def test_a_key_for_one_account_makes_one(ca, create, operator):
    external = create()
    clients = [Client(ca) for _ in range(50)]
    for client in clients:
        client.nonces.append(client.nonce())
    with concurrent.futures.ThreadPoolExecutor(25) as pool:
        answers = list(pool.map(lambda client: apply(client, external), clients))
    assert sorted(answer.status_code for answer in answers) == [201] + [403] * 49
    for answer in answers:
        if answer.status_code == 403:
            assert_problem(answer, 403, "unauthorized")
    assert operator.json("eab", "show", external["kid"])["uses"] == 1
    # Who has the account finds it again, with the binding and without.
    winner = clients[[answer.status_code for answer in answers].index(201)]
    assert apply(winner, external).status_code == 200
    assert winner.post(winner.directory["newAccount"], {}).status_code == 200


def test_a_key_for_several_accounts(ca, create, operator):
    external = create("--max-uses", 2)
    assert [apply(Client(ca), external).status_code for _ in range(3)] == [201, 201, 403]
    any_number = create("--reusable")
    assert [apply(Client(ca), any_number).status_code for _ in range(3)] == [201] * 3


@pytest.mark.checks(62)
def test_a_key_that_was_revoked_or_has_ended(ca, create, operator):
    revoked = create("--reusable")
    first = bound(ca, revoked)
    assert operator.json("eab", "revoke", revoked["kid"])["state"] == "revoked"
    assert_problem(apply(Client(ca), revoked), 403, "unauthorized", "revoked")
    assert first.post(first.account_url).status_code == 200, "an account that is bound stays"
    operator.json("eab", "revoke", revoked["kid"], "--deactivate-accounts")
    assert_problem(first.post(first.account_url), 401, "unauthorized")

    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=10)
    ended = create("--reusable", "--not-after", soon.strftime("%Y-%m-%dT%H:%M:%SZ"))
    ca.server.wait_until(
        lambda: operator.json("eab", "show", ended["kid"])["state"] == "expired")
    assert_problem(apply(Client(ca), ended), 403, "unauthorized", "ended at")


@pytest.mark.checks(71, 75)
def test_an_account_orders_what_its_key_allows(ca, create):
    domain = unique_name()
    external = create("--name", f".{domain}", "--name", f"*.other.{domain}", "--profile", "short")
    client = bound(ca, external)
    allowed = new_order(client, [f"a.{domain}", f"*.b.{domain}"])
    assert allowed.status_code == 201
    assert allowed.json()["profile"] == "short", "the usual one is not for this account"

    outside = unique_name()
    problem = assert_problem(new_order(client, [f"a.{domain}", outside, domain]),
                             400, "rejectedIdentifier")
    assert {sub["identifier"]["value"] for sub in problem["subproblems"]} == {outside, domain}
    assert all(sub["type"] == ERROR + "rejectedIdentifier" for sub in problem["subproblems"])
    one = assert_problem(new_order(client, [outside]), 400, "rejectedIdentifier", outside)
    assert one["subproblems"][0]["identifier"] == {"type": "dns", "value": outside}
    assert_problem(new_order(client, [f"a.{domain}"], profile="default"), 403, "unauthorized",
                   'profile "default"')
    assert_problem(new_order(client, [f"a.{domain}"], profile="unknown"), 400, "invalidProfile")


def test_a_key_is_used_from_its_networks_alone(ca, create, operator):
    elsewhere = create("--network", "192.0.2.0/24", "--network", "2001:db8::/32")
    assert_problem(apply(Client(ca), elsewhere), 403, "unauthorized", "127.0.0.1")
    assert operator.json("eab", "show", elsewhere["kid"])["uses"] == 0
    here = create("--network", "127.0.0.0/8")
    client = bound(ca, here)
    assert new_order(client, [unique_name()]).status_code == 201


def test_the_operators_word_in_place_of_a_validation(ca, create, operator):
    """Nothing answers for these names."""
    domain = f"{unique_name()}"
    external = create("--name", f".{domain}", "--without-validation")
    client = bound(ca, external)
    names = [f"a.{domain}", f"*.{domain}"]
    url, order = client.order(names)
    assert order["status"] == "ready"
    for authorization in order["authorizations"]:
        shown = client.read(authorization)
        assert (shown["status"], shown["challenges"]) == ("valid", [])
    key = ec.generate_private_key(ec.SECP256R1())
    client.must(client.finalize(order, make_csr(key, names)))
    order = client.wait_while(url, {"processing"})
    assert order["status"] == "valid"
    assert client.download(url, order).leaf
    words = [line for line in ca.log_lines() if line["event"] == "authorized by the operator's word"]
    assert [line["identifier"] for line in words if line["kid"] == external["kid"]] == names

    # It is nobody else's, and ends with the key.
    other = bound(ca, create())
    assert other.order(names[:1])[1]["status"] == "pending"
    url, before = client.order(names[:1])
    assert before["status"] == "ready"
    operator.json("eab", "revoke", external["kid"])
    assert client.read(url)["status"] == "invalid"
    assert_problem(client.finalize(before, make_csr(key, names[:1])), 403, "orderNotReady")
    assert client.order(names[:1])[1]["status"] == "pending"


def test_who_proves_a_name_needs_no_word(ca, create):
    with Responder(ca.http_port) as responder:
        client = bound(ca, create(), responder)
        assert client.issue([unique_name()]).leaf


def test_keys_are_made_where_no_server_runs(tmp_path, dns):
    ca = CairnCa(tmp_path, dns, settings={"directory.external_account_required": True})
    assert ca.stop() == 0
    operator = Operator(ca)
    external = operator.json("eab", "create", "--note", "for the web team")
    secret = base64.urlsafe_b64decode(external["hmac_key"] + "=")
    assert len(secret) == 32
    listed = operator.json("eab", "list")["keys"]
    assert [(key["kid"], key["note"]) for key in listed] == [(external["kid"], "for the web team")]
    assert external["hmac_key"] not in json.dumps(listed)
    assert operator.json("eab", "show", "unknown", code=2)["error"]["code"] == "notFound"
    assert operator.json("eab", "create", "--max-uses", 0, code=2)["error"]["code"] == "usage"
    # Nobody else reads the store, and no log has the secret.
    for file in (ca.home / "store").iterdir():
        assert file.stat().st_mode & 0o077 == 0, file
    ca.start()
    assert bound(ca, external)
    assert external["hmac_key"] not in ca.log.read_text()
    assert ca.stop() == 0
