"""States with thousands of lineages, written as the clients write them, without asking any CA."""

import datetime
import json
import os
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LIFETIME = datetime.timedelta(days=90)
STEMS = ("cert", "chain", "fullchain", "privkey")


class Issuer:
    """What signs the certificates of a state."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Bench Root")])
        self.root = self.certify(self.key.public_key(), self.name, authority=True)

    def certify(self, public_key, subject, names=(), age=datetime.timedelta(hours=1), authority=False):
        begin = datetime.datetime.utcnow() - age
        builder = (
            x509.CertificateBuilder().subject_name(subject).issuer_name(self.name)
            .public_key(public_key).serial_number(x509.random_serial_number())
            .not_valid_before(begin).not_valid_after(begin + LIFETIME)
            .add_extension(x509.BasicConstraints(authority, None), True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(
                self.key.public_key()), False))
        if names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False)
        return builder.sign(self.key, hashes.SHA256())

    def issue(self, name, age):
        """The four files of a new certificate, by stem."""
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = self.certify(key.public_key(), x509.Name([]), [name], age)
        pem = [certificate.public_bytes(serialization.Encoding.PEM)
               for certificate in (leaf, self.root)]
        return {"cert": pem[0], "chain": pem[1], "fullchain": b"".join(pem),
                "privkey": key.private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption())}


def _private(folder):
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def add_lineage(state, issuer, name, directory, root_file, solver, age):
    """A lineage of cairn with one certificate of this age."""
    archive, live = _private(state / "archive" / name), _private(state / "live" / name)
    generation = _private(archive / "generations" / "1")
    for stem, octets in issuer.issue(name, age).items():
        file = archive / f"{stem}1.pem"
        file.write_bytes(octets)
        file.chmod(0o600)
        os.symlink(f"../../{stem}1.pem", generation / f"{stem}.pem")
        os.symlink(f"../../archive/{name}/current/{stem}.pem", live / f"{stem}.pem")
    os.symlink("generations/1", archive / "current")
    now = datetime.datetime.utcnow().strftime("%Y-%m-%dT%H:%M:%SZ")
    since = {"generation": 1, "since": now, "ca": directory, "profile": ""}
    for folder, value in (
            ("renewal", {"ca": directory, "ca_root": str(root_file), "key_type": "ec-p256",
                         "reuse_key": False, "names": [{"name": name, "solver": solver}]}),
            ("facts", {"version": 1, "obtained": since, "deployed": since,
                       "attempts": [{"ended": now, "ca": directory}]})):
        file = _private(state / folder) / f"{name}.json"
        file.write_text(json.dumps(value))
        file.chmod(0o600)


def make_state(state, count, directory, root_file, solver, age=datetime.timedelta(hours=1)):
    """A state of cairn with so many lineages of this age."""
    state, issuer = _private(pathlib.Path(state)), Issuer()
    for number in range(count):
        add_lineage(state, issuer, f"host-{number:05}.test", directory, root_file, solver, age)


def add_certbot_lineage(folder, issuer, name, age=datetime.timedelta(hours=1)):
    """The same of certbot, in its --config-dir."""
    archive, live = _private(folder / "archive" / name), _private(folder / "live" / name)
    lines = ["version = 2.1.0", f"archive_dir = {archive}"]
    for stem, octets in issuer.issue(name, age).items():
        (archive / f"{stem}1.pem").write_bytes(octets)
        os.symlink(f"../../archive/{name}/{stem}1.pem", live / f"{stem}.pem")
        lines.append(f"{stem} = {live}/{stem}.pem")
    lines += ["[renewalparams]", "account = none", "authenticator = standalone",
              "server = https://localhost:1/directory", "key_type = ecdsa"]
    (_private(folder / "renewal") / f"{name}.conf").write_text("\n".join(lines) + "\n")
