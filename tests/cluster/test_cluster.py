"""Three nodes behind HAProxy on a PostgreSQL that Patroni replicates, under load, while nodes and
database hosts lose their power or their cable. The set-up is that of docs/cluster.md.

Nothing that was acknowledged may be lost or be there twice, nothing but "not now" may be answered,
and after each fault certificates are issued again within a bound.
"""

import time

import pytest

from harness import network
from harness.cluster import Cluster
from harness.load import Load
from harness.web import Responder

WORKERS = 4
# Until certificates are issued again, in seconds. A primary that vanished is given up after Patroni's
# ttl of 20 s; that, its election, and what a busy machine takes.
AFTER_NODE, AFTER_DATABASE = 30, 75


def show_logs(cluster):
    """The ends of the hosts' logs."""
    for log in cluster.logs():
        print(f"== {log}", *log.read_text(errors="replace").splitlines()[-25:], sep="\n")


@pytest.fixture(scope="module")
def cluster():
    if reason := network.why_not():
        pytest.skip(f"no cluster here: {reason}")
    cluster = Cluster()
    try:
        try:
            cluster.start()
        except BaseException:
            show_logs(cluster)
            raise
        yield cluster
    finally:
        cluster.remove()


@pytest.fixture(scope="module")
def responder(cluster):
    with cluster.lan.inside():
        server = Responder(80, cluster.lan.address)
    with server:
        yield server


@pytest.fixture(autouse=True)
def shown_logs(cluster, request):
    """The ends of the hosts' logs, if the test failed."""
    failed = request.session.testsfailed
    yield
    if request.session.testsfailed > failed:
        show_logs(cluster)


def test_nothing_is_lost_whatever_fails(cluster, responder, record_property):
    took = {}

    def issues_again(fault, within):
        took[fault] = round(load.wait_for_certificates(5, within), 1)

    load = Load(cluster, responder, cluster.lan, WORKERS, keep_connections=False)
    try:
        issues_again("nothing", AFTER_NODE)

        node = cluster.nodes[0]
        node.kill()
        issues_again("a node loses its power", AFTER_NODE)
        node.start()
        cluster.wait_for_nodes()

        node = cluster.nodes[1]
        node.cut()
        issues_again("a node loses its cable", AFTER_NODE)
        node.mend()
        cluster.wait_for_nodes()

        former = cluster.primary()
        former.kill_postgresql()
        issues_again("PostgreSQL of the primary is killed", AFTER_DATABASE)

        former = cluster.primary()
        former.kill()
        issues_again("the primary loses its power", AFTER_DATABASE)
        former.start()
        cluster.wait_for_standbys()

        former = cluster.primary()
        former.cut()
        issues_again("the primary loses its cable", AFTER_DATABASE)
        former.mend()
        cluster.wait_for_standbys()
        cluster.wait_for_nodes()
        load.stop()
    except BaseException:
        load.abandon()
        raise
    finally:
        print("seconds until five more certificates:", took)
        print({name: len(value) if hasattr(value, "__len__") else value
               for name, value in vars(load.ledger).items()})
        record_property("seconds", took)

    ledger = load.ledger
    assert not ledger.offences
    assert len(ledger.invalid) <= 2 * WORKERS, ledger.invalid
    check_store(cluster, load)
    check_answers(cluster, load)
    for node in cluster.nodes:
        # The load balancer names the client of each connection.
        assert node.addresses_of_clients() == {cluster.lan.address}


def check_store(cluster, load):
    """The store has everything that was acknowledged, once."""
    ledger = load.ledger
    with cluster.sql() as cursor:
        def rows(statement):
            cursor.execute(f"SET search_path = cairn; {statement}")
            return cursor.fetchall()

        assert rows("SELECT order_id FROM certificates WHERE order_id IS NOT NULL"
                    " GROUP BY order_id HAVING count(*) > 1") == []
        assert rows("SELECT count(*) FROM orders o FULL JOIN certificates c ON c.order_id = o.id"
                    " WHERE (o.completed IS NULL AND c.order_id IS NOT NULL)"
                    " OR (o.completed IS NOT NULL AND c.serial IS DISTINCT FROM o.serial)"
                    ) == [(0,)]
        stored = [int.from_bytes(serial, "big") for (serial,) in rows(
            "SELECT serial FROM certificates WHERE order_id IS NOT NULL")]
        assert len(stored) == len(set(stored))
        given = load.serials()
        assert len(given) == len(ledger.times) == len(set(given.values()))
        assert set(given.values()) <= set(stored)
        assert rows("SELECT count(*) FROM accounts")[0][0] >= len(ledger.accounts)
        # No job is left unfinished.
        deadline = time.monotonic() + 30
        unfinished = ("SELECT (SELECT count(*) FROM orders WHERE begun IS NOT NULL AND completed IS"
                      " NULL AND problem IS NULL) + (SELECT count(*) FROM authorizations"
                      " WHERE started IS NOT NULL AND finished IS NULL)")
        while rows(unfinished) != [(0,)]:
            assert time.monotonic() < deadline, rows(unfinished)
            time.sleep(0.2)


def check_answers(cluster, load):
    """Every account and order is there for its owner, with the same certificates as before."""
    ledger = load.ledger
    assert len(set(ledger.accounts)) == WORKERS
    with cluster.lan.inside():
        for worker in load.workers:
            assert worker.ask(worker.client.account_url).json()["status"] == "valid"
            for url in worker.orders:
                order = worker.ask(url).json()
                if url in ledger.chains:
                    assert order["status"] == "valid", (url, order)
                    assert worker.ask(order["certificate"]).text == ledger.chains[url]
                else:
                    assert order["status"] == "invalid", (url, order)
