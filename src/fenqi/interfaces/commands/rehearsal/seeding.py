"""The consumers of a rehearsal: each with a plan that has something due, and all the ways to pay."""

import json
import random
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Final

from fenqi.interfaces.commands.rehearsal.binding import bind_some
from fenqi.interfaces.commands.rehearsal.consumers import Bought
from fenqi.interfaces.commands.rehearsal.house import House
from fenqi.records.models import Order, Plan
from fenqi.records.scope import across_customers
from fenqi.usecases import clock
from fenqi.usecases.api_clients import Scope, make_client
from fenqi.usecases.orders.importing.run import import_orders

BOUGHT_DAYS_AGO: Final = 33
"""The first installment is past due, the second is not."""

SCOPES: Final = (Scope.PLANS_READ, Scope.PAYMENTS_READ, Scope.REPAYMENTS_WRITE)
METHODS: Final = ("alipay", "wechat_pay")
PRICING: Final[tuple[dict[str, object], ...]] = (
    {"method": "interest_free"},
    {"method": "flat_fee", "fee_rate": "0.6"},
    {"method": "equal_installment", "annual_rate": "12"},
)


def seed_consumers(house: House, count: int, *, seed: int) -> list[Bought]:
    """Take their orders in as a mall's file would bring them, and bind what they pay with."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "orders.jsonl"
        file.write_text("\n".join(json.dumps(_order(n, seed=seed), ensure_ascii=False) for n in range(count)))
        import_orders(file, mapping=None, rejects=Path(folder) / "rejects.csv", watch=lambda _step: None)
    house.key = make_client("rehearsal", list(SCOPES), now=clock.now())
    with across_customers():
        numbers = dict(Order.objects.values_list("id", "order_no"))
        plans = list(Plan.objects.values_list("customer_id", "id", "order_id"))
    bought = sorted(
        (
            Bought(n=int(numbers[order_id][1:]), customer_id=customer_id, plan_id=plan_id, methods=METHODS)
            for customer_id, plan_id, order_id in plans
        ),
        key=lambda one: one.n,
    )
    return bind_some(house, bought, seed=seed)


def _order(n: int, *, seed: int) -> dict[str, object]:
    """The name of what was bought tells the town whose payment it is: its faults are drawn by it."""
    choose = random.Random(f"order:{seed}:{n}")  # noqa: S311 - a rehearsal, not a secret
    principal = choose.randrange(30_000, 900_000)
    opened_on = clock.business_date(clock.now()) - timedelta(days=BOUGHT_DAYS_AGO)
    installments = choose.choice([3, 6, 12])
    terms = {
        "principal": principal,
        "currency": "CNY",
        "opened_on": opened_on.isoformat(),
        "installments": installments,
        "unit": "month",
        **choose.choice(PRICING),
    }
    return {
        "order_no": f"R{n}",
        "customer_ref": f"rehearsal-{n}",
        "currency": "CNY",
        "placed_at": f"{opened_on}T10:00:00+08:00",
        "status": "delivered",
        "lines": [{"sku": "X2", "name": f"演练手机 {n}", "unit_price_minor": principal}],
        "payments": [
            {"method": "installments", "amount_minor": principal, "installments": installments, "financed": True}
        ],
        "plan": {"terms": terms},
    }
