"""open-mpic-core, the Open MPIC project's own implementation, at both ends of the API: cairn-ca asks a
service that its coordinator and checkers make, and cairn-va is a perspective of its coordinator."""

import base64
import hashlib
import json

import pytest

from harness import audit
from harness.acme import ERROR, Client
from harness.cairn import Cairn
from harness.dns_server import DnsServer, unique_name
from harness.open_mpic import Pki, Service, conforms, digest_of, host, settle, use
from harness.ports import reserve_port
from harness.process import Server, run
from harness.web import Redirector, Responder

US = "ca.cairn.test"
REGIONS = {"lon1": "RIPE", "nyc1": "ARIN", "sin1": "APNIC"}
TOKEN = "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0"
SOURCE = __file__.rsplit("/", 1)[0] + "/open_mpic"


@pytest.fixture
def pki(tmp_path):
    return Pki(tmp_path)


@pytest.fixture
def ca(start_ca):
    return start_ca(settings={
        "validation.timeout": "5s", "directory.caa_identities": [US], "validation.persist_issuers": [US],
        "validation.challenges": ["http-01", "dns-01", "tls-alpn-01", "dns-account-01",
                                  "dns-persist-01"]})


@pytest.fixture
def client(ca):
    with Responder(ca.http_port) as responder:
        client = Client(ca, responder)
        client.register()
        yield client


class Coordinator:
    """The service that open-mpic-core makes; it resolves names by `dns`."""

    def __init__(self, python, folder, ca, pki, dns, dead=()):
        self.pki = pki
        port = reserve_port()
        self.url = f"https://127.0.0.1:{port}"
        self.key_file = folder / "core.key"
        self.key_file.write_text("a-key-that-is-not-asked-for\n")
        self.key_file.chmod(0o600)
        certificate, key = pki.issue("core", "127.0.0.1")
        settings = {"port": port, "certificate": str(certificate), "key": str(key), "dns": dns.port,
                    "ports": {"80": ca.http_port, "443": ca.tls_alpn_port}, "dead": list(dead)}
        self.server = Server([python, f"{SOURCE}/service.py", json.dumps(settings)], folder / "core.log")
        self.server.wait_until(lambda: "serving" in self.server.log.read_text(), timeout=60)

    endpoint = Service.endpoint

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.kill()


@pytest.fixture
def python(peer):
    return peer("open_mpic_core") / "bin" / "python"


def test_a_ca_issues_with_its_perspectives_by_every_method(python, tmp_path, ca, client, dns, pki):
    with Coordinator(python, tmp_path, ca, pki, dns, dead=["sin1"]) as service:
        use(ca, "core", service, REGIONS)
        ca.reload()

        def txt(owner, value):
            return lambda challenge: dns.add(owner, "TXT", value(challenge))

        def digest(challenge):
            return digest_of(client, challenge)

        web, text, account, persistent = (host(dns, unique_name()) for _ in range(4))
        assert client.issue([web]).order["status"] == "valid"
        settled = settle(client, text, "dns-01", txt(f"_acme-challenge.{text}", digest))
        assert settled["status"] == "valid", settled
        label = base64.b32encode(hashlib.sha256(client.account_url.encode()).digest()[:10])
        settled = settle(client, account, "dns-account-01", txt(
            f"_{label.decode().lower()}._acme-challenge.{account}", digest))
        assert settled["status"] == "valid", settled
        dns.add(f"_validation-persist.{persistent}", "TXT",
                f'"{US}; accounturi={client.account_url}; policy=wildcard"')
        settled = settle(client, f"*.{persistent}", "dns-persist-01")
        assert settled["status"] == "valid", settled
        Cairn(ca, None, tmp_path).issue([host(dns, unique_name())], "tls-alpn")

    # What each perspective reported is in the audit log; the dead one is silent.
    [seen] = [line for line in audit.lines(ca, "validation.seen") if line["identifier"] == web]
    by_name = {each["name"]: each for each in seen["perspectives"]}
    for code in ("lon1", "nyc1"):
        one = by_name[f"core/{code}"]
        assert (one["outcome"], one["caa"]) == ("valid", "permitted"), one
        assert any("http-01: passed" in step for step in one["steps"])
        assert any(f"http://{web}/.well-known/acme-challenge/" in step for step in one["steps"])
    assert by_name["core/sin1"]["outcome"] == "serverInternal", by_name["core/sin1"]


def test_what_they_see_otherwise_is_counted(python, tmp_path, ca, client, pki):
    other = DnsServer()
    try:
        with Coordinator(python, tmp_path, ca, pki, other) as service:
            use(ca, "core", service, REGIONS)
            ca.reload()
            name = host(other, host(ca.dns, unique_name()))
            other.add(name, "CAA", '0 issue "other.example"')
            error = settle(client, name)["error"]
            assert error["type"] == ERROR + "caa", error
            [seen] = [line for line in audit.lines(ca, "validation.seen") if line["identifier"] == name]
            steps = " ".join(seen["perspectives"][1]["steps"])
            assert f"CAA at {name}: " in steps and "other.example" in steps, steps

            name = host(other, host(ca.dns, unique_name()))
            record = f"_acme-challenge.{name}"
            error = settle(client, name, "dns-01", lambda challenge: (
                ca.dns.add(record, "TXT", digest_of(client, challenge)),
                other.add(record, "TXT", "another")))["error"]
            assert error["type"] == ERROR + "unauthorized", error
            assert "only 0 did" in error["detail"] or "none did" in error["detail"], error
    finally:
        other.stop()


@pytest.fixture
def three(tmp_path, ca, pki):
    made = [Service(tmp_path, ca, pki, name, region, f"127.0.0.{41 + i}")
            for i, (name, region) in enumerate(REGIONS.items())]
    yield made
    for each in made:
        each.kill()


def dcv(target, **parameters):
    return {"check_type": "dcv", "domain_or_ip_target": target, "trace_identifier": "t-1",
            "dcv_check_parameters": parameters}


def ask(python, given):
    return json.loads(run([python, f"{SOURCE}/coordinator.py", json.dumps(given)], timeout=120))


def test_its_coordinator_has_cairn_va_as_perspectives(python, ca, dns, pki, three):
    name, redirected = host(dns, unique_name()), host(dns, unique_name())
    dns.add(redirected, "A", "127.0.0.8")
    dns.delete(redirected, "A", "127.0.0.1")
    dns.add(name, "CAA", f'0 issue "{US}"')
    dns.add(name, "CAA", '0 iodef "mailto:a@example.test"')
    hashed = base64.urlsafe_b64encode(hashlib.sha256(b"right").digest()).rstrip(b"=").decode()
    dns.add(f"_acme-challenge.{name}", "TXT", hashed)
    dns.add(f"_x.{name}", "TXT", "exactly")
    dns.add(f"_validation-persist.{name}", "TXT", f'"{US}; accounturi=https://ca.example/1"')

    def http(target, authorization="right"):
        return dcv(target, validation_method="acme-http-01", token=TOKEN,
                   key_authorization=authorization)

    def caa(target, domain):
        return {"check_type": "caa", "domain_or_ip_target": target,
                "caa_check_parameters": {"caa_domains": [domain]}}

    change = {"validation_method": "dns-change", "dns_record_type": "TXT", "dns_name_prefix": "_x",
              "require_exact_match": True}
    asked = {
        "web": http(name), "redirected": http(redirected), "wrong": http(name, "left"),
        "text": dcv(name, validation_method="acme-dns-01", key_authorization_hash=hashed),
        "change": dcv(name, challenge_value="exactly", **change),
        "unchanged": dcv(name, challenge_value="exact", **change),
        "persistent": dcv(name, validation_method="dns-persistent", issuer_domain_names=[US],
                          expected_account_uri="https://ca.example/1"),
        "tls": dcv(name, validation_method="acme-tls-alpn-01", key_authorization_hash="00" * 32),
        "permitted": caa(name, US), "forbidden": caa(name, "other.example"),
        "wildcard": caa(f"*.{name}", US), "free": caa(redirected, US),
    }
    given = {"root": str(pki.root), "requests": list(asked.values()), "perspectives": [
        {"code": each.name, "rir": each.region.replace("RIPE", "RIPE NCC"), "url": each.url,
         "key": each.key} for each in three]}
    with Responder(ca.http_port) as responder, Redirector(
            ca.http_port, f"http://{name}:{ca.http_port}/.well-known/acme-challenge/{TOKEN}", "127.0.0.8"):
        responder.answers[TOKEN] = "right"
        answered = dict(zip(asked, ask(python, given)))

    for kind, response in answered.items():
        # A redirect to another name does not lead into networks that only the operator allows.
        expected = kind not in ("redirected", "wrong", "unchanged", "tls", "forbidden")
        assert response["is_valid"] == expected, (kind, response)
        assert response["mpic_completed"], (kind, response)
        for each in response["perspectives"]:
            # The coordinator's own error says that an answer was not taken.
            assert each["check_response"]["check_completed"], (kind, each)
    assert {each["perspective_code"] for each in answered["web"]["perspectives"]} == set(REGIONS)

    def details(kind):
        return answered[kind]["perspectives"][0]["check_response"]["details"]

    assert base64.b64decode(details("web")["response_page"]) == b"right"
    assert details("redirected")["response_history"][0]["status_code"] == 302
    assert details("text")["records_seen"] == [hashed]
    assert details("permitted")["found_at"] == name and len(details("permitted")["records_seen"]) == 2
    assert details("free")["caa_record_present"] is False
    [fault] = answered["wrong"]["perspectives"][0]["check_response"]["errors"]
    assert fault["error_type"] == "validation:acme-http-01"


def test_its_models_take_what_a_service_answers(python, tmp_path, ca, dns, pki, three):
    service = Service(tmp_path, ca, pki, "fra1", "RIPE", "127.0.0.45", peers=three)
    try:
        name = host(dns, unique_name())
        dns.add(name, "CAA", f'0 issue "{US}"')
        questions = [
            {"check_type": "caa", "domain_or_ip_target": name, "caa_check_parameters": {
                "caa_domains": [US], "certificate_type": "tls-server"}},
            dcv(name, validation_method="acme-http-01", token=TOKEN, key_authorization="right"),
            dcv(name, validation_method="acme-dns-01",
                key_authorization_hash=base64.urlsafe_b64encode(bytes(32)).rstrip(b"=").decode())
            | {"orchestration_parameters": {"perspective_count": 3, "max_attempts": 2}},
        ]
        responses = []
        for question in questions:
            responses.append(service.post(question).json())
            conforms(responses[-1], "response")
    finally:
        service.kill()
    taken = ask(python, {"responses": responses})
    assert [each["is_valid"] for each in taken] == [True, False, False]
    assert len(taken[0]["perspectives"]) == 4 and len(taken[2]["previous_attempt_results"]) == 1
    assert taken[0]["perspectives"][0]["check_response"]["details"]["records_seen"]
