"""A machine of its own for commands that somebody would type as root: nothing that they write below /etc,
/var, /srv and /usr/local is seen outside, its network has loopback alone, and all its processes end with it."""

import contextlib
import os
import pathlib
import signal
import subprocess
import tempfile
import time

from harness.process import BIN, Failed

OVERLAID = ["etc", "var", "srv", "usr/local"]
_IS_ROOT = os.geteuid() == 0
_NAMESPACES = ["--net", "--mount", "--pid"]

_MOUNTS = """
mount --make-rprivate /
mount -t tmpfs tmpfs {folder}
mount -t proc proc /proc
for part in {parts}; do
    mkdir -p {folder}/$part/upper {folder}/$part/work
    mount -t overlay overlay -o lowerdir=/$part,upperdir={folder}/$part/upper,workdir={folder}/$part/work /$part
done
mkdir -p /srv/home
ip link set lo up
touch {folder}/ready
exec sleep infinity
"""


class Machine:
    def __init__(self):
        self._folder = tempfile.mkdtemp(prefix="cairn-machine-")
        user = [] if _IS_ROOT else ["--user", "--map-root-user"]
        script = _MOUNTS.format(folder=self._folder, parts=" ".join(OVERLAID))
        self._holder = subprocess.Popen(
            # It does not outlive the tests, however they end.
            ["setpriv", "--pdeathsig", "KILL", "unshare", *user, *_NAMESPACES, "--fork",
             "--kill-child", "sh", "-ec", script],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            start_new_session=True)
        self._target = None
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        for program in ("cairn", "cairn-ca", "cairn-va"):
            self.check(f"ln -s {BIN}/{program} /usr/local/bin/{program}")

    def _wait_until_ready(self):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if self._holder.poll() is not None:
                raise Failed(f"no machine of its own: {self._holder.stderr.read().strip()}")
            children = pathlib.Path(f"/proc/{self._holder.pid}/task/{self._holder.pid}/children")
            if pid := children.read_text().strip():
                self._target = pid
                done = subprocess.run([*self._entering(), "test", "-e", f"{self._folder}/ready"],
                                      capture_output=True)
                if done.returncode == 0:
                    return
            time.sleep(0.05)
        raise Failed("no machine of its own in 20 s")

    def stop(self):
        """Ends all that runs on it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._holder.pid, signal.SIGKILL)
        self._holder.wait()
        self._holder.stderr.close()
        with contextlib.suppress(OSError):
            os.rmdir(self._folder)

    def _entering(self):
        user = [] if _IS_ROOT else ["--user", "--preserve-credentials"]
        return ["nsenter", "--target", self._target, *user, *_NAMESPACES]

    def _options(self):
        return {"stdin": subprocess.DEVNULL, "start_new_session": True,
                "env": {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                        "HOME": "/srv/home", "LC_ALL": "C.UTF-8", "USER": "root"}}

    def run(self, script, timeout=60):
        """Runs a script of bash, which ends with its first command that fails; its exit code and all
        that was said."""
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                [*self._entering(), "bash", "-ec", f"cd\n{script}"], stdout=output,
                stderr=subprocess.STDOUT, **self._options())
            try:
                code = process.wait(timeout)
            except subprocess.TimeoutExpired:
                process.kill()
                code = None
            return code, os.pread(output.fileno(), 1 << 20, 0).decode(errors="replace")

    def check(self, script):
        """The same for one that has to end well; what was said."""
        code, output = self.run(script)
        if code != 0:
            raise Failed(f"{script}\nended with {code}\n{output}")
        return output

    def write(self, path, text, mode=0o644):
        """Writes a file on the machine, with its folder."""
        subprocess.run(
            [*self._entering(), "sh", "-ec",
             'mkdir -p "$(dirname "$1")"; rm -f "$1"; cat > "$1"; chmod "$2" "$1"', "sh", path, f"{mode:o}"],
            input=text, text=True, check=True)

    def read(self, path):
        return self.check(f"cat {path}")

    def start(self, script, is_ready):
        """Starts what serves, and waits until `is_ready` of what it has said, or of nothing."""
        output = tempfile.TemporaryFile()
        process = subprocess.Popen(
            [*self._entering(), "bash", "-ec", f"cd\n{script}"], stdout=output,
            stderr=subprocess.STDOUT, **self._options())
        deadline = time.monotonic() + 30
        while True:
            said = os.pread(output.fileno(), 1 << 20, 0).decode(errors="replace")
            if is_ready(said):
                return
            if process.poll() is not None or time.monotonic() > deadline:
                raise Failed(f"{script}\nis not ready\n{said}")
            time.sleep(0.05)

    def listens(self, port, address="127.0.0.1"):
        """Whether something on the machine takes connections there."""
        return self.run(f"exec 3<>/dev/tcp/{address}/{port}")[0] == 0
