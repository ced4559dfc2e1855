"""kill -9 at every step of `issue` and `renew`: key and certificate on disk always match, there is no second
certificate, and a second order only where the answer to the first was lost.

A clean run is counted first: its requests to the CA, and its calls that write below the state folder
(harness/disk.py). Then it is killed before and behind each of them in turn, a write also half done, and the
next run goes on: some of them in the ordinary run of the tests, all with --every-fault.
"""

import datetime
import json
import signal
import subprocess

import pytest
from cryptography.hazmat.primitives import serialization

from harness.cairn import Cairn
from harness.disk import FaultyDisk
from harness.issued import public_octets, read_chain
from harness.odd_ca import Answer, OddCa
from harness.standing import Standing

NAME = "a.example"
DAY = datetime.timedelta(days=1)
ALMOST_OVER = (-80 * DAY, 10 * DAY)
FRESH = (datetime.timedelta(hours=-1), 90 * DAY)
KEY_TYPES = {
    "one key": [],
    "two keys": ["--key-type", "ec-p256", "--key-type", "rsa2048"],
}
SUFFIXES = {"one key": [""], "two keys": ["", "-rsa2048"]}
COMMANDS = ["issue", "renew"]


class Life:
    """One state folder and its CA: before the run that is killed, at its death, and after the next; and
    again as they were before, for the next death."""

    def __init__(self, folder, environment, command, keys):
        folder.mkdir()
        self.folder, self.command, self.keys = folder, command, keys
        self.ca = OddCa(folder)
        self.cairn = Cairn(self.ca, environment, folder)
        self.hook = folder / "hook"
        self.hook.write_text(f"#!/bin/sh\necho \"$CAIRN_LINEAGE\" >> {folder}/deployed\n")
        self.hook.chmod(0o755)
        self.before = 0
        if command == "renew":
            self.ca.validity = ALMOST_OVER
            assert (first := self.run("issue")).returncode == 0, first.stderr
            self.ca.validity = FRESH
            self.before = len(self.ca.certificates)
        self.standing = Standing(self.cairn, folder / "deployed")
        self.begin_again = self.standing.begin_again
        self.begin_again()

    def words(self, command):
        if command == "renew":
            return ["renew"]
        return self.cairn.issuing(NAME, *KEY_TYPES[self.keys], "--deploy-hook", self.hook)

    def run(self, command=None, **options):
        return self.cairn.outcome(*self.words(command or self.command), **options)

    def stop(self):
        self.ca.stop()

    def served(self, suffix):
        """The serial number of the certificate that a server reads, once its key has been seen to
        match; none if there is none."""
        live = self.cairn.live(NAME)
        if not (live / f"fullchain{suffix}.pem").exists():
            return None
        leaf = read_chain((live / f"fullchain{suffix}.pem").read_text())[0]
        assert read_chain((live / f"cert{suffix}.pem").read_text())[0] == leaf
        key = serialization.load_pem_private_key((live / f"privkey{suffix}.pem").read_bytes(), None)
        assert public_octets(key.public_key()) == public_octets(leaf.public_key())
        return leaf.serial_number

    def check_death(self):
        """What a server that starts now would find."""
        known = {leaf.serial_number for leaf in self.ca.certificates}
        for suffix in SUFFIXES[self.keys]:
            serial = self.served(suffix)
            assert serial in known or (serial is None and not self.before)
        self.orders_at_death = len(self.ca.orders)
        # Orders of which the next run cannot know: also one of whose line only a part was written.
        kept = "".join(path.read_text().rpartition("\n")[0]
                       for path in (self.cairn.state / "facts").glob("*.json"))
        self.lost = sum(f'/order/{number}"' not in kept.replace("\\/", "/") and not order["chain"]
                        for number, order in self.ca.orders.items())

    def check_next(self):
        """The next run has brought it to its end."""
        ca = self.ca
        count = self.before + len(SUFFIXES[self.keys])
        assert len(ca.certificates) == count, "another certificate was issued"
        assert len(ca.orders) - count <= self.lost, "it was ordered again"
        newest = {leaf.serial_number for leaf in ca.certificates[self.before:]}
        assert {self.served(suffix) for suffix in SUFFIXES[self.keys]} == newest
        assert set((self.folder / "deployed").read_text().split()) == {NAME}
        state = self.cairn.state
        assert not list((state / "challenges").glob("*"))
        for path in state.rglob("*"):
            if path.is_file() and not path.is_symlink():
                assert path.stat().st_mode & 0o077 == 0, path
        orders = len(ca.orders)
        again = self.run("renew")
        assert "not due" in again.stderr, again.stderr
        assert len(ca.orders) == orders

    def go_on(self):
        self.check_death()
        run = self.run()
        assert run.returncode == 0, run.stderr
        self.check_next()


@pytest.fixture
def live(cairn, tmp_path):
    """live(command, keys): the Life of this test."""
    begun = []

    def begin(command, keys):
        begun.append(Life(tmp_path / "life", cairn.environment, command, keys))
        return begun[-1]

    yield begin
    for life in begun:
        life.stop()


def numbered(kinds):
    """[(what, its number, how to die)]"""
    return [(what, number, manner) for number, (what, manners) in enumerate(kinds, 1)
            for manner in manners]


@pytest.mark.checks(202)
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("keys", KEY_TYPES)
def test_killed_at_every_request(live, choose, command, keys):
    life = live(command, keys)
    first = len(life.ca.requests)
    assert life.run().returncode == 0
    requests = [request.path for request in life.ca.requests[first:]]
    assert len(requests) > 6

    deaths = 0
    points = choose(numbered([(path, [False, True]) for path in requests]), 8)
    for path, number, is_answered in points:
        life.begin_again()
        left = [number]
        process = None

        def look(request):
            left[0] -= 1
            if left[0] == 0:
                process.kill()
                process.wait()
                return Answer(500)

        if is_answered:
            life.ca.witness = look
        else:
            life.ca.intercept = look
        with life.ca.pausing():
            process = subprocess.Popen(
                life.cairn.command_line(*life.words(command)), env=life.cairn.environment,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        where = f"{'behind' if is_answered else 'before'} request {number}, {path}"
        status = process.wait(60)
        life.ca.intercept = life.ca.witness = lambda request: None
        if status == 0:
            continue  # it asked less often than the clean one how the order gets on
        assert status == -signal.SIGKILL
        deaths += 1
        check(life, where)
    assert deaths > len(points) - 3


def check(life, where):
    try:
        life.go_on()
    except AssertionError as error:
        raise AssertionError(f"killed {where}: {error}") from error


@pytest.mark.checks(202)
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("keys", KEY_TYPES)
def test_killed_at_every_write(live, choose, tmp_path, command, keys):
    life = live(command, keys)
    disk = FaultyDisk(tmp_path, life.cairn.state)
    disk.arm()
    assert life.run(environment=disk.variables()).returncode == 0
    assert len(disk.calls()) > 60

    manners = {"write": ["killed", "killed_within", "killed_behind"]}
    kinds = [(f"{name} {file}", manners.get(name, ["killed", "killed_behind"]))
             for name, file in disk.calls()]
    deaths = 0
    points = choose(numbered(kinds), 10)
    for what, number, manner in points:
        life.begin_again()
        disk.arm(nth=number, manner=manner)
        run = life.run(environment=disk.variables())
        if run.returncode == 0:
            continue  # it got by with fewer calls than the clean one
        assert run.returncode == -signal.SIGKILL, run.stderr
        deaths += 1
        check(life, f"at call {number}, {what} ({manner})")
    assert deaths > len(points) - 3


@pytest.mark.checks(202)
def test_the_steps_that_are_killed_are_the_ones_that_matter(live, tmp_path):
    """The calls that are counted include those that make and switch what servers read."""
    life = live("renew", "two keys")
    disk = FaultyDisk(tmp_path, life.cairn.state)
    disk.arm()
    assert life.run(environment=disk.variables()).returncode == 0
    calls = disk.calls()
    for suffix in SUFFIXES["two keys"]:
        for call in [("rename", f"archive/{NAME}/privkey2{suffix}.pem"),
                     ("rename", f"archive/{NAME}/fullchain2{suffix}.pem"),
                     ("rename", f"archive/{NAME}/current{suffix}"),
                     ("rename", f"archive/{NAME}/generations/2{suffix}")]:
            assert call in calls, sorted(set(calls))
    assert any(name == "fsync" for name, _ in calls)
    assert json.dumps(calls).count("facts/") > 4
