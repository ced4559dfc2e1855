"""cairn, our client, against Pebble and against cairn-ca."""

import json

import pytest

from harness.authority import Pebble
from harness.cairn import Cairn
from harness.dns_server import unique_name
from harness.issued import check_issued, read_chain
from harness.web import Webroot

KEY_TYPES = ["ec-p256", "ec-p384", "rsa2048", "rsa3072", "rsa4096"]


@pytest.fixture(params=["pebble", "cairn-ca"])
def peer(request, tmp_path, dns):
    """The CA that cairn is tested with: (its name, itself)."""
    if request.param == "pebble":
        # A client must retry after a refused nonce.
        server = Pebble(tmp_path, dns, refused_nonces=20)
        yield request.param, server
        server.stop()
    else:
        yield request.param, request.getfixturevalue("ca")


@pytest.fixture
def authority(peer):
    return peer[1]


@pytest.fixture
def cairn(authority, client_environment, tmp_path):
    return Cairn(authority, client_environment, tmp_path)


@pytest.fixture
def cairn_seen(peer, seen):
    return lambda what, detail="yes": seen("cairn", what, detail, by=peer[0])


@pytest.mark.parametrize("key_type", KEY_TYPES)
def test_http_01_standalone(cairn, tmp_path, cairn_seen, key_type):
    name = unique_name()
    cairn.issue([name], "standalone", "--key-type", key_type)
    cairn.check(name, [name], tmp_path, key_type)
    cairn_seen("http-01", key_type)


def test_http_01_webroot(cairn, tmp_path, cairn_seen):
    name = unique_name()
    with Webroot(cairn.authority.http_port, tmp_path / "webroot") as webroot:
        cairn.issue([name], "webroot")
        assert list(webroot.challenges.iterdir()) == [], "challenge files were left behind"
    cairn.check(name, [name], tmp_path)
    cairn_seen("http-01", "ec-p256")


@pytest.mark.parametrize("key_type", ["ec-p256", "rsa2048"])
def test_tls_alpn_01(cairn, tmp_path, cairn_seen, key_type):
    name = unique_name()
    cairn.issue([name], "tls-alpn", "--key-type", key_type)
    cairn.check(name, [name], tmp_path, key_type)
    cairn_seen("tls-alpn-01", key_type)


@pytest.mark.checks(204)
@pytest.mark.parametrize("key_type", ["ec-p256", "rsa2048"])
def test_dns_01_with_wildcard(cairn, tmp_path, cairn_seen, key_type, dns):
    name = unique_name()
    cairn.issue([name, f"*.{name}"], "exec", "--key-type", key_type)
    cairn.check(name, [name, f"*.{name}"], tmp_path, key_type)
    assert not dns.query(f"_acme-challenge.{name}", "TXT").answer, "records were left behind"
    cairn_seen("dns-01", key_type)
    cairn_seen("wildcard")


def test_a_solver_for_each_name(cairn, tmp_path, cairn_seen):
    by_http, by_tls, by_dns = names = [unique_name() for _ in range(3)]
    cairn.issue([
        f"{by_http}={cairn.solvers['standalone']}", f"{by_tls}={cairn.solvers['tls-alpn']}",
        f"{by_dns}={cairn.solvers['exec']}"], "standalone", "--name", "mixed")
    cairn.check("mixed", names, tmp_path)
    cairn_seen("several names")


def test_renewal(cairn, tmp_path, cairn_seen):
    name = unique_name()
    cairn.issue([name])
    first = cairn.check(name, [name], tmp_path)[0]
    cairn("renew", "--exit-code", expect=1)  # nothing is due
    cairn("renew", "--force")
    second = cairn.check(name, [name], tmp_path)[0]
    assert second.serial_number != first.serial_number
    cairn_seen("renewal")


def test_revocation(cairn, cairn_seen):
    name = unique_name()
    cairn.issue([name])
    leaf = read_chain((cairn.live(name) / "cert.pem").read_text())[0]
    cairn("revoke", name, "--reason", "superseded")
    assert cairn.authority.is_revoked(leaf.serial_number)
    cairn_seen("revocation")


def test_account(cairn, cairn_seen):
    name = unique_name()
    cairn.issue([name])
    cairn.account("update", "--email", "other@example.test")
    shown = json.loads(cairn.account("show", "--json"))["account"]
    assert "mailto:other@example.test" in json.dumps(shown)
    cairn.account("deactivate")
    cairn.issue([unique_name()])  # with a new account
    cairn_seen("account")


@pytest.mark.parametrize("key_type", KEY_TYPES)
def test_key_change(cairn, cairn_seen, key_type):
    name = unique_name()
    cairn.issue([name])
    cairn.account("rollover", "--key-type", key_type)
    cairn("renew", "--force")
    cairn_seen("key change")


def test_a_certificate_for_each_of_two_key_types(cairn, authority, tmp_path):
    name = unique_name()
    cairn.issue([name], "standalone", "--key-type", "ec-p256", "--key-type", "rsa2048")
    cairn.check(name, [name], tmp_path, "ec-p256")
    live = cairn.live(name)
    check_issued(live / "fullchain-rsa2048.pem", authority, [name], tmp_path,
                 key_file=live / "privkey-rsa2048.pem", key_type="rsa2048")
    cairn("revoke", name, "--reason", "superseded")
    states = {entry["key_type"]: entry["state"]
              for entry in json.loads(cairn("status", "--json"))["certificates"]}
    assert states == {"ec-p256": "revoked", "rsa2048": "revoked"}
    cairn("renew")
    states = {entry["key_type"]: entry["state"]
              for entry in json.loads(cairn("status", "--json"))["certificates"]}
    assert states == {"ec-p256": "ok", "rsa2048": "ok"}


def test_a_refused_proof_is_explained(cairn):
    name = unique_name()
    cairn.authority.dns.add(name, "A", "127.0.0.2")  # where nobody answers
    with pytest.raises(AssertionError, match=name):
        cairn.issue([name])
    assert not cairn.live(name).exists()


def test_status_lists_what_there_is(cairn):
    name = unique_name()
    cairn.issue([name])
    listed = json.loads(cairn("status", "--json"))["certificates"]
    assert name in json.dumps(listed)
