"""In which order the workers of pytest-xdist get the tests, and how many at a time.

What takes longest begins first, so that in the end no worker is at work alone. Tests of one file stay
together in batches, for what they share is started by each worker that runs one of them."""

from xdist.scheduler import LoadScheduling

USUAL = 8
# By folder or file: how many at a time, of those that come first.
FIRST = {
    "cluster": 10,
    "attacks": 40,  # they share a world that takes long to start
    "client/test_cairn_floods.py::test_a_ca_that_stalls": 1,
    "client/test_cairn_kills.py": 1,
    "client/test_import.py": 1,
    "dev/test_validation_bench.py": 1,
    "client/test_nginx_installer.py": 1,
    "client/test_dns_layouts.py": 1,
    "client/test_library.py": 1,
    "client/test_state_move.py": 1,
    "faults/test_crl_nodes.py": 1,
    "faults/test_limit_nodes.py": 2,
    "faults/test_nodes.py": 2,
    "docs/test_guides.py": 2,
}


def _place(node_id):
    """The place of a test in FIRST; behind all of them if it has none."""
    return next((place for place, begin in enumerate(FIRST) if node_id.startswith(begin)), len(FIRST))


def put_longest_first(items):
    items.sort(key=lambda item: _place(item.nodeid))


class Batches(LoadScheduling):
    def _send_tests(self, node, num):
        # A worker begins a test when it knows the next one.
        while self.pending and len(self.node2pending[node]) < 2:
            super()._send_tests(node, self._next_batch())

    def _next_batch(self):
        """How many of the tests that are left belong together."""
        first = self._group(self.pending[0])
        most = [*FIRST.values(), USUAL][first[0]]
        for count, index in enumerate(self.pending):
            if count == most or self._group(index) != first:
                return count
        return len(self.pending)

    def _group(self, index):
        node_id = self.collection[index]
        place = _place(node_id)
        return place, None if place < len(FIRST) else node_id.partition("::")[0]
