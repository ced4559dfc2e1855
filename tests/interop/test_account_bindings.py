"""Clients of other projects with a CA that wants an external account (RFC 8555 section 7.3.4)."""

import os
import pathlib
import shutil
import tempfile

import pytest

from harness.authority import CairnCa
from harness.cairn import Cairn
from harness.dns_server import unique_name
from harness.issued import check_issued, names_of
from harness.operator_commands import Operator
from harness.process import Server, run
from harness.tls import served_certificate
from test_mod_md import configuration as apache_configuration


@pytest.fixture
def authority(tmp_path, dns, request):
    if request.config.getoption("--authority") != "cairn-ca":
        pytest.skip("the keys are made with cairn-ca's commands")
    ca = CairnCa(tmp_path, dns, settings={"directory.external_account_required": True})
    yield ca
    assert ca.stop() == 0, ca.server.tail()


@pytest.fixture
def external(authority):
    """A key for one account."""
    return Operator(authority).json("eab", "create", "--valid-for", "1h")


@pytest.fixture
def vouched(authority):
    """A key whose names nobody validates, and one of the names."""
    domain = unique_name()
    key = Operator(authority).json("eab", "create", "--name", f".{domain}", "--without-validation")
    return key, f"www.{domain}"


@pytest.fixture
def check_use(authority, external):
    """That the client has used the key."""
    yield
    shown = Operator(authority).json("eab", "show", external["kid"])
    assert (shown["state"], len(shown["accounts"])) == ("used up", 1)


def test_certbot(authority, client_environment, external, check_use, tmp_path, seen):
    folder = tmp_path / "certbot"
    name = unique_name()
    run(["certbot", "certonly", "--non-interactive", "--agree-tos", "--email", "admin@example.test",
         "--server", authority.directory, "--eab-kid", external["kid"],
         "--eab-hmac-key", external["hmac_key"], "--standalone", "--http-01-address", "127.0.0.1",
         "--http-01-port", str(authority.http_port), "-d", name, "--config-dir", folder,
         "--work-dir", folder / "work", "--logs-dir", folder / "logs"], env=client_environment)
    check_issued(folder / "live" / name / "fullchain.pem", authority, [name], tmp_path)
    seen("certbot", "external account")


def test_lego(authority, client_environment, external, check_use, tmp_path, seen):
    name = unique_name()
    run(["lego", "--server", authority.directory, "--path", tmp_path / "lego", "--accept-tos",
         "--email", "admin@example.test", "--eab", "--kid", external["kid"],
         "--hmac", external["hmac_key"], "--domains", name,
         "--http", "--http.port", f"127.0.0.1:{authority.http_port}", "run"],
        env=client_environment)
    check_issued(tmp_path / "lego" / "certificates" / f"{name}.crt", authority, [name], tmp_path)
    seen("lego", "external account")


def test_caddy(authority, external, check_use, tmp_path, seen):
    name = unique_name()
    file = tmp_path / "Caddyfile"
    file.write_text(f"""\
{{
    admin off
    default_bind 127.0.0.1
    http_port {authority.http_port}
    https_port {authority.tls_alpn_port}
    storage file_system {tmp_path}/caddy
}}
{name} {{
    tls {{
        issuer acme {{
            dir {authority.directory}
            trusted_roots {authority.api_root}
            email admin@example.test
            eab {external["kid"]} {external["hmac_key"]}
        }}
    }}
}}
""")
    with Server(["caddy", "run", "--config", file], tmp_path / "caddy.log",
                env=os.environ | {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}) as server:
        certificate = server.wait_until(
            lambda: served_certificate(authority.tls_alpn_port, name), timeout=60)
        assert names_of(certificate) == [name]
    seen("caddy", "external account")


def test_mod_md(authority, external, check_use, tmp_path, seen):
    root = pathlib.Path(tempfile.mkdtemp(prefix="cairn-apache-"))
    root.chmod(0o755)
    name = unique_name()
    (root / "documents").mkdir()
    (root / "authority.pem").write_text(authority.api_root.read_text())
    file = root / "httpd.conf"
    text = apache_configuration(authority, root, name, "http-01", "ec-p256")
    file.write_text(text.replace("MDContactEmail", "MDExternalAccountBinding "
                                 f"{external['kid']} {external['hmac_key']}\nMDContactEmail"))
    with Server(["apache2", "-d", root, "-f", file, "-D", "FOREGROUND"],
                tmp_path / "apache2.log") as server:
        staged = root / "md" / "staging" / name / "job.json"
        server.wait_until(
            lambda: staged.exists() and '"finished": true' in staged.read_text(), timeout=60)
    shutil.rmtree(root)
    seen("mod_md", "external account", package="apache2-bin")


def test_cairn(authority, client_environment, external, check_use, tmp_path, seen):
    name = unique_name()
    secret = tmp_path / "hmac-key"
    secret.write_text(external["hmac_key"])
    secret.chmod(0o600)
    cairn = Cairn(authority, client_environment, tmp_path / "cairn")
    cairn.issue([name], "standalone", "--eab-kid", external["kid"], "--eab-hmac-key-file", secret)
    cairn.check(name, [name], tmp_path)
    seen("cairn", "external account")


# Names that nothing answers for: each client has to see that the order is ready at once.

def test_certbot_where_the_operators_word_stands(authority, client_environment, vouched, tmp_path):
    external, name = vouched
    folder = tmp_path / "certbot"
    run(["certbot", "certonly", "--non-interactive", "--agree-tos", "--email", "admin@example.test",
         "--server", authority.directory, "--eab-kid", external["kid"],
         "--eab-hmac-key", external["hmac_key"], "--manual", "--manual-auth-hook", "/bin/false",
         "-d", name, "--config-dir", folder, "--work-dir", folder / "work",
         "--logs-dir", folder / "logs"], env=client_environment)
    check_issued(folder / "live" / name / "fullchain.pem", authority, [name], tmp_path)


def test_lego_where_the_operators_word_stands(authority, client_environment, vouched, tmp_path):
    external, name = vouched
    run(["lego", "--server", authority.directory, "--path", tmp_path / "lego", "--accept-tos",
         "--email", "admin@example.test", "--eab", "--kid", external["kid"],
         "--hmac", external["hmac_key"], "--domains", name, "--http", "--http.port", "127.0.0.1:1",
         "run"], env=client_environment)
    check_issued(tmp_path / "lego" / "certificates" / f"{name}.crt", authority, [name], tmp_path)


def test_cairn_where_the_operators_word_stands(authority, client_environment, vouched, tmp_path):
    external, name = vouched
    secret = tmp_path / "hmac-key"
    secret.write_text(external["hmac_key"])
    secret.chmod(0o600)
    cairn = Cairn(authority, client_environment, tmp_path / "cairn")
    cairn.issue([name], "exec", "--eab-kid", external["kid"], "--eab-hmac-key-file", secret)
    cairn.check(name, [name], tmp_path)
