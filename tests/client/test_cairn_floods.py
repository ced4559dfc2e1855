"""A CA that floods, stalls, truncates, or puts off: every run is bounded in time, octets and requests, says
what was wrong, and leaves the certificate before where it is."""

import concurrent.futures
import email.utils
import json
import time

import pytest

from harness import hostile_ca
from harness.cairn import Cairn
from harness.hostile_ca import at, check_refused, check_told, drip, raw_at, silence, within
from harness.odd_ca import Answer, OddCa, problem

NAME = "a.example"
MOST_OCTETS = 64 << 20


def check_renewal_refused(cairn, sentence, seconds=30):
    before = cairn.serial(NAME)
    with within(seconds):
        run = cairn.outcome("renew", "--force")
    check_refused(run, sentence)
    assert cairn.serial(NAME) == before
    check_told(cairn)
    return run


# Floods.

FLOODS = {
    "10 GiB": (hostile_ca.long_answer, "body is larger than"),
    "chunks": (hostile_ca.endless_chunks, "body is larger than"),
    "fields": (hostile_ca.endless_fields, "header is too large"),
    "one field": (hostile_ca.endless_field, "header is too large"),
    "interim answers": (hostile_ca.endless_hints, "header is too large"),
    "a status line": (hostile_ca.endless_status, "header is too large"),
}
PATHS = ["/directory", "/new-order", "/certificate/"]


@pytest.mark.checks(206)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_is_cut_off(cairn, ca, standing, flood, path):
    parts, sentence = FLOODS[flood]
    ca.intercept = raw_at(path, parts)
    check_renewal_refused(cairn, sentence)
    assert ca.sent < MOST_OCTETS


# The answer to anything else, and where an object is due.
JSON = {
    "deep arrays": b"[" * 100_000,
    "deep objects": b'{"a":' * 100_000,
    "deep within": b'{"status": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "a long number": b'{"status": ' + b"9" * 50_000 + b"}",
    "an endless number": b'{"status": 1e999}',
    "half": b'{"status": "pending", "authoriz',
    "no object": b'["pending"]',
    "nothing": b"",
    "a page": b"<html>\x1b[2J</html>",
    "broken UTF-8": b'{"status": "pending\xff\xfe"}',
    "two of a kind": b'{"status": "pending", "status": "valid", "newNonce": "a", "newNonce": "b"}',
    "something behind": b'{"status": "pending"} {"status": "valid"}',
    "many members": b"{" + b",".join(b'"m%d": 0' % number for number in range(20_000)) + b"}",
}


@pytest.mark.checks(206)
@pytest.mark.parametrize("text", JSON)
@pytest.mark.parametrize("path", ["/directory", "/new-order", "/authorization/"])
def test_json_that_is_none_is_refused(cairn, ca, standing, text, path):
    ca.intercept = at(path, lambda: Answer(
        201, JSON[text], {"Content-Type": "application/json", "Location": ca.spell("/order/2")}))
    check_renewal_refused(cairn, "JSON|status|newNonce|identifier|a member stands twice")


@pytest.mark.parametrize("text", ["deep arrays", "half", "a page", "broken UTF-8", "nothing"])
def test_a_problem_that_is_none_is_told_as_text(cairn, ca, standing, text):
    ca.intercept = at("/new-order", lambda: Answer(
        403, JSON[text], {"Content-Type": "application/problem+json"}))
    check_renewal_refused(cairn, "answered 403 without a problem document")


@pytest.mark.checks(206)
def test_ten_thousand_authorizations_are_too_many(cairn, ca, standing):
    ca.alter["order"] = lambda order: order | {"authorizations": [
        ca.spell(f"/authorization/2-0?{number}") for number in range(10_000)]}
    before = ca.count("/authorization/")
    check_renewal_refused(cairn, "authorizations")
    assert ca.count("/authorization/") - before <= 1


def test_ten_thousand_challenges_are_too_many(cairn, ca, standing):
    ca.alter["authorization"] = lambda authorization: authorization | {
        "challenges": [{"type": "future-01", "url": "x"}] * 10_000}
    check_renewal_refused(cairn, "too many challenges")


# Statuses and orders that are none.


@pytest.mark.parametrize("kind, sentence", [
    ("order", "an order that is wrong: status"),
    ("authorization", "an authorization that is wrong: status")])
def test_a_status_that_nobody_knows_is_named(cairn, ca, standing, kind, sentence):
    ca.alter[kind] = lambda value: value | {"status": "considering"}
    check_renewal_refused(cairn, sentence)


def test_an_order_without_finalize_is_told(cairn, ca, standing):
    ca.alter["order"] = lambda order: {name: order[name] for name in order if name != "finalize"}
    check_renewal_refused(cairn, "an order without finalize")


@pytest.mark.parametrize("status", ["deactivated", "expired", "revoked", "invalid"])
def test_an_authorization_that_is_over_is_told(cairn, ca, standing, status):
    ca.alter["authorization"] = lambda authorization: authorization | {"status": status}
    check_renewal_refused(cairn, f"the authorization is {status}")


def test_an_authorization_for_somebody_else_is_told(cairn, ca, standing):
    ca.alter["authorization"] = lambda authorization: authorization | {
        "identifier": {"type": "dns", "value": "victim.example"}}
    check_renewal_refused(cairn, "a proof for victim.example, which was not asked for")


@pytest.mark.checks(199)
def test_a_proof_that_stands_needs_none(cairn, ca):
    ca.intercept = lambda request: (
        ca.authorizations["1-0"].update(status="valid") if request.path == "/authorization/1-0" else None)
    run = cairn.outcome(*cairn.issuing(NAME))
    assert run.returncode == 0, run.stderr
    assert ca.count("/challenge/") == 0
    assert cairn.serial(NAME) == ca.certificates[0].serial_number


@pytest.mark.checks(199)
def test_an_order_that_is_ready_at_once_needs_no_proof(cairn, ca):
    true = ca._new_order

    def ready(request, identifier):
        answer = true(request, identifier)
        ca.authorizations["1-0"]["status"] = "valid"
        return ca._object("order", ca._order_object("1"), 201, Location=answer.headers["Location"])

    ca._new_order = ready
    run = cairn.outcome(*cairn.issuing(NAME))
    assert run.returncode == 0, run.stderr
    assert ca.count("/authorization/") == ca.count("/challenge/") == 0


@pytest.mark.checks(199)
def test_an_error_beside_processing_is_no_verdict(cairn, ca):
    """Erratum 5732 of RFC 8555: a challenge that is tried again shows why it has failed so far."""
    looks = []

    def verdict(authorization):
        looks.append(1)
        authorization["challenges"][0] |= {
            "status": "processing", "error": {"type": "urn:ietf:params:acme:error:dns", "detail": "later"}}

    def settle(request):
        if request.path == "/authorization/1-0" and looks and ca.count("/authorization/") > 3:
            authorization = ca.authorizations["1-0"]
            authorization["status"] = authorization["challenges"][0]["status"] = "valid"

    ca.verdict, ca.intercept = verdict, settle
    run = cairn.outcome(*cairn.issuing(NAME))
    assert run.returncode == 0, run.stderr
    assert len(looks) == 1, "it was reminded of a challenge that it is at work on"


# Asking again.


@pytest.mark.checks(197)
def test_a_nonce_that_is_refused_for_ever_ends(cairn, ca, standing):
    before = len(ca.requests)
    ca.intercept = at("/new-order", lambda: problem("badNonce", "never"))
    check_renewal_refused(cairn, "badNonce")
    assert 2 < len(ca.requests) - before < 150


@pytest.mark.checks(197)
@pytest.mark.parametrize("nonce", ['"},"payload":"', "\x1b[2J", "a" * 60_000, "a b", "\u00e4"])
def test_a_nonce_that_is_none_is_not_used(cairn, ca, standing, nonce):
    true, ca.nonce = ca.nonce, lambda: nonce
    check_renewal_refused(cairn, "gave no nonce|too large")
    ca.nonce = true


def later(status, *fields):
    """A refusal with a wait."""
    answer = problem("rateLimited" if status == 429 else "serverInternal", "not now", status)
    answer.headers |= dict(fields)
    return lambda: answer


def in_seconds(count):
    return email.utils.formatdate(time.time() + count, usegmt=True)


WAITS = {
    "none": [], "zero": [("Retry-After", "0")], "negative": [("Retry-After", "-5")],
    "no number": [("Retry-After", "soon\x1b[2J")], "the past": [("Retry-After", in_seconds(-1000))],
}
LONG = {
    "a day": "86400", "huge": "9" * 40, "a year on": in_seconds(31_536_000),
    "the end of time": "Fri, 31 Dec 9999 23:59:59 GMT",
}


@pytest.mark.checks(197)
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("wait", WAITS)
def test_a_ca_that_puts_off_for_ever_is_left(cairn, ca, standing, status, wait):
    before = ca.count("/new-order")
    ca.intercept = at("/new-order", later(status, *WAITS[wait]))
    check_renewal_refused(cairn, f"{status} .*not now", seconds=40)
    assert ca.count("/new-order") - before <= 7


@pytest.mark.checks(197)
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("wait", LONG)
def test_a_wait_that_is_too_long_is_told_and_not_begun(cairn, ca, standing, status, wait):
    before = ca.count("/new-order")
    ca.intercept = at("/new-order", later(status, ("Retry-After", LONG[wait])))
    check_renewal_refused(cairn, r"try again after 2\d\d\d-", seconds=15)
    assert ca.count("/new-order") == before + 1


@pytest.mark.checks(197)
@pytest.mark.parametrize("wait", ["2", in_seconds])
def test_a_short_wait_is_kept(cairn, ca, standing, wait):
    asked = []

    def once(request):
        if request.path == "/new-order":
            asked.append(time.monotonic())
            if len(asked) == 1:
                return later(429, ("Retry-After", wait if isinstance(wait, str) else wait(3)))()

    ca.intercept = once
    run = cairn.outcome("renew", "--force")
    assert run.returncode == 0, run.stderr
    assert asked[1] - asked[0] > 1.5
    assert cairn.serial(NAME) != standing


# Silence. Each takes as long as a run waits, so they run beside each other.

STALLS = {
    "silence at the directory": ("/directory", silence),
    "silence at a new order": ("/new-order", silence),
    "silence at the certificate": ("/certificate/", silence),
    "a drip at an authorization": (
        "/authorization/", lambda: drip(b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n" + b" " * 600)),
    "a drip of fields": ("/new-order", lambda: drip(b"HTTP/1.1 200 OK\r\nX-Field: " + b"a" * 600)),
}


@pytest.mark.checks(206)
def test_a_ca_that_stalls_is_left(cairn, tmp_path):
    def run_one(stall):
        path, parts = STALLS[stall]
        folder = tmp_path / stall.replace(" ", "-")
        folder.mkdir()
        ca = OddCa(folder)
        client = Cairn(ca, cairn.environment, folder)
        try:
            first = client.outcome(*client.issuing(NAME))
            assert first.returncode == 0, first.stderr
            before = client.serial(NAME)
            ca.intercept = raw_at(path, parts)
            began = time.monotonic()
            run = client.outcome("renew", "--force", "--json", timeout=200)
            return stall, run, client.serial(NAME) == before, time.monotonic() - began
        finally:
            ca.stop()

    with concurrent.futures.ThreadPoolExecutor(len(STALLS)) as pool:
        for stall, run, stays, taken in pool.map(run_one, STALLS):
            check_refused(run, "no complete answer in time")
            json.loads(run.stdout)
            assert stays, stall
            assert taken < 180, (stall, taken)
