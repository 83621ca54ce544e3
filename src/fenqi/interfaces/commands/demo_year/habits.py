"""What a customer decides on a day: pure, from who they are, what they see, and a draw that is named by seed and day.

A habit is a function `(person, seen, draw) -> deeds`; `HABITS` is all of them, asked in this order. A new room adds
its own, and a deed for which `doings` has the use case.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from random import Random
from typing import Final
from uuid import UUID

from fenqi.domain.aftersales.reasons import Reason, WishKind
from fenqi.interfaces.commands.demo_year.people import Manner, Person
from fenqi.interfaces.commands.demo_year.seeds import chance, picked

RECENT_DAYS: Final = 6
"""For so long after the delivery somebody thinks of sending a thing back."""

SOON_DAYS: Final = 10
"""So far ahead a customer looks at bills."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """The earliest open installment of a plan, in minor units; `all_owed` is what the whole plan owes."""

    plan_id: UUID
    order_id: UUID
    n: int
    due_on: date
    owed: int
    all_owed: int
    is_debited: bool = False
    at_platform: bool = False
    is_under_way: bool = False
    """A payment of it is not ended."""
    is_reminded: bool = False
    """A message about it came yesterday or today, with a link."""
    promised_for: date | None = None
    """The day of a promise that stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """An order that arrived lately: line 1, so many pieces."""

    order_id: UUID
    plan_id: UUID | None
    arrived_on: date
    pieces: int
    can_return: bool = True
    has_case: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An open after-sales case; `since` is the day of its last step."""

    case_id: UUID
    state: str
    since: date
    is_sent: bool = False
    quote_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """All that a customer sees on a day."""

    today: date
    bills: Sequence[Bill] = ()
    parcels: Sequence[Parcel] = ()
    cases: Sequence[Case] = ()
    offers: Sequence[UUID] = ()
    answered: Sequence[UUID] = ()
    """Conversations in which the mall spoke last."""
    closed: Sequence[UUID] = ()
    """Conversations that were closed yesterday, and not rated yet."""
    reserves: Sequence[UUID] = ()
    """That wait for consent."""
    moves: Sequence[UUID] = ()
    """Moves of a plan to another lender that wait for the customer's word."""
    offered: Sequence[UUID] = ()
    """New schedules that wait for the customer's word."""
    failed_lately: Sequence[UUID] = ()
    """Payments that failed yesterday."""
    has_card: bool = False
    awaits_transfer: bool = False
    """Money that can go back to an account in the customer's name only."""
    has_new_phone: bool = False
    agreement_id: UUID | None = None


class How(StrEnum):
    """How a repayment goes once it is started."""

    PAYS = "pays"
    FAILS_THEN_PAYS = "fails_then_pays"
    """Not enough money, tops up, and pays the same bill again."""
    SWITCHES = "switches"
    """Fails, and pays by another method."""
    FAILS = "fails"
    WALKS_AWAY = "walks_away"
    PAYS_TWICE = "pays_twice"
    """On a second device, too: the second sum goes back by itself."""
    PAYS_LATE = "pays_late"
    """After the window has ended."""


FAILING: Final = frozenset({How.FAILS, How.FAILS_THEN_PAYS, How.SWITCHES, How.WALKS_AWAY})
BANK_SAYS: Final = {"64": 60, "71": 15, "67": 12, "62": 8, "60": 5}
"""Not enough money, wrong details, above the limit of the card, not for this card, no reason given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repay:
    """`installments` are row numbers; none: all that is due. `part_minor`: only so much of it."""

    plan_id: UUID
    installments: tuple[int, ...] = ()
    part_minor: int = 0
    settle: bool = False
    how: How = How.PAYS
    bank_says: str = ""
    """The card gateway's code, where the first try is by card and fails."""
    method: str = "alipay"
    second_method: str = "wechat_pay"
    by_link: bool = False
    """Through the link of the reminder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepayAtPlatform:
    plan_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class BindCard:
    mistyped: bool = False
    """The phone of another bank's record is entered first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchOnAutoDebit:
    plan_id: UUID
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchOffAutoDebit:
    agreement_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SendBack:
    order_id: UUID
    kind: WishKind
    reason: Reason
    pieces: int
    with_photo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """The parcel of a case goes to the carrier."""

    case_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCase:
    case_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmQuote:
    case_id: UUID
    quote_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawCase:
    case_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOffer:
    offer_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AskForDifference:
    """A claim without an offer: that the mall is cheaper now."""

    order_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowReserve:
    hold_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Complain:
    """A conversation about one of these, or about anything."""

    words: str
    plan_id: UUID | None = None
    payment_id: UUID | None = None
    case_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SayThanks:
    thread_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RateHelp:
    thread_id: UUID
    helped: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePhone:
    """To a new number: by codes to both phones or, where the old one is lost, with the help of staff."""

    is_lost: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseToPay:
    """That sum in minor units, so many days from now."""

    plan_id: UUID
    amount_minor: int
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendDueDate:
    """By so many days, or as many of them as are offered."""

    plan_id: UUID
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideSchedule:
    """On a new schedule that staff offer."""

    change_id: UUID
    agrees: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideMove:
    """On giving the plan to another lender."""

    item_id: UUID
    agrees: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AskReminder:
    payment_id: UUID


Deed = (
    Repay
    | RepayAtPlatform
    | BindCard
    | SwitchOnAutoDebit
    | SwitchOffAutoDebit
    | SendBack
    | HandOver
    | AnswerCase
    | ConfirmQuote
    | WithdrawCase
    | TakeOffer
    | AskForDifference
    | AllowReserve
    | Complain
    | SayThanks
    | RateHelp
    | ChangePhone
    | PromiseToPay
    | ExtendDueDate
    | DecideSchedule
    | DecideMove
    | AskReminder
)


@dataclass(slots=True)
class _Drawn:
    """One customer's day; each habit draws from a generator of its own, so that none shifts another's."""

    person: Person
    seen: Seen
    seed: int
    deeds: list[Deed] = field(default_factory=list)

    def generator(self, habit: str) -> Random:
        return chance(habit, self.seed, self.person.n, self.seen.today)


def decide(person: Person, seen: Seen, *, seed: int) -> list[Deed]:
    """What the customer does today, in this order."""
    drawn = _Drawn(person, seen, seed)
    for habit in HABITS:
        drawn.deeds.extend(habit(person, seen, drawn.generator(habit.__name__)))
    return drawn.deeds


# Bills


def repays(person: Person, seen: Seen, draw: Random) -> Iterable[Deed]:
    """By the customer's manner: days before, on the day, days after, in parts, or by auto-debit."""
    for bill in seen.bills:
        days_left = (bill.due_on - seen.today).days
        if bill.is_debited and days_left > -RECENT_DAYS:
            continue
        if draw.random() >= _eagerness_for(person, bill, seen.today):
            continue
        if bill.at_platform:
            yield RepayAtPlatform(plan_id=bill.plan_id)
            continue
        yield _repayment(person, seen, bill, draw)


def _eagerness_for(person: Person, bill: Bill, today: date) -> float:
    """Nobody pays before a promised day; on the day, not everybody does. A reminder makes one more likely."""
    if bill.promised_for is not None and bill.promised_for >= today:
        return 0.0 if bill.promised_for > today else 0.45 if person.manner is Manner.STRUGGLING else 0.8
    eager = _eagerness(person.manner, (bill.due_on - today).days)
    return min(0.95, eager + 0.1) if bill.is_reminded and eager else eager


def _eagerness(manner: Manner, days_left: int) -> float:
    """How likely somebody repays today a bill that is due in so many days (below zero: past due)."""
    if manner is Manner.EARLY:
        return 0.3 if days_left > 0 else 0.9
    if manner in {Manner.PROMPT, Manner.AUTOMATIC}:
        return 0.0 if days_left > 2 else 0.25 if days_left > 0 else 0.85  # noqa: PLR2004
    if manner is Manner.PIECEMEAL:
        return 0.08 if days_left > 0 else 0.4
    if manner is Manner.FORGETFUL:
        return 0.0 if days_left > 0 else 0.15 if days_left > -3 else 0.3  # noqa: PLR2004
    return 0.0 if days_left > 0 else 0.12 if days_left > -15 else 0.06  # noqa: PLR2004


def _repayment(person: Person, seen: Seen, bill: Bill, draw: Random) -> Repay:
    first = person.favourite if person.favourite != "bank_card" or seen.has_card else "alipay"
    others = [channel for channel in ("alipay", "wechat_pay") if channel != first]
    settles = person.manner is Manner.EARLY and draw.random() < 0.04  # noqa: PLR2004
    part = 0
    if person.manner is Manner.PIECEMEAL and not settles and bill.owed > 2_000 and draw.random() < 0.7:  # noqa: PLR2004
        part = max(100, bill.owed * draw.choice((20, 30, 50)) // 100)
    is_part = part and part < bill.all_owed
    how = _how(person, draw)
    fails_at_bank = first == "bank_card" and how in FAILING
    is_due = bill.due_on <= seen.today
    by_link = bill.is_reminded and draw.random() < 0.5  # noqa: PLR2004
    return Repay(
        plan_id=bill.plan_id,
        installments=() if settles or is_part or is_due else (bill.n,),
        part_minor=part if is_part else 0,
        settle=settles,
        how=how,
        bank_says=picked(draw, BANK_SAYS) if fails_at_bank else "",
        method=first,
        second_method=draw.choice(others),
        by_link=by_link,
    )


def _how(person: Person, draw: Random) -> How:
    if draw.random() < person.double:
        return How.PAYS_TWICE
    if draw.random() >= person.clumsy:
        return How.PAYS_LATE if draw.random() < 0.01 else How.PAYS  # noqa: PLR2004
    gives_up = 30 if person.manner is Manner.STRUGGLING else 8
    return picked(draw, {How.FAILS_THEN_PAYS: 40, How.SWITCHES: 30, How.FAILS: gives_up, How.WALKS_AWAY: gives_up})


def runs_short(person: Person, seen: Seen, draw: Random) -> Iterable[Deed]:
    """Whoever cannot pay now: moves the due date while there is time, promises a day once it has passed."""
    if person.manner not in {Manner.FORGETFUL, Manner.STRUGGLING, Manner.PIECEMEAL}:
        return
    is_hard = person.manner is Manner.STRUGGLING
    for bill in seen.bills:
        days_left = (bill.due_on - seen.today).days
        if bill.at_platform or bill.is_debited or bill.promised_for is not None:
            continue
        if 0 <= days_left <= 3 and draw.random() < (0.12 if is_hard else 0.03):  # noqa: PLR2004
            yield ExtendDueDate(plan_id=bill.plan_id, days=draw.choice((5, 7, 10, 15)))
        elif days_left < 0 and draw.random() < (0.2 if is_hard else 0.12):
            part = bill.owed if bill.owed < 1_000 or draw.random() < 0.7 else bill.owed // 2  # noqa: PLR2004
            yield PromiseToPay(plan_id=bill.plan_id, amount_minor=part, days=draw.randint(2, 7))


def answers_offers(_person: Person, seen: Seen, draw: Random) -> Iterable[Deed]:
    """A new schedule that staff offer; a lender that wants to take a plan over."""
    for change_id in seen.offered:
        if draw.random() < 0.5:  # noqa: PLR2004
            yield DecideSchedule(change_id=change_id, agrees=draw.random() < 0.85)  # noqa: PLR2004
    for item_id in seen.moves:
        if draw.random() < 0.5:  # noqa: PLR2004
            yield DecideMove(item_id=item_id, agrees=draw.random() < 0.85)  # noqa: PLR2004


def uses_auto_debit(person: Person, seen: Seen, draw: Random) -> Iterable[Deed]:
    """Some switch it on for every plan; a few switch it off again."""
    if seen.agreement_id is not None and draw.random() < 0.002:  # noqa: PLR2004
        yield SwitchOffAutoDebit(agreement_id=seen.agreement_id)
    if person.manner is not Manner.AUTOMATIC:
        return
    for bill in seen.bills:
        if bill.is_debited or bill.at_platform or draw.random() >= 0.4:  # noqa: PLR2004
            continue
        if person.favourite == "bank_card" and not seen.has_card:
            continue
        yield SwitchOnAutoDebit(plan_id=bill.plan_id, channel=person.favourite)


def binds_a_card(person: Person, seen: Seen, draw: Random) -> Iterable[Deed]:
    """Whoever likes to pay by card, before the first bill, or is to be paid; one in six mistypes something first."""
    wants_one = (person.favourite == "bank_card" and seen.bills) or seen.awaits_transfer
    if wants_one and not seen.has_card and draw.random() < 0.6:  # noqa: PLR2004
        yield BindCard(mistyped=draw.random() < 0.17)  # noqa: PLR2004


def minds_a_failure(person: Person, seen: Seen, draw: Random) -> Iterable[Deed]:
    """The day after: a reminder, or a word with the mall."""
    for payment_id in seen.failed_lately:
        if draw.random() < 0.3:  # noqa: PLR2004
            yield AskReminder(payment_id=payment_id)
        elif draw.random() < person.talkative * 2:
            yield Complain(payment_id=payment_id, words=_said(draw, person, FAILED_WORDS))


# Goods


def sends_back(person: Person, seen: Seen, draw: Random) -> Iterable[Deed]:
    """Within some days of the delivery: for no reason, for a fault, in part, or for another one."""
    for parcel in seen.parcels:
        days = (seen.today - parcel.arrived_on).days
        if parcel.has_case or not 1 <= days <= RECENT_DAYS or draw.random() >= person.fussy / RECENT_DAYS:
            continue
        kind, reason = picked(draw, WISHES)
        if kind is not WishKind.REFUND_ONLY and not parcel.can_return and reason is Reason.NO_REASON:
            continue
        yield SendBack(
            order_id=parcel.order_id,
            kind=kind,
            reason=reason,
            pieces=draw.randint(1, parcel.pieces),
            with_photo=reason is not Reason.NO_REASON and draw.random() < 0.1,  # noqa: PLR2004
        )


def follows_cases(person: Person, seen: Seen, draw: Random) -> Iterable[Deed]:
    """Hands parcels over, answers, takes new quotes, thinks better of it, asks how long it takes."""
    for case in seen.cases:
        days = (seen.today - case.since).days
        if case.state == "goods_awaited" and not case.is_sent and draw.random() < 0.55:  # noqa: PLR2004
            yield HandOver(case_id=case.case_id)
        elif case.state == "evidence_asked" and draw.random() < 0.5:  # noqa: PLR2004
            yield AnswerCase(case_id=case.case_id)
        elif case.state == "quote_changed" and case.quote_id and draw.random() < 0.6:  # noqa: PLR2004
            yield ConfirmQuote(case_id=case.case_id, quote_id=case.quote_id)
        elif case.state in {"submitted", "in_review", "goods_awaited"} and not case.is_sent and draw.random() < 0.03:  # noqa: PLR2004
            yield WithdrawCase(case_id=case.case_id)
        elif days >= 3 and draw.random() < person.talkative / 2:  # noqa: PLR2004
            yield Complain(case_id=case.case_id, words=_said(draw, person, CASE_WORDS))


def takes_differences(person: Person, seen: Seen, draw: Random) -> Iterable[Deed]:
    """Takes what is offered, and now and then asks by itself."""
    for offer_id in seen.offers:
        if draw.random() < 0.35:  # noqa: PLR2004
            yield TakeOffer(offer_id=offer_id)
    if seen.offers:
        return
    for parcel in seen.parcels:
        if not parcel.has_case and draw.random() < person.fussy * 0.05:
            yield AskForDifference(order_id=parcel.order_id)


def allows_reserves(_person: Person, seen: Seen, draw: Random) -> Iterable[Deed]:
    for hold_id in seen.reserves:
        if draw.random() < 0.5:  # noqa: PLR2004
            yield AllowReserve(hold_id=hold_id)


# Words


def talks(person: Person, seen: Seen, draw: Random) -> Iterable[Deed]:
    """Thanks for an answer, says whether it helped, or asks about a bill."""
    for thread_id in seen.closed:
        if draw.random() < 0.5:  # noqa: PLR2004
            yield RateHelp(thread_id=thread_id, helped=picked(draw, {"yes": 70, "partly": 20, "no": 10}))
    for thread_id in seen.answered:
        if draw.random() < 0.25:  # noqa: PLR2004
            yield SayThanks(thread_id=thread_id)
    for bill in seen.bills:
        if draw.random() < person.talkative * 0.01:
            yield Complain(plan_id=bill.plan_id, words=_said(draw, person, BILL_WORDS))


def gets_a_new_phone(person: Person, seen: Seen, draw: Random) -> Iterable[Deed]:
    """Once; half of them have lost the old one."""
    if person.changes_phone and not seen.has_new_phone and draw.random() < 0.02:  # noqa: PLR2004
        yield ChangePhone(is_lost=draw.random() < 0.5)  # noqa: PLR2004


def _said(draw: Random, person: Person, words: tuple[tuple[str, ...], tuple[str, ...]]) -> str:
    return draw.choice(words[1 if person.english else 0])


THANKS: Final = {"zh": "好的，明白了，谢谢。", "en": "Thank you, that is clear now."}

WISHES: Final = {
    (WishKind.RETURN, Reason.NO_REASON): 34,
    (WishKind.RETURN, Reason.FAULTY): 18,
    (WishKind.RETURN, Reason.NOT_AS_DESCRIBED): 12,
    (WishKind.RETURN, Reason.DAMAGED_IN_TRANSIT): 8,
    (WishKind.EXCHANGE, Reason.WRONG_SIZE_OR_COLOUR): 10,
    (WishKind.EXCHANGE, Reason.FAULTY): 10,
    (WishKind.REFUND_ONLY, Reason.MISSING_PARTS): 5,
    (WishKind.REFUND_ONLY, Reason.NEVER_ARRIVED): 3,
}

FAILED_WORDS: Final = (
    ("付款一直失败，是不是系统有问题？", "提示余额不足，可是我卡里有钱，麻烦看一下。", "扣款没成功，会影响征信吗？"),
    ("My payment keeps failing. Is something wrong on your side?", "It said not enough balance, but there is."),
)
CASE_WORDS: Final = (
    ("退款怎么还没到账？", "我的售后申请几天了，什么时候有结果？", "东西已经寄回去了，请问收到了吗？"),
    ("Where is my refund?", "My return has been waiting for days. When will I hear?"),
)
BILL_WORDS: Final = (
    ("请问提前还清能不能免手续费？", "这一期的金额为什么和上一期不一样？", "能把还款日改到发工资之后吗？"),
    ("Can I settle early without the fee?", "Why is this installment different from the last one?"),
)

Habit = Callable[[Person, Seen, Random], Iterable[Deed]]

HABITS: Final[tuple[Habit, ...]] = (
    gets_a_new_phone,
    binds_a_card,
    uses_auto_debit,
    allows_reserves,
    repays,
    runs_short,
    answers_offers,
    minds_a_failure,
    sends_back,
    follows_cases,
    takes_differences,
    talks,
)
