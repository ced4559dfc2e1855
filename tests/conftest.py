"""Fixtures that every folder of tests shares: a name server, and CAs that use it."""

import pytest

from harness.authority import CairnCa, Pebble
from harness.dns_server import DnsServer
from harness.shortage import Shortage


def pytest_addoption(parser):
    parser.addoption("--every-fault", action="store_true",
                     help="fail every single call of a disk, not a sample of them")


def pytest_collection_modifyitems(items):
    """Writes into the report which checks of tests/checks.txt each test holds."""
    for item in items:
        numbers = sorted({number for mark in item.iter_markers("checks") for number in mark.args})
        if numbers:
            item.user_properties.append(("checks", " ".join(map(str, numbers))))


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
        started.append(CairnCa(tmp_path, dns, **options))
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
