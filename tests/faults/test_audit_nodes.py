"""Audit logs where nodes share a PostgreSQL: each has its own, the store has the heads of all, and together
they tell of everything that was acknowledged, whoever dies."""

import json
import shutil
import time

import pytest

from harness import audit
from harness.acme import Client
from harness.dns_server import unique_name
from harness.nodes import Nodes
from harness.web import Responder

SOON = 60


@pytest.fixture
def nodes(tmp_path, dns, cluster):
    nodes = Nodes(tmp_path, dns, cluster)
    yield nodes
    nodes.stop()


class Node:
    """As harness.audit knows a CA."""

    def __init__(self, home):
        self.home = home


def issued_at(nodes, place):
    return {line["serial"] for line in audit.lines(Node(nodes.homes[place]), "certificate.issue")}


def wait_for(condition):
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_each_node_tells_of_what_it_did(nodes):
    where = ("--set", f"store.url={json.dumps(nodes.url)}")
    with Responder(nodes.http_port) as responder:
        client = Client(nodes, responder)
        client.http.headers["Connection"] = "close"  # each request goes to another node
        client.register()
        serials = {audit.hexadecimal(client.issue([unique_name()]).leaf.serial_number)
                   for _ in range(4)}
        told = [issued_at(nodes, place) for place in (0, 1)]
        assert told[0] | told[1] == serials and not told[0] & told[1]
        for home in nodes.homes:
            assert audit.verify(home)["findings"] == []

        # One dies; what it did is told at its folder and known in the store.
        nodes.kill(0)
        lost = audit.lines(Node(nodes.homes[0]))
        report = audit.verify(nodes.homes[0], *where)
        assert report["findings"] == [] and report["last"] == lost[-1]["seq"]
        more = {audit.hexadecimal(client.issue([unique_name()]).leaf.serial_number)
                for _ in range(2)}
        assert more <= issued_at(nodes, 1)
        nodes.start(0)

        # Whoever cuts the log of a node that is down is found out by the store.
        signed = audit.verify(nodes.homes[0])["signed"]
        assert signed
        nodes.kill(0)
        (file, *_) = audit.files(Node(nodes.homes[0]))
        file.write_text("".join(file.read_text().splitlines(keepends=True)[:3]))
        report = audit.verify(nodes.homes[0], *where, code=2)
        assert "the log was cut: it ends with line 3" in report["findings"][0]["detail"]
        # It goes on behind the gap.
        nodes.start(0)
        client.issue([unique_name()])
        (finding,) = audit.verify(nodes.homes[0], code=2)["findings"]
        assert finding["detail"].startswith("lines 4 to ")


def test_two_nodes_with_one_folder_are_told(nodes):
    """Somebody has copied a node with its audit log."""
    with Responder(nodes.http_port) as responder:
        client = Client(nodes, responder)
        client.register()
        nodes.kill(1)
        shutil.rmtree(nodes.homes[1] / "audit")
        wait_for(lambda: audit.verify(nodes.homes[0])["signed"])
        shutil.copytree(nodes.homes[0] / "audit", nodes.homes[1] / "audit")
        nodes.start(1)
        client.http.headers["Connection"] = "close"

        def is_told():
            client.must(client.post(client.account_url, {"contact": ["mailto:a@example.test"]}))
            return any("that this node has not saved" in log.read_text() for log in nodes.logs)

        wait_for(is_told)
