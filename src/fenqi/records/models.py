"""Django looks for models here; each noun has a file of its own."""

from fenqi.records.accounts import Account, ApiClient, AppRecognition, Role, SmsDevice
from fenqi.records.aftersales import (
    AftersalesCase,
    AftersalesPolicy,
    AppliedVia,
    CaseEvidence,
    CaseKind,
    CaseLine,
    CaseStep,
    EvidenceKind,
    QuoteRecord,
)
from fenqi.records.agreements import AgreementStatus, DebitAgreement, DebitNotice
from fenqi.records.audit import AuditRecord
from fenqi.records.bills import BillLine, ChannelBill, FindingState, ReconciliationFinding
from fenqi.records.cards import BoundCard, CardState
from fenqi.records.conditions import ChannelCondition, ConditionKind
from fenqi.records.customers import Customer
from fenqi.records.directory import DirectoryEntry, DirectoryKind
from fenqi.records.entries import EntryWindow, RepaymentEntry, SafeWord
from fenqi.records.journal import JournalEntry, JournalLine, LedgerAccount
from fenqi.records.notices import (
    DeliveryState,
    Notice,
    NoticeDelivery,
    NoticePreference,
    NoticeState,
    NoticeTemplate,
    TemplateState,
)
from fenqi.records.orders import Order, OrderLine, OrderPayment, OrderStatus, PriceObservation, SalesChannel
from fenqi.records.partners import (
    DifferenceRoute,
    FinanceProvider,
    PartnerPlan,
    PartnerRefund,
    PartnerSettlement,
    ProviderKind,
)
from fenqi.records.payments import (
    AttemptMethod,
    ChannelNotification,
    Payment,
    PaymentAttempt,
    PaymentPurpose,
    PaymentState,
    RefusedCallback,
)
from fenqi.records.plans import FeeBearer, Installment, Plan, PlanEvent
from fenqi.records.prices import OfferState, PriceDifference, PriceOffer
from fenqi.records.recovery import NoFaultCause, NoFaultPeriod, RetryReminder
from fenqi.records.refunds import Refund, RefundCause, RefundLeg, RefundRoute, RefundStatus
from fenqi.records.requests import IdempotencyRecord, ImportRun, OutboxMessage
from fenqi.records.reserves import ReserveHold, ReserveMove
from fenqi.records.support import SupportMessage, SupportThread, ThreadState

__all__ = [
    "Account",
    "AftersalesCase",
    "AftersalesPolicy",
    "AgreementStatus",
    "ApiClient",
    "AppRecognition",
    "AppliedVia",
    "AttemptMethod",
    "AuditRecord",
    "BillLine",
    "BoundCard",
    "CardState",
    "CaseEvidence",
    "CaseKind",
    "CaseLine",
    "CaseStep",
    "ChannelBill",
    "ChannelCondition",
    "ChannelNotification",
    "ConditionKind",
    "Customer",
    "DebitAgreement",
    "DebitNotice",
    "DeliveryState",
    "DifferenceRoute",
    "DirectoryEntry",
    "DirectoryKind",
    "EntryWindow",
    "EvidenceKind",
    "FeeBearer",
    "FinanceProvider",
    "FindingState",
    "IdempotencyRecord",
    "ImportRun",
    "Installment",
    "JournalEntry",
    "JournalLine",
    "LedgerAccount",
    "NoFaultCause",
    "NoFaultPeriod",
    "Notice",
    "NoticeDelivery",
    "NoticePreference",
    "NoticeState",
    "NoticeTemplate",
    "OfferState",
    "Order",
    "OrderLine",
    "OrderPayment",
    "OrderStatus",
    "OutboxMessage",
    "PartnerPlan",
    "PartnerRefund",
    "PartnerSettlement",
    "Payment",
    "PaymentAttempt",
    "PaymentPurpose",
    "PaymentState",
    "Plan",
    "PlanEvent",
    "PriceDifference",
    "PriceObservation",
    "PriceOffer",
    "ProviderKind",
    "QuoteRecord",
    "ReconciliationFinding",
    "Refund",
    "RefundCause",
    "RefundLeg",
    "RefundRoute",
    "RefundStatus",
    "RefusedCallback",
    "RepaymentEntry",
    "ReserveHold",
    "ReserveMove",
    "RetryReminder",
    "Role",
    "SafeWord",
    "SalesChannel",
    "SmsDevice",
    "SupportMessage",
    "SupportThread",
    "TemplateState",
    "ThreadState",
]
