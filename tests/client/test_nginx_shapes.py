"""Configurations of nginx as people post them (shapes/nginx): each is solved and installed by way of the real
nginx, or refused with a reason; never does it end as a server that does not start, and no octet changes that
need not.

A shape's lines "#: WORD" say: names; file NAME, of what follows; needs (a certificate, a module); refused TEXT;
broken, by nginx's own judgment; address and proxied, how the CA comes to it."""

import datetime
import os
import pathlib
import re

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from harness.cairn import Cairn
from harness.nginx import Nginx
from harness.odd_ca import OddCa
from harness.ports import reserve_port

SHAPES = pathlib.Path(__file__).parent / "shapes" / "nginx"
PROXY = b"PROXY TCP4 127.0.0.1 127.0.0.1 40000 80\r\n"


class Shape:
    def __init__(self, path):
        self.name = path.stem
        self.words, self.files, file = {}, {}, None
        for line in path.read_bytes().decode().splitlines(keepends=True):
            if line.startswith("#: file "):
                file = line.removeprefix("#: file ").strip()
                self.files[file] = ""
            elif line.startswith("#: "):
                word, _, rest = line.removeprefix("#: ").strip().partition(" ")
                self.words.setdefault(word, rest)
            else:
                self.files[file] += line
        self.names = self.words["names"].split(",")
        self.refusal = self.words.get("refused")

    def __str__(self):
        return self.name


ALL = [Shape(path) for path in sorted(SHAPES.glob("*.conf"))]


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    authority = OddCa(tmp_path_factory.mktemp("ca"))
    yield authority
    authority.stop()


@pytest.fixture
def cairn(ca, tmp_path):
    environment = {name: value for name, value in os.environ.items()
                   if not name.lower().endswith("_proxy")}
    return Cairn(ca, environment, tmp_path)


def look_by(nginx, shape):
    """A verdict of the CA that comes to nginx at another address, or by a balancer."""

    def look(authorization):
        challenge = authorization["challenges"][0]
        name = authorization["identifier"]["value"]
        found = nginx.answer(name, f"/.well-known/acme-challenge/{challenge['token']}",
                             address=shape.words.get("address", "127.0.0.1"),
                             begin=PROXY if "proxied" in shape.words else b"")
        good = found[2] == f"{challenge['token']}.{authorization['thumbprint']}"
        authorization["status"] = challenge["status"] = "valid" if good else "invalid"

    return look


def made(shape, ca, folder):
    """The nginx of a shape, with what it needs."""
    needs = shape.words.get("needs", "")
    if needs == "stream" and not pathlib.Path(
            "/usr/lib/nginx/modules/ngx_stream_module.so").exists():
        pytest.skip("nginx's module for stream is not installed")
    nginx = Nginx(folder, shape.files, ca.http_port, reserve_port())
    if needs == "placeholder":
        certificate_of(nginx, "placeholder", ["placeholder"], is_self_signed=True)
    if needs == "signed":
        certificate_of(nginx, "signed", ["a.example", "b.example"], is_self_signed=False)
    return nginx


def certificate_of(nginx, stem, names, is_self_signed):
    """A certificate that signs itself, or that another CA has issued."""
    key = ec.generate_private_key(ec.SECP256R1())
    issuer_key = key if is_self_signed else ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.timezone.utc)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    issuer = subject if is_self_signed else x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, "another CA")])
    certificate = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(issuer)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False)
        .sign(issuer_key, hashes.SHA256()))
    pem = serialization.Encoding.PEM
    (nginx.folder / f"{stem}.pem").write_bytes(certificate.public_bytes(pem))
    (nginx.folder / f"{stem}-key.pem").write_bytes(key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))


def issuing(ca, nginx, shape, *more):
    return ["issue", "-d", ",".join(shape.names), "--name", "site",
            "--solver", "nginx:" + nginx.option(),
            "--ca", ca.directory, "--ca-root", ca.api_root, "--agree-tos", *more]


def target_of(nginx, *more):
    return "nginx:" + nginx.option(f"https-port={nginx.https_port}", *more)


def has_all_of(after, before):
    """Whether a file still has each octet in its order, but those of placeholders and snippets."""
    kept = re.sub(rb"\S*(placeholder|snakeoil)\S*;|\binclude\b", b"", before)
    rest = iter(after)
    return all(octet in rest for octet in kept)


def check_installed(cairn, nginx, shape, before):
    """Each name is shown with the certificate; nothing but certificates has gone from the files."""
    if "proxied" not in shape.words:
        for name in shape.names:
            nginx.wait_until(lambda: nginx.shown(
                name, address=shape.words.get("address", "127.0.0.1")).serial_number
                == cairn.serial("site"))
    after = nginx.files()
    assert nginx.test() == ""
    assert after.keys() == before.keys() and after != before
    for file, text in before.items():
        if isinstance(text, str):
            assert after[file] == text, file
            continue
        assert has_all_of(after[file], text), after[file]
        assert after[file].count(b"\r\n") in (0, after[file].count(b"\n"))


@pytest.mark.parametrize("shape", [shape for shape in ALL if shape.refusal], ids=str)
def test_a_shape_that_is_refused_stays_as_it_was(cairn, ca, tmp_path, shape):
    nginx = made(shape, ca, tmp_path / "nginx")
    before = nginx.files()
    if "broken" in shape.words:
        assert nginx.test() != ""
        run = cairn.outcome(*issuing(ca, nginx, shape, "--deploy", target_of(nginx)))
        assert run.returncode == 2
        assert shape.refusal in run.stderr
        assert nginx.files() == before
        return
    with nginx:
        ca.verdict = look_by(nginx, shape)
        run = cairn.outcome(*issuing(ca, nginx, shape, "--deploy", target_of(nginx)))
        assert run.returncode == 2
        assert shape.refusal in run.stderr
        assert nginx.files() == before
        assert nginx.test() == ""
        # Where it answers at all, names are proven nevertheless.
        if "listen unix" not in str(before):
            run = cairn.outcome(*issuing(ca, nginx, shape))
            assert run.returncode == 0, run.stderr
            assert nginx.files() == before


@pytest.mark.parametrize("shape", [shape for shape in ALL if not shape.refusal], ids=str)
def test_a_shape_is_solved_and_installed(cairn, ca, tmp_path, shape):
    nginx = made(shape, ca, tmp_path / "nginx")
    assert nginx.test() == ""
    before = nginx.files()
    with nginx:
        ca.verdict = look_by(nginx, shape)
        run = cairn.outcome(*issuing(ca, nginx, shape, "--deploy", target_of(nginx)))
        assert run.returncode == 0, run.stderr
        check_installed(cairn, nginx, shape, before)
        # What stands is what is wanted.
        installed = nginx.files()
        run = cairn.outcome("deploy", "site")
        assert run.returncode == 0, run.stderr
        assert nginx.files() == installed
