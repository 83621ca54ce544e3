"""`fenqi simulate`: the scenario format in and out, one process for thousands."""

import json
import subprocess
import sys
import tracemalloc
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given

import plan_strategies as plans
from fenqi.domain.plans import Event, Terms
from fenqi.interfaces.commands.bench_engine import bench_engine
from fenqi.interfaces.commands.scenarios import read_scenarios
from fenqi.interfaces.commands.simulate import answer_to, simulate

EXAMPLE = """
id: any-text
terms:
  principal: 50000
  currency: CNY
  opened_on: 2023-01-01
  down_payment: {percent: "25"}
  installments: 3
  every: 15
  unit: day
  first_due_on: null
  method: interest_free
  annual_rate: 0
  fee_rate: 0.0
  allocation:
    order: [late_fee, fee, interest, principal]
    by: installment
    future: {repayment: next, refund: last, credit: last, price_adjustment: last}
events:
  - {id: a, on: 2023-01-01, kind: repayment, amount: 12500}
  - {id: b, on: 2023-01-08, kind: refund, amount: 30000, future: spread}
"""
SMALL = {"id": "s", "terms": {"principal": 300, "opened_on": "2023-01-01", "installments": 3}}


def run(text: str, *options: str, path: Path | None = None) -> Result:
    if path is None:
        return CliRunner().invoke(simulate, ["-", *options], input=text)
    path.write_text(text, encoding="utf-8")
    return CliRunner().invoke(simulate, [str(path), *options])


def answer(text: str, path: Path | None = None) -> Any:
    result = run(text, "--json", path=path)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_example_of_the_format() -> None:
    told = answer(EXAMPLE)
    assert list(told) == ["id", "rates", "states", "journal"]
    assert told["rates"] == {"annual_rate_irr": "0.00", "annual_rate_simple": "0.00"}
    opened, _, last = told["states"]
    assert (opened["after"], opened["on"], opened["allocations"]) == (None, "2023-01-01", [])
    rows = last.pop("rows")
    assert last == {
        "on": "2023-01-08", "after": "b", "status": "active", "balance": 0,
        "totals": {
            "principal": 50000, "interest": 0, "fee": 0, "late_fee": 0, "due": 50000, "paid": 42500,
            "paid_early": 30000, "paid_late": 0, "outstanding": 7500,
        },
        "settlement_quote": 7500, "days_past_due": 0,
        "allocations": [
            {"event": "a", "principal": 12500, "interest": 0, "fee": 0, "late_fee": 0, "balance": 0},
            {"event": "b", "principal": 30000, "interest": 0, "fee": 0, "late_fee": 0, "balance": 0},
        ],
    }  # fmt: skip
    assert rows[0] == {
        "n": 1, "due_on": "2023-01-01", "principal": 12500, "interest": 0, "fee": 0, "late_fee": 0, "due": 12500,
        "paid": 12500, "paid_early": 0, "paid_late": 0, "outstanding": 0, "paid_on": "2023-01-01",
    }  # fmt: skip
    assert told["journal"][-1] == {
        "on": "2023-01-08", "event": "b",
        "lines": [
            {"account": "sales.returns", "debit": 30000}, {"account": "receivable.principal", "credit": 30000},
        ],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "is_list"),
    [
        ("one.json", json.dumps(SMALL, indent=1), False),
        ("one_line.json", json.dumps(SMALL), False),
        ("array.json", json.dumps([SMALL, SMALL]), True),
        ("array_of_one.json", json.dumps([SMALL], indent=2), True),
        ("lines.jsonl", f"{json.dumps(SMALL)}\n\n{json.dumps(SMALL)}\n", True),
        ("one.jsonl", json.dumps(SMALL), True),
        ("lines.txt", f"\ufeff{json.dumps(SMALL)}\r\n{json.dumps(SMALL)}", True),
        ("empty.jsonl", "", True),
        ("one.yaml", EXAMPLE, False),
        ("list.yml", f"- {json.dumps(SMALL)}\n- {json.dumps(SMALL)}\n", True),
        ("documents.yaml", f"---{EXAMPLE}\n---{EXAMPLE}", True),
    ],
)
def test_every_kind_of_file(tmp_path: Path, name: str, text: str, is_list: bool) -> None:  # noqa: FBT001  a table
    told = answer(text, path=tmp_path / name)
    assert isinstance(told, list) == is_list
    assert all("states" in each for each in (told if is_list else [told]))


def test_one_that_cannot_be_run_does_not_stop_the_others() -> None:
    scenarios = [
        SMALL,
        {"id": "bad", "terms": {**SMALL["terms"], "principal": 1.5}},  # type: ignore[dict-item]  # a mixed mapping
        {**SMALL, "id": 7, "events": [{"id": "x", "on": "2023-01-02", "kind": "reversal", "of": "y"}]},
        "not a scenario",
        {"id": "no terms"},
        {**SMALL, "events": {}},
    ]
    lines = "\n".join([*map(json.dumps, scenarios), '{"id": "cut', '{"id": NaN}', "9" * 5000, "[" * 100_000])
    told = answer(lines + "\n" + json.dumps(SMALL))
    assert [(each["id"], each.get("error", {}).get("code"), each.get("error", {}).get("where")) for each in told] == [
        ("s", None, None),
        ("bad", "invalid_amount", "terms.principal"),
        (7, "unknown_event", "events[0].of"),
        (None, "invalid_input", "scenario"),
        ("no terms", "missing_field", "terms"),
        ("s", "invalid_input", "events"),
        (None, "unreadable_scenario", "line 7"),
        (None, "unreadable_scenario", "line 8"),
        (None, "unreadable_scenario", "line 9"),
        (None, "unreadable_scenario", "line 10"),
        ("s", None, None),
    ]
    assert all(set(each["error"]) == {"code", "message", "where"} for each in told if "error" in each)


def test_a_first_line_that_is_cut_off_is_one_error_among_lines() -> None:
    told = answer('{"id": "cut\n' + json.dumps(SMALL))
    assert [each.get("error", {}).get("code") for each in told] == ["unreadable_scenario", None]


@pytest.mark.parametrize("text", ['{"id": 1,\n"terms": ', "[1, 2", "a: [", "{{{", "- !!python/object:os.system {}"])
def test_a_file_that_makes_no_sense_as_a_whole(text: str) -> None:
    result = run(text, "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["code"] == "unreadable_scenario"
    assert run(text).exit_code == 2


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "bytes.json"
    path.write_bytes(b'{"id": "\xff\xfe"}')
    assert CliRunner().invoke(simulate, [str(path)]).exit_code == 2


def test_messages_in_chinese() -> None:
    result = run(json.dumps({**SMALL, "terms": {"principal": 0}}), "--json", "--language", "zh")
    assert "金额" in json.loads(result.stdout)["error"]["message"]


def test_the_table_is_for_the_eye() -> None:
    shown = run(EXAMPLE).stdout
    assert "2023-02-15" in shown
    assert "125.00" in shown
    assert "to settle 75.00" in shown
    yen = run(json.dumps({**SMALL, "terms": {**SMALL["terms"], "currency": "JPY"}})).stdout  # type: ignore[dict-item]  # a mixed mapping
    assert " 100 " in yen
    assert "invalid_amount" in run(json.dumps({**SMALL, "terms": {"principal": 0}})).stdout


@given(plans.terms(), plans.events())
def test_the_journal_adds_up_to_the_last_state(terms: Terms, events: list[Event]) -> None:
    scenario = {"terms": terms.to_mapping(), "events": [event.to_mapping() for event in events]}
    told = answer_to(json.loads(json.dumps(scenario)))
    standing: dict[str, int] = {}
    for entry in told["journal"]:
        for line in entry["lines"]:
            standing[line["account"]] = standing.get(line["account"], 0) + line.get("debit", 0) - line.get("credit", 0)
    last = told["states"][-1]
    assert sum(standing.values()) == 0
    assert standing.get("customer.balance", 0) == -last["balance"]
    owed = sum(amount for account, amount in standing.items() if account.startswith("receivable."))
    assert owed == last["totals"]["outstanding"] == sum(row["outstanding"] for row in last["rows"])
    assert len(told["states"]) == len(events) + 1


def test_many_scenarios_need_no_more_memory_than_few() -> None:
    def lines(count: int) -> StringIO:
        return StringIO("".join(json.dumps({**SMALL, "id": n}) + "\n" for n in range(count)))

    def peak(text: StringIO) -> int:
        items = read_scenarios(text, name="s.jsonl").items
        tracemalloc.start()
        for scenario in items:
            answer_to(scenario)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(lines(20))
    assert peak(lines(1_000)) < peak(lines(100)) + 1_000_000  # the answers to 900 more take ten times that


def test_it_needs_neither_django_nor_a_database() -> None:
    code = (
        "import sys; from fenqi.interfaces.commands.simulate import simulate; import fenqi.domain.workdays; "
        "sys.exit(any(name.split('.')[0] in {'django', 'psycopg'} for name in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_bench_measures_a_year_of_twelve_rows_and_fifteen_events() -> None:
    figures = bench_engine()
    assert (figures["rows"], figures["events"]) == (12, 15)
    assert figures["plans_per_second"] > figures["plans_per_second_with_schedule"] * 0.5 > 0
