"""`fenqi simulate FILE`: run plan terms against dated events and show what the plan looks like after each.

It is the plan engine itself and needs neither Django nor a database.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TextIO

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from fenqi.domain.errors import FenqiError, InvalidInput
from fenqi.domain.ledger import Entry, clearing, entry_for
from fenqi.domain.money import EXPONENTS
from fenqi.domain.plans import (
    Allocation,
    Components,
    Event,
    PlanState,
    Row,
    Terms,
    Totals,
    parse_event,
    parse_terms,
    rates,
    replay_each,
)
from fenqi.domain.reading import MissingField
from fenqi.interfaces.commands.scenarios import read_scenarios

Answer = dict[str, Any]

_CLEARING = clearing("simulated")
_MOST_EVENTS = 10_000


@click.command()
@click.argument("file", type=click.File("r", encoding="utf-8", lazy=False))
@click.option("--json", "as_json", is_flag=True, help="Machine output: one result, or a list for many scenarios.")
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Of the messages.")
def simulate(file: TextIO, *, as_json: bool, language: str) -> None:
    """Replay the scenarios of FILE: JSON, JSON lines or YAML; - reads standard input.

    A scenario that cannot be run gives an error in its place, and the others still run; the exit status is 0 then.
    """
    try:
        scenarios = read_scenarios(file, name=file.name)
        if as_json:
            answers = (answer_to(scenario, language=language) for scenario in scenarios.items)
            _write_json(answers, are_many=scenarios.are_many, to=sys.stdout)
        else:
            _write_tables((answer_to(scenario, language=language), _exponent(scenario)) for scenario in scenarios.items)
    except FenqiError as refusal:
        if as_json:
            click.echo(json.dumps({"id": None, "error": _error(refusal, language)}, ensure_ascii=False))
        else:
            click.echo(refusal.text(language), err=True)
        sys.exit(2)
    except UnicodeDecodeError:
        click.echo("The file is not UTF-8 text." if language == "en" else "文件不是 UTF-8 文本。", err=True)
        sys.exit(2)


def answer_to(scenario: object, *, language: str = "en") -> Answer:
    """The result of one scenario, or its error; exactly the keys of the format."""
    name = _id_of(scenario)
    try:
        if isinstance(scenario, FenqiError):
            raise scenario
        terms, events = parse_scenario(scenario)
        return {"id": name, **run(terms, events)}
    except FenqiError as refusal:
        return {"id": name, "error": _error(refusal, language)}


def _exponent(scenario: object) -> int:
    """The decimals of the scenario's currency, for the eye; two where it has none to go by."""
    terms = scenario.get("terms") if isinstance(scenario, Mapping) else None
    currency = terms.get("currency") if isinstance(terms, Mapping) else None
    return EXPONENTS.get(currency, 2) if isinstance(currency, str) else 2


def parse_scenario(scenario: object) -> tuple[Terms, list[Event]]:
    """Terms and events of a scenario; keys beside id, terms and events are the writer's own. Raises FenqiError."""
    if not isinstance(scenario, Mapping):
        raise InvalidInput(where="scenario", problem="it is not a mapping", problem_zh="应为一组字段")
    if scenario.get("terms") is None:
        raise MissingField(where="terms")
    events = scenario.get("events")
    if events is None:
        events = []
    if not isinstance(events, list) or len(events) > _MOST_EVENTS:
        raise InvalidInput(
            where="events",
            problem=f"a list of at most {_MOST_EVENTS} is expected",
            problem_zh=f"应为不超过 {_MOST_EVENTS} 项的列表",
        )
    terms = parse_terms(scenario["terms"])
    return terms, [parse_event(event, where=f"events[{place}]") for place, event in enumerate(events)]


def run(terms: Terms, events: Sequence[Event]) -> Answer:
    """Rates, states and journal of a scenario. Raises UnableToReplay."""
    states = list(replay_each(terms, events))
    known: list[Event | None] = [None, *events]
    befores: list[PlanState | None] = [None, *states[:-1]]
    costs = rates(terms)
    return {
        "rates": {
            "annual_rate_irr": f"{costs.annual_rate_irr:.2f}",
            "annual_rate_simple": f"{costs.annual_rate_simple:.2f}",
        },
        "states": [_state(state, event) for state, event in zip(states, known, strict=True)],
        "journal": [
            _entry(entry, terms, event)
            for before, after, event in zip(befores, states, known, strict=True)
            if (entry := entry_for(before, after, event, source=_CLEARING)) is not None
        ],
    }


def _id_of(scenario: object) -> object:
    name = scenario.get("id") if isinstance(scenario, Mapping) else None
    return name if name is None or isinstance(name, str | int) else str(name)


def _error(refusal: FenqiError, language: str) -> Answer:
    return {"code": refusal.code, "message": refusal.text(language), "where": refusal.where}


def _state(state: PlanState, event: Event | None) -> Answer:
    return {
        "on": state.on.isoformat(),
        "after": event.id if event else None,
        "status": state.status.value,
        "balance": state.balance,
        "rows": [_row(row) for row in state.rows],
        "totals": _totals(state.totals),
        "settlement_quote": state.settlement_quote,
        "days_past_due": state.days_past_due,
        "allocations": [_allocation(done) for done in state.allocations],
    }


def _row(row: Row) -> Answer:
    return {
        "n": row.n,
        "due_on": row.due_on.isoformat(),
        **_told_apart(row.due),
        "due": row.due.total,
        "paid": row.paid.total,
        "paid_early": row.paid_early,
        "paid_late": row.paid_late,
        "outstanding": row.outstanding.total,
        "paid_on": row.paid_on.isoformat() if row.paid_on else None,
    }


def _totals(totals: Totals) -> Answer:
    return {
        **_told_apart(totals.due),
        "due": totals.due.total,
        "paid": totals.paid.total,
        "paid_early": totals.paid_early,
        "paid_late": totals.paid_late,
        "outstanding": totals.outstanding.total,
    }


def _told_apart(amounts: Components) -> Answer:
    return amounts._asdict()


def _allocation(done: Allocation) -> Answer:
    return {
        "event": done.event,
        "principal": done.principal,
        "interest": done.interest,
        "fee": done.fee,
        "late_fee": done.late_fee,
        "balance": done.balance,
    }


def _entry(entry: Entry, terms: Terms, event: Event | None) -> Answer:
    return {
        "on": (event.on if event else terms.opened_on).isoformat(),
        "event": event.id if event else None,
        "lines": [
            {"account": line.account, "debit": line.debit}
            if line.debit
            else {"account": line.account, "credit": line.credit}
            for line in entry.lines
        ],
    }


def _write_json(answers: Iterable[Answer], *, are_many: bool, to: TextIO) -> None:
    """Each answer is written as soon as it is there, so that any number of them runs in the same memory."""
    separator = "[" if are_many else ""
    for answer in answers:
        to.write(separator)
        to.write(json.dumps(answer, ensure_ascii=False))  # json.dump would encode in slow motion, piece by piece
        separator = ",\n"
    if are_many:
        to.write("]" if separator != "[" else "[]")
    to.write("\n")


def _write_tables(answers: Iterable[tuple[Answer, int]]) -> None:
    console = Console(highlight=False)
    for answer, exponent in answers:
        console.rule(str(answer["id"] or ""))
        if "error" in answer:
            error = answer["error"]
            console.print(f"{error['where'] or ''} [{error['code']}] {error['message']}", style="red", markup=False)
            continue
        costs = answer["rates"]
        console.print(f"IRR {costs['annual_rate_irr']} %   simple {costs['annual_rate_simple']} %", style="dim")
        for state in answer["states"]:
            console.print(_table(state, exponent))


_HEADINGS = {
    "n": "",
    "due_on": "due on",
    "principal": "principal",
    "interest": "interest",
    "fee": "fee",
    "late_fee": "late fee",
    "due": "due",
    "paid": "paid",
    "outstanding": "open",
    "paid_on": "paid on",
}
_TEXTS = frozenset({"n", "due_on", "paid_on"})
_SHOWN_IF_ANY = frozenset({"interest", "fee", "late_fee"})


def _table(state: Answer, exponent: int) -> Table:
    """One state: its rows in major units of the currency, and what they come to."""

    def cell(record: Answer, name: str) -> str:
        value = record.get(name)
        if value is None:
            return ""
        return str(value) if name in _TEXTS else f"{Decimal(value).scaleb(-exponent):,.{exponent}f}"

    table = Table(
        title=f"{state['on']}  {state['after'] or '-'}  {state['status']}",
        caption=f"balance {cell(state, 'balance')}   to settle {cell(state, 'settlement_quote')}   "
        f"days past due {state['days_past_due']}",
        title_justify="left",
        caption_justify="left",
        box=SIMPLE,
        pad_edge=False,
    )
    shown = [name for name in _HEADINGS if name not in _SHOWN_IF_ANY or state["totals"][name]]
    for name in shown:
        table.add_column(_HEADINGS[name], justify="left" if name in _TEXTS else "right", no_wrap=True)
    for row in state["rows"]:
        table.add_row(*(cell(row, name) for name in shown))
    table.add_section()
    table.add_row(*(cell(state["totals"], name) for name in shown))
    return table
