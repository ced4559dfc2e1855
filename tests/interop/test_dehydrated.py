"""dehydrated, a client in bash."""

import pathlib

import pytest

from harness.dns_server import unique_name
from harness.issued import check_issued, read_chain
from harness.process import run
from harness.web import Webroot

HOOK = pathlib.Path(__file__).parent / "hooks" / "dehydrated"

ALGORITHMS = {"ec-p256": "prime256v1", "ec-p384": "secp384r1", "rsa2048": "rsa", "rsa4096": "rsa"}


class Dehydrated:
    def __init__(self, authority, environment, folder):
        self.authority = authority
        self.environment = environment
        self.folder = folder
        self.webroot = folder / "webroot"

    def configure(self, challenge, key_type):
        self.folder.mkdir(exist_ok=True)
        size = key_type.removeprefix("rsa") if key_type.startswith("rsa") else "2048"  # also of its account
        (self.folder / "config").write_text(f"""\
CA="{self.authority.directory}"
BASEDIR="{self.folder}"
CHALLENGETYPE="{challenge}"
WELLKNOWN="{self.webroot}/.well-known/acme-challenge"
CURL_OPTS="--cacert {self.authority.api_root}"
CONTACT_EMAIL=admin@example.test
KEY_ALGO={ALGORITHMS[key_type]}
KEYSIZE={size}
OCSP_FETCH=no
{f'HOOK="{HOOK}"' if challenge == "dns-01" else ""}
""")
        self("--register", "--accept-terms")

    def __call__(self, *arguments):
        return run(["dehydrated", "--config", self.folder / "config", *arguments],
                   env=self.environment)

    def live(self, name):
        return self.folder / "certs" / name


@pytest.fixture
def dehydrated(authority, client_environment, tmp_path):
    client = Dehydrated(authority, client_environment, tmp_path / "dehydrated")
    with Webroot(authority.http_port, client.webroot):
        yield client


def check(client, name, names, folder, key_type):
    live = client.live(name)
    return check_issued(live / "fullchain.pem", client.authority, names, folder,
                        key_file=live / "privkey.pem", key_type=key_type)


@pytest.mark.parametrize("key_type", ALGORITHMS)
def test_http_01(dehydrated, tmp_path, seen, key_type):
    name = unique_name()
    dehydrated.configure("http-01", key_type)
    dehydrated("--cron", "--domain", name)
    check(dehydrated, name, [name], tmp_path, key_type)
    seen("dehydrated", "http-01", key_type)


@pytest.mark.parametrize("key_type", ["ec-p256", "rsa2048"])
def test_dns_01_with_wildcard(dehydrated, tmp_path, seen, key_type):
    name = unique_name()
    dehydrated.configure("dns-01", key_type)
    dehydrated("--cron", "--domain", f"{name} *.{name}")
    check(dehydrated, name, [name, f"*.{name}"], tmp_path, key_type)
    seen("dehydrated", "dns-01", key_type)
    seen("dehydrated", "wildcard")


def test_renewal(dehydrated, tmp_path, seen):
    name = unique_name()
    dehydrated.configure("http-01", "ec-p256")
    dehydrated("--cron", "--domain", name)
    first = read_chain((dehydrated.live(name) / "cert.pem").read_text())[0]
    dehydrated("--cron", "--domain", name, "--force")
    second = check(dehydrated, name, [name], tmp_path, "ec-p256")[0]
    assert second.serial_number != first.serial_number
    seen("dehydrated", "renewal")


def test_revocation_and_deactivation(dehydrated, authority, seen):
    name = unique_name()
    dehydrated.configure("http-01", "ec-p256")
    dehydrated("--cron", "--domain", name)
    certificate = dehydrated.live(name) / "cert.pem"
    serial = read_chain(certificate.read_text())[0].serial_number
    dehydrated("--revoke", certificate)
    assert authority.is_revoked(serial)
    seen("dehydrated", "revocation")
    dehydrated("--deactivate")
    seen("dehydrated", "account")
