"""Money is whole minor units of one currency; a rounding names itself where it is used."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Self

from fenqi.domain.errors import FenqiError

# ISO 4217 minor-unit exponents: all currencies not listed have two.
_ZERO_EXPONENT = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_EXPONENT = "BHD IQD JOD KWD LYD OMR TND"
_TWO_EXPONENT = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD "
    "CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD "
    "HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD "
    "MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON "
    "RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD "
    "TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW"
)
EXPONENTS = {
    **dict.fromkeys(_TWO_EXPONENT.split(), 2),
    **dict.fromkeys(_ZERO_EXPONENT.split(), 0),
    **dict.fromkeys(_THREE_EXPONENT.split(), 3),
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


def exponent_of(currency: str, *, where: str | None = None) -> int:
    """How many decimals the currency's minor unit has. Raises UnknownCurrency, naming `where`."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise UnknownCurrency(where=where, currency=currency) from None


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
            major = Decimal(amount)
        except (ArithmeticError, ValueError, TypeError):
            raise InvalidAmount(amount=amount, reason="it is not a number", reason_zh="不是数字") from None
        if not major.is_finite():
            raise InvalidAmount(amount=amount, reason="it is not a number", reason_zh="不是数字")
        if major.adjusted() > len(str(LARGEST_MINOR)):
            raise InvalidAmount(amount=amount, reason="it is too large", reason_zh="数额过大")
        minor = int(major.scaleb(exponent_of(currency)))
        if Decimal(minor).scaleb(-exponent_of(currency)) != major:
            raise InvalidAmount(amount=amount, reason="it has a fraction of a minor unit", reason_zh="小于最小货币单位")
        if abs(minor) > LARGEST_MINOR:
            raise InvalidAmount(amount=amount, reason="it is too large", reason_zh="数额过大")
        return cls(minor, currency)


def round_ratio(numerator: int, denominator: int, rounding: Rounding, *, unit: int = 1) -> int:
    """The one rounding of the project: numerator/denominator minor units to a whole multiple of `unit`.

    Exact for any size, since it never leaves the integers. The denominator is positive; a half goes to the even
    multiple, or away from zero for HALF_UP, so that a negative amount rounds as its positive twin does.
    """
    step = denominator * unit
    whole, rest = divmod(abs(numerator), step)
    if 2 * rest > step or (2 * rest == step and (rounding is Rounding.HALF_UP or whole % 2)):
        whole += 1
    return whole * unit if numerator >= 0 else -whole * unit


def round_to(amount: Decimal, unit: int, rounding: Rounding) -> int:
    """An exact decimal count of minor units, rounded to a whole multiple of `unit` (see round_ratio)."""
    return round_ratio(*amount.as_integer_ratio(), rounding, unit=unit)
