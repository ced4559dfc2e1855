"""What cairn keeps of each attempt, and how it explains it."""

import json
import os
import signal
import subprocess

from harness.odd_ca import problem

NAME = "a.example"


def explained(cairn, *arguments):
    run = cairn.outcome("explain", *arguments, "--json")
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def events(attempt):
    return [step["event"] for step in attempt["steps"]]


def test_an_attempt_that_succeeded_has_its_timeline(cairn):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    attempt = explained(cairn, NAME)["attempt"]
    assert attempt["lineage"] == NAME and attempt["work"] == "issue"
    assert attempt["result"] == "succeeded" and attempt["took_ms"] >= 0
    told = events(attempt)
    for event in ("registering_account", "placing_order", "proving_control", "answer_is_up",
                  "requesting_certificate"):
        assert event in told
    up = next(step for step in attempt["steps"] if step["event"] == "answer_is_up")
    assert up["place"].startswith(f"http://{NAME}/.well-known/acme-challenge/")
    times = [step["after_ms"] for step in attempt["steps"]]
    assert times == sorted(times)
    file, = (cairn.state / "attempts" / NAME).iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    shown = cairn.outcome("explain", NAME)
    assert f"to issue {NAME} succeeded" in shown.stdout


def test_a_failure_stands_beside_what_is_seen_from_here(cairn, ca):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    ca.verdict = ca.stays_pending
    run = cairn.outcome("renew", "--force")
    assert run.returncode == 2
    attempt = explained(cairn)["attempt"]
    assert f"`cairn explain {attempt['id']}`" in run.stderr
    assert attempt["result"] == "failed" and attempt["work"] == "renew"
    failed = next(step for step in attempt["steps"] if step["event"] == "proof_failed")
    assert "nobody answers at 192.0.2.7" in failed["problem"]["detail"]
    seen = [step for step in attempt["steps"] if step["event"] == "seen_from_here"]
    # Reserved names have no address anywhere.
    assert seen and "has no address here" in seen[0]["text"]
    assert attempt["failure"]["findings"][0]["identifier"]["value"] == NAME
    shown = cairn.outcome("explain").stdout
    for words in ("the CA says", "nobody answers at 192.0.2.7", "seen from here", "Next:",
                  f"cairn doctor {NAME}"):
        assert words in shown
    # By its own name, too, and the earlier one is named.
    other = explained(cairn, attempt["id"])
    assert other["attempt"] == attempt
    assert [each["result"] for each in other["other_attempts"]] == ["succeeded"]


def test_words_of_the_ca_reach_no_terminal_as_they_are(cairn, ca):
    ca.intercept = lambda request: (
        problem("rejectedIdentifier", "no \x1b[31mred\x07 " + "x" * 100000, status=403)
        if request.path == "/new-order" else None)
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 2
    shown = cairn.outcome("explain")
    assert "rejectedIdentifier" in shown.stdout
    assert "\x1b" not in shown.stdout and "\x07" not in shown.stdout
    assert len(shown.stdout) < 20000
    file, = (cairn.state / "attempts" / NAME).iterdir()
    assert file.stat().st_size < 256 * 1024 and b"\x1b" not in file.read_bytes()


def test_a_killed_run_shows_how_far_it_came(cairn, ca):
    reached = {}

    def kill_at_finalize(request):
        if request.path.startswith("/finalize"):
            os.kill(reached["process"].pid, signal.SIGKILL)
        return None

    ca.intercept = kill_at_finalize
    reached["process"] = subprocess.Popen(
        cairn.command_line(*cairn.issuing(NAME)), env=cairn.environment,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert reached["process"].wait(60) == -signal.SIGKILL
    ca.intercept = lambda request: None
    attempt = explained(cairn)["attempt"]
    assert attempt["result"] == "interrupted" and "took_ms" not in attempt
    assert events(attempt)[-1] == "requesting_certificate"
    assert f"`cairn renew {NAME}`" in cairn.outcome("explain").stdout


def test_a_dry_run_is_kept_as_a_rehearsal(cairn, ca):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    ca.verdict = ca.stays_pending
    run = cairn.outcome("renew", "--dry-run", "--ca", ca.directory, "--ca-root", ca.api_root,
                        "--agree-tos")
    assert run.returncode == 2
    attempt = explained(cairn, NAME)["attempt"]
    assert attempt["work"] == "rehearse" and attempt["result"] == "failed"


def test_nothing_to_explain_and_nothing_of_that_name(cairn):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    run = cairn.outcome("explain", "b.example", "--json")
    assert run.returncode == 2
    assert "no lineage and no attempt of this name" in json.loads(run.stdout)["error"]["came_back"]
    for file in (cairn.state / "attempts" / NAME).iterdir():
        file.unlink()
    run = cairn.outcome("explain", NAME, "--json")
    assert run.returncode == 0 and json.loads(run.stdout)["result"] == "nothing-to-do"


def test_attempts_are_bounded_in_number(cairn, ca):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    folder = cairn.state / "attempts" / NAME
    kept, = folder.iterdir()
    for number in range(30):
        (folder / f"20200101T0000{number:02}Z-0000.jsonl").write_text(kept.read_text())
    assert cairn.outcome("renew", "--force").returncode == 0
    assert len(list(folder.iterdir())) == 20
    assert kept.exists()
