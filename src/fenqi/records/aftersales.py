"""After-sales: cases of returned goods with what was shown, decided and received, and the policies that rule them."""

from django.db import models
from django.db.models import F, Q

from fenqi.records.base import SpreadModel, not_negative


class CaseKind(models.TextChoices):
    RETURN = "return"  # the goods come back, the money goes back
    REFUND_ONLY = "refund_only"  # the money goes back, the goods stay or never came
    EXCHANGE = "exchange"  # the goods come back, others go out, the plan goes on
    PRICE_DIFFERENCE = "price_difference"  # nothing comes back, a fallen price is made good


class AppliedVia(models.TextChoices):
    PORTAL = "portal"
    CONSOLE = "console"  # an agent, for the customer
    API = "api"


class AftersalesCase(SpreadModel):
    """One application and what became of it; `state` moves by the table of domain.aftersales.cases only."""

    case_no = models.CharField(max_length=32)
    order_id = models.UUIDField()
    plan_id = models.UUIDField(null=True)
    kind = models.CharField(max_length=24, choices=CaseKind)  # what is done
    was_exchange = models.BooleanField(default=False)  # applied for as an exchange; nothing could be sent: a return
    reason = models.CharField(max_length=40)  # of domain.aftersales.reasons
    description = models.TextField(default="")
    via = models.CharField(max_length=16, choices=AppliedVia)
    applied_by = models.CharField(max_length=80)
    state = models.CharField(max_length=24)
    policy_code = models.CharField(max_length=120)  # the policy version that the case is judged by
    policy_version = models.PositiveIntegerField()
    rule = models.CharField(max_length=64, default="")  # the rule that a refusal or an approval names
    currency = models.CharField(max_length=3)
    value_minor = models.BigIntegerField(default=0)  # what the returned lines are worth, by the quote in force
    quote_id = models.UUIDField(null=True)  # accepted last, or the refund offered instead of an exchange
    refund_id = models.UUIDField(null=True)
    agent = models.CharField(max_length=80, default="")  # who has taken it in hand
    decided_by = models.CharField(max_length=80, default="")
    decided_at = models.DateTimeField(null=True)
    decision_note = models.TextField(default="")  # what the customer reads beside the decision
    next_step = models.CharField(max_length=40, default="")  # of a refusal
    goods_due_on = models.DateField(null=True)  # by when the goods are to be sent
    carrier = models.CharField(max_length=40, default="")
    tracking_no = models.CharField(max_length=64, default="")
    replacement_tracking_no = models.CharField(max_length=64, default="")
    goods_received_at = models.DateTimeField(null=True)
    review_due_at = models.DateTimeField()  # our target (return_review_hours)
    promise_by = models.DateField()  # clock 1: the outer promise, in working days from the application (P201)
    law_by = models.DateField(null=True)  # clock 2: the earliest legal deadline that binds (P108, P113)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "aftersales_case"
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "case_no"], name="aftersales_case_no"),
            *not_negative("value_minor", table="aftersales_case"),
        ]
        indexes = [
            models.Index(fields=["customer_id", "order_id", "-created_at"], name="aftersales_case_by_order"),
            models.Index(fields=["law_by", "review_due_at"], name="aftersales_case_open", condition=Q(closed_at=None)),
            models.Index(fields=["-created_at"], name="aftersales_case_recent"),
        ]


class CaseLine(SpreadModel):
    """How many pieces of an order line the case is about, and what they are worth (minor units of the order)."""

    case_id = models.UUIDField()
    order_id = models.UUIDField()
    line_no = models.PositiveIntegerField()
    pieces = models.PositiveIntegerField()
    worth = models.JSONField(default=dict)  # of domain.aftersales.worth: goods, discount, freight, given already ...
    deduction_minor = models.BigIntegerField(default=0)  # found at the inspection
    deduction_note = models.TextField(default="")
    replacement_sku = models.CharField(max_length=64, default="")

    class Meta:
        db_table = "aftersales_case_line"
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "case_id", "line_no"], name="aftersales_case_line_no"),
            models.CheckConstraint(name="aftersales_case_line_pieces_positive", condition=Q(pieces__gte=1)),
            *not_negative("deduction_minor", table="aftersales_case_line"),
        ]
        indexes = [models.Index(fields=["customer_id", "order_id", "line_no"], name="aftersales_case_line_by_order")]


class CaseStep(SpreadModel):
    """A move of a case, or a word about it, in the order they happened. Append only."""

    case_id = models.UUIDField()
    seq = models.PositiveIntegerField()
    signal = models.CharField(max_length=32)  # of domain.aftersales.cases
    before = models.CharField(max_length=24)
    after = models.CharField(max_length=24)
    actor = models.CharField(max_length=80)
    note = models.TextField(default="")  # shown to the customer
    details = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        db_table = "aftersales_case_step"
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "case_id", "seq"], name="aftersales_case_step_seq"),
        ]


class QuoteRecord(SpreadModel):
    """A refund quote as it was shown: `body` is the whole of it, the columns repeat its sums. Append only."""

    order_id = models.UUIDField()
    plan_id = models.UUIDField(null=True)
    case_id = models.UUIDField(null=True)  # of a later quote; the first one is made before there is a case
    seq = models.PositiveIntegerField(default=1)
    value_minor = models.BigIntegerField()
    fees_back_minor = models.BigIntegerField()
    off_plan_minor = models.BigIntegerField()
    cash_minor = models.BigIntegerField()
    partner_minor = models.BigIntegerField(default=0)  # goes to the finance partner, which keeps the plan
    currency = models.CharField(max_length=3)
    facts = models.CharField(max_length=64)  # digest of all that the quote was worked out from
    body = models.JSONField()
    quoted_on = models.DateField()  # the day on which the return takes effect
    valid_until = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "refund_quote"
        constraints = [
            models.CheckConstraint(
                name="refund_quote_conserves",
                condition=Q(
                    off_plan_minor=F("value_minor") + F("fees_back_minor") - F("cash_minor") - F("partner_minor")
                ),
            ),
            *not_negative("value_minor", "fees_back_minor", "cash_minor", "partner_minor", table="refund_quote"),
        ]
        indexes = [models.Index(fields=["customer_id", "order_id", "-created_at"], name="refund_quote_by_order")]


class EvidenceKind(models.TextChoices):
    PHOTO = "photo"
    VIDEO = "video"


class CaseEvidence(SpreadModel):
    """A photo or video that the customer gave: what is stored was written anew without its metadata (P1211)."""

    order_id = models.UUIDField()
    case_id = models.UUIDField(null=True)  # until the application is submitted
    kind = models.CharField(max_length=8, choices=EvidenceKind)
    media_type = models.CharField(max_length=40)
    sha256 = models.BinaryField()  # of what came
    stored_sha256 = models.BinaryField()  # of what is kept
    thumbnail_sha256 = models.BinaryField()
    size = models.BigIntegerField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    seconds = models.PositiveIntegerField(default=0)
    uploaded_by = models.CharField(max_length=80)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "aftersales_evidence"
        indexes = [
            models.Index(fields=["customer_id", "case_id"], name="aftersales_evidence_by_case"),
            models.Index(fields=["created_at"], name="aftersales_evidence_waiting", condition=Q(case_id=None)),
            models.Index(fields=["created_at"], name="aftersales_evidence_by_age", condition=Q(case_id__isnull=False)),
        ]


class AftersalesPolicy(models.Model):
    """One version of one published policy (R164). A version never changes; a new one takes over from its day on."""

    id = models.UUIDField(primary_key=True)
    code = models.CharField(max_length=120)  # return.default, return.category.phone, price_protection.default ...
    version = models.PositiveIntegerField()
    subject = models.CharField(max_length=24)  # return | price_protection
    sku = models.CharField(max_length=64, default="")  # what it is narrowed to; empty: all
    category = models.CharField(max_length=64, default="")
    sales_channel = models.CharField(max_length=16, default="")
    valid_from = models.DateField()  # of orders placed on or after that day
    valid_until = models.DateField(null=True)
    body = models.JSONField()  # of domain.aftersales.policies
    summary_zh = models.TextField()
    summary_en = models.TextField()
    published_by = models.CharField(max_length=80)
    published_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "aftersales_policy"
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="aftersales_policy_version"),
            models.CheckConstraint(
                name="aftersales_policy_period",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
            ),
        ]
