"""The customer's separate consent to give a plan's data to another lender (P1203), and the words it is given to."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from fenqi.domain.errors import NotFound
from fenqi.domain.migration import BatchState, ItemState
from fenqi.records import locks
from fenqi.records.models import PlanMigration, PlanMigrationItem
from fenqi.usecases import audit, clock
from fenqi.usecases.migrating.approving import AGREED, DECLINED, NOT_NEEDED
from fenqi.usecases.migrating.batches import find_batch, find_item, keep
from fenqi.usecases.migrating.errors import ConsentClosed, ConsentTextChanged
from fenqi.usecases.partners.queries import provider_view

VERSION: Final = "2026-1"

_ZH: Final = (
    "接收方：{name}{phone}。转移后由其持有这笔分期并收取还款。",
    "目的和方式：为继续管理这笔分期和收款，我们通过加密签名的接口一次性提供下列信息，之后只提供与这笔分期有关的退货和还款信息。",
    "信息种类：客户编号、分期金额、未还各期的到期日和本金、利息、手续费、违约金。不提供身份证件、银行卡号和通讯录。",
    "您的应还金额、期数、到期日和利率都不变；转移不影响征信。",
    "不同意也可以：这笔分期留在原处，照常还款，没有任何不利后果。{until} 前可以改主意。",
    "转移后您可以向接收方或我们查询、更正、删除相关信息，联系方式见订单页。",
)
_EN: Final = (
    "Who receives it: {name}{phone}. After the move it holds this plan and collects the repayments.",
    (
        "What for and how: to manage the plan and to collect. We hand the data over once, over a signed interface; "
        "later only what concerns returns and repayments of this plan."
    ),
    (
        "Kinds of data: your customer number, the sum financed, and of every open installment its due date, principal, "
        "interest, fees and late fees. No identity papers, no card numbers, no contacts."
    ),
    (
        "What you owe, the number of installments, the due dates and the rate stay as they are. Your credit record "
        "is not touched by the move."
    ),
    (
        "You may decline: the plan stays where it is, you repay as before, and nothing bad follows. You can change "
        "your mind until {until}."
    ),
    "Afterwards you can ask the recipient or us to see, correct or delete the data; how is on the order's page.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentText:
    """What is agreed to; `digest` names exactly these words."""

    version: str
    paragraphs: tuple[str, ...]

    @property
    def digest(self) -> str:
        return hashlib.sha256("\n".join((self.version, *self.paragraphs)).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What the customer says, to which words, and from where."""

    digest: str
    language: str
    ip: str = ""


def text_of(batch: PlanMigration, *, language: str) -> ConsentText:
    lender = provider_view(batch.to_provider)
    zh = language.startswith("zh")
    name = lender.name(language) if lender else batch.to_provider
    phone = lender.contact_phone if lender else ""
    told = {
        "name": name,
        "phone": (f"（电话 {phone}）" if zh else f" (telephone {phone})") if phone else "",
        "until": f"{batch.cutover_at.astimezone(clock.mall_zone()):%Y-%m-%d %H:%M}",
    }
    return ConsentText(version=VERSION, paragraphs=tuple(words.format(**told) for words in (_ZH if zh else _EN)))


def may_decide(batch: PlanMigration, item: PlanMigrationItem, *, now: datetime) -> bool:
    return (
        batch.state == BatchState.ANNOUNCED
        and item.state == ItemState.READY
        and item.consent != NOT_NEEDED
        and now < batch.cutover_at
    )


def agree(customer_id: UUID, item_id: UUID, word: Word, *, now: datetime) -> None:
    """Raises NotFound, ConsentClosed, ConsentTextChanged."""
    _decide(customer_id, item_id, word, AGREED, now=now)


def decline(customer_id: UUID, item_id: UUID, word: Word, *, now: datetime) -> None:
    """The plan stays where it is. Raises as `agree`."""
    _decide(customer_id, item_id, word, DECLINED, now=now)


def _decide(customer_id: UUID, item_id: UUID, word: Word, decided: str, *, now: datetime) -> None:
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        item = find_item(customer_id, item_id)
        if item.told_at is None:
            raise NotFound
        batch = find_batch(item.migration_id)
        if not may_decide(batch, item, now=now):
            raise ConsentClosed
        text = text_of(batch, language=word.language)
        if text.digest != word.digest:
            raise ConsentTextChanged
        if item.consent == decided:
            return
        item.consent = decided
        item.consent_evidence = {
            "decided": decided,
            "version": text.version,
            "digest": text.digest,
            "words": list(text.paragraphs),
            "language": word.language,
            "ip": word.ip,
            "at": now.isoformat(),
            "before": item.consent_evidence,
        }
        keep(item, "consent", "consent_evidence", now=now)
        audit.record(
            "customer",
            audit.Action.MIGRATION_AGREED if decided == AGREED else audit.Action.MIGRATION_DECLINED,
            customer_id=customer_id,
            subject=f"migration:{item.id}",
            details={"version": text.version, "ip": word.ip},
            now=now,
        )
