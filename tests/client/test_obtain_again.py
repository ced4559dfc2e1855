"""cairn issue leaves alone what already answers, reissues what differs, and keeps what is not said again."""

import datetime
import json
import socket

import pytest

from harness.issued import key_type_of, names_of, read_chain
from harness.odd_ca import OddCa

NAME = "a.example"


def said(run):
    """What a run that succeeded tells with --json."""
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def plan(cairn, name=NAME):
    return json.loads((cairn.state / "renewal" / f"{name}.json").read_text())


def leaf(cairn, name=NAME):
    return read_chain((cairn.live(name) / "fullchain.pem").read_text())[0]


def again(cairn, *arguments, **options):
    return cairn.outcome("issue", "-d", NAME, *arguments, **options)


@pytest.fixture
def hook(tmp_path):
    path = tmp_path / "hook"
    path.write_text(f"#!/bin/sh\necho \"$@\" >> {tmp_path}/heard\n")
    path.chmod(0o700)
    return path


def test_the_same_request_again_does_nothing(cairn, ca):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    before = len(ca.requests)
    told = said(cairn.outcome(*cairn.issuing(NAME), "--json"))
    assert told["result"] == "nothing-to-do"
    assert int(told["certificates"][0]["serial"], 16) == ca.certificates[0].serial_number
    assert told["certificates"][0]["files"]["fullchain"] == f"{cairn.live(NAME)}/fullchain.pem"
    assert cairn.outcome(*cairn.issuing(NAME), "--exit-code").returncode == 1
    # Also with less words, and in another order of names.
    assert again(cairn, "--exit-code").returncode == 1
    assert cairn.outcome("issue", "--name", NAME, "--exit-code").returncode == 1
    assert len(ca.requests) == before, "the CA is not asked"


def test_a_staging_certificate_does_not_take_a_live_ones_place(cairn, ca, tmp_path):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    before = plan(cairn), len(ca.requests)
    staging = ["--ca", "letsencrypt", "--staging", "--agree-tos"]
    run = again(cairn, *staging, "--json")
    assert run.returncode == 2
    error = json.loads(run.stdout)["error"]
    assert "nobody trusts the other" in error["came_back"]
    for word in ("--name", "--dry-run", "--force"):
        assert word in error["next"]
    assert (plan(cairn), len(ca.requests)) == before
    # However the staging directory is named, and by whatever command.
    url = "https://acme-staging-v02.api.letsencrypt.org/directory"
    for words in (["issue", "-d", NAME, "--ca", "letsencrypt-staging"], ["issue", "-d", NAME, "--ca", url],
                  ["set", NAME, "--ca", "letsencrypt-staging"],
                  ["set", NAME, "--ca", "letsencrypt", "--staging"],
                  ["certbot", "certonly", "-d", NAME, "--server", url]):
        run = cairn.outcome(*words)
        assert run.returncode == 2 and "nobody trusts the other" in run.stderr, words
    assert (plan(cairn), len(ca.requests)) == before
    # A CA that is not known by name has no staging directory that could be found.
    run = again(cairn, "--staging")
    assert run.returncode == 2 and "no staging directory" in run.stderr
    # Said of a declared certificate, it is refused as well.
    file = tmp_path / "fleet.toml"
    file.write_text(f'[[certificate]]\nnames = ["{NAME}"]\nca = "letsencrypt"\nstaging = true\n')
    run = cairn.outcome("apply", file)
    assert run.returncode == 2 and "nobody trusts the other" in run.stderr
    assert (plan(cairn), len(ca.requests)) == before


def test_the_way_from_staging_back_is_told_and_foreseen(cairn, ca, tmp_path):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    file = cairn.state / "renewal" / f"{NAME}.json"
    staging = "https://acme-staging-v02.api.letsencrypt.org/directory"
    production = "https://acme-v02.api.letsencrypt.org/directory"
    file.write_text(json.dumps(plan(cairn) | {"ca": staging}))
    facts = cairn.state / "facts" / f"{NAME}.json"
    facts.write_text(facts.read_text().replace(ca.directory, staging))
    declared = tmp_path / "fleet.toml"
    declared.write_text(f'[[certificate]]\nnames = ["{NAME}"]\n')
    intent, = said(cairn.outcome("plan", declared, "--json"))["lineages"]
    assert intent["action"] == "change"
    difference, = (each for each in intent["differences"] if each["member"] == "ca")
    assert (difference["before"], difference["after"]) == (staging, production)
    assert difference["needs_new_certificate"] and staging in intent["reasons"][0]
    # Nobody is there: it is told whom it would ask, and what stands is left as it was.
    run = again(cairn, environment={"HTTPS_PROXY": f"http://127.0.0.1:{ca.http_port}"})
    assert run.returncode == 2
    assert f"The lineage was made with --staging; now {production} is asked." in run.stderr
    assert plan(cairn)["ca"] == staging
    # Where the staging directory is what is usual here, it is meant.
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "cairn.toml").write_text('ca = ["letsencrypt-staging"]\n')
    cairn.environment["CAIRN_CONFIG"] = str(tmp_path / "config")
    assert said(cairn.outcome("plan", declared, "--json"))["lineages"][0]["action"] == "leave"


def test_a_new_lineage_gets_what_is_usual_here(cairn, ca, tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "cairn.toml").write_text(
        f'email = "ops@a.example"\nca = ["{ca.directory}"]\nca_root = "{ca.api_root}"\n'
        'key_types = ["ec-p384"]\n')
    cairn.environment["CAIRN_CONFIG"] = str(tmp_path / "config")
    told = said(cairn.outcome("issue", "-d", NAME, "--agree-tos", "--solver",
                              cairn.solvers["standalone"], "--json"))
    assert told["certificates"][0]["key_type"] == "ec-p384"
    kept = plan(cairn)
    assert (kept["ca"], kept["ca_root"]) == (ca.directory, str(ca.api_root))
    account, = cairn.state.glob("accounts/**/account.json")
    assert "mailto:ops@a.example" in account.read_text()
    # What is said goes before it, and what stands is not changed by it.
    told = said(cairn.outcome("issue", "-d", "b.example", "--key-type", "ec-p256", "--solver",
                              cairn.solvers["standalone"], "--json"))
    assert told["certificates"][0]["key_type"] == "ec-p256"
    (tmp_path / "config" / "cairn.toml").write_text('ca = ["zerossl"]\nkey_types = ["rsa2048"]\n')
    assert again(cairn, "--exit-code").returncode == 1
    assert plan(cairn) == kept


def test_force_has_it_issued_all_the_same(cairn, ca):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    assert again(cairn, "--force").returncode == 0
    assert len(ca.certificates) == 2
    assert leaf(cairn).serial_number == ca.certificates[1].serial_number


@pytest.mark.parametrize("words, why", [
    (["-d", "b.example"], "b.example"),
    (["--key-type", "rsa2048"], "rsa2048"),
    (["--profile", "short"], "profile"),
])
def test_what_differs_is_reissued(cairn, ca, words, why):
    ca.alter["directory"] = lambda directory: directory | {
        "meta": {"profiles": {"short": "https://ca.example"}}}
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    run = again(cairn, *words)
    assert run.returncode == 0, run.stderr
    assert "Another certificate is needed" in run.stderr and why in run.stderr
    assert len(ca.certificates) == 2
    assert leaf(cairn).serial_number == ca.certificates[1].serial_number
    assert again(cairn, *words, "--exit-code").returncode == 1
    if "-d" in words:
        assert cairn.outcome("issue", "-d", f"{words[1]},{NAME}", "--exit-code").returncode == 1
    assert ca.orders["2"]["request"].get("profile") == ("short" if "short" in words else None)


def test_fewer_names_are_reissued_too(cairn, ca):
    assert cairn.outcome(*cairn.issuing(NAME), "-d", "b.example,c.example").returncode == 0
    assert set(names_of(leaf(cairn))) == {NAME, "b.example", "c.example"}
    assert again(cairn).returncode == 0
    assert set(names_of(leaf(cairn))) == {NAME}


def test_a_lineage_of_other_names_is_not_taken(cairn, ca):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    wild = "*." + NAME
    run = cairn.outcome("issue", "-d", f"{wild}=exec:/bin/true", "--ca", ca.directory)
    assert run.returncode == 2
    assert f"it is the lineage of {NAME}" in run.stderr and f"--name {NAME}" in run.stderr
    assert len(ca.orders) == 1


def test_a_further_key_type_leaves_the_first_alone(cairn, ca):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    told = said(again(cairn, "--key-type", "ec-p256", "--key-type", "rsa2048", "--json"))
    assert len(ca.certificates) == 2
    assert leaf(cairn).serial_number == ca.certificates[0].serial_number
    assert [each["key_type"] for each in told["certificates"]] == ["ec-p256", "rsa2048"]
    further = read_chain((cairn.live(NAME) / "fullchain-rsa2048.pem").read_text())[0]
    assert key_type_of(further.public_key()) == "rsa2048"


def test_another_ca_is_asked_anew(cairn, ca, tmp_path):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    (tmp_path / "other").mkdir()
    other = OddCa(tmp_path / "other")
    try:
        run = again(cairn, "--ca", other.directory, "--ca-root", other.api_root, "--agree-tos",
                    "--solver", f"standalone:127.0.0.1:{other.http_port}")
        assert run.returncode == 0, run.stderr
        assert ca.directory in run.stderr, "why another certificate is needed"
        assert leaf(cairn).serial_number == other.certificates[0].serial_number
        # Both are good: the one that issued it is among them, and its roots stay.
        run = again(cairn, "--ca", ca.directory, "--ca", other.directory, "--json")
        assert said(run)["result"] == "done"
        assert len(ca.certificates) == len(other.certificates) == 1
        assert plan(cairn)["cas"][1]["ca_root"] == str(other.api_root)
    finally:
        other.stop()


def test_what_is_not_said_again_stays(cairn, ca, hook):
    run = cairn.outcome(*cairn.issuing(NAME), "--deploy-hook", f"{hook} 'reload it'",
                        "--post-hook", hook, "--renew-before", "1/3", "--preferred-chain", "X")
    assert run.returncode == 0, run.stderr
    before = plan(cairn)
    assert before["deploy_hook"] == f"{hook} 'reload it'"
    assert again(cairn, "-d", "b.example").returncode == 0
    after = plan(cairn)
    assert after == before | {"names": after["names"]}
    solvers = {name["name"]: name["solver"] for name in after["names"]}
    assert solvers[NAME] == solvers["b.example"] == cairn.solvers["standalone"]
    # Said with nothing, it goes; no certificate is needed for that.
    told = said(again(cairn, "-d", "b.example", "--post-hook", "", "--renew-before", "", "--json"))
    assert told["result"] == "done"
    assert "post_hook" not in plan(cairn) and "renew_before" not in plan(cairn)
    assert plan(cairn)["deploy_hook"] == before["deploy_hook"]
    assert len(ca.certificates) == 2


def test_hooks_that_need_a_shell_are_refused_with_the_way(cairn, ca):
    run = cairn.outcome(*cairn.issuing(NAME), "--deploy-hook", "nginx -t && nginx -s reload")
    assert run.returncode == 2
    assert "without a shell" in run.stderr
    assert r"'sh -c '\''nginx -t && nginx -s reload'\'''" in run.stderr
    assert not ca.orders


def test_a_hook_is_split_and_found(cairn, ca, hook, tmp_path):
    run = cairn.outcome(*cairn.issuing(NAME), "--deploy-hook", "hook --now 'a  b'",
                        environment={"PATH": f"{tmp_path}:/usr/bin:/bin"})
    assert run.returncode == 0, run.stderr
    assert plan(cairn)["deploy_hook"] == f"{hook} --now 'a  b'"
    assert (tmp_path / "heard").read_text() == "--now a  b\n"


def test_set_changes_the_plan_without_issuing(cairn, ca, hook):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    told = said(cairn.outcome("set", NAME, "--pre-hook", f"{hook} stop", "--json"))
    assert told["changes"] == [{"member": "pre_hook", "before": "none", "after": f"{hook} stop",
                                "needs_new_certificate": False}]
    assert told["reissued_because"] == []
    assert cairn.outcome("set", NAME, "--pre-hook", f"{hook} stop",
                         "--exit-code").returncode == 1
    run = cairn.outcome("set", NAME, "-d", f"{NAME},b.example")
    assert run.returncode == 0, run.stderr
    assert "The next renewal has another certificate issued" in run.stderr
    assert len(ca.certificates) == 1
    assert cairn.outcome("renew").returncode == 0
    assert set(names_of(leaf(cairn))) == {NAME, "b.example"}
    run = cairn.outcome("set", "no-such", "--solver", "manual")
    assert run.returncode == 2 and "no-such" in run.stderr


def test_an_expired_certificate_does_not_answer(cairn, ca):
    ca.validity = (datetime.timedelta(days=-89), datetime.timedelta(hours=1))
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    ca.validity = (datetime.timedelta(hours=-1), datetime.timedelta(days=90))
    assert again(cairn).returncode == 0
    assert len(ca.certificates) == 2


@pytest.mark.checks(201)
@pytest.mark.parametrize("validity, why", [((1, 90), "valid only from"), ((-90, -1), "valid until")])
def test_a_certificate_that_is_not_valid_now_is_refused(cairn, ca, validity, why):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    before = leaf(cairn)
    ca.validity = tuple(datetime.timedelta(days=days) for days in validity)
    run = again(cairn, "--force")
    assert run.returncode == 2
    assert why in run.stderr
    assert leaf(cairn) == before


def test_a_preferred_profile_is_done_without_and_a_required_one_is_not(cairn, ca):
    run = cairn.outcome(*cairn.issuing(NAME), "--required-profile", "short")
    assert run.returncode == 2
    assert "has no profile short" in run.stderr
    assert not ca.orders
    run = cairn.outcome(*cairn.issuing(NAME), "--profile", "short")
    assert run.returncode == 0, run.stderr
    assert "offers no profile short" in run.stderr
    assert "profile" not in ca.orders["1"]["request"]


def test_what_is_gone_is_answered_by_name(cairn, ca):
    for words, answer in ((["--must-staple"], "do not grant it any more"),
                          (["--key-store", "hsm"], "no key store"),
                          (["--ca", "buypass"], "--ca actalis")):
        run = cairn.outcome("issue", "-d", NAME, *words)
        assert run.returncode == 2
        assert answer in run.stderr
    assert not ca.requests


def test_more_names_than_an_order_can_have_are_refused_before_it(cairn, ca):
    run = cairn.outcome("issue", "-d", ",".join(f"n{i}.a.example" for i in range(1001)), "--ca", ca.directory,
                        "--ca-root", ca.api_root, "--agree-tos")
    assert run.returncode == 2 and "1001 names are more than 1000" in run.stderr
    assert not ca.requests and not cairn.state.exists()


def test_everything_in_the_way_is_said_before_an_order(cairn, ca, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        missing = tmp_path / "missing"
        run = cairn.outcome(
            "issue", "--ca", ca.directory, "--ca-root", str(ca.api_root), "--agree-tos",
            "-d", f"*.{NAME}=standalone", "-d", "192.0.2.1=exec:/bin/true",
            "-d", f"b.example=webroot:{missing}", "-d", f"c.example=exec:{missing}")
        assert run.returncode == 2
        for part in ("4 things", "proves nothing of a wildcard", "proves nothing of an address",
                     f"no directory {missing}", f"no program {missing}"):
            assert part in run.stderr, part
        run = cairn.outcome("issue", "--ca", ca.directory, "--ca-root", str(ca.api_root),
                            "--agree-tos", "-d", f"{NAME}=standalone:127.0.0.1:{port}")
        assert run.returncode == 2
        assert "in use" in run.stderr.lower()
    assert not ca.orders
