"""dns-01 by what others have written: scripts of acme.sh, lego's exec and httpreq, certbot's hooks; all
change a real PowerDNS, and a CA looks there."""

import base64
import hashlib
import http.server
import json
import os
import shutil
import sys
from types import SimpleNamespace

import pytest

from harness.cairn import Cairn
from harness.name_servers import PowerDns, write_credentials
from harness.serving import serve

ZONE = "example.test."
RECORD = "_acme-challenge.example.test"
NAMES = ["example.test", "*.example.test"]


@pytest.fixture(scope="module")
def server():
    started = PowerDns({ZONE: ([("ns1.example.test.", "127.0.0.1")],
                               [("_acme-challenge.example.test.", "TXT", '"of somebody else"')])})
    yield started
    started.stop()


@pytest.fixture
def cairn(server, start_ca, tmp_path):
    environment = {name: value for name, value in os.environ.items()
                   if not name.lower().endswith("_proxy")}
    client = Cairn(SimpleNamespace(http_port=0, tls_alpn_port=0), environment, tmp_path)
    client.authority = start_ca(settings={"validation.dns_servers": [server.address]})
    yield client
    assert server.texts(RECORD) == ["of somebody else"], "records were left behind"


def issue(cairn, solver, *arguments):
    words = [word for name in NAMES for word in ("-d", name)]
    run = cairn.outcome("issue", *words, "--solver", solver, "--ca", cairn.authority.directory,
                        "--ca-root", cairn.authority.api_root, "--agree-tos", *arguments, timeout=120)
    assert run.returncode == 0, run.stderr
    return run


def programs_of(cairn):
    """What the programs of the newest attempt have come to, as it is kept; a status of 0 is left out."""
    attempt = json.loads(cairn("explain", "example.test", "--json"))["attempt"]
    return [step for step in attempt["steps"] if step["event"] == "program_ended"]


def program(file, text):
    file.write_text(text)
    file.chmod(0o700)
    return file


@pytest.fixture
def change(server, tmp_path):
    """A program: change ADD|REMOVE NAME VALUE, which leaves others' values as they are."""
    return program(tmp_path / "change", f"""#!{sys.executable}
import json, sys, urllib.request
action, name, value = sys.argv[1:]
name = name.rstrip(".") + "."
zone = "{server.api}/api/v1/servers/localhost/zones/{ZONE}"
def ask(method, body=None):
    request = urllib.request.Request(zone, body and json.dumps(body).encode(), {{"X-API-Key": "{server.KEY}"}},
                                     method=method)
    return urllib.request.build_opener(urllib.request.ProxyHandler({{}})).open(request).read()
values = {{record["content"] for rrset in json.loads(ask("GET"))["rrsets"]
          if rrset["name"] == name and rrset["type"] == "TXT" for record in rrset["records"]}}
values = values | {{f'"{{value}}"'}} if action == "add" else values - {{f'"{{value}}"'}}
ask("PATCH", {{"rrsets": [{{"name": name, "type": "TXT", "ttl": 1, "changetype": "REPLACE",
    "records": [{{"content": each, "disabled": False}} for each in values]}}]}})
print(action, "done")
""")


# --- acme.sh

SHAPE = """\
#!/usr/bin/env sh
showhelp() { echo Usage; }
_initpath() { . "$LE_CONFIG_HOME/account.conf"; }
_info() { echo "$1"; }
_err() { echo "$1" >&2; return 1; }
_merge() { CHANGE "$@"; }
main() { [ -z "$1" ] && showhelp && return; "$@"; }
main "$@"
"""
SCRIPT = """\
dns_pdns_info='PowerDNS Server API
Options:
 PDNS_Url API URL. E.g. "http://ns.example.com:8081"
 PDNS_Token API Token
'
dns_pdns_add() {
  [ "$PDNS_Token" = "the-key-of-the-interface" ] || { _err "no token, only $PDNS_Token"; return 1; }
  _merge add "$1" "$2" && _info "Added with $PDNS_Token, in $LE_CONFIG_HOME"
}
dns_pdns_rm() { _merge remove "$1" "$2"; }
"""


@pytest.fixture(params=["shape", "acme.sh"])
def acme_sh(request, change, tmp_path):
    if request.param == "acme.sh":
        found = shutil.which("acme.sh")
        if found is None:
            pytest.skip("acme.sh is not in PATH: its own scripts are not tried")
        return found
    (tmp_path / "acme" / "dnsapi").mkdir(parents=True)
    (tmp_path / "acme" / "dnsapi" / "dns_pdns.sh").write_text(SCRIPT)
    return program(tmp_path / "acme" / "acme.sh", SHAPE.replace("CHANGE", str(change)))


def test_a_script_of_acme_sh(cairn, server, acme_sh, tmp_path):
    credentials = write_credentials(tmp_path / "pdns.toml", {
        "script": str(acme_sh), "PDNS_Url": server.api, "PDNS_ServerId": "localhost",
        "PDNS_Token": server.KEY, "PDNS_Ttl": "1"})
    issue(cairn, "dns:acme.sh-dns_pdns", "--credentials", credentials, "--resolver", server.address)
    cairn.check("example.test", NAMES, tmp_path)
    ended = programs_of(cairn)
    assert len(ended) == 4 and not any("number" in step for step in ended)
    assert any("dns_pdns_add _acme-challenge.example.test" in step["place"] for step in ended)
    assert server.KEY not in json.dumps(ended)
    before = cairn.serial("example.test")
    cairn("renew", "--force")
    assert cairn.serial("example.test") != before


def test_acme_sh_by_the_environment(cairn, server, change, tmp_path):
    acme_sh = program(tmp_path / "acme.sh", SHAPE.replace("CHANGE", str(change)))
    (tmp_path / "dns_pdns.sh").write_text(SCRIPT)
    variables = {"CAIRN_ACME_SH": str(acme_sh), "PDNS_Url": server.api, "PDNS_Token": server.KEY}
    shown = cairn.outcome("dns", "show", "acme.sh-dns_pdns", environment=variables)
    assert "PowerDNS Server API" in shown.stdout and "the environment (CAIRN_ACME_SH, PDNS_Url, PDNS_Token)" in \
        shown.stdout
    tried = cairn.outcome("dns", "test", "acme.sh-dns_pdns", "example.test", "--resolver", server.address,
                          environment=variables)
    assert tried.returncode == 0, tried.stderr
    assert server.KEY not in tried.stdout + tried.stderr
    refused = cairn.outcome("dns", "test", "acme.sh-dns_pdns", "example.test", "--resolver", server.address,
                            environment=variables | {"PDNS_Token": "another-token"})
    assert refused.returncode == 2
    assert "ended with status 1" in refused.stderr and "no token, only [secret]" in refused.stderr


# --- lego's

@pytest.mark.parametrize("mode", ["", "RAW"])
def test_legos_exec(cairn, server, change, mode, tmp_path):
    work_out = f"""
import base64, hashlib, subprocess, sys
words = sys.argv[1:]
action = {{"present": "add", "cleanup": "remove"}}[words[0]]
if {mode!r}:
    dashes, domain, token, answer = words[1:]
    assert dashes == "--" and answer.startswith(token + ".")
    value = base64.urlsafe_b64encode(hashlib.sha256(answer.encode()).digest()).rstrip(b"=").decode()
    words[1:] = ["_acme-challenge." + domain, value]
sys.exit(subprocess.run(["{change}", action, *words[1:]]).returncode)
"""
    hook = program(tmp_path / "hook", f"#!{sys.executable}\n{work_out}")
    credentials = write_credentials(tmp_path / "exec.toml", {"program": str(hook), "mode": mode,
                                                             "timeout": "60s"})
    issue(cairn, "dns:lego-exec", "--credentials", credentials, "--resolver", server.address)
    ended = programs_of(cairn)
    assert sorted(step["text"].strip("?") for step in ended) == ["add done"] * 2 + ["remove done"] * 2


def test_a_program_that_never_ends_is_killed_and_what_it_wrote_is_told(cairn, server, tmp_path):
    hook = program(tmp_path / "hook", "#!/bin/sh\necho waiting for Godot\nexec sleep 1000\n")
    credentials = write_credentials(tmp_path / "exec.toml", {"program": str(hook), "timeout": "1s"})
    run = cairn.outcome("dns", "test", "lego-exec", "example.test", "--credentials", credentials,
                        "--resolver", server.address)
    assert run.returncode == 2
    assert "did not end within 1 s and was killed" in run.stderr and "waiting for Godot" in run.stderr


@pytest.fixture
def web(server, change):
    """A server that speaks httpreq, in both modes."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append((self.path, body))
            if self.headers["Authorization"] != "Basic " + base64.b64encode(b"user:pass word").decode():
                self.send_error(401)
                return
            if "keyAuth" in body:
                digest = hashlib.sha256(body["keyAuth"].encode()).digest()
                body = {"fqdn": f"_acme-challenge.{body['domain']}.",
                        "value": base64.urlsafe_b64encode(digest).rstrip(b"=").decode()}
            action = {"/present": "add", "/cleanup": "remove"}[self.path]
            assert os.spawnl(os.P_WAIT, change, change, action, body["fqdn"], body["value"]) == 0
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *words):
            pass

    started = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serve(started)
    yield SimpleNamespace(url=f"http://127.0.0.1:{started.server_port}", asked=asked)
    started.shutdown()
    started.server_close()


@pytest.mark.parametrize("mode", ["", "RAW"])
def test_legos_httpreq(cairn, server, web, mode, tmp_path):
    values = {"api_url": web.url, "mode": mode, "username": "user", "password": "pass word"}
    credentials = write_credentials(tmp_path / "httpreq.toml", values)
    issue(cairn, "dns:httpreq", "--credentials", credentials, "--resolver", server.address)
    assert sorted(path for path, _ in web.asked) == ["/cleanup"] * 2 + ["/present"] * 2
    assert {frozenset(body) for _, body in web.asked} == {
        frozenset(["domain", "token", "keyAuth"] if mode else ["fqdn", "value"])}


# --- certbot's

def test_hooks_of_certbot_know_the_last_one(cairn, server, change, tmp_path):
    log = tmp_path / "log"
    auth = program(tmp_path / "auth", f"""#!/bin/sh
{change} add "_acme-challenge.$CERTBOT_DOMAIN" "$CERTBOT_VALIDATION" >/dev/null
echo "$CERTBOT_DOMAIN $CERTBOT_REMAINING_CHALLENGES $CERTBOT_ALL_DOMAINS ${{CERTBOT_TOKEN-none}}" >> {log}
echo "record of $CERTBOT_VALIDATION"
""")
    cleanup = program(tmp_path / "cleanup", f"""#!/bin/sh
[ "$CERTBOT_AUTH_OUTPUT" = "record of $CERTBOT_VALIDATION" ] || exit 5
{change} remove "_acme-challenge.$CERTBOT_DOMAIN" "$CERTBOT_VALIDATION"
""")
    issue(cairn, f"certbot-hooks:dns-01 {auth} {cleanup}")
    lines = [f"example.test {left} example.test,example.test none" for left in (1, 0)]
    assert log.read_text().splitlines() == lines
    assert ["number" in step for step in programs_of(cairn)] == [False] * 4
