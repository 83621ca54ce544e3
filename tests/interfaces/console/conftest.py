"""The sample mall behind the console, and staff of each role who are signed in."""

from collections.abc import Callable
from uuid import UUID

import pytest
from click.testing import CliRunner
from django.test import Client
from town import Town

from fenqi.interfaces.commands.demo import demo
from fenqi.records.models import Account
from fenqi.usecases import clock
from fenqi.usecases.customers import find_customer_by_phone
from fenqi.usecases.staff.create import create_staff

PASSWORD = "three-blue-teapots-1987"
PHONES = {
    "chen": "17000000417",
    "lin": "17000000418",  # the outcome of a repayment is not known
    "wang": "17000000419",
    "zhang": "17000000420",  # everything settled
}
Person = Callable[[str], UUID]
Desk = Callable[..., Client]


@pytest.fixture
def person(db: None, town: Town) -> Person:
    """The sample mall is loaded; gives a customer's id by the short name above."""
    CliRunner().invoke(demo, ["--quiet"], catch_exceptions=False)
    return lambda name: find_customer_by_phone(PHONES[name])


@pytest.fixture
def make_staff(db: None) -> Callable[[str], Account]:
    """One member of staff for each role; the name is the role's."""

    def make(role: str) -> Account:
        found = Account.objects.filter(username=role).first()
        return found or create_staff(username=role, password=PASSWORD, role=role, actor="system", now=clock.now())

    return make


@pytest.fixture
def desk(make_staff: Callable[[str], Account]) -> Desk:
    """A browser without scripts in which staff of the role have signed in by the form."""

    def sign_in(role: str, language: str = "zh-hans") -> Client:
        make_staff(role)
        client = Client(headers={"accept-language": language})
        answer = client.post("/console/sign-in", {"username": role, "password": PASSWORD})
        assert answer.status_code == 302, answer.content.decode()
        return client

    return sign_in
