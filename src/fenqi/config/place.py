"""The place a command works in: its keys, its database, and Django on top of both.

In production the environment says everything. Where it names no database, Fenqi runs one of its own in the data folder,
and beside it keeps the keys that protect what is in there, so that every command of the same place reads the same.
"""

import base64
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path

from fenqi.config import environment, postgres
from fenqi.config.signer import new_signer

SETTINGS = "fenqi.config.settings"

KEY_MAKERS: Mapping[str, Callable[[], str]] = {
    "FENQI_SECRET_KEY": lambda: secrets.token_urlsafe(48),
    "FENQI_PII_KEYS": lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),  # as Fernet wants it
    "FENQI_INDEX_KEY": lambda: secrets.token_urlsafe(48),
    "FENQI_RECORDS_SIGNER": new_signer,
}


def cluster() -> postgres.Cluster:
    """The embedded server of this place."""
    return postgres.Cluster(environment.data_folder() / "postgres")


def runs_own_database() -> bool:
    return not environment.text("DATABASE_URL")


def throw_away(folder: Path) -> None:
    """Delete a data folder whose server has stopped, and what the server kept outside of it."""
    for one in (postgres.Cluster(folder / "postgres").shelter, folder):
        shutil.rmtree(one, ignore_errors=True)


@contextmanager
def database() -> Iterator[str]:
    """The address of the database, which answers as long as the block lasts; children find it in DATABASE_URL.

    Raises PostgresUnavailable when our own server does not start.
    """
    if not runs_own_database():
        yield environment.text("DATABASE_URL")
        return
    with postgres.using(cluster()) as address:
        os.environ["DATABASE_URL"] = address
        try:
            yield address
        finally:
            del os.environ["DATABASE_URL"]


def load_keys(*, create: bool) -> None:
    """Put the keys kept in the data folder into the environment; a key that is there already stays.

    `create` makes the missing ones: for a place that Fenqi sets up by itself, never for a production server.
    """
    path = environment.data_folder() / "keys.json"
    with cluster().lock("keys", fcntl.LOCK_EX) if create else nullcontext():
        kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        missing = [name for name in KEY_MAKERS if name not in kept and name not in os.environ]
        if create and missing:
            kept |= {name: KEY_MAKERS[name]() for name in missing}
            postgres.write_private(path, json.dumps(kept, indent=2))
    for name, value in kept.items():
        os.environ.setdefault(name, value)


def introduction() -> Path:
    """Where `fenqi run` leaves what it told its own processes of the sandbox, for commands beside them."""
    return environment.data_folder() / "sandbox.json"


def load_introduction() -> None:
    """Deal with the sandbox that runs in this place; what the environment names already stays."""
    path = introduction()
    if path.exists():
        for name, value in json.loads(path.read_text()).items():
            os.environ.setdefault(name, value)


def set_up_django() -> None:
    """Raises SettingMissing or SettingMalformed when the environment is not complete."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    import django  # noqa: PLC0415 - commands that need no database start without Django

    django.setup()


@contextmanager
def ready() -> Iterator[None]:
    """Inside, Django works: keys are loaded and the database answers."""
    load_keys(create=runs_own_database())
    load_introduction()
    with database():
        set_up_django()
        yield
