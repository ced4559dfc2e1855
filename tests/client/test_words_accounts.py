"""Accounts are made, given out and taken in."""

import json

import pytest

NAME = "a.example"


@pytest.fixture
def at(ca):
    """The words that say which CA is meant."""
    return ["--ca", ca.directory, "--ca-root", ca.api_root]


def account(cairn, *words, code=0):
    run = cairn.outcome("account", *words, "--json")
    assert run.returncode == code, run.stderr
    return json.loads(run.stdout)


def test_an_account_is_made_once(cairn, ca, at):
    made = account(cairn, "register", *at, "--agree-tos", "--email", "you@a.example")
    assert made["result"] == "done"
    assert account(cairn, "list")["accounts"][0]["contact"] == ["mailto:you@a.example"]
    again = account(cairn, "register", *at, "--agree-tos")
    assert again["result"] == "nothing-to-do" and again["account"]["url"] == made["account"]["url"]
    assert len(ca.accounts) == 1
    other = account(cairn, "register", *at, "--agree-tos", "--account", "web")
    assert other["account"]["name"] == "web" and other["account"]["url"] != made["account"]["url"]
    assert [entry["name"] for entry in account(cairn, "list")["accounts"]] == ["", "web"]
    assert account(cairn, "show", *at, "--account", "web")["account"]["url"] == other["account"]["url"]


def test_what_is_known_of_a_ca_is_not_asked_for_again(cairn, ca, at, tmp_path):
    # The settings say which CA is the usual one, and by which roots it is known.
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "cairn.toml").write_text(
        f'email = "ops@a.example"\nca = ["{ca.directory}"]\nca_root = "{ca.api_root}"\n')
    usual = ["--config", tmp_path / "config"]
    made = account(cairn, "register", "--agree-tos", *usual)["account"]
    assert made["ca"] == ca.directory
    assert account(cairn, "list")["accounts"][0]["contact"] == ["mailto:ops@a.example"]
    assert account(cairn, "show", *usual)["account"]["url"] == made["url"]
    # So does the plan of a lineage.
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    assert account(cairn, "show")["account"]["url"] == made["url"]
    certificate = tmp_path / "cert.pem"
    certificate.write_text((cairn.live(NAME) / "cert.pem").read_text())
    (cairn.state / "archive" / NAME).rename(tmp_path / "archive")
    run = cairn.outcome("revoke", "--cert", certificate, "--ca", ca.directory, "--reason", "SUPERSEDED")
    assert run.returncode == 0, run.stderr


def test_terms_have_to_be_agreed_to(cairn, ca, at):
    ca.terms = "https://ca.test/terms"
    answer = account(cairn, "register", *at, code=2)
    assert "https://ca.test/terms" in answer["error"]["came_back"]
    assert account(cairn, "register", *at, "--agree-tos")["result"] == "done"


def test_an_account_goes_to_another_machine(cairn, ca, at, tmp_path):
    made = account(cairn, "register", *at, "--agree-tos")["account"]
    file = tmp_path / "account.json"
    run = cairn.outcome("account", "export", "--out", file)
    assert run.returncode == 0 and run.stdout == ""
    assert file.stat().st_mode & 0o777 == 0o600
    printed = cairn.outcome("account", "export")
    assert json.loads(printed.stdout) == json.loads(file.read_text())
    assert "PRIVATE KEY" in account(cairn, "export")["account"]["key"]
    cairn.state = tmp_path / "elsewhere"
    taken = account(cairn, "import", file, "--ca-root", ca.api_root)
    assert taken["result"] == "done" and taken["account"]["url"] == made["url"]
    assert account(cairn, "import", file, "--ca-root", ca.api_root)["result"] == "nothing-to-do"
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    assert len(ca.accounts) == 1


def test_a_key_alone_finds_its_account(cairn, ca, at, tmp_path):
    made = account(cairn, "register", *at, "--agree-tos")["account"]
    key = tmp_path / "key.pem"
    key.write_text(account(cairn, "export")["account"]["key"])
    cairn.state = tmp_path / "elsewhere"
    answer = account(cairn, "import", key, code=2)
    assert "--ca" in answer["error"]["next"]
    assert account(cairn, "import", key, *at)["account"]["url"] == made["url"]


def test_a_key_without_an_account_makes_none(cairn, ca, at, tmp_path):
    key = tmp_path / "key.json"
    key.write_text('{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",'
                   '"y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",'
                   '"d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}')
    answer = account(cairn, "import", key, *at, code=2)
    assert "no account of this key" in answer["error"]["came_back"]
    assert not ca.accounts and account(cairn, "list", code=2 if not cairn.state.exists() else 0)
    key.write_text("secret nonsense")
    answer = account(cairn, "import", key, *at, code=2)
    assert "secret" not in json.dumps(answer)


def test_another_account_is_not_overwritten(cairn, ca, at, tmp_path):
    account(cairn, "register", *at, "--agree-tos")
    first = tmp_path / "first.json"
    assert cairn.outcome("account", "export", "--out", first).returncode == 0
    cairn.state = tmp_path / "elsewhere"
    account(cairn, "register", *at, "--agree-tos")
    answer = account(cairn, "import", first, "--ca-root", ca.api_root, code=2)
    assert "another one is kept here" in answer["error"]["came_back"]
    assert account(cairn, "import", first, "--ca-root", ca.api_root, "--account", "other")["ok"]
    assert len(account(cairn, "list")["accounts"]) == 2
