"""Refusals of the daily close."""

from fenqi.domain.errors import FenqiError


class DayNotBegun(FenqiError):
    """A day is closed once it has begun. Details: `day`, `today`."""

    code = "day_not_begun"
    status = 422
    zh = "{day} 还没有到，不能日结。今天是 {today}。"
    en = "{day} has not begun. Today is {today}."


class DayBeforeFirstClose(FenqiError):
    """Days are closed in order, so none before the first that was. Details: `day`, `first`."""

    code = "day_before_first_close"
    status = 422
    zh = "日结从 {first} 开始，不能补 {day}。"
    en = "The first day that was closed is {first}: {day}, before it, cannot be."


class FirstCloseTooEarly(FenqiError):
    """The first close ever is of the last days, and not before there was anything. Details: `day`, `earliest`."""

    code = "first_close_too_early"
    status = 422
    zh = "第一次日结最早从 {earliest} 开始，不能从 {day} 开始；没有执行任何日结。更早的逾期日会在第一次日结时一并计算。"
    en = (
        "The first close can be of {earliest} at the earliest, not of {day}: nothing was closed. "
        "Whatever was late before counts in the first close."
    )
