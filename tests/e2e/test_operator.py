"""The operator's commands, on a running CA and on one that is stopped."""

import base64
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import threading

import pytest

from harness.acme import Client, assert_problem
from harness.authority import CairnCa
from harness.operator_commands import Operator
from harness.process import BIN


def id_of(client):
    return client.account_url.rsplit("/", 1)[1]


@pytest.fixture
def ca(tmp_path, dns):
    ca = CairnCa(tmp_path, dns, is_copied=True)
    yield ca
    if ca.server.process.poll() is None:
        assert ca.stop() == 0, ca.server.tail()


@pytest.fixture
def operator(ca):
    return Operator(ca)


def registered(ca, count=1):
    clients = [Client(ca) for _ in range(count)]
    for client in clients:
        client.register()
    return clients


@pytest.fixture(params=["running", "stopped"])
def state(request):
    return request.param


def bring_into(ca, state):
    if state == "stopped":
        assert ca.stop() == 0


def test_accounts_are_listed_in_pages(ca, operator, state):
    # Ids begin with the time; within a second their order is by chance.
    ids = sorted((id_of(client) for client in registered(ca, 3)),
                 key=lambda text: base64.urlsafe_b64decode(text + "=="))
    bring_into(ca, state)
    page = operator.json("account", "list", "--limit", 2)
    assert [account["id"] for account in page["accounts"]] == ids[:2]
    assert page["next"] == ids[1]
    rest = operator.json("account", "list", "--limit", 2, "--after", page["next"])
    assert [account["id"] for account in rest["accounts"]] == ids[2:]
    assert "next" not in rest
    table = operator.run("account", "list")
    assert table.returncode == 0
    assert table.stdout.splitlines()[0].split() == ["ID", "STATUS", "CREATED", "CONTACT"]
    assert len(table.stdout.splitlines()) == 4


def test_a_page_has_room_for_all_that_clients_may_say(ca, operator):
    domain = ".".join(["d" * 60] * 3) + ".test"
    contacts = [f"mailto:{'a' * 58}{place}@{domain}" for place in range(10)]
    for _ in range(430):
        Client(ca).register(contact=contacts)
    page = operator.json("account", "list", "--limit", 1000)
    assert len(page["accounts"]) == 430
    assert len(json.dumps(page)) > 1 << 20


def test_an_account_is_shown_by_id_url_and_thumbprint(ca, operator, state):
    client, = registered(ca)
    bring_into(ca, state)
    by_id = operator.json("account", "show", id_of(client))
    assert (by_id["id"], by_id["status"]) == (id_of(client), "valid")
    assert operator.json("account", "show", client.account_url) == by_id
    # A thumbprint may begin with a hyphen.
    shown = operator.run("account", "show", "--json", "--", by_id["thumbprint"])
    assert json.loads(shown.stdout) == by_id


def test_a_deactivated_account_is_refused_at_its_next_request(ca, operator):
    client, other = registered(ca, 2)
    assert client.post(client.account_url).status_code == 200
    answer = operator.json("account", "deactivate", id_of(client))
    assert answer["status"] == "deactivated"
    assert_problem(client.post(client.account_url), 401, "unauthorized")
    assert other.post(other.account_url).status_code == 200
    again = operator.json("account", "deactivate", id_of(client))
    assert again["deactivated"] == answer["deactivated"], "the first time stays"


def test_what_is_done_on_a_stopped_ca_holds_when_it_runs(ca, operator):
    client, = registered(ca)
    assert ca.stop() == 0
    operator.json("account", "deactivate", id_of(client))
    ca.start()
    assert_problem(client.post(client.account_url), 401, "unauthorized")


def test_every_act_is_logged_with_who_and_what(ca, operator):
    client, = registered(ca)
    operator.json("account", "show", id_of(client))
    operator.json("account", "deactivate", id_of(client))
    operator.json("account", "deactivate", "AAAAAAAAAAAAAAAAAAAAAA", code=2)
    acts = [line for line in ca.log_lines() if line.get("operation")]
    assert [(act["event"], act["operation"], act["operator"]) for act in acts] == [
        ("operator acted", "account deactivate", f"user {os.getuid()}"),
        ("operator failed", "account deactivate", f"user {os.getuid()}"),
    ]
    assert json.loads(acts[0]["arguments"]) == {"account": id_of(client)}


@pytest.mark.parametrize("arguments, code, words", [
    (["AAAAAAAAAAAAAAAAAAAAAA"], "notFound", "there is no account AAAAAAAAAAAAAAAAAAAAAA"),
    (["not an id"], "usage", "neither an account's id or URL nor the thumbprint"),
])
def test_a_mistake_is_told_in_one_shape(ca, operator, state, arguments, code, words):
    bring_into(ca, state)
    answer = operator.json("account", "show", *arguments, code=2)
    assert answer["error"]["code"] == code
    assert words in answer["error"]["detail"]
    told = operator.run("account", "show", *arguments)
    assert told.returncode == 2
    assert words in told.stderr and not told.stdout


def test_a_usage_error_is_told_in_the_same_shape(operator):
    answer = operator.json("account", "show", "--colour", code=2)
    assert answer["error"]["code"] == "usage"
    answer = operator.json("account", "list", "--limit", 0, code=2)
    assert "limit must be from 1 to 1000" in answer["error"]["detail"]


def ask(ca, request):
    """The answer to octets that are sent to the operator's socket."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30)
        client.connect(str(ca.home / "operator.sock"))
        client.sendall(request)
        answer = b""
        while octets := client.recv(65536):
            answer += octets
    head, body = answer.split(b"\r\n\r\n", 1)
    return int(head.split()[1]), json.loads(body)


def posted(path, body):
    return (f"POST {path} HTTP/1.1\r\nHost: operator\r\nConnection: close\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def test_the_socket_offers_the_same_operations_as_json(ca):
    client, = registered(ca)
    status, offered = ask(ca, b"GET /v1 HTTP/1.1\r\nHost: operator\r\nConnection: close\r\n\r\n")
    assert status == 200
    paths = {operation["path"] for operation in offered["operations"]}
    assert {"/v1/account/list", "/v1/account/show", "/v1/account/deactivate"} <= paths
    status, answer = ask(ca, posted("/v1/account/show",
                                    json.dumps({"account": id_of(client)}).encode()))
    assert (status, answer["id"]) == (200, id_of(client))


@pytest.mark.parametrize("path, body, status, code, words", [
    ("/v1/account/shows", b"", 404, "notFound", "there is no operation"),
    ("/v1", b"", 405, "usage", "use GET"),
    ("/v1/account/list", b"{", 400, "usage", "the body must be a JSON object"),
    ("/v1/account/list", b"[]", 400, "usage", "the body must be a JSON object"),
    ("/v1/account/list", b'{"limt": 3}', 400, "usage", "did you mean limit?"),
    ("/v1/account/list", b'{"limit": "3"}', 400, "usage", "limit must be a whole number"),
    ("/v1/account/list", b'{"limit": -3}', 400, "usage", "limit must be a whole number"),
    ("/v1/account/show", b"{}", 400, "usage", "account is missing"),
])
def test_bad_requests_to_the_socket_are_refused(ca, path, body, status, code, words):
    found, answer = ask(ca, posted(path, body))
    assert (found, answer["error"]["code"]) == (status, code)
    assert words in answer["error"]["detail"]


def test_the_socket_is_for_root_and_the_owner_alone(ca, operator):
    path = ca.home / "operator.sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    if os.getuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("only root can be somebody else")
    # Even where the modes of folder and socket let others in, the server does not. The working
    # folder spares the other user the way through folders that are closed to it.
    ca.home.chmod(0o755)
    path.chmod(0o666)
    program = ("import socket; s = socket.socket(socket.AF_UNIX); s.settimeout(20);"
               "s.connect('operator.sock'); print('connected', flush=True);"
               "s.sendall(b'GET /v1 HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'); print(s.recv(100))")
    other = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", "/usr/bin/python3", "-I",
                            "-c", program], cwd=ca.home, capture_output=True, text=True, timeout=60)
    assert "connected" in other.stdout, other.stderr
    assert "HTTP" not in other.stdout, "another user was answered"
    ca.server.wait_until(lambda: any(line["event"] == "local connection refused" and
                                     line["user"] == "65534" for line in ca.log_lines()))


def test_a_killed_server_leaves_nothing_in_the_way(ca, operator):
    client, = registered(ca)
    ca.kill()
    assert (ca.home / "operator.sock").exists()
    assert operator.json("account", "show", id_of(client))["status"] == "valid"
    ca.start()
    assert operator.json("account", "show", id_of(client))["status"] == "valid"
    assert ca.stop() == 0
    assert not (ca.home / "operator.sock").exists()


@pytest.mark.parametrize("state", ["running", "stopped"])
def test_commands_at_once_all_get_their_answers(ca, operator, state):
    clients = registered(ca, 6 if state == "running" else 3)
    if state == "stopped":
        assert ca.stop() == 0
    answers = []
    threads = [threading.Thread(target=lambda name=id_of(client): answers.append(
        operator.json("account", "deactivate", name)["status"])) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["deactivated"] * len(clients)
    if state == "stopped":
        ca.start()


def test_a_server_without_its_socket_is_not_overlooked(ca, operator):
    (ca.home / "operator.sock").unlink()
    answer = operator.json("account", "list", code=2)
    assert "in use" in answer["error"]["detail"] or "another process" in answer["error"]["detail"]
    ca.server.signal(signal.SIGTERM)
    assert ca.server.process.wait(30) == 0
    assert operator.json("account", "list")["accounts"] == []


def test_what_root_does_stays_usable_for_the_servers_user(tmp_path):
    """The folder is a service's user's; root makes the CA and acts on it, stopped."""
    if os.getuid() != 0:
        pytest.skip("only root can act in the folder of somebody else")
    home = tmp_path / "ca"
    home.mkdir()
    os.chown(home, 65534, 65534)

    def act(*words):
        done = subprocess.run([str(BIN / "cairn-ca"), *map(str, words)], capture_output=True, text=True,
                              timeout=60)
        assert done.returncode == 0, done.stderr

    act("init", home)
    act("issuer", "create", home, "next")
    act("eab", "create", home)
    act("issuer", "csr", home, "other")
    owners = {str(path): path.lstat().st_uid for path in [home, *home.rglob("*")]}
    assert set(owners.values()) == {65534}, owners
