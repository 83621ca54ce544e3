"""What `fenqi doctor` looks at once Django is set up: one function per question, each answers with one finding."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import psycopg
from django.conf import settings
from django.core import checks
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from fenqi.config import environment

OLDEST_POSTGRESQL = 150000
PREPARED_PATIENCE_SECONDS = 60
CRASH_SAFETY = ["fsync", "full_page_writes", "synchronous_commit"]

Verdict = Literal["good", "warning", "bad"]


class Finding(NamedTuple):
    """What one question found. `advice` is empty when all is well."""

    about: str
    verdict: Verdict
    seen: str
    advice: str = ""


def examine() -> Iterator[Finding]:
    """All findings in order. Without a database, those about it are left out."""
    yield from (question() for question in SETTINGS_QUESTIONS)
    try:
        psycopg.connect(environment.text("DATABASE_URL"), connect_timeout=5).close()  # the pool would not say why
    except psycopg.OperationalError as error:
        seen = str(error).strip().partition("\n")[0]
        yield Finding("database", "bad", seen, "start the server, or correct DATABASE_URL")
        return
    yield from (question() for question in DATABASE_QUESTIONS)


def debug() -> Finding:
    if settings.DEBUG:
        return Finding("debug", "bad", "on", "unset FENQI_DEBUG: error pages show code and data")
    return Finding("debug", "good", "off")


def clock() -> Finding:
    if ahead := settings.FENQI_CLOCK_AHEAD:
        return Finding("clock", "bad", f"{ahead} ahead", "unset FENQI_CLOCK_AHEAD_SECONDS: it is for rehearsals")
    return Finding("clock", "good", "the machine's")


def encryption() -> Finding:
    if not settings.TLS:
        return Finding("TLS", "warning", "off", "set FENQI_TLS=yes wherever others can reach this machine")
    return Finding("TLS", "good", "required, remembered by browsers, cookies kept to it")


def proxies() -> Finding:
    """Behind a proxy that is not named, all customers count as one address."""
    if settings.SECURE_PROXY_SSL_HEADER and not settings.FENQI_TRUSTED_PROXIES:
        advice = "name the proxy in FENQI_TRUSTED_PROXIES: its address counts for everybody behind it"
        return Finding("proxies", "warning", "behind a proxy that is not named", advice)
    if settings.FENQI_TRUSTED_PROXIES:
        return Finding("proxies", "good", f"X-Forwarded-For is believed from {len(settings.FENQI_TRUSTED_PROXIES)}")
    return Finding("proxies", "good", "X-Forwarded-For is believed from nobody")


def security() -> Finding:
    """Django's own deployment checks; those about TLS are one finding already."""
    messages = checks.run_checks(tags=[checks.Tags.security], include_deployment_checks=True)
    passed_over = frozenset() if settings.TLS else ABOUT_TLS
    telling = [message for message in messages if message.id not in passed_over and not message.is_silenced()]
    if telling:
        return Finding("security", "bad", "; ".join(f"{message.id}: {message.msg}" for message in telling))
    return Finding("security", "good", "Django's deployment checks pass")


# Django's names for: HSTS unset, SSL redirect off, insecure session cookie, insecure CSRF cookie.
ABOUT_TLS = frozenset({"security.W004", "security.W008", "security.W012", "security.W016"})


def evidence() -> Finding:
    """What customers send in must have a place that can be written and that nobody serves."""
    folder, served = Path(settings.FENQI_EVIDENCE_FOLDER), Path(settings.STATIC_ROOT)
    if folder.is_relative_to(served):
        return Finding("evidence", "bad", f"{folder} is served", "set FENQI_EVIDENCE_FOLDER to a folder of its own")
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    if not (existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)):
        return Finding("evidence", "bad", f"{folder} cannot be written", "give the folder to the user who runs Fenqi")
    return Finding("evidence", "good", "photos and videos have a folder of their own")


def server() -> Finding:
    version, number, encoding = row(
        "SELECT current_setting('server_version'), current_setting('server_version_num')::int, "
        "current_setting('server_encoding')"
    )
    seen = f"PostgreSQL {version}, {encoding}"
    if number < OLDEST_POSTGRESQL or encoding != "UTF8":
        return Finding("database", "bad", seen, "use PostgreSQL 15 or newer and a database in UTF8")
    return Finding("database", "good", seen)


def role() -> Finding:
    name, is_superuser = row("SELECT rolname, rolsuper FROM pg_roles WHERE rolname = current_user")
    if is_superuser:
        return Finding("role", "warning", f"{name} is a superuser", "connect as a role that merely owns the database")
    return Finding("role", "good", f"{name}, no superuser")


def crash_safety() -> Finding:
    (off,) = row(
        "SELECT string_agg(name, ', ') FROM pg_settings WHERE name = ANY(%s) AND setting IN ('off', 'local')",
        CRASH_SAFETY,
    )
    if off:
        return Finding("durability", "bad", f"off: {off}", "turn it on: a crash can lose money that was booked")
    return Finding("durability", "good", "what is committed is on disk")


def migrations() -> Finding:
    if waiting := waiting_migrations():
        return Finding("migrations", "bad", f"{waiting} not applied", "run `fenqi migrate`")
    return Finding("migrations", "good", "all applied")


def waiting_migrations() -> int:
    """How many migrations the database lacks."""
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def prepared_transactions() -> Finding:
    """On a cluster, a transaction over several servers that was left half-way holds its locks until somebody looks."""
    (stuck,) = row(
        "SELECT count(*) FROM pg_prepared_xacts WHERE prepared < now() - make_interval(secs => %s)",
        PREPARED_PATIENCE_SECONDS,
    )
    if stuck:
        return Finding(
            "prepared", "bad", f"{stuck} transactions wait for longer than a minute", "see pg_prepared_xacts"
        )
    return Finding("prepared", "good", "no transaction left half-way")


def row(statement: str, *parameters: Any) -> tuple[Any, ...]:
    """The one row of the answer."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        answer: tuple[Any, ...]
        (answer,) = cursor.fetchall()
    return answer


SETTINGS_QUESTIONS: tuple[Callable[[], Finding], ...] = (debug, clock, encryption, proxies, security, evidence)
DATABASE_QUESTIONS = (server, role, crash_safety, migrations, prepared_transactions)
