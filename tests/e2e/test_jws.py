"""Requests that are not what RFC 8555 section 6.2 wants, RFC 7515 forbids, or attackers try."""

import base64
import hashlib
import hmac
import json

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from e2e.refusals import assert_refused
from harness.acme import Key, b64, b64_integer, encoded, make_jws
from harness.dns_server import unique_name

KEYS = {
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


class RsaKey(Key):
    """An RSA key that signs with one of the other algorithms of RSA (RFC 7518 section 3.1)."""

    def __init__(self, algorithm):
        super().__init__(rsa.generate_private_key(65537, 2048))
        self.algorithm = algorithm

    def sign(self, octets):
        digest = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}[
            self.algorithm[2:]]()
        scheme = padding.PKCS1v15() if self.algorithm.startswith("RS") else padding.PSS(
            padding.MGF1(digest), digest.digest_size)
        return self.private.sign(octets, scheme, digest)


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256", "PS384", "PS512"])
@pytest.mark.checks(29)
def test_every_algorithm_of_rsa(new_client, algorithm):
    client = new_client(RsaKey(algorithm))
    assert client.issue([unique_name()]).order["status"] == "valid"
    # The same key with another of its algorithms, in between.
    client.key.algorithm = "RS256"
    assert client.read(client.account_url)["status"] == "valid"
    client.key.algorithm = algorithm
    assert client.change_key(RsaKey(algorithm)).status_code == 200


@pytest.mark.parametrize("algorithm", KEYS)
@pytest.mark.checks(29)
def test_algorithms_that_are_accepted(new_client, algorithm):
    client = new_client(Key(KEYS[algorithm]()))
    assert client.key.algorithm == algorithm
    issued = client.issue([unique_name()])
    assert issued.order["status"] == "valid"


# Each entry makes the body of a request for a new order, signed by a good account, from the client,
# its URL and the good JWS of the same request.

def payload():
    return {"identifiers": [{"type": "dns", "value": unique_name()}]}


def with_header(**members):
    """The good header with these members; None leaves one out."""
    return lambda client, url, good: make_jws(client.key, client.header(url, **members), payload())


def with_raw_header(change):
    """The good header's JSON text, changed as text."""
    def make(client, url, good):
        return make_jws(client.key, change(json.dumps(client.header(url))).encode(), payload())
    return make


def with_payload(octets):
    return lambda client, url, good: make_jws(client.key, client.header(url), octets)


def with_body(change):
    """The good JWS, changed."""
    return lambda client, url, good: change(good)


def with_signature(sign):
    """The good JWS with a signature of sign(client, signing input)."""
    def make(client, url, good):
        signing_input = f"{good['protected']}.{good['payload']}".encode()
        return good | {"signature": b64(sign(client, signing_input))}
    return make


def mac_with(key_octets):
    """alg HS256, keyed with octets that everybody knows."""
    def make(client, url, good):
        protected = b64(json.dumps(client.header(url, alg="HS256")))
        body = b64(encoded(payload()))
        octets = key_octets(client.key)
        mac = hmac.new(octets, f"{protected}.{body}".encode(), hashlib.sha256).digest()
        return {"protected": protected, "payload": body, "signature": b64(mac)}
    return make


def public_text(encoding):
    return lambda key: key.private.public_key().public_bytes(
        encoding, serialization.PublicFormat.SubjectPublicKeyInfo)


def der_signature(client, octets):
    return client.key.private.sign(octets, ec.ECDSA(hashes.SHA256()))


def flipped(text):
    """base64url text of other octets."""
    return ("B" if text[0] == "A" else "A") + text[1:]


P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

MALFORMED = {
    # Serializations
    "compact": with_body(lambda good: ".".join(
        [good["protected"], good["payload"], good["signature"]])),
    "general": with_body(lambda good: {
        "payload": good["payload"],
        "signatures": [{"protected": good["protected"], "signature": good["signature"]}]}),
    "signatures beside a signature": with_body(lambda good: good | {"signatures": []}),
    "unprotected header": with_body(lambda good: good | {"header": {"alg": "ES256"}}),
    "empty unprotected header": with_body(lambda good: good | {"header": {}}),
    "detached payload": with_body(lambda good: {k: good[k] for k in ("protected", "signature")}),
    "no signature": with_body(lambda good: {k: good[k] for k in ("protected", "payload")}),
    "no protected header": with_body(lambda good: {k: good[k] for k in ("payload", "signature")}),
    "empty signature": with_body(lambda good: good | {"signature": ""}),
    "signature is a number": with_body(lambda good: good | {"signature": 1}),
    "an array": with_body(lambda good: json.dumps([good])),
    "a string": with_body(lambda good: json.dumps(json.dumps(good))),
    "nothing": with_body(lambda good: ""),
    # Base64url
    "padded": with_body(lambda good: good | {"signature": good["signature"] + "=="}),
    "plain base64": with_body(lambda good: good | {"payload": "e30+/w"}),
    "line end in base64url": with_body(lambda good: good | {"payload": good["payload"] + "\n"}),
    "space in base64url": with_body(lambda good: good | {"payload": " " + good["payload"]}),
    "base64url of impossible length": with_body(lambda good: good | {"payload": "e30aa"}),
    "trailing bits in base64url": with_payload(b"{}"),  # replaced below
    # Header members
    "crit": with_header(crit=["exp"], exp=1),
    "empty crit": with_header(crit=[]),
    "unencoded payload": with_header(b64=False, crit=["b64"]),
    "neither jwk nor kid": with_header(kid=None),
    "no alg": with_header(alg=None),
    "alg is a number": with_header(alg=256),
    "kid is a number": with_header(kid=1),
    "header is an array": lambda client, url, good: make_jws(client.key, b"[]", payload()),
    "header is no JSON": lambda client, url, good: make_jws(client.key, b"{", payload()),
    "duplicate alg": with_raw_header(lambda text: '{"alg": "none", ' + text[1:]),
    "escaped twin of alg": with_raw_header(lambda text: '{"\\u0061lg": "none", ' + text[1:]),
    "duplicate url": with_raw_header(lambda text: '{"url": "https://evil.test/", ' + text[1:]),
    # Signatures
    "signature in DER": with_signature(der_signature),
    "signature cut short": with_signature(lambda c, octets: c.key.sign(octets)[:-1]),
    "signature with an octet more": with_signature(lambda c, octets: c.key.sign(octets) + b"\0"),
    "r and s are 0": with_signature(lambda c, octets: bytes(64)),
    "s is the group order": with_signature(
        lambda c, octets: c.key.sign(octets)[:32] + P256_ORDER.to_bytes(32, "big")),
    "flipped signature": with_body(lambda good: good | {"signature": flipped(good["signature"])}),
    "signed by another key": lambda client, url, good: make_jws(
        client.key, client.header(url), payload(), signed_by=Key()),
    # JSON of the whole body
    "duplicate member": with_body(lambda good: '{"payload": "", ' + json.dumps(good)[1:]),
    "trailing text": with_body(lambda good: json.dumps(good) + "x"),
    "two objects": with_body(lambda good: json.dumps(good) * 2),
    "byte order mark": with_body(lambda good: b"\xef\xbb\xbf" + json.dumps(good).encode()),
    "not UTF-8": with_body(lambda good: b'{"protected": "\xff"}'),
    "nested 30,000 deep": with_body(lambda good: "[" * 30_000),
    "nested objects": with_body(lambda good: '{"a":' * 9_000),
    # JSON of the payload
    "payload is empty": with_payload(b""),
    "payload is an array": with_payload(b"[]"),
    "payload is no JSON": with_payload(b"{"),
    "payload with a comment": with_payload(b'{"identifiers": [] /* none */}'),
    "payload nested deep": with_payload(b'{"identifiers":' + b"[" * 20_000),
    "payload with a long number": with_payload(
        b'{"identifiers": [{"type": "dns", "value": ' + b"9" * 30_000 + b"}]}"),
    "payload with 1e999": with_payload(b'{"identifiers": 1e999}'),
    "payload with a lone surrogate": with_payload(
        b'{"identifiers": [{"type": "dns", "value": "\\ud800.test"}]}'),
    "payload not UTF-8": with_payload(
        b'{"identifiers": [{"type": "dns", "value": "\xc3\x28.test"}]}'),
    "payload with duplicates": with_payload(b'{"identifiers": [], "identifiers": []}'),
    "identifiers is an object": with_payload(b'{"identifiers": {}}'),
    "identifiers hold a string": with_payload(b'{"identifiers": ["a.test"]}'),
    "identifier without a value": with_payload(b'{"identifiers": [{"type": "dns"}]}'),
    "identifiers in another case": with_payload(
        b'{"Identifiers": [{"type": "dns", "value": "a.test"}]}'),
}


def trailing_bits(client, url, good):
    """{} with trailing bits: e31 decodes like e30 if they are ignored."""
    header = b64(json.dumps(client.header(url)))
    signature = client.key.sign(f"{header}.e31".encode())
    return {"protected": header, "payload": "e31", "signature": b64(signature)}


MALFORMED["trailing bits in base64url"] = trailing_bits


@pytest.mark.parametrize("name", MALFORMED)
@pytest.mark.checks(23, 24, 25, 26, 31, 32, 33, 41, 42, 43, 44, 45)
def test_malformed(client, name):
    url = client.directory["newOrder"]
    good = make_jws(client.key, client.header(url), payload())
    body = MALFORMED[name](client, url, good)
    assert_refused(client, client.send(url, body), 400, "malformed")
    orders = client.read(client.account_url)["orders"]
    assert client.read(orders)["orders"] == []


BAD_ALGORITHMS = {
    "none": lambda client, url, good: make_jws(
        client.key, client.header(url, alg="none"), payload()) | {"signature": ""},
    "PS1": with_header(alg="PS1"),
    "RS1": with_header(alg="RS1"),
    "es256": with_header(alg="es256"),
    "HS256 with the public key in DER": mac_with(public_text(serialization.Encoding.DER)),
    "HS256 with the public key in PEM": mac_with(public_text(serialization.Encoding.PEM)),
    "HS256 with the JWK": mac_with(lambda key: json.dumps(key.jwk).encode()),
}


@pytest.mark.parametrize("name", BAD_ALGORITHMS)
@pytest.mark.checks(27, 28)
def test_bad_algorithms(client, name):
    url = client.directory["newOrder"]
    body = BAD_ALGORITHMS[name](client, url, None)
    problem = assert_refused(client, client.send(url, body), 400, "badSignatureAlgorithm")
    assert {"ES256", "RS256", "RS384", "RS512", "PS256"} <= set(problem["algorithms"])


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES384", "EdDSA"])
@pytest.mark.checks(30)
def test_algorithms_that_do_not_fit_the_key(client, algorithm):
    url = client.directory["newOrder"]
    body = make_jws(client.key, client.header(url, alg=algorithm), payload())
    assert_refused(client, client.send(url, body), 400, "malformed", "does not verify")


# Who signs

@pytest.mark.checks(33)
def test_both_jwk_and_kid(client):
    url = client.directory["newOrder"]
    assert_refused(client, client.post(url, payload(), jwk=client.key.jwk), 400, "malformed")


@pytest.mark.checks(34)
def test_jwk_where_an_account_is_needed(client):
    for url in [client.directory["newOrder"], client.account_url, client.directory["keyChange"]]:
        response = client.post(url, payload(), kid=None, jwk=client.key.jwk)
        assert_refused(client, response, 400, "malformed")


@pytest.mark.checks(34)
def test_kid_for_a_new_account(client):
    url = client.directory["newAccount"]
    assert_refused(client, client.post(url, {"termsOfServiceAgreed": True}), 400, "malformed")


@pytest.mark.parametrize("change, kind", [
    (lambda url: url[:-4] + flipped(url[-4:]), "accountDoesNotExist"),
    # Any URL under the path of accounts that is no account is an account that does not exist.
    (lambda url: url + "/", "accountDoesNotExist"),
    (lambda url: url + "?x", "accountDoesNotExist"),
    (lambda url: url + "/orders", "accountDoesNotExist"),
    (lambda url: url.rsplit("/", 1)[0] + "/", "accountDoesNotExist"),
    (lambda url: url.rsplit("/", 1)[0] + "/xyz", "accountDoesNotExist"),
    (lambda url: url.rsplit("/", 1)[0] + "/12345", "accountDoesNotExist"),
    (lambda url: url.rsplit("/", 1)[0] + "/\u00e9\u0000", "accountDoesNotExist"),
    (lambda url: url.rsplit("/", 1)[0], "malformed"),
    (lambda url: url.replace("/account/", "/order/"), "malformed"),
    (lambda url: url.replace("localhost", "LOCALHOST"), "malformed"),
    (lambda url: url.replace("https://", ""), "malformed"),
    (lambda url: url.replace("localhost", "evil.test"), "malformed"),
    (lambda url: url.rsplit("/", 1)[1], "malformed"),
    (lambda url: "", "malformed"),
])
@pytest.mark.checks(35)
def test_kid_of_no_account(client, change, kind):
    url = client.directory["newOrder"]
    response = client.post(url, payload(), kid=change(client.account_url))
    reason = {"malformed": "the kid is not an account URL of this CA",
              "accountDoesNotExist": "the kid names no account of this CA"}[kind]
    assert_refused(client, response, 400, kind, reason)


@pytest.mark.checks(36)
def test_kid_of_another_account(client, new_client):
    url = client.directory["newOrder"]
    response = client.post(url, payload(), kid=new_client().account_url)
    assert_refused(client, response, 400, "malformed")


@pytest.mark.parametrize("change", [
    lambda url: url + "/", lambda url: url + "?x", lambda url: url.replace("localhost", "LOCALHOST"),
    lambda url: url.replace("localhost", "127.0.0.1"), lambda url: url.replace("new-", "%6eew-"),
    lambda url: url.replace("https:", "http:"), lambda url: url.replace("order", "account"),
    lambda url: "", lambda url: None,
])
@pytest.mark.checks(37)
def test_url_of_another_request(client, change):
    url = client.directory["newOrder"]
    header = client.header(url)
    header["url"] = change(url)
    if header["url"] is None:
        del header["url"]
    response = client.send(url, make_jws(client.key, header, payload()))
    reason = "the request was sent to another" if "url" in header else "names no url"
    assert_refused(client, response, 403, "unauthorized", reason)


@pytest.mark.checks(46)
def test_a_read_has_no_payload(client):
    order_url, order = client.order([unique_name()])
    for url in [order_url, client.read(client.account_url)["orders"],
                client.directory["newNonce"], client.authority.directory]:
        for text in (b"{}", b"x"):
            response = client.post(url, text)
            assert_refused(client, response, 400, "malformed", "is read by POST-as-GET")
    assert client.read(order_url) == order


@pytest.mark.checks(46)
@pytest.mark.parametrize("resource", ["newOrder", "revokeCert", "keyChange"])
def test_what_is_asked_for_stands_in_the_payload(client, resource):
    assert_refused(client, client.post(client.directory[resource]), 400, "malformed")


@pytest.mark.checks(46)
def test_a_new_account_stands_in_the_payload(stranger):
    url = stranger.directory["newAccount"]
    assert_refused(stranger, stranger.post(url), 400, "malformed")
    response = stranger.post(url, {"onlyReturnExisting": True})
    assert_refused(stranger, response, 400, "accountDoesNotExist")


ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493


@pytest.mark.checks(31)
def test_a_signature_of_ed25519_has_one_form(new_client):
    client = new_client(Key(ed25519.Ed25519PrivateKey.generate()))
    url = client.directory["newOrder"]
    good = make_jws(client.key, client.header(url), payload())
    signature = client.key.sign(f"{good['protected']}.{good['payload']}".encode())
    s = int.from_bytes(signature[32:], "little") + ED25519_ORDER
    twin = good | {"signature": b64(signature[:32] + s.to_bytes(32, "little"))}
    assert_refused(client, client.send(url, twin), 400, "malformed", "does not verify")
    assert client.send(url, make_jws(client.key, client.header(url), payload())).status_code == 201


@pytest.mark.checks(32)
@pytest.mark.parametrize("member", ["protected", "payload", "signature"])
def test_one_changed_bit(client, member):
    url = client.directory["newOrder"]
    good = make_jws(client.key, client.header(url), payload())
    octets = bytearray(base64.urlsafe_b64decode(good[member] + "=="))
    # Of the header and the payload a letter inside a string, so that both stay JSON.
    at = {"protected": octets.find(b"ES256") + 3, "payload": octets.find(b"dns"), "signature": 40}
    octets[at[member]] ^= 1
    response = client.send(url, good | {member: b64(bytes(octets))})
    kind, reason = ("badSignatureAlgorithm", "") if member == "protected" else (
        "malformed", "does not verify")
    assert_refused(client, response, 400, kind, reason)


# Keys that no account may have

def rsa_jwk(bits=2048, exponent=None, modulus=None):
    key = Key(rsa.generate_private_key(65537, bits))
    changes = {"e": exponent and b64_integer(exponent),
               "n": modulus and b64_integer(modulus(key.private.public_key().public_numbers().n))}
    return key, key.jwk | {name: value for name, value in changes.items() if value}


def ec_jwk(**members):
    key = Key()
    return key, key.jwk | members


# With the reason for which each is refused.
BAD_KEYS = {
    "RSA 1024": (lambda: rsa_jwk(1024), "fewer than 2048 bits"),
    "RSA 2047": (lambda: rsa_jwk(modulus=lambda n: n >> 1 | 1), "fewer than 2048 bits"),
    "RSA e = 1": (lambda: rsa_jwk(exponent=1), "exponent is even or 1"),
    "RSA e = 2": (lambda: rsa_jwk(exponent=2), "exponent is even or 1"),
    "RSA even modulus": (lambda: rsa_jwk(modulus=lambda n: n - 1), "modulus is even"),
    "RSA of 8200 bits": (lambda: rsa_jwk(modulus=lambda n: (1 << 8199) + 1), "more than 8192 bits"),
    "RSA of 20,000 bits": (lambda: rsa_jwk(modulus=lambda n: (1 << 20_000) + 1),
                           "512 to 16384 bits"),
    "P-224": (lambda: ec_jwk(crv="P-224"), "not P-224"),
    "secp256k1": (lambda: ec_jwk(crv="secp256k1"), "not secp256k1"),
    "unknown kty": (lambda: ec_jwk(kty="XY"), "not of kty XY"),
    "symmetric": (lambda: (Key(), {"kty": "oct", "k": b64(b"secret")}), "symmetric key"),
    "private member": (lambda: ec_jwk(d=b64(b"1" * 32)), "a private or"),
    "point off the curve": (lambda: ec_jwk(x=b64(b"\1" * 32), y=b64(b"\1" * 32)),
                            "not on P-256"),
    "point at infinity": (lambda: ec_jwk(x=b64(bytes(32)), y=b64(bytes(32))), "not on P-256"),
    "short coordinate": (lambda: ec_jwk(x=b64(b"\1" * 31)), "32 octets each"),
    "coordinate above p": (lambda: ec_jwk(x=b64(b"\xff" * 32)), "not on P-256"),
    "Ed448": (lambda: (Key(), {"kty": "OKP", "crv": "Ed448", "x": b64(b"1" * 57)}), "not Ed448"),
    "Ed25519 of 31 octets": (
        lambda: (Key(), {"kty": "OKP", "crv": "Ed25519", "x": b64(b"1" * 31)}), "32 octets"),
}


@pytest.mark.parametrize("name", BAD_KEYS)
@pytest.mark.checks(38, 39, 40)
def test_bad_account_keys(stranger, name):
    make, reason = BAD_KEYS[name]
    stranger.key, jwk = make()
    response = stranger.post(
        stranger.directory["newAccount"], {"termsOfServiceAgreed": True}, jwk=jwk)
    assert_refused(stranger, response, 400, "badPublicKey", reason)
    assert b64(b"secret") not in response.text


def test_a_key_that_lacks_a_member(stranger):
    jwk = {name: stranger.key.jwk[name] for name in ("kty", "crv", "x")}
    response = stranger.post(
        stranger.directory["newAccount"], {"termsOfServiceAgreed": True}, jwk=jwk)
    assert_refused(stranger, response, 400, "malformed", "jwk: y: missing")


@pytest.mark.checks(40)
def test_a_private_key_that_was_sent_is_not_logged(stranger):
    secret = b64(b"do not tell this to anybody ....")
    response = stranger.post(stranger.directory["newAccount"], {"termsOfServiceAgreed": True},
                             jwk=stranger.key.jwk | {"d": secret})
    assert_refused(stranger, response, 400, "badPublicKey")
    assert secret not in response.text
    assert secret not in stranger.authority.log.read_text()
