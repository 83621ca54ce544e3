"""The banks' page: what a tester wants each card to be like. And the same for programs."""

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from fenqi.sandbox.bank_card import cards, trades
from fenqi.sandbox.control import takes_json
from fenqi.sandbox.town import town


@require_http_methods(["GET", "HEAD"])
def page(request: HttpRequest) -> HttpResponse:
    shown = [
        {
            **dict(card),
            "balance": _yuan(card["balance_fen"]),
            "held": _yuan(trades.held_on(town().store, card["card"])),
            "limit": "" if card["limit_fen"] is None else _yuan(card["limit_fen"]),
        }
        for card in cards.all_cards(town().store)
    ]
    context = {"cards": shown, "refusals": cards.REFUSALS.items()}
    return render(request, "sandbox/bank_cards.html", context)


@require_POST
def set_card(request: HttpRequest) -> HttpResponse:
    try:
        _set({name: str(value) for name, value in request.POST.items()})
    except ValueError as wrong:
        return render(request, "sandbox/problem.html", {"code": "400", "text": str(wrong)}, status=400)
    return redirect("bank_cards")


@takes_json
def set_card_by_api(_request: HttpRequest, body: dict[str, object]) -> HttpResponse:
    """`{"number" or "card", "balance"?, "limit"?, "refusal"?}`, amounts in yuan; a card not seen before is made."""
    return JsonResponse({"card": _set({name: str(value) for name, value in body.items() if value is not None})})


def _set(wanted: Mapping[str, str]) -> str:
    """Raises ValueError."""
    number = wanted.get("number", "").replace(" ", "")
    card = cards.see(town().store, number) if number else wanted.get("card", "")
    cards.set_card(
        town().store,
        card=card,
        balance_fen=_fen(wanted.get("balance", "")) if wanted.get("balance") else cards.FIRST_BALANCE_FEN,
        limit_fen=_fen(wanted["limit"]) if wanted.get("limit") else None,
        refusal=wanted.get("refusal", ""),
    )
    return card


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02}"


def _fen(text: str) -> int:
    whole, _, part = text.partition(".")
    if not (whole.isascii() and whole.isdigit()) or len(part) > 2 or not (part + "0").isdigit():  # noqa: PLR2004 - fen
        raise ValueError("an amount is written like 12.34")
    return int(whole) * 100 + int(part.ljust(2, "0"))
