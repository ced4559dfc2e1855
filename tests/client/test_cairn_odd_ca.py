"""cairn works with CAs as they are, and reports what they say."""

import re
import time

import pytest

from harness.acme import ERROR, b64
from harness.odd_ca import HOST, Answer, Refusal, problem

NAME = "a.example"

SPELLINGS = {
    "capitals": f"https://{HOST.upper()}",
    "capital scheme": f"HTTPS://{HOST}",
    "final dot": f"https://{HOST}.",
    "default port": f"https://{HOST}:443",
    "all of it": "HTTPS://Ca.Test.:443",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_urls_are_signed_as_the_ca_spells_them(cairn, ca, spelling):
    ca.spell = lambda path: SPELLINGS[spelling] + path
    issuing = cairn.issuing(NAME, directory=ca.proxied_directory)
    run = cairn.outcome(*issuing, environment=ca.proxy)
    assert run.returncode == 0, run.stderr
    # The account's URL, kept from before, is one too.
    run = cairn.outcome("renew", "--force", environment=ca.proxy)
    assert run.returncode == 0, run.stderr
    run = cairn.outcome("revoke", NAME, environment=ca.proxy)
    assert run.returncode == 0, run.stderr


def without(*members):
    return lambda value: {key: value[key] for key in value if key not in members}


def having(**members):
    return lambda value: value | members


def without_status(authorization):
    for challenge in authorization["challenges"]:
        if challenge["status"] == "pending":
            del challenge["status"]
    return authorization


def with_strange_challenges(authorization):
    authorization["challenges"] += [
        {"type": "future-01", "status": "considering"}, {"type": "email-reply-00", "url": 7}, {}]
    return authorization


def valid_without_finalize(order):
    if order["status"] == "valid":
        del order["finalize"]
    return order


HABITS = {
    "a challenge without status": {"authorization": without_status},
    "challenges that nobody knows": {"authorization": with_strange_challenges},
    "a valid order without finalize": {"order": valid_without_finalize},
    "identifiers misspelt": {"order": lambda order: without("identifiers")(order) | {
        "identifers": order["identifiers"]}},
    "empty dates": {"order": having(expires="", notBefore="", notAfter=""),
                    "authorization": having(expires="")},
    "the year 1": {"order": having(expires="0001-01-01T00:00:00Z", notAfter="0001-01-01T00:00:00Z"),
                   "authorization": having(expires="0001-01-01T00:00:00Z")},
    "members of other types": {
        "order": having(error="none", profile=7, notBefore=0),
        "authorization": having(wildcard="false", expires=1),
        "directory": having(meta={"website": 1, "caaIdentities": "ca.test", "profiles": []})},
    "a directory without keyChange and revokeCert": {"directory": without("keyChange", "revokeCert")},
}


@pytest.mark.checks(199)
@pytest.mark.parametrize("habit", HABITS)
def test_what_is_needed_is_taken_and_the_rest_ignored(cairn, ca, habit):
    ca.alter = HABITS[habit]
    run = cairn.outcome(*cairn.issuing(NAME))
    assert run.returncode == 0, run.stderr
    assert cairn.serial(NAME) == ca.certificates[0].serial_number


def test_what_the_directory_lacks_is_named_when_it_is_needed(cairn, ca):
    ca.alter = HABITS["a directory without keyChange and revokeCert"]
    cairn.outcome(*cairn.issuing(NAME))
    for words, member in ((["revoke", NAME], "revokeCert"), (
            ["account", "rollover", "--ca-root", ca.api_root], "keyChange")):
        run = cairn.outcome(*words)
        assert run.returncode == 2
        assert f"has no {member}" in run.stderr


# External accounts.


def bound(folder, key_id="kid-1", key=b"0123456789abcdef0123456789abcdef"):
    """The options with which an account is bound."""
    file = folder / "hmac"
    file.write_text(b64(key))
    return ["--eab-kid", key_id, "--eab-hmac-key-file", file]


def test_a_binding_is_sent_where_the_ca_finds_no_account_without(cairn, ca, tmp_path):
    ca.binding = {"kid-1": b"0123456789abcdef0123456789abcdef"}
    run = cairn.outcome(*cairn.issuing(NAME, *bound(tmp_path)))
    assert run.returncode == 0, run.stderr
    assert len(ca.accounts) == 1
    # An account whose record was lost is found again in the same way.
    next((cairn.state / "accounts").rglob("account.json")).unlink()
    run = cairn.outcome(*cairn.issuing(NAME, *bound(tmp_path)), "--force")
    assert run.returncode == 0, run.stderr
    assert len(ca.accounts) == 1


@pytest.mark.parametrize("kind", ["malformed", "unauthorized", "externalAccountRequired"])
def test_an_account_is_made_where_the_ca_does_not_look_for_one(cairn, ca, tmp_path, kind):
    ca.binding = {"kid-1": b"0123456789abcdef0123456789abcdef"}

    def refuse_to_look(request):
        if request.path == "/account" and request.payload.get("onlyReturnExisting"):
            return problem(kind, "onlyReturnExisting is not for this CA", status=403)

    ca.intercept = refuse_to_look
    run = cairn.outcome(*cairn.issuing(NAME, *bound(tmp_path)))
    assert run.returncode == 0, run.stderr


def test_an_unknown_key_id_is_called_that(cairn, ca, tmp_path):
    ca.binding = {"kid-1": b"0123456789abcdef0123456789abcdef"}
    run = cairn.outcome(*cairn.issuing(NAME, *bound(tmp_path, key_id="kid-2")))
    assert run.returncode == 2
    assert "the key id kid-2 is unknown" in run.stderr
    assert "Next: check --eab-kid and --eab-hmac-key-file" in run.stderr
    assert "challenge" not in run.stderr


def test_without_a_binding_the_flags_are_named(cairn, ca):
    ca.binding = {"kid-1": b"0123456789abcdef0123456789abcdef"}
    run = cairn.outcome(*cairn.issuing(NAME))
    assert run.returncode == 2
    assert "--eab-kid" in run.stderr


def test_a_rollover_that_died_is_settled_without_a_binding(cairn, ca, tmp_path):
    ca.binding = {"kid-1": b"0123456789abcdef0123456789abcdef"}
    assert cairn.outcome(*cairn.issuing(NAME, *bound(tmp_path))).returncode == 0
    key = next((cairn.state / "accounts").rglob("key.pem"))
    # The CA never heard of the staged key.
    staged = key.with_name("next-key.pem")
    staged.write_bytes(next((cairn.state / "archive").rglob("privkey1.pem")).read_bytes())
    kept = key.read_bytes()
    run = cairn.outcome("renew", "--force")
    assert run.returncode == 0, run.stderr
    assert key.read_bytes() == kept and not staged.exists()


# Replaced certificates.


@pytest.mark.checks(203)
@pytest.mark.parametrize("answer", [
    problem("conflict", "replaced by another", status=409), problem("serverInternal", "", status=500),
    problem("malformed", "no ARI here"), Answer(500, b"oops"), Answer(409, b"")],
    ids=["409", "500", "400", "bare 500", "bare 409"])
def test_an_order_stands_on_its_own_if_the_ca_does_not_take_replaces(cairn, ca, answer):
    ca.alter["directory"] = having(renewalInfo=ca.spell("/ari"))
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0

    def refuse_replaces(request):
        if request.path == "/new-order" and "replaces" in request.payload:
            return answer

    ca.intercept = refuse_replaces
    began = time.monotonic()
    run = cairn.outcome("renew", "--force")
    assert run.returncode == 0, run.stderr
    assert time.monotonic() - began < 10
    assert ["replaces" in payload for payload in ca.asked("/new-order")] == [False, True, False]


# What a CA says is reported.


def test_a_failed_challenge_that_stays_pending_is_told(cairn, ca):
    ca.verdict = ca.stays_pending
    began = time.monotonic()
    run = cairn.outcome(*cairn.issuing(NAME))
    assert run.returncode == 2
    assert time.monotonic() - began < 30
    meanwhile, _, end = run.stderr.partition("error:")
    assert "nobody answers at 192.0.2.7" in meanwhile
    assert "nobody answers at 192.0.2.7" in end
    assert "Next: check that the name's addresses" in end
    assert ca.count("/challenge/") > 1, "the CA was not asked to look again"


@pytest.mark.checks(198)
def test_a_challenge_that_recovers_is_waited_for(cairn, ca):
    looks = []

    def fails_once(authorization):
        looks.append(1)
        (ca.stays_pending if len(looks) < 2 else ca.look)(authorization)

    ca.verdict = fails_once
    run = cairn.outcome(*cairn.issuing(NAME))
    assert run.returncode == 0, run.stderr
    assert len(looks) == 2


def test_the_wait_ends_where_the_authorization_does(cairn, ca):
    def processes(authorization):
        authorization["challenges"][0]["status"] = "processing"
        authorization["expires"] = time.strftime(
            "%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 4))

    ca.verdict = processes
    began = time.monotonic()
    run = cairn.outcome(*cairn.issuing(NAME))
    assert run.returncode == 2
    assert time.monotonic() - began < 15
    assert "prove control of a.example" in run.stderr and "expires" in run.stderr


def test_a_wait_that_is_too_long_is_not_begun(cairn, ca):
    def answer_later(request):
        if request.path.startswith("/authorization/") and ca.count("/challenge/"):
            answer = ca._object("authorization", ca.authorizations["1-0"])
            answer.headers["Retry-After"] = "7200"
            return answer

    ca.intercept = answer_later
    ca.verdict = lambda authorization: authorization["challenges"][0].update(status="processing")
    began = time.monotonic()
    run = cairn.outcome(*cairn.issuing(NAME))
    assert run.returncode == 2
    assert time.monotonic() - began < 15
    assert "asked again in 7200 s" in run.stderr


@pytest.mark.parametrize("path", ["/new-order", "/account", "/finalize/1"])
def test_what_is_not_implemented_is_asked_once(cairn, ca, path):
    ca.intercept = lambda request: (
        problem("unsupportedIdentifier", "not for this", status=501) if request.path == path else None)
    began = time.monotonic()
    run = cairn.outcome(*cairn.issuing(NAME))
    assert run.returncode == 2
    assert time.monotonic() - began < 10
    assert "501" in run.stderr
    assert "leave this name out" not in run.stderr
    assert "Next: the CA does not offer what was asked for" in run.stderr
    looked = [payload for payload in ca.asked(path) if not (payload or {}).get("onlyReturnExisting")]
    assert len(looked) <= 1


def test_hostile_words_reach_a_terminal_only_as_text(cairn, ca):
    ca.intercept = lambda request: (
        problem("rejectedIdentifier", "\x1b[2J\x07\r\nforged: all is well" + "x" * 100_000)
        if request.path == "/new-order" else None)
    run = cairn.outcome(*cairn.issuing(NAME))
    assert run.returncode == 2
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", run.stderr)
    assert "\nforged" not in run.stderr and len(run.stderr) < 4000
    assert "leave this name out" in run.stderr


@pytest.mark.parametrize("trouble", [dict(cut_at=40), dict(pause=1.5)], ids=["cut", "slow"])
def test_an_order_that_comes_badly_once_is_asked_for_again(cairn, ca, trouble):
    troubled = []

    def answer_badly(request):
        if request.path == "/order/1" and not troubled:
            troubled.append(request)
            answer = ca._object("order", ca._order_object("1"))
            for name, value in trouble.items():
                setattr(answer, name, value)
            return answer

    ca.intercept = answer_badly
    run = cairn.outcome(*cairn.issuing(NAME))
    assert run.returncode == 0, run.stderr
    assert troubled
    assert len(ca.orders) == len(ca.certificates) == 1


def test_an_unknown_account_is_not_a_question_of_the_challenge(cairn, ca):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0

    def deactivated(request):
        if request.path == "/new-order":
            raise Refusal("unauthorized", "the account is deactivated", status=401)

    ca.intercept = deactivated
    run = cairn.outcome("renew", "--force")
    assert run.returncode == 2
    assert "cairn account show" in run.stderr
    assert "where the challenge was answered" not in run.stderr
    assert ERROR not in run.stderr
