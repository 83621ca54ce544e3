"""What all tests stand on: one PostgreSQL server, started by the first test that needs it, and a database of its own
for every run and every worker of a run."""

import os
from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from psycopg import sql

from fenqi.config.databases import database_settings
from fenqi.config.environment import data_folder
from fenqi.config.postgres import Cluster, using

TEST_DATABASE = "test_fenqi"
LONGEST_LOCK = "60s"
"""Whoever waits longer for a lock fails, and the failure says for which."""

hypothesis_settings.register_profile("quick", max_examples=60, deadline=None)
hypothesis_settings.register_profile(
    "thorough", max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture(scope="session", autouse=True)
def _evidence_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What tests upload goes with their run."""
    settings.FENQI_EVIDENCE_FOLDER = tmp_path_factory.mktemp("evidence")
    settings.FENQI_FILES_FOLDER = tmp_path_factory.mktemp("files")


@pytest.fixture(scope="session")
def database_address() -> Iterator[str]:
    """The server of the tests: the one of DATABASE_URL, else our own, which forgets durability to be quick."""
    if settings.DATABASE_IS_GIVEN:
        yield os.environ["DATABASE_URL"]
        return
    with using(Cluster(data_folder() / "postgres-tests", durable=False)) as address:
        drop_remains(address)
        yield address


@pytest.fixture(scope="session")
def django_db_modify_db_settings(database_address: str, django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Point Django at the server, and let runs at the same time have databases of their own."""
    database = settings.DATABASES["default"]
    for name, value in database_settings(database_address).items():
        database[name] = value
    database["OPTIONS"]["options"] = f"-c lock_timeout={LONGEST_LOCK}"
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    database["TEST"]["NAME"] = f"{TEST_DATABASE}_{os.getpid()}_{worker}"


def drop_remains(address: str) -> None:
    """Drop the databases of runs that were killed."""
    with psycopg.connect(address, autocommit=True) as connection:
        names = connection.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [f"{TEST_DATABASE}_"]
        )
        for (name,) in names.fetchall():
            if not is_alive(int(name.removeprefix(f"{TEST_DATABASE}_").split("_")[0])):
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
