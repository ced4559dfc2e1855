"""The accounts that certificates are ordered by: several at one CA, bound ones, and ones that are gone."""

import base64
import http.server
import json
import ssl
import urllib.parse

import pytest

from harness.odd_ca import problem
from harness.serving import serve

NAME = "a.example"
KEY = b"0123456789abcdef0123456789abcdef"


def url_safe(octets):
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "hmac"
    path.write_text(url_safe(KEY) + "\n")
    return path


def accounts(cairn):
    run = cairn.outcome("account", "list", "--json")
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)["accounts"]


def orderers(ca):
    """The account URL that each order was signed by."""
    return [request.header["kid"] for request in ca.requests if request.path == "/new-order"]


def test_several_accounts_at_one_ca(cairn, ca):
    for name, account in (("a.example", []), ("b.example", ["--account", "second"]),
                          ("c.example", ["--account", "second"])):
        run = cairn.outcome(*cairn.issuing(name), *account)
        assert run.returncode == 0, run.stderr
    first, second, third = orderers(ca)
    assert first != second == third
    assert len(ca.accounts) == 2
    assert {each["url"] for each in accounts(cairn)} == {first, second}
    # Renewals go on with the account of each, in one run.
    run = cairn.outcome("renew", "--force")
    assert run.returncode == 0, run.stderr
    assert sorted(orderers(ca)[3:]) == sorted([first, second, second])
    # Another account alone needs no other certificate; the next one is ordered by it.
    run = cairn.outcome("issue", "-d", "a.example", "--account", "second", "--json")
    assert run.returncode == 0 and json.loads(run.stdout)["result"] == "done", run.stderr
    assert len(ca.certificates) == 6
    assert cairn.outcome("renew", "a.example", "--force").returncode == 0
    assert orderers(ca)[-1] == second
    run = cairn.outcome(*cairn.issuing("d.example"), "--account", "../x")
    assert run.returncode == 2 and "--account" in run.stderr


def test_a_binding_is_used_and_without_effect_later(cairn, ca, key_file):
    ca.binding = {"kid-1": KEY}
    run = cairn.outcome(*cairn.issuing(NAME))
    assert run.returncode == 2 and "--eab-kid" in run.stderr
    binding = ["--eab-kid", "kid-1", "--eab-hmac-key-file", key_file]
    run = cairn.outcome(*cairn.issuing(NAME), *binding)
    assert run.returncode == 0, run.stderr
    assert "no effect" not in run.stderr
    run = cairn.outcome(*cairn.issuing("b.example"), *binding, "--email", "x@example.test")
    assert run.returncode == 0, run.stderr
    assert "(--eab-kid) has no effect" in run.stderr
    assert "--email has no effect" in run.stderr
    assert len(ca.accounts) == 1


def test_an_account_is_replaced_on_demand(cairn, ca):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    refused = orderers(ca)[0]

    def deactivated(request):
        if request.path == "/new-order" and request.header["kid"] == refused:
            return problem("unauthorized", "the account is deactivated", 401)
        return None
    ca.intercept = deactivated
    run = cairn.outcome("renew", "--force")
    assert run.returncode == 2
    assert "the account is deactivated" in run.stderr
    assert "--new-account" in run.stderr
    run = cairn.outcome("issue", "-d", NAME, "--agree-tos", "--new-account", "--force")
    assert run.returncode == 0, run.stderr
    assert len(ca.accounts) == 2 and len(ca.certificates) == 2
    kept = accounts(cairn)
    assert len(kept) == 1 and kept[0]["url"] == orderers(ca)[-1] != refused
    assert list((cairn.state / "accounts").rglob("former-1-key.pem"))
    # Where no other can be had, the one that stands stays.
    ca.intercept = lambda request: (
        problem("unauthorized", "no more accounts", 403) if request.path == "/account" else None)
    run = cairn.outcome("issue", "-d", NAME, "--agree-tos", "--new-account", "--force")
    assert run.returncode == 2 and "no more accounts" in run.stderr
    assert accounts(cairn) == kept


def test_an_account_that_the_ca_has_lost_is_made_again(cairn, ca):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    ca.accounts.clear()
    run = cairn.outcome(*cairn.issuing(NAME), "--force")
    assert run.returncode == 0, run.stderr
    assert "does not know the account any more" in run.stderr
    assert len(ca.accounts) == 1 and len(ca.certificates) == 2


class Binder(http.server.BaseHTTPRequestHandler):
    """Gives out an external account for an e-mail address."""

    def do_POST(self):
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.asked.append(form)
        body = json.dumps(self.server.answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def binder(ca):
    """A place that does so by TLS, with the certificate of the CA's own server."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Binder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ca.api_root, ca.api_root.parent / "odd-ca-key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.asked, server.answer = [], {"success": True, "eab_kid": "kid-9",
                                       "eab_hmac_key": url_safe(KEY)}
    serve(server)
    yield server
    server.shutdown()
    server.server_close()


def test_a_binding_is_got_for_the_email_alone(cairn, ca, binder):
    ca.binding = {"kid-9": KEY}
    place = f"https://localhost:{binder.server_address[1]}/eab"
    environment = {"CAIRN_TEST_EMAIL_BINDING": f"{ca.directory} {place}"}
    run = cairn.outcome(*cairn.issuing(NAME), environment=environment)
    assert run.returncode == 2 and "give --email ADDR" in run.stderr
    binder.answer = {"success": False, "error": {"type": "blocked"}}
    email = ["--email", "me+you@example.test"]
    run = cairn.outcome(*cairn.issuing(NAME), *email, environment=environment)
    assert run.returncode == 2 and "blocked" in run.stderr and "--eab-kid" in run.stderr
    assert not ca.accounts
    binder.answer = {"success": 1, "eab_kid": "kid-9", "eab_hmac_key": url_safe(KEY)}
    run = cairn.outcome(*cairn.issuing(NAME), *email, environment=environment)
    assert run.returncode == 0, run.stderr
    assert binder.asked[-1] == {"email": ["me+you@example.test"]}
    asked = len(binder.asked)
    assert cairn.outcome("renew", "--force", environment=environment).returncode == 0
    assert len(binder.asked) == asked
