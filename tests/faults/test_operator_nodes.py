"""The operator's commands where several nodes share a PostgreSQL: what is done at one holds at all."""

import concurrent.futures
import json
import shutil
import signal
import subprocess

import pytest
import requests

from harness.acme import Client, assert_problem, external_binding
from harness.dns_server import unique_name
from harness.issued import read_chain
from harness.issued import renewal_name as name_of
from harness.nodes import Nodes
from harness.process import BIN, run
from harness.web import Responder


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


def test_what_is_issued_anywhere_is_found_and_revoked_anywhere(nodes):
    with Responder(nodes.http_port) as responder:
        client = Client(nodes, responder)
        client.register()
        names = [unique_name() for _ in range(3)]
        issued = [client.issue([name]) for name in names]
    account = client.account_url.rsplit("/", 1)[1]
    for home in nodes.homes:
        assert operate(home, "certificate", "search", names[1])["certificates"][0]["names"] == names[1:2]
        assert len(operate(home, "order", "list", "--account", account, "--status", "valid",
                           "--name", names[0])["orders"]) == 1
        pages = operate(home, "certificate", "list", "--account", account, "--limit", "2")
        rest = operate(home, "certificate", "list", "--account", account, "--after", pages["next"])
        assert len(pages["certificates"]) == 2 and len(rest["certificates"]) == 1
    done = operate(nodes.homes[0], "certificate", "revoke", "--account", account, "--expect", "3")
    assert done["revoked"] == 3
    for home in nodes.homes:
        listed = operate(home, "certificate", "list", "--account", account, "--status", "revoked")
        assert len(listed["certificates"]) == 3
    for each in issued:
        assert_problem(client.revoke(each.der), 400, "alreadyRevoked")


@pytest.fixture
def three(tmp_path, dns, cluster):
    nodes = Nodes(tmp_path, dns, cluster, count=3)
    yield nodes
    nodes.stop()


def test_three_nodes_refuse_an_account_that_they_remember_at_its_next_request(three):
    client = Client(three)
    client.http.headers["Connection"] = "close"
    client.register()
    # Each connection goes to the next node, so that each has it in memory.
    for _ in range(6):
        assert client.post(client.account_url).status_code == 200
    account = client.account_url.rsplit("/", 1)[1]
    operate(three.homes[0], "account", "deactivate", account)
    for _ in range(6):
        assert_problem(client.post(client.account_url), 401, "unauthorized")
    for home in three.homes:
        assert operate(home, "account", "show", account)["status"] == "deactivated"
        listed = operate(home, "account", "list")["accounts"]
        assert [each["status"] for each in listed if each["id"] == account] == ["deactivated"]


def test_an_issuer_that_is_retired_issues_nothing_at_any_of_three_nodes(three):
    run([BIN / "cairn-ca", "issuer", "create", three.homes[0], "second"])
    for home in three.homes:
        for file in ("second.pem", "second-key.pem"):
            if home != three.homes[0]:
                shutil.copy(three.homes[0] / "pki" / file, home / "pki" / file)
        with open(home / "ca.toml", "a") as text:
            text.write('\n[issuers.second]\ncertificate = "pki/second.pem"\n'
                       'key = "pki/second-key.pem"\n')
    for server, log in zip(three.servers, three.logs):
        server.signal(signal.SIGHUP)
        server.wait_until(lambda file=log: "configuration reloaded" in file.read_text())
    with Responder(three.http_port) as responder:
        client = Client(three, responder)
        client.http.headers["Connection"] = "close"
        client.register()

        def signer():
            return read_chain(client.issue([unique_name()]).chain_pem)[1].subject.rfc4514_string()

        former = {signer() for _ in range(3)}
        assert len(former) == 1
        name = "second" if any("second" in each for each in former) else "intermediate"
        assert operate(three.homes[1], "issuer", "retire", name)["status"] == "retired"
        assert not {signer() for _ in range(6)} & former
        for home in three.homes:
            listed = {each["issuer"]: each["status"]
                      for each in operate(home, "issuer", "list")["issuers"]}
            assert listed[name] == "retired" and sorted(listed.values()) == ["active", "retired"]


def test_renewals_that_are_pulled_forward_are_so_at_every_node(nodes):
    with Responder(nodes.http_port) as responder:
        client = Client(nodes, responder)
        client.register()
        leaf = client.issue([unique_name()]).leaf
    name = name_of(leaf)

    def windows():
        """What each node says; each connection goes to another one."""
        session = requests.Session()
        session.headers["Connection"] = "close"
        return [session.get(f"{client.directory['renewalInfo']}/{name}", timeout=30,
                            verify=str(nodes.api_root)).json() for _ in range(4)]

    usual = windows()
    assert usual == usual[:1] * 4
    rule = operate(nodes.homes[0], "renewal", "pull-forward", "--profile", "default",
                   "--explanation", "https://ca.example/why")
    pulled = windows()
    assert pulled == pulled[:1] * 4 and pulled != usual
    assert pulled[0]["explanationURL"] == "https://ca.example/why"
    operate(nodes.homes[1], "renewal", "cancel", "--", rule["id"])
    assert windows() == usual


def orders_at_once(nodes, client, payloads):
    """The answers to newOrder requests at the same time, which go to both nodes."""
    def send(payload):
        twin = Client(nodes, key=client.key)
        twin.account_url = client.account_url
        twin.http.headers["Connection"] = "close"
        return twin.post(twin.directory["newOrder"], payload)

    with concurrent.futures.ThreadPoolExecutor(len(payloads)) as threads:
        return list(threads.map(send, payloads))


def test_one_order_of_many_at_once_is_placed_over_all_nodes(nodes):
    with Responder(nodes.http_port) as responder:
        client = Client(nodes, responder)
        client.register()
        name = unique_name()
        former = client.issue([name]).leaf
    wanted = {"identifiers": [{"type": "dns", "value": name}]}
    answers = orders_at_once(nodes, client, [wanted] * 20)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.headers["Location"] for answer in answers}) == 1

    def replacing():
        return {"identifiers": [*wanted["identifiers"], {"type": "dns", "value": unique_name()}],
                "replaces": name_of(former)}

    answers = orders_at_once(nodes, client, [replacing() for _ in range(20)])
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19


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


def apply(client, external):
    url = client.directory["newAccount"]
    return client.post(url, {"externalAccountBinding": external_binding(
        client.key, external["kid"], external["hmac_key"], url)})


@pytest.mark.checks(62)
def test_a_key_for_one_account_makes_one_at_all_nodes_together(nodes):
    external = operate(nodes.homes[0], "eab", "create")
    clients = [Client(nodes) for _ in range(50)]
    with concurrent.futures.ThreadPoolExecutor(25) as pool:
        answers = list(pool.map(lambda client: apply(client, external), clients))
    assert sorted(answer.status_code for answer in answers) == [201] + [403] * 49
    for home in nodes.homes:
        assert operate(home, "eab", "show", external["kid"])["uses"] == 1


def test_a_key_that_one_node_revoked_is_revoked_at_every_node(nodes):
    external = operate(nodes.homes[0], "eab", "create", "--reusable")
    client = Client(nodes)
    client.http.headers["Connection"] = "close"
    assert [apply(client, external).status_code for _ in range(3)] == [201, 200, 200]
    operate(nodes.homes[1], "eab", "revoke", external["kid"], "--deactivate-accounts")
    for _ in range(4):
        newcomer = Client(nodes)
        newcomer.http.headers["Connection"] = "close"
        assert_problem(apply(newcomer, external), 403, "unauthorized", "revoked")
    client.account_url = None
    for _ in range(4):
        assert_problem(apply(client, external), 401, "unauthorized")
