"""DNS UPDATE signed by Kerberos (GSS-TSIG), at BIND, with a realm of the test's own."""

import json
import os
import shutil
from types import SimpleNamespace

import pytest

from harness.cairn import Cairn
from harness.name_servers import Bind, write_credentials, zone_text

ZONE = "example.test."

if not shutil.which("krb5kdc", path="/usr/sbin:/usr/bin"):
    pytest.skip("krb5-kdc is not installed: updates by Kerberos are not tried", allow_module_level=True)

from harness.kerberos import REALM, Realm  # noqa: E402


@pytest.fixture(scope="module")
def realm():
    started = Realm()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def server(realm):
    started = Bind({ZONE: zone_text(ZONE, [("ns1.example.test.", "127.0.0.1")])}, realm=realm,
                   policy=f"grant cairn@{REALM} name _acme-challenge.example.test. TXT;")
    yield started
    started.stop()


@pytest.fixture(scope="module")
def keytab(realm):
    file = realm.key_of("cairn")
    file.chmod(0o600)
    return file


@pytest.fixture
def cairn(realm, tmp_path):
    environment = {name: value for name, value in os.environ.items()
                   if not name.lower().endswith("_proxy")}
    return Cairn(SimpleNamespace(http_port=0, tls_alpn_port=0), environment | realm.environment, tmp_path)


@pytest.fixture
def credentials(server, keytab, tmp_path):
    def write(**others):
        values = {"server": server.address, "tsig_algorithm": "gss-tsig", "kerberos_host": "ns1.example.test",
                  "kerberos_principal": f"cairn@{REALM}", "kerberos_keytab": str(keytab)} | others
        return write_credentials(tmp_path / "key.toml", {key: value for key, value in values.items() if value})
    return write


def dns_test(cairn, credentials, name="example.test"):
    return cairn.outcome("dns", "test", "rfc2136", name, "--credentials", credentials, "--json")


def test_an_update_is_signed_by_kerberos(cairn, server, credentials):
    run = dns_test(cairn, credentials())
    assert run.returncode == 0, run.stderr
    steps = {step["step"]: step["exchange"] for step in json.loads(run.stdout)["test"]["steps"]}
    assert any("TKEY" in line for line in steps["add"]) and "NOERROR" in steps["add"][-1]
    assert server.texts("_acme-challenge.example.test") == []


def test_a_ticket_in_the_cache_will_do(cairn, realm, server, keytab, credentials):
    cache = {"KRB5CCNAME": f"FILE:{realm.folder}/cache"}
    cairn.environment |= cache
    file = credentials(kerberos_keytab=None, kerberos_principal=None)
    refused = dns_test(cairn, file)
    assert refused.returncode == 2 and "Kerberos cannot speak with the server" in refused.stderr
    # The system's keytab for clients fills the cache.
    cairn.environment |= {"KRB5_CLIENT_KTNAME": f"FILE:{keytab}"}
    assert dns_test(cairn, file).returncode == 0


@pytest.mark.parametrize("change, sentence", [
    ({"kerberos_host": None}, "kerberos_host is missing"),
    ({"kerberos_host": "ns9.example.test"}, "Kerberos cannot speak with the server"),
    ({"kerberos_principal": "nobody@EXAMPLE.TEST"}, "Kerberos cannot find the credentials"),
    ({"tsig_name": "x", "tsig_secret": "eA=="}, "gss-tsig has no tsig_name"),
    ({"tsig_algorithm": None}, "goes with tsig_algorithm"),
])
def test_what_cannot_be_is_refused(cairn, credentials, change, sentence):
    run = dns_test(cairn, credentials(**change))
    assert run.returncode == 2 and sentence in run.stderr, run.stderr


def test_the_server_decides_what_the_principal_may_change(cairn, realm, credentials, tmp_path):
    run = dns_test(cairn, credentials(), "www.example.test")
    assert run.returncode == 2 and "REFUSED" in run.stdout + run.stderr
    other = realm.key_of("other")
    other.chmod(0o600)
    run = dns_test(cairn, credentials(kerberos_principal=f"other@{REALM}", kerberos_keytab=str(other)))
    assert run.returncode == 2 and "REFUSED" in run.stdout + run.stderr
    other.chmod(0o644)
    run = dns_test(cairn, credentials(kerberos_principal=f"other@{REALM}", kerberos_keytab=str(other)))
    assert run.returncode == 2 and "others may read it" in run.stderr
