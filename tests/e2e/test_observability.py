"""What a CA shows its operator: /metrics, /healthz, /readyz, and ids that connect its log lines."""

import contextlib
import datetime
import json
import pathlib
import re
import resource
import time

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from harness.acme import Client, assert_problem
from harness.dns_server import unique_name
from harness.metrics import scrape
from harness.web import Responder

PACKAGING = pathlib.Path(__file__).parents[2] / "packaging"


@pytest.fixture
def responder(ca):
    with Responder(ca.http_port) as server:
        yield server


@pytest.fixture
def client(ca, responder):
    client = Client(ca, responder)
    client.register()
    return client


def operator_get(ca, path):
    return requests.get(f"http://127.0.0.1:{ca.admin_port}{path}", timeout=10)


def wait_for(look, timeout=20):
    """The first true value that `look` returns."""
    deadline = time.monotonic() + timeout
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)
    return found


def test_an_issuance_moves_the_counters_that_it_should(ca, client):
    before = scrape(ca)
    issued = client.issue([unique_name(), unique_name()])
    assert client.revoke(issued.der, reason=4).status_code == 200
    # Answers are counted before they are sent, jobs after they have woken those who wait.
    wait_for(lambda: scrape(ca)("cairn_job_seconds_count", queue="issuance", outcome="done") >= 1)
    after = scrape(ca)

    def rise(name, **labels):
        return after(name, **labels) - before(name, **labels)

    for request, count in {"newOrder": 1, "challenge": 2, "finalize": 1, "certificate": 1,
                           "revokeCert": 1, "newAccount": 0, "keyChange": 0}.items():
        assert rise("cairn_request_seconds_count", request=request, outcome="2xx") == count, request
    assert rise("cairn_request_seconds_count", request="order", outcome="2xx") >= 1
    assert rise("cairn_validations_total", method="http-01", result="valid") == 2
    assert rise("cairn_validation_seconds_count", method="http-01", outcome="valid") == 2
    assert rise("cairn_job_seconds_count", queue="validation", outcome="done") == 2
    assert rise("cairn_job_seconds_count", queue="issuance", outcome="done") == 1
    assert rise("cairn_signature_seconds_count", issuer="intermediate", key="ec-p256",
                outcome="done") == 1
    assert rise("cairn_certificates_issued_total", subject="order") == 1
    assert rise("cairn_certificates_issued_total", subject="own_server") == 0
    assert rise("cairn_certificates_revoked_total", reason="superseded") == 1
    assert after.total("cairn_certificates_revoked_total") == 1
    # newOrder, 2 validations, begin and end of issuance, revocation.
    assert rise("cairn_store_commit_calls_sum") == 6
    assert 4 <= rise("cairn_store_commit_calls_count") <= 6
    assert rise("cairn_store_commit_seconds_count", outcome="failed") == 0
    for gauge in ("cairn_jobs_running", "cairn_jobs_waiting", "cairn_store_writes_waiting"):
        assert after.total(gauge) == 0, gauge


def test_connections_accounts_and_refusals_are_counted(ca):
    before = scrape(ca)
    client = Client(ca)
    client.register()
    assert scrape(ca)("cairn_http_connections") - before("cairn_http_connections") == 1
    assert_problem(client.post(client.directory["newOrder"], {"identifiers": []}), 400, "malformed")
    assert_problem(client.post(client.account_url, nonce="bm90LWEtbm9uY2UtYXQtYWxs"), 400, "badNonce")
    client.must(client.post(client.account_url, {"contact": ["mailto:a@example.com"]}))
    client.must(client.post(client.account_url, {"status": "deactivated"}))
    client.http.close()
    after = scrape(ca)

    def rise(name, **labels):
        return after(name, **labels) - before(name, **labels)

    assert rise("cairn_http_connections_opened_total") == 1
    assert rise("cairn_tls_handshakes_total", outcome="done") == 1
    assert rise("cairn_tls_handshake_seconds_count") == 1
    assert rise("cairn_nonces_total", outcome="refused") == 1
    assert rise("cairn_nonces_total", outcome="redeemed") == 4
    assert rise("cairn_problems_total", request="newOrder", type="malformed") == 1
    assert rise("cairn_problems_total", request="account", type="badNonce") == 1
    assert rise("cairn_request_seconds_count", request="account", outcome="4xx") == 1
    for change in ("created", "updated", "deactivated"):
        assert rise("cairn_account_changes_total", change=change) == 1, change
    assert rise("cairn_account_changes_total", change="key_changed") == 0
    wait_for(lambda: scrape(ca)("cairn_http_connections") == before("cairn_http_connections"))


def test_a_failed_validation_is_counted_by_its_problem(ca, client):
    authorization = client.order([unique_name()])[1]["authorizations"][0]
    challenge = client.challenge_of(client.read(authorization), "http-01")
    client.must(client.post(challenge["url"], {}))  # nobody put the answer up
    assert client.wait_while(authorization, {"pending"})["status"] == "invalid"
    after = scrape(ca)
    problem = client.read(authorization)["challenges"][0]["error"]["type"].rsplit(":")[-1]
    assert after("cairn_validations_total", method="http-01", result=problem) == 1
    assert after("cairn_validation_seconds_count", method="http-01", outcome="failed") == 1


def test_expiry_is_shown_as_it_is_in_the_certificates(ca):
    shown = scrape(ca)
    for role, name, file in (("issuer", "intermediate", "intermediate.pem"),
                             ("server", "server", "server.pem")):
        certificate = x509.load_pem_x509_certificate((ca.home / "pki" / file).read_bytes())
        end = certificate.not_valid_after.replace(tzinfo=datetime.timezone.utc).timestamp()
        assert shown("cairn_certificate_not_after_timestamp_seconds", role=role, name=name) == end


def test_dashboard_and_alerts_name_only_metrics_that_exist(ca, client):
    client.issue([unique_name()])
    assert_problem(client.post(client.directory["newOrder"], {"identifiers": []}), 400, "malformed")
    # This CA has no perspective that could be counted.
    names = scrape(ca).names | {f"cairn_perspective_seconds_{part}" for part in ("bucket", "count", "sum")}
    wanted = re.compile(r"\b(?:cairn|process)_[a-z0-9_]+\b")

    dashboard = json.loads((PACKAGING / "grafana" / "cairn-ca.json").read_text())
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    expressions = [target["expr"] for panel in panels for target in panel["targets"]]
    assert len(expressions) >= len(panels) > 10
    assert all(wanted.search(expression) for expression in expressions)
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))

    rules = (PACKAGING / "prometheus" / "cairn-ca.rules.yml").read_text()
    shown = set(wanted.findall("\n".join(expressions)))
    alerting = set(wanted.findall("\n".join(re.findall(r"expr: (?:\|\n)?((?:.+\n)+?)\s+for:", rules))))
    assert shown <= names, shown - names
    assert len(alerting) > 5 and alerting <= names, alerting - names
    # And the reverse: every metric of the CA is used by an alert or the dashboard.
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in names}
    used = {re.sub(r"_(bucket|sum|count)$", "", name) for name in shown | alerting}
    assert families - used <= {"process_virtual_memory_bytes", "process_max_fds"}


def test_the_listener_for_operators_answers_nothing_else(ca):
    assert operator_get(ca, "/healthz").text == "ok\n"
    assert operator_get(ca, "/readyz").text == "ready\n"
    assert operator_get(ca, "/directory").status_code == 404
    assert requests.post(f"http://127.0.0.1:{ca.admin_port}/metrics", timeout=10).status_code == 405


@contextlib.contextmanager
def full_disk(ca):
    """Inside the block no file that the CA writes can grow."""
    process = ca.server.process.pid
    before = resource.prlimit(process, resource.RLIMIT_FSIZE)
    resource.prlimit(process, resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.prlimit(process, resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_told_and_forgotten_once_there_is_room(ca, client):
    with full_disk(ca):
        response = operator_get(ca, "/readyz")
        assert response.status_code == 503
        assert response.text.startswith("store: the store cannot be written to: ")
        assert response.text.count("\n") == 1
        assert operator_get(ca, "/healthz").status_code == 200
        shown = scrape(ca)
        assert shown("cairn_readiness_obstacle", obstacle="store") == 1
        assert shown("cairn_store_commit_seconds_count", outcome="failed") >= 1
        refused = client.post(client.directory["newOrder"],
                              {"identifiers": [{"type": "dns", "value": unique_name()}]})
        assert_problem(refused, 503, "serverInternal")
        assert int(refused.headers["Retry-After"]) > 0
    assert operator_get(ca, "/readyz").text == "ready\n"
    assert scrape(ca)("cairn_readiness_obstacle", obstacle="store") == 0
    client.issue([unique_name()])


def replace_issuer(ca, not_before, not_after):
    """Writes another certificate for the intermediate's key, signed by the root."""
    pki = ca.home / "pki"
    former = x509.load_pem_x509_certificate((pki / "intermediate.pem").read_bytes())
    root_key = serialization.load_pem_private_key((pki / "root-key.pem").read_bytes(), None)
    builder = (
        x509.CertificateBuilder().subject_name(former.subject).issuer_name(former.issuer)
        .public_key(former.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(not_before).not_valid_after(not_after)
    )
    for extension in former.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    certificate = builder.sign(root_key, hashes.SHA256())
    (pki / "intermediate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def test_an_issuer_that_is_about_to_expire_is_told(ca):
    now = datetime.datetime.utcnow()
    replace_issuer(ca, now - datetime.timedelta(days=1), now + datetime.timedelta(minutes=30))
    ca.reload()
    response = operator_get(ca, "/readyz")
    assert response.status_code == 503
    assert re.fullmatch(r'issuer_expiring: the certificate of the issuer "intermediate" expires at '
                        r"\S+; .+\n", response.text)
    assert scrape(ca)("cairn_readiness_obstacle", obstacle="issuer_expiring") == 1


def test_one_id_leads_from_the_access_log_to_what_became_of_a_request(ca, client):
    issued = client.issue([unique_name()])
    assert client.revoke(issued.der).status_code == 200
    # Lines are written by a thread of their own, in order.
    wait_for(lambda: [line for line in ca.log_lines() if line["event"] == "request"
                      and line["target"].endswith("/revoke-cert")])
    lines = ca.log_lines()
    requests_by_id = {line["id"]: line for line in lines if line["event"] == "request"}

    for event, kind, answer in (("account created", "/acme/new-account", 201),
                                ("validation", "/acme/challenge/", 200),
                                ("issued", "/finalize", 200),
                                ("revoked", "/acme/revoke-cert", 200)):
        [line] = [line for line in lines if line["event"] == event]
        request = requests_by_id[line["request"]]
        assert kind in request["target"], event
        assert request["status"] == answer, event
    [issuance] = [line for line in lines if line["event"] == "issued"]
    assert issuance["order"] in issued.order_url
