"""What staff do in a day: review cases, take parcels in, answer customers, put reconciliation right."""

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

from fenqi.domain.aftersales.cases import CaseState
from fenqi.domain.aftersales.rules import NextStep, RuleId
from fenqi.domain.errors import FenqiError
from fenqi.domain.hardship.changes import ChangeKind, ChangeState
from fenqi.domain.payments.refunds import RefundState
from fenqi.domain.plans import Component
from fenqi.domain.reconciliation import Repair
from fenqi.domain.support.saved_words import gaps
from fenqi.interfaces.commands.demo_year.habits import THANKS
from fenqi.interfaces.commands.demo_year.seeds import chance, picked
from fenqi.records.models import (
    Account,
    AftersalesCase,
    BoundCard,
    CardState,
    CaseLine,
    FindingState,
    PhoneChangeState,
    Plan,
    PlanChange,
    ReconciliationFinding,
    RefundLeg,
    RefundRoute,
    SupportThread,
    ThreadState,
)
from fenqi.records.scope import across_customers
from fenqi.usecases import clock
from fenqi.usecases.accounts import lost_phone
from fenqi.usecases.aftersales import review
from fenqi.usecases.aftersales.exchange import offer_refund, send_replacement
from fenqi.usecases.aftersales.goods import receive
from fenqi.usecases.customers import customer_view
from fenqi.usecases.hardship import propose
from fenqi.usecases.hardship.approve import approve_change
from fenqi.usecases.hardship.contacts import How, Outcome, Said, log_contact
from fenqi.usecases.hardship.propose import Wanted
from fenqi.usecases.partners.providers import MALL
from fenqi.usecases.reconciliation.findings import findings_of, repair
from fenqi.usecases.refunds import transfer
from fenqi.usecases.repayment.queries import plan_view
from fenqi.usecases.staff.permissions import Staff, staff_member
from fenqi.usecases.support import conversation, notes
from fenqi.usecases.support.saved_answers import filled, standing_answers

AGENT, FINANCE, ADMIN = "lin.agent", "zhao.finance", "chen.admin"
REVIEWED_AFTER: Final = timedelta(hours=15)
PARCEL_TAKES: Final = timedelta(days=2)
ANSWERED_AFTER: Final = timedelta(hours=12)
CLOSED_AFTER: Final = timedelta(days=3)
AT_ONCE: Final = 0.9
REPLACED_AFTER: Final = timedelta(hours=6)
LATE_DAYS: Final = 3
VERY_LATE_DAYS: Final = 12
CALLED, WAIVED, RESCHEDULED, PHONED = 0.15, 0.06, 0.08, 0.2
DEDUCTED: Final = 0.08
DEDUCTION_PART: Final = 10
SOLD_OUT: Final = 0.15

ANSWERS: Final = {
    "repayment_failed": "这笔没有扣到钱。银行返回余额不足，换一种方式或充值后再还就可以，今天还不算逾期。",
    "outcome_unknown": "结果正在向支付渠道核实，请先不要重复付款；如果付重了会自动退回。",
    "after_sales": "已经帮您看过这张售后单，进度和到账时间都在售后单页面上，我们会盯着它。",
    "other": "您好，金额的构成在账单的「解释这一笔」里能逐项看到；提前还清的报价在订单页。",
    "dispute": "记录已经核对，凭证可以在「记录与凭证」下载。",
}
CALLS: Final = {
    (Outcome.REACHED, "客户说发工资后就还"): 5,
    (Outcome.NO_ANSWER, ""): 4,
    (Outcome.CALL_BACK, "在开会，约晚上再打"): 2,
    (Outcome.BUSY, ""): 1,
}
ANSWER_EN: Final = (
    "We have looked into it: the page of your order shows how it stands. Write here if anything is unclear."
)


class Desk:
    """The three members of staff. `refused` counts what our rules did not let them do."""

    def __init__(self, *, seed: int) -> None:
        self._seed = seed
        self.agent, self.finance, self.admin = (_member(name) for name in (AGENT, FINANCE, ADMIN))
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def work(self, now: datetime) -> None:
        """A round of everything that waits."""
        self._approve(now)
        self._help_who_is_late(now)
        self._review(now)
        self._take_parcels(now)
        self._answer(now)
        self._transfer(now)

    def put_right(self, now: datetime) -> None:
        """What reconciliation found and nobody explained yet."""
        with across_customers():
            findings = ReconciliationFinding.objects.filter(state=FindingState.OPEN)
            found = sorted(set(findings.values_list("channel", "bill_date")))
        for finding in (one for channel, day in found for one in findings_of(channel, day)):
            chosen = next((one for one in PREFERRED if one in finding.repairs), None)
            if finding.state == FindingState.OPEN and chosen is not None:
                note = "与渠道核对，按账单处理"
                actor = self.finance.actor
                self.do("repair", repair, finding.owner_id, finding.id, chosen, note=note, actor=actor, now=now)

    def answer_at_once(self, now: datetime) -> None:
        """Most of those who wait; the others wait for a round of everything."""
        for thread in _threads(ThreadState.WAITING):
            if chance("at once", self._seed, thread.ticket_no, now.date()).random() < AT_ONCE:
                self.do("answer", self._say, thread, now)

    def _approve(self, now: datetime) -> None:
        """What a colleague proposed on an earlier round."""
        for change in lost_phone.changes_to_approve():
            if change.state == PhoneChangeState.PROPOSED:
                self.do(
                    "phone:approved", lost_phone.approve, self.finance, change.customer_id, change.change_id, now=now
                )
        with across_customers():
            proposed = list(PlanChange.objects.filter(state=ChangeState.PROPOSED).order_by("proposed_at", "id"))
        for waiting in proposed:
            self.do("change:approved", approve_change, self.admin, waiting.customer_id, waiting.id, now=now)

    def _help_who_is_late(self, now: datetime) -> None:
        """Calls about bills that are late, waives late fees, offers a new schedule: once in a while each."""
        today = clock.business_date(now)
        with across_customers():
            late = Plan.objects.filter(
                provider=MALL, outstanding_minor__gt=0, next_due_on__lte=today - timedelta(days=LATE_DAYS)
            )
            found = list(late.order_by("customer_id", "id"))
        for plan in found:
            customer_id, plan_id, due_on = plan.customer_id, plan.id, plan.next_due_on or today
            draw = chance("late", self._seed, customer_id, plan_id, today)
            if draw.random() < CALLED:
                self.do("call", self._call, customer_id, plan_id, draw, now)
            if draw.random() < WAIVED and (owed := _late_fee(customer_id, plan_id, today)) > 1:
                self.do("waiver", self._waive, customer_id, plan_id, owed // 2, now)
            if due_on <= today - timedelta(days=VERY_LATE_DAYS) and draw.random() < RESCHEDULED:
                self.do("reschedule", self._reschedule, customer_id, plan_id, now)

    def _call(self, customer_id: UUID, plan_id: UUID, draw: Random, now: datetime) -> None:
        outcome, note = picked(draw, CALLS)
        said = Said(how=How.CALL, outcome=outcome, note=note)
        log_contact(self.agent, customer_id, plan_id, said, request_key=f"year:{now:%y%m%d}:{plan_id}", now=now)

    def _waive(self, customer_id: UUID, plan_id: UUID, amount: int, now: datetime) -> None:
        wanted = Wanted(kind=ChangeKind.WAIVER, component=Component.LATE_FEE, amount_minor=amount)
        self._propose(customer_id, plan_id, wanted, "首次逾期，已沟通还款安排", now)

    def _reschedule(self, customer_id: UUID, plan_id: UUID, now: datetime) -> None:
        first = clock.business_date(now) + timedelta(days=20)
        wanted = Wanted(kind=ChangeKind.RESCHEDULE, installments=12, first_due_on=first)
        self._propose(customer_id, plan_id, wanted, "客户收入减少，协商延长期数", now)

    def _propose(self, customer_id: UUID, plan_id: UUID, wanted: Wanted, reason: str, now: datetime) -> None:
        token = propose.simulate(self.agent, customer_id, plan_id, wanted, now=now).token
        key = f"year:{now:%y%m%d}:{plan_id}:{wanted.kind}"
        propose.propose(self.agent, customer_id, plan_id, token=token, reason=reason, request_key=key, now=now)

    def _review(self, now: datetime) -> None:
        waiting = [CaseState.SUBMITTED.value, CaseState.IN_REVIEW.value]
        for case in _cases(waiting, before=now - REVIEWED_AFTER):
            draw = chance("review", self._seed, case.case_no, now.date())
            first = review.approvals_of(case)
            staff = self.admin if self.agent.actor in first else self.agent
            decision = "approve" if first else picked(draw, {"approve": 74, "ask": 10, "reject": 8, "wait": 8})
            self.do(f"case:{decision}", _decide, staff, case, decision, now)

    def _take_parcels(self, now: datetime) -> None:
        for case in _cases([CaseState.GOODS_AWAITED.value], before=now - PARCEL_TAKES):
            if case.tracking_no:
                self.do("receive", self._receive, case, now)
        for case in _cases([CaseState.REPLACING.value], before=now - REPLACED_AFTER):
            self.do("replace", self._replace, case, now)

    def _receive(self, case: AftersalesCase, now: datetime) -> None:
        draw = chance("receive", self._seed, case.case_no)
        lines = CaseLine.objects.filter(customer_id=case.customer_id, case_id=case.id)
        worth = {line.line_no: int(line.worth.get("value", 0)) for line in lines}
        deducts = case.kind != "exchange" and draw.random() < DEDUCTED
        deductions = {n: (value // DEDUCTION_PART, "外壳有划痕") for n, value in worth.items()} if deducts else None
        receive(self.agent, case.customer_id, case.id, deductions=deductions, note="配件齐全", now=now)

    def _replace(self, case: AftersalesCase, now: datetime) -> None:
        if chance("replace", self._seed, case.case_no).random() < SOLD_OUT:
            offer_refund(self.admin, case.customer_id, case.id, note="同款缺货，改为退款", now=now)
            return
        tracking_no = f"SF{case.id.int % 10**9:010}"
        send_replacement(self.agent, case.customer_id, case.id, tracking_no=tracking_no, now=now)

    def _answer(self, now: datetime) -> None:
        for thread in _threads(ThreadState.WAITING):
            if thread.updated_at < now - ANSWERED_AFTER:
                self.do("answer", self._say, thread, now)
        for thread in _threads(ThreadState.ANSWERED):
            if thread.updated_at < now - CLOSED_AFTER:
                self.do("close", conversation.close, self.agent, thread.customer_id, thread.id, now=now)

    def _say(self, thread: SupportThread, now: datetime) -> None:
        """An answer; to who only said thanks there is none left to give."""
        owner = thread.customer_id
        if conversation.thread_view(owner, thread.id, now=now).messages[-1].text in THANKS.values():
            conversation.close(self.agent, owner, thread.id, now=now)
            return
        words = ANSWERS.get(thread.topic, ANSWERS["other"])
        if customer_view(owner).language == "en":
            words = ANSWER_EN
        request_key = f"year:{now:%y%m%d}:{thread.id}"
        if chance("call", self._seed, thread.ticket_no, now.date()).random() < PHONED:
            note = "客户来电，核对了订单和这笔还款"
            notes.log_call(self.agent, owner, thread.id, note, way="in", request_key=request_key, now=now)
        words = self._saved_answer(thread, now) or words
        conversation.answer(self.agent, owner, thread.id, words, request_key=request_key, now=now)

    def _saved_answer(self, thread: SupportThread, now: datetime) -> str:
        """The saved answer for the topic, where the ticket fills all its gaps."""
        view = conversation.thread_view(thread.customer_id, thread.id, now=now)
        for saved in (one for one in standing_answers(topic=thread.topic) if one.topic in {thread.topic, ""}):
            words = filled(saved.code, view, now=now)
            if not gaps(words):
                self.done["answer:saved"] += 1
                return words
        return ""

    def _transfer(self, now: datetime) -> None:
        """Money that found no way back goes to an account that the customer named: proposed, approved, sent."""
        with across_customers():
            legs = list(RefundLeg.objects.filter(route=RefundRoute.TRANSFER).exclude(state=RefundState.SUCCEEDED.value))
        for leg in legs:
            card = BoundCard.objects.filter(customer_id=leg.customer_id, state=CardState.ACTIVE).first()
            if card is not None:  # the others are asked to name an account
                self.do("transfer", self._transferred, leg, card, now)

    def _transferred(self, leg: RefundLeg, card: BoundCard, now: datetime) -> None:
        owner, key = leg.customer_id, leg.id
        if not leg.proposed_by:
            transfer.propose_transfer(owner, key, card_id=card.id, staff=self.finance, now=now)
        elif not leg.approved_by:
            transfer.approve_transfer(owner, key, staff=self.admin, now=now)
        else:
            reference = f"ZZ{now:%Y%m%d}{key.int % 10**6:06}"
            transfer.record_transfer(owner, key, reference=reference, staff=self.finance, now=now)

    def do(self, what: str, act: Callable[..., object], *arguments: object, **named: object) -> None:
        """A refusal of our own rules is counted, and ends no day."""
        try:
            act(*arguments, **named)
        except FenqiError as refusal:
            self.refused[f"{what}:{refusal.code}"] += 1
        else:
            self.done[what] += 1


PREFERRED: Final = (Repair.BOOK_LATE, Repair.SENT_BACK, Repair.RECEIVED_AT_BANK, Repair.CHANNEL_CHARGE)


def _decide(staff: Staff, case: AftersalesCase, decision: str, now: datetime) -> None:
    owner, key = case.customer_id, case.id
    if decision == "approve":
        review.approve(staff, owner, key, now=now)
    elif decision == "ask":
        review.ask_for_more(staff, owner, key, note="请补拍一张能看清问题的照片，或说明出现的经过。", now=now)
    elif decision == "reject":
        review.reject(
            staff,
            owner,
            key,
            rule=RuleId.REASON_DOES_NOT_FIT,
            next_step=NextStep.APPEAL,
            note="检测没有发现所述问题，商品工作正常。",
            now=now,
        )


def _late_fee(customer_id: UUID, plan_id: UUID, today: date) -> int:
    """What is open of it, in minor units."""
    return plan_view(customer_id, plan_id, today=today).state.totals.outstanding.late_fee


def _cases(states: list[str], *, before: datetime) -> list[AftersalesCase]:
    with across_customers():
        found = AftersalesCase.objects.filter(state__in=states, updated_at__lt=before)
        return list(found.order_by("created_at", "id"))


def _threads(state: ThreadState) -> list[SupportThread]:
    with across_customers():
        return list(SupportThread.objects.filter(state=state).order_by("updated_at", "id"))


def _member(username: str) -> Staff:
    found = staff_member(Account.objects.filter(username=username).first())
    if found is None:
        raise LookupError(username)
    return found
