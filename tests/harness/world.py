"""The world in which attacks are staged, for tests and by hand (docs/validation.md): that of
harness.dns_world, and in it

an owner in the network victim, who answers challenges there
an attacker in his own, who also answers for the victim's addresses, should somebody's routes lead to him
ca                 two CAs: `guarded` with three perspectives, and `alone` with none
lon1, nyc1, sin1   a perspective each

All addresses are public ones, and no CA has a setting that opens its network.
"""

import atexit
import contextlib
import time
import uuid

from harness.authority import CairnCa
from harness.dns_world import DnsWorld, fresh
from harness.network import inside, why_not
from harness.parties import CHALLENGES, ISSUER, Forger, InnerService, Party
from harness.perspective import Perspective
from harness.process import Server
from harness.spoofing import Racer

PERSPECTIVES = {"lon1": "RIPE", "nyc1": "ARIN", "sin1": "APNIC"}
# Addresses in the CA's network that nobody outside shall reach through it.
INNER = ("127.0.0.1", "10.0.0.7", "169.254.169.254")


class World(DnsWorld):
    def __init__(self):
        super().__init__(["ca", *PERSPECTIVES])

    def _start(self):
        super()._start()
        self.internet.add_addresses("ca", INNER[1:])
        self._start_parties()
        self.alone = self._start_ca("alone")
        self.guarded = self._start_ca("guarded")
        self.perspectives = {name: self._start_perspective(name) for name in PERSPECTIVES}

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
                         "directory.caa_identities": [ISSUER],
                         "validation.challenges": list(CHALLENGES),
                         "validation.persist_issuers": [ISSUER]})
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


if __name__ == "__main__":
    if reason := why_not():
        raise SystemExit(f"no world here: {reason}")
    world = World()
    atexit.register(world.stop)
    print("world.owner, world.attacker, world.guarded, world.alone and fresh(ZONE) are there, as in tests/attacks;\n"
          f"programs run in a network with ip netns exec {world.guarded.host.namespace} ...")
