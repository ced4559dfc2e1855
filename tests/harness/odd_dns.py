"""A DNS forwarder that passes questions on, counts them, and misbehaves where a test says so."""

import contextlib
import socket
import socketserver
import struct

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset

from harness.network import inside
from harness.ports import reserve_port
from harness.serving import serve


class DnsListener:
    """Takes questions at ADDRESS:PORT, by UDP and TCP; a subclass says in `answer` what to send."""

    def __init__(self, address="127.0.0.1", port=None, host=None):
        """`host`: where it listens, if not here (harness.network)."""
        self.ip = address
        self.port = port or reserve_port()
        self.address = f"{self.ip}:{self.port}"
        self._servers = []
        for kind, handler in ((socketserver.ThreadingUDPServer, _Datagram),
                              (socketserver.ThreadingTCPServer, _Stream)):
            kind.allow_reuse_address = True
            with inside(host):
                listening = kind((self.ip, self.port), handler)
            listening.daemon_threads = True
            listening.listener = self
            serve(listening)
            self._servers.append(listening)

    def answer(self, octets, transport):
        """The octets of the answer to a question that came by "udp" or "tcp"; None is silence."""
        raise NotImplementedError

    def stop(self):
        for listening in self._servers:
            listening.shutdown()
            listening.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class OddForwarder(DnsListener):
    """`server`: a harness.dns_server.DnsServer, which knows the answers."""

    def __init__(self, server):
        self.server = server
        self.asked = []  # (name, kind), in order
        self._oddities = {}  # (name, kind) -> function of question and transport; a message or None
        super().__init__()

    @contextlib.contextmanager
    def odd(self, name, kind, answer):
        """`answer`: takes the question and "udp" or "tcp"; what to send, or None for silence."""
        self._oddities[(name, kind)] = answer
        try:
            yield self
        finally:
            del self._oddities[(name, kind)]

    def count(self, kind, below):
        """How many questions of this kind there were about `below` and the names below it."""
        return sum(1 for name, asked in self.asked if asked == kind and name.endswith(below))

    def answer(self, octets, transport):
        question = dns.message.from_wire(octets)
        name = question.question[0].name.to_text().rstrip(".").lower()
        kind = dns.rdatatype.to_text(question.question[0].rdtype)
        self.asked.append((name, kind))
        odd = self._oddities.get((name, kind))
        if odd:
            message = odd(question, transport)
            return message and message.to_wire(max_size=65535)
        ask = dns.query.udp if transport == "udp" else dns.query.tcp
        return ask(question, self.server.ip, port=self.server.port, timeout=5).to_wire()


class _Datagram(socketserver.BaseRequestHandler):
    def handle(self):
        octets, sock = self.request
        with contextlib.suppress(OSError, dns.exception.DNSException):
            answer = self.server.listener.answer(octets, "udp")
            if answer:
                sock.sendto(answer, self.client_address)


class _Stream(socketserver.BaseRequestHandler):
    def handle(self):
        with contextlib.suppress(OSError, dns.exception.DNSException, struct.error):
            self.request.settimeout(10)
            size, = struct.unpack("!H", self.request.recv(2, socket.MSG_WAITALL))
            answer = self.server.listener.answer(
                self.request.recv(size, socket.MSG_WAITALL), "tcp")
            if answer:
                self.request.sendall(struct.pack("!H", len(answer)) + answer)


def failure(rcode=dns.rcode.SERVFAIL):
    """The same response code for every question."""
    def answer(question, _transport):
        message = dns.message.make_response(question)
        message.set_rcode(rcode)
        return message

    return answer


def silence(_question, _transport):
    return None


def truncated_without_tcp(question, transport):
    if transport == "tcp":
        return None
    message = dns.message.make_response(question)
    message.flags |= dns.flags.TC
    return message


def records(*texts):
    """A set of records, by TCP where they are many."""
    def answer(question, transport):
        message = dns.message.make_response(question)
        asked = question.question[0]
        if transport == "udp" and len(texts) > 20:
            message.flags |= dns.flags.TC
            return message
        message.answer.append(dns.rrset.from_text_list(asked.name, 0, "IN", asked.rdtype, texts))
        return message

    return answer
