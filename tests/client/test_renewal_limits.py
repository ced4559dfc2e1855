"""What a CA has limited is not ordered again before its time, by any run."""

import datetime
import json

import pytest

from harness.odd_ca import Answer, OddCa, problem

NAME = "a.example"


def limited(request, path="/new-order", retry_after=None, detail="too many certificates", bare=False):
    if request.path == path:
        answer = Answer(429, b"slow down") if bare else problem("rateLimited", detail, status=429)
        if retry_after:
            answer.headers["Retry-After"] = retry_after
        return answer


def orders(ca):
    return len(ca.asked("/new-order"))


def seconds_until(text):
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (moment - datetime.datetime.now(datetime.timezone.utc)).total_seconds()


@pytest.mark.checks(197)
@pytest.mark.parametrize("bare", [False, True], ids=["problem", "bare"])
def test_a_limit_without_a_time_is_not_met_twice(cairn, ca, bare):
    ca.intercept = lambda request: limited(request, bare=bare)
    for _ in range(3):
        run = cairn.outcome(*cairn.issuing(NAME, "--json"))
        assert run.returncode == 2
        assert orders(ca) == 1, "it was asked again at once"
    error = json.loads(run.stdout)["error"]
    assert error["phase"] == "order"
    assert 500 < seconds_until(error["retry_at"]) <= 600
    assert error["retry_at"] in error["next"]
    assert "429" in error["came_back"]


def test_the_pause_grows_from_run_to_run(cairn, ca):
    ca.intercept = limited
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 2
    file, = (path for path in (cairn.state / "limits").glob("*.json")
             if "names" in json.loads(path.read_text()))
    for pause in (1200, 2400, 4800):
        over = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        file.write_text(json.dumps(json.loads(file.read_text()) | {"until": over}))
        before = orders(ca)
        assert cairn.outcome(*cairn.issuing(NAME)).returncode == 2
        assert orders(ca) == before + 1
        assert abs(seconds_until(json.loads(file.read_text())["until"]) - pause) < 30


def test_the_time_that_the_ca_names_is_kept_by_other_runs(cairn, ca):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    ca.intercept = lambda request: limited(request, retry_after="7200")
    # Somebody wants it now, and learns of the limit.
    assert cairn.outcome("renew", "--force").returncode == 2
    before = orders(ca)
    plan = cairn.state / "renewal" / f"{NAME}.json"
    plan.write_text(json.dumps(json.loads(plan.read_text()) | {"key_type": "ec-p384"}))
    run = cairn.outcome("renew", "--json")
    assert run.returncode == 2 and orders(ca) == before
    certificate, = json.loads(run.stdout)["certificates"]
    assert 7100 < seconds_until(certificate["error"]["retry_at"]) <= 7200
    assert "too many certificates" in certificate["error"]["came_back"]
    assert cairn.serial(NAME) == ca.certificates[0].serial_number
    # The limit was lifted meanwhile, which somebody knows.
    ca.intercept = lambda request: None
    assert cairn.outcome("renew").returncode == 2 and orders(ca) == before
    run = cairn.outcome("renew", "--force")
    assert run.returncode == 0, run.stderr
    assert not list((cairn.state / "limits").glob("*.json"))


def test_whoever_insists_is_not_held_up(cairn, ca):
    ca.intercept = lambda request: limited(request, retry_after="7200")
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 2
    ca.intercept = lambda request: None
    run = cairn.outcome(*cairn.issuing(NAME))
    assert run.returncode == 2 and "with --force it is asked nevertheless" in run.stderr
    run = cairn.outcome(*cairn.issuing(NAME, "--force"))
    assert run.returncode == 0, run.stderr


def test_a_limit_is_for_what_was_limited(cairn, ca):
    ca.intercept = lambda request: limited(request, retry_after="7200")
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 2
    ca.intercept = lambda request: None
    run = cairn.outcome(*cairn.issuing("b.example"))
    assert run.returncode == 0, run.stderr


def test_a_limit_of_the_account_is_for_all_of_it(cairn, ca):
    ca.intercept = lambda request: limited(
        request, retry_after="7200", detail="too many new orders (300) from this account")
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 2
    before = orders(ca)
    run = cairn.outcome(*cairn.issuing("b.example"))
    assert run.returncode == 2 and orders(ca) == before
    assert "from this account" in run.stderr and "any names" in run.stderr


def test_another_ca_of_the_plan_is_asked_instead(cairn, ca, tmp_path):
    (tmp_path / "other").mkdir()
    other = OddCa(tmp_path / "other")
    other.http_port = ca.http_port
    try:
        both = tmp_path / "both.pem"
        both.write_text(ca.api_root.read_text() + other.api_root.read_text())
        ca.intercept = limited
        issuing = ["issue", "-d", NAME, "--solver", cairn.solvers["standalone"], "--agree-tos",
                   "--ca", ca.directory, "--ca", other.directory, "--ca-root", both]
        run = cairn.outcome(*issuing)
        assert run.returncode == 0, run.stderr
        assert orders(ca) == 1 and orders(other) == 1
        run = cairn.outcome(*issuing[:2], "b.example", *issuing[3:], "--name", "b")
        assert run.returncode == 0, run.stderr
        assert orders(ca) == 2
    finally:
        other.stop()


def test_proofs_that_fail_are_not_repeated_every_hour(cairn, ca):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    plan = cairn.state / "renewal" / f"{NAME}.json"
    plan.write_text(json.dumps(json.loads(plan.read_text()) | {"key_type": "ec-p384"}))

    def unconvinced(authorization):
        authorization["status"] = authorization["challenges"][0]["status"] = "invalid"
        authorization["challenges"][0]["error"] = {
            "type": "urn:ietf:params:acme:error:connection", "detail": "nobody answers"}

    ca.verdict = unconvinced
    for count in range(4):
        assert cairn.outcome("renew").returncode == 2
        assert orders(ca) == count + 2
    run = cairn.outcome("renew")
    assert run.returncode == 2 and orders(ca) == 5
    assert "not convinced 4 times in a row" in run.stderr
    # Whoever has mended it says so.
    ca.verdict = ca.look
    run = cairn.outcome("renew", "--force")
    assert run.returncode == 0, run.stderr
    assert "not due" in cairn.outcome("renew").stderr


def test_damaged_files_of_limits_say_nothing(cairn, ca):
    ca.intercept = lambda request: limited(request, retry_after="7200")
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 2
    for file in (cairn.state / "limits").glob("*.json"):
        file.write_text("{" * 10000)
    ca.intercept = lambda request: None
    run = cairn.outcome(*cairn.issuing(NAME))
    assert run.returncode == 0, run.stderr
