"""Command lines of certbot that people paste behind `cairn certbot`."""

import json

import pytest

from harness.acme import b64
from harness.issued import key_type_of, read_chain

NAME = "a.example"


def explained(cairn, *words, code=0):
    run = cairn.outcome("certbot", *words, "--explain")
    assert run.returncode == code, run.stderr
    return run


@pytest.fixture
def certonly(cairn, ca):
    """A command line of certbot that obtains a certificate here."""
    return ["certbot", "certonly", "-n", "--standalone", "--http-01-address", "127.0.0.1",
            "--http-01-port", ca.http_port, "--agree-tos", "-m", "you@a.example", "--server",
            ca.directory, "--ca-root", ca.api_root, "-d", NAME]


def test_what_is_explained_is_not_run(cairn, ca):
    run = explained(cairn, "certonly", "--webroot", "-w", "/var/www/html", "-d", "*.a.example",
                    "--deploy-hook", "systemctl reload nginx", "--logs-dir", "/tmp")
    assert run.stdout == (
        "cairn issue -d '*.a.example' --solver webroot:/var/www/html --deploy-hook "
        f"'systemctl reload nginx' --state {cairn.state}\n")
    assert "--logs-dir: there is no log" in run.stderr
    assert not cairn.state.exists() and not ca.requests


def test_the_shortest_line_obtains_and_installs(cairn, ca):
    run = explained(cairn, "--nginx", "-d", NAME)
    assert run.stdout == (f"cairn issue -d {NAME} --solver nginx --deploy nginx,redirect=yes "
                          f"--state {cairn.state}\n")
    assert "--no-redirect leaves them" in run.stderr and not ca.requests


def test_the_explanation_is_data_too(cairn):
    run = cairn.outcome("certbot", "renew", "--explain", "--json", "-q")
    answer = json.loads(run.stdout)
    assert answer["command"] == "certbot" and answer["result"] == "done"
    assert answer["translation"] == [f"cairn renew --state {cairn.state} -q"]


def test_a_pasted_line_obtains_and_renews(cairn, ca, certonly):
    run = cairn.outcome(*certonly, "--key-type", "rsa", "--json")
    assert run.returncode == 0, run.stderr
    answer = json.loads(run.stdout)
    obtained, = answer["answers"][0]["certificates"]
    assert answer["answers"][0]["command"] == "issue" and obtained["key_type"] == "rsa2048"
    leaf = read_chain((cairn.live(NAME) / "fullchain.pem").read_text())[0]
    assert key_type_of(leaf.public_key()) == "rsa2048"
    run = cairn.outcome("certbot", "renew")
    assert run.returncode == 0 and len(ca.certificates) == 1
    assert cairn.outcome("certbot", "renew", "--exit-code").returncode == 1
    run = cairn.outcome("certbot", "renew", "--force-renewal", "--cert-name", NAME)
    assert run.returncode == 0, run.stderr
    assert len(ca.certificates) == 2
    assert NAME in cairn.outcome("certbot", "certificates").stdout


def test_a_quiet_line_is_quiet(cairn, certonly):
    run = cairn.outcome(*certonly, "-q")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_hooks_written_for_certbot_prove_control(cairn, ca, certonly, tmp_path):
    ca.verdict = lambda authorization: authorization.update(status="valid")
    log = tmp_path / "log"
    for name in ("auth", "cleanup"):
        (tmp_path / name).write_text(
            f'#!/bin/sh\necho {name} "$CERTBOT_DOMAIN" "$CERTBOT_TOKEN" "$CERTBOT_VALIDATION" >> {log}\n')
        (tmp_path / name).chmod(0o755)
    words = [word for word in certonly if word != "--standalone"]
    run = cairn.outcome(*words, "--manual", "--preferred-challenges", "http", "--manual-auth-hook",
                        tmp_path / "auth", "--manual-cleanup-hook", tmp_path / "cleanup")
    assert run.returncode == 0, run.stderr
    first, second = (line.split() for line in log.read_text().splitlines())
    assert first[:2] == ["auth", NAME] and second[:2] == ["cleanup", NAME]
    assert first[2:] == second[2:] and first[3].startswith(first[2] + ".")


def test_a_key_on_the_command_line_goes_by_a_file_that_is_gone_afterwards(cairn, ca, certonly, tmp_path):
    ca.binding = {"kid-1": b"0123456789abcdef0123456789abcdef"}
    run = cairn.outcome(*certonly, "--eab-kid", "kid-1", "--eab-hmac-key", b64(ca.binding["kid-1"]),
                        environment={"TMPDIR": str(tmp_path)})
    assert run.returncode == 0, run.stderr
    assert not list(tmp_path.glob("cairn-eab-*"))
    run = cairn.outcome(*certonly, "--eab-kid", "kid-1", "--eab-hmac-key", "SECRET", "--explain")
    assert "SECRET" not in run.stdout + run.stderr and "HMAC-KEY-FILE" in run.stdout


@pytest.mark.parametrize("words, sentence", [
    (["--nginx", "--uir", "-d", NAME], "--uir: add `upgrade-insecure-requests`"),
    (["-d", NAME], "certbot run: say which web server is to get the certificate"),
    (["certonly", "--dns-hetzner", "-d", NAME], "--dns-hetzner: "),
    (["certonly", "--dns-gehirn", "-d", NAME], "--dns-gehirn: there is no such DNS provider here"),
    (["certonly", "--frobnicate"], "certbot has no flag --frobnicate"),
    (["certonly", "--standalone", "-d", NAME, "--config-dir", "/etc/letsencrypt"], "cairn import certbot"),
])
def test_what_cannot_be_said_is_refused_by_name(cairn, ca, words, sentence):
    run = cairn.outcome("certbot", *words, "--json")
    assert run.returncode == 2 and sentence in run.stderr
    answer = json.loads(run.stdout)
    assert answer["result"] == "usage-error" and sentence in answer["error"]["came_back"]
    assert not ca.requests


def test_help_tells_what_is_known(cairn):
    for words in (["certbot", "--help"], ["certbot", "certonly", "--help"]):
        run = cairn.outcome(*words)
        assert run.returncode == 0 and "reconfigure" in run.stdout
