"""The commands of README and guides, run block by block as somebody would paste them.

Every fenced block says its language; those of `sh` are run, all of one document in one place after the
other. A comment before a block says if it is different:

  <!-- as root -->            the block is for root; the others are for an ordinary user
  <!-- serves -->             its last command runs until it is stopped: it has to serve, then to end
                              with 0 at SIGTERM
  <!-- asks a public CA -->   needs the internet: every command has to fail at that alone
  <!-- not run: WHY -->       cannot be run by a test

Paths below /tmp, /var, /usr/local and /etc are put into a folder of the test's own, and ports are those of a
network of its own, in which no other host is. `./dev build` is taken for done and `apt-get` only says
what it would do.
"""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

from harness.document import blocks_of
from harness.process import BIN

DOCUMENTS = ["README.md", *(f"docs/{name}.md" for name in (
    "user-guide", "cluster", "observability"))]
NOBODY = 65534
IS_ROOT = os.geteuid() == 0
MOVED = ["/tmp/", "/var/lib/", "/var/www/html", "/etc/cairn", "/usr/local/bin/"]


def why_no_network():
    """Why there can be no network of a test's own; None if there can."""
    done = subprocess.run([*in_own_network(), "true"], capture_output=True, text=True)
    return None if done.returncode == 0 else f"no network of its own: {done.stderr.strip()}"


def in_own_network():
    return ["unshare", "--net", *([] if IS_ROOT else ["--map-root-user"]), "sh", "-c",
            'ip link set lo up && exec "$@"', "sh"]


class Place:
    """Where the blocks of a document are run."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("bin", "checkout", "var/lib/cairn", *(path.strip("/") for path in MOVED)):
            (folder / name).mkdir(parents=True, exist_ok=True)
        for program in ("cairn", "cairn-ca"):
            # Whoever runs it may not be let into the folder where it was built. A copy: what is given
            # away below must not be the program itself.
            shutil.copy(BIN / program, folder / "bin")
        self.program("usr/local/bin/dns-hook", "true")
        self.program("bin/apt-get", 'exec /usr/bin/apt-get --simulate "$@"')
        self.program("checkout/dev", '[ "$*" = build ] && mkdir -p build/release && '
                                     f'ln -sfn {folder}/bin build/release/bin')
        if IS_ROOT:
            for path in [folder, *folder.rglob("*")]:
                os.chown(path, NOBODY, NOBODY)

    def program(self, name, text):
        (self.folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (self.folder / name).chmod(0o755)

    def moved(self, text):
        for path in MOVED:
            text = text.replace(path, f"{self.folder}{path}")
        return text

    @contextlib.contextmanager
    def running(self, block, script):
        """The process of a script, and a function that reads what it has said."""
        user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        is_ordinary = IS_ROOT and "root" not in block.mark
        with tempfile.TemporaryFile() as log:
            process = subprocess.Popen(
                # The first command that fails ends it.
                [*in_own_network(), *(user if is_ordinary else []), "bash", "-ec", script],
                cwd=self.folder / "checkout", stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True,
                env={"PATH": f"{self.folder}/bin:{os.environ['PATH']}", "HOME": str(self.folder),
                     "CAIRN_STATE": f"{self.folder}/var/lib/cairn", "LC_ALL": "C.UTF-8"})
            try:
                yield process, lambda: os.pread(log.fileno(), 1 << 20, 0).decode()
            finally:
                # Also what it left behind.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def run(self, block, text):
        """The exit code and all that was said."""
        # What was started in the background has to end well, too.
        script = self.moved(text) + ("\nwait $!" if "&\n" in text else "")
        with self.running(block, script) as (process, output):
            return process.wait(60), output()

    def serve(self, block):
        """The block's last command serves until it is told to stop."""
        *first, last = self.moved(block.text.replace("\\\n", " ")).splitlines()
        with self.running(block, "\n".join([*first, f"exec {last}"])) as (process, output):
            deadline = time.monotonic() + 20
            while '"event":"serving"' not in output():
                assert process.poll() is None and time.monotonic() < deadline, output()
                time.sleep(0.05)
            process.terminate()
            assert process.wait(20) == 0, output()


@pytest.fixture
def place():
    if reason := why_no_network():
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="cairn-docs-") as folder:
        os.chmod(folder, 0o755)
        yield Place(pathlib.Path(folder))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_block_says_what_it_is(document):
    known = {"sh", "toml", "yaml", "json", "text", "ini"}
    for block in blocks_of(document):
        assert block.language in known, f"{block.name}: ```{block.language}"
        assert not block.mark or block.mark.startswith("not run: ") or block.mark in (
            "as root", "serves", "serves, as root", "asks a public CA"), f"{block.name}: {block.mark}"


@pytest.mark.parametrize("document", [name for name in DOCUMENTS if any(
    block.language == "sh" for block in blocks_of(name))])
def test_what_is_pasted_works(document, place):
    for block in blocks_of(document):
        if block.language != "sh" or block.mark.startswith("not run: "):
            continue
        if "root" in block.mark and not IS_ROOT:
            pytest.skip(f"{block.name} is for root")
        if block.mark.startswith("serves"):
            place.serve(block)
        elif block.mark == "asks a public CA":
            for command in block.commands:
                code, output = place.run(block, command)
                assert code == 2 and "Could not read the directory https://" in output, (
                    f"{block.name}: {command}\n{output}")
        else:
            code, output = place.run(block, block.text)
            assert code == 0, f"{block.name} ended with {code}\n{output}"
