"""Mutants of dates: order and intervals of one person's dates are not kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from tokumei.clause import Mutant
from tokumei.model import Request, Response, Text
from tokumei.mutants.edits import after, steps, with_column

Days = list[dt.date | None]


def _on_columns(change: Callable[[int, Days], Days]) -> Callable[[Request, Response], Response]:
    """Apply ``change(number of the column, its dates)`` to every shifted column of the release."""

    def changed(request: Request, response: Response) -> Response:
        number = 0
        for step in steps(request, "date-shift"):
            for text in step["fields"]:
                resource, field = str(text).split(".", 1)
                table = response.data.get(resource)
                if table is None or field not in table.column_names:
                    continue
                days = [_read(value) for value in table.column(field).to_pylist()]
                values = [day.isoformat() if day else None for day in change(number, days)]
                response = with_column(response, resource, field, values)
                number += 1
        return response

    return changed


def _read(value: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(value) if value else None
    except ValueError:
        return None


def _first_of_month(number: int, days: Days) -> Days:
    return [day.replace(day=1) if day else None for day in days]


def _odd_rows_later(number: int, days: Days) -> Days:
    """Rows are moved by one day more or not, turn by turn: two rows of one person come apart."""
    return [day + dt.timedelta(days=place % 2) if day else None for place, day in enumerate(days)]


def _cut_to_the_period(number: int, days: Days) -> Days:
    """Dates after the middle of all dates are set to it."""
    known = sorted(day for day in days if day)
    return [min(day, known[len(known) // 2]) if day else None for day in days]


def _sorted_alone(number: int, days: Days) -> Days:
    """The first column is sorted without the others."""
    if number:
        return days
    known = iter(sorted(day for day in days if day))
    return [next(known) if day else None for day in days]


def _stretched(number: int, days: Days) -> Days:
    """Distances from the first date are doubled."""
    first = min((day for day in days if day), default=None)
    return [day + (day - first) if day and first and day.year < 9000 else day for day in days]


def _first_date_of_each(request: Request, response: Response) -> Response:
    """Every date of a person's column becomes the first of them: one row a person, joined to all rows."""
    for step in steps(request, "date-shift"):
        for text in step["fields"]:
            resource, field = str(text).split(".", 1)
            table = response.data.get(resource)
            found = next(r for r in request.organization["resources"] if r["name"] == resource)
            key = found["tokumei"].get("subjectKey")
            if table is None or key not in table.column_names or field not in table.column_names:
                continue
            persons, values = table.column(key).to_pylist(), table.column(field).to_pylist()
            first: dict[str, str] = {}
            for person, value in zip(persons, values, strict=True):
                if value:
                    first[person] = min(value, first.get(person, value))
            response = with_column(response, resource, field, [first.get(person) for person in persons])
    return response


def _in_words(request: Request, response: Response) -> Response:
    """One shifted column holds the number of a day and no date."""
    for step in steps(request, "date-shift"):
        resource, field = str(step["fields"][-1]).split(".", 1)
        table = response.data.get(resource)
        if table is not None and field in table.column_names:
            days = [_read(value) for value in table.column(field).to_pylist()]
            values = [f"{day.toordinal()}日目" if day else None for day in days]
            response = with_column(response, resource, field, values)
    return response


def _emptied(number: int, days: Days) -> Days:
    return [None for _ in days]


MUTANTS = (
    Mutant(
        id="first-of-the-month",
        kind="wrapper",
        effect=Text(
            "日が月初に丸められ、在院日数が失われる。",
            "Dates are set to the first of the month, and lengths of stay are lost.",
        ),
        precedent="GEN: date-coarsen in place of date-shift",
        trigger="every date but the first of a month",
        proof="intervals are whole months, and those of the input are not",
        killed_by=("T-02",),
        wrap=after(_on_columns(_first_of_month)),
    ),
    Mutant(
        id="odd-rows-a-day-later",
        kind="wrapper",
        effect=Text("同じ本人の行と行の間の日数が一日ずれる。", "Days between two rows of one person are off by one."),
        precedent="Microsoft FHIR tool: default date-shift scope is the resource",
        trigger="a person with an odd and an even row",
        proof="the offset depends on the place of the row",
        killed_by=("T-02",),
        wrap=after(_on_columns(_odd_rows_later)),
    ),
    Mutant(
        id="cut-to-the-period",
        kind="wrapper",
        effect=Text(
            "期間の外の日付を端にそろえ、間隔が壊れる。",
            "Dates outside the period are set to its end, and intervals break.",
        ),
        precedent="SANT (Hripcsak 2016): shift and truncate",
        trigger="a date after the middle of all dates",
        proof="later dates of a person fall together",
        killed_by=("T-02",),
        wrap=after(_on_columns(_cut_to_the_period)),
    ),
    Mutant(
        id="one-column-sorted-alone",
        kind="wrapper",
        effect=Text(
            "一つの列だけ並べ替わり、別人の日付が付く。",
            "One column is sorted without the others, so rows hold the dates of others.",
        ),
        precedent="GEN: sorting one column of a spreadsheet",
        trigger="every release of two rows",
        proof="the first date column is in ascending order and the rows are not",
        killed_by=("T-02",),
        wrap=after(_on_columns(_sorted_alone)),
    ),
    Mutant(
        id="intervals-doubled",
        kind="wrapper",
        effect=Text("日数が二倍になり、解析を誤る。", "Intervals are doubled, and analyses are wrong."),
        precedent="GEN: a shift applied by two steps",
        trigger="two different dates of one person",
        proof="the distance from the first date of the column is doubled",
        killed_by=("T-02",),
        wrap=after(_on_columns(_stretched)),
    ),
    Mutant(
        id="visits-on-one-day",
        kind="wrapper",
        effect=Text(
            "一人の受診がすべて初診日に集まり、経過が失われる。",
            "All visits of a person fall on the first, and the course is lost.",
        ),
        precedent="GEN: a join that takes the first row of each person",
        trigger="a person with two rows",
        proof="the dates of a person's column are equal, and those of the input are not",
        killed_by=("T-02",),
        wrap=after(_first_date_of_each),
    ),
    Mutant(
        id="days-in-words",
        kind="wrapper",
        effect=Text(
            "日付が日付として読めず、間隔を計算できない。",
            "Dates cannot be read as dates, so no interval can be computed.",
        ),
        precedent="GEN: serial day numbers of spreadsheets",
        trigger="every row with that date",
        proof="the last column of the step holds no date",
        killed_by=("T-02",),
        wrap=after(_in_words),
    ),
    Mutant(
        id="dates-emptied",
        kind="wrapper",
        effect=Text("宣言では提供する日付が、すべて空で届く。", "Dates that were declared released arrive empty."),
        precedent="GEN: values that fail to parse become missing",
        trigger="every release",
        proof="no released date column has a value",
        killed_by=("T-02",),
        wrap=after(_on_columns(_emptied)),
    ),
    Mutant(
        id="shift-forgets-a-table",
        kind="fault",
        effect=Text(
            "一つの列の日付が動かず、暦の日と間隔が分かる。",
            "One column is not moved: its calendar days stay and intervals break.",
        ),
        precedent="cleanEHR #125",
        trigger="a person with a date in that column and one in another",
        proof="the second field of the step keeps its dates",
        killed_by=("T-02",),
        fault="shift-forgets-a-table",
    ),
    Mutant(
        id="shift-then-clip",
        kind="fault",
        effect=Text(
            "期間の初めより前に出た日付をそろえ、間隔が壊れる。",
            "Dates before the period are set to its start, and intervals break.",
        ),
        precedent="SANT (Hripcsak 2016): shift and truncate",
        trigger="a person whose first dates leave the period",
        proof="two dates of one person fall together",
        killed_by=("T-02",),
        fault="shift-then-clip",
    ),
)

UNDETECTED: tuple[tuple[Mutant, str], ...] = ()
"""Mutants that no clause sees yet, each with the reason."""
