"""The operator's commands where several nodes share a PostgreSQL: what is done at one holds at all."""

import json
import subprocess

import pytest

from harness.acme import Client, assert_problem
from harness.nodes import Nodes
from harness.postgres import PostgresCluster
from harness.process import BIN


@pytest.fixture(scope="module")
def cluster():
    server = PostgresCluster()
    yield server
    server.remove()


@pytest.fixture
def nodes(tmp_path, dns, cluster):
    nodes = Nodes(tmp_path, dns, cluster)
    yield nodes
    nodes.stop()


def operate(home, noun, verb, *arguments):
    done = subprocess.run([BIN / "cairn-ca", noun, verb, home, "--json", *arguments],
                          capture_output=True, text=True, timeout=60)
    answer = json.loads(done.stdout)
    assert done.returncode == 0 and answer["ok"], done.stdout + done.stderr
    return answer


def registered_at_each_node(nodes):
    """A client whose requests go to another node each time, and which both nodes have seen."""
    client = Client(nodes)
    client.http.headers["Connection"] = "close"
    client.register()
    for _ in range(4):
        assert client.post(client.account_url).status_code == 200
    return client


def refused_by_every_node(client):
    for _ in range(4):
        assert_problem(client.post(client.account_url), 401, "unauthorized")


def test_what_one_node_was_told_every_node_goes_by(nodes):
    client = registered_at_each_node(nodes)
    account = client.account_url.rsplit("/", 1)[1]
    assert operate(nodes.homes[1], "account", "show", account)["status"] == "valid"
    assert operate(nodes.homes[0], "account", "deactivate", account)["status"] == "deactivated"
    refused_by_every_node(client)
    assert operate(nodes.homes[1], "account", "show", account)["status"] == "deactivated"


def test_a_command_without_a_server_joins_as_a_node(nodes, tmp_path):
    client = registered_at_each_node(nodes)
    account = client.account_url.rsplit("/", 1)[1]
    apart = tmp_path / "apart"
    apart.mkdir()
    (apart / "ca.toml").write_text((nodes.homes[0] / "ca.toml").read_text())
    store = ("--set", f"store.url={json.dumps(nodes.url)}")
    assert account in [each["id"] for each in
                       operate(apart, "account", "list", *store)["accounts"]]
    operate(apart, "account", "deactivate", account, *store)
    refused_by_every_node(client)
