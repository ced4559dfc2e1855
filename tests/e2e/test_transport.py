"""HTTP, the directory and nonces (RFC 8555 sections 6.1, 6.3, 6.5 and 7.1)."""

import email.utils
import json
import re
import socket
import ssl
import threading
import time

import pytest
import requests

from e2e.refusals import assert_refused
from harness.acme import assert_problem, make_jws
from harness.dns_server import unique_name


@pytest.mark.checks(1)
def test_directory(client):
    response = client.http.get(client.authority.directory)
    assert response.headers["Content-Type"].startswith("application/json")
    directory = response.json()
    base = client.authority.directory.removesuffix("directory")
    for name in ["newNonce", "newAccount", "newOrder", "newAuthz", "revokeCert", "keyChange",
                 "renewalInfo"]:
        assert directory[name].startswith(base), name
    date = email.utils.parsedate_to_datetime(response.headers["Date"])
    assert abs(date.timestamp() - time.time()) < 60


@pytest.mark.parametrize("resource", ["directory", "newNonce"])
@pytest.mark.checks(3)
def test_post_as_get_is_get(client, resource):
    url = client.directory[resource] if resource in client.directory else client.authority.directory
    assert client.post(url).status_code == client.http.get(url).status_code
    head = client.http.head(url)
    assert head.status_code == 200 and head.content == b""


@pytest.mark.checks(14, 15)
def test_nonces_are_unique_and_never_cached(client):
    url = client.directory["newNonce"]
    get = client.http.get(url)
    assert (get.status_code, get.content) == (204, b"")
    seen = set()
    for _ in range(300):
        response = client.http.head(url)
        assert response.status_code == 200
        assert response.headers["Cache-Control"] == "no-store"
        assert re.fullmatch("[A-Za-z0-9_-]{11,}", response.headers["Replay-Nonce"])
        seen.add(response.headers["Replay-Nonce"])
    assert len(seen) == 300


@pytest.mark.checks(8)
def test_every_response_leads_to_the_directory(client):
    for response in [client.http.head(client.directory["newNonce"]), client.post(client.account_url),
                     client.post(client.account_url, {"status": "nonsense"})]:
        assert f'<{client.authority.directory}>;rel="index"' in response.headers["Link"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("resource", ["newAccount", "newOrder", "revokeCert", "keyChange"])
@pytest.mark.checks(4, 5)
def test_methods_that_a_resource_does_not_have(client, method, resource):
    response = client.send(client.directory[resource], "{}", method=method)
    assert_problem(response, 405, "malformed")
    assert response.headers["Allow"] == "POST"


@pytest.mark.checks(4)
def test_resources_of_an_account_are_not_for_get(client):
    url, order = client.order([unique_name()])
    for resource in [url, *order["authorizations"], client.account_url]:
        assert_problem(client.http.get(resource), 405, "malformed")


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/jose", ""])
@pytest.mark.checks(6)
def test_only_jose_is_taken(client, content_type):
    url = client.directory["newOrder"]
    response = client.send(url, make_jws(client.key, client.header(url), {}), content_type)
    assert_refused(client, response, 415, "malformed")


@pytest.mark.checks(10)
def test_a_body_above_the_limit_is_refused_before_it_is_read(client):
    response = client.send(client.directory["newOrder"], "a" * 100_000)
    assert_problem(response, 413, "malformed")


@pytest.mark.checks(9)
def test_browsers_may_ask(client):
    url = client.directory["newOrder"]
    answer = client.http.options(url, headers={
        "Origin": "https://app.example", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type"})
    assert answer.status_code in (200, 204) and "Replay-Nonce" not in answer.headers
    assert answer.headers["Access-Control-Allow-Methods"] == "POST"
    assert answer.headers["Access-Control-Allow-Headers"] == "Content-Type"
    for response in [client.http.get(client.authority.directory), client.post(client.account_url),
                     client.post(url, {}), client.http.get(url)]:
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        exposed = set(response.headers["Access-Control-Expose-Headers"].split(", "))
        assert exposed >= {"Link", "Location", "Replay-Nonce", "Retry-After"}


@pytest.mark.checks(2)
def test_the_directory_tells_what_is_configured(start_ca):
    ca = start_ca(settings={"directory.terms_of_service": "https://ca.example/terms",
                            "directory.website": "https://ca.example/"})
    meta = requests.get(ca.directory, verify=str(ca.api_root), timeout=10).json()["meta"]
    assert meta["termsOfService"] == "https://ca.example/terms"
    assert meta["website"] == "https://ca.example/"
    assert meta["profiles"].keys() >= {"default"}


# Raw requests, with the sanest refusal for each; the connection is closed after it.

def raw_exchange(ca, request, timeout=20):
    """Sends octets over TLS; all that comes back until the server closes."""
    context = ssl.create_default_context(cafile=str(ca.api_root))
    with socket.create_connection(("127.0.0.1", ca.port), timeout=timeout) as connection:
        with context.wrap_socket(connection, server_hostname="localhost") as tls:
            answer = b""
            try:
                tls.sendall(request)
                while part := tls.recv(65536):
                    answer += part
            except (ConnectionError, ssl.SSLError):
                pass  # the server may close while the test still sends
            return answer


POST = b"POST /acme/new-order HTTP/1.1\r\nHost: localhost:%d\r\n"

RAW_REQUESTS = {
    "length and chunks": (
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400}),
    "two lengths": (POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x", {400}),
    "negative length": (POST + b"Content-Length: -1\r\n\r\n", {400}),
    "bare line feeds": (b"GET /directory HTTP/1.1\nHost: localhost:%d\n\n", {400}),
    "folded header": (POST + b"Content-Type: application/\r\n jose+json\r\n"
                      b"Content-Length: 2\r\n\r\n{}", {400}),
    "space before the colon": (POST + b"Content-Length : 2\r\n\r\n{}", {400}),
    "no host": (b"GET /directory HTTP/1.1\r\nX-Port: %d\r\n\r\n", {400}),
    "two hosts": (b"GET /directory HTTP/1.1\r\nHost: localhost:%d\r\nHost: evil.test\r\n\r\n", {400}),
    "header of 32 KiB": (
        b"GET /directory HTTP/1.1\r\nHost: localhost:%d\r\nX: " + b"a" * 32768 + b"\r\n\r\n", {431}),
    "no HTTP": (b"\x16\x03\x01\x00\x05hello port %d\r\n\r\n", {400}),
    "HTTP/2": (POST.replace(b"HTTP/1.1", b"HTTP/2.0") + b"\r\n", {505}),
    "HTTP/9 without a number": (POST.replace(b"HTTP/1.1", b"HTTP/x") + b"\r\n", {400}),
    "long target": (b"POST /acme/new-order?" + b"a" * 32768 + b" HTTP/1.1\r\nHost: localhost:%d"
                    b"\r\n\r\n", {414}),
    "many fields": (POST + b"X: y\r\n" * 200 + b"\r\n", {431}),
    "long body": (POST + b"Content-Length: 100000\r\n\r\n", {413}),
    "long chunk": (POST + b"Transfer-Encoding: chunked\r\n\r\n20000\r\n", {413}),
    "unknown coding": (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n", {501}),
    "unknown expectation": (POST + b"Expect: a miracle\r\nContent-Length: 0\r\n\r\n", {417}),
    "another host": (POST.replace(b"localhost", b"evil.test") + b"Content-Length: 0\r\n"
                     b"Connection: close\r\n\r\n", {421}),
    "compressed body": (POST + b"Content-Type: application/jose+json\r\nContent-Encoding: gzip\r\n"
                        b"Content-Length: 2\r\nConnection: close\r\n\r\n{}", {415}),
}


@pytest.mark.parametrize("name", RAW_REQUESTS)
@pytest.mark.checks(8, 10, 11, 12, 13, 16, 164)
def test_requests_that_smuggle_or_swamp(client, name):
    request, statuses = RAW_REQUESTS[name]
    answer = raw_exchange(client.authority, request % client.authority.port)
    assert re.match(rb"HTTP/1\.1 (\d+)", answer), answer[:200]
    assert int(answer.split()[1]) in statuses, answer[:500]
    assert_carries_what_every_answer_does(client, request, answer)
    assert client.post(client.account_url).status_code == 200


def assert_carries_what_every_answer_does(client, request, answer):
    """What RFC 8555 sections 6.5, 6.7 and 7.1 want, whoever refused the request."""
    head, _, body = answer.partition(b"\r\n\r\n")
    fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    assert fields["Content-Type"] == "application/problem+json"
    problem = json.loads(body)
    assert problem["type"].startswith("urn:ietf:params:acme:error:") and problem["detail"]
    assert problem["status"] == int(answer.split()[1])
    if not request.startswith(b"GET /directory"):
        assert fields["Link"] == f'<{client.authority.directory}>;rel="index"'
    if request.startswith(b"POST "):
        nonce = fields["Replay-Nonce"]
        assert client.post(client.account_url, nonce=nonce).status_code == 200
    else:
        assert "Replay-Nonce" not in fields


@pytest.mark.parametrize("path", ["/nothing", "/acme/", "/acme/../directory", "//directory",
                                  "/directory%2f", "/%64irectory", "/acme/order/%00",
                                  "/acme/order/..%2f..%2fdirectory", "/directory/"])
@pytest.mark.checks(5)
def test_unknown_paths_are_no_other_route(client, path):
    request = f"GET {path} HTTP/1.1\r\nHost: localhost:{client.authority.port}\r\n" \
              "Connection: close\r\n\r\n"
    answer = raw_exchange(client.authority, request.encode())
    assert answer.startswith((b"HTTP/1.1 404 ", b"HTTP/1.1 400 ")), answer[:300]
    assert b"newNonce" not in answer


@pytest.mark.checks(13)
def test_a_foreign_host_is_never_copied(client):
    answer = raw_exchange(
        client.authority,
        b"GET /directory HTTP/1.1\r\nHost: evil.example:443\r\nConnection: close\r\n\r\n")
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 421 ")), answer[:300]
    assert b"https://evil.example" not in answer


@pytest.mark.checks(7)
def test_plain_http_has_no_api(client):
    port = client.authority.port
    for method, path in [("GET", "/directory"), ("POST", "/acme/new-order")]:
        try:
            response = requests.request(method, f"http://localhost:{port}{path}", timeout=10,
                                        data=b"{}" if method == "POST" else None)
        except requests.ConnectionError:
            continue
        assert response.status_code >= 400


@pytest.mark.checks(7)
def test_tls_1_1_is_refused(client):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", client.authority.port), timeout=10) as connection:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            context.wrap_socket(connection, server_hostname="localhost")


@pytest.mark.checks(12)
def test_a_slow_request_is_cut_off_and_hinders_nobody(client):
    context = ssl.create_default_context(cafile=str(client.authority.api_root))
    with socket.create_connection(("127.0.0.1", client.authority.port), timeout=30) as connection:
        with context.wrap_socket(connection, server_hostname="localhost") as tls:
            begun = time.monotonic()
            closed = threading.Event()

            def drip():
                try:
                    for octet in b"GET /directory HTTP/1.1\r\nHost: localhost\r\nX-Slow: " * 9:
                        tls.send(bytes([octet]))
                        if closed.wait(0.25):
                            return
                except OSError:
                    pass

            thread = threading.Thread(target=drip)
            thread.start()
            try:
                assert client.post(client.account_url).status_code == 200
                tls.settimeout(25)
                while tls.recv(4096):  # a 408 may come first
                    pass
            except ConnectionError:
                pass
            finally:
                closed.set()
                thread.join()
            assert time.monotonic() - begun < 25


# Nonces in requests

@pytest.mark.checks(16, 17)
def test_a_nonce_works_once(client):
    url = client.account_url
    body = make_jws(client.key, client.header(url), None)
    assert client.send(url, body).status_code == 200
    response = client.send(url, body)
    assert_problem(response, 400, "badNonce")
    assert client.post(url, nonce=response.headers["Replay-Nonce"]).status_code == 200


@pytest.mark.checks(16, 17)
def test_a_nonce_works_once_among_50_at_the_same_time(client):
    url = client.account_url
    body = json.dumps(make_jws(client.key, client.header(url), None))
    answers = []

    def send():
        answers.append(requests.post(
            url, data=body, headers={"Content-Type": "application/jose+json"},
            verify=str(client.authority.api_root), timeout=60))

    threads = [threading.Thread(target=send) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 49
    for answer in answers:
        if answer.status_code == 400:
            assert_problem(answer, 400, "badNonce")


@pytest.mark.parametrize("nonce, kind", [
    (None, "badNonce"),
    ("", "badNonce"),
    ("AAAAAAAAAAAAAAAAAAAAAA", "badNonce"),
    ("A" * 4000, "badNonce"),
    ("not/base64url+", "malformed"),
    (7, "malformed"),
    (["x"], "malformed"),
    ({}, "malformed"),
])
@pytest.mark.checks(16, 18, 19, 20)
def test_nonces_that_were_never_given(client, nonce, kind):
    url = client.account_url
    header = client.header(url)
    header["nonce"] = nonce
    if nonce is None:
        del header["nonce"]
    assert_refused(client, client.send(url, make_jws(client.key, header, None)), 400, kind)


@pytest.mark.checks(19)
def test_null_is_no_nonce(client):
    url = client.account_url
    header = client.header(url) | {"nonce": None}
    assert_refused(client, client.send(url, make_jws(client.key, header, None)), 400, "malformed")


@pytest.mark.checks(22)
def test_a_nonce_in_a_field_means_nothing(client):
    url = client.account_url
    fields = {"Content-Type": "application/jose+json", "Replay-Nonce": client.nonce()}
    without = {name: value for name, value in client.header(url).items() if name != "nonce"}
    for header, status in [(client.header(url), 200), (without, 400)]:
        body = json.dumps(make_jws(client.key, header, None))
        response = client.http.post(url, data=body, headers=fields, timeout=10)
        assert response.status_code == status, response.text
    assert_problem(response, 400, "badNonce", "holds no nonce")
    assert client.post(url, nonce=fields["Replay-Nonce"]).status_code == 200
