"""A PostgreSQL for all the tests of a worker, with a database for each."""

import pytest

from harness.postgres import PostgresCluster


@pytest.fixture(scope="session")
def shared_cluster():
    server = PostgresCluster()
    yield server
    server.remove()


@pytest.fixture
def cluster(shared_cluster):
    """It runs, whatever a test before has done to it."""
    if not shared_cluster.is_running():
        shared_cluster.start()
    return shared_cluster
