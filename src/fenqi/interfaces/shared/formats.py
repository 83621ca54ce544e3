"""How amounts, dates and account numbers are written, in Chinese and in English.

Pure: the language and today's date are arguments, so that a page, a message and a test write the same thing.
Language is `zh` or `en`; `language_of` maps any language tag to one of the two.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from babel.numbers import get_currency_symbol

from fenqi.domain.money import exponent_of

Language = Literal["zh", "en"]

MINUS = "\N{MINUS SIGN}"
TO = "\N{EN DASH}"
UNKNOWN = "\N{EM DASH}"
"""Stands for "not known" or "not applicable", always with a word near it; ¥0.00 is a fact."""

_WEEKDAYS: dict[Language, tuple[str, ...]] = {
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def language_of(tag: str) -> Language:
    """`zh` for every kind of Chinese, `en` for all else."""
    return "zh" if tag.lower().startswith("zh") else "en"


# Money ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AmountParts:
    """An amount cut where its type size changes: sign, symbol, whole figures, decimals with their point."""

    sign: str
    symbol: str
    whole: str
    decimals: str

    def __str__(self) -> str:
        return f"{self.sign}{self.symbol}{self.whole}{self.decimals}"


def amount_parts(minor: int, currency: str = "CNY") -> AmountParts:
    """Cut an amount in minor units into its written parts. Raises UnknownCurrency."""
    exponent = exponent_of(currency)
    whole, rest = divmod(abs(minor), 10**exponent)
    return AmountParts(
        sign=MINUS if minor < 0 else "",
        symbol=_symbol(currency),
        whole=f"{whole:,}",
        decimals=f".{rest:0{exponent}}" if exponent else "",
    )


def money(minor: int, currency: str = "CNY") -> str:
    """`¥1,234.56`; a negative amount has U+2212 before the sign. Raises UnknownCurrency."""
    return str(amount_parts(minor, currency))


def money_range(lowest_minor: int, highest_minor: int, currency: str = "CNY") -> str:
    """`¥0.19–¥1.92`. Raises UnknownCurrency."""
    return f"{money(lowest_minor, currency)}{TO}{money(highest_minor, currency)}"


def _symbol(currency: str) -> str:
    """The Chinese symbols in both languages: there ¥ is the yuan, and the yen is JP¥."""
    symbol: str = get_currency_symbol(currency, locale="zh")
    return f"{symbol}\N{NO-BREAK SPACE}" if symbol[-1].isalpha() else symbol


def percent(rate: Decimal) -> str:
    """A rate in percent, already rounded by whoever states it: `13.03%`."""
    return f"{rate:.2f}%"


# Dates ---------------------------------------------------------------------------------------------------------------


def plain_day(day: date, language: Language, *, today: date) -> str:
    """`11月22日`, `22 Nov`; with the year when it is another year."""
    if language == "zh":
        written = f"{day.month}月{day.day}日"
        return written if day.year == today.year else f"{day.year}年{written}"
    written = f"{day.day} {_MONTHS[day.month - 1]}"
    return written if day.year == today.year else f"{written} {day.year}"


def weekday(day: date, language: Language) -> str:
    """`周日`, `Sun`."""
    return _WEEKDAYS[language][day.weekday()]


def full_day(day: date, language: Language, *, today: date) -> str:
    """`11月22日 周日`, `Sun, 22 Nov`; with the year when it is another year."""
    written = plain_day(day, language, today=today)
    return f"{written} {weekday(day, language)}" if language == "zh" else f"{weekday(day, language)}, {written}"


def deadline(day: date, language: Language, *, today: date) -> str:
    """The end of a day as a limit: `11月28日 24:00 前`, `by the end of Sat, 28 Nov`."""
    if language == "zh":
        return f"{plain_day(day, language, today=today)} 24:00 前"
    return f"by the end of {full_day(day, language, today=today)}"


def relative_day(day: date, language: Language, *, today: date) -> str:
    """How far off a day is, beside its date: `今天`, `3 天后`, `6 天前`; `today`, `in 3 days`, `6 days ago`."""
    days = (day - today).days
    near: dict[Language, dict[int, str]] = {
        "zh": {-1: "昨天", 0: "今天", 1: "明天"},
        "en": {-1: "yesterday", 0: "today", 1: "tomorrow"},
    }
    if days in near[language]:
        return near[language][days]
    if language == "zh":
        return f"{days} 天后" if days > 0 else f"{-days} 天前"
    return f"in {days} days" if days > 0 else f"{-days} days ago"


def day_range(first: date, last: date, language: Language, *, today: date) -> str:
    """`11月30日–12月2日`, `30 Nov–2 Dec`; one year is named once: `2027年3月25日–5月25日`, `25 Mar–25 May 2027`."""
    if first.year != last.year:
        return f"{plain_day(first, language, today=today)}{TO}{plain_day(last, language, today=today)}"
    with_year, without = today, first
    if language == "zh":
        return f"{plain_day(first, language, today=with_year)}{TO}{plain_day(last, language, today=without)}"
    return f"{plain_day(first, language, today=without)}{TO}{plain_day(last, language, today=with_year)}"


def short_day(day: date) -> str:
    """For tables, axes and timelines: `11/22`."""
    return f"{day.month}/{day.day}"


def short_moment(moment: datetime) -> str:
    """For tables, axes and timelines, of a local instant: `11/22 20:41`."""
    return f"{short_day(moment)} {clock(moment)}"


def clock(moment: datetime) -> str:
    """`20:41`, of a local instant."""
    return f"{moment:%H:%M}"


def month_name(day: date, language: Language) -> str:
    """`11月`, `Nov`."""
    return f"{day.month}月" if language == "zh" else _MONTHS[day.month - 1]


def month_and_year(day: date, language: Language) -> str:
    """`2027年6月`, `Jun 2027`."""
    return f"{day.year}年{day.month}月" if language == "zh" else f"{_MONTHS[day.month - 1]} {day.year}"


# Text ----------------------------------------------------------------------------------------------------------------

_LATIN_AFTER_CHINESE = re.compile(rf"(?<=[\u4e00-\u9fff])(?<![年月日])(?=[0-9A-Za-z¥{MINUS}])")
_CHINESE_AFTER_LATIN = re.compile(r"(?<=[0-9A-Za-z%)])(?=[\u4e00-\u9fff])(?![年月日])")


def spaced(text: str) -> str:
    """Put a space between Chinese and figures or Latin letters, but none inside or after a date such as 11月25日起."""
    return _CHINESE_AFTER_LATIN.sub(" ", _LATIN_AFTER_CHINESE.sub(" ", text))


def masked_phone(phone: str) -> str:
    """`138****0417`: enough to recognise one's own number, too little to learn another's."""
    return f"{phone[:-8]}****{phone[-4:]}" if len(phone) > len("12345678") else "****"


def grouped(number: str) -> str:
    """An order or payment number in groups of four, to be read out: `2026 0618 4471`. Only numbers of figures alone."""
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4)) if number.isdecimal() else number
