"""What control can do with any counterparty: one set of functions for its page and its API."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.http import HttpRequest

from fenqi.sandbox.deliveries import Protocol
from fenqi.sandbox.store import Row
from fenqi.sandbox.town import Town

Act = Callable[[str], object]
"""Does something to what has that number (ours). Raises Refusal when it cannot be."""


class Refusal(Exception):
    """A business failure, answered with this code of the protocol."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One payment, agreement or freeze as the control page lists it."""

    number: str
    """Ours."""
    title: str
    amount_fen: int
    status: str
    link: str = ""
    """The address of its page."""
    note: str = ""

    @property
    def yuan(self) -> str:
        return f"¥{self.amount_fen // 100}.{self.amount_fen % 100:02}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterparty:
    """One rail's counterparty, as control sees it. All numbers are ours."""

    channel: str
    title: str
    """Chinese."""
    codes: frozenset[str]
    """What it can be told to answer."""
    protocol: Protocol
    actions: Mapping[str, tuple[str, Act]]
    """name -> Chinese label and what is done to a payment (or agreement, or freeze)."""
    newest: Callable[[int], list[Listed]]
    """The newest, at most that many."""
    described: Callable[[str], dict[str, object] | None]
    """All about one, for the API; None for a number it does not know."""
    register: Callable[[HttpRequest, Mapping[str, object]], dict[str, object]]
    """Make a merchant known. Raises ValueError for what is wrong with the body."""
    moved: str
    """A query that gives `number`, `paid_fen` and `refunded_fen` of every payment."""
    refund_actions: Mapping[str, tuple[str, Act]] = field(default_factory=dict)
    described_refund: Callable[[str], dict[str, object] | None] = lambda _number: None


def text(body: Mapping[str, object], name: str) -> str:
    """A text that a body of the control API must hold. Raises ValueError."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is needed")
    return value


def note_call(town: Town, *, channel: str, method: str, number: str, answer: str) -> None:
    """For the control page: what was asked about which number, and what was said."""
    with town.store.change() as db:
        db.execute(
            "INSERT INTO heard_call (at, channel, method, number, answer) VALUES (?, ?, ?, ?, ?)",
            (town.now(), channel, method[:64], number[:64], answer[:64]),
        )


def newest_calls(town: Town, limit: int) -> list[Row]:
    return town.store.rows("SELECT * FROM heard_call ORDER BY id DESC LIMIT ?", limit)
