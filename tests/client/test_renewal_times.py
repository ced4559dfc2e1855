"""When `cairn renew` renews: by the CA's windows, by age, by the plan, and not again and again."""

import datetime
import json
import os
import time

import pytest

from harness.odd_ca import Answer

NAME = "a.example"
PAST = {"start": "2020-01-02T04:00:00Z", "end": "2020-01-03T04:00:00Z"}


@pytest.fixture
def suggest(ca):
    """Lets the CA answer questions for renewal information; counts them."""
    ca.alter["directory"] = lambda value: value | {"renewalInfo": ca.spell("/ari")}

    def start(answer):
        ca.intercept = lambda request: (
            answer(request) if request.path.startswith("/ari/") else None)

    return start


def window(value, **fields):
    return lambda request: Answer(200, json.dumps({"suggestedWindow": value}).encode(), fields)


def facts(cairn):
    return json.loads((cairn.state / "facts" / f"{NAME}.json").read_text())


def seconds_until(text):
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (moment - datetime.datetime.now(datetime.timezone.utc)).total_seconds()


def renewed(cairn, *words):
    run = cairn.outcome("renew", "--json", *words)
    assert run.returncode == 0, run.stderr
    certificate, = json.loads(run.stdout)["certificates"]
    return certificate


@pytest.mark.checks(203)
def test_a_window_in_the_past_is_followed_at_once_but_not_again_and_again(cairn, ca, suggest):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    suggest(window(PAST))
    certificate = renewed(cairn)
    assert certificate["result"] == "renewed" and certificate["due"]["reason"] == "window"
    assert "replaces" in ca.asked("/new-order")[-1]
    for _ in range(3):
        certificate = renewed(cairn)
        assert certificate["result"] == "not-due" and certificate["due"]["reason"] == "put-off"
    assert len(ca.orders) == 2
    # A twentieth of its 90 days.
    assert 4 * 86400 < seconds_until(certificate["due_at"]) < 5 * 86400
    assert "only just now" in cairn.outcome("renew").stderr


@pytest.mark.checks(203)
def test_the_moment_in_a_window_stays_until_the_window_changes(cairn, ca, suggest):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    now = datetime.datetime.now(datetime.timezone.utc)

    def at(days):
        return (now + datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")

    suggest(window({"start": at(20), "end": at(40)}, **{"Retry-After": "3600"}))
    first = renewed(cairn)["due_at"]
    assert 20 * 86400 - 60 < seconds_until(first) < 40 * 86400
    assert {renewed(cairn)["due_at"] for _ in range(3)} == {first}
    assert ca.count("/ari/") == 1
    kept = cairn.state / "facts" / f"{NAME}.json"
    told = facts(cairn)
    told["renewal_info"]["next_question"] = at(-1)
    kept.write_text(json.dumps(told))
    suggest(window({"start": at(50), "end": at(55)}))
    assert 50 * 86400 - 60 < seconds_until(renewed(cairn)["due_at"]) < 55 * 86400
    assert ca.count("/ari/") == 2


@pytest.mark.checks(203)
@pytest.mark.parametrize("asked, kept", [
    ("0", 60), ("-5", 6 * 3600), ("600", 600), ("99999999999", 86400), ("soon", 6 * 3600)])
def test_retry_after_is_kept_within_bounds(cairn, ca, suggest, asked, kept):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    suggest(window({"start": "2199-01-02T04:00:00Z", "end": "2199-01-03T04:00:00Z"},
                   **{"Retry-After": asked}))
    renewed(cairn)
    assert abs(seconds_until(facts(cairn)["renewal_info"]["next_question"]) - kept) < 30


@pytest.mark.checks(203)
@pytest.mark.parametrize("answer", [
    Answer(500, b"oops"), Answer(404, b""), Answer(200, b"{"), Answer(200, b'{"suggestedWindow": 1}'),
    Answer(200, json.dumps({"suggestedWindow": {"start": PAST["end"], "end": PAST["start"]}}).encode())],
    ids=["500", "404", "cut", "no object", "back to front"])
def test_after_an_error_it_asks_again_in_six_hours(cairn, ca, suggest, answer):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    suggest(lambda request: answer)
    for _ in range(2):
        certificate = renewed(cairn)
        assert certificate["result"] == "not-due"
    assert 59 * 86400 < seconds_until(certificate["due_at"]) < 60 * 86400
    assert abs(seconds_until(facts(cairn)["renewal_info"]["next_question"]) - 6 * 3600) < 30
    assert ca.count("/ari/") == 1


def edited(cairn, **members):
    plan = cairn.state / "renewal" / f"{NAME}.json"
    plan.write_text(json.dumps(json.loads(plan.read_text()) | members))


@pytest.mark.parametrize("members, why", [
    ({"names": [{"name": name, "solver": None} for name in (NAME, "b.example")]},
     "it is not for b.example"),
    ({"key_type": "rsa2048"}, "its key is not of type rsa2048")], ids=["names", "key type"])
def test_a_plan_that_was_edited_is_noticed(cairn, ca, members, why):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    for name in members.get("names", []):
        name["solver"] = cairn.solvers["standalone"]
    edited(cairn, **members)
    certificate = renewed(cairn)
    assert certificate["result"] == "renewed"
    assert certificate["due"] == {"reason": "plan-changed", "detail": why}
    assert renewed(cairn)["result"] == "not-due"
    assert len(ca.orders) == 2


@pytest.mark.parametrize("text, days", [("80d", 10), ("1/9", 80), ("0.5", 45)])
def test_the_plan_says_how_long_before_its_end(cairn, ca, text, days):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    edited(cairn, renew_before=text)
    certificate = renewed(cairn)
    assert certificate["due"]["reason"] == "renew-before"
    assert abs(seconds_until(certificate["due_at"]) - days * 86400) < 4 * 3600


def test_a_certificate_of_six_days_has_half_of_its_life(cairn, ca):
    ca.validity = (datetime.timedelta(hours=-1), datetime.timedelta(days=6, hours=-1))
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    assert 2.8 * 86400 < seconds_until(renewed(cairn)["due_at"]) < 3 * 86400


def settle(cairn):
    """Waits until what stands in the state was not changed only just now."""
    changed = max(os.stat(os.path.join(path, name)).st_ctime
                  for path, _, names in os.walk(cairn.state) for name in names)
    while time.time() < changed + 2:
        time.sleep(0.1)


def test_what_was_verified_is_not_read_again_until_it_changes(cairn, ca):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    settle(cairn)
    renewed(cairn)
    assert NAME in (cairn.state / "calendar").read_text()
    # A time that no run could find out shows that none has looked.
    calendar = cairn.state / "calendar"
    first, line = calendar.read_text().splitlines()
    words = line.split()
    words[3] = "ec-p256:4102444800:lifetime"
    calendar.write_text(f"{first}\n{' '.join(words)}\n")
    assert renewed(cairn)["due_at"] == "2100-01-01T00:00:00Z"
    # The key is not the certificate's any more: a restored backup, or another program.
    key = cairn.state / "archive" / NAME / "privkey1.pem"
    kept = key.read_bytes()
    key.write_bytes(next((cairn.state / "accounts").rglob("key.pem")).read_bytes())
    certificate = renewed(cairn)
    assert certificate["result"] == "renewed" and certificate["due"]["reason"] == "unsound"
    assert key.read_bytes() != kept
    assert cairn.serial(NAME) == ca.certificates[1].serial_number


def test_a_damaged_calendar_costs_nothing_but_time(cairn, ca):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    for text in ("", "cairn-calendar 2\n../../x y z\n", "\x00" * 1000, "cairn-calendar 1\n"):
        (cairn.state / "calendar").write_text(text)
        assert renewed(cairn)["result"] == "not-due"
    assert len(ca.orders) == 1
