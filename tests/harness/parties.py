"""Who wants certificates in the world of harness.world: the owner of names, and somebody who is not.

A party has an account at each CA, and hosts in its network that answer challenges.
"""

import base64
import contextlib
import datetime
import hashlib
import socketserver
import ssl
import uuid

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from harness.acme import Client, b64, make_csr
from harness.network import inside
from harness.odd_dns import DnsListener
from harness.serving import serve
from harness.web import Responder

CHALLENGES = ("http-01", "tls-alpn-01", "dns-01", "dns-account-01", "dns-persist-01")
ISSUER = "ca.example"  # how records name the CAs
_ACME_IDENTIFIER = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.31")


class AlpnResponder:
    """A TLS server on port 443 that shows the challenge certificate of each name in `answers` (key
    authorizations); `default` is shown for others. `protocols`: what it offers by ALPN."""

    def __init__(self, address, folder, protocols=("acme-tls/1",)):
        self.answers = {}
        self.default = None  # (name in the certificate, key authorization)
        self.folder = folder
        self.protocols = protocols
        self.asked = []  # names
        folder.mkdir(exist_ok=True)
        responder = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                self.request.settimeout(20)
                try:
                    with responder._context().wrap_socket(self.request, server_side=True) as tls:
                        tls.recv(1)
                except OSError:
                    pass

        class TlsServer(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self.server = TlsServer((address, 443), Handler)
        serve(self.server)

    def put(self, name, key_authorization):
        self.answers[name] = key_authorization

    def _context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if self.protocols:
            context.set_alpn_protocols(self.protocols)
        context.sni_callback = self._choose
        return context

    def _choose(self, tls, name, _context):
        self.asked.append(name)
        shown = (name, self.answers[name]) if name in self.answers else self.default
        if shown is None:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if self.protocols:
            context.set_alpn_protocols(self.protocols)
        context.load_cert_chain(self._certificate(*shown))
        tls.context = context
        return None

    def _certificate(self, name, key_authorization):
        key = ec.generate_private_key(ec.SECP256R1())
        digest = hashlib.sha256(key_authorization.encode()).digest()
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "challenge")])
        now = datetime.datetime.utcnow()
        certificate = (
            x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.UnrecognizedExtension(_ACME_IDENTIFIER, b"\x04\x20" + digest), True)
            .sign(key, hashes.SHA256()))
        file = self.folder / f"{uuid.uuid4().hex}.pem"
        file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))
        return file

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class SharedHost(AlpnResponder):
    """Shows what one customer wants it to for every name, in a certificate for `name` or for the name that
    he wants to prove."""

    def __init__(self, address, folder, protocols=("acme-tls/1",), name=None):
        super().__init__(address, folder, protocols)
        self.name = name

    def put(self, name, key_authorization):
        self.default = (self.name or name, key_authorization)


class InnerService:
    """Takes connections at ports 80 and 443 of some addresses, and notes them."""

    def __init__(self, addresses):
        self.connections = []  # (address, port)
        self._servers = []
        noted = self.connections

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                noted.append(self.server.server_address)
                self.request.settimeout(5)
                with contextlib.suppress(OSError):
                    self.request.recv(65536)
                    self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret")

        class Listener(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        for address in addresses:
            for port in (80, 443):
                self._servers.append(Listener((address, port), Handler))
                serve(self._servers[-1])

    def stop(self):
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Forger(DnsListener):
    """Answers with authority and without signatures, what a test likes; by default each name is at
    `address`, but for the name server's own, and nothing else is there."""

    def __init__(self, host, ip, address):
        self.ip = ip
        self.address_of_all = address
        self.texts = {}  # name -> values of TXT records
        self.hosts = {}  # name -> addresses, of which each answer has the next one
        self.records = {}  # kind -> values, for all names
        self.silent = set()  # kinds that get no answer
        self.denies = False  # whether no name is there
        self.asked = []  # (name, kind)
        self.real = None  # harness.public_dns.Authority, whose own answers are passed on ...
        self.forged = ()  # ... but for these kinds
        super().__init__(ip, 53, host)

    @contextlib.contextmanager
    def set(self, **members):
        """Inside the block these members have other values."""
        former = {name: getattr(self, name) for name in members}
        vars(self).update(members)
        try:
            yield self
        finally:
            vars(self).update(former)

    def answer(self, octets, _transport):
        question = dns.message.from_wire(octets)
        kind = dns.rdatatype.to_text(question.question[0].rdtype)
        self.asked.append((question.question[0].name.to_text().rstrip(".").lower(), kind))
        if kind in self.silent:
            return None
        if self.real and kind not in self.forged:
            with inside(self.real.host):
                return dns.query.tcp(question, self.real.ip, timeout=5).to_wire(max_size=65535)
        return self.forge(question).to_wire(max_size=65535)

    def forge(self, question):
        """The message."""
        message = dns.message.make_response(question)
        message.flags |= dns.flags.AA
        asked = question.question[0]
        name = asked.name.to_text().rstrip(".").lower()
        kind = dns.rdatatype.to_text(asked.rdtype)
        values = self._values(name, kind)
        if values and not self.denies:
            message.answer.append(dns.rrset.from_text_list(asked.name, 0, "IN", asked.rdtype, values))
        else:
            # A denial that may be kept for a day.
            zone = dns.name.Name(asked.name.labels[-3:])
            message.authority.append(dns.rrset.from_text(
                zone, 86400, "IN", "SOA", "ns.forged. hostmaster.forged. 1 86400 86400 86400 86400"))
            if self.denies:
                message.set_rcode(dns.rcode.NXDOMAIN)
        return message

    def _values(self, name, kind):
        if kind == "A" and name in self.hosts:
            self.hosts[name].append(self.hosts[name].pop(0))
            return self.hosts[name][-1:]
        if kind == "A" and not name.startswith("_"):
            # It is the zone's name server, as everybody believes.
            return [self.ip if name.startswith("ns") else self.address_of_all]
        if kind == "TXT":
            return [f'"{text}"' for text in self.texts.get(name, [])]
        return self.records.get(kind, [])


class Party:
    """Answers its challenges by hosts at `address` of its network, and by `put_text(name, value)`."""

    def __init__(self, network, address, folder, put_text):
        self.put_text = put_text
        self.refusals = []  # the errors of challenges that failed, newest last
        self._clients = {}
        with inside(network):
            self.web = Responder(80, address)
            self.tls = AlpnResponder(address, folder)

    def stop(self):
        self.web.stop()
        self.tls.stop()

    def client(self, ca):
        """Its account at a CA. Who reaches a CA, and from where, is no matter here."""
        if ca not in self._clients:
            self._clients[ca] = Client(ca, self.web)
            self._clients[ca].register()
        return self._clients[ca]

    def obtains(self, ca, name, kind="http-01", meanwhile=lambda: None):
        """Does all that a certificate needs; whether there is one. `meanwhile` is called while the CA
        looks."""
        with inside(ca.host):
            client = self.client(ca)
            url, order = client.order([name])
            self.answer(client, order, name, kind)
            meanwhile()
            order = client.wait_while(url, {"pending"}, timeout=120)
            if order["status"] == "invalid":
                self.refusals.append(self._refusal(client, order, kind))
                return False
            assert order["status"] == "ready", client.explain(order)
            key = ec.generate_private_key(ec.SECP256R1())
            response = client.finalize(order, make_csr(key, [name]))
            if response.status_code >= 400:
                self.refusals.append(response.json())
                return False
            order = client.wait_while(url, {"ready", "processing"}, timeout=120)
            assert order["status"] == "valid", client.explain(order)
            leaf = client.download(url, order).leaf
            names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            assert names.get_values_for_type(x509.DNSName) == [name]
            return True

    def answer(self, client, order, name, kind):
        """Puts the answer up and tells the CA."""
        challenge = client.challenge_of(client.read(order["authorizations"][0]), kind)
        if kind == "dns-persist-01":
            self.put_text(f"_validation-persist.{name}", f"{ISSUER}; accounturi={client.account_url}")
            client.must(client.post(challenge["url"], {}))
            return
        proof = client.key_authorization(challenge["token"])
        digest = b64(hashlib.sha256(proof.encode()).digest())
        if kind == "http-01":
            self.web.answers[challenge["token"]] = proof
        elif kind == "tls-alpn-01":
            self.tls.put(name, proof)
        elif kind == "dns-01":
            self.put_text(f"_acme-challenge.{name}", digest)
        else:
            account = hashlib.sha256(client.account_url.encode()).digest()[:10]
            label = base64.b32encode(account).decode().lower()
            self.put_text(f"_{label}._acme-challenge.{name}", digest)
        client.must(client.post(challenge["url"], {}))

    @property
    def refusal(self):
        """Why the last challenge failed."""
        return self.refusals[-1]

    def _refusal(self, client, order, kind):
        authorization = client.read(order["authorizations"][0])
        return client.challenge_of(authorization, kind)["error"]
