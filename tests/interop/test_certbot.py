"""certbot, the client of the EFF."""

import pathlib

import pytest

from harness.dns_server import unique_name
from harness.issued import check_issued, read_chain
from harness.process import run

HOOK = pathlib.Path(__file__).parent / "hooks" / "certbot"

KEY_OPTIONS = {
    "ec-p256": ["--key-type", "ecdsa", "--elliptic-curve", "secp256r1"],
    "ec-p384": ["--key-type", "ecdsa", "--elliptic-curve", "secp384r1"],
    "rsa2048": ["--key-type", "rsa", "--rsa-key-size", "2048"],
    "rsa4096": ["--key-type", "rsa", "--rsa-key-size", "4096"],
}


@pytest.fixture
def certbot(authority, client_environment, tmp_path):
    folder = tmp_path / "certbot"

    def call(*arguments):
        return run(
            ["certbot", *arguments, "--non-interactive", "--server", authority.directory,
             "--config-dir", folder, "--work-dir", folder / "work", "--logs-dir", folder / "logs"],
            env=client_environment)

    call.live = folder / "live"
    return call


@pytest.fixture
def obtain(certbot):
    def call(*arguments):
        certbot("certonly", "--agree-tos", "--email", "admin@example.test", *arguments)

    return call


def standalone(authority):
    return ["--standalone", "--http-01-address", "127.0.0.1",
            "--http-01-port", str(authority.http_port)]


def manual_dns():
    return ["--manual", "--preferred-challenges", "dns",
            "--manual-auth-hook", f"{HOOK} add", "--manual-cleanup-hook", f"{HOOK} delete"]


@pytest.mark.parametrize("key_type", KEY_OPTIONS)
def test_http_01(authority, certbot, obtain, tmp_path, seen, key_type):
    name = unique_name()
    obtain(*standalone(authority), *KEY_OPTIONS[key_type], "-d", name)
    live = certbot.live / name
    check_issued(live / "fullchain.pem", authority, [name], tmp_path,
                 key_file=live / "privkey.pem", key_type=key_type)
    seen("certbot", "http-01", key_type)


@pytest.mark.parametrize("key_type", ["ec-p256", "rsa2048"])
def test_dns_01_with_wildcard(authority, certbot, obtain, tmp_path, seen, key_type):
    name = unique_name()
    names = [name, f"*.{name}"]
    obtain(*manual_dns(), *KEY_OPTIONS[key_type], "-d", names[0], "-d", names[1])
    live = certbot.live / name
    check_issued(live / "fullchain.pem", authority, names, tmp_path,
                 key_file=live / "privkey.pem", key_type=key_type)
    seen("certbot", "dns-01", key_type)
    seen("certbot", "wildcard")


def test_several_names(authority, certbot, obtain, tmp_path, seen):
    names = [unique_name() for _ in range(5)]
    obtain(*standalone(authority), "--cert-name", "several", "-d", ",".join(names))
    check_issued(certbot.live / "several" / "fullchain.pem", authority, names, tmp_path)
    seen("certbot", "several names")


def test_renewal(authority, certbot, obtain, tmp_path, seen):
    name = unique_name()
    obtain(*standalone(authority), "-d", name)
    chain_file = certbot.live / name / "fullchain.pem"
    first = read_chain(chain_file.read_text())[0]
    certbot("renew", "--force-renewal", "--no-random-sleep-on-renew")
    second = check_issued(chain_file, authority, [name], tmp_path)[0]
    assert second.serial_number != first.serial_number
    seen("certbot", "renewal")


def test_revocation(authority, certbot, obtain, seen):
    name = unique_name()
    obtain(*standalone(authority), "-d", name)
    certificate = certbot.live / name / "cert.pem"
    serial = read_chain(certificate.read_text())[0].serial_number
    assert not authority.is_revoked(serial)
    certbot("revoke", "--cert-path", certificate, "--reason", "superseded",
            "--no-delete-after-revoke")
    assert authority.is_revoked(serial)
    seen("certbot", "revocation")


def test_account_update_and_deactivation(authority, certbot, obtain, seen):
    obtain(*standalone(authority), "-d", unique_name())
    certbot("update_account", "--email", "other@example.test")
    certbot("unregister")
    seen("certbot", "account")
