"""Which of the four kinds each table is (scale rules): declared here once, proved by the catalog test."""

from enum import StrEnum


class TableKind(StrEnum):
    SPREAD = "spread"  # grows with customers; lives on the customer's shard; addressed by (customer_id, id)
    KEYED = "keyed"  # grows with something else, spread by that key: the directory, prices by product
    SMALL = "small"  # a copy on every node
    CENTRAL = "central"  # the coordinator only: queue, sessions, staff, migrations


SPREAD_TABLES = (
    "customer",
    "orders",
    "order_line",
    "order_payment",
    "plan",
    "plan_event",
    "installment",
    "payment",
    "payment_attempt",
    "channel_notification",
    "journal_entry",
    "journal_line",
    "idempotency_record",
    "outbox",
    "audit_record",
    "bound_card",
    "debit_agreement",
    "debit_notice",
    "refund",
    "refund_leg",
    "no_fault_period",
    "retry_reminder",
    "support_thread",
    "support_message",
    "bill_line",
    "reconciliation_finding",
    "aftersales_case",
    "aftersales_case_line",
    "aftersales_case_step",
    "refund_quote",
    "aftersales_evidence",
    "reserve_hold",
    "reserve_move",
    "price_offer",
    "price_difference",
    "partner_plan",
    "partner_refund",
    "notice",
    "notice_delivery",
    "notice_preference",
    "safe_word",
)
KEYED_TABLES = ("directory", "price_observation")
SMALL_TABLES = (
    "ledger_account",
    "channel_condition",
    "aftersales_policy",
    "finance_provider",
    "notice_template",
    "repayment_entry",
    "entry_window",
)
CENTRAL_TABLES = (
    "account",
    "sms_device",
    "api_client",
    "app_recognition",
    "refused_callback",
    "import_run",
    "channel_bill",
    "partner_settlement",
)

APPEND_ONLY_TABLES = (
    "plan_event",
    "journal_entry",
    "journal_line",
    "support_message",
    "aftersales_case_step",
    "refund_quote",
    "price_difference",
    "repayment_entry",
)

KIND_OF = {
    **dict.fromkeys(SPREAD_TABLES, TableKind.SPREAD),
    **dict.fromkeys(KEYED_TABLES, TableKind.KEYED),
    **dict.fromkeys(SMALL_TABLES, TableKind.SMALL),
    **dict.fromkeys(CENTRAL_TABLES, TableKind.CENTRAL),
}
