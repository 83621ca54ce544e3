"""Published policies as documents. Dates are business dates of the mall; the sentences come in both languages."""

from datetime import date
from typing import Any

from fenqi.interfaces.api.documents import Outgoing


class Exclusion(Outgoing):
    """Why goods with these tags are not returned without a reason.

    `needs_confirmation`: it holds only of order lines that are registered with the buyer's own confirmation
    (`no_return_confirmed_at`, `no_return_text_version`): ask for it before the order, as a step of its own.
    """

    rule: str
    zh: str
    en: str
    needs_confirmation: bool


class Policy(Outgoing):
    """One version. `sentences_zh` and `sentences_en` say all of it, pair by pair; `rules` are its numbers.

    `valid_until`: its last day for new orders, null while it is open.
    """

    subject: str
    code: str
    version: int
    valid_from: date
    valid_until: date | None
    sentences_zh: list[str]
    sentences_en: list[str]
    rules: dict[str, Any]


class PoliciesOfGoods(Outgoing):
    """What holds for goods that are ordered on a day."""

    sku: str
    category: str
    sales_channel: str
    on: date
    returns: Policy
    price_protection: Policy
    exclusion: Exclusion | None
