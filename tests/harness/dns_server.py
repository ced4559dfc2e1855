"""An authoritative name server (knotd) for the zone test., where every name is at one address."""

import contextlib
import pathlib
import shutil
import tempfile
import uuid

import dns.message
import dns.query
import dns.rcode
import dns.update

from harness.ports import reserve_port
from harness.process import Server

ZONE = "test."

# A wildcard covers no name that exists or has a name below it: a TXT record at _acme-challenge.NAME
# hides the address of NAME.
_ZONE_FILE = """\
@ 0 SOA ns.test. hostmaster.test. 1 3600 600 86400 0
@ 0 NS ns.test.
ns 0 A {address}
* 0 A {address}
example 0 A {address}
*.example 0 A {address}
"""

_CONFIGURATION = """\
server:
    rundir: "{folder}"
    listen: {address}@{port}
    udp-workers: 1
    tcp-workers: 2
    background-workers: 1
control:
    listen: "{folder}/control"
log:
  - target: stdout
    any: info
database:
    storage: "{folder}/database"
acl:
  - id: anybody
    address: {address}
    action: update
zone:
  - domain: test.
    file: "{folder}/zone"
    acl: anybody
    zonefile-sync: -1
    journal-content: none
"""


class DnsServer:
    def __init__(self, address="127.0.0.1", port=None, host=None):
        """`host`: where it runs and is asked, if not here (harness.network)."""
        # Not a pytest folder: the path of a socket may have no more than 108 letters.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cairn-dns-"))
        self.host = host
        self.ip = address
        self.port = port or reserve_port()
        self.address = f"{address}:{self.port}"
        (self.folder / "database").mkdir()
        (self.folder / "zone").write_text(_ZONE_FILE.format(address=address))
        configuration = self.folder / "knot.conf"
        configuration.write_text(_CONFIGURATION.format(
            folder=self.folder, address=address, port=self.port))
        command = ["/usr/sbin/knotd", "-c", configuration]
        self.server = Server(host.command(command) if host else command, self.folder / "log")
        self.server.wait_until(self._answers)

    def stop(self):
        self.server.stop()
        shutil.rmtree(self.folder)

    def _answers(self):
        try:
            return self.query("ns.test", "A").answer
        except (OSError, dns.exception.Timeout):
            return False

    def query(self, name, kind):
        question = dns.message.make_query(name, kind)
        with self.host.inside() if self.host else contextlib.nullcontext():
            return dns.query.udp(question, self.ip, port=self.port, timeout=1)

    def add(self, name, kind, value):
        self._update(lambda update: update.add(name + ".", 0, kind, value))

    def delete(self, name, kind, value=None):
        self._update(lambda update: update.delete(name + ".", kind, *([value] if value else [])))

    def _update(self, change):
        update = dns.update.UpdateMessage(ZONE)
        change(update)
        answer = dns.query.tcp(update, self.ip, port=self.port, timeout=10)
        assert answer.rcode() == dns.rcode.NOERROR, dns.rcode.to_text(answer.rcode())

    @property
    def environment(self):
        """What tests/interop/hooks need to know."""
        return {"DNS_SERVER": self.ip, "DNS_PORT": str(self.port), "DNS_ZONE": ZONE}


def unique_name():
    """A name under test. that no other test has."""
    return f"{uuid.uuid4().hex[:12]}.example.test"
