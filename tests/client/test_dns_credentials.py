"""Where credentials of DNS providers come from, and what is refused."""

import json
import os
import pathlib
import re
import tomllib
from types import SimpleNamespace

import pytest

from harness.cairn import Cairn
from harness.dns_server import unique_name
from harness.name_servers import Knot, write_credentials, zone_text

ZONE = "example.test."
SOURCE = pathlib.Path(__file__).parents[2] / "src/client/dns"


@pytest.fixture(scope="module")
def server():
    knot = Knot({ZONE: zone_text(ZONE, [("ns1.example.test.", "127.0.0.1")])})
    yield knot
    knot.stop()


@pytest.fixture
def cairn(tmp_path):
    environment = {name: value for name, value in os.environ.items()
                   if not name.lower().endswith("_proxy")}
    return Cairn(SimpleNamespace(http_port=0, tls_alpn_port=0), environment, tmp_path)


def dns_test(cairn, *arguments, **variables):
    return cairn.outcome("dns", "test", "rfc2136", "example.test", *arguments, environment=variables)


def test_a_file_that_others_may_read_is_refused(cairn, server, tmp_path):
    file = server.credentials(tmp_path / "key.toml")
    file.chmod(0o644)
    output = dns_test(cairn, "--credentials", file)
    assert output.returncode == 2
    assert "others may read it: its mode is 0644" in output.stderr
    assert f"chmod 600 {file}" in output.stderr


def test_an_unknown_key_is_refused_by_the_nearest(cairn, server, tmp_path):
    file = server.credentials(tmp_path / "key.toml", tsig_secert="x")
    output = dns_test(cairn, "--credentials", file)
    assert output.returncode == 2
    assert "tsig_secert is not a known key; did you mean tsig_secret?" in output.stderr


def test_a_program_writes_them_without_a_shell(cairn, server, tmp_path):
    whole = server.credentials(tmp_path / "whole.toml")
    file = write_credentials(tmp_path / "key.toml", {"from": ["cat", str(whole)]})
    assert dns_test(cairn, "--credentials", file).returncode == 0
    file.write_text(f'server = "{server.address}"\ntsig_name = "cairn-key"\n'
                    'tsig_secret = { from = ["sh", "-c", "grep tsig_secret $0 | cut -d\'\\"\' -f2", '
                    f'"{whole}"] }}\n')
    assert dns_test(cairn, "--credentials", file).returncode == 0
    file.write_text('from = ["sh", "-c", "echo sealed >&2; exit 3"]\n')
    output = dns_test(cairn, "--credentials", file)
    assert output.returncode == 2
    assert "ended with status 3" in output.stderr and "sealed" in output.stderr


def test_systemd_hands_them_over(cairn, server, tmp_path):
    server.credentials(tmp_path / "rfc2136.toml").chmod(0o440)
    output = dns_test(cairn, CREDENTIALS_DIRECTORY=str(tmp_path))
    assert output.returncode == 0, output.stderr
    assert str(tmp_path / "rfc2136.toml") in output.stdout


def test_the_environment_of_other_clients_will_do(cairn, server):
    from harness.name_servers import KEY_NAME, SECRET
    output = dns_test(cairn, RFC2136_NAMESERVER=server.address, RFC2136_TSIG_KEY=KEY_NAME,
                      RFC2136_TSIG_SECRET=SECRET)
    assert output.returncode == 0, output.stderr
    assert "the environment (RFC2136_NAMESERVER, RFC2136_TSIG_KEY, RFC2136_TSIG_SECRET)" in output.stdout
    assert "--save-credentials" in output.stderr, "nobody is told that a timer has no such variables"
    assert SECRET not in output.stdout + output.stderr


def test_none_are_there(cairn):
    output = dns_test(cairn)
    assert output.returncode == 2
    assert "neither a file nor a variable" in output.stderr


def test_list_and_show(cairn):
    providers = cairn("dns", "list")
    for name in ("rfc2136", "powerdns", "cloudflare", "route53", "gcloud", "azure", "ovh", "namecheap",
                 "acme-dns"):
        assert name in providers
    shown = cairn("dns", "show", "cloudflare")
    assert "CF_DNS_API_TOKEN" in shown and "api_token" in shown
    unknown = cairn.outcome("dns", "show", "cloudfare")
    assert unknown.returncode == 2
    assert "did you mean cloudflare?" in unknown.stderr


def test_a_recipe_with_mistakes_tells_all_of_them(cairn, tmp_path):
    (tmp_path / "recipes").mkdir()
    file = tmp_path / "recipes" / "ours.toml"
    file.write_text("title = 'Ours'\naccess = 5\napi_url = 'http://x.test'\n[create]\npath = 'x'\nmethd = 'PUT'\n")
    file.chmod(0o644)
    shown = cairn.outcome("dns", "show", "ours", "--config", tmp_path)
    assert shown.returncode == 2
    for finding in ("access must be a string", "documentation is missing", "api_url must be an https URL",
                    "create.path must begin with /", "create.methd is not a known key; did you mean create.method?",
                    "keys is missing", "create and remove"):
        assert finding in shown.stderr, shown.stderr
    schema = json.loads(cairn("dns", "schema"))
    assert schema == json.loads((SOURCE / "recipe.schema.json").read_text())
    assert schema["properties"]["create"]["properties"]["path"]["type"] == "string"


def test_the_table_of_recipes_is_what_comes_along():
    rows = [line for line in (SOURCE.parents[2] / "docs/dns.md").read_text().split("| provider | who | access |")[1]
            .split("\n\n")[0].splitlines() if line.startswith("| `")]
    recipes = {file.stem: tomllib.loads(file.read_text()) for file in (SOURCE / "recipes").glob("*.toml")}
    assert rows == [f"| `{name}` | {recipe['title']} | {recipe['access'].removesuffix('.')} |"
                    for name, recipe in sorted(recipes.items())]
    assert all(recipe["access"].endswith(".") for recipe in recipes.values())


def test_the_table_of_variables_is_what_is_understood(cairn):
    text = (pathlib.Path(__file__).parents[2] / "docs" / "dns.md").read_text()
    table = text.split("### Variables of other clients")[1].split("\n## ")[0]
    rows = [[re.findall("`([^`]+)`", cell) for cell in line.split("|")[1:-1]]
            for line in table.splitlines() if line.startswith("| `")]
    documented = {}
    for (provider,), (key,), lego, acme_sh in rows:
        documented.setdefault(provider, {})[key] = set(lego + acme_sh)
    assert len(documented) > 8
    for provider, keys in documented.items():
        shown = json.loads(cairn("dns", "show", provider, "--json"))["provider"]["keys"]
        understood = {key["name"]: {name for name in key["variables"] if not name.startswith("CAIRN_")}
                      for key in shown}
        assert {key: names for key, names in understood.items() if names} == keys, provider


def test_a_key_of_tsig_by_its_file(cairn, server, tmp_path):
    from harness.name_servers import KEY_NAME, SECRET
    key = tmp_path / "cairn.key"
    key.write_text(f'key "{KEY_NAME}" {{\n\talgorithm hmac-sha256;\n\tsecret "{SECRET}";\n}};\n')
    key.chmod(0o640)
    host, port = server.address.split(":")
    variables = {"NSUPDATE_SERVER": host, "NSUPDATE_SERVER_PORT": port, "NSUPDATE_KEY": str(key)}
    refused = dns_test(cairn, **variables)
    assert refused.returncode == 2 and "others may read it: its mode is 0640" in refused.stderr
    key.chmod(0o600)
    output = dns_test(cairn, **variables)
    assert output.returncode == 0, output.stderr


def test_issue_keeps_what_no_timer_would_have(cairn, start_ca, dns, tmp_path):
    """The environment is gone when a timer renews."""
    cairn.authority = start_ca()
    settings = tmp_path / "settings"
    name = unique_name()
    words = ["issue", "-d", name, "--solver", "dns:rfc2136", "--ca", cairn.authority.directory,
             "--ca-root", cairn.authority.api_root, "--agree-tos", "--config", settings]
    secret = tmp_path / "server"
    secret.write_text(dns.address + "\n")
    secret.chmod(0o600)
    variables = {"RFC2136_NAMESERVER_FILE": str(secret)}
    warned = cairn.outcome(*words, environment=variables)
    assert warned.returncode == 0, warned.stderr
    assert "A timer that renews will not have them: add --save-credentials" in warned.stderr
    lost = cairn.outcome("renew", "--force", "--config", settings)
    assert lost.returncode == 2 and "neither a file nor a variable" in lost.stderr
    kept = cairn.outcome(*words, "--save-credentials", environment=variables)
    assert kept.returncode == 0, kept.stderr
    file = settings / "credentials" / "rfc2136.toml"
    assert file.stat().st_mode & 0o777 == 0o600 and dns.address in file.read_text()
    before = cairn.serial(name)
    renewed = cairn.outcome("renew", "--force", "--config", settings)
    assert renewed.returncode == 0, renewed.stderr
    assert cairn.serial(name) != before
