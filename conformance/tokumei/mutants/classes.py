"""Mutants of classes and of the smallest number of persons: somebody stands alone."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from typing import Any

import pyarrow as pa

from tokumei.clause import Mutant
from tokumei.model import Product, Request, Response, Text
from tokumei.mutants.edits import after, fields_with_class, subject_resource, with_column, with_table


def _quasi(request: Request, response: Response) -> list[str]:
    """The released quasi-identifiers in the table of the person."""
    resource = subject_resource(request)
    names = [str(q).split(".", 1)[1] for t in request.processing["targets"] for q in t.get("quasi", [])]
    return [name for name in names if resource in response.data and name in response.data[resource].column_names]


def _exact_value(request: Request, response: Response) -> Response:
    """One row shows the raw value of the first person instead of its group."""
    resource, names = subject_resource(request), _quasi(request, response)
    if not names or not response.data[resource].num_rows:
        return response
    values = response.data[resource].column(names[0]).to_pylist()
    values[-1] = next((v for v in request.data[resource].column(names[0]).to_pylist() if v), "1")
    return with_column(response, resource, names[0], values)


def _cell_emptied(request: Request, response: Response) -> Response:
    """One quasi-identifier of one row is emptied after k was reached."""
    resource, names = subject_resource(request), _quasi(request, response)
    if not names or not response.data[resource].num_rows:
        return response
    values = response.data[resource].column(names[-1]).to_pylist()
    values[0] = None if values[0] is not None else "*"
    return with_column(response, resource, names[-1], values)


def _every_second_row(request: Request, response: Response) -> Response:
    """Every second row of each class is lost after k was reached, as a sample drawn at the end loses it."""
    resource, names = subject_resource(request), _quasi(request, response)
    if not names:
        return response
    table = response.data[resource]
    seen: dict[tuple[object, ...], int] = {}
    kept = []
    for place, row in enumerate(table.select(names).to_pylist()):
        key = tuple(row.values())
        seen[key] = seen.get(key, 0) + 1
        if seen[key] % 2:
            kept.append(place)
    return with_table(response, resource, table.take(pa.array(kept, pa.int64())))


def _target(change: Callable[[dict[str, Any]], None]) -> Callable[[Product], Product]:
    """Give the product a processing declaration with other targets; the answer claims what was asked."""

    def wrap(product: Product) -> Product:
        def broken(request: Request) -> Response:
            document = copy.deepcopy(dict(request.processing))
            change(document)
            response = product(dataclasses.replace(request, processing=document))
            return dataclasses.replace(response, processing=request.processing) if response.processing else response

        return broken

    return wrap


def _half_of_k(document: dict[str, Any]) -> None:
    for target in document["targets"]:
        if "k" in target:
            target["k"] = max(2, target["k"] // 2)
    for step in document["steps"]:
        if step["technique"] == "k-search":
            step["params"]["k"] = max(2, step["params"]["k"] // 2)


def _one_quasi_less(document: dict[str, Any]) -> None:
    for target in document["targets"]:
        if len(target.get("quasi", [])) > 1:
            target["quasi"] = target["quasi"][:-1]
    for step in document["steps"]:
        if step["technique"] == "k-search" and len(step["fields"]) > 1:
            step["fields"] = step["fields"][:-1]


def _no_minimum(document: dict[str, Any]) -> None:
    document["targets"] = [t for t in document["targets"] if t["model"] != "minimum-subjects"]


def _small_inputs_unchanged(product: Product) -> Product:
    """An early return: what cannot be made private is given back as it came."""

    def broken(request: Request) -> Response:
        response = product(request)
        if response.status != "refused" or response.code != "CANNOT_MEET_PRIVACY":
            return response
        return Response(
            status="ok", data=dict(request.data), organization=request.organization, processing=request.processing
        )

    return broken


def _sensitive_values_exchanged(request: Request, response: Response) -> Response:
    """The sensitive values of the table are moved by one row."""
    resource = subject_resource(request)
    table = response.data[resource]
    for name in fields_with_class(request, resource, "sensitive"):
        if name in table.column_names and table.num_rows:
            values = table.column(name).to_pylist()
            response = with_column(response, resource, name, values[1:] + values[:1])
    return response


def _table_of_small_counts(request: Request, response: Response) -> Response:
    """A summary counts persons by source values, cells of one person among them."""
    resource, names = subject_resource(request), _quasi(request, response)
    rows = request.data[resource].select(names).to_pylist() if names else []
    counts: dict[str, int] = {}
    for row in rows:
        key = ",".join(str(value) for value in row.values())
        counts[key] = counts.get(key, 0) + 1
    text = "\n".join(f"{key},{n}" for key, n in sorted(counts.items()))
    return dataclasses.replace(response, extra=dict(response.extra) | {"summary.csv": text})


MUTANTS = (
    Mutant(
        id="one-exact-value",
        kind="wrapper",
        effect=Text(
            "一人だけ階級にまとめられず、元の値で特定される。",
            "One person keeps the exact value and can be singled out by it.",
        ),
        precedent="ARX #104: values that a hierarchy does not know",
        trigger="one row of each release",
        proof="no other row has an exact value, so the class has one person",
        killed_by=("I5-01",),
        wrap=after(_exact_value),
    ),
    Mutant(
        id="one-cell-emptied",
        kind="wrapper",
        effect=Text(
            "確認の後で一つのセルを消し、その人が一人になる。",
            "A cell is emptied after the check, and that person stands alone.",
        ),
        precedent="sdcMicro #225: missing values in local suppression",
        trigger="one row of each release",
        proof="the class with the emptied cell has one person",
        killed_by=("I5-01",),
        wrap=after(_cell_emptied),
    ),
    Mutant(
        id="sampled-after-the-check",
        kind="wrapper",
        effect=Text(
            "k人を確認した後で行を抜くため、少人数の組合せが残る。",
            "Rows are taken out after k was checked, so small classes remain.",
        ),
        precedent="PUMS; GEN: checks that are not repeated after the last step",
        trigger="a class of k to 2k−2 persons",
        proof="a class of k persons with a row each keeps half of them",
        killed_by=("I5-01",),
        wrap=after(_every_second_row),
    ),
    Mutant(
        id="half-of-k",
        kind="wrapper",
        effect=Text(
            "宣言の半分のkで加工するため、少人数の組合せが残る。",
            "The product works with half of the declared k, so small classes remain.",
        ),
        precedent="power.md k_half",
        trigger="a class of fewer than k and at least half of k persons",
        proof="the product is asked for half of k, and the answer claims k",
        killed_by=("I5-01",),
        wrap=_target(_half_of_k),
    ),
    Mutant(
        id="one-quasi-less",
        kind="wrapper",
        effect=Text(
            "準識別子を一つ見落とし、その組合せで特定される。",
            "One quasi-identifier is overlooked, and combinations with it single people out.",
        ),
        precedent="WELD; sdcMicro #352",
        trigger="a class that is small only by the last quasi-identifier",
        proof="the product is asked for k over the others, and the answer claims k over all",
        killed_by=("I5-01",),
        wrap=_target(_one_quasi_less),
    ),
    Mutant(
        id="no-minimum",
        kind="wrapper",
        effect=Text(
            "下限人数の定めが守られず、数人のデータが提供される。",
            "The minimum is not kept, and data of a few persons are released.",
        ),
        precedent="GEN: a target that the product does not read",
        trigger="fewer persons than the minimum",
        proof="the product does not see the minimum, and the answer claims it",
        killed_by=("I5-10",),
        wrap=_target(_no_minimum),
    ),
    Mutant(
        id="small-input-unchanged",
        kind="wrapper",
        effect=Text("少人数のとき、元のデータがそのまま提供される。", "A small input is released as it came."),
        precedent="power.md small_raw: early returns",
        trigger="fewer persons than the minimum",
        proof="where the product refuses, the input is released",
        killed_by=("I5-10",),
        wrap=_small_inputs_unchanged,
    ),
    Mutant(
        id="k-off-by-one",
        kind="fault",
        effect=Text("k−1人の組合せが残る。", "Combinations of k−1 persons remain."),
        precedent="GEN: > for >=",
        trigger="a class of exactly k−1 persons",
        proof="the search stops at k−1",
        killed_by=("I5-01",),
        fault="k-off-by-one",
    ),
    Mutant(
        id="k-none",
        kind="fault",
        effect=Text("一人だけの組合せが残る。", "Combinations of one person remain."),
        precedent="AOL 2006; Washington State 2013",
        trigger="a class of fewer than k persons",
        proof="nothing is suppressed",
        killed_by=("I5-01",),
        fault="k-none",
    ),
    Mutant(
        id="k-first-field-only",
        kind="fault",
        effect=Text(
            "一項目ずつしか見ないため、組合せで特定される。",
            "Only one field is looked at, so combinations single people out.",
        ),
        precedent="WELD; sdcMicro #352",
        trigger="a combination that is rare while its values are frequent",
        proof="k is reached over the first field alone",
        killed_by=("I5-01",),
        fault="k-first-field-only",
    ),
    Mutant(
        id="null-is-wildcard",
        kind="fault",
        effect=Text(
            "欠測のある一人が、どの組合せにも入るとして残る。",
            "One with a missing value counts in every class and stays.",
        ),
        precedent="sdcMicro #225; documented default of sdcMicro",
        trigger="a missing quasi-identifier",
        proof="classes with a missing value are never suppressed",
        killed_by=("I5-01",),
        fault="null-is-wildcard",
    ),
    Mutant(
        id="opt-out-after-k",
        kind="fault",
        effect=Text(
            "提供停止の人を後から除くため、残りがk人を割る。",
            "People who opted out are taken away after the check, and the rest are fewer than k.",
        ),
        precedent="FDZ: secondary suppression; GEN: order of steps",
        trigger="a class of k persons one of whom opted out",
        proof="k is reached while the opted-out are counted",
        killed_by=("I5-01",),
        fault="opt-out-after-k",
    ),
    Mutant(
        id="k-before-generalizing",
        kind="fault",
        effect=Text(
            "kの確認が働かず、少人数の組合せが残る。", "The check of k has no effect, and small combinations remain."
        ),
        precedent="GEN: order of steps",
        trigger="a class of fewer than k persons",
        proof="nothing is suppressed in the generalized table",
        killed_by=("I5-01",),
        fault="k-before-generalizing",
    ),
    Mutant(
        id="minimum-ignored",
        kind="fault",
        effect=Text("数人のデータが提供される。", "Data of a few persons are released."),
        precedent="GEN: a target that the product does not read",
        trigger="fewer persons than the minimum",
        proof="no number of persons is refused",
        killed_by=("I5-10",),
        fault="minimum-ignored",
    ),
    Mutant(
        id="minimum-off-by-one",
        kind="fault",
        effect=Text(
            "下限に一人足りないデータが提供される。", "Data of one person fewer than the minimum are released."
        ),
        precedent="GEN: > for >=",
        trigger="exactly one person fewer than the minimum",
        proof="minimum − 1 persons are accepted",
        killed_by=("I5-10",),
        fault="minimum-off-by-one",
    ),
    Mutant(
        id="raw-number",
        kind="fault",
        effect=Text(
            "階級にまとめるはずの数が、そのまま出る。", "Numbers that were to be put into groups go out as they are."
        ),
        precedent="WELD; PUMS: a step that is configured and does nothing",
        trigger="every value below the top code",
        proof="the released value is no group of the declared width",
        killed_by=("D-04",),
        fault="raw-number",
    ),
    Mutant(
        id="raw-leaf",
        kind="fault",
        effect=Text(
            "階層の最初の値だけがまとめられず、細かい居住地が出る。",
            "The first value of a hierarchy is not generalized, and a fine place of residence goes out.",
        ),
        precedent="ARX #104: values that a hierarchy does not cover",
        trigger="k persons with the first value of the hierarchy",
        proof="the released value is a leaf of the hierarchy",
        killed_by=("D-04",),
        fault="raw-leaf",
    ),
    Mutant(
        id="code-not-cut",
        kind="fault",
        effect=Text("病名コードが細分類のまま出る。", "Diagnosis codes go out with all their digits."),
        precedent="Washington State 2013: full codes in hospital data",
        trigger="an organization with codes that are to be cut",
        proof="the released code is longer than declared",
        killed_by=("D-04",),
        pairs=("hospital",),  # no code is to be cut elsewhere
        fault="code-not-cut",
    ),
)

UNDETECTED = (
    (
        Mutant(
            id="sensitive-values-exchanged",
            kind="wrapper",
            effect=Text(
                "病名などが別人の行に付き、解析を誤る。",
                "Diagnoses stand in the rows of others, and analyses are wrong.",
            ),
            precedent="PUMS: sex and age of persons 65+",
            trigger="every release",
            proof="sensitive values are moved by one row",
            killed_by=(),
            wrap=after(_sensitive_values_exchanged),
        ),
        "no clause compares kept sensitive values with the input yet (family U)",
    ),
    (
        Mutant(
            id="table-of-small-counts",
            kind="wrapper",
            effect=Text("集計表の1人のセルから本人が分かる。", "Cells of one person in a summary single people out."),
            precedent="介護保険事業状況報告: a hidden cell recovered from totals",
            trigger="every release",
            proof="the summary counts source values, and some count is 1",
            killed_by=(),
            wrap=after(_table_of_small_counts),
        ),
        "no clause reads tables of counts yet (family S)",
    ),
)
"""Mutants that no clause sees yet, each with the reason."""
