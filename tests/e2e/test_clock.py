"""The clock of the CA's machine is wrong, for a moment or at a start."""

import datetime
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from harness.acme import Client, assert_problem, make_csr
from harness.clock import WallClock
from harness.dns_server import unique_name
from harness.metrics import scrape
from harness.web import Responder

DAY = 24 * 3600


@pytest.fixture
def clock(tmp_path):
    return WallClock(tmp_path)


@pytest.fixture
def ca(start_ca, clock):
    return start_ca(clock=clock, settings={"retention.orders": "1d", "retention.certificates": "1d"})


@pytest.fixture
def client(ca):
    with Responder(ca.http_port) as responder:
        client = Client(ca, responder)
        client.register()
        # While the clock is ahead, so is the CA's own certificate.
        client.http.verify = False
        yield client


pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")


def count(ca):
    return {table: ca.store.count(table) for table in ("orders", "authorizations", "certificates")}


def becomes_ready(ca):
    return ca.server.wait_until(lambda: ca.readiness() == "ready\n")


def set_confirmed(ca, time_point):
    settings = ca.home / "ca.toml"
    text = time_point.strftime("%Y-%m-%dT%H:%M:%SZ")
    settings.write_text(f'{settings.read_text()}\n[clock]\nconfirmed = "{text}"\n')
    ca.reload()


def test_a_start_with_a_clock_far_ahead_removes_nothing_until_it_is_confirmed(ca, client, clock):
    client.issue([unique_name()])
    ca.stop()
    before = count(ca)
    clock.set(130 * DAY)
    ca.launch()
    told = ca.readiness()
    assert told.startswith("clock: this machine's clock is 1123200") and "(130 days) ahead" in told
    assert "confirmed = " in told and "SIGHUP" in told
    # The first round begins with the start.
    time.sleep(2)
    assert count(ca)["orders"] == before["orders"]
    assert count(ca)["authorizations"] == before["authorizations"]
    assert count(ca)["certificates"] >= before["certificates"]
    assert scrape(ca)("cairn_readiness_obstacle", obstacle="clock") == 1
    assert 129 * DAY < scrape(ca)("cairn_clock_ahead_seconds", of="course") < 131 * DAY

    set_confirmed(ca, datetime.datetime.utcnow() + datetime.timedelta(days=130))
    becomes_ready(ca)
    # What was confirmed is known at the next start, and what has expired goes.
    ca.stop()
    ca.launch()
    assert ca.readiness() == "ready\n"
    ca.server.wait_until(lambda: count(ca)["orders"] == 0)


def test_a_leap_while_it_runs_is_told_until_it_is_over(ca, client, clock):
    client.issue([unique_name()])
    for leap, words in ((60 * DAY, "(60 days) ahead of"), (-60 * DAY, "(60 days) behind")):
        with clock.ahead(leap):
            assert "clock: " in ca.readiness() and words in ca.readiness()
        becomes_ready(ca)
    lines = [line["event"] for line in ca.log_lines()]
    assert lines.count("the clock is not believed") <= 2


def test_a_certificate_from_the_future_is_made_anew(ca, clock):
    with clock.ahead(25 * DAY):
        ca.reload()
        ca.server.wait_until(lambda: not ca._serves())
    ca.server.wait_until(ca._serves)
    becomes_ready(ca)


def test_a_proof_from_the_future_proves_nothing(ca, client, clock):
    name = unique_name()
    with clock.ahead(25 * DAY):
        client.make_ready([name])
    _, again = client.order([name])
    assert again["status"] == "pending"
    assert client.read(again["authorizations"][0])["status"] == "pending"
    client.issue([name])
    _, reused = client.order([name])
    assert reused["status"] == "ready"


def test_a_clock_before_the_issuer_leaves_orders_as_they_are(ca, client, clock):
    name = unique_name()
    url, order = client.make_ready([name])
    csr = make_csr(ec.generate_private_key(ec.SECP256R1()), [name])
    with clock.ahead(-DAY / 2):
        refused = client.finalize(order, csr)
        problem = assert_problem(refused, 503, "serverInternal")
        assert problem["detail"].startswith("no issuer can sign now: the last one is valid from ")
        assert int(refused.headers["Retry-After"]) > 0
        assert "issuer_not_yet_valid: " in ca.readiness()
    assert client.read(url)["status"] == "ready"
    client.must(client.finalize(order, csr))
    assert client.wait_while(url, {"processing"})["status"] == "valid"
