"""Fixtures that every folder of tests shares: a name server, and CAs that use it."""

import os

import pytest

from harness.authority import CairnCa, Pebble
from harness.dns_server import DnsServer
from harness.kept import remove_kept
from harness.shortage import Shortage

# The system's resolver, where its servers are silent: what has no address is found to have none after a
# second, not after ten (resolv.conf(5)). What tests resolve is in /etc/hosts or at servers of their own.
os.environ["RES_OPTIONS"] = "timeout:1 attempts:1"


def pytest_addoption(parser):
    parser.addoption("--every-fault", action="store_true",
                     help="fail or kill at every single call, not at a sample of them")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    from harness.batches import Batches  # only where there is xdist

    return Batches(config, log) if config.getoption("dist") == "load" else None


def pytest_collection_modifyitems(config, items):
    """Puts what takes long first, for the workers, and writes into the report which checks of
    tests/checks.txt each test holds."""
    if hasattr(config, "workerinput"):
        from harness.batches import put_longest_first

        put_longest_first(items)
    for item in items:
        numbers = sorted({number for mark in item.iter_markers("checks") for number in mark.args})
        if numbers:
            item.user_properties.append(("checks", " ".join(map(str, numbers))))


def pytest_unconfigure():
    remove_kept()


@pytest.fixture
def choose(request):
    """From a list: `at_most` of them, spread over it, the first and the last among them; all of them
    with --every-fault."""

    def chosen(items, at_most):
        if request.config.getoption("--every-fault") or len(items) <= at_most:
            return items
        return [items[round(place * (len(items) - 1) / (at_most - 1))] for place in range(at_most)]

    return chosen


@pytest.fixture(scope="session")
def dns():
    server = DnsServer()
    yield server
    server.stop()


@pytest.fixture
def start_ca(tmp_path, dns):
    """Starts a cairn-ca; takes the options of CairnCa."""
    started = []

    def start(**options):
        # The first of a test may have the keys of another test's.
        is_copied = not started and not {"key_type", "kind", "init_options", "environment"} & set(options)
        started.append(CairnCa(tmp_path, dns, is_copied=is_copied, **options))
        return started[-1]

    yield start
    for ca in started:
        ca.stop()


@pytest.fixture
def ca(start_ca):
    """A cairn-ca of the test's own."""
    return start_ca()


@pytest.fixture
def shortage(tmp_path):
    return Shortage(tmp_path)


@pytest.fixture
def pebble(tmp_path, dns):
    server = Pebble(tmp_path, dns)
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def log_folder(request, tmp_path):
    """The folders in which the servers of a test log; known before one of them fails to start."""
    request.node.log_folder = tmp_path


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """Shows the ends of the log files of a test that failed, in its set-up or later."""
    report = (yield).get_result()
    folder = getattr(item, "log_folder", None)
    if report.failed and folder:
        for log in sorted(folder.rglob("*.log")):
            tail = log.read_text(errors="replace")[-6000:]
            report.sections.append((f"end of {log}", tail))
