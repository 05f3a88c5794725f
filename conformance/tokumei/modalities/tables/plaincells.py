"""How a correct product writes a cell that a spreadsheet program or a browser would run: ways that share no code."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable

import pyarrow as pa

from tokumei.model import Product, Request, Response

Manner = Callable[[str], "str | None"]

_NUMBER = re.compile(r"[+-]?[0-9][0-9,]*(\.[0-9]+)?([eE][+-]?[0-9]+)?%?")
_SIGNS = "=+-@\t\r\n＝＋－＠"


def apostrophe(cell: str) -> str:
    """An apostrophe before what begins with a sign and is no number; angle brackets of elements become wide."""
    if cell[0] in _SIGNS and cell.strip("+-±") and not _NUMBER.fullmatch(cell):
        cell = f"'{cell}"
    return re.sub(r"<(?=[A-Za-z/!?])", "＜", cell) if "<" in cell else cell


def blank(cell: str) -> str | None:
    """Nothing in place of a cell that begins with a sign or holds an element."""
    risky = (cell[0] in _SIGNS and not _NUMBER.fullmatch(cell) and len(cell) > 1) or re.search("<[A-Za-z/]", cell)
    return None if risky else cell


def escaped(cell: str) -> str:
    """A blank and an apostrophe before every cell that begins with a sign, numbers too, and elements as entities."""
    return (" '" if cell[0] in _SIGNS and cell not in "+-" else "") + re.sub(r"<(?=[A-Za-z/!?])", "&lt;", cell)


def written(manner: Manner, request: Request, answer: Response) -> Response:
    """The answer with the texts of its CSV files written in that manner."""
    plain = {
        resource["name"]: {field["name"] for field in resource["schema"]["fields"] if field["type"] == "string"}
        for resource in request.organization["resources"]
        if resource.get("format", "csv") == "csv"
    }
    data = {name: _table(table, manner, plain.get(name, set())) for name, table in answer.data.items()}
    return dataclasses.replace(answer, data=data)


def _table(table: pa.Table, manner: Manner, texts: set[str]) -> pa.Table:
    for place, name in enumerate(table.column_names):
        if name not in texts:
            continue
        cells = table.column(place).to_pylist()
        told = {cell: manner(cell) for cell in set(cells) if cell}
        if any(cell != text for cell, text in told.items()):
            changed = pa.array([told.get(cell, cell) for cell in cells], pa.string())
            table = table.set_column(place, name, changed)
    return table


def neutralized(products: dict[str, Product]) -> dict[str, Product]:
    """The products with their cells written in one manner each, in turn."""
    manners: tuple[Manner, ...] = (apostrophe, blank, escaped)

    def one(product: Product, manner: Manner) -> Product:
        return lambda request: written(manner, request, product(request))

    return {name: one(product, manners[n % len(manners)]) for n, (name, product) in enumerate(products.items())}
