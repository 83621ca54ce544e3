"""Which year is simulated in a data folder, and how far it has come: a small file, so that a stopped year goes on."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, Self

from fenqi.config import postgres
from fenqi.domain.errors import FenqiError


class HouseNotEmpty(FenqiError):
    """A year is simulated where there is no order yet. Details: `folder`."""

    code = "house_not_empty"
    status = 409
    zh = "这里已经有订单，模拟一年要从空的开始：用 FENQI_DATA 指定一个新目录，或先删除 {folder}。"
    en = "There are orders here already; a year begins with none: name a new folder by FENQI_DATA, or delete {folder}."


class AnotherYear(FenqiError):
    """A year with other choices was begun here. Details: `seed`, `customers`, `folder`."""

    code = "another_year"
    status = 409
    zh = "这里已经开始了另一个模拟年（种子 {seed}，{customers} 位顾客）：用同样的参数接着跑，或删除 {folder} 重新开始。"
    en = "Another year was begun here (seed {seed}, customers {customers}): go on with it, or delete {folder}."


class YearUnfinished(FenqiError):
    """The house is still in the past. Details: `seed`, `customers`, `folder`."""

    code = "year_unfinished"
    status = 409
    zh = (
        "这里的模拟年还没有跑完。请用 fenqi demo --year --customers {customers} --seed {seed} 接着跑完，"
        "或删除 {folder} 重新开始。"
    )
    en = (
        "The year that is simulated here is not over. Go on with fenqi demo --year --customers {customers} "
        "--seed {seed}, or delete {folder} to begin anew."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """What is simulated: the same values give the same decisions."""

    first: date
    days: int
    customers: int
    seed: int


@dataclass(frozen=True, slots=True)
class Lived:
    """So many days are over, and of the next one what was to be done until that instant."""

    days: int
    until: datetime


NOTHING: Final = Lived(0, datetime.fromtimestamp(0, UTC))


@dataclass(frozen=True, slots=True)
class Before:
    """A year that was begun."""

    year: Year
    lived: Lived


@dataclass(frozen=True, slots=True)
class Progressed:
    """The file of one data folder."""

    path: Path

    @classmethod
    def of(cls, folder: Path) -> Self:
        return cls(folder / "year.json")

    def read(self) -> Before | None:
        """None where no year was begun."""
        if not self.path.exists():
            return None
        told = json.loads(self.path.read_text())
        lived = Lived(told["lived"]["days"], datetime.fromisoformat(told["lived"]["until"]))
        year = told["year"]
        return Before(Year(**year | {"first": date.fromisoformat(year["first"])}), lived)

    def write(self, year: Year, lived: Lived) -> None:
        """Nothing is written by halves."""
        told = {
            "year": {**asdict(year), "first": year.first.isoformat()},
            "lived": {"days": lived.days, "until": lived.until.isoformat()},
        }
        postgres.write_private(self.path, json.dumps(told))


def refuse_unfinished(folder: Path) -> None:
    """Nothing else works in a house that is still in the past. Raises YearUnfinished."""
    before = Progressed.of(folder).read()
    if before is not None and before.lived.days < before.year.days:
        raise YearUnfinished(seed=before.year.seed, customers=before.year.customers, folder=folder)
