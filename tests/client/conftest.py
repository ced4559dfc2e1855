"""cairn with odd CAs, failing disks and failing outputs."""

import os

import pytest

from harness.cairn import Cairn
from harness.odd_ca import OddCa


@pytest.fixture
def ca(tmp_path):
    """A CA that takes on whatever habits a test gives it."""
    authority = OddCa(tmp_path)
    yield authority
    authority.stop()


@pytest.fixture
def cairn(ca, tmp_path):
    # The proxies of this machine are not used.
    environment = {name: value for name, value in os.environ.items()
                   if not name.lower().endswith("_proxy")}
    return Cairn(ca, environment, tmp_path)
