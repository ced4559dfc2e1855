"""Free ports on 127.0.0.1, each given to only one test, also among processes."""

import random
import socket

# Below the range from which the kernel takes the ports of outgoing connections.
FIRST, LAST = 10000, 32000

_reservations = []


def reserve_port():
    """A port on which nothing listens, reserved as long as this process lives."""
    for _ in range(1000):
        port = random.randint(FIRST, LAST)
        reservation = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # An abstract name can be bound once on a machine, and is free again when its socket
            # closes.
            reservation.bind(f"\0cairn-test-port-{port}")
            _expect_free(port)
        except OSError:
            reservation.close()
            continue
        _reservations.append(reservation)
        return port
    raise RuntimeError(f"no free port between {FIRST} and {LAST}")


def _expect_free(port):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.bind(("127.0.0.1", port))
