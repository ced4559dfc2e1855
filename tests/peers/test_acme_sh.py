"""acme.sh, which no registry has: it is tried where it is in the PATH."""

import shutil

import pytest

from harness.dns_server import unique_name
from harness.issued import read_chain
from harness.process import run
from harness.web import Webroot
from peers.driver import PROFILE, check_short, new_binding


def test_acme_sh(bound_ca, environment, tmp_path):
    program = shutil.which("acme.sh")
    if not program:
        pytest.skip("acme.sh is not in the PATH: it was not tried")
    name, home = unique_name(), tmp_path / "acme.sh"
    kid, hmac = new_binding(bound_ca)
    common = [program, "--home", home, "--server", bound_ca.directory, "--ca-bundle",
              bound_ca.api_root]
    with Webroot(bound_ca.http_port, tmp_path / "web") as web:
        run([*common, "--register-account", "--eab-kid", kid, "--eab-hmac-key", hmac],
            env=environment)
        run([*common, "--issue", "-d", name, "-w", web.folder, "--keylength", "ec-256",
             "--cert-profile", PROFILE], env=environment, timeout=120)
    chain = read_chain((home / f"{name}_ecc" / "fullchain.cer").read_text())
    check_short(chain, bound_ca, name, tmp_path)
