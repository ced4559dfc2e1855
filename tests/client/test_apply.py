"""A file declares certificates; `plan` shows the differences, and `apply` does what they say."""

import json

import pytest


@pytest.fixture
def declare(cairn, ca, tmp_path):
    """Writes the file; returns its path."""
    def write(certificates, defaults=""):
        file = tmp_path / "certificates.toml"
        file.write_text(
            f'[defaults]\nca = "{ca.directory}"\nca_root = "{ca.api_root}"\nagree_tos = true\n'
            f'solver = "{cairn.solvers["standalone"]}"\n{defaults}\n{certificates}')
        return file
    return write


TWO = """
[[certificate]]
names = ["a.example", "www.a.example"]
[[certificate]]
name = "mail"
names = ["b.example"]
key_types = "rsa2048"
"""


def actions(cairn, command, file, *words, code=0):
    run = cairn.outcome(command, file, "--json", *words)
    assert run.returncode == code, run.stderr
    return {entry["lineage"]: entry for entry in json.loads(run.stdout)["lineages"]}


def test_what_is_declared_is_obtained_once(cairn, ca, declare):
    file = declare(TWO)
    planned = actions(cairn, "plan", file)
    assert {name: entry["action"] for name, entry in planned.items()} == {"a.example": "add",
                                                                         "mail": "add"}
    assert not ca.requests and not cairn.state.exists()
    applied = actions(cairn, "apply", file)
    assert {entry["result"] for entry in applied.values()} == {"done"}
    assert applied["mail"]["certificates"][0]["key_type"] == "rsa2048"
    assert len(ca.certificates) == 2
    planned = actions(cairn, "plan", file)
    assert {entry["action"] for entry in planned.values()} == {"leave"}
    assert cairn.outcome("plan", file, "--exit-code").returncode == 1
    assert cairn.outcome("apply", file, "--exit-code").returncode == 1
    assert len(ca.orders) == 2


def test_differences_are_shown_and_made(cairn, ca, declare):
    assert cairn.outcome("apply", declare(TWO)).returncode == 0
    file = declare("""
[[certificate]]
names = ["a.example"]
[[certificate]]
name = "mail"
names = ["b.example"]
renew_before = "20d"
""")
    planned = actions(cairn, "plan", file)
    assert planned["a.example"]["action"] == planned["mail"]["action"] == "change"
    difference, = planned["a.example"]["differences"]
    assert difference["member"] == "names" and difference["needs_new_certificate"] is True
    assert difference["before"] == "a.example, www.a.example" and difference["after"] == "a.example"
    difference, = planned["mail"]["differences"]
    assert difference["needs_new_certificate"] is False
    shown = cairn.outcome("plan", file)
    assert "a.example, www.a.example -> a.example" in shown.stdout
    assert "2 to change" in shown.stderr and "nothing was changed" in shown.stderr
    assert len(ca.orders) == 2
    assert cairn.outcome("apply", file).returncode == 0
    assert len(ca.orders) == 3, "what is kept is not ordered again"
    assert {entry["action"] for entry in actions(cairn, "plan", file).values()} == {"leave"}


def test_what_is_not_declared_stays_unless_it_is_to_go(cairn, ca, declare):
    assert cairn.outcome("apply", declare(TWO)).returncode == 0
    file = declare('[[certificate]]\nnames = ["a.example", "www.a.example"]\n')
    assert actions(cairn, "plan", file)["mail"]["action"] == "undeclared"
    assert cairn.outcome("apply", file, "--exit-code").returncode == 1
    assert cairn.live("mail").exists()
    assert actions(cairn, "plan", file, "--prune")["mail"]["action"] == "delete"
    assert cairn.live("mail").exists()
    assert cairn.outcome("apply", file, "--prune").returncode == 0
    assert not cairn.live("mail").exists() and cairn.live("a.example").exists()


def test_one_that_fails_does_not_keep_the_others(cairn, ca, declare):
    def refuse(authorization):
        if authorization["identifier"]["value"] == "b.example":
            authorization.update(status="invalid")
        else:
            ca.look(authorization)

    ca.verdict = refuse
    run = cairn.outcome("apply", declare(TWO), "--json")
    assert run.returncode == 2
    answer = json.loads(run.stdout)
    results = {entry["lineage"]: entry["result"] for entry in answer["lineages"]}
    assert results == {"a.example": "done", "mail": "failed"}
    assert answer["error"]["tried"].startswith("prove control of b.example")
    ca.verdict = ca.look
    assert cairn.outcome("apply", declare(TWO)).returncode == 0
    assert len(ca.certificates) == 2


def test_all_that_is_wrong_with_a_file_is_told_at_once(cairn, ca, declare):
    file = declare('[[certificate]]\nnames = []\nprofil = "x"\n[[certificate]]\nnames = 7\n')
    for command in ("plan", "apply"):
        run = cairn.outcome(command, file)
        assert run.returncode == 2
        for words in ("certificate[1].names must name", "did you mean certificate[1].profile?",
                      "certificate[2].names must be"):
            assert words in run.stderr
    file = declare('[[certificate]]\nnames = ["a.example=nonsense:x"]\n'
                   '[[certificate]]\nnames = ["b.example"]\ndeploy_hooks = ["/no/such/hook"]\n')
    run = cairn.outcome("apply", file)
    assert run.returncode == 2 and "nonsense" in run.stderr and "/no/such/hook" in run.stderr
    # Two ways to write one name are one lineage.
    file = declare('[[certificate]]\nnames = ["b\u00fccher.example"]\n'
                   '[[certificate]]\nnames = ["XN--BCHER-KVA.example."]\n')
    run = cairn.outcome("plan", file)
    assert run.returncode == 2 and "xn--bcher-kva.example" in run.stderr and "declared twice" in run.stderr
    assert not ca.orders
