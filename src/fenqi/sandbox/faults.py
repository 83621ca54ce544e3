"""Misbehaviour on demand: what the next calls of an operation will suffer."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fenqi.sandbox.store import Store


class Operation(StrEnum):
    QUERY = "query"
    CLOSE = "close"
    REFUND = "refund"
    QUERY_REFUND = "query_refund"
    NOTIFY = "notify"
    SMS = "sms"


class Kind(StrEnum):
    SLOW = "slow"
    """Executed, answered after `value` seconds; a notification is sent that much later."""
    HANG = "hang"
    """Executed, never answered."""
    RESET = "reset"
    """Executed, then the connection breaks."""
    HTTP_500 = "http_500"
    """Executed, then an error page."""
    WRONG_SIGNATURE = "wrong_signature"
    """Executed; the answer or the notification is signed by a stranger."""
    UNSIGNED = "unsigned"
    """Executed; the answer carries no signature."""
    CODE = "code"
    """Not executed: answered with the code `value`."""
    CODE_AFTER = "code_after"
    """Executed, yet answered with the code `value`."""
    NO_FUND_CHANGE = "no_fund_change"
    """A refund is executed and answered with fund_change=N."""
    ALSO_NOTIFY = "also_notify"
    """A refund is followed by a notification."""
    DROP = "drop"
    """The notification is never sent, nor repeated."""
    TWICE = "twice"
    """The notification goes out twice at the same moment."""
    HOLD = "hold"
    """The notification waits until the next one has been sent: the two arrive out of order."""


_ANSWER_FAULTS: Final = (
    Kind.SLOW,
    Kind.HANG,
    Kind.RESET,
    Kind.HTTP_500,
    Kind.WRONG_SIGNATURE,
    Kind.UNSIGNED,
    Kind.CODE,
    Kind.CODE_AFTER,
)

KINDS_OF: Final[dict[Operation, tuple[Kind, ...]]] = {
    Operation.QUERY: _ANSWER_FAULTS,
    Operation.CLOSE: _ANSWER_FAULTS,
    Operation.REFUND: (*_ANSWER_FAULTS, Kind.NO_FUND_CHANGE, Kind.ALSO_NOTIFY),
    Operation.QUERY_REFUND: _ANSWER_FAULTS,
    Operation.NOTIFY: (Kind.SLOW, Kind.WRONG_SIGNATURE, Kind.DROP, Kind.TWICE, Kind.HOLD),
    Operation.SMS: (Kind.SLOW, Kind.HANG, Kind.RESET, Kind.HTTP_500, Kind.CODE),
}


@dataclass(frozen=True, slots=True)
class Fault:
    kind: Kind
    value: str

    @property
    def seconds(self) -> float:
        return float(self.value or 0)


def order(store: Store, *, operation: Operation, kind: Kind, value: str, times: int) -> None:
    """Let the next `times` calls of `operation` suffer this. Raises ValueError for what cannot be."""
    if kind not in KINDS_OF[operation]:
        raise ValueError(f"{operation} cannot suffer {kind}")
    if kind is Kind.SLOW and not 0 <= float(value) <= 600:  # noqa: PLR2004 - ten minutes; longer is `hang`
        raise ValueError("slow takes 0 to 600 seconds")
    if kind in {Kind.CODE, Kind.CODE_AFTER} and not value:
        raise ValueError("a code is needed")
    with store.change() as db:
        db.execute(
            "INSERT INTO fault (operation, kind, value, times) VALUES (?, ?, ?, ?)", (operation, kind, value, times)
        )


def next_fault(store: Store, operation: Operation) -> Fault | None:
    """The oldest order for this operation, used up by one; None when it shall behave."""
    with store.change() as db:
        row = db.execute("SELECT * FROM fault WHERE operation = ? ORDER BY id LIMIT 1", (operation,)).fetchone()
        if row is None:
            return None
        db.execute("UPDATE fault SET times = times - 1 WHERE id = ?", (row["id"],))
        db.execute("DELETE FROM fault WHERE times <= 0")
        return Fault(Kind(row["kind"]), row["value"])


def forget_all(store: Store) -> None:
    with store.change() as db:
        db.execute("DELETE FROM fault")
