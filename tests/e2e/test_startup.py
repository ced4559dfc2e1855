"""What a CA tells its operator about itself, and about unsafe or wrong settings."""

import http.client
import json
import os
import pty
import re
import signal
import socket
import subprocess
import time

import pytest
import requests

from harness.ports import reserve_port
from harness.postgres import PostgresCluster
from harness.process import BIN, run


def lines_of(ca, event):
    return [line for line in ca.log_lines() if line["event"] == event]


def wait_for_line(ca, event):
    return ca.server.wait_until(lambda: lines_of(ca, event))


# The line `serving`

def test_serving_names_version_store_and_issuers(ca):
    serving, = wait_for_line(ca, "serving")
    assert re.fullmatch(r"\d+\.\d+\.\d+", serving["version"])
    assert serving["store"] == "sqlite:store/cairn.sqlite"
    assert serving["issuers"] == "intermediate"
    assert serving["directory"] == ca.directory


# Keys

def test_a_root_key_on_the_server_is_warned_of(ca):
    warning, = wait_for_line(ca, "the root's key is on the server")
    assert warning["level"] == "warning" and warning["file"].endswith("pki/root-key.pem")
    assert "offline" in warning["advice"]
    (ca.home / "pki" / "root-key.pem").unlink()
    ca.reload()
    ca.reload()  # by then the warnings of the first one are out
    assert len(lines_of(ca, "the root's key is on the server")) == 1


def test_keys_that_others_can_read_are_warned_of(ca):
    key = ca.home / "pki" / "intermediate-key.pem"
    assert not lines_of(ca, "others can read a private key")
    key.chmod(0o644)
    ca.reload()
    warning, = wait_for_line(ca, "others can read a private key")
    assert warning["level"] == "warning" and warning["file"] == str(key)
    assert warning["advice"] == f"chmod 600 {key}"


# The database

@pytest.fixture(scope="module")
def postgres():
    cluster = PostgresCluster()
    cluster.sql("postgres", "CREATE ROLE secretive LOGIN PASSWORD 's3cret'")
    cluster.sql("postgres", "CREATE ROLE stranger LOGIN")
    access = cluster.home / "data" / "pg_hba.conf"
    access.write_text("local all secretive scram-sha-256\nlocal all stranger reject\n"
                      + access.read_text())
    cluster.sql("postgres", "SELECT pg_reload_conf()")
    yield cluster
    cluster.remove()


def refused_start(folder, url, **environment):
    """The error in the log and the last message of a CA that must not wait for this database."""
    if not (folder / "ca").exists():
        run([BIN / "cairn-ca", "init", folder / "ca", "--listen", f"127.0.0.1:{reserve_port()}"])
    begin = time.monotonic()
    done = subprocess.run(
        [BIN / "cairn-ca", "serve", folder / "ca", "--set", f"store.url={json.dumps(url)}",
         "--set", 'server.admin_listen=""'],
        text=True, capture_output=True, timeout=50, env=os.environ | environment)
    assert time.monotonic() - begin < 20
    assert done.returncode == 2
    assert "s3cret" not in done.stderr and "wr0ng" not in done.stderr
    log = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    said = [line for line in done.stderr.splitlines() if line.startswith("cairn-ca: ")]
    error, = [line for line in log if line["event"] == "the store cannot be used"]
    assert error["level"] == "error" and said == ["cairn-ca: " + error["error"]]
    return error["error"]


def test_a_database_that_refuses_is_told_at_once(postgres, tmp_path):
    def url(database="postgres", user="cairn", more=""):
        return f"postgresql:///{database}?user={user}{more}&host={postgres.sockets}"

    refusals = {
        url(user="secretive"): ("no password supplied", "check the user and the password"),
        url(user="secretive", more="&password=wr0ng"): (
            "password authentication failed", "check the user and the password"),
        url(user="stranger"): ("pg_hba.conf rejects connection", "whether pg_hba.conf"),
        url(user="nobody"): ('role "nobody" does not exist', "check the user"),
        url(database="nowhere"): ('database "nowhere" does not exist', "create the database"),
    }
    for each, (reason, advice) in refusals.items():
        error = refused_start(tmp_path, each, HOME=str(tmp_path))
        assert reason in error and advice in error, each
    # What this database user may not do after it has connected.
    postgres.sql("postgres", "CREATE DATABASE closed")
    postgres.sql("postgres", "CREATE ROLE poor LOGIN")
    error = refused_start(tmp_path, url(database="closed", user="poor"))
    assert "permission denied" in error


def test_an_outage_is_waited_for_with_a_warning(tmp_path):
    """Not confused with a refusal."""
    run([BIN / "cairn-ca", "init", tmp_path / "ca", "--listen", f"127.0.0.1:{reserve_port()}"])
    with subprocess.Popen(
            [BIN / "cairn-ca", "serve", tmp_path / "ca", "--set",
             'store.url="postgresql://cairn@127.0.0.1:1/cairn"'],
            text=True, stderr=subprocess.PIPE) as process:
        line = json.loads(process.stderr.readline())
        assert line["event"] == "the database is away" and line["level"] == "warning"
        process.send_signal(signal.SIGTERM)
        process.stderr.read()
        assert process.wait(20) == 0


# Plain http on the port of https

@pytest.mark.parametrize("host", ["localhost", "elsewhere.test"])
def test_plain_http_on_the_port_of_https_is_answered_and_told(ca, host):
    for path in ("/directory", "/acme/new-order", "/"):
        connection = http.client.HTTPConnection("127.0.0.1", ca.port, timeout=10)
        connection.request("GET", path, headers={"Host": f"{host}:{ca.port}"})
        response = connection.getresponse()
        assert response.status == 400
        assert response.headers["Content-Type"] == "application/problem+json"
        problem = json.loads(response.read())
        assert problem["type"] == "urn:ietf:params:acme:error:malformed"
        assert "speaks https" in problem["detail"] and ca.directory in problem["detail"]
    warning, = wait_for_line(ca, "plain http on the port of https")  # and not three of them
    assert warning["level"] == "warning" and warning["remote"] == "127.0.0.1"
    # The issuer's certificate is what it is for.
    issuer = requests.get(f"http://localhost:{ca.port}/issuer/{'0' * 64}", timeout=10)
    assert issuer.status_code == 404


# The access log

def test_the_access_log_names_the_client(ca):
    names = ["Cairn/9.9", 'odd "name"\x07' + "x" * 300]
    for name in names:
        with socket.create_connection(("127.0.0.1", ca.port)) as connection:
            connection.sendall(f"GET /directory HTTP/1.1\r\nHost: localhost:{ca.port}\r\n"
                               f"User-Agent: {name}\r\nConnection: close\r\n\r\n".encode())
            while connection.recv(4096):
                pass
    requests.get(ca.directory, verify=str(ca.api_root), headers={"User-Agent": "lego/1"}, timeout=10)
    ca.server.wait_until(lambda: any(
        line.get("user_agent") == "lego/1" for line in lines_of(ca, "request")))
    agents = [line["user_agent"] for line in lines_of(ca, "request")]
    assert "Cairn/9.9" in agents
    assert all(len(agent) <= 210 and agent.isprintable() for agent in agents)


# Levels and formats

def test_each_level_tells_what_the_one_above_it_does_not(ca):
    ca.stop()
    configuration = ca.home / "ca.toml"
    sound = configuration.read_text()
    seen = {}
    for level in ("error", "warning", "info", "debug"):
        ca.log.unlink()
        ca.settings["log.level"] = level
        ca.start()
        configuration.write_text(sound + "\nbroken = 1\n")
        ca.reload("reload failed")
        configuration.write_text(sound)
        ca.stop()
        seen[level] = {line["level"] for line in ca.log_lines()}
    assert seen == {
        "error": {"error"}, "warning": {"error", "warning"}, "info": {"error", "warning", "info"},
        "debug": {"error", "warning", "info", "debug"}}


def output_on_a_terminal(command):
    """What a program that is ended after it serves has written to a terminal."""
    parent, child = pty.openpty()
    with subprocess.Popen(command, stdout=child, stderr=child, stdin=subprocess.DEVNULL) as process:
        os.close(child)
        output = b""
        try:
            while part := os.read(parent, 4096):
                output += part
                if b" serving" in output or b'"serving"' in output:
                    process.terminate()
        except OSError:  # the other end is closed
            pass
        finally:
            os.close(parent)
            process.terminate()
        assert process.wait(20) == 0, output
    return output.decode().replace("\r\n", "\n")


def test_on_a_terminal_the_log_is_for_people(tmp_path):
    run([BIN / "cairn-ca", "init", tmp_path / "ca", "--listen", f"127.0.0.1:{reserve_port()}"])
    command = [BIN / "cairn-ca", "serve", tmp_path / "ca", "--set", 'server.admin_listen=""']
    output = output_on_a_terminal(command)
    serving, = re.findall(r"^\S+Z info    serving (.*)$", output, re.MULTILINE)
    assert 'store=sqlite:store/cairn.sqlite' in serving and "issuers=intermediate" in serving
    assert re.search(r"^\S+Z warning the root's key is on the server file=\S+", output, re.MULTILINE)
    assert "{" not in output
    # An explicit setting overrides it.
    output = output_on_a_terminal([*command, "--set", 'log.format="json"'])
    assert all(json.loads(line)["time"] for line in output.splitlines())


# Words

def failure(*words):
    done = subprocess.run([BIN / "cairn-ca", *words], text=True, capture_output=True, timeout=20)
    assert done.returncode == 2 and done.stdout == ""
    return done.stderr


def test_unknown_words_are_answered_with_the_nearest_known_one(tmp_path):
    assert "cairn-ca has no command srve; did you mean serve?" in failure("srve", tmp_path)
    assert "serve has no flag --sett; did you mean --set?" in failure(
        "serve", tmp_path, "--sett", "a=1")
    run([BIN / "cairn-ca", "init", tmp_path / "ca"])
    text = failure("serve", tmp_path / "ca", "--set", 'server.listne=["127.0.0.1:1"]', "--set",
                   "validation.http-port=80", "--set", "tls_alpn_port=443")
    assert "server.listne is not a known key; did you mean server.listen?" in text
    assert "validation.http-port is not a known key; did you mean validation.http_port?" in text
    assert "tls_alpn_port is not a known key; did you mean validation.tls_alpn_port?" in text
