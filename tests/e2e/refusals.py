"""What holds for every refusal, whatever was wrong."""

from harness.acme import assert_problem


def assert_refused(client, response, status, kind, reason=""):
    """A problem document of this kind, for this reason, with a fresh nonce, and the server still
    serves."""
    problem = assert_problem(response, status, kind, reason)
    assert "Replay-Nonce" in response.headers
    # Nothing from the peer is echoed at length.
    assert len(problem["detail"]) < 1000
    alive = client.http.get(client.authority.directory, timeout=10)
    assert alive.status_code == 200
    if client.account_url:
        account = client.post(client.account_url)
        assert account.status_code == 200 and account.json()["status"] == "valid"
    return problem
