"""kill -9 and a full disk at every step at which cairn changes the configuration of nginx: at each moment it is
one that nginx starts with, and the next run leaves nothing behind."""

import errno
import signal

import pytest

from harness.disk import FaultyDisk
from harness.nginx import Nginx
from harness.ports import reserve_port

NAME = "a.example"
SITES = {
    "sites-enabled/a": "server {\n    listen @HTTP@;\n    server_name a.example;\n}\n",
    "sites-enabled/default": "server {\n    listen [::]:@HTTP@ default_server;\n    return 444;\n}\n",
}


@pytest.fixture
def nginx(ca, tmp_path):
    with Nginx(tmp_path / "nginx", SITES, ca.http_port, reserve_port()) as server:
        yield server


@pytest.fixture
def words(cairn, ca, nginx):
    cairn.solvers["nginx"] = "nginx:" + nginx.option()
    return [*cairn.issuing(NAME, solver="nginx"), "--force"]


def points_of(calls, manners, at_most, request):
    """(number, manner) of the calls that change something, some of them unless all are wanted."""
    points = [(number, manner) for number, (name, _) in enumerate(calls, 1)
              for manner in manners(name)]
    if request.config.getoption("--every-fault") or len(points) <= at_most:
        return points
    return [points[round(place * (len(points) - 1) / (at_most - 1))] for place in range(at_most)]


def calls_of_a_run(cairn, nginx, words, tmp_path):
    disk = FaultyDisk(tmp_path, nginx.folder / "sites-enabled")
    disk.arm()
    run = cairn.outcome(*words, environment=disk.variables())
    assert run.returncode == 0, run.stderr
    # Both files are changed and changed back.
    assert len([1 for name, file in disk.calls() if name == "rename"]) == 4, disk.calls()
    return disk, disk.calls()


def test_killed_at_every_step_of_a_challenge(cairn, nginx, words, tmp_path, request):
    before = nginx.files()
    disk, calls = calls_of_a_run(cairn, nginx, words, tmp_path)
    assert nginx.files() == before
    deaths = 0

    def manners(name):
        return ["killed", "killed_within"] if name == "write" else ["killed", "killed_behind"]

    for number, manner in points_of(calls, manners, 10, request):
        disk.arm(nth=number, manner=manner)
        run = cairn.outcome(*words, environment=disk.variables())
        disk.disarm()
        deaths += run.returncode == -signal.SIGKILL
        assert nginx.test() == "", (number, manner)
        again = cairn.outcome(*words)
        assert again.returncode == 0, again.stderr
        assert nginx.files() == before, (number, manner, calls)
    assert deaths > 5
    assert nginx.answer(NAME, "/.well-known/acme-challenge/x")[0] == 404


def test_a_full_disk_at_every_step_of_a_challenge(cairn, nginx, words, tmp_path, request):
    before = nginx.files()
    disk, calls = calls_of_a_run(cairn, nginx, words, tmp_path)
    for number, manner in points_of(calls, lambda name: ["undone"], 6, request):
        disk.arm(nth=number, error=errno.ENOSPC)
        run = cairn.outcome(*words, environment=disk.variables())
        disk.disarm()
        assert run.returncode in (0, 2)
        assert nginx.test() == "", (number, calls[number - 1])
        # What could not be taken down goes with the next run.
        assert nginx.files() == before or cairn.outcome("renew").returncode == 0
        assert nginx.files() == before, (number, calls[number - 1], run.stderr)
