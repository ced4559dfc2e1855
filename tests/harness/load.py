"""A load of ACME orders, and a ledger of what was acknowledged, to be compared with the store."""

import dataclasses
import threading
import time

import requests
from cryptography.hazmat.primitives.asymmetric import ec

from harness.acme import Client, b64, is_bad_nonce, make_csr
from harness.dns_server import unique_name
from harness.issued import read_chain
from harness.network import Host

# How long one request is repeated. Longer than any outage that a test makes.
PATIENCE = 120


@dataclasses.dataclass
class Ledger:
    """What the CA said. Threads append to it."""

    accounts: list = dataclasses.field(default_factory=list)
    orders: list = dataclasses.field(default_factory=list)
    finalized: list = dataclasses.field(default_factory=list)
    chains: dict = dataclasses.field(default_factory=dict)  # by order
    invalid: list = dataclasses.field(default_factory=list)
    # When each certificate was there.
    times: list = dataclasses.field(default_factory=list)
    broken: int = 0  # connections
    unavailable: int = 0  # 503 with Retry-After
    bad_nonces: int = 0
    # Answers that must never occur, and what ended a worker.
    offences: list = dataclasses.field(default_factory=list)


class Stopped(Exception):
    pass


class Worker:
    """One account that orders one certificate after the other, and repeats requests without an answer."""

    def __init__(self, load, number):
        self.load, self.ledger = load, load.ledger
        self.keeps_connections = number % 2 == 0 or load.keep_connections
        self.orders = []
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        try:
            with self.load.host.inside():
                self.client = self._until(lambda: Client(self.load.authority, self.load.responder))
                if not self.keeps_connections:
                    self.client.http.headers["Connection"] = "close"
                response = self.ask(self.client.directory["newAccount"],
                                    {"termsOfServiceAgreed": True})
                self.client.account_url = response.headers["Location"]
                self.ledger.accounts.append(self.client.account_url)
                while not self.load.stopping.is_set():
                    self.issue()
        except Stopped:
            pass
        except Exception as error:  # the test fails with it
            self.ledger.offences.append(repr(error))

    def _until(self, action):
        """The result of `action`, repeated until it is not interrupted."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return action()
            except (requests.RequestException, ValueError) as error:
                self.ledger.broken += 1
                if time.monotonic() > deadline:
                    raise AssertionError(f"no answer in {PATIENCE} s: {error!r}") from error
            if self.load.abandoning.wait(0.2):
                raise Stopped

    def ask(self, url, payload=None):
        """Repeats a request until it is answered; the answer."""
        deadline = time.monotonic() + PATIENCE
        while True:
            response = self._until(lambda: self.client.post(url, payload))
            if response.status_code < 400:
                return response
            if response.status_code == 503 and "Retry-After" in response.headers:
                self.ledger.unavailable += 1
            elif is_bad_nonce(response):
                self.ledger.bad_nonces += 1
            else:
                raise AssertionError(f"{url}: {response.status_code} {response.text}")
            assert time.monotonic() < deadline, f"{url}: {response.text} for {PATIENCE} s"
            if self.load.abandoning.wait(0.2):
                raise Stopped

    def wait_while(self, url, statuses):
        deadline = time.monotonic() + PATIENCE
        while True:
            order = self.ask(url).json()
            if order["status"] not in statuses:
                return order
            assert time.monotonic() < deadline, f"{url} still {order['status']}"
            if self.load.abandoning.wait(0.1):
                raise Stopped

    def issue(self):
        client, ledger, name = self.client, self.ledger, unique_name()
        response = self.ask(client.directory["newOrder"],
                            {"identifiers": [{"type": "dns", "value": name}]})
        url, order = response.headers["Location"], response.json()
        ledger.orders.append(url)
        self.orders.append(url)
        authorization = self.ask(order["authorizations"][0]).json()
        challenge = client.challenge_of(authorization, "http-01")
        client.responder.answers[challenge["token"]] = client.key_authorization(challenge["token"])
        self.ask(challenge["url"], {})
        order = self.wait_while(url, {"pending"})
        if order["status"] == "ready":
            csr = make_csr(ec.generate_private_key(ec.SECP256R1()), [name])
            self.ask(order["finalize"], {"csr": b64(csr)})
            ledger.finalized.append(url)
            order = self.wait_while(url, {"ready", "processing"})
        if order["status"] == "invalid":
            ledger.invalid.append(f"{url}: {order.get('error')}")
            return
        assert order["status"] == "valid", order
        ledger.chains[url] = self.ask(order["certificate"]).text
        ledger.times.append(time.monotonic())


class Load:
    """`workers` accounts on `host`, from now until `stop`."""

    def __init__(self, authority, responder, host: Host, workers, keep_connections=True):
        """`keep_connections`: False: every other worker opens a connection for each request, so that
        it meets all nodes."""
        self.authority, self.responder, self.host = authority, responder, host
        self.keep_connections = keep_connections
        self.ledger = Ledger()
        self.stopping = threading.Event()  # begin no further order
        self.abandoning = threading.Event()  # abandon unfinished orders
        self.workers = [Worker(self, number) for number in range(workers)]
        for worker in self.workers:
            worker.thread.start()

    def stop(self):
        """Waits until every order has ended."""
        self.stopping.set()
        for worker in self.workers:
            worker.thread.join()

    def abandon(self):
        self.stopping.set()
        self.abandoning.set()
        for worker in self.workers:
            worker.thread.join()

    def wait_for_certificates(self, count, timeout):
        """Waits for this many more certificates; the seconds that it took."""
        begun = time.monotonic()
        wanted = len(self.ledger.times) + count
        while len(self.ledger.times) < wanted:
            assert not self.ledger.offences, self.ledger.offences
            took = time.monotonic() - begun
            assert took < timeout, f"{len(self.ledger.times)} of {wanted} certificates in {took} s"
            time.sleep(0.05)
        return time.monotonic() - begun

    def serials(self):
        """The certificates that clients got, by order."""
        return {url: read_chain(chain)[0].serial_number
                for url, chain in self.ledger.chains.items()}
