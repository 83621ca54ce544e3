"""The place a command works in makes its keys once, for itself alone, and never for a database of somebody else's."""

import json
import os
from pathlib import Path

import pytest

from fenqi.config import place


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder, and an environment without keys."""
    monkeypatch.setattr(os, "environ", {"PATH": os.environ["PATH"], "FENQI_DATA": str(tmp_path / "data")})
    return tmp_path / "data"


def test_keys_are_made_once_and_for_their_owner_alone(folder: Path) -> None:
    place.load_keys(create=True)
    made = {name: os.environ[name] for name in place.KEY_MAKERS}
    assert (folder / "keys.json").stat().st_mode & 0o777 == 0o600
    for name in made:
        del os.environ[name]
    place.load_keys(create=True)
    assert {name: os.environ[name] for name in place.KEY_MAKERS} == made
    assert len(set(made.values())) == len(made)


def test_a_key_of_the_environment_is_neither_replaced_nor_written_down(folder: Path) -> None:
    os.environ["FENQI_SECRET_KEY"] = "from the environment"
    place.load_keys(create=True)
    assert os.environ["FENQI_SECRET_KEY"] == "from the environment"
    assert "FENQI_SECRET_KEY" not in json.loads((folder / "keys.json").read_text())


def test_no_key_is_made_where_none_was_asked_for(folder: Path) -> None:
    place.load_keys(create=False)
    assert not any(name in os.environ for name in place.KEY_MAKERS)
    assert not folder.exists()


def test_a_database_that_is_named_is_used_and_no_server_started(folder: Path) -> None:
    os.environ["DATABASE_URL"] = "postgresql://somebody@elsewhere/else"
    assert not place.runs_own_database()
    with place.database() as address:
        assert address == "postgresql://somebody@elsewhere/else"
    assert not folder.exists()
