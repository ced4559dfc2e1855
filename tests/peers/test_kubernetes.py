"""The real API server of Kubernetes, by the tests of the stand-in. A client certificate of its root is known, and may do
what the role of its name may."""

import shutil

import pytest

from client.conftest import ca, cairn  # noqa: F401
from client.test_deploy_stores import (  # noqa: F401
    test_a_secret_of_kubernetes, test_from_within_a_cluster_and_back_again)
from harness.secret_stores import ApiServer


@pytest.fixture
def kubernetes(peer, tmp_path):
    server = ApiServer(peer("kubernetes", tool=None if shutil.which("go") else "go"), tmp_path / "kubernetes")
    yield server
    server.stop()
