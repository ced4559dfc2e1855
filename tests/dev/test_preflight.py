"""What is wrong before anything is built ends in one sentence that says what to do, and `./dev test`
in its count all the same."""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest

from harness import mounts
from harness.mounts import in_own_mounts

REPOSITORY = pathlib.Path(__file__).parents[2]
# Absent unless a test provides its own.
INSTALLERS = {"apt-get", "apt-cache", "dpkg-query", "sudo"}
NOBODY = 65534
IS_ROOT = os.geteuid() == 0


def temporary_folder():
    """Not one of pytest's folders, which other users may not enter."""
    folder = tempfile.TemporaryDirectory(prefix="cairn-preflight-")
    os.chmod(folder.name, 0o755)
    return folder


@pytest.fixture(scope="module")
def system():
    """A folder that leads to the programs of this machine, without the installers."""
    with temporary_folder() as folder:
        for place in ("/usr/sbin", "/usr/bin"):
            for program in os.listdir(place):
                with contextlib.suppress(FileExistsError):
                    if program not in INSTALLERS:
                        os.symlink(f"{place}/{program}", f"{folder}/{program}")
        yield folder


class Checkout:
    """`dev` with its parts in a folder, with a PATH of its own and as an ordinary user."""

    def __init__(self, folder, system):
        self.folder = folder / "checkout"
        self.programs = folder / "programs"
        self.path = f"{self.programs}:{system}"
        self.folder.mkdir()
        self.programs.mkdir()
        shutil.copy(REPOSITORY / "dev", self.folder)
        shutil.copytree(REPOSITORY / "dev.d", self.folder / "dev.d",
                        ignore=shutil.ignore_patterns("__pycache__"))
        if IS_ROOT:
            for path in [self.folder, *self.folder.rglob("*")]:
                os.chown(path, NOBODY, NOBODY)

    def program(self, name, text):
        path = self.programs / name
        path.write_text(f"#!/bin/bash\n{text}\n")
        path.chmod(0o755)

    def run(self, *words, under=()):
        """The exit code, and all that was said."""
        user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        done = subprocess.run(
            [*under, *(user if IS_ROOT else []), "bash", "./dev", *words], cwd=self.folder,
            env={"PATH": self.path, "HOME": "/nonexistent"}, text=True, timeout=60,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout

    def refusal(self, *words, **options):
        """The sentence of a command that must not succeed."""
        code, output = self.run(*words, **options)
        assert code != 0, output
        sentences = re.findall(r"^\./dev: .*", output, re.MULTILINE)
        assert len(sentences) == 1, output
        if words[0] == "test":
            assert output.splitlines()[-1] == "0 passed, 1 failed", output
        return sentences[0]


@pytest.fixture
def checkout(system):
    with temporary_folder() as folder:
        yield Checkout(pathlib.Path(folder), system)


@pytest.fixture
def without_packages(checkout):
    """A machine on which nothing is installed."""
    checkout.program("dpkg-query", "exit 1")
    checkout.program("apt-get", "echo 'E: there is no apt-get for this test'; exit 100")
    checkout.program("apt-cache", "true")
    return checkout


# Each of these installs and writes.
commands = pytest.mark.parametrize("command", ["demo", "test", "build"])


@commands
def test_neither_root_nor_sudo(without_packages, command):
    sentence = without_packages.refusal(command)
    assert "nor is there sudo" in sentence and "as root" in sentence
    assert "apt-get install g++ cmake" in sentence


@commands
def test_sudo_that_lets_nobody_in(without_packages, command):
    without_packages.program("sudo", "echo 'sudo: a password is required' >&2; exit 1")
    assert "sudo did not let you become root" in without_packages.refusal(command)


@commands
def test_no_network(without_packages, command):
    without_packages.program("sudo", 'exec "$@"')
    without_packages.program(
        "apt-get", "echo \"E: Failed to fetch http://packages.example/ Could not resolve\"; exit 100")
    sentence = without_packages.refusal(command)
    assert "could not be fetched" in sentence and "network" in sentence
    assert "Could not resolve" in without_packages.run(command)[1]


def test_a_network_that_goes_while_it_installs(without_packages):
    without_packages.program("sudo", 'exec "$@"')
    without_packages.program("apt-cache", """
        case " $* " in
            *" policy "*) echo '  Candidate: 1.0' ;;
            *" show cmake ") echo 'Installed-Size: 12345' ;;
        esac""")
    without_packages.program("apt-get", """
        case " $* " in
            *" update "*) ;;
            *" -s "*) echo 'Inst cmake (3.25 Debian)'; echo 'Inst libc6 [2.36] (2.37 Debian)' ;;
            *) echo 'E: Failed to fetch cmake'; exit 100 ;;
        esac""")
    # As root, Debian's scripts would be told not to start servers.
    without_packages.program("sh", "true")
    code, output = without_packages.run("test")
    assert "could not be installed" in output and "E: Failed to fetch cmake" in output
    assert "1 packages of Debian come to /usr: 13 MB" in output
    assert "xargs -a" in output
    # What was installed before is not listed for removal.
    assert (without_packages.folder / "build/installed-packages").read_text() == "cmake\n"
    assert code != 0 and output.splitlines()[-1] == "0 passed, 1 failed"


@commands
def test_no_debian(checkout, command):
    assert "Debian 12 or 13" in checkout.refusal(command)


@commands
def test_a_checkout_of_somebody_else(without_packages, command):
    without_packages.folder.chmod(0o555)
    sentence = without_packages.refusal(command)
    assert "build cannot be written to (Permission denied)" in sentence and "copy" in sentence


needs_mounts = pytest.mark.skipif(bool(mounts.why_not()), reason=str(mounts.why_not()))


@needs_mounts
@commands
def test_a_read_only_checkout(without_packages, command):
    folder = without_packages.folder
    under = in_own_mounts(f"mount --bind {folder} {folder}; mount -o remount,ro,bind {folder}; cd {folder}")
    sentence = without_packages.refusal(command, under=under)
    assert "build cannot be written to (Read-only file system)" in sentence


@needs_mounts
@commands
def test_a_disk_that_is_nearly_full(without_packages, command):
    build = without_packages.folder / "build"
    build.mkdir()
    under = in_own_mounts(f"mount -t tmpfs -o size=20m,mode=777 none {build}")
    sentence = without_packages.refusal(command, under=under)
    assert re.search(r"there are \d+ MB left .* and \d+ are needed: make room", sentence)


@needs_mounts
@commands
def test_a_disk_that_is_full(without_packages, command):
    build = without_packages.folder / "build"
    build.mkdir()
    under = in_own_mounts(f"mount -t tmpfs -o size=64k,mode=777 none {build};"
                      f"head -c 100000 /dev/zero >{build}/filler || true")
    sentence = without_packages.refusal(command, under=under)
    assert "build cannot be written to (No space left on device)" in sentence


@needs_mounts
def test_a_disk_that_fills_up_while_it_builds(checkout):
    """Whatever the compiler says, the last words are about the disk."""
    build = checkout.folder / "build"
    build.mkdir()
    checkout.program("cmake", "echo 'fatal error: error writing to x.s: No space left on device'; exit 1")
    under = in_own_mounts(f"mount -t tmpfs -o size=20m,mode=777 none {build}")
    done = subprocess.run(
        [*under, "bash", "-c",
         "source dev.d/build.sh; compile dev || echo failed"],
        cwd=checkout.folder, env={"PATH": checkout.path}, text=True, capture_output=True)
    assert done.stdout.endswith("failed\n")
    assert re.search(r"\./dev: the disk with .*/build is full \(\d+ MB are left\): make room",
                     done.stderr), done


def test_a_checkout_that_was_moved(checkout):
    for preset, home in {"dev": "/elsewhere", "release": "/elsewhere",
                         "fuzz": str(checkout.folder)}.items():
        folder = checkout.folder / "build" / preset
        folder.mkdir(parents=True)
        (folder / "CMakeCache.txt").write_text(f"CMAKE_HOME_DIRECTORY:INTERNAL={home}\n")
    (checkout.folder / "build" / "profile").mkdir()
    done = subprocess.run(["bash", "-c", "source dev.d/preflight.sh; forget_moved_builds"],
                          cwd=checkout.folder, text=True, capture_output=True)
    assert done.returncode == 0 and done.stderr == ""
    assert sorted(done.stdout.splitlines()) == [
        f"./dev: build/{preset} was made when this checkout was at /elsewhere; it is made anew."
        for preset in ("dev", "release")]
    # The rest is unchanged; the profile belonged to the removed build.
    assert [path.name for path in (checkout.folder / "build").iterdir()] == ["fuzz"]
