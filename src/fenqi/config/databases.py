"""What Django is told about the one database, read from its address."""

from typing import Any

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from fenqi.config import environment

LIBPQ_NAME = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}


def database_settings(address: str) -> dict[str, Any]:
    """Settings for `DATABASES` from a libpq address, such as `postgresql://user:password@host:5432/name?sslmode=require`.

    Raises SettingMalformed; the complaint does not repeat the address, which holds a password.
    """
    if not address.startswith(("postgresql://", "postgres://")):
        raise environment.SettingMalformed(name="DATABASE_URL", expected="postgresql://user:password@host:port/name")
    try:
        given = conninfo_to_dict(address)
    except ProgrammingError as error:
        raise environment.SettingMalformed(
            name="DATABASE_URL", expected="postgresql://user:password@host:port/name"
        ) from error
    place = {setting: str(given.pop(name, "") or "") for setting, name in LIBPQ_NAME.items()}
    return {
        "ENGINE": "fenqi.config.database",
        **place,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "server_side_binding": True,
            "prepare_threshold": 0,
            "pool": {
                "min_size": environment.whole_number("FENQI_POOL_LEAST", 2),
                "max_size": environment.whole_number("FENQI_POOL_MOST", 10, least=1),
                "timeout": 10.0,
            },
            "connect_timeout": 10,
            "application_name": "fenqi",
            **given,
        },
    }
