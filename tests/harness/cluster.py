"""The cluster of docs/cluster.md on one machine: each host is a network namespace, each program is
Debian's, and the configuration files are those of packaging/cluster.

db1 to db3   etcd, Patroni, PostgreSQL     10.79.0.31 to 33
ca1 to ca3   cairn-ca                      10.79.0.21 to 23
lb           HAProxy                       10.79.0.10
lan          the clients, and the DNS and web servers that validation asks: 10.79.0.1
"""

import contextlib
import json
import pathlib
import re
import shutil
import tempfile
import time

import psycopg2
import requests

from harness.dns_server import DnsServer
from harness.network import Network
from harness.process import BIN, Server, run

CONFIGURATION = pathlib.Path(__file__).parents[2] / "packaging" / "cluster"
# Debian keeps the programs of each version of PostgreSQL in a folder of their own.
POSTGRESQL = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"),
                 key=lambda folder: int(folder.parent.name))
USER = "postgres"


def wait_for(what, ready, timeout):
    """Calls `ready` until it returns something true, and returns that."""
    deadline = time.monotonic() + timeout
    while not (result := ready()):
        assert time.monotonic() < deadline, f"{what}: not within {timeout} s"
        time.sleep(0.1)
    return result


class Machine:
    """One host with its own folder and programs, which can be ended all at once or one by one."""

    def __init__(self, cluster, name, number, user=None):
        self.cluster, self.name, self.user = cluster, name, user
        self.host = cluster.network.host(name, number)
        self.address = self.host.address
        self.folder = cluster.folder / name
        self.folder.mkdir()
        if user:
            shutil.chown(self.folder, user, user)
        self.programs = {}

    def render(self, file):
        """The file of packaging/cluster with this host's values, in its folder."""
        values = {"NAME": self.name, "ADDRESS": self.address, "FOLDER": str(self.folder),
                  "PROGRAMS": str(POSTGRESQL)}
        text = (CONFIGURATION / file).read_text()
        target = self.folder / file
        target.write_text(re.sub(r"@(\w+)@", lambda found: values[found[1]], text))
        if self.user:
            target.chmod(0o600)
            shutil.chown(target, self.user, self.user)
        return target

    def run(self, name, *arguments):
        """Starts a program that runs until it is killed."""
        self.programs[name] = Server(
            self.host.command(arguments, self.user), self.folder / f"{name}.log", cwd="/")

    def kill(self):
        """The power fails: every process of the host ends at once."""
        self.host.kill_all()
        for program in self.programs.values():
            program.wait()

    def cut(self):
        self.cluster.network.cut(self.name)

    def mend(self):
        self.cluster.network.mend(self.name)


class DatabaseHost(Machine):
    def __init__(self, cluster, name, number):
        super().__init__(cluster, name, number, USER)

    def start(self):
        self.run("etcd", "etcd", "--config-file", self.render("etcd.yml"))
        self.run("patroni", "patroni", self.render("patroni.yml"))

    def kill_postgresql(self):
        """Ends PostgreSQL's first process; Patroni lives on."""
        pid = int((self.folder / "postgresql" / "postmaster.pid").read_text().split()[0])
        run(["kill", "-KILL", str(pid)])


class LoadBalancer(Machine):
    def start(self):
        self.run("haproxy", "haproxy", "-db", "-f", self.render("haproxy.cfg"))


class Node(Machine):
    """A cairn-ca; its folder has the same keys as those of the others."""

    def __init__(self, cluster, name, number):
        super().__init__(cluster, name, number)
        self.home = self.folder / "ca"

    def start(self):
        self.run("cairn-ca", BIN / "cairn-ca", "serve", self.home)

    def addresses_of_clients(self):
        """The addresses of clients in the access log."""
        lines = (self.folder / "cairn-ca.log").read_text(errors="replace").splitlines()
        requests_logged = (json.loads(line) for line in lines
                           if line.startswith("{") and line.endswith("}") and '"request"' in line)
        return {line["remote"] for line in requests_logged if line["event"] == "request"}

    def is_ready(self):
        """The check that HAProxy makes."""
        with contextlib.suppress(requests.RequestException), self.cluster.lan.inside():
            return requests.get(f"http://{self.address}:8080/readyz", timeout=1).status_code == 200
        return False


class Cluster:
    def __init__(self):
        # Not a pytest folder: those are root's alone, and PostgreSQL runs as another user.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cairn-cluster-"))
        self.folder.chmod(0o755)
        try:
            self.network = Network()
            self.lan = self.network.first
            self.databases = [DatabaseHost(self, f"db{n}", 30 + n) for n in (1, 2, 3)]
            self.lb = LoadBalancer(self, "lb", 10)
            self.nodes = [Node(self, f"ca{n}", 20 + n) for n in (1, 2, 3)]
            self.dns = DnsServer(self.lan.address, 53, self.lan)
        except BaseException:
            self.remove()
            raise

    def start(self):
        """Starts everything, and waits until it can issue."""
        self.start_databases()
        first, *others = self.nodes
        run([BIN / "cairn-ca", "init", first.home, "--name", "Cairn Test",
             "--host", self.lb.address, "--listen", f"{first.address}:443"])
        for node in others:
            shutil.copytree(first.home, node.home)
        for node in self.nodes:
            # A few accounts order as much as they can.
            text = node.render("ca.toml").read_text() + "\n[limits]\nenabled = false\n"
            (node.home / "ca.toml").write_text(text)
            node.start()
        self.wait_for_nodes()

    def wait_for_nodes(self, timeout=30):
        """Waits until every node is ready."""
        wait_for("three nodes that are ready",
                 lambda: all(node.is_ready() for node in self.nodes), timeout)

    @property
    def directory(self):
        return f"https://{self.lb.address}/directory"

    @property
    def api_root(self):
        return self.nodes[0].home / "pki" / "root.pem"

    def remove(self):
        if hasattr(self, "dns"):
            self.dns.stop()
        if hasattr(self, "network"):
            self.network.remove()
        shutil.rmtree(self.folder, ignore_errors=True)

    def logs(self):
        return sorted(self.folder.glob("*/*.log"))

    # The database

    def start_databases(self):
        for database in self.databases:
            database.start()
        self.lb.start()
        self.primary(timeout=60)
        with self.sql("postgres", "postgres", "superuser-secret") as cursor:
            for statement in (CONFIGURATION / "database.sql").read_text().split(";")[:-1]:
                cursor.execute(statement)

    def members(self):
        """What Patroni says of its members, by name; nothing if nobody answers."""
        for database in self.databases:
            with contextlib.suppress(requests.RequestException), self.lan.inside():
                answer = requests.get(f"http://{database.address}:8008/cluster", timeout=1)
                return {member["name"]: member for member in answer.json()["members"]}
        return {}

    def is_primary(self, database):
        with contextlib.suppress(requests.RequestException), self.lan.inside():
            answer = requests.get(f"http://{database.address}:8008/primary", timeout=1)
            return answer.status_code == 200
        return False

    def primary(self, timeout=40, other_than=None):
        """The host of the primary, as soon as there is one that has a synchronous standby."""
        def found():
            members = self.members()
            if not any(member["role"] == "sync_standby" for member in members.values()):
                return None
            return next((database for database in self.databases
                         if database is not other_than and self.is_primary(database)), None)
        return wait_for("a primary with a synchronous standby", found, timeout)

    def wait_for_standbys(self, timeout=60):
        """Waits until every database host runs, and all others stream from the primary."""
        def all_run():
            members = self.members()
            return len(members) == len(self.databases) and all(
                member["state"] in ("running", "streaming") for member in members.values())
        wait_for("three running members", all_run, timeout)

    @contextlib.contextmanager
    def sql(self, database="cairn", user="cairn", password="cairn-secret"):
        """A cursor on the primary, by way of the load balancer; each statement is by itself."""
        def connected():
            with contextlib.suppress(psycopg2.OperationalError):
                return psycopg2.connect(host=self.lb.address, dbname=database, user=user,
                                        password=password, connect_timeout=3)
        with self.lan.inside():
            connection = wait_for("a connection to the primary", connected, 30)
            connection.autocommit = True
            try:
                yield connection.cursor()
            finally:
                connection.close()
