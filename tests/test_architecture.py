"""The floors of the house: imports only go down, and the engine needs neither Django nor a database."""

import os
import subprocess
import sys

import pytest
from importlinter import cli

HEAVY = ("django", "ninja", "psycopg", "procrastinate", "httpx")


def test_imports_keep_to_the_contracts() -> None:
    assert cli.lint_imports(no_cache=True) == cli.EXIT_STATUS_SUCCESS


@pytest.mark.parametrize("module", ["fenqi.domain", "fenqi.interfaces.commands.main"])
def test_importing_the_engine_and_the_command_line_loads_no_framework(module: str) -> None:
    code = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_the_web_process_does_not_load_what_reads_bills() -> None:
    """Polars takes 40 MB and a third of a second; only commands and jobs that read bills need it."""
    program = (
        "import django, sys; django.setup(); import fenqi.config.urls; "
        "from django.urls import get_resolver; get_resolver().url_patterns; sys.exit('polars' in sys.modules)"
    )
    environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "fenqi.config.testing"}
    assert subprocess.run([sys.executable, "-c", program], env=environ, check=False).returncode == 0
