"""Nothing waits for a log that cannot be written to: requests are served, and the process ends."""

import socket
import time

import pytest
import requests

from harness.metrics import scrape
from harness.process import UnreadOutput


def ask_often(ca, count, length=400):
    """Makes `count` lines of the access log, each longer than `length`, over plain HTTP."""
    request = (f"GET /issuer/{'x' * length} HTTP/1.1\r\n"
               f"Host: localhost:{ca.port}\r\n\r\n").encode()
    with socket.create_connection(("127.0.0.1", ca.port), timeout=30) as connection:
        answers = b""
        for _ in range(0, count, 50):
            connection.sendall(50 * request)
            while answers.count(b"HTTP/1.1 404 ") < 50:
                part = connection.recv(65536)
                assert part, answers
                answers += part
            answers = b""


def assert_serves(ca):
    assert requests.get(f"http://127.0.0.1:{ca.admin_port}/healthz", timeout=5).text == "ok\n"
    answer = requests.get(ca.directory, verify=str(ca.api_root), timeout=5)
    assert answer.status_code == 200


def ask_until_lines_are_lost(ca):
    deadline = time.monotonic() + 60
    while not (lost := scrape(ca).total("cairn_log_lines_lost_total")):
        assert time.monotonic() < deadline, "no line was lost"
        ask_often(ca, 1000)
    return lost


@pytest.mark.parametrize("kind", ["pipe", "socket", "terminal"])
def test_standard_error_that_nobody_reads_hinders_nobody(ca, kind):
    ca.stop()
    output = UnreadOutput(kind)
    ca.start(output=output)
    ask_until_lines_are_lost(ca)
    assert_serves(ca)
    begun = time.monotonic()
    assert ca.stop() == 0
    assert time.monotonic() - begun < 10


def test_a_log_that_is_read_again_tells_how_many_lines_are_missing(ca):
    ca.stop()
    before = len(ca.log_lines())
    output = UnreadOutput()
    ca.start(output=output)
    ask_until_lines_are_lost(ca)
    output.read_into(ca.log)
    ca.server.wait_until(lambda: '"log lines lost"' in ca.log.read_text())
    ask_often(ca, 50)
    shown = scrape(ca)
    assert ca.stop() == 0
    deadline = time.monotonic() + 10
    while '"event":"stopped"' not in ca.log.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    # Every line is complete, and the missing ones are counted.
    lines = ca.log_lines()[before:]
    told = sum(line["lines"] for line in lines if line["event"] == "log lines lost")
    assert told == shown.total("cairn_log_lines_lost_total") > 0
    written = shown.total("cairn_log_lines_total")
    stopping = [line for line in lines if line["event"] in ("draining", "stopped")]
    ordinary = [line for line in lines if line["event"] != "log lines lost"]
    assert len(ordinary) - len(stopping) + told == written


def test_the_last_words_of_a_start_that_fails_wait_for_nobody(ca):
    ca.stop()
    output = UnreadOutput()
    output.fill()
    ca.settings["validation.http_port"] = 0
    ca.launch(output=output)
    assert ca.server.wait(timeout=10) == 2
