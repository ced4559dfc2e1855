"""Several cairn-ca on one PostgreSQL, behind a balancer that sends each connection to the next one."""

import itertools
import json
import shutil
import socket
import socketserver
import threading

import requests

from harness.ports import reserve_port
from harness.postgres import PostgresStore
from harness.process import BIN, Server, run
from harness.serving import serve


class Balancer:
    """Hands each connection to the next of `targets` (ports) that accepts it."""

    def __init__(self, port, targets):
        turn = itertools.count()

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                first = next(turn)
                for place in range(len(targets)):
                    try:
                        peer = socket.create_connection(
                            ("127.0.0.1", targets[(first + place) % len(targets)]), timeout=10)
                        break
                    except OSError:
                        continue
                else:
                    return
                with peer:
                    peer.settimeout(None)
                    back = threading.Thread(target=_pipe, args=(peer, self.request), daemon=True)
                    back.start()
                    _pipe(self.request, peer)
                    back.join()

        class Listener(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            block_on_close = False
            request_queue_size = 128

        self.server = Listener(("127.0.0.1", port), Handler)
        serve(self.server)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def _pipe(source, target):
    try:
        while octets := source.recv(65536):
            target.sendall(octets)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Nodes:
    """One CA, served by `count` processes. For harness.acme it is an authority like CairnCa."""

    def __init__(self, folder, dns, cluster, count=2, settings=None, clocks=()):
        """`clocks`: a harness.clock.WallClock for each of the first nodes."""
        self.cluster = cluster
        self.clocks = dict(enumerate(clocks))
        self.dns = dns
        self.url = cluster.create_database()
        self.store = PostgresStore(cluster, self.url)
        self.port = reserve_port()
        self.http_port = reserve_port()
        self.tls_alpn_port = reserve_port()
        self.directory = f"https://localhost:{self.port}/directory"
        self.settings = {
            "server.public_url": f"https://localhost:{self.port}",
            "store.url": self.url,
            "validation.http_port": self.http_port,
            "validation.tls_alpn_port": self.tls_alpn_port,
            "validation.dns_servers": [dns.address],
            "validation.dnssec": False,
            "validation.allow_networks": ["127.0.0.0/8"],
            "policy.internal_names": False,
            "limits.enabled": False,
        } | (settings or {})
        self.ports = [reserve_port() for _ in range(count)]
        self.admin_ports = [reserve_port() for _ in range(count)]
        self.homes = [folder / f"node-{place}" for place in range(count)]
        self.logs = [folder / f"node-{place}.log" for place in range(count)]
        self.api_root = self.homes[0] / "pki" / "root.pem"
        run([BIN / "cairn-ca", "init", self.homes[0], "--name", "Cairn Test", "--host",
             "localhost", "--listen", f"127.0.0.1:{self.port}"])
        for home in self.homes[1:]:
            shutil.copytree(self.homes[0], home)
        self.servers = [None] * count
        for place in range(count):
            self.start(place)
        self.balancer = Balancer(self.port, self.ports)

    def start(self, place):
        self.launch(place)
        self.wait_until_it_serves(place)

    def launch(self, place):
        own = {"server.listen": [f"127.0.0.1:{self.ports[place]}"],
               "server.admin_listen": f"127.0.0.1:{self.admin_ports[place]}"}
        arguments = [BIN / "cairn-ca", "serve", self.homes[place]]
        for key, value in (self.settings | own).items():
            arguments += ["--set", f"{key}={json.dumps(value)}"]
        environment = self.clocks[place].environment() if place in self.clocks else None
        self.servers[place] = Server(arguments, self.logs[place], env=environment)

    def wait_until_it_serves(self, place):
        self.servers[place].wait_until(lambda: self._serves(place), timeout=40)

    def _serves(self, place):
        try:
            return requests.get(
                f"https://localhost:{self.ports[place]}/directory", verify=str(self.api_root),
                headers={"Host": f"localhost:{self.port}"}, timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def ask_operator_site(self, place, path):
        return requests.get(f"http://127.0.0.1:{self.admin_ports[place]}{path}", timeout=10)

    def readiness(self, place):
        """The text of a node's /readyz; None if it does not answer."""
        try:
            return self.ask_operator_site(place, "/readyz").text
        except requests.RequestException:
            return None

    def kill(self, place):
        self.servers[place].kill()

    def stop(self):
        """Stops the running nodes; their exit codes."""
        self.balancer.stop()
        return [server.stop() for server in self.servers]
