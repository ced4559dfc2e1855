"""Rate limits where three nodes share a PostgreSQL: exact among them, and changed at all of them at once."""

import concurrent.futures
import json
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from harness.acme import Client, make_csr
from harness.dns_server import unique_name
from harness.nodes import Nodes
from harness.process import BIN
from harness.web import Responder

OFF = {f"limits.{name}": False for name in (
    "new_accounts_per_ip", "new_accounts_per_ipv6_range", "new_accounts", "new_orders_per_account",
    "certificates_per_domain", "certificates_per_exact_set",
    "failed_validations_per_account_and_name", "consecutive_failures_per_account_and_name",
    "requests_per_ip")}


def limits(**counts):
    settings = {"limits.enabled": True} | OFF
    for name, count in counts.items():
        del settings[f"limits.{name}"]
        settings |= {f"limits.{name}.count": count, f"limits.{name}.period": "7d"}
    return settings


@pytest.fixture
def start(tmp_path, dns, cluster):
    started = []

    def start(settings):
        started.append(Nodes(tmp_path, dns, cluster, count=3, settings=settings))
        return started[-1]

    yield start
    for nodes in started:
        nodes.stop()


def clients_of(nodes, count):
    """Clients of one account, whose requests go to another node each time."""
    first = Client(nodes)
    first.http.headers["Connection"] = "close"
    first.register()
    clients = [first]
    for _ in range(count - 1):
        clients.append(Client(nodes, key=first.key))
        clients[-1].http.headers["Connection"] = "close"
        clients[-1].account_url = first.account_url
    return clients


def at_once(clients, action):
    with concurrent.futures.ThreadPoolExecutor(len(clients)) as pool:
        return [result for results in pool.map(action, clients) for result in results]


def order(client, name=None):
    name = name or unique_name()
    return client.post(client.directory["newOrder"],
                       {"identifiers": [{"type": "dns", "value": name}]})


def operate(home, noun, verb, *arguments):
    done = subprocess.run([BIN / "cairn-ca", noun, verb, home, "--json", *arguments],
                          capture_output=True, text=True, timeout=60)
    answer = json.loads(done.stdout)
    assert done.returncode == 0 and answer["ok"], done.stdout + done.stderr
    return answer


@pytest.mark.checks(169)
def test_two_hundred_orders_at_once_take_what_the_bucket_holds(start):
    nodes = start(limits(new_orders_per_account=70))
    clients = clients_of(nodes, 20)

    def place(client):
        return [order(client).status_code for _ in range(10)]

    statuses = at_once(clients, place)
    assert (statuses.count(201), statuses.count(429)) == (70, 130)
    assert nodes.store.count("orders") == 70
    assert nodes.store.count("authorizations") == 70


@pytest.mark.checks(169)
def test_two_hundred_accounts_at_once_take_what_the_bucket_holds(start):
    nodes = start(limits(new_accounts_per_ip=60))

    def register(_):
        statuses = []
        for _ in range(10):
            client = Client(nodes)
            client.http.headers["Connection"] = "close"
            statuses.append(client.post(client.directory["newAccount"],
                                        {"termsOfServiceAgreed": True}).status_code)
        return statuses

    statuses = at_once(list(range(20)), register)
    assert (statuses.count(201), statuses.count(429)) == (60, 140)
    assert nodes.store.count("accounts") == 60


@pytest.mark.checks(169)
def test_certificates_finalized_at_once_are_as_many_as_the_bucket_holds(start):
    nodes = start(limits(certificates_per_domain=30))
    clients = clients_of(nodes, 20)
    with Responder(nodes.http_port) as responder:
        names = [f"{place}.limits.test" for place in range(100)]
        for client in clients:
            client.responder = responder
        # They cost nothing until they are finalized.
        ready = [clients[place % 20].make_ready([name]) for place, name in enumerate(names)]
    shares = [list(zip(names, ready))[place::20] for place in range(20)]

    def finalize(place):
        statuses = []
        for name, (_, placed) in shares[place]:
            csr = make_csr(ec.generate_private_key(ec.SECP256R1()), [name])
            statuses.append(clients[place].finalize(placed, csr).status_code)
        return statuses

    statuses = at_once(list(range(20)), finalize)
    assert (statuses.count(200), statuses.count(429)) == (30, 70)
    states = [clients[0].wait_while(url, {"processing"})["status"] for url, _ in ready]
    assert (states.count("valid"), states.count("ready")) == (30, 70)


def test_an_override_is_in_force_at_every_node_when_the_command_returns(start):
    nodes = start(limits(new_orders_per_account=2))
    client = clients_of(nodes, 1)[0]
    account = client.account_url.rsplit("/", 1)[1]
    statuses = [order(client).status_code for _ in range(6)]
    assert statuses == [201, 201, 429, 429, 429, 429]
    operate(nodes.homes[0], "limit", "override", "new_orders_per_account", "--account", account,
            "--count", "100", "--period", "7d")
    assert [order(client).status_code for _ in range(6)] == [201] * 6
    operate(nodes.homes[2], "limit", "override", "new_orders_per_account", "--account", account,
            "--remove")
    for home in nodes.homes:
        bucket, = operate(home, "limit", "show", "--account", account)["buckets"]
        assert (bucket["count"], bucket["period"]) == (2, "7d")
