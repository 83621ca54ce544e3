"""Production starts with everything it needs or not at all, and tells browsers to be strict."""

import os
import subprocess
import sys

import pytest

PRODUCTION = {
    "FENQI_SECRET_KEY": "s" * 60,
    "FENQI_PII_KEYS": "b25seS1mb3ItdGVzdHMtdGhpcy1pcy1uby1zZWNyZXQ=",
    "FENQI_INDEX_KEY": "i" * 40,
    "DATABASE_URL": "postgresql://mall:x@db/fenqi",
}


def setting(code: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """What a fresh process says of the settings in that environment."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", f"from fenqi.config import settings; print({code})"],
        env=inherited | environ,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("missing", PRODUCTION)
def test_production_refuses_to_start_without_its_keys_and_its_database(missing: str) -> None:
    answer = setting("1", {name: value for name, value in PRODUCTION.items() if name != missing})
    assert answer.returncode != 0
    assert missing in answer.stderr
    assert not any(value in answer.stderr for value in PRODUCTION.values())


@pytest.mark.requirement("R185")
def test_without_another_word_cookies_and_pages_are_kept_to_tls() -> None:
    code = (
        "settings.DEBUG, settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS > 0, "
        "settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE, settings.SESSION_COOKIE_HTTPONLY"
    )
    assert setting(code, PRODUCTION).stdout.strip() == "False True True True True True"


def test_a_machine_of_ones_own_may_do_without_tls() -> None:
    code = "settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS, settings.SESSION_COOKIE_SECURE"
    assert setting(code, {**PRODUCTION, "FENQI_TLS": "no"}).stdout.strip() == "False 0 False"


def test_scripts_and_styles_come_from_us_alone() -> None:
    code = "settings.CONTENT_SECURITY_POLICY['DIRECTIVES']"
    directives = setting(code, PRODUCTION).stdout
    assert "unsafe" not in directives
    assert "'default-src': [\"'none'\"]" in directives
