"""Every page in a real browser, in both languages: accessible, whole at phone and desk width, and looked at later.

At which width a page is read in which language changes nothing of it but the words, so each is looked into once: in
Chinese on a phone, in English at a desk. The pictures are kept in test-artefacts/portal.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import ConsoleMessage

from browsing import Site, amounts_below_their_names, faults, picture, scrolls_sideways
from fenqi.records.models import Payment, Plan
from fenqi.usecases.orders.queries import list_orders

ARTEFACTS = Path("test-artefacts") / "portal"
MOST_HTML_BYTES = 30_000

pytestmark = pytest.mark.browser


def addresses(site: Site) -> Iterator[tuple[str, str | None, str]]:
    """Name, whose page, address."""
    yield "sign-in", None, "/sign-in"
    yield "not-found", "chen", f"/orders/{UUID(int=1)}"
    for who in ("chen", "wang", "zhang"):
        yield f"bills-{who}", who, "/bills"
    yield "orders", "chen", "/orders"
    yield "orders-settled", "chen", "/orders?show=settled"
    yield "me", "chen", "/me"
    for who, number in (("chen", 0), ("chen", -1), ("lin", 1), ("wang", 0), ("zhang", 0), ("ouyang", -1)):
        order = list_orders(site.customer(who)).items[number]
        yield f"order-{who}-{number}", who, f"/orders/{order.order_id}"
    chen = site.customer("chen")
    plan = Plan.objects.filter(customer_id=chen).order_by("opened_on")[0]
    yield "choose", "chen", f"/plans/{plan.id}/repay"
    yield "confirm", "chen", f"/plans/{plan.id}/repay/confirm?choice=5"
    yield "confirm-settle", "chen", f"/plans/{plan.id}/repay/confirm?choice=settle"
    yield "refusal", "chen", f"/plans/{plan.id}/repay/confirm?choice=7"
    for who, state in (("chen", "succeeded"), ("lin", "open"), ("wang", "closed")):
        payment = Payment.objects.filter(customer_id=site.customer(who), state=state).order_by("-created_at")[0]
        yield f"result-{who}-{state}", who, f"/repayments/{payment.id}"


def note(console: list[str], message: ConsoleMessage) -> None:
    console.append(message.text)


@pytest.mark.requirement("R008", "R184")
@pytest.mark.parametrize(("language", "other", "width"), [("zh-CN", 1280, 390), ("en-GB", 390, 1280)])
def test_every_page_is_accessible_whole_and_in_one_language(site: Site, language: str, other: int, width: int) -> None:
    folder = ARTEFACTS / language[:2]
    folder.mkdir(parents=True, exist_ok=True)
    wrong: dict[str, object] = {}
    with site.open(language=language) as context:
        page = context.new_page()
        console: list[str] = []
        page.on("console", partial(note, console))
        for name, who, address in addresses(site):
            site.sign_in(context, who)
            console.clear()
            answer = page.goto(address)
            assert answer
            assert len(answer.body()) < MOST_HTML_BYTES
            picture(page, other, folder / f"{name}-{other}.png")
            wrong |= {f"{name}-{other}": "scrolls sideways"} if scrolls_sideways(page) else {}
            wrong |= {f"{name}-{other}: below": apart for apart in amounts_below_their_names(page)}
            picture(page, width, folder / f"{name}-{width}.png")
            wrong |= {f"{name}-{width}: below": apart for apart in amounts_below_their_names(page)}
            wrong |= {f"{name}-{width}: {what}": found for what, found in faults(page, language) if found}
            wrong |= {f"{name}: console": told for told in console if not told.startswith("Failed to load resource")}
    assert wrong == {}
