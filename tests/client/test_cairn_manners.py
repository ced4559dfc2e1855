"""How cairn behaves towards a CA, whatever the CA is like."""

import json
import time

import pytest

from harness.authority import self_signed
from harness.odd_ca import Answer

NAME = "a.example"


@pytest.mark.checks(196)
def test_a_ca_that_nobody_vouches_for_is_told_nothing(cairn, ca, tmp_path):
    other, key = tmp_path / "other.pem", tmp_path / "other-key.pem"
    self_signed("localhost", other, key)
    words = cairn.issuing(NAME)
    words[words.index("--ca-root") + 1] = other
    run = cairn.outcome(*words)
    assert run.returncode == 2
    assert "certificate is not trusted" in run.stderr and "--ca-root" in run.stderr
    assert ca.requests == []


@pytest.mark.checks(196)
def test_a_directory_by_plain_http_is_refused(cairn, ca):
    run = cairn.outcome(*cairn.issuing(NAME, directory=f"http://localhost:{ca.port}/directory"))
    assert run.returncode == 2
    assert "must be https" in run.stderr
    assert ca.requests == []


@pytest.mark.checks(198)
def test_all_but_directory_and_nonces_is_signed(cairn, ca):
    ca.alter["directory"] = lambda value: value | {"renewalInfo": ca.spell("/ari")}
    for words in (cairn.issuing(NAME), ["renew", "--force"], ["revoke", NAME]):
        run = cairn.outcome(*words)
        assert run.returncode == 0, run.stderr
    plain = {request.path.split("/")[1] for request in ca.requests if request.header is None}
    assert plain <= {"directory", "nonce", "ari"}
    read = [request for request in ca.requests
            if request.path.startswith(("/authorization/", "/order/", "/certificate/"))]
    assert read and all(request.method == "POST" and request.payload is None for request in read)


@pytest.mark.checks(198)
def test_no_question_comes_sooner_than_the_ca_wants(cairn, ca):
    asked = []

    def hold(request):
        if request.path == "/order/1" and ca.count("/finalize/"):
            asked.append(time.monotonic())
            ca.holds = len(asked) < 3
            answer = ca._object("order", ca._order_object("1"))
            answer.headers["Retry-After"] = "2"
            return answer
        if request.path.startswith("/finalize/"):
            ca.holds = True

    ca.intercept = hold
    run = cairn.outcome(*cairn.issuing(NAME))
    assert run.returncode == 0, run.stderr
    assert len(asked) >= 3
    pauses = [later - sooner for sooner, later in zip(asked, asked[1:])]
    assert min(pauses) > 1.9, pauses


@pytest.mark.checks(203)
@pytest.mark.parametrize("answer", [
    {"suggestedWindow": {"start": "2199-01-03T04:00:00Z", "end": "2199-01-02T04:00:00Z"}},
    {"suggestedWindow": {"start": "now", "end": "\x1b[2J"}},
    {"suggestedWindow": []}, {}, "[" * 100_000, "", "<html>"], ids=lambda value: str(value)[:20])
def test_renewal_information_that_is_none_is_done_without(cairn, ca, answer):
    ca.alter["directory"] = lambda value: value | {"renewalInfo": ca.spell("/ari")}
    text = answer if isinstance(answer, str) else json.dumps(answer)
    ca.intercept = lambda request: (
        Answer(200, text.encode()) if request.path.startswith("/ari/") else None)
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    run = cairn.outcome("renew")
    assert run.returncode == 0, run.stderr
    assert "not due" in run.stderr and "\x1b" not in run.stderr
    # Nor is it asked for again at once.
    cairn.outcome("renew")
    assert ca.count("/ari/") == 1
    assert len(ca.certificates) == 1
