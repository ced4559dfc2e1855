"""Places that keep keys: a token of SoftHSM, which can be slow, full or away, and a TPM of swtpm."""

import contextlib
import os
import pathlib
import re
import socket
import subprocess
import time

from harness.ports import reserve_port
from harness.process import run
from harness.shims import compiled

_SOURCE = pathlib.Path(__file__).with_name("pkcs11_proxy.c")
PIN = "secret-pin-40815"


class Token:
    """A token in a folder of its own, behind a module that fails as a test wants."""

    def __init__(self, folder):
        self.folder = folder / "token"
        (self.folder / "tokens").mkdir(parents=True)
        configuration = self.folder / "softhsm2.conf"
        configuration.write_text(f"directories.tokendir = {self.folder}/tokens\n")
        include = run(["pkg-config", "--cflags", "p11-kit-1"]).split()
        self.module = compiled(_SOURCE, *include)
        self._mood = self.folder / "mood"
        self.pin_file = self.folder / "pin"
        self.pin_file.write_text(PIN + "\n")
        self.pin_file.chmod(0o600)
        self.be("")
        self.variables = {"SOFTHSM2_CONF": str(configuration),
                          "CAIRN_TEST_TOKEN_MOOD": str(self._mood)}
        run(["softhsm2-util", "--init-token", "--free", "--label", "test", "--pin", PIN,
             "--so-pin", "5678"], env=os.environ | self.variables)

    def be(self, mood):
        """"slow MS", "away", "full", "sessions-lost", or "" for well; at once."""
        new = self._mood.with_suffix(".new")
        new.write_text(mood + "\n")
        os.replace(new, self._mood)

    def uri(self, more=""):
        return (f"pkcs11:token=test{more}?module-path={self.module}"
                f"&pin-source=file:{self.pin_file}")

    def labels(self):
        """The labels of its private keys, sorted."""
        listed = run(["pkcs11-tool", "--module", self.module, "--token-label", "test", "--login",
                      "--pin", PIN, "--list-objects", "--type", "privkey"],
                     env=os.environ | self.variables)
        return sorted(re.findall(r"label: +(.*)", listed))


def _two_ports():
    """The first of two ports that are free, the second one higher, as the TCTI takes it for granted."""
    while True:
        port = reserve_port()
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port + 1))
            return port


class Tpm:
    """A TPM of swtpm on ports of its own."""

    def __init__(self, folder):
        state = folder / "tpm"
        state.mkdir()
        self.port = _two_ports()
        self._process = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={state}",
             "--server", f"type=tcp,port={self.port},bindaddr=127.0.0.1",
             "--ctrl", f"type=tcp,port={self.port + 1},bindaddr=127.0.0.1",
             "--flags", "not-need-init,startup-clear"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.tcti = f"swtpm:host=127.0.0.1,port={self.port}"
        deadline = time.monotonic() + 60
        while not any(f":{self.port + 1:04X} " in line for line in
                      pathlib.Path("/proc/net/tcp").read_text().splitlines()):
            assert self._process.poll() is None and time.monotonic() < deadline, "no TPM"
            time.sleep(0.05)

    def stop(self):
        self._process.terminate()
        self._process.wait(timeout=60)
