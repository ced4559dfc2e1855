"""A PostgreSQL server of the tests' own, and a look into what a cairn-ca keeps there."""

import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile

from cryptography import x509

from harness.clock import WallClock
from harness.process import Server, run

# Debian keeps the programs of each version in a folder of their own.
_FOLDERS = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"),
                  key=lambda folder: int(folder.parent.name))


class PostgresCluster:
    """A server on a Unix socket in a temporary folder; it does not run as root."""

    def __init__(self, has_clock=False):
        """`has_clock`: it has a wall clock of its own, `clock`."""
        # The path of a socket may have 107 characters: too few for a folder of pytest's.
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="cairn-postgres-"))
        self.programs = _FOLDERS[-1]
        self.log = self.home / "postgres.log"
        self.sockets = self.home / "socket"
        self.sockets.mkdir()
        self.user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        if self.user:
            for folder in (self.home, self.sockets):
                os.chown(folder, self.user.pw_uid, self.user.pw_gid)
        run(self._as_user([self.programs / "initdb", "-D", self.home / "data", "-U", "cairn",
                           "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]))
        self._databases = 0
        self.clock = WallClock(self.home) if has_clock else None
        self.start()

    def _as_user(self, command):
        if not self.user:
            return command
        return ["setpriv", f"--reuid={self.user.pw_uid}", f"--regid={self.user.pw_gid}",
                "--clear-groups", *command]

    def start(self, *settings):
        self.server = Server(
            self._as_user([self.programs / "postgres", "-D", self.home / "data", "-k", self.sockets,
                           "-c", "listen_addresses=", "-c", "shared_buffers=32MB",
                           "-c", "max_connections=200", "-c", "unix_socket_permissions=0777",
                           "-c", "fsync=off",  # its processes may crash, not the machine
                           *(word for setting in settings for word in ("-c", setting))]),
            self.log, cwd="/", env=self.clock.environment() if self.clock else None)
        port = [word.partition("=")[2] for word in settings if word.startswith("port=")]
        self.server.wait_until(lambda: self._answers(*port), timeout=60)

    def _answers(self, port="5432"):
        return subprocess.run([self.programs / "pg_isready", "-q", "-h", self.sockets, "-p", port,
                               "-U", "cairn", "-d", "postgres"]).returncode == 0

    def is_running(self):
        return self.server.process.poll() is None

    def crash(self):
        """Ends all processes of the server at once; it recovers at the next start."""
        self.server.signal(signal.SIGQUIT)
        self.server.wait()

    def remove(self):
        self.server.signal(signal.SIGQUIT)
        self.server.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    def create_database(self):
        """A new database; its URL."""
        self._databases += 1
        name = f"cairn{self._databases}"
        self.sql("postgres", f"CREATE DATABASE {name}")
        return f"postgresql:///{name}?user=cairn&host={self.sockets}"

    def sql(self, database, statement):
        """The rows that psql prints, columns separated by '|'."""
        return run([self.programs / "psql", "-X", "-q", "-A", "-t", "-h", self.sockets, "-U",
                    "cairn", "-d", database, "-c", statement]).splitlines()


class PostgresStore:
    """Looks into the shared store, as harness.store does into the embedded one."""

    def __init__(self, cluster, url, schema="cairn"):
        self.cluster = cluster
        self.database = url.split("?")[0].rsplit("/", 1)[1]
        self.schema = schema

    def rows(self, statement):
        return self.cluster.sql(self.database, f"SET search_path = {self.schema}; {statement}")

    def certificates(self):
        """Every certificate that was issued for an order."""
        rows = self.rows("SELECT encode(der, 'hex') FROM certificates WHERE order_id IS NOT NULL")
        return [x509.load_der_x509_certificate(bytes.fromhex(row)) for row in rows]

    def certificates_per_order(self):
        rows = self.rows("SELECT count(*) FROM certificates WHERE order_id IS NOT NULL"
                         " GROUP BY order_id")
        return [int(row) for row in rows]

    def unfinished(self):
        """How many validations and issuances were begun and have not come to an end."""
        return int(self.rows(
            "SELECT (SELECT count(*) FROM authorizations"
            " WHERE started IS NOT NULL AND finished IS NULL)"
            " + (SELECT count(*) FROM orders WHERE begun IS NOT NULL AND completed IS NULL"
            " AND problem IS NULL)")[0])

    def revocation_reason(self, serial):
        octets = serial.to_bytes(serial.bit_length() // 8 + 1, "big").hex()
        rows = self.rows(f"SELECT reason FROM revocations WHERE serial = '\\x{octets}'")
        return int(rows[0]) if rows else None

    def count(self, table):
        return int(self.rows(f"SELECT count(*) FROM {table}")[0])

    def pinned_octets(self):
        """What the only order is bound to, if it is."""
        octets = self.rows("SELECT coalesce(encode(pinned_octets, 'hex'), 'none') FROM orders")[0]
        return None if octets == "none" else bytes.fromhex(octets)

    def end_leases(self):
        """As time does to those of processes that have died; none may live."""
        self.rows("DELETE FROM nodes; DELETE FROM work_leases")

    def age_nodes(self):
        """As if those that live had begun a minute earlier: they take over what the dead have left."""
        self.rows("UPDATE nodes SET alive_since = alive_since - interval '1 minute'")

    def block_key(self, digest):
        """As the revocation of another certificate with this key would."""
        self.rows(f"INSERT INTO blocked_keys VALUES ('\\x{digest.hex()}')")

    def check_integrity(self):
        """Nothing that completed lacks its certificate, and nothing has one that did not."""
        assert self.rows(
            "SELECT count(*) FROM orders o FULL JOIN certificates c ON c.order_id = o.id"
            " WHERE (o.completed IS NULL AND c.order_id IS NOT NULL)"
            " OR (o.completed IS NOT NULL AND c.serial IS DISTINCT FROM o.serial)"
            " OR (o.id IS NULL AND c.order_id IS NOT NULL)") == ["0"]
