"""Every delivered line that was seen cheaper: against a naive loop on random data, and on the real file with DuckDB."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from fenqi.domain.aftersales.policies import Clock
from fenqi.interfaces.commands.price_drops import price_drops
from fenqi.records.models import Order
from fenqi.records.scope import across_customers
from fenqi.usecases.orders.importing.mapping import read_mapping
from fenqi.usecases.orders.importing.run import import_orders
from fenqi.usecases.orders.inputs import LineInput
from fenqi.usecases.orders.register import register_order
from fenqi.usecases.price_protection import drops
from fenqi.usecases.price_protection.drops import By, DropQuestion, drops_among, find_drops, rows_of, totals_of
from fenqi.usecases.price_protection.feed import PriceInput, take_prices
from malls import a_customer, an_order, noon

PROJECT = Path(__file__).parents[3]
SAMPLE = PROJECT.parent / "shared" / "data" / "olist_sample_2000.csv"
MAPPING = PROJECT / "docs" / "examples" / "olist-mapping.yaml"
SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 3, 1, 15, 30, tzinfo=UTC)

# Instants close to each other, on the same instants, around midnight, and a window's length apart.
_STEPS = st.sampled_from([0, 0, 1, 1_800, 3_600, 86_399, 86_400, 86_401, 3 * 86_400, 7 * 86_400])
_INSTANTS = st.lists(_STEPS, min_size=1, max_size=8).map(lambda steps: START + timedelta(seconds=sum(steps)))
_PRICES = st.integers(1, 4)
_OBSERVED = st.fixed_dictionaries(
    {
        "sku": st.sampled_from(["a", "b"]),
        "seller": st.sampled_from(["", "s"]),
        "currency": st.sampled_from(["CNY", "CNY", "USD"]),
        "at": _INSTANTS,
        "price": _PRICES,
    }
)


def day_of(at: datetime) -> int:
    return (at.astimezone(SHANGHAI).date() - datetime(1970, 1, 1, tzinfo=UTC).date()).days


def microseconds(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def price_frame(observed: list[dict[str, Any]]) -> pl.DataFrame:
    rows = [
        (it["sku"], it["seller"], it["currency"], microseconds(it["at"]), day_of(it["at"]), it["price"], "feed")
        for it in observed
    ]
    return pl.DataFrame(rows, schema=drops._PRICES_SCHEMA, orient="row")


def line_frame(bought: list[dict[str, Any]]) -> pl.DataFrame:
    rows = [
        (
            *("c", f"o{n}", f"N{n:03}", 1, it["sku"], it["seller"], it["currency"]),
            *(microseconds(it["at"]), day_of(it["at"]), it["price"], n % 3 + 1),
        )
        for n, it in enumerate(bought)
    ]
    return pl.DataFrame(rows, schema=drops._LINES_SCHEMA, orient="row")


def naive(
    bought: list[dict[str, Any]], observed: list[dict[str, Any]], question: DropQuestion
) -> Iterator[tuple[str, int, int, datetime]]:
    """The definition, word for word, in two loops."""
    for n, line in enumerate(bought):
        cheaper = []
        for price in observed:
            same = all(price[name] == line[name] for name in ("sku", "currency"))
            if question.by is By.PRODUCT_AND_SELLER:
                same = same and price["seller"] == line["seller"]
            if question.clock is Clock.HOURS:
                in_time = price["at"] - line["at"] <= timedelta(hours=24 * question.window_days)
            else:
                in_time = day_of(price["at"]) - day_of(line["at"]) <= question.window_days
            if same and in_time and price["at"] > line["at"] and price["price"] < line["price"]:
                cheaper.append((price["price"], price["at"]))
        if cheaper:
            lowest, seen_at = min(cheaper)
            yield f"N{n:03}", lowest, (line["price"] - lowest) * (n % 3 + 1), seen_at


@given(
    st.lists(_OBSERVED, max_size=12),
    st.lists(_OBSERVED, max_size=16),
    st.builds(
        DropQuestion, window_days=st.integers(1, 8), by=st.sampled_from(list(By)), clock=st.sampled_from(list(Clock))
    ),
)
def test_the_set_based_answer_is_the_naive_one(
    bought: list[dict[str, Any]], observed: list[dict[str, Any]], question: DropQuestion
) -> None:
    found = drops_among(line_frame(bought), price_frame(observed), question)
    answer = [(row["order_no"], row["lowest_minor"], row["difference_minor"], row["seen_at"]) for row in rows_of(found)]
    assert sorted(answer) == sorted(naive(bought, observed, question))


def sold(order_no: str, price: int, *, at: datetime, status: str = "delivered", quantity: int = 1, **more: Any) -> None:
    lines = (LineInput(sku="X2", name="手机", unit_price_minor=price, quantity=quantity, **more),)
    order = replace(
        an_order(order_no), placed_at=at, approved_at=None, status=status, lines=lines, payments=(), plan=None
    )
    register_order(order, now=at)


BOUGHT_AT = noon("2026-03-01")


@pytest.fixture
def _mall(db: None) -> None:
    a_customer()


@pytest.mark.requirement("R082", "R105")
@pytest.mark.usefixtures("_mall")
def test_orders_of_any_state_and_the_feed_are_prices_but_only_delivered_orders_are_asked_about() -> None:
    sold("dear", 1000, at=BOUGHT_AT, quantity=2)
    sold("on-its-way", 1000, at=BOUGHT_AT, status="shipped")
    sold("cancelled", 900, at=BOUGHT_AT + timedelta(days=2), status="cancelled")
    told = PriceInput(sku="X2", price_minor=880, currency="CNY", observed_at=BOUGHT_AT + timedelta(days=3))
    assert take_prices([told, told]) == 1
    (row,) = rows_of(find_drops(DropQuestion()))
    assert (row["order_no"], row["lowest_minor"], row["seen_source"]) == ("dear", 880, "feed")
    assert (row["difference_minor"], row["seen_at"]) == (240, told.observed_at)
    (row,) = rows_of(find_drops(DropQuestion(window_days=2)))
    assert (row["lowest_minor"], row["difference_minor"], row["seen_source"]) == (900, 200, "order")
    assert len(find_drops(DropQuestion(window_days=1))) == 0


@pytest.mark.usefixtures("_mall")
def test_an_orders_own_lines_and_equal_instants_are_no_drop() -> None:
    lines = tuple(LineInput(sku="X2", name="手机", unit_price_minor=price) for price in (1000, 900))
    order = replace(an_order("own"), placed_at=BOUGHT_AT, status="delivered", lines=lines, payments=(), plan=None)
    register_order(order, now=BOUGHT_AT)
    sold("same-instant", 800, at=BOUGHT_AT, status="cancelled")
    assert len(find_drops(DropQuestion())) == 0
    sold("a-second-later", 850, at=BOUGHT_AT + timedelta(seconds=1), status="cancelled")
    found = [(row["order_no"], row["line_no"], row["lowest_minor"]) for row in rows_of(find_drops(DropQuestion()))]
    assert found == [("own", 1, 850), ("own", 2, 850)]


@pytest.mark.usefixtures("_mall")
def test_the_calendar_runs_to_the_end_of_the_last_day_in_the_malls_zone() -> None:
    sold("dear", 1000, at=BOUGHT_AT)
    last_moment = noon("2026-03-08") + timedelta(hours=11, minutes=59, seconds=59)
    sold("late", 900, at=last_moment, status="cancelled")
    assert len(find_drops(DropQuestion())) == 0
    assert len(find_drops(DropQuestion(clock=Clock.CALENDAR))) == 1
    assert len(find_drops(DropQuestion(clock=Clock.CALENDAR, window_days=6))) == 0


@pytest.mark.usefixtures("_mall")
def test_another_seller_counts_unless_asked_otherwise() -> None:
    sold("dear", 1000, at=BOUGHT_AT, seller="s1")
    sold("other", 900, at=BOUGHT_AT + timedelta(hours=1), status="cancelled", seller="s2")
    assert len(find_drops(DropQuestion())) == 1
    assert len(find_drops(DropQuestion(by=By.PRODUCT_AND_SELLER))) == 0


@pytest.mark.usefixtures("_mall")
def test_the_command_gives_one_document_that_ends_with_count_and_total(transactional_db: None) -> None:
    sold("dear", 1000, at=BOUGHT_AT)
    sold("cheap", 900, at=BOUGHT_AT + timedelta(hours=1))
    ran = CliRunner().invoke(price_drops, ["--json"])
    assert ran.exit_code == 0, ran.output
    said = json.loads(ran.stdout)
    assert list(said)[-2:] == ["count", "total_minor"]
    assert (said["count"], said["total_minor"], said["window_days"]) == (1, {"CNY": 100}, 7)
    (drop,) = said["drops"]
    assert (drop["order_no"], drop["paid_minor"], drop["lowest_minor"]) == ("dear", 1000, 900)
    assert drop["placed_at"] == BOUGHT_AT.isoformat()
    shown = CliRunner().invoke(price_drops, []).stdout
    assert "¥1.00" in shown
    assert "1 lines were seen cheaper within 7 days" in shown
    nothing = CliRunner().invoke(price_drops, ["--window-days", "0"])
    assert nothing.exit_code == 2


def test_nothing_on_record_is_no_drop(db: None) -> None:
    found = find_drops(DropQuestion(clock=Clock.CALENDAR))
    assert (len(found), totals_of(found), found.columns) == (0, {}, list(drops.ROW))


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(not SAMPLE.exists(), reason="the data set is not here")
def test_on_real_orders_duckdb_finds_the_same(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    with across_customers():
        import_orders(SAMPLE, rejects=tmp_path / "r.csv", mapping=read_mapping(MAPPING))
        assert Order.objects.exists()
    for days in (7, 60):
        found = find_drops(DropQuestion(window_days=days))
        query = f"""
            WITH item AS (SELECT order_id, order_item_id, order_status, product_id, round(price * 100)::bigint AS price,
                timezone('America/Sao_Paulo', purchase_ts::timestamp) AS at
              FROM read_csv('{SAMPLE}') WHERE product_id IS NOT NULL)
            SELECT count(*), coalesce(sum(paid - lowest), 0) FROM (
              SELECT any_value(l.price) AS paid, min(o.price) AS lowest FROM item l JOIN item o
              ON o.product_id = l.product_id AND o.at > l.at AND o.at <= l.at + INTERVAL {days * 24} HOUR
                AND o.price < l.price
              WHERE l.order_status = 'delivered' GROUP BY l.order_id, l.order_item_id)
            """
        ((count, total),) = duckdb.sql(query).fetchall()
        assert (len(found), totals_of(found).get("BRL", 0)) == (count, total)
    assert count > 0
