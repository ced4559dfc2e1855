"""A root or an intermediate that is there already: at `init`, and later by `issuer`."""

import datetime
import json
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from harness.acme import Client
from harness.authority import CairnCa
from harness.dns_server import unique_name
from harness.issued import read_chain, to_pem, verify_chain
from harness.process import BIN, run
from harness.web import Responder

NOW = datetime.datetime.utcnow()
DAY = datetime.timedelta(days=1)
PASSPHRASE = "open sesame"


def certify(name, key, above=None, path_length=None, begins=-DAY, ends=700 * DAY, is_ca=True, usage=True,
            purposes=None, permitted=None, has_key_id=True, has_authority_id=True):
    """A certificate of an authority. `above`: certificate and key of the one that signs; none: itself."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder().subject_name(subject)
        .issuer_name(above[0].subject if above else subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + begins).not_valid_after(NOW + ends)
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=path_length if is_ca else None), True)
        .add_extension(x509.KeyUsage(
            digital_signature=True, content_commitment=False, key_encipherment=False,
            data_encipherment=False, key_agreement=False, key_cert_sign=usage, crl_sign=True,
            encipher_only=False, decipher_only=False), True))
    if has_key_id:
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    if above and has_authority_id:
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(above[1].public_key()), False)
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), False)
    if permitted:
        builder = builder.add_extension(x509.NameConstraints([x509.DNSName(permitted)], None), True)
    return builder.sign(above[1] if above else key, hashes.SHA256())


def key_pem(key, passphrase=None):
    encryption = (serialization.BestAvailableEncryption(passphrase.encode()) if passphrase
                  else serialization.NoEncryption())
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


class Own:
    """Authorities that an operator has, as files."""

    def __init__(self, folder):
        self.folder = folder
        self.root_key = ec.generate_private_key(ec.SECP384R1())
        self.root = certify("Old Root", self.root_key)
        self.key = ec.generate_private_key(ec.SECP256R1())
        # It begins later than what `init` makes, which is valid since an hour ago.
        self.intermediate = certify("Old Issuer", self.key, (self.root, self.root_key), 0,
                                    begins=-DAY / 48)
        self.write("root.pem", to_pem(self.root))
        self.write("root-key.pem", key_pem(self.root_key))
        self.write("issuer.pem", to_pem(self.intermediate))
        # As such files are: with text around, and the root first.
        self.write("bundle.pem", "subject=CN = Old Root\n" + to_pem(self.root, self.intermediate))
        self.write("issuer-key.pem", key_pem(self.key))
        self.write("issuer-secret.pem", key_pem(self.key, PASSPHRASE))
        self.write("both.pem", to_pem(self.intermediate, self.root).encode() + key_pem(self.key))
        self.write("root.p12", self.bundle(self.root_key, self.root, PASSPHRASE))
        self.write("issuer.p12", self.bundle(self.key, self.intermediate, PASSPHRASE, self.root))
        self.write("plain.p12", self.bundle(self.key, self.intermediate, None, self.root))
        self.write("passphrase", PASSPHRASE + "\n")
        self.write("wrong", "sesame\n")

    def write(self, name, content):
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(0o600)
        return path

    @staticmethod
    def bundle(key, certificate, passphrase, *others):
        encryption = (serialization.BestAvailableEncryption(passphrase.encode()) if passphrase
                      else serialization.NoEncryption())
        return pkcs12.serialize_key_and_certificates(b"own", key, certificate, others, encryption)

    def words(self, *words):
        """Options with the names of files in full."""
        before = ("", *words)
        return [str(self.folder / word)
                if (self.folder / word).is_file() and before[place] != "--passphrase-credential" else word
                for place, word in enumerate(words)]


@pytest.fixture
def own(tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    return Own(folder)


def verify_issuance(ca, root_pem, folder):
    """Obtains a certificate, which openssl accepts below that root; its chain."""
    with Responder(ca.http_port) as responder:
        client = Client(ca, responder)
        client.register()
        issued = client.issue([unique_name()])
    chain = read_chain(issued.chain_pem)
    verify_chain(chain, root_pem, folder)
    return chain


WAYS = {
    "root in PEM": ("--root", "root.pem", "--root-key", "root-key.pem"),
    "root in PKCS#12": ("--root", "root.p12", "--passphrase-file", "passphrase"),
    "chain and key in PEM": ("--intermediate", "bundle.pem", "--intermediate-key", "issuer-key.pem"),
    "root apart": ("--intermediate", "issuer.pem", "--intermediate-key", "issuer-key.pem",
                   "--root", "root.pem"),
    "all in one file": ("--intermediate", "both.pem"),
    "PKCS#12 without a passphrase": ("--intermediate", "plain.p12"),
    "encrypted key, passphrase of a file": (
        "--intermediate", "bundle.pem", "--intermediate-key", "issuer-secret.pem",
        "--passphrase-file", "passphrase"),
    "PKCS#12, passphrase of a command": (
        "--intermediate", "issuer.p12", "--passphrase-command", json.dumps(["echo", PASSPHRASE])),
    "PKCS#12, passphrase of a credential": (
        "--intermediate", "issuer.p12", "--passphrase-credential", "passphrase"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_ca_of_ones_own_issues(own, dns, tmp_path, way):
    words = own.words(*WAYS[way])
    ca = CairnCa(tmp_path, dns, init_options=words,
                 environment={"CREDENTIALS_DIRECTORY": str(own.folder)})
    try:
        assert ca.api_root.read_text() == to_pem(own.root)
        chain = verify_issuance(ca, to_pem(own.root), tmp_path)
        is_ours = "--root-key" in words or words[1].endswith("root.p12")
        assert (chain[1] == own.intermediate) != is_ours
        key = (ca.home / "pki" / "intermediate-key.pem").read_text()
        # A key that came encrypted stays so, and the root's is not copied.
        came_encrypted = any("passphrase" in word for word in words) and not is_ours
        assert ("BEGIN ENCRYPTED PRIVATE KEY" in key) == came_encrypted
        names = {path.name for path in (ca.home / "pki").iterdir()}
        assert names == {"root.pem", "intermediate.pem", "intermediate-key.pem", "server.pem",
                         "server-key.pem"}
        assert PASSPHRASE not in ca.log.read_text() + ca.init_output
        if came_encrypted:
            # It is opened again where the configuration is read again.
            ca.reload()
            verify_issuance(ca, to_pem(own.root), tmp_path)
    finally:
        assert ca.stop() == 0


def test_a_passphrase_that_is_gone_stops_a_start_and_no_reload(own, dns, tmp_path):
    ca = CairnCa(tmp_path, dns, init_options=own.words(
        "--intermediate", "issuer.p12", "--passphrase-file", "passphrase"))
    own.write("passphrase", "sesame\n")
    ca.reload("reload failed; the former configuration stays in force")
    assert "the passphrase is wrong" in ca.log.read_text()
    verify_issuance(ca, to_pem(own.root), tmp_path)
    assert ca.stop() == 0
    for setting, reason in [
            ("log.level='info'", "the passphrase is wrong"),
            (f"issuers.intermediate.passphrase_file='{own.folder}/nowhere'", "No such file"),
            ("issuers.intermediate.passphrase_file=''", "is encrypted; say where its passphrase comes"),
            ("issuers.intermediate.key='pki/server.pem'", "is not encrypted, and")]:
        done = subprocess.run([BIN / "cairn-ca", "serve", ca.home, "--set", setting],
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 2 and reason in done.stderr, (setting, done.stderr)
        assert "sesame" not in done.stderr


def wrong_ways(own):
    """Name: the words for `init`, and what it says."""
    root, root_key, key = own.root, own.root_key, own.key
    other = ec.generate_private_key(ec.SECP256R1())
    own.write("other-key.pem", key_pem(other))
    issuers = {
        "expired": (dict(ends=-DAY / 24), "\"expired\" expired at"),
        "future": (dict(begins=DAY), "\"future\" is not valid before"),
        "leaf": (dict(is_ca=False), "is not the certificate of a CA"),
        "usage": (dict(usage=False), "may not sign certificates (keyUsage)"),
        "purpose": (dict(purposes=[ExtendedKeyUsageOID.CODE_SIGNING]), "may not certify TLS servers"),
        "unnamed": (dict(has_key_id=False), "has no subjectKeyIdentifier"),
    }
    ways = {}
    for name, (options, reason) in issuers.items():
        made = certify(name, key, (root, root_key), 0, **options)
        own.write(f"{name}.pem", to_pem(made, root))
        ways[name] = (("--intermediate", f"{name}.pem", "--intermediate-key", "issuer-key.pem"), reason)
    weak = rsa.generate_private_key(65537, 1024)
    own.write("weak.pem", to_pem(certify("weak", weak, (root, root_key), 0), root).encode() + key_pem(weak))
    ways["weak"] = (("--intermediate", "weak.pem"), "fewer than 2048 bits")
    narrow_key = ec.generate_private_key(ec.SECP256R1())
    narrow = certify("narrow", narrow_key, path_length=0)
    own.write("narrow.pem", to_pem(narrow).encode() + key_pem(narrow_key))
    ways["path length"] = (("--root", "narrow.pem"), "lets 0 CAs be below it")
    ways["cut"] = (("--intermediate", "cut.p12", "--passphrase-file", "passphrase"), "is cut short")
    own.write("cut.p12", (own.folder / "issuer.p12").read_bytes()[:-20])
    own.write("request.pem", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n")
    own.write("other-root.pem", to_pem(certify("Other Root", other)))
    own.write("open", PASSPHRASE).chmod(0o644)
    own.write("half.pem", to_pem(own.intermediate)[:300])
    chain = ("--intermediate", "bundle.pem")
    return ways | {
        "wrong passphrase of PKCS#12": (("--intermediate", "issuer.p12", "--passphrase-file", "wrong"),
                                        "the passphrase does not open the PKCS#12 file"),
        "wrong passphrase of a key": (
            (*chain, "--intermediate-key", "issuer-secret.pem", "--passphrase-file", "wrong"),
            "the passphrase is wrong"),
        "no passphrase": ((*chain, "--intermediate-key", "issuer-secret.pem"),
                          "is encrypted: say where its passphrase comes from"),
        "passphrase for nothing": (
            (*chain, "--intermediate-key", "issuer-key.pem", "--passphrase-file", "passphrase"),
            "the private key is not encrypted"),
        "passphrase for all": ((*chain, "--intermediate-key", "issuer-secret.pem", "--passphrase-file", "open"),
                               "can be read by others"),
        "failing command": (("--intermediate", "issuer.p12", "--passphrase-command", "false"),
                            "ended with status 1"),
        "command for a shell": (("--intermediate", "issuer.p12", "--passphrase-command", "a | b"),
                                "no shell runs it"),
        "no credential": (("--intermediate", "issuer.p12", "--passphrase-credential", "issuer"),
                          "LoadCredential=issuer"),
        "wrong key": ((*chain, "--intermediate-key", "other-key.pem"), "belongs to no certificate of"),
        "no key": (chain, "has no private key; name its file by --intermediate-key"),
        "key for a certificate": (("--intermediate", "issuer-key.pem", "--intermediate-key", "issuer-key.pem"),
                                  "belongs to no certificate"),
        "no root": (("--intermediate", "issuer.pem", "--intermediate-key", "issuer-key.pem"),
                    "was issued by \"Old Root\", whose certificate is not there"),
        "another root": ((*chain, "--intermediate-key", "issuer-key.pem", "--root", "other-root.pem"),
                         "leads to \"Old Root\", not to \"Other Root\""),
        "a root as an issuer": (("--intermediate", "root.pem", "--intermediate-key", "root-key.pem"),
                                "is a root: give it by --root"),
        "a request": (("--intermediate", "request.pem", "--intermediate-key", "issuer-key.pem"),
                      "but a request for one"),
        "half a certificate": (("--intermediate", "half.pem", "--intermediate-key", "issuer-key.pem"),
                               "half.pem: certificate 1"),
        "no file": (("--intermediate", "nowhere.pem", "--intermediate-key", "issuer-key.pem"), "nowhere.pem"),
        "key alone": (("--intermediate-key", "issuer-key.pem"), "wants --intermediate"),
        "root's key alone": (("--root-key", "root-key.pem"), "wants --root"),
        "all at once": (("--csr-only", "--root", "root.pem"), "give it without"),
        "a life that is not ours": ((*chain, "--intermediate-key", "issuer-key.pem",
                                     "--intermediate-lifetime", "100d"), "whoever signs the intermediate"),
        "longer than the root": (("--root", "root.pem", "--root-key", "root-key.pem",
                                  "--intermediate-lifetime", "800d"), "would outlive the root"),
        "not a duration": (("--root-lifetime", "ten years"), "--root-lifetime: must be a duration"),
        "for browsers too wide": (("--public", *chain, "--intermediate-key", "issuer-key.pem"),
                                  "may certify more than TLS servers"),
    }


def test_what_is_wrong_is_told_by_its_own_reason_and_nothing_is_changed(own, tmp_path):
    before = {path.name for path in tmp_path.iterdir()}
    for name, (words, reason) in wrong_ways(own).items():
        done = subprocess.run([BIN / "cairn-ca", "init", tmp_path / "ca", *own.words(*words)],
                              capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        assert done.returncode == 2 and reason in done.stderr, (name, done.stderr)
        assert "sesame" not in done.stderr
        assert {path.name for path in tmp_path.iterdir()} == before, name


def test_all_findings_come_at_once(own, tmp_path):
    own.write("bad.pem", to_pem(certify("bad", own.key, (own.root, own.root_key), 0, ends=-DAY / 24,
                                        usage=False, has_key_id=False), own.root))
    done = subprocess.run(
        [BIN / "cairn-ca", "init", tmp_path / "ca", "--listen", "nowhere", "--host", "a b",
         "--intermediate", own.folder / "bad.pem", "--intermediate-key", own.folder / "issuer-key.pem"],
        capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    for reason in ("5 things are wrong; nothing was changed", "--listen nowhere", "--host a b",
                   "expired at", "keyUsage", "subjectKeyIdentifier"):
        assert reason in done.stderr, (reason, done.stderr)


def test_constraints_are_told(own, tmp_path):
    own.write("narrow.pem", to_pem(certify("Narrow", own.key, (own.root, own.root_key), 0,
                                           permitted="corp.example"), own.root))
    told = run([BIN / "cairn-ca", "init", tmp_path / "ca", "--intermediate", own.folder / "narrow.pem",
                "--intermediate-key", own.folder / "issuer-key.pem"])
    assert 'Note: "Narrow" lets certificates name: only corp.example' in told
    assert "does not permit localhost" in told
    own.write("plain.pem", to_pem(certify("Plain", own.key, (own.root, own.root_key), 0,
                                          has_authority_id=False), own.root))
    told = run([BIN / "cairn-ca", "init", tmp_path / "other", "--intermediate", own.folder / "plain.pem",
                "--intermediate-key", own.folder / "issuer-key.pem"])
    assert 'Note: "Plain" has no authorityKeyIdentifier' in told


def answer(own, request, folder):
    """Certifies a CSR as an operator's root would, by the openssl command."""
    (folder / "extensions").write_text(
        "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n"
        "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
    run(["openssl", "x509", "-req", "-in", request, "-CA", own.folder / "root.pem", "-CAkey",
         own.folder / "root-key.pem", "-days", "300", "-set_serial", "77", "-extfile",
         folder / "extensions", "-out", folder / "answer.pem"])
    return folder / "answer.pem"


def test_a_root_kept_elsewhere_answers_a_request(own, dns, tmp_path):
    ca = CairnCa(tmp_path, dns, init_options=["--csr-only", "--intermediate-name", "Mittel",
                                              "--organization", "Beispiel"], starts=False)
    assert "cairn-ca issuer install" in ca.init_output and "SHA-256" not in ca.init_output
    request = ca.home / "pki" / "intermediate.csr"
    shown = run(["openssl", "req", "-in", request, "-noout", "-text", "-verify"]).replace(" = ", "=")
    for part in ("O=Beispiel, CN=Mittel", "CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign"):
        assert part in shown, shown
    done = subprocess.run([BIN / "cairn-ca", "serve", ca.home], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert str(request) in done.stderr and "cairn-ca issuer install" in done.stderr

    check = subprocess.run([BIN / "cairn-ca", "check", ca.home, "--set", "validation.dns_servers=['127.0.0.1:1']"],
                           capture_output=True, text=True, timeout=60)
    assert check.returncode == 2 and "cairn-ca issuer install" in check.stdout + check.stderr

    chain = answer(own, request, tmp_path)
    install = [BIN / "cairn-ca", "issuer", "install", ca.home, "intermediate"]
    # Its root is not known yet, and a certificate for another key is no answer.
    done = subprocess.run([*install, chain], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "name it by --root" in done.stderr
    done = subprocess.run([*install, own.folder / "bundle.pem"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "belongs to no certificate" in done.stderr
    assert not (ca.home / "pki" / "intermediate.pem").exists()
    told = run([*install, chain, "--root", own.folder / "root.pem"])
    assert "ca.toml names it already" in told
    ca.start()
    try:
        found = verify_issuance(ca, to_pem(own.root), tmp_path)
        assert found[1].subject.rfc4514_string() == "CN=Mittel,O=Beispiel"
        # The next one; the root is known by now.
        run([BIN / "cairn-ca", "issuer", "csr", ca.home, "second", "--intermediate-name", "Second"])
        again = subprocess.run([BIN / "cairn-ca", "issuer", "csr", ca.home, "second"],
                               capture_output=True, text=True, timeout=60)
        assert again.returncode == 2 and "second.csr is there already" in again.stderr
        chain = answer(own, ca.home / "pki" / "second.csr", tmp_path)
        told = run([BIN / "cairn-ca", "issuer", "install", ca.home, "second", chain])
        add_table(ca, told)
        ca.reload()
        assert verify_issuance(ca, to_pem(own.root), tmp_path)[1].subject.rfc4514_string() == "CN=Second"
    finally:
        assert ca.stop() == 0


def add_table(ca, told):
    """Does as the command says."""
    with open(ca.home / "ca.toml", "a") as file:
        file.write("\n" + told[told.index("[issuers."):])


def test_issuers_are_taken_later(own, dns, tmp_path):
    ca = CairnCa(tmp_path, dns)
    first_root = ca.api_root.read_text()
    issuer = [BIN / "cairn-ca", "issuer"]
    try:
        before = {path.name for path in (ca.home / "pki").iterdir()}
        for words, reason in [
                (("--intermediate", "issuer.p12", "--passphrase-file", "wrong"), "does not open"),
                (("--intermediate", "issuer.pem", "--intermediate-key", "issuer-key.pem"),
                 "name it by --root")]:
            done = subprocess.run([*issuer, "import", ca.home, "own", *own.words(*words)],
                                  capture_output=True, text=True, timeout=60)
            assert done.returncode == 2 and reason in done.stderr, done.stderr
        for name in ("Own", "root", "server", "a-key", "../own"):
            done = subprocess.run(
                [*issuer, "import", ca.home, name, "--intermediate", own.folder / "plain.p12"],
                capture_output=True, text=True, timeout=60)
            assert done.returncode == 2 and "NAME" in done.stderr, done.stderr
        assert {path.name for path in (ca.home / "pki").iterdir()} == before

        told = run([*issuer, "import", ca.home, "own", *own.words(
            "--intermediate", "issuer.p12", "--passphrase-file", "passphrase")])
        assert f'passphrase_file = "{own.folder}/passphrase"' in told
        assert 'root = "pki/own-root.pem"' in told
        # The CA's own server stays with the first issuer.
        add_table(ca, told)
        with open(ca.home / "ca.toml", "a") as file:
            file.write('profiles = ["brief"]\n[profiles.brief]\nvalidity = "6d"\n')
        ca.reload()
        with Responder(ca.http_port) as responder:
            client = Client(ca, responder)
            client.register()
            chain = read_chain(client.issue([unique_name()], profile="brief").chain_pem)
        assert chain[1] == own.intermediate
        verify_chain(chain, to_pem(own.root), tmp_path)

        # One is made below the other root, whose key is encrypted and is not kept.
        told = run([*issuer, "create", ca.home, "third", *own.words(
            "--root", "root.p12", "--passphrase-file", "passphrase", "--intermediate-lifetime", "90d",
            "--intermediate-name", "Third")])
        assert "passphrase" not in told
        third = read_chain((ca.home / "pki" / "third.pem").read_text())[0]
        assert third.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "Third"
        assert third.not_valid_after < NOW + 91 * DAY
        add_table(ca, told)
        ca.reload()
        from_roots = (ca.home / "pki" / "own-root.pem").read_text()
        assert from_roots == to_pem(own.root) and first_root == ca.api_root.read_text()
    finally:
        assert ca.stop() == 0
