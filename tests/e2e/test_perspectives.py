"""Remote network perspectives: several cairn-va beside one CA, of which some lie, die or are silent."""

import json
import os
import signal
import socket
import ssl
import stat
import subprocess
import threading
import time

import pytest
import requests

from harness.acme import ERROR, Client
from harness.authority import CairnCa
from harness.dns_server import DnsServer, unique_name
from harness.perspective import Perspective, command, metric
from harness.ports import reserve_port
from harness.process import BIN
from harness.web import BlackHole, Responder

REGIONS = {"lon1": "RIPE", "nyc1": "ARIN", "sin1": "APNIC"}


@pytest.fixture
def make_perspectives(tmp_path):
    """Makes running perspectives of a CA by their names; enrols them unless told otherwise."""
    made = []

    def make(ca, *names, enrolled=True, **more):
        fresh = []
        for name in names:
            fresh.append(Perspective(tmp_path, ca, name, REGIONS[name],
                                     f"127.0.0.{20 + len(made)}", **more))
            made.append(fresh[-1])
            if enrolled:
                fresh[-1].enrol()
        return fresh

    yield make
    for each in made:
        each.kill()


@pytest.fixture
def ca(start_ca):
    return start_ca(settings={"validation.timeout": "3s"})


@pytest.fixture
def client(ca):
    with Responder(ca.http_port) as responder:
        client = Client(ca, responder)
        client.register()
        yield client


def fails(client, name):
    """Has a validation fail, within a bounded time; the error of its challenge."""
    url, order = client.order([name])
    client.start_validation(order["authorizations"][0])
    order = client.wait_while(url, {"pending", "processing"}, timeout=60)
    assert order["status"] == "invalid"
    authorization = client.read(order["authorizations"][0])
    return client.challenge_of(authorization, "http-01")["error"]


def events(ca, event, **fields):
    return [line for line in ca.log_lines()
            if line["event"] == event and line.items() >= fields.items()]


def wait_for(condition, patience=60):
    deadline = time.monotonic() + patience
    while not (found := condition()):
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.1)
    return found


# --- enrolment


def test_three_perspectives_see_what_the_ca_sees(ca, client, make_perspectives):
    three = make_perspectives(ca, *REGIONS)
    listed = command(ca, "list")["perspectives"]
    assert [(each["perspective"], each["region"], each["status"]) for each in listed] == [
        (name, region, "answers") for name, region in REGIONS.items()]
    assert all(each["program"].startswith("cairn-va ") for each in listed)

    name = unique_name()
    assert client.issue([name]).order["status"] == "valid"
    for each in three:
        [question] = [line for line in each.questions() if line["identifier"] == name]
        assert question["outcome"] == "valid"
        assert metric(ca, "cairn_perspective_seconds_count", perspective=each.name, vote="agreed") == 1
    assert metric(ca, "cairn_quorums_total", outcome="reached") == 1

    # Each one's evidence is in the audit log.
    done = subprocess.run([BIN / "cairn-ca", "audit", "show", ca.home, "--json", "--event",
                           "validation.seen"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    for each in three:
        assert f'"name":"{each.name}"' in done.stdout.replace(" ", ""), done.stdout
    assert "cva1." not in ca.log.read_text()
    audit = "".join(file.read_text() for file in (ca.home / "audit").glob("*.jsonl"))
    assert three[0].code not in audit
    # So are the key of their authority and what it signed: itself, the CA's own, and each of theirs.
    told = [json.loads(line) for line in audit.splitlines()]
    (key,) = [line["key"] for line in told
              if line["event"] == "key.create" and line["use"] == "perspectives"]
    signed = [line["kind"] for line in told
              if line["event"] == "signature" and line.get("signer") == key]
    assert signed[0] == "root certificate" and signed.count("certificate") >= 4


def test_what_is_kept_is_kept_from_others(ca, make_perspectives):
    [va] = make_perspectives(ca, "lon1")
    for folder, file in [(ca.home / "perspectives", "authority-key.pem"), (va.home, "identity.pem")]:
        assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
        assert stat.S_IMODE(os.stat(folder / file).st_mode) == 0o600
    assert not (va.home / "enrolment").exists()
    # Nothing of the CA is there.
    assert (ca.home / "pki" / "intermediate-key.pem").read_text() not in (
        va.home / "identity.pem").read_text()


def test_a_code_is_good_once_and_for_one_perspective(ca, make_perspectives):
    lon1, nyc1 = make_perspectives(ca, "lon1", "nyc1", enrolled=False)
    # Another's code: another key.
    refused = nyc1.enrol(code=lon1.code, expected=2)
    assert "another key" in refused["error"]["detail"]
    # Another secret.
    prefix, key, secret = nyc1.code.split(".")
    wrong = ".".join([prefix, key, "A" * len(secret)])
    assert "403" in nyc1.enrol(code=wrong, expected=2)["error"]["detail"]
    assert nyc1.enrol(code="cva1.x", expected=2)["error"]["code"] == "usage"
    # Another region than the perspective's own.
    nyc1.region = "RIPE"
    assert "region is ARIN here" in nyc1.enrol(expected=2)["error"]["detail"]
    nyc1.region = "ARIN"
    assert nyc1.enrol()["status"] == "answers"
    # There already; and once removed, the code is used up, though the certificate serves.
    assert nyc1.enrol(expected=2)["error"]["code"] == "conflict"
    command(ca, "remove", "nyc1")
    assert "nyc1" not in (ca.home / "ca.toml").read_text()
    nyc1.enrol(expected=2)
    command(ca, "add", "nyc1", "--region", "ARIN", "--url", nyc1.url)
    assert command(ca, "list")["perspectives"][0]["status"] == "answers"


@pytest.mark.checks(184)
def test_nobody_but_the_ca_is_answered(ca, client, make_perspectives, tmp_path, dns):
    [va] = make_perspectives(ca, "lon1", enrolled=False)
    # Before its enrolment it answers nobody.
    for method, path in [("POST", "/v1/validate"), ("GET", "/v1/status"), ("POST", "/v1/csr"),
                         ("POST", "/v1/certificate"), ("GET", "/")]:
        answer = requests.request(method, va.url + path, data="{}", verify=False, timeout=10)
        assert answer.status_code in (400, 403), path
    held = requests.Session()
    assert held.get(va.url + "/v1/status", verify=False, timeout=10).status_code == 403
    va.enrol()
    # A connection from before has no more rights than then.
    assert held.get(va.url + "/v1/status", verify=False, timeout=10).status_code == 403
    # Without a certificate, with its own, and with that of another CA, the handshake fails.
    identity = va.home / "identity.pem"
    pieces = ["-----BEGIN " + each for each in identity.read_text().split("-----BEGIN ")[1:]]
    own = va.home / "own.pem"
    own.write_text("".join(pieces))
    for certificate in (None, str(own)):
        with pytest.raises(requests.RequestException):
            requests.get(va.url + "/v1/status", verify=False, timeout=10, cert=certificate)
    (tmp_path / "other").mkdir()
    other = CairnCa(tmp_path / "other", dns)
    try:
        refused = command(other, "add", "lon1", "--region", "RIPE", "--url", va.url, expected=2)
        assert refused["error"]["code"] == "failed"
    finally:
        other.kill()
    assert client.issue([unique_name()]).order["status"] == "valid"


def test_a_certificate_is_renewed_without_a_restart(ca, client, make_perspectives):
    [va] = make_perspectives(ca, "lon1")
    before = (va.home / "identity.pem").read_text()
    assert command(ca, "renew", "lon1")["status"] == "answers"
    after = (va.home / "identity.pem").read_text()
    assert after != before
    assert client.issue([unique_name()]).order["status"] == "valid"
    va.stop()
    va.start()
    assert client.issue([unique_name()]).order["status"] == "valid"
    assert command(ca, "renew", "nyc1", expected=2)["error"]["code"] == "notFound"


# --- votes


@pytest.mark.checks(183)
def test_one_that_is_dead_costs_its_vote_alone(ca, client, make_perspectives):
    lon1, nyc1, sin1 = make_perspectives(ca, *REGIONS)
    sin1.kill()
    assert client.issue([unique_name()]).order["status"] == "valid"
    assert metric(ca, "cairn_perspective_seconds_count", perspective="sin1", vote="silent") == 1
    assert command(ca, "list")["perspectives"][2]["status"] == "silent"

    # Two dead ones of three: no quorum, and no secret of the CA's network in what the client sees.
    nyc1.kill()
    error = fails(client, unique_name())
    assert error["type"] == ERROR + "serverInternal"
    assert "only 1 did, where 2 have to" in error["detail"]
    assert "127.0.0." not in json.dumps(error), error
    assert metric(ca, "cairn_quorums_total", outcome="missed") == 1

    # Back again, they count again.
    for each in (nyc1, sin1):
        each.start()
    assert client.issue([unique_name()]).order["status"] == "valid"


def test_one_in_a_black_hole_costs_its_vote_alone(ca, client, make_perspectives):
    _, _, sin1 = make_perspectives(ca, *REGIONS)
    client.issue([unique_name()])
    sin1.kill()
    with BlackHole(sin1.port, sin1.url.split("/")[2].split(":")[0]):
        begun = time.monotonic()
        for _ in range(3):
            assert client.issue([unique_name()]).order["status"] == "valid"
        # Waiting for it each time would take 5 s.
        assert time.monotonic() - begun < 15
        wait_for(lambda: metric(ca, "cairn_perspective_seconds_count", perspective="sin1",
                                vote="silent") >= 3)


def test_who_sees_something_else_is_heard(ca, client, make_perspectives, tmp_path):
    other_view = DnsServer("127.0.0.9")
    try:
        make_perspectives(ca, "lon1", "nyc1")
        make_perspectives(ca, "sin1", dns=other_view)
        # One of three may differ: it is written down, logged and counted.
        name = unique_name()
        assert client.issue([name]).order["status"] == "valid"
        [line] = wait_for(lambda: events(ca, "perspective disagrees", identifier=name))
        assert (line["perspective"], line["region"], line["local"], line["remote"]) == (
            "sin1", "APNIC", "valid", "connection")
        assert metric(ca, "cairn_perspective_seconds_count", perspective="sin1",
                      vote="differed") == 1
    finally:
        other_view.stop()


@pytest.mark.checks(181)
def test_nothing_is_issued_below_the_quorum(ca, client, make_perspectives):
    other_view = DnsServer("127.0.0.9")
    try:
        make_perspectives(ca, "lon1")
        make_perspectives(ca, "nyc1", "sin1", dns=other_view)
        name = unique_name()
        error = fails(client, name)
        assert error["type"] == ERROR + "connection"
        assert "of 3 remote network perspectives only 1 did, where 2 have to" in error["detail"]
        told = {each["detail"].split(":")[0] for each in error["subproblems"]}
        assert told == {"from nyc1", "from sin1"}

        # Two that are removed have no vote any more: the one that is left decides.
        for each in ("nyc1", "sin1"):
            command(ca, "remove", each)
        assert client.issue([unique_name()]).order["status"] == "valid"
        assert [each["perspective"] for each in command(ca, "list")["perspectives"]] == ["lon1"]
    finally:
        other_view.stop()


class Liar:
    """Stands in the place of a perspective, with its certificate, and answers what it likes."""

    def __init__(self, va, answer):
        va.kill()
        pieces = (va.home / "identity.pem").read_text().split("-----BEGIN ")[1:]
        chain = va.home / "lie.pem"
        chain.write_text("".join("-----BEGIN " + each for each in pieces[:2]))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        host, port = va.url.split("/")[2].split(":")
        self.socket = context.wrap_socket(socket.create_server((host, int(port))), server_side=True)
        self.answer = answer
        self.asked = 0
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                data = b""
                while b"\r\n\r\n" not in data or not data.endswith(b"}"):
                    piece = connection.recv(65536)
                    if not piece:
                        break
                    data += piece
                self.asked += 1
                question = json.loads(data.split(b"\r\n\r\n", 1)[1])
                body = self.answer(question)
                body = body if isinstance(body, bytes) else json.dumps(body).encode()
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                   b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # Wakes the thread, which would keep the port otherwise.
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(30)


@pytest.mark.checks(185)
def test_a_liar_and_an_outdated_one_have_no_vote(ca, client, make_perspectives):
    [lon1] = make_perspectives(ca, "lon1")
    right = {"protocol": 1, "question": "A" * 43, "perspective": "lon1", "region": "RIPE",
             "begun": "2026-11-22T12:00:00Z", "ended": "2026-11-22T12:00:00Z", "endpoints": [],
             "steps": []}
    lies = [
        (right, "another question"),
        ({**right, "protocol": 2}, "version 2"),
        ({**right, "perspective": "nyc1"}, "another question"),
        ({**right, "steps": ["x"] * 1000}, "cannot be read"),
        (b"[" * 50000, "cannot be read"),
        (b"{}", "no version"),
        (b"x" * 200000, "body is larger"),
    ]
    for lie, reason in lies:
        with Liar(lon1, lambda question, lie=lie: lie):
            error = fails(client, unique_name())
            assert error["type"] == ERROR + "serverInternal", (lie, error)
        last = wait_for(lambda: events(ca, "perspective without answer", perspective="lon1"))[-1]
        assert reason in last["reason"], last
    lon1.start()
    assert client.issue([unique_name()]).order["status"] == "valid"


# --- restarts


def test_a_ca_that_dies_between_votes_asks_again(ca, client, make_perspectives):
    three = make_perspectives(ca, *REGIONS)
    with client.responder.silent():
        name = unique_name()
        url, order = client.order([name])
        client.start_validation(order["authorizations"][0])
        assert client.responder.asked.wait(60)
        ca.kill()
    ca.start()
    assert client.wait_while(url, {"pending"}, timeout=60)["status"] == "ready"
    # Each was asked again: no vote outlives its question.
    for each in three:
        wait_for(lambda each=each: [line for line in each.questions() if line["identifier"] == name])


def test_a_cut_network_neither_hangs_nor_proves(ca, client, make_perspectives):
    """Two that are reached no more, without any error: stopped, they say nothing, as behind a cut cable."""
    _, nyc1, sin1 = make_perspectives(ca, *REGIONS)
    client.issue([unique_name()])
    for each in (nyc1, sin1):
        each.server.signal(signal.SIGSTOP)
    try:
        error = fails(client, unique_name())
        assert error["type"] == ERROR + "serverInternal", error
    finally:
        for each in (nyc1, sin1):
            each.server.signal(signal.SIGCONT)
    assert client.issue([unique_name()]).order["status"] == "valid"


def test_the_command_that_looks_shows_each(ca, make_perspectives, tmp_path):
    make_perspectives(ca, "lon1", "nyc1")[1].kill()
    words = [word for key, value in ca.settings.items()
             for word in ("--set", f"{key}={json.dumps(value)}")]
    with Responder(ca.http_port):
        done = subprocess.run([BIN / "cairn-ca", "validate", ca.home, "example.test", "--method",
                               "http-01", "--json", *words], capture_output=True, text=True, timeout=60)
    answer = json.loads(done.stdout)
    seen = {each["perspective"]: each["methods"][0] for each in answer["perspectives"]}
    assert list(seen) == ["local", "lon1", "nyc1"]
    assert seen["lon1"]["steps"] and seen["lon1"]["detail"]
    assert not seen["nyc1"]["reached"] and "no answer" in seen["nyc1"]["detail"]


# --- cairn-va by itself


def test_what_init_is_told_wrong_it_says(tmp_path):
    def init(*words):
        return subprocess.run([BIN / "cairn-va", "init", tmp_path / "va", *words],
                              capture_output=True, text=True, timeout=60)

    good = ["--name", "lon1", "--region", "RIPE", "--ca-url", "https://ca.example:14000"]
    for wrong in [["--name", "Lon 1", *good[2:]], [*good[:2], "--region", "EU", *good[4:]],
                  [*good[:4], "--ca-url", "http://ca.example"], good[:4]]:
        done = init(*wrong)
        assert done.returncode == 2 and done.stderr, wrong
        assert not (tmp_path / "va" / "va.toml").exists()
    done = init(*good)
    assert done.returncode == 0, done.stderr
    assert "cva1." in done.stdout and "perspective add" in done.stdout
    again = init(*good)
    assert again.returncode == 2 and "is there already" in again.stderr
    for words in (["--help"], ["init", "--help"], ["serve", "--help"], ["code", "--help"]):
        done = subprocess.run([BIN / "cairn-va", *words], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0 and done.stdout
    done = subprocess.run([BIN / "cairn-va", "serve", tmp_path / "va", "--set", "listn=[]"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "did you mean listen" in done.stderr, done.stderr
