"""Where the state is unless it is said, and how it gets there from where former versions had it."""

import json
import os
import shutil
import subprocess

import pytest

from harness.issued import read_chain
from harness.mounts import in_own_mounts, why_not
from harness.process import BIN

NAME = "a.example"
# A build with sanitizers cannot look for leaks there.
UNDER_STRACE = {"ASAN_OPTIONS": "detect_leaks=0"}


class Machine:
    """A machine whose /etc and /var/lib are folders of the test."""

    def __init__(self, cairn, folder):
        self.cairn = cairn
        self.etc, self.lib = folder / "machine-etc", folder / "machine-lib"
        shutil.copytree("/etc", self.etc, symlinks=True, ignore_dangling_symlinks=True,
                        ignore=lambda _, names: {name for name in names if name == "cairn"})
        self.lib.mkdir()

    def words(self, *words, under=()):
        mounting = f"mount --bind {self.etc} /etc; mount --bind {self.lib} /var/lib"
        return [*in_own_mounts(mounting), *under, *map(str, (BIN / "cairn", *words))]

    def __call__(self, *words, code=0, under=()):
        environment = {name: value for name, value in self.cairn.environment.items()
                       if name not in ("CAIRN_STATE", "XDG_STATE_HOME")}
        done = subprocess.run(self.words(*words, under=under), env=environment, timeout=60,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def serial_at(self, place):
        """Of the certificate that a server with paths in this place reads."""
        script = f"cat {place}/live/{NAME}/fullchain.pem"
        done = subprocess.run([*self.words()[:-1], "sh", "-c", script], capture_output=True,
                              text=True, timeout=20, check=True)
        return read_chain(done.stdout)[0].serial_number


@pytest.fixture
def machine(cairn, tmp_path):
    if reason := why_not():
        pytest.skip(reason)
    return Machine(cairn, tmp_path)


@pytest.fixture
def former(machine, cairn):
    """A machine on which a former version has obtained a certificate."""
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    shutil.copytree(cairn.state, machine.etc / "cairn", symlinks=True)
    (machine.etc / "cairn" / "cairn.toml").write_text("")
    return machine


def test_root_has_its_state_in_var_lib(machine, cairn, ca):
    machine(*cairn.issuing(NAME))
    assert (machine.lib / "cairn" / "live" / NAME / "fullchain.pem").is_symlink()
    assert not (machine.etc / "cairn").exists()
    shown = json.loads(machine("state", "show", "--json").stdout)["state"]
    assert shown == {"folder": "/var/lib/cairn", "origin": "usual", "lineages": 1}


def test_others_have_it_in_their_homes(cairn, tmp_path):
    def state_of(**variables):
        environment = cairn.environment | {"HOME": str(tmp_path)} | variables
        words = [BIN / "cairn", "status"]
        if os.geteuid() == 0:
            words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *words]
        done = subprocess.run(list(map(str, words)), env=environment, capture_output=True, text=True,
                              timeout=20)
        if "ermission denied" in done.stderr:
            pytest.skip("another user may not run the program where it is")
        return done.stderr

    assert f"{tmp_path}/.local/state/cairn" in state_of()
    assert f"{tmp_path}/other/cairn" in state_of(XDG_STATE_HOME=f"{tmp_path}/other")


def test_the_former_place_is_used_and_told(former, ca):
    run = former("status", "--json")
    entry, = json.loads(run.stdout)["certificates"]
    assert entry["state"] == "ok" and entry["files"]["private_key"].startswith("/etc/cairn/live/")
    assert "/etc/cairn is used" in run.stderr and "cairn state move" in run.stderr
    assert "cairn state move" not in former("status", "-q").stderr
    former("renew", "--force")
    assert former.serial_at("/etc/cairn") == ca.certificates[-1].serial_number
    assert not (former.lib / "cairn").exists()


def test_it_moves_on_request_and_leaves_links(former, cairn, ca):
    moved = json.loads(former("state", "move", "--json").stdout)
    assert moved["result"] == "done" and moved["state"]["folder"] == "/var/lib/cairn"
    serial = ca.certificates[0].serial_number
    assert former.serial_at("/etc/cairn") == former.serial_at("/var/lib/cairn") == serial
    assert os.readlink(former.etc / "cairn" / "live") == "/var/lib/cairn/live"
    assert (former.etc / "cairn" / "cairn.toml").is_file()
    # Whoever has the old place in a timer renews the same state.
    former("renew", "--force", "--state", "/etc/cairn")
    assert former.serial_at("/var/lib/cairn") == ca.certificates[1].serial_number
    run = former("renew")
    assert "not due" in run.stderr and "/etc/cairn" not in run.stderr
    assert former("state", "move", "--exit-code", code=1).stdout == ""


def test_whatever_kills_it_one_place_is_complete(former, cairn, ca, tmp_path):
    """Killed at each system call that changes a name."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    serial = ca.certificates[0].serial_number
    pristine = tmp_path / "pristine"
    shutil.copytree(former.etc / "cairn", pristine, symlinks=True)
    calls = "rename,renameat,renameat2,rmdir,symlink"
    for number in range(1, 200):
        shutil.rmtree(former.etc / "cairn")
        shutil.rmtree(former.lib / "cairn", ignore_errors=True)
        shutil.copytree(pristine, former.etc / "cairn", symlinks=True)
        inject = f"inject={calls}:signal=KILL:when={number}"
        done = subprocess.run(
            former.words("state", "move", under=["strace", "-f", "-qq", "-o", "/dev/null", "-e", inject]),
            env=cairn.environment | UNDER_STRACE, timeout=60, stdin=subprocess.DEVNULL,
            capture_output=True, text=True)
        if done.returncode == 0:
            break
        assert done.returncode in (137, -9), done.stderr
        assert former.serial_at("/etc/cairn") == serial, number
        entry, = json.loads(former("status", "--json").stdout)["certificates"]
        assert entry["state"] == "ok", number
        former("state", "move")
        assert former.serial_at("/etc/cairn") == former.serial_at("/var/lib/cairn") == serial
        assert not [name for name in os.listdir(former.etc / "cairn") if name.startswith(".moved")]
    assert number > 6, "nothing was killed"
