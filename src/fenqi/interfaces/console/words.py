"""The stable words of the records in the words of staff. A word that is not listed is shown as it is stored."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

Words = Mapping[str, Any]

MOVE_BATCH_STATES: Words = {
    "draft": _("Drafted"),
    "rehearsed": _("Rehearsed"),
    "approved": _("Approved by a second person"),
    "announced": _("Announced"),
    "frozen": _("Being moved"),
    "moved": _("All moved"),
    "confirmed": _("Confirmed by the partner"),
    "rolled_back": _("Taken back"),
    "cancelled": _("Batch called off"),
}
MOVE_BATCH_TONES: Words = {
    "rehearsed": "due",
    "approved": "due",
    "announced": "due",
    "frozen": "due",
    "moved": "due",
    "confirmed": "paid",
    "rolled_back": "cancelled",
    "cancelled": "cancelled",
}
MOVE_STATES: Words = {
    "listed": _("Not rehearsed"),
    "ready": _("Agrees to the fen"),
    "differs": _("Cannot move so"),
    "dropped": _("Stays"),
    "frozen": _("Waits for its payments"),
    "asked": _("The partner is asked"),
    "moved": _("Booked here"),
    "confirmed": _("Moved and confirmed"),
    "revoking": _("Being taken back"),
    "rolled_back": _("Taken back"),
}
MOVE_TONES: Words = {
    "ready": "paid",
    "differs": "overdue",
    "dropped": "cancelled",
    "frozen": "due",
    "asked": "unknown",
    "moved": "due",
    "confirmed": "paid",
    "revoking": "unknown",
    "rolled_back": "cancelled",
}
MOVE_REASONS: Words = {
    "not_theirs": _("somebody else holds it"),
    "settled": _("nothing is owed on it"),
    "currency": _("another currency than yuan"),
    "credit": _("the customer has credit on it"),
    "payment_unknown": _("a payment is unknown"),
    "return_open": _("after-sales are open"),
    "refund_open": _("a refund is not finished"),
    "reserve": _("a reserve secures it"),
    "not_passed_on": _("money is not passed on yet"),
    "other_batch": _("it is in another batch"),
    "file_differs": _("the file says another balance (ours / the file's)"),
    "theirs_differs": _("the partner says another balance (ours / theirs)"),
    "price_differs": _("the partner says another price (ours / theirs)"),
    "refused": _("the partner does not take it"),
    "no_answer": _("the partner gave no answer"),
    "no_consent": _("the customer did not agree"),
    "declined": _("the customer declined"),
    "in_flight": _("a payment is under way: it is followed to its end"),
    "still_unknown": _("a payment stayed unknown too long"),
    "changed": _("the plan has changed meanwhile"),
    "by_staff": _("dropped by staff"),
    "batch_cancelled": _("the batch was called off"),
}
MOVE_CONSENTS: Words = {
    "": "—",
    "agreed": _("agreed"),
    "declined": _("declined"),
    "not_needed": _("not needed"),
}
MOVE_ACTS: Words = {
    "drafted": _("Drafted"),
    "approved": _("Approved by a second person"),
    "announced": _("Announced"),
    "ended": _("Ended"),
}

RESERVE_STATES: Words = {
    "wanted": _("Asked for"),
    "offered": _("Waits for the customer"),
    "unknown": _("Outcome unknown"),
    "held": _("On hold"),
    "ended": _("Released or taken"),
    "closed": _("Not held"),
}
RESERVE_TONES: Words = {
    "wanted": "due",
    "offered": "due",
    "unknown": "unknown",
    "held": "neutral",
    "ended": "paid",
    "closed": "cancelled",
}

RESERVE_KINDS: Words = {"frozen": _("Frozen"), "prepaid": _("Paid beforehand")}

RESERVE_RULES: Words = {
    "when_nothing_is_owed": _("goes back once nothing is owed"),
    "in_proportion": _("goes back by the share that was returned"),
}

RESERVE_MOVES: Words = {
    "release": _("Release"),
    "capture": _("Capture"),
    "expiry": _("Expired at the channel"),
}

RESERVE_MOVE_STATES: Words = {
    "proposed": _("Waits for approval"),
    "announced": _("The customer was told"),
    "created": _("Number stored, nothing sent"),
    "sent": _("Sent, not confirmed"),
    "unknown": _("Outcome unknown"),
    "done": _("Done"),
    "failed": _("Did not go through"),
    "withdrawn": _("Called off"),
}
RESERVE_MOVE_TONES: Words = {
    "proposed": "due",
    "announced": "due",
    "sent": "due",
    "unknown": "unknown",
    "done": "paid",
    "failed": "overdue",
    "withdrawn": "cancelled",
}

RESERVE_REASONS: Words = {
    "plan_settled": _("the plan is settled"),
    "refund_final": _("the refund has left"),
    "order_cancelled": _("the order was cancelled"),
    "in_proportion": _("part of the goods went back"),
    "advanced": _("advanced on a refund"),
    "by_staff": _("by staff"),
    "expired": _("let go by the channel"),
    "superseded": _("another reserve secures the order"),
    "overdue": _("for what is overdue"),
    "still_owed": _("something is still owed"),
    "refund_under_way": _("a refund is under way"),
    "no_end_yet": _("there is no plan, and no refund has left"),
    "one_piece": _("something is under way on it, and it is given back whole"),
    "completed": _("the rest after a capture, released by the bank"),
}

RESERVE_ALERTS: Words = {
    "reserve_contradicted": _("The channel says other sums than we do"),
    "reserve_move_unlisted": _("The channel says what cannot be"),
    "reserve_above_held": _("The channel moved more than we hold"),
    "reserve_release_failed": _("The channel refused a release for good: ask it, then try again"),
}

PROVIDER_KINDS: Words = {
    "platform": _("Installment platform"),
    "card": _("Bank's card installments"),
}

DIFFERENCE_ROUTES: Words = {
    "payment_account": _("To whoever paid; the plan stays as it is"),
    "plan": _("Off the plan"),
}

PARTNER_ALERTS: Words = {
    "by_hand": _("Refund it at the acquirer"),
    "refused": _("The lender refused it"),
    "contradicts": _("Its answer cannot be believed"),
    "no_answer": _("No answer for a week"),
    "mirror_differs": _("It credited another sum than we work out"),
}

PARTNER_PROBLEMS: Words = {
    "unknown_plan": _("A plan that we do not know"),
    "unknown_refund": _("A return that we do not know"),
    "unknown_transfer": _("A move of a plan that we do not know"),
    "amount_differs": _("Another sum than ours"),
    "adjustment": _("An adjustment by the lender"),
}

ORDER_STATUSES: Words = {
    "placed": _("Placed"),
    "approved": _("Approved"),
    "shipped": _("Shipped"),
    "delivered": _("Delivered"),
    "cancelled": _("Order cancelled"),
    "unavailable": _("Unavailable"),
}

PLAN_STATUSES: Words = {
    "active": _("Running"),
    "settled": _("Settled"),
    "overpaid": _("Overpaid"),
    "cancelled": _("Plan cancelled"),
    "charged_off": _("Charged off"),
}
PLAN_TONES: Words = {"active": "neutral", "settled": "paid", "overpaid": "refund", "charged_off": "overdue"}

PAYMENT_STATES: Words = {
    "open": _("Under way"),
    "succeeded": _("Succeeded"),
    "closed": _("Ended unpaid"),
}
PAYMENT_TONES: Words = {"open": "due", "succeeded": "paid", "closed": "cancelled"}

PURPOSES: Words = {
    "installments": _("Chosen installments"),
    "due": _("All that is due"),
    "settlement": _("Early settlement"),
    "part": _("A part"),
    "recorded": _("Received by the mall"),
    "reserve": _("A reserve, paid beforehand"),
}

ATTEMPT_STATES: Words = {
    "created": _("Number stored, nothing sent"),
    "submitted": _("At the cashier"),
    "succeeded": _("Succeeded"),
    "failed": _("Did not go through"),
    "unknown": _("Outcome unknown"),
    "closed": _("Ended unpaid"),
}
ATTEMPT_TONES: Words = {
    "created": "neutral",
    "submitted": "due",
    "succeeded": "paid",
    "failed": "overdue",
    "unknown": "unknown",
    "closed": "cancelled",
}

REFUND_STATES: Words = {
    "created": _("To be sent"),
    "submitted": _("Sent, not confirmed"),
    "processing": _("Accepted by the channel"),
    "succeeded": _("Has left"),
    "failed": _("Failed for good"),
    "abnormal": _("Hangs at the channel"),
    "unknown": _("Outcome unknown"),
    "returned": _("Came back"),
}
REFUND_TONES: Words = {
    "created": "neutral",
    "submitted": "due",
    "processing": "due",
    "succeeded": "paid",
    "failed": "cancelled",
    "abnormal": "overdue",
    "unknown": "unknown",
    "returned": "overdue",
}

REFUND_STATUSES: Words = {
    "open": _("On its way"),
    "needs_person": _("Needs a person"),
    "completed": _("All has left"),
}
REFUND_STATUS_TONES: Words = {"open": "due", "needs_person": "overdue", "completed": "paid"}

REFUND_CAUSES: Words = {
    "duplicate": _("Paid twice"),
    "aftersale": _("After-sales"),
    "price_difference": _("Price difference"),
    "reserve": _("A reserve that goes back"),
    "balance": _("Credit balance paid out"),
    "other": _("Other"),
}

CHANNELS: Words = {
    "alipay": _("Alipay"),
    "wechat_pay": _("WeChat Pay"),
    "bank_card": _("Bank card"),
    "mall": _("the mall"),
    "cash": _("cash"),
    "sms": _("SMS"),
}

FAILURES: Words = {
    "insufficient_balance": _("not enough balance"),
    "wrong_account_info": _("wrong account details"),
    "method_unavailable": _("method unavailable"),
    "outcome_unknown": _("outcome unknown"),
    "limit_exceeded": _("over a limit"),
    "channel_maintenance": _("channel maintenance"),
    "contact_support": _("needs a person"),
    "merchant_config": _("our own set-up"),
}

ACCOUNTS: Words = {
    "receivable.principal": _("Receivable: principal"),
    "receivable.interest": _("Receivable: interest"),
    "receivable.fee": _("Receivable: fee"),
    "receivable.late_fee": _("Receivable: late fee"),
    "allowance.bad_debt": _("Allowance for bad debt"),
    "customer.balance": _("Customer's balance"),
    "payable.refund": _("Owed back to the customer"),
    "payable.partner": _("Owed to the partner"),
    "reserve.held": _("Reserve held"),
    "reserve.owed": _("Reserve owed"),
    "sales.clearing": _("Sales clearing"),
    "sales.returns": _("Sales returns"),
    "income.interest": _("Income: interest"),
    "income.fee": _("Income: fee"),
    "income.late_fee": _("Income: late fee"),
    "expense.price_protection": _("Expense: price protection"),
    "expense.goodwill": _("Expense: goodwill"),
    "expense.waiver": _("Expense: waivers"),
    "expense.subsidy": _("Expense: subsidy"),
    "expense.channel_fee": _("Expense: channel fee"),
    "expense.bad_debt": _("Expense: bad debt"),
    "suspense": _("Suspense"),
    "bank.settlement": _("Our bank account"),
    "clearing.alipay": _("Clearing: Alipay"),
    "clearing.wechat_pay": _("Clearing: WeChat Pay"),
    "clearing.bank_card": _("Clearing: bank cards"),
    "clearing.mall": _("Clearing: the mall"),
    "clearing.cash": _("Clearing: cash"),
}

NOTICE_STATES: Words = {"waiting": _("Waits for its time"), "told": _("Told"), "held": _("Not sent")}
NOTICE_TONES: Words = {"waiting": "due", "told": "paid", "held": "neutral"}
DELIVERY_STATES: Words = {
    "sending": _("Being sent"),
    "accepted": _("Taken by the service"),
    "delivered": _("Delivered to the phone"),
    "undelivered": _("Did not arrive"),
    "refused": _("Refused"),
    "unknown": _("Outcome unknown"),
    "unreached": _("Not taken, handed over"),
}
DELIVERY_TONES: Words = {
    "sending": "due",
    "accepted": "paid",
    "delivered": "paid",
    "undelivered": "overdue",
    "refused": "overdue",
    "unknown": "unknown",
    "unreached": "neutral",
}
NOTICE_REASONS: Words = {
    "account_closed": _("the account is closed"),
    "paid": _("paid meanwhile"),
    "outcome_unknown": _("a repayment is under way"),
    "return_open": _("a return is open"),
    "entry_closed": _("the way to repay is closed"),
    "disputed": _("the customer disputes it"),
    "promised": _("the customer has promised to pay"),
    "told_enough": _("reminded often enough"),
    "too_late": _("its day is over"),
}
NOTICE_WAYS: Words = {"sms": _("SMS"), "email": _("E-mail")}
SERVICES: Words = {"sms": _("first SMS service"), "sms2": _("second SMS service"), "email": _("mail server")}
TEMPLATE_STATES: Words = {"draft": _("Draft"), "published": _("In force"), "withdrawn": _("Taken back")}
TEMPLATE_TONES: Words = {"draft": "due", "published": "paid", "withdrawn": "cancelled"}
TEMPLATE_KINDS: Words = {"sms": _("Text message"), "mail": _("Mail and inbox")}
WRITTEN_IN: Words = {"zh": _("Chinese"), "en": _("English")}

ACTS: Words = {
    "notices_seen": _("Looked at the notices of a day"),
    "notice_template_drafted": _("Drafted words of a notice"),
    "notice_template_published": _("Published words of a notice"),
    "notice_template_withdrawn": _("Took words of a notice back"),
    "notice_template_tried": _("Tried a notice in the sandbox"),
    "ticket_handed_over": _("Handed a ticket over"),
    "ticket_released": _("Put a ticket back"),
    "ticket_noted": _("Wrote an internal note"),
    "call_logged": _("Wrote down a telephone call"),
    "callback_planned": _("Promised a call"),
    "callback_ended": _("Ended a promised call"),
    "saved_answer_published": _("Published a saved answer"),
    "saved_answer_withdrawn": _("Withdrew a saved answer"),
    "text_written": _("Wrote a text for customers"),
    "text_published": _("Published a text for customers"),
    "text_dropped": _("Dropped a draft"),
    "text_withdrawn": _("Withdrew a text for customers"),
    "customers_view_seen": _("Looked at what the customer sees"),
    "migration_drafted": _("Drafted a batch of plans to move"),
    "migration_rehearsed": _("Had a move rehearsed"),
    "migration_plan_dropped": _("Dropped a plan from a move"),
    "migration_approved": _("Approved a move"),
    "migration_announced": _("Announced a move"),
    "migration_cancelled": _("Called a move off"),
    "migration_rolled_back": _("Took a move back"),
    "migration_seen": _("Looked at a move"),
    "migration_agreed": _("Agreed to a move"),
    "migration_declined": _("Declined a move"),
    "plan_moved": _("A plan moved to another holder"),
    "plan_moved_back": _("A plan came back from another holder"),
    "closing_seen": _("Looked at the closing of a repayment entry"),
    "closing_planned": _("Proposed to close a repayment entry"),
    "closing_approved": _("Approved the closing of a repayment entry"),
    "closing_rejected": _("Turned down the closing of a repayment entry"),
    "closing_cancelled": _("Cancelled the closing of a repayment entry"),
    "closing_ended_early": _("Opened a repayment entry again early"),
    "closing_extended": _("Proposed to keep a repayment entry closed for longer"),
    "entry_proposed": _("Proposed a version of a repayment entry"),
    "entry_published": _("Published a repayment entry"),
    "entry_turned_down": _("Turned down a version of a repayment entry"),
    "app_recognised": _("Recognised by phone in the finance app"),
    "phone_shared": _("Let two accounts share a phone number"),
    "condition_added": _("Said what is known of a channel"),
    "condition_withdrawn": _("Withdrew what was known of a channel"),
    "policy_published": _("Published a policy"),
    "policy_withdrawn": _("Withdrew a policy"),
    "customer_searched": _("Searched for a customer"),
    "customer_seen": _("Looked at the customer"),
    "personal_data_revealed": _("Revealed name and phone"),
    "audit_seen": _("Looked at the audit"),
    "list_taken_along": _("Took a list along as a file"),
    "repayments_seen": _("Looked at the list of repayments"),
    "refused_callbacks_seen": _("Looked at refused callbacks"),
    "channel_asked": _("Asked the channel"),
    "refunds_seen": _("Looked at the refunds that wait"),
    "transfer_proposed": _("Proposed an account for a transfer"),
    "transfer_approved": _("Approved a transfer"),
    "transfer_recorded": _("Recorded a transfer"),
    "transfer_returned": _("Recorded a transfer that came back"),
    "refund_outcome_proposed": _("Proposed how a refund ended"),
    "refund_outcome_approved": _("Approved how a refund ended"),
    "refund_route_given_up": _("Called a refund off at the channel"),
    "signed_in": _("Signed in"),
    "notice_sent": _("Message sent"),
    "staff_created": _("Made a sign-in for staff"),
    "customer_registered": _("Registered the customer"),
    "order_registered": _("Registered an order"),
    "finding_repaired": _("Repaired a reconciliation finding"),
    "agreement_ended": _("Ended auto-debit"),
    "api_client_made": _("Made an API key"),
    "api_client_revoked": _("Revoked an API key"),
    "card_bound": _("Bound a bank card"),
    "card_removed": _("Removed a bank card"),
    "partner_edited": _("Changed what is said of a lender"),
    "partner_refund_looked_at": _("Saw to a return at a lender"),
    "conversation_taken": _("Took a conversation"),
    "conversation_answered": _("Answered a customer"),
    "conversation_closed": _("Closed a conversation"),
    "conversation_seen": _("Looked at a conversation"),
    "cases_seen": _("Looked at the after-sales cases"),
    "case_seen": _("Looked at an after-sales case"),
    "evidence_seen": _("Looked at a photo or video"),
    "evidence_removed": _("Removed a photo or video whose time was over"),
    "case_taken": _("Took an after-sales case in hand"),
    "case_applied_for": _("Applied for after-sales for the customer"),
    "case_evidence_asked": _("Asked for more evidence"),
    "case_approved": _("Approved an after-sales case"),
    "case_rejected": _("Rejected an after-sales case"),
    "case_withdrawn": _("Withdrew an after-sales case"),
    "goods_received": _("Received returned goods"),
    "replacement_sent": _("Sent a replacement"),
    "daily_close_asked": _("Had the day closed"),
    "refund_offered_instead": _("Offered a refund instead of an exchange"),
    "help_policy_published": _("Published rules of help"),
    "collections_seen": _("Looked at the overdue plans"),
    "overdue_plan_seen": _("Looked at an overdue plan"),
    "promise_recorded": _("Recorded a promise to pay"),
    "promise_taken_back": _("Took back a promise to pay"),
    "reschedule_proposed": _("Proposed a new schedule"),
    "waiver_proposed": _("Waived, or proposed it"),
    "charge_off_proposed": _("Proposed to write a plan off"),
    "plan_change_approved": _("Approved a change of a plan"),
    "plan_change_taken_back": _("Took back a change of a plan"),
    "consent_recorded": _("Recorded the customer's consent"),
    "debt_contact_logged": _("Logged a contact about money due"),
    "debt_contact_refused": _("Was refused a contact about money due"),
    "credit_objection_answered": _("Answered an objection to a credit mark"),
    "credit_mark_withdrawn": _("Withdrew a credit mark"),
    "credit_marks_exported": _("Exported credit marks"),
    "phone_changed": _("Another phone was bound"),
    "phone_change_proposed": _("Proposed a new phone for a lost one"),
    "phone_change_approved": _("Approved a new phone for a lost one"),
    "phone_change_stopped": _("Stopped a change of the phone"),
    "data_exported": _("Asked for a copy of all data"),
    "dispute_file_made": _("Had a dispute file made"),
    "dispute_file_fetched": _("Fetched a dispute file"),
    "closing_asked": _("Asked to close the account"),
    "closing_withdrawn": _("The account stays open"),
    "account_erased": _("Personal data erased"),
    "reserve_asked_for": _("Asked the customer for a reserve"),
    "reserve_agreed": _("Agreed to a reserve"),
    "reserves_seen": _("Looked at the reserves that wait"),
    "reserve_released": _("Released a reserve"),
    "capture_proposed": _("Proposed to take from a reserve"),
    "capture_approved": _("Approved taking from a reserve"),
    "capture_withdrawn": _("Called off taking from a reserve"),
}

REFUSALS: Words = {
    "bad_signature": _("Signature does not hold"),
    "malformed": _("Cannot be read, or not ours"),
    "wrong_app": _("Addressed to another app"),
    "wrong_seller": _("For another merchant"),
    "amount_mismatch": _("Another amount than asked for"),
}

ROLES: Words = {"agent": _("Agent"), "finance": _("Finance"), "admin": _("Admin")}

TOPICS: Words = {
    "repayment_failed": _("A repayment failed"),
    "outcome_unknown": _("An outcome is not known"),
    "after_sales": _("After-sales"),
    "dispute": _("Dispute"),
    "refund": _("Refund"),
    "reserve": _("Reserve"),
    "entry": _("Where to repay"),
    "price": _("Price difference"),
    "order": _("Order"),
    "other": _("Other"),
}

PLACES: Words = {
    "repayment": _("page of a repayment"),
    "bills": _("my bills"),
    "order": _("page of an order"),
    "plan": _("page of a plan"),
    "case": _("page of an after-sales case"),
    "refund": _("page of a refund"),
    "reserve": _("page of a reserve"),
    "price": _("page of a price difference"),
    "entry": _("looking for where to repay"),
    "cards": _("bank cards"),
    "account": _("account"),
    "help": _("help pages"),
    "telephone": _("telephone"),
    "other": _("elsewhere"),
}

TICKET_EVENTS: Words = {
    "taken": _("took the ticket"),
    "handed_over": _("handed the ticket over"),
    "released": _("put the ticket back"),
    "answered": _("answered"),
    "closed": _("closed the ticket"),
    "reopened": _("wrote again: the ticket is open"),
    "late": _("The promised answer is late"),
    "note": _("Internal note"),
    "call": _("Telephone call"),
    "rated": _("Rated"),
    "callback": _("Call back"),
}
CALL_WAYS: Words = {
    "in": _("the customer called"),
    "out": _("we called"),
    "missed": _("we called, nobody answered"),
}
HELPED: Words = {"yes": _("solved"), "partly": _("partly solved"), "no": _("not solved")}

TEXT_KINDS: Words = {"announcement": _("Announcement"), "guide": _("Help page")}
TEXT_STATES: Words = {
    "draft": _("Waits for a second person"),
    "published": _("Is out"),
    "withdrawn": _("Withdrawn"),
}
ANSWER_STANDINGS: Words = {"stands": _("Offered now"), "replaced": _("Replaced"), "withdrawn": _("Withdrawn")}
ANSWER_TONES: Words = {"stands": "paid", "withdrawn": "cancelled"}

SEEN_PAGES: Words = {
    "bills": _("Bills"),
    "inbox": _("Notices"),
    "orders": _("Orders"),
    "after_sales": _("After-sales"),
    "support": _("Help and feedback"),
}

MESSAGES: Words = {
    "support_answered": _("an answer of ours waits"),
    "call_planned": _("when we call"),
    "entry_closing": _("an entry is closed for a time"),
    "entry_open": _("an entry is open again"),
    "entry_leaving": _("an entry moves or ends"),
    "entry_staying": _("an entry stays after all"),
    "price_offered": _("a price fell"),
    "retry_reminder": _("the repayment can be tried again"),
    "duplicate_returned": _("what was paid twice goes back"),
    "auto_debit_failed": _("an auto-debit failed"),
    "auto_debit_signed": _("auto-debit is on"),
    "auto_debit_ended": _("auto-debit is off"),
    "capture_announced": _("a reserve will be used"),
    "capture_done": _("a reserve was used"),
    "case_received": _("after-sales application received"),
    "case_refunding": _("a refund has left"),
    "case_arrived": _("a refund has arrived"),
}

DESK_SHOWS: Words = {
    "waiting": _("Waits for an answer"),
    "mine": _("Mine"),
    "nobodys": _("Nobody's"),
    "open": _("All open"),
    "closed": _("Closed"),
}

FOUND_BY: Words = {
    "phone": _("phone"),
    "order_no": _("order number"),
    "customer_ref": _("customer number"),
    "out_trade_no": _("payment number"),
}

VERDICTS: Words = {
    "matched": _("Matched"),
    "missing_here": _("We do not have it"),
    "missing_there": _("The channel does not have it"),
    "amount_differs": _("Amounts differ"),
    "state_differs": _("States differ"),
    "duplicate": _("Named twice"),
}

FINDING_STATES: Words = {"open": _("To be explained"), "repaired": _("Booked since"), "explained": _("Explained")}
FINDING_TONES: Words = {"open": "overdue", "repaired": "paid", "explained": "neutral"}

REPAIRS: Words = {
    "settled_by_bill": _("Booked because of the bill"),
    "agrees_now": _("Agrees by now"),
    "book_late": _("Book it now"),
    "sent_back": _("We sent it back from our bank account"),
    "received_at_bank": _("It came to our bank account outside the bill"),
    "channel_charge": _("It is a charge or a gift of the channel"),
}

LINE_KINDS: Words = {"payment": _("Payment"), "refund": _("Refund"), "fee": _("Fee"), "day": _("The whole day")}

AGREEMENT_STATUSES: Words = {
    "signing": _("Being signed"),
    "active": _("Active"),
    "ended": _("Agreement ended"),
    "failed": _("Never signed"),
}
AGREEMENT_TONES: Words = {"signing": "due", "active": "paid", "ended": "cancelled", "failed": "cancelled"}

AGREEMENT_ENDS: Words = {
    "by_customer": _("by the customer"),
    "by_staff": _("by staff"),
    "by_mall": _("by the mall"),
    "not_signed": _("nobody signed it"),
    "ended_at_channel": _("at the channel"),
    "replaced": _("replaced by a newer one"),
    "plan_closed": _("the plan is closed"),
    "card_unusable": _("the card cannot be used"),
    "card_removed": _("the card was removed"),
    "plan_moved": _("the plan moved to a lender"),
}

CASE_KINDS: Words = {
    "return": _("Return and refund"),
    "refund_only": _("Refund without return"),
    "exchange": _("Exchange"),
    "exchange_refunded": _("Exchange, refunded instead"),
    "price_difference": _("Price difference"),
}

CASE_REASONS: Words = {
    "no_reason": _("without a reason"),
    "changed_mind": _("changed their mind"),
    "wrong_size_or_colour": _("size or colour does not suit"),
    "not_as_described": _("not as described"),
    "faulty": _("faulty"),
    "damaged_in_transit": _("damaged on the way"),
    "missing_parts": _("something is missing"),
    "wrong_item": _("wrong goods came"),
    "late_delivery": _("came too late"),
    "never_arrived": _("never came"),
    "price_fell": _("the price fell"),
    "other": _("something else"),
}

PRICE_OFFERS: Words = {
    "all": _("All"),
    "open": _("Stands"),
    "accepted": _("Taken"),
    "expired": _("Expired"),
    "superseded": _("Replaced"),
}

PRICE_OFFER_TONES: Words = {"open": "refund", "accepted": "paid", "expired": "neutral", "superseded": "neutral"}

PRICE_SOURCES: Words = {
    "order": _("sold by the mall"),
    "feed": _("price feed"),
}

CASE_STATES: Words = {
    "submitted": _("New"),
    "in_review": _("In review"),
    "evidence_asked": _("Evidence asked for"),
    "approved": _("Approved"),
    "rejected": _("Rejected"),
    "goods_awaited": _("Goods awaited"),
    "goods_received": _("Goods received"),
    "quote_changed": _("Customer must confirm"),
    "refunding": _("Money on its way"),
    "replacing": _("Replacement to be sent"),
    "completed": _("Completed"),
    "withdrawn": _("Withdrawn"),
}
CASE_TONES: Words = {
    "submitted": "due",
    "in_review": "due",
    "evidence_asked": "neutral",
    "approved": "refund",
    "rejected": "cancelled",
    "goods_awaited": "neutral",
    "goods_received": "refund",
    "quote_changed": "neutral",
    "refunding": "refund",
    "replacing": "due",
    "completed": "paid",
    "withdrawn": "cancelled",
}

CASE_STEPS: Words = {
    "applied": _("Application came in"),
    "taken": _("Taken in hand"),
    "more_asked": _("Asked for more"),
    "answered": _("Customer answered"),
    "approved_first": _("Approved by the first of two"),
    "approved": _("Approved"),
    "rejected": _("Rejected"),
    "goods_called": _("Told where to send the goods"),
    "sent": _("Goods sent by the customer"),
    "reminded": _("Reminded to send the goods"),
    "expired": _("Time ran out without the customer"),
    "received": _("Goods received and inspected"),
    "quote_changed": _("Amounts changed: customer must confirm"),
    "confirmed": _("Customer confirmed the new amounts"),
    "executed": _("Carried out: plan, books and refund"),
    "replacement_due": _("Replacement is due"),
    "replacement_sent": _("Replacement sent"),
    "cannot_replace": _("Nothing to send: customer must confirm a refund instead"),
    "traced": _("Past its latest day: traced"),
    "arrived": _("Everything has arrived"),
    "came_back": _("Money came back from the bank"),
    "withdrawn": _("Withdrawn"),
}

CASE_VIAS: Words = {
    "portal": _("in the portal"),
    "console": _("by staff for the customer"),
    "api": _("from the mall's system"),
}

PILES: Words = {
    "all": _("All open"),
    "late": _("Late"),
    "new": _("New"),
    "mine": _("Mine"),
    "evidence_asked": _("Evidence asked for"),
    "goods": _("Goods"),
    "quote_changed": _("Quote changed"),
    "refunding": _("Money on its way"),
}

MONEY_HOLDERS: Words = {
    "mall": _("with the mall"),
    "channel": _("with the channel"),
    "receiver": _("with the customer's bank or wallet"),
    "customer": _("with the customer"),
    "not_known": _("not known"),
}

RULE_NAMES: Words = {
    "no_reason_return": _("Return without a reason"),
    "faulty_goods": _("Goods at fault"),
    "not_received": _("Goods that never came"),
    "late_goods": _("Goods that came late"),
    "price_protected": _("Price protection"),
    "goods_are_kept": _("Refund without return"),
    "window_over": _("Time for returns without a reason"),
    "fault_window_over": _("Time to report a fault"),
    "price_window_over": _("Time of price protection"),
}

ANSWERS: Words = {
    "fault_not_shown": _("The evidence does not show the fault"),
    "nothing_sent": _("What was asked for never came"),
    "used": _("Used beyond trying"),
    "damaged_by_use": _("Damaged by use"),
    "other_goods": _("Not the goods that were sold"),
    "window_over": _("Too late for a return without a reason"),
    "fault_window_over": _("Too late to report a fault"),
    "was_delivered": _("The carrier delivered it"),
    "return_instead": _("Goods must come back"),
    "price_not_lower": _("No lower price was found"),
    "price_window_over": _("The price fell too late"),
}

NEXT_STEPS: Words = {
    "apply": _("Apply"),
    "wait_for_delivery": _("Wait for the delivery"),
    "report_fault": _("Report a fault, with photos"),
    "apply_again": _("Apply again with what was missing"),
    "return_instead": _("Return the goods instead"),
    "repair": _("Have it repaired"),
    "see_cases": _("Look at the other cases"),
    "partner_platform": _("Go to the partner's platform"),
    "contact": _("Talk to customer service"),
    "appeal": _("Appeal"),
}

CLOSE_STATES: Words = {
    "waiting": _("Begins"),
    "running": _("Under way"),
    "finished": _("Day closed"),
}
CLOSE_TONES: Words = {"waiting": "due", "running": "due", "finished": "paid"}

CLOSE_SKIPPED: Words = {
    "grace": _("In the days of grace"),
    "rest_day": _("Due on a rest day: payable until the next working day"),
    "no_rule": _("No late fee by the terms"),
    "lender_collects": _("Collected by the lender"),
    "payment_unknown": _("Outcome of a payment unknown"),
    "return_open": _("Return open: bills pause"),
    "no_fault": _("Nobody's fault but a channel's or ours"),
    "payment_under_way": _("A payment is under way"),
    "capped": _("The most has been charged"),
}

CLOSE_STEPS: Words = {
    "debits_planned": _("Auto-debits planned anew"),
    "offers_lapsed": _("Price offers lapsed"),
    "promises_and_marks": _("Promises and credit marks judged"),
    "reminders_queued": _("Reminders lined up"),
}

CLOSE_STARTERS: Words = {"clock": _("by the clock"), "command": _("by command")}

OWN_CLOCKS: Words = {
    "auto_debit": _("Auto-debits that are due"),
    "reserves": _("Reserves that end"),
    "cases": _("Clocks of cases"),
    "quotes": _("Quotes that expire"),
}

HOW_OFTEN: Words = {
    "every 5 minutes": _("looked at every 5 minutes"),
    "every hour": _("looked at every hour"),
    "every 10 minutes": _("looked at every 10 minutes"),
    "checked when used": _("checked when they are used"),
}

BUCKETS: Words = {
    "current": _("Not past due"),
    "grace": _("In grace"),
    "1-30": _("1–30 days"),
    "31-60": _("31–60 days"),
    "61-90": _("61–90 days"),
    "90+": _("over 90 days"),
}

COLLECTION_PILES: Words = {
    "all": _("All past due"),
    "grace": _("In grace"),
    "to_30": _("Up to 30 days"),
    "to_60": _("31 to 60 days"),
    "to_90": _("61 to 90 days"),
    "over_90": _("Over 90 days"),
    "promised_today": _("Promised for today"),
    "broken": _("Promise broken"),
    "to_approve": _("To approve"),
    "offered": _("Waiting for the customer"),
    "objections": _("Objections"),
}

COLLECTION_STEPS: Words = {
    "answer_objection": _("Answer the objection"),
    "approve": _("Approve, or take back"),
    "wait_for_word": _("Wait for the customer's word"),
    "wait_for_promise": _("Wait for the promised day"),
    "remind_only": _("Nothing: reminders do it"),
    "call": _("Call, or write"),
    "offer_schedule": _("Offer a new schedule"),
    "decide_charge_off": _("Decide on writing it off"),
    "keep_collecting": _("Collect on: it is still owed"),
}

CHANGE_KINDS: Words = {
    "extension": _("Due date moved"),
    "reschedule": _("New schedule"),
    "waiver": _("Waiver"),
    "charge_off": _("Written off"),
}

CHANGE_STATES: Words = {
    "proposed": _("Waits for a second person"),
    "offered": _("Waits for the customer"),
    "done": _("Done"),
    "withdrawn": _("Taken back"),
    "declined": _("Declined by the customer"),
}

CHANGE_TONES: Words = {"proposed": "due", "offered": "due", "done": "paid"}

PROMISE_STATES: Words = {
    "open": _("Open"),
    "kept": _("Kept"),
    "broken": _("Broken"),
    "withdrawn": _("Taken back"),
    "void": _("Nothing left to pay"),
}

PROMISE_TONES: Words = {"open": "due", "kept": "paid", "broken": "overdue"}

MARK_STATES: Words = {
    "warned": _("Customer warned"),
    "marked": _("Reported"),
    "dropped": _("Not reported"),
    "withdrawn": _("Withdrawn"),
}

MARK_TONES: Words = {"warned": "due", "marked": "overdue", "dropped": "paid"}

STANDSTILLS: Words = {
    "no_fault": _("days that are nobody's fault"),
    "outcome_unknown": _("a repayment without a known outcome"),
    "return_open": _("an open return"),
    "disputed": _("a dispute or an objection"),
    "not_told": _("the customer was not reached yet"),
}

CONTACT_WAYS: Words = {
    "call": _("We called"),
    "called_us": _("The customer called us"),
    "sms": _("Text message"),
    "email": _("E-mail"),
}

CONTACT_OUTCOMES: Words = {
    "reached": _("Reached"),
    "no_answer": _("No answer"),
    "busy": _("Busy"),
    "call_back": _("Wants to be called back"),
    "wrong_person": _("Somebody else answered; nothing was said"),
    "asked_not_to_call": _("Asks not to be called"),
    "sent": _("Sent"),
}

HINDRANCES: Words = {
    "quiet_hours": _("outside the contact hours"),
    "day_cap": _("today's contacts are used up"),
    "week_cap": _("the week's contacts are used up"),
}

CONSENT_WAYS: Words = {
    "portal": _("In the portal"),
    "by_phone": _("By phone"),
    "in_writing": _("In writing"),
    "in_person": _("In person"),
}

COMPONENTS: Words = {
    "late_fee": _("Late fee"),
    "fee": _("Fee"),
    "interest": _("Interest"),
    "principal": _("Principal"),
}

HELP_NUMBERS: Words = {
    "promise_most_days": _("Promises: days ahead at most"),
    "extension_most_days": _("Extension: days at most"),
    "extensions_per_year": _("Extensions of a plan in 12 months"),
    "extension_fee_minor": _("Fee of an extension, in fen"),
    "reschedule_most_installments": _("New schedule: installments at most"),
    "reschedule_first_within_days": _("New schedule: first due date within days"),
    "reschedule_alone_minor": _("New schedule by one person up to, in fen"),
    "waiver_agent_minor": _("Waiver by an agent up to, in fen"),
    "waiver_finance_minor": _("Waiver by finance up to, in fen"),
    "waiver_admin_minor": _("Waiver by an admin up to, in fen"),
    "charge_off_after_days": _("Write off from days past due"),
    "credit_after_days": _("Report after days beyond grace"),
    "credit_warning_days": _("Tell the customer days before"),
    "objection_days": _("Answer objections within days"),
    "contact_opens_hour": _("Contacts from, hour"),
    "contact_closes_hour": _("Contacts until, hour"),
    "contacts_per_day": _("Contacts of a bill a day"),
    "contacts_per_week": _("Contacts of a bill in 7 days"),
}
