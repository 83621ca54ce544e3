"""The sample mall behind the pages, and customers of it who are signed in."""

from collections.abc import Callable
from copy import deepcopy
from uuid import UUID

import pytest
from django.test import Client
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from browsing import Site, Windows
from fenqi.records.models import Account
from fenqi.usecases.customers import find_customer_by_phone
from sample_mall import SampleMall
from town import Town

PEOPLE = {
    "chen": "17000000417",  # a bill in its grace, one due soon
    "lin": "17000000418",  # the outcome of a repayment is not known
    "wang": "17000000419",  # overdue; a repayment failed
    "zhang": "17000000420",  # everything settled
    "ouyang": "17000000421",  # a down payment
    "emma": "17000000423",  # reads English
}


@pytest.fixture
def mall(db: None, town: Town, sample_mall: SampleMall) -> Callable[[str], UUID]:
    """The sample mall is loaded; gives a customer's id by the short name above."""
    sample_mall.load()
    return lambda name: find_customer_by_phone(PEOPLE[name])


@pytest.fixture
def signed_in(mall: Callable[[str], UUID]) -> Callable[[str], Client]:
    """A browser without scripts in which somebody is signed in."""

    def sign_in(name: str, language: str = "zh-hans") -> Client:
        client = Client(headers={"accept-language": language})
        client.force_login(
            Account.objects.for_customer(mall(name)), backend="django.contrib.auth.backends.ModelBackend"
        )
        return client

    return sign_in


# In a browser -------------------------------------------------------------------------------------------------------


@pytest.fixture
def mall_server(live_server: LiveServer, town: Town, settings: Settings, _django_beside_a_browser: None) -> LiveServer:
    """The mall on a real port. The sandbox's cashier is where forms may lead, and where answers come back from."""
    settings.FENQI_PUBLIC_URL = live_server.url
    settings.FENQI_SANDBOX_URL = town.url
    policy = deepcopy(settings.CONTENT_SECURITY_POLICY)
    policy["DIRECTIVES"]["form-action"].append(town.url)
    policy["DIRECTIVES"]["upgrade-insecure-requests"] = False
    settings.CONTENT_SECURITY_POLICY = policy
    return live_server


@pytest.fixture
def site(
    windows: Windows, mall_server: LiveServer, signed_in: Callable[[str], Client], mall: Callable[[str], UUID]
) -> Site:
    """Its pages, as anybody of the sample mall."""
    return Site(mall_server.url, windows, signed_in, mall)
