"""Tell a customer that a plan is to move to another finance partner, has moved, stays, or is back."""

from datetime import datetime
from functools import partial
from uuid import UUID

from fenqi.domain.migration import HAS_MOVED, ItemState
from fenqi.records.models import OrderLine, Plan, PlanMigration, PlanMigrationItem
from fenqi.usecases import clock
from fenqi.usecases.migrating.approving import NOT_NEEDED
from fenqi.usecases.migrating.batches import find_batch, find_item
from fenqi.usecases.notices.sending import TITLE_CHARACTERS, send_once, written_amount
from fenqi.usecases.notices.templates import Message
from fenqi.usecases.partners.providers import MALL
from fenqi.usecases.partners.queries import provider_view


def tell_of_migration(customer_id: UUID, item_id: UUID, *, news: str, now: datetime) -> bool:
    """Say it if it is still so. Whether one was sent. Raises NotFound, NoticeUnanswered, ChannelMisconfigured."""
    item = find_item(customer_id, item_id)
    batch = find_batch(item.migration_id)
    message = _message(news, item)
    if message is None:
        return False
    return send_once(
        customer_id, message, subject=f"migration:{item.id}:{news}", params=partial(_params, batch, item), now=now
    )


def _message(news: str, item: PlanMigrationItem) -> Message | None:
    """None for news that are not true any more."""
    state = ItemState(item.state)
    if news == "announced" and state is ItemState.READY:
        return Message.MIGRATION_ANNOUNCED if item.consent == NOT_NEEDED else Message.MIGRATION_ASKED
    if news == "moved" and state in HAS_MOVED:
        return Message.MIGRATION_MOVED
    if news == "stays" and state is ItemState.DROPPED:
        return Message.MIGRATION_STAYS
    return Message.MIGRATION_BACK if news == "back" and state is ItemState.ROLLED_BACK else None


def _params(batch: PlanMigration, item: PlanMigrationItem, language: str) -> dict[str, str]:
    line = OrderLine.objects.filter(customer_id=item.customer_id, order_id=item.order_id).order_by("line_no").first()
    owed = Plan.objects.values_list("outstanding_minor", flat=True).get(customer_id=item.customer_id, id=item.plan_id)
    amount = owed if item.state == ItemState.ROLLED_BACK else item.balance_minor
    return {
        "title": line.name[:TITLE_CHARACTERS].strip() if line else "",
        "to": holder_name(batch.to_provider, language),
        "from": holder_name(batch.from_provider, language),
        "at": f"{batch.cutover_at.astimezone(clock.mall_zone()):%Y-%m-%d %H:%M}",
        "amount": written_amount(amount, item.currency, language),
    }


def holder_name(code: str, language: str) -> str:
    """The lender's name, or the mall's own word for itself."""
    if code == MALL:
        return "商城" if language.startswith("zh") else "the mall"
    lender = provider_view(code)
    return lender.name(language) if lender else code
