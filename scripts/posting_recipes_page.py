"""Works the examples of `docs/posting-recipes.md` out with the engine, one for each recipe.

`python scripts/posting_recipes_page.py --write` writes them into the page; without `--write` it says when it is out of
date. A test fails while it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fenqi.domain.ledger import (
    Entry,
    EntryCode,
    Line,
    clearing,
    duplicate_payment_entry,
    entry_for,
    opening_entry,
    partner_funded_entry,
    partner_refund_entry,
    partner_settlement_entry,
    plan_moved_back_entry,
    plan_moved_entry,
    price_difference_entry,
    refund_paid_entry,
    refund_returned_entry,
    repayment_passed_on_entry,
    reserve_captured_entry,
    reserve_frozen_entry,
    reserve_paid_entry,
    reserve_refunded_entry,
    reserve_unfrozen_entry,
    return_at_ordering_entry,
    settlement_entry,
    suspense_entry,
    transfer_paid_entry,
)
from fenqi.domain.money import Money
from fenqi.domain.plans import Components, Event, parse_event, parse_terms, replay
from generated_parts import DOCS, Parts, run

PAGE = DOCS / "posting-recipes.md"
ALIPAY = clearing("alipay")
LENDER = clearing("lender")

# 1,200.00 over 12 months at a flat fee of 0.6 % a month: each row is 100.00 and 7.20 of fee.
TERMS = parse_terms(
    {
        "principal": 120_000,
        "currency": "CNY",
        "opened_on": "2026-01-15",
        "installments": 12,
        "method": "flat_fee",
        "fee_rate": "0.6",
    }
)


@dataclass(frozen=True, slots=True)
class Example:
    """What happened in words, and the entry it posts; None when nothing moves."""

    code: EntryCode
    words: str
    entry: Entry | None


def event(kind: str, on: str, **fields: object) -> Event:
    return parse_event({"id": f"{kind} {on}", "kind": kind, "on": on, **fields})


FIRST = event("repayment", "2026-02-15", amount=10_720)
LATE_FEE = event("late_fee", "2026-03-20", amount=500)
OVERPAID = event("repayment", "2026-02-15", amount=130_000)
CHARGED_OFF = event("charge_off", "2026-09-01")

HISTORIES: Sequence[tuple[str, Sequence[Event]]] = (
    ("The first row is repaid on its day.", [FIRST]),
    ("More than everything is paid; the rest is credit balance.", [OVERPAID]),
    ("The plan is settled on 1 March; ten rows' fees are no longer asked.", [FIRST, event("settlement", "2026-03-01")]),
    ("Goods of 200.00 go back; the last rows are lowered.", [FIRST, event("refund", "2026-02-20", amount=20_000)]),
    ("The price fell by 50.00.", [FIRST, event("price_adjustment", "2026-02-20", amount=5_000)]),
    ("The mall gives 10.00.", [FIRST, event("credit", "2026-02-20", amount=1_000)]),
    (
        "Goods of 600.00, half of what is financed, went back: half of the ten later rows' fees, too.",
        [
            FIRST,
            event("refund", "2026-02-20", amount=60_000),
            event("fee_refund", "2026-02-20", amount=3_600, component="fee"),
        ],
    ),
    ("A fee of 3.00 is charged.", [FIRST, event("fee", "2026-02-20", amount=300)]),
    ("A late fee of 5.00 is charged.", [FIRST, LATE_FEE]),
    ("That late fee is waived.", [FIRST, LATE_FEE, event("waiver", "2026-03-21", amount=500, component="late_fee")]),
    ("The card holder disputes the repayment.", [FIRST, event("chargeback", "2026-03-01", of=FIRST.id, amount=10_720)]),
    (
        "Part of the credit balance is paid out.",
        [OVERPAID, event("balance_payout", "2026-02-16", amount=1_000)],
    ),
    ("The repayment was booked by mistake.", [FIRST, event("reversal", "2026-02-16", of=FIRST.id)]),
    ("Nothing is expected to come any more.", [FIRST, CHARGED_OFF]),
    (
        "Money comes after all.",
        [FIRST, CHARGED_OFF, event("repayment", "2026-09-10", amount=10_720)],
    ),
    ("The second row moves by ten days.", [FIRST, event("extension", "2026-02-20", from_row=2, days=10)]),
    (
        "What is open is laid out over 20 months.",
        [FIRST, event("reschedule", "2026-02-20", installments=20, first_due_on="2026-03-15")],
    ),
    ("Somebody looked at the plan.", [FIRST, event("look", "2026-02-20")]),
    (
        "A fee of 3.00, in force since 1 February, becomes known after the repayment: the money had paid it first.",
        [FIRST, event("fee", "2026-02-01", amount=300)],
    ),
)


def examples() -> list[Example]:
    return [
        Example(EntryCode.OPENED, "An order is bought on the plan.", opening_entry(replay(TERMS, ()))),
        *(worked(words, events) for words, events in HISTORIES),
        Example(
            EntryCode.DUPLICATE_PAYMENT,
            "The same row is paid a second time at the cashier.",
            duplicate_payment_entry(10_720, source=ALIPAY),
        ),
        Example(
            EntryCode.REFUND_PAID,
            "It has gone back over the channel.",
            refund_paid_entry(10_720, source=ALIPAY),
        ),
        Example(
            EntryCode.REFUND_RETURNED,
            "The payer's bank could not take it and sent it back.",
            refund_returned_entry(10_720, source=ALIPAY),
        ),
        Example(
            EntryCode.TRANSFER_PAID,
            "It is transferred to a verified account instead.",
            transfer_paid_entry(10_720),
        ),
        Example(
            EntryCode.CHANNEL_SETTLEMENT,
            "Alipay pays out a day on which 300.00 came in and 107.20 went back, less 1.16 of fee.",
            settlement_entry(paid=30_000, refunded=10_720, fee=116, source=ALIPAY),
        ),
        Example(
            EntryCode.SUSPENSE,
            "A payment of 20.00 in the channel's bill is not explained yet.",
            suspense_entry(2_000, source=ALIPAY),
        ),
        Example(
            EntryCode.PRICE_DIFFERENCE,
            "The price fell by 50.00, which goes back to the payment account.",
            price_difference_entry(5_000),
        ),
        Example(EntryCode.RESERVE_HELD, "300.00 is frozen as a reserve: post the hold.", reserve_frozen_entry(30_000)),
        Example(
            EntryCode.RESERVE_CAPTURED,
            "107.20 of it became a repayment, which has its own entry: void so much of the hold.",
            reserve_captured_entry(10_720),
        ),
        Example(EntryCode.RESERVE_RELEASED, "The rest is released: void what is left.", reserve_unfrozen_entry(19_280)),
        Example(
            EntryCode.RESERVE_HELD,
            "A reserve of 300.00 is paid beforehand.",
            reserve_paid_entry(30_000, source=ALIPAY),
        ),
        Example(EntryCode.RESERVE_RELEASED, "It goes back: it is owed as a refund.", reserve_refunded_entry(30_000)),
        Example(
            EntryCode.RETURN_AT_ORDERING,
            "Goods of 200.00 that were paid at ordering go back.",
            return_at_ordering_entry(20_000),
        ),
        *with_a_lender(),
    ]


def with_a_lender() -> list[Example]:
    opened = replay(TERMS, ()).opened
    half = Components(fee=opened.fee // 2)
    return [
        Example(
            EntryCode.PARTNER_FUNDED,
            "A lender finances the same plan for 24.00 of commission.",
            partner_funded_entry(opened, commission=2_400, subsidy=0, source=LENDER),
        ),
        Example(
            EntryCode.PARTNER_REFUND,
            "Half of the goods go back to it; it drops half of the fees and gives half of its commission back.",
            partner_refund_entry(60_000, dropped=half, commission_back=1_200, subsidy_back=0, source=LENDER),
        ),
        Example(
            EntryCode.PARTNER_SETTLEMENT,
            "It pays the day out.",
            partner_settlement_entry(117_600 - 58_800, source=LENDER),
        ),
        Example(
            EntryCode.PLAN_MOVED,
            "A plan of the mall's own moves to a lender: 1,286.40 is owed on it, 79.20 of that are fees not due yet.",
            plan_moved_entry(128_640, price=120_720, interest=0, fee=7_920, taker=LENDER),
        ),
        Example(
            EntryCode.PLAN_MOVED_BACK,
            "It comes back after the lender has collected 107.20.",
            plan_moved_back_entry(
                128_640 - 10_720, price=120_720, interest=0, fee=7_920, collected=10_720, taker=LENDER
            ),
        ),
        Example(
            EntryCode.REPAYMENT_PASSED_ON,
            "A repayment of 107.20 came to the mall after the move.",
            repayment_passed_on_entry(10_720, source=LENDER),
        ),
    ]


def worked(words: str, events: Sequence[Event]) -> Example:
    """The entry that the last of the events posts when it becomes known."""
    before, after = replay(TERMS, events[:-1]), replay(TERMS, events)
    return Example(EntryCode(events[-1].kind.value), words, entry_for(before, after, events[-1], source=ALIPAY))


def table(of: Sequence[Example]) -> str:
    rows = [f"| {one.code} | {one.words} | {_side(one, 'debit')} | {_side(one, 'credit')} |" for one in of]
    return "\n".join(["| event | what happened | debit | credit |", "|---|---|---|---|", *rows])


def _side(example: Example, side: str) -> str:
    if example.entry is None:
        return "nothing"
    return "<br>".join(_written(line, side) for line in example.entry.lines if getattr(line, side))


def _written(line: Line, side: str) -> str:
    return f"`{line.account}` {Money(getattr(line, side), TERMS.currency).as_decimal():,.2f}"


def pages() -> Parts:
    return {PAGE: {"examples": table(examples())}}


if __name__ == "__main__":
    run(pages())
