"""What cairn status tells: what comes next, what went wrong last, what is served, and for Prometheus."""

import contextlib
import datetime
import json
import socket
import ssl
import threading

import pytest

from harness.ports import reserve_port

NAME = "a.example"


def listed(cairn, *arguments):
    run = cairn.outcome("status", "--json", *arguments)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)["certificates"]


@contextlib.contextmanager
def tls_server(certificate, key, before=lambda connection: None):
    """Shakes hands with whoever comes, and shows this certificate; its port. What comes before TLS is for `before`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    port = reserve_port()
    listener = socket.create_server(("127.0.0.1", port))
    listener.settimeout(0.2)
    over = threading.Event()

    def serve():
        while not over.is_set():
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                with connection, contextlib.suppress(OSError):
                    connection.settimeout(5)
                    before(connection)
                    context.wrap_socket(connection, server_side=True).close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield port
    finally:
        over.set()
        thread.join()
        listener.close()


@pytest.fixture
def issued(cairn):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    return cairn.live(NAME)


def test_what_comes_next_and_why(cairn, issued):
    entry, = listed(cairn)
    action = entry["next_action"]
    assert action["action"] == "renew" and action["reason"] == "lifetime"
    assert action["at"] == entry["due_at"]
    assert "last_error" not in entry
    table = cairn.outcome("status").stdout
    assert "NEXT" in table and action["at"][:10] in table


def test_the_last_error_is_told_until_it_is_over(cairn, ca, issued):
    look, ca.verdict = ca.verdict, ca.stays_pending
    assert cairn.outcome("renew", "--force").returncode == 2
    error = listed(cairn)[0]["last_error"]
    assert error["phase"] == "challenge" and error["ca"] == ca.directory
    assert "nobody answers" in error["came_back"] and error["next"]
    assert datetime.datetime.fromisoformat(error["time"].replace("Z", "+00:00"))
    shown = cairn.outcome("status").stdout
    assert f"{NAME}: last tried" in shown and "Next: " in shown
    ca.verdict = look
    assert cairn.outcome("renew", "--force").returncode == 0
    assert "last_error" not in listed(cairn)[0]


def test_served_is_compared_with_stored(cairn, issued, tmp_path):
    # As a server that has not been told to read the files again.
    former = tmp_path / "former.pem"
    former.write_text((issued / "fullchain.pem").read_text())
    former_key = tmp_path / "former.key"
    former_key.write_text((issued / "privkey.pem").read_text())

    def seen(port):
        return listed(cairn, "--served", "--probe", f"127.0.0.1:{port}")[0]["served"]

    with tls_server(issued / "fullchain.pem", issued / "privkey.pem") as port:
        assert seen(port)["verdict"] == "matches"
    assert cairn.outcome("renew", "--force").returncode == 0
    with tls_server(former, former_key) as port:
        served = seen(port)
        assert served["verdict"] == "differs"
        assert "an earlier certificate of the lineage" in served["places"][0]["detail"]
        assert served["places"][0]["address"] == "127.0.0.1"
        shown = cairn.outcome("status", "--served", "--probe", f"127.0.0.1:{port}").stdout
        assert "differs" in shown and "has not been told to read the new one" in shown
        # The settings can say where it is.
        (tmp_path / "config").mkdir()
        (tmp_path / "config" / "cairn.toml").write_text(
            f'[served]\n"{NAME}" = ["127.0.0.1:{port}"]\n')
        entry, = listed(cairn, "--served", "--config", tmp_path / "config")
        assert entry["served"]["verdict"] == "differs"
        file = tmp_path / "cairn.prom"
        assert cairn.outcome("status", "--served", "--probe", f"127.0.0.1:{port}", "--prometheus",
                             file).returncode == 0
        assert f'cairn_certificate_served_matches{{lineage="{NAME}",key_type="ec-p256"}} 0' \
            in file.read_text()
    served = seen(port)
    assert served["verdict"] == "unreachable"
    assert "Connection refused" in served["places"][0]["detail"]


def test_starttls_is_spoken_where_it_is_said(cairn, issued, tmp_path):
    def speak_smtp(connection):
        connection.sendall(b"220 mail ESMTP\r\n")
        with connection.makefile("rb") as lines:
            for line in lines:
                if line.upper().startswith(b"EHLO"):
                    connection.sendall(b"250-mail\r\n250 STARTTLS\r\n")
                elif line.strip().upper() == b"STARTTLS":
                    connection.sendall(b"220 go ahead\r\n")
                    return

    with tls_server(issued / "fullchain.pem", issued / "privkey.pem", speak_smtp) as port:
        (tmp_path / "config").mkdir()
        (tmp_path / "config" / "cairn.toml").write_text(
            f'[served]\n"{NAME}" = ["smtp://127.0.0.1:{port}"]\n')
        entry, = listed(cairn, "--served", "--config", tmp_path / "config")
        assert entry["served"]["verdict"] == "matches", entry["served"]
        assert entry["served"]["places"][0]["place"] == f"smtp://127.0.0.1:{port}"
        entry, = listed(cairn, "--served", "--probe", f"127.0.0.1:{port}")
        assert entry["served"]["verdict"] == "unreachable"


def test_a_server_without_an_answer_costs_seconds_alone(cairn, issued):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        started = datetime.datetime.now()
        entry, = listed(cairn, "--served", "--probe", f"127.0.0.1:{port}")
        assert (datetime.datetime.now() - started).total_seconds() < 30
        assert entry["served"]["verdict"] == "unreachable"


def test_a_probe_is_refused_where_it_is_no_place(cairn, issued):
    run = cairn.outcome("status", "--served", "--probe", "a:b:c")
    assert run.returncode == 2 and "is not HOST or HOST:PORT" in run.stderr


def test_prometheus_reads_what_is_written(cairn, ca, issued, tmp_path):
    file = tmp_path / "cairn.prom"
    assert cairn.outcome("status", "--prometheus", file).returncode == 0
    samples = {}
    for line in file.read_text().splitlines():
        if line.startswith("#"):
            assert line.split()[1] in ("HELP", "TYPE")
            continue
        name, _, value = line.rpartition(" ")
        samples[name] = float(value)
    labels = f'{{lineage="{NAME}",key_type="ec-p256"}}'
    entry, = listed(cairn)
    expiry = datetime.datetime.fromisoformat(entry["not_after"].replace("Z", "+00:00"))
    assert samples["cairn_certificate_not_after_timestamp_seconds" + labels] == expiry.timestamp()
    assert samples["cairn_certificate_failing" + labels] == 0
    assert samples[f'cairn_certificate_state{{lineage="{NAME}",key_type="ec-p256",state="ok"}}'] == 1
    assert "cairn_certificate_last_failure_timestamp_seconds" + labels not in samples
    assert file.stat().st_mode & 0o777 == 0o644
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".cairn")] == []
    ca.verdict = ca.stays_pending
    assert cairn.outcome("renew", "--force").returncode == 2
    assert cairn.outcome("status", "--prometheus", file).returncode == 0
    assert f"cairn_certificate_failing{labels} 1" in file.read_text()


def test_a_file_that_cannot_be_written_is_told(cairn, issued, tmp_path):
    run = cairn.outcome("status", "--prometheus", tmp_path / "nowhere" / "cairn.prom")
    assert run.returncode == 2 and str(tmp_path / "nowhere") in run.stderr


def test_what_nothing_renews_is_shown(cairn, issued):
    (cairn.state / "renewal" / f"{NAME}.json").unlink()
    entry, = listed(cairn)
    assert entry["state"] == "broken" and "next_action" not in entry
