"""The tests that instant-acme runs against Pebble, with cairn-ca in its place (tests/peers/pebble)."""

import os
import pathlib
import shutil

import pytest

from harness.process import BIN, run

STAND_IN = pathlib.Path(__file__).with_name("pebble")

TESTS = ["http_01", "dns_01", "tls_alpn_01", "forbidden_identifier", "authz_reuse",
         "replacement_order", "profiles", "order_deactivate", "account_deactivate",
         "update_contacts", "update_key", "account_from_key", "account_create_from_key"]


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    """Runs one of the tests; they trust the root of a CA that was made for them."""
    source = pathlib.Path(os.environ.get("CAIRN_PEERS", "build/peers")) / "instant_acme"
    if not source.exists() and not shutil.which("cargo"):
        pytest.skip("instant-acme was not fetched: cargo is not in the PATH")
    assert source.exists(), f"{source} is not there; ./dev peers says why"
    template = tmp_path_factory.mktemp("template") / "ca"
    run([BIN / "cairn-ca", "init", template, "--name", "Cairn", "--host", "localhost"])
    trusted = source / "tests" / "testdata" / "ca.pem"
    original = trusted.with_suffix(".original")
    if not original.exists():
        shutil.copy(trusted, original)
    trusted.write_text(original.read_text() + (template / "pki" / "root.pem").read_text())
    environment = os.environ | {
        "PEBBLE": str(STAND_IN), "CHALLTESTSRV": str(STAND_IN.with_name("challtestsrv")),
        "CAIRN_TEMPLATE": str(template), "CAIRN_CA": str(BIN / "cairn-ca"),
        "CARGO_HOME": str(source.parent / "cargo")}

    def run_test(name):
        output = run(
            ["cargo", "test", "--offline", "--locked", "--test", "pebble", "--no-default-features",
             "--features", "ring,hyper-rustls,rcgen,time,x509-parser", "--",
             "--ignored", "--exact", name],
            cwd=source, env=environment, timeout=240)
        assert "1 passed" in output, output

    return run_test


@pytest.mark.parametrize("name", TESTS)
def test_instant_acme(suite, name):
    suite(name)
