"""A certificate authority with odd habits: it follows RFC 8555 until a test tells it otherwise.

It runs in threads of this process, and checks what a strict CA checks: signatures, nonces, and that a
request is signed for the URL as it was given out, octet for octet. Like the CAs of harness.authority
it has `directory`, `api_root`, `issuer_root()`, `is_revoked()` and the ports where it validates.

Habits, to be set before or between runs of a client:
  spell         writes a URL for a path: capitals, a final dot, ":443"
  alter         by kind ("directory", "account", "order", "authorization", "challenge", "problem"): takes
                a JSON object before it is sent and returns the one to send
  intercept     sees each request first, and may answer it: a function of Request, returning Answer or None
  witness       sees each request when it has been done, before it is answered
  verdict       what a validation leads to: a function of the authorization, which it changes
  holds         orders stay `processing` while this is true
  binding       {key id: HMAC key} of external accounts; none: no binding is asked for
  terms         URL of terms of service
  validity      the times of certificates: (first, last), as time that is added to now

Lies, floods and silence are in harness.hostile_ca.
"""

import base64
import copy
import dataclasses
import datetime
import hashlib
import hmac
import http.client
import http.server
import json
import secrets
import socket
import ssl
import threading

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.x509.oid import NameOID

from harness.acme import ERROR, b64
from harness.issued import to_pem
from harness.ports import reserve_port
from harness.serving import serve

HOST = "ca.test"
# What of an OddCa changes beside its certificates.
_RECORDS = {"alter", "requests", "accounts", "orders", "authorizations", "revoked", "binding"}


def octets(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclasses.dataclass
class Answer:
    status: int = 200
    body: object = b""  # octets, or an object that becomes JSON
    headers: dict = dataclasses.field(default_factory=dict)
    # Odd ways to send it:
    cut_at: int = None  # this many octets of the body come, then the connection ends
    pause: float = 0  # seconds before the body
    raw: object = None  # octets, part by part, that are sent in place of an HTTP answer


@dataclasses.dataclass
class Request:
    method: str
    path: str
    header: dict = None  # the protected header of the JWS
    payload: object = None  # None: POST-as-GET
    key: dict = None  # the JWK that it was signed with


def problem(kind, detail="", status=400, **members):
    return Answer(status, {"type": ERROR + kind, "detail": detail, "status": status, **members},
                  {"Content-Type": "application/problem+json"})


class Refusal(Exception):
    def __init__(self, *arguments, **members):
        self.answer = problem(*arguments, **members)


def thumbprint(jwk):
    text = json.dumps(jwk, sort_keys=True, separators=(",", ":"))
    return b64(hashlib.sha256(text.encode()).digest())


def is_signed_by_rsa(jws, jwk):
    key = rsa.RSAPublicNumbers(int.from_bytes(octets(jwk["e"]), "big"),
                               int.from_bytes(octets(jwk["n"]), "big")).public_key()
    try:
        key.verify(octets(jws["signature"]), f"{jws['protected']}.{jws['payload']}".encode(),
                   padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def is_signed(jws, jwk):
    if jwk["kty"] == "RSA":
        return is_signed_by_rsa(jws, jwk)
    curve = ec.EllipticCurvePublicNumbers(
        int.from_bytes(octets(jwk["x"]), "big"), int.from_bytes(octets(jwk["y"]), "big"),
        ec.SECP256R1()).public_key()
    signature = octets(jws["signature"])
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    try:
        curve.verify(encode_dss_signature(r, s), f"{jws['protected']}.{jws['payload']}".encode(),
                     ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


class OddCa:
    def __init__(self, folder):
        self.port, self.proxy_port = reserve_port(), reserve_port()
        self.http_port, self.tls_alpn_port = reserve_port(), reserve_port()
        self.api_root = folder / "odd-ca.pem"
        self.spell = lambda path: f"https://localhost:{self.port}{path}"
        self.alter = {}
        self.intercept = lambda request: None
        self.witness = lambda request: None
        self.verdict = self.look
        self.holds = False
        self.binding = {}
        self.terms = None
        self.validity = (datetime.timedelta(hours=-1), datetime.timedelta(days=90))

        self.sent = 0  # octets of raw answers that went out
        self.requests = []  # every request that was understood, signed or not
        self.accounts, self.orders, self.authorizations = {}, {}, {}
        self.certificates, self.revoked = [], {}
        self._nonces = set()
        self._lock = threading.RLock()
        self._key, self._root = _make_root()
        self._server = _serve(self, folder)
        self._proxy = http.server.ThreadingHTTPServer(
            ("127.0.0.1", self.proxy_port), _make_proxy(self.port))
        for server in (self._server, self._proxy):
            server.daemon_threads = True
            serve(server)

    def stop(self):
        for server in (self._server, self._proxy):
            server.shutdown()
            server.server_close()

    @property
    def directory(self):
        return f"https://localhost:{self.port}/directory"

    @property
    def proxied_directory(self):
        """The environment of clients that use `proxy`, which leads every host and port here."""
        return f"https://{HOST}/directory"

    @property
    def proxy(self):
        return {"https_proxy": f"http://127.0.0.1:{self.proxy_port}", "no_proxy": ""}

    def pausing(self):
        """Inside the block no request is answered."""
        return self._lock

    def records(self):
        """What it knows and what its habits are now, for `restore`."""
        with self._lock:
            return self._copied(vars(self))

    def restore(self, records):
        """It knows what it knew then and no more, and has the habits that it had."""
        with self._lock:
            for name in set(vars(self)) - set(records):
                delattr(self, name)
            vars(self).update(self._copied(records))

    @staticmethod
    def _copied(records):
        return {name: copy.deepcopy(value) if name in _RECORDS else
                list(value) if name == "certificates" else value
                for name, value in records.items()}

    def issuer_root(self):
        return to_pem(self._root)

    def is_revoked(self, serial):
        return serial in self.revoked

    def count(self, path):
        return sum(request.path.startswith(path) for request in self.requests)

    def asked(self, path):
        """The payloads received for this path."""
        return [request.payload for request in self.requests if request.path == path]

    # Answers.

    def answer(self, method, path, body):
        with self._lock:
            request = Request(method, path)
            jws = json.loads(body) if body else None
            if jws:
                request.header = json.loads(octets(jws["protected"]))
                request.payload = json.loads(octets(jws["payload"])) if jws["payload"] else None
            self.requests.append(request)
            try:
                if (answer := self.intercept(request)) is not None:
                    return answer
                answer = self._answer(request, jws)
                self.witness(request)
                return answer
            except Refusal as refusal:
                return refusal.answer

    def nonce(self):
        nonce = secrets.token_urlsafe(16)
        self._nonces.add(nonce)
        return nonce

    def _answer(self, request, jws):
        kind, _, identifier = request.path.strip("/").partition("/")
        if kind == "directory":
            return self._object("directory", self._directory())
        if kind == "nonce":
            return Answer(200)
        if jws is None:
            raise Refusal("malformed", "a POST is needed", status=405)
        self._check(request, jws)
        return getattr(self, "_" + kind.replace("-", "_"))(request, identifier)

    def _check(self, request, jws):
        header = request.header
        if header.get("nonce") not in self._nonces:
            raise Refusal("badNonce", "not one of ours")
        self._nonces.remove(header["nonce"])
        if header.get("url") != self.spell(request.path):
            raise Refusal("unauthorized", f"signed for {header.get('url')}, "
                          f"not for {self.spell(request.path)}", status=401)
        if "kid" in header:
            known = [account for account in self.accounts.values() if account["url"] == header["kid"]]
            if not known:
                raise Refusal("accountDoesNotExist", f"no account {header['kid']}")
            request.key = known[0]["jwk"]
        else:
            request.key = header["jwk"]
        if not is_signed(jws, request.key):
            raise Refusal("unauthorized", "the signature is wrong", status=401)

    def _object(self, kind, value, status=200, **headers):
        # A copy, so that habits do not change what the CA knows.
        return Answer(status, self.alter.get(kind, lambda value: value)(json.loads(json.dumps(value))),
                      {"Content-Type": "application/json"} | headers)

    def _directory(self):
        directory = {
            "newNonce": self.spell("/nonce"), "newAccount": self.spell("/account"),
            "newOrder": self.spell("/new-order"), "revokeCert": self.spell("/revoke"),
            "keyChange": self.spell("/key-change"), "meta": {}}
        if self.binding:
            directory["meta"]["externalAccountRequired"] = True
        if self.terms:
            directory["meta"]["termsOfService"] = self.terms
        return directory

    def _account(self, request, identifier):
        if identifier:
            return self._object("account", {"status": "valid", "contact": []})
        payload, mark = request.payload, thumbprint(request.key)
        if self.binding:
            self._check_binding(payload.get("externalAccountBinding"), request)
        if mark not in self.accounts:
            if payload.get("onlyReturnExisting"):
                raise Refusal("accountDoesNotExist", "no account with this key")
            self.accounts[mark] = {
                "jwk": request.key, "url": self.spell(f"/account/{len(self.accounts) + 1}")}
        return self._object("account", {"status": "valid", "contact": payload.get("contact", [])}, 201,
                            Location=self.accounts[mark]["url"])

    def _check_binding(self, binding, request):
        if not binding:
            raise Refusal("externalAccountRequired", "a binding is needed", status=403)
        header = json.loads(octets(binding["protected"]))
        if header["kid"] not in self.binding:
            raise Refusal("unauthorized", f"the key id {header['kid']} is unknown", status=401)
        expected = hmac.digest(self.binding[header["kid"]],
                               f"{binding['protected']}.{binding['payload']}".encode(), "sha256")
        if not hmac.compare_digest(expected, octets(binding["signature"])):
            raise Refusal("malformed", "the binding's signature is wrong")
        if header["url"] != request.header["url"] or json.loads(
                octets(binding["payload"])) != request.key:
            raise Refusal("malformed", "the binding is for another key or URL")

    def _new_order(self, request, _):
        number = str(len(self.orders) + 1)
        authorizations = []
        for position, identifier in enumerate(request.payload["identifiers"]):
            name = f"{number}-{position}"
            self.authorizations[name] = {
                "status": "pending", "identifier": identifier, "challenges": [{
                    "type": "http-01", "status": "pending", "token": secrets.token_urlsafe(24),
                    "url": self.spell(f"/challenge/{name}")}]}
            authorizations.append(name)
        self.orders[number] = {"request": request.payload, "parts": authorizations, "chain": None}
        return self._object("order", self._order_object(number), 201,
                            Location=self.spell(f"/order/{number}"))

    def _order_object(self, number):
        order = self.orders[number]
        statuses = {self.authorizations[part]["status"] for part in order["parts"]}
        status = "pending"
        if order["chain"]:
            status = "processing" if self.holds else "valid"
        elif "invalid" in statuses:
            status = "invalid"
        elif statuses == {"valid"}:
            status = "ready"
        value = {"status": status, "identifiers": order["request"]["identifiers"],
                 "authorizations": [self.spell(f"/authorization/{part}") for part in order["parts"]],
                 "finalize": self.spell(f"/finalize/{number}")}
        if status == "valid":
            value["certificate"] = self.spell(f"/certificate/{number}")
        return value

    def _order(self, request, number):
        if number not in self.orders:
            raise Refusal("malformed", "no such order", status=404)
        return self._object("order", self._order_object(number))

    def _authorization(self, request, name):
        return self._object("authorization", self.authorizations[name])

    def _challenge(self, request, name):
        authorization = self.authorizations[name]
        if authorization["status"] == "pending":
            authorization["thumbprint"] = thumbprint(request.key)
            self.verdict(authorization)
            del authorization["thumbprint"]
        return self._object("challenge", authorization["challenges"][0])

    def look(self, authorization):
        """The usual verdict: fetches the answer to http-01."""
        challenge = authorization["challenges"][0]
        path = f"/.well-known/acme-challenge/{challenge['token']}"
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=5)
            connection.request("GET", path, headers={"Host": authorization["identifier"]["value"]})
            found = connection.getresponse().read(1000).decode(errors="replace")
        except OSError as error:
            found = str(error)
        good = found == f"{challenge['token']}.{authorization['thumbprint']}"
        authorization["status"] = challenge["status"] = "valid" if good else "invalid"
        if not good:
            challenge["error"] = {"type": ERROR + "unauthorized", "detail": f"found {found}"}

    def stays_pending(self, authorization):
        """A verdict: the challenge has failed, says so, and stays pending (step-ca does so)."""
        authorization["challenges"][0]["error"] = {
            "type": ERROR + "connection", "detail": "nobody answers at 192.0.2.7"}

    def _finalize(self, request, number):
        if self._order_object(number)["status"] != "ready":
            raise Refusal("orderNotReady", "not ready", status=403)
        csr = x509.load_der_x509_csr(octets(request.payload["csr"]))
        self.orders[number]["chain"] = self.issue(csr)
        return self._object("order", self._order_object(number))

    def issue(self, csr):
        """The chain for a CSR, as PEM text."""
        names = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        leaf = self.certify(csr.public_key(), names)
        self.certificates.append(leaf)
        return to_pem(leaf, self._root)

    def certify(self, key, names, validity=None, issuer=None, purpose=None):
        """A certificate of the root for a public key and what stands in a subjectAltName.
        `issuer`: the (key, certificate) that sign instead."""
        signer, authority = issuer or (self._key, self._root)
        first, last = validity or self.validity
        now = datetime.datetime.utcnow()
        return (
            x509.CertificateBuilder().subject_name(x509.Name([])).issuer_name(authority.subject)
            .public_key(key).serial_number(x509.random_serial_number())
            .not_valid_before(now + first).not_valid_after(now + last)
            .add_extension(x509.SubjectAlternativeName(list(names)), True)
            .add_extension(x509.ExtendedKeyUsage(
                [purpose or x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(
                signer.public_key()), False)
            .sign(signer, hashes.SHA256()))

    def _certificate(self, request, number):
        return Answer(200, self.orders[number]["chain"].encode(),
                      {"Content-Type": "application/pem-certificate-chain"})

    def _revoke(self, request, _):
        leaf = x509.load_der_x509_certificate(octets(request.payload["certificate"]))
        if leaf.serial_number in self.revoked:
            raise Refusal("alreadyRevoked", "revoked already")
        self.revoked[leaf.serial_number] = request.payload.get("reason", 0)
        return Answer(200)


def _make_root():
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Odd Root")])
    now = datetime.datetime.utcnow()
    root = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1000))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .sign(key, hashes.SHA256()))
    return key, root


def _serve(ca, folder):
    """The HTTPS server of a CA, with a certificate of its own."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.utcnow()
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(
            [x509.DNSName("localhost"), x509.DNSName(HOST)]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256()))
    ca.api_root.write_text(to_pem(certificate))
    key_file = folder / "odd-ca-key.pem"
    key_file.write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ca.api_root, key_file)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # header and body are sent apart

        def setup(self):
            # The handshake is done here, so that one that stalls does not hold up other clients.
            self.request.settimeout(60)
            self.request = context.wrap_socket(self.request, server_side=True)
            super().setup()

        def do(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer = ca.answer(self.command, self.path, body)
            if answer.raw is not None:
                self.send_raw(answer.raw)
                return
            content = answer.body
            if not isinstance(content, bytes):
                content = json.dumps(content).encode()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Replay-Nonce", ca.nonce())
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if answer.pause:
                self.wfile.flush()
                threading.Event().wait(answer.pause)
            if self.command != "HEAD":
                self.wfile.write(content if answer.cut_at is None else content[:answer.cut_at])
            if answer.cut_at is not None:
                self.close_connection = True

        do_GET = do_HEAD = do_POST = do

        def send_raw(self, parts):
            self.close_connection = True
            for part in parts:
                self.wfile.write(part)
                ca.sent += len(part)

        def log_message(self, *_):
            pass

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *_):
            pass  # clients that are killed leave connections behind

    return Server(("127.0.0.1", ca.port), Handler)


def _make_proxy(port):
    class Proxy(http.server.BaseHTTPRequestHandler):
        def do_CONNECT(self):
            with socket.create_connection(("127.0.0.1", port)) as upstream:
                self.send_response(200)
                self.end_headers()
                self.wfile.flush()
                back = threading.Thread(
                    target=_pump, args=(upstream, self.connection), daemon=True)
                back.start()
                _pump(self.connection, upstream)
                back.join(5)
            self.close_connection = True

        def log_message(self, *_):
            pass

    return Proxy


def _pump(source, target):
    try:
        while part := source.recv(65536):
            target.sendall(part)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass
