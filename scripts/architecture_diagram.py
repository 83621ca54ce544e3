"""Draws the house as it is: who imports whom, and how attempts, refunds, after-sales cases and reserves move.

`python scripts/architecture_diagram.py --write` writes the diagrams into `docs/architecture.md`,
`docs/payment-states.md`, `docs/case-states.md` and `docs/reserve-states.md`; without `--write` it says which page is
out of date. A test fails while one is.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import groupby

import grimp

from fenqi.domain.aftersales import cases
from fenqi.domain.aftersales.cases import CaseSignal, CaseState, Party
from fenqi.domain.payments.attempts import NEXT_STATE, AttemptState, Outcome, Step
from fenqi.domain.payments.refunds import NEXT_REFUND_STATE, RefundState, RefundStep
from fenqi.domain.reserves import NEXT_HOLD_STATE, NEXT_MOVE_STATE, HoldState, HoldStep, MoveState, MoveStep
from generated_parts import DOCS, Parts, run

ARCHITECTURE = DOCS / "architecture.md"
STATES = DOCS / "payment-states.md"
CASE_STATES = DOCS / "case-states.md"
RESERVE_STATES = DOCS / "reserve-states.md"

PACKAGE = "fenqi"
FLOORS = ("interfaces", "usecases", "records", "channels", "domain")
BESIDE = ("config", "sandbox")
NO_ROOMS = ("fenqi.records.migrations", "fenqi.config.database")
"""Packages that are parts of a floor, not rooms where a noun lives."""

Imports = Mapping[str, Collection[str]]
"""Room to the other rooms it imports; what stands in no room of a floor belongs to the floor: `usecases`."""

Moves = Mapping[tuple[StrEnum, StrEnum], StrEnum]
"""(state, signal) -> state."""

ATTEMPTS: Moves = dict(NEXT_STATE.items())
REFUNDS: Moves = dict(NEXT_REFUND_STATE.items())
CASES: Moves = dict(cases.NEXT_STATE.items())
HOLDS: Moves = dict(NEXT_HOLD_STATE.items())
RESERVE_MOVES: Moves = dict(NEXT_MOVE_STATE.items())
_OF_PAYMENTS = tuple(outcome for outcome in Outcome if outcome is not Outcome.ABNORMAL)


def imports_between_rooms() -> Imports:
    """Read from the source of every module; nothing is run."""
    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    packages = {module for module in graph.modules if graph.find_children(module)} - set(NO_ROOMS)
    found: dict[str, set[str]] = defaultdict(set)
    for module in sorted(graph.modules - {PACKAGE}):
        room = room_of(module, packages)
        found[room] |= {room_of(name, packages) for name in graph.find_modules_directly_imported_by(module)} - {room}
    return found


def room_of(module: str, packages: Collection[str]) -> str:
    """`fenqi.usecases.orders.register` stands in `usecases/orders`, `fenqi.usecases.audit` in `usecases`."""
    parts = module.split(".")
    room = parts[1:3] if ".".join(parts[:3]) in packages else parts[1:2]
    return "/".join(room)


def floor_of(room: str) -> str:
    return room.partition("/")[0]


def floors_diagram(imports: Imports) -> str:
    """The floors with their rooms, an arrow from who imports to who is imported."""
    arrows = {(floor_of(room), floor_of(other)) for room, others in imports.items() for other in others}
    lines = ["```mermaid", "flowchart TD"]
    for floor in (*FLOORS, *BESIDE):
        lines += _box(floor, sorted(room for room in imports if floor_of(room) == floor and room != floor))
    order = (*FLOORS, *BESIDE)
    down = sorted((pair for pair in arrows if pair[0] != pair[1]), key=lambda pair: tuple(map(order.index, pair)))
    lines += [f"    {upper} --> {lower}" for upper, lower in down]
    return "\n".join([*lines, "```"])


def _box(floor: str, rooms: list[str]) -> Iterator[str]:
    if not rooms:
        return iter([f"    {floor}[{floor}]"])
    inside = [f"        {room.replace('/', '_')}[{room.partition('/')[2]}]" for room in rooms]
    return iter([f"    subgraph {floor}", "        direction LR", *inside, "    end"])


def rooms_table(imports: Imports) -> str:
    """Each room and what it imports of other rooms, top floor first."""
    order = (*FLOORS, *BESIDE)
    rooms = sorted(imports, key=lambda room: (order.index(floor_of(room)), room))
    rows = [f"| `{room}` | {_by_floor(imports[room], order)} |" for room in rooms]
    return "\n".join(["| room | imports |", "|---|---|", *rows])


def _by_floor(rooms: Collection[str], order: tuple[str, ...]) -> str:
    ranked = sorted(rooms, key=lambda room: (order.index(floor_of(room)), room))
    floors = [", ".join(f"`{room}`" for room in group) for _, group in groupby(ranked, key=floor_of)]
    return "; ".join(floors) or "nothing of ours"


def moves_diagram(moves: Moves, *, first: StrEnum) -> str:
    """Every move that leads to another state; the signals that do are written on the arrow."""
    signals: dict[tuple[StrEnum, StrEnum], list[str]] = defaultdict(list)
    for (state, signal), after in moves.items():
        if after is not state:
            signals[state, after].append(signal.value)
    arrows = [f"    {state} --> {after}: {', '.join(names)}" for (state, after), names in signals.items()]
    return "\n".join(["```mermaid", "stateDiagram-v2", f"    [*] --> {first}", *arrows, "```"])


def moves_table(moves: Moves, states: Iterable[StrEnum], signals: Collection[StrEnum]) -> str:
    """Every pair of state and signal: the state after it, `=` where nothing changes, or a refusal."""
    head = "| state | " + " | ".join(f"`{signal.value}`" for signal in signals) + " |"
    rows = [
        f"| `{state}` | " + " | ".join(_after(moves, state, signal) for signal in signals) + " |" for state in states
    ]
    return "\n".join([head, "|---" * (len(signals) + 1) + "|", *rows])


def _after(moves: Moves, state: StrEnum, signal: StrEnum) -> str:
    after = moves.get((state, signal))
    if after is None:
        return "refused"
    return "=" if after is state else after.value


def case_moves_table() -> str:
    """What can happen to a case in each state, by whom, and where it stands then."""
    rows = [
        f"| `{state}` | `{signal}` | {_parties(signal)} | {'=' if after is state else after} |"
        for (state, signal), after in cases.NEXT_STATE.items()
    ]
    return "\n".join(["| state | what happens | by | state after |", "|---|---|---|---|", *rows])


def _parties(signal: CaseSignal) -> str:
    return " or ".join(party.value for party in Party if party in cases.GIVEN_BY[signal])


def pages() -> Parts:
    imports = imports_between_rooms()
    return {
        ARCHITECTURE: {"floors": floors_diagram(imports), "rooms": rooms_table(imports)},
        STATES: {
            "moves": moves_diagram(ATTEMPTS, first=AttemptState.CREATED),
            "table": moves_table(ATTEMPTS, AttemptState, (*Step, *_OF_PAYMENTS)),
            "refund moves": moves_diagram(REFUNDS, first=RefundState.CREATED),
            "refund table": moves_table(REFUNDS, RefundState, (*RefundStep, *Outcome)),
        },
        CASE_STATES: {
            "case moves": moves_diagram(CASES, first=CaseState.SUBMITTED),
            "case table": case_moves_table(),
        },
        RESERVE_STATES: {
            "hold moves": moves_diagram(HOLDS, first=HoldState.WANTED),
            "hold table": moves_table(HOLDS, HoldState, (*HoldStep, *_OF_PAYMENTS)),
            "reserve moves": moves_diagram(RESERVE_MOVES, first=MoveState.CREATED),
            "reserve table": moves_table(RESERVE_MOVES, MoveState, (*MoveStep, *_OF_PAYMENTS)),
        },
    }


if __name__ == "__main__":
    run(pages())
