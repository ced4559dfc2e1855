"""What a client got, checked with the openssl command and the cryptography library."""

import base64
import datetime
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtensionOID

from harness.process import run


def read_chain(pem):
    """The certificates of a PEM text, in order."""
    end = "-----END CERTIFICATE-----"
    blocks = [block + end for block in pem.split(end)[:-1]]
    return [x509.load_pem_x509_certificate(block.encode()) for block in blocks]


def to_pem(*certificates):
    return "".join(
        certificate.public_bytes(serialization.Encoding.PEM).decode()
        for certificate in certificates
    )


def public_octets(key):
    return key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def key_type_of(key):
    """As Cairn names it: ec-p256, rsa2048."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        return {"secp256r1": "ec-p256", "secp384r1": "ec-p384"}[key.curve.name]
    assert isinstance(key, rsa.RSAPublicKey)
    return f"rsa{key.key_size}"


def names_of(certificate):
    """The DNS names of the subjectAltName, in order."""
    extension = certificate.extensions.get_extension_for_oid(
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
    return extension.value.get_values_for_type(x509.DNSName)


def validity(certificate):
    """First and last second, as aware times."""
    utc = datetime.timezone.utc
    return (certificate.not_valid_before.replace(tzinfo=utc),
            certificate.not_valid_after.replace(tzinfo=utc))


def verify_chain(chain, root_pem, folder, *options):
    """`openssl verify` of the first certificate of `chain` with the others under the root."""
    files = {}
    for name, text in {
        "root": root_pem, "leaf": to_pem(chain[0]), "others": to_pem(*chain[1:]),
    }.items():
        files[name] = pathlib.Path(folder) / f"verify-{name}.pem"
        files[name].write_text(text)
    untrusted = ["-untrusted", files["others"]] if chain[1:] else []
    run(["openssl", "verify", "-x509_strict", "-purpose", "sslserver", *options,
         "-CAfile", files["root"], *untrusted, files["leaf"]])


def check_issued(chain_file, authority, names, folder, key_file=None, key_type=None):
    """Asserts that a file holds a chain for exactly `names`, under the authority's root, that fits
    the key. Returns the chain."""
    chain = read_chain(pathlib.Path(chain_file).read_text())
    verify_chain(chain, authority.issuer_root(), folder)
    assert sorted(names_of(chain[0])) == sorted(names)
    if key_file:
        key = serialization.load_pem_private_key(pathlib.Path(key_file).read_bytes(), None)
        assert public_octets(key.public_key()) == public_octets(chain[0].public_key())
    if key_type:
        assert key_type_of(chain[0].public_key()) == key_type
    return chain


def renewal_name(leaf):
    """What renewal information calls a certificate (RFC 9773 section 4.1)."""
    key_id = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    serial = leaf.serial_number.to_bytes(leaf.serial_number.bit_length() // 8 + 1, "big")
    return ".".join(base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
                    for octets in (key_id, serial))
