"""Words on the command line that cairn does not know."""

import json

import pytest


@pytest.mark.parametrize("words, sentence", [
    (["stauts"], "cairn has no command stauts; did you mean status?"),
    (["account", "lsit"], "account has no command lsit; did you mean list?"),
    (["renew", "--forse"], "renew has no flag --forse; did you mean --force?"),
    (["issue", "-d", "a.example", "--slover", "manual"],
     "issue has no flag --slover; did you mean --solver?"),
    (["status", "--stat", "/etc/cairn"], "status has no flag --stat; did you mean --state?"),
])
def test_an_unknown_word_is_answered_with_the_nearest_known_one(cairn, words, sentence):
    run = cairn.outcome(*words)
    assert run.returncode == 2
    assert sentence in run.stderr and "--help" in run.stderr


def test_a_known_word_that_lacks_something_is_told_as_ever(cairn):
    run = cairn.outcome("issue")
    assert run.returncode == 2
    assert "-d is required" in run.stderr


def test_help_is_no_failure(cairn):
    run = cairn.outcome("issue", "--help")
    assert run.returncode == 0 and "--solver" in run.stdout


@pytest.mark.parametrize("words, command", [
    (["status"], "status"), (["renew"], "renew"), (["account", "list"], "account list")])
def test_every_answer_is_one_object_of_the_same_shape(cairn, ca, words, command):
    assert cairn.outcome(*cairn.issuing("a.example")).returncode == 0
    done = cairn.outcome(*words, "--json")
    assert done.returncode == 0, done.stderr
    misused = cairn.outcome(*words, "--json", "--frobnicate")
    cairn.state = cairn.state / "nowhere"
    failed = cairn.outcome(*words, "--json")
    assert failed.returncode == misused.returncode == 2
    well, *wrong = (json.loads(run.stdout) for run in (done, failed, misused))
    assert well["version"] == 1 and well["ok"] is True and well["command"] == command
    assert "error" not in well
    assert well["result"] == ("nothing-to-do" if command == "renew" else "done")
    for answer, result in zip(wrong, ("failed", "usage-error")):
        assert answer["version"] == 1 and answer["ok"] is False and answer["command"] == command
        assert answer["result"] == result
        assert answer["error"]["tried"] and answer["error"]["came_back"] and answer["error"]["next"]
    assert "--frobnicate" in wrong[1]["error"]["came_back"]


def test_a_usage_error_is_an_event_too(cairn):
    run = cairn.outcome("--messages", "json", "renew", "--frobnicate")
    assert run.returncode == 2
    assert json.loads(run.stderr)["failure"]["came_back"].startswith("renew has no flag")


def test_nothing_to_do_is_no_failure_unless_it_is_asked_for(cairn, ca):
    assert cairn.outcome(*cairn.issuing("a.example")).returncode == 0
    for words in (["renew"], ["-q", "renew"], ["renew", "--json"]):
        assert cairn.outcome(*words).returncode == 0
        assert cairn.outcome(*words, "--exit-code").returncode == 1
    assert cairn.outcome("status", "--exit-code").returncode == 0
    assert len(ca.orders) == 1


def test_a_quiet_run_says_what_went_wrong_alone(cairn, ca):
    run = cairn.outcome(*cairn.issuing("a.example", "-q"))
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    run = cairn.outcome("renew", "-q")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    assert "a.example" in cairn.outcome("status", "-q").stdout
    ca.verdict = lambda authorization: authorization.update(status="invalid")
    run = cairn.outcome("renew", "-q", "--force")
    assert run.returncode == 2 and run.stderr.startswith("error: a.example: Could not ")


def test_quiet_and_verbose_exclude_each_other(cairn):
    run = cairn.outcome("status", "-q", "-v")
    assert run.returncode == 2 and "--quiet" in run.stderr and "--verbose" in run.stderr


@pytest.mark.parametrize("words, sentence", [
    (["certonly", "--standalone"], "certbot's certonly is `cairn issue`"),
    (["--issue", "-d", "a.example", "-w", "/srv"], "acme.sh's --issue is `cairn issue` here"),
    (["issue", "-d", "a.example", "--webroot-path", "/srv"], "--solver webroot:DIR"),
    (["issue", "--domains", "a.example"], "-d NAME, once for each name"),
    (["issue", "-d", "a.example", "--accept-tos"], "lego's --accept-tos is --agree-tos here"),
    (["--email", "a@a.example", "--domains", "a.example", "run"], "say it behind `cairn issue`"),
    (["-d", "a.example", "--standalone", "certonly"], "say it behind `cairn issue`"),
    (["issue", "a.example"], "a name is said with -d NAME"),
    (["issue", "-d", "a.example", "--pfx"], "--deploy pkcs12:FILE"),
    (["--install-cert", "-d", "a.example"], "--deploy files,fullchain=PATH,key=PATH"),
])
def test_words_of_other_clients_are_answered_with_ours(cairn, words, sentence):
    run = cairn.outcome(*words)
    assert run.returncode == 2 and sentence in run.stderr
