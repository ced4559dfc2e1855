"""Caddy, a web server that gets its own certificates."""

import os

import pytest

from harness.dns_server import unique_name
from harness.issued import key_type_of, names_of
from harness.process import Server
from harness.tls import fetch_verified, served_certificate

KEY_TYPES = {"ec-p256": "p256", "ec-p384": "p384", "rsa2048": "rsa2048"}
TURNED_OFF = {"http-01": "disable_tlsalpn_challenge", "tls-alpn-01": "disable_http_challenge"}


@pytest.mark.parametrize("key_type", KEY_TYPES)
@pytest.mark.parametrize("challenge", TURNED_OFF)
def test_caddy_gets_its_certificate(authority, tmp_path, seen, challenge, key_type):
    name = unique_name()
    configuration = tmp_path / "Caddyfile"
    configuration.write_text(f"""\
{{
    admin off
    default_bind 127.0.0.1
    http_port {authority.http_port}
    https_port {authority.tls_alpn_port}
    key_type {KEY_TYPES[key_type]}
    storage file_system {tmp_path}/caddy
}}
{name} {{
    tls {{
        issuer acme {{
            dir {authority.directory}
            trusted_roots {authority.api_root}
            email admin@example.test
            {TURNED_OFF[challenge]}
        }}
    }}
    respond "served by Caddy"
}}
""")
    with Server(["caddy", "run", "--config", configuration], tmp_path / "caddy.log",
                env=os.environ | {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}) as server:
        certificate = server.wait_until(
            lambda: served_certificate(authority.tls_alpn_port, name), timeout=60)
        assert names_of(certificate) == [name]
        assert key_type_of(certificate.public_key()) == key_type
        body = fetch_verified(authority.tls_alpn_port, name, authority.issuer_root())
        assert body == "served by Caddy"
    seen("caddy", challenge, key_type)
