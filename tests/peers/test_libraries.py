"""lego and acmez, the libraries of Traefik and Caddy, and acme4j: each with a driver of our own."""

import shutil

import pytest

from harness.dns_server import unique_name
from harness.process import run
from peers.driver import drive

SOURCE = __file__.rsplit("/", 1)[0]


@pytest.mark.parametrize("program", ["lego", "acmez"])
def test_go(peer, bound_ca, environment, tmp_path, program):
    command = [peer("go", tool=None if shutil.which("go") else "go") / program]
    drive(command, bound_ca, unique_name(), tmp_path, environment)


def test_acme4j(peer, bound_ca, environment, tmp_path):
    jars = peer("java")
    trusted = tmp_path / "trusted.p12"
    run(["keytool", "-importcert", "-noprompt", "-alias", "root", "-file", bound_ca.api_root,
         "-keystore", trusted, "-storetype", "PKCS12", "-storepass", "public"])
    command = ["java", f"-Djavax.net.ssl.trustStore={trusted}",
               "-Djavax.net.ssl.trustStorePassword=public", "-cp", f"{jars}/*",
               f"{SOURCE}/java/Peer.java"]
    drive(command, bound_ca, unique_name(), tmp_path, environment)
