"""Django looks for models here; each noun has a file of its own."""

from fenqi.records.account_requests import (
    AccountClosing,
    AccountCode,
    ClosingState,
    CodePurpose,
    FileKind,
    FileState,
    MadeFile,
    PhoneChange,
    PhoneChangeState,
)
from fenqi.records.accounts import Account, ApiClient, Role, SmsDevice
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
from fenqi.records.closing import CloseRange, CloseRun, CloseState, LateFeeAccrual
from fenqi.records.conditions import ChannelCondition, ConditionKind
from fenqi.records.customers import Customer
from fenqi.records.directory import DirectoryEntry, DirectoryKind
from fenqi.records.hardship import CreditMark, DebtContact, HardshipPolicyVersion, PaymentPromise, PlanChange
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
from fenqi.records.papers import IssuedPaper
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
from fenqi.records.plan_migrations import PassedRepayment, PlanMigration, PlanMigrationItem
from fenqi.records.plans import FeeBearer, Installment, Plan, PlanEvent
from fenqi.records.prices import OfferState, PriceDifference, PriceOffer
from fenqi.records.recovery import NoFaultCause, NoFaultPeriod, RetryReminder
from fenqi.records.refunds import Refund, RefundCause, RefundLeg, RefundRoute, RefundStatus
from fenqi.records.requests import IdempotencyRecord, ImportRun, OutboxMessage
from fenqi.records.reserves import ReserveHold, ReserveMove
from fenqi.records.support import SupportMessage, SupportThread, ThreadState

__all__ = [
    "Account",
    "AccountClosing",
    "AccountCode",
    "AftersalesCase",
    "AftersalesPolicy",
    "AgreementStatus",
    "ApiClient",
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
    "CloseRange",
    "CloseRun",
    "CloseState",
    "ClosingState",
    "CodePurpose",
    "ConditionKind",
    "CreditMark",
    "Customer",
    "DebitAgreement",
    "DebitNotice",
    "DebtContact",
    "DeliveryState",
    "DifferenceRoute",
    "DirectoryEntry",
    "DirectoryKind",
    "EntryWindow",
    "EvidenceKind",
    "FeeBearer",
    "FileKind",
    "FileState",
    "FinanceProvider",
    "FindingState",
    "HardshipPolicyVersion",
    "IdempotencyRecord",
    "ImportRun",
    "Installment",
    "IssuedPaper",
    "JournalEntry",
    "JournalLine",
    "LateFeeAccrual",
    "LedgerAccount",
    "MadeFile",
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
    "PassedRepayment",
    "Payment",
    "PaymentAttempt",
    "PaymentPromise",
    "PaymentPurpose",
    "PaymentState",
    "PhoneChange",
    "PhoneChangeState",
    "Plan",
    "PlanChange",
    "PlanEvent",
    "PlanMigration",
    "PlanMigrationItem",
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
