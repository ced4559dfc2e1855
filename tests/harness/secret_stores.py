"""Stores elsewhere that hold certificates, as far as a client that writes them can tell: HashiCorp Vault's
KV store of both versions, and the API server of Kubernetes for Secrets. Over TLS, with a root of their own.

`log`: (method, path) of each request. `fail`: a status that every write is answered with, or None.
`meanwhile`: what is called once, right before the next write: somebody else's. The real ones, with the same
methods, are in tests/peers/real_stores.py.
"""

import base64
import datetime
import http.server
import ipaddress
import json
import ssl
import urllib.parse

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from harness.issued import to_pem
from harness.serving import serve


def certified(name, issuer=None, is_authority=False):
    """(certificate, key) for 127.0.0.1, by itself or by the issuer."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    by, signer = (issuer[0].subject, issuer[1]) if issuer else (subject, key)
    builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(by)
               .public_key(key.public_key()).serial_number(x509.random_serial_number())
               .not_valid_before(now - datetime.timedelta(days=1))
               .not_valid_after(now + datetime.timedelta(days=30))
               .add_extension(x509.BasicConstraints(is_authority, None), True)
               .add_extension(x509.SubjectAlternativeName(
                   [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False))
    return builder.sign(signer, hashes.SHA256()), key


def key_pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


class Trusted:
    """`root` is the file with the root of its TLS, `own.pem` in its folder its certificate and key."""

    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.authority = certified("Root of the store", is_authority=True)
        self.root = folder / "root.pem"
        self.root.write_text(to_pem(self.authority[0]))
        own = certified("store", self.authority)
        (folder / "own.pem").write_bytes(to_pem(own[0]).encode() + key_pem(own[1]))


class _Store(Trusted):
    def __init__(self, folder):
        super().__init__(folder)
        self.log, self.fail, self.meanwhile = [], None, None
        store = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self):
                size = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(size)
                store.log.append((self.command, self.path))
                if store.meanwhile and self.command in ("POST", "PUT", "PATCH"):
                    step, store.meanwhile = store.meanwhile, None
                    step()
                if store.fail and self.command not in ("GET", "DELETE"):
                    status, answer = store.fail, store.fault("it is so wanted")
                else:
                    status, answer = store.answer(self, json.loads(body) if body else None)
                octets = b"" if answer is None else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(octets)))
                self.end_headers()
                self.wfile.write(octets)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_one

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "own.pem")
        context.load_verify_locations(self.root)
        context.verify_mode = ssl.CERT_OPTIONAL
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server.server_address[1]}"
        serve(self.server)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Vault(_Store):
    """`secrets`: by path behind a mount, the list of versions, each a dict or None when deleted. There are
    two mounts, of one version. `logins`: the tokens that it gave to its AppRole."""

    token, role_id, secret_id = "hvs.test-token", "a-role", "a-secret-id"
    mounts = ("secret", "kv/web")

    def __init__(self, folder, version=2):
        self.version, self.secrets, self.logins = version, {}, []
        super().__init__(folder)

    def fault(self, text):
        return {"errors": [text]}

    def answer(self, request, body):
        path = urllib.parse.unquote(request.path.removeprefix("/v1/"))
        if path == "auth/approle/login":
            if body != {"role_id": self.role_id, "secret_id": self.secret_id}:
                return 400, self.fault("invalid role or secret ID")
            self.logins.append(f"hvs.login-{len(self.logins)}")
            return 200, {"auth": {"client_token": self.logins[-1], "lease_duration": 1200}}
        if request.headers.get("X-Vault-Token") not in (self.token, *self.logins):
            return 403, self.fault("permission denied")
        asked = path.removeprefix("sys/internal/ui/mounts/")
        mount = next((mount for mount in self.mounts if (asked + "/").startswith(mount + "/")), None)
        if mount is None:
            return (403 if asked != path else 404), self.fault("no handler for route")
        if asked != path:
            options = {"version": "2"} if self.version == 2 else {}
            return 200, {"data": {"path": f"{mount}/", "type": "kv", "options": options}}
        rest = path.removeprefix(f"{mount}/")
        if self.version == 2:
            if not rest.startswith("data/"):
                return 404, self.fault("no handler for route")
            rest = rest.removeprefix("data/")
        return self.keep(request.command, self.secrets.setdefault((mount, rest), []), body)

    def keep(self, method, versions, body):
        newest = versions[-1] if versions else None
        if method == "GET":
            if self.version == 1:
                return (200, {"data": newest}) if newest else (404, {"errors": []})
            if not versions:
                return 404, {"errors": []}
            return (200 if newest else 404,
                    {"data": {"data": newest, "metadata": {"version": len(versions)}}})
        if method == "DELETE":
            if versions:
                versions[-1] = None
            return 204, None
        if self.version == 1:
            versions.append(body)
            return 204, None
        cas = body.get("options", {}).get("cas")
        if cas is not None and cas != len(versions):
            return 400, self.fault("check-and-set parameter did not match the current version")
        versions.append(body["data"])
        return 200, {"data": {"version": len(versions)}}

    def put(self, path, data, mount="secret"):
        """As somebody else would do it."""
        self.secrets.setdefault((mount, path), []).append(data)

    def newest(self, path, mount="secret"):
        versions = self.secrets.get((mount, path))
        return versions[-1] if versions else None


class Cluster:
    """What is the same of a stand-in and the real one: `secret` is one object, or None."""

    def decoded(self, space, name):
        return {key: base64.b64decode(value)
                for key, value in self.secret(space, name)["data"].items()}

    def kubeconfig(self, file, user):
        """Writes one for a user, as lines of YAML below `user:`."""
        file.write_text(f"""apiVersion: v1
kind: Config
current-context: here
clusters:
- name: test
  cluster:
    server: {self.url}
    certificate-authority-data: {base64.b64encode(self.root.read_bytes()).decode()}
contexts:
- name: here
  context: {{cluster: test, user: me, namespace: web}}
users:
- name: me
  user:
""" + "".join(f"    {line}\n" for line in user))
        file.chmod(0o600)
        return file


class Kubernetes(Cluster, _Store):
    """`secrets`: by (namespace, name), the objects."""

    token = "service-account-token"

    def __init__(self, folder):
        self.secrets, self.revision = {}, 0
        super().__init__(folder)

    def fault(self, text):
        return {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": text}

    def is_known(self, request):
        if request.headers.get("Authorization") == f"Bearer {self.token}":
            return True
        return bool(request.connection.getpeercert())

    def keep(self, place, secret):
        self.revision += 1
        secret["metadata"]["resourceVersion"] = str(self.revision)
        self.secrets[place] = secret
        return secret

    def answer(self, request, body):
        if not self.is_known(request):
            return 401, self.fault("Unauthorized")
        parts = request.path.strip("/").split("/")
        if parts[:3] != ["api", "v1", "namespaces"] or parts[4] != "secrets":
            return 404, self.fault("the server could not find the requested resource")
        space = parts[3]
        if request.command == "POST":
            place = (space, body["metadata"]["name"])
            if place in self.secrets:
                return 409, self.fault("already exists")
            for value in body["data"].values():
                base64.b64decode(value, validate=True)
            return 201, self.keep(place, body)
        place = (space, parts[5])
        secret = self.secrets.get(place)
        if secret is None:
            return 404, self.fault(f'secrets "{parts[5]}" not found')
        if request.command == "GET":
            return 200, secret
        if request.command == "DELETE":
            del self.secrets[place]
            return 200, {"kind": "Status", "status": "Success"}
        if request.headers.get("Content-Type") != "application/merge-patch+json":
            return 415, self.fault("unsupported media type")
        wanted = body.get("metadata", {}).get("resourceVersion")
        if wanted and wanted != secret["metadata"]["resourceVersion"]:
            return 409, self.fault("the object has been modified")
        secret["data"] |= body["data"]
        return 200, self.keep(place, secret)

    def secret(self, space, name):
        return self.secrets.get((space, name))

    def label(self, space, name, key, value):
        """As somebody else would do it."""
        secret = self.secrets[(space, name)]
        secret["metadata"]["labels"][key] = value
        self.keep((space, name), secret)
