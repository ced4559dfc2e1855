"""What `cairn doctor` says of DNSSEC, through a name server that has a signed root of its own."""

import json
import pathlib
import shutil
import subprocess
import tempfile

import dns.message
import dns.query
import dns.rdatatype
import pytest

from harness.ports import reserve_port
from harness.process import Server

ROOT = """\
. 3600 SOA ns.root. h.root. 1 3600 600 86400 3600
. 3600 NS ns.root.
ns.root. 3600 A 127.0.0.1
good.test. 300 A 127.0.0.1
insecure.test. 300 NS ns.root.
bogus.test. 300 NS ns.root.
bogus.test. 300 DS 12345 13 2 {digest}
"""
# Neither is signed; above one of them it says that it is.
CHILD = """\
{name} 300 SOA ns.root. h.root. 1 3600 600 86400 300
{name} 300 NS ns.root.
{name} 300 A 127.0.0.1
"""
CONFIGURATION = """\
server:
    rundir: "{folder}"
    listen: 127.0.0.1@{port}
control:
    listen: "{folder}/control"
database:
    storage: "{folder}/keys"
policy:
  - id: self
    algorithm: ecdsap256sha256
    single-type-signing: on
zone:
  - domain: .
    file: "{folder}/root.zone"
    dnssec-signing: on
    dnssec-policy: self
    zonefile-sync: -1
    journal-content: none
  - domain: insecure.test.
    file: "{folder}/insecure.test.zone"
  - domain: bogus.test.
    file: "{folder}/bogus.test.zone"
"""


class SignedRoot:
    def __init__(self):
        # Not a pytest folder: the path of a socket may have no more than 108 letters.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cairn-root-"))
        self.port = reserve_port()
        self.address = f"127.0.0.1:{self.port}"
        self.anchor = self.folder / "anchor"
        (self.folder / "keys").mkdir()
        (self.folder / "root.zone").write_text(ROOT.format(digest="ab" * 32))
        for name in ("insecure.test.", "bogus.test."):
            (self.folder / f"{name}zone").write_text(CHILD.format(name=name))
        configuration = self.folder / "knot.conf"
        configuration.write_text(CONFIGURATION.format(folder=self.folder, port=self.port))
        self.server = Server(["/usr/sbin/knotd", "-c", configuration], self.folder / "log")
        self.server.wait_until(self._is_signed)
        keys = subprocess.run(["/usr/sbin/keymgr", "-c", configuration, ".", "ds"], check=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
        self.anchor.write_text("".join(f". IN {line.removeprefix('. ')}\n"
                                       for line in keys.splitlines()))

    def _is_signed(self):
        try:
            question = dns.message.make_query("good.test", "A", want_dnssec=True)
            answer = dns.query.udp(question, "127.0.0.1", port=self.port, timeout=1)
        except (OSError, dns.exception.Timeout):
            return False
        return any(rrset.rdtype == dns.rdatatype.RRSIG for rrset in answer.answer)

    def stop(self):
        self.server.stop()
        shutil.rmtree(self.folder)


@pytest.fixture(scope="module")
def root():
    server = SignedRoot()
    yield server
    server.stop()


@pytest.mark.parametrize(("name", "severity", "text"), [
    ("good.test", "ok", "secure"),
    ("insecure.test", "ok", "insecure"),
    ("bogus.test", "problem", "bogus: "),
])
def test_dnssec(cairn, ca, root, name, severity, text):
    run = cairn.outcome("doctor", f"{name}=exec:/bin/true", "--ca", ca.directory, "--offline",
                        "--resolver", root.address, "--dns-port", root.port, "--trust-anchor",
                        root.anchor, "--json")
    if severity == "problem":
        assert run.returncode == 2, run.stdout
    [finding] = [each for each in json.loads(run.stdout)["findings"] if each["check"] == "dnssec"]
    assert finding["severity"] == severity and finding["came_back"].startswith(text), finding
