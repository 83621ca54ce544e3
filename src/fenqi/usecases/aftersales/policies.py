"""The policies that were published: which one rules, how a new version is published, and how one is taken back (R164).

A version never changes. A new one rules what is ordered from its first day on, one that is withdrawn rules nothing that
is ordered later; what was ordered before keeps the version it was bought under.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max

from fenqi.domain.aftersales.policies import (
    Policy,
    PriceProtectionPolicy,
    ReturnPolicy,
    Subject,
    parse_policy,
    policy_code,
)
from fenqi.domain.aftersales.resolution import Goods, ruling
from fenqi.domain.aftersales.sentences import summary
from fenqi.domain.errors import FenqiError, InvalidInput, NotFound
from fenqi.domain.reading import LATEST_ON
from fenqi.records.identifiers import new_id
from fenqi.records.models import AftersalesPolicy, SalesChannel
from fenqi.usecases import audit, clock
from fenqi.usecases.staff.permissions import Permission, Staff

LONGEST_NAME = 64


class PolicyFromThePast(FenqiError):
    """A version would rule what was ordered already."""

    code = "policy_from_the_past"
    status = 422
    zh = "新版本不能从今天以前开始：已经下的订单按当时公布的规则处理。"
    en = "A version cannot begin before today: what was ordered already keeps the rules it was bought under."


class LastPolicy(FenqiError):
    """Nothing else would rule the orders to come."""

    code = "last_policy"
    status = 409
    zh = "这是最后一个适用于全部商品的版本，撤回后将没有规则可用。请先发布新版本。"
    en = "It is the last version that holds for all goods, and nothing would rule without it: publish a new one first."


class PublishedMeanwhile(FenqiError):
    """A colleague published a version of the same policy at the same moment."""

    code = "published_meanwhile"
    status = 409
    zh = "同事刚刚发布了同一规则的新版本，没有保存。请核对后再发布。"
    en = "A colleague just published a version of this policy, so nothing was kept. Look at it and publish again."


class PolicyStanding(StrEnum):
    """Where a version stands on a day."""

    AHEAD = "ahead"
    RULES = "rules"
    REPLACED = "replaced"
    """A later version of the same policy has taken over; it rules what was ordered before."""
    OVER = "over"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True)
class PublishedPolicy:
    """One version as it was published. `ruled_until`: its last day for new orders, None while it is open."""

    id: UUID
    code: str
    version: int
    subject: Subject
    sku: str
    category: str
    sales_channel: str
    valid_from: date
    valid_until: date | None
    body: Mapping[str, Any]
    summary_zh: str
    summary_en: str
    published_by: str
    published_at: datetime
    withdrawn_at: datetime | None

    @property
    def ruled_until(self) -> date | None:
        """A version that is withdrawn still rules what was ordered up to that day."""
        ends = [self.valid_until, clock.business_date(self.withdrawn_at) if self.withdrawn_at else None]
        return min((day for day in ends if day is not None), default=None)

    @cached_property
    def rules(self) -> Policy:
        """The body, read."""
        return parse_policy(self.subject, self.body)

    @property
    def of_return(self) -> ReturnPolicy:
        assert isinstance(self.rules, ReturnPolicy)
        return self.rules

    @property
    def of_price_protection(self) -> PriceProtectionPolicy:
        assert isinstance(self.rules, PriceProtectionPolicy)
        return self.rules

    def summary(self, language: str) -> tuple[str, ...]:
        """What it says, sentence by sentence."""
        return tuple((self.summary_zh if language.startswith("zh") else self.summary_en).split("\n"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDraft:
    """A version to be published; narrowed to a product, to a category or to a sales channel, or to none of them."""

    subject: Subject
    sku: str = ""
    category: str = ""
    sales_channel: str = ""
    valid_from: date
    valid_until: date | None = None
    body: Mapping[str, Any]

    @property
    def code(self) -> str:
        return policy_code(self.subject, sku=self.sku, category=self.category, sales_channel=self.sales_channel)


def policy_for(*, subject: Subject, sku: str, category: str, sales_channel: str, placed_on: date) -> PublishedPolicy:
    """The policy that rules goods bought on that day: one statement."""
    goods = Goods(sku=sku, category=category, sales_channel=sales_channel, placed_on=placed_on)
    return policies_for(subject, [goods])[0]


def policies_for(subject: Subject, goods: Sequence[Goods]) -> tuple[PublishedPolicy, ...]:
    """The policy that rules each of the goods, in their order: one statement for all."""
    kept = AftersalesPolicy.objects.filter(
        subject=subject.value,
        sku__in={"", *(one.sku for one in goods)},
        category__in={"", *(one.category for one in goods)},
    )
    published = tuple(map(_view, kept))
    return tuple(_ruling(published, one) for one in goods)


def _ruling(published: Iterable[PublishedPolicy], goods: Goods) -> PublishedPolicy:
    found = ruling(published, goods)
    assert found is not None, "one policy for all goods can never be withdrawn"
    return found


def all_versions(subject: Subject | None = None) -> tuple[PublishedPolicy, ...]:
    """Every version of every policy (of the subject): by code, the newest first."""
    kept = AftersalesPolicy.objects.order_by("-subject", "code", "-version")
    return tuple(map(_view, kept if subject is None else kept.filter(subject=subject.value)))


def version_of(code: str, version: int) -> PublishedPolicy:
    """Raises NotFound."""
    kept = AftersalesPolicy.objects.filter(code=code, version=version).first()
    if kept is None:
        raise NotFound
    return _view(kept)


def standing_of(policy: PublishedPolicy, versions: Iterable[PublishedPolicy], *, today: date) -> PolicyStanding:
    """Where it stands today among the versions of its code."""
    if policy.withdrawn_at is not None:
        return PolicyStanding.WITHDRAWN
    if policy.valid_from > today:
        return PolicyStanding.AHEAD
    if policy.valid_until is not None and policy.valid_until < today:
        return PolicyStanding.OVER
    replaced = any(
        later.code == policy.code
        and later.version > policy.version
        and later.withdrawn_at is None
        and later.valid_from <= today <= (later.valid_until or date.max)
        for later in versions
    )
    return PolicyStanding.REPLACED if replaced else PolicyStanding.RULES


def publish(staff: Staff, draft: PolicyDraft, *, now: datetime) -> PublishedPolicy:
    """Keep a new version, which rules what is ordered from its first day on.

    Raises NotPermitted, PolicyFromThePast, PolicyBelowLaw, InvalidInput, UnknownField, PublishedMeanwhile.
    """
    staff.require(Permission.EDIT_POLICIES)
    rules = check_draft(draft, today=clock.business_date(now))
    told = summary(rules)
    try:
        with transaction.atomic():
            kept = AftersalesPolicy.objects.create(
                id=new_id(),
                code=draft.code,
                version=_latest_version(draft.code) + 1,
                subject=draft.subject.value,
                sku=draft.sku,
                category=draft.category,
                sales_channel=draft.sales_channel,
                valid_from=draft.valid_from,
                valid_until=draft.valid_until,
                body=rules.to_mapping(),
                summary_zh=told.zh,
                summary_en=told.en,
                published_by=staff.actor,
                published_at=now,
            )
            audit.record(
                staff.actor,
                audit.Action.POLICY_PUBLISHED,
                subject=f"policy:{kept.code}:{kept.version}",
                details={"valid_from": draft.valid_from.isoformat()},
                now=now,
            )
    except IntegrityError:
        raise PublishedMeanwhile from None
    return _view(kept)


def withdraw(staff: Staff, code: str, version: int, *, now: datetime) -> None:
    """It rules nothing ordered after today; again changes nothing. Raises NotPermitted, NotFound, LastPolicy."""
    staff.require(Permission.EDIT_POLICIES)
    with transaction.atomic():
        versions = {
            kept.version: kept for kept in AftersalesPolicy.objects.select_for_update().filter(code=code).order_by("id")
        }
        if version not in versions:
            raise NotFound
        kept = versions.pop(version)
        if kept.withdrawn_at is not None:
            return
        is_for_all = code == policy_code(Subject(kept.subject))
        tomorrow = clock.business_date(now) + timedelta(days=1)
        if is_for_all and not any(_rules_on(other, tomorrow) for other in versions.values()):
            raise LastPolicy
        kept.withdrawn_at = now
        kept.save(update_fields=["withdrawn_at"])
        audit.record(staff.actor, audit.Action.POLICY_WITHDRAWN, subject=f"policy:{code}:{version}", now=now)


def check_draft(draft: PolicyDraft, *, today: date) -> Policy:
    """The rules of the draft, if it may be published. Raises as `publish` does."""
    if draft.valid_from < today:
        raise PolicyFromThePast
    if draft.valid_until is not None and not draft.valid_from <= draft.valid_until <= LATEST_ON:
        raise InvalidInput(where="valid_until", problem="it is before the first day", problem_zh="早于开始日期")
    if sum(map(bool, (draft.sku, draft.category, draft.sales_channel))) > 1:
        raise InvalidInput(
            where="narrowed",
            problem="choose a product, a category or a sales channel, not several",
            problem_zh="商品、类别、销售渠道只能选一种",
        )
    for where, name in (("sku", draft.sku), ("category", draft.category)):
        if len(name) > LONGEST_NAME or "\x00" in name or name != name.strip():
            raise InvalidInput(where=where, problem="not a name that goods can have", problem_zh="不是有效的名称")
    if draft.sales_channel and draft.sales_channel not in SalesChannel.values:
        raise InvalidInput(where="sales_channel", problem="no such sales channel", problem_zh="没有这个销售渠道")
    if draft.valid_until is not None and draft.code == policy_code(draft.subject):
        raise InvalidInput(
            where="valid_until",
            problem="what holds for all goods has no end: publish a version that takes over instead",
            problem_zh="适用于全部商品的规则没有截止日，请改为发布新版本接替",
        )
    return parse_policy(draft.subject, draft.body)


def _latest_version(code: str) -> int:
    return AftersalesPolicy.objects.filter(code=code).aggregate(latest=Max("version"))["latest"] or 0


def _rules_on(kept: AftersalesPolicy, day: date) -> bool:
    return kept.withdrawn_at is None and kept.valid_from <= day


def _view(kept: AftersalesPolicy) -> PublishedPolicy:
    return PublishedPolicy(
        id=kept.id,
        code=kept.code,
        version=kept.version,
        subject=Subject(kept.subject),
        sku=kept.sku,
        category=kept.category,
        sales_channel=kept.sales_channel,
        valid_from=kept.valid_from,
        valid_until=kept.valid_until,
        body=kept.body,
        summary_zh=kept.summary_zh,
        summary_en=kept.summary_en,
        published_by=kept.published_by,
        published_at=kept.published_at,
        withdrawn_at=kept.withdrawn_at,
    )
