"""The CA dies at each named point of an issuance, once before and once after each step, and inside
the store's commits; it is started again, and a client that repeats what was not answered gets there.

The point "after" a step is the worst one: it was done, and nobody knows. The program that dies is
cairn-ca with other adapters (program/); where it dies inside a commit, it is cairn-ca itself.
"""

import concurrent.futures
import dataclasses
import datetime
import hashlib
import json
import re
import signal
import time

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from harness.acme import Client, Key, Refused, make_csr
from harness.audit import check_whole
from harness.dns_server import unique_name
from harness.issued import read_chain
from harness.operator_commands import Operator
from harness.postgres import PostgresStore
from harness.process import BIN, run
from harness.web import Responder

# The steps of a client's whole life with two names, and how often each occurs.
PATH = {
    "create_account": 1, "update_account": 1, "create_order": 2, "create_authorization": 1,
    "validate": 2, "finish_validation": 2,
    "begin_issuance": 1, "sign": 1, "complete_issuance": 1,
    "revoke_certificate": 1, "deactivate_authorization": 1, "replace_account_key": 1,
    "deactivate_account": 1,
}
SLOW = ["begin_validation"]
TRIED_AGAIN = ["note_failed_try"]
START = ["save_issuer", "sign", "add_certificate"]
FAILURE = ["fail_issuance"]
COMPROMISE = ["record_key_compromise"]
FORGETTING = ["remove_expired"]
COMMANDS = ["create_external_key", "revoke_external_key"]
LISTING = ["sign_crl", "save_crl", "mark_listed", "unfold_compromised_keys"]
AUDIT = ["save_audit_head"]
SIGNED_OUTSIDE = ["pin_issuance", "sign", "complete_issuance"]


def points(steps):
    """STEP.before:N and STEP.after:N for everything in `steps`."""
    return [f"{step}.{moment}:{n + 1}" for step, count in dict(steps).items()
            for moment in ("before", "after") for n in range(count)]


@dataclasses.dataclass
class Life:
    """A client that repeats what was not answered, and starts the CA again when that has died."""

    ca: object
    responder: object
    deaths: int = 0
    client: Client = None
    downloaded: str = None

    def survive(self, step):
        while True:
            try:
                return step()
            except requests.RequestException:
                assert self.ca.server.wait(30) == -signal.SIGKILL, self.ca.server.tail()
                self.deaths += 1
                assert self.deaths <= 1
                self.ca.start()

    def post(self, url, payload=None):
        return self.survive(lambda: self.client.post(url, payload))

    def register(self):
        self.client = self.survive(lambda: Client(self.ca, self.responder))
        self.survive(self.client.register)

    def order(self, names, **members):
        """An order that is ready: its URL and object."""
        url, order = self.survive(lambda: self.client.order(names, **members))
        for authorization in order["authorizations"]:
            self.survive(lambda: self.client.start_validation(authorization))
        order = self.survive(lambda: self.client.wait_while(url, {"pending"}))
        assert order["status"] == "ready", self.client.explain(order)
        return url, order

    def finalize(self, url, order, names):
        csr = make_csr(ec.generate_private_key(ec.SECP256R1()), names)
        self.client.must(self.survive(lambda: self.client.finalize(order, csr)))
        return self.survive(lambda: self.client.wait_while(url, {"ready", "processing"}))

    def download(self, order):
        response = self.survive(lambda: self.client.post(order["certificate"]))
        self.downloaded = self.client.must(response).text
        return read_chain(self.downloaded)[0]

    def live(self):
        """The whole life."""
        self.register()
        account = self.client.account_url
        contact = ["mailto:ops@example.test"]
        self.client.must(self.post(account, {"contact": contact}))
        assert self.post(account).json()["contact"] == contact

        names = [unique_name(), unique_name()]
        url, order = self.order(names)
        order = self.finalize(url, order, names)
        assert order["status"] == "valid", self.client.explain(order)
        leaf = self.download(order)
        der = leaf.public_bytes(serialization.Encoding.DER)
        response = self.survive(lambda: self.client.revoke(der))
        assert response.status_code == 200 or "alreadyRevoked" in response.text

        _, second = self.survive(lambda: self.client.order([unique_name()]))
        lost = second["authorizations"][0]
        response = self.post(lost, {"status": "deactivated"})
        assert response.status_code == 200 or self.deaths
        assert self.post(lost).json()["status"] == "deactivated"

        advance = {"identifier": {"type": "dns", "value": unique_name()}}
        response = self.post(self.client.directory["newAuthz"], advance)
        assert response.status_code == 201, response.text
        assert self.post(response.headers["Location"]).json()["status"] == "pending"

        new = Key()
        response = self.survive(lambda: self.client.change_key(new))
        assert response.status_code == 200 or self.deaths, response.text
        self.client.key = new
        assert self.post(account).json()["status"] == "valid"

        response = self.post(account, {"status": "deactivated"})
        assert response.status_code == 200 or self.deaths, response.text
        assert self.post(account).status_code == 401
        return leaf, order


@pytest.fixture(params=["embedded", "shared"])
def store(request):
    return request.param


@pytest.fixture
def life(store, start_ca, request):
    if store == "shared":
        cluster = request.getfixturevalue("cluster")
        url = cluster.create_database()
        ca = start_ca(settings={"store.url": url})
        # Nobody waits here for leases to end, which test_nodes and test_crl_nodes do.
        ca.store = ca.minutes_pass = PostgresStore(cluster, url)
    else:
        ca = start_ca()
    ca.stop()
    with Responder(ca.http_port) as responder:
        yield Life(ca, responder)


def check_store(ca, certificates):
    """Stops the CA; no order has more than one certificate, and there are so many in all."""
    assert ca.stop() == 0, ca.server.tail()
    ca.store.check_integrity()
    assert ca.store.certificates_per_order() == [1] * certificates
    assert len({c.serial_number for c in ca.store.certificates()}) == certificates
    assert ca.store.unfinished() == 0
    check_whole(ca)  # whoever died when, the audit log tells of every certificate


def check_life(life):
    leaf, _ = life.live()
    stored = life.ca.store.certificates()
    assert [c.serial_number for c in stored] == [leaf.serial_number]
    assert life.ca.is_revoked(leaf.serial_number)
    assert life.ca.store.count("accounts") == 1
    check_store(life.ca, 1)


@pytest.mark.parametrize("point", points(PATH))
@pytest.mark.checks(92, 139)
def test_dies_on_the_way(life, point):
    life.ca.start(die_at=point)
    check_life(life)
    assert life.deaths == 1, f"the CA passed no point {point}"


def is_of_former_process(ca, event):
    """Whether the one line of this event names a request of a process before the last. Of that one
    the log may have lost the last lines, but the ids of one process begin alike."""
    lines = ca.log_lines()
    [request] = [line["request"] for line in lines if line["event"] == event]
    last = [line["id"] for line in lines if line["event"] == "request"][-1]
    assert re.fullmatch(r"[0-9a-f]+-[0-9a-f]+", request)
    return request.split("-")[0] != last.split("-")[0]


def test_a_job_that_is_taken_up_says_who_asked_for_it(life):
    """Also if it was requested from a process that has ended."""
    ca = life.ca
    ca.start(die_at="sign.before:1")
    life.register()
    names = [unique_name()]
    url, order = life.order(names)
    order = life.finalize(url, order, names)
    assert order["status"] == "valid", life.client.explain(order)
    assert life.deaths == 1

    check_store(ca, 1)
    assert is_of_former_process(ca, "issued")


@pytest.mark.parametrize("point", points({step: 1 for step in SLOW}))
@pytest.mark.checks(92)
def test_dies_while_it_records_a_slow_validation(life, point):
    """A validation that takes long is recorded before the client is told; what was recorded continues."""
    ca = life.ca
    ca.start(die_at=point)
    life.register()
    names = [unique_name()]
    url, order = life.client.order(names)
    authorization = order["authorizations"][0]
    with life.responder.silent():
        with pytest.raises(requests.RequestException):
            life.client.start_validation(authorization)
        assert ca.server.wait(30) == -signal.SIGKILL
    ca.start()
    if ".before" in point:
        assert life.client.post(authorization).json()["status"] == "pending"
        life.client.start_validation(authorization)
    order = life.client.wait_while(url, {"pending"})
    assert order["status"] == "ready", life.client.explain(order)
    order = life.finalize(url, order, names)
    assert order["status"] == "valid", life.client.explain(order)
    check_store(ca, 1)
    assert is_of_former_process(ca, "validation") == (".after" in point)


@pytest.mark.parametrize("point", points({step: 1 for step in TRIED_AGAIN}))
def test_dies_while_it_notes_a_failed_try(life, point):
    """A validation that is tried again is recorded before the client is told."""
    ca = life.ca
    ca.settings["validation.retry_for"] = "60s"
    ca.start(die_at=point)
    life.register()
    names = [unique_name()]
    url, order = life.client.order(names)
    authorization = life.client.read(order["authorizations"][0])
    challenge = life.client.challenge_of(authorization, "http-01")
    with pytest.raises(requests.RequestException):
        life.client.post(challenge["url"], {})
    assert ca.server.wait(30) == -signal.SIGKILL
    ca.start()
    if ".before" in point:
        assert life.client.post(challenge["url"]).json()["status"] == "pending"
        assert life.client.post(challenge["url"], {}).json()["status"] == "processing"
    token = challenge["token"]
    life.responder.answers[token] = life.client.key_authorization(token)
    order = life.client.wait_while(url, {"pending"})
    assert order["status"] == "ready", life.client.explain(order)
    order = life.finalize(url, order, names)
    assert order["status"] == "valid", life.client.explain(order)
    check_store(ca, 1)


@pytest.mark.parametrize("store", ["shared"], indirect=True)
def test_a_validation_that_the_store_refuses_is_not_acknowledged(life, cluster):
    """The client gets 503 and no outcome is stored; asked again, it succeeds."""
    ca = life.ca
    ca.start()
    life.register()
    names = [unique_name()]
    url, order = life.client.order(names)
    authorization = order["authorizations"][0]
    with concurrent.futures.ThreadPoolExecutor() as threads:
        with life.responder.silent():
            attempt = threads.submit(life.client.start_validation, authorization)
            assert life.responder.asked.wait(30)
            cluster.crash()
        try:
            with pytest.raises(Refused) as refusal:
                attempt.result(60)
            assert refusal.value.response.status_code == 503
            assert "Retry-After" in refusal.value.response.headers
        finally:
            cluster.start()
    ca.server.wait_until(lambda: life.client.post(authorization).status_code == 200)
    assert life.client.post(authorization).json()["status"] == "pending"
    life.client.start_validation(authorization)
    order = life.client.wait_while(url, {"pending"})
    assert order["status"] == "ready", life.client.explain(order)
    life.finalize(url, order, names)
    check_store(ca, 1)


@pytest.mark.parametrize("point", points({step: 1 for step in FAILURE}))
def test_dies_while_it_fails_an_order(life, point):
    """The profile of an order that is being issued has gone at the next start."""
    ca = life.ca
    ca.settings |= {"profiles.normal.description": "normal", "profiles.special.description": "gone",
                    "default_profile": "normal"}
    ca.start(die_at="begin_issuance.after")
    life.register()
    names = [unique_name()]
    url, order = life.order(names, profile="special")
    csr = make_csr(ec.generate_private_key(ec.SECP256R1()), names)
    with pytest.raises(requests.RequestException):
        life.client.finalize(order, csr)
    assert ca.server.wait(30) == -signal.SIGKILL

    del ca.settings["profiles.special.description"]
    ca.launch(die_at=point)
    assert ca.server.wait(30) == -signal.SIGKILL
    ca.start()
    order = life.client.wait_while(url, {"processing"})
    assert order["status"] == "invalid", order
    check_store(ca, 0)


@pytest.mark.parametrize("point", points({step: 1 for step in SIGNED_OUTSIDE}))
def test_what_was_signed_outside_is_what_is_issued(life, point):
    """What a signer in another process may have kept binds whoever goes on, whatever changed since."""
    ca = life.ca
    ca.launch(die_at=point, sign_outside=True)
    ca.server.wait_until(ca._serves)
    life.register()
    names = [unique_name()]
    url, order = life.order(names)
    csr = make_csr(ec.generate_private_key(ec.SECP256R1()), names)
    with pytest.raises(requests.RequestException):
        life.client.finalize(order, csr)
        life.client.wait_while(url, {"processing"})
    assert ca.server.wait(30) == -signal.SIGKILL
    pinned = ca.store.pinned_octets()
    assert (pinned is None) == (point == "pin_issuance.before:1")

    # The profile is another one at the next start: what it makes has a common name.
    ca.settings["profiles.default.common_name"] = True
    ca.start(sign_outside=True)
    order = life.client.wait_while(url, {"processing"})
    assert order["status"] == "valid", life.client.explain(order)
    certificate, = ca.store.certificates()
    if pinned is None:
        assert certificate.subject.rfc4514_string() == f"CN={names[0]}"
    assert ca.store.pinned_octets() == certificate.tbs_certificate_bytes
    assert pinned in (None, certificate.tbs_certificate_bytes)
    check_store(ca, 1)


@pytest.mark.parametrize("point", points({step: 1 for step in COMPROMISE}))
def test_dies_while_it_records_that_a_key_is_compromised(life, point):
    """All certificates with the key are revoked, or none is; the request is repeated."""
    ca = life.ca
    ca.start(die_at=point)
    life.register()
    first = life.client.issue([unique_name()])
    twin = life.client.issue([unique_name()], key=first.key)
    thief = life.survive(lambda: Client(ca, life.responder, Key(first.key)))
    response = life.survive(lambda: thief.revoke(first.der))
    assert response.status_code == 200 or "alreadyRevoked" in response.text
    assert life.deaths == 1
    for certificate in (first, twin):
        assert ca.store.revocation_reason(certificate.leaf.serial_number) == 1
    check_store(ca, 2)


def test_a_key_that_is_compromised_after_finalize_is_not_signed(life):
    """The intent was written, and the key became known as compromised before the signature."""
    ca = life.ca
    ca.start(die_at="begin_issuance.after")
    life.register()
    names = [unique_name()]
    url, order = life.order(names)
    key = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(requests.RequestException):
        life.client.finalize(order, make_csr(key, names))
    assert ca.server.wait(30) == -signal.SIGKILL
    spki = key.public_key().public_bytes(serialization.Encoding.DER,
                                         serialization.PublicFormat.SubjectPublicKeyInfo)
    ca.store.block_key(hashlib.sha256(spki).digest())
    ca.start()
    order = life.client.wait_while(url, {"processing"})
    assert order["status"] == "invalid", order
    assert order["error"]["type"].endswith(":badCSR") and "compromised" in order["error"]["detail"]
    check_store(ca, 0)


def test_a_signer_that_is_away_is_waited_for(life, tmp_path):
    ca = life.ca
    away = tmp_path / "away"
    ca.start(signer_away=away)
    life.register()
    names = [unique_name()]
    url, order = life.order(names)
    away.touch()
    csr = make_csr(ec.generate_private_key(ec.SECP256R1()), names)
    response = life.client.must(life.client.finalize(order, csr))
    assert response.json()["status"] == "processing", response.text
    assert "Retry-After" in response.headers
    ca.server.wait_until(lambda: "job waits for the signer" in ca.server.tail())
    away.unlink()
    order = life.client.wait_while(url, {"processing"})
    assert order["status"] == "valid", life.client.explain(order)
    life.download(order)
    check_store(ca, 1)


@pytest.mark.parametrize("point", points({step: 1 for step in START}))
def test_dies_while_it_starts(life, point):
    for file in ("server.pem", "server-key.pem"):
        (life.ca.home / "pki" / file).unlink()
    life.ca.launch(die_at=point)
    assert life.ca.server.wait(30) == -signal.SIGKILL
    life.ca.start()
    check_life(life)


@pytest.mark.parametrize("point", points({step: 1 for step in FORGETTING}))
def test_dies_while_it_forgets(life, point):
    """The first step after the start removes an order that has expired, and leaves the other one."""
    ca = life.ca
    ca.settings |= {"profiles.normal.description": "normal", "profiles.short.description": "short",
                    "profiles.short.order_lifetime": "1s", "default_profile": "normal",
                    "retention.orders": "1s"}
    ca.start()
    life.register()
    names = [unique_name()]
    url, order = life.order(names)
    _, short = life.client.order([unique_name()], profile="short")
    expiry = datetime.datetime.fromisoformat(short["expires"].replace("Z", "+00:00"))
    ca.server.wait_until(lambda: time.time() > expiry.timestamp() + 2)
    assert ca.stop() == 0
    ca.launch(die_at=point)
    assert ca.server.wait(30) == -signal.SIGKILL
    assert ca.store.count("orders") == (2 if ".before" in point else 1)
    ca.start()
    assert life.finalize(url, order, names)["status"] == "valid"
    check_store(ca, 1)


@pytest.mark.parametrize("point", points({step: 1 for step in LISTING}))
def test_dies_between_a_revocation_and_its_list(life, point):
    """What was revoked is told all the same, by a list with a greater number."""
    ca = life.ca
    ca.settings |= {"crl.delay": "1s"}
    ca.start()
    life.register()
    first, second = (life.client.issue([unique_name()]) for _ in range(2))
    (crl_point,) = first.leaf.extensions.get_extension_for_class(
        x509.CRLDistributionPoints).value
    url = crl_point.full_name[0].value

    def listed():
        return x509.load_der_x509_crl(requests.get(url, timeout=10).content)

    def number():
        return listed().extensions.get_extension_for_class(x509.CRLNumber).value.crl_number

    ca.server.wait_until(lambda: requests.get(url, timeout=10).status_code == 200)
    before = number()
    assert ca.stop() == 0
    ca.launch(die_at=point)
    if not ca.serves_or_has_died():  # keys are looked for at once
        life.deaths = 1
        ca.start()
    thief = life.survive(lambda: Client(ca, life.responder, Key(first.key)))
    for revoke in (lambda: thief.revoke(first.der), lambda: life.client.revoke(second.der)):
        response = life.survive(revoke)
        assert response.status_code == 200 or "alreadyRevoked" in response.text
    deadline = time.monotonic() + 30
    while life.deaths == 0 and ca.server.process.poll() is None:
        assert time.monotonic() < deadline, "it does not die"
        time.sleep(0.05)
    if life.deaths == 0:
        assert ca.server.wait(30) == -signal.SIGKILL
        ca.start()
    serials = {each.leaf.serial_number for each in (first, second)}
    ca.server.wait_until(lambda: serials <= {entry.serial_number for entry in listed()}, timeout=60)
    assert number() > before
    check_store(ca, 2)


@pytest.mark.parametrize("point", points({step: 1 for step in AUDIT}))
def test_dies_while_it_signs_what_its_audit_log_has_come_to(life, point):
    """The next process makes up for it."""
    ca = life.ca
    ca.launch(die_at=point)
    if not ca.serves_or_has_died():
        life.deaths = 1
        ca.start()
    life.register()
    life.survive(lambda: life.client.must(life.client.post(
        life.client.account_url, {"contact": ["mailto:ops@example.test"]})))
    if life.deaths == 0:
        assert ca.server.wait(30) == -signal.SIGKILL
        ca.start()
    assert ca.stop() == 0
    report = check_whole(ca)
    assert report["signed"] == report["last"]


@pytest.mark.parametrize("point", points({step: 1 for step in COMMANDS}))
def test_dies_while_an_operator_makes_or_ends_a_key(life, point):
    """The command says that it was not answered; said again, it is done."""
    ca, operator = life.ca, Operator(life.ca)
    ca.start(die_at=point)

    def command(*words):
        done = operator.run("eab", *words, "--json")
        if done.returncode == 2:
            assert "whether it acted is not known" in json.loads(done.stdout)["error"]["detail"]
            assert ca.server.wait(30) == -signal.SIGKILL
            life.deaths += 1
            ca.start()
            done = operator.run("eab", *words, "--json")
        return json.loads(done.stdout)

    external = command("create", "--reusable")
    assert command("revoke", external["kid"])["state"] == "revoked"
    assert life.deaths == 1
    keys = operator.json("eab", "list")["keys"]
    # The secret of the first one was told to nobody.
    unknown = 1 if point.startswith("create_external_key.after") else 0
    assert sorted(key["state"] for key in keys) == ["revoked"] + ["usable"] * unknown
    assert ca.stop() == 0
    ca.store.check_integrity()


def pytest_generate_tests(metafunc):
    """The calls within a commit: every third of them, or all with --every-fault."""
    if {"call", "nth"} <= set(metafunc.fixturenames):
        calls = [("fdatasync", n) for n in range(1, 9)] + [("pwrite64", n) for n in range(1, 60, 4)]
        step = 1 if metafunc.config.getoption("--every-fault") else 3
        metafunc.parametrize("call, nth", calls[::step])


@pytest.mark.parametrize("store", ["embedded"], indirect=True)
def test_dies_inside_a_commit(life, call, nth):
    """Killed by strace at the Nth such system call that one of its threads makes: at its start, or
    on the way."""
    life.ca.launch(under=["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}",
                          "-e", f"inject={call}:signal=KILL:when={nth}"])
    if not life.ca.serves_or_has_died():
        life.deaths = 1
        life.ca.start()
    check_life(life)
    assert life.deaths == 1, f"the CA made no {nth} {call}"


def test_every_point_has_a_test():
    known = run([BIN / "cairn-ca-faulty", "points"]).split()
    assert set(known) == {*PATH, *SLOW, *TRIED_AGAIN, *START, *FAILURE, *COMPROMISE,
                          *FORGETTING, *COMMANDS, *SIGNED_OUTSIDE, *LISTING, *AUDIT}


def test_an_unknown_point_is_refused(tmp_path):
    for point in ("sing.before", "sign", "sign.while", "sign.after:0", "sign.after:x", ""):
        run([BIN / "cairn-ca-faulty", "serve", tmp_path, "--die-at", point], expect=2)
