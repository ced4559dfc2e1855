"""Accounts and the change of their keys (RFC 8555 section 7.3)."""

import json
import threading

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from e2e.refusals import assert_refused
from harness.acme import Client, Key, assert_problem, make_jws
from harness.dns_server import unique_name


@pytest.mark.checks(47)
def test_new_account(stranger):
    response = stranger.register(contact=["mailto:admin@example.test"])
    assert response.status_code == 201
    account = response.json()
    assert account["status"] == "valid"
    assert account["contact"] == ["mailto:admin@example.test"]
    assert account["orders"].startswith("https://localhost:")
    read = stranger.post(stranger.account_url)
    assert read.status_code == 200 and read.json() == account


@pytest.mark.checks(48)
def test_the_same_key_again_changes_nothing(stranger):
    url = stranger.register(contact=["mailto:first@example.test"]).headers["Location"]
    stranger.account_url = None
    again = stranger.register(contact=["mailto:second@example.test"])
    assert (again.status_code, again.headers["Location"]) == (200, url)
    assert again.json()["contact"] == ["mailto:first@example.test"]


@pytest.mark.checks(48)
def test_one_key_makes_one_account_however_often_at_once(shared_ca):
    key = Key()
    answers = []

    def register():
        client = Client(shared_ca, key=key)
        answers.append(client.register())

    threads = [threading.Thread(target=register) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]


@pytest.mark.checks(49)
def test_only_return_existing(stranger):
    url = stranger.directory["newAccount"]
    response = stranger.post(url, {"onlyReturnExisting": True})
    assert_refused(stranger, response, 400, "accountDoesNotExist")
    location = stranger.register().headers["Location"]
    stranger.account_url = None
    response = stranger.post(url, {"onlyReturnExisting": True})
    assert (response.status_code, response.headers["Location"]) == (200, location)


@pytest.mark.parametrize("contact, kind", [
    (["tel:+4930123456"], "unsupportedContact"),
    (["https://example.test/"], "unsupportedContact"),
    (["mailto:a@example.test?subject=x"], "invalidContact"),
    (["mailto:a@example.test,b@example.test"], "invalidContact"),
    (["mailto:a@example.test\r\nBcc: b@example.test"], "invalidContact"),
    (["mailto:nobody"], "invalidContact"),
    (["mailto:"], "invalidContact"),
    (["mailto:a@example.test"] * 1000, "invalidContact"),
    ("mailto:a@example.test", "malformed"),
    ([1], "malformed"),
])
@pytest.mark.checks(51)
def test_contacts_that_are_refused(stranger, contact, kind):
    response = stranger.post(
        stranger.directory["newAccount"], {"termsOfServiceAgreed": True, "contact": contact})
    assert_refused(stranger, response, 400, kind)
    response = stranger.post(stranger.directory["newAccount"], {"onlyReturnExisting": True})
    assert_problem(response, 400, "accountDoesNotExist")


@pytest.mark.checks(53)
def test_update_of_contacts(client):
    new = ["mailto:new@example.test", "mailto:other@example.test"]
    response = client.post(client.account_url, {"contact": new})
    assert response.status_code == 200 and response.json()["contact"] == new
    assert client.read(client.account_url)["contact"] == new


@pytest.mark.checks(45, 53)
def test_fields_of_the_server_cannot_be_updated(client):
    before = client.read(client.account_url)
    response = client.post(client.account_url, {
        "orders": "https://evil.test/", "termsOfServiceAgreed": False, "unknown": {"a": 1}})
    assert response.status_code == 200
    assert client.read(client.account_url) == before


@pytest.mark.parametrize("status", ["valid", "revoked", "nonsense", ""])
@pytest.mark.checks(53)
def test_status_can_only_become_deactivated(client, status):
    response = client.post(client.account_url, {"status": status})
    assert response.status_code == 200 and response.json()["status"] == "valid"


@pytest.mark.parametrize("status", [1, ["deactivated"], {}])
def test_a_status_is_text(client, status):
    response = client.post(client.account_url, {"status": status})
    assert_refused(client, response, 400, "malformed")


@pytest.mark.checks(45, 53)
def test_an_account_that_is_sent_back_as_it_was_given(client):
    given = client.read(client.account_url)
    client.must(client.post(client.account_url, given))
    new = ["mailto:new@example.test"]
    others = {"key": client.key.jwk, "id": 7, "createdAt": "now", "orders": None,
              "termsOfServiceAgreed": True, "externalAccountBinding": {"payload": ""}}
    changed = client.must(client.post(client.account_url, given | others | {"contact": new}))
    assert changed.json() == given | {"contact": new}
    # Members that count are still checked.
    refused = client.post(client.account_url, given | {"contact": ["tel:+1"]})
    assert_refused(client, refused, 400, "unsupportedContact")


@pytest.mark.checks(55)
def test_a_deactivated_account_is_dead(client):
    order_url, _ = client.order([unique_name()])
    response = client.post(client.account_url, {"status": "deactivated"})
    assert response.status_code == 200 and response.json()["status"] == "deactivated"
    for answer in [client.post(client.account_url), client.post(order_url),
                   client.post(client.directory["newOrder"], {})]:
        assert_problem(answer, 401, "unauthorized")
    client.account_url = None
    answer = client.post(client.directory["newAccount"], {"termsOfServiceAgreed": True})
    assert_problem(answer, 401, "unauthorized")


@pytest.mark.checks(52, 57)
def test_accounts_of_others(client, new_client):
    other = new_client()
    other.order([unique_name()])
    orders = other.read(other.account_url)["orders"]
    for url, payload in [(other.account_url, None), (other.account_url, {"status": "deactivated"}),
                         (orders, None)]:
        assert_refused(client, client.post(url, payload), 403, "unauthorized", "another account")
    assert other.read(other.account_url)["status"] == "valid"


@pytest.mark.checks(57)
def test_list_of_orders(client):
    made = [client.order([unique_name()])[0] for _ in range(3)]
    response = client.post(client.read(client.account_url)["orders"])
    listed = response.json()["orders"]
    while "next" in response.links:
        response = client.must(client.post(response.links["next"]["url"]))
        listed += response.json()["orders"]
    assert sorted(listed) == sorted(made)


@pytest.mark.parametrize("query, reason", [
    ("?cursor=x", "is before=ORDER"), ("?page=-1", "is before=ORDER"), ("?%00", "is before=ORDER"),
    ("?before=../../etc", "the cursor in the query is not ours"),
])
@pytest.mark.checks(57)
def test_forged_cursors(client, query, reason):
    orders = client.read(client.account_url)["orders"]
    assert_refused(client, client.post(orders + query), 400, "malformed", reason)


# Key change (section 7.3.5)

def key_change(client, new, inner_header=None, inner_payload=None, inner_key=None):
    """The outer request, with an inner JWS that is good but for the changes."""
    url = client.directory["keyChange"]
    header = {"alg": new.algorithm, "jwk": new.jwk, "url": url} | (inner_header or {})
    header = {name: value for name, value in header.items() if value is not None}
    payload = {"account": client.account_url, "oldKey": client.key.jwk} | (inner_payload or {})
    payload = {name: value for name, value in payload.items() if value is not None}
    return client.post(url, make_jws(inner_key or new, header, payload))


@pytest.mark.checks(63, 67)
def test_key_change(client):
    order_url, order = client.order([unique_name()])
    old, new = client.key, Key()
    assert key_change(client, new).status_code == 200
    assert_problem(client.post(client.account_url), 400, "malformed")
    client.key = new
    assert client.read(order_url)["status"] == "pending"
    client.start_validation(order["authorizations"][0])
    assert client.wait_while(order_url, {"pending"})["status"] == "ready"
    # The old key is free for an account of its own.
    client.key, client.account_url = old, None
    assert client.register().status_code == 201


@pytest.mark.checks(67)
def test_an_answer_made_with_the_old_key_proves_nothing(client):
    url, order = client.order([unique_name()])
    authorization = client.read(order["authorizations"][0])
    challenge = client.challenge_of(authorization, "http-01")
    client.responder.answers[challenge["token"]] = client.key_authorization(challenge["token"])
    new = Key()
    assert key_change(client, new).status_code == 200
    client.key = new
    client.must(client.post(challenge["url"], {}))
    assert client.wait_while(url, {"pending"})["status"] == "invalid"


@pytest.mark.checks(66)
def test_a_weak_key_is_no_new_key(client):
    weak = Key(rsa.generate_private_key(65537, 1024))
    response = key_change(client, weak)
    assert_refused(client, response, 400, "badPublicKey", "fewer than 2048 bits")


WRONG_KEY_CHANGES = {
    "inner with kid": lambda c, new: key_change(c, new, {"kid": c.account_url, "jwk": None}),
    "inner with both": lambda c, new: key_change(c, new, {"kid": c.account_url}),
    "inner with nonce": lambda c, new: key_change(c, new, {"nonce": c.nonce()}),
    "inner for another url": lambda c, new: key_change(c, new, {"url": c.directory["newOrder"]}),
    "inner without url": lambda c, new: key_change(c, new, {"url": None}),
    "inner signed by the old key": lambda c, new: key_change(c, new, inner_key=c.key),
    "inner signed by a third key": lambda c, new: key_change(c, new, inner_key=Key()),
    "another account": lambda c, new: key_change(c, new, None, {"account": c.account_url + "x"}),
    "no account": lambda c, new: key_change(c, new, None, {"account": None}),
    "another old key": lambda c, new: key_change(c, new, None, {"oldKey": Key().jwk}),
    "no old key": lambda c, new: key_change(c, new, None, {"oldKey": None}),
    "no inner JWS": lambda c, new: c.post(c.directory["keyChange"], {"account": c.account_url}),
    "empty": lambda c, new: c.post(c.directory["keyChange"]),
}


@pytest.mark.parametrize("name", WRONG_KEY_CHANGES)
@pytest.mark.checks(64)
def test_wrong_key_changes(client, name):
    response = WRONG_KEY_CHANGES[name](client, Key())
    assert_refused(client, response, 400, "malformed")


@pytest.mark.checks(65)
def test_key_change_to_a_taken_key(client, new_client):
    other = new_client()
    response = key_change(client, other.key)
    assert response.status_code == 409, response.text
    assert response.headers["Location"] == other.account_url
    assert_refused(client, key_change(client, client.key), 400, "malformed", "present key")


@pytest.mark.checks(66)
def test_of_two_key_changes_at_once_one_wins(client):
    candidates = [Key(), Key()]
    twins = [Client(client.authority, key=client.key) for _ in candidates]
    answers = {}

    def change(index):
        twins[index].account_url = client.account_url
        answers[index] = key_change(twins[index], candidates[index])

    threads = [threading.Thread(target=change, args=[index]) for index in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [index for index in range(2) if answers[index].status_code == 200]
    assert len(winners) == 1, json.dumps({i: a.text for i, a in answers.items()})
    client.key = candidates[winners[0]]
    assert client.read(client.account_url)["status"] == "valid"
