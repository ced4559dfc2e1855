"""The next run fetches what was ordered: nothing is ordered twice, and nothing is lost."""

import json
import signal
import subprocess
import threading

import pytest

from harness.odd_ca import Answer, problem

NAME = "a.example"


class Killed:
    """Kills the run of cairn when the CA is first asked for `path`: before the CA does anything, or
    when it has done it and not answered yet."""

    def __init__(self, cairn, ca, path, answered=False, issued=False):
        """`issued`: not before the CA has issued the certificate."""
        self.cairn, self.ca, self.path, self.issued = cairn, ca, path, issued
        self.process, self.started = None, threading.Event()
        if answered:
            ca.witness = self.look
        else:
            ca.intercept = self.look

    def look(self, request):
        if request.path.startswith(self.path) and (self.ca.certificates or not self.issued):
            self.ca.intercept = self.ca.witness = lambda request: None
            assert self.started.wait(20)
            self.process.kill()
            return Answer(500)

    def run(self, *words):
        self.process = subprocess.Popen(
            self.cairn.command_line(*words), env=self.cairn.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.started.set()
        assert self.process.wait(30) == -signal.SIGKILL, "it was not killed where the test wants it"


POINTS = {
    "challenge": dict(path="/challenge/"),
    "challenge answered": dict(path="/challenge/", answered=True),
    "finalize": dict(path="/finalize/"),
    "finalize answered": dict(path="/finalize/", answered=True),
    "order issued": dict(path="/order/", issued=True),
    "certificate": dict(path="/certificate/"),
    "certificate answered": dict(path="/certificate/", answered=True),
}


@pytest.mark.parametrize("next_command", ["issue", "renew"])
@pytest.mark.parametrize("point", POINTS)
def test_a_killed_run_is_taken_up(cairn, ca, point, next_command):
    if point == "order issued":
        # The CA answers finalize before it has issued.
        ca.alter["order"] = lambda order: order | (
            {"status": "processing"} if ca.requests[-1].path.startswith("/finalize/") else {})
    Killed(cairn, ca, **POINTS[point]).run(*cairn.issuing(NAME))
    if next_command == "renew" and not point.startswith("challenge"):
        listed = json.loads(cairn.outcome("status", "--json").stdout)["certificates"]
        assert [entry["state"] for entry in listed] == ["ordered"]
    elif next_command == "renew":
        # Nothing can have been issued, so `renew` has nothing to fetch; `issue` continues the order.
        assert "nothing to renew" in cairn.outcome("renew").stderr
        next_command = "issue"
    run = cairn.outcome(*(cairn.issuing(NAME) if next_command == "issue" else ["renew"]))
    assert run.returncode == 0, run.stderr
    assert len(ca.orders) == 1 and len(ca.certificates) == 1
    assert cairn.serial(NAME) == ca.certificates[0].serial_number
    # Nothing is left to do.
    assert "not due" in cairn.outcome("renew").stderr
    assert len(ca.orders) == 1


def test_a_killed_renewal_is_taken_up_although_nothing_is_due(cairn, ca):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    Killed(cairn, ca, "/certificate/").run("renew", "--force")
    assert len(ca.certificates) == 2
    run = cairn.outcome("renew")
    assert run.returncode == 0, run.stderr
    assert len(ca.certificates) == 2
    assert cairn.serial(NAME) == ca.certificates[1].serial_number


def test_an_order_that_takes_longer_than_a_run_is_gone_on_with(cairn, ca):
    ca.holds = True

    def ask_later(request):
        if request.path.startswith("/order/"):
            answer = ca._object("order", ca._order_object("1"))
            answer.headers["Retry-After"] = "3600"
            return answer

    ca.intercept = ask_later
    run = cairn.outcome(*cairn.issuing(NAME))
    assert run.returncode == 2
    assert "processing" in run.stderr and "cairn renew a.example" in run.stderr
    listed = json.loads(cairn.outcome("status", "--json").stdout)["certificates"]
    assert [entry["state"] for entry in listed] == ["ordered"]
    # Still so at the next run.
    run = cairn.outcome("renew")
    assert run.returncode == 2, run.stderr
    assert len(ca.orders) == 1
    # And then it is done.
    ca.intercept, ca.holds = lambda request: None, False
    run = cairn.outcome("renew")
    assert run.returncode == 0, run.stderr
    assert len(ca.orders) == len(ca.certificates) == 1
    assert cairn.serial(NAME) == ca.certificates[0].serial_number


def test_a_certificate_that_is_not_there_at_first_is_waited_for(cairn, ca):
    missing = iter([problem("malformed", "no such certificate", status=404), Answer(404, b"")])
    ca.intercept = lambda request: (
        next(missing, None) if request.path.startswith("/certificate/") else None)
    run = cairn.outcome(*cairn.issuing(NAME))
    assert run.returncode == 0, run.stderr
    assert ca.count("/certificate/") == 3
    assert len(ca.orders) == 1


@pytest.mark.parametrize("answer", [
    Answer(403, b"no"), Answer(200, b"-----BEGIN CERTIFICATE-----\nMIIB"), Answer(200, b"")],
    ids=["refused", "truncated", "empty"])
def test_a_certificate_that_cannot_be_had_in_one_run_is_had_in_the_next(cairn, ca, answer):
    ca.intercept = lambda request: answer if request.path.startswith("/certificate/") else None
    run = cairn.outcome(*cairn.issuing(NAME))
    assert run.returncode == 2
    assert "cairn renew a.example" in run.stderr
    ca.intercept = lambda request: None
    run = cairn.outcome("renew")
    assert run.returncode == 0, run.stderr
    assert len(ca.orders) == len(ca.certificates) == 1


def test_an_order_that_is_gone_is_made_anew(cairn, ca):
    Killed(cairn, ca, "/finalize/").run(*cairn.issuing(NAME))
    ca.orders.clear()
    run = cairn.outcome(*cairn.issuing(NAME))
    assert run.returncode == 0, run.stderr
    assert len(ca.certificates) == 1


def test_an_order_for_other_names_is_not_taken_up(cairn, ca):
    Killed(cairn, ca, "/finalize/").run(*cairn.issuing(NAME))
    run = cairn.outcome(*cairn.issuing(NAME, "-d", "b.example", "--name", NAME))
    assert run.returncode == 0, run.stderr
    assert len(ca.orders) == 2
    assert len(ca.certificates) == 1


def test_a_dry_run_neither_takes_up_nor_leaves_anything(cairn, ca):
    Killed(cairn, ca, "/certificate/").run(*cairn.issuing(NAME))
    run = cairn.outcome(*cairn.issuing(NAME, "--dry-run"))
    assert run.returncode == 0, run.stderr
    assert len(ca.orders) == 2
    assert cairn.serial(NAME) is None
    assert cairn.outcome("renew").returncode == 0
    assert cairn.serial(NAME) == ca.certificates[0].serial_number


@pytest.mark.parametrize("said_in", ["words", "settings", "plan"])
def test_a_ca_that_is_slow_is_left_to_the_next_run(cairn, ca, tmp_path, said_in):
    """After as long as somebody has said; then its order is gone on with."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "cairn.toml").write_text(
        'ca_timeout = "1s"\n' if said_in == "settings" else "")
    cairn.environment["CAIRN_CONFIG"] = str(tmp_path / "config")
    if said_in == "plan":
        assert cairn.outcome(*cairn.issuing(NAME, "--ca-timeout", "1s")).returncode == 0
        words = ["renew", "--force"]
    else:
        words = cairn.issuing(NAME, *(["--ca-timeout", "1s"] if said_in == "words" else []))
    orders, ca.holds = len(ca.orders), True
    run = cairn.outcome(*words, timeout=30)
    assert run.returncode == 2
    assert "has not finished within 1 s" in run.stderr and "goes on with this order" in run.stderr
    ca.holds = False
    assert cairn.outcome("renew").returncode == 0
    assert len(ca.orders) == orders + 1 and cairn.serial(NAME) == ca.certificates[-1].serial_number


def test_a_long_wait_is_told(cairn, ca):
    ca.holds = True
    run = cairn.outcome(*cairn.issuing(NAME, "--ca-timeout", "8s"), timeout=40)
    assert run.returncode == 2
    assert run.stderr.count("is still at work: the order is processing; it has 8 s in all") == 1
    for wrong in ("21m", "0s", "soon"):
        run = cairn.outcome(*cairn.issuing(NAME, "--ca-timeout", wrong))
        assert run.returncode == 2 and "--ca-timeout" in run.stderr
