"""Certificate authorities that tests run: cairn-ca, and Pebble to compare with.

Each has
  directory        the URL where clients begin
  api_root         PEM file with the root of its HTTPS
  issuer_root()    PEM text of the root of what it issues
  is_revoked(serial)
  http_port, tls_alpn_port   where it validates http-01 and tls-alpn-01
  dns              the name server that it asks
"""

import datetime
import functools
import json
import os
import shutil
import signal

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from harness.kept import kept_folder
from harness.network import inside
from harness.ports import reserve_port
from harness.process import BIN, Failed, Server, run
from harness.store import Store


class CairnCa:
    """A CA in `folder`, made by `cairn-ca init` and running."""

    def __init__(self, folder, dns, key_type=None, settings=None, descriptors=None, shortage=None,
                 clock=None, kind="private", init_options=(), environment=None, starts=True, host=None,
                 name="ca", is_copied=False):
        """`descriptors`: how many the process may have open. `shortage`: a harness.shortage.Shortage
        that it can suffer. `clock`: a harness.clock.WallClock, if it has one of its own.
        `kind`: private or public. `init_options`: more words for `init`. `environment`: more
        variables, also for `init`. `starts`: whether it is started at once. `dns`: None if it resolves
        from the roots. `host`: where it runs, if not here (harness.network). `name`: of its folder.
        `is_copied`: its keys may be those of another CA that is not in this test; takes no key type,
        kind, init_options or environment."""
        self.under = ["prlimit", f"--nofile={descriptors}"] if descriptors else []
        self.environment = (os.environ | (shortage.environment if shortage else {})
                            | (environment or {}))
        self.clock = clock
        self.kind = kind
        self.home = folder / name
        self.host = host
        self.disk = None  # a harness.disk.FaultyDisk, from the next start on
        # A harness.postgres.PostgresStore: each start is as some minutes after the end before it.
        self.minutes_pass = None
        self.log = folder / f"cairn-{name}.log"
        self.dns = dns
        self.port = reserve_port()
        self.admin_port = reserve_port()
        self.http_port = reserve_port()
        self.tls_alpn_port = reserve_port()
        self.directory = f"https://localhost:{self.port}/directory"
        self.api_root = self.home / "pki" / "root.pem"
        self.store = Store(self.home / "store" / "cairn.sqlite")
        self.settings = {
            "server.admin_listen": f"127.0.0.1:{self.admin_port}",
            "validation.http_port": self.http_port,
            "validation.tls_alpn_port": self.tls_alpn_port,
            "validation.dns_servers": [dns.address] if dns else [],
            "validation.dnssec": False,
            "validation.allow_networks": ["127.0.0.0/8"],
            "policy.internal_names": False,
            "limits.enabled": False,
        } | (settings or {})
        if is_copied:
            self.init_output = _copy_home(self.home, self.port)
        else:
            self.init_output = _init(
                self.home, self.port, f"--{kind}", *(["--key-type", key_type] if key_type else []),
                *init_options, env=os.environ | (environment or {}))
        if starts:
            self.start()

    def start(self, **faults):
        """`faults`: as for `launch`."""
        self.launch(**faults)
        self.server.wait_until(self._serves)
        if self.minutes_pass:
            self.minutes_pass.age_nodes()

    def launch(self, die_at=None, signer_away=None, under=(), output=None, memory_limit=None,
               sign_outside=False):
        """Starts the process and does not wait until it serves. `die_at`: a point of
        tests/faults/program; `signer_away`: a file, without which it signs; `under`: the words of a
        program that runs it; `output`: where its output goes instead of the log file;
        `memory_limit`: the most MiB that `operator new` gives out; `sign_outside`: its signers say that
        they sign in another process."""
        if self.minutes_pass:
            self.minutes_pass.end_leases()
        faults = []
        if die_at:
            faults += ["--die-at", die_at]
        if signer_away:
            faults += ["--signer-away", signer_away]
        if sign_outside:
            faults += ["--sign-outside"]
        if self.kind == "public":
            faults += ["--serve-public"]  # cairn-ca refuses, for what it lacks
        if memory_limit:
            faults += ["--memory-limit", memory_limit]
        program = [BIN / ("cairn-ca-faulty" if faults else "cairn-ca"), "serve", self.home, *faults]
        arguments = [*under, *self.under, *program]
        for key, value in self.settings.items():
            # JSON values of these types are valid TOML.
            arguments += ["--set", f"{key}={json.dumps(value)}"]
        shim = self.disk or self.clock  # one at a time
        environment = shim.environment() if shim else self.environment
        self.server = Server(self.host.command(arguments) if self.host else arguments, self.log, output,
                             env=environment)

    def serves_or_has_died(self):
        """Waits until one of the two is true; False if the process was killed."""
        try:
            return self.server.wait_until(self._serves)
        except Failed:
            if self.server.process.poll() == -signal.SIGKILL:
                return False
            raise

    def stop(self):
        return self.server.stop()

    def kill(self):
        self.server.kill()

    def reload(self, outcome="configuration reloaded"):
        """Waits until the log has this outcome once more than now."""
        before = self.log.read_text().count(outcome)
        self.server.signal(signal.SIGHUP)
        self.server.wait_until(lambda: self.log.read_text().count(outcome) > before)

    def issuer_root(self):
        return self.api_root.read_text()

    def is_revoked(self, serial):
        return self.store.revocation_reason(serial) is not None

    def log_lines(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()
                if line.startswith("{")]

    def _serves(self):
        with inside(self.host):
            return _answers(self.directory, self.api_root)

    def readiness(self):
        """The text of /readyz, as soon as it answers."""
        return self.server.wait_until(lambda: _text_at(
            f"http://127.0.0.1:{self.admin_port}/readyz"))


def _init(home, port, *words, **options):
    return run([BIN / "cairn-ca", "init", home, "--name", "Cairn Test", "--host", "localhost",
                "--listen", f"127.0.0.1:{port}", *words], **options)


_COPIED_PORT = 14000


@functools.cache
def _home_to_copy():
    home = kept_folder() / "ca"
    return home, _init(home, _COPIED_PORT, "--private")


def _copy_home(home, port):
    """What `init` makes, with the keys of all that are copied; what it said then."""
    kept, told = _home_to_copy()
    shutil.copytree(kept, home)
    file = home / "ca.toml"
    text = file.read_text()
    for host in ("127.0.0.1", "localhost"):
        for step in (0, 1):
            text = text.replace(f'{host}:{_COPIED_PORT + step}"', f'{host}:{port + step}"')
    file.write_text(text)
    return told


class Pebble:
    """Debian's Pebble or another one, with a certificate of our own for its API."""

    def __init__(self, folder, dns, refused_nonces=0, reused_proofs=0, bindings=None, blocked=(),
                 alternate_roots=0, strict=False, program="/usr/bin/pebble", settings=None):
        """`refused_nonces`: how many of 100 good nonces it refuses, to see whether clients retry.
        `reused_proofs`: of 100 orders for a name that is proven, how many need no proof.
        `bindings`: {key id: key in base64url} of external accounts, one of which is needed then.
        `blocked`: domains that it refuses. `alternate_roots`: how many chains it offers besides one.
        `strict`: it refuses what later versions of the standard may. `settings`: further ones."""
        self.log = folder / "pebble.log"
        self.dns = dns
        self.port = reserve_port()
        self.management_port = reserve_port()
        self.http_port = reserve_port()
        self.tls_alpn_port = reserve_port()
        self.directory = f"https://localhost:{self.port}/dir"
        self.api_root = folder / "pebble-api.pem"
        key = folder / "pebble-api-key.pem"
        self_signed("localhost", self.api_root, key)
        configuration = folder / "pebble.json"
        configuration.write_text(json.dumps({"pebble": {
            "listenAddress": f"127.0.0.1:{self.port}",
            "managementListenAddress": f"127.0.0.1:{self.management_port}",
            "certificate": str(self.api_root), "privateKey": str(key),
            "httpPort": self.http_port, "tlsPort": self.tls_alpn_port,
            "externalAccountBindingRequired": bool(bindings),
            "externalAccountMACKeys": bindings or {}, "domainBlocklist": list(blocked),
            **(settings or {}),
        }}))
        self.server = Server(
            [program, "-config", configuration, "-dnsserver", dns.address,
             *(["-strict"] if strict else [])], self.log,
            env=os.environ | {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_AUTHZREUSE": str(reused_proofs),
                              "PEBBLE_WFE_NONCEREJECT": str(refused_nonces),
                              "PEBBLE_ALTERNATE_ROOTS": str(alternate_roots)},
        )
        self.server.wait_until(lambda: _answers(self.directory, self.api_root))

    def stop(self):
        return self.server.stop()

    def issuer_root(self, number=0):
        url = f"https://localhost:{self.management_port}/roots/{number}"
        return requests.get(url, verify=str(self.api_root), timeout=10).text

    def is_revoked(self, serial):
        url = f"https://localhost:{self.management_port}/cert-status-by-serial/{serial:x}"
        return requests.get(url, verify=str(self.api_root), timeout=10).json()["Status"] == "Revoked"


def _answers(url, root):
    try:
        return requests.get(url, verify=str(root), timeout=5).status_code == 200
    except requests.RequestException:
        return False


def _text_at(url):
    try:
        return requests.get(url, timeout=10).text
    except requests.RequestException:
        return None


def self_signed(name, certificate_file, key_file):
    """Writes a self-signed certificate for `name` that clients can trust as a root."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.utcnow()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
