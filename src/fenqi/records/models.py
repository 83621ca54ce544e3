"""Django looks for models here; each noun has a file of its own."""

from fenqi.records.accounts import Account, ApiClient, Role, SmsDevice
from fenqi.records.audit import AuditRecord
from fenqi.records.customers import Customer
from fenqi.records.directory import DirectoryEntry, DirectoryKind
from fenqi.records.journal import JournalEntry, JournalLine, LedgerAccount
from fenqi.records.orders import Order, OrderLine, OrderPayment, OrderStatus, PriceObservation, SalesChannel
from fenqi.records.payments import (
    ChannelNotification,
    Payment,
    PaymentAttempt,
    PaymentPurpose,
    PaymentState,
    RefusedCallback,
)
from fenqi.records.plans import FeeBearer, Installment, Plan, PlanEvent
from fenqi.records.requests import IdempotencyRecord, ImportRun, OutboxMessage

__all__ = [
    "Account",
    "ApiClient",
    "AuditRecord",
    "ChannelNotification",
    "Customer",
    "DirectoryEntry",
    "DirectoryKind",
    "FeeBearer",
    "IdempotencyRecord",
    "ImportRun",
    "Installment",
    "JournalEntry",
    "JournalLine",
    "LedgerAccount",
    "Order",
    "OrderLine",
    "OrderPayment",
    "OrderStatus",
    "OutboxMessage",
    "Payment",
    "PaymentAttempt",
    "PaymentPurpose",
    "PaymentState",
    "Plan",
    "PlanEvent",
    "PriceObservation",
    "RefusedCallback",
    "Role",
    "SalesChannel",
    "SmsDevice",
]
