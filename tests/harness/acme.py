"""ACME by hand: requests that are well-formed unless a test wants them otherwise."""

import base64
import dataclasses
import hashlib
import hmac
import json
import time

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

from harness.issued import read_chain

ERROR = "urn:ietf:params:acme:error:"


def b64(octets):
    """base64url without padding."""
    if isinstance(octets, str):
        octets = octets.encode()
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def b64_integer(number, length=None):
    return b64(number.to_bytes(length or (number.bit_length() + 7) // 8, "big"))


class Key:
    """A private key with its JOSE names (RFC 7518, RFC 8037)."""

    _CURVES = {"secp256r1": ("P-256", "ES256", hashes.SHA256(), 32),
               "secp384r1": ("P-384", "ES384", hashes.SHA384(), 48),
               "secp521r1": ("P-521", "ES512", hashes.SHA512(), 66)}

    def __init__(self, private=None):
        self.private = private or ec.generate_private_key(ec.SECP256R1())
        public = self.private.public_key()
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            curve, self.algorithm, self._hash, self._length = self._CURVES[public.curve.name]
            numbers = public.public_numbers()
            self.jwk = {"crv": curve, "kty": "EC", "x": b64_integer(numbers.x, self._length),
                        "y": b64_integer(numbers.y, self._length)}
        elif isinstance(self.private, rsa.RSAPrivateKey):
            self.algorithm = "RS256"
            numbers = public.public_numbers()
            self.jwk = {"e": b64_integer(numbers.e), "kty": "RSA", "n": b64_integer(numbers.n)}
        else:
            self.algorithm = "EdDSA"
            raw = public.public_bytes(
                serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            self.jwk = {"crv": "Ed25519", "kty": "OKP", "x": b64(raw)}

    def sign(self, octets):
        """The octets of the JWS signature."""
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(octets, padding.PKCS1v15(), hashes.SHA256())
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return self.private.sign(octets)
        r, s = decode_dss_signature(self.private.sign(octets, ec.ECDSA(self._hash)))
        return r.to_bytes(self._length, "big") + s.to_bytes(self._length, "big")

    @property
    def thumbprint(self):
        """RFC 7638."""
        text = json.dumps(self.jwk, sort_keys=True, separators=(",", ":"))
        return b64(hashlib.sha256(text.encode()).digest())


def encoded(payload):
    """A payload as octets: None is POST-as-GET, objects become JSON, octets stay."""
    if payload is None:
        return b""
    return payload if isinstance(payload, bytes) else json.dumps(payload).encode()


def make_jws(key, header, payload, signed_by=None):
    """A flattened JWS (RFC 7515 section 7.2.2) as a dictionary. `header` may be octets."""
    protected = b64(header if isinstance(header, bytes) else json.dumps(header))
    body = b64(encoded(payload))
    signature = (signed_by or key).sign(f"{protected}.{body}".encode())
    return {"protected": protected, "payload": body, "signature": b64(signature)}


def make_csr(key, names, common_name=None, extensions=()):
    """DER of a request for DNS names; `extensions` are (extension, critical)."""
    subject = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else []
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(subject))
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def external_binding(key, kid, hmac_key, url, payload=None, header=None):
    """The externalAccountBinding of RFC 8555 section 7.3.4 for the account key `key`; `hmac_key` as
    `cairn-ca eab create` prints it. `payload` and changes of the `header` make a wrong one."""
    header = {"alg": "HS256", "kid": kid, "url": url} | (header or {})
    protected = b64(json.dumps(header))
    body = b64(encoded(payload or key.jwk))
    secret = base64.urlsafe_b64decode(hmac_key + "=" * (-len(hmac_key) % 4))
    mac = hmac.new(secret, f"{protected}.{body}".encode(), hashlib.sha256).digest()
    return {"protected": protected, "payload": body, "signature": b64(mac)}


def is_bad_nonce(response):
    return response.status_code == 400 and response.json()["type"] == ERROR + "badNonce"


class Refused(AssertionError):
    def __init__(self, response):
        self.response = response
        super().__init__(f"{response.status_code} {response.text}")


@dataclasses.dataclass
class Issued:
    order_url: str
    order: dict
    chain_pem: str
    key: object

    @property
    def chain(self):
        return read_chain(self.chain_pem)

    @property
    def leaf(self):
        return self.chain[0]

    @property
    def der(self):
        return self.leaf.public_bytes(serialization.Encoding.DER)


class Client:
    """One account at one CA. `responder` answers its http-01 challenges (harness.web)."""

    def __init__(self, authority, responder=None, key=None):
        self.authority = authority
        self.responder = responder
        self.key = key or Key()
        self.account_url = None
        self.http = requests.Session()
        self.http.trust_env = False  # REQUESTS_CA_BUNDLE would win over our root
        self.http.verify = str(authority.api_root)
        self.directory = self.http.get(authority.directory, timeout=30).json()
        self.nonces = []

    # One request

    def nonce(self):
        if self.nonces:
            return self.nonces.pop()
        return self.http.head(self.directory["newNonce"], timeout=30).headers["Replay-Nonce"]

    def header(self, url, **changes):
        """The protected header for `url`; a change to None leaves a member out."""
        header = {"alg": self.key.algorithm, "nonce": self.nonce(), "url": url}
        header |= {"kid": self.account_url} if self.account_url else {"jwk": self.key.jwk}
        return {name: value for name, value in (header | changes).items() if value is not None}

    def send(self, url, body, content_type="application/jose+json", method="POST"):
        """Sends a body as it is; objects become JSON."""
        if isinstance(body, dict):
            body = json.dumps(body)
        response = self.http.request(
            method, url, data=body, headers={"Content-Type": content_type}, timeout=30)
        if "Replay-Nonce" in response.headers:
            self.nonces.append(response.headers["Replay-Nonce"])
        return response

    def post(self, url, payload=None, **header_changes):
        """A signed request; POST-as-GET without a payload. A nonce from the store that was refused
        (the CA has started again) is replaced once."""
        for remaining in (1, 0):
            response = self.send(
                url, make_jws(self.key, self.header(url, **header_changes), payload))
            if remaining and "nonce" not in header_changes and is_bad_nonce(response):
                self.nonces = self.nonces[-1:]
                continue
            return response

    def must(self, response):
        if response.status_code >= 400:
            raise Refused(response)
        return response

    # The steps of an issuance

    def register(self, **members):
        response = self.must(self.post(
            self.directory["newAccount"], {"termsOfServiceAgreed": True} | members))
        self.account_url = response.headers["Location"]
        return response

    def order(self, names, **members):
        """Creates an order; its URL and its object."""
        identifiers = [{"type": "dns", "value": name} for name in names]
        response = self.must(self.post(
            self.directory["newOrder"], {"identifiers": identifiers} | members))
        return response.headers["Location"], response.json()

    def read(self, url):
        return self.must(self.post(url)).json()

    def challenge_of(self, authorization, kind):
        return next(c for c in authorization["challenges"] if c["type"] == kind)

    def key_authorization(self, token):
        return f"{token}.{self.key.thumbprint}"

    def start_validation(self, authorization_url, kind="http-01"):
        """Puts the answer up and tells the CA, unless the authorization is settled already."""
        authorization = self.read(authorization_url)
        if authorization["status"] != "pending":
            return authorization
        challenge = self.challenge_of(authorization, kind)
        if kind == "http-01":
            token = challenge["token"]
            self.responder.answers[token] = self.key_authorization(token)
        self.must(self.post(challenge["url"], {}))
        return authorization

    def wait_while(self, url, statuses, timeout=60):
        """Polls until the object's status is none of these; the object."""
        deadline = time.monotonic() + timeout
        while True:
            state = self.read(url)
            if state["status"] not in statuses:
                return state
            assert time.monotonic() < deadline, f"{url} still {state['status']} after {timeout} s"
            time.sleep(0.1)

    def make_ready(self, names, **members):
        """An order whose authorizations are all valid: its URL and object."""
        url, order = self.order(names, **members)
        for authorization in order["authorizations"]:
            self.start_validation(authorization)
        order = self.wait_while(url, {"pending"})
        assert order["status"] == "ready", self.explain(order)
        return url, order

    def finalize(self, order, csr):
        return self.post(order["finalize"], {"csr": b64(csr)})

    def download(self, order_url, order, key=None):
        response = self.must(self.post(order["certificate"]))
        return Issued(order_url, order, response.text, key)

    def issue(self, names, key=None, **members):
        """The whole way to a certificate."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        url, order = self.make_ready(names, **members)
        self.must(self.finalize(order, make_csr(key, names)))
        order = self.wait_while(url, {"ready", "processing"})
        assert order["status"] == "valid", self.explain(order)
        return self.download(url, order, key)

    def revoke(self, der, **members):
        return self.post(self.directory["revokeCert"], {"certificate": b64(der)} | members)

    def change_key(self, new):
        """The response to a key change (RFC 8555 section 7.3.5); the client keeps its key."""
        url = self.directory["keyChange"]
        inner = make_jws(new, {"alg": new.algorithm, "jwk": new.jwk, "url": url},
                         {"account": self.account_url, "oldKey": self.key.jwk})
        return self.post(url, inner)

    def explain(self, order):
        details = [order] + [self.read(url) for url in order["authorizations"]]
        return json.dumps(details, indent=1)


def assert_problem(response, status, kind, reason=""):
    """That the response is a problem document as every refusal must be (RFC 8555 section 6.7), of
    this status and type, and that its detail holds the reason."""
    shown = f"{response.status_code} {response.text[:500]}"
    assert response.status_code == status, shown
    assert response.headers["Content-Type"].startswith("application/problem+json"), shown
    problem = response.json()
    assert problem["type"] == ERROR + kind, shown
    assert problem.get("status", response.status_code) == response.status_code, shown
    assert problem["detail"] and reason in problem["detail"], f"not {reason}: {shown}"
    return problem
