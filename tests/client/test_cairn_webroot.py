"""A webroot in which somebody else may write."""

import os
import signal
import subprocess

import pytest

from harness.odd_ca import Answer
from harness.web import Webroot

NAME = "a.example"


@pytest.fixture
def webroot(cairn, ca, tmp_path):
    folder = tmp_path / "webroot"
    with Webroot(ca.http_port, folder) as server:
        server.challenges.rmdir()
        server.challenges.parent.rmdir()
        yield folder


def test_what_was_made_for_the_answer_goes_with_it(cairn, ca, webroot):
    run = cairn.outcome(*cairn.issuing(NAME, solver="webroot"), preexec_fn=lambda: os.umask(0o077))
    assert run.returncode == 0, run.stderr
    assert list(webroot.iterdir()) == []


def test_the_webroot_itself_may_be_a_link(cairn, ca, webroot, tmp_path):
    (tmp_path / "link").symlink_to(webroot)
    run = cairn.outcome(*cairn.issuing(f"{NAME}=webroot:{tmp_path}/link"))
    assert run.returncode == 0, run.stderr
    assert list(webroot.iterdir()) == []


def test_the_folders_of_a_killed_run_go_with_the_next(cairn, ca, webroot):
    def kill(request):
        if request.path.startswith("/challenge/"):
            assert list(webroot.rglob("*")) != []
            ca.intercept = lambda request: None
            process.kill()
            return Answer(500)

    ca.intercept = kill
    process = subprocess.Popen(
        cairn.command_line(*cairn.issuing(NAME, solver="webroot")), env=cairn.environment,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert process.wait(30) == -signal.SIGKILL
    assert (webroot / ".well-known" / "acme-challenge").is_dir()
    run = cairn.outcome("renew")
    assert "Took down what an interrupted run had put up for a.example" in run.stderr
    assert list(webroot.iterdir()) == []


@pytest.mark.parametrize("part", [".well-known", ".well-known/acme-challenge"])
def test_no_link_in_it_is_followed(cairn, ca, webroot, tmp_path, part):
    secret = tmp_path / "secret"
    secret.mkdir(mode=0o700)
    place = webroot / part
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(secret)
    run = cairn.outcome(*cairn.issuing(NAME, solver="webroot"))
    assert run.returncode == 2
    assert "nothing in a webroot is followed" in run.stderr and str(place) in run.stderr
    assert list(secret.iterdir()) == [] and secret.stat().st_mode & 0o777 == 0o700
    assert place.is_symlink()
