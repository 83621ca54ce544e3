"""The words of a message as they are in force at an instant, and a text with its variables filled in."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from fenqi.records.models import NoticeTemplate, TemplateState
from fenqi.usecases.notices.templates import MAIL_TEXTS, TEXTS, Message, approvable, template_code, title_of

SMS, MAIL = "sms", "mail"
BUILT_IN = 1
"""The version of the texts that the program comes with."""
_VARIABLE = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    version: int
    title: str
    text: str
    approved_as: Mapping[str, str] = field(default_factory=dict)


def wording(message: str, language: str, kind: str, *, at: datetime) -> Wording:
    """The newest version that is in force; the one that the program comes with where there is none on record."""
    found = (
        NoticeTemplate.objects.filter(
            message=message, language=language, kind=kind, state=TemplateState.PUBLISHED, valid_from__lte=at
        )
        .order_by("-valid_from", "-version")
        .first()
    )
    if found is None:
        return built_in(message, language, kind)
    return _as_stored(found)


def wordings(messages: Iterable[str], kind: str) -> Callable[[str, str, datetime], Wording]:
    """The same for many notices, by message, language and instant. One statement for all of them."""
    published: dict[tuple[str, str], list[NoticeTemplate]] = defaultdict(list)
    rows = NoticeTemplate.objects.filter(message__in=set(messages), kind=kind, state=TemplateState.PUBLISHED)
    for row in rows.order_by("-valid_from", "-version"):
        published[row.message, row.language].append(row)

    def in_force(message: str, language: str, at: datetime) -> Wording:
        ruling = (row for row in published[message, language] if row.valid_from and row.valid_from <= at)
        found = next(ruling, None)
        return _as_stored(found) if found else built_in(message, language, kind)

    return in_force


def _as_stored(found: NoticeTemplate) -> Wording:
    return Wording(version=found.version, title=found.title, text=found.text, approved_as=found.approved_as)


def of_version(message: str, language: str, kind: str, version: int) -> Wording:
    """The words of that version, for showing what was said."""
    found = NoticeTemplate.objects.filter(message=message, language=language, kind=kind, version=version).first()
    if found is None:
        return built_in(message, language, kind)
    return _as_stored(found)


def built_in(message: str, language: str, kind: str) -> Wording:
    """What the program comes with."""
    key = (Message(message), language)
    text = (MAIL_TEXTS.get(key) if kind == MAIL else None) or TEXTS[key]
    return Wording(version=BUILT_IN, title=title_of(message, language), text=text)


def variables_in(text: str) -> frozenset[str]:
    """The variables that a text names; our own address is none."""
    return frozenset(_VARIABLE.findall(text)) - {"portal"}


def filled(text: str, params: Mapping[str, str]) -> str:
    """The text as it is read; a variable that nobody gave stays empty."""
    return _VARIABLE.sub(lambda variable: params.get(variable[1], ""), approvable(text))


def code_at(provider: str, words: Wording, message: str, language: str) -> str:
    """The number under which the provider approved the words."""
    return words.approved_as.get(provider) or template_code(Message(message), language)
