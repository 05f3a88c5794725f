"""D-04: the technique that is declared is the one that was applied, as far as the values themselves show it."""

from __future__ import annotations

from collections.abc import Iterator

from tokumei.clause import Check, Mutant
from tokumei.declarations import FieldName, Organization, Processing, Step
from tokumei.evidence import Evidence
from tokumei.model import Finding, Need, Observation, Premise, Request, Response, Text
from tokumei.mutants.edits import after, steps, with_column
from tokumei.relation import Relation, stacked
from tokumei.representation import markers

VALUES = 'SELECT "case", "call", {column} AS v FROM {self} t WHERE {column} IS NOT NULL AND {column} NOT IN {markers}'

COUNTED = """
SELECT {place} AS place, {wrong} AS wrong, "case", "call", count(*) AS n FROM {self} t GROUP BY "case", "call"
"""

SHOWN = frozenset({"generalize", "top-bottom-code", "date-coarsen"})
"""The techniques whose results have a domain that one value can leave."""

WIDTHS = {"year": 4, "decade": 4, "quarter": 7, "month": 7}
"""The longest text of a date at a precision: 2024, 2024-05, 2024-Q2; a week is not told by its form."""


def judge(evidence: Evidence) -> Iterator[Observation]:
    """Count the values that no application of the claimed technique can give."""
    several = len(evidence.claims) > 1
    judged: list[tuple[FieldName, Step]] = []
    counted: list[Relation] = []
    for number in range(max(1, len(evidence.claims))):
        claim = evidence.claim_of(number) or evidence.asked
        for step in claim.with_technique(*SHOWN):
            for name in step.fields:
                view = evidence.release.get(name.resource)
                if view is None or name.field not in view.names:
                    continue
                values = view.relation.query(VALUES, column=view.column(name.field), markers=markers(evidence, name))
                if several:
                    values = values.query('SELECT * FROM {self} t WHERE "call" = {only}', only=number)
                wrong = outside(values, step, claim)
                if wrong is not None:
                    counted.append(values.query(COUNTED, place=len(judged), wrong=False))
                    counted.append(wrong.query(COUNTED, place=len(judged), wrong=True))
                    judged.append((name, step))
    for row in stacked(counted).rows() if counted else ():
        name, step = judged[row["place"]]
        if not row["wrong"]:
            yield Premise(case=row["case"], count=row["n"], what="values")
            continue
        yield Finding(
            code="OUTSIDE_DOMAIN",
            case=row["case"],
            call=row["call"],
            params={"resource": name.resource, "field": name.field, "technique": step.technique, "n": row["n"]},
            resource=name.resource,
            fields=(name.field,),
        )


def outside(values: Relation, step: Step, claim: Processing) -> Relation | None:
    """The values that the step cannot give, or None where its parameters set no domain that can be told.

    Labels of classes are free: only a raw leaf, a number off the grid, a text too long, a number beyond the
    bound or a date too fine is outside.
    """
    if step.technique == "top-bottom-code":
        return _beyond(values, step)
    if step.technique == "date-coarsen":
        width = WIDTHS.get(str(step.params.get("to")))
        dates = "SELECT * FROM {self} t WHERE as_date(v) IS NOT NULL AND length(v) > {n}"
        return values.query(dates, n=width) if width else None
    hierarchy = claim.hierarchies.get(str(step.params.get("hierarchy", "")))
    if hierarchy is not None and step.params.get("level") in hierarchy["levels"]:
        at = hierarchy["levels"].index(step.params["level"])
        nodes = {str(node) for line in hierarchy["table"] for node in line[at:]}
        leaves = {str(line[0]) for line in hierarchy["table"]} - nodes
        return values.query("SELECT * FROM {self} t WHERE v IN {leaves}", leaves=sorted(leaves)) if leaves else None
    if "truncate" in step.params:
        return values.query("SELECT * FROM {self} t WHERE length(v) > {n}", n=int(step.params["truncate"]))
    if _width(step) > 1:
        return values.query("SELECT * FROM {self} t WHERE try_cast(v AS INTEGER) % {width} <> 0", width=_width(step))
    return None


def _beyond(values: Relation, step: Step) -> Relation | None:
    top, bottom = step.params.get("top"), step.params.get("bottom")
    parts: list[Relation] = []
    if isinstance(top, int | float):
        parts.append(values.query("SELECT * FROM {self} t WHERE try_cast(v AS DOUBLE) > {top}", top=float(top)))
    if isinstance(bottom, int | float):
        parts.append(
            values.query("SELECT * FROM {self} t WHERE try_cast(v AS DOUBLE) < {bottom}", bottom=float(bottom))
        )
    return stacked(parts) if parts else None


def _width(step: Step) -> int:
    width = step.params.get("bin", 0)
    return int(width) if isinstance(width, int | float) else 0


def applies(organization: Organization, processing: Processing) -> bool:
    """Some technique sets a domain for its results."""
    del organization
    return bool(processing.with_technique(*SHOWN))


CHECK = Check(id="D-04", needs=(Need.RELEASE, Need.CLAIM), judge=judge, applies=applies)


def _number_above_bound(request: Request, response: Response) -> Response:
    """The largest number of a coded column of the input is put back in the place of the first class."""
    for step in steps(request, "top-bottom-code"):
        for text in step["fields"]:
            name = FieldName.parse(str(text))
            top = step["params"].get("top")
            table = response.data.get(name.resource)
            if top is None or table is None or name.field not in table.column_names or not table.num_rows:
                continue
            given = [v for v in request.data[name.resource].column(name.field).to_pylist() if _above(v, float(top))]
            if given:
                values = table.column(name.field).to_pylist()
                return with_column(response, name.resource, name.field, [max(given, key=float), *values[1:]])
    return response


def _above(value: str | None, top: float) -> bool:
    try:
        return float(value or "nan") > top
    except ValueError:
        return False


MUTANTS = (
    Mutant(
        id="number-above-bound",
        kind="wrapper",
        effect=Text(
            "極端な値が一つ残り、その値を知る者に本人が分かる。",
            "One extreme value is left, and whoever knows it knows the person.",
        ),
        precedent="joins that bring the raw column back for rows that failed to match (peers §3)",
        trigger="an input with a value above the bound",
        proof="a released number is above the declared bound",
        killed_by=("D-04",),
        wrap=after(_number_above_bound),
    ),
    Mutant(
        id="top-code-missed",
        kind="fault",
        effect=Text(
            "上限を大きく超える値だけが、誤りとみなされてそのまま残る。",
            "Only values far above the bound are taken for errors and stay as they are.",
        ),
        precedent="range checks before coding (power §1)",
        trigger="a value more than ten above the bound",
        proof="the released number is above the declared bound",
        killed_by=("D-04",),
        fault="top-code-missed",
    ),
)
