"""What cairn keeps of a certificate's history, apart from the plan for it."""

import json

from harness.odd_ca import Answer, problem

NAME = "a.example"


def facts(cairn):
    return json.loads((cairn.state / "facts" / f"{NAME}.json").read_text())


def listed(cairn):
    run = cairn.outcome("status", "--json")
    assert run.returncode == 0, run.stderr
    entry, = json.loads(run.stdout)["certificates"]
    return entry


def test_each_try_is_kept_with_what_the_ca_has_found(cairn, ca):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    ca.verdict = ca.stays_pending
    run = cairn.outcome("renew", "--force", "--json")
    assert run.returncode == 2
    answer = json.loads(run.stdout)
    outcome, = answer["certificates"]
    assert outcome["result"] == answer["result"] == "failed"
    failure = outcome["error"]
    assert "nobody answers" in failure["came_back"] and answer["error"] == failure
    assert failure["phase"] == "challenge"
    assert failure["identifier"] == {"type": "dns", "value": NAME}
    finding, = failure["findings"]
    assert finding["challenge"] == "http-01"
    assert finding["problem"]["type"] == "urn:ietf:params:acme:error:connection"
    assert failure["next"].startswith("check that the name's addresses")
    succeeded, failed = listed(cairn)["attempts"]
    assert "failure" not in succeeded and succeeded["ca"] == ca.directory
    assert failed["failure"]["findings"] == failure["findings"]


def test_a_failure_tells_programs_when_to_come_back(cairn, ca):
    limited = problem("rateLimited", "too many", status=429)
    limited.headers["Retry-After"] = "7200"
    ca.intercept = lambda request: limited if request.path == "/new-order" else None
    run = cairn.outcome(*cairn.issuing(NAME, "--json"))
    assert run.returncode == 2
    error = json.loads(run.stdout)["error"]
    assert error["phase"] == "order" and error["status"] == 429
    assert error["problem"]["type"] == "urn:ietf:params:acme:error:rateLimited"
    assert error["retry_at"] in error["next"]


def test_what_the_ca_says_of_renewal_is_kept_and_not_asked_again_too_soon(cairn, ca):
    ca.alter["directory"] = lambda value: value | {"renewalInfo": ca.spell("/ari")}
    window = {"start": "2199-01-02T04:00:00Z", "end": "2199-01-03T04:00:00Z"}
    ca.intercept = lambda request: (
        Answer(200, json.dumps({"suggestedWindow": window}).encode(), {"Retry-After": "7200"})
        if request.path.startswith("/ari/") else None)
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    for _ in range(3):
        run = cairn.outcome("renew", "--json", "--exit-code")
        assert run.returncode == 1, run.stderr
    assert ca.count("/ari/") == 1
    entry = listed(cairn)
    assert entry["renewal_info"]["start"] == window["start"]
    assert entry["due_at"] == json.loads(run.stdout)["certificates"][0]["due_at"]
    # It is of that certificate alone.
    assert cairn.outcome("renew", "--force").returncode == 0
    assert cairn.outcome("renew", "--exit-code").returncode == 1
    assert ca.count("/ari/") == 2


def test_what_is_obtained_and_what_is_deployed_are_two_facts(cairn, ca, tmp_path):
    hook = tmp_path / "hook"
    hook.write_text("#!/bin/sh\ntest ! -e " + str(tmp_path / "broken"))
    hook.chmod(0o755)
    assert cairn.outcome(*cairn.issuing(NAME, "--deploy-hook", hook)).returncode == 0
    assert facts(cairn)["obtained"]["generation"] == facts(cairn)["deployed"]["generation"] == 1
    (tmp_path / "broken").touch()
    run = cairn.outcome("renew", "--force", "--json")
    assert run.returncode == 2
    assert json.loads(run.stdout)["certificates"][0]["error"]["phase"] == "deploy"
    entry = listed(cairn)
    assert entry["obtained"]["generation"] == 2 and entry["deployed"]["generation"] == 1
    (tmp_path / "broken").unlink()
    outcome, = json.loads(cairn.outcome("renew", "--json").stdout)["certificates"]
    assert outcome["result"] == "deployed"
    assert listed(cairn)["deployed"]["generation"] == 2
    assert len(ca.certificates) == 2


def as_the_version_before_kept_it(cairn):
    """Takes the file of facts apart into what was kept before there was one."""
    file = cairn.state / "facts" / f"{NAME}.json"
    kept = json.loads(file.read_text())
    order = kept["order"]
    order["order"] = order.pop("url")
    for folder in "orders", "deployments":
        (cairn.state / folder).mkdir(mode=0o700)
    (cairn.state / "orders" / f"{NAME}.json").write_text(json.dumps(order))
    (cairn.state / "deployments" / NAME).touch()
    file.unlink()
    file.parent.rmdir()


def test_the_state_of_the_version_before_is_taken_over(cairn, ca):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    ca.intercept = lambda request: (
        Answer(403, b"no") if request.path.startswith("/certificate/") else None)
    assert cairn.outcome("renew", "--force").returncode == 2
    ca.intercept = lambda request: None
    as_the_version_before_kept_it(cairn)
    assert listed(cairn)["state"] == "ordered"
    run = cairn.outcome("renew")
    assert run.returncode == 0, run.stderr
    assert len(ca.orders) == len(ca.certificates) == 2
    assert cairn.serial(NAME) == ca.certificates[1].serial_number
    assert not (cairn.state / "orders").exists() and not (cairn.state / "deployments").exists()
    assert "order" not in facts(cairn)
    assert listed(cairn)["state"] == "ok"


def test_facts_that_cannot_be_read_are_moved_away_and_told(cairn, ca):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    file = cairn.state / "facts" / f"{NAME}.json"
    file.write_text(file.read_text()[:-20])
    entry = listed(cairn)
    assert entry["state"] == "broken" and str(file) in entry["error"]["came_back"]
    run = cairn.outcome("renew")
    assert run.returncode == 0, run.stderr
    assert f"warning: {NAME}: What was known of the lineage cannot be read" in run.stderr
    assert f"{file}.damaged" in run.stderr
    assert listed(cairn)["state"] == "ok"


def test_facts_of_a_later_version_are_left_alone(cairn, ca):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    file = cairn.state / "facts" / f"{NAME}.json"
    later = file.read_text().replace('"version": 1', '"version": 2')
    file.write_text(later)
    for command in ["renew", "--force"], cairn.issuing(NAME):
        run = cairn.outcome(*command)
        assert run.returncode == 2
        assert "later version of cairn" in run.stderr and "Next: run the later version" in run.stderr
    assert file.read_text() == later
    assert len(ca.orders) == 1


def test_messages_may_be_events_for_programs(cairn, ca):
    run = cairn.outcome(*cairn.issuing(NAME, "--messages", "json"))
    assert run.returncode == 0, run.stderr
    events = [json.loads(line) for line in run.stderr.splitlines()]
    assert [event["event"] for event in events] == [
        "registering_account", "placing_order", "proving_control", "requesting_certificate",
        "message"]
    assert events[2]["challenge"] == "http-01" and events[2]["phase"] == "challenge"
    assert events[2]["identifiers"] == [{"type": "dns", "value": NAME}]
    ca.verdict = ca.stays_pending
    run = cairn.outcome("renew", "--force", "--messages", "json")
    assert run.returncode == 2
    events = [json.loads(line) for line in run.stderr.splitlines()]
    assert all(event["lineage"] == NAME for event in events)
    told = next(event for event in events if event["event"] == "proof_refused_so_far")
    assert "nobody answers" in told["problem"]["detail"]
    assert events[-1]["event"] == "failure"
    assert events[-1]["failure"]["findings"][0]["identifier"]["value"] == NAME
