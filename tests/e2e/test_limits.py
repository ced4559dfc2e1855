"""Rate limits of one CA, from outside: what is refused, how that is told, and what an operator does."""

import concurrent.futures
import datetime
import json
import re
import socket
import struct
import subprocess
import time

import pytest
import requests
import urllib3
from cryptography.hazmat.primitives.asymmetric import ec

from harness.acme import Client, Refused, assert_problem, make_csr
from harness.authority import CairnCa
from harness.dns_server import unique_name
from harness.metrics import scrape
from harness.process import BIN
from harness.web import Responder

PROXY = "127.0.0.9"


class Proxied(requests.adapters.HTTPAdapter):
    """Connects as a load balancer does that names its client, `source`, by PROXY's version 2."""

    def __init__(self, source):
        family = socket.AF_INET6 if ":" in source else socket.AF_INET
        octets = socket.inet_pton(family, source)
        addresses = octets + octets + struct.pack("!HH", 40000, 443)
        header = b"\r\n\r\n\0\r\nQUIT\n" + bytes([0x21, 0x21 if ":" in source else 0x11]) \
            + struct.pack("!H", len(addresses)) + addresses

        class Connection(urllib3.connection.HTTPSConnection):
            def _new_conn(self):
                connection = super()._new_conn()
                connection.sendall(header)
                return connection

        class Pool(urllib3.HTTPSConnectionPool):
            ConnectionCls = Connection

        self.pool_class = Pool
        super().__init__()

    def init_poolmanager(self, *arguments, **options):
        super().init_poolmanager(*arguments, source_address=(PROXY, 0), **options)
        self.poolmanager.pool_classes_by_scheme = {"https": self.pool_class}


def limit(name, count, period="3h", **members):
    """The settings of one limit."""
    return {f"limits.{name}.{key}": value
            for key, value in ({"count": count, "period": period} | members).items()}


def only(*settings):
    """The settings of a CA with these limits and no other; each as `limit` makes it."""
    off = {f"limits.{name}": False for name in (
        "new_accounts_per_ip", "new_accounts_per_ipv6_range", "new_accounts",
        "new_orders_per_account", "certificates_per_domain", "certificates_per_exact_set",
        "failed_validations_per_account_and_name",
        "consecutive_failures_per_account_and_name", "requests_per_ip")}
    wanted = {key: value for setting in settings for key, value in setting.items()}
    for key in wanted:
        off.pop(".".join(key.split(".")[:2]), None)
        if "new_accounts_per_ip." in key:  # it holds for IPv6 as well, where that is not set
            off.pop("limits.new_accounts_per_ipv6_range", None)
    return {"limits.enabled": True} | off | wanted


@pytest.fixture
def limited(start_ca):
    """Starts a CA with these limits and no other: settings as `limit` makes them."""
    def start(*settings, **more):
        return start_ca(settings=only(*settings) | more)

    return start


@pytest.fixture(scope="module")
def two_orders_ca(tmp_path_factory, dns):
    """A CA with one limit, for tests that change nothing of it."""
    ca = CairnCa(tmp_path_factory.mktemp("limited"), dns, settings=only(limit("new_orders_per_account", 2)))
    yield ca
    assert ca.stop() == 0, ca.server.tail()


def registered(ca, responder=None, source=None):
    client = Client(ca, responder)
    if source:
        client.http.headers["X-Forwarded-For"] = source
    client.register()
    return client


def order_of(client, names):
    return client.post(client.directory["newOrder"], {
        "identifiers": [{"type": "dns", "value": name} for name in names]})


def assert_limited(response, limit, status=429, wait=None):
    """That the response is the refusal of this limit, as RFC 8555 section 6.6 has it."""
    problem = assert_problem(response, status, "rateLimited", f"(limit {limit})")
    seconds = int(response.headers["Retry-After"])
    assert seconds >= 1 and (wait is None or seconds <= wait), seconds
    help_link = re.search(r'<(https://[^>]+)>;rel="help"', response.headers["Link"])
    assert help_link, response.headers["Link"]
    told = re.search(r"retry after (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC", problem["detail"])
    assert told, problem["detail"]
    after = datetime.datetime.strptime(told[1], "%Y-%m-%d %H:%M:%S")
    assert abs((after - datetime.datetime.utcnow()).total_seconds() - seconds) < 5
    assert "Replay-Nonce" in response.headers
    return help_link[1]


def operate(ca, *words, code=0):
    noun, verb, *arguments = map(str, words)
    done = subprocess.run([BIN / "cairn-ca", noun, verb, ca.home, "--json", *arguments],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.mark.checks(166)
def test_an_account_places_so_many_orders(limited):
    ca = limited(limit("new_orders_per_account", 2))
    client, other = registered(ca), registered(ca)
    client.order([unique_name()])
    assert_problem(order_of(client, ["nothing.onion"]), 400, "rejectedIdentifier")
    client.order([unique_name()])
    response = order_of(client, [unique_name()])
    page = assert_limited(response, "new_orders_per_account", wait=90 * 60)
    assert "too many new orders (2) from this account in the last 3h" in response.json()["detail"]
    assert other.order([unique_name()])[1]["status"] == "pending"
    # The page that is linked to as help is there and names the limit.
    help_page = requests.get(page, verify=str(ca.api_root), timeout=10)
    assert help_page.status_code == 200
    assert "new_orders_per_account: 2 per 3h" in help_page.text
    # So do the log and the metrics.
    ca.server.wait_until(lambda: "(limit new_orders_per_account)" in ca.log.read_text())
    assert scrape(ca)("cairn_limit_refusals_total", limit="new_orders_per_account") == 1
    assert scrape(ca)("cairn_limit_refusals_total", limit="new_accounts") == 0


def test_a_help_page_of_the_operators_own(limited):
    ca = limited(limit("new_accounts", 1), **{"limits.help": "https://wiki.example/limits"})
    registered(ca)
    stranger = Client(ca)
    response = stranger.post(stranger.directory["newAccount"], {"termsOfServiceAgreed": True})
    assert assert_limited(response, "new_accounts") == "https://wiki.example/limits"


@pytest.mark.checks(168)
def test_an_address_gets_so_many_accounts_and_only_proxies_name_addresses(limited):
    ca = limited(limit("new_accounts_per_ip", 2), **{"server.trusted_proxies": [PROXY]})

    def newcomer(source):
        client = Client(ca)
        client.http.mount("https://", Proxied(source))
        return client.post(client.directory["newAccount"], {"termsOfServiceAgreed": True})

    for source, next_one in (("192.0.2.1", "192.0.2.2"),
                             ("2001:db8:1:1::1", "2001:db8:2::1")):
        for _ in range(2):
            assert newcomer(source).status_code == 201
        assert newcomer(source).status_code == 429
        assert newcomer(next_one).status_code == 201
    # Another network of the same /48 is the same client.
    assert_limited(newcomer("2001:db8:1:ffff::9"), "new_accounts_per_ipv6_range")


@pytest.mark.checks(168)
def test_an_address_that_a_stranger_names_is_not_believed(limited):
    ca = limited(limit("new_accounts_per_ip", 2))
    for place in range(2):
        registered(ca, source=f"192.0.2.{place}")
    with pytest.raises(Refused) as refused:
        registered(ca, source="192.0.2.77")
    assert_limited(refused.value.response, "new_accounts_per_ip")


@pytest.mark.checks(169)
def test_certificates_of_a_domain_are_counted_when_they_are_issued(limited):
    ca = limited(limit("certificates_per_domain", 2, "7d"))
    domain = unique_name()
    with Responder(ca.http_port) as responder:
        client, other = registered(ca, responder), registered(ca, responder)
        late = client.make_ready([f"late.{domain}"])
        for place in range(5):  # orders cost nothing
            other.order([f"{place}.{domain}"])
        client.issue([f"a.{domain}"])
        other.issue([f"b.{domain}"])
        assert_limited(order_of(other, [f"c.{domain}"]), "certificates_per_domain")
        url, order = late
        key = ec.generate_private_key(ec.SECP256R1())
        csr = make_csr(key, [f"late.{domain}"])
        assert_limited(client.finalize(order, csr), "certificates_per_domain")
        assert client.read(url)["status"] == "ready", "nothing is lost"
        # The operator lets this domain have more, at once.
        operate(ca, "limit", "override", "certificates_per_domain", "--domain", registered_part(domain),
                "--count", "50", "--period", "7d")
        client.must(client.finalize(order, csr))
        assert client.wait_while(url, {"ready", "processing"})["status"] == "valid"


def registered_part(name):
    return ".".join(name.split(".")[-2:])


def test_the_same_set_is_renewed_within_its_own_limit(limited):
    ca = limited(limit("certificates_per_exact_set", 2, "7d"),
                 limit("certificates_per_domain", 1, "7d"), limit("new_orders_per_account", 1))
    names = [unique_name(), unique_name()]
    names = [f"a.{names[0]}", f"b.{names[0]}"]
    with Responder(ca.http_port) as responder:
        client = registered(ca, responder)
        client.issue(names)
        client.issue(list(reversed(names)))
        assert_limited(order_of(client, names), "certificates_per_exact_set")
        assert_limited(order_of(client, ["www.limits.test"]), "new_orders_per_account")
        assert_limited(order_of(registered(ca), names[:1]), "certificates_per_domain")


def failed(client, name):
    """Orders a certificate for a name that does not answer, and lets its validation fail."""
    _, order = client.order([name])
    authorization = client.read(order["authorizations"][0])
    client.must(client.post(client.challenge_of(authorization, "http-01")["url"], {}))
    state = client.wait_while(order["authorizations"][0], {"pending", "processing"})
    assert state["status"] == "invalid"


def test_failures_of_a_name_stop_further_ones(limited):
    ca = limited(limit("failed_validations_per_account_and_name", 2, "1h"))
    client, other = registered(ca), registered(ca)
    name = unique_name()
    _, waiting = client.order([name, unique_name()])
    for _ in range(2):
        failed(client, name)
    assert_limited(order_of(client, [name]), "failed_validations_per_account_and_name",
                   wait=30 * 60)
    authorization = client.read(waiting["authorizations"][0])
    challenge = client.challenge_of(authorization, "http-01")
    assert_limited(client.post(challenge["url"], {}), "failed_validations_per_account_and_name")
    assert client.read(waiting["authorizations"][0])["status"] == "pending"
    failed(client, unique_name())
    failed(other, name)


def test_a_name_that_never_validates_is_paused_until_the_operator_unpauses_it(limited):
    ca = limited(limit("consecutive_failures_per_account_and_name", 2, "48d"))
    client = registered(ca)
    account = client.account_url.rsplit("/", 1)[1]
    name = unique_name()
    for _ in range(2):
        failed(client, name)
    response = order_of(client, [name])
    assert_limited(response, "consecutive_failures_per_account_and_name")
    assert f"{name} is paused for this account" in response.json()["detail"]
    buckets = operate(ca, "limit", "show", "--account", account, "--name", name)["buckets"]
    assert [bucket["paused"] for bucket in buckets if "paused" in bucket] == [True]
    operate(ca, "limit", "reset", "--account", client.account_url, "--name", name)
    failed(client, name)
    assert client.order([name])[1]["status"] == "pending", "the row begins anew"


def test_a_success_ends_the_row_of_failures(limited):
    ca = limited(limit("consecutive_failures_per_account_and_name", 2, "48d"))
    name = unique_name()
    client = registered(ca)
    for _ in range(2):
        failed(client, name)
        with Responder(ca.http_port) as responder:
            client.responder = responder
            url, order = client.make_ready([name])
        client.must(client.post(order["authorizations"][0], {"status": "deactivated"}))


def test_a_short_wait_is_held(limited):
    ca = limited(limit("new_orders_per_account", 1, "2s"))
    client = registered(ca)
    begin = time.monotonic()
    for _ in range(3):
        client.order([unique_name()])
    assert time.monotonic() - begin > 2
    assert scrape(ca)("cairn_limit_holds_total", limit="new_orders_per_account") >= 2


def test_who_cannot_be_held_is_told_to_come_again_with_503(limited):
    ca = limited(limit("new_orders_per_account", 1, "5s"), **{"limits.hold": False})
    client = registered(ca)
    client.order([unique_name()])
    assert_limited(order_of(client, [unique_name()]), "new_orders_per_account", status=503, wait=5)


@pytest.mark.checks(169)
def test_as_many_of_parallel_orders_are_placed_as_the_bucket_holds(limited):
    ca = limited(limit("new_orders_per_account", 30))
    client = registered(ca)
    clients = [Client(ca, key=client.key) for _ in range(20)]
    for each in clients:
        each.account_url = client.account_url

    def place(each):
        return [order_of(each, [unique_name()]).status_code for _ in range(5)]

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        statuses = [status for each in pool.map(place, clients) for status in each]
    assert statuses.count(201) == 30
    assert statuses.count(429) == 70
    assert ca.store.count("orders") == 30


@pytest.mark.checks(166)
def test_requests_of_an_address_are_counted_by_kind(limited):
    ca = limited({"limits.requests_per_ip.new_nonce.count": 1,
                  "limits.requests_per_ip.new_nonce.period": "60s",
                  "limits.requests_per_ip.new_nonce.burst": 3})
    client = Client(ca)
    url = client.directory["newNonce"]
    answers = [client.http.head(url, timeout=10) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 503]
    response = client.http.get(url, timeout=10)
    problem = assert_problem(response, 503, "rateLimited", "limit requests_per_ip.new_nonce")
    assert 1 <= int(response.headers["Retry-After"]) <= 60
    assert 'rel="help"' in response.headers["Link"] and problem
    assert client.http.get(ca.directory, timeout=10).status_code == 200
    assert scrape(ca)("cairn_limit_refusals_total", limit="requests_per_ip") == 2


def test_limits_change_while_the_server_runs(start_ca):
    ca = start_ca(settings={"limits.enabled": True})
    client = registered(ca)
    configuration = ca.home / "ca.toml"
    text = configuration.read_text()
    for _ in range(20):
        client.order([unique_name()])
    configuration.write_text(
        text + '\n[limits]\nnew_orders_per_account = { count = 1, period = "3h" }\n')
    ca.reload()
    # Some were taken before, of an hour in which a thousand come back.
    assert_limited(order_of(client, [unique_name()]), "new_orders_per_account")
    listed = operate(ca, "limit", "list")["limits"]
    assert {"limit": "new_orders_per_account", "on": True, "count": 1, "period": "3h"}.items() <= \
        next(row for row in listed if row["limit"] == "new_orders_per_account").items()
    configuration.write_text(text)
    ca.reload()
    client.order([unique_name()])


@pytest.mark.parametrize("state", ["running", "stopped"])
def test_an_operator_sees_and_changes_limits(limited, state):
    ca = limited(limit("new_orders_per_account", 2), limit("new_accounts_per_ip", 3))
    client = registered(ca)
    account = client.account_url.rsplit("/", 1)[1]
    client.order([unique_name()])
    if state == "stopped":
        assert ca.stop() == 0
        overrides = [word for key, value in ca.settings.items()
                     for word in ("--set", f"{key}={json.dumps(value)}")]
    else:
        overrides = []

    def limits(*words, code=0):
        return operate(ca, "limit", *words, *overrides, code=code)

    rows = {row["limit"]: row for row in limits("list")["limits"]}
    assert rows["new_orders_per_account"] | {"source": "configuration"} == \
        rows["new_orders_per_account"]
    assert (rows["new_orders_per_account"]["count"], rows["new_orders_per_account"]["period"]) == \
        (2, "3h")
    assert rows["certificates_per_domain"]["on"] is False
    assert rows["certificates_per_domain"]["source"] == "default"
    shown = limits("show", "--account", account)["buckets"]
    assert shown == [{"limit": "new_orders_per_account", "remaining": 1, "count": 2, "period": "3h",
                      "bucket": f"new_orders_per_account:{account}"}]
    shown = limits("show", "--address", "127.0.0.1")["buckets"]
    assert [(row["limit"], row["remaining"]) for row in shown] == [("new_accounts_per_ip", 2)]

    limits("override", "new_orders_per_account", "--account", account, "--count", "10", "--period",
           "1h")
    row = next(row for row in limits("list")["limits"] if row["source"] == "override")
    assert row == {"limit": "new_orders_per_account", "on": True, "for": f"account:{account}",
                   "count": 10, "period": "1h", "source": "override"}
    bucket, = limits("show", "--account", account)["buckets"]
    assert (bucket["count"], bucket["remaining"]) == (10, 10), "what was used is given back"
    assert limits("reset", "--account", account)["buckets"][0]["used"] is False
    if state == "running":
        for _ in range(10):
            client.order([unique_name()])
        assert order_of(client, [unique_name()]).status_code == 429
    limits("override", "new_orders_per_account", "--account", account, "--remove")
    assert all(row["source"] != "override" for row in limits("list")["limits"])
    assert limits("show", "--account", account)["buckets"][0]["count"] == 2


@pytest.mark.parametrize("words, code, told", [
    (["override", "new_orders_per_account", "--count", "1", "--period", "1h"], "usage", "one of"),
    (["override", "new_orders", "--domain", "a.test", "--count", "1", "--period", "1h"], "usage",
     'there is no limit "new_orders"'),
    (["override", "new_orders_per_account", "--domain", "a.test", "--count", "1", "--period", "1h"],
     "usage", "cannot be set for one domain"),
    (["override", "new_orders_per_account", "--account", "AAAAAAAAAAAAAAAAAAAAAA", "--count", "1",
      "--period", "1h"], "notFound", "there is no account"),
    (["override", "new_accounts_per_ip", "--network", "10.0.0.1/8", "--count", "1", "--period",
      "1h"], "usage", "bits beyond its prefix"),
    (["override", "new_accounts_per_ip", "--network", "10.0.0.0/8", "--period", "1h"], "usage",
     "--count"),
    (["override", "new_accounts_per_ip", "--network", "10.0.0.0/8", "--count", "1"], "usage",
     "--period"),
    (["override", "certificates_per_domain", "--domain", "www.a.test", "--count", "1", "--period",
      "1h"], "usage", "say a.test"),
    (["override", "new_accounts_per_ip", "--network", "10.0.0.0/8", "--remove"], "notFound",
     "no such override"),
    (["show", "--name", "a.test"], "notFound", "no limit that is on"),
    (["show", "--address", "nowhere"], "usage", "is no address"),
    (["reset", "--account", "x y"], "usage", "no account's id"),
])
def test_what_an_operator_cannot_ask(two_orders_ca, words, code, told):
    error = operate(two_orders_ca, "limit", *words, code=2)["error"]
    assert error["code"] == code and told in error["detail"], error


def test_a_range_of_addresses_gets_another_limit(limited):
    ca = limited(limit("new_accounts_per_ip", 1))
    operate(ca, "limit", "override", "new_accounts_per_ip", "--network", "127.0.0.0/8", "--count", "3",
            "--period", "3h")
    for _ in range(3):
        registered(ca)
    with pytest.raises(Refused) as refused:
        registered(ca)
    assert "too many new accounts (3)" in refused.value.response.json()["detail"]


def test_a_private_ca_is_not_stopped_by_its_one_domain_and_its_defaults_hold(start_ca):
    ca = start_ca(settings={"limits.enabled": True})
    with Responder(ca.http_port) as responder:
        client = registered(ca, responder)
        name = unique_name()
        for _ in range(8):
            client.issue([name])
    listed = {row["limit"]: row["on"] for row in operate(ca, "limit", "list")["limits"]}
    assert listed["new_orders_per_account"] and not listed["certificates_per_exact_set"]
