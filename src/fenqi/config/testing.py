"""Settings of the tests, of mypy and of help pages: the real ones, with keys that protect nothing and no database yet.

`tests/conftest.py` puts the address of a running server into DATABASES before the first test that needs one.
"""

import os

NOT_YET = "postgresql:///not-yet"  # workers of a run inherit it from their controller
DATABASE_IS_GIVEN = os.environ.setdefault("DATABASE_URL", NOT_YET) != NOT_YET

os.environ.setdefault("FENQI_SECRET_KEY", "only-for-tests-only-for-tests-only-for-tests-only-for-tests")
os.environ.setdefault("FENQI_PII_KEYS", "b25seS1mb3ItdGVzdHMtdGhpcy1pcy1uby1zZWNyZXQ=")
os.environ.setdefault("FENQI_INDEX_KEY", "only-for-tests-finds-nobody")
os.environ.setdefault("FENQI_TLS", "no")
os.environ.setdefault("FENQI_LOG_LEVEL", "WARNING")

from fenqi.config.settings import *  # noqa: E402, F403 - the variables above are read by this very import

ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick; what it protects is in the tests
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
