"""acme-tiny, 200 lines of Python that take a CSR."""

import pytest

from harness.dns_server import unique_name
from harness.issued import check_issued
from harness.process import run
from harness.web import Webroot

KEY_COMMANDS = {
    "ec-p256": ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout"],
    "ec-p384": ["openssl", "ecparam", "-name", "secp384r1", "-genkey", "-noout"],
    "rsa2048": ["openssl", "genrsa", "2048"],
}


@pytest.mark.parametrize("key_type", KEY_COMMANDS)
def test_http_01(authority, client_environment, tmp_path, seen, key_type):
    names = [unique_name(), unique_name()]
    account_key, key, request = (tmp_path / name for name in ("account.pem", "key.pem", "csr.pem"))
    account_key.write_text(run(["openssl", "genrsa", "2048"]))
    key.write_text(run(KEY_COMMANDS[key_type]))
    run(["openssl", "req", "-new", "-sha256", "-key", key, "-subj", f"/CN={names[0]}",
         "-addext", "subjectAltName=" + ",".join(f"DNS:{name}" for name in names),
         "-out", request])

    with Webroot(authority.http_port, tmp_path / "webroot") as webroot:
        chain = run(
            ["acme-tiny", "--account-key", account_key, "--csr", request,
             "--acme-dir", webroot.challenges, "--directory-url", authority.directory,
             # Its own check of the file would go to port 80.
             "--disable-check"],
            env=client_environment)

    chain_file = tmp_path / "chain.pem"
    chain_file.write_text(chain)
    check_issued(chain_file, authority, names, tmp_path, key_file=key, key_type=key_type)
    seen("acme-tiny", "http-01", key_type)
    seen("acme-tiny", "several names")
