"""uacme, a client in C that has no option for the roots that it trusts."""

import pathlib
import shlex

import pytest

from harness import mounts
from harness.dns_server import unique_name
from harness.issued import check_issued, read_chain
from harness.mounts import in_own_mounts
from harness.process import run
from harness.web import Webroot

HOOK = pathlib.Path(__file__).parent / "hooks" / "uacme"
SYSTEM_ROOTS = "/etc/ssl/certs/ca-certificates.crt"

KEY_OPTIONS = {
    "ec-p256": ["-t", "EC", "-b", "256"],
    "ec-p384": ["-t", "EC", "-b", "384"],
    "rsa2048": ["-t", "RSA", "-b", "2048"],
    "rsa4096": ["-t", "RSA", "-b", "4096"],
}


class Uacme:
    def __init__(self, authority, environment, folder):
        self.authority = authority
        self.environment = environment
        self.folder = folder

    def __call__(self, *arguments, challenge="http-01"):
        # In a mount namespace of its own, where the system trusts the CA's root alone.
        command = ["uacme", "-v", "-y", "-o", "-a", self.authority.directory, "-c", self.folder,
                   "-h", HOOK, *arguments]
        roots = shlex.quote(str(self.authority.api_root))
        run([*in_own_mounts(f"mount --bind {roots} {SYSTEM_ROOTS}"), *command],
            env=self.environment | {"CHALLENGE": challenge})

    def chain_file(self, name):
        return self.folder / name.replace("*.", "") / "cert.pem"


@pytest.fixture
def uacme(authority, client_environment, tmp_path):
    if reason := mounts.why_not():
        pytest.skip(f"uacme cannot be told what to trust: {reason}")
    webroot = tmp_path / "webroot"
    client = Uacme(authority, client_environment | {"WEBROOT": str(webroot)}, tmp_path / "uacme")
    with Webroot(authority.http_port, webroot):
        client("new", "admin@example.test")
        yield client


def check(uacme, name, names, folder, key_type="rsa2048"):
    return check_issued(uacme.chain_file(name), uacme.authority, names, folder,
                        key_file=uacme.folder / "private" / name / "key.pem", key_type=key_type)


@pytest.mark.parametrize("key_type", KEY_OPTIONS)
def test_http_01(uacme, tmp_path, seen, key_type):
    name = unique_name()
    uacme(*KEY_OPTIONS[key_type], "issue", name)
    check(uacme, name, [name], tmp_path, key_type)
    seen("uacme", "http-01", key_type)


@pytest.mark.parametrize("key_type", ["ec-p256", "rsa2048"])
def test_dns_01_with_wildcard(uacme, tmp_path, seen, key_type):
    name = unique_name()
    uacme(*KEY_OPTIONS[key_type], "issue", name, f"*.{name}", challenge="dns-01")
    check(uacme, name, [name, f"*.{name}"], tmp_path, key_type)
    seen("uacme", "dns-01", key_type)
    seen("uacme", "wildcard")


def test_renewal(uacme, tmp_path, seen):
    name = unique_name()
    uacme("issue", name)
    first = read_chain(uacme.chain_file(name).read_text())[0]
    uacme("-f", "issue", name)
    second = check(uacme, name, [name], tmp_path)[0]
    assert second.serial_number != first.serial_number
    seen("uacme", "renewal")


@pytest.mark.parametrize("signed_with", ["account key", "certificate key"])
def test_revocation(uacme, authority, seen, signed_with):
    name = unique_name()
    uacme("issue", name)
    certificate = uacme.chain_file(name)
    serial = read_chain(certificate.read_text())[0].serial_number
    key = uacme.folder / "private" / name / "key.pem"
    uacme("revoke", certificate, *([key] if signed_with == "certificate key" else []))
    assert authority.is_revoked(serial)
    seen("uacme", "revocation")


def test_account_key_change_and_deactivation(uacme, tmp_path, seen):
    uacme("newkey")
    name = unique_name()
    uacme("issue", name)
    check(uacme, name, [name], tmp_path)
    uacme("update", "other@example.test")
    uacme("deactivate")
    seen("uacme", "key change")
    seen("uacme", "account")
