"""Amounts, dates and numbers are written as the design system says."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenqi.domain.money import LARGEST_MINOR, Money, UnknownCurrency
from fenqi.interfaces.shared import formats
from fenqi.interfaces.shared.formats import Language

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("minor", "currency", "written"),
    [
        (123456, "CNY", "¥1,234.56"),
        (0, "CNY", "¥0.00"),
        (5, "CNY", "¥0.05"),
        (-19900, "CNY", "−¥199.00"),
        (123456, "USD", "US$1,234.56"),
        (1234, "JPY", "JP¥1,234"),
        (1234567, "KWD", "KWD\N{NO-BREAK SPACE}1,234.567"),
        (123456, "BRL", "R$1,234.56"),
    ],
)
def test_money(minor: int, currency: str, written: str) -> None:
    assert formats.money(minor, currency) == written


def test_an_unknown_currency_is_refused() -> None:
    with pytest.raises(UnknownCurrency):
        formats.money(100, "XYZ")


@given(st.integers(-LARGEST_MINOR, LARGEST_MINOR), st.sampled_from(["CNY", "JPY", "KWD"]))
def test_an_amount_reads_back_to_the_minor_unit(minor: int, currency: str) -> None:
    parts = formats.amount_parts(minor, currency)
    figures = f"{'-' if parts.sign else ''}{parts.whole}{parts.decimals}".replace(",", "")
    assert Money.from_decimal(figures, currency).minor == minor


def test_a_range_of_money_repeats_the_sign() -> None:
    assert formats.money_range(19, 192) == "¥0.19–¥1.92"


@pytest.mark.parametrize(("rate", "written"), [("13.03", "13.03%"), ("0", "0.00%"), ("7.5", "7.50%")])
def test_percent(rate: str, written: str) -> None:
    assert formats.percent(Decimal(rate)) == written


@pytest.mark.parametrize(
    ("language", "day", "written"),
    [
        ("zh", date(2026, 11, 22), "11月22日 周日"),
        ("zh", date(2027, 6, 25), "2027年6月25日 周五"),
        ("en", date(2026, 11, 22), "Sun, 22 Nov"),
        ("en", date(2027, 6, 25), "Fri, 25 Jun 2027"),
    ],
)
def test_a_day_has_its_weekday_and_another_years_year(language: Language, day: date, written: str) -> None:
    assert formats.full_day(day, language, today=TODAY) == written


@pytest.mark.parametrize(("language", "written"), [("zh", "11月28日 24:00 前"), ("en", "by the end of Sat, 28 Nov")])
def test_a_deadline_is_the_end_of_its_day(language: Language, written: str) -> None:
    assert formats.deadline(date(2026, 11, 28), language, today=TODAY) == written


@pytest.mark.parametrize(
    ("day", "zh", "en"),
    [
        (date(2026, 11, 22), "今天", "today"),
        (date(2026, 11, 23), "明天", "tomorrow"),
        (date(2026, 11, 21), "昨天", "yesterday"),
        (date(2026, 11, 25), "3 天后", "in 3 days"),
        (date(2026, 11, 16), "6 天前", "6 days ago"),
    ],
)
def test_a_day_is_also_told_by_its_distance(day: date, zh: str, en: str) -> None:
    assert formats.relative_day(day, "zh", today=TODAY) == zh
    assert formats.relative_day(day, "en", today=TODAY) == en


def test_ranges_and_short_forms() -> None:
    first, last = date(2026, 11, 30), date(2026, 12, 2)
    assert formats.day_range(first, last, "zh", today=TODAY) == "11月30日–12月2日"
    assert formats.day_range(first, last, "en", today=TODAY) == "30 Nov–2 Dec"
    spring, summer = date(2027, 3, 25), date(2027, 5, 25)
    assert formats.day_range(spring, summer, "zh", today=TODAY) == "2027年3月25日–5月25日"
    assert formats.day_range(spring, summer, "en", today=TODAY) == "25 Mar–25 May 2027"
    assert formats.day_range(first, spring, "zh", today=TODAY) == "11月30日–2027年3月25日"
    assert formats.short_day(first) == "11/30"
    assert formats.short_moment(datetime(2026, 11, 22, 20, 41, tzinfo=UTC)) == "11/22 20:41"
    assert formats.month_name(first, "zh") == "11月"
    assert formats.month_name(first, "en") == "Nov"
    assert formats.month_and_year(first, "zh") == "2026年11月"
    assert formats.month_and_year(first, "en") == "Nov 2026"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("第5期", "第 5 期"),
        ("空气净化器4Pro", "空气净化器 4Pro"),
        ("6月18日购买", "6月18日购买"),
        ("11月25日起每天约¥0.19", "11月25日起每天约 ¥0.19"),
        ("招商银行储蓄卡6621余额不足", "招商银行储蓄卡 6621 余额不足"),
        ("第 5 期，共 12 期", "第 5 期，共 12 期"),
    ],
)
def test_a_space_stands_between_chinese_and_figures_but_not_in_dates(text: str, written: str) -> None:
    assert formats.spaced(text) == written


@given(st.text(alphabet="第期年月日退款5Az¥% ，"))
def test_spacing_twice_changes_nothing_more(text: str) -> None:
    once = formats.spaced(text)
    assert formats.spaced(once) == once
    assert once.replace(" ", "") == text.replace(" ", "")


def test_a_phone_is_masked_and_a_short_one_wholly() -> None:
    assert formats.masked_phone("13812340417") == "138****0417"
    assert formats.masked_phone("+8613812340417") == "+86138****0417"
    assert formats.masked_phone("1234") == "****"


def test_a_number_of_figures_is_read_in_fours() -> None:
    assert formats.grouped("202606184471") == "2026 0618 4471"
    assert formats.grouped("R-7F3K-0291") == "R-7F3K-0291"


@pytest.mark.parametrize(("tag", "language"), [("zh-hans", "zh"), ("zh", "zh"), ("en", "en"), ("fr", "en")])
def test_every_kind_of_chinese_is_chinese(tag: str, language: Language) -> None:
    assert formats.language_of(tag) == language
