"""The connection to PostgreSQL breaks in the middle of a transaction: before it reached the database, or
after it was committed and before anybody was told. The CA reads back what became of it, and answers and
logs as if nothing had been; only where it cannot ask, it says that it does not know."""

import json
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from harness.acme import Client, Key, Refused, assert_problem, external_binding, make_csr
from harness.dns_server import unique_name
from harness.metrics import scrape
from harness.operator_commands import Operator
from harness.postgres import PostgresStore
from harness.process import BIN, run
from harness.relay import NOT_ANSWERED, NOT_SENT, PostgresRelay
from harness.web import Responder

# What the server does by itself, and what requests and their jobs do.
AT_START = ["save_issuer", "add_certificate", "renew_lease", "take_nonce_key"]
ON_REQUEST = ["create_account", "update_account", "create_order", "begin_validation",
              "finish_validation", "begin_issuance", "complete_issuance", "revoke_certificate",
              "create_authorization", "deactivate_authorization", "replace_account_key",
              "deactivate_account"]
# What commands of the operator do, and who has a key that they made.
ON_COMMAND = ["create_external_key", "create_account_charged", "revoke_external_key"]
# The same where limits take from buckets.
CHARGED = ["create_account_charged", "create_order_charged", "finish_validation_charged",
           "begin_issuance_charged"]
# Statements that write and are of no request, or carry nothing that could be lost.
OTHERS = {"claim_unfinished_issuances", "claim_unfinished_validations", "remove_orders",
          "remove_authorizations", "remove_certificates", "forget_used_nonces", "notify",
          "release_node", "probe", "check_requests",
          # An operator's, and a pause: its repetition writes the same.
          "set_limit_override", "remove_limit_override", "reset_bucket", "charge",
          # Of a signer in another process alone; the first pin stands, whoever sends it again.
          "pin_issuance",
          # Its repetition writes the same.
          "note_failed_try", "keep_believed_time", "lease_work", "release_work",
          "set_account_scope",
          # Of revocation lists: these read, and the repetition of those that write changes nothing.
          "crl_states", "unlisted_revocations", "has_folded_keys", "revocations_of_issuer",
          "revocations_of_crl", "add_crl_lists", "save_crl", "mark_listed",
          "unfold_compromised_keys",
          # Of an issuer that an operator retires; its repetition writes the same.
          "retire_issuer", "retired_issuers",
          # What an operator looks through.
          "look_for_certificates", "end_of_certificates_step", "certificates_with_key",
          "look_for_orders", "end_of_orders_step", "orders_of_one",
          # Of audit logs: the repetition of what writes finds its own.
          "save_audit_head", "find_audit_head", "list_audit_heads", "list_audit_chains",
          # Of an operator; see below.
          "add_pull_forward", "remove_pull_forward"}


@pytest.fixture
def relay(cluster):
    between = PostgresRelay(cluster.sockets)
    yield between
    between.remove()


@pytest.fixture
def ca(start_ca, cluster, relay):
    url = cluster.create_database()
    started = start_ca(settings={"store.url": relay.url(url)})
    started.store = PostgresStore(cluster, url)
    yield started
    started.stop()  # while it can still reach its database


@pytest.fixture
def responder(ca):
    with Responder(ca.http_port) as server:
        yield server


def events(ca, name):
    return [line for line in ca.log_lines() if line["event"] == name]


@pytest.mark.parametrize("how", [NOT_SENT, NOT_ANSWERED])
def test_a_broken_connection_is_nothing_to_a_client(ca, responder, relay, how):
    for statement in ON_REQUEST:
        relay.lose(statement, how)
    client = Client(ca, responder)
    assert client.register().status_code == 201
    account = client.account_url
    contact = ["mailto:ops@example.test"]
    assert client.must(client.post(account, {"contact": contact})).json()["contact"] == contact

    # A validation that takes long is recorded before it is answered.
    name = unique_name()
    url, order = client.order([name])
    with responder.silent():
        client.start_validation(order["authorizations"][0])
    order = client.wait_while(url, {"pending"})
    assert order["status"] == "ready", client.explain(order)
    key = ec.generate_private_key(ec.SECP256R1())
    client.must(client.finalize(order, make_csr(key, [name])))
    order = client.wait_while(url, {"processing"})
    assert order["status"] == "valid", client.explain(order)
    certificate = client.download(url, order, key)
    assert client.revoke(certificate.der).status_code == 200

    in_advance = {"identifier": {"type": "dns", "value": unique_name()}}
    response = client.must(client.post(client.directory["newAuthz"], in_advance))
    assert response.status_code == 201
    assert client.read(response.headers["Location"])["status"] == "pending"

    _, second = client.order([unique_name()])
    lost = second["authorizations"][0]
    response = client.must(client.post(lost, {"status": "deactivated"}))
    assert response.json()["status"] == "deactivated"
    new = Key()
    assert client.change_key(new).status_code == 200
    client.key = new
    assert client.must(client.post(account, {"status": "deactivated"})).json()["status"] == "deactivated"
    assert client.post(account).status_code == 401
    assert sorted(relay.lost) == sorted(ON_REQUEST), "some statement was not executed"

    metrics = scrape(ca)
    assert metrics("cairn_certificates_issued_total", subject="order") == 1
    assert metrics.total("cairn_certificates_revoked_total") == 1
    for change in ("created", "updated", "deactivated", "key_changed"):
        assert metrics("cairn_account_changes_total", change=change) == 1
    assert ca.stop() == 0
    for event in ("issued", "revoked", "account created", "account updated", "account key changed",
                  "account deactivated"):
        assert len(events(ca, event)) == 1, event
    assert ca.store.count("orders") == 2 and ca.store.count("accounts") == 1
    ca.store.check_integrity()


@pytest.mark.parametrize("how", [NOT_SENT, NOT_ANSWERED])
def test_a_broken_connection_is_nothing_to_an_operator(ca, relay, how):
    for statement in ON_COMMAND:
        relay.lose(statement, how)
    operator = Operator(ca)
    external = operator.json("eab", "create")
    client = Client(ca)
    url = client.directory["newAccount"]
    assert client.register(externalAccountBinding=external_binding(
        client.key, external["kid"], external["hmac_key"], url)).status_code == 201
    shown = operator.json("eab", "show", external["kid"])
    assert (shown["state"], shown["uses"]) == ("used up", 1)
    assert operator.json("eab", "revoke", external["kid"])["state"] == "revoked"
    assert len(operator.json("eab", "list")["keys"]) == 1
    assert sorted(relay.lost) == sorted(ON_COMMAND)
    assert scrape(ca)("cairn_account_changes_total", change="created") == 1


@pytest.mark.parametrize("how", [NOT_SENT, NOT_ANSWERED])
def test_a_broken_connection_is_nothing_to_an_order_for_subdomains(start_ca, cluster, relay, how):
    ca = start_ca(settings={"store.url": relay.url(cluster.create_database()),
                            "validation.subdomains": True})
    relay.lose("create_order_below", how)
    client = Client(ca)
    client.register()
    name = unique_name()
    url, order = client.order([], identifiers=[
        {"type": "dns", "value": f"{label}.{name}", "ancestorDomain": name} for label in "ab"])
    assert client.read(url) == order and len(order["authorizations"]) == 1
    assert relay.lost == ["create_order_below"]
    assert ca.stop() == 0


@pytest.mark.parametrize("how", [NOT_SENT, NOT_ANSWERED])
def test_what_a_limit_takes_is_taken_once(ca, responder, relay, how):
    assert ca.stop() == 0
    ca.settings["limits.enabled"] = True
    for limit in ("new_accounts_per_ip", "new_orders_per_account", "certificates_per_domain",
                  "failed_validations_per_account_and_name"):
        ca.settings |= {f"limits.{limit}.count": 9, f"limits.{limit}.period": "30d"}
    ca.start()
    for statement in CHARGED:
        relay.lose(statement, how)
    client = Client(ca, responder)
    client.register()
    name = unique_name()
    client.issue([name])
    other = unique_name()
    _, order = client.order([other])
    authorization = client.read(order["authorizations"][0])
    client.must(client.post(client.challenge_of(authorization, "http-01")["url"], {}))
    client.wait_while(order["authorizations"][0], {"pending", "processing"})
    assert sorted(relay.lost) == sorted(CHARGED), "some statement was not executed"

    account = client.account_url.rsplit("/", 1)[1]
    left = {}
    for words in (["--address", "127.0.0.1"], ["--account", account, "--name", other]):
        answer = run([BIN / "cairn-ca", "limit", "show", ca.home, "--json", *words])
        left |= {row["limit"]: row.get("remaining") for row in json.loads(answer)["buckets"]}
    assert (left["new_accounts_per_ip"], left["new_orders_per_account"],
            left["certificates_per_domain"],
            left["failed_validations_per_account_and_name"]) == (8, 7, 8, 8)


@pytest.mark.parametrize("how", [NOT_SENT, NOT_ANSWERED])
def test_a_broken_connection_is_nothing_to_a_start(ca, relay, how):
    """Nor are those that the server makes by itself; and none that writes is forgotten here."""
    assert ca.stop() == 0
    for file in ("server.pem", "server-key.pem"):
        (ca.home / "pki" / file).unlink()
    for statement in AT_START:
        relay.lose(statement, how)
    before = len(events(ca, "issued own certificate"))
    ca.start()
    assert sorted(relay.lost) == sorted(AT_START)
    assert scrape(ca)("cairn_certificates_issued_total", subject="own_server") == 1
    assert ca.stop() == 0
    assert len(events(ca, "issued own certificate")) == before + 1
    reading = {name for name in relay.seen if name.startswith(("find_", "is_", "orders_of"))}
    assert relay.seen - reading <= {*AT_START, *ON_REQUEST, *OTHERS}


def operate(ca, *words):
    done = subprocess.run([BIN / "cairn-ca", "renewal", words[0], ca.home, "--json", *words[1:]],
                          capture_output=True, text=True, timeout=60)
    answer = json.loads(done.stdout)
    assert done.returncode == 0 and answer["ok"], done.stdout
    return answer


@pytest.mark.parametrize("how", [NOT_SENT, NOT_ANSWERED])
def test_a_broken_connection_is_nothing_to_an_operator(ca, relay, how):
    for statement in ("add_pull_forward", "remove_pull_forward"):
        relay.lose(statement, how)
    rule = operate(ca, "pull-forward", "--profile", "default")["id"]
    assert [each["id"] for each in operate(ca, "list")["rules"]] == [rule]
    assert operate(ca, "cancel", "--", rule)["id"] == rule
    assert operate(ca, "list")["rules"] == []
    assert sorted(relay.lost) == ["add_pull_forward", "remove_pull_forward"]


@pytest.mark.parametrize("how", [NOT_SENT, NOT_ANSWERED])
def test_what_cannot_be_read_back_is_called_unknown(ca, responder, relay, how):
    client = Client(ca, responder)
    client.register()
    new = Key()
    relay.lose("replace_account_key", how, then_away=True)
    response = client.change_key(new)
    relay.come_back()
    problem = assert_problem(response, 503, "serverInternal")
    assert "not known whether it was carried out" in problem["detail"]
    assert "Retry-After" in response.headers

    old, client.key = client.key, new

    def is_changed():
        return client.post(client.account_url).status_code == 200

    if how == NOT_ANSWERED:
        ca.server.wait_until(is_changed)
    else:
        client.key = old
        ca.server.wait_until(is_changed)


@pytest.mark.parametrize("how", [NOT_SENT, NOT_ANSWERED])
def test_a_certificate_is_told_of_once_the_store_can_be_asked(ca, responder, relay, how):
    """The job whose last write was not answered is found again."""
    client = Client(ca, responder)
    client.register()
    name = unique_name()
    url, order = client.make_ready([name])
    relay.lose("complete_issuance", how, then_away=True)
    csr = make_csr(ec.generate_private_key(ec.SECP256R1()), [name])
    try:
        client.must(client.finalize(order, csr))
    except Refused as refusal:
        assert refusal.response.status_code == 503
    ca.server.wait_until(lambda: "job waits for the store" in ca.server.tail())
    assert not events(ca, "issued")
    relay.come_back()

    ca.server.wait_until(lambda: events(ca, "issued"))
    order = client.wait_while(url, {"processing"})
    assert order["status"] == "valid"
    leaf = client.download(url, order).leaf
    assert scrape(ca)("cairn_certificates_issued_total", subject="order") == 1
    assert ca.stop() == 0
    [line] = events(ca, "issued")
    assert int(line["serial"], 16) == leaf.serial_number
    assert ca.store.certificates_per_order() == [1]
