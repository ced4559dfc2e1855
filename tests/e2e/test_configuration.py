"""The effect of ca.toml and --set, seen from outside."""

import subprocess

import pytest
import requests

from e2e.refusals import assert_refused
from harness.acme import Client, make_jws
from harness.dns_server import unique_name
from harness.postgres import PostgresCluster
from harness.process import BIN, run
from harness.web import Responder


# The profiles that `init` writes.
SHIPPED = {"default", "mtls", "shortlived"}
SPELLINGS = ["https://LOCALHOST:{port}", "https://localhost.:{port}/", "HTTPS://LocalHost:{port}"]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_one_spelling_of_the_public_url_is_given_out(start_ca, spelling):
    ca = start_ca()
    with Responder(ca.http_port) as responder:
        client = Client(ca, responder)
        client.register()
        assert ca.stop() == 0
        written = spelling.format(port=ca.port)
        ca.settings["server.public_url"] = written
        ca.start()
        base = f"https://localhost:{ca.port}/"
        client = Client(ca, responder)
        urls = [url for url in client.directory.values() if isinstance(url, str)]
        assert urls and all(url.startswith(base) for url in urls)
        # With URLs signed as the CA gave them out, everything works.
        client.register()
        assert client.account_url.startswith(base)
        issued = client.issue([unique_name()])
        assert issued.order["certificate"].startswith(base)
        # The spelling in the configuration was never given out, so it is no URL of the CA.
        url = client.directory["newOrder"]
        other = url.replace(base, written.rstrip("/") + "/")
        if other != url:
            body = make_jws(client.key, client.header(other), {})
            assert_refused(client, client.send(url, body), 403, "unauthorized")
        # Only account URLs are kept so long that they may have been given out in that spelling
        # before.
        client.account_url = client.account_url.replace(base, written.rstrip("/") + "/")
        assert client.read(client.account_url.replace(written.rstrip("/") + "/", base))


@pytest.mark.parametrize("host", ["localhost:{port}", "LOCALHOST:{port}", "localhost", "127.0.0.1",
                                  "localhost.:{port}", "localhost."])
def test_hosts_that_clients_may_send(shared_ca, host):
    url = f"https://localhost:{shared_ca.port}/directory"
    answer = requests.get(url, headers={"Host": host.format(port=shared_ca.port)}, timeout=10,
                          verify=str(shared_ca.api_root))
    if host == "127.0.0.1":  # not among server.hosts
        assert answer.status_code == 421
    else:
        assert answer.status_code == 200
        assert answer.json()["newOrder"].startswith(f"https://localhost:{shared_ca.port}/")


def refused(home, *arguments):
    done = subprocess.run([str(BIN / "cairn-ca"), "serve", str(home), *arguments], text=True,
                          capture_output=True, timeout=30)
    assert done.returncode == 2, done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def home(tmp_path):
    run([BIN / "cairn-ca", "init", tmp_path / "ca"])
    return tmp_path / "ca"


PASSWORD = "hunter2"


@pytest.mark.parametrize("arguments", [
    ["--set", f"store.url=postgresql://cairn:{PASSWORD}@db/cairn"],
    ["--set", f'store.url="postgresql://cairn:{PASSWORD}@db/cairn'],
    ["--set", f'store.url "postgresql://cairn:{PASSWORD}@db/cairn"'],
    ["--set", "store.url", f"postgresql://cairn:{PASSWORD}@db/cairn"],
    ["--set", f"store.url=\"postgresql://cairn:x@{PASSWORD}@127.0.0.1:1/cairn\""],
    ["--set", f"store.url=\"postgresql://cairn:{PASSWORD}%zz@127.0.0.1:1/cairn\""],
    ["--set", f"store.url=\"postgresql://cairn:{PASSWORD}@[127.0.0.1:1/cairn\""],
    ["--set", f"store.url=\"postgresql://cairn:{PASSWORD}@127.0.0.1:x/cairn\""],
    ["--set", f"store.url=\"postgresql://cairn@127.0.0.1:1/cairn?password={PASSWORD}&x\""],
    ["--set", f"store.url=\"mysql://cairn:{PASSWORD}@db/cairn\""],
    ["--store-url", f"postgresql://cairn:{PASSWORD}@db/cairn"],
    [f"--store-url=postgresql://cairn:{PASSWORD}@db/cairn"],
])
def test_a_password_is_never_printed(home, arguments):
    told = refused(home, *arguments)
    assert PASSWORD not in told
    assert told.strip()


def test_a_password_in_a_file_that_cannot_be_read_is_not_printed(home):
    text = (home / "ca.toml").read_text()
    for line in (f"url = postgresql://cairn:{PASSWORD}@db/cairn", f'url = "x" {PASSWORD}',
                 f"url = t{PASSWORD}", f'url = "postgresql://cairn:{PASSWORD}@db'):
        (home / "ca.toml").write_text(text.replace('url = "sqlite:store/cairn.sqlite"', line))
        told = refused(home)
        assert PASSWORD not in told and "line" in told


@pytest.mark.parametrize("settings, told", [
    (['limits.new_orders_per_account={ count = 0, period = "3h" }'],
     "limits.new_orders_per_account.count must be from 1"),
    (["limits.new_orders_per_account=3"], "limits.new_orders_per_account must be a table"),
    (['server.listen=["localhost:1"]'], "server.listen must be ADDRESS:PORT"),
    (['server.public_url="https://a_b.test"'], "server.public_url must have a host"),
    (['default_profile="none"'], "default_profile must say which profile"),
])
def test_settings_that_are_refused(home, settings, told):
    arguments = [word for setting in settings for word in ("--set", setting)]
    assert told in refused(home, *arguments)


def test_another_profile_does_not_become_the_default(start_ca):
    ca = start_ca(settings={"profiles.brief.validity": "6d"})
    with Responder(ca.http_port) as responder:
        client = Client(ca, responder)
        client.register()
        assert set(client.directory["meta"]["profiles"]) == SHIPPED | {"brief"}
        assert client.order([unique_name()])[1]["profile"] == "default"
        assert client.order([unique_name()], profile="brief")[1]["profile"] == "brief"


def test_a_reload_says_truly_which_configuration_is_in_force(tmp_path, dns, start_ca):
    database = PostgresCluster()
    try:
        url = database.create_database()
        ca = start_ca(settings={"store.url": url})
        name = url.split("/")[3].split("?")[0]
        # The message to the other nodes cannot be written; the new configuration is in force all
        # the same.
        database.sql(name, "ALTER TABLE cairn.nodes RENAME TO hidden")
        with open(ca.home / "ca.toml", "a") as file:
            file.write("[profiles.brief]\nvalidity = \"6d\"\n")
        ca.reload("the new configuration is in force, but")
        directory = requests.get(ca.directory, verify=str(ca.api_root), timeout=10).json()
        assert "brief" in directory["meta"]["profiles"]
        assert "reload failed" not in ca.log.read_text()
        database.sql(name, "ALTER TABLE cairn.hidden RENAME TO nodes")
        # A configuration that cannot be used leaves the former one in force.
        text = (ca.home / "ca.toml").read_text()
        (ca.home / "ca.toml").write_text(text.replace("brief", "swift") + "[nonsense]\n")
        ca.reload("reload failed; the former configuration stays in force")
        directory = requests.get(ca.directory, verify=str(ca.api_root), timeout=10).json()
        assert set(directory["meta"]["profiles"]) == SHIPPED | {"brief"}
        assert ca.stop() == 0
    finally:
        database.remove()
