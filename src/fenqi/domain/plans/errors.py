"""What the plan engine refuses, each with a stable code."""

from fenqi.domain.errors import FenqiError


class UnableToReplay(FenqiError):
    """Terms or events that have no meaning together."""

    code = "unable_to_replay"
    status = 422


class NothingToFinance(UnableToReplay):
    code = "nothing_to_finance"
    zh = "首付 {down_payment} 不小于本金 {principal}，没有可分期的金额。"
    en = "The down payment {down_payment} leaves nothing of the principal {principal} to finance."


class FirstDueBeforeOpening(UnableToReplay):
    code = "first_due_before_opening"
    zh = "首个还款日 {on} 早于开立日 {opened_on}。"
    en = "The first due date {on} lies before the opening day {opened_on}."


class TermsOutOfCalendar(UnableToReplay):
    code = "terms_out_of_calendar"
    zh = "还款日超出 {latest_on}，请减少期数或缩短间隔。"
    en = "The due dates run past {latest_on}: take fewer installments or a shorter distance."


class DueDateOutOfCalendar(UnableToReplay):
    code = "due_date_out_of_calendar"
    zh = "「{where}」会把还款日移到 {latest_on} 之后。"
    en = "{where} would move a due date past {latest_on}."


class EventBeforeOpening(UnableToReplay):
    code = "event_before_opening"
    zh = "日期 {on} 早于分期计划的开立日 {opened_on}。"
    en = "The date {on} lies before the plan was opened on {opened_on}."


class DateOutOfOrder(UnableToReplay):
    code = "date_out_of_order"
    zh = "首个还款日 {due_on} 早于改期生效日 {on}。"
    en = "The first due date {due_on} lies before the reschedule takes effect on {on}."


class DuplicateEvent(UnableToReplay):
    code = "duplicate_event"
    status = 409
    zh = "事件编号「{event}」重复。"
    en = "The event id {event!r} is used twice."


class UnknownEvent(UnableToReplay):
    code = "unknown_event"
    zh = "没有更早得知的事件「{event}」。"
    en = "No event {event!r} became known before."


class NotMoney(UnableToReplay):
    code = "not_money"
    zh = "事件「{event}」没有带来资金，不能退单。"
    en = "Event {event!r} brought no money, so it cannot be charged back."


class UnknownRow(UnableToReplay):
    code = "unknown_row"
    zh = "第 {row} 期不在分期计划中。"
    en = "Row {row} is not one of the plan's installments."
