"""The parts of the design system as template tags: `{% load fenqi_ui %}`. docs/design-system.md shows each.

Tags that write dates read `today` from the template's context (a local `date`): the page decides what today is.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django import template
from django.conf import settings
from django.template.context import Context
from django.template.defaultfilters import linebreaksbr
from django.templatetags.static import static
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from fenqi.interfaces.shared import formats
from fenqi.interfaces.shared.formats import Language
from fenqi.usecases.clock import business_date, mall_zone

register = template.Library()

MOST_SEGMENTS = 24
TALLEST_BAR_PX = 72
SHORTEST_BAR_PX = 4

_TONE_ICONS = {
    "paid": "check",
    "overdue": "circle-alert",
    "unknown": "circle-dashed",
    "refund": "undo-2",
    "cancelled": "ban",
}


def _language() -> Language:
    return formats.language_of(get_language() or "zh")


def _day(value: date) -> date:
    """An instant stands for its day at the mall."""
    return business_date(value) if isinstance(value, datetime) else value


# Figures -------------------------------------------------------------------------------------------------------------


@register.filter
def money(minor: int, currency: str = "CNY") -> str:
    """`{{ plan.open_minor|money:plan.currency }}`: an amount inside a sentence."""
    return formats.money(minor, currency)


@register.simple_tag
def amount(minor: int | None, currency: str = "CNY", size: str = "") -> SafeString:
    """An amount that stands alone, its symbol and decimals smaller; `size` is `hero`, `mid` or nothing.

    None is written as a dash: not known, or not applicable.
    """
    if minor is None:
        return format_html('<span class="amount {}">{}</span>', size, formats.UNKNOWN)
    parts = formats.amount_parts(minor, currency)
    return format_html(
        '<span class="amount {}">{}<span class="symbol">{}</span>{}<span class="decimals">{}</span></span>',
        size,
        parts.sign,
        parts.symbol,
        parts.whole,
        parts.decimals,
    )


@register.filter
def percent(rate: Decimal) -> str:
    """`{{ plan.rates.annual_rate_irr|percent }}`: `13.84%`."""
    return formats.percent(rate)


@register.filter
def phone(number: str) -> str:
    """A phone number, masked."""
    return formats.masked_phone(number)


@register.filter
def grouped(number: str) -> str:
    """A number of figures in groups of four."""
    return formats.grouped(number)


# Dates ---------------------------------------------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def day(context: Context, value: date) -> str:
    """`11月22日 周日`."""
    return formats.full_day(_day(value), _language(), today=context["today"])


@register.simple_tag(takes_context=True)
def plain_day(context: Context, value: date) -> str:
    """`11月22日`."""
    return formats.plain_day(_day(value), _language(), today=context["today"])


@register.simple_tag(takes_context=True)
def deadline(context: Context, value: date) -> str:
    """`11月28日 24:00 前`."""
    return formats.deadline(_day(value), _language(), today=context["today"])


@register.simple_tag(takes_context=True)
def relative_day(context: Context, value: date) -> str:
    """`3 天后`."""
    return formats.relative_day(_day(value), _language(), today=context["today"])


@register.simple_tag(takes_context=True)
def day_range(context: Context, first: date, last: date) -> str:
    """`11月30日–12月2日`."""
    return formats.day_range(first, last, _language(), today=context["today"])


@register.filter
def weekday(value: date) -> str:
    """`周日`."""
    return formats.weekday(value, _language())


@register.filter
def short_day(value: date) -> str:
    """`11/22`."""
    return formats.short_day(value)


@register.filter
def month_name(value: date) -> str:
    """`11月`."""
    return formats.month_name(value, _language())


@register.filter
def month_and_year(value: date) -> str:
    """`2027年6月`."""
    return formats.month_and_year(value, _language())


@register.filter
def clock(moment: datetime) -> str:
    """`20:41` in the mall's time zone."""
    return formats.clock(moment.astimezone(mall_zone()))


@register.filter
def short_moment(moment: datetime) -> str:
    """`11/22 20:41` in the mall's time zone."""
    return formats.short_moment(moment.astimezone(mall_zone()))


@register.filter
def stamp(moment: datetime) -> str:
    """`2026-11-22` in the mall's time zone: for what is kept for years."""
    return f"{moment.astimezone(mall_zone()):%Y-%m-%d}"


@register.filter
def answer(text: str) -> SafeString:
    """A headline that breaks at its first comma when it does not fit on one line."""
    for comma, gap in (("，", ""), (",", " ")):
        first, found, rest = text.partition(comma + gap)
        if found:  # the gap stands between the spans: at the end of one it would be lost
            return format_html("<span>{}{}</span>{}<span>{}</span>", first, comma, gap, rest)
    return format_html("{}", text)


# Parts ---------------------------------------------------------------------------------------------------------------


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """One symbol of the sprite, hidden from screen readers: the words beside it say the same."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true"><use href="{}#{}"></use></svg>', size, static("fenqi/icons.svg"), name
    )


@register.simple_tag
def pill(tone: str, text: str, icon_name: str = "") -> SafeString:
    """The state of one thing; `tone` is paid, due, overdue, unknown, refund, neutral or cancelled."""
    symbol = icon_name or _TONE_ICONS.get(tone, "")
    return format_html('<span class="pill is-{}">{}{}</span>', tone, icon(symbol) if symbol else "", text)


@register.simple_tag
def estimate(text: str) -> SafeString:
    """What is only expected: dashed; the text begins with 预计 or Expected."""
    return format_html('<span class="estimate">{}</span>', text)


@register.simple_tag
def dot(tone: str) -> SafeString:
    """The point of one row on a rail; the row itself carries `is-TONE`."""
    symbols = {"paid": icon("check"), "cancelled": icon("x")}
    return format_html('<span class="dot">{}</span>', symbols.get(tone, ""))


@register.simple_block_tag
def notice(content: str, tone: str, icon_name: str) -> SafeString:
    """`{% notice "due" "clock" %}one fact{% endnotice %}`."""
    return format_html('<div class="notice is-{}">{}<div>{}</div></div>', tone, icon(icon_name), content)


@register.simple_tag
def segments(tones: Sequence[str], label: str) -> SafeString:
    """One segment for each installment, `tones` in their order; a plain bar when there are more than 24."""
    if len(tones) > MOST_SEGMENTS:
        return format_html(
            '<progress class="plain" value="{}" max="{}" aria-label="{}"></progress>',
            tones.count("paid"),
            len(tones),
            label,
        )
    cells = format_html_join("", '<i class="is-{}"></i>', ((tone,) for tone in tones))
    return format_html('<div class="segments" role="img" aria-label="{}">{}</div>', label, cells)


@dataclass(frozen=True, slots=True)
class MonthBar:
    """What falls due in one month, drawn as a bar; `tone` is due, overdue or future."""

    month: date
    amount_minor: int
    tone: str = "future"


@register.simple_tag
def months(bars: Sequence[MonthBar], currency: str = "CNY") -> SafeString:
    """Bars of equal scale, each with its figure above and its month below."""
    most = max((bar.amount_minor for bar in bars), default=0)
    columns = format_html_join(
        "",
        '<li class="is-{}">{}<svg height="{}" aria-hidden="true"></svg>{}</li>',
        (
            (
                bar.tone,
                _figures(bar.amount_minor, currency),
                max(bar.amount_minor * TALLEST_BAR_PX // most if most else 0, SHORTEST_BAR_PX),
                formats.month_name(bar.month, _language()),
            )
            for bar in bars
        ),
    )
    return format_html('<ol class="months" tabindex="0">{}</ol>', columns)


def _figures(minor: int, currency: str) -> str:
    """The figures without their symbol: a column of the bars is narrow, and the total below carries it."""
    parts = formats.amount_parts(minor, currency)
    return f"{parts.whole}{parts.decimals}"


@register.simple_tag
def field_error(errors: Sequence[str], field_id: str) -> SafeString:
    """The first thing wrong with a field, tied to it by `aria-describedby="FIELD-error"`."""
    if not errors:
        return mark_safe("")
    return format_html(
        '<p class="error" id="{}-error" role="alert">{}<span>{}</span></p>',
        field_id,
        icon("circle-alert"),
        conditional_escape(errors[0]),
    )


@register.filter
def with_our_links(said: str) -> SafeString:
    """What staff wrote, line by line; addresses of our own portal can be followed, and no others."""
    ours = re.compile(re.escape(conditional_escape(settings.FENQI_PUBLIC_URL)) + r"/[0-9A-Za-z/_-]+")
    return mark_safe(ours.sub(r'<a href="\g<0>">\g<0></a>', linebreaksbr(said)))  # noqa: S308  # linebreaksbr escapes
