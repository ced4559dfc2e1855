"""The installer of nginx beyond the shapes: what goes wrong on the way, several keys, redirects, and the way back."""

import errno
import os
import signal
import socket

import pytest

from harness.disk import FaultyDisk
from harness.nginx import Nginx
from harness.ports import reserve_port

NAME = "a.example"
SITE = ("server {\n    listen @HTTP@;\n    server_name a.example;\n    root @DIR@/html;\n}\n")
TWO = {"sites-enabled/a": SITE,
       "sites-enabled/b": "server {\n    listen [::]:@HTTP@;\n    server_name a.example;\n}\n"}


@pytest.fixture
def start(ca, tmp_path):
    started = []

    def go(files):
        server = Nginx(tmp_path / "nginx", files, ca.http_port, reserve_port())
        started.append(server.start())
        return server

    yield go
    for server in started:
        server.stop()


def issuing(cairn, nginx, *more, target=()):
    cairn.solvers["nginx"] = "nginx:" + nginx.option()
    return [*cairn.issuing(NAME, solver="nginx"), "--deploy",
            "nginx:" + nginx.option(f"https-port={nginx.https_port}", *target), *more]


def test_a_dry_run_shows_the_change_and_makes_none(cairn, ca, start):
    nginx = start({"sites-enabled/a": SITE})
    cairn.solvers["nginx"] = "nginx:" + nginx.option()
    assert cairn.outcome(*cairn.issuing(NAME, solver="nginx")).returncode == 0
    before = nginx.files()
    run = cairn.outcome("deploy", NAME, "nginx:" + nginx.option(f"https-port={nginx.https_port}"),
                        "--dry-run")
    assert run.returncode == 0, run.stderr
    assert f"+++ {nginx.folder}/sites-enabled/a" in run.stdout + run.stderr
    assert f"+    listen {nginx.https_port} ssl;" in run.stdout + run.stderr
    assert nginx.files() == before
    # Of a renewal: nginx first, since it reads live/NAME.
    nginx_target = "nginx:" + nginx.option(f"https-port={nginx.https_port}")
    assert cairn.outcome("set", NAME, "--deploy-hook", "/bin/true", "--deploy", nginx_target).returncode == 0
    run = cairn.outcome("renew", "--dry-run", "--agree-tos", "--ca", ca.directory, "--ca-root", ca.api_root)
    assert run.returncode == 0, run.stderr
    assert run.stderr.index(f"Would deploy to {nginx_target}:") < run.stderr.index("Would deploy to /bin/true:")
    assert nginx.files() == before


def test_owner_and_mode_stay(cairn, start):
    nginx = start({"sites-enabled/a": SITE})
    file = nginx.folder / "sites-enabled" / "a"
    os.chown(file, 12, 34)
    file.chmod(0o640)
    run = cairn.outcome(*issuing(cairn, nginx))
    assert run.returncode == 0, run.stderr
    status = file.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (12, 34, 0o640)


def test_two_keys_redirect_and_strict_transport_security(cairn, start):
    nginx = start({"sites-enabled/a": SITE})
    run = cairn.outcome(*issuing(cairn, nginx, "--key-type", "ec-p256", "--key-type", "rsa2048",
                                 target=["redirect=yes", "hsts=300"]))
    assert run.returncode == 0, run.stderr
    assert (nginx.folder / "sites-enabled" / "a").read_text().count("ssl_certificate ") == 2
    status, headers, _ = nginx.answer(NAME, "/x?y")
    assert (status, headers["Location"]) == (301, f"https://{NAME}:{nginx.https_port}/x?y")
    assert "Strict-Transport-Security" not in headers
    status, headers, body = nginx.answer(NAME, tls=True)
    assert (status, body) == (200, "a page\n")
    assert headers["Strict-Transport-Security"] == "max-age=300"
    # The redirect is in nobody's way at the next time.
    serial = cairn.serial(NAME)
    run = cairn.outcome("renew", NAME, "--force")
    assert run.returncode == 0, run.stderr
    assert cairn.serial(NAME) != serial
    nginx.wait_until(lambda: nginx.shown(NAME).public_key() is not None)


def test_a_port_in_use_puts_everything_back(cairn, start):
    """Only the reload finds it: `nginx -t` does not."""
    nginx = start({"sites-enabled/a": SITE})
    before = nginx.files()
    with socket.create_server(("0.0.0.0", nginx.https_port)):
        run = cairn.outcome(*issuing(cairn, nginx), timeout=150)
    assert run.returncode == 2
    assert nginx.files() == before
    assert nginx.test() == ""
    assert nginx.answer(NAME)[0] == 200


def test_the_last_change_is_taken_back_and_other_changes_stay(cairn, start):
    nginx = start({"sites-enabled/a": SITE})
    before = nginx.files()
    assert cairn.outcome(*issuing(cairn, nginx)).returncode == 0
    main = nginx.folder / "nginx.conf"
    site = nginx.folder / "sites-enabled" / "a"
    site.write_text(site.read_text().replace("/html;", "/html; # mine"))
    run = cairn.outcome("deploy", NAME, "--take-back")
    assert run.returncode == 0, run.stderr
    assert site.read_text() == before["sites-enabled/a"].decode().replace("/html;", "/html; # mine")
    assert main.read_bytes() == before["nginx.conf"]
    assert nginx.test() == ""
    run = cairn.outcome("deploy", NAME, "--take-back")
    assert run.returncode == 2 and "no change is kept" in run.stderr


def test_without_a_running_server_it_shows_at_the_start(cairn, start):
    nginx = start({"sites-enabled/a": SITE})
    assert cairn.outcome(*issuing(cairn, nginx)[:-2]).returncode == 0
    nginx.stop()
    run = cairn.outcome("deploy", NAME, issuing(cairn, nginx)[-1])
    assert run.returncode == 0, run.stderr
    nginx.start()
    assert nginx.shown(NAME).serial_number == cairn.serial(NAME)
    assert cairn.outcome(*issuing(cairn, nginx)[:-2], "--force").returncode == 0
    nginx.stop()
    run = cairn.outcome(*issuing(cairn, nginx)[:-2], "--force")
    assert run.returncode == 2 and "it does not run" in run.stderr


def test_killed_at_every_step_of_an_installation(cairn, start, tmp_path, request):
    nginx = start(TWO)
    before = nginx.files()
    cairn.solvers["nginx"] = "nginx:" + nginx.option()
    assert cairn.outcome(*cairn.issuing(NAME, solver="nginx")).returncode == 0
    target = issuing(cairn, nginx)[-1]
    assert cairn.outcome("set", NAME, "--deploy", target).returncode == 0
    disk = FaultyDisk(tmp_path, nginx.folder / "sites-enabled")
    disk.arm()
    run = cairn.outcome("deploy", NAME, environment=disk.variables())
    assert run.returncode == 0, run.stderr
    installed = nginx.files()
    calls = disk.calls()
    assert len([1 for name, _ in calls if name == "rename"]) == 2, calls
    points = [(number, manner) for number, (name, _) in enumerate(calls, 1)
              for manner in ("killed", "killed_within" if name == "write" else "killed_behind")]
    if not request.config.getoption("--every-fault"):
        points = points[2::5]
    for number, manner in points:
        assert cairn.outcome("deploy", NAME, "--take-back").returncode == 0
        assert nginx.files() == before, (number, manner)
        disk.arm(nth=number, manner=manner)
        run = cairn.outcome("deploy", NAME, environment=disk.variables())
        disk.disarm()
        assert run.returncode == -signal.SIGKILL, (number, manner, run.stderr)
        assert nginx.test() == "", (number, manner)
        run = cairn.outcome("renew")
        assert run.returncode == 0, (number, manner, run.stderr)
        run = cairn.outcome("deploy", NAME)
        assert run.returncode == 0, (number, manner, run.stderr)
        assert nginx.files() == installed, (number, manner)
        nginx.wait_until(lambda: nginx.shown(NAME).serial_number == cairn.serial(NAME))


def test_a_full_disk_at_steps_of_an_installation(cairn, start, tmp_path, request):
    """Of the configuration and of the state."""
    nginx = start(TWO)
    before = nginx.files()
    cairn.solvers["nginx"] = "nginx:" + nginx.option()
    assert cairn.outcome(*cairn.issuing(NAME, solver="nginx")).returncode == 0
    target = issuing(cairn, nginx)[-1]
    assert cairn.outcome("set", NAME, "--deploy", target).returncode == 0
    disk = FaultyDisk(tmp_path, tmp_path)
    disk.arm()
    assert cairn.outcome("deploy", NAME, environment=disk.variables()).returncode == 0
    installed = nginx.files()
    steps = [number for number, (_, file) in enumerate(disk.calls(), 1) if not file.startswith("state/attempts")]
    assert len(steps) > 20, disk.calls()
    failures = 0
    for number in steps if request.config.getoption("--every-fault") else steps[2::len(steps) // 5]:
        assert cairn.outcome("deploy", NAME, "--take-back").returncode == 0
        assert nginx.files() == before, number
        disk.arm(nth=number, error=errno.ENOSPC)
        run = cairn.outcome("deploy", NAME, environment=disk.variables())
        disk.disarm()
        failures += run.returncode == 2
        assert run.returncode in (0, 2)
        assert nginx.test() == "", (number, run.stderr)
        run = cairn.outcome("deploy", NAME)
        assert run.returncode == 0, (number, run.stderr)
        assert nginx.files() == installed, number
        nginx.wait_until(lambda: nginx.shown(NAME).serial_number == cairn.serial(NAME))
    assert failures > 0
