"""Stands between a cairn-ca and its PostgreSQL, and loses what a test tells it to.

It reads just enough of the protocol (chapter "Frontend/Backend Protocol") to know which prepared
statements a transaction executes, and when it is committed."""

import pathlib
import shutil
import socket
import struct
import tempfile
import threading

NOT_SENT = "not sent"    # the transaction never reaches the database
NOT_ANSWERED = "not answered"  # it is committed, and the answer is lost


class PostgresRelay:
    """Clients connect to the Unix socket in `sockets` as they would to that in `target`."""

    def __init__(self, target):
        self.target = str(target / ".s.PGSQL.5432")
        # The path of a socket may have 107 characters: too few for a folder of pytest's.
        self.sockets = pathlib.Path(tempfile.mkdtemp(prefix="cairn-relay-"))
        self.sockets.chmod(0o755)
        self.lock = threading.Lock()
        self.plan = {}  # what happens to the next transaction with this statement
        self.lost = []  # the statements to which it happened, in turn
        self.seen = set()
        self.is_away = False
        self.goes_away = False  # with the next transaction that is lost
        self.open = set()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.sockets / ".s.PGSQL.5432"))
        self.listener.listen(100)
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, url):
        """The URL of a database, through this relay."""
        return url.split("&host=")[0] + f"&host={self.sockets}"

    def lose(self, statement, how, then_away=False):
        """Breaks the connection in the middle of the next transaction that executes this prepared
        statement. With `then_away`, no other connection is to be had until `come_back`."""
        with self.lock:
            self.plan[statement] = how
            self.goes_away = then_away

    def come_back(self):
        self.is_away = False

    def remove(self):
        self.listener.close()
        self._cut_all()
        shutil.rmtree(self.sockets, ignore_errors=True)

    def _cut_all(self):
        for connection in list(self.open):
            connection.cut()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.is_away:
                client.close()
                continue
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self.target)
            except OSError:
                client.close()
                continue
            _Connection(self, client, server).start()

    def fate_of(self, statements):
        """What happens to a transaction with these statements."""
        with self.lock:
            self.seen.update(statements)
            for name in statements:
                how = self.plan.pop(name, None)
                if how:
                    self.lost.append(name)
                    self.is_away = self.is_away or self.goes_away
                    return how
        return None


class _Connection:
    def __init__(self, relay, client, server):
        self.relay, self.client, self.server = relay, client, server
        self.changed = threading.Condition()
        self.under_way = 0  # transactions that were sent and not answered
        self.is_deaf = False  # answers of the database are dropped
        relay.open.add(self)

    def start(self):
        for work in (self._forward, self._return):
            threading.Thread(target=self._run, args=(work,), daemon=True).start()

    def _run(self, work):
        try:
            work()
        except (OSError, EOFError):
            pass
        self.cut()

    def cut(self):
        self.relay.open.discard(self)
        for end in (self.client, self.server):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        with self.changed:
            self.changed.notify_all()

    def _forward(self):
        self.server.sendall(_message(self.client, kind_size=0)[1])  # the startup message
        gathered, statements = b"", []
        while True:
            kind, octets = _message(self.client)
            gathered += octets
            if kind == b"B":
                statements.append(octets[5:].split(b"\0")[1].decode())
            if kind not in b"SQXHp":
                continue
            how = self.relay.fate_of(statements) if kind == b"S" else None
            if how == NOT_SENT:
                return self._end()
            with self.changed:
                self.under_way += kind in b"SQ"
                self.is_deaf = self.is_deaf or how == NOT_ANSWERED
            self.server.sendall(gathered)
            gathered, statements = b"", []
            if how == NOT_ANSWERED:
                with self.changed:
                    self.changed.wait_for(lambda: self.under_way == 0, timeout=10)
                return self._end()

    def _end(self):
        if self.relay.is_away:
            self.relay._cut_all()

    def _return(self):
        while True:
            kind, octets = _message(self.server)
            if not self.is_deaf:
                self.client.sendall(octets)
            if kind == b"Z":
                with self.changed:
                    self.under_way = max(0, self.under_way - 1)
                    self.changed.notify_all()


def _message(source, kind_size=1):
    """The next message: its kind, and all of it."""
    head = _octets(source, kind_size + 4)
    size, = struct.unpack("!I", head[kind_size:])
    return head[:kind_size], head + _octets(source, size - 4)


def _octets(source, count):
    octets = b""
    while len(octets) < count:
        more = source.recv(count - len(octets))
        if not more:
            raise EOFError
        octets += more
    return octets
