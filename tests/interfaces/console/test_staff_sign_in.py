"""Who gets into the console, how long they stay, and who does not get in."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from fenqi.records.identifiers import HOUSE_ID
from fenqi.records.models import Account, AuditRecord
from fenqi.usecases import clock
from malls import a_customer

PASSWORD = "three-blue-teapots-1987"
BACKEND = "django.contrib.auth.backends.ModelBackend"

pytestmark = pytest.mark.django_db


def test_signing_in_leads_back_to_the_page_that_was_asked_for(make_staff: Callable[[str], Account]) -> None:
    make_staff("admin")
    client = Client()
    asked = client.get("/console/audit")
    assert asked.headers["Location"] == "/console/sign-in?next=%2Fconsole%2Faudit"
    answer = client.post("/console/sign-in", {"username": " Admin ", "password": PASSWORD, "next": "/console/audit"})
    assert answer.headers["Location"] == "/console/audit"
    assert AuditRecord.objects.filter(customer_id=HOUSE_ID, action="signed_in").count() == 1


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/console/", "//evil.example", "/orders", "javascript:alert(1)"]
)
def test_signing_in_leads_nowhere_but_into_the_console(make_staff: Callable[[str], Account], elsewhere: str) -> None:
    make_staff("agent")
    answer = Client().post("/console/sign-in", {"username": "agent", "password": PASSWORD, "next": elsewhere})
    assert answer.headers["Location"] == "/console/"


def test_a_wrong_password_and_an_unknown_name_are_told_the_same(make_staff: Callable[[str], Account]) -> None:
    make_staff("agent")
    answers = [
        Client(headers={"accept-language": "en"}).post("/console/sign-in", {"username": name, "password": "wrong"})
        for name in ("agent", "nobody")
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert all("Name or password is wrong." in answer.content.decode() for answer in answers)


@pytest.mark.parametrize(
    ("language", "text"),
    [("zh-hans", "这个用户名在这里 15 分钟内不能登录"), ("en", "closed here for 15 minutes")],
)
def test_after_five_failures_even_the_right_password_has_to_wait(
    make_staff: Callable[[str], Account], language: str, text: str
) -> None:
    make_staff("agent")
    client = Client(headers={"accept-language": language})
    for _ in range(settings.AXES_FAILURE_LIMIT):
        client.post("/console/sign-in", {"username": "agent", "password": "wrong"})
    answer = client.post("/console/sign-in", {"username": "agent", "password": PASSWORD})
    assert answer.status_code == 429
    assert text in answer.content.decode()
    assert client.get("/console/").status_code == 302


def test_the_session_gets_a_new_key_and_ends_after_half_an_hour_without_a_click(desk: Callable[..., Client]) -> None:
    client = Client()
    session = client.session
    session["planted"] = "yes"
    session.save()
    planted = session.session_key
    desk("agent")
    client.post("/console/sign-in", {"username": "agent", "password": PASSWORD})
    assert client.session.session_key != planted
    assert not Session.objects.filter(session_key=planted).exists()

    ends_at = Session.objects.get(session_key=client.session.session_key).expire_date
    assert timedelta(minutes=29) < ends_at - clock.now() <= timedelta(minutes=30)
    Session.objects.update(expire_date=clock.now() + timedelta(minutes=1))
    assert client.get("/console/").status_code == 200
    assert Session.objects.get(session_key=client.session.session_key).expire_date - clock.now() > timedelta(minutes=29)
    Session.objects.update(expire_date=clock.now() - timedelta(seconds=1))
    assert client.get("/console/").status_code == 302


def test_signing_out_ends_the_session(desk: Callable[..., Client]) -> None:
    client = desk("agent")
    assert client.get("/console/sign-out").status_code == 405
    client.post("/console/sign-out")
    assert client.get("/console/").status_code == 302


@pytest.mark.parametrize("page", ["", "audit", "refused-callbacks", f"customers/{HOUSE_ID}", "search"])
def test_a_consumer_is_a_stranger_in_the_console(page: str) -> None:
    client = Client()
    client.force_login(Account.objects.for_customer(a_customer("cs-1")), backend=BACKEND)
    answer = client.get(f"/console/{page}")
    assert answer.headers["Location"].startswith("/console/sign-in")


def test_a_consumer_cannot_sign_in_by_password_even_if_one_were_set() -> None:
    account = Account.objects.for_customer(a_customer("cs-2"))
    account.set_password(PASSWORD)
    account.save()
    answer = Client().post("/console/sign-in", {"username": account.username, "password": PASSWORD})
    assert answer.status_code == 422


def test_staff_are_strangers_in_the_portal(desk: Callable[..., Client]) -> None:
    answer = desk("admin").get("/orders")
    assert answer.status_code == 302
    assert "sign-in" in answer.headers["Location"]


def test_signing_in_as_staff_drops_the_session_of_a_consumer(make_staff: Callable[[str], Account]) -> None:
    make_staff("agent")
    client = Client()
    client.force_login(Account.objects.for_customer(a_customer("cs-3")), backend=BACKEND)
    session = client.session
    session["of_the_consumer"] = "yes"
    session.save()
    client.post("/console/sign-in", {"username": "agent", "password": PASSWORD})
    assert "of_the_consumer" not in client.session
    assert client.get("/console/").status_code == 200


def test_a_role_that_was_taken_away_closes_the_door_at_once(desk: Callable[..., Client]) -> None:
    client = desk("admin")
    assert client.get("/console/audit").status_code == 200
    Account.objects.filter(username="admin").update(role="agent")
    assert client.get("/console/audit").status_code == 403
    Account.objects.filter(username="admin").update(is_active=False)
    assert client.get("/console/").status_code == 302


def test_every_form_needs_its_token(desk: Callable[..., Client], make_staff: Callable[[str], Account]) -> None:
    make_staff("agent")
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/console/sign-in", {"username": "agent", "password": PASSWORD})
    assert answer.status_code == 403


def test_no_page_is_kept_by_the_browser_or_holds_inline_scripts_or_styles(desk: Callable[..., Client]) -> None:
    answer = desk("admin").get("/console/")
    html = answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", html)
