"""What stands against paying in a certain way now, and what is announced."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q

from fenqi.domain.payments import AttemptState
from fenqi.domain.payments.conditions import (
    Condition,
    ConditionKind,
    Unavailability,
    maintenance_ahead,
    unavailable,
    upcoming_maintenance,
)
from fenqi.records.models import BoundCard, ChannelCondition, PaymentAttempt
from fenqi.usecases import clock

TOLD_BEFOREHAND: Final = timedelta(days=3)
"""How long before it begins a maintenance is shown to customers."""

Spent = Mapping[tuple[str, str], Mapping[str, int]]
"""(rail, currency) -> bank, or nothing for the whole rail -> minor units paid today."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The conditions of the moment, beside what one customer has paid today: asked about many methods, read once."""

    conditions: tuple[Condition, ...]
    spent: Spent
    now: datetime

    def unavailability(self, channel: str, bank: str, amount_minor: int, currency: str) -> Unavailability | None:
        """What keeps the sum from being paid this way now, or None. `bank` is empty where none is known."""
        return unavailable(
            self.conditions,
            channel=channel,
            bank=bank,
            amount_minor=amount_minor,
            currency=currency,
            spent_today=self.spent.get((channel, currency), {}),
            now=self.now,
        )

    def announced(self, channel: str, bank: str) -> Condition | None:
        """The maintenance that begins soon."""
        return upcoming_maintenance(self.conditions, channel=channel, bank=bank, now=self.now, within=TOLD_BEFOREHAND)


def standing(customer_id: UUID, *, now: datetime) -> Standing:
    """All that stands for one customer now: three statements."""
    return Standing(
        conditions=standing_conditions(now), spent=_spent_today(customer_id, now), now=now.astimezone(clock.mall_zone())
    )


def method_unavailability(  # what a sum, a method and a moment are
    customer_id: UUID, channel: str, bank: str, amount_minor: int, currency: str, *, now: datetime
) -> Unavailability | None:
    """What keeps the customer from paying the sum this way now, or None; for one method alone."""
    return standing(customer_id, now=now).unavailability(channel, bank, amount_minor, currency)


def announced(now: datetime) -> tuple[Condition, ...]:
    """The maintenance of every rail and bank that begins soon, the earliest first."""
    return maintenance_ahead(standing_conditions(now), now=now.astimezone(clock.mall_zone()), within=TOLD_BEFOREHAND)


def standing_conditions(now: datetime) -> tuple[Condition, ...]:
    """Those that are not withdrawn and not over."""
    kept = ChannelCondition.objects.filter(withdrawn_at=None).exclude(kind=ConditionKind.MAINTENANCE, ends_at__lte=now)
    return tuple(map(condition_of, kept.order_by("channel", "bank", "kind", "created_at")))


def conditions_between(starts_at: datetime, ends_at: datetime) -> tuple[Condition, ...]:
    """Those that stood at any moment between the two, as evidence: also what was withdrawn since."""
    stood = ChannelCondition.objects.filter(created_at__lte=ends_at).filter(
        Q(withdrawn_at=None) | Q(withdrawn_at__gt=starts_at)
    )
    return tuple(map(condition_of, stood.order_by("created_at", "id")))


def condition_of(kept: ChannelCondition) -> Condition:
    """As the rules read it, its instants on the mall's clock."""
    zone = clock.mall_zone()
    return Condition(
        id=str(kept.id),
        channel=kept.channel,
        bank=kept.bank,
        kind=ConditionKind(kept.kind),
        amount_minor=kept.amount_minor or 0,
        currency=kept.currency,
        opens_at=kept.opens_at,
        closes_at=kept.closes_at,
        starts_at=kept.starts_at.astimezone(zone) if kept.starts_at else None,
        ends_at=kept.ends_at.astimezone(zone) if kept.ends_at else None,
        note_zh=kept.note_zh,
        note_en=kept.note_en,
    )


def _spent_today(customer_id: UUID, now: datetime) -> Spent:
    """What has left the customer's accounts since midnight at the mall."""
    today = clock.business_date(now)
    midnight = clock.end_of_business_day(today - timedelta(days=1))
    paid = PaymentAttempt.objects.filter(customer_id=customer_id, state=AttemptState.SUCCEEDED, paid_at__gte=midnight)
    sums = list(paid.values_list("channel", "currency", "card_id", "amount_minor"))
    cards = BoundCard.objects.filter(customer_id=customer_id, id__in=[card for _, _, card, _ in sums if card])
    banks = dict(cards.values_list("id", "bank"))
    spent: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for channel, currency, card_id, amount in sums:
        for bank in {"", banks.get(card_id, "") if card_id else ""}:
            spent[channel, currency][bank] += amount
    return spent
