"""The database Django is given: its session is the one the money writes count on."""

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

pytestmark = pytest.mark.django_db


def test_the_server_is_postgresql_15_or_newer_in_utf8() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int, current_setting('server_encoding')")
        version, encoding = cursor.fetchone()
    assert version >= 150000
    assert encoding == "UTF8"


def test_sessions_are_utc() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('TimeZone')")
        assert cursor.fetchone() == ("UTC",)


def test_statements_are_prepared_on_the_server_once_migrations_are_through() -> None:
    connection.ensure_connection()
    assert connection.connection.prepare_threshold == 0


def test_every_migration_is_applied() -> None:
    assert not Session.objects.exists()
    assert not ProcrastinateJob.objects.exists()
