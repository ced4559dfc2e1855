"""Clients that use up all memory: others are still served, and the process survives."""

import contextlib
import socket
import ssl
import time

import requests

from harness.acme import Client, Refused
from harness.dns_server import unique_name
from harness.web import Responder

MEBIBYTES = 20
PART_OF_A_BODY = (b"POST /acme/new-order HTTP/1.1\r\nHost: localhost\r\nContent-Length: 65000\r\n\r\n"
                  + b"x" * 60000)


@contextlib.contextmanager
def unfinished_requests(ca, until, at_most=1000, clients=8):
    """Requests over TLS of which the end does not come, from some addresses: more and more of them
    until `until` is true."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connections = []
    try:
        while not until():
            assert len(connections) < at_most
            source = f"127.0.0.{100 + len(connections) % clients}"
            connections.append(socket.create_connection(
                ("127.0.0.1", ca.port), timeout=20, source_address=(source, 0)))
            with contextlib.suppress(OSError):
                connections[-1] = context.wrap_socket(connections[-1])
                connections[-1].settimeout(1)
                connections[-1].sendall(PART_OF_A_BODY)
        yield
    finally:
        for connection in connections:
            connection.close()


def test_whoever_takes_all_memory_ends_nobody_else(ca):
    ca.stop()
    ca.start(memory_limit=MEBIBYTES)
    with Responder(ca.http_port) as responder:
        with unfinished_requests(ca, lambda: '"event":"out of memory"' in ca.log.read_text()):
            # It may answer "not now", and still serves an honest client.
            deadline = time.monotonic() + 40
            issued = False
            while not issued:
                assert time.monotonic() < deadline, ca.server.tail()
                with contextlib.suppress(Refused, requests.RequestException, KeyError):
                    client = Client(ca, responder)
                    client.register()
                    issued = bool(client.issue([unique_name()]))
        client = Client(ca, responder)
        client.register()
        client.issue([unique_name()])
    assert requests.get(f"http://127.0.0.1:{ca.admin_port}/readyz", timeout=10).text == "ready\n"
    assert ca.stop() == 0
