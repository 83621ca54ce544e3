"""A repayment did not go through: what the consumer can do about it, the fitting help first (R123-R141).

One table: each category has its helps in their order; a help that the circumstances do not allow is left out, and an
agent can be asked whatever happened.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from fenqi.domain.payments.failures import FailureCategory, RetryMark

RING_AGAIN_AT_HOUR = 9
"""Reminders come by day, never inside the quiet hours."""
QUIET_FROM_HOUR = 21
SOON = timedelta(hours=1)
"""A maintenance of unknown length is worth another look after this."""


class HelpKind(StrEnum):
    TRY_AGAIN_NOW = "try_again_now"
    TRY_AGAIN_AT = "try_again_at"
    REMIND_ME = "remind_me"
    CORRECT_DETAILS = "correct_details"
    USE_METHOD = "use_method"
    BIND_CARD = "bind_card"
    SMALLER_SUM = "smaller_sum"
    WAIT_FOR_AUTO_DEBIT = "wait_for_auto_debit"
    CLOSE_FIRST = "close_first"
    """The one safe way on while nobody knows the outcome."""
    CONTACT_AGENT = "contact_agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """One thing to do. `at`: from when; `method`: the key of a way to pay; `amount_minor`: a sum that still goes."""

    kind: HelpKind
    at: datetime | None = None
    method: str = ""
    amount_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What is known of the failure and of what the consumer has. Instants are in the mall's time zone.

    `opens_at`, `left_minor` are what the conditions say of the method that failed: when it is back, and how much of the
    sum would still go; `is_shut` while it is closed. `other_methods` are keys that can carry the sum now, in the order
    they are offered. `is_remindable`: no reminder was asked for yet.
    """

    category: FailureCategory
    retry: RetryMark | None
    is_known: bool
    now: datetime
    amount_minor: int
    other_methods: tuple[str, ...] = ()
    by_card: bool = False
    can_bind: bool = False
    is_shut: bool = False
    opens_at: datetime | None = None
    left_minor: int | None = None
    next_debit_at: datetime | None = None
    is_remindable: bool = True

    @property
    def cause(self) -> FailureCategory:
        """Exactly one (R141); of balance, details, methods and limits nothing is said while the outcome is unknown."""
        if not self.is_known:
            return FailureCategory.OUTCOME_UNKNOWN
        return FailureCategory.CONTACT_SUPPORT if self.category is FailureCategory.OUTCOME_UNKNOWN else self.category

    @property
    def works_again_at(self) -> datetime:
        """When the same way may work again."""
        if self.opens_at is not None:
            return self.opens_at
        if self.cause is FailureCategory.CHANNEL_MAINTENANCE:
            return self.now + SOON
        return self._tomorrow

    @property
    def remind_at(self) -> datetime:
        """When a reminder rings: as soon as it may work again, but by day."""
        at = self.works_again_at
        if at.hour >= QUIET_FROM_HOUR:
            return _at_nine(at + timedelta(days=1))
        return _at_nine(at) if at.hour < RING_AGAIN_AT_HOUR else at

    @property
    def _tomorrow(self) -> datetime:
        return _at_nine(self.now + timedelta(days=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What to do, in order; the last is always to ask an agent."""

    cause: FailureCategory
    helps: tuple[Help, ...]

    @property
    def fitting(self) -> Help:
        """The one that is offered as the button."""
        return self.helps[-1] if self.cause in _FOR_A_PERSON else self.helps[0]

    @property
    def others(self) -> tuple[Help, ...]:
        return tuple(one for one in self.helps if one is not self.fitting)


def advise(circumstances: Circumstances) -> Advice:
    """The helps of the cause that the circumstances allow. A reminder stands in where nothing else could be done."""
    cause = circumstances.cause
    helps = tuple(one for kind in _HELPS[cause] for one in _OFFER[kind](circumstances))
    if not helps:
        helps = (Help(kind=HelpKind.REMIND_ME, at=circumstances.remind_at),)
    return Advice(cause=cause, helps=(*helps, Help(kind=HelpKind.CONTACT_AGENT)))


_HELPS: Mapping[FailureCategory, tuple[HelpKind, ...]] = {
    FailureCategory.INSUFFICIENT_BALANCE: (
        HelpKind.USE_METHOD,
        HelpKind.TRY_AGAIN_NOW,
        HelpKind.SMALLER_SUM,
        HelpKind.WAIT_FOR_AUTO_DEBIT,
        HelpKind.REMIND_ME,
        HelpKind.BIND_CARD,
    ),
    FailureCategory.WRONG_ACCOUNT_INFO: (
        HelpKind.CORRECT_DETAILS,
        HelpKind.USE_METHOD,
        HelpKind.BIND_CARD,
    ),
    FailureCategory.METHOD_UNAVAILABLE: (
        HelpKind.USE_METHOD,
        HelpKind.BIND_CARD,
        HelpKind.TRY_AGAIN_NOW,
    ),
    FailureCategory.OUTCOME_UNKNOWN: (HelpKind.CLOSE_FIRST,),
    FailureCategory.LIMIT_EXCEEDED: (
        HelpKind.SMALLER_SUM,
        HelpKind.USE_METHOD,
        HelpKind.REMIND_ME,
        HelpKind.TRY_AGAIN_AT,
        HelpKind.BIND_CARD,
    ),
    FailureCategory.CHANNEL_MAINTENANCE: (
        HelpKind.USE_METHOD,
        HelpKind.REMIND_ME,
        HelpKind.TRY_AGAIN_AT,
        HelpKind.WAIT_FOR_AUTO_DEBIT,
        HelpKind.BIND_CARD,
    ),
    FailureCategory.CONTACT_SUPPORT: (HelpKind.USE_METHOD, HelpKind.BIND_CARD),
    FailureCategory.MERCHANT_CONFIG: (HelpKind.USE_METHOD, HelpKind.BIND_CARD),
}

_FOR_A_PERSON = frozenset({FailureCategory.CONTACT_SUPPORT, FailureCategory.MERCHANT_CONFIG})


def _try_again_now(known: Circumstances) -> Iterable[Help]:
    if known.retry is not RetryMark.NEVER and not known.is_shut and known.left_minor is None:
        yield Help(kind=HelpKind.TRY_AGAIN_NOW)


def _try_again_at(known: Circumstances) -> Iterable[Help]:
    """Only a way that does not go now is put off; a limit of each payment never goes by waiting."""
    if known.retry is not RetryMark.NEVER and (known.left_minor is None or known.opens_at is not None):
        yield Help(kind=HelpKind.TRY_AGAIN_AT, at=known.works_again_at)


def _remind_me(known: Circumstances) -> Iterable[Help]:
    if known.is_remindable:
        yield Help(kind=HelpKind.REMIND_ME, at=known.remind_at)


def _correct_details(_known: Circumstances) -> Iterable[Help]:
    yield Help(kind=HelpKind.CORRECT_DETAILS)


def _use_method(known: Circumstances) -> Iterable[Help]:
    return (Help(kind=HelpKind.USE_METHOD, method=key) for key in known.other_methods)


def _bind_card(known: Circumstances) -> Iterable[Help]:
    """A card that was refused for its details is corrected by binding it anew: that is offered once."""
    if known.can_bind and not (known.by_card and known.cause is FailureCategory.WRONG_ACCOUNT_INFO):
        yield Help(kind=HelpKind.BIND_CARD)


def _smaller_sum(known: Circumstances) -> Iterable[Help]:
    """`amount_minor` 0: nobody knows how much would go."""
    left = known.left_minor
    if not known.is_shut and left != 0:
        yield Help(kind=HelpKind.SMALLER_SUM, amount_minor=min(left or 0, known.amount_minor))


def _wait_for_auto_debit(known: Circumstances) -> Iterable[Help]:
    if known.next_debit_at is not None:
        yield Help(kind=HelpKind.WAIT_FOR_AUTO_DEBIT, at=known.next_debit_at)


def _close_first(_known: Circumstances) -> Iterable[Help]:
    yield Help(kind=HelpKind.CLOSE_FIRST)


_OFFER: Mapping[HelpKind, Callable[[Circumstances], Iterable[Help]]] = {
    HelpKind.TRY_AGAIN_NOW: _try_again_now,
    HelpKind.TRY_AGAIN_AT: _try_again_at,
    HelpKind.REMIND_ME: _remind_me,
    HelpKind.CORRECT_DETAILS: _correct_details,
    HelpKind.USE_METHOD: _use_method,
    HelpKind.BIND_CARD: _bind_card,
    HelpKind.SMALLER_SUM: _smaller_sum,
    HelpKind.WAIT_FOR_AUTO_DEBIT: _wait_for_auto_debit,
    HelpKind.CLOSE_FIRST: _close_first,
}


def _at_nine(at: datetime) -> datetime:
    return at.replace(hour=RING_AGAIN_AT_HOUR, minute=0, second=0, microsecond=0)
