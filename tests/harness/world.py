"""The world in which attacks are staged, for tests and by hand (`python3 -m harness.world`).

registry   the root, test. and example., all signed
victim     secure.test. (signed), plain.test. (not signed): each name below them is at one web server,
           and those below `closed` have a CAA record for another CA. old.test. was signed long ago,
           when its names were at an address that is the attacker's now. slow.test. has a slow server,
           half.test. one of two that is silent, lame.test. one that does not know it
attacker   evil.example., whatever the attacker likes; and answers for the victim's addresses, should
           somebody's routes lead there
ca         two CAs: `guarded` with three perspectives, and `alone` with none
lon1, nyc1, sin1   a perspective each

All addresses are public ones, and no CA has a setting that opens its network.
"""

import contextlib
import pathlib
import shutil
import tempfile
import time
import uuid

from harness.authority import CairnCa
from harness.internet import Internet
from harness.network import inside
from harness.parties import Forger, InnerService, Party, SlowServer
from harness.perspective import Perspective
from harness.process import Server
from harness.public_dns import Authority, sign_once, take_keys
from harness.spoofing import Racer

PERSPECTIVES = {"lon1": "RIPE", "nyc1": "ARIN", "sin1": "APNIC"}

# Addresses in the CA's network that nobody outside shall reach through it.
INNER = ("127.0.0.1", "10.0.0.7", "169.254.169.254")

_SOA = "@ 0 SOA {server} hostmaster.{server} 1 3600 600 86400 0\n"


def _zone(server, *lines):
    return _SOA.format(server=server) + f"@ 0 NS {server}\n" + "".join(f"{line}\n" for line in lines)


def _servers(zone, addresses):
    """The records that lead to the servers of a zone."""
    lines = []
    for number, address in enumerate(addresses, 1):
        lines += [f"{zone} 0 NS ns{number}.{zone}", f"ns{number}.{zone} 0 A {address}"]
    return lines


class World:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cairn-world-"))
        self._running = contextlib.ExitStack()
        self._running.callback(shutil.rmtree, self.folder, ignore_errors=True)
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def stop(self):
        self._running.close()

    def _start(self):
        self.internet = Internet(["registry", "victim", "attacker", "ca", *PERSPECTIVES])
        self._running.callback(self.internet.remove)
        at = self.internet.address
        self.web, self.name_server = at("victim", 80), at("victim", 53)
        self.internet.add_addresses("registry", [at("registry", 53)])
        self.slow_server = at("victim", 54)
        self.internet.add_addresses("victim", [
            self.web, self.name_server, self.slow_server, at("victim", 90)])
        self.internet.add_addresses("ca", INNER[1:])
        self.internet.add_addresses("attacker", [
            self.web, self.name_server, at("attacker", 53), at("attacker", 80)])

        self._start_dns()
        self._start_parties()
        self.alone = self._start_ca("alone")
        self.guarded = self._start_ca("guarded")
        self.perspectives = {name: self._start_perspective(name) for name in PERSPECTIVES}

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

    def _start_parties(self):
        at, networks = self.internet.address, self.internet.networks

        def publish(name, text):
            zone = ".".join(name.split(".")[-2:]) + "."
            self.home.add(zone, name + ".", "TXT", f'"{text}"')

        self.owner = self._with(Party(
            networks["victim"], self.web, self.folder / "owner", publish))
        # `evil` serves his own zone, `forger` stands where bent routes take the victim's for him.
        self.forgers = [self._with(Forger(networks["attacker"], address, at("attacker", 80)))
                        for address in (at("attacker", 53), self.name_server)]

        def forge(name, text):
            for forger in self.forgers:
                forger.texts.setdefault(name, []).append(text)

        self.attacker = self._with(Party(
            networks["attacker"], "0.0.0.0", self.folder / "attacker", forge))
        self.evil, self.forger = self.forgers

    @property
    def resolver_settings(self):
        """Of everybody who resolves from the root of this world."""
        return {"validation.dnssec": True, "validation.allow_networks": [],
                "validation.dns_root_hints_file": str(self.root_hints),
                "validation.dns_trust_anchor_file": str(self.trust_anchor),
                "validation.http_port": 80, "validation.tls_alpn_port": 443,
                "validation.timeout": "10s"}

    def _start_ca(self, name):
        ca = CairnCa(self.folder, None, name=name, host=self.internet.networks["ca"],
                     settings=self.resolver_settings | {
                         "directory.caa_identities": ["ca.example"]})
        self._running.callback(ca.kill)
        return ca

    def _start_perspective(self, name):
        perspective = Perspective(
            self.folder, self.guarded, name, PERSPECTIVES[name],
            self.internet.address(name, 1), settings=self.resolver_settings,
            host=self.internet.networks[name])
        self._running.callback(perspective.kill)
        perspective.enrol()
        return perspective

    def _with(self, part):
        self._running.callback(part.stop)
        return part

    # What attacks do

    @contextlib.contextmanager
    def hijacked(self, *where, only=None):
        """Inside the block the networks `where` take the attacker's network for the victim's; `only`:
        for one address."""
        prefix = f"{only}/32" if only else self.internet.network_of("victim")
        with self.internet.bent(where, prefix, "attacker"):
            yield
        # What resolvers saw then is forgotten within the second.
        time.sleep(1.1)

    @contextlib.contextmanager
    def without(self, ca, **settings):
        """Inside the block a CA has other settings, "__" for "."; it starts again before and after."""
        former = ca.settings
        ca.settings = former | {key.replace("__", "."): value for key, value in settings.items()}
        try:
            ca.stop()
            ca.start()
            yield
        finally:
            ca.settings = former
            ca.stop()
            ca.start()

    @contextlib.contextmanager
    def racing(self, where, guesses=None):
        """Inside the block somebody hears what the network `where` asks the slow server, and answers
        first."""
        with Racer(self.internet, where, self.slow_server, self.forger,
                   self.internet.networks["attacker"], guesses) as racer:
            yield racer
        time.sleep(1.1)  # as above

    def inner_service(self):
        """Inside the block something listens in the CA's network that is not for others."""
        with inside(self.internet.networks["ca"]):
            return InnerService(INNER)

    @contextlib.contextmanager
    def shared_host(self, kind, **options):
        """Inside the block a harness.parties.SharedHost is where the victim's shops are, and the attacker
        puts his answers to tls-alpn-01 up there."""
        with inside(self.internet.networks["victim"]):
            host = kind(self.internet.address("victim", 90), self.folder / "shared", **options)
        own, self.attacker.tls = self.attacker.tls, host
        try:
            yield host
        finally:
            self.attacker.tls = own
            host.stop()

    @contextlib.contextmanager
    def caching_resolver(self):
        """Inside the block there is a resolver in the CA's network that keeps answers as long as they say;
        its address. It does not validate."""
        folder = self.folder / f"resolver-{uuid.uuid4().hex[:8]}"
        folder.mkdir()
        (folder / "named.conf").write_text(f"""\
options {{
    directory "{folder}"; pid-file "{folder}/pid"; session-keyfile "{folder}/session.key";
    listen-on {{ 10.0.0.7; }}; listen-on-v6 {{ none; }}; recursion yes; allow-recursion {{ any; }};
    dnssec-validation no; max-ncache-ttl 86400;
}};
controls {{ }};
zone "." {{ type hint; file "{self.root_hints}"; }};
""")
        with Server(self.internet.networks["ca"].command(
                ["/usr/sbin/named", "-g", "-n", "1", "-c", folder / "named.conf"]),
                folder / "named.log") as server:
            server.wait_until(lambda: "running" in server.log.read_text(), 60)
            yield "10.0.0.7"


def fresh(zone):
    """A name in a zone that nobody has asked about."""
    return f"{uuid.uuid4().hex[:12]}.{zone}"
