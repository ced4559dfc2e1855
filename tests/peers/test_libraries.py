"""lego and acmez, the libraries of Traefik and Caddy, acme4j, and golang.org/x/crypto/acme, that of cert-manager:
each with a driver of our own."""

import json
import shutil

import pytest

from harness.dns_server import unique_name
from harness.issued import names_of, read_chain, verify_chain
from harness.process import run
from peers.driver import drive, new_binding

SOURCE = __file__.rsplit("/", 1)[0]


@pytest.mark.parametrize("program", ["lego", "acmez"])
def test_go(peer, bound_ca, environment, tmp_path, program):
    command = [peer("go", tool=None if shutil.which("go") else "go") / program]
    drive(command, bound_ca, unique_name(), tmp_path, environment)


@pytest.fixture
def by_x_crypto(peer, bound_ca, environment, tmp_path):
    """Runs a driver of golang.org/x/crypto/acme, which has no profiles: what it told, and its name."""
    def call(program, port):
        kid, hmac = new_binding(bound_ca)
        name = unique_name()
        output = run([peer("go", tool=None if shutil.which("go") else "go") / program, "-directory", bound_ca.directory,
                      "-kid", kid, "-hmac", hmac, "-name", name, "-port", port], timeout=120, env=environment)
        return json.loads(output.splitlines()[-1]), name

    return call


def test_all_of_x_crypto(by_x_crypto, bound_ca, tmp_path):
    told, name = by_x_crypto("xcrypto", bound_ca.http_port)
    for which in ("first", "second"):
        chain = read_chain(told[which])
        verify_chain(chain, bound_ca.issuer_root(), tmp_path)
        assert names_of(chain[0]) == [name]
        assert bound_ca.is_revoked(chain[0].serial_number)


def test_autocert(by_x_crypto, bound_ca, tmp_path):
    told, name = by_x_crypto("autocert", bound_ca.tls_alpn_port)
    chain = read_chain(told["chain"])
    verify_chain(chain, bound_ca.issuer_root(), tmp_path)
    assert names_of(chain[0]) == [name]


def test_acme4j(peer, bound_ca, environment, tmp_path):
    jars = peer("java")
    trusted = tmp_path / "trusted.p12"
    run(["keytool", "-importcert", "-noprompt", "-alias", "root", "-file", bound_ca.api_root,
         "-keystore", trusted, "-storetype", "PKCS12", "-storepass", "public"])
    command = ["java", f"-Djavax.net.ssl.trustStore={trusted}",
               "-Djavax.net.ssl.trustStorePassword=public", "-cp", f"{jars}/*",
               f"{SOURCE}/java/Peer.java"]
    drive(command, bound_ca, unique_name(), tmp_path, environment)
