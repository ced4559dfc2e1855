"""HAProxy in front of a CA, as packaging/cluster has it: it passes TLS on and names the client."""

import socket

import pytest
import requests

from harness.ports import reserve_port
from harness.process import Server

PROXY = "127.0.0.9"

CONFIGURATION = """
defaults
    mode tcp
    timeout connect 2s
    timeout check 4s
    timeout client 20s
    timeout server 20s
frontend acme
    bind 127.0.0.1:{port}
    default_backend nodes
backend nodes
    option httpchk GET /readyz
    default-server send-proxy-v2 check check-send-proxy port {admin_port} inter 200ms fall 1 rise 1
    server ca1 127.0.0.1:{ca_port} source {proxy}
"""


@pytest.fixture
def behind_haproxy(start_ca, tmp_path):
    """A CA, and the port of a HAProxy in front of it."""
    ca = start_ca(settings={"server.trusted_proxies": [PROXY]})
    port = reserve_port()
    file = tmp_path / "haproxy.cfg"
    file.write_text(CONFIGURATION.format(port=port, admin_port=ca.admin_port, ca_port=ca.port,
                                         proxy=PROXY))
    with Server(["haproxy", "-db", "-f", file], tmp_path / "haproxy.log") as haproxy:
        haproxy.wait_until(lambda: get(ca, port, "127.0.0.1"))
        yield ca, port
        assert "is DOWN" not in haproxy.log.read_text()


def get(ca, port, source):
    """The status of the directory for a client with this address; None if there is no answer."""
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", Adapter(source))
    try:
        # The Host field is that of the CA, as if it were a name that leads to HAProxy.
        return session.get(f"https://localhost:{port}/directory", verify=str(ca.api_root), timeout=5,
                           headers={"Host": f"localhost:{ca.port}"}).status_code
    except requests.RequestException:
        return None


class Adapter(requests.adapters.HTTPAdapter):
    def __init__(self, source):
        self.source = source
        super().__init__()

    def init_poolmanager(self, *arguments, **options):
        super().init_poolmanager(*arguments, source_address=(self.source, 0), **options)


def test_the_log_has_the_addresses_of_clients(behind_haproxy):
    ca, port = behind_haproxy
    assert get(ca, port, "127.0.0.21") == 200
    assert get(ca, port, "127.0.0.22") == 200
    ca.server.wait_until(lambda: '"remote":"127.0.0.22"' in ca.log.read_text())
    seen = {line["remote"] for line in ca.log_lines() if line["event"] == "request"}
    assert {"127.0.0.21", "127.0.0.22"} <= seen and PROXY not in seen


def answer(ca, source, octets):
    """What comes back on a connection from this address until the CA closes it."""
    with socket.create_connection(("127.0.0.1", ca.port), timeout=10,
                                  source_address=(source, 0)) as connection:
        connection.sendall(octets)
        try:
            return connection.recv(4096)
        except ConnectionResetError:  # it closes without having read all
            return b""


def test_nobody_else_is_believed(behind_haproxy):
    ca, _ = behind_haproxy
    header = (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c" + socket.inet_aton("192.0.2.7")
              + socket.inet_aton("192.0.2.8") + b"\x9c\x40\x01\xbb")
    for source in ("127.0.0.1", "127.0.0.8"):
        assert answer(ca, source, header + b"GET /issuer/x HTTP/1.1\r\n\r\n") == b""
    assert answer(ca, PROXY, b"PROXY TCP4 192.0.2.7 192.0.2.8 40000 443\r\n") == b""
    assert "192.0.2.7" not in ca.log.read_text()
