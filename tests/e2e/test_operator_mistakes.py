"""What an operator gets wrong is told in one answer, all of it, and nothing is changed."""

import json
import subprocess

import pytest

from harness.operator_commands import Operator
from harness.process import BIN

MISTAKES = {
    "eab create": (
        ["eab", "create", "--max-uses", "0", "--not-after", "2020-01-01T00:00:00Z", "--network",
         "1.2.3.4/99", "--network", "nowhere", "--profile", "none", "--name", "..", "--note", "a\nb"],
        ["max_uses must be from 1", "not_after is in the past", '"1.2.3.4/99"', '"nowhere"',
         "this CA has no such profile", 'name ".."', "note must be one line"]),
    "limit override": (
        ["limit", "override", "nope", "--domain", "..", "--network", "1/2", "--count", "0", "--period",
         "x"],
        ['there is no limit "nope"', '".." is no domain name', '"1/2" is no network', "--count must say",
         "--period", "one of --account, --domain and --network"]),
    "limit show": (
        ["limit", "show", "--name", "..", "--address", "x", "--account", "y", "--limit", "odd"],
        ['".." is no domain name', '"x" is no address', '"y" is no account', 'no limit "odd"']),
    "renewal pull-forward": (
        ["renewal", "pull-forward", "--by", "2020-01-01", "--explanation", "nope", "--issuer", "missing",
         "--certificate", "zz", "--certificate", "11ff", "--issued-after", "2030-01-01"],
        ["by is not in the future", "explanation must be", 'no issuer "missing"', '"zz" is neither',
         "did not issue a certificate 11ff", "issued_after is later"]),
    "order list": (
        ["order", "list", "--status", "odd", "--created-after", "never", "--name", "..", "--account", "zz",
         "--limit", "0", "--after", "%"],
        ["status must be", "created_after must be a time", 'name ".."', '"zz" is neither', "limit must be",
         '"%" is neither']),
    "certificate list": (
        ["certificate", "list", "--status", "odd", "--issued-after", "x", "--issuer", "none", "--limit",
         "0", "--after", "zz"],
        ["status must be", "issued_after must be", 'no issuer "none"', "limit must be", '"zz" is neither']),
    "certificate revoke": (
        ["certificate", "revoke", "--reason", "odd", "--status", "odd"], ["reason: ", "status must be"]),
    "account scope": (
        ["account", "scope", "zz", "--allow", "..", "--allow", "a b", "--deny", "?", "--uri", "x y"],
        ['"zz" is neither', '".."', '"a b"', '"?"', 'URI "x y"']),
    "audit head": (
        ["audit", "head", "--limit", "0", "--chain", "x", "--after", "y"],
        ["limit must be", "chain must be", "after must be"]),
    "audit note": (["audit", "note", ""], ["text must not be empty"]),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_all_that_is_wrong_is_told_at_once(shared_ca, what):
    operator = Operator(shared_ca)
    (noun, verb, *arguments), wanted = MISTAKES[what]
    detail = operator.json(noun, verb, *arguments, code=2)["error"]["detail"]
    for words in wanted:
        assert words in detail, (words, detail)
    assert operator.json("renewal", "list")["rules"] == []


def test_a_rule_for_a_profile_that_never_was_is_refused(shared_ca):
    operator = Operator(shared_ca)
    refused = operator.json("renewal", "pull-forward", "--profile", "defualt", code=2)["error"]
    assert refused["code"] == "notFound" and "no profile defualt" in refused["detail"]
    assert operator.json("renewal", "list")["rules"] == []


def answer_of(*words, code=0):
    done = subprocess.run([str(BIN / "cairn-ca"), *map(str, words)], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == code, done.stdout + done.stderr
    answer = json.loads(done.stdout)
    assert (answer["version"], answer["ok"]) == (1, code == 0)
    return answer


def test_what_makes_a_ca_answers_in_json(tmp_path):
    ca = tmp_path / "ca"
    made = answer_of("init", ca, "--name", "Corp", "--host", "ca.test", "--json")
    assert made["directory"] == "https://ca.test:14000/directory"
    fingerprint = subprocess.run(
        ["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", made["root"]],
        capture_output=True, text=True, timeout=60, check=True).stdout.strip().split("=")[1]
    assert made["rootFingerprint"] == fingerprint
    created = answer_of("issuer", "create", ca, "next", "--json")
    assert created["issuer"] == "next" and "[issuers.next]" in created["configuration"]
    requested = answer_of("issuer", "csr", ca, "other", "--json")
    assert requested["request"] == str(ca / "pki" / "other.csr")
    # The same shape for what is wrong, wherever it shows.
    wrong = answer_of("init", tmp_path / "no", "--listen", "x", "--root-lifetime", "y", "--key-store", "z",
                      "--host", "..", "--json", code=2)
    for words in ("--listen x", "--root-lifetime", "--key-store", "--host .."):
        assert words in wrong["error"]["detail"]
    assert not (tmp_path / "no").exists()
    wrong = answer_of("issuer", "create", ca, "third", "--key-store", "x", "--intermediate-lifetime", "y",
                      "--json", code=2)
    assert "--key-store" in wrong["error"]["detail"]
    assert "--intermediate-lifetime" in wrong["error"]["detail"]
    for words in (["eab", "creat", ca], ["frobnicate"], ["init"], ["serve", ca]):
        assert answer_of(*words, "--json", code=2)["error"]["code"] == "usage"


def test_all_flags_that_are_not_known_are_told(shared_ca):
    done = Operator(shared_ca).run("eab", "create", "--nmae", "x", "--ntoe=y")
    assert done.returncode == 2
    assert "--nmae; did you mean --name?" in done.stderr
    assert "--ntoe; did you mean --note?" in done.stderr


def test_a_shell_completes_commands_and_flags():
    script = subprocess.run([BIN / "cairn-ca", "completion", "bash"], capture_output=True, text=True,
                            timeout=60, check=True).stdout

    def completed(*words):
        asked = " ".join(f"'{word}'" for word in ("cairn-ca", *words))
        done = subprocess.run(
            ["bash", "-c", f"{script}\nCOMP_WORDS=({asked}); COMP_CWORD={len(words)}; _cairn_ca\n"
                           'echo "${COMPREPLY[@]}"'], capture_output=True, text=True, timeout=60, check=True)
        return done.stdout.split()

    assert completed("acc") == ["account"]
    assert set(completed("eab", "")) >= {"create", "list", "show", "revoke", "--help"}
    assert completed("eab", "create", "/ca", "--max") == ["--max-uses"]
    assert completed("serve", "/ca", "--s") == ["--set"]
