"""A test that fails shows what the servers of its folder logged, also if they failed to start."""

import pathlib
import subprocess
import sys

TESTS = pathlib.Path(__file__).parents[1]

FAILING = """
import pytest

@pytest.fixture
def server(tmp_path):
    (tmp_path / "server.log").write_text("the port is taken\\n")
    raise RuntimeError("not ready")

def test_in_its_set_up(server):
    pass

def test_in_itself(tmp_path):
    (tmp_path / "other.log").write_text("the disk is full\\n")
    assert False
"""


def test_failures_show_the_logs(tmp_path):
    (tmp_path / "pytest.ini").write_text(f"[pytest]\npythonpath = {TESTS}\n")
    (tmp_path / "conftest.py").write_text((TESTS / "conftest.py").read_text())
    (tmp_path / "test_failing.py").write_text(FAILING)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tmp_path],
        cwd=tmp_path, text=True, stdout=subprocess.PIPE, timeout=60)
    assert "1 failed, 1 error" in done.stdout
    assert "the port is taken" in done.stdout, done.stdout
    assert "the disk is full" in done.stdout, done.stdout
