"""What one consumer does, decided by a seed: repays over any rail, walks away, pays late, pays twice, is lied about."""

import random
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from uuid import UUID

from fenqi.interfaces.commands.rehearsal.house import House, NotAnswered, until

CREATED: Final = 201
KNOWN_SECONDS: Final = 6.0
"""How long a consumer looks at the result page before walking off; what comes later, comes later."""

LOOK_AGAIN_SECONDS: Final = 1.0


class Deed(StrEnum):
    """What happens once a repayment was started."""

    PAY = "pay"
    FAIL_THEN_PAY = "fail_then_pay"
    WALK_AWAY = "walk_away"
    PAY_AFTER_CLOSE = "pay_after_close"
    """The window ends, and the money comes even so."""
    SECOND_DEVICE = "second_device"
    """Another device starts the same bill by another method; both are paid."""
    TOLD_TWICE = "told_twice"
    FORGED = "forged"
    """A stranger and a tampered message claim that it was paid; then it is."""
    SWITCH = "switch"
    """Closed at the mall, then paid by another method."""


WEIGHTS: Final = {
    Deed.PAY: 34,
    Deed.FAIL_THEN_PAY: 10,
    Deed.WALK_AWAY: 8,
    Deed.PAY_AFTER_CLOSE: 10,
    Deed.SECOND_DEVICE: 14,
    Deed.TOLD_TWICE: 8,
    Deed.FORGED: 8,
    Deed.SWITCH: 8,
}
AT_CASHIER: Final[Mapping[Deed, tuple[str, ...]]] = {
    Deed.PAY: ("confirm",),
    Deed.FAIL_THEN_PAY: ("refuse", "confirm"),
    Deed.WALK_AWAY: (),
    Deed.PAY_AFTER_CLOSE: ("expire", "pay_late"),
    Deed.SECOND_DEVICE: (),
    Deed.TOLD_TWICE: ("confirm", "notify_again", "notify_again"),
    Deed.FORGED: ("forge", "tamper", "confirm"),
    Deed.SWITCH: (),
}
"""What control of the sandbox is told to do to the payment."""

BY_TWO_METHODS: Final = frozenset({Deed.SWITCH, Deed.SECOND_DEVICE})
PURPOSES: Final[tuple[dict[str, object], ...]] = (
    {"purpose": "installments", "installments": [1]},
    {"purpose": "due"},
    {"purpose": "settlement"},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """A consumer's plan, and the methods they can use."""

    n: int
    customer_id: UUID
    plan_id: UUID
    methods: tuple[str, ...]


@dataclass(slots=True)
class Consumer:
    """Acts by its own seeded choices, so that a run can be replayed; `numbers` are all that were sent to channels."""

    house: House
    bought: Bought
    seed: int
    numbers: list[str] = field(default_factory=list)
    turn: int = 0

    def act(self) -> list[str]:
        """Repay a few times; the numbers of all payments that were started."""
        choose = random.Random(f"{self.seed}:{self.bought.n}")  # noqa: S311 - a rehearsal, not a secret
        for _ in range(choose.randint(1, 3)):
            deed = choose.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
            methods = choose.sample(self.bought.methods, len(self.bought.methods))
            with suppress(NotAnswered):
                self._repay(deed, methods, choose.choice(PURPOSES))
        return self.numbers

    def _repay(self, deed: Deed, methods: Sequence[str], wish: dict[str, object]) -> None:
        number = self._start(methods[0], wish)
        if number is None:
            return
        self._at_cashier(number, *AT_CASHIER[deed])
        if deed in BY_TWO_METHODS:
            second = self._start(methods[-1], wish)
            if second is not None:
                self._at_cashier(second, "confirm")
        if deed is Deed.SECOND_DEVICE:
            self._at_cashier(number, "pay_late")
        self._look(number)

    def _start(self, method: str, wish: dict[str, object]) -> str | None:
        """Quote and start; our number at the channel, or None when the mall would not start it."""
        self.turn += 1
        path = f"/customers/{self.bought.customer_id}/plans/{self.bought.plan_id}"
        key = f"{self.seed}-{self.bought.n}-{self.turn}"
        quoted = self.house.call("POST", f"{path}/quotes", key=f"q-{key}", body=wish)
        if quoted.status_code != CREATED:
            return None
        body = {"quote_token": quoted.json()["token"], "method": method}
        started = self.house.call("POST", f"{path}/repayments", key=f"s-{key}", body=body)
        if started.status_code != CREATED:
            return None
        number = self._number(started.json()["payment_id"])
        self.numbers.append(number)
        self.house.tell_town("chaos/name", number=number, name=key)
        if address := started.json().get("redirect_url"):
            self._open(address)
        return number

    def _number(self, payment_id: str) -> str:
        payment = self.house.call("GET", f"/customers/{self.bought.customer_id}/payments/{payment_id}").json()
        return str(payment["attempts"][-1]["out_trade_no"])

    def _open(self, address: str) -> None:
        """The payer's browser goes where it was sent: for some channels the payment exists only then."""
        for _ in range(20):
            with suppress(Exception):
                self.house.http.get(address, follow_redirects=True)
                return
            time.sleep(0.3)

    def _at_cashier(self, number: str, *actions: str) -> None:
        for action in actions:
            self.house.tell_town(f"trades/{number}/{action}")

    def _look(self, number: str) -> None:
        """Wait a little for the result, as people do."""
        with suppress(NotAnswered):
            until(lambda: self._is_known(number), seconds=KNOWN_SECONDS, otherwise=number, every=LOOK_AGAIN_SECONDS)

    def _is_known(self, number: str) -> bool:
        payments = self.house.call("GET", f"/customers/{self.bought.customer_id}/payments?limit=20").json()["items"]
        states = {one["out_trade_no"]: one["state"] for payment in payments for one in payment["attempts"]}
        return states.get(number) in {"succeeded", "failed", "closed"}
