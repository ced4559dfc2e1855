"""Two nodes on one PostgreSQL: no request needs the node that answered the one before, a node may
die, and the database may go away for a while."""

import concurrent.futures
import dataclasses
import re
import signal
import threading
import time

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec

from harness.acme import Client, Refused, is_bad_nonce, make_csr
from harness.dns_server import unique_name
from harness.nodes import Nodes
from harness.web import Responder

ORDERS = 50
AT_ONCE = 10


@pytest.fixture
def start_nodes(tmp_path, dns, cluster):
    started = []

    def start(**options):
        started.append(Nodes(tmp_path, dns, cluster, **options))
        return started[-1]

    yield start
    for nodes in started:
        nodes.stop()


@pytest.fixture
def nodes(start_nodes):
    return start_nodes()


@pytest.fixture
def responder(nodes):
    with Responder(nodes.http_port) as server:
        yield server


class WanderingClient(Client):
    """Makes a connection for each request, so that each goes to the next node; keeps the statuses
    of all answers."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.http.headers["Connection"] = "close"
        self.statuses = []
        self.bad_nonces = 0

    def send(self, *arguments, **options):
        response = super().send(*arguments, **options)
        self.statuses.append(response.status_code)
        self.bad_nonces += is_bad_nonce(response)
        return response


def issued_by(log):
    return log.read_text().count('"event":"issued"')


def test_every_request_may_go_to_another_node(nodes, responder):
    client = WanderingClient(nodes, responder)
    client.register()
    before = time.monotonic()
    for _ in range(10):
        assert client.issue([unique_name()]).order["status"] == "valid"
    # A request that waits at one node is woken by the other; it does not poll.
    assert time.monotonic() - before < 10 * 3
    assert client.bad_nonces == 0
    assert set(client.statuses) <= {200, 201}
    assert all(issued_by(log) for log in nodes.logs), "one node did everything"
    for place in range(len(nodes.servers)):
        metrics = nodes.ask_operator_site(place, "/metrics").text
        durable = re.search(r'cairn_store_commit_seconds_count\{outcome="durable"\} (\d+)', metrics)
        assert int(durable[1]) >= 5
    assert nodes.stop() == [0, 0]
    nodes.store.check_integrity()


@pytest.mark.checks(17, 21)
def test_a_nonce_is_good_once_at_any_node(nodes, responder):
    client = WanderingClient(nodes, responder)
    client.register()
    nonce = client.nonce()
    assert client.post(client.account_url, nonce=nonce).status_code == 200
    for _ in range(4):
        assert is_bad_nonce(client.post(client.account_url, nonce=nonce))


def test_a_changed_key_is_known_to_all_at_once(nodes, responder):
    client = WanderingClient(nodes, responder)
    client.register()
    for _ in range(3):
        client.read(client.account_url)
    client.must(client.post(client.account_url, {"status": "deactivated"}))
    for _ in range(4):
        assert client.post(client.account_url).status_code == 401


def test_one_sighup_is_for_all_nodes(nodes):
    for home in nodes.homes:
        settings = home / "ca.toml"
        settings.write_text(settings.read_text().replace('validity = "90d"', 'validity = "30d"'))
    nodes.servers[0].signal(signal.SIGHUP)
    for server, log in zip(nodes.servers, nodes.logs):
        server.wait_until(lambda: log.read_text().count("configuration reloaded") == 1)


def test_nodes_that_disagree_are_named(nodes):
    settings = nodes.homes[1] / "ca.toml"
    settings.write_text(settings.read_text().replace('validity = "90d"', 'validity = "30d"'))
    nodes.servers[1].signal(signal.SIGHUP)
    for server, log in zip(nodes.servers, nodes.logs):
        server.wait_until(lambda: "other nodes have another configuration" in log.read_text())
    for place, port in enumerate(reversed(nodes.ports)):
        ready = nodes.ask_operator_site(place, "/readyz")
        assert ready.status_code == 200
        first, note = ready.text.splitlines()
        assert first == "ready"
        assert note.startswith("nodes_disagree: ") and note.endswith(f":{port}")


@dataclasses.dataclass
class Progress:
    name: str
    order_url: str = None
    key: object = None
    chain_pem: str = None


def advance(client, progress):
    """Continues an order from its present state to its end."""
    if not progress.order_url:
        progress.order_url, _ = client.order([progress.name])
    order = client.read(progress.order_url)
    if order["status"] == "pending":
        for authorization in order["authorizations"]:
            client.start_validation(authorization)
        order = client.wait_while(progress.order_url, {"pending"})
    if order["status"] == "ready":
        progress.key = progress.key or ec.generate_private_key(ec.SECP256R1())
        client.must(client.finalize(order, make_csr(progress.key, [progress.name])))
    order = client.wait_while(progress.order_url, {"ready", "processing"})
    assert order["status"] == "valid", client.explain(order)
    progress.chain_pem = client.must(client.post(order["certificate"])).text


def run_orders(nodes, responder, disturb, disturb_after):
    """Places ORDERS orders from AT_ONCE accounts, which try again whatever is refused with 503 or
    breaks off; `disturb` is called once `disturb_after` are done. The clients and the orders."""
    clients = [WanderingClient(nodes, responder) for _ in range(AT_ONCE)]
    for client in clients:
        client.register()
    done = threading.Semaphore(0)
    everything = [[Progress(unique_name()) for _ in range(ORDERS // AT_ONCE)] for _ in clients]

    def work(client, orders):
        deadline = time.monotonic() + 120
        for progress in orders:
            while not progress.chain_pem:
                try:
                    advance(client, progress)
                except requests.RequestException:
                    assert time.monotonic() < deadline
                    time.sleep(0.2)
                except Refused as refusal:
                    response = refusal.response
                    # A finalize that was carried out without its answer cannot be repeated.
                    is_over = response.status_code == 403 and "orderNotReady" in response.text
                    assert response.status_code == 503 or is_over, response.text
                    assert is_over or "Retry-After" in response.headers
                    assert time.monotonic() < deadline
                    time.sleep(0.2)
            done.release()

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        workers = [pool.submit(work, *pair) for pair in zip(clients, everything)]
        for _ in range(disturb_after):
            assert done.acquire(timeout=120), nodes.servers[0].tail()
        disturb()
        for worker in workers:
            worker.result()
    return clients, [progress for orders in everything for progress in orders]


def require_all_kept(nodes, clients, orders):
    assert len({progress.order_url for progress in orders}) == ORDERS
    for client in clients:
        assert not {500, 502} & set(client.statuses)
    nodes.store.check_integrity()
    assert set(nodes.store.certificates_per_order()) == {1}
    # An order whose answer was lost may have been placed twice; none was placed and lost.
    assert nodes.store.count("orders") >= ORDERS
    assert len(nodes.store.certificates()) == ORDERS


def test_a_node_is_killed_in_the_middle_of_50_orders(nodes, responder):
    clients, orders = run_orders(nodes, responder, lambda: nodes.kill(0), disturb_after=15)
    require_all_kept(nodes, clients, orders)
    # The jobs of the dead node were taken over; none is left unfinished.
    assert nodes.store.rows("SELECT count(*) FROM orders WHERE begun IS NOT NULL"
                            " AND completed IS NULL AND problem IS NULL") == ["0"]
    nodes.start(0)
    assert nodes.stop() == [0, 0]


def test_the_database_crashes_under_load(nodes, responder, cluster):
    def crash():
        cluster.crash()
        cluster.start()

    clients, orders = run_orders(nodes, responder, crash, disturb_after=15)
    require_all_kept(nodes, clients, orders)
    assert nodes.stop() == [0, 0]


def test_a_node_starts_once_the_database_is_there(nodes, cluster):
    assert nodes.servers[1].stop() == 0
    cluster.crash()
    try:
        def tries():
            return nodes.logs[1].read_text().count("the database is away")

        nodes.launch(1)
        nodes.servers[1].wait_until(lambda: tries() >= 2)
        assert nodes.servers[1].stop() == 0  # told to end, it does
        so_far = tries()
        nodes.launch(1)
        nodes.servers[1].wait_until(lambda: tries() >= so_far + 2)
    finally:
        cluster.start()
    nodes.wait_until_it_serves(1)
    assert nodes.stop() == [0, 0]


def test_a_second_schema_is_another_ca(start_nodes, cluster, tmp_path):
    nodes = start_nodes(count=1, settings={"store.schema": "other_ca"})
    assert nodes.cluster.sql(nodes.store.database,
                             "SELECT count(*) FROM other_ca.nodes") == ["1"]
