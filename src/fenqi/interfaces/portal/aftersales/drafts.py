"""An application that is being filled in: kept in the customer's session, so that nothing typed is lost on the way."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, QueryDict

from fenqi.domain.aftersales.eligibility import Wish, WishedLine
from fenqi.domain.aftersales.reasons import Reason, WishKind

LONGEST_DESCRIPTION: Final = 500
MOST_DRAFTS: Final = 5
LARGEST_COUNT: Final = 1_000_000
_KEY: Final = "after_sales"
_PIECES: Final = "pieces-"
_KINDS: Final = frozenset({WishKind.RETURN, WishKind.REFUND_ONLY, WishKind.EXCHANGE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """`pieces` by line number; what is not chosen yet is empty. `quote_id`: of the quote that was shown last."""

    kind: str = ""
    pieces: Mapping[int, int] = field(default_factory=dict)
    reason: str = ""
    description: str = ""
    quote_id: str = ""

    @property
    def has_goods(self) -> bool:
        """The first half is filled in."""
        return bool(self.kind and self.pieces)

    @property
    def wish(self) -> Wish | None:
        """What it asks for, once it is whole."""
        if not (self.has_goods and self.reason):
            return None
        lines = tuple(WishedLine(line_no=line_no, pieces=count) for line_no, count in sorted(self.pieces.items()))
        return Wish(kind=WishKind(self.kind), reason=Reason(self.reason), lines=lines)


def goods_from(query: QueryDict) -> Draft:
    """The first half, as the address says it: `kind=return&pieces-1=2`. What makes no sense is left out."""
    asked = {name.removeprefix(_PIECES): value for name, value in query.items() if name.startswith(_PIECES)}
    pieces = {int(line_no): _count(str(value)) for line_no, value in asked.items() if _count(line_no)}
    kind = query.get("kind", "")
    return Draft(
        kind=kind if kind in _KINDS else "", pieces={line_no: count for line_no, count in pieces.items() if count}
    )


def _count(typed: str) -> int:
    is_count = typed.isascii() and typed.isdigit() and len(typed) < len(str(LARGEST_COUNT))
    return int(typed) if is_count else 0


def read(request: HttpRequest, order_id: UUID) -> Draft:
    """The draft of that order; an empty one when there is none."""
    kept: dict[str, Any] = request.session.get(_KEY, {}).get(str(order_id), {})
    pieces = {int(line_no): count for line_no, count in kept.get("pieces", {}).items()}
    return Draft(**{**kept, "pieces": pieces}) if kept else Draft()


def keep(request: HttpRequest, order_id: UUID, draft: Draft) -> None:
    """Of the last few orders only: a session is no archive."""
    others = {key: value for key, value in request.session.get(_KEY, {}).items() if key != str(order_id)}
    newest = dict(list(others.items())[-(MOST_DRAFTS - 1) :])
    kept = {
        "kind": draft.kind,
        "pieces": {str(line_no): count for line_no, count in draft.pieces.items()},
        "reason": draft.reason,
        "description": draft.description,
        "quote_id": draft.quote_id,
    }
    request.session[_KEY] = {**newest, str(order_id): kept}


def forget(request: HttpRequest, order_id: UUID) -> None:
    others = {key: value for key, value in request.session.get(_KEY, {}).items() if key != str(order_id)}
    request.session[_KEY] = others
