"""Orders, authorizations, finalization and revocation (RFC 8555 sections 7.4 to 7.6)."""

import concurrent.futures
import datetime
import ipaddress
import pathlib
import subprocess
import tempfile
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from e2e.refusals import assert_refused
from harness.acme import Client, Key, assert_problem, b64, make_csr
from harness.dns_server import unique_name
from harness.issued import names_of


def p256():
    return ec.generate_private_key(ec.SECP256R1())


def dns_identifiers(*names):
    return {"identifiers": [{"type": "dns", "value": name} for name in names]}


def assert_no_order(client):
    orders = client.read(client.account_url)["orders"]
    assert client.read(orders)["orders"] == []


# New orders

@pytest.mark.checks(68, 70, 83, 84)
def test_new_order(client):
    name = unique_name()
    response = client.post(client.directory["newOrder"], dns_identifiers(name.upper(), name))
    assert response.status_code == 201
    order = response.json()
    assert order["status"] == "pending"
    assert order["identifiers"] == [{"type": "dns", "value": name}]
    assert len(order["authorizations"]) == 1
    assert datetime.datetime.fromisoformat(order["expires"].replace("Z", "+00:00"))
    assert client.read(response.headers["Location"]) == order

    authorization = client.read(order["authorizations"][0])
    assert authorization["identifier"] == {"type": "dns", "value": name}
    assert authorization["status"] == "pending" and "wildcard" not in authorization
    assert {c["type"] for c in authorization["challenges"]} == {"http-01", "dns-01", "tls-alpn-01"}
    for challenge in authorization["challenges"]:
        assert len(challenge["token"]) >= 22 and challenge["status"] == "pending"


@pytest.mark.checks(83, 123)
def test_wildcards_are_proved_by_dns_alone(client):
    name = unique_name()
    _, order = client.order([f"*.{name}"])
    authorization = client.read(order["authorizations"][0])
    assert authorization["identifier"]["value"] == name and authorization["wildcard"] is True
    assert [c["type"] for c in authorization["challenges"]] == ["dns-01"]


BAD_NAMES = {
    "the name is empty": ["", "*."],
    "a label is empty": [".", "example.test.", "a..example.test", ".example.test"],
    "a label is longer than 63 octets": ["a" * 64 + ".test"],
    "the name is longer than 253 octets": [".".join(["a" * 60] * 5) + ".test"],
    "more than 10 labels": ["a.b.c.d.e.f.g.h.i.j.test"],
    "a hyphen begins or ends a label": ["-a.example.test", "a-.example.test", "xn--.example.test"],
    "only letters, digits and hyphens": [
        "a_b.example.test", "a b.example.test", "a\0.example.test", "ä.example.test",
        "*.*.example.test", "a.*.example.test", "*a.example.test", "*", "example.test/x",
        "example.test:80", "user@example.test"],
    "the last label is a number": ["192.0.2.1", "foo.0x1f", "foo.0x"],
    "does not stand for a name": ["xn--e-xbb.example.test", "xn--a.example.test"],
    "in third and fourth place": ["ab--cd.example.test"],
    "is a public suffix": ["com", "co.uk"],
    "directly above a public suffix": ["*.com", "*.co.uk"],
    "does not exist in the public DNS": ["test", "localhost", "printer.local"],
    "RFC 9476": ["a.alt"],
    "reverse DNS zones": ["1.2.0.192.in-addr.arpa"],
}


@pytest.mark.parametrize("name, reason", [
    (name, reason) for reason, names in BAD_NAMES.items() for name in names])
@pytest.mark.checks(72, 73)
def test_bad_names(client, name, reason):
    response = client.post(client.directory["newOrder"], dns_identifiers(name))
    assert_refused(client, response, 400, "rejectedIdentifier", reason)
    assert_no_order(client)


@pytest.mark.parametrize("payload, kind, reason", [
    ({}, "malformed", "names no identifiers"),
    ({"identifiers": []}, "malformed", "names no identifiers"),
    ({"identifiers": [{"type": "email", "value": "a@example.test"}]}, "unsupportedIdentifier",
     "not of type email"),
    ({"identifiers": [{"type": "dns", "value": f"n{i}.example.test"} for i in range(101)]},
     "malformed", "the order has 101 identifiers"),
    (dns_identifiers("a.example.test") | {"notBefore": "yesterday"}, "malformed",
     "notBefore: time"),
    (dns_identifiers("a.example.test") | {"notBefore": "2030-01-02T00:00:00Z",
                                          "notAfter": "2030-01-01T00:00:00Z"}, "malformed",
     "notAfter is before notBefore"),
    (dns_identifiers("a.example.test") | {"notAfter": "2001-01-01T00:00:00Z"}, "malformed",
     "notAfter is not after notBefore and now"),
    (dns_identifiers("a.example.test") | {"profile": "no-such-profile"}, "invalidProfile",
     "is not offered"),
    ({"identifiers": [{"type": "ip", "value": "010.0.0.1"}]}, "rejectedIdentifier",
     "not an IP address"),
    ({"identifiers": [{"type": "ip", "value": "fe80::1%eth0"}]}, "rejectedIdentifier",
     "not an IP address"),
    ({"identifiers": [{"type": "ip", "value": "192.168.7.7"}]}, "rejectedIdentifier",
     "reserved for a special purpose"),
])
@pytest.mark.checks(69, 71, 74, 75, 120, 121)
def test_orders_that_are_refused(client, payload, kind, reason):
    response = client.post(client.directory["newOrder"], payload)
    assert_refused(client, response, 400, kind, reason)
    assert_no_order(client)


@pytest.mark.checks(70)
def test_a_wildcard_beside_a_name_that_it_covers(client):
    base = unique_name()
    names = [f"*.{base}", f"a.{base}"]
    _, order = client.order(names)
    assert [identifier["value"] for identifier in order["identifiers"]] == names
    assert len(order["authorizations"]) == 2


@pytest.mark.checks(78)
def test_the_same_order_again(client, new_client):
    name = unique_name()
    url, order = client.order([name])
    again_url, again = client.order([name])
    assert again["status"] == "pending" and again["identifiers"] == order["identifiers"]
    other_url, _ = new_client().order([name])
    assert other_url not in (url, again_url)
    client.start_validation(again["authorizations"][0])
    assert client.wait_while(again_url, {"pending"})["status"] == "ready"
    assert client.read(url)["status"] in ("pending", "ready")


@pytest.mark.checks(74)
def test_empty_times_are_absent(client):
    url, order = client.order([unique_name()], notBefore="", notAfter="", profile="")
    assert "notBefore" not in order and "notAfter" not in order
    assert client.read(url)["status"] == "pending"


def test_labels_of_emoji(client):
    name = f"xn--zn8h.{unique_name()}"
    assert names_of(x509.load_der_x509_certificate(client.issue([name]).der)) == [name]


@pytest.mark.checks(71, 165)
def test_each_refused_name_is_named(client):
    bad = ["localhost", "printer.local"]
    response = client.post(client.directory["newOrder"], dns_identifiers(unique_name(), *bad))
    problem = assert_refused(client, response, 400, "rejectedIdentifier", "several identifiers")
    assert [sub["identifier"]["value"] for sub in problem["subproblems"]] == bad
    assert "identifier" not in problem


@pytest.mark.checks(80, 91, 128)
def test_orders_of_others_are_not_found(client, new_client):
    other = new_client()
    url, order = other.order([unique_name()])
    absent = url[:-1] + ("A" if url[-1] != "A" else "B")
    mine = assert_refused(client, client.post(url), 404, "malformed")
    assert mine == assert_problem(client.post(absent), 404, "malformed")
    authorization = other.read(order["authorizations"][0])
    challenge = authorization["challenges"][0]["url"]
    for foreign, payload in [(order["authorizations"][0], None), (challenge, {}),
                             (order["authorizations"][0], {"status": "deactivated"}),
                             (order["finalize"], {"csr": b64(make_csr(p256(), ["a.test"]))})]:
        assert_refused(client, client.post(foreign, payload), 404, "malformed", "no such")
    assert other.read(url)["status"] == "pending"


# Authorizations and challenges

@pytest.mark.checks(77, 87, 88)
def test_a_failed_challenge_fails_the_order_at_once(client):
    url, order = client.order([unique_name()])
    authorization = client.read(order["authorizations"][0])
    client.must(client.post(client.challenge_of(authorization, "http-01")["url"], {}))
    order = client.wait_while(url, {"pending"})
    assert order["status"] == "invalid" and order["error"]["type"]
    authorization = client.read(order["authorizations"][0])
    challenge = client.challenge_of(authorization, "http-01")
    assert (authorization["status"], challenge["status"]) == ("invalid", "invalid")
    assert challenge["error"]["type"].endswith((":unauthorized", ":incorrectResponse"))
    again = client.must(client.post(challenge["url"], {})).json()
    assert (again["status"], again["error"]) == ("invalid", challenge["error"])


@pytest.mark.checks(85, 86)
def test_fifty_tries_are_one_validation(client):
    url, order = client.order([unique_name()])
    authorization = client.read(order["authorizations"][0])
    challenge = client.challenge_of(authorization, "http-01")
    client.responder.answers[challenge["token"]] = client.key_authorization(challenge["token"])

    def post(_):
        twin = Client(client.authority, key=client.key)
        twin.account_url = client.account_url
        return twin.post(challenge["url"], {"keyAuthorization": "ignored"}).status_code

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        assert set(pool.map(post, range(50))) == {200}
    assert client.wait_while(url, {"pending"})["status"] == "ready"
    assert "validated" in client.read(challenge["url"])


@pytest.mark.checks(77, 90)
def test_deactivation_of_an_authorization(client):
    url, order = client.order([unique_name()])
    authorization = order["authorizations"][0]
    for status in ["valid", "invalid", "nonsense"]:
        assert_refused(client, client.post(authorization, {"status": status}), 400, "malformed")
    response = client.post(authorization, {"status": "deactivated"})
    assert response.status_code == 200 and response.json()["status"] == "deactivated"
    assert client.read(url)["status"] == "invalid"


@pytest.mark.checks(79)
def test_a_valid_authorization_is_reused_by_its_account_alone(client, new_client):
    name = unique_name()
    client.issue([name])
    _, again = client.order([name])
    assert again["status"] == "ready"
    _, of_another = new_client().order([name])
    assert of_another["status"] == "pending"


@pytest.mark.checks(84, 85)
def test_a_challenge_that_is_only_read(client):
    name = unique_name()
    url, order = client.order([name])
    authorization = order["authorizations"][0]
    challenges = client.read(authorization)["challenges"]
    _, other = client.order([unique_name()])
    tokens = {c["token"] for c in challenges + client.read(other["authorizations"][0])["challenges"]}
    assert len(tokens) >= 2, "each authorization has a token of its own"
    for challenge in challenges:
        response = client.must(client.post(challenge["url"]))
        assert response.json() == challenge and challenge["status"] == "pending"
        assert f'<{authorization}>;rel="up"' in response.headers["Link"]
    assert not [line for line in client.authority.log_lines() if name in str(line.get("names", ""))
                and line["event"].startswith("validation")]
    assert client.read(url) == order


@pytest.mark.checks(91)
def test_a_challenge_under_another_authorization(client, new_client):
    _, order = client.order([unique_name()])
    _, of_another = new_client().order([unique_name()])
    own = order["authorizations"][0]
    challenge = client.challenge_of(client.read(own), "http-01")["url"]
    foreign = challenge.replace(own.rsplit("/", 1)[1], of_another["authorizations"][0].rsplit("/", 1)[1])
    assert foreign != challenge
    for payload in (None, {}):
        assert_refused(client, client.post(foreign, payload), 404, "malformed", "no such")
    assert client.read(own)["status"] == "pending"


@pytest.mark.checks(165)
def test_each_name_that_failed_is_named_in_the_order(client):
    names = [unique_name(), unique_name()]
    url, order = client.order(names)
    challenges = [client.challenge_of(client.read(authorization), "http-01")["url"]
                  for authorization in order["authorizations"]]
    for challenge in challenges:
        client.post(challenge, {})
    client.wait_while(url, {"pending"})
    for authorization in order["authorizations"]:
        client.wait_while(authorization, {"pending"})
    problem = client.read(url)["error"]
    assert sorted(sub["identifier"]["value"] for sub in problem["subproblems"]) == sorted(names)
    assert all(sub["type"].startswith("urn:ietf:params:acme:error:")
               for sub in problem["subproblems"])
    assert "identifier" not in problem


# Finalization

def san(*names):
    return x509.SubjectAlternativeName(names)


def make_csr_with_sha_1(name):
    """By OpenSSL's command, since newer versions of Python's library refuse to."""
    with tempfile.TemporaryDirectory() as folder:
        key = pathlib.Path(folder, "key.pem")
        key.write_bytes(p256().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))
        return subprocess.run(
            ["openssl", "req", "-new", "-sha1", "-key", key, "-subj", "/", "-addext",
             f"subjectAltName=DNS:{name}", "-outform", "DER"],
            check=True, stdout=subprocess.PIPE).stdout


SECOND = "other.example.test"

# With the reason for which each is refused.
BAD_REQUESTS = {
    "empty": (lambda name: b"", "ends within an element"),
    "no DER": (lambda name: b"hello", "ends within an element"),
    "PEM": (
        lambda name: x509.load_der_x509_csr(make_csr(p256(), [name])).public_bytes(
            serialization.Encoding.PEM),
        "octets after the end"),
    "trailing octets": (lambda name: make_csr(p256(), [name]) + b"\0", "octets after the end"),
    "cut short": (lambda name: make_csr(p256(), [name])[:-1], "ends within an element"),
    "signature broken": (lambda name: make_csr(p256(), [name])[:-1] + b"\0", "does not verify"),
    "SHA-1": (lambda name: make_csr_with_sha_1(name), "ecdsa-with-SHA1 is not accepted"),
    "no names": (lambda name: make_csr(p256(), []), "it lacks"),
    "another name": (lambda name: make_csr(p256(), [SECOND]), "it lacks"),
    "a name too many": (lambda name: make_csr(p256(), [name, SECOND]),
                        "which the order does not have"),
    "common name not ordered": (lambda name: make_csr(p256(), [name], common_name=SECOND),
                                "which the order does not have"),
    "wildcard of the name": (lambda name: make_csr(p256(), [f"*.{name}"]), 'asks for "*.'),
    "name with a NUL": (lambda name: make_csr(p256(), [f"{name}\0.evil.test"]),
                        "control characters"),
    "name with a final dot": (lambda name: make_csr(p256(), [f"{name}."]),
                              "which the order does not have"),
    "mail address": (
        lambda name: make_csr(
            p256(), [],
            extensions=[(san(x509.DNSName(name), x509.RFC822Name("a@example.test")), False)]),
        "other things than DNS names"),
    "URI": (
        lambda name: make_csr(p256(), [], extensions=[
            (san(x509.DNSName(name), x509.UniformResourceIdentifier("https://a.test/")), False)]),
        "holds a URI, which profile"),
    "other name": (
        lambda name: make_csr(p256(), [], extensions=[
            (san(x509.DNSName(name), x509.OtherName(ObjectIdentifier("1.2.3"), b"\x0c\x01a")),
             False)]),
        "other things than DNS names"),
    "address": (
        lambda name: make_csr(p256(), [], extensions=[
            (san(x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("192.0.2.1"))), False)]),
        'asks for "192.0.2.1"'),
    "must staple": (
        lambda name: make_csr(p256(), [name], extensions=[
            (x509.TLSFeature([x509.TLSFeatureType.status_request]), False)]),
        "must-staple"),
    "RSA 1024": (lambda name: make_csr(rsa.generate_private_key(65537, 1024), [name]),
                 "fewer than 2048 bits"),
    "RSA e = 3": (lambda name: make_csr(rsa.generate_private_key(3, 2048), [name]),
                  "exponent is below 65537"),
    "P-224": (lambda name: make_csr(ec.generate_private_key(ec.SECP224R1()), [name]),
              "public key is not"),
    "secp256k1": (lambda name: make_csr(ec.generate_private_key(ec.SECP256K1()), [name]),
                  "public key is not"),
    "DSA": (lambda name: make_csr(dsa.generate_private_key(2048), [name]), "public key is not"),
    "Ed25519": (
        lambda name: x509.CertificateSigningRequestBuilder().subject_name(
            x509.Name([])).add_extension(san(x509.DNSName(name)), False).sign(
                ed25519.Ed25519PrivateKey.generate(), None).public_bytes(
                    serialization.Encoding.DER),
        "does not certify ed25519 keys"),
}


@pytest.mark.checks(129, 130, 131, 132, 134, 136)
def test_bad_requests_for_certificates(client):
    name = unique_name()
    url, order = client.make_ready([name])
    for what, (request, reason) in BAD_REQUESTS.items():
        response = client.finalize(order, request(name))
        try:
            assert_refused(client, response, 400, "badCSR", reason)
            assert client.read(url)["status"] == "ready"
        except AssertionError as error:
            raise AssertionError(f"{what}: {error}") from None
    # The order is still good for a good request.
    client.must(client.finalize(order, make_csr(p256(), [name])))
    assert client.wait_while(url, {"ready", "processing"})["status"] == "valid"


@pytest.mark.checks(135)
def test_account_keys_are_no_certificate_keys(client):
    name = unique_name()
    _, order = client.make_ready([name])
    response = client.finalize(order, make_csr(client.key.private, [name]))
    assert_refused(client, response, 400, "badCSR")


@pytest.mark.parametrize("common_name", [
    lambda name: "127.0.0.1", lambda name: name, lambda name: name.upper()])
@pytest.mark.checks(131)
def test_a_common_name_may_be_any_ordered_identifier(client, common_name):
    name = unique_name()
    response = client.must(client.post(client.directory["newOrder"], {"identifiers": [
        {"type": "dns", "value": name}, {"type": "ip", "value": "127.0.0.1"}]}))
    url, order = response.headers["Location"], response.json()
    for authorization in order["authorizations"]:
        client.start_validation(authorization)
    order = client.wait_while(url, {"pending"})
    assert order["status"] == "ready", client.explain(order)
    names = x509.SubjectAlternativeName(
        [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    request = make_csr(p256(), [], common_name=common_name(name), extensions=[(names, False)])
    other = make_csr(p256(), [], common_name="127.0.0.2", extensions=[(names, False)])
    assert_refused(client, client.finalize(order, other), 400, "badCSR")
    assert client.must(client.finalize(order, request)).status_code == 200
    assert client.wait_while(url, {"ready", "processing"})["status"] == "valid"


def with_version(request, key, version):
    """The request with another version, signed again."""
    info = x509.load_der_x509_csr(request).tbs_certrequest_bytes
    at = info.index(b"\x02\x01\x00")
    info = info[:at] + bytes([2, 1, version]) + info[at + 3:]
    signature = b"\x00" + key.sign(info, ec.ECDSA(hashes.SHA256()))
    algorithm = bytes.fromhex("300a06082a8648ce3d040302")
    body = info + algorithm + bytes([3, len(signature)]) + signature
    return b"\x30\x82" + len(body).to_bytes(2, "big") + body


@pytest.mark.parametrize("version", [1, 2])
def test_a_request_of_another_version(client, version):
    name = unique_name()
    url, order = client.make_ready([name])
    key = p256()
    # Long enough for two octets of length.
    names = x509.SubjectAlternativeName([x509.DNSName(name)] * 5)
    request = make_csr(key, [], extensions=[(names, False)])
    answer = client.finalize(order, with_version(request, key, 3))
    assert "version" in assert_refused(client, answer, 400, "badCSR")["detail"]
    client.must(client.finalize(order, with_version(request, key, version)))
    assert client.wait_while(url, {"ready", "processing"})["status"] == "valid"


@pytest.mark.parametrize("body, kind, reason", [
    ({}, "malformed", "csr: missing"), ({"CSR": "AA"}, "malformed", "csr: missing"),
    ({"csr": 1}, "malformed", "csr: not a string"), ({"csr": ""}, "badCSR", "is not DER"),
    ({"csr": "a=="}, "badCSR", "csr: base64url text is padded"),
])
@pytest.mark.checks(45, 129)
def test_finalization_without_a_request(client, body, kind, reason):
    _, order = client.make_ready([unique_name()])
    response = client.post(order["finalize"], body)
    assert_refused(client, response, 400, kind, reason)


@pytest.mark.checks(125)
def test_finalization_answers_with_the_order(client):
    name = unique_name()
    url, order = client.make_ready([name])
    response = client.finalize(order, make_csr(p256(), [name]))
    assert response.status_code == 200 and response.headers["Location"] == url
    assert response.json()["status"] in ("processing", "valid")
    assert response.json()["identifiers"] == order["identifiers"]
    assert client.wait_while(url, {"ready", "processing"})["certificate"]


@pytest.mark.checks(126)
def test_finalization_before_the_time(client):
    name = unique_name()
    _, order = client.order([name])
    assert_refused(client, client.finalize(order, make_csr(p256(), [name])), 403, "orderNotReady")


@pytest.mark.checks(127)
def test_fifty_finalizations_are_one_certificate(client):
    name = unique_name()
    url, order = client.make_ready([name])

    def finalize(_):
        twin = Client(client.authority, key=client.key)
        twin.account_url = client.account_url
        return twin.finalize(order, make_csr(p256(), [name])).status_code

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(finalize, range(50)))
    assert 200 in statuses and set(statuses) <= {200, 403}
    assert client.wait_while(url, {"ready", "processing"})["status"] == "valid"
    issued = [c for c in client.authority.store.certificates() if names_of(c) == [name]]
    assert len(issued) == 1


@pytest.mark.checks(126, 127)
def test_the_same_request_at_once_is_no_error(client):
    name = unique_name()
    url, order = client.make_ready([name])
    request = make_csr(p256(), [name])
    twins = [Client(client.authority, key=client.key) for _ in range(20)]
    for twin in twins:
        twin.account_url = client.account_url
        twin.nonces = [twin.nonce()]
    barrier = threading.Barrier(len(twins))

    def finalize(twin):
        barrier.wait()
        return twin.finalize(order, request)

    with concurrent.futures.ThreadPoolExecutor(len(twins)) as pool:
        answers = list(pool.map(finalize, twins))
    assert [answer.status_code for answer in answers] == [200] * len(twins), answers[0].text
    assert client.wait_while(url, {"ready", "processing"})["status"] == "valid"
    # As it is when the order is valid.
    again = client.finalize(order, request)
    assert (again.status_code, again.json()["status"]) == (200, "valid")
    assert_refused(client, client.finalize(order, make_csr(p256(), [name])), 403, "orderNotReady")


GREEDY = [
    (x509.BasicConstraints(ca=True, path_length=None), True),
    (x509.KeyUsage(False, False, False, False, False, True, True, False, False), True),
    (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False),
    (x509.CertificatePolicies([x509.PolicyInformation(ObjectIdentifier("2.23.140.1.1"), None)]),
     False),
    (x509.NameConstraints([x509.DNSName("test")], None), True),
    (x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2"), b"\x04\x00"), False),
]


@pytest.mark.parametrize("extension, critical", GREEDY, ids=lambda value: type(value).__name__)
@pytest.mark.checks(133)
def test_what_a_request_asks_for_is_not_given(client, extension, critical):
    name = unique_name()
    url, order = client.make_ready([name])
    request = make_csr(p256(), [name], extensions=[(extension, critical)])
    response = client.finalize(order, request)
    if response.status_code >= 400:
        assert_refused(client, response, 400, "badCSR")
        return
    order = client.wait_while(url, {"ready", "processing"})
    extensions = client.download(url, order).leaf.extensions
    for found in extensions:
        if found.oid == extension.oid:
            assert found.value != extension


# Revocation

@pytest.mark.checks(150, 155)
def test_revocation_by_the_account(client):
    issued = client.issue([unique_name()])
    serial = issued.leaf.serial_number
    response = client.revoke(issued.der, reason=4)
    assert (response.status_code, response.content) == (200, b"")
    assert client.authority.store.revocation_reason(serial) == 4
    assert_refused(client, client.revoke(issued.der), 400, "alreadyRevoked")


@pytest.mark.checks(152, 158)
def test_revocation_by_the_key_is_for_compromise(client, stranger):
    issued = client.issue([unique_name()])
    stranger.key = Key(issued.key)
    assert stranger.revoke(issued.der).status_code == 200
    assert client.authority.store.revocation_reason(issued.leaf.serial_number) == 1
    # A key that is known to others is never certified again.
    _, order = client.make_ready([name := unique_name()])
    response = client.finalize(order, make_csr(issued.key, [name]))
    assert_refused(client, response, 400, "badCSR")


@pytest.mark.checks(56, 152, 155)
def test_revocation_by_the_key_is_of_all_its_certificates(client, new_client, stranger):
    issued = client.issue([unique_name()])
    other = new_client()
    twin = other.issue([unique_name()], key=issued.key)
    superseded = client.issue([unique_name()], key=issued.key)
    client.must(client.revoke(superseded.der, reason=4))
    stranger.key = Key(issued.key)
    assert stranger.revoke(issued.der).status_code == 200
    for certificate in (issued, twin, superseded):
        serial = certificate.leaf.serial_number
        assert client.authority.store.revocation_reason(serial) == 1
        assert_refused(stranger, stranger.revoke(certificate.der), 400, "alreadyRevoked")
    for asker, der in [(client, issued.der), (other, twin.der), (client, superseded.der)]:
        assert_refused(asker, asker.revoke(der), 400, "alreadyRevoked", "is revoked already")
    assert_refused(client, client.revoke(twin.der), 403, "unauthorized", "neither got this")
    assert_refused(other, other.revoke(twin.der), 400, "alreadyRevoked")
    newcomer = Client(client.authority, client.responder, Key(issued.key))
    assert_refused(newcomer, newcomer.post(newcomer.directory["newAccount"], {}), 400,
                   "badPublicKey")


def test_an_account_that_says_key_compromise_blocks_nothing(client, new_client):
    """The account has not proved that it has the key."""
    key = p256()
    issued = client.issue([unique_name()], key=key)
    owner = new_client()
    twin = owner.issue([unique_name()], key=key)
    assert client.revoke(issued.der, reason=1).status_code == 200
    assert client.authority.store.revocation_reason(issued.leaf.serial_number) == 1
    assert client.authority.store.revocation_reason(twin.leaf.serial_number) is None
    owner.issue([unique_name()], key=key)


@pytest.mark.checks(56, 135)
def test_no_key_is_an_accounts_and_a_certificates(client, new_client, responder, shared_ca):
    """Asked for both at once, the CA does exactly one of them."""
    def finalizes(order, key, names):
        return client.finalize(order, make_csr(key, names))

    def registers(key):
        newcomer = Client(shared_ca, responder, Key(key))
        return newcomer.post(newcomer.directory["newAccount"], {"termsOfServiceAgreed": True})

    other = new_client()
    with concurrent.futures.ThreadPoolExecutor() as threads:
        for round in range(20):
            key, names = p256(), [unique_name()]
            _, order = client.make_ready(names)
            tasks = [threads.submit(finalizes, order, key, names)]
            if round % 2:
                tasks.append(threads.submit(registers, key))
            else:
                tasks.append(threads.submit(other.change_key, Key(key)))
            finalized, other_use = (task.result(60) for task in tasks)
            done = [finalized.status_code == 200, other_use.status_code in (200, 201)]
            assert done.count(True) == 1, (finalized.text, other_use.text)
            if done[0]:
                assert_problem(other_use, 400, "badPublicKey")
            else:
                assert_problem(finalized, 400, "badCSR")
                if not round % 2:
                    other.key = Key(key)


@pytest.mark.checks(151, 153)
def test_revocation_by_whoever_controls_all_names(client, new_client):
    first, second = unique_name(), unique_name()
    issued = client.issue([first, second])
    other = new_client()
    other.issue([first])
    assert_refused(other, other.revoke(issued.der), 403, "unauthorized")
    other.issue([second])
    assert other.revoke(issued.der, reason=1).status_code == 200
    assert client.authority.store.revocation_reason(issued.leaf.serial_number) == 5


@pytest.mark.checks(153, 154)
def test_revocation_by_nobody_in_particular(client, new_client, stranger):
    issued = client.issue([unique_name()])
    other = new_client()
    assert_refused(other, other.revoke(issued.der), 403, "unauthorized")
    assert_refused(stranger, stranger.revoke(issued.der), 403, "unauthorized")
    stranger.key = client.key
    assert_refused(stranger, stranger.revoke(issued.der), 403, "unauthorized")
    assert client.authority.store.revocation_reason(issued.leaf.serial_number) is None


@pytest.mark.parametrize("reason, kind", [
    (2, "badRevocationReason"), (6, "badRevocationReason"), (7, "badRevocationReason"),
    (8, "badRevocationReason"), (10, "badRevocationReason"), (11, "badRevocationReason"),
    (-1, "badRevocationReason"), (2**40, "badRevocationReason"), ("1", "malformed"),
    (1.5, "malformed"), ([1], "malformed"),
])
@pytest.mark.checks(156)
def test_reasons_that_are_refused(client, reason, kind):
    issued = client.issue([unique_name()])
    assert_refused(client, client.revoke(issued.der, reason=reason), 400, kind)


@pytest.mark.checks(157, 158)
def test_certificates_that_are_not_ours(client):
    issued = client.issue([unique_name()])
    ours = issued.leaf
    forger = p256()
    forged = (x509.CertificateBuilder()
              .subject_name(ours.subject).issuer_name(ours.issuer).public_key(ours.public_key())
              .serial_number(ours.serial_number)
              .not_valid_before(ours.not_valid_before).not_valid_after(ours.not_valid_after)
              .sign(forger, hashes.SHA256()).public_bytes(serialization.Encoding.DER))
    root = x509.load_pem_x509_certificate(client.authority.issuer_root().encode())
    for der in [forged, root.public_bytes(serialization.Encoding.DER)]:
        assert_refused(client, client.revoke(der), 404, "malformed", "did not issue")
    for der in [b"", b"x", issued.der + b"\0", issued.chain_pem.encode()]:
        assert_refused(client, client.revoke(der), 400, "malformed", "is not DER")
    assert client.authority.store.revocation_reason(ours.serial_number) is None
