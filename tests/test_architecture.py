"""The floors of the house: imports only go down, and the engine needs neither Django nor a database."""

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
