"""Money is whole minor units of one currency; a rounding names itself where it is used."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Self

from fenqi.domain.errors import FenqiError

# ISO 4217 minor-unit exponents: all currencies not listed have two.
_ZERO_EXPONENT = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
_THREE_EXPONENT = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])
_TWO_EXPONENT = frozenset(
    [
        "AED",
        "AFN",
        "ALL",
        "AMD",
        "ANG",
        "AOA",
        "ARS",
        "AUD",
        "AWG",
        "AZN",
        "BAM",
        "BBD",
        "BDT",
        "BGN",
        "BMD",
        "BND",
        "BOB",
        "BRL",
        "BSD",
        "BTN",
        "BWP",
        "BYN",
        "BZD",
        "CAD",
        "CDF",
        "CHF",
        "CNY",
        "COP",
        "CRC",
        "CUP",
        "CVE",
        "CZK",
        "DKK",
        "DOP",
        "DZD",
        "EGP",
        "ERN",
        "ETB",
        "EUR",
        "FJD",
        "FKP",
        "GBP",
        "GEL",
        "GHS",
        "GIP",
        "GMD",
        "GTQ",
        "GYD",
        "HKD",
        "HNL",
        "HTG",
        "HUF",
        "IDR",
        "ILS",
        "INR",
        "IRR",
        "JMD",
        "KES",
        "KGS",
        "KHR",
        "KPW",
        "KYD",
        "KZT",
        "LAK",
        "LBP",
        "LKR",
        "LRD",
        "LSL",
        "MAD",
        "MDL",
        "MGA",
        "MKD",
        "MMK",
        "MNT",
        "MOP",
        "MRU",
        "MUR",
        "MVR",
        "MWK",
        "MXN",
        "MYR",
        "MZN",
        "NAD",
        "NGN",
        "NIO",
        "NOK",
        "NPR",
        "NZD",
        "PAB",
        "PEN",
        "PGK",
        "PHP",
        "PKR",
        "PLN",
        "QAR",
        "RON",
        "RSD",
        "RUB",
        "SAR",
        "SBD",
        "SCR",
        "SDG",
        "SEK",
        "SGD",
        "SHP",
        "SLE",
        "SOS",
        "SRD",
        "SSP",
        "STN",
        "SVC",
        "SYP",
        "SZL",
        "THB",
        "TJS",
        "TMT",
        "TOP",
        "TRY",
        "TTD",
        "TWD",
        "TZS",
        "UAH",
        "USD",
        "UYU",
        "UZS",
        "VES",
        "WST",
        "XCD",
        "YER",
        "ZAR",
        "ZMW",
    ]
)
EXPONENTS = {
    **dict.fromkeys(_TWO_EXPONENT, 2),
    **dict.fromkeys(_ZERO_EXPONENT, 0),
    **dict.fromkeys(_THREE_EXPONENT, 3),
}

LARGEST_MINOR = 10**15
"""No single amount is larger (ten million million yuan); it keeps every sum inside a database bigint."""


class UnknownCurrency(FenqiError):
    """The currency is none of ISO 4217's."""

    code = "unknown_currency"
    status = 422
    zh = "不认识的币种「{currency}」，请使用 ISO 4217 代码，例如 CNY。"
    en = "Unknown currency {currency!r}: use an ISO 4217 code such as CNY."


class InvalidAmount(FenqiError):
    """Not a whole, in-range number of minor units."""

    code = "invalid_amount"
    status = 422
    zh = "金额「{amount}」无效：{reason_zh}"
    en = "The amount {amount!r} is not valid: {reason}"


class Rounding(StrEnum):
    HALF_EVEN = "half_even"
    HALF_UP = "half_up"

    @property
    def decimal_mode(self) -> str:
        return ROUND_HALF_EVEN if self is Rounding.HALF_EVEN else ROUND_HALF_UP


def exponent_of(currency: str) -> int:
    """How many decimals the currency's minor unit has. Raises UnknownCurrency."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise UnknownCurrency(currency=currency) from None


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """Whole minor units of one currency. Never a float.

    A bare int is an amount only inside a plan, whose terms name its one currency.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        exponent_of(self.currency)

    def __add__(self, other: Self) -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Self) -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise InvalidAmount(
                amount=f"{other.minor} {other.currency}",
                reason=f"it is not in {self.currency}",
                reason_zh=f"币种不是 {self.currency}",
            )
        return other.minor

    def as_decimal(self) -> Decimal:
        """Major units, exact: 1234 fen is Decimal('12.34')."""
        return Decimal(self.minor).scaleb(-exponent_of(self.currency))

    @classmethod
    def from_decimal(cls, amount: Decimal | str, currency: str) -> "Money":
        """Major units to minor, refusing fractions of a minor unit. Raises InvalidAmount, UnknownCurrency."""
        try:
            scaled = Decimal(amount).scaleb(exponent_of(currency))
            minor = int(scaled)
        except (ArithmeticError, ValueError):
            raise InvalidAmount(amount=amount, reason="it is not a number", reason_zh="不是数字") from None
        if minor != scaled:
            raise InvalidAmount(amount=amount, reason="it has a fraction of a minor unit", reason_zh="小于最小货币单位")
        if abs(minor) > LARGEST_MINOR:
            raise InvalidAmount(amount=amount, reason="it is too large", reason_zh="数额过大")
        return cls(minor, currency)


def round_to(amount: Decimal, unit: int, rounding: Rounding) -> int:
    """The one rounding of the project: to a whole multiple of `unit` minor units."""
    return int((amount / unit).quantize(Decimal(1), rounding=rounding.decimal_mode)) * unit
