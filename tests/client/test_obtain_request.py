"""cairn issue --csr: the key stays where the request was made."""

import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from harness.issued import names_of, public_octets, read_chain

NAME, OTHER = "a.example", "b.example"


def make_request(file, names=(NAME, OTHER), key=None, encoding=serialization.Encoding.PEM):
    """Writes a request for these names; its key."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    request = (x509.CertificateSigningRequestBuilder()
               .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]))
               .add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), False)
               .sign(key, hashes.SHA256()))
    file.write_bytes(request.public_bytes(encoding))
    return key


def words(cairn, file, *arguments):
    return ["issue", "--csr", file, "--solver", cairn.solvers["standalone"],
            "--ca", cairn.authority.directory, "--ca-root", cairn.authority.api_root,
            "--agree-tos", *arguments]


def leaf(cairn, name=NAME):
    return read_chain((cairn.live(name) / "fullchain.pem").read_text())[0]


@pytest.mark.parametrize("encoding", [serialization.Encoding.PEM, serialization.Encoding.DER])
def test_the_key_is_never_here(cairn, ca, tmp_path, encoding):
    file = tmp_path / "request"
    key = make_request(file, encoding=encoding)
    run = cairn.outcome(*words(cairn, file, "--json"))
    assert run.returncode == 0, run.stderr
    told, = json.loads(run.stdout)["certificates"]
    assert "private_key" not in told["files"]
    assert sorted(path.name for path in cairn.live(NAME).iterdir()) == [
        "cert.pem", "chain.pem", "fullchain.pem"]
    assert public_octets(leaf(cairn).public_key()) == public_octets(key.public_key())
    assert set(names_of(leaf(cairn))) == {NAME, OTHER}
    for path in cairn.state.rglob("*"):
        if path.is_file() and "accounts" not in path.parts:
            assert "PRIVATE KEY" not in path.read_text(errors="replace"), path

    # The same again has nothing to do; what follows knows such a lineage.
    assert cairn.outcome(*words(cairn, file), "--exit-code").returncode == 1
    assert cairn.outcome("issue", "--name", NAME, "--exit-code").returncode == 1
    run = cairn.outcome("status", "--json")
    entry, = json.loads(run.stdout)["certificates"]
    assert entry["state"] == "ok", entry

    # Renewals are for the same request, which need not be there any more.
    file.unlink()
    run = cairn.outcome("renew", "--force")
    assert run.returncode == 0, run.stderr
    assert len(ca.certificates) == 2
    assert leaf(cairn).serial_number == ca.certificates[1].serial_number
    assert public_octets(leaf(cairn).public_key()) == public_octets(key.public_key())
    run = cairn.outcome("revoke", NAME)
    assert run.returncode == 0, run.stderr
    assert ca.is_revoked(leaf(cairn).serial_number)


def test_another_request_is_another_certificate(cairn, ca, tmp_path):
    make_request(tmp_path / "one")
    assert cairn.outcome(*words(cairn, tmp_path / "one")).returncode == 0
    key = make_request(tmp_path / "two", key=rsa.generate_private_key(65537, 2048))
    run = cairn.outcome("issue", "--csr", tmp_path / "two")
    assert run.returncode == 0, run.stderr
    assert public_octets(leaf(cairn).public_key()) == public_octets(key.public_key())
    # Other names without another request cannot be had.
    run = cairn.outcome("issue", "--name", NAME, "-d", f"{NAME},c.example")
    assert run.returncode == 2
    assert "--csr FILE" in run.stderr
    # A key of our own takes its place when it is asked for, and goes again.
    assert cairn.outcome("issue", "--name", NAME, "--key-type", "ec-p256").returncode == 0
    assert (cairn.live(NAME) / "privkey.pem").exists()
    assert cairn.outcome("issue", "--csr", tmp_path / "one").returncode == 0
    assert not (cairn.live(NAME) / "privkey.pem").is_symlink()
    assert len(ca.certificates) == 4


def test_what_does_not_go_with_a_request_is_refused(cairn, ca, tmp_path):
    file = tmp_path / "request"
    make_request(file)
    for arguments, why in ((["-d", "c.example"], "does not ask for c.example"),
                           (["--key-type", "rsa2048"], "a key of type ec-p256"),
                           (["--reuse-key"], "leave out --reuse-key")):
        run = cairn.outcome(*words(cairn, file, *arguments))
        assert run.returncode == 2 and why in run.stderr, run.stderr
    file.write_text("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n")
    run = cairn.outcome(*words(cairn, file))
    assert run.returncode == 2 and "no certification request" in run.stderr
    make_request(file, names=["a_b.example"])
    run = cairn.outcome(*words(cairn, file))
    assert run.returncode == 2 and "a_b.example" in run.stderr
    assert not ca.orders
