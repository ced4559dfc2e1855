"""A public DNS in a box, for tests and demos: networks with routes (harness.internet), and in them

registry   the root, test. and example., all signed
victim     secure.test. (signed), plain.test. (not signed): each name below them is at one web server,
           those below `shop` at another, and those below `closed` have a CAA record for another CA.
           old.test. was signed long ago, when its names were at an address that is the attacker's now.
           slow.test. has a slow server, half.test. one of two that is silent, lame.test. one that does
           not know it
attacker   evil.example., whose server is not there before somebody starts one
"""

import contextlib
import pathlib
import shutil
import tempfile
import uuid

from harness.internet import Internet
from harness.public_dns import Authority, SlowServer, roll_keys, sign_once, take_keys

_SOA = "@ 0 SOA {server} hostmaster.{server} 1 3600 600 86400 0\n"


def _zone(server, *lines):
    return _SOA.format(server=server) + f"@ 0 NS {server}\n" + "".join(f"{line}\n" for line in lines)


def _servers(zone, addresses):
    """The records that lead to the servers of a zone."""
    lines = []
    for number, address in enumerate(addresses, 1):
        lines += [f"{zone} 0 NS ns{number}.{zone}", f"ns{number}.{zone} 0 A {address}"]
    return lines


class DnsWorld:
    """`root_hints` and `trust_anchor` are the files that a resolver needs to begin at this root."""

    def __init__(self, networks=()):
        """`networks`: more of them, by their names."""
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cairn-world-"))
        self._running = contextlib.ExitStack()
        self._running.callback(shutil.rmtree, self.folder, ignore_errors=True)
        try:
            self.internet = Internet(["registry", "victim", "attacker", *networks])
            self._running.callback(self.internet.remove)
            self._start()
        except BaseException:
            self.stop()
            raise

    def stop(self):
        self._running.close()

    def _with(self, part):
        """What is stopped with the world."""
        self._running.callback(part.stop)
        return part

    def _start(self):
        at = self.internet.address
        self.web, self.name_server = at("victim", 80), at("victim", 53)
        self.slow_server = at("victim", 54)
        self.internet.add_addresses("registry", [at("registry", 53)])
        self.internet.add_addresses("victim", [
            self.web, self.name_server, self.slow_server, at("victim", 90)])
        self.internet.add_addresses("attacker", [
            self.web, self.name_server, at("attacker", 53), at("attacker", 80)])
        self._start_dns()

    def _start_dns(self):
        at, networks = self.internet.address, self.internet.networks
        root, evil = at("registry", 53), at("attacker", 53)
        # Zones of the victim: the addresses of their servers.
        servers = {"secure": [self.name_server], "plain": [self.name_server],
                   "old": [self.name_server], "slow": [self.slow_server],
                   "half": [at("victim", 99), self.name_server], "lame": [root, self.name_server]}
        zones = {f"{name}.test.": self._victims_zone(f"{name}.test.", at_)
                 for name, at_ in servers.items()}
        zones["old.test."], old_keys = sign_once(
            self.folder / "old", "old.test.",
            _zone("ns1.old.test.", f"ns1 A {self.name_server}", f"* A {at('attacker', 80)}"),
            "20240101000000", "20240201000000")
        delegations = [line for name, at_ in servers.items()
                       for line in _servers(f"{name}.test.", at_)]
        self.registry = self._with(Authority(networks["registry"], [root], {
            ".": _zone("a.root.", f"a.root. 0 A {root}", "test. 0 NS a.root.",
                       "example. 0 NS a.root."),
            "test.": _zone("a.root.", *delegations,
                           *(f"old.test. 0 DS {key}" for key in old_keys)),
            "example.": _zone("a.root.", *_servers("evil.example.", [evil])),
        }, signed=[".", "test.", "example."]))
        self.home = self._with(Authority(networks["victim"], [self.name_server], zones,
                                         signed=["secure.test."]))
        self._with(SlowServer(self.home, self.slow_server, 0.5))
        for zone in ("test.", "example."):
            take_keys(self.registry, ".", self.registry, zone)
        take_keys(self.registry, "test.", self.home, "secure.test.")

        self.root_hints = self.folder / "root.hints"
        self.root_hints.write_text(f". 3600 IN NS a.root.\na.root. 3600 IN A {root}\n")
        self.trust_anchor = self.folder / "root.key"
        self.trust_anchor.write_text("".join(
            f". 3600 IN DNSKEY {key}\n" for key in self.registry.records(".", "DNSKEY")))

    def _victims_zone(self, name, servers):
        return _zone(f"ns1.{name}", *_servers(name, servers)[1:], f"* 0 A {self.web}",
                     f"*.closed 0 A {self.web}", 'closed 0 CAA 0 issue "another-ca.example"',
                     f"*.shop 0 A {self.internet.address('victim', 90)}")

    def roll_keys(self, zone, between=lambda: None):
        """Replaces the key that signs the keys of secure.test. or of a top-level domain."""
        authority = self.home if zone == "secure.test." else self.registry
        above = "test." if zone == "secure.test." else "."
        roll_keys(self.registry, above, authority, zone, between)


def fresh(zone):
    """A name in a zone that nobody has asked about."""
    return f"{uuid.uuid4().hex[:12]}.{zone}"
