"""A CA that lies about what it has issued: the sentence says what is wrong, the certificate before stays."""

import base64
import datetime
import ipaddress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives import serialization

from harness.hostile_ca import at, check_refused, check_told, within
from harness.issued import to_pem
from harness.odd_ca import Answer

NAME = "a.example"
DAY = datetime.timedelta(days=1)


def new_key():
    return ec.generate_private_key(ec.SECP256R1())


def names_in(csr):
    return csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value


def chain(ca, *leaves):
    return to_pem(*leaves) + ca.issuer_root()


def certified(**options):
    """A lie: the certificate that was asked for, but with these options."""
    return lambda ca, csr: chain(ca, ca.certify(csr.public_key(), names_in(csr), **options))


def named(*names):
    return lambda ca, csr: chain(ca, ca.certify(csr.public_key(), names))


def keyed(make_key):
    return lambda ca, csr: chain(ca, ca.certify(make_key().public_key(), names_in(csr)))


def honest(ca, csr):
    return ca.certify(csr.public_key(), names_in(csr))


def beside(text, before=False):
    """The chain that was asked for, and something else."""
    def lie(ca, csr):
        true = chain(ca, honest(ca, csr))
        return text + true if before else true + text
    return lie


def signed_by_another(ca, csr):
    """Its issuer's name is right, and the signature is of another key."""
    root = x509.load_pem_x509_certificate(ca.issuer_root().encode())
    return chain(ca, ca.certify(csr.public_key(), names_in(csr), issuer=(new_key(), root)))


def out_of_order(ca, csr):
    return ca.issuer_root() + to_pem(honest(ca, csr))


def twice(ca, csr):
    leaf = honest(ca, csr)
    return chain(ca, leaf, leaf)


def a_hundred_and_one(ca, csr):
    return to_pem(honest(ca, csr)) + ca.issuer_root() * 100


def cut_short(ca, csr):
    return chain(ca, honest(ca, csr))[:300]


def garbled(ca, csr):
    der = bytearray(honest(ca, csr).public_bytes(serialization.Encoding.DER))
    der[1:4] = b"\x84\xff\xff"
    return ("-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der).decode() +
            "-----END CERTIFICATE-----\n")


def private_key_block():
    return new_key().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()).decode()


LIES = {
    "another key": (keyed(new_key), "another key than ours"),
    "a key of another kind": (
        keyed(lambda: rsa.generate_private_key(65537, 2048)), "another key than ours"),
    "another name": (named(x509.DNSName("evil.example")), r"is for evil\.example, but we asked for a\.example"),
    "a name more": (named(x509.DNSName(NAME), x509.DNSName("evil.example")),
                    r"is for a\.example, evil\.example, but we asked for a\.example"),
    "a wildcard instead": (named(x509.DNSName("*.example")), r"is for \*\.example"),
    "an address more": (named(x509.DNSName(NAME), x509.IPAddress(
        ipaddress.ip_address("192.0.2.1"))), r"is for 192\.0\.2\.1, a\.example"),
    "a URI more": (named(x509.DNSName(NAME), x509.UniformResourceIdentifier("spiffe://evil/x")),
                   "and more, but we asked for"),
    "a name for terminals": (named(x509.DNSName("a\x1b[2Jexample")), "characters outside ASCII, control characters"),
    "already over": (certified(validity=(-90 * DAY, -DAY)), "was valid until"),
    "not yet valid": (certified(validity=(30 * DAY, 60 * DAY)), "valid (only )?from|begins to be valid|not valid before"),
    "for clients": (certified(purpose=x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH), "not for a TLS server"),
    "signed by another": (signed_by_another, "is not signed by"),
    "out of order": (out_of_order, "is not signed by|another key"),
    "twice": (twice, "is not signed by"),
    "a hundred and one certificates": (a_hundred_and_one, "more than 100 certificate"),
    "over a MiB": (beside("\n" * (1 << 20)), "larger than 1048576 octets"),
    "a private key": (beside(private_key_block()), "PRIVATE KEY.*not CERTIFICATE"),
    "a private key before": (beside(private_key_block(), before=True), "PRIVATE KEY.*not CERTIFICATE"),
    "a block of commands": (beside("-----BEGIN $(touch /tmp/owned)-----\nAAAA\n-----END X-----\n"),
                            "not CERTIFICATE"),
    "a page": (lambda ca, csr: "<html>\x1b[2J" + "a" * 9000, "not a certificate"),
    "text before": (beside("Bag Attributes\n", before=True), "not a certificate"),
    "cut short": (cut_short, "no proper end"),
    "garbled": (garbled, "certificate 1"),
    "nothing": (lambda ca, csr: "\n", "no certificate"),
}


@pytest.mark.checks(201)
@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_named_and_the_certificate_before_stays(cairn, ca, standing, lie):
    make, sentence = LIES[lie]
    ca.issue = lambda csr: make(ca, csr)
    with within(30):
        run = cairn.outcome("renew", "--force")
    check_refused(run, sentence)
    assert cairn.serial(NAME) == standing
    assert not list((cairn.state / "archive" / NAME).glob("*2*.pem"))
    check_told(cairn)


@pytest.mark.checks(201)
@pytest.mark.parametrize("lie", ["another key", "another name", "a private key"])
def test_nothing_becomes_live_of_a_lie(cairn, ca, lie):
    make, sentence = LIES[lie]
    ca.issue = lambda csr: make(ca, csr)
    check_refused(cairn.outcome(*cairn.issuing(NAME, "--json")), sentence)
    assert not cairn.live(NAME).exists()


@pytest.mark.checks(201)
def test_the_certificate_of_another_order_is_refused(cairn, ca, standing):
    old = ca.orders["1"]["chain"]
    ca.intercept = at("/certificate/", lambda: Answer(200, old.encode()))
    check_refused(cairn.outcome("renew", "--force"), "another key than ours")
    assert cairn.serial(NAME) == standing


@pytest.mark.checks(201)
def test_an_honest_answer_behind_a_lie_is_taken_in_the_next_run(cairn, ca, standing):
    ca.intercept = at("/certificate/", lambda: Answer(200, b"-----BEGIN CERTIFICATE-----\nMIIB"))
    check_refused(cairn.outcome("renew", "--force"), "cairn renew a.example")
    assert cairn.serial(NAME) == standing
    ca.intercept = lambda request: None
    run = cairn.outcome("renew")
    assert run.returncode == 0, run.stderr
    assert len(ca.orders) == len(ca.certificates) == 2
    assert cairn.serial(NAME) == ca.certificates[1].serial_number


@pytest.mark.checks(202)
def test_the_key_of_the_account_is_never_a_certificates(cairn, ca):
    run = cairn.outcome(*cairn.issuing(NAME, "--reuse-key"))
    assert run.returncode == 0, run.stderr
    account = next((cairn.state / "accounts").rglob("key.pem"))
    key = cairn.live(NAME) / "privkey.pem"
    assert account.read_bytes() != key.read_bytes()
    for file in (account, key.resolve()):
        assert file.stat().st_mode & 0o777 == 0o600
    # The account's key in place of the certificate's, as if somebody had copied it there.
    key.resolve().write_bytes(account.read_bytes())
    own = serialization.load_pem_private_key(account.read_bytes(), None)
    leaf = ca.certify(own.public_key(), [x509.DNSName(NAME)])
    for stem, text in (("cert", to_pem(leaf)), ("fullchain", chain(ca, leaf))):
        (cairn.live(NAME) / f"{stem}.pem").resolve().write_text(text)
    orders = len(ca.orders)
    check_refused(cairn.outcome("renew", "--force"), "the lineage's key is the account's key")
    assert len(ca.orders) == orders
