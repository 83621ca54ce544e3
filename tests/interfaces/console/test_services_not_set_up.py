"""A mall whose environment names no service, or half of one: the pages are there, and say to staff what is missing."""

from collections.abc import Callable, Mapping

import pytest
from django.test import Client

from fenqi.channels import ChannelSettings
from fenqi.records.models import Account, NoticeTemplate
from fenqi.usecases import clock, rails
from fenqi.usecases.notices import edit_templates
from malls import Bought, a_customer, bought
from staff_members import finance

Desk = Callable[..., Client]
Environ = Callable[[Mapping[str, str]], None]
pytestmark = pytest.mark.django_db
HALF_A_RAIL = {"FENQI_ALIPAY_APP_ID": "2021000000000001"}
HALF_A_SERVICE = {"FENQI_SMS_ACCESS_KEY_ID": "LTAI-known-key", "FENQI_EMAIL_FROM": "mall@example.com"}


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch) -> Environ:
    """The channels are set up as these variables say, and not otherwise."""

    def set_up(variables: Mapping[str, str]) -> None:
        monkeypatch.setattr(rails, "_settings", lambda: ChannelSettings.from_environ(variables))

    set_up({})
    return set_up


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (
            "zh-hans",
            ("短信服务未开通", "环境变量 FENQI_SMS_ACCESS_KEY_ID 有误：未设置", "客户无法登录", "邮件服务未开通"),
        ),
        ("en", ("Text messages are not set up", "FENQI_SMS_ACCESS_KEY_ID", "no customer can sign in", "E-mail is not")),
    ],
)
@pytest.mark.requirement("R182")
def test_the_page_of_notices_says_what_is_not_set_up(
    environ: Environ, desk: Desk, language: str, told: tuple[str, ...]
) -> None:
    environ({})
    answer = desk("admin", language).get("/console/notices")
    assert answer.status_code == 200
    for words in told:
        assert words in answer.content.decode()


@pytest.mark.parametrize(("language", "wrong"), [("zh-hans", "有误：未设置"), ("en", "is wrong: it is not set")])
def test_a_service_that_is_half_set_up_names_the_variable_and_no_value(
    environ: Environ, desk: Desk, language: str, wrong: str
) -> None:
    environ(HALF_A_SERVICE)
    answer = desk("admin", language).get("/console/notices")
    shown = answer.content.decode()
    assert (answer.status_code, "FENQI_SMS_ACCESS_KEY_SECRET" in shown, wrong in shown) == (200, True, True)
    assert HALF_A_SERVICE["FENQI_SMS_ACCESS_KEY_ID"] not in shown


def test_the_other_pages_of_the_console_need_no_service(environ: Environ, desk: Desk) -> None:
    plan = bought("MM-93001")
    customer = f"/console/customers/{plan.customer_id}"
    admin = desk("admin", "en")
    for address in (
        "/console/",
        "/console/channels",
        "/console/reconciliation",
        "/console/notices/messages",
        "/console/notices/messages/repayment_succeeded",
        customer,
        f"{customer}/notices",
    ):
        assert admin.get(address).status_code == 200, address
    environ(HALF_A_RAIL)
    for address in ("/console/", customer, f"{customer}/notices", "/console/notices"):
        assert admin.get(address).status_code in (200, 503), address
    assert "FENQI_ALIPAY_" in admin.get("/console/").content.decode()


@pytest.mark.parametrize(("language", "told"), [("zh-hans", "未设置"), ("en", "it is not set")])
def test_words_that_no_service_can_approve_stay_a_draft(environ: Environ, desk: Desk, language: str, told: str) -> None:
    name = "repayment_succeeded"
    draft = edit_templates.draft(
        finance("author"), name, language="zh", kind="sms", title="", text="您已还款 ${amount}。", now=clock.now()
    )
    answer = desk("admin", language).post(f"/console/notices/messages/{name}/{draft}/publish")
    assert (answer.status_code, told in answer.content.decode()) == (503, True)
    assert NoticeTemplate.objects.get(id=draft).state == "draft"


@pytest.mark.parametrize(("language", "told"), [("zh-hans", "这项服务暂时不可用"), ("en", "does not work just now")])
def test_customers_are_not_told_the_names_of_our_settings(environ: Environ, language: str, told: str) -> None:
    plan: Bought = bought("MM-93002")
    environ(HALF_A_RAIL)
    client = Client(headers={"accept-language": language})
    client.force_login(
        Account.objects.for_customer(plan.customer_id), backend="django.contrib.auth.backends.ModelBackend"
    )
    answer = client.get(f"/plans/{plan.plan_id}/repay/confirm?choice=1")
    shown = answer.content.decode()
    assert (answer.status_code, told in shown, "FENQI_" in shown) == (503, True, False)


def test_a_customer_without_any_service_sees_bills(environ: Environ) -> None:
    customer = a_customer("not-set-up", phone="17000009303")
    client = Client()
    client.force_login(Account.objects.for_customer(customer), backend="django.contrib.auth.backends.ModelBackend")
    for address in ("/bills", "/orders", "/me", "/me/notices", "/me/email", "/inbox"):
        assert client.get(address).status_code == 200, address
