"""A dry run changes neither the live certificate nor its state at the CA."""

import json

import pytest

from harness.odd_ca import OddCa

NAME = "a.example"


@pytest.fixture
def issued(cairn):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    return cairn


@pytest.fixture
def staging(tmp_path, ca):
    folder = tmp_path / "staging"
    folder.mkdir()
    authority = OddCa(folder)
    authority.http_port = ca.http_port  # where the solver answers
    yield authority
    authority.stop()


def snapshot(cairn):
    """Everything that a renewal changes."""
    return {
        str(path): path.read_bytes() if path.is_file() else path.lstat().st_mtime_ns
        for folder in ("live", "archive", "renewal") for path in (cairn.state / folder).rglob("*")}


def test_without_a_staging_directory_it_is_refused(issued, ca):
    before, requests = snapshot(issued), len(ca.requests)
    run = issued.outcome("renew", "--dry-run")
    assert run.returncode == 2
    assert "--ca URL" in run.stderr and "staging" in run.stderr
    assert len(ca.requests) == requests, "the CA was asked"
    assert snapshot(issued) == before


def test_the_ca_that_is_named_is_asked(issued, ca, staging):
    ca.alter["directory"] = lambda value: value | {"renewalInfo": ca.spell("/ari")}
    staging.alter["directory"] = lambda value: value | {"renewalInfo": staging.spell("/ari")}
    staging.terms = "https://ca.test/terms"
    before, requests = snapshot(issued), len(ca.requests)
    run = issued.outcome("renew", "--dry-run", "--json", "--agree-tos", "--ca", staging.directory,
                         "--ca-root", staging.api_root)
    assert run.returncode == 0, run.stderr
    outcome, = json.loads(run.stdout)["certificates"]
    assert outcome["dry_run"] is True
    assert len(ca.requests) == requests, "the production CA was asked"
    assert ["replaces" in order for order in staging.asked("/new-order")] == [False]
    assert snapshot(issued) == before
    assert not (issued.state / "orders").exists() or not list((issued.state / "orders").iterdir())


def test_the_targets_of_a_renewal_are_told_and_left_alone(issued, staging, tmp_path):
    copies, told = tmp_path / "copies", tmp_path / "told"
    assert issued.outcome("set", NAME, "--deploy", f"files:{copies}", "--deploy-hook", f"/bin/touch {told}").returncode == 0
    before = snapshot(issued)
    words = ["renew", "--dry-run", "--agree-tos", "--ca", staging.directory, "--ca-root", staging.api_root]
    run = issued.outcome(*words, "--json")
    assert run.returncode == 0, run.stderr
    entry, = json.loads(run.stdout)["targets"]
    assert entry["lineage"] == NAME
    assert [each["target"] for each in entry["targets"]] == [f"files:{copies}", f"/bin/touch {told}"]
    assert f"{copies}/privkey.pem is written" in entry["targets"][0]["steps"]
    run = issued.outcome(*words)
    assert f"Would deploy to files:{copies}:" in run.stderr
    assert snapshot(issued) == before and not copies.exists() and not told.exists()


def test_a_ca_named_on_the_command_line_is_taken_at_its_word(issued, ca):
    ca.alter["directory"] = lambda value: value | {"renewalInfo": ca.spell("/ari")}
    before = snapshot(issued)
    for words in (["renew", "--dry-run", "--ca", ca.directory],
                  issued.issuing(NAME, "--dry-run")):
        run = issued.outcome(*words)
        assert run.returncode == 0, run.stderr
    assert not any("replaces" in order for order in ca.asked("/new-order"))
    assert snapshot(issued) == before


def test_its_key_is_not_the_live_one(cairn, ca):
    assert cairn.outcome(*cairn.issuing(NAME, "--reuse-key")).returncode == 0
    run = cairn.outcome("renew", "--dry-run", "--ca", ca.directory)
    assert run.returncode == 0, run.stderr
    first, second = (leaf.public_key().public_numbers() for leaf in ca.certificates)
    assert first != second


def test_known_cas_are_rehearsed_at_their_staging(cairn, ca, tmp_path):
    # There is no server here: the message says what was tried.
    dead = {"https_proxy": "http://127.0.0.1:1", "no_proxy": ""}
    for name, host in {"letsencrypt": "acme-staging-v02.api.letsencrypt.org",
                       "google": "dv.acme-v02.test-api.pki.goog",
                       "https://acme-v02.api.letsencrypt.org/directory":
                           "acme-staging-v02.api.letsencrypt.org"}.items():
        run = cairn.outcome("issue", "-d", NAME, "--solver", "standalone", "--ca", name, "--dry-run",
                            environment=dead)
        assert run.returncode == 2
        assert host in run.stderr, run.stderr
    run = cairn.outcome("issue", "-d", NAME, "--ca", "zerossl", "--dry-run", environment=dead)
    assert run.returncode == 2
    assert "--ca URL" in run.stderr


def test_options_of_a_dry_run_mean_nothing_without_it(issued, ca):
    for words in (["--ca", ca.directory], ["--agree-tos"], ["--ca-root", ca.api_root]):
        assert issued.outcome("renew", *words).returncode == 2
    assert len(ca.orders) == 1
