"""A hostile CA: whatever it says, a run ends within its time, with a sentence that names what was wrong;
nothing reaches a terminal, a path, a program or another host unchecked, and the certificate before stays."""

import json
import socket

import pytest

from harness.hostile_ca import (
    TERMINAL, at, check_plain, check_refused, check_told, within)
from harness.odd_ca import Answer, problem
from harness.ports import reserve_port
from harness.web import Webroot

NAME = "a.example"


def check_renewal_refused(cairn, sentence, seconds=30):
    before = cairn.serial(NAME)
    with within(seconds):
        run = cairn.outcome("renew", "--force")
    check_refused(run, sentence)
    assert cairn.serial(NAME) == before
    check_told(cairn)


# Tokens.

TOKENS = {
    "a way out": "../../../../tmp/owned-by-a-token",
    "a folder": "aaaaaaaaaaaaaaaaaaaaaaaa/b",
    "commands": "aaaaaaaaaaaaaaaaaaaaaaaa;touch owned",
    "quotes": "aaaaaaaaaaaaaaaaaaaaaaaa'\"`id`$(id)",
    "a terminal's": "aaaaaaaaaaaaaaaaaaaaaaaa" + TERMINAL,
    "300 letters": "a" * 300,
    "two million letters": "a" * 2_000_000,
    "few letters": "abc",
    "no letter": "",
    "a zero octet": "aaaaaaaaaaaaaaaaaaaaaaaa\0",
    "letters of others": "aaaaaaaaaaaaaaaaaaaaaaaa\u00e4",
    "padded": "aaaaaaaaaaaaaaaaaaaaaaaa==",
}


def with_token(token, kind="http-01"):
    def alter(authorization):
        for challenge in authorization["challenges"]:
            challenge |= {"token": token, "type": kind}
        return authorization
    return alter


@pytest.mark.checks(200)
@pytest.mark.parametrize("token", TOKENS)
def test_a_token_that_is_none_is_refused(cairn, ca, standing, token):
    ca.alter["authorization"] = with_token(TOKENS[token])
    sentence = "body is larger" if token == "two million letters" else "sent a token that is refused"
    check_renewal_refused(cairn, sentence)
    assert ca.count("/challenge/") == 1, "it was answered"


@pytest.mark.checks(200)
@pytest.mark.parametrize("token", ["a way out", "a folder", "300 letters"])
def test_a_token_is_no_path_in_a_webroot(cairn, ca, tmp_path, token):
    ca.alter["authorization"] = with_token(TOKENS[token])
    with Webroot(ca.http_port, tmp_path / "webroot") as webroot:
        run = cairn.outcome(*cairn.issuing(NAME, solver="webroot"))
        check_refused(run, "sent a token that is refused")
        assert list(webroot.challenges.iterdir()) == []
        assert list(webroot.folder.rglob("*")) == [webroot.challenges.parent, webroot.challenges]


@pytest.mark.checks(200)
@pytest.mark.parametrize("token", ["commands", "quotes", "a terminal's"])
def test_a_token_reaches_no_program(cairn, ca, tmp_path, token):
    ca.alter["authorization"] = with_token(TOKENS[token], "dns-01")
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/was-run\n")
    program.chmod(0o755)
    run = cairn.outcome(*cairn.issuing(f"{NAME}=exec:{program}"))
    check_refused(run, "sent a token that is refused")
    assert not (tmp_path / "was-run").exists()


@pytest.mark.checks(200)
def test_what_a_program_is_told_is_checked(cairn, ca, tmp_path):
    """Every octet of its environment that comes of the CA is a letter of a name or of base64url."""
    ca.alter["authorization"] = lambda authorization: with_token("A-_9" * 8, "dns-01")(
        authorization | {"comment": TERMINAL, "expires": TERMINAL})
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\nenv -0 | grep -z ^CAIRN_ >> {tmp_path}/told\nexit 3\n")
    program.chmod(0o755)
    run = cairn.outcome(*cairn.issuing(f"{NAME}=exec:{program}"))
    check_refused(run, "ended with|exit")
    told = (tmp_path / "told").read_bytes().decode().split("\0")
    assert any(word.startswith("CAIRN_DNS_VALUE=") for word in told)
    check_plain(*told)


# Words for a terminal.


def problem_with(**members):
    return lambda: problem("rejectedIdentifier", **({"detail": TERMINAL * 1000} | members))


def at_finalize(order, **members):
    return order | ({"status": "invalid"} | members if order["status"] == "valid" else {})


def failing_with(error):
    def verdict(authorization):
        authorization["status"] = authorization["challenges"][0]["status"] = "invalid"
        authorization["challenges"][0]["error"] = error
    return verdict


PARTS = [{"type": TERMINAL, "detail": TERMINAL, "identifier": {"type": TERMINAL, "value": TERMINAL}}]
WORDS = {
    "detail": dict(intercept=at("/new-order", problem_with())),
    "type": dict(intercept=at("/new-order", lambda: Answer(403, {"type": TERMINAL, "detail": TERMINAL}))),
    "subproblems": dict(intercept=at("/new-order", problem_with(subproblems=PARTS * 500))),
    "instance": dict(intercept=at("/new-order", lambda: problem(
        "userActionRequired", TERMINAL, 403, instance="https://ca.test/" + TERMINAL))),
    "a page": dict(intercept=at("/new-order", lambda: Answer(404, TERMINAL.encode() * 1000))),
    "Location": dict(intercept=at("/new-order", lambda: Answer(
        201, {"status": "pending", "authorizations": [], "finalize": "x"},
        {"Location": "https://localhost/\x1b[2J\x9b"}))),
    "the status": dict(order=lambda order: order | {"status": TERMINAL}),
    "the URL of an authorization": dict(
        order=lambda order: order | {"authorizations": ["https://localhost/" + TERMINAL]}),
    "the URL of finalize": dict(order=lambda order: order | {"finalize": TERMINAL}),
    "the error of an order": dict(
        order=lambda order: at_finalize(order, error={"type": TERMINAL, "detail": TERMINAL})),
    "the name of an authorization": dict(authorization=lambda authorization: authorization | {
        "identifier": {"type": "dns", "value": "a" + TERMINAL}}),
    "the kind of a name": dict(authorization=lambda authorization: authorization | {
        "identifier": {"type": TERMINAL, "value": NAME}}),
    "kinds of challenges": dict(authorization=lambda authorization: authorization | {
        "challenges": [{"type": TERMINAL, "url": TERMINAL, "token": TERMINAL}] * 60}),
    "the error of a challenge": dict(verdict=failing_with({"type": TERMINAL, "detail": TERMINAL * 100})),
    "the status of a challenge": dict(verdict=lambda authorization: authorization.update(status=TERMINAL)),
}


@pytest.mark.parametrize("place", WORDS)
def test_words_for_a_terminal_are_only_text(cairn, ca, standing, place):
    habits = dict(WORDS[place])
    for name in ("intercept", "verdict"):
        if name in habits:
            setattr(ca, name, habits.pop(name))
    ca.alter = habits
    check_renewal_refused(cairn, "Could not|could not")
    run = cairn.outcome("renew", "--force", "--json")
    check_refused(run, "")
    json.loads(run.stdout)


def test_terms_for_a_terminal_are_only_text(cairn, ca):
    ca.terms = "https://ca.test/" + TERMINAL
    words = [word for word in cairn.issuing(NAME) if word != "--agree-tos"]
    check_refused(cairn.outcome(*words), "terms of service: https://ca.test/")


def test_profiles_for_a_terminal_are_only_text(cairn, ca):
    ca.alter["directory"] = lambda value: value | {
        "meta": {"profiles": {f"{TERMINAL}{number}": TERMINAL for number in range(500)}}}
    check_refused(cairn.outcome(*cairn.issuing(NAME, "--required-profile", "none")), "no profile none")


def test_an_account_for_a_terminal_is_only_text(cairn, ca, standing):
    ca.alter["account"] = lambda value: value | {"contact": ["mailto:" + TERMINAL], "orders": TERMINAL}
    for words in ([], ["--json"]):
        run = cairn.outcome("account", "show", "--ca-root", ca.api_root, *words)
        assert run.returncode == 0, run.stderr
        check_plain(run.stdout, run.stderr)


# Where a CA leads.


@pytest.fixture
def trap():
    """A port at which nobody may come by."""
    with socket.create_server(("127.0.0.1", reserve_port())) as listener:
        listener.settimeout(0.2)
        yield listener.getsockname()[1]
        with pytest.raises(TimeoutError):
            listener.accept()


def leading(member, url):
    """A habit that puts `url` in the place of another."""
    def alter(value):
        if member not in value:
            return value
        return value | {member: [url] if isinstance(value[member], list) else url}
    return alter


def challenges_at(url):
    return lambda authorization: authorization | {"challenges": [
        challenge | {"url": url} for challenge in authorization["challenges"]]}


PLACES = {
    "newNonce": lambda ca, url: ca.alter.update(directory=leading("newNonce", url)),
    "newOrder": lambda ca, url: ca.alter.update(directory=leading("newOrder", url)),
    "authorizations": lambda ca, url: ca.alter.update(order=leading("authorizations", url)),
    "finalize": lambda ca, url: ca.alter.update(order=leading("finalize", url)),
    "certificate": lambda ca, url: ca.alter.update(order=leading("certificate", url)),
    "challenge": lambda ca, url: ca.alter.update(authorization=challenges_at(url)),
    "Location": lambda ca, url: setattr(ca, "intercept", at("/new-order", lambda: Answer(
        201, {"status": "pending", "authorizations": []}, {"Location": url}))),
}
INNER = {
    "metadata": "https://169.254.169.254/latest/meta-data/",
    "a private network": "https://10.0.0.1/",
    "a link": "https://[fe80::1]/",
    "an odd spelling": "https://2852039166/",
    "a file": "file:///etc/passwd",
    "a user": "https://localhost@169.254.169.254/",
}


@pytest.mark.checks(196, 206)
@pytest.mark.parametrize("place", PLACES)
def test_plain_http_is_not_followed(cairn, ca, standing, trap, place):
    PLACES[place](ca, f"http://localhost:{trap}/x")
    check_renewal_refused(cairn, "which is refused: it is not https")


@pytest.mark.checks(206)
@pytest.mark.parametrize("url", INNER)
@pytest.mark.parametrize("place", ["newOrder", "certificate"])
def test_inner_addresses_are_not_followed(cairn, ca, standing, place, url):
    PLACES[place](ca, INNER[url])
    check_renewal_refused(cairn, "which is refused|is refused: ")


@pytest.mark.checks(206)
@pytest.mark.parametrize("place", ["authorizations", "finalize", "challenge", "Location", "newNonce"])
def test_metadata_are_not_asked_for(cairn, ca, standing, place):
    PLACES[place](ca, INNER["metadata"])
    check_renewal_refused(cairn, "an address that only this machine or network has")


@pytest.mark.checks(206)
@pytest.mark.parametrize("path", ["/directory", "/new-order", "/order/", "/certificate/"])
def test_a_redirect_is_followed_nowhere(cairn, ca, standing, trap, path):
    before = ca.count(path)
    if path == "/order/":
        ca.holds = True
    ca.intercept = at(path, lambda: Answer(302, b"", {"Location": f"http://localhost:{trap}/"}))
    check_renewal_refused(cairn, "302.*")
    assert ca.count(path) == before + 1


@pytest.mark.checks(206)
def test_renewal_information_elsewhere_is_done_without(cairn, ca, trap):
    ca.alter["directory"] = lambda value: value | {"renewalInfo": f"http://localhost:{trap}/ari"}
    run = cairn.outcome(*cairn.issuing(NAME))
    assert run.returncode == 0, run.stderr
    run = cairn.outcome("renew")
    assert "not due" in run.stderr
