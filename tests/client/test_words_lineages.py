"""Lineages get other names, go back to the certificate before, and end."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

from harness.issued import read_chain
from harness.mounts import in_own_mounts, why_not

NAME = "a.example"
# A build with sanitizers cannot look for leaks there.
UNDER_STRACE = {"ASAN_OPTIONS": "detect_leaks=0"}


@pytest.fixture
def issued(cairn):
    run = cairn.outcome(*cairn.issuing(NAME))
    assert run.returncode == 0, run.stderr
    return cairn


def served(cairn, name):
    """The certificate that a server reads by this name of the lineage, and that its key is there."""
    live = cairn.live(name)
    assert (live / "privkey.pem").read_text().startswith("-----BEGIN")
    return read_chain((live / "fullchain.pem").read_text())[0].serial_number


def listed(cairn):
    return json.loads(cairn.outcome("status", "--json").stdout)["certificates"]


def test_servers_find_a_renamed_lineage_by_both_names(issued, ca):
    run = issued.outcome("rename", NAME, "web", "--json")
    assert run.returncode == 0, run.stderr
    answer = json.loads(run.stdout)
    assert answer["lineage"] == "web" and answer["files"]["private_key"].endswith("/live/web/privkey.pem")
    assert [entry["lineage"] for entry in listed(issued)] == ["web"]
    assert issued.outcome("renew", "web", "--force").returncode == 0
    assert served(issued, "web") == served(issued, NAME) == ca.certificates[1].serial_number
    # The old name is understood, and said to be old.
    run = issued.outcome("renew", NAME)
    assert run.returncode == 0 and f"{NAME} is called web now" in run.stderr
    assert issued.outcome("rename", NAME, "web", "--exit-code").returncode == 1
    assert len(ca.orders) == 2


def test_the_old_name_is_not_given_to_another(issued, ca):
    assert issued.outcome("rename", NAME, "web").returncode == 0
    run = issued.outcome(*issued.issuing("b.example", "--name", NAME))
    assert run.returncode == 2 and "former name of web" in run.stderr
    assert len(ca.orders) == 1
    assert issued.outcome("delete", NAME, "--yes").returncode == 2
    assert issued.outcome("rename", "web", NAME).returncode == 0
    assert [entry["lineage"] for entry in listed(issued)] == [NAME]


@pytest.mark.parametrize("words, sentence", [
    (["b.example", "c.example"], "no such lineage"), ([NAME, NAME], "the same name"),
    ([NAME, "../x"], "cannot be a name"), ([NAME, "taken.example"], "already")])
def test_a_name_that_cannot_be_given_is_refused(issued, words, sentence):
    assert issued.outcome(*issued.issuing("taken.example")).returncode == 0
    run = issued.outcome("rename", *words)
    assert run.returncode == 2 and sentence in run.stderr, run.stderr
    assert len(listed(issued)) == 2


def test_whatever_kills_a_renaming_servers_find_both(issued, ca, tmp_path):
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    serial = ca.certificates[0].serial_number
    pristine = tmp_path / "pristine"
    shutil.copytree(issued.state, pristine, symlinks=True)
    calls = "rename,renameat,renameat2,unlink,unlinkat,symlink,link"
    for number in range(1, 100):
        shutil.rmtree(issued.state)
        shutil.copytree(pristine, issued.state, symlinks=True)
        inject = f"inject={calls}:signal=KILL:when={number}"
        done = subprocess.run(
            ["strace", "-f", "-qq", "-o", "/dev/null", "-e", inject,
             *issued.command_line("rename", NAME, "web")],
            env=issued.environment | UNDER_STRACE, timeout=60, stdin=subprocess.DEVNULL,
            capture_output=True)
        if done.returncode == 0:
            break
        assert done.returncode in (137, -9), done.stderr
        assert served(issued, NAME) == serial, number
        run = issued.outcome("renew")
        assert run.returncode == 0, (number, run.stderr)
        run = issued.outcome("rename", NAME, "web")
        assert run.returncode == 0, (number, run.stderr)
        assert served(issued, "web") == served(issued, NAME) == serial
        entry, = listed(issued)
        assert (entry["lineage"], entry["state"]) == ("web", "ok")
    assert number > 5, "nothing was killed"
    assert len(ca.orders) == 1


def test_the_certificate_before_goes_live_again_and_stays(issued, ca, tmp_path):
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\necho $CAIRN_LINEAGE >> {tmp_path}/log\n")
    hook.chmod(0o755)
    assert issued.outcome("set", NAME, "--deploy-hook", hook).returncode == 0
    assert issued.outcome("renew", "--force").returncode == 0
    first, second = (leaf.serial_number for leaf in ca.certificates)
    assert served(issued, NAME) == second
    run = issued.outcome("rollback", NAME, "--json")
    assert run.returncode == 0, run.stderr
    assert served(issued, NAME) == first
    told, = json.loads(run.stdout)["certificates"]
    assert told["generation"] == 1 and told["generation_before"] == 2
    assert "not renewed before" in run.stderr
    assert (tmp_path / "log").read_text().split() == [NAME, NAME], "its users have learnt of it"
    # It is left alone, and a renewal that is asked for goes on from there.
    assert issued.outcome("renew", "--exit-code").returncode == 1
    assert served(issued, NAME) == first
    assert issued.outcome("renew", "--force").returncode == 0
    assert served(issued, NAME) == ca.certificates[2].serial_number
    assert sorted(os.listdir(issued.state / "archive" / NAME / "generations")) == ["1", "2", "3"]


def test_there_must_be_one_to_go_back_to(issued, ca):
    run = issued.outcome("rollback", NAME)
    assert run.returncode == 2 and "no certificate before" in run.stderr
    assert issued.outcome("renew", "--force").returncode == 0
    (issued.state / "archive" / NAME / "privkey1.pem").write_text("damaged")
    run = issued.outcome("rollback", NAME)
    assert run.returncode == 2 and "number 1" in run.stderr and "Next:" in run.stderr
    assert served(issued, NAME) == ca.certificates[1].serial_number


def test_nothing_is_deleted_before_it_is_said_twice(issued):
    run = issued.outcome("delete", NAME)
    assert run.returncode == 2 and str(issued.live(NAME)) in run.stderr and "--yes" in run.stderr
    assert listed(issued)[0]["state"] == "ok"
    run = issued.outcome("delete", NAME, "--yes", "--json")
    assert run.returncode == 0, run.stderr
    assert str(issued.live(NAME)) in json.loads(run.stdout)["deleted"]
    assert "not revoked" in run.stderr
    assert listed(issued) == []
    left = [path for path in issued.state.rglob(f"*{NAME}*") if path.parent.name != "locks"]
    assert left == []
    run = issued.outcome("delete", NAME, "--yes")
    assert run.returncode == 2 and "there is none" in run.stderr
    assert issued.outcome(*issued.issuing(NAME)).returncode == 0


def test_what_is_left_of_a_lineage_can_be_deleted_too(issued):
    (issued.state / "renewal" / f"{NAME}.json").unlink()
    assert listed(issued)[0]["state"] == "broken"
    assert issued.outcome("delete", NAME, "--yes").returncode == 0
    assert listed(issued) == []


def test_what_is_in_use_is_not_deleted(issued, tmp_path):
    if reason := why_not():
        pytest.skip(reason)
    etc = tmp_path / "etc"
    (etc / "nginx" / "sites-enabled").mkdir(parents=True)
    for name in ("passwd", "group", "hosts", "resolv.conf", "nsswitch.conf"):
        if os.path.exists(f"/etc/{name}"):
            (etc / name).write_bytes(pathlib.Path(f"/etc/{name}").read_bytes())
    site = etc / "nginx" / "sites-enabled" / "shop"
    site.write_text(f"server {{\n  ssl_certificate {issued.live(NAME)}/fullchain.pem;\n}}\n")

    def delete(*words):
        return subprocess.run(
            [*in_own_mounts(f"mount --bind {etc} /etc"), *issued.command_line("delete", NAME, *words)],
            env=issued.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=60)

    run = delete("--yes", "--json")
    assert run.returncode == 2 and "/etc/nginx/sites-enabled/shop, line 2 has" in run.stderr
    assert "--force" in run.stderr
    use, = json.loads(run.stdout)["in_use"]
    assert use["kind"] == "configuration" and use["path"] == f"{issued.live(NAME)}/fullchain.pem"
    # A program that was started with it counts as well.
    site.write_text("")
    program = subprocess.Popen(["tail", "-f", str(issued.live(NAME) / "cert.pem")],
                               stdout=subprocess.DEVNULL)
    try:
        run = delete("--yes")
        assert run.returncode == 2 and f"process {program.pid} (tail)" in run.stderr
        assert issued.serial(NAME)
        assert delete("--force").returncode == 0
    finally:
        program.kill()
        program.wait()
    assert not issued.live(NAME).exists()
