"""TLS servers of the tests' own that read certificate and key again when they are told."""

import datetime
import os
import pathlib
import sys
import textwrap

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from harness.issued import public_octets, read_chain, to_pem
from harness.ports import reserve_port
from harness.process import Server

# Reads its files at each SIGHUP; files that do not fit together are refused, as servers do.
_PROGRAM = textwrap.dedent("""
    import pathlib, signal, socket, ssl, sys, threading
    port, folder, certificate, key = int(sys.argv[1]), pathlib.Path(sys.argv[2]), *sys.argv[3:5]
    context = None
    reads = 0
    def read(*_):
        global context, reads
        reads += 1
        try:
            fresh = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            fresh.load_cert_chain(certificate, key)
            context = fresh
            print("read", flush=True)
        except (OSError, ssl.SSLError) as error:
            print("kept the former:", error, flush=True)
        (folder / "reads").write_text(str(reads))
    signal.signal(signal.SIGHUP, read)
    read()
    listener = socket.create_server(("127.0.0.1", port))
    (folder / "ready").write_text("")
    def serve(connection):
        with connection:
            try:
                connection.settimeout(10)
                context.wrap_socket(connection, server_side=True).close()
            except (OSError, AttributeError):
                pass
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()
""")


class ReloadingServer:
    """`reload` is a program that has it read its files again; `check` one that judges them."""

    def __init__(self, folder, certificate, key):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(exist_ok=True)
        self.port = reserve_port()
        (self.folder / "server.py").write_text(_PROGRAM)
        self.server = Server([sys.executable, self.folder / "server.py", self.port, self.folder,
                              certificate, key], self.folder / "log")
        self.server.wait_until((self.folder / "ready").exists, timeout=60)
        self.reload = self.program(
            "reload", f"before=$(cat {self.folder}/reads)\nkill -HUP {self.server.process.pid}\n"
                      f"for i in $(seq 300); do test \"$(cat {self.folder}/reads)\" != \"$before\" && exit 0; "
                      "sleep 0.1; done; exit 3")
        self.check = self.program(
            "check", "test \"$(openssl x509 -noout -pubkey -in " f"{certificate})\" = "
                     f"\"$(openssl pkey -pubout -in {key})\"")

    def program(self, name, body):
        file = self.folder / name
        file.write_text(f"#!/bin/sh\necho {name} >> {self.folder}/ran\n{body}\n")
        file.chmod(0o755)
        return file

    def ran(self):
        log = self.folder / "ran"
        return log.read_text().split() if log.exists() else []

    def stop(self):
        self.server.stop()


def mode_of(path):
    return os.stat(path).st_mode & 0o777


def write_former(certificate, key, host="a.example"):
    """What a server had before: a certificate of its own, as ordinary files."""
    private = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.timezone.utc)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    leaf = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
            .public_key(private.public_key()).serial_number(4242)
            .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=30))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), False)
            .sign(private, hashes.SHA256()))
    certificate.write_text(to_pem(leaf))
    key.write_bytes(private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))
    key.chmod(0o600)


def serial_on_disk(certificate, key):
    """Of the certificate, once its key has been seen to match."""
    leaf = read_chain(certificate.read_text())[0]
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    assert public_octets(private.public_key()) == public_octets(leaf.public_key())
    return leaf.serial_number
