"""A batch of plans in the console, and the same move in its customer's portal."""

from collections.abc import Callable

import pytest
from django.test import Client

from fenqi.domain.migration import BatchState
from fenqi.records.models import Account, PlanMigration, Role
from fenqi.usecases import clock
from fenqi.usecases.migrating.rehearsing import rehearse
from fenqi.usecases.partners.providers import edit_provider
from fenqi.usecases.staff.permissions import staff_member
from lenders import PARTNER_CODE, PLATFORM
from malls import Bought, bought
from moving import ANXIN, Moving, sheet
from town import Town

Desk = Callable[..., Client]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.requirement("R146")]


@pytest.fixture
def lenders(town: Town, make_staff: Callable[[str], Account]) -> Town:
    admin = staff_member(make_staff(Role.ADMIN))
    assert admin
    for said in (PLATFORM, ANXIN):
        edit_provider(admin, said, now=clock.now())
    return town


def upload(client: Client, plan: Bought, tmp: Callable[[bytes], object], *, wrong_fen: int = 0) -> int:
    at = clock.now().astimezone(clock.mall_zone())
    said = {
        "from_provider": "mall",
        "to_provider": PARTNER_CODE,
        "cutover_at": f"{at.replace(year=at.year + 1):%Y-%m-%dT%H:%M}",
        "freeze_minutes": "30",
        "wait_hours": "72",
        "rollback_hours": "168",
        "file": tmp(sheet([plan], wrong_fen=wrong_fen)),
    }
    return client.post("/console/moves/draft", said).status_code


@pytest.fixture
def as_file() -> Callable[[bytes], object]:
    from django.core.files.uploadedfile import SimpleUploadedFile

    return lambda content: SimpleUploadedFile("plans.csv", content, content_type="text/csv")


def test_a_batch_is_drafted_by_one_approved_by_another_and_agreed_to_by_its_customer(
    lenders: Town, desk: Desk, as_file: Callable[[bytes], object]
) -> None:
    plan = bought()
    first, second = desk(Role.FINANCE), desk(Role.ADMIN)
    assert upload(first, plan, as_file) == 302
    moving = Moving(PlanMigration.objects.get().id, (plan,))
    at = f"/console/moves/{moving.migration_id}"
    assert first.post(f"{at}/rehearse").status_code == 302
    rehearse(moving.migration_id, now=clock.now())
    page = first.get(at).content.decode()
    assert "需要另一位同事复核" in page
    assert "1,200.00" in page
    assert first.post(f"{at}/approve").status_code == 409
    assert second.post(f"{at}/approve").status_code == 302
    assert first.post(f"{at}/announce").status_code == 302
    portal = Client()
    portal.force_login(
        Account.objects.for_customer(plan.customer_id), backend="django.contrib.auth.backends.ModelBackend"
    )
    mine = f"/moves/{moving.item().id}"
    told = portal.get(mine).content.decode()
    assert "同意把这笔分期转给轻融分期吗" in told
    digest = told.split('name="digest" value="')[1].split('"')[0]
    assert portal.get(f"{mine}/receipt").status_code == 404, "nothing has moved"
    assert portal.post(f"{mine}/decide", {"digest": "0" * 64, "decision": "agree"}).status_code == 409
    assert portal.post(f"{mine}/decide", {"digest": digest, "decision": "agree"}).status_code == 302
    assert moving.item().consent == "agreed"
    stranger = Client()
    other = bought()
    stranger.force_login(
        Account.objects.for_customer(other.customer_id), backend="django.contrib.auth.backends.ModelBackend"
    )
    assert stranger.get(mine).status_code == 404
    assert moving.go_on() is BatchState.CONFIRMED
    receipt = portal.get(f"{mine}/receipt").content.decode()
    assert "一分未变" in receipt
    assert portal.get(f"{mine}/receipt.pdf").content.startswith(b"%PDF")
    done = second.get(at).content.decode()
    for raw in ("msgid", "in_flight", "payable.partner</td>"):
        assert raw not in done
    assert "payable.partner" in done
    assert second.post(f"{at}/roll-back", {"reason": ""}).status_code == 422


def test_agents_may_not_and_a_wrong_file_is_told_in_the_form(
    lenders: Town, desk: Desk, as_file: Callable[[bytes], object]
) -> None:
    assert desk(Role.AGENT).get("/console/moves").status_code == 403
    client = desk(Role.FINANCE)
    assert upload(client, bought(), lambda _content: as_file(b"order_no,balance\nnobody,1.00")) == 422
    assert not PlanMigration.objects.exists()


@pytest.mark.requirement("R182")
@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("zh-hans", ("与文件余额不符", "核对不一致或未演练")),
        ("en", ("the file says another balance", "of the batch differ")),
    ],
)
def test_one_wrong_fen_in_the_file_stands_on_the_page_and_holds_the_batch(
    lenders: Town, desk: Desk, as_file: Callable[[bytes], object], language: str, told: tuple[str, str]
) -> None:
    plan = bought()
    first, second = desk(Role.FINANCE, language), desk(Role.ADMIN, language)
    assert upload(first, plan, as_file, wrong_fen=1) == 302
    moving = Moving(PlanMigration.objects.get().id, (plan,))
    at = f"/console/moves/{moving.migration_id}"
    rehearse(moving.migration_id, now=clock.now())
    shown = first.get(at).content.decode()
    for words in (told[0], "1,200.00", "1,200.01"):
        assert words in shown, words
    approved = second.post(f"{at}/approve")
    assert (approved.status_code, told[1] in approved.content.decode()) == (409, True)
    assert moving.states() == ["differs"]
