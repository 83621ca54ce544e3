"""Why a bill and our books differ, in words that say what to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    NOBODYS = "nobodys"
    NO_MONEY = "no_money"
    LINE_TWICE = "line_twice"
    NOT_IN_BILL = "not_in_bill"
    OTHER_AMOUNT_BOOKED = "other_amount_booked"
    OTHER_AMOUNT_ASKED = "other_amount_asked"
    NOT_PAID_THERE = "not_paid_there"
    BOOKED_ANOTHER_DAY = "booked_another_day"
    OUTCOME_UNKNOWN = "outcome_unknown"
    CLOSED_HERE = "closed_here"
    REFUND_UNDER_WAY = "refund_under_way"
    REFUND_ENDED = "refund_ended"
    REMAINDER = "remainder"


MOVED_NOTHING = frozenset({Cause.NO_MONEY, Cause.NOT_PAID_THERE})
"""The bill names these, but moved no money on them."""


@dataclass(frozen=True, slots=True)
class CauseText:
    """What is the matter, and what to do, in Chinese and in English."""

    zh: str
    en: str
    todo_zh: str
    todo_en: str


CAUSES: Mapping[Cause, CauseText] = {
    Cause.NOBODYS: CauseText(
        zh="渠道收了或退了这笔钱，但我们没有这个编号。",
        en="The channel moved this money under a number that is not ours.",
        todo_zh="查清是谁的钱：先在渠道后台看付款人。查清前这笔钱记在待查账户。",
        todo_en="Find out whose it is: see the payer in the channel's own console. Until then it stands on suspense.",
    ),
    Cause.NO_MONEY: CauseText(
        zh="账单里有这一行，但没有动钱。",
        en="The bill has this line, but no money moved.",
        todo_zh="无需处理。",
        todo_en="Nothing to do.",
    ),
    Cause.LINE_TWICE: CauseText(
        zh="账单里同一编号出现了两次，钱算了两遍。",
        en="The bill names the same number twice and counts its money twice.",
        todo_zh="请渠道更正。更正进入后面的账单时会自动对平。",
        todo_en="Ask the channel to correct it. When a later bill takes it back, this closes by itself.",
    ),
    Cause.NOT_IN_BILL: CauseText(
        zh="我们已入账，渠道这一天的账单里没有。",
        en="We booked it; the channel's bill of that day does not have it.",
        todo_zh="先看第二天的账单：跨零点的会自动对平。仍没有就向渠道查单。",
        todo_en="See the next day's bill: what crossed midnight closes by itself. Else ask the channel about it.",
    ),
    Cause.OTHER_AMOUNT_BOOKED: CauseText(
        zh="金额不同：我们入账的和账单上的不一样。",
        en="The amounts differ: we booked another sum than the bill has.",
        todo_zh="向渠道核对原因。差额记在待查账户。",
        todo_en="Ask the channel why. The difference stands on suspense.",
    ),
    Cause.OTHER_AMOUNT_ASKED: CauseText(
        zh="付款人付的金额不是我们要的金额，没有入账。",
        en="The payer paid another sum than we asked for; it was not booked.",
        todo_zh="请客服联系客户：退回这笔钱，或请客户按应还金额再付。",
        todo_en="Have an agent call the customer: send this money back, or let them pay what is due.",
    ),
    Cause.NOT_PAID_THERE: CauseText(
        zh="我们已入账，账单上却没有成功。",
        en="We booked it, but the bill says that it did not succeed.",
        todo_zh="向渠道查单，核对后处理差额。",
        todo_en="Ask the channel about it, then settle the difference.",
    ),
    Cause.BOOKED_ANOTHER_DAY: CauseText(
        zh="同一笔钱，我们记在另一天。",
        en="The same money, which we booked on another day.",
        todo_zh="那一天对账后会自动对平。",
        todo_en="It closes by itself once that day is reconciled.",
    ),
    Cause.OUTCOME_UNKNOWN: CauseText(
        zh="我们不知道结果，账单证明已经成功。",
        en="We did not know the outcome; the bill proves that it succeeded.",
        todo_zh="会自动入账。没有自动入账时，请点「补记入账」。",
        todo_en="It is booked by itself. If it was not, press Book it now.",
    ),
    Cause.CLOSED_HERE: CauseText(
        zh="我们记为未成功，账单证明钱已收到。",
        en="We took it for not paid; the bill proves that the money came.",
        todo_zh="会自动补记；如果已经用别的方式付过，会自动退回。",
        todo_en="It is booked late by itself; if it was paid otherwise meanwhile, it goes back by itself.",
    ),
    Cause.REFUND_UNDER_WAY: CauseText(
        zh="渠道已受理退款，我们还没有确认成功。",
        en="The channel accepted the refund; we do not know yet that it succeeded.",
        todo_zh="退款成功后会自动对平。",
        todo_en="It closes by itself when the refund has succeeded.",
    ),
    Cause.REFUND_ENDED: CauseText(
        zh="渠道账单里退了款，我们记为未退成。",
        en="The bill has the refund; we took it for failed.",
        todo_zh="向渠道查退款结果：退成了就核对客户是否收到两次，没退成渠道会把钱退回。",
        todo_en="Ask the channel: if it went out, see whether the customer got it twice; if not, it comes back.",
    ),
    Cause.REMAINDER: CauseText(
        zh="当天还有没有归到单笔的差额，例如已退成又被退回的退款。",
        en="A difference of the day that belongs to no one line, such as a refund that came back later.",
        todo_zh="看当天这个渠道的分录，查清后说明。",
        todo_en="Look at the channel's entries of that day and explain it.",
    ),
}
