"""The CA is killed in the middle of many orders, as by a power cut, and started again.

Nothing that it acknowledged may be lost, every order must come to an end, and there may be no
certificate that the store does not know.
"""

import concurrent.futures
import dataclasses
import threading

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec

from harness.acme import Client, Refused, make_csr
from harness.dns_server import unique_name
from harness.web import Responder

ORDERS = 200
AT_ONCE = 20


@dataclasses.dataclass
class Progress:
    """What the CA acknowledged for one order before it died."""

    name: str
    client: Client
    order_url: str = None
    finalized: bool = False
    chain_pem: str = None


@pytest.fixture
def responder(ca):
    with Responder(ca.http_port) as server:
        yield server


def drive(progress):
    """Continues an order from its present state to its end; the order."""
    client = progress.client
    if not progress.order_url:
        progress.order_url, _ = client.order([progress.name])
    order = client.read(progress.order_url)
    for authorization in order["authorizations"]:
        if order["status"] == "pending":
            client.start_validation(authorization)
    order = client.wait_while(progress.order_url, {"pending"})
    if order["status"] == "ready":
        key = ec.generate_private_key(ec.SECP256R1())
        client.must(client.finalize(order, make_csr(key, [progress.name])))
        progress.finalized = True
    order = client.wait_while(progress.order_url, {"ready", "processing"})
    if order["status"] == "valid":
        progress.chain_pem = client.must(client.post(order["certificate"])).text
    return order


@pytest.mark.parametrize("certificates_before", [5, 60, 130])
@pytest.mark.checks(92, 139)
def test_kill_in_the_middle_of_200_orders(ca, responder, certificates_before):
    accounts = [Client(ca, responder) for _ in range(AT_ONCE)]
    for account in accounts:
        account.register()

    done = threading.Semaphore(0)
    everything = [[] for _ in accounts]

    def work(index):
        """One account orders one certificate after the other until its connection breaks."""
        for _ in range(ORDERS // AT_ONCE):
            progress = Progress(unique_name(), accounts[index])
            everything[index].append(progress)
            try:
                drive(progress)
            except (requests.RequestException, Refused):
                return
            done.release()

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        workers = [pool.submit(work, index) for index in range(AT_ONCE)]
        for _ in range(certificates_before):
            assert done.acquire(timeout=120), ca.server.tail()
        ca.kill()
        for worker in workers:
            worker.result()

    begun = [progress for of_account in everything for progress in of_account]
    acknowledged = [progress for progress in begun if progress.order_url]
    downloaded = {progress.order_url: progress.chain_pem
                  for progress in acknowledged if progress.chain_pem}
    assert len(downloaded) >= certificates_before
    assert len(downloaded) < len(begun), "the CA was killed too late to show anything"

    ca.start()
    for account in accounts:
        assert account.read(account.account_url)["status"] == "valid"

    def finish(progress):
        order = drive(progress)
        assert order["status"] in {"valid", "invalid"}, order
        return order["status"]

    # Accounts side by side, the orders of one account one after the other.
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        ends = list(pool.map(
            lambda of_account: [finish(p) for p in of_account if p.order_url], everything))
    ends = [end for of_account in ends for end in of_account]
    assert ends.count("valid") >= len(downloaded)

    # Certificates can still be downloaded, and one order has one certificate.
    for progress in acknowledged:
        if progress.order_url in downloaded:
            assert progress.chain_pem == downloaded[progress.order_url]
    assert ca.stop() == 0
    ca.store.check_integrity()
    assert set(ca.store.certificates_per_order()) == {1}
    assert len(ca.store.certificates()) == ends.count("valid")


@pytest.mark.checks(139)
def test_killed_again_and_again(ca, responder):
    """Five crashes at arbitrary moments of one account's orders, each followed by a start."""
    client = Client(ca, responder)
    client.register()
    orders = []
    for _ in range(5):
        begun = threading.Event()

        def work():
            for _ in range(50):
                progress = Progress(unique_name(), client)
                orders.append(progress)
                begun.set()
                try:
                    drive(progress)
                except (requests.RequestException, Refused):
                    return

        thread = threading.Thread(target=work)
        thread.start()
        begun.wait(10)
        thread.join(timeout=0.7)
        ca.kill()
        thread.join()
        ca.start()

    for progress in orders:
        if progress.order_url:
            chain = progress.chain_pem
            assert drive(progress)["status"] in {"valid", "invalid"}
            assert chain in (None, progress.chain_pem)
    assert ca.stop() == 0
    ca.store.check_integrity()
    assert set(ca.store.certificates_per_order()) == {1}
