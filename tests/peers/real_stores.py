"""Stores for secrets as they are, by the names of their stand-ins in tests/harness/secret_stores.py."""

import json
import ssl
import urllib.error
import urllib.parse
import urllib.request

from harness.ports import reserve_port
from harness.process import Server
from harness.secret_stores import Cluster, Trusted


class _Asked(Trusted):
    """Asked over its API, by whoever may do everything."""

    def ask(self, method, path, body=None, kind="application/json"):
        request = urllib.request.Request(
            self.url + path, json.dumps(body).encode() if body is not None else None, method=method,
            headers=self.credentials() | {"Content-Type": kind})
        context = ssl.create_default_context(cafile=self.root)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                             urllib.request.HTTPSHandler(context=context))
        try:
            with opener.open(request, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError:
            return 0, b""

    def stop(self):
        self.server.stop()


class VaultServer(_Asked):
    """HashiCorp Vault with its KV store and AppRole, from tests/peers/vault. `token` and the AppRole may do what
    `policy` says, in HCL."""

    def __init__(self, program, folder, policy, version=2):
        super().__init__(folder)
        self.version, self.almighty = version, ""
        port = reserve_port()
        self.url = f"https://127.0.0.1:{port}"
        own = folder / "own.pem"
        self.server = Server([program, f"127.0.0.1:{port}", own, own], folder / "log")
        self.server.wait_until(lambda: self.ask("GET", "/v1/sys/seal-status")[0] == 200, timeout=120)
        begun = self.do("PUT", "sys/init", {"secret_shares": 1, "secret_threshold": 1})
        self.key, self.almighty = begun["keys"][0], begun["root_token"]
        self.unseal()
        for mount in ("secret", "kv/web"):
            self.do("POST", f"sys/mounts/{mount}", {"type": "kv", "options": {"version": str(version)}})
            if version == 2:
                # It is made ready in the background.
                self.server.wait_until(lambda at=mount: self.ask("GET", f"/v1/{at}/config")[0] == 200, timeout=60)
        self.do("PUT", "sys/policies/acl/cairn", {"policy": policy})
        self.token = self.new_token("1h")
        self.do("POST", "sys/auth/approle", {"type": "approle"})
        self.do("POST", "auth/approle/role/cairn", {"token_policies": ["cairn"], "token_ttl": "20m"})
        self.role_id = self.do("GET", "auth/approle/role/cairn/role-id")["data"]["role_id"]
        self.secret_id = self.do("POST", "auth/approle/role/cairn/secret-id", {})["data"]["secret_id"]

    def credentials(self):
        return {"X-Vault-Token": self.almighty} if self.almighty else {}

    def do(self, method, path, body=None):
        status, answer = self.ask(method, f"/v1/{path}", body)
        assert status in (200, 204), (path, status, answer)
        return json.loads(answer) if answer else None

    def unseal(self):
        self.do("PUT", "sys/unseal", {"key": self.key})
        self.server.wait_until(lambda: self.ask("GET", "/v1/sys/health")[0] == 200, timeout=60)

    def new_token(self, life):
        return self.do("POST", "auth/token/create", {"policies": ["cairn"], "ttl": life})["auth"]["client_token"]

    def _at(self, path, mount):
        return urllib.parse.quote(f"{mount}/data/{path}" if self.version == 2 else f"{mount}/{path}")

    def put(self, path, data, mount="secret"):
        self.do("POST", self._at(path, mount), {"data": data} if self.version == 2 else data)

    def newest(self, path, mount="secret"):
        status, answer = self.ask("GET", f"/v1/{self._at(path, mount)}")
        if status == 404:
            return None
        data = json.loads(answer)["data"]
        return data["data"] if self.version == 2 else data


class ApiServer(Cluster, _Asked):
    """Kubernetes' API server with etcd, from tests/peers/kubernetes."""

    token = "service-account-token"

    def __init__(self, program, folder):
        super().__init__(folder)
        (folder / "tokens.csv").write_text(f"{self.token},me,1,system:masters\n")
        port = reserve_port()
        self.url = f"https://127.0.0.1:{port}"
        self.server = Server(
            [program, folder / "etcd", reserve_port(), f"--secure-port={port}", "--bind-address=127.0.0.1",
             f"--tls-cert-file={folder}/own.pem", f"--tls-private-key-file={folder}/own.pem",
             f"--client-ca-file={self.root}", f"--token-auth-file={folder}/tokens.csv",
             "--authorization-mode=RBAC", "--service-account-issuer=https://kubernetes.test",
             f"--service-account-key-file={folder}/own.pem", f"--service-account-signing-key-file={folder}/own.pem",
             "--service-cluster-ip-range=10.96.0.0/24", f"--cert-dir={folder}",
             # It tells nobody where it is.
             "--advertise-address=192.0.2.1", "--endpoint-reconciler-type=none"], folder / "log")
        self.server.wait_until(lambda: self.ask("GET", "/readyz")[0] == 200, timeout=180)
        for space in ("web", "mine"):
            self.make("/api/v1/namespaces", {"metadata": {"name": space}})
        # Whoever has a certificate for this name of the root.
        group = "rbac.authorization.k8s.io"
        self.make(f"/apis/{group}/v1/clusterrolebindings", {
            "metadata": {"name": "client"}, "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [{"apiGroup": group, "kind": "User", "name": "client"}]})

    def credentials(self):
        return {"Authorization": f"Bearer {self.token}"}

    def make(self, path, thing):
        status, body = self.ask("POST", path, thing)
        assert status == 201, body
        return json.loads(body)

    def secret(self, space, name):
        status, body = self.ask("GET", f"/api/v1/namespaces/{space}/secrets/{name}")
        return json.loads(body) if status == 200 else None

    def label(self, space, name, key, value):
        status, _ = self.ask("PATCH", f"/api/v1/namespaces/{space}/secrets/{name}",
                              {"metadata": {"labels": {key: value}}}, "application/merge-patch+json")
        assert status == 200, status
