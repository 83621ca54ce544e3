"""Variables are read as what they are, or refused by name; the refusal never repeats a value that may be a secret."""

from collections.abc import Callable

import pytest

from fenqi.config import environment
from fenqi.config.databases import database_settings
from fenqi.config.environment import SettingMalformed, SettingMissing

NAME = "FENQI_SOMETHING"


@pytest.mark.parametrize(("word", "value"), [("yes", True), ("1", True), ("TRUE", True), ("off", False), ("", False)])
def test_a_flag_is_one_of_a_few_words(monkeypatch: pytest.MonkeyPatch, *, word: str, value: bool) -> None:
    monkeypatch.setenv(NAME, word)
    assert environment.flag(NAME, default=not value) is value


def test_absent_variables_take_their_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NAME, raising=False)
    assert environment.flag(NAME, default=True)
    assert environment.whole_number(NAME, 7) == 7
    assert environment.words(NAME, "a, b") == ["a", "b"]


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("maybe", lambda: environment.flag(NAME, default=True)),
        ("4.5", lambda: environment.whole_number(NAME, 1)),
        ("-1", lambda: environment.whole_number(NAME, 1)),
        ("٣", lambda: environment.whole_number(NAME, 1)),
        ("0", lambda: environment.whole_number(NAME, 1, least=1)),
    ],
)
def test_a_value_of_another_kind_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, value: str, read: Callable[[], object]
) -> None:
    monkeypatch.setenv(NAME, value)
    with pytest.raises(SettingMalformed, match=NAME):
        read()


@pytest.mark.parametrize("value", [None, "", "  "])
def test_what_has_no_safe_default_must_be_given(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv(NAME, raising=False)
    if value is not None:
        monkeypatch.setenv(NAME, value)
    with pytest.raises(SettingMissing) as refused:
        environment.required_text(NAME, purpose="opens doors")
    assert "opens doors" in refused.value.text("en")
    assert NAME in refused.value.text("zh")


def test_a_database_address_may_hold_everything_libpq_knows() -> None:
    settings = database_settings("postgresql://mall:p%40ss@db.example:6432/fenqi?sslmode=verify-full")
    place = {name: settings[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
    assert place == {"NAME": "fenqi", "USER": "mall", "PASSWORD": "p@ss", "HOST": "db.example", "PORT": "6432"}
    assert settings["OPTIONS"]["sslmode"] == "verify-full"
    assert settings["OPTIONS"]["prepare_threshold"] == 0


def test_a_socket_is_a_host_too() -> None:
    settings = database_settings("postgresql://fenqi:x@/fenqi?host=%2Frun%2Fpostgresql&port=5433")
    assert (settings["HOST"], settings["PORT"]) == ("/run/postgresql", "5433")


@pytest.mark.parametrize("address", ["mysql://root:hunter2@db/x", "hunter2", "postgresql://u:hunter2@h/x?nonsense=1"])
def test_another_address_is_refused_without_being_repeated(address: str) -> None:
    with pytest.raises(SettingMalformed, match="DATABASE_URL") as refused:
        database_settings(address)
    assert "hunter2" not in str(refused.value)
