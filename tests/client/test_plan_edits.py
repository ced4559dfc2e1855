"""A plan that is changed while an order is under way stays as it was changed: facts and plan are apart."""

import json
import signal
import subprocess
import time

import pytest

NAME = "a.example"


class Held:
    """A run whose order the CA does not finish before `release`."""

    def __init__(self, cairn, ca, *words):
        ca.holds, self.ca = True, ca
        before = len(ca.certificates)
        self.process = subprocess.Popen(
            cairn.command_line(*words), env=cairn.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 30
        while len(ca.certificates) == before:
            assert time.monotonic() < deadline and self.process.poll() is None
            time.sleep(0.02)

    def release(self):
        """Lets it end well; what it has told."""
        self.ca.holds = False
        _, told = self.process.communicate(timeout=40)
        assert self.process.returncode == 0, told
        return told

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate(timeout=40)
        self.ca.holds = False


@pytest.fixture
def plan_file(cairn):
    return cairn.state / "renewal" / f"{NAME}.json"


@pytest.fixture
def hook(tmp_path):
    path = tmp_path / "hook"
    path.write_text(f"#!/bin/sh\necho \"$CAIRN_NAMES\" >> {tmp_path}/heard\n")
    path.chmod(0o700)
    return path


def change(file, **members):
    file.write_text(json.dumps(json.loads(file.read_text()) | members))


def test_an_edit_during_a_renewal_stays(cairn, ca, plan_file, hook, tmp_path):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    held = Held(cairn, ca, "renew", "--force")
    # It does not wait for the order.
    run = cairn.outcome("set", NAME, "--deploy-hook", str(hook), timeout=20)
    assert run.returncode == 0 and "An order for it is under way" in run.stderr
    change(plan_file, renew_before="10d")
    wanted = plan_file.read_text()
    told = held.release()
    assert plan_file.read_text() == wanted, "not a byte of it is the renewal's business"
    assert "The plan was changed meanwhile" in told and "renew_before: as usual -> 10d" in told
    assert cairn.serial(NAME) == ca.certificates[1].serial_number
    # Who is to learn of certificates learns of this one.
    assert (tmp_path / "heard").read_text() == f"{NAME}\n"
    assert cairn.outcome("renew", "--exit-code").returncode == 1


def test_a_file_that_cannot_be_read_for_a_moment_is_left_alone(cairn, ca, plan_file):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    held = Held(cairn, ca, "renew", "--force")
    plan_file.write_text("{ half an edit")
    assert "cannot be read now" in held.release()
    assert plan_file.read_text() == "{ half an edit"
    assert cairn.serial(NAME) == ca.certificates[1].serial_number


def test_two_commands_at_once_both_count(cairn, ca, plan_file, hook):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    held = Held(cairn, ca, "issue", "-d", f"{NAME},b.example", "--renew-before", "20d")
    assert cairn.outcome("set", NAME, "--post-hook", str(hook)).returncode == 0
    held.release()
    kept = json.loads(plan_file.read_text())
    assert [each["name"] for each in kept["names"]] == [NAME, "b.example"]
    assert kept["post_hook"] == str(hook) and kept["renew_before"] == "20d"
    # And of two that are about the same, the one that was said last.
    held = Held(cairn, ca, "issue", "-d", f"{NAME},c.example")
    assert cairn.outcome("set", NAME, "-d", f"{NAME},d.example").returncode == 0
    told = held.release()
    assert "names: a.example, c.example -> a.example, d.example" in told
    run = cairn.outcome("renew")
    assert run.returncode == 0 and "it is not for d.example" in run.stderr


@pytest.mark.parametrize("words", [("renew", "--force"),
                                   ("issue", "-d", f"{NAME},b.example")], ids=["renew", "issue"])
def test_an_edit_after_a_kill_stays(cairn, ca, plan_file, words):
    """The next run brings the order to an end, and not the plan of that time back."""
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    Held(cairn, ca, *words).kill()
    change(plan_file, renew_before="10d")
    assert cairn.outcome("renew").returncode == 0
    assert len(ca.certificates) == 2
    assert cairn.serial(NAME) == ca.certificates[1].serial_number
    kept = json.loads(plan_file.read_text())
    assert kept["renew_before"] == "10d"
    # What was said on the command line of the killed one is not lost either.
    assert len(kept["names"]) == (2 if words[0] == "issue" else 1)
    change(plan_file, names=[kept["names"][0], kept["names"][0] | {"name": "z.example"}])
    Held(cairn, ca, "renew").kill()
    change(plan_file, names=[kept["names"][0]])
    # What was ordered for the plan of that time is put in place, and replaced by what is wanted now.
    assert cairn.outcome("renew").returncode == 0
    assert cairn.outcome("renew").returncode == 0
    assert len(json.loads(plan_file.read_text())["names"]) == 1
    assert cairn.serial(NAME) == ca.certificates[-1].serial_number
    assert cairn.outcome("renew", "--exit-code").returncode == 1
