"""Plans to repay in the bench: taken in through the importer, as a mall would bring them."""

import json
import tempfile
from pathlib import Path
from uuid import UUID

from django.db import connection

from fenqi.records.scope import across_customers
from fenqi.usecases import clock
from fenqi.usecases.api_clients import Scope, make_client
from fenqi.usecases.orders.importing.run import import_orders


def seed(plans: int) -> tuple[str, list[tuple[UUID, UUID]]]:
    """An API key, and (customer, plan) of each plan; pgbench finds the same in `bench_target`."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "orders.jsonl"
        file.write_text("\n".join(json.dumps(_order(n)) for n in range(1, plans + 1)))
        import_orders(file, mapping=None, rejects=Path(folder) / "rejects.csv", watch=lambda _step: None)
    with across_customers(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bench_target AS "
            "SELECT (row_number() OVER (ORDER BY id))::int AS n, customer_id, id AS plan_id FROM plan"
        )
        cursor.execute("CREATE UNIQUE INDEX ON bench_target (n)")
        cursor.execute("SELECT customer_id, plan_id FROM bench_target ORDER BY n")
        targets = cursor.fetchall()
        cursor.execute("ANALYZE")
    assert len(targets) == plans, f"{len(targets)} of {plans} plans were taken in"
    return make_client("bench", [Scope.REPAYMENTS_RECORD], now=clock.now()), targets


def _order(n: int) -> dict[str, object]:
    principal = 240_000
    return {
        "order_no": f"B{n}",
        "customer_ref": f"bench-{n}",
        "currency": "CNY",
        "placed_at": "2026-01-01T10:00:00+08:00",
        "status": "delivered",
        "lines": [{"sku": "X", "name": "X", "unit_price_minor": principal}],
        "payments": [{"method": "installments", "amount_minor": principal, "installments": 12, "financed": True}],
        "plan": {
            "terms": {
                "principal": principal,
                "currency": "CNY",
                "opened_on": "2026-01-01",
                "installments": 12,
                "unit": "month",
                "method": "interest_free",
            }
        },
    }
