"""Typed reading of environment variables: each has one name, one type and a clear complaint when it does not fit."""

import ipaddress
import os
from datetime import time
from pathlib import Path

from fenqi.domain.errors import FenqiError

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off", ""})


class SettingMissing(FenqiError):
    """The environment lacks a variable that has no safe default. Details: `name`, `purpose`."""

    code = "setting_missing"
    status = 500
    zh = "缺少环境变量 {name}（{purpose}）。请先设置再启动；`make run` 会自动生成开发用的值。"
    en = "The environment variable {name} is not set: it {purpose}. Set it and start again; `make run` does by itself."


class SettingMalformed(FenqiError):
    """A variable of the environment cannot be read as its type. Details: `name`, `expected`."""

    code = "setting_malformed"
    status = 500
    zh = "环境变量 {name} 的值无法识别，应为：{expected}。"
    en = "The environment variable {name} cannot be understood. Expected: {expected}."


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def required_text(name: str, *, purpose: str) -> str:
    """The value of `name`; raises SettingMissing when it is absent or empty."""
    value = text(name)
    if not value:
        raise SettingMissing(name=name, purpose=purpose)
    return value


def flag(name: str, *, default: bool) -> bool:
    """Yes or no; raises SettingMalformed for any other word."""
    word = text(name, "yes" if default else "no").lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise SettingMalformed(name=name, expected="yes / no")


def whole_number(name: str, default: int, *, least: int = 0) -> int:
    """A whole number not below `least`; raises SettingMalformed."""
    value = text(name, str(default))
    if not (value.isascii() and value.isdigit()) or int(value) < least:
        raise SettingMalformed(name=name, expected=f"a whole number >= {least}")
    return int(value)


def whole_numbers(name: str, default: str) -> tuple[int, ...]:
    """A list of whole numbers; raises SettingMalformed."""
    parts = words(name, default)
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise SettingMalformed(name=name, expected=f"whole numbers such as {default}")
    return tuple(int(part) for part in parts)


def prefixed(prefix: str) -> dict[str, str]:
    """All variables whose names begin so, without that beginning."""
    return {name.removeprefix(prefix): value for name, value in os.environ.items() if name.startswith(prefix)}


def hours(name: str, default: str) -> tuple[time, time]:
    """From when to when, as `09:00-21:00`; raises SettingMalformed."""
    try:
        opens, closes = (time.fromisoformat(part.strip()) for part in text(name, default).split("-"))
    except ValueError:
        raise SettingMalformed(name=name, expected="two times such as 09:00-21:00") from None
    return opens, closes


def words(name: str, default: str = "") -> list[str]:
    """A list separated by commas, without empty parts."""
    return [word for word in (part.strip() for part in text(name, default).split(",")) if word]


def networks(name: str) -> tuple[str, ...]:
    """Addresses and networks, such as `10.0.0.5,192.168.0.0/16`; raises SettingMalformed, of a network of all too."""
    parts = words(name)
    try:
        found = [ipaddress.ip_network(part) for part in parts]
    except ValueError:
        found = []
    if len(found) != len(parts) or any(one.prefixlen == 0 for one in found):
        raise SettingMalformed(name=name, expected="addresses and networks such as 10.0.0.5,192.168.0.0/16")
    return tuple(parts)


def required_words(name: str, *, purpose: str) -> list[str]:
    """A list with at least one part; raises SettingMissing."""
    required_text(name, purpose=purpose)
    return words(name)


def project_folder() -> Path:
    """The checkout this package is installed from, or the current folder when it was installed from a wheel."""
    above = Path(__file__).resolve().parents
    return next((folder for folder in above if (folder / "pyproject.toml").is_file()), Path.cwd())


def data_folder() -> Path:
    """Where everything that outlives a process is kept: `FENQI_DATA`, or `.data` beside the project."""
    return Path(text("FENQI_DATA") or project_folder() / ".data").expanduser().resolve()
