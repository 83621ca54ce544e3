"""`fenqi daily-close` with days that cannot be closed: told in both languages, and nothing is begun."""

import sys
from datetime import timedelta

import pytest

from fenqi.interfaces.commands import main as command_line
from fenqi.interfaces.commands.daily_close import daily_close
from fenqi.records.models import CloseRun
from fenqi.usecases import clock
from fenqi.usecases.closing.run import close_day

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _the_database_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_line, "fenqi", daily_close)  # it needs no place of its own


@pytest.fixture
def _yesterday_was_the_first_that_was_closed() -> None:
    close_day(clock.business_date(clock.now()) - timedelta(days=1), started_by="tests", now=clock.now)


@pytest.mark.requirement("R182")
@pytest.mark.usefixtures("_yesterday_was_the_first_that_was_closed")
@pytest.mark.parametrize("language", ["zh_CN.UTF-8", "en_GB.UTF-8"])
@pytest.mark.parametrize(
    ("day", "told"),
    [
        ("2999-01-01", ("还没有到", "has not begun")),
        ("2020-01-01", ("日结从", "The first day that was closed")),
        ("32.13.2026", ("日期请写成 2026-02-01", "write a day as 2026-02-01")),
        ("yesterday", ("日期请写成 2026-02-01", "write a day as 2026-02-01")),
        ("", ("日期请写成 2026-02-01", "write a day as 2026-02-01")),
        ("２０２６-０２-３０", ("日期请写成 2026-02-01", "write a day as 2026-02-01")),
    ],
)
def test_a_day_that_cannot_be_closed_is_told_and_nothing_is_begun(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], day: str, told: tuple[str, str], language: str
) -> None:
    monkeypatch.setenv("LC_ALL", language)
    monkeypatch.setattr(sys, "argv", ["fenqi", "--date", day])
    with pytest.raises(SystemExit) as left:
        command_line.main()
    assert left.value.code == 1
    assert told[language.startswith("en")] in capsys.readouterr().err
    assert CloseRun.objects.count() == 1


@pytest.mark.requirement("R182")
@pytest.mark.parametrize(
    ("language", "told"), [("zh_CN.UTF-8", "第一次日结最早从"), ("en_GB.UTF-8", "The first close can")]
)
def test_a_first_day_long_ago_is_told_and_nothing_is_begun(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], language: str, told: str
) -> None:
    monkeypatch.setenv("LC_ALL", language)
    monkeypatch.setattr(sys, "argv", ["fenqi", "--date", "2020-01-01"])
    with pytest.raises(SystemExit) as left:
        command_line.main()
    said = capsys.readouterr().err
    assert (left.value.code, told in said, "2020-01-01" in said) == (1, True, True)
    assert CloseRun.objects.count() == 0
