"""Words on the command line that cairn does not know."""

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
