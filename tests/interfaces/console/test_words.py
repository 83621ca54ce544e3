"""Every text of the console is there in Chinese, and says the same as in the other rooms."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import fenqi.interfaces
from fenqi.domain.aftersales.cases import CaseSignal, CaseState
from fenqi.domain.aftersales.reasons import Reason
from fenqi.domain.aftersales.refusals import ANSWERS, Answer
from fenqi.domain.aftersales.rules import NextStep
from fenqi.domain.ledger import Account, EntryCode
from fenqi.domain.payments import AttemptState, FailureCategory
from fenqi.domain.plans import EventKind, PlanStatus
from fenqi.interfaces.console import words
from fenqi.interfaces.shared.entry_words import ENTRIES
from fenqi.records.models import AppliedVia, CaseKind, OrderStatus, PaymentPurpose, PaymentState
from fenqi.usecases.aftersales.desk import Pile
from fenqi.usecases.audit import Action
from fenqi.usecases.refunds.queries import Holder

ROOMS = Path(fenqi.interfaces.__file__).parent
CONSOLE = ROOMS / "console"


def catalogue(room: str) -> dict[str, str]:
    path = ROOMS / room / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        messages = read_po(file, locale="zh_Hans_CN")
    first = {True: lambda text: text[0], False: lambda text: text}
    return {
        first[isinstance(message.id, tuple)](message.id): first[isinstance(message.string, tuple)](message.string)
        for message in messages
        if message.id and not message.context
    }


def texts_of_the_console() -> set[str]:
    """The texts that templates and modules mark for translation, as far as they are written in one piece."""
    in_templates = "".join(file.read_text() for file in CONSOLE.rglob("*.html"))
    in_modules = "".join(file.read_text() for file in CONSOLE.rglob("*.py"))
    return {
        *re.findall(r"""{% translate "([^"]+)" """, in_templates),
        *re.findall(r"""{% translate '([^']+)' """, in_templates),
        *re.findall(r"""_(?:lazy)?\("([^"]+)"\)""", in_modules),
    }


def test_every_text_is_there_in_chinese() -> None:
    translated = {text for text, chinese in catalogue("console").items() if chinese}
    assert texts_of_the_console() - translated == set()


@pytest.mark.parametrize("room", ["portal", "shared"])
def test_no_other_room_says_it_otherwise(room: str) -> None:
    """The rooms' texts end up in one catalogue, in which the first room wins."""
    ours, theirs = catalogue("console"), catalogue(room)
    assert {text: (ours[text], theirs[text]) for text in ours.keys() & theirs if ours[text] != theirs[text]} == {}


@pytest.mark.parametrize(
    ("known", "stored"),
    [
        (words.ORDER_STATUSES, OrderStatus.values),
        (words.PLAN_STATUSES, PlanStatus),
        (words.PAYMENT_STATES, PaymentState.values),
        (words.PURPOSES, PaymentPurpose.values),
        (words.ATTEMPT_STATES, AttemptState),
        (words.FAILURES, FailureCategory),
        (ENTRIES, EventKind),
        (ENTRIES, EntryCode),
        (words.ACCOUNTS, Account),
        (words.ACTS, Action),
        (words.CASE_STATES, CaseState),
        (words.CASE_STEPS, CaseSignal),
        (words.CASE_KINDS, CaseKind.values),
        (words.CASE_REASONS, Reason),
        (words.CASE_VIAS, AppliedVia.values),
        (words.PILES, Pile),
        (words.MONEY_HOLDERS, Holder),
        (words.NEXT_STEPS, NextStep),
        (words.ANSWERS, Answer),
        (words.RULE_NAMES, [said.rule for said in ANSWERS.values()]),
    ],
)
def test_every_word_that_is_stored_is_known(known: words.Words, stored: list[str]) -> None:
    assert {str(word) for word in stored} - set(known) == set()
