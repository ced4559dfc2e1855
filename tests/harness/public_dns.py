"""The public DNS in a box: authorities by Knot, from a root of their own on, signed and not signed.

The chain of trust is made as registries make it: a zone publishes its CDS record, and the zone above
takes it as DS.
"""

import contextlib
import pathlib
import shutil
import tempfile
import time

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.update

from harness.network import inside
from harness.odd_dns import DnsListener
from harness.process import Server, run

_ZONE = """\
    file: "{file}"
    zonefile-sync: -1
    zonefile-load: {load}
    journal-content: {journal}
    acl: anybody
"""


class Authority:
    """A knotd in a network."""

    def __init__(self, host, addresses, zones, signed=()):
        """`host`: a network (harness.internet); `addresses`: where it listens, by port 53. `zones`:
        their records, by name with a final dot. `signed`: which of them it signs itself."""
        # Not a pytest folder: the path of a socket may have no more than 108 letters.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cairn-public-dns-"))
        self.host = host
        self.ip = addresses[0]
        (self.folder / "database").mkdir()
        listens = ", ".join(f"{address}@53" for address in addresses)
        text = f"""\
server:
    rundir: "{self.folder}"
    listen: [{listens}]
    udp-workers: 1
    tcp-workers: 2
    background-workers: 1
control:
    listen: "{self.folder}/control"
log:
  - target: stdout
    any: info
database:
    storage: "{self.folder}/database"
acl:
  - id: anybody
    address: 5.0.0.0/16
    action: update
policy:
  - id: signing
    algorithm: ecdsap256sha256
    cds-cdnskey-publish: always
    # Keys can be rolled within seconds.
    dnskey-ttl: 1
    zone-max-ttl: 1
    propagation-delay: 0
zone:
"""
        for name, records in zones.items():
            file = self.folder / f"{name}zone"
            file.write_text(records)
            is_signed = name in signed
            text += f"  - domain: {name}\n" + _ZONE.format(
                file=file, load="difference-no-serial" if is_signed else "whole",
                journal="all" if is_signed else "none")
            if is_signed:
                text += "    dnssec-signing: on\n    dnssec-policy: signing\n"
        configuration = self.folder / "knot.conf"
        configuration.write_text(text)
        self.server = Server(host.command(["/usr/sbin/knotd", "-c", configuration]),
                             self.folder / "log")
        for name in zones:
            kind = "CDS" if name in signed and name != "." else "SOA"
            self.server.wait_until(lambda name=name, kind=kind: self.records(name, kind), 60)

    def stop(self):
        self.server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, name, kind):
        question = dns.message.make_query(name, kind)
        with inside(self.host):
            return dns.query.tcp(question, self.ip, timeout=5)

    def records(self, name, kind):
        """The set of records as text, one each; empty if there is none or no answer."""
        with contextlib.suppress(OSError, EOFError, dns.exception.DNSException):
            return [record.to_text() for rrset in self.ask(name, kind).answer for record in rrset
                    if rrset.rdtype == dns.rdatatype.from_text(kind)]
        return []

    def add(self, zone, name, kind, *values):
        self._update(zone, lambda update: [update.add(name, 0, kind, value) for value in values])

    def delete(self, zone, name, kind):
        self._update(zone, lambda update: update.delete(name, kind))

    def replace(self, zone, name, kind, *values):
        def change(update):
            update.delete(name, kind)
            for value in values:
                update.add(name, 0, kind, value)
        self._update(zone, change)

    def _update(self, zone, change):
        update = dns.update.UpdateMessage(zone)
        change(update)
        with inside(self.host):
            answer = dns.query.tcp(update, self.ip, timeout=30)
        assert answer.rcode() == dns.rcode.NOERROR, dns.rcode.to_text(answer.rcode())

    def knotc(self, *words):
        return run(["/usr/sbin/knotc", "-s", self.folder / "control", *words])


class SlowServer(DnsListener):
    """Passes questions on to an Authority, and answers late."""

    def __init__(self, authority, ip, delay):
        self.authority, self.delay = authority, delay
        super().__init__(ip, 53, authority.host)

    def answer(self, octets, _transport):
        question = dns.message.from_wire(octets)
        time.sleep(self.delay)
        with inside(self.authority.host):
            return dns.query.tcp(question, self.authority.ip, timeout=5).to_wire(max_size=65535)


def take_keys(parent, parent_zone, child, zone):
    """The registry takes the keys of a zone from its CDS records (RFC 7344)."""
    parent.replace(parent_zone, zone, "DS", *child.records(zone, "CDS"))


def roll_keys(parent, parent_zone, child, zone, between=lambda: None):
    """Replaces the key that signs the zone's keys, as registry and operator do it together. `between`
    is called while there are both keys, and again while the zone above knows the new key alone."""
    old_keys = {key for key in child.records(zone, "DNSKEY") if key.startswith("257 ")}
    old = child.records(zone, "CDS")
    child.knotc("zone-key-rollover", zone, "ksk")
    wait_for(lambda: (cds := child.records(zone, "CDS")) and set(cds) != set(old))
    between()
    take_keys(parent, parent_zone, child, zone)
    between()
    child.knotc("zone-ksk-submitted", zone)
    wait_for(lambda: (keys := child.records(zone, "DNSKEY")) and not old_keys & set(keys))


def sign_once(folder, zone, records, begin, end):
    """Signs a zone by BIND's tools, with signatures from `begin` to `end` (YYYYMMDDHHMMSS). Returns the
    text of the signed zone, and its DS records."""
    folder.mkdir()
    (folder / "zone").write_text("$TTL 0\n" + records)
    keys = [run(["dnssec-keygen", "-q", "-K", folder, "-a", "ECDSAP256SHA256", *flags, zone]).strip()
            for flags in ([], ["-f", "KSK"])]
    run(["dnssec-signzone", "-P", "-S", "-K", folder, "-d", folder, "-o", zone, "-s", begin, "-e", end,
         "-f", folder / "signed", folder / "zone"])
    ds = run(["dnssec-dsfromkey", "-2", folder / f"{keys[1]}.key"])
    return (folder / "signed").read_text(), [line.split(" DS ")[1] for line in ds.splitlines()]


def wait_for(condition, patience=60):
    deadline = time.monotonic() + patience
    while not (found := condition()):
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.1)
    return found
