"""`cairn daemon` renews whenever something is due, speaks to systemd, and ends when it is told to."""

import configparser
import contextlib
import json
import os
import pathlib
import secrets
import shutil
import signal
import socket
import subprocess
import threading
import time
import tomllib

import pytest

from harness.clock import WallClock
from harness.mounts import in_own_mounts, why_not
from harness.odd_ca import Answer, problem
from harness.process import BIN

NAME = "a.example"
UNITS = pathlib.Path(__file__).parents[2] / "packaging" / "systemd"
PATIENCE = 40


class Daemon:
    """The daemon, and the service manager that it tells of itself."""

    def __init__(self, cairn, folder, **variables):
        name = "cairn-test-" + secrets.token_hex(8)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + name)
        self.told = []
        self.log = folder / "daemon.log"
        self.process = subprocess.Popen(
            cairn.command_line("daemon"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=self.log.open("ab"),
            env=cairn.environment | {"NOTIFY_SOCKET": "@" + name} | variables)

    def await_told(self, start):
        """The next notice that begins like this."""
        self.socket.settimeout(PATIENCE)
        while True:
            try:
                notice = self.socket.recv(4096).decode()
            except TimeoutError:
                raise AssertionError(f"no {start}: {self.told}\n{self.log.read_text()}") from None
            self.told.append(notice)
            if notice.startswith(start):
                return notice

    def await_true(self, condition):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, self.log.read_text()
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.05)

    def signal(self, number):
        self.process.send_signal(number)

    def end(self):
        """Tells it to end; its exit code."""
        self.signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.socket.close()


@pytest.fixture
def daemon(cairn, tmp_path):
    """Starts one; takes variables for it."""
    with contextlib.ExitStack() as started:
        def start(**variables):
            daemon = Daemon(cairn, tmp_path, **variables)
            started.callback(daemon.stop)
            return daemon

        yield start


def suggesting(ca, window):
    """The CA suggests a window for the certificate that it issued first, and none for others."""
    ca.alter["directory"] = lambda value: value | {"renewalInfo": ca.spell("/ari")}
    asked = []

    def answer(request):
        if request.path.startswith("/ari/"):
            asked.append(request.path)
            if request.path == asked[0]:
                return Answer(200, json.dumps({"suggestedWindow": window}).encode())
            return Answer(404)

    ca.intercept = answer


PAST = {"start": "2020-01-02T04:00:00Z", "end": "2020-01-03T04:00:00Z"}


def test_it_renews_what_is_due_and_ends_when_it_is_told_to(cairn, ca, daemon):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    suggesting(ca, PAST)
    running = daemon()
    running.await_told("READY=1")
    status = running.await_told("STATUS=")
    assert "1 lineages; the next look is at" in status
    assert len(ca.certificates) == 2
    assert cairn.serial(NAME) == ca.certificates[1].serial_number
    assert running.end() == 0
    running.await_told("STOPPING=1")
    log = running.log.read_text()
    assert "its CA suggests it" in log and f"{NAME}: renewed" in log


def test_it_notices_what_other_commands_and_people_change(cairn, ca, daemon):
    cairn.state.mkdir()
    running = daemon()
    running.await_told("STATUS=0 lineages")
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    running.await_told("STATUS=1 lineages")
    plan = cairn.state / "renewal" / f"{NAME}.json"
    wanted = json.loads(plan.read_text())
    wanted["names"].append(wanted["names"][0] | {"name": "b.example"})
    plan.write_text(json.dumps(wanted))
    running.await_true(lambda: len(ca.certificates) == 2)
    running.await_true(lambda: cairn.serial(NAME) == ca.certificates[1].serial_number)
    assert running.end() == 0
    assert "it is not for b.example" in running.log.read_text()


def test_what_fails_waits_until_somebody_asks(cairn, ca, daemon):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    suggesting(ca, PAST)
    ca.verdict = ca.stays_pending
    running = daemon()
    running.await_told("STATUS=1 lineages, 1 of which could not be renewed")
    orders = len(ca.orders)
    # What the failure itself has written is no reason to try again.
    with pytest.raises(TimeoutError):
        running.socket.settimeout(4)
        while True:
            running.socket.recv(4096)
    assert len(ca.orders) == orders == 2
    ca.verdict = ca.look
    running.signal(signal.SIGUSR1)
    running.await_told("STATUS=1 lineages;")
    assert len(ca.certificates) == 2
    assert running.end() == 0


def test_a_reload_is_told_and_looks_at_all(cairn, ca, daemon):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    running = daemon()
    running.await_told("STATUS=1 lineages")
    running.signal(signal.SIGHUP)
    notice = running.await_told("RELOADING=1")
    assert int(notice.partition("MONOTONIC_USEC=")[2]) <= time.monotonic_ns() // 1000
    running.await_told("READY=1")
    running.await_told("STATUS=1 lineages")
    assert running.process.poll() is None


def test_a_reload_reads_the_settings_again(cairn, ca, daemon, tmp_path):
    """What each hook may take is read anew; a mistake is told, and what was read before holds."""
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\necho run >> {tmp_path}/runs\nexec sleep 30\n")
    hook.chmod(0o755)
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "cairn.toml").write_text("[hooks]\ntimout = 1\n")
    cairn.environment["CAIRN_CONFIG"] = str(folder)
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 2
    (folder / "cairn.toml").write_text("[notify]\nrepeat = 1\n")
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    running = daemon()
    assert "There is a mistake in cairn.toml" in running.await_told("STATUS=1 lineages")
    assert "notify.repeat" in running.log.read_text()
    (folder / "cairn.toml").write_text('[hooks]\ntimeout = "1s"\n')
    running.signal(signal.SIGHUP)
    running.await_told("RELOADING=1")
    assert "mistake" not in running.await_told("STATUS=1 lineages")
    # It has no time to end by itself.
    suggesting(ca, PAST)
    assert cairn.outcome("set", NAME, "--pre-hook", str(hook)).returncode == 0
    running.signal(signal.SIGHUP)
    running.await_true(lambda: (tmp_path / "runs").exists())
    running.await_true(lambda: "did not end within 1 s" in running.log.read_text())
    (folder / "cairn.toml").write_text("[hooks\n")
    running.signal(signal.SIGHUP)
    running.await_true(lambda: "What was read before still holds" in running.log.read_text())
    assert running.end() == 0


def test_what_is_served_is_looked_at_every_six_hours(cairn, ca, daemon, tmp_path):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    clock, looks = WallClock(tmp_path), []
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def count():
        listener.settimeout(0.1)
        while not over.is_set():
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                looks.append(time.monotonic())
                connection.close()

    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "cairn.toml").write_text(
        f'[served]\n"{NAME}" = ["127.0.0.1:{listener.getsockname()[1]}"]\n')
    cairn.environment["CAIRN_CONFIG"] = str(tmp_path / "config")
    counting = threading.Thread(target=count)
    counting.start()
    try:
        running = daemon(**{name: value for name, value in clock.environment().items()
                            if name in ("LD_PRELOAD", "CAIRN_TEST_CLOCK", "ASAN_OPTIONS")})
        running.await_told("STATUS=1 lineages")
        assert len(looks) == 1
        for hours, seen in ((5.9, 1), (6.1, 2), (7, 2), (12.2, 3),
                            # Of a clock that was set back nothing is known.
                            (0, 4)):
            clock.set(hours * 3600)
            running.signal(signal.SIGUSR1)
            running.await_told("STATUS=1 lineages")
            # What has connected may still wait to be accepted.
            deadline = time.monotonic() + 10
            while len(looks) < seen and time.monotonic() < deadline:
                time.sleep(0.02)
            assert len(looks) == seen, f"after {hours} hours"
        assert running.end() == 0
    finally:
        over.set()
        counting.join()
        listener.close()


def test_the_watchdog_is_fed(cairn, daemon):
    cairn.state.mkdir()
    running = daemon(WATCHDOG_USEC="400000")
    running.await_told("READY=1")
    for _ in range(4):
        running.await_told("WATCHDOG=1")
    # It is meant for another process.
    other = daemon(WATCHDOG_USEC="400000", WATCHDOG_PID="1")
    assert other.process.wait(PATIENCE) == 2, "one state has one daemon"
    assert "another `cairn daemon` does so" in other.log.read_text()
    assert running.process.poll() is None


def test_a_second_run_works_beside_it(cairn, ca, daemon):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    running = daemon()
    running.await_told("STATUS=1 lineages")
    run = cairn.outcome("renew", "--force")
    assert run.returncode == 0, run.stderr
    assert len(ca.certificates) == 2
    assert running.end() == 0
    assert len(ca.certificates) == 2


def test_killed_in_an_order_it_goes_on_with_it(cairn, ca, daemon):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    suggesting(ca, PAST)
    follow, reached = ca.intercept, []

    def hold(request):
        if request.path.startswith("/certificate/"):
            reached.append(request.path)
            return problem("serverInternal", "later", status=503)
        return follow(request)

    ca.intercept = hold
    running = daemon()
    running.await_true(lambda: reached)
    running.stop()
    ca.intercept = follow
    again = daemon()
    again.await_told("STATUS=1 lineages;")
    assert len(ca.orders) == len(ca.certificates) == 2
    assert cairn.serial(NAME) == ca.certificates[1].serial_number


def test_an_end_in_the_middle_of_an_order_leaves_it_to_the_next_start(cairn, ca, daemon):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    suggesting(ca, PAST)
    follow, reached = ca.intercept, []

    def hold(request):
        if request.path.startswith("/order/") and len(ca.certificates) == 2:
            reached.append(request.path)
        return follow(request)

    ca.intercept, ca.holds = hold, True
    running = daemon()
    running.await_true(lambda: reached)
    assert running.end() == 0
    ca.holds = False
    again = daemon()
    again.await_told("STATUS=1 lineages;")
    assert len(ca.orders) == len(ca.certificates) == 2
    assert cairn.serial(NAME) == ca.certificates[1].serial_number


def test_a_state_that_is_not_there_is_told(cairn, tmp_path):
    run = cairn.outcome("daemon")
    assert run.returncode == 2
    assert "there is no such folder" in run.stderr
    assert not cairn.state.exists()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd")
def test_the_units_are_sound(tmp_path):
    units = []
    for unit in UNITS.iterdir():
        units.append(tmp_path / unit.name)
        units[-1].write_text(unit.read_text().replace("/usr/bin/cairn", str(BIN / "cairn")))
    found = subprocess.run(["systemd-analyze", "verify", *units], text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
                           env=os.environ | {"SYSTEMD_LOG_LEVEL": "warning"})
    told = [line for line in found.stdout.splitlines() if str(tmp_path) in line]
    assert not told and found.returncode == 0, found.stdout


def places_of_targets():
    """What deploy targets and their servers' own programs write, wherever the packages of Debian have it."""
    recipes = pathlib.Path(__file__).parents[2] / "src/client/deploy/recipes"
    folders = {tomllib.loads(file.read_text())["options"]["dir"] for file in recipes.glob("*.toml")}
    assert len(folders) > 10
    nginx = {"/etc/nginx", "/run", "/var/log/nginx", "/var/lib/nginx"}
    return folders | nginx | {"/etc/apache2", "/etc/haproxy/certs", "/var/spool/postfix", "/etc/ssl", "/etc/cairn",
                              "/var/lib/cairn", "/var/www", "/srv", "/home", "/usr/share"}


def seen_by(unit):
    """The mounts that systemd makes for this unit, as far as it makes the disk read-only."""
    said = configparser.ConfigParser(strict=False, interpolation=None)
    said.optionxform = str
    said.read(unit)
    service = said["Service"]
    kinds = {"yes": ["/usr", "/boot"], "full": ["/usr", "/boot", "/etc"], "strict": ["/"]}
    read_only = list(kinds.get(service.get("ProtectSystem"), []))
    if service.get("ProtectHome", "no") != "no":
        read_only += ["/home", "/root"]
    lines = [f"test -e {path} && mount --bind {path} {path} && mount -o remount,bind,ro {path}"
             if path != "/" else "mount -o remount,bind,ro /" for path in read_only]
    return in_own_mounts("; ".join(f"{{ {line}; }} || true" for line in lines))


@pytest.mark.skipif(os.geteuid() != 0 or why_not() is not None, reason=f"not root, or {why_not()}")
@pytest.mark.parametrize("unit", ["cairn.service", "cairn-renew.service"])
def test_the_units_let_targets_write(unit):
    script = """
        for path; do
            there=$path
            while [ ! -e "$there" ]; do there=$(dirname "$there"); done
            [ -w "$there" ] || echo "$path"
        done"""
    found = subprocess.run([*seen_by(UNITS / unit), "sh", "-ec", script, "sh", *sorted(places_of_targets())],
                           text=True, capture_output=True, timeout=60)
    assert (found.returncode, found.stdout.split()) == (0, ["/usr/share"]), found.stderr
    text = (UNITS / unit).read_text()
    assert "PrivateDevices" not in text and "DeviceAllow=/dev/tpmrm0 rw" in text
