"""A small rehearsal: every rail misbehaves, processes are killed, days pass, and every fen is where it should be."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CONSUMERS = 12


@pytest.mark.timeout(600)
@pytest.mark.requirement("R136", "R137", "R142")
def test_everybody_is_charged_what_their_plan_says_whatever_goes_wrong(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FENQI_", "DATABASE_URL"))}
    kept.pop("DJANGO_SETTINGS_MODULE", None)
    command = [sys.executable, "-m", "fenqi.interfaces.commands.main", "bench", "faults", "--json"]
    ran = subprocess.run(
        [*command, "--consumers", str(CONSUMERS)],
        env={**kept, "FENQI_DATA": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-4000:]  # tells the seed, with which it can be replayed
    figures = json.loads(ran.stdout.splitlines()[-1])["faults"]
    assert figures["complaints"] == 0
    assert figures["payments_taken"] >= CONSUMERS // 2
