"""lego, the client and library behind Traefik."""

import pathlib

import pytest

from harness.dns_server import unique_name
from harness.issued import check_issued, read_chain
from harness.process import run

HOOK = pathlib.Path(__file__).parent / "hooks" / "lego"

KEY_TYPES = {"ec-p256": "ec256", "ec-p384": "ec384", "rsa2048": "rsa2048", "rsa4096": "rsa4096"}


class Lego:
    def __init__(self, authority, environment, folder):
        self.authority = authority
        self.environment = environment
        self.folder = folder
        self.challenges = {
            "http-01": ["--http", "--http.port", f"127.0.0.1:{authority.http_port}"],
            "tls-alpn-01": ["--tls", "--tls.port", f"127.0.0.1:{authority.tls_alpn_port}"],
            # Two of its DNS providers: a program, and dynamic updates.
            "dns-01": self._dns("exec"),
            "rfc2136": self._dns("rfc2136"),
        }

    def _dns(self, provider):
        return ["--dns", provider, "--dns.resolvers", self.authority.dns.address,
                "--dns.disable-cp"]

    def __call__(self, names, challenge, *command, key_type="ec-p256"):
        run(["lego", "--server", self.authority.directory, "--path", self.folder, "--accept-tos",
             "--email", "admin@example.test", "--key-type", KEY_TYPES[key_type],
             *(argument for name in names for argument in ("--domains", name)),
             *self.challenges[challenge], *command],
            env=self.environment)

    def chain_file(self, name):
        return self.folder / "certificates" / f"{name.replace('*', '_')}.crt"


@pytest.fixture
def lego(authority, client_environment, tmp_path):
    return Lego(authority, client_environment | {
        "EXEC_PATH": str(HOOK), "EXEC_SEQUENCE_INTERVAL": "1", "EXEC_POLLING_INTERVAL": "1",
        "RFC2136_NAMESERVER": authority.dns.address, "RFC2136_SEQUENCE_INTERVAL": "1",
        "RFC2136_POLLING_INTERVAL": "1",
    }, tmp_path / "lego")


def check(lego, names, folder, key_type):
    chain_file = lego.chain_file(names[0])
    return check_issued(chain_file, lego.authority, names, folder,
                        key_file=chain_file.with_suffix(".key"), key_type=key_type)


@pytest.mark.parametrize("key_type", KEY_TYPES)
@pytest.mark.parametrize("challenge", ["http-01", "tls-alpn-01", "dns-01"])
def test_challenge(lego, tmp_path, seen, challenge, key_type):
    name = unique_name()
    lego([name], challenge, "run", key_type=key_type)
    check(lego, [name], tmp_path, key_type)
    seen("lego", challenge, key_type)


@pytest.mark.parametrize("provider", ["dns-01", "rfc2136"])
def test_wildcard_beside_its_apex(lego, tmp_path, seen, provider):
    name = unique_name()
    names = [name, f"*.{name}"]
    lego(names, provider, "run")
    check(lego, names, tmp_path, "ec-p256")
    seen("lego", "wildcard")


def test_several_names(lego, tmp_path, seen):
    names = [unique_name() for _ in range(3)]
    lego(names, "http-01", "run")
    check(lego, names, tmp_path, "ec-p256")
    seen("lego", "several names")


def test_renewal(lego, tmp_path, seen):
    name = unique_name()
    lego([name], "http-01", "run")
    first = read_chain(lego.chain_file(name).read_text())[0]
    lego([name], "http-01", "renew", "--days", "10000", "--no-random-sleep")
    second = check(lego, [name], tmp_path, "ec-p256")[0]
    assert second.serial_number != first.serial_number
    seen("lego", "renewal")


def test_revocation(lego, authority, seen):
    name = unique_name()
    lego([name], "http-01", "run")
    serial = read_chain(lego.chain_file(name).read_text())[0].serial_number
    assert not authority.is_revoked(serial)
    lego([name], "http-01", "revoke", "--reason", "4", "--keep")
    assert authority.is_revoked(serial)
    seen("lego", "revocation")
