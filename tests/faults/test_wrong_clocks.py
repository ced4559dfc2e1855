"""Clocks that are wrong while jobs are under way, or while other nodes have a right one."""

import time

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from harness.acme import Client, assert_problem, make_csr
from harness.clock import WallClock
from harness.dns_server import unique_name
from harness.nodes import Nodes
from harness.postgres import PostgresCluster
from harness.web import Responder

DAY = 24 * 3600

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")


@pytest.fixture(scope="module")
def cluster():
    server = PostgresCluster(has_clock=True)
    yield server
    server.remove()


@pytest.fixture
def clock(tmp_path):
    return WallClock(tmp_path)


@pytest.fixture
def nodes(tmp_path, dns, cluster, clock):
    nodes = Nodes(tmp_path, dns, cluster, clocks=[clock],
                  settings={"retention.certificates": "30d"})
    yield nodes
    nodes.stop()


@pytest.fixture
def client(nodes):
    with Responder(nodes.http_port) as responder:
        client = Client(nodes, responder)
        client.register()
        yield client


def readiness(nodes, place=0):
    return nodes.servers[place].wait_until(lambda: nodes.readiness(place))


def rows(nodes):
    return {table: nodes.store.count(table)
            for table in ("orders", "authorizations", "certificates")}


def test_a_clock_before_the_issuer_lets_jobs_wait(start_ca, clock, tmp_path):
    ca = start_ca(clock=clock)
    with Responder(ca.http_port) as responder:
        client = Client(ca, responder)
        client.register()
        ca.stop()
        away = tmp_path / "signer-is-away"
        away.touch()
        ca.start(signer_away=away)
        name = unique_name()
        url, order = client.make_ready([name])
        client.must(client.finalize(order, make_csr(ec.generate_private_key(ec.SECP256R1()), [name])))
        assert client.read(url)["status"] == "processing"
        # Half a day before the issuer, where it would be too early; and as long before as only a wrong
        # clock can be, where the validity that was chosen would be too far away.
        for leap in (-DAY / 2, -10 * DAY):
            with clock.ahead(leap):
                away.unlink(missing_ok=True)
                told = ca.log.read_text().count("no issuer can sign now")
                ca.server.wait_until(
                    lambda: ca.log.read_text().count("no issuer can sign now") > told)
                assert client.read(url)["status"] == "processing"
        # Long after the validity that was chosen.
        away.touch()
        clock.set(25 * DAY)
        time.sleep(0.5)
        away.unlink()
        client.http.verify = False
        ca.server.wait_until(lambda: "the clock of the CA is not believed" in ca.log.read_text()
                             or client.read(url)["status"] != "processing")
        assert client.read(url)["status"] == "processing"
        clock.set(0)
        assert client.wait_while(url, {"processing"})["status"] == "valid"


def test_a_node_whose_clock_is_ahead_removes_nothing(nodes, client, clock):
    issued = client.issue([unique_name()])
    before = rows(nodes)
    for place in (0, 1):
        assert nodes.servers[place].stop() == 0
    clock.set(130 * DAY)
    nodes.launch(0)
    told = readiness(nodes)
    assert told.startswith("clock: ") and "(130 days) ahead of the database's" in told
    time.sleep(2)
    after = rows(nodes)
    assert after["orders"] == before["orders"]
    assert after["authorizations"] == before["authorizations"]
    assert after["certificates"] >= before["certificates"]
    clock.set(0)
    nodes.wait_until_it_serves(0)
    assert readiness(nodes) == "ready\n"
    assert client.revoke(issued.der).status_code == 200


def test_a_node_is_not_ready_more_than_five_seconds_beside_the_database(nodes, clock):
    assert readiness(nodes) == "ready\n"
    for skew in (3, -3):
        clock.set(skew)
        assert readiness(nodes) == "ready\n"
    for skew, words in ((8, "s (0 days) ahead of the database's"),
                        (-8, "s (0 days) behind the database's")):
        clock.set(skew)
        assert words in readiness(nodes)
        assert readiness(nodes, 1) == "ready\n"
    clock.set(0)
    assert readiness(nodes) == "ready\n"


def test_nonces_of_a_database_whose_clock_was_ahead(nodes, client, cluster):
    client.nonces.clear()
    with cluster.clock.ahead(25 * DAY):
        nodes.servers[0].wait_until(lambda: all(
            "(25 days) behind the database's" in readiness(nodes, place) for place in (0, 1)))
        from_the_future = client.nonce()
    nodes.servers[0].wait_until(
        lambda: all(readiness(nodes, place) == "ready\n" for place in (0, 1)))
    assert_problem(client.post(client.account_url, nonce=from_the_future), 400, "badNonce")
    client.nonces.clear()
    assert client.post(client.account_url).status_code == 200
