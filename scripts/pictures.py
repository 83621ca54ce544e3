"""Takes the README's pictures from a simulated year, which `fenqi run` serves meanwhile.

`FENQI_DATA=~/year python scripts/pictures.py --password <staff password>`; without `FENQI_DATA` nothing is found. Whom
the pictures show is looked up in the year's database: whoever has most to show of each thing.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from shutil import which
from uuid import UUID

import click
from django.db.models import Count, Model, QuerySet
from playwright.sync_api import Browser, Page, sync_playwright

from fenqi.config import environment, place
from fenqi.interfaces.commands.demo_year.people import Person, people
from fenqi.interfaces.commands.demo_year.progressed import Progressed
from picture_tools import at_the_console, signed_in, take

FINANCE, AGENT = "zhao.finance", "lin.agent"


@dataclass(frozen=True, slots=True)
class Shown:
    """A customer of the year, and the page that shows something of them."""

    person: Person
    customer_id: UUID
    path: str


@dataclass(frozen=True, slots=True)
class Cast:
    """Whom the pictures show."""

    with_bills: Shown
    failed: Shown
    buying: Shown
    returning: Shown
    english: Shown
    talking: Shown


@click.command()
@click.option("--web", default="http://127.0.0.1:8000")
@click.option("--sandbox", default="http://127.0.0.1:8100")
@click.option("--password", required=True)
@click.option("--chromium", default=which("chromium-headless-shell") or "/usr/bin/chromium")
def main(*, web: str, sandbox: str, password: str, chromium: str) -> None:
    """Take all pictures of the README anew."""
    before = Progressed.of(environment.data_folder()).read()
    if before is None:
        raise click.UsageError("No year was simulated in FENQI_DATA: run `fenqi demo --year` first.")
    with place.ready():
        cast = cast_of(people(before.year.customers, seed=before.year.seed))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        on_the_portal(cast, browser, web, sandbox)
        at_the_desk(cast, browser, web, password)
        browser.close()


def cast_of(everybody: Sequence[Person]) -> Cast:
    """Looked up once, over all customers; needs Django set up."""
    from fenqi.records.models import (  # noqa: PLC0415 - needs Django set up, as below
        AftersalesCase,
        Customer,
        Order,
        PaymentAttempt,
        Plan,
        Refund,
        SupportThread,
    )
    from fenqi.records.scope import across_customers  # noqa: PLC0415
    from fenqi.usecases import clock  # noqa: PLC0415

    by_ref = {person.ref: person for person in everybody if not person.changes_phone}
    now = clock.now()
    soon = clock.business_date(now) + timedelta(days=14)

    with across_customers():
        known = Customer.objects.filter(ref__in=by_ref).values_list("id", "ref")
        persons = {customer_id: by_ref[ref] for customer_id, ref in known}

        def first(rows: Iterable[tuple[UUID, object]], path: str, *, english: bool = False) -> Shown:
            """The first that is of somebody who reads that language."""
            return next(
                Shown(persons[customer_id], customer_id, path.format(found))
                for customer_id, found in rows
                if customer_id in persons and persons[customer_id].english == english
            )

        owing = Plan.objects.filter(outstanding_minor__gt=0, next_due_on__lte=soon, provider="mall")
        failed = PaymentAttempt.objects.filter(state="failed").order_by("-created_at")
        lately = Order.objects.filter(delivered_at__gte=now - timedelta(days=6)).order_by("-delivered_at")
        talks = SupportThread.objects.filter(state="answered").order_by("-updated_at")
        going_back = AftersalesCase.objects.filter(state__in=["refunding", "goods_awaited"])
        going_back = going_back.order_by("-state", "-created_at")
        refunded = Refund.objects.exclude(order_id=None).order_by("-created_at")
        orders_with_refunds = ((one.customer_id, one.order_id) for one in refunded)
        return Cast(
            with_bills=first(most(owing), "/bills"),
            failed=first(failed.values_list("customer_id", "payment_id"), "/repayments/{}"),
            buying=first(lately.values_list("customer_id", "id"), "/orders/{}/after-sales"),
            returning=first(going_back.values_list("customer_id", "id"), "/after-sales/{}"),
            english=first(orders_with_refunds, "/orders/{}", english=True),
            talking=first(talks.values_list("customer_id", "id"), "/support/{}"),
        )


def most(rows: QuerySet[Model]) -> list[tuple[UUID, int]]:
    """Customers with how many rows they have, those with the most first."""
    counted = rows.values_list("customer_id").annotate(rows=Count("*")).order_by("-rows", "customer_id")
    return list(counted)


def on_the_portal(cast: Cast, browser: Browser, web: str, sandbox: str) -> None:
    def opened(shown: Shown) -> Page:
        language = "en-GB" if shown.person.english else "zh-CN"
        page = signed_in(browser, web, sandbox, shown.person.phone, language=language)
        page.goto(web + shown.path)
        return page

    page = opened(cast.with_bills)
    take(page, "bills-zh")
    page.get_by_role("link", name=re.compile("还款|提前还")).first.click()
    take(page, "confirm-zh")
    page.goto(f"{web}/inbox")
    take(page, "inbox-zh")
    take(opened(cast.failed), "failed-zh")
    quote_of_return(opened(cast.buying))
    take(opened(cast.returning), "case-zh")
    take(opened(cast.talking), "talk-zh")
    page = opened(cast.english)
    take(page, "order-en")
    page.locator("a[href$='/money']").click()
    take(page, "money-en")


def quote_of_return(page: Page) -> None:
    """Of everything, not handed in."""
    for pieces in page.locator("input[type=number]").all():
        pieces.fill(pieces.get_attribute("max") or "1")
    page.locator("input[type=radio]").first.check(force=True)
    page.locator(".bottom .btn.filled").click()
    page.locator("input[type=radio][value=faulty]").check(force=True)
    page.locator(".bottom .btn.filled").click()
    take(page, "quote-zh")


def at_the_desk(cast: Cast, browser: Browser, web: str, password: str) -> None:
    page = at_the_console(browser, web, FINANCE, password)
    take(page, "morning-zh")
    page.goto(f"{web}/console/after-sales")
    take(page, "desk-zh")
    page.goto(f"{web}/console/customers/{cast.talking.customer_id}")
    take(page, "console-zh")
    page = at_the_console(browser, web, AGENT, password)
    page.goto(f"{web}/console/support?show=closed")
    take(page, "support-zh")


if __name__ == "__main__":
    main()
