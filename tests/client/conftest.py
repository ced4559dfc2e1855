"""cairn where its CA, its disk or its outputs are not as one would like."""

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
    return Cairn(ca, dict(os.environ), tmp_path)
