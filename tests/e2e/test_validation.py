"""Validation with hostile hosts beside it, with a shortage, or before the answer is there."""

import concurrent.futures
import hashlib
import http.server
import socket
import statistics
import time

import pytest

from harness.acme import ERROR, Client, assert_problem, b64
from harness.dns_server import unique_name
from harness.web import BlackHole, Redirector, Responder, WebServer


@pytest.fixture
def make_client():
    """Makes clients with an account at a CA."""
    def make(ca, responder=None):
        client = Client(ca, responder)
        client.register()
        return client

    return make


def challenge_of(client, order, kind="http-01"):
    """The authorization's URL and the challenge of an order for one name."""
    url = order["authorizations"][0]
    return url, client.challenge_of(client.read(url), kind)


def answer_at_once(client, authorizations, clients=24):
    """Answers the http-01 challenge of each, without reading them first."""
    url, challenge = challenge_of(client, {"authorizations": authorizations})
    urls = [challenge["url"].replace(url.rsplit("/", 1)[1], other.rsplit("/", 1)[1])
            for other in authorizations]

    def work(share):
        twin = Client(client.authority, key=client.key)
        twin.account_url = client.account_url
        return [twin.post(url, {}).status_code for url in share]

    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        answers = sum(pool.map(work, [urls[i::clients] for i in range(clients)]), [])
    assert set(answers) == {200}


def seconds_to_issue(client):
    begun = time.monotonic()
    client.issue([unique_name()])
    return time.monotonic() - begun


# --- fairness


def test_silent_hosts_of_one_account_keep_nobody_waiting_nor_after_a_crash(
        start_ca, dns, make_client):
    ca = start_ca()
    dns.add("*.hole.test", "A", "127.0.0.2")
    with Responder(ca.http_port) as responder, BlackHole(ca.http_port, "127.0.0.2"):
        honest, greedy = make_client(ca, responder), make_client(ca)
        alone = statistics.median(seconds_to_issue(honest) for _ in range(3))
        names = [f"n{i}.hole.test" for i in range(320)]
        orders = [greedy.order(names[i:i + 80])[1] for i in range(0, len(names), 80)]
        answer_at_once(greedy, sum((order["authorizations"] for order in orders), []))
        beside = [seconds_to_issue(honest) for _ in range(3)]
        # Otherwise all would wait for a place that a silent host frees after 10 s.
        assert statistics.median(beside) < max(1.5 * alone, alone + 0.2), (alone, beside)
        assert max(beside) < 2, (alone, beside)

        # The newest job in the store is not the last to be taken up.
        with responder.silent():
            url, order = honest.order([unique_name()])
            honest.start_validation(order["authorizations"][0])
            ca.kill()
        ca.start()
        begun = time.monotonic()
        assert honest.wait_while(url, {"pending"}, timeout=8)["status"] == "ready"
        assert time.monotonic() - begun < 5
    ca.kill()  # the silent hosts would delay an orderly end


# --- shortage


def test_what_the_ca_lacks_is_no_finding(start_ca, dns, shortage, make_client):
    ca = start_ca(shortage=shortage)
    lacking = [("connect", "tcp", "EADDRNOTAVAIL"), ("socket", "tcp", "EMFILE"),
               ("connect", "tcp", "ENOBUFS"), ("socket", "tcp", "ENFILE"),
               ("socket", "udp", "EMFILE"), ("connect", "udp", "ENOMEM"),
               ("connect", "tcp", "ENETDOWN")]
    with Responder(ca.http_port) as responder:
        client = make_client(ca, responder)
        orders = []
        for number, what in enumerate(lacking):
            kind = "dns-01" if what[1] == "udp" and number % 2 else "http-01"
            name = unique_name()
            url, order = client.order([name])
            authorization_url, challenge = challenge_of(client, order, kind)
            answer = client.key_authorization(challenge["token"])
            responder.answers[challenge["token"]] = answer
            if kind == "dns-01":
                dns.add(f"_acme-challenge.{name}", "TXT", b64(hashlib.sha256(answer.encode()).digest()))
            with shortage.of(*what):
                answered = client.must(client.post(challenge["url"], {}))
                assert answered.json()["status"] == "processing", (what, answered.text)
                assert "Retry-After" in answered.headers
                assert client.read(authorization_url)["status"] == "pending"
            orders.append((what, url, authorization_url))
        for what, url, authorization_url in orders:
            order = client.wait_while(url, {"pending"}, timeout=15)
            assert order["status"] == "ready", (what, client.read(authorization_url))
    waiting = [line for line in ca.log_lines() if line["event"] == "job waits for what the CA lacks"]
    assert len(waiting) >= len(lacking)


def test_operators_connections_leave_clients_theirs(start_ca, make_client):
    ca = start_ca(descriptors=400)
    held = []
    with Responder(ca.http_port) as responder:
        try:
            for _ in range(500):
                held.append(socket.create_connection(("127.0.0.1", ca.admin_port), timeout=5))
            client = make_client(ca, responder)
            assert client.issue([unique_name()]).order["status"] == "valid"
        finally:
            for connection in held:
                connection.close()
    assert not [line for line in ca.log_lines() if line["event"] == "accept failed"]


def test_few_descriptors_are_enough_for_many_validations(start_ca, dns, make_client):
    ca = start_ca(descriptors=256, settings={"validation.timeout": "2s"})
    dns.add("*.narrow.test", "A", "127.0.0.2")
    with Responder(ca.http_port) as responder, BlackHole(ca.http_port, "127.0.0.2"):
        greedy, honest = make_client(ca), make_client(ca, responder)
        _, order = greedy.order([f"n{i}.narrow.test" for i in range(100)])
        answer_at_once(greedy, order["authorizations"])
        assert honest.issue([unique_name()]).order["status"] == "valid"
    assert not [line for line in ca.log_lines() if line["event"] == "accept failed"]


# --- the inner network


class Inside(WebServer):
    """A service that nobody outside may look at; remembers what it was asked."""

    def __init__(self, port, address):
        asked = self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                self.send_response(418, "SECRET")
                self.send_header("X-Secret", "SECRET")
                self.end_headers()
                self.wfile.write(b"SECRET")

            def log_message(self, *_):
                pass

        super().__init__(port, Handler, address)


def failure(client, name):
    """The detail for which http-01 fails for `name`."""
    _, order = client.order([name])
    url = order["authorizations"][0]
    challenge = client.challenge_of(client.read(url), "http-01")
    client.must(client.post(challenge["url"], {}))
    authorization = client.wait_while(url, {"pending"})
    assert authorization["status"] == "invalid"
    return authorization["challenges"][0]["error"]


@pytest.mark.checks(97, 100)
def test_a_redirect_opens_nothing_inside(start_ca, dns, make_client):
    ca = start_ca()
    dns.add("vault.inside.test", "A", "127.0.0.2")
    client = make_client(ca)
    told = set()
    with Inside(ca.http_port, "127.0.0.2") as inside:
        for location in ["http://vault.inside.test/keys", f"http://127.0.0.2:{ca.http_port}/keys",
                         "http://127.0.0.2/keys", "http://nothing.inside.invalid/"]:
            with Redirector(ca.http_port, location):
                name = unique_name()
                problem = failure(client, name)
            assert problem["type"] == ERROR + "connection"
            assert "127.0.0.2" not in problem["detail"] and "SECRET" not in problem["detail"]
            told.add(problem["detail"].replace(name, "NAME").split("acme-challenge/")[1].split(" ", 1)[1])
        assert inside.asked == []
        assert len(told) == 1, told

        # A host that the name itself leads to is asked only for the challenge, and is not quoted.
        detail = failure(client, "vault.inside.test")["detail"]
    assert len(inside.asked) == 1 and inside.asked[0].startswith("/.well-known/acme-challenge/")
    assert "SECRET" not in detail, detail


# --- answered again


@pytest.mark.checks(87)
def test_a_failed_challenge_that_is_answered_again_shows_its_error(start_ca, make_client):
    ca = start_ca()
    client = make_client(ca)
    _, order = client.order([unique_name()])
    url = order["authorizations"][0]
    challenges = {c["type"]: c for c in client.read(url)["challenges"]}
    client.must(client.post(challenges["http-01"]["url"], {}))
    failed = client.wait_while(url, {"pending"})["challenges"][0]
    again = client.post(challenges["http-01"]["url"], {})
    assert again.status_code == 200
    assert again.json() == failed and again.json()["status"] == "invalid"
    assert again.json()["error"]["type"] == ERROR + "connection"

    # Another challenge of the same authorization is refused for the same cause.
    other = assert_problem(client.post(challenges["dns-01"]["url"], {}), 400, "malformed")
    assert "http-01 challenge failed" in other["detail"]
    assert failed["error"]["detail"] in other["detail"]
    assert other["subproblems"][0]["type"] == ERROR + "connection"


@pytest.mark.checks(86, 87)
def test_challenges_of_a_valid_authorization_need_no_answer(start_ca, make_client):
    ca = start_ca()
    with Responder(ca.http_port) as responder:
        client = make_client(ca, responder)
        _, order = client.order([unique_name()])
        url = order["authorizations"][0]
        challenges = {c["type"]: c for c in client.read(url)["challenges"]}
        client.start_validation(url)
        assert client.wait_while(url, {"pending"})["status"] == "valid"
        assert client.must(client.post(challenges["http-01"]["url"], {})).json()["status"] == "valid"
        assert client.must(client.post(challenges["dns-01"]["url"], {})).json()["status"] == "pending"
        client.must(client.post(url, {"status": "deactivated"}))
    gone = assert_problem(client.post(challenges["http-01"]["url"], {}), 400, "malformed")
    assert "was deactivated" in gone["detail"]


# --- failures that may pass


@pytest.mark.checks(89, 92)
def test_what_may_heal_is_tried_again_also_after_a_crash(start_ca, make_client):
    ca = start_ca(settings={"validation.retry_for": "60s"})
    with Responder(ca.http_port) as responder:
        client = make_client(ca, responder)
        url, order = client.order([unique_name()])
        authorization_url, challenge = challenge_of(client, order)
        answered = client.must(client.post(challenge["url"], {}))
        assert answered.json()["status"] == "processing"
        assert "404" in answered.json()["error"]["detail"]
        assert int(answered.headers["Retry-After"]) >= 1

        ca.kill()
        ca.start()
        ca.server.wait_until(
            lambda: len(client.read(challenge["url"]).get("error", {}).get("subproblems", [])) >= 2)
        assert client.read(authorization_url)["status"] == "pending"
        token = challenge["token"]
        responder.answers[token] = client.key_authorization(token)
        assert client.wait_while(url, {"pending"}, timeout=20)["status"] == "ready"
        assert "error" not in client.read(challenge["url"])


def test_trying_again_ends(start_ca, make_client):
    ca = start_ca(settings={"validation.retry_for": "2s"})
    client = make_client(ca)
    begun = time.monotonic()
    _, order = client.order([unique_name()])
    url, challenge = challenge_of(client, order)
    assert client.must(client.post(challenge["url"], {})).json()["status"] == "processing"
    failed = client.wait_while(url, {"pending"}, timeout=15)
    assert failed["status"] == "invalid"
    assert time.monotonic() - begun > 1
    error = failed["challenges"][0]["error"]
    assert error["type"] == ERROR + "connection" and len(error["subproblems"]) >= 2


def test_what_answers_something_else_is_not_tried_again(start_ca, make_client):
    ca = start_ca(settings={"validation.retry_for": "60s"})
    with Responder(ca.http_port) as responder:
        client = make_client(ca, responder)
        _, order = client.order([unique_name()])
        url, challenge = challenge_of(client, order)
        responder.answers[challenge["token"]] = "something else"
        client.must(client.post(challenge["url"], {}))
        failed = client.wait_while(url, {"pending"}, timeout=5)
    assert failed["challenges"][0]["error"]["type"] == ERROR + "unauthorized"
