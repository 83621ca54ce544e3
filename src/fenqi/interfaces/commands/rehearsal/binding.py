"""Cards and agreements of a rehearsal: bound and signed as on the pages, with the code from the town's phone."""

import random
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final
from uuid import UUID

from django.db import close_old_connections
from stdnum import luhn

from fenqi.interfaces.commands.rehearsal.consumers import Bought
from fenqi.interfaces.commands.rehearsal.house import House, until
from fenqi.usecases import clock, plan_file
from fenqi.usecases.agreements.consent import Consent as DebitConsent
from fenqi.usecases.agreements.offers import Way, find_offer, words_of
from fenqi.usecases.agreements.sign import sign
from fenqi.usecases.cards.bind import Consent, TypedCard, ask_code, bind

AT_ONCE: Final = 6
WITH_CARD: Final = 0.5
WITH_AGREEMENT: Final = 0.5
"""Of those with a card."""

DEBIT_PREFIX: Final = "621486"
DIGITS: Final = 16
CODE_SECONDS: Final = 20.0


def bind_some(house: House, everybody: Iterable[Bought], *, seed: int) -> list[Bought]:
    """Half of the consumers bind a card, and half of these let it be debited; all of them, with what they have now."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda one: _with_card(house, one, seed=seed), everybody))


def _with_card(house: House, one: Bought, *, seed: int) -> Bought:
    choose = random.Random(f"card:{seed}:{one.n}")  # noqa: S311 - a rehearsal, not a secret
    if choose.random() >= WITH_CARD:
        return one
    try:
        card_id = _bound(house, one, choose)
        if choose.random() < WITH_AGREEMENT:
            _agree(one, card_id)
    finally:
        close_old_connections()
    return replace(one, methods=(*one.methods, f"bank_card:{card_id}"))


def _bound(house: House, one: Bought, choose: random.Random) -> UUID:
    body = DEBIT_PREFIX + "".join(choose.choice("0123456789") for _ in range(DIGITS - len(DEBIT_PREFIX) - 1))
    phone = f"171{one.n:08}"
    typed = TypedCard(number=body + luhn.calc_check_digit(body), holder="演练", phone=phone)
    binding = ask_code(one.customer_id, typed, now=clock.now())
    code = _code_sent_to(house, phone)
    consent = Consent(text="rehearsal", language="zh", remote_address="127.0.0.1")
    return bind(one.customer_id, typed, code, binding=binding, consent=consent, now=clock.now()).card_id


def _code_sent_to(house: House, phone: str) -> str:
    """From the town's own phone, where a person would read it."""
    found: list[str] = []

    def is_there() -> bool:
        told = house.ask_town(f"sms?phone={phone}") or {"messages": []}
        found.extend(message["params"]["code"] for message in told["messages"])
        return bool(found)

    until(is_there, seconds=CODE_SECONDS, otherwise="no code came")
    return found[0]


def _agree(one: Bought, card_id: UUID) -> None:
    now = clock.now()
    way = Way(channel="bank_card", card_id=card_id)
    file = plan_file.read(one.customer_id, one.plan_id)
    words = words_of(find_offer(file, way, now=now), file, language="zh")
    consent = DebitConsent(digest=words.digest, language="zh", ip="127.0.0.1")
    sign(customer_id=one.customer_id, plan_id=one.plan_id, way=way, consent=consent, request_key="agree", now=now)
