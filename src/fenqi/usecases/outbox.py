"""What must happen after the transaction is written down in it; the relay hands it to the job queue."""

from datetime import date, datetime
from uuid import UUID

from fenqi.records.identifiers import new_id
from fenqi.records.posting import Decision

ASK_CHANNEL = "ask_channel"
REPAYMENT_SUCCEEDED = "repayment_succeeded"
SEND_REFUND = "send_refund"
ASK_REFUND = "ask_refund"
LOOK_AT_ARRIVAL = "look_at_arrival"
REFUND_ON_ITS_WAY = "refund_on_its_way"
ASK_AGREEMENT = "ask_agreement"
END_AGREEMENT = "end_agreement"
PLAN_DEBIT = "plan_debit"
ANNOUNCE_DEBIT = "announce_debit"
AUTO_DEBIT = "auto_debit"
AGREEMENT_NEWS = "agreement_news"
DEBIT_FAILED = "debit_failed"
RETRY_REMINDER = "retry_reminder"
SEND_PARTNER_REFUND = "send_partner_refund"
ASK_PARTNER_REFUND = "ask_partner_refund"
PASS_ON_REPAYMENT = "pass_on_repayment"  # noqa: S105  # money that is passed on
MIGRATION_NEWS = "migration_news"
REHEARSE_MIGRATION = "rehearse_migration"
GO_ON_MIGRATION = "go_on_migration"
ASK_RESERVE = "ask_reserve"
LOOK_AT_RESERVE = "look_at_reserve"
SEND_RELEASE = "send_release"
ASK_RELEASE = "ask_release"
CONFIRM_RELEASE = "confirm_release"
CAPTURE_RESERVE = "capture_reserve"
CAPTURE_ANNOUNCED = "capture_announced"
CAPTURE_DONE = "capture_done"
CASE_NEWS = "case_news"
PRICE_OFFERED = "price_offered"
EXECUTE_CASE = "execute_case"
FOLLOW_CASE = "follow_case"
MIND_CASE = "mind_case"
HAND_CLAIM_OVER = "hand_claim_over"
CORRECT_LATE_FEES = "correct_late_fees"
PROMISE_BROKEN = "promise_broken"
PLAN_CHANGE_NEWS = "plan_change_news"
CREDIT_NEWS = "credit_news"
SEND_NOTICE = "send_notice"
REPAYMENT_FAILED = "repayment_failed"
RESERVE_HELD = "reserve_held"
RESERVE_RETURNED = "reserve_returned"
TELL_OF_ANSWER = "tell_of_answer"
TELL_OF_CALL = "tell_of_call"
ENTRY_CLOSING = "entry_closing"
MAKE_FILE = "make_file"
SEND_ACCOUNT_CODE = "send_account_code"
ACCOUNT_NEWS = "account_news"
ENTRY_OPEN = "entry_open"
ENTRY_LEAVING = "entry_leaving"
ENTRY_STAYING = "entry_staying"


def ask_later(decision: Decision, attempt_id: UUID, *, at: datetime | None, now: datetime) -> None:
    """Ask the channel about the attempt at `at`; None: the daily bill must tell."""
    if at is not None:
        _add(decision, ASK_CHANNEL, {"attempt_id": str(attempt_id)}, at=at, now=now)


def tell_succeeded(decision: Decision, payment_id: UUID, *, now: datetime) -> None:
    """Tell the customer that the repayment was taken (R117)."""
    _add(decision, REPAYMENT_SUCCEEDED, {"payment_id": str(payment_id)}, at=now, now=now)


def about_agreement(decision: Decision, topic: str, agreement_id: UUID, *, at: datetime, now: datetime) -> None:
    """ASK_AGREEMENT, END_AGREEMENT: speak to the channel; PLAN_DEBIT: work out the next try; AUTO_DEBIT: make it."""
    _add(decision, topic, {"agreement_id": str(agreement_id)}, at=at, now=now)


def announce_debit(decision: Decision, agreement_id: UUID, *, debit_on: date, at: datetime, now: datetime) -> None:
    """Have the channel tell the payer of a debit on that day (P1007)."""
    body = {"agreement_id": str(agreement_id), "debit_on": debit_on.isoformat()}
    _add(decision, ANNOUNCE_DEBIT, body, at=at, now=now)


def tell_of_agreement(decision: Decision, agreement_id: UUID, *, news: str, at: datetime, now: datetime) -> None:
    """Tell the customer that it was signed, or ended."""
    _add(decision, AGREEMENT_NEWS, {"agreement_id": str(agreement_id), "news": news}, at=at, now=now)


def tell_debit_failed(decision: Decision, attempt_id: UUID, *, at: datetime, now: datetime) -> None:
    """Tell the customer that an auto-debit did not go through, and what comes next."""
    _add(decision, DEBIT_FAILED, {"attempt_id": str(attempt_id)}, at=at, now=now)


def remind_of_retry(decision: Decision, reminder_id: UUID, *, at: datetime, now: datetime) -> None:
    """Remind the customer at `at` of a repayment that failed (R140)."""
    _add(decision, RETRY_REMINDER, {"reminder_id": str(reminder_id)}, at=at, now=now)


def send_refund(decision: Decision, leg_id: UUID, *, at: datetime, now: datetime) -> None:
    """Send a leg of a refund to its channel at `at`."""
    _add(decision, SEND_REFUND, {"leg_id": str(leg_id)}, at=at, now=now)


def ask_refund(decision: Decision, leg_id: UUID, *, at: datetime, now: datetime) -> None:
    """Ask the channel about a leg at `at`."""
    _add(decision, ASK_REFUND, {"leg_id": str(leg_id)}, at=at, now=now)


def look_at_arrival(decision: Decision, leg_id: UUID, *, at: datetime, now: datetime) -> None:
    """See at `at`, when it should have arrived, whether a leg came back."""
    _add(decision, LOOK_AT_ARRIVAL, {"leg_id": str(leg_id)}, at=at, now=now)


def tell_on_its_way(decision: Decision, refund_id: UUID, *, now: datetime) -> None:
    """Tell the customer that what was paid twice is on its way back (P1006)."""
    _add(decision, REFUND_ON_ITS_WAY, {"refund_id": str(refund_id)}, at=now, now=now)


def tell_of_case(decision: Decision, case_id: UUID, *, seq: int, at: datetime, now: datetime) -> None:
    """Tell the customer of that step of an after-sales case."""
    _add(decision, CASE_NEWS, {"case_id": str(case_id), "seq": str(seq)}, at=at, now=now)


def about_case(decision: Decision, topic: str, case_id: UUID, *, now: datetime) -> None:
    """EXECUTE_CASE: let its money move; FOLLOW_CASE: see whether it has arrived; HAND_CLAIM_OVER: to an agent."""
    _add(decision, topic, {"case_id": str(case_id)}, at=now, now=now)


def ask_reserve(decision: Decision, hold_id: UUID, *, at: datetime, now: datetime) -> None:
    """Ask the channel at `at` whether the payer allowed a freeze."""
    _add(decision, ASK_RESERVE, {"hold_id": str(hold_id)}, at=at, now=now)


def look_at_reserve(decision: Decision, order_id: UUID, *, at: datetime, now: datetime) -> None:
    """See at `at` whether the reserve of an order goes back (P302, P304)."""
    _add(decision, LOOK_AT_RESERVE, {"order_id": str(order_id)}, at=at, now=now)


def about_reserve_move(decision: Decision, topic: str, move_id: UUID, *, at: datetime, now: datetime) -> None:
    """SEND_RELEASE, ASK_RELEASE, CONFIRM_RELEASE, CAPTURE_RESERVE: act; CAPTURE_ANNOUNCED, CAPTURE_DONE: tell of it."""
    _add(decision, topic, {"move_id": str(move_id)}, at=at, now=now)


def about_partner_refund(decision: Decision, topic: str, refund_id: UUID, *, at: datetime, now: datetime) -> None:
    """SEND_PARTNER_REFUND: tell the lender of a return; ASK_PARTNER_REFUND: ask what became of it."""
    _add(decision, topic, {"refund_id": str(refund_id)}, at=at, now=now)


def pass_on_repayment(decision: Decision, passed_id: UUID, *, at: datetime, now: datetime) -> None:
    """Tell the lender at `at` of a repayment that came here after its plan had moved there."""
    _add(decision, PASS_ON_REPAYMENT, {"passed_id": str(passed_id)}, at=at, now=now)


def tell_of_migration(decision: Decision, item_id: UUID, *, news: str, at: datetime, now: datetime) -> None:
    """Tell the customer that a plan is to move (`announced`), has moved (`moved`), or is back (`back`)."""
    _add(decision, MIGRATION_NEWS, {"item_id": str(item_id), "news": news}, at=at, now=now)


def about_migration(decision: Decision, topic: str, migration_id: UUID, *, at: datetime, now: datetime) -> None:
    """REHEARSE_MIGRATION, GO_ON_MIGRATION: of a whole batch; the decision is the house's."""
    _add(decision, topic, {"migration_id": str(migration_id)}, at=at, now=now)


def tell_of_price_offer(decision: Decision, offer_id: UUID, *, at: datetime, now: datetime) -> None:
    """Tell the customer at `at` that a price fell and that the difference waits (R102)."""
    _add(decision, PRICE_OFFERED, {"offer_id": str(offer_id)}, at=at, now=now)


def correct_late_fees(decision: Decision, plan_id: UUID, *, at: datetime, now: datetime) -> None:
    """Compare at `at` what a plan was charged for being late with what is right by all that is known."""
    _add(decision, CORRECT_LATE_FEES, {"plan_id": str(plan_id)}, at=at, now=now)


def about_promise(decision: Decision, promise_id: UUID, *, at: datetime, now: datetime) -> None:
    """Tell the customer at `at` that the promised day has passed."""
    _add(decision, PROMISE_BROKEN, {"promise_id": str(promise_id)}, at=at, now=now)


def about_change(decision: Decision, change_id: UUID, *, at: datetime, now: datetime) -> None:
    """Tell the customer at `at` of a change of their plan: offered, or done."""
    _add(decision, PLAN_CHANGE_NEWS, {"change_id": str(change_id)}, at=at, now=now)


def about_credit_mark(decision: Decision, mark_id: UUID, *, at: datetime, now: datetime) -> None:
    """Tell the customer at `at` where a credit mark stands: announced, reported, taken back, objection answered."""
    _add(decision, CREDIT_NEWS, {"mark_id": str(mark_id)}, at=at, now=now)


def tell_failed(decision: Decision, attempt_id: UUID, *, at: datetime, now: datetime) -> None:
    """Tell the customer at `at` that a repayment failed, unless they have gone on by then."""
    _add(decision, REPAYMENT_FAILED, {"attempt_id": str(attempt_id)}, at=at, now=now)


def tell_reserve_held(decision: Decision, hold_id: UUID, *, now: datetime) -> None:
    """Tell the customer that the reserve is held."""
    _add(decision, RESERVE_HELD, {"hold_id": str(hold_id)}, at=now, now=now)


def send_notice(decision: Decision, notice_id: UUID, *, at: datetime, now: datetime) -> None:
    """Send a notice that waits, or what is missing of one."""
    _add(decision, SEND_NOTICE, {"notice_id": str(notice_id)}, at=at, now=now)


def tell_of_answer(decision: Decision, thread_id: UUID, *, message_no: int, at: datetime, now: datetime) -> None:
    """Tell the customer at `at` of an answer that was not read by then."""
    _add(decision, TELL_OF_ANSWER, {"thread_id": str(thread_id), "message_no": str(message_no)}, at=at, now=now)


def tell_of_call(decision: Decision, callback_id: UUID, *, now: datetime) -> None:
    """Tell the customer when we call."""
    _add(decision, TELL_OF_CALL, {"callback_id": str(callback_id)}, at=now, now=now)


def make_file(decision: Decision, file_id: UUID, *, now: datetime) -> None:
    """Have a file made that a reader asked for."""
    _add(decision, MAKE_FILE, {"file_id": str(file_id)}, at=now, now=now)


def send_account_code(decision: Decision, code_id: UUID, *, now: datetime) -> None:
    """Send the one-time code to the phone it is for."""
    _add(decision, SEND_ACCOUNT_CODE, {"code_id": str(code_id)}, at=now, now=now)


def tell_of_account(decision: Decision, news: str, subject_id: UUID, *, now: datetime) -> None:
    """Tell the customer what happens to the account; `news` is a message of `notices.templates`."""
    _add(decision, ACCOUNT_NEWS, {"news": news, "subject_id": str(subject_id)}, at=now, now=now)


def _add(decision: Decision, topic: str, body: dict[str, str], *, at: datetime, now: datetime) -> None:
    decision.add("outbox", {"id": new_id(), "topic": topic, "body": body, "not_before": at, "created_at": now})
