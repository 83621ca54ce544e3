"""The money write: one call that records, in one statement, all that the domain decided (scale rule 10)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

Row = Mapping[str, Any]


@dataclass(slots=True)
class Decision:
    """Rows to write for one customer, by table; each row has all its columns but customer_id."""

    customer_id: UUID
    rows: dict[str, list[Row]] = field(default_factory=dict)
    head_seq: int | None = None  # the customer's newest entry after this

    def add(self, table: str, *rows: Row) -> None:
        if rows:
            self.rows.setdefault(table, []).extend(rows)


def write(decision: Decision) -> None:
    """Record the decision. The caller holds the customer's lock and is inside a transaction."""
    document: dict[str, Any] = dict(decision.rows)
    if decision.head_seq is not None:
        document["head_seq"] = decision.head_seq
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT record_decision(%s, %s::jsonb)",
            [decision.customer_id, json.dumps(document, default=_as_json, ensure_ascii=False)],
        )


def _as_json(value: object) -> str:
    match value:
        case UUID():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case bytes():
            return "\\x" + value.hex()
    raise TypeError(type(value).__name__)
