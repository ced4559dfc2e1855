"""Hosts of their own on one machine: network namespaces on a bridge that nothing else is on.

Needs root. A host has an address and no way out of the bridge; its cable can be pulled.
"""

import contextlib
import ctypes
import itertools
import os
import pathlib
import re
import signal
import subprocess
import time

from harness.process import Failed, run

_libc = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNET = 0x40000000
_NAMESPACES = pathlib.Path("/run/netns")


def why_not():
    """Why hosts are impossible here; None if they are possible."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if not os.path.exists("/proc/thread-self/ns/net"):
        return "there is no /proc"
    name = f"cairn-{os.getpid()}-probe"
    try:
        run(["ip", "netns", "add", name])
        try:
            run(["ip", "netns", "exec", name, "ip", "link", "add", "probe", "type", "bridge"])
        finally:
            run(["ip", "netns", "delete", name])
    except (Failed, OSError) as error:
        return f"network namespaces are not permitted here: {str(error).splitlines()[-1]}"
    return None


def _enter(file):
    if _libc.setns(file, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def _processes_in(namespace):
    output = subprocess.run(["ip", "netns", "pids", namespace], text=True, capture_output=True)
    return [int(pid) for pid in output.stdout.split()]


def _remove(namespace):
    """Ends all programs in a namespace, then deletes it."""
    deadline = time.monotonic() + 10
    while pids := _processes_in(namespace):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            break
        time.sleep(0.05)
    subprocess.run(["ip", "netns", "delete", namespace], capture_output=True)


def remove_what_was_left():
    """Deletes namespaces that killed test runs have left."""
    if not _NAMESPACES.is_dir():
        return
    for file in _NAMESPACES.iterdir():
        if found := re.fullmatch(r"cairn-(\d+)-[\w-]+", file.name):
            if not pathlib.Path(f"/proc/{found[1]}").exists():
                _remove(file.name)


class Host:
    def __init__(self, namespace, address):
        self.namespace = namespace
        self.name = namespace.rsplit("-", 1)[1]
        self.address = address

    def command(self, arguments, user=None):
        """The words that run a program on this host, as `user` if given."""
        as_user = ["setpriv", "--reuid", user, "--regid", user, "--init-groups",
                   "--pdeathsig", "KILL"] if user else []
        return ["ip", "netns", "exec", self.namespace, *as_user, *map(str, arguments)]

    @contextlib.contextmanager
    def inside(self):
        """Sockets that this thread makes inside the block belong to this host."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            there = os.open(_NAMESPACES / self.namespace, os.O_RDONLY)
            try:
                _enter(there)
            finally:
                os.close(there)
            try:
                yield
            finally:
                _enter(home)
        finally:
            os.close(home)

    def kill_all(self):
        """The host loses its power: all its programs end at once."""
        deadline = time.monotonic() + 10
        while pids := _processes_in(self.namespace):
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            assert time.monotonic() < deadline, f"{self.name}: {pids} do not end"
            time.sleep(0.02)


def inside(host):
    """As `host.inside()`; without a host, sockets belong to this machine."""
    return host.inside() if host else contextlib.nullcontext()


_networks = itertools.count()


class Network:
    """A bridge in a namespace of its own, which is the first host too: .1 of `prefix`."""

    def __init__(self, prefix="10.79.0."):
        remove_what_was_left()
        self.prefix = prefix
        self.hosts = {}
        # Several may be there at once in one process.
        self._names = f"cairn-{os.getpid()}-{next(_networks)}"
        self.first = self._add("lan", 1)
        # The bridge gets a hardware address of its own. Otherwise it takes the lowest of its ports,
        # may lose it with a host that is cut off, and the first host would be unreachable for half
        # a minute.
        self._ip("-n", self.first.namespace, "link", "add", "bridge", "address",
                 "02:00:00:00:00:ff", "type", "bridge")
        self._ip("-n", self.first.namespace, "address", "add", f"{prefix}1/24", "dev", "bridge")
        self._ip("-n", self.first.namespace, "link", "set", "bridge", "up")

    def _ip(self, *words):
        run(["ip", *words])

    def _add(self, name, number):
        namespace = f"{self._names}-{name}"
        self._ip("netns", "add", namespace)
        host = self.hosts[name] = Host(namespace, f"{self.prefix}{number}")
        self._ip("-n", namespace, "link", "set", "lo", "up")
        return host

    def host(self, name, number):
        host = self._add(name, number)
        self._ip("-n", self.first.namespace, "link", "add", "dev", name, "type", "veth",
                 "peer", "name", "eth0", "netns", host.namespace)
        self._ip("-n", self.first.namespace, "link", "set", "dev", name, "master", "bridge", "up")
        self._ip("-n", host.namespace, "address", "add", f"{host.address}/24", "dev", "eth0")
        self._ip("-n", host.namespace, "link", "set", "dev", "eth0", "up")
        return host

    def cut(self, name):
        """Pulls the cable of a host: packets are lost without an error."""
        self._ip("-n", self.first.namespace, "link", "set", "dev", name, "nomaster")

    def mend(self, name):
        self._ip("-n", self.first.namespace, "link", "set", "dev", name, "master", "bridge")

    def remove(self):
        for host in self.hosts.values():
            _remove(host.namespace)
