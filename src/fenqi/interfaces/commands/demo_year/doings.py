"""What customers' decisions become: each deed is one use case, or a few as a person clicks through them.

`DOINGS` knows what to do for each kind of deed. A refusal of ours is told to the customer and counted; it ends the
deed, not the year.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from fenqi.domain.aftersales.eligibility import Wish, WishedLine
from fenqi.domain.aftersales.reasons import Reason
from fenqi.domain.entries import EntryKind
from fenqi.domain.errors import FenqiError
from fenqi.interfaces.commands.demo_cases import a_photo
from fenqi.interfaces.commands.demo_year import habits
from fenqi.interfaces.commands.demo_year.habits import Deed, How
from fenqi.interfaces.commands.demo_year.moments import Town
from fenqi.interfaces.commands.demo_year.people import Person
from fenqi.interfaces.commands.demo_year.queue import Queue
from fenqi.records.models import (
    AgreementStatus,
    AppliedVia,
    BoundCard,
    CardState,
    DebitAgreement,
    Notice,
    NoticeState,
    PartnerPlan,
    PaymentAttempt,
    PaymentPurpose,
    ReserveHold,
)
from fenqi.usecases import clock, plan_file
from fenqi.usecases.accounts import lost_phone, phone
from fenqi.usecases.aftersales import review
from fenqi.usecases.aftersales.apply import apply
from fenqi.usecases.aftersales.evidence import store_evidence
from fenqi.usecases.aftersales.execute import confirm_quote
from fenqi.usecases.aftersales.goods import note_sent
from fenqi.usecases.aftersales.quoting import quote as quote_wish
from fenqi.usecases.aftersales.withdraw import withdraw
from fenqi.usecases.agreements.consent import Consent as DebitConsent
from fenqi.usecases.agreements.end import end_agreement
from fenqi.usecases.agreements.offers import Way, find_offer, words_of
from fenqi.usecases.agreements.sign import sign
from fenqi.usecases.cards.bind import Consent, TypedCard, ask_code, bind
from fenqi.usecases.entries.guard import open_entry
from fenqi.usecases.entries.links import LinkState, read_link
from fenqi.usecases.entries.routing import route
from fenqi.usecases.hardship import agree as schedules
from fenqi.usecases.hardship.extension import confirm_extension, offer, quote_extension
from fenqi.usecases.hardship.promises import Promised, make_promise
from fenqi.usecases.migrating import consent as moves
from fenqi.usecases.migrating.batches import find_batch, find_item
from fenqi.usecases.price_protection.claim import claim
from fenqi.usecases.price_protection.offers import accept_offer
from fenqi.usecases.recovery.remind import ask_reminder
from fenqi.usecases.repayment.quote import Choice, quote
from fenqi.usecases.repayment.start import StartedRepayment, start_repayment
from fenqi.usecases.reserves.consent import conditions_for
from fenqi.usecases.reserves.freeze import start_reserve
from fenqi.usecases.staff.permissions import Staff
from fenqi.usecases.support import conversation
from fenqi.usecases.support.rating import Helped, rate

HOME: Final = "127.0.0.1"
DESCRIPTIONS: Final[Mapping[Reason, tuple[str, str]]] = {
    Reason.NO_REASON: ("和想象的不一样，没有用过。", "Not what I imagined. It is unused."),
    Reason.FAULTY: ("用了两天就开不了机了。", "It stopped working after two days."),
    Reason.NOT_AS_DESCRIBED: ("颜色和页面上差得很远。", "The colour is nothing like the page."),
    Reason.DAMAGED_IN_TRANSIT: ("外箱破了，里面也磕了一角。", "The box was torn and a corner is dented."),
    Reason.WRONG_SIZE_OR_COLOUR: ("想换另一个颜色。", "I would like another colour."),
    Reason.MISSING_PARTS: ("少了一根充电线。", "The charging cable is missing."),
    Reason.NEVER_ARRIVED: ("显示签收了，但我没有收到。", "It says delivered, but I have nothing."),
}


@dataclass(slots=True)
class World:
    """What deeds are done with; `agent` helps where a person is needed. `refused` counts refusals by deed and code."""

    town: Town
    seed: int
    queue: Queue
    agent: Staff
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Doer:
    """Somebody at a moment."""

    world: World
    person: Person
    customer_id: UUID
    now: datetime

    @property
    def actor(self) -> str:
        return f"customer:{self.customer_id}"

    @property
    def language(self) -> str:
        return "en" if self.person.english else "zh"

    def key(self, *about: object) -> str:
        """A request key of this deed: done again, it is the same request."""
        return ":".join(map(str, ("year", f"{self.now:%y%m%d%H%M}", *about)))


def do(world: World, person: Person, customer_id: UUID, deed: Deed, *, now: datetime) -> None:
    """Do it, and count it; refused, it is counted as that."""
    name = type(deed).__name__
    try:
        DOINGS[type(deed)](Doer(world, person, customer_id, now), deed)
    except FenqiError as refusal:
        world.refused[f"{name}:{refusal.code}"] += 1
    else:
        world.done[name] += 1


# Bills


def repay(me: Doer, deed: habits.Repay) -> None:
    """Quote, start, and go on at the cashier as it happens."""
    if deed.bank_says:
        me.world.town.order_fault("bank_card", "charge", "code", deed.bank_says)
    started = _start(me, deed, deed.method, "1")
    me.world.done[f"repay:{deed.how}"] += 1
    number = _number(me, started)
    _at_cashier(me, number, *AT_CASHIER[deed.how])
    if deed.how is How.FAILS_THEN_PAYS and deed.bank_says:  # a card is debited anew; a cashier waits
        _pay_by(me, deed, deed.method, "2")
    if deed.how in BY_TWO_METHODS:
        _pay_by(me, deed, deed.second_method, "2")
    if deed.how is How.PAYS_TWICE:
        _at_cashier(me, number, "pay_late")


AT_CASHIER: Final[Mapping[How, tuple[str, ...]]] = {
    How.PAYS: ("confirm",),
    How.FAILS: ("refuse",),
    How.WALKS_AWAY: (),
    How.FAILS_THEN_PAYS: ("refuse", "confirm"),
    How.SWITCHES: ("refuse",),
    How.PAYS_TWICE: (),
    How.PAYS_LATE: ("expire", "pay_late"),
}
BY_TWO_METHODS: Final = frozenset({How.SWITCHES, How.PAYS_TWICE})


def _pay_by(me: Doer, deed: habits.Repay, method: str, turn: str) -> None:
    """Once more; there may be nothing left to pay by now."""
    try:
        started = _start(me, deed, method, turn)
    except FenqiError as refusal:
        me.world.refused[f"Repay:again:{refusal.code}"] += 1
        return
    _at_cashier(me, _number(me, started), "confirm")


def _start(me: Doer, deed: habits.Repay, method: str, turn: str) -> StartedRepayment:
    purpose = (
        PaymentPurpose.SETTLEMENT
        if deed.settle
        else PaymentPurpose.PART
        if deed.part_minor
        else PaymentPurpose.INSTALLMENTS
        if deed.installments
        else PaymentPurpose.DUE
    )
    choice = Choice(purpose=purpose, installments=deed.installments, amount_minor=deed.part_minor)
    quoted = quote(me.customer_id, deed.plan_id, choice, now=me.now)
    via = _entry(me, deed)
    started = start_repayment(
        customer_id=me.customer_id,
        plan_id=deed.plan_id,
        quote_token=quoted.token,
        method=_method(me, method),
        request_key=me.key(deed.plan_id, turn),
        now=me.now,
        via=via,
    )
    me.world.done[f"entry:{via}"] += 1
    if started.redirect_url:
        me.world.town.open(started.redirect_url)  # for some channels the payment exists only then
    return started


def _entry(me: Doer, deed: habits.Repay) -> EntryKind:
    """Where the customer comes in: by the link of a message that names this plan, else through what is open."""
    if deed.by_link and _follows_link(me, deed.plan_id):
        return EntryKind.MESSAGE_LINK
    found = open_entry(route(me.customer_id, deed.plan_id, now=me.now), (EntryKind.MALL_PAGE, EntryKind.MESSAGE_LINK))
    return found.kind if found else EntryKind.MALL_PAGE


def _follows_link(me: Doer, plan_id: UUID) -> bool:
    """The newest reminder has a link that is good, and leads to this plan."""
    told = Notice.objects.filter(customer_id=me.customer_id, weight="reminder", state=NoticeState.TOLD)
    newest = told.order_by("-told_at").first()
    code = str(newest.params.get("code", "")) if newest else ""
    link = read_link(code, now=me.now) if code else None
    return link is not None and link.state is LinkState.GOOD and link.plan_id == plan_id


def _method(me: Doer, channel: str) -> str:
    if channel != "bank_card":
        return channel
    card = BoundCard.objects.filter(customer_id=me.customer_id, state=CardState.ACTIVE).order_by("-bound_at").first()
    return f"bank_card:{card.id}" if card else "alipay"


def _number(me: Doer, started: StartedRepayment) -> str:
    numbers = PaymentAttempt.objects.filter(customer_id=me.customer_id, id=started.attempt_id)
    return str(numbers.values_list("out_trade_no", flat=True).get())


def _at_cashier(me: Doer, number: str, *actions: str) -> None:
    for action in actions:
        me.world.town.tell(f"trades/{number}/{action}")


def repay_at_platform(me: Doer, deed: habits.RepayAtPlatform) -> None:
    """On the lender's own page: we learn it from its file."""
    plans = PartnerPlan.objects.filter(customer_id=me.customer_id, plan_id=deed.plan_id, released_at=None)
    me.world.town.tell(f"trades/{plans.values_list('plan_no', flat=True).get()}/repay")


def bind_card(me: Doer, deed: habits.BindCard) -> None:
    """With the code that the bank sends; whoever mistypes the code tries once more."""
    typed = TypedCard(number=me.person.card_number, holder=me.person.name, phone=me.person.phone)
    binding = ask_code(me.customer_id, typed, now=me.now)
    consent = Consent(text="我同意绑定这张银行卡", language=me.language, remote_address=HOME)
    code = me.world.town.newest_code(typed.phone)
    if deed.mistyped:
        wrong = f"{(int(code) + 1) % 10 ** len(code):0{len(code)}}"
        try:
            bind(me.customer_id, typed, wrong, binding=binding, consent=consent, now=me.now)
        except FenqiError as refusal:
            me.world.refused[f"BindCard:{refusal.code}"] += 1
    bind(me.customer_id, typed, code, binding=binding, consent=consent, now=me.now)


def switch_on_auto_debit(me: Doer, deed: habits.SwitchOnAutoDebit) -> None:
    file = plan_file.read(me.customer_id, deed.plan_id)
    way = Way(channel=deed.channel, card_id=_card_id(me) if deed.channel == "bank_card" else None)
    words = words_of(find_offer(file, way, now=me.now), file, language=me.language)
    consent = DebitConsent(digest=words.digest, language=me.language, ip=HOME)
    started = sign(
        customer_id=me.customer_id,
        plan_id=deed.plan_id,
        way=way,
        consent=consent,
        request_key=me.key(deed.plan_id),
        now=me.now,
    )
    agreement = DebitAgreement.objects.get(customer_id=me.customer_id, id=started.agreement_id)
    if started.redirect_url and agreement.status == AgreementStatus.SIGNING:
        me.world.town.open(started.redirect_url)
        me.world.town.tell(f"trades/{agreement.number}/confirm")


def _card_id(me: Doer) -> UUID | None:
    cards = BoundCard.objects.filter(customer_id=me.customer_id, state=CardState.ACTIVE).order_by("-bound_at")
    return cards.values_list("id", flat=True).first()


def switch_off_auto_debit(me: Doer, deed: habits.SwitchOffAutoDebit) -> None:
    end_agreement(me.customer_id, deed.agreement_id, by=me.actor, reason="by_customer", now=me.now, ip=HOME)


def ask_for_reminder(me: Doer, deed: habits.AskReminder) -> None:
    ask_reminder(me.customer_id, deed.payment_id, now=me.now)


# Help


def promise_to_pay(me: Doer, deed: habits.PromiseToPay) -> None:
    promised = Promised(amount_minor=deed.amount_minor, pay_by=clock.business_date(me.now) + timedelta(days=deed.days))
    make_promise(me.customer_id, deed.plan_id, promised, request_key=me.key(deed.plan_id), via="portal", now=me.now)


def extend_due_date(me: Doer, deed: habits.ExtendDueDate) -> None:
    offered = offer(me.customer_id, deed.plan_id, now=me.now)
    if offered.refusal is not None:
        raise offered.refusal
    days = max((one for one in offered.days if one <= deed.days), default=offered.days[0])
    token = quote_extension(me.customer_id, deed.plan_id, days=days, now=me.now).token
    key = me.key(deed.plan_id)
    confirm_extension(me.customer_id, deed.plan_id, token=token, request_key=key, via="portal", now=me.now)


def decide_schedule(me: Doer, deed: habits.DecideSchedule) -> None:
    if not deed.agrees:
        schedules.decline(me.customer_id, deed.change_id, now=me.now)
        return
    shown = schedules.offered(me.customer_id, deed.change_id, now=me.now)
    schedules.agree(me.customer_id, deed.change_id, token=shown.token, language=me.language, now=me.now)


def decide_move(me: Doer, deed: habits.DecideMove) -> None:
    batch = find_batch(find_item(me.customer_id, deed.item_id).migration_id)
    digest = moves.text_of(batch, language=me.language).digest
    decide = moves.agree if deed.agrees else moves.decline
    word = moves.Word(digest=digest, language=me.language, ip=HOME)
    decide(me.customer_id, deed.item_id, word, now=me.now)


# Goods


def send_back(me: Doer, deed: habits.SendBack) -> None:
    wish = Wish(kind=deed.kind, reason=deed.reason, lines=(WishedLine(line_no=1, pieces=deed.pieces),))
    evidence = []
    if deed.with_photo:
        photo = store_evidence(me.customer_id, deed.order_id, content=_photo(), uploaded_by=me.actor, now=me.now)
        evidence.append(photo.evidence_id)
    apply(
        me.customer_id,
        deed.order_id,
        wish,
        quote_id=quote_wish(me.customer_id, deed.order_id, wish, now=me.now).quote_id,
        evidence_ids=evidence,
        description=DESCRIPTIONS[deed.reason][me.person.english],
        via=AppliedVia.PORTAL,
        actor=me.actor,
        now=me.now,
    )


@lru_cache(maxsize=1)
def _photo() -> bytes:
    return a_photo()


def hand_over(me: Doer, deed: habits.HandOver) -> None:
    tracking_no = f"SF{deed.case_id.int % 10**10:010}"
    note_sent(me.customer_id, deed.case_id, carrier="顺丰", tracking_no=tracking_no, actor=me.actor, now=me.now)


def answer_case(me: Doer, deed: habits.AnswerCase) -> None:
    words = "Here is what you asked for." if me.person.english else "补充说明：重启过三次，问题一样。"
    review.answer(me.customer_id, deed.case_id, note=words, actor=me.actor, now=me.now)


def confirm_new_quote(me: Doer, deed: habits.ConfirmQuote) -> None:
    confirm_quote(me.customer_id, deed.case_id, deed.quote_id, actor=me.actor, now=me.now)


def withdraw_case(me: Doer, deed: habits.WithdrawCase) -> None:
    withdraw(me.customer_id, deed.case_id, actor=me.actor, now=me.now)


def take_offer(me: Doer, deed: habits.TakeOffer) -> None:
    accept_offer(me.customer_id, deed.offer_id, unused=True, actor=me.actor, now=me.now)


def ask_for_difference(me: Doer, deed: habits.AskForDifference) -> None:
    claim(me.customer_id, deed.order_id, 1, unused=True, via=AppliedVia.PORTAL, actor=me.actor, now=me.now)


def allow_reserve(me: Doer, deed: habits.AllowReserve) -> None:
    """Agreed to on our page, and allowed at the channel."""
    text = conditions_for(me.customer_id, deed.hold_id, language=me.language)
    agreed = DebitConsent(digest=text.digest, language=me.language, ip=HOME)
    start_reserve(me.customer_id, deed.hold_id, consent=agreed, now=me.now)
    hold = ReserveHold.objects.get(customer_id=me.customer_id, id=deed.hold_id)
    me.world.town.tell(f"trades/{hold.reserve_no}/confirm")


# Words


def complain(me: Doer, deed: habits.Complain) -> None:
    thread_id = conversation.open_thread(
        me.customer_id,
        payment_id=deed.payment_id,
        plan_id=deed.plan_id,
        case_id=deed.case_id,
        language=me.language,
        now=me.now,
    )
    key = me.key(thread_id)
    conversation.say(me.customer_id, thread_id, deed.words, request_key=key, now=me.now)


def say_thanks(me: Doer, deed: habits.SayThanks) -> None:
    key = me.key(deed.thread_id, "thanks")
    conversation.say(me.customer_id, deed.thread_id, habits.THANKS[me.language], request_key=key, now=me.now)


def rate_help(me: Doer, deed: habits.RateHelp) -> None:
    rate(me.customer_id, deed.thread_id, Helped(deed.helped), now=me.now)


def change_phone(me: Doer, deed: habits.ChangePhone) -> None:
    """With the old phone at hand by two codes; without it an agent proposes the number, and a colleague approves."""
    old, new = me.person.phone, me.person.second_phone
    if deed.is_lost:
        lost_phone.ask_new_phone(me.world.agent, me.customer_id, new, now=me.now)
        checked = "核对了最近两笔订单和还款金额"
        lost_phone.propose(me.world.agent, me.customer_id, new, code=_code_to(me, new), checked=checked, now=me.now)
        return
    phone.ask_codes(me.customer_id, new, now=me.now)
    codes = {"new_code": _code_to(me, new), "old_code": _code_to(me, old)}
    phone.change_phone(me.customer_id, new, **codes, now=me.now)


def _code_to(me: Doer, number: str) -> str:
    """Read from the phone, once the worker has had it sent."""
    me.world.queue.run_until(me.now)
    return me.world.town.newest_code(number)


DOINGS: Final[Mapping[type, Callable[[Doer, Any], None]]] = {
    habits.Repay: repay,
    habits.RepayAtPlatform: repay_at_platform,
    habits.BindCard: bind_card,
    habits.SwitchOnAutoDebit: switch_on_auto_debit,
    habits.SwitchOffAutoDebit: switch_off_auto_debit,
    habits.SendBack: send_back,
    habits.HandOver: hand_over,
    habits.AnswerCase: answer_case,
    habits.ConfirmQuote: confirm_new_quote,
    habits.WithdrawCase: withdraw_case,
    habits.TakeOffer: take_offer,
    habits.AskForDifference: ask_for_difference,
    habits.AllowReserve: allow_reserve,
    habits.Complain: complain,
    habits.SayThanks: say_thanks,
    habits.RateHelp: rate_help,
    habits.ChangePhone: change_phone,
    habits.PromiseToPay: promise_to_pay,
    habits.ExtendDueDate: extend_due_date,
    habits.DecideSchedule: decide_schedule,
    habits.DecideMove: decide_move,
    habits.AskReminder: ask_for_reminder,
}
