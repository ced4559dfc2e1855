"""Terms of service that change (RFC 8555 sections 7.3 and 7.3.3)."""

import pytest

from harness.acme import Client, Key, assert_problem
from harness.authority import CairnCa
from harness.dns_server import unique_name
from harness.operator_commands import Operator
from harness.web import Responder

FIRST, SECOND = "https://ca.example/terms/1", "https://ca.example/terms/2"


@pytest.fixture
def ca(tmp_path, dns):
    ca = CairnCa(tmp_path, dns, is_copied=True, settings={"directory.terms_of_service": FIRST})
    yield ca
    assert ca.stop() == 0, ca.server.tail()


def change_terms(ca, url, **settings):
    assert ca.stop() == 0
    ca.settings |= {"directory.terms_of_service": url} | settings
    ca.start()


def new_order(client):
    return client.post(client.directory["newOrder"],
                       {"identifiers": [{"type": "dns", "value": unique_name()}]})


@pytest.mark.checks(50)
@pytest.mark.parametrize("members", [{}, {"termsOfServiceAgreed": False},
                                     {"termsOfServiceAgreed": "true"}])
def test_no_account_without_agreement(ca, members):
    stranger = Client(ca)
    assert stranger.directory["meta"]["termsOfService"] == FIRST
    url = stranger.directory["newAccount"]
    assert_problem(stranger.post(url, members), 400, "malformed", "termsOfServiceAgreed")
    assert_problem(stranger.post(url, {"onlyReturnExisting": True}), 400, "accountDoesNotExist")


@pytest.mark.checks(54)
def test_who_agreed_to_others_must_agree_before_the_next_order(ca):
    with Responder(ca.http_port) as responder:
        client = Client(ca, responder)
        client.register()
        issued = client.issue([unique_name()])
        assert client.read(client.account_url)["termsOfServiceAgreed"] is True
        change_terms(ca, SECOND)

        refused = new_order(client)
        problem = assert_problem(refused, 403, "userActionRequired", SECOND)
        assert problem["instance"] == SECOND
        assert f'<{SECOND}>;rel="terms-of-service"' in refused.headers["Link"]
        # What is no order goes on: reading, a new key, revocation, the way out.
        account = client.must(client.post(client.account_url)).json()
        assert account["status"] == "valid" and "termsOfServiceAgreed" not in account
        assert client.read(issued.order_url)["status"] == "valid"
        new = Key()
        assert client.change_key(new).status_code == 200
        client.key = new
        assert client.revoke(issued.der).status_code == 200
        client.must(client.post(client.account_url, {"contact": ["mailto:a@example.test"]}))
        assert_problem(new_order(client), 403, "userActionRequired")
        # "false" agrees to nothing; neither does a newAccount that finds the account.
        client.must(client.post(client.account_url, {"termsOfServiceAgreed": False}))
        assert_problem(client.post(client.account_url, {"termsOfServiceAgreed": "yes"}),
                       400, "malformed")
        assert_problem(new_order(client), 403, "userActionRequired")

        agreed = client.must(client.post(client.account_url, {"termsOfServiceAgreed": True}))
        assert agreed.json()["termsOfServiceAgreed"] is True
        assert client.issue([unique_name()]).leaf
    shown = Operator(ca).json("account", "show", client.account_url)
    assert shown["terms"] == SECOND
    assert [line["terms"] for line in ca.log_lines() if line["event"] == "terms agreed"] == [SECOND]


@pytest.mark.checks(54)
def test_an_account_can_end_without_agreement(ca):
    client = Client(ca)
    client.register()
    change_terms(ca, SECOND)
    ended = client.must(client.post(client.account_url, {"status": "deactivated"}))
    assert ended.json()["status"] == "deactivated"


def test_a_page_that_moved_changes_nothing_where_the_operator_says_so(ca):
    client = Client(ca)
    client.register()
    change_terms(ca, SECOND, **{"directory.terms_change": "ignore"})
    assert new_order(client).status_code == 201
    assert client.read(client.account_url)["termsOfServiceAgreed"] is True
    # A new account still agrees.
    stranger = Client(ca)
    assert_problem(stranger.post(stranger.directory["newAccount"], {}), 400, "malformed", SECOND)
    # Said by mistake and taken back while it runs.
    change_terms(ca, SECOND, **{"directory.terms_change": "require"})
    assert_problem(new_order(client), 403, "userActionRequired")
    change_terms(ca, FIRST)
    assert new_order(client).status_code == 201
