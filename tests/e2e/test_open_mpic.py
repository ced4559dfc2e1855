"""The Open MPIC API on both sides: cairn-va serves it, cairn-ca asks services of it, and every request and
answer is what the API's schema says (tests/vectors/open_mpic.schema.json)."""

import base64
import hashlib
import json
import subprocess
import time

import jsonschema
import pytest
import requests

from harness import audit
from harness.acme import ERROR, Client
from harness.cairn import Cairn
from harness.dns_server import DnsServer, unique_name
from harness.open_mpic import (
    Pki, Service, StandIn, conforms, digest_of, host, recorder, settle, use)
from harness.perspective import command, metric
from harness.process import BIN
from harness.web import Redirector, Responder

US = "ca.cairn.test"
REGIONS = {"lon1": "RIPE", "nyc1": "ARIN", "sin1": "APNIC"}
TOKEN = "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0"


@pytest.fixture
def pki(tmp_path):
    return Pki(tmp_path)


# Not dns-persist-01 for all: a CA that offers it looks for records when an order is made, too.
ALL = {"validation.persist_issuers": [US], "validation.challenges": [
    "http-01", "dns-01", "tls-alpn-01", "dns-account-01", "dns-persist-01"]}


@pytest.fixture
def ca(start_ca, request):
    """`request.param`: more settings."""
    return start_ca(settings={"validation.timeout": "3s", "directory.caa_identities": [US]}
                    | getattr(request, "param", {}))


@pytest.fixture
def client(ca):
    with Responder(ca.http_port) as responder:
        client = Client(ca, responder)
        client.register()
        yield client


@pytest.fixture
def serve(tmp_path, ca, pki):
    """Starts services of the API by their names."""
    made = []

    def start(name, **more):
        made.append(Service(tmp_path, ca, pki, name, REGIONS[name], f"127.0.0.{30 + len(made)}",
                            **more))
        return made[-1]

    yield start
    for each in made:
        each.kill()


@pytest.fixture
def three(serve):
    """One that has two others look beside itself."""
    peers = [serve("nyc1"), serve("sin1")]
    return [serve("lon1", peers=peers), *peers]


def wait_for(condition, patience=60):
    deadline = time.monotonic() + patience
    while not (found := condition()):
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.1)
    return found


def silences(ca):
    return [line["reason"] for line in ca.log_lines() if line["event"] == "perspective without answer"]


def dcv(target, token=TOKEN, **more):
    return {"check_type": "dcv", "domain_or_ip_target": target, "dcv_check_parameters": {
        "validation_method": "acme-http-01", "token": token, "key_authorization": "right"}} | more


# --- both sides


def test_a_ca_issues_with_the_perspectives_of_a_service(ca, client, dns, pki, three):
    with recorder(pki, three[0]) as between:
        use(ca, "mpic", between, REGIONS)
        ca.reload()
        name = host(dns, unique_name())
        assert client.issue([name]).order["status"] == "valid"

        # One request about control and one about CAA, and perhaps one more before it is issued, since
        # the configuration was read a moment ago.
        asked = {each["check_type"]: each for each in between.requests}
        kinds = sorted(each["check_type"] for each in between.requests)
        assert kinds in (["caa", "dcv"], ["caa", "caa", "dcv"])
        assert asked["caa"]["caa_check_parameters"]["caa_domains"] == [US]
        assert asked["dcv"]["orchestration_parameters"] == {
            "perspective_count": 3, "quorum_count": 2, "max_attempts": 1}
        for answer in between.answers:
            assert answer["is_valid"] and answer["mpic_completed"]
            assert {each["perspective_code"] for each in answer["perspectives"]} == set(REGIONS)
        assert between.fields[0]["X-Api-Key"] == "a-key-for-a-stand-in"
    for code in REGIONS:
        assert metric(ca, "cairn_perspective_seconds_count", perspective=f"mpic/{code}",
                      vote="agreed") == len(kinds) - 1
    assert metric(ca, "cairn_quorums_total", outcome="reached") == len(kinds) - 1
    # Each was asked for its own view alone.
    wait_for(lambda: len(three[1].lines()) == len(kinds))
    assert three[1].lines()[0]["perspectives"] == "1"

    # What each of them saw is in the audit log.
    [seen] = [each for each in audit.lines(ca, "validation.seen") if each["identifier"] == name]
    by_name = {each["name"]: each for each in seen["perspectives"]}
    assert by_name.keys() == {"local", *(f"mpic/{code}" for code in REGIONS)}
    for code, region in REGIONS.items():
        one = by_name[f"mpic/{code}"]
        assert (one["region"], one["outcome"], one["caa"]) == (region, "valid", "permitted")
        assert any("http-01: passed" in step for step in one["steps"]), one
        assert any(f"http://{name}:{ca.http_port}/.well-known" in step for step in one["steps"])
    assert three[0].key not in ca.log.read_text()


@pytest.mark.parametrize("ca", [ALL], indirect=True, ids=["all"])
def test_every_method_has_its_request(ca, client, dns, pki, serve, tmp_path):
    with recorder(pki, serve("lon1")) as between:
        use(ca, "mpic", between, {"lon1": "RIPE"})
        ca.reload()
        name = host(dns, unique_name())

        def txt(owner, value):
            return lambda challenge: dns.add(owner, "TXT", value(challenge))

        def digest(challenge):
            return digest_of(client, challenge)

        settled = settle(client, name, "dns-01", txt(f"_acme-challenge.{name}", digest))
        assert settled["status"] == "valid", settled
        label = base64.b32encode(hashlib.sha256(client.account_url.encode()).digest()[:10])
        name = host(dns, unique_name())
        settled = settle(client, name, "dns-account-01", txt(
            f"_{label.decode().lower()}._acme-challenge.{name}", digest))
        assert settled["status"] == "valid", settled
        wide = host(dns, unique_name())
        issuer = settle(client, wide, "dns-persist-01")["issuer-domain-names"][0]
        dns.add(f"_validation-persist.{wide}", "TXT",
                f'"{issuer}; accounturi={client.account_url}; policy=wildcard"')
        settled = settle(client, f"*.{wide}", "dns-persist-01")
        assert settled["status"] == "valid", settled
        cairn = Cairn(ca, None, tmp_path)
        name = host(dns, unique_name())
        cairn.issue([name], "tls-alpn")

        asked = [each["dcv_check_parameters"]["validation_method"] for each in between.requests
                 if each["check_type"] == "dcv"]
        for method in ("acme-dns-01", "dns-change", "dns-persistent", "acme-tls-alpn-01"):
            assert method in asked
        # A wildcard's CAA records are others, and only a persistent record has to cover it.
        assert {each["domain_or_ip_target"] for each in between.requests
                if each["domain_or_ip_target"].endswith(wide)} == {wide, f"*.{wide}"}


def test_who_sees_something_else_is_counted_and_told(ca, client, dns, pki, serve):
    other = DnsServer("127.0.0.9")
    try:
        peers = [serve("nyc1"), serve("sin1", dns=other)]
        service = serve("lon1", peers=peers)
        use(ca, "mpic", service, REGIONS)
        ca.reload()
        # One of three may.
        name = host(dns, unique_name())
        assert settle(client, name)["status"] == "valid"
        [line] = wait_for(lambda: [line for line in ca.log_lines()
                                   if line["event"] == "perspective disagrees"
                                   and line["identifier"] == name])
        assert (line["perspective"], line["region"], line["local"], line["remote"]) == (
            "mpic/sin1", "APNIC", "valid", "unauthorized")

        # Two may not, and the client is told what they found.
        peers[0].kill()
        peers[0].va.settings["validation.dns_servers"] = [other.address]
        peers[0].va.start()
        error = settle(client, host(dns, unique_name()))["error"]
        assert "of 3 remote network perspectives only 1 did, where 2 have to" in error["detail"]
        told = {each["detail"].split(":")[0] for each in error["subproblems"]}
        assert told == {"from mpic/nyc1", "from mpic/sin1"}
    finally:
        other.stop()


def test_caa_of_the_perspectives_counts(ca, client, dns, pki, serve):
    """Records that only a perspective sees, as behind a name server that lies to the CA."""
    other = DnsServer()
    try:
        name = host(dns, unique_name())
        other.add(name, "A", "127.0.0.1")
        other.add(name, "CAA", '0 issue "other.example"')
        use(ca, "mpic", serve("lon1", dns=other), {"lon1": "RIPE"})
        ca.reload()
        error = settle(client, name)["error"]
        assert error["type"] == ERROR + "caa" and "other.example" in json.dumps(error), error
    finally:
        other.stop()


def test_who_is_down_costs_nothing_but_its_vote(ca, client, dns, three):
    use(ca, "mpic", three[0], REGIONS)
    ca.reload()
    three[2].kill()
    assert settle(client, host(dns, unique_name()))["status"] == "valid"
    [reason] = {each for each in wait_for(lambda: silences(ca))}
    assert "could not find out" in reason
    assert metric(ca, "cairn_perspective_seconds_count", perspective="mpic/sin1", vote="silent") == 1

    listed = {each["perspective"]: each for each in command(ca, "list")["perspectives"]}
    assert {code: listed[f"mpic/{code}"]["status"] for code in REGIONS} == {
        "lon1": "answers", "nyc1": "answers", "sin1": "silent"}
    assert listed["mpic/sin1"]["reason"] and listed["mpic/lon1"]["program"] == "Open MPIC"

    # What the service says of it has all that the schema demands.
    name = host(dns, unique_name())
    for question in (dcv(name), {"check_type": "caa", "domain_or_ip_target": name,
                                 "caa_check_parameters": {"caa_domains": [US]}}):
        votes = {each["perspective_code"]: each["check_response"]
                 for each in three[0].ask(question)["perspectives"]}
        assert [votes[code]["check_completed"] for code in REGIONS] == [True, True, False]

    # The whole service.
    three[0].kill()
    assert {each["status"] for each in command(ca, "list")["perspectives"]} == {"silent"}
    error = settle(client, host(dns, unique_name()))["error"]
    assert error["type"] == ERROR + "serverInternal", error
    assert "127.0.0.3" not in json.dumps(error), error
    three[0].va.start()
    assert settle(client, host(dns, unique_name()))["status"] == "valid"


def right_answer(request):
    """What a service of one perspective would say."""
    kind = request["check_type"]
    details = {"dcv": {"response_history": [], "response_url": "http://x/", "response_page": "",
                       "response_status_code": 200},
               "caa": {"caa_record_present": False, "found_at": None, "records_seen": None}}
    check = {"check_type": kind, "check_passed": True, "timestamp_ns": time.time_ns(),
             "errors": [], "details": details[kind]}
    return {"check_type": kind, "domain_or_ip_target": request["domain_or_ip_target"],
            "is_valid": True, "request_orchestration_parameters": None,
            "actual_orchestration_parameters": {"perspective_count": 1, "quorum_count": 1,
                                                "attempt_count": 1},
            "trace_identifier": request["trace_identifier"],
            f"{kind}_check_parameters": request[f"{kind}_check_parameters"],
            "perspectives": [{"perspective_code": "lon1", "check_response": check}]}


def test_a_liar_has_no_vote(ca, client, dns, pki):
    def changed(**members):
        return lambda request: right_answer(request) | members

    def vote(**members):
        def answer(request):
            right = right_answer(request)
            right["perspectives"][0]["check_response"] |= members
            return right
        return answer

    def flat(request):
        right = right_answer(request)
        right["perspectives"] = [{"perspective_code": "lon1",
                                  **right["perspectives"][0]["check_response"]}]
        return right

    lies = [
        (changed(domain_or_ip_target="evil.example"), "it is about evil.example"),
        (changed(trace_identifier="another"), "another question"),
        (changed(check_type="both"), "check_type"),
        (changed(perspectives=[]), "contradicts itself"),
        (changed(perspectives=[{"perspective_code": "lon1"}]), "check_passed: is missing"),
        (changed(perspectives=[{"perspective_code": "x\n\x1b[2J", "check_passed": True}]),
         "perspective_code"),
        (changed(perspectives=[{"perspective_code": "par1", "check_passed": True}]),
         "not in the answer"),
        (vote(check_passed="true"), "check_passed"),
        (vote(check_completed=False), "contradicts itself"),
        (vote(timestamp_ns=time.time_ns() - 3600 * 10**9), "before it was asked"),
        (lambda request: b"[" * 50000, "no response of the Open MPIC API"),
        (lambda request: b"{}", "no response of the Open MPIC API"),
        (lambda request: b"x" * 400000, "body is larger"),
        (lambda request: (500, {"error": "broken"}), "answered 500"),
    ]
    current = right_answer
    with StandIn(pki, lambda request: current(request)) as liar:
        use(ca, "mpic", liar, {"lon1": "RIPE"})
        ca.reload()
        for current in (right_answer, flat):
            assert settle(client, host(dns, unique_name()))["status"] == "valid"
        for current, reason in lies:
            name = host(dns, unique_name())
            error = settle(client, name)["error"]
            assert error["type"] == ERROR + "serverInternal", (reason, error)
            last = wait_for(lambda: [line for line in ca.log_lines()
                                     if line["event"] == "perspective without answer"
                                     and line["identifier"] == name])[-1]
            assert reason in last["reason"], last
        current = right_answer
        assert settle(client, host(dns, unique_name()))["status"] == "valid"


def test_the_command_that_looks_shows_each(ca, pki, three):
    between = recorder(pki, three[0])
    use(ca, "mpic", between, REGIONS)
    words = [word for key, value in ca.settings.items()
             for word in ("--set", f"{key}={json.dumps(value)}")]
    with between, Responder(ca.http_port):
        done = subprocess.run([BIN / "cairn-ca", "validate", ca.home, "example.test", "--method",
                               "http-01", "--json", *words], capture_output=True, text=True, timeout=60)
    # The service is asked once for all of its perspectives.
    assert sorted(each["check_type"] for each in between.requests) == ["caa", "dcv"]
    seen = {each["perspective"]: each for each in json.loads(done.stdout)["perspectives"]}
    assert list(seen) == ["local", *(f"mpic/{code}" for code in REGIONS)], done.stderr
    for code, region in REGIONS.items():
        one = seen[f"mpic/{code}"]
        assert one["region"] == region
        assert "POST" in one["methods"][0]["steps"][0] and "404" in one["methods"][0]["detail"]


@pytest.mark.parametrize("table, reason", [
    ('name = "mpic"\nurl = "http://x"\nperspectives = { a = "RIPE" }', "https URL"),
    ('name = "mpic"\nurl = "https://x"', "must name the perspectives"),
    ('name = "mpic"\nurl = "https://x"\nperspectives = { a = "EU" }', "open_mpic.perspectives.a"),
    ('name = "mpic"\nurl = "https://x"\nperspectives = { a = "RIPE" }\napi_key_field = "cookie"',
     "x-api-key or authorization"),
    ('name = "mpic"\nurl = "https://x"\nperspectives = { a = "RIPE" }\nclient_key_file = "x"',
     "stand together"),
    ('name = "mpic"\nurl = "https://x"\nperspectives = { a = "RIPE" }\napi_key_file = "no.key"',
     "no.key"),
    ('name = "mpic"\nurl = "https://x"\nperspectives = { a = "RIPE" }\nkey = "x"', "open_mpic.key"),
])
def test_a_wrong_table_is_refused_by_name(shared_ca, tmp_path, table, reason):
    home = tmp_path / "ca"
    home.mkdir()
    for part in ("pki", "store", "perspectives"):
        if (shared_ca.home / part).exists():
            (home / part).symlink_to(shared_ca.home / part)
    (home / "ca.toml").write_text((shared_ca.home / "ca.toml").read_text()
                                  + f"\n[[open_mpic]]\n{table}\n")
    done = subprocess.run([BIN / "cairn-ca", "validate", home, "example.test", "--method", "http-01",
                           "--set", 'validation.dns_servers=["127.0.0.1:9"]', "--set",
                           "validation.dnssec=false"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and reason in done.stderr, done.stdout + done.stderr


# --- cairn-va as a service


def test_a_service_answers_who_may_ask(serve, pki, dns):
    service = serve("lon1", settings={"open_mpic.caa_domains": [US]})
    question = {"check_type": "caa", "domain_or_ip_target": host(dns, unique_name())}
    assert service.ask(question)["is_valid"]
    assert service.post(question, key="").status_code == 401
    assert service.post(question, key="0" * 32).status_code == 401
    assert service.post(question, key="", fields={
        "Authorization": f"Bearer {service.key}"}).status_code == 200
    assert service.post(question, method="GET").status_code == 405
    assert service.post(question, path="/").status_code == 404
    for wrong in (b"", b"[]", b"x" * 60000, question | {"check_type": "both"},
                  question | {"orchestration_parameters": {"perspective_count": 2}}):
        response = service.post(wrong)
        assert response.status_code == 400 and response.json()["error"], wrong
    # No CA of it: what it says to its own is not said here.
    assert service.post({}, path="/v1/validate").status_code == 404
    with pytest.raises(requests.exceptions.SSLError):
        requests.post(service.url + "/mpic", timeout=30)  # below no root of the system

    # Another key, without a restart.
    service.key_file.write_text("0123456789abcdef\n")
    service.va.server.signal(1)
    wait_for(lambda: service.post(question, key="0123456789abcdef").status_code == 200)
    assert service.post(question).status_code == 401


def test_a_coordinator_asks_one_perspective(serve, ca, dns):
    """As that of open-mpic-core does (tests/peers), with null for what it does not say."""
    service = serve("lon1", settings={"open_mpic.caa_domains": [US]})
    name = host(dns, unique_name())
    control = {"domain_or_ip_target": name, "trace_identifier": None, "dcv_check_parameters": {
        "validation_method": "acme-http-01", "require_exact_case": True, "token": TOKEN,
        "key_authorization": "right", "http_headers": None}}
    caa = {"domain_or_ip_target": f"*.{name}", "caa_check_parameters": None}

    def look(path, message, kind):
        response = service.post(message, path=path)
        assert response.status_code == 200, response.text
        conforms([{"perspective_code": "lon1", "check_response": response.json()}], kind)
        return response.json()

    with Responder(ca.http_port) as responder:
        responder.answers[TOKEN] = "right"
        answer = look("/dcv", control, "dcv_perspectives")
    assert answer["check_passed"] and answer["check_completed"]
    assert answer["details"]["validation_method"] == "acme-http-01"
    assert look("/caa", caa, "caa_perspectives")["check_passed"]
    dns.add(name, "CAA", '0 issuewild "other.example"')
    answer = look("/caa", caa, "caa_perspectives")
    assert not answer["check_passed"]
    assert answer["details"]["records_seen"] == ['0 issuewild "other.example"']
    wait_for(lambda: len(service.lines()) == 3)
    assert {line["perspectives"] for line in service.lines()} == {"1"}

    assert service.post(control, path="/dcv", key="").status_code == 401
    assert service.post(control, path="/caa", method="GET").status_code == 405
    for path, wrong in (("/dcv", caa), ("/dcv", b"[]"), ("/caa", {"domain_or_ip_target": "127.0.0.1"}),
                        ("/dcv", control | {"dcv_check_parameters": {
                            "validation_method": "website-change", "challenge_value": "x",
                            "http_token_path": "y"}})):
        response = service.post(wrong, path=path)
        assert response.status_code == 400 and response.json()["error"], wrong


def test_clients_with_a_certificate_alone(serve, pki, dns, ca, client):
    service = serve("lon1", settings={"open_mpic.api_key_file": "",
                                      "open_mpic.client_roots_file": str(pki.root)})
    files = pki.issue("some-ca")
    question = {"check_type": "caa", "domain_or_ip_target": host(dns, unique_name()),
                "caa_check_parameters": {"caa_domains": [US]}}
    with pytest.raises(requests.RequestException):
        service.post(question)
    assert service.post(question, cert=tuple(map(str, files))).json()["is_valid"]
    use(ca, "mpic", service, {"lon1": "RIPE"},
        f'client_certificate_file = "{files[0]}"\nclient_key_file = "{files[1]}"\n')
    ca.reload()
    assert settle(client, host(dns, unique_name()))["status"] == "valid"


def test_what_it_saw_stands_in_the_details(serve, ca, dns):
    service = serve("lon1")
    name = host(dns, unique_name())
    with Responder(ca.http_port) as responder:
        responder.answers[TOKEN] = "right"
        answer = service.ask(dcv(name, trace_identifier="t-1"))
        assert answer["is_valid"] and answer["trace_identifier"] == "t-1"
        [vote] = answer["perspectives"]
        details = vote["check_response"]["details"]
        assert base64.b64decode(details["response_page"]) == b"right"
        assert (details["response_status_code"], details["resolved_ip"]) == (200, "127.0.0.1")
        responder.answers[TOKEN] = "wrong"
        answer = service.ask(dcv(name, orchestration_parameters={"max_attempts": 2}))
        assert not answer["is_valid"] and answer["mpic_completed"]
        assert answer["actual_orchestration_parameters"] == {
            "perspective_count": 1, "quorum_count": 1, "attempt_count": 2}
        assert len(answer["previous_attempt_results"]) == 1
        [fault] = answer["perspectives"][0]["check_response"]["errors"]
        assert fault["error_type"] == "validation:acme-http-01" and fault["error_message"]
        # It only looks on.
        assert service.ask(dcv(name, orchestration_parameters={"quorum_count": 0}))["is_valid"]
    # Nobody answers: what the schema has is there all the same.
    details = service.ask(dcv(name))["perspectives"][0]["check_response"]["details"]
    assert details["response_status_code"] == 0 and name in details["response_url"]
    with Redirector(ca.http_port, f"http://{name}:{ca.http_port}/elsewhere"):
        details = service.ask(dcv(name))["perspectives"][0]["check_response"]["details"]
    assert details["response_history"][0]["response_status_code"] == 302

    dns.add(f"_x.{name}", "TXT", "exactly")
    change = {"check_type": "dcv", "domain_or_ip_target": name, "dcv_check_parameters": {
        "validation_method": "dns-change", "dns_record_type": "TXT", "dns_name_prefix": "_x",
        "challenge_value": "exactly", "require_exact_match": True}}
    answer = service.ask(change)
    assert answer["is_valid"]
    details = answer["perspectives"][0]["check_response"]["details"]
    assert details["records_seen"] == ["exactly"] and details["response_code"] == 0
    change["dcv_check_parameters"]["challenge_value"] = "exact"
    assert not service.ask(change)["is_valid"]

    dns.add(name, "CAA", f'0 issue "{US}; accounturi=https://ca.example/1"')
    caa = {"check_type": "caa", "domain_or_ip_target": name,
           "caa_check_parameters": {"caa_domains": [US]}}
    # Whose account it is, the API does not say; the CA judges by that itself.
    answer = service.ask(caa)
    assert answer["is_valid"]
    details = answer["perspectives"][0]["check_response"]["details"]
    assert details["caa_record_present"] and details["found_at"] == name
    assert "accounturi" in details["records_seen"][0]
    caa["caa_check_parameters"]["caa_domains"] = ["other.example"]
    answer = service.ask(caa)
    assert not answer["is_valid"]
    assert answer["perspectives"][0]["check_response"]["errors"][0]["error_type"] == "validation:caa"


def test_a_target_has_its_perspectives_always(three, dns):
    chosen = set()
    for i in range(18):
        name = host(dns, unique_name())
        question = {"check_type": "caa", "domain_or_ip_target": name,
                    "caa_check_parameters": {"caa_domains": [US]},
                    "orchestration_parameters": {"perspective_count": 2}}
        some = {frozenset(each["perspective_code"] for each in three[0].ask(question)["perspectives"])
                for _ in range(2 if i < 3 else 1)}
        assert len(some) == 1
        chosen |= some
    assert all("lon1" in some and len(some) == 2 for some in chosen)
    assert len(chosen) == 2


@pytest.mark.parametrize("changes, reason", [
    ({"certificate_file": ""}, "certificate_file"),
    ({"api_key_file": ""}, "nobody is answered"),
    ({"api_key_file": "none.key"}, "none.key"),
    ({"listen": ["x"]}, "ADDRESS:PORT"),
    ({"lissten": []}, "did you mean open_mpic.listen"),
])
def test_what_a_service_lacks_it_says(tmp_path, pki, changes, reason):
    certificate, key = pki.issue("lon1", "127.0.0.1")
    secret = tmp_path / "api.key"
    secret.write_text("0123456789abcdef")
    secret.chmod(0o600)
    done = subprocess.run([BIN / "cairn-va", "init", tmp_path / "va", "--name", "lon1", "--region",
                           "RIPE", "--ca-url", "https://ca.example:14000"], capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    keys = {"listen": ["127.0.0.1:0"], "certificate_file": str(certificate), "key_file": str(key),
            "api_key_file": str(secret)} | changes
    words = [word for name, value in keys.items()
             for word in ("--set", f"open_mpic.{name}={json.dumps(value)}")]
    done = subprocess.run([BIN / "cairn-va", "serve", tmp_path / "va", *words], capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 2 and reason in done.stderr, done.stderr


def test_the_schema_finds_what_is_wrong():
    """That it refuses, so that what passes means something."""
    conforms(dcv("a.example"), "request")
    conforms(right_answer(dcv("a.example", trace_identifier="t")), "response")
    for message, kind in [({}, "request"), (dcv("a.example", check_type="caa2"), "request"),
                          ({"check_type": "dcv", "domain_or_ip_target": "a"}, "request"),
                          (right_answer(dcv("a", trace_identifier="t")) | {"is_valid": 1}, "response"),
                          (right_answer(dcv("a", trace_identifier="t")) | {"perspectives": [{}]},
                           "response")]:
        with pytest.raises(jsonschema.ValidationError):
            conforms(message, kind)
