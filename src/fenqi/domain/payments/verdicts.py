"""Reading a channel's code from its own table, by operation and code, never by the code alone.

"Balance not enough" on a refund is the merchant's balance. A code nobody mapped leaves the outcome unknown.
"""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from fenqi.domain.payments.attempts import Outcome
from fenqi.domain.payments.failures import FailureCategory, Operation, RetryMark, Verdict
from fenqi.domain.payments.meanings import CodeTable

UNMAPPED = Verdict(Outcome.UNKNOWN, FailureCategory.CONTACT_SUPPORT, RetryMark.QUERY_FIRST, alert=True)
"""Never assume that an unread code is a failure."""

_PREFIXES = ("ACQ.", "AQC.")  # the second is a misspelling that Alipay really sends
_SHORTEST_STUMP = 20
"""Codes were seen cut to 32 characters; a stump shorter than this says too little to be believed."""


def verdict_on(table: CodeTable, operation: Operation, *codes: str) -> Verdict:
    """What a channel's answer means; `codes` from the most telling to the most general (sub code, then code).

    Each is looked up as it is, then in its normal form (upper case, without `_` and `ACQ.`), then as a member of a
    family (`ACQ.MERCHANT_AGREEMENT_*`), then as a code that was cut short. `UNMAPPED` when nothing fits.
    """
    verdicts = table.get(operation, {})
    return next(filter(None, (_find(code, verdicts) for code in codes)), UNMAPPED)


def _find(code: str, verdicts: Mapping[str, Verdict]) -> Verdict | None:
    if code in verdicts:
        return verdicts[code]
    wanted = _normal(code)
    for matches in (_equal, _in_family, _cut_short):
        meanings = set(matches(wanted, verdicts))
        if len(meanings) == 1:
            return meanings.pop()
    return None


def _equal(wanted: str, verdicts: Mapping[str, Verdict]) -> Iterator[Verdict]:
    return (verdict for known, verdict in verdicts.items() if _normal(known) == wanted)


def _in_family(wanted: str, verdicts: Mapping[str, Verdict]) -> Iterator[Verdict]:
    return (verdict for known, verdict in verdicts.items() if "*" in known and fnmatchcase(wanted, _normal(known)))


def _cut_short(stump: str, verdicts: Mapping[str, Verdict]) -> Iterator[Verdict]:
    if len(stump) < _SHORTEST_STUMP:
        return iter(())
    return (verdict for known, verdict in verdicts.items() if stump in _normal(known))


def _normal(code: str) -> str:
    upper = code.strip().upper()
    for prefix in _PREFIXES:
        upper = upper.removeprefix(prefix)
    return upper.replace("_", "")
