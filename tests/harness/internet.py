"""An Internet in a box: networks that meet at an exchange, each with a router's table of its own.

A network is a namespace. Its hosts are its addresses, 5.0.N.0/24, and its table says by which other
network each prefix is reached, as BGP would have taught its router. Whoever bends a route makes one
network believe that a prefix is somewhere else.
"""

import contextlib
import subprocess

from harness.network import Network
from harness.process import Failed


class Internet(Network):
    def __init__(self, names):
        """`names`: of the networks; the Nth has 5.0.N.0/24."""
        super().__init__("6.0.0.")
        self.numbers = {name: number for number, name in enumerate(names, 1)}
        self.networks = {}
        try:
            for name, number in self.numbers.items():
                self.networks[name] = self.host(name, number + 1)
            for name, number in self.numbers.items():
                self._batch(name, [f"address add {self.address(name, 1)}/32 dev lo"] + [
                    self._route(name, f"5.0.{other}.0/24", towards)
                    for towards, other in self.numbers.items() if other != number])
        except BaseException:
            self.remove()
            raise

    def address(self, name, last):
        return f"5.0.{self.numbers[name]}.{last}"

    def network_of(self, name):
        return f"5.0.{self.numbers[name]}.0/24"

    def add_addresses(self, name, addresses):
        """Hosts of a network; also addresses that it has no right to."""
        self._batch(name, [f"address add {address}/32 dev lo" for address in addresses])

    @contextlib.contextmanager
    def bent(self, where, prefix, towards):
        """Inside the block the networks `where` send what is for `prefix` to the network `towards`."""
        # More specific routes win, as those of a hijacker do: halves of a network, or one address.
        base, _, length = prefix.partition("/")
        if length == "24":
            parts = [f"{base}/25", f"{base.rpartition('.')[0]}.128/25"]
        else:
            parts = [f"{base}/32"]
        for name in where:
            self._batch(name, [self._route(name, part, towards) for part in parts])
        try:
            yield
        finally:
            for name in where:
                self._batch(name, [f"route delete {part}" for part in parts])

    @contextlib.contextmanager
    def severed(self, *names):
        """Inside the block these networks' cables are pulled: packets are lost without an error."""
        for name in names:
            self.cut(name)
        try:
            yield
        finally:
            for name in names:
                self.mend(name)

    def _route(self, name, prefix, towards):
        return (f"route replace {prefix} via {self.networks[towards].address} "
                f"src {self.address(name, 1)}")

    def _batch(self, name, lines):
        done = subprocess.run(["ip", "-n", self.networks[name].namespace, "-batch", "-"],
                              input="\n".join(lines) + "\n", text=True, capture_output=True,
                              timeout=60)
        if done.returncode != 0:
            raise Failed("\n".join(lines) + "\n" + done.stderr)
