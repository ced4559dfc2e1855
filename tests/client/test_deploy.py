"""Deployment as a transaction: files in place, check, reload, a look at what is served, or all as before."""

import errno
import json
import os
import shutil
import signal

import pytest

from harness.cairn import Cairn
from harness.disk import FaultyDisk
from harness.issued import read_chain
from harness.odd_ca import OddCa
from harness.tls import served_certificate
from harness.tls_servers import ReloadingServer, mode_of, serial_on_disk, write_former

NAME = "a.example"


class Site:
    """A server with a former certificate, and the words of a target that deploys to it."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        (folder / "certs").mkdir()
        (folder / "private").mkdir()
        self.certificate, self.key = folder / "certs" / "site.pem", folder / "private" / "site.key"
        write_former(self.certificate, self.key)
        self.server = ReloadingServer(folder / "server", self.certificate, self.key)

    def target(self, *more):
        return ",".join(str(word) for word in (
            "files", f"fullchain={self.certificate}", f"key={self.key}",
            f"check={self.server.check}", f"reload={self.server.reload}",
            f"probe=127.0.0.1:{self.server.port}", "timeout=60s", *more))

    def served(self):
        return served_certificate(self.server.port, NAME).serial_number

    def on_disk(self):
        return serial_on_disk(self.certificate, self.key)


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path / "site")
    yield site
    site.server.stop()


def facts(cairn):
    return json.loads(cairn.outcome("status", NAME, "--json").stdout)["certificates"][0]


def test_files_get_owner_group_and_mode_and_change_as_one(cairn, tmp_path):
    folder = tmp_path / "there"
    run = cairn.outcome(*cairn.issuing(
        NAME, "--deploy", f"files:{folder},owner={os.getuid()},group={os.getgid()},mode=0640,cert-mode=0644"))
    assert run.returncode == 0, run.stderr
    assert sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")) == [
        "cert.pem", "chain.pem", "fullchain.pem", "privkey.pem"]
    first = serial_on_disk(folder / "fullchain.pem", folder / "privkey.pem")
    assert first == cairn.serial(NAME)
    assert mode_of(folder / "privkey.pem") == 0o640 and mode_of(folder / "cert.pem") == 0o644
    assert cairn.outcome("renew", "--force").returncode == 0
    second = serial_on_disk(folder / "fullchain.pem", folder / "privkey.pem")
    assert second == cairn.serial(NAME) != first
    # Of the former nothing is left.
    kept = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    assert len(kept) == 4, kept
    assert cairn.outcome("renew", "--exit-code").returncode == 1


def test_it_is_served_and_the_next_run_has_nothing_to_do(cairn, site):
    run = cairn.outcome(*cairn.issuing(NAME, "--deploy", site.target()))
    assert run.returncode == 0, run.stderr
    assert site.served() == site.on_disk() == cairn.serial(NAME)
    assert site.server.ran() == ["check", "reload"]
    target = facts(cairn)["targets"][0]
    assert target["state"] == "current" and target["generation"] == 1
    assert cairn.outcome(*cairn.issuing(NAME), "--exit-code").returncode == 1
    assert site.server.ran() == ["check", "reload"]
    # Again, because somebody says so.
    assert cairn.outcome("deploy", NAME).returncode == 0
    assert site.server.ran() == ["check", "reload"] * 2
    attempt = json.loads(cairn.outcome("explain", NAME, "--json").stdout)["attempt"]
    assert attempt["work"] == "deploy"
    assert {"target_deploying", "hook_ended", "target_deployed"} <= {
        step["event"] for step in attempt["steps"]}


@pytest.mark.parametrize("fault", ["check", "reload", "probe"])
def test_what_fails_is_rolled_back_and_tried_again(cairn, ca, site, fault):
    sound = site.server.check.read_text(), site.server.reload.read_text()
    more = ["timeout=1s"] if fault == "probe" else []
    target = site.target(*more).replace("timeout=60s,", "" if more else "timeout=60s,")
    if fault == "check":
        site.server.check.write_text("#!/bin/sh\necho 'line 7: \x1b[31mbad'; exit 1\n")
    if fault == "reload":
        site.server.reload.write_text("#!/bin/sh\necho 'cannot reload'; exit 1\n")
    if fault == "probe":
        site.server.reload.write_text("#!/bin/sh\nexit 0\n")
    run = cairn.outcome(*cairn.issuing(NAME, "--deploy", target))
    assert run.returncode == 2
    assert "rolled back" in run.stderr and "\x1b[31m" not in run.stderr
    assert site.served() == site.on_disk() == 4242
    # As they were: ordinary files, and nothing beside them.
    for file in (site.certificate, site.key):
        assert not file.is_symlink() and list(file.parent.iterdir()) == [file]
    shown = facts(cairn)["targets"][0]
    assert shown["state"] == "failed" and "rolled back" in shown["failure"]["came_back"]
    table = cairn.outcome("status").stdout
    assert "does not have it" in table
    orders = len(ca.orders)
    site.server.check.write_text(sound[0])
    site.server.reload.write_text(sound[1])
    again = cairn.outcome("renew")
    assert again.returncode == 0, again.stderr
    assert len(ca.orders) == orders
    assert site.served() == site.on_disk() == cairn.serial(NAME)
    assert facts(cairn)["targets"][0]["state"] == "current"


def test_one_that_fails_does_not_roll_back_the_others(cairn, ca, site, tmp_path):
    folder = tmp_path / "there"
    gate = tmp_path / "gate"
    gate.write_text("#!/bin/sh\nexit 1\n")
    gate.chmod(0o755)
    run = cairn.outcome(*cairn.issuing(
        NAME, "--deploy", f"files:{folder},check={gate}", "--deploy", site.target()))
    assert run.returncode == 2
    assert site.served() == cairn.serial(NAME)
    assert not (folder / "privkey.pem").exists()
    assert [target["state"] for target in facts(cairn)["targets"]] == ["failed", "current"]
    orders = len(ca.orders)
    gate.write_text("#!/bin/sh\nexit 0\n")
    assert cairn.outcome("renew").returncode == 0
    assert serial_on_disk(folder / "fullchain.pem", folder / "privkey.pem") == cairn.serial(NAME)
    assert len(ca.orders) == orders and site.server.ran() == ["check", "reload"]


def test_a_target_that_is_added_later_gets_what_is_in_place(cairn, ca, site):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    run = cairn.outcome("set", NAME, "--deploy", site.target())
    assert run.returncode == 0 and "cairn deploy" in run.stderr, run.stderr
    orders = len(ca.orders)
    assert cairn.outcome("renew").returncode == 0
    assert site.served() == cairn.serial(NAME) and len(ca.orders) == orders
    # Hooks and targets are said apart; '' takes them away.
    assert cairn.outcome("set", NAME, "--deploy-hook", "/bin/true").returncode == 0
    plan = json.loads((cairn.state / "renewal" / f"{NAME}.json").read_text())
    assert [list(target) for target in plan["deploy"]] == [["target"], ["hook"]]
    assert cairn.outcome("set", NAME, "--deploy", "").returncode == 0
    plan = json.loads((cairn.state / "renewal" / f"{NAME}.json").read_text())
    assert plan["deploy_hook"] == "/bin/true"


def test_a_dry_run_says_what_would_be_done(cairn, site):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    run = cairn.outcome("deploy", NAME, site.target(), "--dry-run", "--json")
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)["targets"][0]
    assert any(str(site.certificate) in step for step in told["steps"]) and not told["obstacles"]
    assert site.server.ran() == [] and site.served() == 4242
    run = cairn.outcome("deploy", NAME, "files:/dev/null/x,reload=no-such-program", "--dry-run", "--json")
    told = json.loads(run.stdout)
    assert len(told["targets"][0]["obstacles"]) >= 2
    assert run.returncode == 2 and not told["ok"]
    assert told["error"]["came_back"] == told["targets"][0]["obstacles"][0]["came_back"]


@pytest.mark.parametrize("target, words", [
    ("nonsense", "no such target"),
    ("files", "names no file"),
    ("files:/tmp/x,colour=red", "colour"),
    ("files:/tmp/x,mode=0777", "lets others write"),
    ("files:/tmp/x,owner=nobody-of-this-name,probe=nowhere:0", "no user"),
    ("pkcs12:/tmp/x.p12", "password-file"),
    ("vault:secret/x,address=http://vault.example", "in the clear"),
    ("kubernetes:UPPER/x", "names no Secret"),
    ("postfix,colour=red", "colour"),
])
def test_what_cannot_be_meant_is_refused_before_anything_is_ordered(cairn, ca, target, words):
    run = cairn.outcome(*cairn.issuing(NAME, "--deploy", target))
    assert run.returncode == 2 and words in run.stderr, run.stderr
    assert not ca.orders


def test_a_recipe_of_ones_own(cairn, tmp_path):
    recipes = tmp_path / "settings" / "deploy"
    recipes.mkdir(parents=True)
    (recipes / "mine.toml").write_text(f"""
summary = "a server of one's own"
check = "/bin/sh -c 'test -s \\"$0\\"' {{dir}}/{{lineage}}.key"
reload = "touch '{tmp_path}/re loaded'"
[options]
dir = "/nowhere"
[[files]]
path = "{{dir}}/{{lineage}}.crt"
[[files]]
path = "{{dir}}/{{lineage}}.key"
holds = "key"
mode = "0640"
""")
    there = tmp_path / "a folder"
    run = cairn.outcome(*cairn.issuing(
        NAME, "--deploy", f"mine:{there}", "--config", tmp_path / "settings"))
    assert run.returncode == 0, run.stderr
    assert serial_on_disk(there / f"{NAME}.crt", there / f"{NAME}.key") == cairn.serial(NAME)
    assert mode_of(there / f"{NAME}.key") == 0o640 and (tmp_path / "re loaded").exists()
    (recipes / "mine.toml").chmod(0o666)
    run = cairn.outcome("deploy", NAME, "--config", tmp_path / "settings")
    assert run.returncode == 2 and "others may write it" in run.stderr


class Life:
    """A lineage with a target whose server has a former certificate, all in one folder. `begin` has it as it
    was before the first deployment."""

    def __init__(self, folder, environment):
        folder.mkdir()
        self.folder = folder
        self.ca = OddCa(folder)
        self.cairn = Cairn(self.ca, environment, folder)
        self.certificate, self.key = folder / "site.pem", folder / "site.key"
        self.store = folder / ".site.pem.cairn"
        reload = folder / "reload"
        reload.write_text(f"#!/bin/sh\ncp {self.certificate} {folder}/read.pem\n")
        reload.chmod(0o755)
        run = self.cairn.outcome(*self.cairn.issuing(NAME))
        assert run.returncode == 0, run.stderr
        target = f"files,fullchain={self.certificate},key={self.key},reload={reload}"
        assert self.cairn.outcome("set", NAME, "--deploy", target).returncode == 0
        shutil.copytree(self.cairn.state, folder / "first", symlinks=True)

    def begin(self):
        shutil.rmtree(self.cairn.state)
        shutil.copytree(self.folder / "first", self.cairn.state, symlinks=True)
        shutil.rmtree(self.store, ignore_errors=True)
        for path in (self.certificate, self.key, self.folder / "read.pem"):
            path.unlink(missing_ok=True)
        write_former(self.certificate, self.key)

    def deploy(self, disk=None):
        return self.cairn.outcome("renew", environment=disk.variables() if disk else None)

    def check_now(self):
        assert serial_on_disk(self.certificate, self.key) in (4242, self.cairn.serial(NAME))

    def go_on(self):
        self.check_now()
        run = self.deploy()
        assert run.returncode == 0, run.stderr
        newest = self.cairn.serial(NAME)
        assert serial_on_disk(self.certificate, self.key) == newest
        assert read_chain((self.folder / "read.pem").read_text())[0].serial_number == newest
        assert len(list(self.store.iterdir())) == 2, list(self.store.iterdir())
        kept = json.loads((self.cairn.state / "facts" / f"{NAME}.json").read_text())
        assert "deploying" not in kept and kept["deployments"][0]["generation"] == 1


def spread(request, items, at_most):
    if request.config.getoption("--every-fault") or len(items) <= at_most:
        return items
    return [items[round(place * (len(items) - 1) / (at_most - 1))] for place in range(at_most)]


@pytest.mark.parametrize("manner", ["killed", "killed_behind", "undone"])
def test_killed_or_out_of_room_at_every_write(cairn, tmp_path, request, manner):
    """kill -9, and a full disk: key and certificate always match, and the next run finishes."""
    life = Life(tmp_path / "life", cairn.environment)
    disk = FaultyDisk(tmp_path, life.folder)
    life.begin()
    disk.arm()
    assert life.deploy(disk).returncode == 0
    calls = disk.calls()
    disk.disarm()
    names = {name for name, _ in calls}
    assert {"create", "write", "fsync", "rename", "symlink", "linkat"} <= names, names
    life.go_on()
    happened = 0
    points = spread(request, list(range(1, len(calls) + 1)), 9)
    for number in points:
        life.begin()
        disk.arm(nth=number, manner=manner, error=errno.ENOSPC)
        run = life.deploy(disk)
        happened += disk.has_failed or run.returncode == -signal.SIGKILL
        disk.disarm()
        try:
            life.go_on()
        except AssertionError as error:
            raise AssertionError(
                f"{manner} at call {number}, {calls[number - 1]}: {error}\n{run.stderr}") from error
    life.ca.stop()
    assert happened > len(points) // 2
