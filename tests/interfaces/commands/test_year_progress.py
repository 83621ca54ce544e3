"""Where a simulated year may begin, where it goes on, and what is refused meanwhile."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from fenqi.channels.calendar import on_calendar
from fenqi.interfaces.commands.demo_year.command import begun
from fenqi.interfaces.commands.demo_year.deliveries import is_year_house
from fenqi.interfaces.commands.demo_year.people import FIRST_REF
from fenqi.interfaces.commands.demo_year.progressed import (
    NOTHING,
    AnotherYear,
    HouseNotEmpty,
    Lived,
    Progressed,
    Year,
    YearUnfinished,
    refuse_unfinished,
)
from fenqi.interfaces.commands.demo_year.year import year_until
from fenqi.interfaces.commands.run import run
from fenqi.usecases import clock
from malls import a_customer, bought

THEN = datetime(2025, 3, 1, 4, 0, tzinfo=UTC)
SOME = Lived(12, THEN + timedelta(hours=3))
YEAR = Year(first=date(2026, 1, 1), days=365, customers=9, seed=4)


def test_a_year_ends_on_the_day_it_is_begun() -> None:
    year = year_until(THEN, days=365, customers=9, seed=4)
    assert year.first + timedelta(days=year.days - 1) == clock.business_date(THEN)


@pytest.mark.django_db
def test_a_year_that_was_stopped_goes_on_where_it_was_until_today(tmp_path: Path) -> None:
    kept = Progressed.of(tmp_path)
    now = datetime.now(UTC)
    year, lived = begun(kept, year_until(now - timedelta(days=2), days=30, customers=9, seed=4))
    assert lived == NOTHING
    kept.write(year, SOME)
    again, lived = begun(kept, year_until(now, days=30, customers=9, seed=4))
    assert (again.first, lived) == (year.first, SOME)
    assert again.days == year.days + 2


@pytest.mark.django_db
def test_a_year_of_other_customers_is_refused(tmp_path: Path) -> None:
    kept = Progressed.of(tmp_path)
    kept.write(YEAR, SOME)
    with pytest.raises(AnotherYear) as refusal:
        begun(kept, year_until(THEN, days=365, customers=10, seed=4))
    assert "9" in refusal.value.text("zh")


@pytest.mark.django_db
def test_a_year_begins_where_there_is_no_order_only(tmp_path: Path) -> None:
    bought()
    with pytest.raises(HouseNotEmpty) as refusal:
        begun(Progressed.of(tmp_path), YEAR)
    assert "FENQI_DATA" in refusal.value.text("en")
    assert Progressed.of(tmp_path).read() is None


def test_a_house_that_is_still_in_the_past_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Progressed.of(tmp_path).write(YEAR, Lived(364, THEN))
    monkeypatch.setenv("FENQI_DATA", str(tmp_path))
    refused = CliRunner().invoke(run, [])
    assert isinstance(refused.exception, YearUnfinished)
    assert "--customers 9 --seed 4" in refused.exception.text("en")
    Progressed.of(tmp_path).write(YEAR, Lived(365, THEN))
    refuse_unfinished(tmp_path)


@pytest.mark.django_db
def test_the_sample_mall_is_not_loaded_beside_a_year() -> None:
    assert not is_year_house()
    a_customer(FIRST_REF)
    assert is_year_house()


def test_time_is_simulated_beside_a_sandbox_only(settings: object) -> None:
    settings.FENQI_SANDBOX_URL = ""  # type: ignore[attr-defined]
    with pytest.raises(clock.NoSandbox), clock.simulated(THEN):
        pass
    settings.FENQI_SANDBOX_URL = "http://127.0.0.1:1"  # type: ignore[attr-defined]
    with clock.simulated(THEN):
        assert clock.now() == on_calendar(datetime.now(UTC)) == THEN
    assert on_calendar(THEN + timedelta(days=1)) == THEN + timedelta(days=1)
