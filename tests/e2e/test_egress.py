"""Where validation connects to: never to the CA's own ports; and to redirects as browsers take them."""

import http.server

import pytest

from harness.acme import ERROR, Client
from harness.dns_server import unique_name
from harness.web import PREFIX, WebServer


class NoResponder:
    """Takes answers, and serves none."""

    answers = {}


def failure(client, kind):
    _, order = client.order([unique_name()])
    url = order["authorizations"][0]
    client.start_validation(url, kind)
    client.wait_while(url, {"pending", "processing"})
    return client.challenge_of(client.read(url), kind)["error"]


@pytest.mark.checks(100)
def test_the_cas_own_ports_are_refused_within_networks_that_are_allowed(start_ca):
    ca = start_ca(starts=False)
    ca.settings["validation.tls_alpn_port"] = ca.port
    ca.settings["validation.http_port"] = ca.admin_port
    ca.start()
    client = Client(ca, NoResponder())
    client.register()
    for kind in ("http-01", "tls-alpn-01"):
        error = failure(client, kind)
        assert error["type"] == ERROR + "connection", error
        assert "no address that validation may connect to: 127.0.0.1" in error["detail"]
    # By its very address it can be named.
    ca.stop()
    ca.settings["validation.allow_networks"] = ["127.0.0.0/8", "127.0.0.1"]
    ca.start()
    error = failure(client, "http-01")
    assert error["type"] == ERROR + "unauthorized" and "404" in error["detail"], error


class BrowserRedirects(WebServer):
    """Leads each challenge to a path that no URL may have, and answers at its encoded form."""

    def __init__(self, port):
        self.answers, self.asked = {}, []
        answers, asked = self.answers, self.asked

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                asked.append(self.path)
                if self.path.startswith(PREFIX):
                    token = self.path.removeprefix(PREFIX)
                    self.send_response(302)
                    location = f"/[new site]/grüße/{token}?from=a b".encode().decode("latin-1")
                    self.send_header("Location", location)
                    self.end_headers()
                    return
                token = self.path.split("?")[0].rsplit("/", 1)[1]
                self.send_response(200)
                self.end_headers()
                self.wfile.write(answers[token].encode())

        super().__init__(port, Handler, "127.0.0.7")


@pytest.mark.checks(96)
def test_a_redirect_with_blanks_brackets_and_utf_8_is_followed(shared_ca, dns):
    name = unique_name()
    dns.add(name, "A", "127.0.0.7")  # beside the responder of other tests
    client = Client(shared_ca)
    client.register()
    with BrowserRedirects(shared_ca.http_port) as server:
        client.responder = server
        assert client.issue([name]).leaf
    assert server.asked[-1].startswith("/%5Bnew%20site%5D/gr%C3%BC%C3%9Fe/")
    assert server.asked[-1].endswith("?from=a%20b")

