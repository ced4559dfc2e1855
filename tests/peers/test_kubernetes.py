"""The real API server of Kubernetes, by the tests of the stand-in and some more. A client certificate of its root is
known, and may do what the role of its name may."""

import shutil

import pytest
import yaml

from client.conftest import ca, cairn  # noqa: F401
from client.test_deploy_stores import (  # noqa: F401
    NAME, serial_of, test_a_secret_of_kubernetes, test_from_within_a_cluster_and_back_again, users)
from harness.issued import to_pem
from harness.secret_stores import certified, key_pem
from peers.documents import block_with
from peers.real_stores import ApiServer

ROLES = "/apis/rbac.authorization.k8s.io/v1/namespaces/web"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    from peers.conftest import PEERS
    program = PEERS / "kubernetes"
    if not program.exists() and not shutil.which("go"):
        pytest.skip("kubernetes was not fetched: go is not in the PATH")
    assert program.exists(), f"{program} is not there; ./dev peers says why"
    server = ApiServer(program, tmp_path_factory.mktemp("kubernetes") / "own")
    yield server
    server.stop()


@pytest.fixture
def kubernetes(server):
    """As new: without a Secret."""
    for space in ("web", "mine"):
        server.ask("DELETE", f"/api/v1/namespaces/{space}/secrets/site")
    return server


def known_as(kubernetes, folder, name):
    """A kubeconfig for who has a certificate for this name."""
    certificate, key = certified(name, kubernetes.authority)
    (folder / "client.pem").write_text(to_pem(certificate))
    (folder / "client.key").write_bytes(key_pem(key))
    return kubernetes.kubeconfig(folder / "config", ["client-certificate: client.pem", "client-key: client.key"])


def test_by_no_more_than_the_document_says(cairn, kubernetes, tmp_path):
    """A service account with the Role of docs/deploy.md and a token of its own."""
    role, binding = yaml.safe_load_all(block_with("kind: RoleBinding"))
    kubernetes.make("/api/v1/namespaces/web/serviceaccounts", {"metadata": {"name": "cairn"}})
    kubernetes.make(f"{ROLES}/roles", role)
    kubernetes.make(f"{ROLES}/rolebindings", binding)
    granted = kubernetes.make("/api/v1/namespaces/web/serviceaccounts/cairn/token", {})
    account = tmp_path / "account"
    account.mkdir()
    (account / "token").write_text(granted["status"]["token"])
    (account / "ca.crt").write_text(kubernetes.root.read_text())
    (account / "namespace").write_text("web")
    host, port = kubernetes.url.removeprefix("https://").split(":")
    environment = {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port}
    gate = tmp_path / "gate"
    gate.write_text("#!/bin/sh\nexit 1\n")
    gate.chmod(0o755)
    run = cairn.outcome(*cairn.issuing(
        NAME, "--deploy", f"kubernetes:site,service-account={account},check={gate}"), environment=environment)
    assert run.returncode == 2 and "rolled back" in run.stderr, run.stderr
    assert kubernetes.secret("web", "site") is None, "what had not been there before"
    gate.write_text("#!/bin/sh\nexit 0\n")
    assert cairn.outcome("renew", environment=environment).returncode == 0
    assert cairn.outcome("renew", "--force", environment=environment).returncode == 0
    held = kubernetes.decoded("web", "site")
    assert serial_of(held["tls.crt"], held["tls.key"]) == cairn.serial(NAME)
    run = cairn.outcome("set", NAME, "--deploy", f"kubernetes:mine/site,service-account={account}",
                        environment=environment)
    assert run.returncode == 0, run.stderr
    run = cairn.outcome("renew", "--force", environment=environment)
    assert run.returncode == 2 and "403" in run.stderr and "cannot get resource" in run.stderr, run.stderr
    assert kubernetes.secret("mine", "site") is None


def test_who_may_nothing_there(cairn, kubernetes, tmp_path):
    config = known_as(kubernetes, tmp_path, "stranger")
    run = cairn.outcome(*cairn.issuing(NAME, "--deploy", f"kubernetes:site,kubeconfig={config}"))
    assert run.returncode == 2, run.stderr
    assert '"stranger" cannot get resource "secrets"' in run.stderr and "may do there" in run.stderr
    config = kubernetes.kubeconfig(tmp_path / "other", ["token: nobody's"])
    run = cairn.outcome("deploy", NAME, f"kubernetes:site,kubeconfig={config}")
    assert run.returncode == 2 and "401" in run.stderr and "nobody's" not in run.stderr, run.stderr
    assert kubernetes.secret("web", "site") is None


def test_a_namespace_that_is_missing(cairn, kubernetes, tmp_path):
    config = known_as(kubernetes, tmp_path, "client")
    run = cairn.outcome(*cairn.issuing(NAME, "--deploy", f"kubernetes:none/site,kubeconfig={config}"))
    assert run.returncode == 2 and 'namespaces "none" not found' in run.stderr, run.stderr


@pytest.mark.parametrize("secret, told", [
    ({"type": "Opaque", "data": {"a": "YQ=="}}, "of the type Opaque"),
    ({"type": "kubernetes.io/tls", "immutable": True, "data": {"tls.crt": "YQ==", "tls.key": "YQ=="}}, "immutable")])
def test_a_secret_that_cannot_be_changed(cairn, kubernetes, tmp_path, secret, told):
    config = known_as(kubernetes, tmp_path, "client")
    kubernetes.make("/api/v1/namespaces/web/secrets", {"metadata": {"name": "site"}} | secret)
    run = cairn.outcome(*cairn.issuing(NAME, "--deploy", f"kubernetes:site,kubeconfig={config}"))
    assert run.returncode == 2 and told in run.stderr, run.stderr
    assert kubernetes.secret("web", "site")["data"] == secret["data"]
