"""`{% load console_words %}`: the records' words in the words of staff, and raw records as text."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.template.context import Context
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from fenqi.domain.entries import Entry
from fenqi.interfaces.console import words
from fenqi.interfaces.portal.methods import card_name
from fenqi.interfaces.shared import formats
from fenqi.interfaces.shared.entry_words import ENTRIES
from fenqi.interfaces.shared.ui_tags import pill
from fenqi.usecases.cards.queries import CardView
from fenqi.usecases.clock import mall_zone

register = template.Library()

_LISTS: Mapping[str, words.Words] = {
    "order": words.ORDER_STATUSES,
    "plan": words.PLAN_STATUSES,
    "payment": words.PAYMENT_STATES,
    "purpose": words.PURPOSES,
    "attempt": words.ATTEMPT_STATES,
    "channel": words.CHANNELS,
    "refund": words.REFUND_STATES,
    "refund_status": words.REFUND_STATUSES,
    "refund_cause": words.REFUND_CAUSES,
    "failure": words.FAILURES,
    "agreement": words.AGREEMENT_STATUSES,
    "agreement_end": words.AGREEMENT_ENDS,
    "event": ENTRIES,
    "account": words.ACCOUNTS,
    "act": words.ACTS,
    "refusal": words.REFUSALS,
    "role": words.ROLES,
    "found_by": words.FOUND_BY,
    "verdict": words.VERDICTS,
    "finding": words.FINDING_STATES,
    "repair": words.REPAIRS,
    "line_kind": words.LINE_KINDS,
    "topic": words.TOPICS,
    "place": words.PLACES,
    "ticket_event": words.TICKET_EVENTS,
    "call_way": words.CALL_WAYS,
    "helped": words.HELPED,
    "desk_show": words.DESK_SHOWS,
    "answer_standing": words.ANSWER_STANDINGS,
    "text_kind": words.TEXT_KINDS,
    "seen_page": words.SEEN_PAGES,
    "price_offer": words.PRICE_OFFERS,
    "price_source": words.PRICE_SOURCES,
    "case": words.CASE_STATES,
    "case_kind": words.CASE_KINDS,
    "case_reason": words.CASE_REASONS,
    "case_step": words.CASE_STEPS,
    "case_via": words.CASE_VIAS,
    "pile": words.PILES,
    "money_holder": words.MONEY_HOLDERS,
    "rule": words.RULE_NAMES,
    "answer": words.ANSWERS,
    "next_step": words.NEXT_STEPS,
    "provider_kind": words.PROVIDER_KINDS,
    "difference_route": words.DIFFERENCE_ROUTES,
    "partner_alert": words.PARTNER_ALERTS,
    "partner_problem": words.PARTNER_PROBLEMS,
    "move_batch": words.MOVE_BATCH_STATES,
    "move": words.MOVE_STATES,
    "move_reason": words.MOVE_REASONS,
    "move_consent": words.MOVE_CONSENTS,
    "move_act": words.MOVE_ACTS,
    "reserve": words.RESERVE_STATES,
    "reserve_kind": words.RESERVE_KINDS,
    "reserve_rule": words.RESERVE_RULES,
    "reserve_move": words.RESERVE_MOVES,
    "reserve_move_state": words.RESERVE_MOVE_STATES,
    "reserve_reason": words.RESERVE_REASONS,
    "reserve_alert": words.RESERVE_ALERTS,
    "close": words.CLOSE_STATES,
    "close_skipped": words.CLOSE_SKIPPED,
    "close_step": words.CLOSE_STEPS,
    "close_starter": words.CLOSE_STARTERS,
    "own_clock": words.OWN_CLOCKS,
    "how_often": words.HOW_OFTEN,
    "bucket": words.BUCKETS,
    "notice": words.NOTICE_STATES,
    "notice_reason": words.NOTICE_REASONS,
    "notice_way": words.NOTICE_WAYS,
    "service": words.SERVICES,
    "delivery": words.DELIVERY_STATES,
    "template": words.TEMPLATE_STATES,
    "template_kind": words.TEMPLATE_KINDS,
    "written_in": words.WRITTEN_IN,
    "collection_pile": words.COLLECTION_PILES,
    "collection_step": words.COLLECTION_STEPS,
    "change": words.CHANGE_KINDS,
    "change_state": words.CHANGE_STATES,
    "promise": words.PROMISE_STATES,
    "credit_mark": words.MARK_STATES,
    "standstill": words.STANDSTILLS,
    "contact_way": words.CONTACT_WAYS,
    "contact_outcome": words.CONTACT_OUTCOMES,
    "contact_hindrance": words.HINDRANCES,
    "consent": words.CONSENT_WAYS,
    "component": words.COMPONENTS,
    "help_number": words.HELP_NUMBERS,
}
_TONES: Mapping[str, words.Words] = {
    "price_offer": words.PRICE_OFFER_TONES,
    "answer_standing": words.ANSWER_TONES,
    "case": words.CASE_TONES,
    "finding": words.FINDING_TONES,
    "plan": words.PLAN_TONES,
    "payment": words.PAYMENT_TONES,
    "attempt": words.ATTEMPT_TONES,
    "agreement": words.AGREEMENT_TONES,
    "refund": words.REFUND_TONES,
    "move_batch": words.MOVE_BATCH_TONES,
    "move": words.MOVE_TONES,
    "reserve": words.RESERVE_TONES,
    "reserve_move_state": words.RESERVE_MOVE_TONES,
    "refund_status": words.REFUND_STATUS_TONES,
    "close": words.CLOSE_TONES,
    "notice": words.NOTICE_TONES,
    "delivery": words.DELIVERY_TONES,
    "template": words.TEMPLATE_TONES,
    "change_state": words.CHANGE_TONES,
    "promise": words.PROMISE_TONES,
    "credit_mark": words.MARK_TONES,
}


@register.filter
def word(value: str, kind: str) -> str:
    """`{{ attempt.state|word:"attempt" }}`."""
    return str(_LISTS[kind].get(value, value))


@register.filter
def thousands(count: int) -> str:
    """`1,208`."""
    return f"{count:,}"


@register.simple_tag
def state(kind: str, value: str) -> SafeString:
    """`{% state "attempt" attempt.state %}`: a status pill."""
    return pill(str(_TONES[kind].get(value, "neutral")), word(value, kind))


@register.filter
def card(view: CardView) -> str:
    """`{{ leg.card|card }}`: bank, kind and last digits."""
    return card_name(view)


@register.simple_tag(takes_context=True)
def moment(context: Context, at: datetime) -> str:
    """`11/22 20:41` in the mall's time zone; with the year when it is another year."""
    local = at.astimezone(mall_zone())
    written = formats.short_moment(local)
    return written if local.year == context["today"].year else f"{local.year}/{written}"


@register.filter
def hours_until(since: datetime, now: datetime) -> int:
    """Whole hours: `{{ desk.longest_wait_since|hours_until:now }}`."""
    return (now - since) // timedelta(hours=1)


@register.filter
def as_json(value: Any) -> str:
    """A raw record, indented; escaped by the template like any text."""
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True, default=str)


@register.filter
def entry_name(entry: Entry) -> str:
    """In the reader's language."""
    return entry.name_zh if formats.language_of(get_language() or "zh-hans") == "zh" else entry.name_en
