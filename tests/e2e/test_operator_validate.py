"""`cairn-ca validate` shows what the CA sees for a name, step by step, and changes nothing."""

import http.server
import json
import subprocess

import pytest

from harness.dns_server import unique_name
from harness.ports import reserve_port
from harness.process import BIN
from harness.web import Redirector, Responder, WebServer


@pytest.fixture
def web_port():
    """Where the test's own web server listens, and where the command looks."""
    return reserve_port()


@pytest.fixture
def settings(shared_ca, web_port):
    return [word for key, value in (shared_ca.settings | {"validation.http_port": web_port}).items()
            for word in ("--set", f"{key}={json.dumps(value)}")]


@pytest.fixture
def look(shared_ca, settings):
    """Runs the command, says whether every method was reached, and returns the answer."""
    def run(name, *options, code=0):
        done = subprocess.run([BIN / "cairn-ca", "validate", shared_ca.home, name, "--json", *settings,
                               *options], capture_output=True, text=True, timeout=60)
        assert done.returncode == code, done.stdout + done.stderr
        answer = json.loads(done.stdout)
        assert (answer["version"], answer["ok"]) == (1, code == 0)
        return answer

    return run


def only(answer):
    [perspective] = answer["perspectives"]
    assert perspective["perspective"] == "local"
    return perspective, {each["method"]: each for each in perspective["methods"]}


def records(perspective):
    return {each["question"]: each for each in perspective["dns"]}


class _Greeter(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"It works here: the default page"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_a_web_server_is_seen_with_its_records_and_its_answer(look, shared_ca, web_port, dns):
    name = unique_name()
    dns.add(name, "CAA", '0 issue "ca.example"')
    dns.add(name, "A", "127.0.0.1")
    dns.add(f"_acme-challenge.{name}", "TXT", "of-somebody-else")
    before = shared_ca.store.count("orders"), shared_ca.store.count("authorizations")
    with WebServer(web_port, _Greeter):
        perspective, methods = only(look(name, "--method", "http-01"))
    seen = records(perspective)
    assert seen[f"{name} A"]["answers"] == ["127.0.0.1"]
    assert seen[f"{name} A"]["dnssec"] == "insecure"
    assert seen[f"{name} CAA"]["answers"] == ["0 issue ca.example"]
    assert seen[f"_acme-challenge.{name} TXT"]["answers"] == ["of-somebody-else"]
    http_01 = methods["http-01"]
    assert http_01["reached"] and http_01["problem"] == "unauthorized"
    assert f"127.0.0.1:{web_port}" in http_01["steps"]
    [answer] = http_01["answers"]
    assert "status 200" in answer and "It works here" in answer
    assert (shared_ca.store.count("orders"), shared_ca.store.count("authorizations")) == before


def test_redirects_are_seen_one_by_one(look, web_port):
    name = unique_name()
    target = f"http://{name}:{web_port}/elsewhere"
    with Redirector(web_port, target):
        _, methods = only(look(name, "--method", "http-01", code=2))
    answers = methods["http-01"]["answers"]
    assert len(answers) > 2 and all("status 302" in each and target in each for each in answers)
    assert not methods["http-01"]["reached"]


def test_every_method_is_tried_and_what_is_not_there_is_told(look, web_port):
    name = unique_name()
    with Responder(web_port):
        _, methods = only(look(name, code=2))
    assert set(methods) >= {"http-01", "dns-01", "tls-alpn-01"}
    assert methods["http-01"]["reached"] and "status 404" in methods["http-01"]["answers"][0]
    assert not methods["tls-alpn-01"]["reached"]
    assert methods["tls-alpn-01"]["problem"] == "connection"
    assert methods["dns-01"]["steps"] == [f"_acme-challenge.{name} TXT"]


def test_tls_is_seen_with_its_certificate(look, shared_ca):
    # The CA's own listener speaks TLS, and no acme-tls/1. It is reached only where its very address is
    # allowed.
    _, methods = only(look(unique_name(), "--method", "tls-alpn-01", "--set",
                           f"validation.tls_alpn_port={shared_ca.port}", "--set",
                           'validation.allow_networks=["127.0.0.1"]', code=2))
    seen = methods["tls-alpn-01"]
    assert f"127.0.0.1:{shared_ca.port}" in seen["steps"] and "TLS" in seen["detail"] + str(
        seen["answers"])


@pytest.mark.parametrize("name, options, words", [
    ("a b.test", [], "is no name or address"),
    ("*.example.test", ["--method", "http-01"], "http-01 proves no control of wildcards"),
    ("192.0.2.1", ["--method", "dns-01"], "dns-01 proves no control of addresses"),
    ("www.example.test", ["--method", "http-02"], "is no method; there are http-01"),
    ("www.example.test", ["--method", "dns-account-01"], "say --account URL"),
])
def test_a_mistake_is_told(look, name, options, words):
    answer = look(name, *options, code=2)
    assert words in answer["error"]["detail"]


def test_people_read_it_line_by_line(shared_ca, settings, web_port):
    name = unique_name()
    with Responder(web_port):
        done = subprocess.run([BIN / "cairn-ca", "validate", shared_ca.home, name, "--method",
                               "http-01", *settings], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert lines[:2] == ["local", "records"] and "http-01: reached" in lines
    assert any(line.startswith(f"{name} A: 127.0.0.1") for line in lines)
