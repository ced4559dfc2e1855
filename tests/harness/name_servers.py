"""Name servers that clients change: Knot and BIND by TSIG, PowerDNS by its interface, and a secondary that
is slow on purpose."""

import base64
import json
import os
import pathlib
import shutil
import socketserver
import sqlite3
import subprocess
import tempfile
import time

import dns.flags
import dns.message
import dns.query
import dns.rcode
import requests

from harness.ports import reserve_port
from harness.process import Server, run
from harness.serving import serve

KEY_NAME = "cairn-key"
SECRET = base64.b64encode(b"a secret of thirty-two octets...").decode()



def zone_text(zone, servers, records=()):
    """`servers`: (name, address) of each; `records`: lines."""
    text = f"$ORIGIN {zone}\n@ 0 SOA {servers[0][0]} hostmaster.{zone} 1 3600 600 86400 0\n"
    for name, address in servers:
        text += f"@ 0 NS {name}\n"
        if address:
            text += f"{name} 0 A {address}\n"
    return text + "".join(line + "\n" for line in records)


class NameServer:
    """What all have: an address, a port, and questions."""

    def __init__(self, address, port):
        # Not a pytest folder: the path of a socket may have no more than 108 letters.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cairn-ns-"))
        self.folder.chmod(0o755)
        self.ip = address
        self.port = port or reserve_port()
        self.address = f"{address}:{self.port}"

    def query(self, name, kind="TXT"):
        return dns.query.udp(dns.message.make_query(name, kind), self.ip, port=self.port, timeout=2)

    def texts(self, name):
        """The values of the TXT records, in order."""
        return sorted(record.to_text().strip('"') for answer in self.query(name).answer
                      for record in answer if answer.rdtype == dns.rdatatype.TXT)

    def _answers(self, zone):
        try:
            return self.query(zone, "SOA").answer
        except (OSError, dns.exception.DNSException):
            return False

    def stop(self):
        self.server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def credentials(self, file, **others):
        """A file for --credentials."""
        values = {"server": self.address, "tsig_name": KEY_NAME, "tsig_algorithm": "hmac-sha256",
                  "tsig_secret": SECRET} | others
        return write_credentials(file, {key: value for key, value in values.items() if value})


def write_credentials(file, values):
    file.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items()))
    file.chmod(0o600)
    return file


class Knot(NameServer):
    def __init__(self, zones, address="127.0.0.1", port=None, algorithm="hmac-sha256", signed=False,
                 primary=None):
        """`zones`: their texts, by name with a final dot; or their names, if they are copied from
        `primary`, another Knot, which is asked every two seconds."""
        super().__init__(address, port)
        (self.folder / "database").mkdir()
        text = f"""\
server:
    rundir: "{self.folder}"
    listen: {self.ip}@{self.port}
    udp-workers: 1
    tcp-workers: 2
    background-workers: 1
control:
    listen: "{self.folder}/control"
database:
    storage: "{self.folder}/database"
key:
  - id: {KEY_NAME}
    algorithm: {algorithm}
    secret: {SECRET}
acl:
  - id: by_key
    key: {KEY_NAME}
    action: update
  - id: copies
    address: 127.0.0.0/8
    action: transfer
policy:
  - id: signing
    algorithm: ecdsap256sha256
"""
        if primary:
            text += f"remote:\n  - id: primary\n    address: {primary.ip}@{primary.port}\n"
        text += "zone:\n"
        for name in zones:
            if primary:
                text += f"""\
  - domain: {name}
    master: primary
    refresh-min-interval: 2
    refresh-max-interval: 2
    zonefile-sync: -1
"""
                continue
            file = self.folder / f"{name}zone"
            file.write_text(zones[name])
            text += f"""\
  - domain: {name}
    file: "{file}"
    acl: [by_key, copies]
    zonefile-sync: -1
    zonefile-load: {'difference-no-serial' if signed else 'whole'}
    journal-content: {'all' if signed else 'none'}
    dnssec-signing: {'on' if signed else 'off'}
    dnssec-policy: signing
"""
        configuration = self.folder / "knot.conf"
        configuration.write_text(text)
        self.server = Server(["/usr/sbin/knotd", "-c", configuration], self.folder / "log")
        self.server.wait_until(lambda: self._answers(next(iter(zones))))


class Bind(NameServer):
    def __init__(self, zones, address="127.0.0.1", port=None, policy=None, realm=None):
        """`policy`: an update-policy, instead of all rights for the key. `realm`: of Kerberos, in which
        it is the service DNS/ns1.example.test."""
        super().__init__(address, port)
        rights = f"update-policy {{ {policy} }};" if policy else f'allow-update {{ key "{KEY_NAME}"; }};'
        text = f"""\
options {{
    directory "{self.folder}"; listen-on port {self.port} {{ {self.ip}; }}; listen-on-v6 {{ none; }};
    pid-file "{self.folder}/pid"; session-keyfile "{self.folder}/session.key"; recursion no;
    dnssec-validation no; notify no;
    {f'tkey-gssapi-keytab "{realm.key_of("DNS/ns1.example.test")}";' if realm else ""}
}};
controls {{ }};
key "{KEY_NAME}" {{ algorithm hmac-sha256; secret "{SECRET}"; }};
"""
        for name, content in zones.items():
            file = self.folder / f"{name}zone"
            file.write_text("$TTL 0\n" + content)
            text += f'zone "{name}" {{ type primary; file "{file}"; {rights} }};\n'
        configuration = self.folder / "named.conf"
        configuration.write_text(text)
        self.server = Server(["/usr/sbin/named", "-f", "-c", configuration], self.folder / "log",
                             env=os.environ | (realm.environment if realm else {}))
        self.server.wait_until(lambda: self._answers(next(iter(zones))))


class PowerDns(NameServer):
    KEY = "the-key-of-the-interface"

    def __init__(self, zones, address="127.0.0.1", port=None):
        """`zones`: (servers, records) of each, by name with a final dot."""
        super().__init__(address, port)
        self.api_port = reserve_port()
        self.api = f"http://127.0.0.1:{self.api_port}"
        schema = pathlib.Path("/usr/share/doc/pdns-backend-sqlite3/schema.sqlite3.sql")
        with sqlite3.connect(self.folder / "zones") as database:
            database.executescript(schema.read_text())
        (self.folder / "pdns.conf").write_text(f"""\
launch=gsqlite3
gsqlite3-database={self.folder}/zones
local-address={self.ip}
local-port={self.port}
socket-dir={self.folder}
api=yes
api-key={self.KEY}
webserver=yes
webserver-address=127.0.0.1
webserver-port={self.api_port}
webserver-allow-from=127.0.0.1
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
zone-cache-refresh-interval=0
daemon=no
guardian=no
""")
        self.server = Server(["/usr/sbin/pdns_server", f"--config-dir={self.folder}"], self.folder / "log")
        self.server.wait_until(self._serves)
        for name, (servers, records) in zones.items():
            self._make_zone(name, servers, records)
        self.server.wait_until(lambda: self._answers(next(iter(zones))))

    def _serves(self):
        try:
            return self._ask("GET", "/api/v1/servers/localhost").ok
        except requests.ConnectionError:
            return False

    def _ask(self, method, path, **options):
        return requests.request(method, self.api + path, headers={"X-API-Key": self.KEY}, timeout=10,
                                **options)

    def _make_zone(self, name, servers, records):
        sets = [{"name": server, "type": "A", "ttl": 1, "changetype": "REPLACE",
                 "records": [{"content": address, "disabled": False}]} for server, address in servers if address]
        sets += [{"name": owner, "type": kind, "ttl": 1, "changetype": "REPLACE",
                  "records": [{"content": content, "disabled": False}]} for owner, kind, content in records]
        answer = self._ask("POST", "/api/v1/servers/localhost/zones", json={
            "name": name, "kind": "Native", "nameservers": [server for server, _ in servers]})
        assert answer.status_code == 201, answer.text
        answer = self._ask("PATCH", f"/api/v1/servers/localhost/zones/{name}", json={"rrsets": sets})
        assert answer.status_code == 204, answer.text

    def write_set(self, zone, name, records):
        """Replaces the TXT records of a name."""
        answer = self._ask("PATCH", f"/api/v1/servers/localhost/zones/{zone}", json={"rrsets": [
            {"name": name, "type": "TXT", "ttl": 1, "changetype": "REPLACE", "records": records}]})
        assert answer.status_code == 204, answer.text

    def credentials(self, file, **others):
        return write_credentials(file, {"api_url": self.api, "api_key": self.KEY} | others)


class SlowSecondary:
    """Answers what a primary answered `delay` seconds ago: with authority, and late."""

    def __init__(self, primary, address, delay):
        self.primary, self.delay = primary, delay
        self.seen = {}  # (name, type) -> [(time, message)]
        secondary = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                octets, socket = self.request
                socket.sendto(secondary.answer(octets), self.client_address)

        class UdpServer(socketserver.ThreadingUDPServer):
            allow_reuse_address = True
            daemon_threads = True

        self.server = UdpServer((address, primary.port), Handler)
        self.questions = 0
        serve(self.server)

    def answer(self, octets):
        self.questions += 1
        question = dns.message.from_wire(octets)
        fresh = dns.query.udp(question, self.primary.ip, port=self.primary.port, timeout=2)
        key = question.question[0].to_text()
        history = self.seen.setdefault(key, [])
        history.append((time.monotonic(), fresh))
        old = [answer for when, answer in history if when <= time.monotonic() - self.delay]
        if question.question[0].rdtype == dns.rdatatype.TXT and not old:
            late = dns.message.make_response(question)
            late.flags |= dns.flags.AA
            return late.to_wire()
        late = old[-1] if old else fresh
        late.id = question.id
        return late.to_wire()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def sign_check(server, zone):
    """Whether the server's answers about the zone have signatures."""
    question = dns.message.make_query(zone, "SOA", want_dnssec=True)
    answer = dns.query.tcp(question, server.ip, port=server.port, timeout=2)
    return any(each.rdtype == dns.rdatatype.RRSIG for each in answer.answer)
