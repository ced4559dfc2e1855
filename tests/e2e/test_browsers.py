"""Clients that run in a browser, on a page of another origin (RFC 8555 section 6.1, CORS)."""

import pytest

from harness.acme import assert_problem

ORIGIN = {"Origin": "https://client.example"}


def preflight(client, url, method):
    return client.http.options(url, timeout=10, headers=ORIGIN | {
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "content-type"})


def words(response, field):
    return {word.strip() for word in response.headers[field].split(",")}


@pytest.mark.checks(9)
@pytest.mark.parametrize("resource, method", [
    ("newNonce", "HEAD"), ("newAccount", "POST"), ("newOrder", "POST"), ("revokeCert", "POST"),
    ("keyChange", "POST"), ("directory", "GET"), ("account", "POST")])
def test_a_browser_asks_whether_it_may(client, resource, method):
    urls = client.directory | {"directory": client.authority.directory, "account": client.account_url}
    answer = preflight(client, urls[resource], method)
    assert answer.status_code == 204 and not answer.content
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert method in words(answer, "Access-Control-Allow-Methods")
    assert words(answer, "Access-Control-Allow-Headers") == {"Content-Type"}
    assert answer.headers["Access-Control-Max-Age"] == "86400"
    assert "Access-Control-Allow-Credentials" not in answer.headers


def assert_readable(answer):
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert words(answer, "Access-Control-Expose-Headers") == {"Link", "Replay-Nonce", "Location",
                                                              "Retry-After"}


@pytest.mark.checks(9)
def test_a_browser_reads_every_answer(client):
    url, order = client.order(["browser.example.test"])
    good = [client.http.get(client.authority.directory, timeout=10, headers=ORIGIN),
            client.http.head(client.directory["newNonce"], timeout=10),
            client.post(client.account_url), client.post(url),
            client.post(order["authorizations"][0])]
    for answer in good:
        assert answer.status_code == 200
        assert_readable(answer)
    bad = [(client.post(client.directory["newOrder"], {}), 400),
           (client.post(url, nonce="bm9uZQ"), 400),
           (client.http.get(client.directory["newOrder"], timeout=10), 405),
           (client.http.get(f"{client.authority.directory}/none", timeout=10), 404)]
    for answer, status in bad:
        assert_problem(answer, status, answer.json()["type"].rsplit(":", 1)[1])
        assert_readable(answer)
    # Also one that no resource has seen.
    refused = client.http.get(client.authority.directory, timeout=10,
                              headers={"X-Long": "x" * 32768})
    assert refused.status_code == 431
    assert_readable(refused)
