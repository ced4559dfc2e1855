"""The Open MPIC API as tests see it: a PKI for services, its schema, cairn-va that serves it, a recorder
between a CA and a service, and stand-ins that answer what they like."""

import datetime
import hashlib
import http.server
import ipaddress
import json
import pathlib
import secrets
import ssl

import jsonschema
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from harness.acme import b64
from harness.perspective import Perspective
from harness.ports import reserve_port
from harness.serving import serve

SCHEMA = json.loads((pathlib.Path(__file__).parents[1] / "vectors" / "open_mpic.schema.json")
                    .read_text())


def conforms(message, kind):
    """Asserts that a "request" or "response" is one of the API."""
    jsonschema.Draft7Validator({**SCHEMA, "$ref": f"#/definitions/{kind}"}).validate(message)


class Pki:
    """A root, and certificates below it, in files of `folder`."""

    def __init__(self, folder):
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Root of services")])
        self.root = folder / "services-root.pem"
        certificate = self._sign(self.key, self.name, x509.BasicConstraints(True, None))
        self.root.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name, *addresses):
        """Files of a new certificate and its key; for a server if there are addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.IPAddress(ipaddress.ip_address(each)) for each in addresses]
        certificate = self._sign(key, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]),
                                 x509.BasicConstraints(False, None),
                                 *([x509.SubjectAlternativeName(names)] if names else []))
        files = self.folder / f"{name}.pem", self.folder / f"{name}-key.pem"
        files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM,
                                               serialization.PrivateFormat.PKCS8,
                                               serialization.NoEncryption()))
        files[1].chmod(0o600)
        return files

    def _sign(self, key, subject, *extensions):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name)
                   .public_key(key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(now - datetime.timedelta(hours=1))
                   .not_valid_after(now + datetime.timedelta(days=2)))
        identifiers = (x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
                       x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()))
        for extension in (*extensions, *identifiers):
            builder = builder.add_extension(extension, critical=isinstance(
                extension, x509.BasicConstraints))
        return builder.sign(self.key, hashes.SHA256())


class Service:
    """A cairn-va that serves the API and is enrolled nowhere. `url`, `key` and `key_file` are for its
    clients."""

    def __init__(self, folder, ca, pki, name, region, address="127.0.0.1", peers=(), settings=None,
                 **more):
        """`peers`: services that look as well."""
        self.pki = pki
        self.name, self.region = name, region
        port = reserve_port()
        self.url = f"https://{address}:{port}"
        self.key = secrets.token_hex(16)
        self.key_file = folder / f"{name}.key"
        self.key_file.write_text(self.key + "\n")
        self.key_file.chmod(0o600)
        certificate, key = pki.issue(name, address)
        self.va = Perspective(folder, ca, name, region, address, settings={
            "open_mpic.listen": [f"{address}:{port}"],
            "open_mpic.certificate_file": str(certificate),
            "open_mpic.key_file": str(key),
            "open_mpic.api_key_file": str(self.key_file),
        } | (settings or {}), **more)
        if peers:
            with open(self.va.home / "va.toml", "a", encoding="utf-8") as file:
                for peer in peers:
                    file.write(f'\n[[open_mpic.peer]]\ncode = "{peer.name}"\n'
                               f'region = "{peer.region}"\n{peer.endpoint()}')
            self.va.stop()
            self.va.start()

    def endpoint(self):
        """The keys of a table that leads here."""
        return (f'url = "{self.url}"\napi_key_file = "{self.key_file}"\n'
                f'roots_file = "{self.pki.root}"\n')

    def post(self, message, key=None, method="POST", path="/mpic", **more):
        """The HTTP response; `key`: another one than the right one, or "" for none."""
        body = message if isinstance(message, (bytes, str)) else json.dumps(message)
        shown = self.key if key is None else key
        fields = {"Content-Type": "application/json"} | ({"x-api-key": shown} if shown else {})
        return requests.request(method, self.url + path, data=body, headers=fields | more.pop(
            "fields", {}), verify=str(self.pki.root), timeout=60, **more)

    def ask(self, message):
        """The answer to a request, both as the schema has them."""
        conforms(message, "request")
        response = self.post(message)
        assert response.status_code == 200, response.text
        conforms(response.json(), "response")
        return response.json()

    def lines(self):
        return [line for line in self.va.log_lines() if line["event"] == "open mpic"]

    def kill(self):
        self.va.kill()


class StandIn:
    """An https server in the place of a service: `answer(request)` makes its body, or (status, body).
    It keeps the requests that came, with their header fields, and finds them to be the API's."""

    def __init__(self, pki, answer, address="127.0.0.1"):
        self.pki = pki
        self.requests, self.fields, self.faults = [], [], []
        self.url = f"https://{address}:{(port := reserve_port())}"
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                message = json.loads(body)
                outer.requests.append(message)
                outer.fields.append(dict(self.headers))
                try:
                    assert self.path == "/mpic", self.path
                    conforms(message, "request")
                except (AssertionError, jsonschema.ValidationError) as error:
                    outer.faults.append(str(error))
                reply = answer(message)
                status, reply = reply if isinstance(reply, tuple) else (200, reply)
                reply = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

        certificate, key = pki.issue(f"stand-in-{port}", address)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.server = http.server.ThreadingHTTPServer((address, port), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.server.daemon_threads = True
        self.thread = serve(self.server)
        self.key_file = pki.folder / f"stand-in-{port}.key"
        self.key_file.write_text("a-key-for-a-stand-in\n")
        self.key_file.chmod(0o600)

    endpoint = Service.endpoint

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
        assert not self.faults, self.faults


def recorder(pki, service):
    """A StandIn that has `service` answer, and finds its answers to be the API's; they are in
    `answers`."""
    answers = []

    def answer(message):
        answers.append(service.ask(message))
        return answers[-1]

    stand_in = StandIn(pki, answer)
    stand_in.answers = answers
    return stand_in


def use(ca, name, service, perspectives, more=""):
    """Has the CA ask a service for these perspectives, {code: region}."""
    table = ", ".join(f'{code} = "{region}"' for code, region in perspectives.items())
    with open(ca.home / "ca.toml", "a", encoding="utf-8") as file:
        file.write(f'\n[[open_mpic]]\nname = "{name}"\n{service.endpoint()}{more}'
                   f'perspectives = {{ {table} }}\n')


def host(dns, name):
    """`name` is here, so that names below it may have records of their own."""
    dns.add(name, "A", "127.0.0.1")
    return name


def settle(client, name, kind="http-01", before=lambda challenge: None):
    """The challenge of an order for `name` after its validation."""
    _, order = client.order([name])
    url = order["authorizations"][0]
    challenge = client.challenge_of(client.read(url), kind)
    before(challenge)
    if kind == "http-01":
        client.start_validation(url)
    else:
        client.must(client.post(challenge["url"], {}))
    settled = client.wait_while(url, {"pending"}, timeout=60)
    return client.challenge_of(settled, kind)


def digest_of(client, challenge):
    """What a TXT record has to say to a challenge of dns-01 or dns-account-01."""
    return b64(hashlib.sha256(client.key_authorization(challenge["token"]).encode()).digest())
